//! What stands in front of the key: decide, reserve, sign exactly the bytes that were judged.
//!
//! The order is in the types. A signature is made only from a [`Reserved`], which nothing but a reservation returns, which
//! cannot be copied, and which holds the judged bytes. The signer is the gate's own; nobody else gets at it through here.
//!
//! ```text
//! OwnedRequest ── ask ──> Answer::Reserved(Reserved) ── sign ──> SignedTransaction
//!                    ├──> Answer::Asked(Pending)      ── approve ──> Answer
//!                    └──> Answer::Denied(Decision)
//! ```

use crate::{
    decide::Place,
    decision::{Asking, Decision, Outcome},
    ledger::{Ledger, Misfit, Record, Reply, Slot, Terms},
    load::Policy,
};
use agentpol_ethereum::{Completion, Facts, OwnedRequest, SignError, SignedTransaction, Unsigned};
use agentpol_model::{Address, B256, ChainId, Time, decision::DenyCode};
use alloy::signers::{Signature, Signer, SignerSync};
use core::fmt;
use std::collections::{BTreeMap, BTreeSet};

/// A policy, a ledger and a key.
#[derive(Debug)]
pub struct Gate<S> {
    policy: Policy,
    ledger: Ledger,
    signer: S,
    /// What was signed, by the hash that chains know it by.
    signed: BTreeMap<B256, (Slot, B256)>,
}

/// What the gate answers to a request.
#[derive(Debug)]
#[must_use]
pub enum Answer {
    /// It is allowed, and counted from now on. It can be signed.
    Reserved(Reserved),
    /// Somebody has to agree. Nothing is counted.
    Asked(Pending),
    /// It is not signed.
    Denied(Box<Decision>),
}

/// A reservation: the judged bytes, counted in the ledger. The only thing that can be signed, and only once.
#[derive(Debug)]
#[must_use = "it is counted, whether it is signed or not"]
pub struct Reserved {
    unsigned: Unsigned,
    decision: Decision,
    slot: Slot,
}

/// A request that waits for approval.
#[derive(Clone, Debug)]
pub struct Pending {
    unsigned: Unsigned,
    decision: Decision,
    asking: Asking,
    agent: Option<String>,
}

/// Why a gate cannot be set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GateError {
    /// The key is not the one that the policy was bound to.
    WrongSigner {
        /// Bound.
        expected: Address,
        /// The key's.
        found: Address,
    },
    /// The key does not sign for the wallet: a contract's transactions are not supported yet.
    NotTheWallet {
        /// The wallet.
        wallet: Address,
        /// The key's address.
        signer: Address,
    },
    /// The ledger counts for another policy.
    OtherLedger,
}

/// Why nothing was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GateSignError {
    /// The reservation is not (or no longer) the ledger's: its slot is settled, the policy was replaced, or the ledger is locked.
    NotReserved,
    /// Signing failed. The reservation stands: whether a signature exists is not known.
    Sign(SignError),
}

impl fmt::Display for GateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GateError::WrongSigner { expected, found } => {
                write!(f, "the policy was bound to the key of {expected}; this one is {found}'s")
            }
            GateError::NotTheWallet { wallet, signer } => {
                write!(f, "the key of {signer} cannot sign transactions of {wallet}")
            }
            GateError::OtherLedger => {
                f.write_str("the ledger counts for another policy; take the policy over with `edit` first")
            }
        }
    }
}

impl fmt::Display for GateSignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GateSignError::NotReserved => f.write_str("the ledger holds no open reservation of these bytes"),
            GateSignError::Sign(e) => e.fmt(f),
        }
    }
}

impl std::error::Error for GateError {}
impl std::error::Error for GateSignError {}

impl Reserved {
    /// What was decided.
    pub fn decision(&self) -> &Decision {
        &self.decision
    }

    /// The bytes that were judged and will be signed.
    pub fn payload(&self) -> &[u8] {
        self.unsigned.payload()
    }
}

impl Pending {
    /// What was decided.
    pub fn decision(&self) -> &Decision {
        &self.decision
    }

    /// Who must agree.
    pub fn asking(&self) -> &Asking {
        &self.asking
    }

    /// What is asked for.
    pub fn request(&self) -> &OwnedRequest {
        self.unsigned.request()
    }

    /// The hash that would be signed.
    pub fn digest(&self) -> B256 {
        self.unsigned.digest()
    }
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

    /// What was signed under this transaction hash: its slot and the digest that names its version in the ledger, as a
    /// [`Landed`](crate::ledger::Landed) fact needs them.
    pub fn signed(&self, hash: B256) -> Option<(Slot, B256)> {
        self.signed.get(&hash).copied()
    }

    fn record(&mut self, slot: Slot, digest: B256, signed: SignedTransaction) -> SignedTransaction {
        self.signed.insert(signed.hash, (slot, digest));
        signed
    }

    /// A new version of the policy over the same history. Reservations made under the old one can no longer be signed.
    pub fn replace(&mut self, policy: Policy) -> Result<(), GateError> {
        let (old, new) = (self.policy.signer(), policy.signer());
        if old != new {
            return Err(GateError::WrongSigner { expected: new, found: old });
        }
        same_account(&policy)?;
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
    fn close(&self, request: OwnedRequest) -> Result<Unsigned, Box<Decision>> {
        let outcome = Outcome::Deny(DenyCode::InvalidRequest);
        let deny = |reason| Box::new(self.policy.decision(outcome, None, reason, 0));
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
        Unsigned::new(request).map_err(|e| deny(e.to_string()))
    }

    /// The one way to a reservation: what is judged are the bytes that are kept.
    fn judge(
        &mut self,
        unsigned: Unsigned,
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
                let nonce = request.envelope.nonce.unwrap_or_default();
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
        approval_text(&self.policy, self.ledger.state().terms.epoch, pending)
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

    /// Does the ledger still hold exactly this?
    fn holds(&self, reserved: &Reserved) -> bool {
        let digest = reserved.unsigned.digest();
        let state = self.ledger.state();
        let open = state.slots.get(&reserved.slot);
        !state.locked
            && reserved.decision.policy_hash == self.policy.hash()
            && open.is_some_and(|open| open.versions.iter().any(|version| version.request.digest == digest))
    }
}

impl<S: Signer> Gate<S> {
    /// The key must be the one that the policy was bound to, and the wallet's own.
    pub fn new(policy: Policy, ledger: Ledger, signer: S) -> Result<Self, GateError> {
        same_account(&policy)?;
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
    pub async fn sign(&mut self, reserved: Reserved) -> Result<SignedTransaction, GateSignError> {
        if !self.holds(&reserved) {
            return Err(GateSignError::NotReserved);
        }
        let (slot, digest) = (reserved.slot, reserved.unsigned.digest());
        let signature = self.signer.sign_hash(&digest).await;
        let signature = signature.map_err(|e| GateSignError::Sign(SignError::Signer(e.to_string())))?;
        let signed =
            reserved.unsigned.attach(signature, self.policy.signer()).map_err(GateSignError::Sign)?;
        Ok(self.record(slot, digest, signed))
    }
}

impl<S: SignerSync> Gate<S> {
    /// The same for signers that answer at once.
    pub fn sign_sync(&mut self, reserved: Reserved) -> Result<SignedTransaction, GateSignError> {
        if !self.holds(&reserved) {
            return Err(GateSignError::NotReserved);
        }
        let (slot, digest) = (reserved.slot, reserved.unsigned.digest());
        let signed =
            reserved.unsigned.sign(&self.signer, self.policy.signer()).map_err(GateSignError::Sign)?;
        Ok(self.record(slot, digest, signed))
    }
}

fn same_account(policy: &Policy) -> Result<(), GateError> {
    match (policy.wallet(), policy.signer()) {
        (wallet, signer) if wallet == signer => Ok(()),
        (wallet, signer) => Err(GateError::NotTheWallet { wallet, signer }),
    }
}

fn approval_text(policy: &Policy, epoch: u64, pending: &Pending) -> String {
    format!(
        "agentpol approval\npolicy {}\nepoch {epoch}\nwallet {}\nchain {}\nsigns {}\n",
        policy.hash(),
        policy.wallet(),
        pending.unsigned.request().chain(),
        pending.digest(),
    )
}
