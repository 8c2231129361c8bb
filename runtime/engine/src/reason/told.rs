//! A request in words, for whoever has to agree to it: told by the gate that would sign it, from the bytes that it would sign.

use super::place;
use crate::{
    decision::Outcome,
    ledger::{self, Asset, Ledger, LineName},
    load::Policy,
};
use agentpol_model::{
    U256,
    effect::{EffectKind, GrantMode, UNLIMITED},
    request::{Action, Kind, Request},
    words::Instant,
};
use serde::{Deserialize, Serialize};

/// What a request does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Told {
    /// What is called, signed or sent, in order.
    pub actions: Vec<ToldAction>,
    /// What that takes, gives and lets others take, also of what is inside it; empty where that is not known.
    pub effects: Vec<String>,
    /// The most that it costs in fees.
    pub fee: Option<String>,
    /// Each budget that it is counted in, as it is now.
    pub charges: Vec<ToldCharge>,
    /// Why it would be denied now, whoever agrees.
    pub denied: Option<String>,
}

/// An action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldAction {
    /// `call USDC.transfer`
    pub words: String,
    /// Whom it is about, by name and address.
    pub to: String,
    /// What it is given.
    pub args: Vec<ToldArg>,
    /// Value that goes along.
    pub value: Option<String>,
}

/// An argument.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldArg {
    /// As the interface names it.
    pub name: String,
    /// As JSON.
    pub value: serde_json::Value,
}

/// A budget that it is counted in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldCharge {
    /// The budget's line: `daily`, `daily#2`.
    pub budget: String,
    /// By how much it rises.
    pub amount: String,
    /// What is left afterwards.
    pub remaining: String,
}

impl Policy {
    /// What a request does, with the ledger as it is.
    pub fn tell(&self, request: &Request<'_>, ledger: &Ledger) -> Told {
        let actions = request.actions.iter().map(|action| self.tell_action(request, action)).collect();
        let granted = match self.grant(request, &self.place(request, ledger)) {
            Ok(granted) => granted,
            Err(denial) => return Told { actions, denied: Some(denial.reason), ..Told::default() },
        };
        let entry = granted.entry.clone();
        let decision = self.conclude(granted, &ledger.judge(&entry), ledger);
        let charge = |charge: &crate::decision::Charge| {
            let line = LineName::new(&charge.budget, charge.line);
            ToldCharge {
                amount: self.counted(&line, charge.amount),
                remaining: self.counted(&line, charge.remaining),
                budget: line.to_string(),
            }
        };
        Told {
            actions,
            effects: entry.actions.iter().flat_map(|a| &a.effects).map(|e| self.tell_effect(e)).collect(),
            fee: (entry.fee != U256::ZERO).then(|| self.wei(request.chain, entry.fee)),
            charges: decision.charges.iter().map(charge).collect(),
            denied: matches!(decision.outcome, Outcome::Deny(_)).then_some(decision.reason),
        }
    }

    fn tell_action(&self, request: &Request<'_>, action: &Action<'_>) -> ToldAction {
        let chain = request.chain;
        let function = self.callable_of(chain, action).and_then(|(_, function)| function);
        let args = function.and_then(|function| {
            let bytes = action.data.get(place::prefix(action.kind)..)?;
            let values = agentpol_abi::decode_trailing(&function.inputs, bytes, function.trailing).ok()?;
            let named = function.inputs.iter().zip(values);
            Some(named.map(|(member, value)| ToldArg {
                name: member.name.clone(),
                value: value.to_json(&member.ty),
            }))
        });
        let words = match (action.kind, self.called(chain, action)) {
            (Kind::Send, _) => format!("send {}", self.wei(chain, action.value)),
            (kind, Some(called)) => format!("{} {called}", kind.name()),
            (kind, None) => format!("{} of {} bytes", kind.name(), action.data.len()),
        };
        let value = action.kind != Kind::Send && action.value != U256::ZERO;
        ToldAction {
            words,
            to: self.name_of(chain, action.to),
            args: match (args, action.kind, core::str::from_utf8(action.data)) {
                (Some(args), _, _) => args.collect(),
                (None, Kind::Message, Ok(text)) => {
                    vec![ToldArg { name: "text".to_owned(), value: text.into() }]
                }
                (None, _, _) => Vec::new(),
            },
            value: value.then(|| self.wei(chain, action.value)),
        }
    }

    fn tell_effect(&self, effect: &ledger::Effect) -> String {
        let amount = self.tell_amount(effect.asset, effect.amount);
        let mut party = self.name_of(effect.asset.chain, effect.party);
        if let Some(keeper) = effect.through {
            party = format!("{party}, through {},", self.name_of(effect.asset.chain, keeper));
        }
        let until = effect.until.map(|until| format!(" until {}", Instant(until))).unwrap_or_default();
        match effect.kind {
            EffectKind::Move => format!("{amount} leave for {party}"),
            EffectKind::Pull { exact: true } => format!("{party} takes {amount}"),
            EffectKind::Pull { exact: false } => format!("{party} takes up to {amount}"),
            EffectKind::Grant(GrantMode::Set) if effect.amount == U256::ZERO => {
                format!("{party} may take nothing more: {amount}")
            }
            EffectKind::Grant(GrantMode::Set) => format!("{party} may take {amount}{until}"),
            EffectKind::Grant(GrantMode::Add) => format!("{party} may take {amount} more{until}"),
            EffectKind::Grant(GrantMode::Dec) => format!("{party} may take {amount} less"),
            EffectKind::Receive => format!("{party} receives at least {amount}"),
            EffectKind::Owe => format!("{amount} are owed"),
        }
    }

    fn tell_amount(&self, asset: Asset, amount: U256) -> String {
        match (self.token_of(asset), asset.contract) {
            (_, _) if amount >= UNLIMITED => {
                format!("unlimited {}", self.symbol(asset).unwrap_or("tokens"))
            }
            (Some(token), _) => self.amount(token, amount),
            (None, Some(contract)) => format!("{amount} units of {contract}"),
            (None, None) => format!("{amount} wei"),
        }
    }
}
