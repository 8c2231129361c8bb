//! A node that is played: one account's transactions, blocks on demand, and faults where a test wants them.

use agentpol_ethereum::RawTransaction;
use agentpol_gateway::{
    NodeError,
    node::{Boxed, Node},
};
use agentpol_model::{Address, B256};
use alloy_primitives::{hex, keccak256};
use serde_json::{Value, json, value::RawValue};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

pub(crate) const GWEI: u64 = 1_000_000_000;

/// What a test wants a method to answer instead.
pub(crate) type Fault = Box<dyn Fn(&Value) -> Result<Value, NodeError> + Send>;

#[derive(Default)]
pub(crate) struct State {
    pub(crate) calls: Vec<(String, Value)>,
    pub(crate) faults: BTreeMap<String, Fault>,
    /// By hash: sender, nonce, raw bytes.
    pub(crate) pool: BTreeMap<B256, (Address, u64, Vec<u8>)>,
    pub(crate) blocks: Vec<Block>,
    pub(crate) finalized: usize,
    /// Used by somebody else with the same key.
    pub(crate) foreign: u64,
    pub(crate) estimate: u64,
}

#[derive(Clone)]
pub(crate) struct Block {
    pub(crate) salt: u64,
    pub(crate) time: u64,
    pub(crate) mined: Vec<B256>,
    pub(crate) failed: bool,
    pub(crate) logs: Value,
}

/// The node.
#[derive(Clone)]
pub(crate) struct Chain(Arc<Mutex<State>>);

impl Chain {
    pub(crate) fn new() -> Self {
        let genesis =
            Block { salt: 0, time: crate::world::NOW, mined: vec![], failed: false, logs: json!([]) };
        Self(Arc::new(Mutex::new(State { blocks: vec![genesis], estimate: 21_000, ..State::default() })))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(crate) fn fault(
        &self,
        method: &str,
        fault: impl Fn(&Value) -> Result<Value, NodeError> + Send + 'static,
    ) {
        self.state().faults.insert(method.to_owned(), Box::new(fault));
    }

    pub(crate) fn heal(&self, method: &str) {
        self.state().faults.remove(method);
    }

    /// A block of these transactions, so many seconds after the last.
    pub(crate) fn mine(&self, mined: &[B256], after: u64) {
        let mut state = self.state();
        let time = state.blocks.last().unwrap().time + after;
        state.blocks.push(Block { salt: 0, time, mined: mined.to_vec(), failed: false, logs: json!([]) });
    }

    pub(crate) fn finalize(&self) {
        let mut state = self.state();
        state.finalized = state.blocks.len() - 1;
    }

    pub(crate) fn called(&self, method: &str) -> Vec<Value> {
        self.state()
            .calls
            .iter()
            .filter(|(name, _)| name == method)
            .map(|(_, params)| params.clone())
            .collect()
    }

    /// The hashes of what was sent, in the order of their nonces.
    pub(crate) fn pool(&self) -> Vec<B256> {
        let mut all: Vec<(u64, B256)> =
            self.state().pool.iter().map(|(hash, (_, nonce, _))| (*nonce, *hash)).collect();
        all.sort();
        all.into_iter().map(|(_, hash)| hash).collect()
    }

    pub(crate) fn sent(&self, hash: B256) -> RawTransaction {
        RawTransaction::read(&self.state().pool[&hash].2).unwrap()
    }
}

impl State {
    fn hash(&self, number: usize) -> String {
        keccak256(format!("{number} {}", self.blocks[number].salt)).to_string()
    }

    fn count(&self, upto: usize) -> u64 {
        let mined: usize = self.blocks[..=upto].iter().map(|block| block.mined.len()).sum();
        mined as u64 + self.foreign
    }

    fn number(&self, tag: &Value) -> Option<usize> {
        match tag.as_str().unwrap() {
            "latest" | "pending" => Some(self.blocks.len() - 1),
            "finalized" => Some(self.finalized),
            hex => usize::from_str_radix(hex.strip_prefix("0x").unwrap(), 16)
                .ok()
                .filter(|n| *n < self.blocks.len()),
        }
    }

    fn receipt(&self, hash: B256) -> Value {
        for (number, block) in self.blocks.iter().enumerate() {
            if let Some(index) = block.mined.iter().position(|mined| *mined == hash) {
                return json!({
                    "transactionHash": hash.to_string(), "transactionIndex": format!("{index:#x}"),
                    "blockHash": self.hash(number), "blockNumber": format!("{number:#x}"),
                    "status": if block.failed { "0x0" } else { "0x1" }, "gasUsed": "0x5208",
                    "effectiveGasPrice": format!("{GWEI:#x}"), "logs": block.logs,
                });
            }
        }
        Value::Null
    }

    fn answer(&mut self, method: &str, params: &Value) -> Result<Value, NodeError> {
        if let Some(fault) = self.faults.get(method) {
            return fault(params);
        }
        let refused =
            |message: &str| NodeError::Refused { code: -32_000, message: message.to_owned(), data: None };
        Ok(match method {
            "eth_chainId" => json!("0x7a69"),
            "eth_blockNumber" => json!(format!("{:#x}", self.blocks.len() - 1)),
            "eth_getTransactionCount" => {
                let upto = self.number(&params[1]).unwrap();
                json!(format!("{:#x}", self.count(upto)))
            }
            "eth_estimateGas" => json!(format!("{:#x}", self.estimate)),
            "eth_feeHistory" => json!({"oldestBlock": "0x0", "gasUsedRatio": [0.5],
                "baseFeePerGas": ["0x1", format!("{:#x}", 2 * GWEI)], "reward": [[format!("{GWEI:#x}")]]}),
            "eth_sendRawTransaction" => {
                let raw = hex::decode(params[0].as_str().unwrap()).unwrap();
                let read = RawTransaction::read(&raw).map_err(|_| refused("malformed"))?;
                let hash = read.hash().unwrap();
                if self.pool.contains_key(&hash) {
                    return Err(refused("already known"));
                }
                self.pool.insert(hash, (read.signer().unwrap(), read.nonce, raw));
                json!(hash.to_string())
            }
            "eth_getTransactionByHash" => {
                let hash: B256 = params[0].as_str().unwrap().parse().unwrap();
                if self.pool.contains_key(&hash) { json!({"hash": hash.to_string()}) } else { Value::Null }
            }
            "eth_getTransactionReceipt" => self.receipt(params[0].as_str().unwrap().parse().unwrap()),
            "eth_getBlockByNumber" => match self.number(&params[0]) {
                Some(number) => json!({"number": format!("{number:#x}"), "hash": self.hash(number),
                    "timestamp": format!("{:#x}", self.blocks[number].time), "baseFeePerGas": "0x1"}),
                None => Value::Null,
            },
            _ => {
                return Err(NodeError::Refused {
                    code: -32_601,
                    message: format!("no {method}"),
                    data: None,
                });
            }
        })
    }
}

impl Node for Chain {
    fn call<'a>(
        &'a self,
        method: &'a str,
        params: &'a RawValue,
    ) -> Boxed<'a, Result<Box<RawValue>, NodeError>> {
        Box::pin(async move {
            let params: Value = serde_json::from_str(params.get()).unwrap();
            // Others get their turn here, as with a real node.
            tokio::task::yield_now().await;
            let mut state = self.state();
            state.calls.push((method.to_owned(), params.clone()));
            let answer = state.answer(method, &params)?;
            Ok(serde_json::value::to_raw_value(&answer).unwrap())
        })
    }
}
