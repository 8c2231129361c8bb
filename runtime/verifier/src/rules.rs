//! Rules, apart from their guards.

use crate::{
    At, Check, is_set, numbered, require,
    tables::{self, budget},
    wrong,
};
use agentpol_bytecode::{Module, Rule, limits::MAX_OVER};
use agentpol_model::{
    decision::DenyCode,
    ids::{BudgetId, RuleId},
    policy::{Ask, ParamType, Target, Verb},
};
use std::collections::BTreeSet;

/// Each by itself.
pub(crate) fn rules(module: &Module) -> Check {
    let names: BTreeSet<_> = module.rules.iter().map(|rule| &rule.name).collect();
    require(names.len() == module.rules.len(), "two rules have one name").at("rules")?;
    for (id, rule) in numbered(&module.rules) {
        one_rule(module, rule).at(RuleId::new(id))?;
    }
    Ok(())
}

fn one_rule(module: &Module, rule: &Rule) -> Check {
    require(rule.place.start <= rule.place.end, "ends before it begins")?;
    require(is_set(&rule.exempt), "`exempt` is not sorted, each once")?;
    require(rule.beyond.is_sorted_by(|a, b| a.0 < b.0), "`beyond` is not sorted by budget, each once")?;
    require(is_set::<DenyCode>(&rule.lifts), "`lifts` is not sorted, each once")?;
    for lifted in &rule.lifts {
        let accepted = rule.accepts.iter().any(|(risk, _)| risk == lifted.name());
        require(accepted, "lifts a refusal that it does not accept by name")?;
    }
    if rule.verb == Verb::Deny {
        let plain = rule.beyond.is_empty() && rule.exempt.is_empty() && rule.over.is_empty();
        require(plain, "a `deny` has no `over`, `beyond` or `exempt`")?;
    }
    if let Verb::Ask(who) = &rule.verb {
        ask(module, who)?;
    }
    rule.exempt.iter().try_for_each(|id| budget(module, *id).map(drop))?;
    rule.beyond.iter().try_for_each(|(id, who)| {
        budget(module, *id)?;
        ask(module, who)
    })
}

fn ask(module: &Module, ask: &Ask) -> Check {
    tables::seconds(module, ask.within)?;
    let approvers: BTreeSet<_> = ask.of.iter().collect();
    require(approvers.len() == ask.of.len(), "an approver is named twice")?;
    let enough = ask.need >= 1 && ask.need as usize <= approvers.len();
    require(enough, "as many approvals are needed as there are approvers, at most, and one at least")?;
    ask.of.iter().try_for_each(|approver| match approver {
        Target::Fixed(_) => Ok(()),
        Target::Param(id) => {
            tables::param(module, *id, |ty| ty == ParamType::Approver, "an approver is needed")
        }
    })
}

/// A strict partial order of grants, given whole: then one look at a rule says all that it stands over.
pub(crate) fn over(module: &Module) -> Check {
    for (id, rule) in numbered(&module.rules) {
        let id = RuleId::new(id);
        require(is_set(&rule.over), "`over` is not sorted, each once").at(id)?;
        let mut nested = false;
        for below in &rule.over {
            let Some(lower) = module.rules.get(below.index()) else {
                return wrong(format!("{below} does not exist")).at(id);
            };
            require(*below != id, "stands over itself").at(id)?;
            require(lower.verb != Verb::Deny, "stands over a `deny`").at(id)?;
            nested |= !lower.over.is_empty();
            let whole = lower.over.iter().all(|next| rule.over.binary_search(next).is_ok());
            require(whole, "`over` is not transitively closed").at(id)?;
        }
        require(
            !nested || rule.over.len() <= MAX_OVER,
            "stands over more rules than one may that stand over others",
        )
        .at(id)?;
    }
    Ok(())
}

/// The budgets that a rule's effects go to, found rule by rule (the compiler goes budget by budget).
pub(crate) fn charged(module: &Module) -> Check {
    let scopes: Vec<Option<BTreeSet<RuleId>>> = module
        .budgets
        .iter()
        .map(|budget| budget.rules.as_ref().map(|rules| rules.iter().copied().collect()))
        .collect();
    for (id, scope) in numbered(&scopes) {
        let known = scope.iter().flatten().all(|rule| rule.index() < module.rules.len());
        require(known, "`for` names a rule that does not exist").at(BudgetId::new(id))?;
    }
    for (id, rule) in numbered(&module.rules) {
        let id = RuleId::new(id);
        let in_scope =
            |scope: &Option<BTreeSet<RuleId>>| scope.as_ref().is_none_or(|rules| rules.contains(&id));
        let expected = numbered(&scopes).filter(|(_, scope)| rule.verb != Verb::Deny && in_scope(scope));
        let expected =
            expected.map(|(budget, _)| BudgetId::new(budget)).filter(|budget| !rule.exempt.contains(budget));
        require(
            expected.eq(rule.charged.iter().copied()),
            "the budgets it is charged to are not those in whose scope it is",
        )
        .at(id)?;
    }
    Ok(())
}
