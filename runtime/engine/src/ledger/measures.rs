//! What the ledger measures in its state: `spent`, `exposure`, `use`.

use super::{
    policy::{Line, LineName, What},
    request::{Key, Slot},
    state::{IN_ITS_BLOCK, Item, ItemKind, State, Supposed, Tag, Version},
    total::Total,
};
use agentpol_model::{Time, U256, effect::GrantMode};
use std::collections::{BTreeMap, BTreeSet};

impl State {
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

    /// The last moment at which anything can leave by a version: a grant outlives the deadline of the signature that gave it,
    /// and what gives nothing but authority with an end, and costs nothing, is over with that: nothing comes of submitting it
    /// afterwards. `None` is never.
    pub(super) fn last_moment(version: &Version, deadline: Option<Time>) -> Option<Time> {
        let takes = version.items.iter().filter(|item| match item.kind {
            ItemKind::Move | ItemKind::Pull { .. } => true,
            ItemKind::Grant { .. } => item.grants(),
            ItemKind::Trust { .. } => false,
        });
        let end = |item: &Item| match item.kind {
            ItemKind::Grant { until, .. } => until.filter(|until| *until != IN_ITS_BLOCK),
            _ => None,
        };
        let ends: Option<Vec<Time>> = takes.clone().map(end).collect();
        if let (None, Some(last), true) =
            (deadline, ends.and_then(|ends| ends.into_iter().max()), version.request.fee == U256::ZERO)
        {
            return Some(last);
        }
        takes.fold(deadline, |last, item| match item.kind {
            ItemKind::Grant { until, .. } => Some(last?.max(until?)),
            _ => last,
        })
    }
}
