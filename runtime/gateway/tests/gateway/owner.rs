//! What the owner and approvers ask for.

use crate::world::{KEY, OWNER, POLICY, SHOP, WALLET, World, config, gate, payment};
use agentpol_gateway::{
    Config, Server,
    config::Secret,
    owner::{answers::Status, client},
};
use agentpol_model::{B256, U256};
use agentpol_runtime::ledger::{Record, Slot};
use alloy::signers::{SignerSync as _, local::PrivateKeySigner};
use serde_json::{Value, json};
use std::{os::unix::fs::PermissionsExt as _, time::Duration};
use tokio::sync::oneshot;

/// The fourth account of every development chain.
const OWNERS_KEY: &str = "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6";

/// What waits, and somebody's signature of it.
async fn waiting(world: &World, key: &str) -> (Value, String) {
    let waiting = world.owner("agentpol_waiting", json!([])).await.unwrap();
    let one = waiting[0].clone();
    let data = agentpol_ethereum::TypedData::read(&one["typedData"].to_string()).unwrap();
    let key: PrivateKeySigner = key.parse().unwrap();
    let signature = key.sign_hash_sync(&data.digest().unwrap()).unwrap();
    (one, signature.to_string())
}

async fn asked(world: &World, milli: u64) {
    let error = world.pay(SHOP, milli).await.unwrap_err();
    assert_eq!(error["code"], 4_100);
    assert!(error["message"].as_str().unwrap().starts_with("not signed before somebody agrees"), "{error}");
}

#[tokio::test]
async fn what_somebody_agrees_to_is_sent_and_whoever_asked_gets_it_once() {
    let world = World::new().await;
    asked(&world, 600).await;
    asked(&world, 600).await;
    let (one, by_agent) = waiting(&world, KEY).await;
    assert_eq!(one["told"]["effects"], json!([format!("0.6 ETH leave for {SHOP}")]));
    assert_eq!(
        one["told"]["charges"][0],
        json!({"budget": "daily", "amount": "0.6 ETH", "remaining": "0.4 ETH"})
    );
    let name = one["name"].clone();
    let refused = world.owner("agentpol_approve", json!([name, [by_agent]])).await.unwrap_err();
    assert_eq!(refused["code"], 4_100, "{refused}");
    let (_, signature) = waiting(&world, OWNERS_KEY).await;
    let approved = world.owner("agentpol_approve", json!([name, [signature]])).await.unwrap();
    assert_eq!(approved["status"], "sent", "{approved}");
    let hash: B256 = approved["hash"].as_str().unwrap().parse().unwrap();
    assert_eq!(world.chain.sent(hash).signer(), Some(WALLET));
    let again = world.owner("agentpol_approve", json!([name, [signature]])).await.unwrap_err();
    assert!(again["message"].as_str().unwrap().contains("nothing of that name waits"), "{again}");
    // Its budget is used up by it, and still whoever asks again is told what became of it; after that it would be another.
    assert_eq!(world.pay(SHOP, 600).await.unwrap(), approved["hash"]);
    assert_eq!(world.pay(SHOP, 600).await.unwrap_err()["data"]["code"], "budget");
    assert_eq!(world.gate.next_nonce(31_337), Some(1));
}

#[tokio::test]
async fn what_was_to_be_signed_only_is_not_sent() {
    let world = World::new().await;
    let params = json!([payment(SHOP, 600)]);
    world.call("eth_signTransaction", params.clone()).await.unwrap_err();
    let (one, signature) = waiting(&world, OWNERS_KEY).await;
    let approved = world.owner("agentpol_approve", json!([one["name"], [signature]])).await.unwrap();
    assert_eq!(approved["status"], "signed", "{approved}");
    assert!(world.chain.state().pool.is_empty());
    let raw = world.call("eth_signTransaction", params).await.unwrap();
    let raw = alloy_primitives::hex::decode(raw.as_str().unwrap()).unwrap();
    assert_eq!(json!(alloy_primitives::keccak256(raw)), approved["hash"]);
}

/// Where only the nonce is left open nothing has to be filled in, and it is remembered all the same how it was asked for.
#[tokio::test]
async fn what_was_to_be_signed_only_is_not_sent_however_much_it_says() {
    let world = World::new().await;
    let mut whole = payment(SHOP, 600);
    whole["gas"] = json!("0x7530");
    whole["maxFeePerGas"] = json!("0x9");
    whole["maxPriorityFeePerGas"] = json!("0x9");
    let params = json!([whole]);
    world.call("eth_signTransaction", params.clone()).await.unwrap_err();
    let (one, signature) = waiting(&world, OWNERS_KEY).await;
    let approved = world.owner("agentpol_approve", json!([one["name"], [signature]])).await.unwrap();
    assert_eq!(approved["status"], "signed", "{approved}");
    assert!(world.chain.state().pool.is_empty());
    world.call("eth_signTransaction", params).await.unwrap();
}

#[tokio::test]
async fn what_is_rejected_or_was_not_asked_is_not_signed() {
    let world = World::new().await;
    asked(&world, 600).await;
    let (one, signature) = waiting(&world, OWNERS_KEY).await;
    assert_eq!(world.owner("agentpol_reject", json!([one["name"]])).await.unwrap(), json!(true));
    world.owner("agentpol_approve", json!([one["name"], [signature]])).await.unwrap_err();
    world.owner("agentpol_reject", json!([one["name"]])).await.unwrap_err();
    asked(&world, 600).await;
    for wrong in [json!([]), json!([one["name"]]), json!([one["name"], ["0x00"]]), json!([1, []]), json!({})]
    {
        let error = world.owner("agentpol_approve", wrong.clone()).await.unwrap_err();
        assert_eq!(error["code"], -32_602, "{wrong}: {error}");
    }
}

#[tokio::test]
async fn agents_cannot_ask_for_what_is_the_owners() {
    let world = World::new().await;
    for method in ["agentpol_thaw", "agentpol_approve", "agentpol_adopt", "agentpol_bind", "agentpol_status"]
    {
        let error = world.call(method, json!([])).await.unwrap_err();
        assert_eq!(error["code"], -32_601, "{method}");
    }
    let left = world.call("agentpol_left", json!([])).await.unwrap();
    assert_eq!(left, world.owner("agentpol_left", json!([])).await.unwrap());
    assert_eq!(left[0]["left"], (10u128.pow(18)).to_string());
    for method in ["eth_chainId", "eth_sendTransaction", "agentpol_unknown"] {
        assert_eq!(world.owner(method, json!([])).await.unwrap_err()["code"], -32_601, "{method}");
    }
}

#[tokio::test]
async fn the_owner_stops_everything_and_lets_it_go_on() {
    let world = World::new().await;
    assert_eq!(world.owner("agentpol_freeze", json!(["lost my laptop"])).await.unwrap(), json!([]));
    let error = world.pay(SHOP, 1).await.unwrap_err();
    assert!(error["message"].as_str().unwrap().contains("lost my laptop"), "{error}");
    let status = world.owner("agentpol_status", json!([])).await.unwrap();
    assert_eq!(status["frozen"], "lost my laptop");
    assert_eq!(world.owner("agentpol_thaw", json!([])).await.unwrap()["frozen"], Value::Null);
    world.pay(SHOP, 1).await.unwrap();
}

#[tokio::test]
async fn what_the_owner_spent_by_hand_is_counted() {
    let world = World::new().await;
    let slot = Slot::Transaction { chain: 31_337, account: WALLET, nonce: 0 };
    world.gate.observe(Record::Foreign(slot)).unwrap();
    assert_eq!(world.pay(SHOP, 1).await.unwrap_err()["data"]["code"], "locked");
    let spent = json!({"chain": 31_337, "amount": (9 * 10u128.pow(17)).to_string()});
    let nobodys = json!({"chain": 31_337, "amount": "1", "budgets": ["monthly"]});
    assert_eq!(world.owner("agentpol_adopt", json!([nobodys])).await.unwrap_err()["code"], -32_602);
    world.owner("agentpol_adopt", json!([spent])).await.unwrap();
    assert_eq!(world.pay(SHOP, 101).await.unwrap_err()["data"]["code"], "budget");
    world.pay(SHOP, 100).await.unwrap();
}

/// Of each token and each contract that the policy names and does not trust.
#[tokio::test]
async fn what_others_could_take_before_is_counted() {
    let (coin, router, trusted) = (
        "0x5FbDB2315678afecb367f032d93F642f64180aa3",
        "0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0",
        "0xCf7Ed3AccA5a467e9e704C703E8D87F634fB0Fc9",
    );
    let named = format!(
        "{POLICY}\nuse std::tokens::ERC20\ntoken COIN: ERC20 decimals 6 {{ on devnet at {coin} }}\nbudget coins: 100 COIN per 24h\n\
         interface Nothing {{}}\ncontract router: Nothing on devnet at {router}\n\
         contract vault: Nothing on devnet at {trusted} trusted \"ours\"\n"
    );
    let chain = crate::chain::Chain::new();
    chain.fault("eth_call", |_| Ok(json!(format!("{:#066x}", 30_000_000))));
    let world = World::on(chain.clone(), &named, config()).await;
    let held = world.owner("agentpol_authority", json!([])).await.unwrap();
    assert_eq!(held.as_array().unwrap().len(), 1, "{held}");
    assert_eq!((&held[0]["of"]["spender"], &held[0]["held"]), (&json!(router), &json!("30000000")));
    let asked = chain.called("eth_call");
    let data = asked[0][0]["data"].as_str().unwrap().to_lowercase();
    assert!(data.starts_with("0xdd62ed3e") && data.ends_with(&router.to_lowercase()[2..]), "{data}");
    assert_eq!((asked.len(), &asked[0][0]["to"]), (1, &json!(coin)));
    let left = world.owner("agentpol_left", json!([])).await.unwrap();
    assert_eq!(left[1]["left"], "70000000", "{left}");
}

#[tokio::test]
async fn authority_is_taken_back_by_transactions_that_only_do_that() {
    let coin = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
    let with_coin = format!(
        "{POLICY}\nuse std::tokens::ERC20\ntoken COIN: ERC20 decimals 6 {{ on devnet at {coin} }}\nbudget coins: 100 COIN per 24h\n\
         allow approve: COIN.approve(spender, amount) {{ when spender == {SHOP} and amount <= 30 COIN }}\n"
    );
    let world = World::of(&with_coin, config()).await;
    world.chain.state().estimate = 60_000;
    let approve = format!("0x095ea7b3{:0>64}{:064x}", SHOP.strip_prefix("0x").unwrap(), 30_000_000);
    let tx = json!([{"from": WALLET.to_string(), "to": coin, "data": approve}]);
    world.call("eth_sendTransaction", tx).await.unwrap();
    let frozen = world.owner("agentpol_freeze", json!(["enough"])).await.unwrap();
    assert_eq!((&frozen[0]["signed"], &frozen[0]["symbol"]), (&json!("30000000"), &json!("COIN")));
    assert_eq!((&frozen[0]["of"]["spender"], &frozen[0]["irrevocable"]), (&json!(SHOP), &Value::Null));
    let revoked = world.owner("agentpol_revoke", json!([])).await.unwrap();
    assert_eq!((revoked.as_array().unwrap().len(), &revoked[0]["error"]), (1, &Value::Null));
    let sent = world.chain.sent(revoked[0]["hash"].as_str().unwrap().parse().unwrap());
    let draft = sent.draft().unwrap();
    assert_eq!((sent.nonce, draft.value, draft.to), (1, U256::ZERO, Some(coin.parse().unwrap())));
    let nothing = format!("095ea7b3{:0>64}{:064x}", SHOP.strip_prefix("0x").unwrap().to_lowercase(), 0);
    assert_eq!(alloy_primitives::hex::encode(&draft.data), nothing);
    let stranger = json!([{"chain": 31_337, "token": OWNER, "spender": SHOP}]);
    let refused = world.owner("agentpol_revoke", stranger).await.unwrap();
    assert!(refused[0]["error"].as_str().unwrap().contains("does not know the token"), "{refused}");
}

#[tokio::test]
async fn the_socket_is_its_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control");
    let (url, node) = crate::sockets::node(Duration::ZERO, "\"0x1\"").await;
    let mut config = Config { no_chain: true, control: Some(path.clone()), ..config() };
    config.upstream.url = Secret::new(url);
    let server = Server::bind(config, gate()).await.unwrap();
    let (stop, stopped) = oneshot::channel();
    let server = tokio::spawn(server.run(async { drop(stopped.await) }));
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let status: Status = client::ask(&path, "agentpol_status", &[(); 0]).await.unwrap();
    assert_eq!((status.name.as_str(), status.wallet.0, status.waiting), ("shop", WALLET, 0));
    let error = client::ask::<Value>(&path, "agentpol_bind", &[1]).await.unwrap_err();
    assert!(matches!(error, client::AskError::Refused { code: -32_602, .. }), "{error}");
    stop.send(()).unwrap();
    server.await.unwrap();
    assert!(!path.exists(), "its socket goes with it");
    let error = client::ask::<Value>(&path, "agentpol_status", &[(); 0]).await.unwrap_err();
    assert!(matches!(error, client::AskError::Nobody(_)), "{error}");
    node.abort();
}
