//! Each rule as a paragraph.

use super::{
    Entry,
    names::Names,
    quantities::{date, duration, list, plural},
};
use crate::ruleset::{
    Arm, Ask, Atom, Callable, EffectSpec, Formula, Linear, Relation, Rule, RuleSet, Scalar, Seconds,
    TokenSpec, Verb,
};
use agentpol_model::{
    ChainId,
    effect::{EffectKind, GrantMode},
    ids::BudgetId,
    request::{Field, Kind},
    types::{Path, WordType},
};
use num_bigint::BigInt;
use num_traits::{One, Zero};
use std::collections::BTreeMap;

/// What several arms have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Body {
    conditions: Vec<String>,
    until: Vec<String>,
    does: Vec<String>,
    charges: Vec<String>,
}

/// The paragraphs of one rule: one for each group of arms that differ in nothing but where they are called.
pub(super) fn paragraphs(rules: &RuleSet, rule: &Rule) -> Vec<Entry> {
    let everything = rule.arms.len() > 1 && rule.arms.len() == rules.callables.len();
    let mut groups: Vec<(Body, Vec<&Callable>)> = Vec::new();
    for arm in &rule.arms {
        let Some(callable) = rules.callables.get(arm.callable.index()) else { continue };
        let body = body(rules, arm, everything);
        match groups.iter_mut().find(|(other, _)| *other == body) {
            Some((_, callables)) => callables.push(callable),
            None => groups.push((body, vec![callable])),
        }
    }
    groups.iter().map(|(body, callables)| paragraph(rules, rule, body, callables, everything)).collect()
}

fn body(rules: &RuleSet, arm: &Arm, everything: bool) -> Body {
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
    let effects = names.callable.map_or(&[][..], |callable| &callable.effects);
    let sends = names.callable.is_some_and(|callable| callable.kind == Kind::Send);
    let does = effects.iter().filter(|effect| !everything && !sends && !always_nothing(effect, arm));
    let does = does.map(|effect| names.effect(effect)).collect();
    let charges = arm.charges.iter().map(|(amount, to)| {
        format!("{} is charged to {}", names.sum(amount), list(&budgets(rules, to), "and"))
    });
    Body { conditions, until, does, charges: charges.collect() }
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

fn is_value(sum: &Linear) -> bool {
    matches!(sum.terms.as_slice(), [(_, Scalar::Field(Field::Value))])
}

/// The value sent, under a rule that lets none go along.
fn always_nothing(effect: &EffectSpec, arm: &Arm) -> bool {
    is_value(&effect.amount) && arm.clauses.iter().any(|clause| no_value(&clause.formula))
}

fn paragraph(rules: &RuleSet, rule: &Rule, body: &Body, callables: &[&Callable], everything: bool) -> Entry {
    let what = if everything {
        "make any call that the policy can read".to_owned()
    } else {
        subject(rules, callables)
    };
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
    lines.extend(body.charges.iter().map(|charge| format!("{charge}.")));
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
        out.push(format!("Its author accepts the risk \"{}\": {why}.", risk.replace('_', " ")));
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

/// `call USDC.transfer on ethereum and base`
fn subject(rules: &RuleSet, callables: &[&Callable]) -> String {
    let names = Names::new(rules, None);
    let mut places: BTreeMap<Vec<ChainId>, Vec<String>> = BTreeMap::new();
    let mut chains: Vec<(String, Vec<ChainId>)> = Vec::new();
    for callable in callables {
        let what = match callable.kind {
            Kind::Send => format!("send {}", native(rules, callable.chain)),
            _ => format!("call {}", callable.name()),
        };
        match chains.iter_mut().find(|(other, _)| *other == what) {
            Some((_, on)) => on.push(callable.chain),
            None => chains.push((what, vec![callable.chain])),
        }
    }
    for (what, on) in chains {
        places.entry(on).or_default().push(what);
    }
    let parts: Vec<_> = places
        .iter()
        .map(|(on, what)| {
            let on: Vec<_> = on.iter().map(|id| names.chain_name(*id)).collect();
            let mut what = what.clone();
            // One `call` for all of them.
            for later in what.iter_mut().skip(1) {
                *later = later.trim_start_matches("call ").to_owned();
            }
            format!("{} on {}", list(&what, "or"), list(&on, "or"))
        })
        .collect();
    list(&parts, "or")
}

fn native(rules: &RuleSet, chain: ChainId) -> &str {
    let chain = rules.chains.iter().find(|c| c.id == chain);
    let token = chain.and_then(|chain| rules.tokens.get(chain.native.index()));
    token.map_or("value", |token| &token.symbol)
}

impl Names<'_> {
    /// `moves amount of USDC to `to``
    fn effect(&self, effect: &EffectSpec) -> String {
        let (verb, party) = match effect.kind {
            EffectKind::Move => ("moves", "to"),
            EffectKind::Pull { exact: true } => ("lets exactly", "be taken by"),
            EffectKind::Pull { exact: false } => ("lets up to", "be taken by"),
            EffectKind::Grant(GrantMode::Set) => ("lets", "be spent by"),
            EffectKind::Grant(GrantMode::Add) => ("lets another", "be spent by"),
            EffectKind::Grant(GrantMode::Dec) => ("takes back", "from"),
            EffectKind::Receive => ("brings at least", "to"),
            EffectKind::Owe => ("makes a debt of", "for"),
        };
        let token = match (self.resolve(&effect.token), &effect.token) {
            (Some(token), _) => self.token(token).map_or_else(|| token.to_string(), |t| t.symbol.clone()),
            (None, TokenSpec::At(scalar)) => format!("the token {}", self.scalar(scalar)),
            (None, TokenSpec::Known(token)) => token.to_string(),
        };
        let who = match &effect.party {
            Scalar::Const(word) => self.constant(*word, &Scalar::Arg(Path(vec![]), WordType::Address)),
            other => self.scalar(other),
        };
        let mut out = if is_value(&effect.amount) {
            format!("{verb} the {token} sent along {party} {who}")
        } else {
            format!("{verb} {} of {token} {party} {who}", self.sum(&effect.amount))
        };
        if let Some(until) = &effect.until {
            out.push_str(" until ");
            out.push_str(&self.scalar(until));
        }
        match &effect.when {
            Formula::Const(true) => {}
            when => out.push_str(&format!(" (when {})", self.condition(when))),
        }
        out
    }
}

/// `4 calls`
pub(super) fn calls(n: u64) -> String {
    plural(n, "call")
}
