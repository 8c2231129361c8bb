//! What the ledger has to know of a policy and its parents, in one name space: a budget is charged once per effect, however
//! many policies in the chain name it. Everything stands under its name, because history outlives a policy's edit and the
//! indices of the old policy mean nothing to the new one. Assets stand under their address for the same reason.

use super::{calendar, request::Asset};
use agentpol_model::{Address, ChainId, Time, U256, budget::Window};
use core::fmt;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// A rule's or an agent's name.
pub type Name = Arc<str>;

/// The name of one line of a budget: each line is a cap of its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineName {
    /// The budget's name.
    pub budget: Name,
    /// Which of its lines, from 0.
    pub line: u8,
}

impl LineName {
    /// The `line`-th line (from 0) of `budget`.
    pub fn new(budget: &str, line: u8) -> Self {
        Self { budget: budget.into(), line }
    }
}

/// `daily`, and its second line `daily#2`.
impl fmt::Display for LineName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.budget)?;
        if self.line > 0 { write!(f, "#{}", u16::from(self.line) + 1) } else { Ok(()) }
    }
}

/// A set of lines.
pub type Lines = BTreeSet<LineName>;

/// What is counted: the same amount never stands in two measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// Base units of an asset that leave.
    Gross(Asset),
    /// Base units of a native asset paid as fees.
    Fees(Asset),
    /// Actions.
    Calls,
    /// What a rule's own `charge` says, in the line's denominator.
    Written,
}

/// What a line counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Counts {
    /// Each base unit of these assets counts its weight.
    Gross(BTreeMap<Asset, U256>),
    /// Fees in these native assets.
    Fees(BTreeSet<Asset>),
    /// Actions.
    Calls,
}

impl Counts {
    /// The assets that count; none for calls.
    pub fn assets(&self) -> Vec<Asset> {
        match self {
            Counts::Gross(weights) => weights.keys().copied().collect(),
            Counts::Fees(assets) => assets.iter().copied().collect(),
            Counts::Calls => Vec::new(),
        }
    }
}

/// One line of a budget, its cap bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The most that fits in one window, in the measure's denominator.
    pub cap: U256,
    /// The window.
    pub window: Window,
    /// What counts.
    pub counts: Counts,
    /// `for a, b`: only these rules; `None` is every rule.
    pub rules: Option<BTreeSet<Name>>,
    /// `renamed from y`.
    pub renamed_from: Option<Name>,
}

impl Line {
    /// How many of the denominator one unit counts; zero if it does not count at all.
    pub fn weight(&self, what: What) -> U256 {
        match (&self.counts, what) {
            (Counts::Gross(weights), What::Gross(asset)) => weights.get(&asset).copied().unwrap_or_default(),
            (Counts::Fees(assets), What::Fees(asset)) if assets.contains(&asset) => U256::ONE,
            (Counts::Calls, What::Calls) | (_, What::Written) => U256::ONE,
            _ => U256::ZERO,
        }
    }

    /// Does the line remember anything between envelopes?
    pub fn is_stateful(&self) -> bool {
        self.window != Window::PerTransaction
    }

    /// The earliest stamp that shares a window with something that can still land, that is at `lo` or later. Windows are
    /// half-open: after exactly its length, a sliding window has let go.
    pub fn since(&self, lo: Time) -> Time {
        match self.window {
            Window::Sliding { seconds } => lo.checked_sub(seconds).map_or(0, |cut| cut.saturating_add(1)),
            Window::Calendar(period) => calendar::period(period, lo).start,
            Window::Total | Window::PerTransaction => 0,
        }
    }
}

/// What the ledger has to know of a rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// It asks: for so many seconds.
    pub ask: Option<Time>,
    /// `exempt`.
    pub exempt: Lines,
    /// `beyond daily: ask`: for so many seconds.
    pub beyond: BTreeMap<LineName, Time>,
}

/// The policy as the ledger sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// Every line of every budget.
    pub lines: BTreeMap<LineName, Line>,
    /// Every granting rule.
    pub rules: BTreeMap<Name, Rule>,
    /// Spenders that are `trusted`: authority given to them is not counted, what they pull is.
    pub trusted: BTreeSet<(ChainId, Address)>,
    /// Every chain of the policy.
    pub chains: BTreeSet<ChainId>,
    /// Rises with each edit that voids approvals.
    pub epoch: u64,
}

impl Terms {
    /// The lines that something done by these rules (the deciding one of each policy in the chain) is charged to.
    pub fn scope(&self, rules: &[Name], what: What) -> Lines {
        let charges = |name: &LineName, line: &Line| match (rules, what) {
            // A cancel: nobody's rule, everybody's fee.
            ([], What::Fees(_)) => true,
            // It names its lines itself.
            (_, What::Written) => false,
            _ => rules.iter().any(|rule| {
                line.rules.as_ref().is_none_or(|only| only.contains(rule))
                    && !self.rules.get(rule).is_some_and(|r| r.exempt.contains(name))
            }),
        };
        let counted = self.lines.iter().filter(|(_, line)| line.weight(what) != U256::ZERO);
        counted.filter(|(name, line)| charges(name, line)).map(|(name, _)| name.clone()).collect()
    }

    /// The lines that count an asset leaving, whoever does it.
    pub fn lines_of(&self, asset: Asset) -> Lines {
        let counted = self.lines.iter().filter(|(_, line)| line.weight(What::Gross(asset)) != U256::ZERO);
        counted.map(|(name, _)| name.clone()).collect()
    }

    /// The chains whose time cuts a line's windows.
    pub fn chains_of(&self, line: &Line) -> BTreeSet<ChainId> {
        match &line.counts {
            Counts::Calls => self.chains.clone(),
            counts => counts.assets().iter().map(|asset| asset.chain).collect(),
        }
    }

    pub(super) fn trusts(&self, key: &super::Key) -> bool {
        self.trusted.contains(&(key.asset.chain, key.spender))
    }
}
