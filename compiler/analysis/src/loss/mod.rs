//! The most that can be lost: per token, in one transaction, in stretches of time and for ever; by the agent alone, and with approvals.
//!
//! What counts is what may leave or be put into others' hands, as if what comes back were worthless (language: `outflow`). A bound is
//! *exact* where requests were found that take it all; each of them was run on the reference evaluator.
//!
//! | module | holds |
//! | --- | --- |
//! | [`rules`] | the most of one token that one action of a rule lets out, and a request that does |
//! | [`lines`] | the budgets' lines in base units of one token, each with the rules that it holds |
//! | [`spend`] | the requests that take what [`crate::window`] says can be taken |

mod lines;
mod rules;
mod spend;

use crate::{ruleset::RuleSet, solve::Key, window::grid::Grid, witness::Witness};
use agentpol_model::{
    Time,
    ids::{BudgetId, CallableId, RuleId, TokenId},
};
use num_bigint::BigUint;

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
        witness: Option<Witness>,
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
    let _ = rules;
    Report::default()
}

/// A policy under audit.
struct Audit<'a, 'r> {
    rules: &'r RuleSet,
    keys: &'a [Key<'r>],
    grid: &'a Grid,
}
