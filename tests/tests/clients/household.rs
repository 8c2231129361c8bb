//! From an agent's request to its transaction on the chain, with the approver's browser between: `agentpol serve`,
//! `agentpol approvals page`, a real browser and a real chain.

use crate::{
    browser::{Browser, Found},
    chain::{COIN, COINS, Chain, SHOP, call},
    gateway::{Access, Gateway, HOUSEHOLD},
    tools,
    tools::Tools,
};
use alloy_primitives::{Address, U256, address, hex};
use alloy_sol_types::SolValue as _;
use serde_json::{Value, json};
use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

/// Who must agree, and somebody else: accounts of every development chain.
const OWNER: Address = address!("0x90F79bf6EB2c4f870365E785982E1f101E93b906");
const OWNERS: &str = "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6";
const STRANGER: Address = address!("0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC");
const STRANGERS: &str = "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a";

const FOX: &str = "Fox Wallet";

/// `agentpol approvals page`, until it is dropped.
struct Page {
    process: Child,
    link: String,
}

impl Drop for Page {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Page {
    fn start(tools: &Tools, gateway: &Gateway) -> Self {
        let mut process = Command::new(&tools.agentpol)
            .args(["approvals", "page", "--format", "json", "--ledger"])
            .arg(gateway.ledger())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let begun: Value = serde_json::from_str(&line).unwrap();
        Self { process, link: begun["link"].as_str().unwrap().to_owned() }
    }
}

/// What the agent sends.
fn pay(wallet: Address, coins: u128) -> Value {
    let data = call("transfer(address,uint256)", &(SHOP, U256::from(coins * COINS)).abi_encode_params());
    json!([{ "from": wallet, "to": COIN, "data": data }])
}

#[track_caller]
fn has_to_be_agreed_to(answer: &Value) {
    let message = answer["error"]["message"].as_str().unwrap_or_default();
    assert!(message.starts_with("not signed before somebody agrees"), "{answer}");
}

#[test]
fn what_the_owner_agrees_to_in_a_browser_lands() {
    let Some(tools) = tools() else { return };
    let Some(mut browser) = Browser::start(&tools) else { return };
    let chain = Chain::start(&tools);
    let mut gateway =
        Gateway::start_with(&tools, &chain, Access::Anybody, HOUSEHOLD, &[format!("owner={OWNER}")]);
    let wallet = gateway.wallet();
    chain.fund(wallet);
    let page = Page::start(&tools, &gateway);
    browser.open(&page.link, &[(FOX, Found::Announced, &[STRANGERS])], json!({}));
    browser.sees("Nothing waits.");

    has_to_be_agreed_to(&gateway.ask("eth_sendTransaction", &pay(wallet, 25)));
    for text in [
        "call COIN.transfer",
        &format!("25 COIN leave for {SHOP}"),
        "75 COIN",
        &wallet.to_checksum(None),
        &OWNER.to_checksum(None),
        "on chain 31337",
        "9 min left",
    ] {
        browser.sees(text);
    }
    browser.click("Connect Fox Wallet");
    browser.sees(&format!("{STRANGER} is none of those who must agree."));
    assert_eq!(browser.buttons(), ["Reject"]);
    browser.is_in_order();
    browser.change_keys(FOX, &[OWNERS]);
    browser.sees(&format!("You sign as {OWNER}."));
    browser.click("Approve in the wallet");
    browser.sees("Signed and sent. 0x");
    chain.settle(wallet);
    assert_eq!((chain.balance(COIN, SHOP), chain.nonce(wallet)), (25 * COINS, 1));
    let again = gateway.ask("eth_sendTransaction", &pay(wallet, 25));
    browser.sees(&format!("Signed and sent. {}", again["result"].as_str().unwrap()));
    browser.click("Put away");

    // The owner says no.
    has_to_be_agreed_to(&gateway.ask("eth_sendTransaction", &pay(wallet, 30)));
    browser.sees(&format!("30 COIN leave for {SHOP}"));
    browser.click("Reject");
    browser.click("Yes, reject");
    browser.sees("Rejected. Nothing was signed.");
    browser.click("Put away");
    browser.sees("Nothing waits.");

    // An agent that would have the page do something.
    let text = "household: <img src=x onerror=alert(1)><script>alert(2)</script>";
    let params = json!([hex::encode_prefixed(text), wallet]);
    has_to_be_agreed_to(&gateway.ask("personal_sign", &params));
    browser.sees(text);
    assert_eq!(browser.look("document.querySelectorAll('img, script:not([src])').length"), 0);
    browser.click("Approve in the wallet");
    browser.sees("Signed. Whoever asked gets it.");
    assert!(gateway.ask("personal_sign", &params)["result"].is_string());
    browser.is_in_order();

    assert_eq!((chain.balance(COIN, SHOP), chain.nonce(wallet)), (25 * COINS, 1));
    gateway.stop();
    browser.sees("`agentpol serve` does not answer: is it running?");
}

/// Nothing can come of an approval where nobody has the key.
#[test]
fn the_page_needs_a_gate_that_serves() {
    let Some(tools) = tools() else { return };
    let nothing = tempfile::tempdir().unwrap();
    let page = |arguments: &[&str]| {
        let mut command = Command::new(&tools.agentpol);
        let output =
            command.args(["approvals", "page", "--ledger"]).arg(nothing.path()).args(arguments).output();
        let output = output.unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, said) = page(&[]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("begin `agentpol serve` with this ledger first"), "{said}");
}
