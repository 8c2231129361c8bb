//! What the scripts see of the development chain itself: everything is sent and signed, so each step is known to work before anything
//! stands between.

use crate::{
    chain::{COIN, COINS, Chain, DEPLOYER, ROUTER, SHOP, STRANGER},
    script::{Client, Steps, steps_of},
};
use serde_json::json;

pub(crate) fn check(client: Client, chain: &Chain, steps: &Steps) {
    assert_eq!(steps.names(), steps_of(client));
    steps.expect_ordinary(&DEPLOYER.to_string());
    // Nobody refuses anything here.
    for unguarded in ["refused", "refused_again", "unlimited", "over"] {
        let told = steps.of(unguarded);
        assert!(told["sent"].is_string(), "{unguarded}: {told}");
    }
    // The node gives two that come at once the same nonce now and then: then one of them is refused, as too low.
    let both = steps.of("two_at_once");
    let shop = match both["error"]["message"].as_str() {
        Some(refused) => {
            assert!(refused.contains("nonce"), "{both}");
            35
        }
        None => {
            assert_eq!(both, json!({ "mined": true, "apart": 1, "shop": (45 * COINS).to_string() }));
            45
        }
    };
    steps.expect("message", &json!({ "signer": DEPLOYER.to_string() }));
    assert!(steps.of("message_refused")["signed"].is_string());
    let signed = json!({ "signer": DEPLOYER.to_string() });
    match client {
        Client::Viem | Client::Ethers => steps.expect("typed_data", &signed),
        // The node has no method of the name that web3.py uses.
        Client::Web3py => {
            assert!(steps.error("typed_data")["code"].is_i64());
            steps.expect("typed_data_v4", &signed);
        }
    }
    if client == Client::Viem {
        for unknown in ["capabilities", "calls", "calls_refused"] {
            assert!(steps.error(unknown)["code"].is_i64(), "{unknown}");
        }
    }
    if client == Client::Ethers {
        steps
            .expect("batch", &json!({ "block": true, "refused": false, "shop": (shop * COINS).to_string() }));
    }
    assert!(steps.error("raw_transaction")["code"].is_i64());
    assert!(steps.of("hash")["signed"].is_string());
    assert_eq!(steps.error("unknown_method")["code"], -32601);
    assert!(steps.of("end")["gold"].is_string());
    chain.settle(DEPLOYER);
    // With the payment over the policy's cap.
    for (name, owner, coins) in [("shop", SHOP, shop + 40), ("router", ROUTER, 30), ("stranger", STRANGER, 2)]
    {
        assert_eq!(chain.balance(COIN, owner), coins * COINS, "{name}");
    }
}
