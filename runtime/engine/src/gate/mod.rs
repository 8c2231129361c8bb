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
//! Transactions, typed data, texts, authorisations and user operations all go this one way ([`Signable`]). The key need not be
//! the wallet's own: the owner of a Safe, or of an account that an entry point calls, signs for the wallet. What the key signs
//! from an account of its own is then no business of the wallet, and the rules see that somebody else acts (`foreign_sender`).
//!
//! A gate can be shared between threads. Requests are judged one after the other, under a lock, and what is decided stands in
//! the log in that order; nobody waits for the disk under the lock. With a [`Log`] no answer and no signature leaves before the
//! entries it rests on are durable, and [`Gate::open`] goes on where the log ends. Without one a gate forgets everything with
//! the process.
//!
//! | module | holds |
//! | --- | --- |
//! | `books` | what a gate knows, as a fold of its log |
//! | `approving` | approvals: what is signed, and what they lead to |
//! | `signing` | from a reservation to a signature that may leave |
//! | `reading` | a log, entry by entry |
//! | `replay` | every decision of a log, decided once more |
//! | `answer` | what is answered |

mod answer;
mod approving;
mod books;
mod reading;
mod replay;
mod signing;

pub use answer::{Answer, GateError, GateSignError, Once, Pending, Reserved, Waiting};
pub use books::{KEYS_ARE_KEPT, OpenError};
pub use reading::Reading;
pub use replay::{Difference, Replayed};

use crate::{
    decision::{Decision, Outcome},
    history::{Bound, Decided, Entry, Known, Log, LogError, SignedAs, Ticket},
    ledger::{self, Judgement, Ledger, Misfit, Record, Reply, Slot},
    load::Policy,
    slot::{self, Place},
};
use agentpol_ethereum::{Body, Completion, Facts, OwnedRequest, Signable};
use agentpol_model::{B256, ChainId, Time, decision::DenyCode};
use alloy::signers::{Signature, Signer};
use approving::{Approvals, Kept};
use books::Books;
use core::ops::Deref;
use serde_json::value::{RawValue, to_raw_value};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A policy, a ledger and a key.
#[derive(Debug)]
pub struct Gate<S> {
    books: Mutex<Books>,
    log: Option<Arc<dyn Log>>,
    signer: S,
}

/// A look at a gate's ledger. Nothing is decided while it lasts.
pub struct LedgerView<'g>(MutexGuard<'g, Books>);

impl Deref for LedgerView<'_> {
    type Target = Ledger;

    fn deref(&self) -> &Ledger {
        &self.0.ledger
    }
}

/// What is asked, and how it came.
struct Asked<'a> {
    agent: Option<&'a str>,
    now: Time,
    key: Option<&'a Known>,
    /// Of an approval: signatures, and who made them.
    approvals: Option<&'a Approvals>,
}

// ---- setting it up
impl<S: Signer> Gate<S> {
    /// Without a log. The key must be the one that the policy was bound to.
    pub fn new(policy: Policy, ledger: Ledger, signer: S) -> Result<Self, GateError> {
        let books = Books::new(policy, ledger, None);
        if !books.counts_for(&books.policy) {
            return Err(GateError::OtherLedger);
        }
        Self::with(books, None, signer)
    }

    /// The first of a new log, which must be empty.
    pub fn begin(bound: Bound, module: &[u8], log: Arc<dyn Log>, signer: S) -> Result<Self, OpenError> {
        let policy = bound.load(module).map_err(OpenError::Policy)?;
        let ledger = policy.ledger(bound.complete_logs);
        let books = Books::new(policy, ledger, bound.owner);
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

// ---- what it knows
impl<S> Gate<S> {
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
        if matches!(fact, Record::Request(_) | Record::Approve(_) | Record::Edit(_)) {
            return Ok(Reply::Refused(Misfit::NotAFact));
        }
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
        books.ledger.apply(Record::Now(now));
        books.frozen = frozen;
        let ticket = self.append(&mut books, &entry)?;
        drop(books);
        self.settle(ticket)
    }

    /// A new version of the policy over the same history. Reservations made under the old one can no longer be signed. Where the
    /// ledger has an owner, the signature must be the owner's, of [`replacement_text`](Gate::replacement_text).
    pub fn replace(&self, bound: Bound, module: &[u8]) -> Result<(), GateError> {
        let policy = bound.load(module).map_err(GateError::Policy)?;
        let mut books = self.write().map_err(GateError::Log)?;
        let (old, new) = (books.policy.signer(), policy.signer());
        if old != new {
            return Err(GateError::WrongSigner { expected: new, found: old });
        }
        if let Some(owner) = books.owner {
            let text = replacement_text(&books, &bound);
            let signature =
                bound.signature.as_ref().and_then(|bytes| Signature::try_from(bytes.as_ref()).ok());
            let by = signature.and_then(|it| it.recover_address_from_msg(text).ok());
            if by != Some(owner) {
                return Err(GateError::NotTheOwner { owner });
            }
        }
        if let Some(log) = &self.log {
            log.keep(bound.module, module).map_err(GateError::Log)?;
        }
        books.owner = bound.owner;
        books.replace(policy);
        let ticket = self.append(&mut books, &Entry::Bound(Box::new(bound))).map_err(GateError::Log)?;
        drop(books);
        self.settle(ticket).map_err(GateError::Log)
    }

    /// What the owner signs (EIP-191) to replace the policy by this one.
    pub fn replacement_text(&self, bound: &Bound) -> String {
        replacement_text(&self.read(), bound)
    }
}

// ---- asking
impl<S> Gate<S> {
    /// Decides, and reserves if it is allowed. `agent`: who asks, as it was authenticated.
    pub fn ask(&self, request: OwnedRequest, agent: Option<&str>, now: Time) -> Answer {
        self.answer(request, &Asked { agent, now, key: None, approvals: None })
    }

    /// The same for an agent that gives its request a name: whoever asks the same twice, under the same name and within
    /// [`KEYS_ARE_KEPT`], is charged once. What was denied is judged anew.
    pub fn ask_once(&self, request: OwnedRequest, agent: Option<&str>, now: Time, key: &Known) -> Once {
        let books = match self.write() {
            Ok(books) => books,
            Err(e) => return Once::First(self.unrecorded(&e)),
        };
        match recall(&books, key, agent, now) {
            Some(again) => {
                // Whoever asked first may be waiting for it still.
                let last = books.last;
                drop(books);
                self.settle(last).map_or_else(|e| Once::First(self.unrecorded(&e)), |()| again)
            }
            None => Once::First(self.locked(
                books,
                request,
                &Asked { agent, now, key: Some(key), approvals: None },
            )),
        }
    }

    /// What [`ask_once`](Gate::ask_once) would answer to a name that was used before, for whoever has to fill in the request first.
    pub fn asked_before(&self, agent: Option<&str>, now: Time, key: &Known) -> Option<Once> {
        recall(&self.read(), key, agent, now)
    }

    fn answer(&self, request: OwnedRequest, asked: &Asked<'_>) -> Answer {
        match self.write() {
            Ok(books) => self.locked(books, request, asked),
            Err(e) => self.unrecorded(&e),
        }
    }

    fn locked(&self, mut books: MutexGuard<'_, Books>, request: OwnedRequest, asked: &Asked<'_>) -> Answer {
        let decided = self.decide(&mut books, request, asked);
        drop(books);
        match decided {
            // Whoever signs it waits.
            Ok((Answer::Reserved(reserved), ticket)) => Answer::Reserved(Reserved { ticket, ..reserved }),
            Ok((answer, ticket)) => match self.settle(ticket) {
                Ok(()) => answer,
                Err(e) => self.unrecorded(&e),
            },
            Err(e) => self.unrecorded(&e),
        }
    }

    fn unrecorded(&self, e: &LogError) -> Answer {
        let policy = self.policy();
        Answer::Denied(Box::new(policy.decision(Outcome::Deny(DenyCode::Storage), None, e.to_string(), 0)))
    }

    /// The answer, and the entry that says so.
    fn decide(
        &self,
        books: &mut Books,
        request: OwnedRequest,
        asked: &Asked<'_>,
    ) -> Result<(Answer, Option<Ticket>), LogError> {
        books.ledger.apply(Record::Now(asked.now));
        let id = request.id().cloned();
        let as_asked = request.clone();
        let (decision, judged) = match close(books, request, asked) {
            Ok(closed) => {
                let (decision, entry) = judge(books, &closed, asked, Books::judged);
                (decision.named(id.as_ref()), Some((closed.unsigned, entry)))
            }
            Err(decision) => (decision.named(id.as_ref()), None),
        };
        let text = match (&decision.outcome, &judged) {
            // What waits gets its nonce when it is approved.
            (Outcome::Ask(_), _) | (_, None) => self.written(&as_asked),
            (_, Some((unsigned, _))) => self.written(unsigned.request()),
        };
        let entry = judged.as_ref().and_then(|(_, entry)| entry.as_ref());
        let ticket = self.record(books, asked, &decision, text, entry)?;
        let answer = match (decision.outcome.clone(), judged) {
            (Outcome::Allow, Some((unsigned, Some(entry)))) => {
                books.unsigned.remove(&entry.slot);
                if let Some(key) = asked.key {
                    books.used(asked.agent.map(str::to_owned), key.clone(), entry.slot, entry.digest);
                }
                Answer::Reserved(Reserved { unsigned, decision, slot: entry.slot, ticket: None })
            }
            (Outcome::Ask(asking), Some((_, Some(entry)))) => {
                let name = entry.name();
                books.waits(name, kept(asked, &as_asked, &decision));
                Answer::Asked(Pending { name, request: as_asked, decision, asking })
            }
            _ => Answer::Denied(Box::new(decision)),
        };
        // What was approved, or came too late.
        books.forget_expired();
        Ok((answer, ticket))
    }

    /// For the log, if there is one.
    fn written(&self, request: &OwnedRequest) -> Option<String> {
        self.log.as_ref().and_then(|_| request.to_json())
    }

    fn record(
        &self,
        books: &mut Books,
        asked: &Asked<'_>,
        decision: &Decision,
        request: Option<String>,
        charge: Option<&ledger::Request>,
    ) -> Result<Option<Ticket>, LogError> {
        if self.log.is_none() {
            return Ok(None);
        }
        let unwritable = |e: serde_json::Error| LogError(e.to_string());
        let approvals = asked.approvals.map(|approvals| approvals.bytes()).unwrap_or_default();
        let entry = Entry::Decided(Box::new(Decided {
            at: asked.now,
            agent: asked.agent.map(str::to_owned),
            key: asked.key.cloned(),
            request: request.map(RawValue::from_string).transpose().map_err(unwritable)?,
            approvals,
            decision: to_raw_value(decision).map_err(unwritable)?,
            charge: charge.cloned(),
        }));
        self.append(books, &entry)
    }
}

/// What waits.
fn kept(asked: &Asked<'_>, request: &OwnedRequest, decision: &Decision) -> Kept {
    Kept {
        agent: asked.agent.map(str::to_owned),
        at: asked.now,
        request: request.clone(),
        decision: serde_json::to_string(decision).unwrap_or_default().into(),
        approvals: asked.approvals.cloned().unwrap_or_default(),
    }
}

/// A request with nothing left open.
struct Closed {
    unsigned: Signable,
    /// The ledger gave the nonce.
    has_our_nonce: bool,
}

/// Everything has to be said before it is judged. The nonce is the ledger's to give.
fn close(books: &Books, request: OwnedRequest, asked: &Asked<'_>) -> Result<Closed, Box<Decision>> {
    let deny = |code, reason| Box::new(books.policy.decision(Outcome::Deny(code), None, reason, 0));
    if let Body::Message { message, .. } = request.body()
        && answer::is_ours(message.text())
    {
        let reason = "it would speak for the owner or an approver";
        return Err(deny(DenyCode::UnsafeMessage, reason.to_owned()));
    }
    let open = request.open_fields();
    let next = next_nonce(books, request.chain());
    let (request, has_our_nonce) = match (open.as_slice(), next) {
        // Nothing else is open, so nothing else is filled in.
        (["nonce"], Some(nonce)) => {
            let fill = Completion { nonce, gas_limit: 0, max_fee_per_gas: 0, max_priority_fee_per_gas: 0 };
            (request.complete(&fill).map_err(|refusal| Box::new(books.policy.refuse(&refusal)))?, true)
        }
        _ => (request, false),
    };
    // What is denied whatever fills it in is denied for that, and not for being open.
    if !request.open_fields().is_empty()
        && let Some(denial) = denied_while_open(books, &request, asked)
    {
        return Err(Box::new(denial));
    }
    let unsigned = Signable::new(request).map_err(|e| deny(DenyCode::InvalidRequest, e.to_string()))?;
    Ok(Closed { unsigned, has_our_nonce })
}

fn denied_while_open(books: &Books, request: &OwnedRequest, asked: &Asked<'_>) -> Option<Decision> {
    let policy = &books.policy;
    let now = books.ledger.state().now;
    let facts = Facts { wallet: policy.wallet(), signer: policy.signer(), agent: asked.agent, now };
    let decision = match request.lend(&facts) {
        Ok(lent) => policy.decide(&lent.request(), &books.ledger),
        Err(refusal) => policy.refuse(&refusal),
    };
    matches!(decision.outcome, Outcome::Deny(_)).then_some(decision)
}

fn next_nonce(books: &Books, chain: ChainId) -> Option<u64> {
    let signer = books.policy.signer();
    let abandoned = books.unsigned.keys().find_map(|slot| match *slot {
        Slot::Transaction { chain: on, account, nonce } if (on, account) == (chain, signer) => Some(nonce),
        _ => None,
    });
    abandoned.or_else(|| books.ledger.state().next_nonce.get(&(chain, signer)).copied())
}

/// The one way to a reservation: what is judged are the bytes that are kept. Also what the ledger was asked, if it was. `by`: how it
/// is asked.
fn judge(
    books: &mut Books,
    closed: &Closed,
    asked: &Asked<'_>,
    by: fn(&mut Books, Record) -> Judgement,
) -> (Decision, Option<ledger::Request>) {
    let Closed { unsigned, has_our_nonce } = closed;
    let policy = books.policy.clone();
    if let Some(reason) = &books.frozen {
        let reason = format!("the owner has stopped everything: {reason}");
        return (policy.decision(Outcome::Deny(DenyCode::Frozen), None, reason, 0), None);
    }
    let facts = Facts {
        wallet: policy.wallet(),
        signer: policy.signer(),
        agent: asked.agent,
        now: books.ledger.state().now,
    };
    let granted = match unsigned.lend(&facts) {
        Err(refusal) => return (policy.refuse(&refusal), None),
        Ok(lent) => {
            let request = lent.request();
            let nonce = slot::named_nonce(&request).unwrap_or_default();
            let name = has_our_nonce.then(|| slot::name_without_nonce(&request));
            policy.grant(&request, &Place { nonce, digest: unsigned.digest(), asked: name })
        }
    };
    let granted = match granted {
        Ok(granted) => granted,
        Err(denial) => return (*denial, None),
    };
    let entry = granted.entry.clone();
    let judgement: Judgement = match asked.approvals {
        None => by(books, Record::Request(entry.clone())),
        Some(approvals) => match approvals.missing(books, &entry) {
            None => by(books, Record::Approve(entry.clone())),
            // Nothing has happened.
            Some((judgement, reason)) => {
                let decision = policy.conclude(granted, &judgement, &books.ledger);
                return (Decision { reason, ..decision }, Some(entry));
            }
        },
    };
    (policy.conclude(granted, &judgement, &books.ledger), Some(entry))
}

/// What a name was used for before.
fn recall(books: &Books, key: &Known, agent: Option<&str>, now: Time) -> Option<Once> {
    let used = books.recall(agent, &key.key, now)?;
    // The gate was stopped before it was signed: it is judged again.
    if books.unsigned.get(&used.slot) == Some(&used.digest) {
        return None;
    }
    if used.asked != key.asked {
        let reason = format!("the key `{}` was used for another request", key.key.escape_default());
        let outcome = Outcome::Deny(DenyCode::InvalidRequest);
        return Some(Once::First(Answer::Denied(Box::new(books.policy.decision(outcome, None, reason, 0)))));
    }
    Some(Once::Again { digest: used.digest, signed: used.signed.clone() })
}

fn replacement_text(books: &Books, bound: &Bound) -> String {
    answer::replacement_text(bound, books.ledger.state().terms.epoch)
}
