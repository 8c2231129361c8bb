//! The records, and the fold: the only way into a ledger's state.

use super::{
    facts::{Landed, Misfit},
    judge::{Judgement, Verdict},
    policy::{LineName, Lines, Terms},
    request::{Asset, Key, Request, Slot},
    state::{Asked, State},
    total::Total,
};
use agentpol_model::{Address, B256, ChainId, Time, U256, decision::DenyCode};
use serde::{Deserialize, Serialize};
use std::collections::btree_map::Entry;

/// How many requests of one agent can wait for approval.
pub const MAX_ASKS: usize = 8;

/// An input of the ledger. Facts can be written down; requests and policies have more to them than a ledger is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    // ---- requests
    /// May this be signed? If so it counts from now on.
    #[serde(skip)]
    Request(Request),
    /// Those who were asked said yes. Judged again now, then charged like an allow.
    #[serde(skip)]
    Approve(Request),
    /// The owner takes authority back, whatever the budgets say.
    #[serde(skip)]
    Revoke(Request),
    // ---- time
    /// The wall clock.
    Now(Time),
    /// All facts of this chain up to this block's time have been given.
    Final(ChainId, Time),
    // ---- finalised facts of the chain
    /// Something we signed was mined.
    Landed(Landed),
    /// Something we never signed used a slot of ours.
    Foreign(Slot),
    /// Nothing we signed for the slot landed, and nothing can.
    Void(Slot),
    /// A spender took so much, not as part of an action of ours.
    Pulled(Key, U256, Time),
    /// The allowance that was read.
    Allowance(Key, U256, Time),
    // ---- the owner
    /// The next nonce of an account that the ledger has not seen yet.
    Begin(ChainId, Address, u64),
    /// An allowance that stood before.
    Inventory(Key, U256, Option<Time>),
    /// The owner's own spending, charged to these lines; unlocks.
    Adopt(Asset, U256, Time, Lines),
    /// Those who were asked said no.
    Reject(B256),
    /// A new version of the policy.
    #[serde(skip)]
    Edit(Terms),
}

/// What the ledger answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// To `Request`, `Approve` and `Revoke`.
    Judged(Judgement),
    /// It is taken in.
    Done,
    /// It fits nothing the ledger knows, and nothing was changed.
    Refused(Misfit),
}

impl From<Result<(), Misfit>> for Reply {
    fn from(done: Result<(), Misfit>) -> Self {
        done.map_or_else(Reply::Refused, |()| Reply::Done)
    }
}

/// A ledger. Whoever needs the records that made it keeps them ([`history`](crate::history)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
    state: State,
}

impl Ledger {
    /// An empty one. `complete_logs`: every finalised transfer out of the wallet will be reported as `Pulled`.
    pub fn new(terms: Terms, complete_logs: bool) -> Self {
        Self { state: State::new(terms, complete_logs) }
    }

    /// The ledger that these records make.
    pub fn replay(terms: Terms, complete_logs: bool, log: impl IntoIterator<Item = Record>) -> Self {
        let mut ledger = Self::new(terms, complete_logs);
        for record in log {
            ledger.apply(record);
        }
        ledger
    }

    /// The state that they make.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// What a line has used.
    pub fn used(&self, line: &LineName) -> Total {
        self.state.used(line)
    }

    /// What the answer to this request would be. Changes nothing.
    pub fn judge(&self, request: &Request) -> Judgement {
        self.state.bounded(request, self.state.judge(request, false).0)
    }

    /// The same of a request that somebody approves.
    pub fn judge_approved(&self, request: &Request) -> Judgement {
        match self.state.may_be_approved(request) {
            true => self.state.judge(request, true).0,
            false => Judgement::deny(DenyCode::Approval),
        }
    }

    /// One record, one change of state. A request that is denied and a fact that is refused change nothing.
    pub fn apply(&mut self, record: Record) -> Reply {
        self.state.apply(record)
    }
}

impl State {
    fn apply(&mut self, record: Record) -> Reply {
        match record {
            Record::Request(request) => return Reply::Judged(self.on_request(&request)),
            Record::Approve(request) => return Reply::Judged(self.on_approve(&request)),
            Record::Revoke(request) => return Reply::Judged(self.on_revoke(&request)),
            Record::Landed(fact) => return self.on_landed(&fact).into(),
            Record::Adopt(asset, amount, at, lines) => {
                return self.on_adopt(asset, amount, at, &lines).into();
            }
            Record::Begin(chain, account, nonce) => return self.on_begin((chain, account), nonce).into(),
            Record::Now(at) => self.on_now(at),
            Record::Final(chain, at) => self.on_final(chain, at),
            Record::Foreign(slot) => self.on_foreign(&slot),
            Record::Void(slot) => self.on_void(&slot),
            Record::Pulled(key, amount, at) => self.on_pulled(key, amount, at),
            Record::Allowance(key, amount, at) => self.on_allowance(key, amount, at),
            Record::Inventory(key, amount, until) => self.on_inventory(key, amount, until),
            Record::Reject(name) => return self.on_reject(&name).into(),
            Record::Edit(terms) => self.on_edit(terms),
        }
        Reply::Done
    }

    fn on_request(&mut self, request: &Request) -> Judgement {
        let (judgement, version) = self.judge(request, false);
        let judgement = self.bounded(request, judgement);
        if let Verdict::Ask { within } = judgement.verdict {
            self.ask(request, within);
        }
        if let Some(version) = version {
            self.take(version);
        }
        judgement
    }

    fn ask(&mut self, request: &Request, within: Time) {
        if let Entry::Vacant(place) = self.asks.entry(request.name()) {
            self.questions = self.questions.saturating_add(1);
            place.insert(Asked {
                question: self.questions,
                expires: self.now.saturating_add(within),
                epoch: self.terms.epoch,
                agent: request.agent.clone(),
            });
        }
    }

    /// Identical requests join; one more than an agent may have waiting is denied.
    fn bounded(&self, request: &Request, judgement: Judgement) -> Judgement {
        let waiting = || self.asks.values().filter(|asked| asked.agent == request.agent).count();
        match judgement.verdict {
            Verdict::Ask { .. } if !self.asks.contains_key(&request.name()) && waiting() >= MAX_ASKS => {
                Judgement::deny(DenyCode::TooManyAsks)
            }
            _ => judgement,
        }
    }

    /// It waits, under this edition of the policy, and not for too long.
    fn may_be_approved(&self, request: &Request) -> bool {
        let asked = self.asks.get(&request.name());
        asked.is_some_and(|asked| self.now <= asked.expires && asked.epoch == self.terms.epoch)
    }

    fn on_approve(&mut self, request: &Request) -> Judgement {
        let may = self.may_be_approved(request);
        self.asks.remove(&request.name());
        if !may {
            return Judgement::deny(DenyCode::Approval);
        }
        let (judgement, version) = self.judge(request, true);
        if let Some(version) = version {
            self.take(version);
        }
        judgement
    }

    fn on_reject(&mut self, name: &B256) -> Result<(), Misfit> {
        self.asks.remove(name).map(|_| ()).ok_or(Misfit::NothingAsked)
    }

    /// A clock that goes back is ignored.
    fn on_now(&mut self, at: Time) {
        self.now = self.now.max(at);
        let now = self.now;
        self.asks.retain(|_, asked| now <= asked.expires);
    }

    fn on_begin(&mut self, account: (ChainId, Address), nonce: u64) -> Result<(), Misfit> {
        match self.next_nonce.contains_key(&account) {
            true => Err(Misfit::NonceKnown),
            false => {
                self.next_nonce.insert(account, nonce);
                Ok(())
            }
        }
    }
}
