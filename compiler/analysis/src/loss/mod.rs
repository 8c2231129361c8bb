//! The most that can be lost: per token, in one transaction, in stretches of time and for ever; by the agent alone, and with approvals.
//!
//! What counts is what may leave or be put into others' hands, as if what comes back were worthless (language: `outflow`). A bound is
//! *exact* where requests were found that take it all; each of them was run on the reference evaluator.
//!
//! | module | holds |
//! | --- | --- |
//! | `rules` | the most of one token that one action of a rule lets out, and a request that does |
//! | `lines` | the budgets' lines in base units of one token, each with the rules that it holds |
//! | `against` | the most that counts against one line |
//! | `spend` | the requests that take what [`crate::window`] says can be taken |
//! | `play` | whether they are within all lines, of other tokens too |

mod against;
mod lines;
mod play;
mod rules;
mod spend;

use crate::{
    ruleset::RuleSet,
    solve::Key,
    window::{
        MAX_STEPS, Steps,
        grid::Grid,
        outflow::{Gives, Held, Outflow, Rule, Span, Windows, outflow},
    },
    witness::Witness,
};
use agentpol_model::{
    Time, U256,
    budget::Window,
    ids::{BudgetId, RuleId, TokenId},
};
pub(crate) use lines::{Of, Weights};
use num_bigint::BigUint;
pub(crate) use rules::Known;
use rules::Letting;
use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

/// Stretches of time that a report speaks of: a day, a week, thirty days.
pub const SPANS: [Time; 3] = [86_400, 604_800, 2_592_000];

/// What can be lost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// By the agent alone: no `ask` is approved.
    pub alone: Losses,
    /// Whatever is asked for is approved.
    pub with_approvals: Losses,
}

/// What can be lost of each token, and of fees.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// Of each token that some rule lets out.
    pub tokens: Vec<Loss>,
    /// Of the native tokens that fees are paid in, besides.
    pub fees: Vec<Loss>,
}

/// What can be lost of one token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// Which token, on all chains together.
    pub token: TokenId,
    /// In one transaction.
    pub per_transaction: Most,
    /// In so many seconds, anywhere: [`SPANS`], and the windows of the policy's own budgets of this token.
    pub windows: Vec<(Time, Most)>,
    /// For ever.
    pub total: Most,
}

/// The most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Most {
    /// This, in base units.
    Bounded {
        /// No more than this.
        value: BigUint,
        /// The windows of the lines that prove it: how many of which budget line. `None` where the limits of a request itself do.
        because: Vec<(Option<BudgetId>, BigUint)>,
        /// Requests that take it all, in order; empty where none were found, so that the bound may be too large.
        witness: Vec<Step>,
    },
    /// Without end.
    Unbounded {
        /// A rule that nothing bounds.
        rule: RuleId,
        /// A request that can be asked for again and again.
        witness: Option<Box<Witness>>,
    },
    /// A question was too hard.
    Unknown,
}

/// A request at its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// When it is signed.
    pub at: Time,
    /// What is asked. Its `now` is `at`.
    pub request: Witness,
    /// What it takes, in base units of the token.
    pub takes: BigUint,
}

impl Most {
    /// Is it known to be attained?
    pub fn is_exact(&self) -> bool {
        matches!(self, Most::Bounded { value, witness, .. } if !witness.is_empty() || *value == BigUint::ZERO)
    }
}

/// What can be lost under a policy, for the worst values of its parameters.
pub fn losses(rules: &RuleSet) -> Report {
    let keys = Key::all(rules);
    let Some(grid) = Grid::utc() else { return Report::default() };
    let audit = Audit::new(rules, &keys, &grid);
    Report { alone: audit.losses(false), with_approvals: audit.losses(true) }
}

/// How many windows of which budget line prove a bound. `None` where the limits of a request itself do.
pub(crate) type Because = Vec<(Option<BudgetId>, BigUint)>;

/// A policy under audit.
pub(crate) struct Audit<'a, 'r> {
    rules: &'r RuleSet,
    keys: &'a [Key<'r>],
    grid: &'a Grid,
    known: Rc<Known>,
}

/// One question about one token: who lets it out, and which lines hold that.
pub(crate) struct Asked {
    lettings: Vec<Letting>,
    rules: Vec<Rule>,
    budgets: Vec<BudgetId>,
    lines: Vec<Held>,
    /// Tokens, and what a base unit of each counts; none, if it is fees.
    of: Vec<(TokenId, U256)>,
    /// Only what is granted counts.
    authority: bool,
    with_approvals: bool,
}

impl<'a, 'r> Audit<'a, 'r> {
    pub(crate) fn new(rules: &'r RuleSet, keys: &'a [Key<'r>], grid: &'a Grid) -> Self {
        Self::knowing(rules, keys, grid, &Rc::default())
    }

    /// With what another audit of the same keys has found.
    pub(crate) fn knowing(
        rules: &'r RuleSet,
        keys: &'a [Key<'r>],
        grid: &'a Grid,
        known: &Rc<Known>,
    ) -> Self {
        Self { rules, keys, grid, known: Rc::clone(known) }
    }

    pub(crate) const fn rules(&self) -> &'r RuleSet {
        self.rules
    }

    /// The most that leaves, or that others are let take, in a span.
    pub(crate) fn outflow(&self, of: &Weights, authority: bool, span: Span, with_approvals: bool) -> Most {
        let lettings = self.lettings(of, authority, with_approvals);
        if lettings.is_empty() {
            return Most::Bounded { value: BigUint::ZERO, because: Vec::new(), witness: Vec::new() };
        }
        let asked = self.asked(Of::Outflow(of), lettings, with_approvals);
        self.most(&Asked { authority, ..asked }, span)
    }

    /// The rules by which it leaves.
    pub(crate) fn letting_rules(&self, of: &Weights, authority: bool, with_approvals: bool) -> Vec<RuleId> {
        self.lettings(of, authority, with_approvals).iter().map(|letting| letting.rule).collect()
    }

    /// The rules that let a token out without end by the agent alone, each with a request that can be asked for again and again.
    pub(crate) fn unbounded(&self, token: TokenId) -> Vec<(RuleId, Option<Witness>)> {
        let mut out: Vec<(RuleId, Option<Witness>)> = Vec::new();
        let one = [(token, U256::ONE)];
        for letting in self.lettings(&one, false, false) {
            let rule = letting.rule;
            let asked = self.asked(Of::Outflow(&one), vec![letting], false);
            let is_known = out.iter().any(|(known, _)| *known == rule);
            if !is_known && self.bound(&asked, Span::Seconds(SPANS[0])).is_none() {
                let witness = asked.lettings.first().and_then(|letting| self.greatest(&asked, letting));
                out.push((rule, witness));
            }
        }
        out
    }

    /// A rule of the agent alone whose transactions can cost fees without end.
    pub(crate) fn unbounded_fees(&self, token: TokenId) -> Option<RuleId> {
        let fees = self.fees(token, false);
        let rule = fees.first()?.rule;
        let asked = self.asked(Of::Fees(token), fees, false);
        match self.outflow_of(&asked, Span::Seconds(SPANS[0])) {
            Outflow::Infinite { rule: at } => {
                Some(asked.lettings.get(at).map_or(rule, |letting| letting.rule))
            }
            Outflow::AtMost { .. } | Outflow::Exact { .. } => None,
        }
    }

    fn losses(&self, with_approvals: bool) -> Losses {
        let tokens = (0..).map(TokenId::new).take(self.rules.tokens.len());
        let mut losses = Losses::default();
        for token in tokens {
            let one = [(token, U256::ONE)];
            let lettings = self.lettings(&one, false, with_approvals);
            if !lettings.is_empty() {
                losses.tokens.push(self.loss(token, Of::Outflow(&one), lettings, with_approvals));
            }
            let fees = self.fees(token, with_approvals);
            if !fees.is_empty() {
                losses.fees.push(self.loss(token, Of::Fees(token), fees, with_approvals));
            }
        }
        losses
    }

    /// Every rule whose transactions cost fees of a token lets out at most a fee.
    fn fees(&self, token: TokenId, with_approvals: bool) -> Vec<Letting> {
        if !self.rules.chains.iter().any(|chain| chain.native == token) {
            return Vec::new();
        }
        let costly = self.costly().into_iter().filter(|rule| self.counts(*rule, with_approvals));
        let most = self.fee_cap(token);
        let fee = |rule| Letting {
            rule,
            tokens: BTreeSet::new(),
            gives: Gives::Moves,
            most: most.clone(),
            ways: Vec::new(),
        };
        costly.map(fee).collect()
    }

    fn loss(&self, token: TokenId, of: Of<'_>, lettings: Vec<Letting>, with_approvals: bool) -> Loss {
        let asked = self.asked(of, lettings, with_approvals);
        let mut spans: BTreeSet<Time> = SPANS.into_iter().collect();
        spans.extend(asked.lines.iter().filter_map(|held| match held.line.window {
            Window::Sliding { seconds } => Some(seconds),
            _ => None,
        }));
        let per_transaction = match of {
            // However many actions it has, a transaction is paid for once.
            Of::Fees(_) => match asked.rules.first().and_then(|rule| rule.most.clone()) {
                Some(value) => Most::Bounded { value, because: Vec::new(), witness: Vec::new() },
                None => self.without_end(&asked, 0),
            },
            Of::Outflow(_) | Of::Calls => self.most(&asked, Span::Transaction),
        };
        Loss {
            token,
            per_transaction,
            windows: spans.into_iter().map(|w| (w, self.most(&asked, Span::Seconds(w)))).collect(),
            total: self.most(&asked, Span::Ever),
        }
    }

    pub(crate) fn asked(&self, of: Of<'_>, lettings: Vec<Letting>, with_approvals: bool) -> Asked {
        let lines = self.lines(of, &lettings, with_approvals).into_iter();
        let (budgets, lines) = lines.map(|holding| (holding.budget, holding.held)).unzip();
        let rules = lettings.iter().map(Letting::rule).collect();
        let of = match of {
            Of::Outflow(of) => of.to_vec(),
            Of::Fees(_) | Of::Calls => Vec::new(),
        };
        Asked { lettings, rules, budgets, lines, of, authority: false, with_approvals }
    }

    pub(crate) fn most(&self, asked: &Asked, span: Span) -> Most {
        match self.outflow_of(asked, span) {
            Outflow::Infinite { rule } => self.without_end(asked, rule),
            Outflow::AtMost { value, because } => {
                Most::Bounded { value, because: asked.because(&because), witness: Vec::new() }
            }
            Outflow::Exact { value, because, parts } => {
                let mut witness = self.spend(asked, &parts);
                if !self.plays(&witness, asked, span == Span::Transaction) {
                    witness.clear();
                }
                Most::Bounded { value, because: asked.because(&because), witness }
            }
        }
    }

    /// The bound alone, if there is one, and the windows that prove it. Requests that take it all are many, and each is run: they are
    /// looked for only where somebody is shown them.
    pub(crate) fn bound(&self, asked: &Asked, span: Span) -> Option<(BigUint, Because)> {
        if asked.lettings.is_empty() {
            return Some((BigUint::ZERO, Vec::new()));
        }
        match self.outflow_of(asked, span) {
            Outflow::Infinite { .. } => None,
            Outflow::AtMost { value, because } | Outflow::Exact { value, because, .. } => {
                Some((value, asked.because(&because)))
            }
        }
    }

    fn outflow_of(&self, asked: &Asked, span: Span) -> Outflow {
        let mut steps = Steps::new(MAX_STEPS);
        let from = self.from(&asked.lettings, if let Span::Seconds(seconds) = span { seconds } else { 0 });
        outflow(&asked.rules, &asked.lines, self.grid, span, from, &mut steps)
    }

    fn without_end(&self, asked: &Asked, rule: usize) -> Most {
        match asked.lettings.get(rule) {
            Some(letting) => {
                Most::Unbounded { rule: letting.rule, witness: self.greatest(asked, letting).map(Box::new) }
            }
            None => Most::Unknown,
        }
    }
}

impl Asked {
    /// How many windows of which lines, over all sets of rules.
    fn because(&self, windows: &[Windows]) -> Because {
        let mut out: BTreeMap<Option<BudgetId>, BigUint> = BTreeMap::new();
        for used in windows {
            if used.is_empty() {
                out.entry(None).or_default();
            }
            for (line, times) in used {
                if let Some(budget) = self.budgets.get(*line) {
                    *out.entry(Some(*budget)).or_default() += times;
                }
            }
        }
        out.into_iter().collect()
    }
}
