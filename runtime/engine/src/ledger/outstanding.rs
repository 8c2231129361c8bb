//! Authority that is still in somebody's hands, and taking it back.

use super::{
    judge::{Judgement, Verdict},
    log::Ledger,
    policy::Lines,
    request::{Effect, Key, Request, Slot},
    state::{ItemKind, State, Version},
};
use agentpol_model::{
    Time, U256,
    decision::DenyCode,
    effect::{EffectKind, GrantMode},
};
use std::collections::BTreeMap;

/// What somebody can take of an asset, or could once what is signed has landed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outstanding {
    /// Whose authority over what.
    pub key: Key,
    /// Final on chain.
    pub held: U256,
    /// Signed, and not settled.
    pub signed: U256,
    /// Given to a spender that the policy trusts: the most that it was ever given, which no budget counts.
    pub trusted: Option<U256>,
    /// Of what is held or signed: the last second at which any of it can be used; `None` is for ever.
    pub until: Option<Time>,
    /// Some of it is a signature or an order with an end of its own: an approval of nothing does not take that back.
    pub apart: bool,
}

impl Outstanding {
    fn new(key: Key) -> Self {
        Self { key, held: U256::ZERO, signed: U256::ZERO, trusted: None, until: Some(0), apart: false }
    }

    fn last(&mut self, until: Option<Time>) {
        self.until = self.until.zip(until).map(|(a, b)| a.max(b));
    }
}

impl Ledger {
    /// All of it, by key.
    pub fn outstanding(&self) -> Vec<Outstanding> {
        let mut all: BTreeMap<Key, Outstanding> = BTreeMap::new();
        let state = self.state();
        for (key, layer) in state.layers.iter().flat_map(|(key, layers)| layers.iter().map(move |l| (key, l)))
        {
            let one = all.entry(*key).or_insert_with(|| Outstanding::new(*key));
            one.held = one.held.saturating_add(layer.amount);
            one.apart |= layer.apart;
            one.last(layer.until);
        }
        for (slot, open) in &state.slots {
            for item in open.versions.iter().flat_map(|version| &version.items).filter(|item| item.grants()) {
                let ItemKind::Grant { until, .. } = item.kind else { continue };
                let one = all.entry(item.key).or_insert_with(|| Outstanding::new(item.key));
                one.signed = one.signed.saturating_add(item.amount);
                one.apart |= matches!(slot, Slot::Signature { .. });
                one.last(until);
            }
        }
        for (key, given) in &state.given {
            if state.terms.trusts(key) && *given != U256::ZERO {
                let one = all.entry(*key).or_insert_with(|| Outstanding::new(*key));
                one.trusted = Some(*given);
                one.last(None);
            }
        }
        all.into_values().collect()
    }

    /// May this be signed to take authority back? No budget, lock or rule has a say in it; what it costs is counted all the same.
    pub fn judge_revocation(&self, request: &Request) -> Judgement {
        match self.state().revocation(request) {
            Ok(_) => Judgement { verdict: Verdict::Allow, charges: Vec::new(), over: Lines::new() },
            Err(code) => Judgement::deny(code),
        }
    }
}

impl State {
    pub(super) fn on_revoke(&mut self, request: &Request) -> Judgement {
        match self.revocation(request) {
            Ok(version) => {
                self.take(version);
                Judgement { verdict: Verdict::Allow, charges: Vec::new(), over: Lines::new() }
            }
            Err(code) => Judgement::deny(code),
        }
    }

    /// The version to sign. It does nothing but set authority to nothing, in the account's next nonce.
    fn revocation(&self, request: &Request) -> Result<Version, DenyCode> {
        let takes_back =
            |effect: &Effect| effect.kind == EffectKind::Grant(GrantMode::Set) && effect.amount == U256::ZERO;
        let mut effects = request.actions.iter().flat_map(|action| &action.effects);
        let charges = request.actions.iter().any(|action| !action.charges.is_empty());
        if charges || !effects.all(takes_back) {
            return Err(DenyCode::InvalidRequest);
        }
        match matches!(request.slot, Slot::Transaction { .. }) && self.may_use(&request.slot) {
            // What it passes beyond a cap, the owner lets it pass.
            true => Ok(self.compile(request, &self.terms.lines.keys().cloned().collect())),
            false => Err(DenyCode::Nonce),
        }
    }
}
