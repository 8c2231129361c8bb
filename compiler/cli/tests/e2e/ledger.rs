//! The ledger of a gate: looked at, checked, decided again.

use super::{GOOD, directory, run_in};
use agentpol_model::U256;
use agentpol_runtime::{
    Answer, Binding, Gate,
    history::{Bound, Folder},
    ledger::Record,
};
use alloy::signers::local::PrivateKeySigner;
use alloy_primitives::hex;
use std::{fs, path::Path};

/// The first account of every development chain.
const KEY: &str = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

/// 2026-11-28T10:00:00Z
const NOW: u64 = 1_795_860_000;

fn usdc(n: u64) -> agentpol_ethereum::OwnedRequest {
    let amount = hex::encode((U256::from(n) * U256::from(1_000_000)).to_be_bytes::<32>());
    let text = format!(
        r#"{{"chainId": 1, "request": {{"method": "eth_sendTransaction", "params": [{{
            "to": "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", "gas": "0x186a0",
            "maxFeePerGas": "0x3b9aca00", "maxPriorityFeePerGas": "0x1",
            "input": "0xa9059cbb00000000000000000000000070997970c51812dc3a010c7d01b50e0d17dc79c8{amount}"}}]}}}}"#
    );
    agentpol_ethereum::read(&text).unwrap()
}

/// A ledger in which two payments were signed and one was refused.
fn ledger(home: &Path) {
    let built = run_in(home, &["build", "pay.agentpol", "-o", "pay.agentpolc"]);
    assert_eq!(built.code, 0, "{}", built.all());
    let module = fs::read(home.join("pay.agentpolc")).unwrap();
    let key: PrivateKeySigner = KEY.parse().unwrap();
    let wallet = key.address();
    let binding = Binding { wallet, signer: wallet, params: Default::default() };
    let bound = Bound::new(&module, &binding, false).unwrap();
    let (gate, _): (Gate<PrivateKeySigner>, _) =
        Folder::begin(&home.join("ledger"), bound, &module, key).unwrap();
    gate.observe(Record::Begin(1, wallet, 0)).unwrap();
    for (n, at) in [(200, NOW), (251, NOW + 1), (100, NOW + 2)] {
        match gate.ask(usdc(n), Some("bot"), at) {
            Answer::Reserved(reserved) => drop(gate.sign_sync(reserved).unwrap()),
            Answer::Denied(_) => assert_eq!(n, 251),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_ledger_is_shown_checked_and_decided_again() {
    let home = directory(&[("pay.agentpol", GOOD.as_bytes())]);
    ledger(home.path());
    let shown = run_in(home.path(), &["ledger", "show", "ledger"]);
    let kinds: Vec<&str> = shown.out.lines().filter_map(|line| line.split_whitespace().nth(1)).collect();
    assert_eq!(kinds, ["bound", "observed", "allow", "signed", "deny", "allow", "signed"], "{}", shown.all());
    assert!(shown.out.contains("2026-11-28T10:00Z for bot  pay: `pay` allows it"), "{}", shown.out);
    assert!(shown.out.contains("no_rule: no rule grants it"), "{}", shown.out);
    assert_eq!(run_in(home.path(), &["ledger", "show", "ledger", "--format", "json"]).json().len(), 7);

    let verified = run_in(home.path(), &["ledger", "verify", "ledger", "--format", "json"]).json().remove(0);
    assert_eq!(verified["entries"], 7);
    let head = verified["head"].as_str().unwrap();
    let again = run_in(home.path(), &["ledger", "verify", "ledger", "--anchor", head]);
    assert_eq!(again.code, 0, "{}", again.all());
    let beyond = head.replacen('7', "8", 1);
    let older = run_in(home.path(), &["ledger", "verify", "ledger", "--anchor", &beyond]);
    assert_eq!(older.code, 1, "{}", older.all());
    assert!(older.err.contains("older copy"), "{}", older.all());

    let replayed = run_in(home.path(), &["ledger", "replay", "ledger"]);
    assert_eq!(
        (replayed.code, &*replayed.out),
        (0, "3 decisions, the same to the letter\n"),
        "{}",
        replayed.all()
    );

    // One letter is changed.
    let log = home.path().join("ledger/log");
    let text = fs::read(&log).unwrap();
    let at = text.windows(5).position(|word| word == b"\"bot\"").unwrap();
    let mut changed = text.clone();
    changed[at + 1] = b'c';
    fs::write(&log, changed).unwrap();
    let damaged = run_in(home.path(), &["ledger", "verify", "ledger"]);
    assert_eq!(damaged.code, 1, "{}", damaged.all());
    assert!(damaged.err.contains("damaged at byte"), "{}", damaged.all());
    assert_eq!(run_in(home.path(), &["ledger", "replay", "ledger"]).code, 1);
    let nowhere = run_in(home.path(), &["ledger", "verify", "nowhere"]);
    assert_eq!(nowhere.code, 2, "{}", nowhere.all());
}
