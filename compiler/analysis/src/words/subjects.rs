//! What rules are about, and what any of it may come wrapped in.

use super::{Entry, names::Names, quantities::list};
use crate::ruleset::{Callable, Rule, RuleSet, Verb};
use agentpol_model::{ChainId, ids::CallableId, request::Kind};
use std::collections::BTreeMap;

/// `make any call that the policy can read`, if a rule is about all that `any` means. What runs code as the account, and what creates
/// contracts, is never meant.
pub(super) fn everything(rules: &RuleSet, rule: &Rule) -> Option<String> {
    let meant = |kind| {
        let (send, sign) =
            (matches!(kind, Kind::Call | Kind::Send), matches!(kind, Kind::Sign | Kind::Message));
        send || sign || kind == Kind::Command
    };
    let has = |id| rule.arms.iter().any(|arm| arm.callable == id);
    let all = by_id(rules).filter(|(_, callable)| meant(callable.kind)).all(|(id, _)| has(id));
    let signs = rules.callables.iter().any(|c| matches!(c.kind, Kind::Sign | Kind::Message));
    (rule.arms.len() > 1 && all).then(|| {
        let also = if signs { ", and sign anything," } else { "" };
        format!("make any call{also} that the policy can read")
    })
}

fn by_id(rules: &RuleSet) -> impl Iterator<Item = (CallableId, &Callable)> {
    (0..).map(CallableId::new).zip(&rules.callables)
}

/// A verb, so that it is not said twice, and what it is done to.
fn kind_of(rules: &RuleSet, callable: &Callable) -> (&'static str, String) {
    let function = callable.function.as_ref().map_or("", |function| &function.name);
    let name = format!("{}.{function}", callable.contract);
    match callable.kind {
        Kind::Call => ("call ", name),
        Kind::Send => ("send ", native(rules, callable.chain).to_owned()),
        Kind::Sign => ("sign ", name),
        Kind::Message if function == "SignIn" => ("sign in ", "where it is asked to (EIP-4361)".to_owned()),
        Kind::Message => ("sign ", "texts".to_owned()),
        Kind::Deploy => ("deploy ", "contracts".to_owned()),
        Kind::Authorize => ("let ", "code act as the account from then on (EIP-7702)".to_owned()),
        Kind::Delegatecall => ("run, as the account, the code of ", name),
        Kind::Command => ("have a router do ", name),
    }
}

/// `call USDC.transfer on ethereum and base`
pub(super) fn subject(rules: &RuleSet, callables: &[&Callable]) -> String {
    let names = Names::new(rules, None);
    let mut places: BTreeMap<Vec<ChainId>, Vec<(&str, String)>> = BTreeMap::new();
    let mut chains: Vec<((&str, String), Vec<ChainId>)> = Vec::new();
    for callable in callables {
        let what = kind_of(rules, callable);
        match chains.iter_mut().find(|(other, _)| *other == what) {
            // Functions of one name are named once.
            Some((_, on)) if on.contains(&callable.chain) => {}
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
            let mut said = "";
            let what: Vec<_> = what
                .iter()
                .map(|(verb, what)| {
                    let again = *verb == said;
                    said = verb;
                    format!("{}{what}", if again { "" } else { verb })
                })
                .collect();
            format!("{} on {}", list(&what, "or"), on_chains(&names, on, "or"))
        })
        .collect();
    list(&parts, "or")
}

fn on_chains(names: &Names<'_>, on: &[ChainId], word: &str) -> String {
    list(&on.iter().map(|id| names.chain_name(*id)).collect::<Vec<_>>(), word)
}

fn native(rules: &RuleSet, chain: ChainId) -> &str {
    let chain = rules.chains.iter().find(|c| c.id == chain);
    let token = chain.and_then(|chain| rules.tokens.get(chain.native.index()));
    token.map_or("value", |token| &token.symbol)
}

/// Wrappers that need no rule of their own, unless some rule never lets them.
pub(super) fn wrappers(rules: &RuleSet) -> Vec<Entry> {
    let names = Names::new(rules, None);
    let denied = |id| {
        let denies = rules.rules.iter().filter(|rule| rule.verb == Verb::Deny);
        denies.flat_map(|rule| &rule.arms).any(|arm| arm.callable == id && arm.clauses.is_empty())
    };
    let mut by_name: BTreeMap<String, Vec<ChainId>> = BTreeMap::new();
    for (_, callable) in by_id(rules).filter(|(id, callable)| callable.is_wrapper() && !denied(*id)) {
        let on = by_name.entry(callable.name()).or_default();
        if !on.contains(&callable.chain) {
            on.push(callable.chain);
        }
    }
    let mut by_chains: BTreeMap<Vec<ChainId>, Vec<String>> = BTreeMap::new();
    for (name, on) in by_name {
        by_chains.entry(on).or_default().push(name);
    }
    by_chains
        .into_iter()
        .map(|(on, wrappers)| {
            let (wrappers, on) = (list(&wrappers, "or"), on_chains(&names, &on, "and"));
            let sentence = format!(
                "It may come inside {wrappers} on {on}; each part is judged as if it stood alone, for whoever acts then."
            );
            Entry::plain("", sentence)
        })
        .collect()
}
