//! Each rule as a paragraph.

use super::{
    Entry,
    effects::is_value,
    names::Names,
    quantities::{date, duration, list, plural},
    subjects::{everything, subject},
};
use crate::ruleset::{
    Arm, Ask, Atom, Callable, EffectSpec, Formula, Relation, Rule, RuleSet, Scalar, Seconds, Verb,
};
use agentpol_model::{
    ids::BudgetId,
    request::{Field, Kind},
};
use num_bigint::BigInt;
use num_traits::{One, Zero};

/// What several arms have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Body {
    conditions: Vec<String>,
    until: Vec<String>,
    does: Vec<String>,
    remarks: Vec<String>,
}

/// The paragraphs of one rule: one for each group of arms that differ in nothing but where they are called.
pub(super) fn paragraphs(rules: &RuleSet, rule: &Rule) -> Vec<Entry> {
    let everything = everything(rules, rule);
    let mut groups: Vec<(Body, Vec<&Callable>)> = Vec::new();
    for arm in &rule.arms {
        let Some(callable) = rules.callables.get(arm.callable.index()) else { continue };
        let body = body(rules, rule, arm, everything.is_some());
        match groups.iter_mut().find(|(other, _)| *other == body) {
            Some((_, callables)) => callables.push(callable),
            None => groups.push((body, vec![callable])),
        }
    }
    groups
        .iter()
        .map(|(body, callables)| {
            let what = everything.clone().unwrap_or_else(|| subject(rules, callables));
            paragraph(rules, rule, body, &what)
        })
        .collect()
}

fn body(rules: &RuleSet, rule: &Rule, arm: &Arm, everything: bool) -> Body {
    let names = Names::new(rules, Some(arm));
    let (mut conditions, mut until) = (Vec::new(), Vec::new());
    for clause in &arm.clauses {
        if is_silent(&clause.formula, names.callable) {
            continue;
        }
        match ends(&clause.formula) {
            Some(end) => until.push(date(&end)),
            None => names.conjuncts(&clause.formula, &mut conditions),
        }
    }
    let mut does = Vec::new();
    let mut remarks: Vec<_> = arm
        .charges
        .iter()
        .map(|(amount, to)| {
            format!("{} is charged to {}.", names.sum(amount), list(&budgets(rules, to), "and"))
        })
        .collect();
    // Of everything there is too much to say, and what is never done does nothing.
    if let Some(callable) = names.callable.filter(|_| !everything && rule.verb != Verb::Deny) {
        if callable.kind != Kind::Send {
            let effects = callable.effects.iter().filter(|effect| !always_nothing(effect, arm));
            does.extend(effects.map(|effect| names.effect(effect)));
        }
        does.extend(callable.controls.iter().map(|control| names.control(control)));
        let mut required = Vec::new();
        names.conjuncts(&callable.requires, &mut required);
        conditions.extend(required.iter().map(|one| format!("{one} (its interface requires it)")));
        remarks.extend(callable.typed.as_ref().map(|typed| names.used_up(typed)));
        if callable.is_wrapper() {
            remarks.push("What is inside it is judged by itself, as if it stood alone.".to_owned());
        }
    }
    Body { conditions, until, does, remarks }
}

/// `now < T`
fn ends(formula: &Formula) -> Option<BigInt> {
    let Formula::Atom(Atom::Linear { sum, relation: Relation::NotAbove }) = formula else { return None };
    match sum.terms.as_slice() {
        [(one, Scalar::Field(Field::Now))] if one.is_one() => Some(BigInt::one() - &sum.constant),
        _ => None,
    }
}

/// `value == 0`, of which nobody needs to be told where no value could go along.
fn is_silent(formula: &Formula, callable: Option<&Callable>) -> bool {
    let payable = callable.is_some_and(|c| c.function.as_ref().is_none_or(|f| f.payable));
    !payable && no_value(formula)
}

fn no_value(formula: &Formula) -> bool {
    match formula {
        Formula::Atom(Atom::Linear { sum, .. }) => is_value(sum) && sum.constant.is_zero(),
        Formula::Atom(Atom::Same(Scalar::Field(Field::Value), Scalar::Const(none))) => none.is_zero(),
        Formula::Atom(Atom::Same(Scalar::Const(none), Scalar::Field(Field::Value))) => none.is_zero(),
        _ => false,
    }
}

/// The value sent, under a rule that lets none go along.
fn always_nothing(effect: &EffectSpec, arm: &Arm) -> bool {
    is_value(&effect.amount) && arm.clauses.iter().any(|clause| no_value(&clause.formula))
}

fn paragraph(rules: &RuleSet, rule: &Rule, body: &Body, what: &str) -> Entry {
    let does = match body.does.as_slice() {
        [] => String::new(),
        does => format!(", which {}", list(does, "and")),
    };
    let says = match &rule.verb {
        Verb::Allow => format!("The agent may {what}{does}"),
        Verb::Ask(ask) => format!("The agent may {what}{does}, once {}", approved(rules, ask)),
        Verb::Deny => format!("The agent may never {what}"),
    };
    let until = match body.until.as_slice() {
        [] => String::new(),
        [end, ..] => format!(", until {end}"),
    };
    let (colon, mut lines) = match body.conditions.as_slice() {
        [] => (".", Vec::new()),
        conditions => (", if:", conditions.to_vec()),
    };
    let sentence = format!("{says}{until}{colon}");
    let conditions = lines.len();
    lines.extend(body.remarks.iter().cloned());
    lines.extend(remarks(rules, rule));
    Entry { name: rule.name.clone(), sentence, conditions, lines }
}

fn remarks(rules: &RuleSet, rule: &Rule) -> Vec<String> {
    let mut out = Vec::new();
    for (budget, ask) in &rule.beyond {
        let budget = budgets(rules, &[*budget]).join("");
        out.push(format!(
            "Where that would break the budget {budget}, it is done once {}.",
            approved(rules, ask)
        ));
    }
    if !rule.exempt.is_empty() {
        out.push(format!("It does not count against {}.", list(&budgets(rules, &rule.exempt), "and")));
    }
    let over: Vec<_> = rule.over.iter().filter_map(|id| rules.rules.get(id.index())).collect();
    if !over.is_empty() {
        let over: Vec<_> = over.iter().map(|other| format!("`{}`", other.name)).collect();
        out.push(format!("It goes before {}.", list(&over, "and")));
    }
    for (risk, why) in &rule.accepts {
        let means = match risk.as_str() {
            "foreign_sender" => " (inside a wrapper, somebody else than the wallet acts)",
            "allow_failure" => " (a part of it may fail, and the rest is done)",
            _ => "",
        };
        out.push(format!("Its author accepts the risk \"{}\"{means}: {why}.", risk.replace('_', " ")));
    }
    out
}

/// Distinct names: a budget's lines share theirs.
fn budgets(rules: &RuleSet, ids: &[BudgetId]) -> Vec<String> {
    let mut names: Vec<_> =
        ids.iter().filter_map(|id| rules.budgets.get(id.index())).map(|b| format!("`{}`", b.name)).collect();
    names.dedup();
    names
}

fn approved(rules: &RuleSet, ask: &Ask) -> String {
    let names = Names::new(rules, None);
    let of: Vec<_> = ask.of.iter().map(|target| names.target(*target)).collect();
    let within = match ask.within {
        Seconds::Fixed(seconds) => duration(seconds),
        Seconds::Param(param) => names.param(param),
    };
    let who = match of.as_slice() {
        [one] => format!("{one} approves"),
        many if usize::try_from(ask.need).is_ok_and(|need| need == many.len()) => {
            format!("{} approve", list(many, "and"))
        }
        many => {
            let verb = if ask.need == 1 { "approves" } else { "approve" };
            format!("{} of {} {verb}", ask.need, list(many, "and"))
        }
    };
    format!("{who} it within {within}")
}

/// `4 calls`
pub(super) fn calls(n: u64) -> String {
    plural(n, "call")
}
