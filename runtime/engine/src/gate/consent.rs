//! What approvers and the owner sign for a gate: typed data (EIP-712), which their wallets show them member by member. No chain
//! stands in the domain, since a wallet in a browser signs for the chain that it happens to be on and no other.

use crate::{history::Bound, ledger::state::Asked, load::Policy};
use agentpol_ethereum::TypedData;
use agentpol_model::{Address, B256, ChainId};
use alloy::signers::Signature;
use serde_json::{Value, json};

/// The name of the domain. Without a chain and a contract in it, no gate reads it as a request: none signs for its owner.
const DOMAIN: &str = "agentpol";

/// Typed data that somebody signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    data: Value,
    digest: Option<B256>,
}

impl Consent {
    /// To this request, under this edition of the policy, asked this once: its name is the same whenever it is asked.
    pub(super) fn to_request(policy: &Policy, asked: &Asked, chain: ChainId, name: &B256) -> Self {
        Self::of(
            "Approval",
            json!({"Approval": [
                {"name": "request", "type": "bytes32"},
                {"name": "wallet", "type": "address"},
                {"name": "chain", "type": "uint256"},
                {"name": "policy", "type": "bytes32"},
                {"name": "epoch", "type": "uint64"},
                {"name": "question", "type": "uint64"},
            ]}),
            json!({
                "request": name,
                "wallet": policy.wallet().to_checksum(None),
                "chain": chain.to_string(),
                "policy": policy.hash(),
                "epoch": asked.epoch.to_string(),
                "question": asked.question.to_string(),
            }),
        )
    }

    /// To another policy in the place of this edition: all that is bound.
    pub(super) fn to_policy(bound: &Bound, epoch: u64) -> Self {
        let param =
            |(name, value)| json!({"name": name, "value": serde_json::to_string(value).unwrap_or_default()});
        let params: Vec<Value> = bound.params.iter().map(param).collect();
        Self::of(
            "Policy",
            json!({
                "Policy": [
                    {"name": "policy", "type": "bytes32"},
                    {"name": "afterEpoch", "type": "uint64"},
                    {"name": "wallet", "type": "address"},
                    {"name": "signer", "type": "address"},
                    {"name": "owner", "type": "address"},
                    {"name": "params", "type": "Param[]"},
                ],
                "Param": [{"name": "name", "type": "string"}, {"name": "value", "type": "string"}],
            }),
            json!({
                "policy": bound.module,
                "afterEpoch": epoch.to_string(),
                "wallet": bound.wallet.to_checksum(None),
                "signer": bound.signer.to_checksum(None),
                // The zero address is nobody.
                "owner": bound.owner.unwrap_or_default().to_checksum(None),
                "params": params,
            }),
        )
    }

    fn of(primary: &str, mut types: Value, message: Value) -> Self {
        if let Some(types) = types.as_object_mut() {
            let domain = json!([{"name": "name", "type": "string"}, {"name": "version", "type": "string"}]);
            types.insert("EIP712Domain".to_owned(), domain);
        }
        let domain = json!({"name": DOMAIN, "version": "1"});
        let data = json!({"types": types, "primaryType": primary, "domain": domain, "message": message});
        // Hashed by the reader that hashes everybody's; what it does not read, nobody can consent to.
        let digest = TypedData::read(&data.to_string()).ok().and_then(|read| read.digest());
        Self { data, digest }
    }

    /// As `eth_signTypedData_v4` takes it.
    pub fn data(&self) -> &Value {
        &self.data
    }

    /// The hash that is signed.
    pub fn digest(&self) -> Option<B256> {
        self.digest
    }

    /// Whose signature it is.
    pub(super) fn signer(&self, signature: &Signature) -> Option<Address> {
        signature.recover_address_from_prehash(&self.digest?).ok()
    }
}
