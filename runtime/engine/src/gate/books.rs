//! What a gate knows, and the only ways in which that changes: by an entry's worth of news at a time, the same when it happens and
//! when it is read from the log again.

use super::{
    answer::GateError,
    approving::{Approvals, Kept},
};
use crate::{
    history::{Bound, Decided, Entry, Known, Modules, SignedAs, Ticket},
    ledger::{self, Judgement, Ledger, Misfit, Record, Reply, Slot, Terms, Verdict},
    load::{LoadError, Policy, load},
};
use agentpol_ethereum::Facts;
use agentpol_model::{Address, B256, Time, decision::DenyCode};
use agentpol_vm::Binding;
use alloy::signers::Signature;
use core::fmt;
use std::{collections::BTreeMap, sync::Arc};

/// How long the names are remembered that agents give their requests, in seconds of the ledger's clock.
pub const KEYS_ARE_KEPT: Time = 24 * 60 * 60;

/// Whose name for a request it is, and the name.
type KeyOf = (Option<String>, String);

/// A policy, a ledger, and what was signed.
#[derive(Debug)]
pub(super) struct Books {
    pub(super) policy: Arc<Policy>,
    pub(super) ledger: Ledger,
    /// Who must sign another version of the policy.
    pub(super) owner: Option<Address>,
    /// By the slot that it is for: what was signed, until the slot is settled.
    signed: BTreeMap<Slot, Vec<SignedAs>>,
    /// By the hash it is known by: where that is.
    known_as: BTreeMap<B256, Slot>,
    /// Slots whose versions were counted, and that this gate will not sign any more: it was stopped in between, or the key failed.
    /// Nothing of theirs has left, so that another request can have their nonce.
    pub(super) unsigned: BTreeMap<Slot, B256>,
    /// What waits for approval, by its name.
    pub(super) waiting: BTreeMap<B256, Kept>,
    keys: BTreeMap<KeyOf, Used>,
    /// The names of what is not signed yet, by the hash that is to be signed.
    named: BTreeMap<B256, KeyOf>,
    /// Why nothing is signed, if the owner has stopped everything.
    pub(super) frozen: Option<String>,
    /// The last entry that says any of this. What is known from an entry that is not durable does not leave the gate.
    pub(super) last: Option<Ticket>,
}

/// What a name was used for.
#[derive(Clone, Debug)]
pub(super) struct Used {
    pub(super) asked: B256,
    pub(super) at: Time,
    pub(super) slot: Slot,
    pub(super) digest: B256,
    /// Once it is.
    pub(super) signed: Option<Box<SignedAs>>,
}

/// Why a log cannot be gone on from.
#[derive(Debug)]
pub enum OpenError {
    /// There is nothing in it.
    Empty,
    /// An entry does not read.
    Unreadable {
        /// Which, counted from one.
        entry: u64,
        /// Why.
        why: String,
    },
    /// An entry cannot follow those before it.
    Impossible {
        /// Which, counted from one.
        entry: u64,
        /// Why.
        why: &'static str,
    },
    /// A policy of the log cannot be loaded.
    Policy(LoadError),
    /// The key does not fit.
    Gate(GateError),
    /// The log cannot be written.
    Log(crate::history::LogError),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::Empty => f.write_str("the ledger is empty: bind a policy first"),
            OpenError::Unreadable { entry, why } => {
                write!(f, "entry {entry} of the ledger does not read: {why}")
            }
            OpenError::Impossible { entry, why } => {
                write!(f, "entry {entry} of the ledger cannot follow those before it: {why}")
            }
            OpenError::Policy(e) => write!(f, "a policy of the ledger: {e}"),
            OpenError::Gate(e) => e.fmt(f),
            OpenError::Log(e) => e.fmt(f),
        }
    }
}

impl std::error::Error for OpenError {}

impl Bound {
    /// What is bound, as an entry says it.
    pub fn new(module: &[u8], binding: &Binding, complete_logs: bool) -> Result<Self, LoadError> {
        let policy = load(module, binding)?;
        Ok(Self {
            wallet: binding.wallet,
            signer: binding.signer,
            owner: None,
            params: binding.params.clone(),
            complete_logs,
            module: policy.hash(),
            signature: None,
        })
    }

    /// Verified and bound anew: an entry is trusted no more than a file.
    pub fn load(&self, module: &[u8]) -> Result<Policy, LoadError> {
        let binding = Binding { wallet: self.wallet, signer: self.signer, params: self.params.clone() };
        let policy = load(module, &binding)?;
        match policy.hash() == self.module {
            true => Ok(policy),
            false => Err(LoadError::Other { expected: self.module, found: policy.hash() }),
        }
    }
}

impl Books {
    /// Those of a history that begins with this.
    pub(super) fn of(bound: &Bound, policy: Policy) -> Self {
        let ledger = policy.ledger(bound.complete_logs);
        Self { owner: bound.owner, ..Self::new(policy, ledger) }
    }

    pub(super) fn new(policy: Policy, ledger: Ledger) -> Self {
        Self {
            policy: Arc::new(policy),
            ledger,
            owner: None,
            signed: BTreeMap::new(),
            known_as: BTreeMap::new(),
            unsigned: BTreeMap::new(),
            waiting: BTreeMap::new(),
            keys: BTreeMap::new(),
            named: BTreeMap::new(),
            frozen: None,
            last: None,
        }
    }

    /// What an entry says, once more.
    pub(super) fn again(&mut self, entry: Entry, modules: &dyn Modules) -> Result<(), Again> {
        match entry {
            Entry::Bound(bound) => {
                let policy = bound_again(&bound, modules)?;
                self.replace(&bound, policy);
            }
            Entry::Decided(decided) => self.decided_again(*decided)?,
            Entry::Signed(signed) => self.signed(signed),
            Entry::Revoked(revoked) => {
                if !self.revoked_again(*revoked) {
                    return Err(Again::Impossible("the ledger has no place for a revocation"));
                }
            }
            Entry::Observed(fact) => match self.observe(fact) {
                Reply::Done => {}
                Reply::Refused(_) => return Err(Again::Impossible("a fact that fits nothing")),
                Reply::Judged(_) => return Err(Again::Impossible("a request among the facts")),
            },
            Entry::Frozen { at, reason } => self.turn(at, Some(reason)),
            Entry::Thawed { at } => self.turn(at, None),
        }
        Ok(())
    }

    pub(super) fn decided_again(&mut self, decided: Decided) -> Result<(), Again> {
        let approvals = self.approvals_again(&decided)?;
        let Decided { at, agent, key, request, decision, charge, .. } = decided;
        let Some(charge) = charge else { return Ok(()) };
        let (slot, digest, name) = (charge.slot, charge.digest, charge.name());
        let outcome = outcome(decision.get());
        if outcome == Some("ask") && !approvals.is_empty() {
            // Too few: they are kept.
            if let Some(kept) = self.waiting.get_mut(&name) {
                kept.approvals = approvals;
            }
            return Ok(());
        }
        let record = match approvals.is_empty() {
            true => Record::Request(charge),
            false => Record::Approve(charge),
        };
        let judgement = self.judged(record);
        match (outcome, &judgement.verdict) {
            (Some("allow"), Verdict::Allow) => {
                self.unsigned.insert(slot, digest);
                if let Some(key) = key {
                    self.used(agent, key, slot, digest);
                }
            }
            (Some("ask"), Verdict::Ask { .. }) => {
                let request = request.ok_or(Again::Impossible("it does not say what is asked"))?;
                let request = agentpol_ethereum::read(request.get());
                let request = request.map_err(|_| Again::Impossible("what is asked does not read"))?;
                let decision = decision.get().into();
                self.waits(name, Kept { agent, at, request, decision, approvals });
            }
            (Some("deny"), Verdict::Deny(_)) => {}
            _ => return Err(Again::Impossible("the ledger decides otherwise")),
        }
        self.forget_expired();
        Ok(())
    }

    /// The signatures that were given, each of which must be one.
    pub(super) fn approvals_again(&self, decided: &Decided) -> Result<Approvals, Again> {
        let mut approvals = Approvals::default();
        // What was denied before the ledger was asked was denied whoever agrees.
        let name = decided.charge.as_ref().map(ledger::Request::name);
        let Some(name) = name.filter(|_| !decided.approvals.is_empty()) else { return Ok(approvals) };
        let consent = self.approval(&name).ok_or(Again::Impossible("an approval of what was not asked"))?;
        let signatures = decided.approvals.iter().map(|bytes| Signature::try_from(bytes.as_ref()));
        let signatures: Result<Vec<_>, _> = signatures.collect();
        let signatures = signatures.map_err(|_| Again::Impossible("an approval is no signature"))?;
        let count = signatures.len();
        approvals.add(signatures, &consent, &self.policy.approvers());
        if approvals.bytes().len() < count {
            return Err(Again::Impossible("an approval is of something else"));
        }
        Ok(approvals)
    }

    /// It is so late, at least. What has waited too long is over, and who had agreed to it has not agreed to the same asked again.
    pub(super) fn at(&mut self, now: Time) {
        self.ledger.apply(Record::Now(now));
        self.forget_expired();
    }

    pub(super) fn judged(&mut self, record: Record) -> Judgement {
        match self.ledger.apply(record) {
            Reply::Judged(judgement) => judgement,
            // Requests and approvals are always judged.
            Reply::Done | Reply::Refused(_) => Judgement::deny(DenyCode::Storage),
        }
    }

    /// The same without consequences.
    pub(super) fn would_judge(&mut self, record: Record) -> Judgement {
        match record {
            Record::Request(request) => self.ledger.judge(&request),
            Record::Approve(request) => self.ledger.judge_approved(&request),
            _ => Judgement::deny(DenyCode::Storage),
        }
    }

    /// The owner stops everything, or lets it go on.
    pub(super) fn turn(&mut self, now: Time, frozen: Option<String>) {
        self.at(now);
        self.frozen = frozen;
    }

    /// Another edition of the policy.
    pub(super) fn replace(&mut self, bound: &Bound, policy: Policy) {
        self.owner = bound.owner;
        policy.edit(&mut self.ledger);
        self.forget_expired();
        self.policy = Arc::new(policy);
    }

    /// What the chain or the owner says.
    pub(super) fn observe(&mut self, fact: Record) -> Reply {
        let settled = match &fact {
            Record::Request(_) | Record::Approve(_) | Record::Revoke(_) | Record::Edit(_) => {
                return Reply::Refused(Misfit::NotAFact);
            }
            Record::Landed(landed) => Some(landed.slot),
            Record::Foreign(slot) | Record::Void(slot) => Some(*slot),
            _ => None,
        };
        let reply = self.ledger.apply(fact);
        self.forget_expired();
        if let (Some(slot), Reply::Done) = (settled, &reply) {
            self.unsigned.remove(&slot);
            for signed in self.signed.remove(&slot).unwrap_or_default() {
                self.known_as.remove(&signed.hash);
            }
        }
        reply
    }

    pub(super) fn signed(&mut self, signed: SignedAs) {
        self.unsigned.remove(&signed.slot);
        let used = self.named.remove(&signed.digest).and_then(|name| self.keys.get_mut(&name));
        // The name may have been forgotten meanwhile, and used for something else.
        if let Some(used) = used.filter(|used| used.digest == signed.digest) {
            used.signed = Some(Box::new(signed.clone()));
        }
        self.known_as.insert(signed.hash, signed.slot);
        let of_slot = self.signed.entry(signed.slot).or_default();
        if of_slot.iter().all(|other| other.digest != signed.digest) {
            of_slot.push(signed);
        }
    }

    /// What was counted will not be signed; unless something else was, for its slot.
    pub(super) fn never_signed(&mut self, slot: Slot, digest: B256) {
        if self.signed_for(&slot).is_empty() {
            self.unsigned.insert(slot, digest);
        }
    }

    /// What was signed for a slot that is not settled, in order.
    pub(super) fn signed_for(&self, slot: &Slot) -> &[SignedAs] {
        self.signed.get(slot).map_or(&[], Vec::as_slice)
    }

    /// The same, by the hash it is known by.
    pub(super) fn find(&self, hash: B256) -> Option<&SignedAs> {
        let slot = self.known_as.get(&hash)?;
        self.signed_for(slot).iter().find(|signed| signed.hash == hash)
    }

    /// The name an agent gave a request that is counted now.
    pub(super) fn used(&mut self, agent: Option<String>, known: Known, slot: Slot, digest: B256) {
        let at = self.ledger.state().now;
        // Names are given in the order of time, but found by name: forgetting is worth a look at all only now and then.
        if self.keys.len().is_power_of_two() {
            self.keys.retain(|_, used| at.saturating_sub(used.at) <= KEYS_ARE_KEPT);
            self.named.retain(|_, name| self.keys.contains_key(name));
        }
        let name = (agent, known.key);
        self.named.insert(digest, name.clone());
        self.keys.insert(name, Used { asked: known.asked, at, slot, digest, signed: None });
    }

    pub(super) fn recall(&self, agent: Option<&str>, key: &str, now: Time) -> Option<&Used> {
        let used = self.keys.get(&(agent.map(str::to_owned), key.to_owned()))?;
        (now.saturating_sub(used.at) <= KEYS_ARE_KEPT).then_some(used)
    }

    /// What the gate knows of a request and the request only claims.
    pub(super) fn facts<'a>(&self, agent: Option<&'a str>) -> Facts<'a> {
        let now = self.ledger.state().now;
        Facts { wallet: self.policy.wallet(), signer: self.policy.signer(), agent, now }
    }

    /// Do they count for this policy?
    pub(super) fn counts_for(&self, policy: &Policy) -> bool {
        let counted = &self.ledger.state().terms;
        **counted == (Terms { epoch: counted.epoch, ..policy.terms().clone() })
    }
}

pub(super) enum Again {
    Impossible(&'static str),
    Open(Box<OpenError>),
}

/// The policy that was bound.
pub(super) fn bound_again(bound: &Bound, modules: &dyn Modules) -> Result<Policy, Again> {
    let bytes = modules.module(bound.module).map_err(|e| Again::Open(OpenError::Log(e).into()))?;
    bound.load(&bytes).map_err(|e| Again::Open(OpenError::Policy(e).into()))
}

/// `allow`, `ask` or `deny`.
fn outcome(decision: &str) -> Option<&'static str> {
    #[derive(serde::Deserialize)]
    struct Outcome<'a> {
        #[serde(borrow)]
        decision: &'a str,
    }
    let outcome: Outcome<'_> = serde_json::from_str(decision).ok()?;
    ["allow", "ask", "deny"].into_iter().find(|name| *name == outcome.decision)
}
