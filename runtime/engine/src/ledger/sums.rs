//! Running sums: what `spent` and `exposure` are at this moment, so that judging looks at no old event and only at the slots
//! that concern the same authority. They hold nothing that [`State::recounted`] would not find again in the rest of the state.

use super::{
    policy::LineName,
    request::{Key, Slot},
    state::{Event, Open, State},
    total::Total,
};
use agentpol_model::Time;
use std::collections::{BTreeMap, BTreeSet};

/// Totals by line. No entry is nothing.
type Costs = BTreeMap<LineName, Total>;

/// What a part of the exposure comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// Final authority.
    Layers(Key),
    /// Something signed.
    Slot(Slot),
}

/// The sums.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sums {
    /// What each line's windows can still see, by stamp.
    windows: BTreeMap<LineName, Window>,
    /// What each part exposes.
    parts: BTreeMap<Part, Costs>,
    /// The sum of the parts.
    exposure: Costs,
    /// The open slots with a pull or a grant on a key.
    touching: BTreeMap<Key, BTreeSet<Slot>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Window {
    since: Time,
    by_stamp: BTreeMap<Time, Total>,
    sum: Total,
}

impl Window {
    fn add(&mut self, at: Time, n: Total) {
        if at >= self.since && n != Total::ZERO {
            *self.by_stamp.entry(at).or_default() += n;
            self.sum += n;
        }
    }

    fn advance(&mut self, since: Time) {
        self.since = self.since.max(since);
        while let Some(first) = self.by_stamp.first_entry().filter(|e| *e.key() < self.since) {
            self.sum = self.sum.less(first.remove());
        }
    }
}

impl Sums {
    pub(super) fn spent(&self, name: &LineName) -> Total {
        self.windows.get(name).map_or(Total::ZERO, |w| w.sum)
    }

    /// What a line's windows can still see, oldest first.
    pub(super) fn stamps(&self, name: &LineName) -> impl Iterator<Item = (Time, Total)> + '_ {
        self.windows.get(name).into_iter().flat_map(|w| &w.by_stamp).map(|(at, n)| (*at, *n))
    }

    pub(super) fn exposure(&self, name: &LineName) -> Total {
        self.exposure.get(name).copied().unwrap_or_default()
    }

    pub(super) fn slot(&self, slot: &Slot, name: &LineName) -> Total {
        self.parts.get(&Part::Slot(*slot)).and_then(|costs| costs.get(name)).copied().unwrap_or_default()
    }

    pub(super) fn touching(&self, key: &Key) -> impl Iterator<Item = &Slot> + '_ {
        self.touching.get(key).into_iter().flatten()
    }

    fn set(&mut self, part: Part, costs: Costs) {
        for (name, n) in self.parts.remove(&part).unwrap_or_default() {
            let sum = self.exposure.entry(name).or_default();
            *sum = sum.less(n);
        }
        for (name, n) in &costs {
            *self.exposure.entry(name.clone()).or_default() += *n;
        }
        if !costs.is_empty() {
            self.parts.insert(part, costs);
        }
        self.exposure.retain(|_, n| *n != Total::ZERO);
    }
}

impl State {
    /// Something left.
    pub(super) fn push_event(&mut self, event: Event) {
        self.count_event(&event);
        self.events.push(event);
    }

    fn count_event(&mut self, event: &Event) {
        for name in &event.tag.charged {
            let Some(line) = self.terms.lines.get(name).filter(|line| line.is_stateful()) else { continue };
            let n = Total::weighed(event.amount, line.weight(event.what));
            if let Some(window) = self.sums.windows.get_mut(name) {
                window.add(event.at, n);
            }
        }
    }

    /// Windows let go of what is too old.
    pub(super) fn advance_windows(&mut self) {
        let terms = self.terms.clone();
        for (name, line) in terms.lines.iter().filter(|(_, line)| line.is_stateful()) {
            let since = line.since(self.lo(line));
            self.sums.windows.entry(name.clone()).or_default().advance(since);
        }
    }

    /// Puts a slot's versions among those that touch a key. Returns the keys.
    fn index_slot(&mut self, slot: &Slot) -> BTreeSet<Key> {
        let keys = self.slots.get(slot).map(Open::keys).unwrap_or_default();
        for key in &keys {
            self.sums.touching.entry(*key).or_default().insert(*slot);
        }
        keys
    }

    /// A version was signed for the slot.
    pub(super) fn count_slot(&mut self, slot: &Slot) {
        let keys = self.index_slot(slot);
        self.recount_slot(slot);
        self.recount_keys(&keys);
    }

    /// The slot is settled: nothing of it counts any more. Returns what it held. Whoever calls recounts its keys.
    pub(super) fn remove_slot(&mut self, slot: &Slot) -> Option<Open> {
        let open = self.slots.remove(slot)?;
        for key in &open.keys() {
            if let Some(slots) = self.sums.touching.get_mut(key) {
                slots.remove(slot);
                if slots.is_empty() {
                    self.sums.touching.remove(key);
                }
            }
        }
        self.sums.set(Part::Slot(*slot), Costs::new());
        Some(open)
    }

    /// Counts anew what a change of these keys' authority can have changed.
    pub(super) fn recount_keys(&mut self, keys: &BTreeSet<Key>) {
        let mut slots = BTreeSet::new();
        for key in keys {
            slots.extend(self.sums.touching(key).copied());
            let costs = self.costs(|state, name, line| {
                let layers = state.layers.get(key).into_iter().flatten();
                let held = layers.filter(|layer| layer.tag.charged.contains(name));
                let weight = line.weight(super::What::Gross(key.asset));
                held.map(|layer| Total::weighed(layer.amount, weight)).sum()
            });
            self.sums.set(Part::Layers(*key), costs);
        }
        for slot in slots {
            self.recount_slot(&slot);
        }
    }

    fn recount_slot(&mut self, slot: &Slot) {
        let costs = self.costs(|state, name, line| state.slot_cost(slot, name, line, None));
        self.sums.set(Part::Slot(*slot), costs);
    }

    fn costs(&self, of: impl Fn(&State, &LineName, &super::Line) -> Total) -> Costs {
        let stateful = self.terms.lines.iter().filter(|(_, line)| line.is_stateful());
        let costs = stateful.map(|(name, line)| (name.clone(), of(self, name, line)));
        costs.filter(|(_, n)| *n != Total::ZERO).collect()
    }

    /// The same state with its sums counted anew from everything it stores: the definition of what they are.
    #[must_use]
    pub fn recounted(&self) -> Self {
        let mut state = self.clone();
        state.recount();
        state
    }

    /// All sums from the rest of the state.
    pub(super) fn recount(&mut self) {
        self.sums = Sums::default();
        self.advance_windows();
        let events = std::mem::take(&mut self.events);
        for event in &events {
            self.count_event(event);
        }
        self.events = events;
        let mut keys: BTreeSet<Key> = self.layers.keys().copied().collect();
        for slot in self.slots.keys().copied().collect::<Vec<_>>() {
            keys.extend(self.index_slot(&slot));
        }
        self.recount_keys(&keys);
        for slot in self.slots.keys().copied().collect::<Vec<_>>() {
            self.recount_slot(&slot);
        }
    }
}
