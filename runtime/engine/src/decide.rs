//! Deciding: rules, then the fee cap, then the ledger. Nothing is changed by deciding; whoever signs reserves ([`Gate`]), and
//! whoever plays through a stream of requests lets them land ([`Session`]).
//!
//! [`Gate`]: crate::gate::Gate
//! [`Session`]: crate::session::Session

use crate::{
    decision::{Charge, Decision, Nearest, Outcome},
    ledger::{self, Judgement, Ledger, Verdict},
    load::Policy,
    slot::{self, Instrument, Place},
};
use agentpol_ethereum::Refusal;
use agentpol_model::{
    U256,
    decision::{Denied, DenyCode, Granted as Ruled, GrantedAction},
    request::Request,
};
use agentpol_vm::Scratch;

/// What the rules grant, ready for the ledger.
#[derive(Clone, Debug)]
pub(crate) struct Granted {
    pub(crate) entry: ledger::Request,
    /// Each once, in the order in which they grant something.
    rules: Vec<String>,
    notes: Vec<String>,
    steps: u64,
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

    /// What a ledger is asked of a request that the rules and the fee cap grant.
    pub fn charge_of(
        &self,
        request: &Request<'_>,
        ledger: &Ledger,
    ) -> Result<ledger::Request, Box<Decision>> {
        self.grant(request, &self.place(request, ledger)).map(|granted| granted.entry)
    }

    /// The decision about a request that could not even be read.
    pub fn refuse(&self, refusal: &Refusal) -> Decision {
        let reason = refusal.to_string();
        self.deny(refusal.code, reason).named(refusal.id.as_ref())
    }

    /// Where a request stands that says itself which nonce it has, or else takes the next.
    pub(crate) fn place(&self, request: &Request<'_>, ledger: &Ledger) -> Place {
        let nonce = slot::named_nonce(request).or_else(|| next_nonce(request, ledger)).unwrap_or_default();
        Place { nonce, digest: slot::digest(request), asked: None }
    }

    /// The same, where it takes the next nonce whatever it says.
    pub(crate) fn next_place(&self, request: &Request<'_>, ledger: &Ledger) -> Place {
        let nonce = next_nonce(request, ledger).unwrap_or_default();
        Place { nonce, digest: slot::digest(request), asked: None }
    }

    /// What the rules and the fee cap say.
    pub(crate) fn grant(&self, request: &Request<'_>, place: &Place) -> Result<Granted, Box<Decision>> {
        let mut scratch = Scratch::new(self.rules());
        let ruled = self.rules().decide(request, &mut scratch);
        let ruling = ruled.as_ref().map(|()| scratch.granted());
        self.grant_ruled(request, place, ruling, scratch.steps())
    }

    /// The same where the rules were judged already.
    pub(crate) fn grant_ruled(
        &self,
        request: &Request<'_>,
        place: &Place,
        ruling: Result<&Ruled, &Denied>,
        steps: u64,
    ) -> Result<Granted, Box<Decision>> {
        let ruled = ruling.map_err(|denied| Box::new(self.denial(request, denied, steps)))?;
        let mut rules: Vec<String> = Vec::new();
        for name in ruled.actions.iter().filter_map(|action| self.rule_name(action.rule)) {
            if rules.iter().all(|rule| **rule != **name) {
                rules.push(name.to_string());
            }
        }
        let deny = |code, reason| {
            let rule = rules.first().cloned();
            Box::new(self.decision(Outcome::Deny(code), rule, reason, steps))
        };
        let instrument = Instrument::of(request);
        if instrument == Instrument::Several {
            let reason = "typed data, texts and authorisations are signed one by one, so nothing signs them \
                          together with others; ask for each by itself";
            return Err(deny(DenyCode::UnsupportedKind, reason.to_owned()));
        }
        if let (Instrument::Authorization, [action]) = (instrument, request.actions)
            && action.from != request.wallet
        {
            let reason = format!(
                "it would hand over the account of the key, {}, and not the wallet {}",
                action.from, request.wallet
            );
            return Err(deny(DenyCode::WrongWallet, reason));
        }
        let fee = if instrument.has_fee() { request.envelope.max_fee() } else { Some(U256::ZERO) };
        let mut notes = Vec::new();
        match (fee, self.fee_cap(request.chain)) {
            (Some(fee), Some(cap)) if fee > cap => {
                let (fee, cap) = (self.wei(request.chain, fee), self.wei(request.chain, cap));
                let reason = format!("it may cost {fee} in fees; `fees at most {cap}`");
                return Err(deny(DenyCode::FeeCap, reason));
            }
            (None, _) => notes.push("fee not judged: the request leaves its gas or price open".to_owned()),
            _ => {}
        }
        let actions: Option<Vec<_>> =
            ruled.actions.iter().map(|action| self.entry_action(request, action)).collect();
        let Some(actions) = actions else {
            let reason = "an effect is of a token that does not stand on this chain".to_owned();
            return Err(deny(DenyCode::UnknownToken, reason));
        };
        let (slot, deadline) = slot::slot(request, place, ruled.once.as_ref(), &actions);
        let entry = ledger::Request {
            slot,
            digest: place.digest,
            asked: place.asked,
            agent: request.agent.map(ledger::Name::from),
            fee: fee.unwrap_or_default(),
            deadline,
            actions,
        };
        Ok(Granted { entry, rules, notes, steps })
    }

    /// What the ledger says, as a decision.
    pub(crate) fn conclude(&self, granted: Granted, judgement: &Judgement, ledger: &Ledger) -> Decision {
        let Granted { entry, rules, notes, steps } = granted;
        let (outcome, reason) = match &judgement.verdict {
            Verdict::Allow => (Outcome::Allow, together(&rules, "allow")),
            Verdict::Ask { within } => {
                let asking = self.asking(&entry, judgement, *within);
                let over: Vec<String> = judgement.over.iter().map(|line| format!("budget {line}")).collect();
                let why = together(&self.who_asks(&entry, judgement), "ask");
                let why = match over.is_empty() {
                    true => why,
                    false => format!("{why} beyond {}", over.join(" and ")),
                };
                let who = match asking.of.len() {
                    1 => "its approver".to_owned(),
                    n => format!("{} of {n} approvers", asking.need),
                };
                let span = agentpol_model::words::Span(*within);
                (Outcome::Ask(asking), format!("{why}: {who} must agree within {span}"))
            }
            Verdict::Deny(refusal) => {
                let next = ledger.state().next_nonce.get(&(entry.slot.chain(), self.signer())).copied();
                (Outcome::Deny(refusal.code), self.why_refused(refusal, &entry.slot, next))
            }
        };
        let charges = judgement.charges.iter().map(|charge| self.charge(charge)).collect();
        let rule = rules.first().cloned();
        Decision { rules, charges, notes, ..self.decision(outcome, rule, reason, steps) }
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

    fn denial(&self, request: &Request<'_>, denied: &Denied, steps: u64) -> Decision {
        let nearest = self.rules().explain(request).and_then(|nearest| {
            let rule = self.rule_name(nearest.rule)?.to_string();
            let agentpol_vm::Nearest { clause, saw, would_pass, .. } = nearest;
            Some(Nearest { rule, action: None, clause, saw, would_pass })
        });
        let (action, reason) = self.why_denied(request, denied, nearest.as_ref());
        let nearest = nearest.map(|nearest| Nearest { action, ..nearest });
        let rule = denied.rule.and_then(|rule| self.rule_name(rule)).map(|rule| rule.to_string());
        Decision { nearest, ..self.decision(Outcome::Deny(denied.code), rule, reason, steps) }
    }

    /// A denial that no rule is behind.
    pub(crate) fn deny(&self, code: DenyCode, reason: String) -> Box<Decision> {
        Box::new(self.decision(Outcome::Deny(code), None, reason, 0))
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
            rules: Vec::new(),
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
            may_fail: action.may_fail,
        })
    }
}

fn next_nonce(request: &Request<'_>, ledger: &Ledger) -> Option<u64> {
    ledger.state().next_nonce.get(&(request.chain, request.signer)).copied()
}

/// `` `a` and `b` allow it ``
fn together(rules: &[String], verb: &str) -> String {
    let named: Vec<String> = rules.iter().map(|rule| format!("`{rule}`")).collect();
    let object = if verb == "allow" { " it" } else { "" };
    match named.as_slice() {
        [one] => format!("{one} {verb}s{object}"),
        [first @ .., last] => format!("{} and {last} {verb}{object}", first.join(", ")),
        [] => format!("nothing {verb}s{object}"),
    }
}
