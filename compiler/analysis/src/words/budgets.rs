//! Budgets, fees and parameters as sentences.

use super::{
    Entry,
    names::Names,
    quantities::{big, decimal, duration, list, number},
    rules::calls,
};
use crate::ruleset::{Param, ParamType, RuleSet};
use agentpol_model::{
    U256,
    budget::{Budget, Cap, Measure, Period, Window},
    ids::{RuleId, TokenId},
    policy::WALLET_PARAM,
};
use num_bigint::BigInt;
use num_traits::ToPrimitive;

/// One entry a line of a budget.
pub(super) fn budgets(rules: &RuleSet) -> Vec<Entry> {
    let names = Names::new(rules, None);
    rules.budgets.iter().map(|budget| Entry::plain(&budget.name, sentence(&names, budget))).collect()
}

fn sentence(names: &Names<'_>, budget: &Budget) -> String {
    let window = match budget.window {
        Window::PerTransaction => "in one transaction".to_owned(),
        Window::Sliding { seconds } => match duration(seconds).strip_prefix("1 ") {
            Some(unit) if !unit.contains(' ') => format!("in any {unit}"),
            _ => format!("in any {}", duration(seconds)),
        },
        Window::Calendar(Period::Day) => "in one calendar day (UTC)".to_owned(),
        Window::Calendar(Period::Week) => "in one calendar week (UTC)".to_owned(),
        Window::Calendar(Period::Month) => "in one calendar month (UTC)".to_owned(),
        Window::Total => "in total".to_owned(),
    };
    let scope = match &budget.rules {
        None => String::new(),
        Some(ids) => format!(" under {}", list(&rule_names(names.rules, ids), "and")),
    };
    match &budget.measure {
        Measure::Gross(tokens) => {
            format!("At most {} may leave or be promised {window}{scope}.", gross(names, budget.cap, tokens))
        }
        Measure::Fees(token) => {
            let most = gross(names, budget.cap, &[(*token, U256::ONE)]);
            format!("At most {most} may be paid in fees {window}{scope}.")
        }
        Measure::Calls => {
            let most = match cap_in(names, budget.cap, &BigInt::from(1)) {
                Ok(n) => n.to_u64().map_or_else(|| format!("{} calls", number(&n)), calls),
                Err(param) => format!("{param} calls"),
            };
            format!("At most {most} may be made {window}{scope}.")
        }
    }
}

/// A cap in base units of what counts `weight` each, or the parameter that holds it.
fn cap_in(names: &Names<'_>, cap: Cap, weight: &BigInt) -> Result<BigInt, String> {
    match cap {
        Cap::Fixed(cap) => Ok(big(cap) / weight.max(&BigInt::from(1))),
        Cap::Param(param, _) => Err(names.param(param)),
    }
}

/// The cap in whole tokens; of several, they are worth the same.
fn gross(names: &Names<'_>, cap: Cap, tokens: &[(TokenId, U256)]) -> String {
    let symbols: Vec<_> =
        tokens.iter().filter_map(|(id, _)| names.token(*id)).map(|token| token.symbol.clone()).collect();
    let Some((token, weight, decimals)) =
        tokens.iter().find_map(|(id, weight)| Some((*id, big(*weight), names.token(*id)?.decimals)))
    else {
        return "nothing".to_owned();
    };
    match (cap_in(names, cap, &weight), symbols.len()) {
        (Ok(units), 1) => names.money(token, &units),
        (Ok(units), _) => format!("{} of {} together", decimal(&units, decimals), list(&symbols, "and")),
        (Err(param), _) => format!("{param} of {}", list(&symbols, "and")),
    }
}

fn rule_names(rules: &RuleSet, ids: &[RuleId]) -> Vec<String> {
    ids.iter().filter_map(|id| rules.rules.get(id.index())).map(|rule| format!("`{}`", rule.name)).collect()
}

/// `fees at most`, as sentences.
pub(super) fn fees(rules: &RuleSet) -> Vec<String> {
    let names = Names::new(rules, None);
    let one = U256::ONE;
    let most = rules.fee_caps.iter().map(|(token, cap)| gross(&names, *cap, &[(*token, one)]));
    most.map(|most| format!("The fee of a transaction is at most {most}.")).collect()
}

/// What must be given when the policy is loaded.
pub(super) fn params(rules: &RuleSet) -> Vec<Entry> {
    let names = Names::new(rules, None);
    let bound = rules.params.iter().filter(|param| param.name != WALLET_PARAM);
    bound.map(|param| Entry::plain(&param.name, describe(&names, param))).collect()
}

fn describe(names: &Names<'_>, param: &Param) -> String {
    let shown = |n: U256| match param.ty {
        ParamType::Amount(token) => names.money(token, &big(n)),
        ParamType::Duration => duration(n.saturating_to()),
        ParamType::Time => super::quantities::date(&big(n)),
        _ => number(&big(n)),
    };
    let what = match param.ty {
        ParamType::Address => "an address".to_owned(),
        ParamType::Approver => "the address of somebody who approves".to_owned(),
        ParamType::Amount(token) => names
            .token(token)
            .map_or_else(|| "an amount".to_owned(), |t| format!("an amount of {}", t.symbol)),
        ParamType::Int => "a number".to_owned(),
        ParamType::Duration => "a duration".to_owned(),
        ParamType::Time => "a time".to_owned(),
        ParamType::Bool => "true or false".to_owned(),
        ParamType::Bytes32 => "32 bytes".to_owned(),
        ParamType::AddressSet(most) => format!("up to {most} addresses"),
    };
    match param.domain {
        Some((low, high)) => format!("{what}, from {} to {}.", shown(low), shown(high)),
        None => format!("{what}."),
    }
}
