//! What the owner of a ledger says to it, while nobody serves it.

use super::{directory, run_in};
use agentpol_model::policy::ParamValue;
use agentpol_runtime::{
    Answer, Binding,
    history::{Bound, Folder},
    ledger::Record,
};
use alloy::signers::local::PrivateKeySigner;
use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt as _, path::Path};

/// The first account of every development chain.
const KEY: &str = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
/// The second's key, and its account.
const OWNERS_KEY: &str = "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";
const OWNER: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const SHOP: &str = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";

const POLICY: &str = "policy shop on ethereum
use std::tokens::{ETH, USDC}
param owner: approver
fees at most 0.01 ETH
budget daily: 500 USDC per 24h
budget gas: 0.1 ETH of fees per 24h
allow pay: USDC.transfer(to, amount) {
    when to == 0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC and amount <= 200 USDC
    beyond daily: ask by owner within 720h
}
ask much: USDC.transfer(to, amount) {
    by owner within 720h
    when to == 0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC and 200 USDC < amount <= 400 USDC
}
";

fn pay(n: u64) -> agentpol_ethereum::OwnedRequest {
    let to = SHOP.strip_prefix("0x").unwrap();
    let text = format!(
        r#"{{"chainId": 1, "request": {{"method": "eth_sendTransaction", "params": [{{
            "to": "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", "gas": "0x186a0",
            "maxFeePerGas": "0x3b9aca00", "maxPriorityFeePerGas": "0x1",
            "input": "0xa9059cbb{to:0>64}{:064x}"}}]}}}}"#,
        n * 1_000_000
    );
    agentpol_ethereum::read(&text).unwrap()
}

fn now() -> u64 {
    agentpol_gateway::clock::now()
}

/// A ledger in which a payment was signed and another waits.
fn ledger(home: &Path) {
    let built = run_in(home, &["build", "shop.agentpol", "-o", "shop.agentpolc"]);
    assert_eq!(built.code, 0, "{}", built.all());
    let module = fs::read(home.join("shop.agentpolc")).unwrap();
    let key: PrivateKeySigner = KEY.parse().unwrap();
    let (wallet, owner) = (key.address(), OWNER.parse::<agentpol_model::Address>().unwrap());
    let params = BTreeMap::from([("owner".to_owned(), ParamValue::Word(owner.into_word().into()))]);
    let binding = Binding { wallet, signer: wallet, params };
    let bound = Bound { owner: Some(owner), ..Bound::new(&module, &binding, false).unwrap() };
    let (gate, _) = Folder::begin(&home.join("led"), bound, &module, key).unwrap();
    gate.observe(Record::Begin(1, wallet, 0)).unwrap();
    let Answer::Reserved(reserved) = gate.ask(pay(100), Some("bot"), now()) else { panic!("allowed") };
    gate.sign_sync(reserved).unwrap();
    assert!(matches!(gate.ask(pay(300), Some("bot"), now()), Answer::Asked(_)));
}

#[test]
fn the_owner_looks_and_says_while_nobody_serves() {
    let edited = POLICY.replace("500 USDC per 24h", "450 USDC per 24h");
    let home = directory(&[("shop.agentpol", POLICY.as_bytes()), ("edited.agentpol", edited.as_bytes())]);
    let path = home.path();
    ledger(path);
    let said = |arguments: &[&str]| {
        let ran = run_in(path, arguments);
        assert_eq!(ran.code, 0, "{arguments:?}: {}", ran.all());
        ran.out
    };
    let refused = |arguments: &[&str], why: &str| {
        let ran = run_in(path, arguments);
        assert_ne!(ran.code, 0, "{arguments:?}: {}", ran.all());
        assert!(ran.err.contains(why), "{arguments:?}: {}", ran.all());
    };

    let left = said(&["ledger", "left", "led"]);
    assert!(left.contains("daily 500 USDC per 24h  400 USDC left; more with approval"), "{left}");
    let waits = said(&["approvals", "list", "--ledger", "led"]);
    assert!(waits.contains("bot asked at ") && waits.contains("call USDC.transfer at USDC"), "{waits}");
    assert!(waits.contains(&format!("300 USDC leave for {SHOP}")), "{waits}");
    let name = waits.lines().next().unwrap();
    let shown = said(&["approvals", "show", &name[..10], "--ledger", "led"]);
    assert!(shown.contains("budget daily 300 USDC; 100 USDC are left then"), "{shown}");
    assert!(shown.contains(&format!("needs 1 of {OWNER}")), "{shown}");
    refused(&["approvals", "show", "0x12", "--ledger", "led"], "too short");
    refused(&["approvals", "show", "0x0123456789", "--ledger", "led"], "nothing waits under a name");
    let signature = format!("0x{:0>130}", "1b");
    refused(
        &["approvals", "approve", name, "--signature", &signature, "--ledger", "led"],
        "nobody has the key open",
    );
    said(&["approvals", "reject", name, "--ledger", "led"]);
    assert_eq!(said(&["approvals", "list", "--ledger", "led"]), "nothing waits\n");

    said(&["ledger", "inventory", "led", "--spender", OWNER, "--amount", "50 USDC"]);
    let authority = said(&["ledger", "authority", "led"]);
    assert!(authority.contains(OWNER) && authority.contains("can take 50 USDC, for ever"), "{authority}");
    said(&["ledger", "adopt", "led", "--amount", "25.5 USDC"]);
    refused(&["ledger", "adopt", "led", "--amount", "1 DAI"], "the policy knows ETH, USDC");
    refused(
        &["ledger", "adopt", "led", "--amount", "1 USDC", "--budget", "monthly"],
        "no budget line `monthly`",
    );
    assert!(said(&["ledger", "left", "led"]).contains("324.5 USDC left"));

    let frozen = said(&["freeze", "--ledger", "led", "--reason", "lost my laptop"]);
    assert!(frozen.contains("nothing more is signed") && frozen.contains("can take 50 USDC"), "{frozen}");
    refused(&["freeze", "--ledger", "led", "--revoke"], "nobody has the key open");
    assert!(said(&["ledger", "left", "led"]).contains("frozen: by its owner"));
    said(&["freeze", "--ledger", "led", "--lift"]);
    assert!(!said(&["ledger", "left", "led"]).contains("frozen"));

    let edit = ["ledger", "edit", "led", "--policy", "edited.agentpol"];
    refused(&edit, "signs another edition");
    fs::write(path.join("pass"), "correct horse battery").unwrap();
    fs::set_permissions(path.join("pass"), fs::Permissions::from_mode(0o600)).unwrap();
    let keystore = ["--keystore", "keys", "--passphrase-file", "pass"];
    for (key, name) in [(KEY, "agent"), (OWNERS_KEY, "owner")] {
        fs::write(path.join("key"), key).unwrap();
        let mut import = std::process::Command::new(env!("CARGO_BIN_EXE_agentpol"));
        import.current_dir(path).args(["keys", "import", "--name", name]).args(keystore);
        import.stdin(fs::File::open(path.join("key")).unwrap());
        assert!(import.output().unwrap().status.success());
    }
    refused(&[&edit[..], &["--key", "agent"], &keystore].concat(), "must be signed by the owner");
    let bound = said(&[&edit[..], &["--key", "owner"], &keystore].concat());
    assert!(bound.contains("shop") && bound.contains("edition 1"), "{bound}");
    // What was spent, and what its owner said, stays.
    assert!(said(&["ledger", "left", "led"]).contains("daily 450 USDC per 24h  274.5 USDC left"));
    assert!(said(&["ledger", "replay", "led"]).contains("the same to the letter"));
    refused(&["ledger", "left", "nowhere"], "there is none");
}
