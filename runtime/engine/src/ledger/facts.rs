//! What the chain says. Facts are finalised, and arrive in chain order before the `final` of their block.

use super::{
    policy::{LineName, Lines, What},
    request::{Asset, Key, Slot},
    state::{Event, IN_ITS_BLOCK, Item, ItemKind, Layer, Open, State, Tag, Version},
};
use agentpol_model::{B256, ChainId, Time, U256, effect::GrantMode};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt, sync::Arc};

/// A fact that fits nothing the ledger knows. It changes nothing; whoever watches the chain has a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// Nothing is open in this slot.
    UnknownSlot,
    /// The slot never held this version: it is a foreign one.
    UnknownVersion,
    /// The account's nonce is known already.
    NonceKnown,
    /// The policy has no such line.
    UnknownLine,
    /// Nothing of that name waits for approval.
    NothingAsked,
    /// A request, where only facts are taken.
    NotAFact,
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Misfit::UnknownSlot => "nothing is open in this slot",
            Misfit::UnknownVersion => "this slot never held that version",
            Misfit::NonceKnown => "the account's nonce is known already",
            Misfit::UnknownLine => "the policy has no such budget line",
            Misfit::NothingAsked => "nothing of that name waits for approval",
            Misfit::NotAFact => "a request is no fact: it goes through the gate",
        })
    }
}

impl std::error::Error for Misfit {}

/// What is known of something that landed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Landed {
    /// The slot that it settles.
    pub slot: Slot,
    /// Which version.
    pub digest: B256,
    /// Did it succeed? What a receipt cannot tell counts as done.
    pub ok: bool,
    /// The block's time.
    pub at: Time,
    /// What each pull by an untrusted spender really took, in order, if it is known.
    pub pulled: Option<Vec<U256>>,
    /// The fee really paid, if it is known.
    pub fee: Option<U256>,
}

// ---- Settling a slot
impl State {
    /// A version of ours was mined: the others vanish.
    pub(super) fn on_landed(&mut self, fact: &Landed) -> Result<(), Misfit> {
        let open = self.slots.get(&fact.slot).ok_or(Misfit::UnknownSlot)?;
        // The same bytes may stand there twice, understood differently before and after an edit: the newest counts.
        let version = open.versions.iter().rev().find(|v| v.request.digest == fact.digest);
        let version = version.ok_or(Misfit::UnknownVersion)?.clone();
        let in_full: Vec<Lines> = version.items.iter().map(|item| self.counted_in_full(item)).collect();
        let mut changed = self.settle(&fact.slot);
        self.spend_envelope(fact, &version);
        if fact.ok {
            self.spend_items(fact, &version, &in_full);
            changed.extend(version.items.iter().map(|item| item.key));
        }
        self.recount_keys(&changed);
        Ok(())
    }

    /// The lines that counted a pull besides what they hold.
    fn counted_in_full(&self, item: &Item) -> Lines {
        item.tag.charged.iter().filter(|name| self.foreign(&item.key, name, None)).cloned().collect()
    }

    /// Takes a slot out. A signature's is remembered: no order tells later that it is used. Returns its keys.
    fn settle(&mut self, slot: &Slot) -> BTreeSet<Key> {
        if matches!(slot, Slot::Signature { .. }) && slot.excludes() {
            self.closed.insert(*slot);
        }
        self.remove_slot(slot).map(|open| open.keys()).unwrap_or_default()
    }

    /// What is spent also when it reverted: the fee, and a call for each action.
    fn spend_envelope(&mut self, fact: &Landed, version: &Version) {
        let reserved = version.request.fee;
        let fee = fact.fee.map_or(reserved, |actual| actual.min(reserved));
        self.spend(fact.at, What::Fees(version.request.native()), fee, version.fee.clone());
        for tag in &version.calls {
            self.spend(fact.at, What::Calls, U256::ONE, tag.clone());
        }
    }

    fn spend_items(&mut self, fact: &Landed, version: &Version, in_full: &[Lines]) {
        for (amount, tag) in &version.written {
            self.spend(fact.at, What::Written, *amount, tag.clone());
        }
        let mut taken = fact.pulled.iter().flatten();
        // Authority that begins and ends inside one envelope counts as used: the spender has control inside.
        let mut begun = BTreeSet::new();
        for (item, in_full) in version.items.iter().zip(in_full) {
            match item.kind {
                ItemKind::Move => {
                    self.spend(fact.at, What::Gross(item.key.asset), item.amount, item.tag.clone())
                }
                ItemKind::Trust { .. } => {}
                ItemKind::Pull { exact, rest } => {
                    let known = if fact.pulled.is_some() { taken.next().copied() } else { None };
                    let known =
                        known.or((exact && !item.may_fail && fact.pulled.is_none()).then_some(item.amount));
                    self.settle_pull(fact.at, item, rest, in_full, known);
                }
                ItemKind::Grant { mode, until } => {
                    // What may have failed has ended nothing.
                    if mode == GrantMode::Set && !item.may_fail {
                        self.end_layers(item.key, fact.at, begun.contains(&item.key), |layer| !layer.apart);
                    }
                    begun.insert(item.key);
                    if mode == GrantMode::Dec {
                        let amount = if item.may_fail { U256::ZERO } else { item.amount };
                        self.cut_newest(item.key, amount, fact.at);
                    } else if item.amount != U256::ZERO {
                        let until = until.map(|until| if until == IN_ITS_BLOCK { fact.at } else { until });
                        let apart = mode == GrantMode::Add && until.is_some();
                        let layer = Layer { amount: item.amount, tag: item.tag.clone(), until, apart };
                        self.add_layer(item.key, layer);
                    }
                }
            }
        }
    }

    /// A pull landed. `known`: what it took. What is not known to be taken converts nothing: the hold goes on counting it.
    fn settle_pull(&mut self, at: Time, item: &Item, rest: U256, in_full: &Lines, known: Option<U256>) {
        let left = match known {
            None => item.amount,
            Some(taken) => taken.saturating_sub(self.convert(item.key, taken, at, Some(&item.tag))),
        };
        let part = |tag: &Tag, keep: &dyn Fn(&LineName) -> bool| {
            let filter = |lines: &Lines| lines.iter().filter(|name| keep(name)).cloned().collect();
            Arc::new(Tag { rules: tag.rules.clone(), charged: filter(&tag.charged), over: filter(&tag.over) })
        };
        let what = What::Gross(item.key.asset);
        self.spend(at, what, left, part(&item.tag, &|name| in_full.contains(name)));
        self.spend(at, what, left.min(rest), part(&item.tag, &|name| !in_full.contains(name)));
    }

    /// Something the ledger never signed used the slot: nothing more is signed until the owner adopts it.
    pub(super) fn on_foreign(&mut self, slot: &Slot) {
        let changed = self.settle(slot);
        if let Slot::Transaction { chain, account, nonce } = *slot {
            let next = self.next_nonce.entry((chain, account)).or_default();
            *next = nonce.saturating_add(1).max(*next);
        }
        self.locked = true;
        self.recount_keys(&changed);
    }

    /// Proved at a finalised block: none of ours landed, and none can (the nonce is used by another, or the deadline passed
    /// with the nonce unused).
    pub(super) fn on_void(&mut self, slot: &Slot) {
        let changed = self.settle(slot);
        if slot.excludes() {
            self.closed.insert(*slot);
        }
        self.recount_keys(&changed);
    }
}

// ---- Time, and the owner
impl State {
    /// All facts up to this block's time have been applied.
    pub(super) fn on_final(&mut self, chain: ChainId, at: Time) {
        let lo = self.lo.entry(chain).or_default();
        *lo = at.max(*lo);
        let lo = *lo;
        self.advance_windows();
        let over = |until: Option<Time>| until.is_some_and(|until| until < lo);
        let keys = self
            .layers
            .iter()
            .filter(|(key, layers)| key.asset.chain == chain && layers.iter().any(|layer| over(layer.until)));
        let mut changed: BTreeSet<Key> = keys.map(|(key, _)| *key).collect();
        for key in &changed {
            self.end_layers(*key, lo, false, |layer| over(layer.until));
        }
        let ended: Vec<(Slot, Time)> = self.ended_signatures(chain, lo).collect();
        let mut spent = Vec::new();
        for (slot, end) in &ended {
            self.worst_case(slot, *end, &mut spent);
        }
        for (slot, _) in &ended {
            changed.extend(self.settle(slot));
        }
        for event in spent {
            self.push_event(event);
        }
        self.recount_keys(&changed);
    }

    /// Signatures by which nothing can leave any more, and since when.
    fn ended_signatures(&self, chain: ChainId, lo: Time) -> impl Iterator<Item = (Slot, Time)> + '_ {
        let signatures = self
            .slots
            .iter()
            .filter(move |(slot, _)| matches!(slot, Slot::Signature { .. }) && slot.chain() == chain);
        let last = |open: &Open| {
            let mut ends = open.versions.iter().map(|v| State::last_moment(v, open.deadline));
            ends.try_fold(0, |a: Time, b| Some(a.max(b?)))
        };
        let ends = signatures.filter_map(move |(slot, open)| Some((*slot, last(open)?)));
        ends.filter(move |(_, end)| *end < lo)
    }

    /// It may have landed unseen, at the latest at its end: each line is charged the worst of its versions.
    fn worst_case(&self, slot: &Slot, end: Time, spent: &mut Vec<Event>) {
        let Some(open) = self.slots.get(slot) else { return };
        for (name, line) in self.terms.lines.iter().filter(|(_, line)| line.is_stateful()) {
            // The first of the worst; `max_by_key` would take the last.
            let worst = open.versions.iter().rev().max_by_key(|v| self.cost(v, name, line, None));
            let Some(worst) = worst else { continue };
            let charged = Lines::from([name.clone()]);
            let mut items = open.versions.iter().flat_map(|v| &v.items);
            let over = if items.any(|i| i.tag.over.contains(name)) { charged.clone() } else { Lines::new() };
            let tag = Arc::new(Tag { rules: Vec::new(), charged, over });
            let takes = self.takes(worst, name, None).filter(|(_, amount)| *amount != U256::ZERO);
            spent.extend(takes.map(|(what, amount)| Event { at: end, what, amount, tag: tag.clone() }));
        }
    }

    /// The owner's own spending is charged, then the ledger unlocks.
    pub(super) fn on_adopt(
        &mut self,
        asset: Asset,
        amount: U256,
        at: Time,
        lines: &Lines,
    ) -> Result<(), Misfit> {
        if !lines.iter().all(|name| self.terms.lines.contains_key(name)) {
            return Err(Misfit::UnknownLine);
        }
        let tag = Tag { charged: lines.clone(), ..Tag::default() };
        self.spend(at, What::Gross(asset), amount, Arc::new(tag));
        self.locked = false;
        Ok(())
    }

    pub(super) fn spend(&mut self, at: Time, what: What, amount: U256, tag: Arc<Tag>) {
        if amount != U256::ZERO && !tag.charged.is_empty() {
            self.push_event(Event { at, what, amount, tag });
        }
    }
}
