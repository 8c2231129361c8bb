//! What must hold, counted by hand from what was signed and what landed: nothing here asks the ledger how it came to its sums.

use crate::{
    chain::{Chain, Out},
    shop::{BUDGETS, Edition, Kind, Span, What, line, most},
};
use agentpol_model::{B256, U256};
use agentpol_runtime::ledger::{Ledger, Total};
use std::collections::BTreeMap;

/// Something that was reserved.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    pub(crate) what: What,
    pub(crate) gwei: u128,
    /// Under which edition.
    edition: usize,
    /// Entries of the log when it was.
    entry: u64,
    /// Once it is signed, its hash.
    pub(crate) hash: Option<B256>,
}

/// Everything that was reserved, and the editions of the policy.
#[derive(Clone, Debug)]
pub(crate) struct Truth {
    pub(crate) editions: Vec<Edition>,
    pub(crate) slots: BTreeMap<u64, Vec<Version>>,
}

impl Version {
    /// The most of a kind that it can cost.
    fn cost(&self, kind: Kind) -> U256 {
        match kind {
            Kind::Usdc => self.what.at_risk(),
            Kind::Fee => most(self.gwei),
            Kind::Call => U256::ONE,
        }
    }
}

impl Truth {
    pub(crate) fn new(edition: Edition) -> Self {
        Self { editions: vec![edition], slots: BTreeMap::new() }
    }

    /// Which edition is in force.
    pub(crate) fn edition(&self) -> usize {
        self.editions.len() - 1
    }

    pub(crate) fn current(&self) -> &Edition {
        &self.editions[self.edition()]
    }

    /// The same bytes twice are one version.
    pub(crate) fn reserved(&mut self, nonce: u64, what: What, gwei: u128, entry: u64) {
        let edition = self.edition();
        let versions = self.slots.entry(nonce).or_default();
        if versions.iter().all(|other| (other.what, other.gwei) != (what, gwei)) {
            versions.push(Version { what, gwei, edition, entry, hash: None });
        }
    }

    pub(crate) fn signed(&mut self, nonce: u64, what: What, gwei: u128, hash: B256) {
        let versions = self.slots.get_mut(&nonce).unwrap_or_else(|| panic!("{nonce} was not reserved"));
        let version = versions.iter_mut().find(|it| (it.what, it.gwei) == (what, gwei));
        let version = version.unwrap_or_else(|| panic!("{what:?} was not reserved for {nonce}"));
        assert!(version.hash.is_none_or(|old| old == hash), "one thing, two signatures");
        version.hash = Some(hash);
    }

    /// Was this signed to do that?
    pub(crate) fn has_signed(&self, what: What, hash: B256) -> bool {
        self.slots.values().flatten().any(|version| version.what == what && version.hash == Some(hash))
    }

    /// The power went when so many entries were on the disk. Of what had not been signed, what stood behind them is gone.
    pub(crate) fn lost(&mut self, durable: u64) {
        for versions in self.slots.values_mut() {
            versions.retain(|version| version.hash.is_some() || version.entry <= durable);
        }
        self.slots.retain(|_, versions| !versions.is_empty());
    }

    /// A window that ends with the newest block and holds more than any edition allowed under which something in it was signed.
    pub(crate) fn exceeded(&self, chain: &Chain) -> Option<String> {
        let (head, now) = (chain.blocks.len() - 1, chain.head().time);
        if chain.head().outs.is_empty() {
            return None;
        }
        for (budget, kind, span) in BUDGETS {
            let inside = chain.outs(head, kind).take_while(|out| span.shared(out.at, now));
            let inside: Vec<&Out> = inside.collect();
            let taken: U256 = inside.iter().map(|out| out.amount).sum();
            let slots = inside.iter().flat_map(|out| out.by).flatten().filter_map(|n| self.slots.get(&n));
            let caps = slots.flatten().map(|version| self.editions[version.edition].cap_of(budget));
            let cap = caps.max().unwrap_or_default();
            if taken > cap {
                return Some(format!("{taken} left in a window of {budget}, which allows {cap}"));
            }
        }
        None
    }

    /// The least that still counts: what final blocks hold of the window, what is lent, and of each nonce that no final block has
    /// used the dearest version.
    pub(crate) fn least(&self, chain: &Chain, kind: Kind, span: Span) -> U256 {
        let last = chain.last_final();
        let spent = chain.outs(chain.finalised, kind).take_while(|out| span.shared(out.at, last.time));
        let spent: U256 = spent.map(|out| out.amount).sum();
        let dearest = |versions: &Vec<Version>| versions.iter().map(|version| version.cost(kind)).max();
        let open: U256 = self.slots.range(last.nonce..).filter_map(|(_, versions)| dearest(versions)).sum();
        let lent = if kind == Kind::Usdc { last.lent.0 } else { U256::ZERO };
        spent + open + lent
    }

    /// A budget in which the ledger counts less than that.
    pub(crate) fn forgotten(&self, chain: &Chain, ledger: &Ledger) -> Option<String> {
        BUDGETS.into_iter().find_map(|(budget, kind, span)| {
            let least = self.least(chain, kind, span);
            let used = ledger.used(&line(budget));
            (used < Total::from(least)).then(|| format!("{budget}: {used} is counted, and {least} can leave"))
        })
    }
}
