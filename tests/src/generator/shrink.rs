//! Of something that fails, the smallest that still does. Structural: rules, arms, clauses, parts of conditions, effects and
//! budgets go, one at a time, as long as the failure stays.

use agentpol_analysis::ruleset::{Atom, EffectSpec, Formula, Linear, RuleSet};
use agentpol_model::ids::{BudgetId, RuleId};

/// Has smaller versions of itself.
pub trait Shrink: Sized {
    /// Each smaller by one thing; the greatest steps first.
    fn smaller(&self) -> Vec<Self>;
}

/// Takes steps down while `fails` holds.
pub fn minimise<T: Shrink>(mut failing: T, mut fails: impl FnMut(&T) -> bool) -> T {
    while let Some(next) = failing.smaller().into_iter().find(|candidate| fails(candidate)) {
        failing = next;
    }
    failing
}

impl Shrink for RuleSet {
    fn smaller(&self) -> Vec<Self> {
        let mut out = Vec::new();
        for rule in 0..self.rules.len() {
            out.push(without_rule(self, rule));
        }
        for budget in (0..self.budgets.len()).rev() {
            out.push(without_budget(self, budget));
        }
        for (n, rule) in self.rules.iter().enumerate() {
            for arm in 0..rule.arms.len() {
                out.push(changed(self, |set| drop(set.rules[n].arms.remove(arm))));
                for (c, clause) in rule.arms[arm].clauses.iter().enumerate() {
                    out.push(changed(self, |set| drop(set.rules[n].arms[arm].clauses.remove(c))));
                    for formula in clause.formula.smaller() {
                        out.push(changed(self, |set| set.rules[n].arms[arm].clauses[c].formula = formula));
                    }
                }
                for charge in 0..rule.arms[arm].charges.len() {
                    out.push(changed(self, |set| drop(set.rules[n].arms[arm].charges.remove(charge))));
                }
            }
            for over in 0..rule.over.len() {
                out.push(changed(self, |set| _ = set.rules[n].over.remove(over)));
            }
            for lift in 0..rule.lifts.len() {
                out.push(changed(self, |set| _ = set.rules[n].lifts.remove(lift)));
            }
        }
        for (n, callable) in self.callables.iter().enumerate() {
            for (e, effect) in callable.effects.iter().enumerate() {
                out.push(changed(self, |set| drop(set.callables[n].effects.remove(e))));
                for effect in effect.smaller() {
                    out.push(changed(self, |set| set.callables[n].effects[e] = effect));
                }
            }
        }
        for contract in 0..self.contracts.len() {
            out.push(changed(self, |set| drop(set.contracts.remove(contract))));
        }
        out
    }
}

impl Shrink for EffectSpec {
    fn smaller(&self) -> Vec<Self> {
        let mut out: Vec<Self> =
            self.when.smaller().into_iter().map(|when| Self { when, ..self.clone() }).collect();
        out.extend(self.amount.smaller().into_iter().map(|amount| Self { amount, ..self.clone() }));
        if self.until.is_some() {
            out.push(Self { until: None, ..self.clone() });
        }
        if self.sentinel.is_some() {
            out.push(Self { sentinel: None, ..self.clone() });
        }
        out
    }
}

impl Shrink for Formula {
    fn smaller(&self) -> Vec<Self> {
        match self {
            Formula::Const(_) => vec![],
            Formula::Atom(atom) => {
                let mut out = vec![Formula::Const(true), Formula::Const(false)];
                if let Atom::Linear { sum, relation } = atom {
                    let sums = sum.smaller().into_iter();
                    out.extend(sums.map(|sum| Formula::Atom(Atom::Linear { sum, relation: *relation })));
                }
                out
            }
            Formula::Not(inner) => {
                let mut out = vec![(**inner).clone()];
                out.extend(inner.smaller().into_iter().map(|inner| Formula::Not(Box::new(inner))));
                out
            }
            Formula::And(parts) => parts_of(parts, Formula::And),
            Formula::Or(parts) => parts_of(parts, Formula::Or),
            Formula::Quantified { every, array, max, body } => {
                let mut out = vec![Formula::Const(true), Formula::Const(false)];
                out.extend(body.smaller().into_iter().map(|body| Formula::Quantified {
                    every: *every,
                    array: array.clone(),
                    max: *max,
                    body: Box::new(body),
                }));
                out
            }
        }
    }
}

fn parts_of(parts: &[Formula], whole: fn(Vec<Formula>) -> Formula) -> Vec<Formula> {
    let mut out = vec![Formula::Const(true), Formula::Const(false)];
    out.extend(parts.iter().cloned());
    for n in 0..parts.len() {
        let mut fewer = parts.to_vec();
        fewer.remove(n);
        out.push(whole(fewer));
        for part in parts[n].smaller() {
            let mut parts = parts.to_vec();
            parts[n] = part;
            out.push(whole(parts));
        }
    }
    out
}

impl Shrink for Linear {
    fn smaller(&self) -> Vec<Self> {
        let mut out = Vec::new();
        for n in 0..self.terms.len() {
            let mut fewer = self.clone();
            fewer.terms.remove(n);
            out.push(fewer);
        }
        if self.constant != 0.into() {
            out.push(Self { constant: 0.into(), ..self.clone() });
        }
        out
    }
}

fn changed(set: &RuleSet, change: impl FnOnce(&mut RuleSet)) -> RuleSet {
    let mut set = set.clone();
    change(&mut set);
    set
}

/// Rules after it move up, wherever they are spoken of.
fn without_rule(set: &RuleSet, gone: usize) -> RuleSet {
    let moved = |ids: &[RuleId]| -> Vec<RuleId> {
        let left = ids.iter().filter(|id| id.index() != gone);
        left.map(|id| if id.index() > gone { RuleId::new(id.raw() - 1) } else { *id }).collect()
    };
    changed(set, |set| {
        set.rules.remove(gone);
        for rule in &mut set.rules {
            rule.over = moved(&rule.over);
        }
        for budget in &mut set.budgets {
            budget.rules = budget.rules.as_deref().map(moved).filter(|rules| !rules.is_empty());
        }
    })
}

fn without_budget(set: &RuleSet, gone: usize) -> RuleSet {
    let moved =
        |id: BudgetId| (id.index() != gone).then(|| BudgetId::new(id.raw() - u32::from(id.index() > gone)));
    changed(set, |set| {
        set.budgets.remove(gone);
        for rule in &mut set.rules {
            rule.exempt = rule.exempt.iter().filter_map(|id| moved(*id)).collect();
            let beyond = std::mem::take(&mut rule.beyond);
            rule.beyond = beyond.into_iter().filter_map(|(id, ask)| Some((moved(id)?, ask))).collect();
            for arm in &mut rule.arms {
                for (_, budgets) in &mut arm.charges {
                    *budgets = budgets.iter().filter_map(|id| moved(*id)).collect();
                }
                arm.charges.retain(|(_, budgets)| !budgets.is_empty());
            }
        }
    })
}
