//! What the ledger stores, and what it measures in it.

use super::{
    policy::{Line, LineName, Lines, Name, Terms, What},
    request::{Key, Request, Slot},
    sums::Sums,
    total::Total,
};
use agentpol_model::{Address, B256, ChainId, Time, U256, effect::GrantMode};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

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

// ---- Measures
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
            given: BTreeMap::new(),
            sums: Sums::default(),
        };
        state.recount();
        state
    }

    /// The time that cuts a line's windows: of its chains, the one furthest behind.
    pub fn lo(&self, line: &Line) -> Time {
        let seen = |chain| self.lo.get(&chain).copied().unwrap_or(0);
        self.terms.chains_of(line).into_iter().map(seen).min().unwrap_or(0)
    }

    /// What a line has used: spent, and exposed.
    pub fn used(&self, name: &LineName) -> Total {
        self.spent(name).plus(self.exposure(name))
    }

    /// Landed outflow that can still share a window with something that lands later.
    pub fn spent(&self, name: &LineName) -> Total {
        self.sums.spent(name)
    }

    /// The most that everything signed and not yet settled can still take, whatever spenders and chain do.
    pub fn exposure(&self, name: &LineName) -> Total {
        self.sums.exposure(name)
    }

    /// The most that one slot can take: any of its versions may land, but only one.
    pub(super) fn slot_cost(
        &self,
        slot: &Slot,
        name: &LineName,
        line: &Line,
        supposed: Option<&Supposed<'_>>,
    ) -> Total {
        let costs = self.versions(slot, supposed).map(|v| self.cost(v, name, line, supposed));
        costs.max().unwrap_or_default()
    }

    /// The most that a version can take out of a line if it is the one that lands, beside what is already held.
    pub(super) fn cost(
        &self,
        v: &Version,
        name: &LineName,
        line: &Line,
        supposed: Option<&Supposed<'_>>,
    ) -> Total {
        self.takes(v, name, supposed).map(|(what, n)| Total::weighed(n, line.weight(what))).sum()
    }

    /// The parts of that cost.
    pub(super) fn takes<'a>(
        &'a self,
        v: &'a Version,
        name: &'a LineName,
        supposed: Option<&'a Supposed<'a>>,
    ) -> impl Iterator<Item = (What, U256)> + 'a {
        let native = v.request.native();
        let fee = v.fee.charged.contains(name).then_some((What::Fees(native), v.request.fee));
        let calls = v.calls.iter().filter(|tag| tag.charged.contains(name)).map(|_| (What::Calls, U256::ONE));
        let items = v.items.iter().filter(|item| item.tag.charged.contains(name)).filter_map(move |item| {
            let amount = match item.kind {
                ItemKind::Move | ItemKind::Grant { mode: GrantMode::Set | GrantMode::Add, .. } => item.amount,
                ItemKind::Grant { mode: GrantMode::Dec, .. } | ItemKind::Trust { .. } => return None,
                ItemKind::Pull { .. } if self.foreign(&item.key, name, supposed) => item.amount,
                ItemKind::Pull { rest, .. } => rest,
            };
            Some((What::Gross(item.key.asset), amount))
        });
        let written = v.written.iter().filter(|(_, tag)| tag.charged.contains(name));
        let written = written.map(|(amount, _)| (What::Written, *amount));
        fee.into_iter().chain(calls).chain(written).chain(items)
    }

    /// Is there authority on this key, final or signed, that the line does not hold? Then a pull may use that instead of
    /// what the line holds, so the line must count the pull besides its hold.
    pub(super) fn foreign(&self, key: &Key, name: &LineName, supposed: Option<&Supposed<'_>>) -> bool {
        let held = |tag: &Tag| tag.charged.contains(name);
        self.layers.get(key).into_iter().flatten().any(|layer| !held(&layer.tag))
            || self.pending_grants(key, supposed).any(|item| !held(&item.tag))
    }

    fn pending_grants<'a>(
        &'a self,
        key: &'a Key,
        supposed: Option<&'a Supposed<'a>>,
    ) -> impl Iterator<Item = &'a Item> + 'a {
        let slots = self.sums.touching(key).filter(move |slot| supposed.is_none_or(|s| s.slot != **slot));
        let versions = slots.filter_map(|slot| self.slots.get(slot)).flat_map(|open| &open.versions);
        let versions = versions.chain(supposed.into_iter().flat_map(|s| s.versions.iter().copied()));
        versions.flat_map(|v| &v.items).filter(move |item| item.grants() && item.key == *key)
    }

    fn versions<'a>(
        &'a self,
        slot: &Slot,
        supposed: Option<&'a Supposed<'a>>,
    ) -> Box<dyn Iterator<Item = &'a Version> + 'a> {
        match supposed {
            Some(s) if s.slot == *slot => Box::new(s.versions.iter().copied()),
            _ => Box::new(self.slots.get(slot).into_iter().flat_map(|open| &open.versions)),
        }
    }

    /// What each line would have used if the supposition held.
    pub(super) fn used_if(&self, supposed: &Supposed<'_>) -> BTreeMap<LineName, Total> {
        // Beside the slot itself, only pulls change whose key gains or loses a grant.
        let now = self.slots.get(&supposed.slot).into_iter().flat_map(|open| &open.versions);
        let grants =
            now.chain(supposed.versions.iter().copied()).flat_map(|v| &v.items).filter(|i| i.grants());
        let mut affected: BTreeSet<&Slot> = grants.flat_map(|item| self.sums.touching(&item.key)).collect();
        affected.insert(&supposed.slot);
        let stateful = self.terms.lines.iter().filter(|(_, line)| line.is_stateful());
        stateful
            .map(|(name, line)| {
                let after = affected.iter().fold(self.used(name), |used, slot| {
                    let cost = self.slot_cost(slot, name, line, Some(supposed));
                    used.less(self.sums.slot(slot, name)).plus(cost)
                });
                (name.clone(), after)
            })
            .collect()
    }

    /// What of a pull no known authority covers: final layers, grants in earlier nonces, in signatures and in earlier
    /// actions of the same envelope, less the pulls already signed against them.
    pub(super) fn uncovered(&self, slot: &Slot, key: &Key, amount: U256, before: &[Item]) -> U256 {
        let (mut have, mut gone) = (Total::ZERO, Total::ZERO);
        for layer in self.layers.get(key).into_iter().flatten() {
            have += layer.amount.into();
        }
        for item in before.iter().filter(|item| item.key == *key) {
            match item.kind {
                _ if item.grants() => have += item.amount.into(),
                ItemKind::Pull { .. } => gone += item.amount.into(),
                _ => {}
            }
        }
        for other in self.sums.touching(key).filter(|other| *other != slot) {
            let most = |of: fn(&Item) -> U256| -> Total {
                let each = self.versions(other, None).map(|v| {
                    let items = v.items.iter().filter(|item| item.key == *key);
                    items.map(|item| Total::from(of(item))).sum()
                });
                each.max().unwrap_or_default()
            };
            if other.can_precede(slot) {
                have += most(|item| if item.grants() { item.amount } else { U256::ZERO });
            }
            gone += most(|item| match item.kind {
                ItemKind::Pull { rest, .. } => item.amount.saturating_sub(rest),
                _ => U256::ZERO,
            });
        }
        Total::from(amount).less(have.less(gone)).to_word()
    }

    /// The last moment at which anything can leave by a version: a grant outlives the deadline of the signature that gave
    /// it. `None` is never.
    pub(super) fn last_moment(version: &Version, deadline: Option<Time>) -> Option<Time> {
        let grants = version.items.iter().filter(|item| item.grants());
        grants.fold(deadline, |last, item| match item.kind {
            ItemKind::Grant { until, .. } => Some(last?.max(until?)),
            _ => last,
        })
    }
}

impl Request {
    /// The native coin of its chain.
    pub(super) fn native(&self) -> super::Asset {
        super::Asset { chain: self.slot.chain(), contract: None }
    }
}
