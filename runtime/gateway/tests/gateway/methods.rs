use crate::world::{SHOP, WALLET, World};
use agentpol_gateway::{
    NodeError,
    methods::{Done, all, find},
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[tokio::test]
async fn what_reads_is_passed_on_as_it_is_and_nothing_else() {
    let world = World::new().await;
    world.chain.fault("eth_call", |params| Ok(json!({"seen": params})));
    let params = json!([{"to": SHOP, "input": "0x"}, "latest", {"anything": [1, 2.50, {"a": null}]}]);
    assert_eq!(world.call("eth_call", params.clone()).await, Ok(json!({"seen": params})));
    for (name, done) in all() {
        let before = world.chain.called(name).len();
        world.chain.fault(name, |_| Ok(json!(true)));
        let _ = world.call(name, json!([])).await;
        let passed = world.chain.called(name).len() > before;
        assert_eq!(passed, done == Done::Forwarded, "{name}");
    }
}

#[test]
fn the_table_names_each_method_once() {
    let names: Vec<&str> = all().map(|(name, _)| name).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
}

#[tokio::test]
async fn what_would_go_round_the_policy_is_refused() {
    let world = World::new().await;
    for method in [
        "eth_sign",
        "eth_sendRawTransaction",
        "eth_sendRawTransactionSync",
        "eth_signTypedData_v3",
        "personal_unlockAccount",
        "personal_sendTransaction",
        "debug_traceCall",
        "anvil_setBalance",
        "anvil_impersonateAccount",
        "hardhat_setCode",
        "evm_mine",
        "admin_addPeer",
        "miner_start",
        "txpool_content",
        "wallet_grantPermissions",
        "wallet_addEthereumChain",
    ] {
        let error = world.call(method, json!([])).await.unwrap_err();
        assert_eq!(error["code"], 4_200, "{method}");
        assert!(error["message"].as_str().unwrap().contains("is refused: "), "{error}");
        assert!(world.chain.called(method).is_empty(), "{method}");
        assert!(matches!(find(method), Some((_, Done::Refused(_)))));
    }
    for method in
        ["", "eth_", "Eth_sendTransaction", "eth_sendTransaction ", "foo", "eth_sendtransaction", "anvil"]
    {
        let error = world.call(method, json!([])).await.unwrap_err();
        assert_eq!(error["code"], -32_601, "{method:?}");
        assert!(world.chain.called(method).is_empty());
    }
}

#[tokio::test]
async fn the_wallet_speaks_for_its_own_key_and_chain() {
    let world = World::new().await;
    let account = json!([WALLET.to_string()]);
    assert_eq!(world.call("eth_accounts", json!([])).await, Ok(account.clone()));
    assert_eq!(world.call("eth_requestAccounts", json!([])).await, Ok(account));
    assert_eq!(world.call("net_version", json!([])).await, Ok(json!("31337")));
    assert_eq!(
        world.call("wallet_switchEthereumChain", json!([{"chainId": "0x7a69"}])).await,
        Ok(Value::Null)
    );
    let other = world.call("wallet_switchEthereumChain", json!([{"chainId": "0x1"}])).await.unwrap_err();
    assert_eq!(other["code"], 4_902);
    let capabilities = json!({"0x7a69": {"atomic": {"status": "unsupported"}}});
    let wallet = WALLET.to_string().to_lowercase();
    assert_eq!(world.call("wallet_getCapabilities", json!([wallet])).await, Ok(capabilities.clone()));
    assert_eq!(
        world.call("wallet_getCapabilities", json!([wallet, ["0x1", "0x7a69"]])).await,
        Ok(capabilities)
    );
    assert_eq!(world.call("wallet_getCapabilities", json!([wallet, ["0x1"]])).await, Ok(json!({})));
    let error = world.call("wallet_getCapabilities", json!([SHOP])).await.unwrap_err();
    assert_eq!(error["code"], 4_100);
    assert_eq!(world.chain.called("eth_chainId").len(), 1, "only when it began");
}

/// A node's errors go through with what clients decode of them; its words cannot break a line.
#[tokio::test]
async fn a_nodes_error_is_the_nodes() {
    let world = World::new().await;
    world.chain.fault("eth_call", |_| {
        let data = serde_json::value::to_raw_value("0x08c379a0").ok();
        Err(NodeError::Refused { code: 3, message: "execution reverted".to_owned(), data })
    });
    let error = world.call("eth_call", json!([{}])).await.unwrap_err();
    assert_eq!(error, json!({"code": 3, "message": "execution reverted", "data": "0x08c379a0"}));
    world.chain.fault("eth_call", |_| Err(NodeError::TooSlow));
    assert_eq!(world.call("eth_call", json!([{}])).await.unwrap_err()["code"], -32_002);
}
