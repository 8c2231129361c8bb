//! A concrete request, with what the policy is bound to: what shows that a finding is so.

use crate::ruleset::{Bound, RuleSet, bound::BindError};
use agentpol_model::{
    Address, ChainId, Time, U256,
    decision::Ruling,
    policy::ParamValue,
    request::{Action, Envelope, Kind, Request},
};
use alloy_primitives::address;
use std::collections::BTreeMap;

/// Whose wallet it is, where the policy does not care.
pub const WALLET: Address = address!("0xA11ce00000000000000000000000000000000001");

/// Somebody whom no policy knows.
pub const STRANGER: Address = address!("0x6666666666666666666666666666666666666666");

/// 2026-12-01, UTC: when it is asked, where the policy does not care.
pub const START: Time = 1_796_083_200;

/// A request that owns what it carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// The parameters that it needs.
    pub params: BTreeMap<String, ParamValue>,
    /// On which chain.
    pub chain: ChainId,
    /// The account whose assets move.
    pub wallet: Address,
    /// The key that signs.
    pub signer: Address,
    /// When it is asked.
    pub now: Time,
    /// Fees and nonce.
    pub envelope: Envelope,
    /// At least one.
    pub actions: Vec<OwnedAction>,
}

/// An action that owns its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedAction {
    /// What kind of thing.
    pub kind: Kind,
    /// Who acts.
    pub from: Address,
    /// The contract or recipient.
    pub to: Address,
    /// Wei.
    pub value: U256,
    /// Which command, of a command.
    pub command: [u8; 4],
    /// Undecoded.
    pub data: Vec<u8>,
}

impl Witness {
    /// As a request.
    pub fn with<R>(&self, f: impl FnOnce(&Request<'_>) -> R) -> R {
        let actions: Vec<Action<'_>> = self.actions.iter().map(OwnedAction::lend).collect();
        f(&Request {
            chain: self.chain,
            wallet: self.wallet,
            signer: self.signer,
            agent: None,
            now: self.now,
            envelope: self.envelope,
            actions: &actions,
        })
    }

    /// The policy as it is bound here.
    pub fn bound(&self, rules: &RuleSet) -> Result<Bound, BindError> {
        Bound::new(rules, self.wallet, self.params.clone())
    }

    /// What the rules say of it.
    pub fn decide(&self, rules: &RuleSet) -> Result<Ruling, BindError> {
        let bound = self.bound(rules)?;
        Ok(self.with(|request| rules.decide(request, &bound)))
    }
}

impl OwnedAction {
    /// As an action.
    pub fn lend(&self) -> Action<'_> {
        let Self { kind, from, to, value, command, ref data } = *self;
        Action { kind, from, to, value, command, data }
    }
}
