//! A stream of requests, each allowed one taken as landed and final at its own time: what `decide` and `test` blocks play
//! through, so that windows refill there as a reader expects. (At the gate they refill when the chain says so.)

use crate::{
    decision::{Decision, Outcome},
    ledger::{Judgement, Landed, Ledger, Record, Reply, Request as Entry, Verdict},
    load::Policy,
};
use agentpol_model::{
    ChainId, Time,
    decision::{DenyCode, Ruling},
    effect::EffectKind,
    request::Request,
};

/// Which nonces a session takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Nonces {
    /// Like the gate: the next one only; the first may be any.
    #[default]
    Next,
    /// Whatever a request says, as recorded requests have gaps where others were denied. Guards still read them.
    Any,
}

/// A policy, and what has happened under it so far.
#[derive(Clone, Debug)]
pub struct Session<'p> {
    policy: &'p Policy,
    ledger: Ledger,
    nonces: Nonces,
}

impl<'p> Session<'p> {
    /// Nothing has happened. Every transfer is known here, so authority that ends unused is free again.
    pub fn new(policy: &'p Policy, nonces: Nonces) -> Self {
        Self::resume(policy, policy.ledger(true), nonces)
    }

    /// Goes on from a ledger's state.
    pub fn resume(policy: &'p Policy, ledger: Ledger, nonces: Nonces) -> Self {
        Self { policy, ledger, nonces }
    }

    /// What has happened.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Lets time pass, on every chain.
    pub fn advance(&mut self, now: Time) {
        self.ledger.apply(Record::Now(now));
        let now = self.ledger.state().now;
        for chain in &self.policy.terms().chains {
            self.ledger.apply(Record::Final(*chain, now));
        }
    }

    /// Decides the next request, at its own time. If it is allowed, it lands.
    pub fn decide(&mut self, request: &Request<'_>) -> Decision {
        self.play(request, false, None)
    }

    /// The same, where another evaluator judges by the rules: the reference, to hold it against the interpreter. Its
    /// decisions take no steps.
    pub fn decide_by(&mut self, request: &Request<'_>, rules: &dyn Fn(&Request<'_>) -> Ruling) -> Decision {
        self.play(request, false, Some(rules))
    }

    /// The same, where everybody who has to be asked agrees at once.
    pub fn approve(&mut self, request: &Request<'_>) -> Decision {
        self.play(request, true, None)
    }

    fn play(
        &mut self,
        request: &Request<'_>,
        approved: bool,
        rules: Option<&dyn Fn(&Request<'_>) -> Ruling>,
    ) -> Decision {
        self.advance(request.now);
        // The clock never goes back.
        let request = Request { now: self.ledger.state().now, ..*request };
        let place = match self.nonces {
            Nonces::Next => self.policy.place(&request, &self.ledger),
            Nonces::Any => self.policy.next_place(&request, &self.ledger),
        };
        let granted = match rules.map(|rules| rules(&request)) {
            None => self.policy.grant(&request, &place),
            Some(ruling) => self.policy.grant_ruled(&request, &place, ruling.as_ref(), 0),
        };
        let granted = match granted {
            Ok(granted) => granted,
            Err(denial) => return *denial,
        };
        let entry = granted.entry.clone();
        let mut judgement = self.judge(Record::Request(entry.clone()));
        if approved && matches!(judgement.verdict, Verdict::Ask { .. }) {
            judgement = self.judge(Record::Approve(entry.clone()));
        }
        let decision = self.policy.conclude(granted, &judgement, &self.ledger);
        if decision.outcome == Outcome::Allow {
            self.land(&entry);
        }
        decision
    }

    fn judge(&mut self, record: Record) -> Judgement {
        match self.ledger.apply(record) {
            Reply::Judged(judgement) => judgement,
            // Requests and approvals are always judged.
            Reply::Done | Reply::Refused(_) => Judgement::deny(DenyCode::Approval),
        }
    }

    /// It succeeds, and every pull takes all it may.
    fn land(&mut self, entry: &Entry) {
        let state = self.ledger.state();
        let now = state.now;
        let effects = entry.actions.iter().flat_map(|action| &action.effects);
        let pulls = effects.filter(|effect| {
            let trusted = state.terms.trusted.contains(&(effect.asset.chain, effect.party));
            matches!(effect.kind, EffectKind::Pull { .. }) && !trusted
        });
        let pulled = Some(pulls.map(|effect| effect.amount).collect());
        let fact = Landed { slot: entry.slot, digest: entry.digest, ok: true, at: now, pulled, fee: None };
        self.ledger.apply(Record::Landed(fact));
        self.advance(now);
    }

    /// The nonce that comes next, if any is known.
    pub fn next_nonce(&self, chain: ChainId) -> Option<u64> {
        self.ledger.state().next_nonce.get(&(chain, self.policy.signer())).copied()
    }
}
