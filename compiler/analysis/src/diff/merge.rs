//! Two policies with the same numbers, so that a rule of either speaks of the same tokens, parameters and callables. Each keeps what it
//! declares of them, and whom it trusts.

use crate::{
    renumber::{Numbers, id, is_same},
    ruleset::{Arm, Contract, Param, Rule, RuleSet, Token, Verb},
};
use agentpol_model::ids::{CallableId, ParamId, RuleId, SetId, TokenId};

/// Two policies with all rules of both, the new one's behind the old one's.
pub(super) struct Merged {
    /// As the old policy sees callables, tokens and contracts, and as the new one does.
    pub(super) sides: [RuleSet; 2],
    /// So many rules are the old one's.
    pub(super) old: usize,
}

impl Merged {
    pub(super) fn new(old: &RuleSet, new: &RuleSet) -> Self {
        let mut rules = old.clone();
        // Charges are for the budgets, which are compared by what they let out.
        for rule in &mut rules.rules {
            forget_budgets(rule);
        }
        let mut numbers = Numbers::default();
        let behind = rules.rules.len();
        let mut tokens = [old.tokens.clone(), old.tokens.iter().map(nowhere).collect()];
        for token in &new.tokens {
            let [before, after] = &mut tokens;
            let place = before.iter().position(|known| known.symbol == token.symbol).unwrap_or(before.len());
            if place == before.len() {
                before.push(nowhere(token));
                after.push(nowhere(token));
            }
            if let Some(known) = after.get_mut(place) {
                known.sites.clone_from(&token.sites);
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
            if let Some(known) = rules.params.get_mut(place) {
                widen(known, param);
            }
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
        let contract =
            |contract: &Contract| Contract { address: numbers.target(contract.address), ..contract.clone() };
        let contracts = [old.contracts.clone(), new.contracts.iter().map(contract).collect()];
        // Of what only one of them declares only its own rules speak.
        let mut callables = [old.callables.clone(), old.callables.clone()];
        for callable in &new.callables {
            let callable = numbers.callable(callable);
            let [before, after] = &mut callables;
            let place = before.iter().position(|known| is_same(known, &callable)).unwrap_or(before.len());
            if place == before.len() {
                before.push(callable.clone());
                after.push(callable);
            } else if let Some(known) = after.get_mut(place) {
                *known = callable;
            }
            numbers.callables.push(CallableId::new(id(place)));
        }
        for rule in &new.rules {
            rules.rules.push(rule_of(&numbers, behind, rule));
        }
        let mut sides = [rules.clone(), rules];
        for (side, ((tokens, contracts), callables)) in
            sides.iter_mut().zip(tokens.into_iter().zip(contracts).zip(callables))
        {
            (side.tokens, side.contracts, side.callables) = (tokens, contracts, callables);
        }
        Self { sides, old: behind }
    }
}

/// A token that is known by name only.
fn nowhere(token: &Token) -> Token {
    Token { sites: Vec::new(), ..token.clone() }
}

/// All values that one of the two policies takes.
fn widen(param: &mut Param, other: &Param) {
    param.domain = match (param.domain, other.domain) {
        (Some((low, high)), Some((from, to))) => Some((low.min(from), high.max(to))),
        _ => None,
    };
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
    let verb = match &rule.verb {
        Verb::Ask(ask) => Verb::Ask(numbers.ask(ask)),
        verb => verb.clone(),
    };
    let mut rule = Rule { arms: arms.collect(), over: over.collect(), verb, ..rule.clone() };
    forget_budgets(&mut rule);
    rule
}
