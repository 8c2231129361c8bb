//! Approvals: what approvers sign, and what their signatures lead to.

use super::{
    Answer, Asked, Gate,
    answer::{self, Pending},
    books::Books,
};
use crate::ledger::{self, Judgement, Verdict};
use agentpol_model::{Address, Time};
use alloy::signers::Signature;
use alloy_primitives::Bytes;
use std::collections::BTreeSet;

/// Signatures of one approval text, and who made them.
pub(super) struct Approvals {
    signatures: Vec<Signature>,
    by: BTreeSet<Address>,
}

impl Approvals {
    fn new(signatures: &[Signature], text: &str) -> Self {
        let by = signatures.iter().filter_map(|signature| signature.recover_address_from_msg(text).ok());
        Self { signatures: signatures.to_vec(), by: by.collect() }
    }

    pub(super) fn bytes(&self) -> Vec<Bytes> {
        self.signatures.iter().map(|signature| Bytes::from(signature.as_bytes())).collect()
    }

    /// Whoever has to agree now, which may be others than when it was asked: what the ledger says, and how many are missing.
    pub(super) fn missing(&self, books: &Books, entry: &ledger::Request) -> Option<(Judgement, String)> {
        let judgement = books.ledger.judge(entry);
        let Verdict::Ask { within } = judgement.verdict else { return None };
        let asking = books.policy.asking(entry, &judgement, within);
        let count = asking.of.iter().filter(|of| self.by.contains(*of)).count();
        let reason = format!("{count} of the {} approvals it needs", asking.need);
        (count < asking.need as usize).then_some((judgement, reason))
    }
}

impl<S> Gate<S> {
    /// What an approver signs (EIP-191): these bytes, under this policy, once.
    pub fn approval_text(&self, pending: &Pending) -> String {
        let books = self.read();
        answer::approval_text(&books.policy, books.ledger.state().terms.epoch, pending)
    }

    /// The approvers' signatures of [`approval_text`](Gate::approval_text). Everything is judged again, at this time.
    pub fn approve(&self, pending: Pending, approvals: &[Signature], now: Time) -> Answer {
        let approvals = Approvals::new(approvals, &self.approval_text(&pending));
        let agent = pending.agent.as_deref();
        let request = pending.unsigned.request().clone();
        self.answer(request, &Asked { agent, now, key: None, approvals: Some(&approvals) })
    }
}
