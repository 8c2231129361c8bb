//! Random rule sets, made without any source: every shape that the normal form admits.

mod guards;
mod world;

use super::rng::Rng;
use agentpol_analysis::ruleset::{Arm, Ask, Clause, Rule, RuleSet, Seconds, Target, Verb};
use agentpol_grammar::span::Span;
use agentpol_model::{
    U256,
    budget::{Budget, Cap, Measure, Period, Window},
    decision::DenyCode,
    ids::{BudgetId, CallableId, RuleId, TokenId},
};
use guards::Words;
use std::collections::BTreeSet;

/// How large a rule set becomes.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Rules at most.
    pub rules: usize,
    /// Clauses of an arm at most.
    pub clauses: usize,
    /// Connectives inside one another at most.
    pub depth: usize,
}

impl Default for Size {
    fn default() -> Self {
        Self { rules: 6, clauses: 3, depth: 3 }
    }
}

/// A rule set.
pub fn random(rng: &mut Rng, size: Size) -> RuleSet {
    let mut rules = world::random(rng);
    budgets(&mut rules, rng);
    let count = rng.between(0, size.rules);
    for n in 0..count {
        let rule = rule(&mut rules, n, size, rng);
        rules.rules.push(rule);
    }
    rank(&mut rules, rng);
    scope(&mut rules, rng);
    rules
}

fn rule(rules: &mut RuleSet, n: usize, size: Size, rng: &mut Rng) -> Rule {
    let verb = match rng.below(10) {
        0..=5 => Verb::Allow,
        6..=7 => Verb::Ask(ask(rules, rng)),
        _ => Verb::Deny,
    };
    let all = rules.callables.len();
    let covered: BTreeSet<usize> = match rng.below(8) {
        0 => (0..all).collect(),
        1..=2 => (0..rng.between(1, 3)).map(|_| rng.below(all)).collect(),
        _ => BTreeSet::from([rng.below(all)]),
    };
    let grants = verb != Verb::Deny;
    let arms = covered.into_iter().map(|callable| arm(rules, callable, grants, size, rng)).collect();
    let budgets: Vec<BudgetId> = (0..rules.budgets.len() as u32).map(BudgetId::new).collect();
    let lifted = [DenyCode::Opaque, DenyCode::ZeroRecipient, DenyCode::SelfRecipient, DenyCode::LookAlike];
    let lifts: Vec<_> = lifted.into_iter().filter(|_| grants && rng.chance(40)).collect();
    let beyond: Vec<_> = budgets
        .iter()
        .filter(|_| grants && rng.chance(10))
        .map(|budget| {
            (*budget, Ask { need: 1, of: vec![Target::Fixed(rules_approver())], within: Seconds::Fixed(60) })
        })
        .collect();
    Rule {
        name: format!("r{n}"),
        verb,
        arms,
        over: vec![],
        exempt: budgets.iter().filter(|_| grants && rng.chance(10)).copied().collect(),
        beyond,
        accepts: lifts.iter().map(|code| (code.name().to_owned(), "a reason".to_owned())).collect(),
        lifts,
        span: Span::default(),
    }
}

const fn rules_approver() -> agentpol_model::Address {
    agentpol_model::Address::repeat_byte(0xab)
}

fn ask(rules: &RuleSet, rng: &mut Rng) -> Ask {
    let params = world::params_of(rules, |ty| matches!(ty, agentpol_analysis::ruleset::ParamType::Approver));
    let mut of: Vec<Target> = params.into_iter().map(Target::Param).collect();
    of.push(Target::Fixed(rules_approver()));
    let durations =
        world::params_of(rules, |ty| matches!(ty, agentpol_analysis::ruleset::ParamType::Duration));
    let within = match rng.choose(&durations) {
        Some(param) if rng.chance(50) => Seconds::Param(*param),
        _ => Seconds::Fixed(600),
    };
    Ask { need: rng.between(1, of.len()) as u32, of, within }
}

fn arm(rules: &mut RuleSet, callable: usize, grants: bool, size: Size, rng: &mut Rng) -> Arm {
    let words = Words::new(rules, callable, rng);
    let clauses = (0..rng.between(0, size.clauses)).map(|_| {
        let formula = words.formula(rules, size.depth, &mut Vec::new(), rng);
        Clause { text: formula.to_string(), formula, span: Span::default() }
    });
    let clauses = clauses.collect();
    let mut charges = Vec::new();
    if grants && !rules.budgets.is_empty() && rng.chance(10) {
        let budget = BudgetId::new(rng.below(rules.budgets.len()) as u32);
        charges.push((words.sum(&[], rng), vec![budget]));
    }
    Arm { callable: CallableId::new(callable as u32), clauses, charges }
}

/// A strict partial order among the grants, closed.
fn rank(rules: &mut RuleSet, rng: &mut Rng) {
    let mut over: Vec<BTreeSet<RuleId>> = vec![];
    for n in 0..rules.rules.len() {
        let mut below = BTreeSet::new();
        for (other, below_other) in over.iter().enumerate() {
            if rules.rules[other].verb != Verb::Deny && rng.chance(35) {
                below.insert(RuleId::new(other as u32));
                below.extend(below_other);
            }
        }
        if rules.rules[n].verb == Verb::Deny {
            below.clear();
        }
        rules.rules[n].over = below.iter().copied().collect();
        over.push(below);
    }
}

fn budgets(rules: &mut RuleSet, rng: &mut Rng) {
    for n in 0..rng.between(0, 3) {
        let token = |rng: &mut Rng| TokenId::new(rng.below(rules.tokens.len()) as u32);
        let tokens: BTreeSet<TokenId> = (0..rng.between(1, 2)).map(|_| token(rng)).collect();
        let measure = match rng.below(5) {
            0 => Measure::Calls,
            1 => Measure::Fees(rng.pick(&rules.chains).native),
            _ => Measure::Gross(tokens.into_iter().map(|t| (t, U256::from(rng.between(1, 9)))).collect()),
        };
        let window = match rng.below(6) {
            0 => Window::PerTransaction,
            1 => Window::Calendar(*rng.pick(&[Period::Day, Period::Week, Period::Month])),
            2 => Window::Total,
            _ => Window::Sliding { seconds: rng.between(1, 100_000) as u64 },
        };
        rules.budgets.push(Budget {
            name: format!("b{n}"),
            line: 0,
            renamed_from: rng.chance(5).then(|| "old".to_owned()),
            cap: Cap::Fixed(rng.number()),
            window,
            measure,
            rules: None,
        });
    }
    if rng.chance(30) {
        let native = rng.pick(&rules.chains).native;
        rules.fee_caps.push((native, Cap::Fixed(rng.number())));
    }
}

/// `for a, b`, now that there are rules.
fn scope(rules: &mut RuleSet, rng: &mut Rng) {
    let ids: Vec<RuleId> =
        rules.rules_by_id().filter(|(_, rule)| rule.verb != Verb::Deny).map(|(id, _)| id).collect();
    for budget in &mut rules.budgets {
        let some: Vec<RuleId> = ids.iter().copied().filter(|_| rng.chance(50)).collect();
        if rng.chance(30) && !some.is_empty() {
            budget.rules = Some(some);
        }
    }
}
