//! Allowances that stood before the ledger began. A policy's bound is of what is signed from then on; what its contracts could take
//! already is read once from the chain and held against the budgets like what is signed. Others' allowances are not known here.

use crate::{
    gateway::Gateway,
    node::{Quantity, ask},
};
use agentpol_model::U256;
use agentpol_runtime::ledger::{Key, Record, Reply};
use alloy_primitives::hex;
use serde_json::json;

/// `allowance(address owner, address spender)`
const ALLOWANCE: &str = "dd62ed3e";

/// Pairs of a token and a contract that are asked for.
pub(crate) const MAX_PAIRS: usize = 1_024;

impl Gateway {
    /// Of each token and each contract that the policy names and does not trust.
    pub(crate) async fn take_inventory(&self) {
        let all = self.keep.holders(self.chain);
        if all.len() > MAX_PAIRS {
            tracing::warn!(
                "{} pairs of a token and a contract: the first {MAX_PAIRS} are looked at",
                all.len()
            );
        }
        let mut unread = 0_usize;
        for key in all.into_iter().take(MAX_PAIRS) {
            match self.allowance(&key).await {
                Some(U256::ZERO) => {}
                Some(amount) => match self.keep.observe(Record::Inventory(key, amount, None)).await {
                    Ok(Reply::Done) => {
                        tracing::info!(spender = %key.spender, "can take something already; it is counted")
                    }
                    _ => unread = unread.saturating_add(1),
                },
                None => unread = unread.saturating_add(1),
            }
        }
        if unread > 0 {
            tracing::warn!(
                "{unread} allowances could not be read: what was given before is not in the budgets (`agentpol ledger inventory` counts it)"
            );
        }
    }

    async fn allowance(&self, key: &Key) -> Option<U256> {
        let token = key.asset.contract?;
        let words = [self.keep.wallet(), key.spender].map(|address| hex::encode(address.into_word()));
        let call = json!({"to": token.to_string(), "data": format!("0x{ALLOWANCE}{}", words.concat())});
        let read: Result<Quantity, _> = ask(self.node.as_ref(), "eth_call", &(call, "latest")).await;
        read.ok().map(|Quantity(amount)| amount)
    }
}
