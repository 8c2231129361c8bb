use crate::{
    chain::Chain,
    world::{SHOP, World},
};
use agentpol_gateway::{Follower, NodeError};
use alloy_primitives::keccak256;
use serde_json::{Value, json};

const DAY: u64 = 24 * 3_600;

struct Followed {
    world: World,
    follower: Follower,
}

impl Followed {
    async fn new() -> Self {
        let world = World::new().await;
        let follower = Follower::new(world.gateway.clone());
        Self { world, follower }
    }

    fn chain(&self) -> &Chain {
        &self.world.chain
    }

    async fn gauge(&self, name: &str) -> u64 {
        let text = self.world.metrics().await;
        let start = format!("agentpol_{name} ");
        text.lines().find_map(|line| line.strip_prefix(&start)).map_or(u64::MAX, |n| n.parse().unwrap())
    }

    async fn facts(&self, name: &str) -> u64 {
        self.gauge(&format!("facts_total{{fact=\"{name}\"}}")).await
    }

    /// Half an ether twice is all of a day.
    async fn spend_all(&self) {
        self.world.pay(SHOP, 500).await.unwrap();
        self.world.pay(SHOP, 500).await.unwrap();
        assert_eq!(self.code().await, "budget");
    }

    async fn code(&self) -> Value {
        match self.world.pay(SHOP, 500).await {
            Ok(_) => json!("allow"),
            Err(error) => error["data"]["code"].clone(),
        }
    }
}

/// A window refills when the chain has moved on, and not before all that was signed is settled.
#[tokio::test]
async fn what_landed_leaves_the_window_a_day_later() {
    let mut it = Followed::new().await;
    it.spend_all().await;
    let pool = it.chain().pool();
    it.chain().mine(&pool, 12);
    it.follower.step().await;
    assert_eq!(it.gauge("open_nonces").await, 2, "mined is not final");
    it.chain().finalize();
    it.follower.step().await;
    assert_eq!((it.gauge("open_nonces").await, it.facts("landed").await), (0, 2));
    assert_eq!(it.code().await, "budget");
    it.chain().mine(&[], DAY - 1);
    it.chain().finalize();
    it.follower.step().await;
    assert_eq!(it.code().await, "budget", "the window is not over");
    it.chain().mine(&[], 1);
    it.follower.step().await;
    assert_eq!(it.code().await, "budget", "the block is not final");
    it.chain().finalize();
    it.follower.step().await;
    assert_eq!(it.code().await, "allow");
}

#[tokio::test]
async fn what_is_signed_and_never_lands_counts_for_ever() {
    let mut it = Followed::new().await;
    it.spend_all().await;
    for _ in 0..5 {
        it.chain().mine(&[], 10 * DAY);
        it.chain().finalize();
        it.follower.step().await;
    }
    assert_eq!((it.code().await, it.gauge("open_nonces").await), (json!("budget"), 2));
}

#[tokio::test]
async fn a_receipt_counts_on_the_finalised_chain_only() {
    let mut it = Followed::new().await;
    it.spend_all().await;
    let pool = it.chain().pool();
    it.chain().mine(&pool, 12);
    it.chain().finalize();
    let hash = pool[0].to_string();
    it.chain().fault("eth_getTransactionReceipt", move |params| {
        Ok(json!({"transactionHash": params[0], "transactionIndex": "0x0", "blockNumber": "0x1", "status": "0x1",
            "blockHash": keccak256(&hash).to_string()}))
    });
    it.follower.step().await;
    assert_eq!(it.gauge("open_nonces").await, 2);
    assert_eq!((it.facts("trouble").await, it.facts("final").await), (1, u64::MAX));
    it.chain().heal("eth_getTransactionReceipt");
    it.follower.step().await;
    assert_eq!(it.gauge("open_nonces").await, 0);
}

#[tokio::test]
async fn a_finalised_chain_that_changes_is_told_nothing_of() {
    let mut it = Followed::new().await;
    it.chain().mine(&[], 12);
    it.chain().finalize();
    it.follower.step().await;
    let told = it.gauge("final_time_seconds").await;
    it.chain().state().blocks[1].salt = 1;
    it.chain().mine(&[], 12);
    it.chain().finalize();
    it.follower.step().await;
    assert_eq!(it.gauge("final_time_seconds").await, told);
    assert_eq!(it.facts("trouble").await, 1);
}

/// A nonce that something else used: believed when two looks say so, and nothing is signed after that.
#[tokio::test]
async fn a_foreign_transaction_locks() {
    let mut it = Followed::new().await;
    it.world.pay(SHOP, 1).await.unwrap();
    it.chain().state().foreign = 1;
    it.chain().mine(&[], 12);
    it.chain().finalize();
    it.follower.step().await;
    assert_eq!((it.gauge("locked").await, it.facts("final").await), (0, u64::MAX));
    it.follower.step().await;
    assert_eq!((it.gauge("locked").await, it.gauge("open_nonces").await), (1, 0));
    let error = it.world.pay(SHOP, 1).await.unwrap_err();
    assert_eq!(error["data"]["code"], "locked");
}

/// The same with no reservation of ours in the way: an old copy of the ledger, or a second user of the key.
#[tokio::test]
async fn a_nonce_past_the_ledgers_locks() {
    let mut it = Followed::new().await;
    it.chain().state().foreign = 3;
    it.chain().mine(&[], 12);
    it.chain().finalize();
    it.follower.step().await;
    it.follower.step().await;
    assert_eq!(it.gauge("locked").await, 1);
}

/// A node that loses a receipt for a moment does not lock anything.
#[tokio::test]
async fn one_look_is_no_proof() {
    let mut it = Followed::new().await;
    it.world.pay(SHOP, 1).await.unwrap();
    let pool = it.chain().pool();
    it.chain().mine(&pool, 12);
    it.chain().finalize();
    it.chain().fault("eth_getTransactionReceipt", |_| Ok(Value::Null));
    it.follower.step().await;
    it.chain().heal("eth_getTransactionReceipt");
    it.follower.step().await;
    assert_eq!((it.gauge("locked").await, it.facts("landed").await, it.facts("final").await), (0, 1, 1));
}

#[tokio::test]
async fn of_two_versions_the_one_that_landed_is_told() {
    let mut it = Followed::new().await;
    it.world.pay(SHOP, 500).await.unwrap();
    let mut dearer = crate::world::payment(SHOP, 500);
    dearer["nonce"] = json!("0x0");
    dearer["maxFeePerGas"] = json!("0x2540be400");
    it.world.call("eth_sendTransaction", json!([dearer])).await.unwrap();
    let pool = it.chain().pool();
    assert_eq!(pool.len(), 2);
    it.world.pay(SHOP, 500).await.unwrap();
    it.chain().mine(&pool[1..2], 12);
    it.chain().finalize();
    it.follower.step().await;
    assert_eq!(
        (it.gauge("open_nonces").await, it.gauge("locked").await, it.facts("landed").await),
        (1, 0, 1)
    );
}

#[tokio::test]
async fn a_node_without_finality_needs_a_depth() {
    let no_tag = |chain: &Chain| {
        chain.fault("eth_getTransactionCount", |_| Ok(json!("0x0")));
        chain.fault("eth_getBlockByNumber", |params| match params[0].as_str() {
            Some("finalized") => {
                Err(NodeError::Refused { code: -32_602, message: "no such tag".to_owned(), data: None })
            }
            Some("latest") => {
                Ok(json!({"number": "0xa", "hash": keccak256("10").to_string(), "timestamp": "0x6b02d2a0"}))
            }
            Some(number) => Ok(
                json!({"number": number, "hash": keccak256(number).to_string(), "timestamp": "0x6b02d200"}),
            ),
            None => Ok(Value::Null),
        });
    };
    let mut it = Followed::new().await;
    no_tag(it.chain());
    it.follower.step().await;
    assert_eq!((it.facts("trouble").await, it.facts("final").await), (1, u64::MAX));
    let config = agentpol_gateway::Config { final_depth: Some(4), ..crate::world::config() };
    let world = World::with(config).await;
    let mut it = Followed { follower: Follower::new(world.gateway.clone()), world };
    no_tag(it.chain());
    it.follower.step().await;
    assert_eq!(it.gauge("final_time_seconds").await, 0x6b02_d200);
    assert_eq!(it.chain().called("eth_getBlockByNumber")[2][0], "0x6");
}

/// What the node lost is given to it again; what a client wanted signed and not sent is not.
#[tokio::test]
async fn what_the_node_lost_is_sent_again() {
    let mut it = Followed::new().await;
    it.world.pay(SHOP, 1).await.unwrap();
    it.world.call("eth_signTransaction", json!([crate::world::payment(SHOP, 1)])).await.unwrap();
    it.chain().state().pool.clear();
    it.follower.step().await;
    assert_eq!(it.chain().pool().len(), 1);
    assert_eq!(it.chain().sent(it.chain().pool()[0]).nonce, 0);
}

#[tokio::test]
async fn nonsense_changes_nothing() {
    let nonsense = [
        json!(null),
        json!(1),
        json!("x"),
        json!("0x"),
        json!([]),
        json!({}),
        json!({"number": "0x1", "hash": "0x00", "timestamp": "0x1"}),
    ];
    for method in ["eth_getBlockByNumber", "eth_getTransactionReceipt", "eth_getTransactionCount"] {
        for answer in nonsense.clone() {
            let mut it = Followed::new().await;
            it.spend_all().await;
            let pool = it.chain().pool();
            it.chain().mine(&pool, 12);
            it.chain().finalize();
            let said = answer.clone();
            it.chain().fault(method, move |_| Ok(said.clone()));
            it.follower.step().await;
            assert_eq!(
                (it.gauge("open_nonces").await, it.gauge("locked").await),
                (2, 0),
                "{method} {answer}"
            );
            it.chain().heal(method);
            it.follower.step().await;
            assert_eq!(it.gauge("open_nonces").await, 0, "{method} {answer}");
        }
    }
}
