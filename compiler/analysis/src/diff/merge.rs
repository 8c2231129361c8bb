//! Two policies as one rule set, in which a rule of either speaks of the same tokens, parameters and callables.

use crate::{
    renumber::{Numbers, id, is_same},
    ruleset::{Arm, Rule, RuleSet},
    solve::Key,
};
use agentpol_model::ids::{CallableId, ParamId, RuleId, SetId, TokenId};

/// The old policy with the new one's rules behind its own.
pub(super) struct Merged {
    pub(super) rules: RuleSet,
    /// So many rules are the old one's.
    pub(super) old: usize,
}

impl Merged {
    /// Everything that either policy speaks of.
    pub(super) fn keys(&self) -> impl Iterator<Item = Key<'_>> {
        let all = (0..).map(CallableId::new).take(self.rules.callables.len());
        all.filter_map(|id| Key::new(&self.rules, id, &[]))
    }

    pub(super) fn new(old: &RuleSet, new: &RuleSet) -> Self {
        let mut rules = old.clone();
        // Charges are for the budgets, which are compared by what they let out.
        for rule in &mut rules.rules {
            forget_budgets(rule);
        }
        let mut numbers = Numbers::default();
        let behind = rules.rules.len();
        for token in &new.tokens {
            let known = rules.tokens.iter().position(|known| known.symbol == token.symbol);
            let place = known.unwrap_or_else(|| {
                rules.tokens.push(token.clone());
                rules.tokens.len().saturating_sub(1)
            });
            if let Some(known) = rules.tokens.get_mut(place) {
                let missing = token.sites.iter().filter(|site| !known.sites.contains(site));
                let missing: Vec<_> = missing.copied().collect();
                known.sites.extend(missing);
            }
            numbers.tokens.push(TokenId::new(id(place)));
        }
        for param in &new.params {
            let known =
                rules.params.iter().position(|known| (&known.name, known.ty) == (&param.name, param.ty));
            let place = known.unwrap_or_else(|| {
                rules.params.push(param.clone());
                rules.params.len().saturating_sub(1)
            });
            numbers.params.push(ParamId::new(id(place)));
        }
        for set in &new.sets {
            rules.sets.push(set.clone());
            numbers.sets.push(SetId::new(id(rules.sets.len().saturating_sub(1))));
        }
        for chain in &new.chains {
            if !rules.chains.iter().any(|known| known.id == chain.id) {
                let native = numbers.token(chain.native);
                rules.chains.push(crate::ruleset::Chain { native, ..chain.clone() });
            }
        }
        for contract in &new.contracts {
            let contract =
                crate::ruleset::Contract { address: numbers.target(contract.address), ..contract.clone() };
            if !rules.contracts.contains(&contract) {
                rules.contracts.push(contract);
            }
        }
        for callable in &new.callables {
            let callable = numbers.callable(callable);
            let known = rules.callables.iter().position(|known| is_same(known, &callable));
            let place = match known {
                Some(place) => {
                    // What the new policy knows of it counts.
                    if let Some(known) = rules.callables.get_mut(place) {
                        *known = callable;
                    }
                    place
                }
                None => {
                    rules.callables.push(callable);
                    rules.callables.len().saturating_sub(1)
                }
            };
            numbers.callables.push(CallableId::new(id(place)));
        }
        rules.named_addresses.extend(new.named_addresses.iter().copied());
        for rule in &new.rules {
            rules.rules.push(rule_of(&numbers, behind, rule));
        }
        Self { rules, old: behind }
    }
}

fn forget_budgets(rule: &mut Rule) {
    rule.beyond.clear();
    rule.exempt.clear();
    for arm in &mut rule.arms {
        arm.charges.clear();
    }
}

/// A rule of the new policy, behind so many of the old one's.
fn rule_of(numbers: &Numbers, behind: usize, rule: &Rule) -> Rule {
    let arms = rule.arms.iter().map(|arm| Arm {
        callable: numbers.callables.get(arm.callable.index()).copied().unwrap_or(arm.callable),
        clauses: numbers.clauses(arm),
        charges: Vec::new(),
    });
    let over = rule.over.iter().map(|lower| RuleId::new(id(lower.index().saturating_add(behind))));
    let (arms, over) = (arms.collect(), over.collect());
    let mut rule = Rule { arms, over, ..rule.clone() };
    forget_budgets(&mut rule);
    rule
}
