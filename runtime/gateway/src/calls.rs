//! Calls that were made together (EIP-5792): their names, and what became of them.

use crate::{
    gateway::Gateway,
    node::{NodeError, Quantity, ask},
    recent::Recent,
    rpc::{Call, Fault, Outcome, code, result},
};
use agentpol_model::B256;
use alloy_primitives::keccak256;
use serde::Deserialize;
use serde_json::{Value, json};

/// Batches that are remembered. The oldest is forgotten first; its transactions are not.
pub const MAX_BATCHES: usize = 1_024;

/// The name that a client gave its calls.
#[derive(Debug, Default)]
pub(crate) struct Named {
    pub(crate) id: Option<String>,
}

impl Named {
    /// From parameters that were read strictly before.
    pub(crate) fn read(call: &Call) -> Result<Self, Fault> {
        #[derive(Deserialize)]
        struct Batch {
            #[serde(default)]
            id: Option<String>,
        }
        let [batch]: [Batch; 1] =
            serde_json::from_str(call.params.get()).map_err(|_| Fault::params("`params` has one element"))?;
        Ok(Self { id: batch.id })
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Batch {
    id: String,
    hashes: Vec<B256>,
    /// Was every call signed and sent?
    whole: bool,
}

/// The batches of this run. A restart forgets them: what they did is in the ledger and on the chain.
#[derive(Debug, Default)]
pub(crate) struct Batches(Recent<Batch, MAX_BATCHES>);

impl Batches {
    pub(crate) fn has(&self, id: &str) -> bool {
        self.find(id).is_some()
    }

    /// Remembers a batch, under its own name or one made from its transactions.
    pub(crate) fn keep(&self, id: Option<String>, hashes: Vec<B256>, whole: bool) -> String {
        let id = id.unwrap_or_else(|| {
            let all: Vec<u8> = hashes.iter().flat_map(|hash| hash.0).collect();
            keccak256(all).to_string()
        });
        self.0.push(Batch { id: id.clone(), hashes, whole });
        id
    }

    fn find(&self, id: &str) -> Option<Batch> {
        self.0.find(|batch| batch.id == id)
    }
}

/// Not yet, done, failed, or done in part (EIP-5792).
mod status {
    pub(super) const PENDING: u16 = 100;
    pub(super) const CONFIRMED: u16 = 200;
    pub(super) const FAILED: u16 = 500;
    pub(super) const PARTLY: u16 = 600;
}

impl Gateway {
    pub(crate) async fn status(&self, call: &Call) -> Outcome {
        let [id]: [String; 1] =
            serde_json::from_str(call.params.get()).map_err(|_| Fault::params("`params` is one `id`"))?;
        let batch = self
            .batches
            .find(&id)
            .ok_or_else(|| Fault::new(code::UNKNOWN_BATCH, "no calls have that `id`"))?;
        let mut receipts = Vec::new();
        for hash in &batch.hashes {
            let receipt: Option<Value> =
                ask(self.node.as_ref(), "eth_getTransactionReceipt", &[hash.to_string()])
                    .await
                    .map_err(NodeError::forwarded)?;
            receipts.extend(receipt);
        }
        let good = receipts.iter().filter(|receipt| succeeded(receipt)).count();
        let status = match (receipts.len() == batch.hashes.len(), good) {
            (false, _) => status::PENDING,
            (true, 0) => status::FAILED,
            (true, n) if n == batch.hashes.len() && batch.whole => status::CONFIRMED,
            (true, _) => status::PARTLY,
        };
        result(&json!({
            "version": "2.0.0",
            "id": id,
            "chainId": Quantity::from(self.chain),
            "status": status,
            "atomic": false,
            "receipts": receipts.iter().map(shortened).collect::<Vec<_>>(),
        }))
    }
}

fn succeeded(receipt: &Value) -> bool {
    receipt.get("status").and_then(Value::as_str) == Some("0x1")
}

/// What EIP-5792 has of a receipt.
fn shortened(receipt: &Value) -> Value {
    let field = |name: &str| receipt.get(name).cloned().unwrap_or_default();
    let logs = receipt.get("logs").and_then(Value::as_array);
    let logs = logs.into_iter().flatten().map(|log| {
        let field = |name: &str| log.get(name).cloned().unwrap_or_default();
        json!({"address": field("address"), "topics": field("topics"), "data": field("data")})
    });
    json!({
        "logs": logs.collect::<Vec<_>>(),
        "status": field("status"),
        "blockHash": field("blockHash"),
        "blockNumber": field("blockNumber"),
        "gasUsed": field("gasUsed"),
        "transactionHash": field("transactionHash"),
    })
}
