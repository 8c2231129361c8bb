//! Deciding: rules, then the fee cap, then the ledger. Nothing is changed by deciding; whoever signs reserves ([`Gate`]), and
//! whoever plays through a stream of requests lets them land ([`Session`]).
//!
//! [`Gate`]: crate::gate::Gate
//! [`Session`]: crate::session::Session

use crate::{
    decision::{Asking, Charge, Decision, Nearest, Outcome},
    ledger::{self, Judgement, Ledger, LineName, Slot, Verdict},
    load::Policy,
};
use agentpol_ethereum::Refusal;
use agentpol_model::{
    Address, B256, Time, U256,
    decision::{Denied, DenyCode, GrantedAction},
    policy::{Ask, Verb},
    request::Request,
};
use agentpol_vm::Scratch;
use alloy_primitives::keccak256;
use std::collections::BTreeSet;

/// What the rules grant, ready for the ledger.
#[derive(Clone, Debug)]
pub(crate) struct Granted {
    pub(crate) entry: ledger::Request,
    rule: Option<String>,
    notes: Vec<String>,
    steps: u64,
}

/// A request's place in the ledger.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) nonce: u64,
    pub(crate) digest: B256,
}

impl Policy {
    /// What is decided of a request with the ledger as it is. A nonce or fee that the request leaves open is the next one, and
    /// not judged.
    pub fn decide(&self, request: &Request<'_>, ledger: &Ledger) -> Decision {
        match self.grant(request, &self.place(request, ledger)) {
            Ok(granted) => {
                let judgement = ledger.judge(&granted.entry);
                self.conclude(granted, &judgement, ledger)
            }
            Err(denial) => *denial,
        }
    }

    /// The decision about a request that could not even be read.
    pub fn refuse(&self, refusal: &Refusal) -> Decision {
        let reason = refusal.to_string();
        let decision = self.decision(Outcome::Deny(refusal.code), None, reason, 0);
        decision.named(refusal.id.as_ref())
    }

    /// Where a request stands that says itself which nonce it has, or else takes the next.
    pub(crate) fn place(&self, request: &Request<'_>, ledger: &Ledger) -> Place {
        let next = ledger.state().next_nonce.get(&(request.chain, request.signer)).copied();
        Place { nonce: request.envelope.nonce.or(next).unwrap_or_default(), digest: digest(request) }
    }

    /// What the rules and the fee cap say.
    pub(crate) fn grant(&self, request: &Request<'_>, place: &Place) -> Result<Granted, Box<Decision>> {
        let mut scratch = Scratch::new(self.rules());
        let ruled = self.rules().decide(request, &mut scratch);
        let ruling = ruled.as_ref().map(|()| scratch.granted().actions.as_slice());
        self.grant_ruled(request, place, ruling, scratch.steps())
    }

    /// The same where the rules were judged already.
    pub(crate) fn grant_ruled(
        &self,
        request: &Request<'_>,
        place: &Place,
        ruling: Result<&[GrantedAction], &Denied>,
        steps: u64,
    ) -> Result<Granted, Box<Decision>> {
        let actions = ruling.map_err(|denied| Box::new(self.denial(request, denied, steps)))?;
        let rule =
            actions.first().and_then(|action| self.rule_name(action.rule)).map(|rule| rule.to_string());
        let fee = request.envelope.max_fee();
        let mut notes = Vec::new();
        match (fee, self.fee_cap(request.chain)) {
            (Some(fee), Some(cap)) if fee > cap => {
                let (fee, cap) = (self.wei(request.chain, fee), self.wei(request.chain, cap));
                let reason = format!("it may cost {fee} in fees; `fees at most {cap}`");
                let outcome = Outcome::Deny(DenyCode::FeeCap);
                return Err(Box::new(self.decision(outcome, rule, reason, steps)));
            }
            (None, _) => notes.push("fee not judged: the request leaves its gas or price open".to_owned()),
            _ => {}
        }
        let slot = Slot::Transaction { chain: request.chain, account: request.signer, nonce: place.nonce };
        let actions: Option<Vec<_>> =
            actions.iter().map(|action| self.entry_action(request, action)).collect();
        let Some(actions) = actions else {
            let reason = "an effect is of a token that does not stand on this chain".to_owned();
            let outcome = Outcome::Deny(DenyCode::UnknownToken);
            return Err(Box::new(self.decision(outcome, rule, reason, steps)));
        };
        let entry = ledger::Request {
            slot,
            digest: place.digest,
            agent: request.agent.map(ledger::Name::from),
            fee: fee.unwrap_or_default(),
            deadline: None,
            actions,
        };
        Ok(Granted { entry, rule, notes, steps })
    }

    /// What the ledger says, as a decision.
    pub(crate) fn conclude(&self, granted: Granted, judgement: &Judgement, ledger: &Ledger) -> Decision {
        let Granted { entry, rule, notes, steps } = granted;
        let (outcome, reason) = match &judgement.verdict {
            Verdict::Allow => {
                let by = rule.as_deref().unwrap_or_default();
                (Outcome::Allow, format!("`{by}` allows it"))
            }
            Verdict::Ask { within } => {
                let asking = self.asking(&entry, judgement, *within);
                let over: Vec<String> = judgement.over.iter().map(|line| format!("budget {line}")).collect();
                let by = rule.as_deref().unwrap_or_default();
                let why = match over.is_empty() {
                    true => format!("`{by}` asks"),
                    false => format!("`{by}` asks beyond {}", over.join(" and ")),
                };
                let who = match asking.of.len() {
                    1 => "its approver".to_owned(),
                    n => format!("{} of {n} approvers", asking.need),
                };
                let span = agentpol_model::words::Span(*within);
                (Outcome::Ask(asking), format!("{why}: {who} must agree within {span}"))
            }
            Verdict::Deny(refusal) => {
                let nonce = match entry.slot {
                    Slot::Transaction { nonce, .. } => nonce,
                    Slot::Signature { .. } => 0,
                };
                let next = ledger.state().next_nonce.get(&(entry.slot.chain(), self.signer())).copied();
                (Outcome::Deny(refusal.code), self.why_refused(refusal, nonce, next))
            }
        };
        let charges = judgement.charges.iter().map(|charge| self.charge(charge)).collect();
        Decision { charges, notes, ..self.decision(outcome, rule, reason, steps) }
    }

    fn charge(&self, charge: &ledger::Charge) -> Charge {
        let token = self.unit(&charge.line).and_then(|token| self.token(token));
        Charge {
            budget: charge.line.budget.to_string(),
            line: charge.line.line,
            token: token.map(|token| token.symbol.clone()),
            amount: charge.amount,
            remaining: charge.remaining,
        }
    }

    /// Everybody who must agree: those of each rule that asks, and those of each `beyond` that is passed. Where they differ,
    /// all of all of them.
    pub(crate) fn asking(&self, entry: &ledger::Request, judgement: &Judgement, within: Time) -> Asking {
        let rules = entry.actions.iter().flat_map(|action| &action.rules);
        let rules = rules.filter_map(|name| self.module().rules.iter().find(|rule| *rule.name == **name));
        let mut asks: Vec<&Ask> = Vec::new();
        for rule in rules {
            if let Verb::Ask(ask) = &rule.verb {
                asks.push(ask);
            }
            let passed = |name: Option<&LineName>| name.is_some_and(|name| judgement.over.contains(name));
            asks.extend(rule.beyond.iter().filter(|(b, _)| passed(self.line_name(*b))).map(|(_, ask)| ask));
        }
        let parties = |ask: &&Ask| -> (u32, BTreeSet<Address>) {
            (ask.need, ask.of.iter().filter_map(|of| self.rules().address(*of)).collect())
        };
        let parts: BTreeSet<_> = asks.iter().map(parties).collect();
        match parts.first() {
            Some((need, of)) if parts.len() == 1 => {
                Asking { need: *need, of: of.iter().copied().collect(), within }
            }
            _ => {
                let of: BTreeSet<Address> = parts.into_iter().flat_map(|(_, of)| of).collect();
                Asking {
                    need: u32::try_from(of.len()).unwrap_or(u32::MAX),
                    of: of.into_iter().collect(),
                    within,
                }
            }
        }
    }

    fn denial(&self, request: &Request<'_>, denied: &Denied, steps: u64) -> Decision {
        let nearest = self.rules().explain(request).and_then(|nearest| {
            let rule = self.rule_name(nearest.rule)?.to_string();
            let agentpol_vm::Nearest { clause, saw, would_pass, .. } = nearest;
            Some(Nearest { rule, clause, saw, would_pass })
        });
        let reason = self.why_denied(request, denied, nearest.as_ref());
        let rule = denied.rule.and_then(|rule| self.rule_name(rule)).map(|rule| rule.to_string());
        Decision { nearest, ..self.decision(Outcome::Deny(denied.code), rule, reason, steps) }
    }

    pub(crate) fn decision(
        &self,
        outcome: Outcome,
        rule: Option<String>,
        reason: String,
        steps: u64,
    ) -> Decision {
        Decision {
            id: None,
            outcome,
            rule,
            reason,
            charges: Vec::new(),
            nearest: None,
            notes: Vec::new(),
            steps,
            policy_hash: self.hash(),
        }
    }

    /// `None` if a token does not stand on the chain.
    fn entry_action(&self, request: &Request<'_>, action: &GrantedAction) -> Option<ledger::Action> {
        let effects = action.effects.iter().map(|effect| {
            Some(ledger::Effect {
                kind: effect.kind,
                asset: self.asset(effect.token, request.chain)?,
                amount: effect.amount,
                party: effect.party,
                until: effect.until,
                through: effect.through,
            })
        });
        let charges = action.charges.iter().map(|(budget, n)| Some((self.line_name(*budget)?.clone(), *n)));
        Some(ledger::Action {
            rules: vec![self.rule_name(action.rule)?.clone()],
            effects: effects.collect::<Option<_>>()?,
            charges: charges.collect::<Option<_>>()?,
        })
    }
}

/// A name for a request that has no bytes to be signed yet: two are the same if all that would be signed is.
fn digest(request: &Request<'_>) -> B256 {
    let envelope = &request.envelope;
    let mut bytes = Vec::new();
    let mut put = |field: &[u8]| {
        bytes.extend_from_slice(&(field.len() as u64).to_be_bytes());
        bytes.extend_from_slice(field);
    };
    put(b"agentpol request");
    put(&request.chain.to_be_bytes());
    put(request.wallet.as_slice());
    put(request.signer.as_slice());
    let number = |n: Option<U256>| n.map(|n| n.to_be_bytes::<32>().to_vec()).unwrap_or_default();
    for n in [
        envelope.nonce.map(U256::from),
        envelope.gas_limit.map(U256::from),
        envelope.max_fee_per_gas.map(U256::from),
        envelope.max_priority_fee_per_gas.map(U256::from),
        envelope.blob_fee.map(|(price, _)| U256::from(price)),
        envelope.blob_fee.map(|(_, gas)| U256::from(gas)),
    ] {
        put(&number(n));
    }
    for action in request.actions {
        put(&[action.kind as u8]);
        put(action.from.as_slice());
        put(action.to.as_slice());
        put(&action.value.to_be_bytes::<32>());
        put(action.data);
    }
    keccak256(bytes)
}
