//! A child and its parent (`policy CHILD extends PARENT`) as one policy: a request is granted where both grant it, the stricter of
//! the two answers counts, and both are charged.
//!
//! Every grant of the joined policy is a *pair*: a rule of the child and a rule of the parent. It holds where both hold, asks where
//! one of them asks, and stands over another pair where one of its rules stands over that one's and the other is no lower. So of all
//! pairs that match a request, the one that nothing outranks is that of the child's deciding rule and the parent's: what either of
//! them denies, or could not decide, is denied.
//!
//! A line of a budget is charged for a pair unless every rule of it that the line counts is exempt from it: budgets of a chain of
//! policies stand in one name space, and each is charged once.
//!
//! | module | joins |
//! | --- | --- |
//! | `tables` | tokens, parameters, contracts, callables, budgets |
//! | `pairs` | rules |

mod pairs;
mod tables;

use crate::{renumber::Numbers, ruleset::RuleSet};
use agentpol_grammar::span::Span;
use agentpol_model::ids::{BudgetId, RuleId};

/// Pairs of rules at most, counted for each thing that they are about.
pub const MAX_PAIRS: usize = 1 << 16;

/// Both as one.
#[derive(Clone, Debug)]
pub struct Joined {
    /// The policy to be enforced. Its tokens, callables, budgets and parameters begin with the child's, in the child's order.
    pub rules: RuleSet,
    /// Of each of its rules, the child's; `None` for a denial of the parent.
    pub own: Vec<Option<RuleId>>,
}

/// Why two policies cannot be judged together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Clash {
    /// The child is on a chain that the parent is not on.
    Chain(String),
    /// Both have a budget of this name.
    Budget(String),
    /// Both have a parameter of this name, and not the same.
    Param(String),
    /// What they say that this does is not the same.
    Declared(String),
    /// Both cap the fees in this token, and it is not known which cap is the lower.
    Fees(String),
    /// Both of these rules ask, and it is not known which time is the shorter.
    Within(String, String),
    /// The rule is exempt from a budget that counts the parent's rules too, so that it would be charged all the same.
    Exempt(String, String),
    /// More than [`MAX_PAIRS`].
    TooMany,
}

/// Joins a child with its parent. What is the parent's gets this place in the child's text.
pub fn join(child: &RuleSet, parent: &RuleSet, place: Span) -> Result<Joined, Vec<Clash>> {
    let mut joining = Joining {
        out: RuleSet { rules: Vec::new(), ..child.clone() },
        child,
        parent,
        numbers: Numbers::default(),
        lines: Vec::new(),
        clashes: Vec::new(),
        place,
    };
    joining.tables();
    joining.callables();
    joining.budgets();
    let own = joining.rules();
    joining.clashes.sort();
    joining.clashes.dedup();
    if joining.clashes.is_empty() { Ok(Joined { rules: joining.out, own }) } else { Err(joining.clashes) }
}

struct Joining<'p> {
    child: &'p RuleSet,
    parent: &'p RuleSet,
    out: RuleSet,
    /// The parent's numbers in it.
    numbers: Numbers,
    /// Of each of the parent's budget lines, its number; `None` where nothing that the child may do counts.
    lines: Vec<Option<BudgetId>>,
    clashes: Vec<Clash>,
    place: Span,
}
