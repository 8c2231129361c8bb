//! Transactions that others sent, the steps of known exploits among them, and mutants of them: no shipped policy allows what
//! is not its own, and under a policy that grants every call of the standard library, whatever is allowed is what others read
//! in it.

use crate::{
    ask::{POOL, ROUTER, USDC},
    mutation::{Allowed, Tally, change, judge, many},
    world::{START, Shipped, examples, wallet},
};
use agentpol_model::{Address, U256};
use agentpol_tests::generator::Rng;
use alloy_primitives::hex;
use serde_json::Value as Json;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Mutants of each transaction, where nobody asks for more; of what is allowed itself ten times as many.
const MUTANTS: usize = 3;

/// What a rule of it accepts.
pub(crate) const ACCEPTS: &str = r#"    accept any_recipient because "a test"
    accept any_spender because "a test"
    accept unbounded because "a test"
    accept opaque because "a test"
    accept allow_failure because "a test"
    accept foreign_sender because "a test"
    accept upgrade because "a test"
"#;

/// A policy over the whole library that grants everything that is understood.
pub(crate) fn open() -> Shipped {
    open_and("")
}

/// It, and another rule.
pub(crate) fn open_and(rule: &str) -> Shipped {
    let modules = agentpol_stdlib::MODULES.iter().map(|(name, _)| *name).filter(|name| *name != "chains");
    let uses: String = modules.map(|name| format!("use std::{name}\n")).collect();
    let safe = "contract mine: std::safe::SafeAccount on ethereum at wallet domain \"\" \"\"\n";
    let head = "policy open on ethereum, base, arbitrum, optimism, polygon, gnosis\n\nuse std::tokens::ETH\n";
    let text = format!("{head}{uses}\n{safe}\nallow everything: any {{\n{ACCEPTS}}}\n{rule}");
    Shipped::of_text("open", text, wallet())
}

fn files(folder: &str) -> Vec<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "tests find their data through the environment")]
    let corpora = match std::env::var("AGENTPOL_CORPORA") {
        Ok(path) => PathBuf::from(path),
        Err(_) => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora"),
    };
    let Ok(files) = fs::read_dir(corpora.join(folder)) else {
        println!("skipped: no corpora at {} (set AGENTPOL_CORPORA)", corpora.display());
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "jsonl"));
    paths.sort();
    paths
}

/// Every row of a folder's files.
pub(crate) fn rows(folder: &str) -> Vec<Json> {
    let texts = files(folder).into_iter().map(|path| fs::read_to_string(path).unwrap());
    texts
        .flat_map(|text| text.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<_>>())
        .collect()
}

/// Calls with a target, and hard-coded calldata of exploits at each of three well-known contracts.
fn sent() -> Vec<Allowed> {
    let mut all = Vec::new();
    for row in [rows("tx"), rows("malicious")].concat() {
        let Some(data) = row["data"].as_str().and_then(|data| hex::decode(data).ok()) else { continue };
        let chain = row["chainId"].as_u64().unwrap_or(1);
        let value: U256 = row["value"].as_str().and_then(|v| v.parse().ok()).unwrap_or_default();
        let to: Option<Address> = row["to"].as_str().and_then(|to| to.parse().ok());
        for to in to.map_or(vec![USDC, ROUTER, POOL], |to| vec![to]) {
            all.push(Allowed { chain, to, value, data: data.clone(), at: START });
        }
    }
    all
}

#[test]
fn no_shipped_policy_allows_what_is_not_its_own() {
    let sent = sent();
    if sent.is_empty() {
        return;
    }
    let mut tally = Tally::default();
    for name in examples() {
        let shipped = Shipped::load(&name, wallet());
        for request in &sent {
            tally.requests += 1;
            let allowed = judge(&name, &shipped, &request.text(), START, &mut tally);
            // These two pay anybody a little, and say so.
            let to_anybody = ["treasury", "usd-spend"].contains(&name.as_str());
            assert!(!allowed || to_anybody, "{name}: {request:?}");
        }
    }
    println!("{} transactions under {} shipped policies: {tally:#?}", sent.len(), examples().len());
}

#[test]
fn mutants_of_what_others_sent_are_what_others_read() {
    let (sent, mut tally) = (sent(), Tally::default());
    if sent.is_empty() {
        return;
    }
    let open = open();
    let rng = &mut Rng::new(7);
    let allowed = sent.iter().map(|request| judge("open", &open, &request.text(), START, &mut tally));
    let allowed: Vec<bool> = allowed.collect();
    let shares: usize = allowed.iter().map(|allowed| if *allowed { 10 } else { 1 }).sum();
    let each = many(MUTANTS * shares) / shares;
    for (request, allowed) in sent.iter().zip(&allowed) {
        tally.requests += 1;
        for _ in 0..if *allowed { 10 * each } else { each } {
            tally.mutants += 1;
            judge("open", &open, &change::request(request, &open, rng).text(), START, &mut tally);
        }
    }
    println!("{tally:#?}");
    assert!(tally.allowed >= 200, "only {} are allowed: the oracles have little to say", tally.allowed);
}
