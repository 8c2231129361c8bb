//! Declarations to the rule normal form.
//!
//! | module | flattens |
//! | --- | --- |
//! | [`needs`] | which kinds of request some rule names |
//! | [`callables`] | contracts on chains to what a request can be about |
//! | [`judged`] | one of these, with what it does |
//! | [`effects`] | what a function does |
//! | [`subject`] | what a rule is about, to callables |
//! | [`deployments`] | at which contracts, on which chains |
//! | [`overload`] | which function a subject's names fit |
//! | [`rules`] | a rule, to an arm for each of them |
//! | [`guard`] | its conditions |
//! | [`asks`] | who is asked, and within what time |
//! | [`budgets`] | caps, windows and measures; `fees at most` |
//! | [`order`] | `over`, transitively closed |
//! | [`params`] | parameters with their domains |

mod asks;
mod budgets;
mod callables;
mod deployments;
mod effects;
mod guard;
mod judged;
mod needs;
mod order;
mod overload;
mod params;
mod rules;
mod subject;

use crate::{
    hir::{ContractIx, ModuleIx},
    typecheck::Checker,
};
use agentpol_analysis::ruleset::{Chain, RuleSet, Token};
use agentpol_grammar::ast::{self, ItemKind};
use agentpol_model::{
    budget::Budget,
    ids::{BudgetId, RuleId, TokenId},
};
#[cfg(test)]
pub(crate) use asks::MAX_WITHIN_SECONDS;
pub(crate) use budgets::Amount;
#[cfg(test)]
pub(crate) use budgets::MAX_LINES;
pub(crate) use callables::{Callables, Known};
use std::collections::BTreeMap;

/// What rules and tests look things up in.
pub(crate) struct Flattened<'a> {
    pub(crate) ruleset: RuleSet,
    pub(crate) callables: Callables,
    pub(crate) rule_ids: BTreeMap<&'a str, RuleId>,
}

/// Names of rules and budgets, and the budgets' lines.
struct Tables<'a> {
    rules: BTreeMap<&'a str, RuleId>,
    /// Verbs and subjects, to know the catch-alls and the denies.
    heads: Vec<&'a ast::Rule>,
    budgets: BTreeMap<&'a str, Vec<BudgetId>>,
    lines: Vec<Budget>,
}

/// The whole policy in normal form. It is of use only if nothing was wrong.
pub(crate) fn flatten<'a>(checker: &mut Checker<'_, 'a>) -> Flattened<'a> {
    let world = checker.world;
    let mut out = RuleSet { name: world.policy.name.to_owned(), ..RuleSet::default() };
    out.chains = chains(checker);
    out.tokens = tokens(checker);
    out.params = checker.params();
    let items = world.modules.first().map(|m| m.tree.items.as_slice()).unwrap_or_default();
    let needs = needs::Needs::of(world, items.iter().filter_map(rule_item).map(|(_, rule)| rule));
    let callables = checker.callables(&needs, &mut out);
    let mut tables = Tables::of(checker, items);
    checker.budgets(items, &mut tables);
    checker.fees(items, &mut out);
    let mut rules = Vec::with_capacity(tables.heads.len());
    for (item, rule) in items.iter().filter_map(rule_item) {
        rules.push(checker.rule(item, rule, &tables, &callables));
    }
    checker.close_over(&tables, &mut rules);
    out.rules = rules;
    out.budgets = tables.lines;
    out.sets = checker.set_list.clone();
    out.named_addresses = checker.named.clone();
    Flattened { ruleset: out, callables, rule_ids: tables.rules }
}

fn rule_item(item: &ast::Item) -> Option<(&ast::Item, &ast::Rule)> {
    match &item.kind {
        ItemKind::Rule(rule) => Some((item, rule)),
        _ => None,
    }
}

fn chains(checker: &Checker<'_, '_>) -> Vec<Chain> {
    let world = checker.world;
    let chain = |ix: &crate::hir::ChainIx| {
        let def = world.chain_def(*ix)?;
        let native = *world.token_ids.get(&def.native?)?;
        Some(Chain { name: def.name.to_owned(), id: def.id, native, assumptions: def.assumptions.clone() })
    };
    world.policy.chains.iter().filter_map(chain).collect()
}

fn tokens(checker: &Checker<'_, '_>) -> Vec<Token> {
    let world = checker.world;
    let token = |ix: &ContractIx| {
        let def = world.contract(*ix)?;
        let mut sites = Vec::new();
        for chain in &world.policy.chains {
            let Some(id) = world.chain_def(*chain).map(|c| c.id) else { continue };
            match world.site(*ix, *chain).map(|s| s.at) {
                Some(crate::world::At::Native) => sites.push((id, None)),
                Some(crate::world::At::Address(agentpol_analysis::ruleset::Target::Fixed(a))) => {
                    sites.push((id, Some(a)));
                }
                _ if world.chain_def(*chain).and_then(|c| c.native) == Some(*ix) => sites.push((id, None)),
                _ => {}
            }
        }
        sites.sort_unstable();
        Some(Token { symbol: def.name.to_owned(), decimals: def.decimals?, sites })
    };
    world.tokens.iter().filter_map(token).collect()
}

impl<'a> Tables<'a> {
    fn of(checker: &mut Checker<'_, 'a>, items: &'a [ast::Item]) -> Self {
        let mut tables =
            Tables { rules: BTreeMap::new(), heads: Vec::new(), budgets: BTreeMap::new(), lines: Vec::new() };
        let mut first: BTreeMap<&str, ast::Span> = BTreeMap::new();
        for (_, rule) in items.iter().filter_map(rule_item) {
            let id = RuleId::new(u32::try_from(tables.heads.len()).unwrap_or(u32::MAX));
            tables.heads.push(rule);
            match first.get(rule.name.node.as_str()) {
                Some(before) => checker.taken("rule", &rule.name, *before),
                None => {
                    first.insert(&rule.name.node, rule.name.span);
                    tables.rules.insert(&rule.name.node, id);
                }
            }
        }
        tables
    }
}

impl Checker<'_, '_> {
    /// A rule's or budget's name that is taken.
    fn taken(&mut self, what: &str, name: &ast::Name, before: ast::Span) {
        let place = |span| self.world.place(ModuleIx(0), span);
        let said = agentpol_diagnostics::Diagnostic::new(
            agentpol_diagnostics::codes::DUPLICATE_NAME,
            place(name.span),
            format!("there is a {what} named `{}` already", name.node),
        )
        .label(place(before), "this one");
        self.sink.push(said);
    }

    /// A token's number in the rule set.
    pub(crate) fn token_id(&self, ix: ContractIx) -> Option<TokenId> {
        self.world.token_ids.get(&ix).copied()
    }

    /// A name among rules or budgets, or did you mean.
    pub(crate) fn named<T: Clone>(
        &mut self,
        what: &str,
        name: &ast::Name,
        among: &BTreeMap<&str, T>,
    ) -> Option<T> {
        if let Some(found) = among.get(name.node.as_str()) {
            return Some(found.clone());
        }
        let place = self.world.place(ModuleIx(0), name.span);
        let said = agentpol_diagnostics::Diagnostic::new(
            agentpol_diagnostics::codes::UNKNOWN_NAME,
            place,
            format!("there is no {what} named `{}`", name.node),
        );
        self.sink.push(match crate::resolve::nearest(&name.node, among.keys().copied()) {
            Some(near) => {
                said.help(format!("did you mean `{near}`?")).fix(format!("write `{near}`"), place, near)
            }
            None => said,
        });
        None
    }
}
