//! A rule set that differs from another in one or a few ways, as somebody who edits a policy makes it.

use super::{rng::Rng, shrink::Shrink as _};
use agentpol_analysis::ruleset::{Atom, Formula, RuleSet, SetRef, Verb};
use agentpol_model::{
    U256,
    decision::DenyCode,
    ids::{RuleId, SetId},
};

/// Refusals that a rule may lift.
const LIFTED: [DenyCode; 4] =
    [DenyCode::ZeroRecipient, DenyCode::SelfRecipient, DenyCode::Opaque, DenyCode::ForeignSender];

/// The same with a few changes, or with none.
pub fn change(old: &RuleSet, rng: &mut Rng) -> RuleSet {
    let mut new = old.clone();
    for _ in 0..*rng.pick(&[0, 1, 1, 1, 2, 3]) {
        new = once(new, rng);
    }
    new
}

fn once(mut set: RuleSet, rng: &mut Rng) -> RuleSet {
    let rule = rng.below(set.rules.len());
    let callable = rng.below(set.callables.len());
    match rng.below(12) {
        // Something is left out.
        0..=3 => {
            let smaller = set.smaller();
            return rng.choose(&smaller).cloned().unwrap_or(set);
        }
        4 if rule < set.rules.len() => {
            let verbs: Vec<Verb> =
                set.rules.iter().map(|rule| rule.verb.clone()).chain([Verb::Allow]).collect();
            set.rules[rule].verb = rng.pick(&verbs).clone();
            if set.rules[rule].verb == Verb::Deny {
                let id = RuleId::new(rule as u32);
                let of = &mut set.rules[rule];
                (of.over, of.lifts, of.accepts) = (vec![], vec![], vec![]);
                for other in &mut set.rules {
                    other.over.retain(|lower| *lower != id);
                }
            }
        }
        5 if rule < set.rules.len() && set.rules[rule].verb != Verb::Deny => {
            let code = *rng.pick(&LIFTED);
            let lifts = &mut set.rules[rule].lifts;
            match lifts.iter().position(|lifted| *lifted == code) {
                Some(at) => drop(lifts.remove(at)),
                None => lifts.push(code),
            }
        }
        6 if !set.contracts.is_empty() => {
            let at = rng.below(set.contracts.len());
            let trusted = &mut set.contracts[at].trusted;
            *trusted = if trusted.is_some() { None } else { Some("known".to_owned()) };
        }
        7 if !set.tokens.is_empty() => {
            let at = rng.below(set.tokens.len());
            set.tokens[at].sites.pop();
        }
        8 if callable < set.callables.len() => {
            let of = &mut set.callables[callable];
            match rng.below(3) {
                0 => of.opaque = !of.opaque,
                1 => of.requires = Formula::Const(true),
                _ => of.effects.reverse(),
            }
        }
        9 => {
            // The rules stand in another order.
            let n = set.rules.len();
            let moved = |id: &RuleId| RuleId::new((n - 1 - id.index()) as u32);
            set.rules.reverse();
            for rule in &mut set.rules {
                rule.over = rule.over.iter().map(moved).collect();
                rule.over.sort_unstable();
            }
            for budget in &mut set.budgets {
                budget.rules = budget.rules.as_ref().map(|rules| rules.iter().map(moved).collect());
            }
        }
        _ => constants(&mut set, rule, rng),
    }
    set
}

/// One constant of a rule's conditions, or a parameter's domain.
fn constants(set: &mut RuleSet, rule: usize, rng: &mut Rng) {
    if !set.params.is_empty() && (rule >= set.rules.len() || rng.chance(20)) {
        let at = rng.below(set.params.len());
        if let Some((low, high)) = &mut set.params[at].domain {
            *(if rng.chance(50) { &mut *low } else { &mut *high }) = *low + (*high - *low) / U256::from(2);
        }
        return;
    }
    let Some(of) = set.rules.get_mut(rule) else { return };
    let arms = of.arms.iter_mut().flat_map(|arm| &mut arm.clauses).map(|clause| &mut clause.formula);
    let mut atoms: Vec<&mut Atom> = arms.flat_map(atoms).collect();
    if atoms.is_empty() {
        return;
    }
    let at = rng.below(atoms.len());
    match atoms.swap_remove(at) {
        Atom::Linear { sum, .. } => sum.constant += *rng.pick(&[-1_i64, 1, -1_000, 1_000]),
        Atom::Member(_, SetRef::Const(of)) => {
            let mut words = set.sets[of.index()].clone();
            if words.len() < 2 || rng.chance(50) {
                let known: Vec<U256> = set.sets.iter().flatten().copied().collect();
                words.extend(rng.choose(&known));
            } else {
                words.pop_first();
            }
            *of = SetId::new(set.sets.len() as u32);
            set.sets.push(words);
        }
        _ => {}
    }
}

fn atoms(formula: &mut Formula) -> Vec<&mut Atom> {
    match formula {
        Formula::Const(_) => vec![],
        Formula::Atom(atom) => vec![atom],
        Formula::Not(inner) | Formula::Quantified { body: inner, .. } => atoms(inner),
        Formula::And(parts) | Formula::Or(parts) => parts.iter_mut().flat_map(atoms).collect(),
    }
}
