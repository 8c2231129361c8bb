//! May this request be signed? A function of the state and the request; nothing is changed by asking.

use super::{
    calendar,
    policy::{Line, LineName, Lines, Name, What},
    request::{Action, Effect, Key, Request, Slot},
    state::{Item, ItemKind, Open, State, Supposed, Tag, Version},
    total::Total,
};
use agentpol_model::{
    Time, U256,
    budget::Window,
    decision::DenyCode,
    effect::{EffectKind, GrantMode, UNLIMITED},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What the ledger says of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// Yes, no, or somebody has to be asked.
    pub verdict: Verdict,
    /// By how much each line's use rises (would rise, if the request is allowed).
    pub charges: Vec<Charge>,
    /// The lines that it passes by approval.
    pub over: Lines,
}

/// The verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It fits.
    Allow,
    /// Somebody has to be asked, within so many seconds.
    Ask {
        /// How long an approval may take.
        within: Time,
    },
    /// It does not.
    Deny(Refusal),
}

/// A rise of a line's use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// Which line.
    pub line: LineName,
    /// By how much, in the measure's denominator.
    pub amount: U256,
    /// What is left under the cap afterwards.
    pub remaining: U256,
}

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The code.
    pub code: DenyCode,
    /// For `budget`: which, and by how much.
    pub shortfall: Option<Shortfall>,
}

/// A budget that has no room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortfall {
    /// Which line.
    pub line: LineName,
    /// What was left of the cap.
    pub left: U256,
    /// What the request needs.
    pub needs: U256,
    /// From when there would be room, if nothing else is signed and what is open counts as it does now.
    pub room_from: Option<Time>,
}

/// Use before and after.
#[derive(Clone, Copy)]
struct Rise {
    before: Total,
    after: Total,
    cap: Total,
}

impl Rise {
    /// Above the cap, and not only because it was before: what raises no use is never refused by a budget.
    fn exceeds(&self) -> bool {
        self.after > self.before.max(self.cap)
    }
}

impl Judgement {
    pub(crate) fn deny(code: DenyCode) -> Self {
        let verdict = Verdict::Deny(Refusal { code, shortfall: None });
        Self { verdict, charges: Vec::new(), over: Lines::new() }
    }
}

impl State {
    /// Judges a request. `approved`: those who have to be asked said yes. Also the version to sign, if it is allowed.
    pub fn judge(&self, request: &Request, approved: bool) -> (Judgement, Option<Version>) {
        if let Some(code) = self.inadmissible(request) {
            return (Judgement::deny(code), None);
        }
        let version = self.compile(request, &Lines::new());
        let rises = self.rises(&version);
        let over: Lines = self
            .terms
            .lines
            .iter()
            .filter(|(name, line)| {
                rises.get(name).is_some_and(Rise::exceeds) || self.usurps(&version, name, line)
            })
            .map(|(name, _)| name.clone())
            .collect();
        let mut within = None;
        for name in &over {
            match self.escalation(request, name) {
                Some(time) => within = sooner(within, time),
                None => return (self.exhausted(name, rises.get(name)), None),
            }
        }
        for ask in request.actions.iter().flat_map(|a| &a.rules).filter_map(|r| self.terms.rules.get(r)?.ask)
        {
            within = sooner(within, ask);
        }
        let charges = rises.iter().filter(|(_, rise)| rise.after != rise.before).map(|(name, rise)| Charge {
            line: name.clone(),
            amount: rise.after.less(rise.before).to_word(),
            remaining: rise.cap.less(rise.after).to_word(),
        });
        let charges = charges.collect();
        match within {
            Some(within) if !approved => {
                (Judgement { verdict: Verdict::Ask { within }, charges, over }, None)
            }
            _ => {
                let version = self.compile(request, &over);
                (Judgement { verdict: Verdict::Allow, charges, over }, Some(version))
            }
        }
    }

    /// What no budget has a say in.
    fn inadmissible(&self, request: &Request) -> Option<DenyCode> {
        if self.locked {
            return Some(DenyCode::Locked);
        }
        if self.closed.contains(&request.slot) || !self.may_use(&request.slot) {
            return Some(DenyCode::Nonce);
        }
        let effects = request.actions.iter().flat_map(|a| &a.effects);
        let unlimited = |e: &Effect| {
            matches!(e.kind, EffectKind::Grant(_)) && e.amount >= UNLIMITED && !self.terms.trusts(&e.key())
        };
        effects.into_iter().any(unlimited).then_some(DenyCode::Unlimited)
    }

    /// An account's nonce is the next one, or that of something still open; the first one it is told, it believes.
    pub(super) fn may_use(&self, slot: &Slot) -> bool {
        match *slot {
            Slot::Signature { .. } => true,
            Slot::Transaction { chain, account, nonce } => {
                let next = self.next_nonce.get(&(chain, account));
                self.slots.contains_key(slot) || nonce < u64::MAX && next.is_none_or(|next| *next == nonce)
            }
        }
    }

    /// The request with everything resolved that its cost depends on.
    pub(super) fn compile(&self, request: &Request, over: &Lines) -> Version {
        let tag = |rules: &[Name], what| {
            let charged = self.terms.scope(rules, what);
            let over = charged.intersection(over).cloned().collect();
            Arc::new(Tag { rules: rules.to_vec(), charged, over })
        };
        let mut items = Vec::new();
        for action in &request.actions {
            for effect in &action.effects {
                let gross = || tag(&action.rules, What::Gross(effect.asset));
                let trusted = self.terms.trusts(&effect.key());
                let (kind, tag) = match effect.kind {
                    EffectKind::Receive | EffectKind::Owe => continue,
                    EffectKind::Move => (ItemKind::Move, gross()),
                    EffectKind::Pull { .. } if trusted => (ItemKind::Move, gross()),
                    EffectKind::Pull { exact } => {
                        let rest = self.uncovered(&request.slot, &effect.key(), effect.amount, &items);
                        (ItemKind::Pull { exact, rest }, gross())
                    }
                    EffectKind::Grant(mode) if trusted => (
                        ItemKind::Trust { mode },
                        Arc::new(Tag { rules: action.rules.clone(), ..Tag::default() }),
                    ),
                    EffectKind::Grant(mode) => (ItemKind::Grant { mode, until: effect.until }, gross()),
                };
                let (key, amount, may_fail) = (effect.key(), effect.amount, action.may_fail);
                items.push(Item { kind, key, amount, tag, may_fail });
            }
        }
        let written =
            request.actions.iter().flat_map(|a| a.charges.iter().map(move |(name, n)| (a, name, n)));
        let written =
            written.filter(|(_, name, _)| self.terms.lines.contains_key(*name)).map(|(a, name, n)| {
                let charged = Lines::from([name.clone()]);
                let over = charged.intersection(over).cloned().collect();
                (*n, Arc::new(Tag { rules: a.rules.clone(), charged, over }))
            });
        let every: BTreeSet<&Name> = request.actions.iter().flat_map(|a| &a.rules).collect();
        let every: Vec<Name> = every.into_iter().cloned().collect();
        Version {
            items,
            fee: tag(&every, What::Fees(request.native())),
            calls: request.actions.iter().map(|a| tag(&a.rules, What::Calls)).collect(),
            written: written.collect(),
            request: request.clone(),
            over: over.clone(),
        }
    }

    /// What each line has used, and would have used.
    fn rises(&self, version: &Version) -> BTreeMap<LineName, Rise> {
        let after = self.used_if(&self.with(version, |_| true));
        let rise = |(name, line): (&LineName, &Line)| {
            let (before, after) = match after.get(name) {
                Some(after) => (self.used(name), *after),
                None => (Total::ZERO, alone(version, name, line)),
            };
            (name.clone(), Rise { before, after, cap: line.cap.into() })
        };
        self.terms.lines.iter().map(rise).collect()
    }

    /// The version's slot with it, and with those of its old versions that `keep` keeps. The same bytes twice are one.
    fn with<'a>(&'a self, version: &'a Version, keep: impl Fn(&Version) -> bool) -> Supposed<'a> {
        let old = self.slots.get(&version.request.slot).into_iter().flat_map(|open| &open.versions);
        let mut versions: Vec<&Version> = old.filter(|v| keep(v)).collect();
        if versions.iter().all(|v| v.request != version.request) {
            versions.push(version);
        }
        Supposed { slot: version.request.slot, versions }
    }

    /// A replacement may not step into room that an approval gave to another version of the same slot: judged as if those
    /// versions were absent.
    fn usurps(&self, version: &Version, name: &LineName, line: &Line) -> bool {
        let Some(open) = self.slots.get(&version.request.slot) else { return false };
        let approved = |v: &Version| v.over.contains(name);
        if !open.versions.iter().any(approved) || open.versions.iter().any(|v| v.request == version.request) {
            return false;
        }
        let with = self.with(version, |v| !approved(v));
        let without = Supposed {
            slot: version.request.slot,
            versions: open.versions.iter().filter(|v| !approved(v)).collect(),
        };
        let used = |supposed| self.used_if(supposed).get(name).copied().unwrap_or_default();
        used(&with) > used(&without).max(line.cap.into())
    }

    /// How long an approval beyond this line may take, if every rule that charges it says `beyond`.
    fn escalation(&self, request: &Request, name: &LineName) -> Option<Time> {
        let mut within = None;
        for action in &request.actions {
            for rule in &action.rules {
                if self.touches(request, action, rule, name) {
                    within = sooner(within, *self.terms.rules.get(rule)?.beyond.get(name)?);
                }
            }
        }
        within
    }

    /// Does this rule charge this line for this action?
    fn touches(&self, request: &Request, action: &Action, rule: &Name, name: &LineName) -> bool {
        let charged = |what| self.terms.scope(std::slice::from_ref(rule), what).contains(name);
        charged(What::Calls)
            || charged(What::Fees(request.native()))
            || action.effects.iter().any(|e| charged(What::Gross(e.asset)))
            || action.charges.iter().any(|(written, _)| written == name)
    }

    fn exhausted(&self, name: &LineName, rise: Option<&Rise>) -> Judgement {
        let mut judgement = Judgement::deny(DenyCode::Budget);
        if let (Some(rise), Some(line)) = (rise, self.terms.lines.get(name)) {
            let shortfall = Shortfall {
                line: name.clone(),
                left: rise.cap.less(rise.before).to_word(),
                needs: rise.after.less(rise.before).to_word(),
                room_from: self.room_from(name, line, rise),
            };
            judgement.verdict = Verdict::Deny(Refusal { code: DenyCode::Budget, shortfall: Some(shortfall) });
        }
        judgement
    }

    /// When enough of what is spent will have left the window.
    fn room_from(&self, name: &LineName, line: &Line, rise: &Rise) -> Option<Time> {
        let mut used = rise.after;
        match line.window {
            Window::Sliding { seconds } => self.sums.stamps(name).find_map(|(at, n)| {
                used = used.less(n);
                (used <= rise.cap).then(|| at.saturating_add(seconds))
            }),
            Window::Calendar(period) => {
                let next = calendar::period(period, self.lo(line)).end;
                (used.less(self.spent(name)) <= rise.cap).then_some(next)
            }
            Window::Total | Window::PerTransaction => None,
        }
    }

    /// Signed: from now on it counts. The caller has judged it.
    pub(super) fn take(&mut self, version: Version) {
        let slot = version.request.slot;
        let deadline = version.request.deadline;
        if let Slot::Transaction { chain, account, nonce } = slot {
            let next = self.next_nonce.entry((chain, account)).or_insert(nonce);
            if *next == nonce {
                *next = nonce.saturating_add(1);
            }
        }
        let open = self.slots.entry(slot).or_insert(Open { deadline, versions: Vec::new() });
        if open.versions.iter().all(|v| v.request != version.request) {
            for item in &version.items {
                let given = self.given.entry(item.key);
                match item.kind {
                    ItemKind::Trust { mode: GrantMode::Set } => {
                        given.and_modify(|n| *n = item.amount.max(*n)).or_insert(item.amount);
                    }
                    ItemKind::Trust { mode: GrantMode::Add } => {
                        given.and_modify(|n| *n = item.amount.saturating_add(*n)).or_insert(item.amount);
                    }
                    _ => {}
                }
            }
            open.deadline = open.deadline.zip(deadline).map(|(a, b)| a.max(b));
            open.versions.push(version);
            self.count_slot(&slot);
        }
    }
}

fn sooner(a: Option<Time>, b: Time) -> Option<Time> {
    Some(a.map_or(b, |a| a.min(b)))
}

/// What one envelope takes out of a `per transaction` line. Nothing outside the envelope matters, so a pull is free only as
/// far as it uses authority that the same envelope set (and was charged for): what stood before may be used besides.
fn alone(version: &Version, name: &LineName, line: &Line) -> Total {
    let weigh = |what, n| Total::weighed(n, line.weight(what));
    let mut sum = Total::ZERO;
    if version.fee.charged.contains(name) {
        sum += weigh(What::Fees(version.request.native()), version.request.fee);
    }
    let calls = version.calls.iter().filter(|tag| tag.charged.contains(name));
    sum += calls.map(|_| weigh(What::Calls, U256::ONE)).sum();
    let written = version.written.iter().filter(|(_, tag)| tag.charged.contains(name));
    sum += written.map(|(n, _)| Total::from(*n)).sum();
    let mut own: BTreeMap<Key, U256> = BTreeMap::new();
    for item in &version.items {
        let charged = item.tag.charged.contains(name);
        let takes = match item.kind {
            ItemKind::Trust { .. } => U256::ZERO,
            ItemKind::Move => item.amount,
            ItemKind::Grant { mode: GrantMode::Set, .. } if charged && !item.may_fail => {
                own.insert(item.key, item.amount);
                item.amount
            }
            // If it fails, what stood before stands.
            ItemKind::Grant { mode: GrantMode::Set | GrantMode::Add, .. } if charged => {
                own.entry(item.key).and_modify(|n| *n = n.saturating_add(item.amount));
                item.amount
            }
            ItemKind::Grant { mode, .. } => {
                // Somebody else's authority, or less of our own.
                match own.get_mut(&item.key) {
                    Some(n) if mode == GrantMode::Dec => *n = n.saturating_sub(item.amount),
                    _ => drop(own.remove(&item.key)),
                }
                U256::ZERO
            }
            ItemKind::Pull { .. } => {
                let covered = own.get(&item.key).copied().unwrap_or_default().min(item.amount);
                own.entry(item.key).and_modify(|n| *n = n.saturating_sub(covered));
                item.amount.saturating_sub(covered)
            }
        };
        if charged {
            sum += weigh(What::Gross(item.key.asset), takes);
        }
    }
    sum
}
