//! The report for programs: amounts as decimal strings in base units, witnesses as requests that `decide` accepts.

use super::{Audited, requests};
use crate::report::Shown;
use agentpol_analysis::{
    loss::{Loss, Losses, Most},
    ruleset::RuleSet,
};
use agentpol_compiler::Said;
use agentpol_diagnostics::render::json as diagnostics;
use agentpol_model::{Address, ids::BudgetId, policy::Target};
use num_bigint::BigUint;
use serde_json::{Value as Json, json};

/// The whole report.
pub(super) fn report(audited: &Audited) -> Json {
    let rules = &audited.rules;
    let of = |losses: &Losses| {
        let each = |all: &[Loss]| all.iter().map(|loss| self::loss(audited, loss)).collect::<Vec<_>>();
        json!({ "tokens": each(&losses.tokens), "fees": each(&losses.fees) })
    };
    let mut out = of(&audited.losses.alone);
    let findings: Vec<Json> = audited.open.iter().map(|said| finding(audited, said)).collect();
    let compiler = audited.compilation.diagnostics.iter();
    let compiler = compiler.map(|d| json!(diagnostics::Diagnostic::new(d, &audited.compilation.sources)));
    let accepted = audited
        .accepts()
        .map(|(rule, risk, because)| json!({ "rule": rule, "risk": risk, "because": because }));
    let contracts = |wanted: fn(&agentpol_model::policy::Contract) -> bool| -> Vec<Json> {
        let chosen = rules.contracts.iter().filter(|contract| wanted(contract));
        chosen.map(|contract| self::contract(audited, contract)).collect()
    };
    let assumptions =
        audited.assumptions().map(|(chain, said)| json!({ "chain": chain, "assumption": said }));
    if let Json::Object(out) = &mut out {
        let mut put = |name: &str, value: Json| out.insert(name.to_owned(), value);
        put("policy", json!(rules.name));
        put("with_approvals", of(&audited.losses.with_approvals));
        put("findings", compiler.chain(findings).collect());
        put("accepted", accepted.collect());
        put("trusted", json!(contracts(|contract| contract.trusted.is_some())));
        put("upgradeable", json!(contracts(|contract| contract.upgradeable)));
        put("assumptions", assumptions.collect());
    }
    out
}

fn finding(audited: &Audited, said: &Said) -> Json {
    let witness = (!said.witness.is_empty()).then(|| requests::witness(&audited.rules, &said.witness));
    json!(Shown::new(&said.diagnostic, &audited.compilation.sources, witness))
}

fn contract(audited: &Audited, contract: &agentpol_model::policy::Contract) -> Json {
    let address = match contract.address {
        Target::Fixed(address) => address.to_checksum(None),
        Target::Param(id) => {
            audited.rules.params.get(id.index()).map_or_else(String::new, |param| param.name.clone())
        }
    };
    let mut out =
        json!({ "name": contract.name, "chain": audited.chain(contract.chain), "address": address });
    if let (Json::Object(out), Some(why)) = (&mut out, &contract.trusted) {
        out.insert("because".to_owned(), json!(why));
    }
    out
}

fn loss(audited: &Audited, loss: &Loss) -> Json {
    let rules = &audited.rules;
    let token = rules.tokens.get(loss.token.index());
    // All chains together: a token on a single one is on that.
    let sites: Vec<(u64, Option<Address>)> = token.map(|token| token.sites.clone()).unwrap_or_default();
    let chain = match sites.as_slice() {
        [(chain, _)] => json!(audited.chain(*chain)),
        _ => Json::Null,
    };
    let chains: Vec<&str> = sites.iter().map(|(chain, _)| audited.chain(*chain)).collect();
    let windows = loss.windows.iter().map(|(seconds, most)| {
        let mut out = self::most(rules, most);
        if let Json::Object(out) = &mut out {
            out.insert("length_s".to_owned(), json!(seconds));
        }
        out
    });
    let all = || loss.windows.iter().map(|(_, most)| most).chain([&loss.per_transaction, &loss.total]);
    let per_tx = match &loss.per_transaction {
        Most::Bounded { witness, .. } => requests::together(witness).map(|step| vec![step]),
        _ => None,
    };
    json!({
        "token": token.map(|token| token.symbol.as_str()),
        "decimals": token.map(|token| token.decimals),
        "chain": chain,
        "chains": chains,
        "per_tx": bound(&loss.per_transaction),
        "windows": windows.collect::<Vec<_>>(),
        "total": bound(&loss.total),
        "unbounded": all().any(|most| matches!(most, Most::Unbounded { .. })),
        "exact": all().all(Most::is_exact),
        "witness": {
            "per_tx": per_tx.and_then(|steps| requests::sequence(rules, &steps)),
            "total": witness(rules, &loss.total),
        },
    })
}

/// A bound with what proves it and what takes it.
fn most(rules: &RuleSet, most: &Most) -> Json {
    let because: Vec<Json> = match most {
        Most::Bounded { because, .. } => because.iter().map(|one| window(rules, one)).collect(),
        _ => Vec::new(),
    };
    json!({
        "max": bound(most),
        "exact": most.is_exact(),
        "because": because,
        "witness": witness(rules, most),
    })
}

fn window(rules: &RuleSet, (budget, times): &(Option<BudgetId>, BigUint)) -> Json {
    let budget = budget.and_then(|id| rules.budgets.get(id.index()));
    json!({
        "budget": budget.map(|budget| budget.name.as_str()),
        "line": budget.map(|budget| budget.line),
        "windows": times.to_string(),
    })
}

/// In base units; null without end, and where it is not known.
fn bound(most: &Most) -> Json {
    match most {
        Most::Bounded { value, .. } => json!(value.to_string()),
        Most::Unbounded { .. } | Most::Unknown => Json::Null,
    }
}

/// The requests that take all of it; for what is without end, one that can be asked for again and again.
fn witness(rules: &RuleSet, most: &Most) -> Option<Json> {
    match most {
        Most::Bounded { witness, .. } => requests::sequence(rules, witness),
        Most::Unbounded { witness: Some(witness), .. } => requests::again_and_again(rules, witness),
        Most::Unbounded { witness: None, .. } | Most::Unknown => None,
    }
}
