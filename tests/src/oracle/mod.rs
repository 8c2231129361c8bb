//! What holds the analysis to its word. It says of every question *proved*, *refuted* or *unknown*; here are those who try to show
//! that it lies. None of them uses its search, its conditions or its windows: they know the reference evaluator and the ledger.
//!
//! | module | does |
//! | --- | --- |
//! | [`claims`] | what a list of findings says, and what it leaves unsaid, as questions of a request |
//! | [`brute`] | every request of a tiny policy: what is so, rule by rule |
//! | [`changes`] | two policies beside what is said of their difference |
//! | [`smt`] | the same questions for z3 |
//! | [`spending`] | what can be lost, tried on the ledger |
//! | [`hollow`] | what is said to hold less than it seems, or nothing, tried on the ledger |
//! | [`attack`] | random and boundary requests against what is proved, every witness replayed |

pub mod attack;
pub mod brute;
pub mod changes;
pub mod claims;
pub mod hollow;
pub mod smt;
pub mod spending;

use agentpol_analysis::ruleset::{Bound, Rule, RuleSet, Verb};
use agentpol_model::{
    Address, U256,
    decision::{DenyCode, Ruling},
    ids::RuleId,
    policy::{ParamType, ParamValue},
    request::Request,
};

/// The policy with no rule but this one, as if nothing were above or below it.
pub fn alone(rules: &RuleSet, rule: RuleId) -> RuleSet {
    let mut one = rules.clone();
    one.rules = vec![Rule { over: Vec::new(), ..rules.rules[rule.index()].clone() }];
    for budget in &mut one.budgets {
        budget.rules = None;
    }
    one
}

/// Does the rule match a request of one action? The reference is asked, where there is no other rule.
pub fn matches(alone: &RuleSet, request: &Request<'_>, bound: &Bound) -> bool {
    match alone.decide(request, bound) {
        Ok(granted) => !granted.actions.is_empty(),
        // What comes behind the rules names the rule. A denial whose condition is undefined does not match; a grant of which something
        // is undefined is one whose effects are.
        Err(denied) => {
            let denies = alone.rules.iter().any(|rule| rule.verb == Verb::Deny);
            denied.rule.is_some() && !(denies && denied.code == DenyCode::Undefined)
        }
    }
}

/// The same without one of a rule's conditions.
pub fn without_clause(rules: &RuleSet, rule: RuleId, clause: usize) -> RuleSet {
    let mut fewer = rules.clone();
    for arm in &mut fewer.rules[rule.index()].arms {
        if clause < arm.clauses.len() {
            arm.clauses.remove(clause);
        }
    }
    fewer
}

/// Is it somebody whom the policy names, on this chain and under this binding?
pub fn is_named(rules: &RuleSet, bound: &Bound, chain: u64, party: Address) -> bool {
    let by_parameter =
        rules.params.iter().zip(bound.values()).any(|(param, value)| match (param.ty, value) {
            (ParamType::Address | ParamType::Approver, ParamValue::Word(word)) => {
                *word == U256::from_be_slice(party.as_slice())
            }
            (ParamType::AddressSet(_), ParamValue::Set(set)) => set.contains(&party),
            _ => false,
        });
    let contracts = rules.contracts.iter().filter(|contract| contract.chain == chain);
    party == bound.wallet()
        || rules.named_addresses.contains(&party)
        || by_parameter
        || contracts.into_iter().any(|contract| bound.address(contract.address) == Some(party))
}

/// The rule that settles the request's first action, whatever comes of it.
pub fn deciding(ruling: &Ruling) -> Option<RuleId> {
    match ruling {
        Ok(granted) => granted.actions.first().map(|action| action.rule),
        Err(denied) => denied.rule,
    }
}
