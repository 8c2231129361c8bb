//! What stands in front of the key: decide, reserve, sign exactly the bytes that were judged.
//!
//! The order is in the types. A signature is made only from a [`Reserved`], which nothing but a reservation returns, which
//! cannot be copied, and which holds the judged bytes. The signer is the gate's own; nobody else gets at it through here.
//!
//! ```text
//! OwnedRequest ── ask ──> Answer::Reserved(Reserved) ── sign ──> Signed
//!                    ├──> Answer::Asked(Pending)      ── approve ──> Answer
//!                    └──> Answer::Denied(Decision)
//! ```
//!
//! Transactions, typed data, texts, authorisations and user operations all go this one way ([`Signable`]). The key need not be
//! the wallet's own: the owner of a Safe, or of an account that an entry point calls, signs for the wallet. What the key signs
//! from an account of its own is then no business of the wallet, and the rules see that somebody else acts (`foreign_sender`).

mod answer;

pub use answer::{Answer, GateError, GateSignError, Pending, Reserved};

use crate::{
    decision::{Decision, Outcome},
    ledger::{Ledger, Misfit, Record, Reply, Slot, Terms},
    load::Policy,
    slot::{self, Place},
};
use agentpol_ethereum::{Body, Completion, Facts, OwnedRequest, SignError, Signable, Signed};
use agentpol_model::{Address, B256, ChainId, Time, decision::DenyCode};
use alloy::signers::{Signature, Signer, SignerSync};
use std::collections::{BTreeMap, BTreeSet};

/// A policy, a ledger and a key.
#[derive(Debug)]
pub struct Gate<S> {
    policy: Policy,
    ledger: Ledger,
    signer: S,
    /// What was signed, by the hash that it is known by.
    signed: BTreeMap<B256, (Slot, B256)>,
}

impl<S> Gate<S> {
    /// The policy.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The ledger.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// What the chain or the owner says. Requests do not come in here.
    pub fn observe(&mut self, fact: Record) -> Reply {
        match fact {
            Record::Request(_) | Record::Approve(_) | Record::Edit(_) => Reply::Refused(Misfit::NotAFact),
            fact => self.ledger.apply(fact),
        }
    }

    /// What was signed under this hash (of a transaction; of a user operation, as its entry point has it; else the hash that
    /// was signed): its slot and the digest that names its version in the ledger, as a [`Landed`](crate::ledger::Landed) fact
    /// needs them.
    pub fn signed(&self, hash: B256) -> Option<(Slot, B256)> {
        self.signed.get(&hash).copied()
    }

    fn record(&mut self, reservation: &Reservation, signed: Signed) -> Signed {
        let known_as = reservation.known_as.unwrap_or_else(|| signed.hash());
        self.signed.insert(known_as, (reservation.slot, reservation.digest));
        signed
    }

    /// A new version of the policy over the same history. Reservations made under the old one can no longer be signed.
    pub fn replace(&mut self, policy: Policy) -> Result<(), GateError> {
        let (old, new) = (self.policy.signer(), policy.signer());
        if old != new {
            return Err(GateError::WrongSigner { expected: new, found: old });
        }
        policy.edit(&mut self.ledger);
        self.policy = policy;
        Ok(())
    }

    /// The nonce that comes next, if the ledger knows it.
    pub fn next_nonce(&self, chain: ChainId) -> Option<u64> {
        self.ledger.state().next_nonce.get(&(chain, self.policy.signer())).copied()
    }

    /// Decides, and reserves if it is allowed. `agent`: who asks, as it was authenticated.
    pub fn ask(&mut self, request: OwnedRequest, agent: Option<&str>, now: Time) -> Answer {
        let id = request.id().cloned();
        let unsigned = match self.close(request) {
            Ok(unsigned) => unsigned,
            Err(decision) => return Answer::Denied(Box::new(decision.named(id.as_ref()))),
        };
        self.judge(unsigned, agent.map(str::to_owned), now, |ledger, entry| {
            ledger.apply(Record::Request(entry))
        })
    }

    /// Everything has to be said before it is judged. The nonce is the ledger's to give.
    fn close(&self, request: OwnedRequest) -> Result<Signable, Box<Decision>> {
        let deny = |code, reason| Box::new(self.policy.decision(Outcome::Deny(code), None, reason, 0));
        if let Body::Message { message, .. } = request.body()
            && message.text().starts_with(answer::APPROVAL)
        {
            let reason = "it would approve a request as if its owner did";
            return Err(deny(DenyCode::UnsafeMessage, reason.to_owned()));
        }
        let open = request.open_fields();
        let next = self.next_nonce(request.chain());
        let request = match (open.as_slice(), next) {
            // Nothing else is open, so nothing else is filled in.
            (["nonce"], Some(nonce)) => {
                let fill =
                    Completion { nonce, gas_limit: 0, max_fee_per_gas: 0, max_priority_fee_per_gas: 0 };
                request.complete(&fill).map_err(|refusal| Box::new(self.policy.refuse(&refusal)))?
            }
            _ => request,
        };
        Signable::new(request).map_err(|e| deny(DenyCode::InvalidRequest, e.to_string()))
    }

    /// The one way to a reservation: what is judged are the bytes that are kept.
    fn judge(
        &mut self,
        unsigned: Signable,
        agent: Option<String>,
        now: Time,
        reserve: impl FnOnce(&mut Ledger, crate::ledger::Request) -> Reply,
    ) -> Answer {
        self.ledger.apply(Record::Now(now));
        let facts = Facts {
            wallet: self.policy.wallet(),
            signer: self.policy.signer(),
            agent: agent.as_deref(),
            now: self.ledger.state().now,
        };
        let id = unsigned.request().id().cloned();
        let granted = match unsigned.lend(&facts) {
            Err(refusal) => return Answer::Denied(Box::new(self.policy.refuse(&refusal))),
            Ok(lent) => {
                let request = lent.request();
                let nonce = slot::named_nonce(&request).unwrap_or_default();
                self.policy.grant(&request, &Place { nonce, digest: unsigned.digest() })
            }
        };
        let granted = match granted {
            Ok(granted) => granted,
            Err(denial) => return Answer::Denied(Box::new(denial.named(id.as_ref()))),
        };
        let slot = granted.entry.slot;
        let Reply::Judged(judgement) = reserve(&mut self.ledger, granted.entry.clone()) else {
            let reason = "the ledger did not take the request".to_owned();
            return Answer::Denied(Box::new(self.policy.decision(
                Outcome::Deny(DenyCode::Locked),
                None,
                reason,
                0,
            )));
        };
        let decision = self.policy.conclude(granted, &judgement, &self.ledger).named(id.as_ref());
        match decision.outcome.clone() {
            Outcome::Allow => Answer::Reserved(Reserved { unsigned, decision, slot }),
            Outcome::Ask(asking) => Answer::Asked(Pending { unsigned, decision, asking, agent }),
            Outcome::Deny(_) => Answer::Denied(Box::new(decision)),
        }
    }

    /// What an approver signs (EIP-191): these bytes, under this policy, once.
    pub fn approval_text(&self, pending: &Pending) -> String {
        answer::approval_text(&self.policy, self.ledger.state().terms.epoch, pending)
    }

    /// The approvers' signatures of [`approval_text`](Gate::approval_text). Everything is judged again, at this time.
    pub fn approve(&mut self, pending: Pending, approvals: &[Signature], now: Time) -> Answer {
        let text = self.approval_text(&pending);
        let agreed: BTreeSet<Address> =
            approvals.iter().filter_map(|signature| signature.recover_address_from_msg(&text).ok()).collect();
        let Pending { unsigned, agent, .. } = pending;
        let (policy, mut missing) = (self.policy.clone(), None);
        let answer = self.judge(unsigned, agent, now, |ledger, entry| {
            // Whoever has to agree now: that may be others than when it was asked.
            let judgement = ledger.judge(&entry);
            if let crate::ledger::Verdict::Ask { within } = judgement.verdict {
                let asking = policy.asking(&entry, &judgement, within);
                let count = asking.of.iter().filter(|of| agreed.contains(*of)).count();
                if count < asking.need as usize {
                    missing = Some((count, asking));
                    return Reply::Judged(judgement);
                }
            }
            ledger.apply(Record::Approve(entry))
        });
        match (answer, missing) {
            (Answer::Asked(pending), Some((count, asking))) => {
                let reason = format!("{count} of the {} approvals it needs", asking.need);
                let decision = Decision { reason, ..pending.decision };
                Answer::Asked(Pending { decision, ..pending })
            }
            (answer, _) => answer,
        }
    }

    /// The ledger must still hold exactly this.
    fn hold(&self, reserved: &Reserved) -> Result<Reservation, GateSignError> {
        let (slot, digest) = (reserved.slot, reserved.unsigned.digest());
        let state = self.ledger.state();
        let open = state.slots.get(&slot);
        let holds = !state.locked
            && reserved.decision.policy_hash == self.policy.hash()
            && open.is_some_and(|open| open.versions.iter().any(|version| version.request.digest == digest));
        let known_as = match reserved.unsigned.request().body() {
            Body::UserOperation(operation) => Some(operation.hash()),
            _ => None,
        };
        if holds { Ok(Reservation { slot, digest, known_as }) } else { Err(GateSignError::NotReserved) }
    }
}

impl<S: Signer> Gate<S> {
    /// The key must be the one that the policy was bound to.
    pub fn new(policy: Policy, ledger: Ledger, signer: S) -> Result<Self, GateError> {
        if signer.address() != policy.signer() {
            return Err(GateError::WrongSigner { expected: policy.signer(), found: signer.address() });
        }
        let counted = &ledger.state().terms;
        if **counted != (Terms { epoch: counted.epoch, ..policy.terms().clone() }) {
            return Err(GateError::OtherLedger);
        }
        Ok(Self { policy, ledger, signer, signed: BTreeMap::new() })
    }

    /// Signs what was reserved, and reads the result back: its bytes and its signer.
    pub async fn sign(&mut self, reserved: Reserved) -> Result<Signed, GateSignError> {
        let reservation = self.hold(&reserved)?;
        let signature = self.signer.sign_hash(&reservation.digest).await;
        let signature = signature.map_err(|e| GateSignError::Sign(SignError::Signer(e.to_string())))?;
        let signed =
            reserved.unsigned.attach(signature, self.policy.signer()).map_err(GateSignError::Sign)?;
        Ok(self.record(&reservation, signed))
    }
}

impl<S: SignerSync> Gate<S> {
    /// The same for signers that answer at once.
    pub fn sign_sync(&mut self, reserved: Reserved) -> Result<Signed, GateSignError> {
        let reservation = self.hold(&reserved)?;
        let signed =
            reserved.unsigned.sign(&self.signer, self.policy.signer()).map_err(GateSignError::Sign)?;
        Ok(self.record(&reservation, signed))
    }
}

/// What remains of a reservation when its bytes are given to the signer.
struct Reservation {
    slot: Slot,
    digest: B256,
    /// Where that is neither a transaction's hash nor the hash that is signed.
    known_as: Option<B256>,
}
