//! What the ledger stores.

use super::{
    policy::{Lines, Name, Terms, What},
    request::{Key, Request, Slot},
    sums::Sums,
};
use agentpol_model::{Address, B256, ChainId, Time, U256, effect::GrantMode};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// An end of zero: the authority can be used in the block in which it lands (Permit2).
pub(super) const IN_ITS_BLOCK: Time = 0;

/// Who pays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tag {
    /// The rules that let it pass.
    pub rules: Vec<Name>,
    /// The lines it is charged to: fixed when signed. An edit may add to them, never remove.
    pub charged: Lines,
    /// Of these, the lines that an approval let it pass beyond their cap.
    pub over: Lines,
}

/// One effect of a signed version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What happens.
    pub kind: ItemKind,
    /// To which asset, and by whom.
    pub key: Key,
    /// How much, in base units.
    pub amount: U256,
    /// Who pays.
    pub tag: Arc<Tag>,
    /// May it fail while the rest lands? What it takes counts as taken; what it would use up or end is not taken as used or ended.
    pub may_fail: bool,
}

/// What an item does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemKind {
    /// Leaves when it lands: a move, or a pull by a trusted spender.
    Move,
    /// An untrusted spender takes up to `amount`.
    Pull {
        /// Or exactly that.
        exact: bool,
        /// What no known authority covered when it was signed.
        rest: U256,
    },
    /// Authority to an untrusted spender.
    Grant {
        /// Set, add or take away.
        mode: GrantMode,
        /// Last second at which it can be used.
        until: Option<Time>,
    },
    /// Authority to a trusted spender: remembered, not counted.
    Trust {
        /// Set, add or take away.
        mode: GrantMode,
    },
}

impl Item {
    /// Does it give authority that somebody can use?
    pub(super) fn grants(&self) -> bool {
        match self.kind {
            ItemKind::Grant { mode: GrantMode::Set | GrantMode::Add, .. } => self.amount != U256::ZERO,
            _ => false,
        }
    }
}

/// One signed request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// What was signed.
    pub request: Request,
    /// Its effects.
    pub items: Vec<Item>,
    /// Who pays its fee.
    pub fee: Arc<Tag>,
    /// Who counts its actions: one each.
    pub calls: Vec<Arc<Tag>>,
    /// What its rules charge beside their effects.
    pub written: Vec<(U256, Arc<Tag>)>,
    /// The lines that an approval let it pass.
    pub over: Lines,
}

/// A slot that is not settled: any of its versions may still land, and one of them at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// Last second at which one can land; `None` is for ever.
    pub deadline: Option<Time>,
    /// Everything ever signed for the slot, in order.
    pub versions: Vec<Version>,
}

impl Open {
    /// The keys whose authority its versions use or give.
    pub(super) fn keys(&self) -> BTreeSet<Key> {
        let items = self.versions.iter().flat_map(|v| &v.items);
        let concerned =
            items.filter(|item| matches!(item.kind, ItemKind::Pull { .. } | ItemKind::Grant { .. }));
        concerned.map(|item| item.key).collect()
    }
}

/// Authority that is final on chain. An upper bound: pulls may be unseen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// How much.
    pub amount: U256,
    /// Who pays when it is used.
    pub tag: Arc<Tag>,
    /// Last second at which it can be used.
    pub until: Option<Time>,
    /// Does it stand by itself? An order has an end and a nonce of its own: an approval of the same spender does not end it.
    pub apart: bool,
}

impl Layer {
    /// Can it still be used at this time?
    pub(super) fn lasts(&self, at: Time) -> bool {
        self.until.is_none_or(|until| at <= until)
    }

    pub(super) fn end(&self) -> Time {
        self.until.unwrap_or(Time::MAX)
    }
}

/// Outflow that landed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Block time, never earlier than the truth.
    pub at: Time,
    /// Of what.
    pub what: What,
    /// How much, in base units.
    pub amount: U256,
    /// Who paid.
    pub tag: Arc<Tag>,
}

/// A request that waits for approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Which question it is, counted from one over the whole history: the same asked again is another.
    pub question: u64,
    /// Until when it may be approved.
    pub expires: Time,
    /// Under which edition of the policy.
    pub epoch: u64,
    /// Who asked.
    pub agent: Option<Name>,
}

/// The state of a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// The policy.
    pub terms: Arc<Terms>,
    /// Is every finalised transfer out of the wallet reported (`pulled`)?
    pub complete_logs: bool,
    /// By chain: the time of the last finalised block whose facts were all applied. This is what cuts windows.
    pub lo: BTreeMap<ChainId, Time>,
    /// The wall clock: never goes back, never cuts a window.
    pub now: Time,
    /// The next nonce of each account.
    pub next_nonce: BTreeMap<(ChainId, Address), u64>,
    /// Spending was seen that the ledger did not sign.
    pub locked: bool,
    /// Everything that left, for ever: an edit counts it anew.
    pub events: Vec<Event>,
    /// Final authority: what ends soonest first, and of what ends together the oldest.
    pub layers: BTreeMap<Key, Vec<Layer>>,
    /// What is not settled.
    pub slots: BTreeMap<Slot, Open>,
    /// What is settled and has no order by which that could be told.
    pub closed: BTreeSet<Slot>,
    /// What waits for approval, by digest.
    pub asks: BTreeMap<B256, Asked>,
    /// Questions so far.
    pub questions: u64,
    /// The most that a trusted spender may ever have held at once.
    pub given: BTreeMap<Key, U256>,
    /// Running sums over all that.
    pub(super) sums: Sums,
}

/// A supposition about one slot: that it held just these versions.
pub(super) struct Supposed<'a> {
    pub(super) slot: Slot,
    pub(super) versions: Vec<&'a Version>,
}

impl State {
    /// An empty ledger.
    pub fn new(terms: Terms, complete_logs: bool) -> Self {
        let mut state = Self {
            terms: Arc::new(terms),
            complete_logs,
            lo: BTreeMap::new(),
            now: 0,
            next_nonce: BTreeMap::new(),
            locked: false,
            events: Vec::new(),
            layers: BTreeMap::new(),
            slots: BTreeMap::new(),
            closed: BTreeSet::new(),
            asks: BTreeMap::new(),
            questions: 0,
            given: BTreeMap::new(),
            sums: Sums::default(),
        };
        state.recount();
        state
    }
}

impl Request {
    /// The native coin of its chain.
    pub(super) fn native(&self) -> super::Asset {
        super::Asset { chain: self.slot.chain(), contract: None }
    }
}
