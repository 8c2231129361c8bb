use crate::{
    chain::GWEI,
    world::{SHOP, STRANGER, WALLET, World, payment},
};
use agentpol_ethereum::RawTransaction;
use agentpol_gateway::NodeError;
use agentpol_model::{B256, U256};
use alloy::signers::Signature;
use alloy_primitives::hex;
use serde_json::{Value, json};

fn message(error: &Value) -> &str {
    error["message"].as_str().unwrap()
}

fn refused() -> NodeError {
    NodeError::Refused { code: -32_000, message: "no\nthanks".to_owned(), data: None }
}

#[tokio::test]
async fn an_allowed_transaction_is_filled_in_signed_and_sent() {
    let world = World::new().await;
    let hash: B256 = world.pay(SHOP, 100).await.unwrap().as_str().unwrap().parse().unwrap();
    let sent = world.chain.sent(hash);
    assert_eq!((sent.signer(), sent.nonce, sent.ty), (Some(WALLET), 0, 2));
    let draft = sent.draft().unwrap();
    let fees = agentpol_ethereum::Fee::Dynamic {
        max_fee_per_gas: Some(u128::from(5 * GWEI)),
        max_priority_fee_per_gas: Some(u128::from(GWEI)),
    };
    assert_eq!((draft.gas_limit, draft.fee, draft.value), (Some(21_000), fees, U256::from(10u64.pow(17))));
}

#[tokio::test]
async fn what_a_request_says_is_left_as_it_is() {
    let world = World::new().await;
    let mut tx = payment(SHOP, 1);
    tx["gas"] = json!("0x7530");
    tx["maxFeePerGas"] = json!("0x9");
    tx["nonce"] = json!("0x0");
    let hash = world.call("eth_sendTransaction", json!([tx])).await.unwrap();
    let draft = world.chain.sent(hash.as_str().unwrap().parse().unwrap()).draft().unwrap();
    let fees =
        agentpol_ethereum::Fee::Dynamic { max_fee_per_gas: Some(9), max_priority_fee_per_gas: Some(9) };
    assert_eq!((draft.gas_limit, draft.fee), (Some(30_000), fees), "the priority is cut to what fits");
    assert!(world.chain.called("eth_estimateGas").is_empty());
}

#[tokio::test]
async fn a_denial_says_rule_and_reason_and_asks_the_node_nothing() {
    let world = World::new().await;
    let before = world.chain.state().calls.len();
    let error = world.pay(STRANGER, 1).await.unwrap_err();
    assert_eq!(error["code"], 4_100);
    assert!(message(&error).starts_with("denied by the policy: "), "{error}");
    assert_eq!(error["data"]["decision"], "deny");
    assert_eq!(error["data"]["code"], "no_rule");
    assert_eq!(world.pay(STRANGER, 1).await.unwrap_err(), error, "asked again, answered the same");
    assert_eq!(world.chain.state().calls.len(), before);
    let asked = world.pay(SHOP, 501).await.unwrap_err();
    assert_eq!((&asked["code"], &asked["data"]["decision"]), (&json!(4_100), &json!("ask")));
    // What waits is one request, also when the fees have moved.
    world.chain.fault("eth_feeHistory", |_| Ok(json!({"baseFeePerGas": ["0x77"], "reward": [["0x1"]]})));
    for _ in 0..10 {
        assert_eq!(world.pay(SHOP, 501).await.unwrap_err(), asked);
    }
    assert_eq!(world.gate.waiting(crate::world::NOW).unwrap().len(), 1);
}

/// Denied requests take no nonce, and what is over the budget is denied with what is left.
#[tokio::test]
async fn nonces_are_given_with_the_reservation() {
    let world = World::new().await;
    world.pay(SHOP, 500).await.unwrap();
    world.pay(STRANGER, 1).await.unwrap_err();
    world.pay(SHOP, 400).await.unwrap();
    let over = world.pay(SHOP, 101).await.unwrap_err();
    assert_eq!(over["data"]["code"], "budget");
    world.pay(SHOP, 100).await.unwrap();
    let nonces: Vec<u64> = world.chain.pool().iter().map(|hash| world.chain.sent(*hash).nonce).collect();
    assert_eq!(nonces, [0, 1, 2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_at_once_take_each_another_nonce_in_order() {
    let world = World::new().await;
    let mut all = tokio::task::JoinSet::new();
    for n in 0..40u64 {
        let to = if n % 4 == 0 { STRANGER } else { SHOP };
        let call =
            json!({"jsonrpc": "2.0", "id": n, "method": "eth_sendTransaction", "params": [payment(to, 1)]});
        let router = world.router.clone();
        all.spawn(async move {
            let request = crate::world::request().body(axum::body::Body::from(call.to_string())).unwrap();
            let response = tower::ServiceExt::oneshot(router, request).await.unwrap();
            crate::world::value(response).await["result"].is_string()
        });
    }
    let signed = all.join_all().await.into_iter().filter(|signed| *signed).count();
    assert_eq!(signed, 30);
    let sent = world.chain.called("eth_sendRawTransaction");
    let nonces = sent.iter().map(|params| {
        RawTransaction::read(&hex::decode(params[0].as_str().unwrap()).unwrap()).unwrap().nonce
    });
    assert_eq!(
        nonces.collect::<Vec<_>>(),
        (0..30).collect::<Vec<_>>(),
        "they arrive in the order of their nonces"
    );
}

#[tokio::test]
async fn what_fails_on_the_chain_is_said_to_be_no_denial() {
    let world = World::new().await;
    world.chain.fault("eth_estimateGas", |_| Err(refused()));
    let error = world.pay(SHOP, 1).await.unwrap_err();
    assert_eq!(error["code"], -32_003);
    assert!(message(&error).starts_with("cannot execute: "), "{error}");
    assert_eq!(world.pay(STRANGER, 1).await.unwrap_err()["code"], 4_100, "the policy is asked first");
    world.chain.heal("eth_estimateGas");
    world.pay(SHOP, 1).await.unwrap();
    assert_eq!(world.chain.sent(world.chain.pool()[0]).nonce, 0, "nothing was reserved");
}

#[tokio::test(start_paused = true)]
async fn a_node_that_does_not_take_it_changes_nothing_of_what_is_counted() {
    let world = World::new().await;
    world.chain.fault("eth_sendRawTransaction", |_| Err(refused()));
    let error = world.pay(SHOP, 500).await.unwrap_err();
    assert_eq!((&error["code"], &error["data"]["signed"]), (&json!(-32_003), &json!(true)));
    let hash = error["data"]["hash"].as_str().unwrap().to_owned();
    world.chain.heal("eth_sendRawTransaction");
    // The same again, by its nonce: the same bytes, counted once.
    let mut tx = payment(SHOP, 500);
    tx["nonce"] = json!("0x0");
    assert_eq!(world.call("eth_sendTransaction", json!([tx.clone()])).await, Ok(json!(hash)));
    assert_eq!(
        world.call("eth_sendTransaction", json!([tx])).await,
        Ok(json!(hash)),
        "known already is as good"
    );
    world.pay(SHOP, 500).await.unwrap();
    assert_eq!(world.pay(SHOP, 1).await.unwrap_err()["data"]["code"], "budget");
}

#[tokio::test(start_paused = true)]
async fn a_node_that_does_not_answer_is_tried_again() {
    let world = World::new().await;
    let tries = std::sync::atomic::AtomicU32::new(0);
    world.chain.fault("eth_sendRawTransaction", move |params| {
        match tries.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
            0 | 1 => Err(NodeError::Unreachable),
            _ => {
                let raw = hex::decode(params[0].as_str().unwrap()).unwrap();
                Ok(json!(RawTransaction::read(&raw).unwrap().hash().unwrap().to_string()))
            }
        }
    });
    world.pay(SHOP, 1).await.unwrap();
    assert_eq!(world.chain.called("eth_sendRawTransaction").len(), 3);
}

#[tokio::test]
async fn a_signed_transaction_is_given_back_and_not_sent() {
    let world = World::new().await;
    let raw = world.call("eth_signTransaction", json!([payment(SHOP, 1)])).await.unwrap();
    let read = RawTransaction::read(&hex::decode(raw.as_str().unwrap()).unwrap()).unwrap();
    assert_eq!(read.signer(), Some(WALLET));
    assert!(world.chain.called("eth_sendRawTransaction").is_empty());
    assert_eq!(
        world.call("eth_signTransaction", json!([payment(STRANGER, 1)])).await.unwrap_err()["code"],
        4_100
    );
}

#[tokio::test]
async fn texts_are_signed_if_a_rule_says_so() {
    let world = World::new().await;
    let text = hex::encode_prefixed("Sign in to the shop: 7");
    let signature = world.call("personal_sign", json!([text, WALLET.to_string()])).await.unwrap();
    let signature: Signature = signature.as_str().unwrap().parse().unwrap();
    assert_eq!(signature.recover_address_from_msg("Sign in to the shop: 7").unwrap(), WALLET);
    let other = world
        .call("personal_sign", json!([hex::encode_prefixed("Give"), WALLET.to_string()]))
        .await
        .unwrap_err();
    assert_eq!(other["data"]["code"], "no_rule");
    let hash = world
        .call("personal_sign", json!([format!("0x{}", "11".repeat(32)), WALLET.to_string()]))
        .await
        .unwrap_err();
    assert_eq!((&hash["code"], &hash["data"]["code"]), (&json!(4_100), &json!("unsafe_message")));
}

#[tokio::test]
async fn what_is_not_written_right_is_told_where() {
    let world = World::new().await;
    let call = async |tx: Value| world.call("eth_sendTransaction", json!([tx])).await.unwrap_err();
    let with = |field: &str, value: Value| {
        let mut tx = payment(SHOP, 1);
        tx[field] = value;
        tx
    };
    for tx in [
        with("value", json!("0x01")),
        with("gas", json!(21000)),
        with("surprise", json!("0x1")),
        with("chainId", json!("0x1")),
        with("to", json!("0x7099")),
        json!(null),
    ] {
        let error = call(tx.clone()).await;
        assert_eq!(
            (&error["code"], &error["data"]["code"]),
            (&json!(-32_602), &json!("invalid_request")),
            "{tx}: {error}"
        );
    }
    let error = call(with("from", json!(SHOP))).await;
    assert_eq!((&error["code"], &error["data"]["code"]), (&json!(4_100), &json!("wrong_wallet")));
    let error = call(with("authorizationList", json!([]))).await;
    assert_eq!((&error["code"], &error["data"]["code"]), (&json!(4_100), &json!("unsupported_kind")));
}

fn calls(milli: &[u64], to: &str) -> Value {
    let calls: Vec<Value> =
        milli.iter().map(|milli| json!({"to": to, "value": payment(to, *milli)["value"]})).collect();
    json!({"version": "2.0.0", "chainId": "0x7a69", "from": WALLET.to_string(), "atomicRequired": false, "calls": calls})
}

#[tokio::test]
async fn calls_become_transactions_one_after_another() {
    let world = World::new().await;
    let answer = world.call("wallet_sendCalls", json!([calls(&[1, 2, 3], SHOP)])).await.unwrap();
    let id = answer["id"].clone();
    let pool = world.chain.pool();
    assert_eq!(pool.iter().map(|hash| world.chain.sent(*hash).nonce).collect::<Vec<_>>(), [0, 1, 2]);
    let status = async || world.call("wallet_getCallsStatus", json!([id])).await.unwrap();
    assert_eq!(status().await["status"], 100);
    world.chain.mine(&pool[..2], 12);
    assert_eq!(status().await["status"], 100);
    world.chain.mine(&pool[2..], 12);
    let done = status().await;
    assert_eq!(
        (&done["status"], &done["atomic"], &done["chainId"]),
        (&json!(200), &json!(false), &json!("0x7a69"))
    );
    assert_eq!(done["receipts"].as_array().unwrap().len(), 3);
    world.chain.state().blocks[2].failed = true;
    assert_eq!(status().await["status"], 600);
    assert_eq!(world.call("wallet_getCallsStatus", json!(["0x00"])).await.unwrap_err()["code"], 5_730);
}

/// One that is denied, and none is signed: also where only all of them together are too much.
#[tokio::test]
async fn calls_are_looked_at_before_the_first_is_signed() {
    let world = World::new().await;
    let error = world.call("wallet_sendCalls", json!([calls(&[500, 500, 1], SHOP)])).await.unwrap_err();
    assert_eq!((&error["code"], &error["data"]["code"]), (&json!(4_100), &json!("budget")));
    assert!(message(&error).starts_with("call 3 of 3: denied by the policy: "), "{error}");
    let mut mixed = calls(&[1, 2], SHOP);
    mixed["calls"][1]["to"] = json!(STRANGER);
    let error = world.call("wallet_sendCalls", json!([mixed])).await.unwrap_err();
    assert!(message(&error).starts_with("call 2 of 2: "), "{error}");
    assert!(world.chain.pool().is_empty());
    let mut atomic = calls(&[1], SHOP);
    atomic["atomicRequired"] = json!(true);
    assert_eq!(world.call("wallet_sendCalls", json!([atomic])).await.unwrap_err()["code"], 5_760);
    let mut named = calls(&[1], SHOP);
    named["id"] = json!("mine");
    assert_eq!(world.call("wallet_sendCalls", json!([named])).await.unwrap()["id"], "mine");
    assert_eq!(world.call("wallet_sendCalls", json!([named])).await.unwrap_err()["code"], 5_720);
    assert_eq!(world.chain.pool().len(), 1);
}
