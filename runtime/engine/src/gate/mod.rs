//! What stands in front of the key: decide, reserve, sign exactly the bytes that were judged, and keep a record of it.
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
//! Transactions, typed data, texts, authorisations and user operations all go this one way
//! ([`Signable`](agentpol_ethereum::Signable)). The key need not be the wallet's own: the owner of a Safe, or of an account that an
//! entry point calls, signs for the wallet. What the key signs from an account of its own is then no business of the wallet, and the
//! rules see that somebody else acts (`foreign_sender`).
//!
//! A gate can be shared between threads. Requests are judged one after the other, under a lock, and what is decided stands in
//! the log in that order; nobody waits for the disk under the lock. With a [`Log`] no answer and no signature leaves before the
//! entries it rests on are durable, and [`Gate::open`] goes on where the log ends. Without one a gate forgets everything with
//! the process.
//!
//! | module | holds |
//! | --- | --- |
//! | `deciding` | from a request to an answer, and the entry that says so |
//! | `books` | what a gate knows, as a fold of its log |
//! | `approving` | approvals: what is signed, and what they lead to |
//! | `revoking` | authority, taken back by the owner |
//! | `consent` | what approvers and the owner sign |
//! | `signing` | from a reservation to a signature that may leave |
//! | `reading` | a log, entry by entry |
//! | `replay` | every decision of a log, decided once more |
//! | `answer` | what is answered |

mod answer;
mod approving;
mod books;
mod consent;
mod deciding;
mod reading;
mod replay;
mod revoking;
mod signing;

pub use answer::{Answer, GateError, GateSignError, Once, Pending, Reserved, Waiting};
pub use books::{KEYS_ARE_KEPT, OpenError};
pub use consent::Consent;
pub use reading::Reading;
pub use replay::{Difference, Replayed};
pub use revoking::{Irrevocable, RevokeError};

use crate::{
    history::{Bound, Entry, Log, LogError, SignedAs, Ticket},
    ledger::{Ledger, Record, Reply, Slot},
    load::Policy,
};
use agentpol_model::{Address, B256, ChainId, Time};
use alloy::signers::{Signature, Signer};
use books::Books;
use core::ops::Deref;
use deciding::next_nonce;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A policy, a ledger and a key.
#[derive(Debug)]
pub struct Gate<S> {
    books: Mutex<Books>,
    log: Option<Arc<dyn Log>>,
    signer: S,
}

/// The key of a gate that keeps the books and cannot sign: for its owner, where nothing is being signed.
#[derive(Clone, Copy, Debug)]
pub struct NoKey;

/// A look at a gate's ledger. Nothing is decided while it lasts.
pub struct LedgerView<'g>(MutexGuard<'g, Books>);

impl Deref for LedgerView<'_> {
    type Target = Ledger;

    fn deref(&self) -> &Ledger {
        &self.0.ledger
    }
}

// ---- setting it up
impl<S: Signer> Gate<S> {
    /// Without a log. The key must be the one that the policy was bound to.
    pub fn new(policy: Policy, ledger: Ledger, signer: S) -> Result<Self, GateError> {
        let books = Books::new(policy, ledger);
        if !books.counts_for(&books.policy) {
            return Err(GateError::OtherLedger);
        }
        Self::with(books, None, signer)
    }

    /// The first of a new log, which must be empty.
    pub fn begin(bound: Bound, module: &[u8], log: Arc<dyn Log>, signer: S) -> Result<Self, OpenError> {
        let policy = bound.load(module).map_err(OpenError::Policy)?;
        let books = Books::of(&bound, policy);
        log.keep(bound.module, module).map_err(OpenError::Log)?;
        let gate = Self::with(books, Some(log), signer).map_err(OpenError::Gate)?;
        let entry = Entry::Bound(Box::new(bound));
        let ticket = gate.append(&mut gate.read(), &entry).map_err(OpenError::Log)?;
        gate.settle(ticket).map_err(OpenError::Log)?;
        Ok(gate)
    }

    /// Goes on where a log ends.
    pub fn open(reading: Reading, log: Arc<dyn Log>, signer: S) -> Result<Self, OpenError> {
        Self::with(reading.books()?, Some(log), signer).map_err(OpenError::Gate)
    }

    fn with(books: Books, log: Option<Arc<dyn Log>>, signer: S) -> Result<Self, GateError> {
        let expected = books.policy.signer();
        if signer.address() != expected {
            return Err(GateError::WrongSigner { expected, found: signer.address() });
        }
        Ok(Self { books: Mutex::new(books), log, signer })
    }
}

impl Gate<NoKey> {
    /// The books of a log, to look at them and to write in them what their owner says.
    pub fn without_key(reading: Reading, log: Arc<dyn Log>) -> Result<Self, OpenError> {
        Ok(Self { books: Mutex::new(reading.books()?), log: Some(log), signer: NoKey })
    }
}

// ---- what it knows
impl<S> Gate<S> {
    /// Who must sign another version of the policy, if anybody.
    pub fn owner(&self) -> Option<Address> {
        self.read().owner
    }

    /// The policy.
    pub fn policy(&self) -> Arc<Policy> {
        self.read().policy.clone()
    }

    /// The ledger.
    pub fn ledger(&self) -> LedgerView<'_> {
        LedgerView(self.read())
    }

    /// The nonce that the next transaction gets, if the ledger knows it: that of one that was counted and can no more be signed,
    /// since the gate was stopped in between, or else the one after all that were signed.
    pub fn next_nonce(&self, chain: ChainId) -> Option<u64> {
        next_nonce(&self.read(), chain)
    }

    /// What was signed under this hash, of what is not settled: of a transaction its own; of a user operation, as its entry point
    /// has it; else the hash that was signed. A [`Landed`](crate::ledger::Landed) fact needs its slot and digest.
    pub fn signed(&self, hash: B256) -> Result<Option<SignedAs>, LogError> {
        self.durably(|books| books.find(hash).cloned())
    }

    /// What was signed for a slot that is not settled, in order.
    pub fn signed_for(&self, slot: &Slot) -> Result<Vec<SignedAs>, LogError> {
        self.durably(|books| books.signed_for(slot).to_vec())
    }

    /// What is known, once it will be known whatever happens.
    fn durably<T>(&self, look: impl FnOnce(&Books) -> T) -> Result<T, LogError> {
        let books = self.write()?;
        let (known, last) = (look(&books), books.last);
        drop(books);
        self.settle(last).map(|()| known)
    }

    /// Why nothing is signed, if the owner has stopped everything.
    pub fn frozen(&self) -> Option<String> {
        self.read().frozen.clone()
    }

    /// For looking only: what is left half done by a panic is not acted on.
    fn read(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> Result<MutexGuard<'_, Books>, LogError> {
        self.books.lock().map_err(|_| LogError("the gate stopped in the middle of something".to_owned()))
    }

    fn append(&self, books: &mut Books, entry: &Entry) -> Result<Option<Ticket>, LogError> {
        let Some(log) = &self.log else { return Ok(None) };
        let text = serde_json::to_string(entry).map_err(|e| LogError(e.to_string()))?;
        books.last = Some(log.append(&text)?);
        Ok(books.last)
    }

    /// Returns when what was appended is durable.
    fn settle(&self, ticket: Option<Ticket>) -> Result<(), LogError> {
        match (&self.log, ticket) {
            (Some(log), Some(ticket)) => log.wait(ticket),
            _ => Ok(()),
        }
    }
}

// ---- what it is told
impl<S> Gate<S> {
    /// What the chain or the owner says. Requests do not come in here.
    pub fn observe(&self, fact: Record) -> Result<Reply, LogError> {
        let mut books = self.write()?;
        let entry = Entry::Observed(fact.clone());
        let reply = books.observe(fact);
        let ticket = match reply {
            Reply::Done => self.append(&mut books, &entry)?,
            Reply::Refused(_) | Reply::Judged(_) => None,
        };
        drop(books);
        self.settle(ticket)?;
        Ok(reply)
    }

    /// Stops everything: no request is granted, and what was reserved is not signed.
    pub fn freeze(&self, reason: &str, now: Time) -> Result<(), LogError> {
        self.turn(Entry::Frozen { at: now, reason: reason.to_owned() }, now, Some(reason.to_owned()))
    }

    /// Lets the agent go on.
    pub fn thaw(&self, now: Time) -> Result<(), LogError> {
        self.turn(Entry::Thawed { at: now }, now, None)
    }

    fn turn(&self, entry: Entry, now: Time, frozen: Option<String>) -> Result<(), LogError> {
        let mut books = self.write()?;
        books.turn(now, frozen);
        let ticket = self.append(&mut books, &entry)?;
        drop(books);
        self.settle(ticket)
    }

    /// A new version of the policy over the same history. Reservations made under the old one can no longer be signed. Where the
    /// ledger has an owner, the signature must be the owner's, of [`consent_to`](Gate::consent_to).
    pub fn replace(&self, bound: Bound, module: &[u8]) -> Result<(), GateError> {
        let policy = bound.load(module).map_err(GateError::Policy)?;
        let mut books = self.write().map_err(GateError::Log)?;
        let (old, new) = (books.policy.signer(), policy.signer());
        if old != new {
            return Err(GateError::WrongSigner { expected: new, found: old });
        }
        if books.policy.wallet() != policy.wallet() {
            return Err(GateError::OtherWallet { wallet: books.policy.wallet() });
        }
        if let Some(owner) = books.owner {
            let signature =
                bound.signature.as_ref().and_then(|bytes| Signature::try_from(bytes.as_ref()).ok());
            if signature.and_then(|it| consent_to(&books, &bound).signer(&it)) != Some(owner) {
                return Err(GateError::NotTheOwner { owner });
            }
        }
        if let Some(log) = &self.log {
            log.keep(bound.module, module).map_err(GateError::Log)?;
        }
        books.replace(&bound, policy);
        let ticket = self.append(&mut books, &Entry::Bound(Box::new(bound))).map_err(GateError::Log)?;
        drop(books);
        self.settle(ticket).map_err(GateError::Log)
    }

    /// A module that is kept with the log.
    pub fn module(&self, hash: B256) -> Result<Vec<u8>, LogError> {
        match &self.log {
            Some(log) => log.module(hash),
            None => Err(LogError("nothing is kept".to_owned())),
        }
    }

    /// What the owner signs to replace the policy by this one.
    pub fn consent_to(&self, bound: &Bound) -> Consent {
        consent_to(&self.read(), bound)
    }
}

fn consent_to(books: &Books, bound: &Bound) -> Consent {
    Consent::to_policy(bound, books.ledger.state().terms.epoch)
}
