//! A world that is out to get the ledger: chains that land what was signed late, early, reverted or never, in any of its
//! versions, and spenders that take what they may at any time, inside envelopes too. It is the truth, and it shares only the
//! requests and the scope of rules with the ledger, which learns nothing but what is finalised and not withheld.

use agentpol_model::{
    Address, ChainId, Time, U256,
    budget::Window,
    effect::{EffectKind, GrantMode},
};
use agentpol_runtime::ledger::{
    Effect, Key, Landed, Lines, Name, Record, Request, Slot, Terms, Total, What, calendar,
};
use std::collections::{BTreeMap, BTreeSet};

/// How something lands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// Everything happens in full.
    Full,
    /// It is mined and fails.
    Revert,
    /// Pulls take as little as they may.
    Least,
    /// Each spender helps itself as soon as it is given authority, inside the envelope.
    HelpYourself,
    /// Of the actions that may fail while the rest lands, those fail whose bit is set.
    Parts(u64),
}

/// Outflow.
#[derive(Clone, Debug)]
struct Out {
    at: Time,
    what: What,
    amount: U256,
    charged: Lines,
    over: Lines,
}

/// Authority on chain.
#[derive(Clone, Debug)]
struct Authority {
    amount: U256,
    charged: Lines,
    over: Lines,
    until: Option<Time>,
    /// With a nonce of its own: no approval ends it.
    apart: bool,
}

/// What the ledger is not told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Withheld {
    pub(crate) logs: bool,
    pub(crate) signatures: bool,
    pub(crate) amounts: bool,
}

#[derive(Clone)]
pub(crate) struct World {
    pub(crate) now: Time,
    pub(crate) signed: BTreeMap<Slot, Vec<(Request, Lines)>>,
    pub(crate) used: BTreeSet<Slot>,
    terms: Terms,
    withheld: Withheld,
    nonces: BTreeMap<ChainId, u64>,
    authority: BTreeMap<Key, Vec<Authority>>,
    out: Vec<Out>,
    facts: Vec<(Time, ChainId, Record)>,
}

/// What one landing did, in order.
#[derive(Default)]
struct Trace {
    pulled: Vec<U256>,
    helped: Vec<(Key, U256)>,
    failed: bool,
}

impl World {
    pub(crate) fn new(terms: Terms, withheld: Withheld, now: Time) -> Self {
        Self {
            now,
            signed: BTreeMap::new(),
            used: BTreeSet::new(),
            terms,
            withheld,
            nonces: BTreeMap::new(),
            authority: BTreeMap::new(),
            out: Vec::new(),
            facts: Vec::new(),
        }
    }

    pub(crate) fn sign(&mut self, request: &Request, over: &Lines) {
        let versions = self.signed.entry(request.slot).or_default();
        if versions.iter().all(|(signed, _)| signed != request) {
            versions.push((request.clone(), over.clone()));
        }
        // A message does all it does when it is signed, and no chain knows.
        if matches!(request.slot, Slot::Signature { contract: Address::ZERO, .. }) {
            self.used.insert(request.slot);
            self.pay(request, over);
        }
    }

    /// What the adversary can have mined now.
    pub(crate) fn landable(&self) -> Vec<(Slot, usize)> {
        let mut all = Vec::new();
        for (slot, versions) in self.signed.iter().filter(|(slot, _)| !self.used.contains(slot)) {
            if matches!(slot, Slot::Transaction { chain, nonce, .. } if self.nonces.get(chain).copied().unwrap_or(0) != *nonce)
            {
                continue;
            }
            for (n, (request, _)) in versions.iter().enumerate() {
                if !self.is_over(request) && request.deadline.is_none_or(|deadline| self.now <= deadline) {
                    all.push((*slot, n));
                }
            }
        }
        all
    }

    /// An order that has ended does nothing any more, costs nothing, and counts for no action.
    fn is_over(&self, request: &Request) -> bool {
        let given: Vec<&Effect> = request.actions.iter().flat_map(|action| &action.effects).collect();
        let orders = given.iter().filter(|e| e.amount != U256::ZERO);
        let mut orders = orders.filter(|e| !self.terms.trusted.contains(&(e.asset.chain, e.party)));
        let is_order = |e: &&&Effect| {
            matches!(e.kind, EffectKind::Grant(GrantMode::Set | GrantMode::Add))
                && e.until.is_some_and(|until| until != 0 && until < self.now)
        };
        let ended = orders.clone().next().is_some() && orders.all(|e| is_order(&e));
        matches!(request.slot, Slot::Signature { .. }) && request.fee == U256::ZERO && ended
    }

    /// Mines one version. A signature that would fail is simply not used.
    pub(crate) fn land(&mut self, slot: Slot, version: usize, how: How) {
        let (request, over) = self.signed[&slot][version].clone();
        let mut done = self.clone();
        let trace = if how == How::Revert {
            Trace { failed: true, ..Trace::default() }
        } else {
            done.execute(&request, &over, how)
        };
        let is_signature = matches!(slot, Slot::Signature { .. });
        // A user operation is paid for whether it fails or not.
        if trace.failed && is_signature && request.fee == U256::ZERO {
            return;
        }
        let ok = !trace.failed;
        if ok {
            *self = done;
        }
        self.used.insert(slot);
        if let Slot::Transaction { chain, .. } = slot {
            *self.nonces.entry(chain).or_default() += 1;
        }
        self.pay(&request, &over);
        if !is_signature || !self.withheld.signatures {
            let pulled = (!self.withheld.amounts).then_some(trace.pulled);
            let fact = Landed { slot, digest: request.digest, ok, at: self.now, pulled, fee: None };
            self.facts.push((self.now, slot.chain(), Record::Landed(fact)));
            for (key, amount) in trace.helped.into_iter().filter(|_| ok && !self.withheld.logs) {
                self.facts.push((self.now, slot.chain(), Record::Pulled(key, amount, self.now)));
            }
        }
    }

    /// Fee and calls, also of what failed.
    fn pay(&mut self, request: &Request, over: &Lines) {
        let every: BTreeSet<Name> = request.actions.iter().flat_map(|a| a.rules.clone()).collect();
        let every: Vec<Name> = every.into_iter().collect();
        let native = agentpol_runtime::ledger::Asset { chain: request.slot.chain(), contract: None };
        self.leave(&every, What::Fees(native), request.fee, over);
        for action in &request.actions {
            self.leave(&action.rules, What::Calls, U256::ONE, over);
        }
    }

    fn leave(&mut self, rules: &[Name], what: What, amount: U256, over: &Lines) {
        let charged = self.terms.scope(rules, what);
        let over = over.intersection(&charged).cloned().collect();
        self.out.push(Out { at: self.now, what, amount, charged, over });
    }

    fn execute(&mut self, request: &Request, over: &Lines, how: How) -> Trace {
        let mut trace = Trace::default();
        for (n, action) in request.actions.iter().enumerate() {
            if trace.failed {
                break;
            }
            let mut done = self.clone();
            let falls = matches!(how, How::Parts(bits) if bits >> n & 1 == 1);
            let mut part = Trace { failed: action.may_fail && falls, ..Trace::default() };
            for effect in &action.effects {
                if !part.failed {
                    done.effect(&action.rules, effect, over, how, &mut part);
                }
            }
            if !part.failed {
                *self = done;
                trace.pulled.extend(part.pulled);
                trace.helped.extend(part.helped);
            } else if action.may_fail {
                // Nothing of it happened, and a receipt that tells amounts tells that.
                let pulls = action.effects.iter().filter(|e| self.is_untrusted_pull(e));
                trace.pulled.extend(pulls.map(|_| U256::ZERO));
            } else {
                trace.failed = true;
            }
        }
        trace
    }

    fn is_untrusted_pull(&self, e: &Effect) -> bool {
        matches!(e.kind, EffectKind::Pull { .. }) && !self.trusts(e)
    }

    fn trusts(&self, e: &Effect) -> bool {
        self.terms.trusted.contains(&(e.asset.chain, e.party))
    }

    fn effect(&mut self, rules: &[Name], e: &Effect, over: &Lines, how: How, trace: &mut Trace) {
        let what = What::Gross(e.asset);
        let trusted = self.trusts(e);
        let charged = self.terms.scope(rules, what);
        let over: Lines = over.intersection(&charged).cloned().collect();
        // By what the contracts know: who may take what, and where that is written down.
        let key = Key { asset: e.asset, spender: e.party, through: e.through };
        match e.kind {
            EffectKind::Move => self.leave(rules, what, e.amount, &over),
            EffectKind::Pull { .. } if trusted => self.leave(rules, what, e.amount, &over),
            EffectKind::Pull { exact } => {
                let least = if exact || how != How::Least { e.amount } else { e.amount.min(U256::ONE) };
                trace.failed = self.live(&key) < least;
                if !trace.failed {
                    self.draw(key, least, &charged, &over);
                    trace.pulled.push(least);
                }
            }
            EffectKind::Grant(_) if trusted => {}
            EffectKind::Grant(GrantMode::Dec) => {
                trace.failed = self.live(&key) < e.amount;
                if !trace.failed {
                    self.cut(key, e.amount);
                }
            }
            EffectKind::Grant(mode) => {
                let (now, layers) = (self.now, self.authority.entry(key).or_default());
                if mode == GrantMode::Set {
                    layers.retain(|layer| layer.apart);
                }
                let apart = mode == GrantMode::Add && e.until.is_some();
                // An end of zero is this block's.
                let until = e.until.map(|until| if until == 0 { now } else { until });
                layers.push(Authority { amount: e.amount, charged, over, until, apart });
                layers.sort_by_key(|layer| layer.until.unwrap_or(Time::MAX));
                let live = self.live(&key);
                if how == How::HelpYourself && live > U256::ZERO {
                    self.draw(key, live, &Lines::new(), &Lines::new());
                    trace.helped.push((key, live));
                }
            }
            EffectKind::Receive | EffectKind::Owe => {}
        }
    }

    pub(crate) fn keys(&self) -> Vec<Key> {
        self.authority.keys().copied().collect()
    }

    /// The allowance that stands.
    pub(crate) fn live(&self, key: &Key) -> U256 {
        let now = self.now;
        let layers = self.authority.get(key).into_iter().flatten();
        layers.filter(|a| a.until.is_none_or(|until| now <= until)).map(|a| a.amount).sum()
    }

    /// A spender takes, outside anything of ours.
    pub(crate) fn pull(&mut self, key: Key, amount: U256) {
        self.draw(key, amount, &Lines::new(), &Lines::new());
        if !self.withheld.logs {
            self.facts.push((self.now, key.asset.chain, Record::Pulled(key, amount, self.now)));
        }
    }

    /// What ends soonest is used first, which leaves the adversary the most for later, and whoever gave it or is charged for
    /// the pull pays.
    fn draw(&mut self, key: Key, mut amount: U256, charged: &Lines, over: &Lines) {
        let (now, mut out) = (self.now, Vec::new());
        for a in self.authority.get_mut(&key).into_iter().flatten() {
            if a.until.is_some_and(|until| until < now) {
                continue;
            }
            let n = a.amount.min(amount);
            (amount, a.amount) = (amount - n, a.amount - n);
            let approved = over.difference(&a.charged).chain(&a.over).cloned().collect();
            let charged = a.charged.union(charged).cloned().collect();
            out.push(Out { at: now, what: What::Gross(key.asset), amount: n, charged, over: approved });
        }
        assert_eq!(amount, U256::ZERO, "nobody takes more than the allowance");
        self.out.extend(out);
    }

    fn cut(&mut self, key: Key, mut amount: U256) {
        let now = self.now;
        let mut alive: Vec<&mut Authority> = self.authority.get_mut(&key).into_iter().flatten().collect();
        alive.retain(|a| a.until.is_none_or(|until| now <= until));
        alive.reverse();
        // Stable: what is newest comes first among those that end together.
        alive.sort_by_key(|a| a.until.unwrap_or(Time::MAX));
        for a in alive {
            let n = a.amount.min(amount);
            (amount, a.amount) = (amount - n, a.amount - n);
        }
    }

    /// What the ledger learns of a chain when everything up to `at` is final.
    pub(crate) fn finalised(&mut self, chain: ChainId, at: Time) -> Vec<Record> {
        let is_due = |(time, of, _): &(Time, ChainId, Record)| *of == chain && *time <= at;
        let due =
            self.facts.iter().filter(|fact| is_due(fact)).map(|(_, _, record)| record.clone()).collect();
        self.facts.retain(|fact| !is_due(fact));
        due
    }

    /// The bound, by brute force: whatever the agent alone took in any window that ends now.
    pub(crate) fn exceeded(&self) -> Option<String> {
        for (name, line) in &self.terms.lines {
            let inside = |at: Time| match line.window {
                Window::Sliding { seconds } => at + seconds > self.now,
                Window::Calendar(period) => calendar::period(period, self.now).contains(&at),
                Window::Total => true,
                Window::PerTransaction => false,
            };
            let taken = self
                .out
                .iter()
                .filter(|o| inside(o.at) && o.charged.contains(name) && !o.over.contains(name));
            let taken: Total = taken.map(|o| Total::weighed(o.amount, line.weight(o.what))).sum();
            if taken > line.cap.into() {
                return Some(format!("{name} lets {taken} leave, cap {} per {:?}", line.cap, line.window));
            }
        }
        None
    }
}
