//! What the scripts see of `agentpol serve`: what the policy allows is sent and signed by the wallet, what it refuses comes back with the
//! whole decision, the same each time, and nothing of it reaches the chain.

use crate::{
    chain::{COIN, COINS, Chain, GOLD, ROUTER, SHOP, STRANGER},
    gateway::Gateway,
    script::{Client, Steps, steps_of},
};
use serde_json::{Value, json};

/// The error codes of EIP-1193 and EIP-1474 that a refusal may have.
const UNAUTHORIZED: i64 = 4100;
const UNSUPPORTED: i64 = 4200;
const METHOD_NOT_FOUND: i64 = -32601;

/// What an agent framework takes for trouble with the price, and tries again with worse terms.
const MISLEADING: [&str; 5] =
    ["reverted", "price movement", "MEV frontrunning", "TRANSFER_FROM_FAILED", "Return amount is not enough"];

/// Coins that the policy lets go a day.
const CAP: u128 = 100;

pub(crate) fn check(client: Client, chain: &Chain, gateway: &Gateway, steps: &Steps) {
    assert_eq!(steps.names(), steps_of(client));
    allowed(client, gateway, steps);
    refused(client, steps);
    counted(client, chain, gateway, steps);
}

fn allowed(client: Client, gateway: &Gateway, steps: &Steps) {
    let wallet = gateway.wallet().to_string();
    steps.expect_ordinary(&wallet);
    steps.expect("two_at_once", &json!({ "mined": true, "apart": 1, "shop": (45 * COINS).to_string() }));
    let signed = json!({ "signer": wallet });
    steps.expect("message", &signed);
    steps.expect("typed_data", &signed);
    match client {
        Client::Web3py => steps.expect("typed_data_v4", &signed),
        Client::Ethers => {
            steps.expect(
                "batch",
                &json!({ "block": true, "refused": true, "shop": (45 * COINS).to_string() }),
            );
        }
        Client::Viem => {
            assert!(steps.of("capabilities")["capabilities"].is_object(), "{}", steps.of("capabilities"));
            let calls = steps.of("calls");
            assert_eq!(
                (&calls["status"], &calls["shop"]),
                (&json!("success"), &json!((55 * COINS).to_string()))
            );
            assert_eq!(calls["receipts"], json!(["success", "success"]));
        }
    }
}

fn refused(client: Client, steps: &Steps) {
    for (step, code) in
        [("refused", "no_rule"), ("unlimited", "no_rule"), ("message_refused", "no_rule"), ("over", "budget")]
    {
        decision(step, code, &steps.error(step));
    }
    // Refusing changes nothing, so the same request gets the same answer.
    assert_eq!(steps.error("refused"), steps.error("refused_again"));
    let nearest = &steps.error("refused")["data"]["nearest"];
    assert_eq!((&nearest["rule"], &nearest["clause"]), (&json!("pay"), &json!("to == shop")));
    if client == Client::Viem {
        decision("calls_refused", "no_rule", &steps.error("calls_refused"));
    }
    for round_the_policy in ["raw_transaction", "hash"] {
        assert_eq!(steps.error(round_the_policy)["code"], UNSUPPORTED, "{round_the_policy}");
    }
    assert_eq!(steps.error("unknown_method")["code"], METHOD_NOT_FOUND);
}

/// A refusal says why in its message, of which some clients keep nothing else, and everything in its data.
fn decision(step: &str, code: &str, error: &Value) {
    assert_eq!(error["code"], UNAUTHORIZED, "{step}: {error}");
    let data = &error["data"];
    assert_eq!((&data["decision"], &data["code"]), (&json!("deny"), &json!(code)), "{step}: {error}");
    assert!(data["policy_hash"].is_string(), "{step}: {error}");
    let (message, reason) = (error["message"].as_str().unwrap(), data["reason"].as_str().unwrap());
    // Of several calls it says first which.
    assert!(message.contains("denied by the policy") && message.contains(reason), "{step}: {error}");
    assert!(!message.contains('\n'), "{step}: {error}");
    assert!(!MISLEADING.iter().any(|words| message.contains(words)), "{step}: {error}");
}

/// What left the wallet, by the chain, is what the ledger counted.
fn counted(client: Client, chain: &Chain, gateway: &Gateway, steps: &Steps) {
    let wallet = gateway.wallet();
    let more = if client == Client::Viem { 10 } else { 0 };
    let (shop, router) = (chain.balance(COIN, SHOP), chain.balance(COIN, ROUTER));
    assert_eq!((shop, router), ((45 + more) * COINS, 30 * COINS));
    assert_eq!(chain.balance(COIN, STRANGER), 0);
    assert_eq!(chain.balance(COIN, wallet), 1_000 * COINS - shop - router);
    assert_eq!(chain.balance(GOLD, wallet), 15 * 10u128.pow(18));
    assert_eq!(chain.allowance(COIN, wallet, ROUTER), 0, "the swap took all of it");
    let end = steps.of("end");
    assert_eq!((&end["shop"], &end["router"]), (&json!(shop.to_string()), &json!(router.to_string())));
    // Everything that was sent was mined, and nothing else: pay, tip, approve, swap, two at once, and viem's calls.
    assert_eq!(chain.nonce(wallet), if client == Client::Viem { 8 } else { 6 });
    // A signed permit counts as soon as it is signed: whoever holds it can use it.
    let permits = 5;
    let left = CAP - (shop + router) / COINS - permits;
    let over = steps.error("over");
    let reason = over["data"]["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains(&format!("budget daily: {left} COIN left of {CAP} COIN")), "{reason}");
}
