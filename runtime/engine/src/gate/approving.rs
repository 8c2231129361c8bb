//! Approvals: what waits for them, what approvers sign, and what their signatures lead to.

use super::{Answer, Gate, answer::Waiting, books::Books, consent::Consent, deciding::Asked};
use crate::{
    history::LogError,
    ledger::{self, Judgement, Record, Reply, Verdict},
    reason::told::Told,
};
use agentpol_ethereum::OwnedRequest;
use agentpol_model::{Address, B256, Time, decision::DenyCode};
use alloy::signers::Signature;
use alloy_primitives::Bytes;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What waits, as the books have it.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) agent: Option<String>,
    pub(super) at: Time,
    pub(super) request: OwnedRequest,
    pub(super) decision: Arc<str>,
    pub(super) approvals: Approvals,
}

/// Signatures of one consent, by who made them.
#[derive(Clone, Debug, Default)]
pub(super) struct Approvals(BTreeMap<Address, Signature>);

impl Approvals {
    /// Those of the signatures that are of this, by somebody whom a rule asks. The first of each is kept.
    pub(super) fn add(
        &mut self,
        signatures: impl IntoIterator<Item = Signature>,
        consent: &Consent,
        of: &BTreeSet<Address>,
    ) {
        for signature in signatures {
            if let Some(by) = consent.signer(&signature).filter(|by| of.contains(by)) {
                self.0.entry(by).or_insert(signature);
            }
        }
    }

    pub(super) fn bytes(&self) -> Vec<Bytes> {
        self.0.values().map(|signature| Bytes::from(signature.as_bytes())).collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whoever has to agree now, which may be others than when it was asked: what the ledger says, and how many are missing.
    pub(super) fn missing(&self, books: &Books, entry: &ledger::Request) -> Option<(Judgement, String)> {
        let judgement = books.ledger.judge(entry);
        let Verdict::Ask { within } = judgement.verdict else { return None };
        let asking = books.policy.asking(entry, &judgement, within);
        let count = asking.of.iter().filter(|of| self.0.contains_key(*of)).count();
        let reason = format!("{count} of the {} approvals it needs", asking.need);
        (count < asking.need as usize).then_some((judgement, reason))
    }
}

impl Books {
    /// What an approver signs of what waits under this name.
    pub(super) fn approval(&self, name: &B256) -> Option<Consent> {
        let (kept, asked) = (self.waiting.get(name)?, self.ledger.state().asks.get(name)?);
        Some(Consent::to_request(&self.policy, asked, kept.request.chain(), name))
    }

    /// It waits for approval, or for more. The same twice waits once.
    pub(super) fn waits(&mut self, name: B256, kept: Kept) {
        let is_more = !kept.approvals.is_empty();
        let old = self.waiting.entry(name).or_insert_with(|| kept.clone());
        if is_more {
            old.approvals = kept.approvals;
        }
    }

    /// What waits at this time, and until when. Looking changes nothing: what is in the books and not in the log, the next gate would
    /// not know.
    fn waiting_at(&self, now: Time) -> impl Iterator<Item = (&B256, &Kept, Time)> {
        let state = self.ledger.state();
        let now = now.max(state.now);
        self.waiting.iter().filter_map(move |(name, kept)| {
            let expires = state.asks.get(name)?.expires;
            (now <= expires).then_some((name, kept, expires))
        })
    }

    /// What no longer waits in the ledger does not wait here.
    pub(super) fn forget_expired(&mut self) {
        let asks = &self.ledger.state().asks;
        self.waiting.retain(|name, _| asks.contains_key(name));
    }
}

impl<S> Gate<S> {
    /// What waits for approval, the oldest first.
    pub fn waiting(&self, now: Time) -> Result<Vec<Waiting>, LogError> {
        let books = self.write()?;
        let mut waiting: Vec<Waiting> = books
            .waiting_at(now)
            .map(|(name, kept, expires)| Waiting {
                name: *name,
                agent: kept.agent.clone(),
                at: kept.at,
                expires,
                request: kept.request.clone(),
                decision: kept.decision.clone(),
                approved_by: kept.approvals.0.keys().copied().collect(),
            })
            .collect();
        waiting.sort_by_key(|one| (one.at, one.name));
        Ok(waiting)
    }

    /// What an approver signs: this request, under this edition of the policy, asked this once. `None` if nothing of that name
    /// waits.
    pub fn approval(&self, name: &B256) -> Option<Consent> {
        self.read().approval(name)
    }

    /// What waits under this name, in words, with the ledger as it is.
    pub fn told(&self, name: &B256) -> Option<Told> {
        let books = self.read();
        let kept = books.waiting.get(name)?;
        Some(match kept.request.lend(&books.facts(kept.agent.as_deref())) {
            Ok(lent) => books.policy.tell(&lent.request(), &books.ledger),
            Err(refusal) => Told { denied: Some(refusal.to_string()), ..Told::default() },
        })
    }

    /// Approvers' signatures of [`approval`](Gate::approval). They are kept until there are enough; then everything is
    /// judged again, at that time. Where none is an approver's, nothing has happened, and nothing is written down.
    pub fn approve(&self, name: &B256, signatures: &[Signature], now: Time) -> Answer {
        let books = match self.write() {
            Ok(books) => books,
            Err(e) => return self.unrecorded(&e),
        };
        let waiting = books.waiting_at(now).find(|(waiting, ..)| *waiting == name);
        let waiting = waiting.and_then(|(name, kept, _)| Some((kept.clone(), books.approval(name)?)));
        let Some((kept, consent)) = waiting else {
            let reason = ledger::Misfit::NothingAsked.to_string();
            return Answer::Denied(books.policy.deny(DenyCode::Approval, reason));
        };
        let Kept { agent, request, mut approvals, .. } = kept;
        approvals.add(signatures.iter().copied(), &consent, &books.policy.approvers());
        if approvals.is_empty() {
            let reason = "none of the signatures is one of its approvers', of this request".to_owned();
            return Answer::Denied(books.policy.deny(DenyCode::Approval, reason));
        }
        let asked = Asked { agent: agent.as_deref(), now, key: None, approvals: Some(&approvals) };
        self.locked(books, request, &asked)
    }

    /// Those who were asked said no.
    pub fn reject(&self, name: &B256) -> Result<Reply, LogError> {
        self.observe(Record::Reject(*name))
    }
}
