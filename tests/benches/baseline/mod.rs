//! What somebody would write by hand instead of a policy: a map, a decoder that a macro made, two comparisons.

use agentpol_model::{Address, U256, request::Request};
use agentpol_tests::workload::Limit;
use alloy_sol_types::{SolCall, sol};
use std::collections::{HashMap, HashSet};

sol! {
    function transfer(address to, uint256 amount) external returns (bool);
}

struct Entry {
    cap: U256,
    recipients: HashSet<Address>,
}

pub(crate) struct Baseline(HashMap<(u64, Address, [u8; 4]), Entry>);

impl Baseline {
    pub(crate) fn new(chain: u64, limits: &[Limit]) -> Self {
        let entry = |limit: &Limit| {
            let recipients = limit.recipients.iter().copied().collect();
            ((chain, limit.token, transferCall::SELECTOR), Entry { cap: limit.cap, recipients })
        };
        Self(limits.iter().map(entry).collect())
    }

    /// Is it allowed?
    pub(crate) fn allows(&self, request: &Request<'_>) -> bool {
        request.actions.iter().all(|action| {
            let Some(selector) = action.data.first_chunk::<4>() else { return false };
            let Some(entry) = self.0.get(&(request.chain, action.to, *selector)) else { return false };
            let Ok(call) = transferCall::abi_decode(action.data) else { return false };
            action.value == U256::ZERO && call.amount <= entry.cap && entry.recipients.contains(&call.to)
        })
    }
}
