//! Follows the chain, and tells the ledger what is final: what landed, what used a nonce of ours without being ours, and up to
//! which time everything was told.
//!
//! Every look at the chain is of one finalised block. What the node says of it is put together first and told only if the
//! block still stands there afterwards under the same hash, and if the finalised chain of the look before is part of it.
//! A receipt counts only if its block is on that chain. That a nonce was used by something else is believed only when two
//! looks say so: the ledger locks by it.

use crate::{
    gateway::Gateway,
    keeper::{Open, Sent},
    node::{Hash, NodeError, Quantity, ask},
};
use agentpol_model::{Address, B256, Time, U256};
use agentpol_runtime::ledger::{Landed, Record, Reply, Slot};
use alloy_primitives::{b256, hex};
use serde::Deserialize;
use std::{collections::BTreeSet, sync::Arc, time::Duration};

/// `Transfer(address,address,uint256)`.
const TRANSFER: B256 = b256!("ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");

/// Transactions that are given to the node again at one look.
const MOST_RESENT: usize = 16;

/// A block that is final.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Block {
    number: Quantity,
    hash: Hash,
    timestamp: Quantity,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Receipt {
    transaction_hash: Hash,
    block_hash: Hash,
    block_number: Quantity,
    transaction_index: Quantity,
    #[serde(default)]
    status: Option<Quantity>,
    #[serde(default)]
    gas_used: Option<Quantity>,
    #[serde(default)]
    effective_gas_price: Option<Quantity>,
    /// What rollups charge besides.
    #[serde(default)]
    l1_fee: Option<Quantity>,
    #[serde(default)]
    logs: Vec<Log>,
}

#[derive(Debug, Deserialize)]
struct Log {
    address: String,
    topics: Vec<Hash>,
    data: String,
}

/// What one look at the chain found.
#[derive(Debug, Default)]
struct Found {
    /// By block and place in it.
    landed: Vec<((U256, U256), Landed)>,
    /// Used, and by nothing of ours.
    foreign: BTreeSet<Slot>,
}

/// Why a look told nothing.
#[derive(Debug)]
enum Trouble {
    Node(NodeError),
    /// The node has no finalised block, and no depth was set.
    NoFinality,
    /// The finalised chain is another one than before.
    Changed,
    /// The gate did not take it.
    Gate,
}

impl From<NodeError> for Trouble {
    fn from(error: NodeError) -> Self {
        Trouble::Node(error)
    }
}

impl core::fmt::Display for Trouble {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Trouble::Node(e) => e.fmt(f),
            Trouble::NoFinality => {
                f.write_str("the node names no finalised block; set `final_depth` if the chain has none")
            }
            Trouble::Changed => {
                f.write_str("the finalised chain is another one than before; nothing is told from it")
            }
            Trouble::Gate => f.write_str("the gate did not take what became final"),
        }
    }
}

/// Looks at the chain for ever.
pub(crate) async fn follow(gateway: Arc<Gateway>) {
    let mut follower = Follower::new(gateway.clone());
    let mut ticks = tokio::time::interval(Duration::from_millis(gateway.config.poll_ms));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        follower.step().await;
    }
}

/// What is remembered between looks.
#[derive(Debug)]
pub struct Follower {
    gateway: Arc<Gateway>,
    /// The block of the last look that told something.
    last: Option<Block>,
    /// What seemed to be foreign then.
    suspects: BTreeSet<Slot>,
}

impl Follower {
    /// Nothing was looked at yet.
    pub fn new(gateway: Arc<Gateway>) -> Self {
        Self { gateway, last: None, suspects: BTreeSet::new() }
    }

    /// One look, and what belongs to it.
    pub async fn step(&mut self) {
        if let Err(trouble) = self.look().await {
            self.gateway.metrics.fact("trouble");
            tracing::warn!("the chain could not be followed: {trouble}");
        } else if let Err(error) = self.resend().await {
            tracing::warn!("nothing could be sent again: {error}");
        }
        let open = self.gateway.keep.open(self.gateway.chain).len();
        self.gateway.metrics.set("open_nonces", u64::try_from(open).unwrap_or(u64::MAX));
        self.gateway.metrics.set("frozen", self.gateway.keep.is_frozen().into());
        self.gateway.metrics.set("locked", self.gateway.keep.is_locked().into());
    }

    async fn look(&mut self) -> Result<(), Trouble> {
        let block = self.final_block().await?;
        if let Some(last) = self.last {
            if block.number < last.number || block.hash == last.hash && self.suspects.is_empty() {
                // A node that is behind, or nothing new.
                return Ok(());
            }
            if self.block(last.number).await?.hash != last.hash {
                return Err(Trouble::Changed);
            }
        }
        let found = self.find(&block).await?;
        // What was read may be of two chains, if the node changed its mind in between.
        if self.block(block.number).await?.hash != block.hash {
            return Err(Trouble::Changed);
        }
        self.tell(&block, found).await
    }

    /// The newest finalised block; for nodes that cannot say, the one so many blocks back.
    async fn final_block(&self) -> Result<Block, Trouble> {
        let node = self.gateway.node.as_ref();
        let said: Result<Option<Block>, NodeError> =
            ask(node, "eth_getBlockByNumber", &("finalized", false)).await;
        match (said, self.gateway.config.final_depth) {
            (Ok(Some(block)), _) => Ok(block),
            (Ok(None) | Err(NodeError::Refused { .. }), Some(depth)) => {
                let latest: Block = ask(node, "eth_getBlockByNumber", &("latest", false)).await?;
                let number = latest.number.0.checked_sub(U256::from(depth)).ok_or(Trouble::NoFinality)?;
                Ok(self.block(Quantity(number)).await?)
            }
            (Ok(None), None) => Err(Trouble::NoFinality),
            (Err(error), _) => Err(error.into()),
        }
    }

    async fn block(&self, number: Quantity) -> Result<Block, NodeError> {
        let block: Block = ask(self.gateway.node.as_ref(), "eth_getBlockByNumber", &(number, false)).await?;
        match block.number == number {
            true => Ok(block),
            false => Err(NodeError::Malformed("it is another block than was asked for")),
        }
    }

    /// What became of our nonces up to this block.
    async fn find(&self, block: &Block) -> Result<Found, Trouble> {
        let gateway = &self.gateway;
        let signer = gateway.keep.signer();
        let question = (signer.to_string(), block.number);
        let count: Quantity = ask(gateway.node.as_ref(), "eth_getTransactionCount", &question).await?;
        let count = count.small().ok_or(NodeError::Malformed("no account has such a nonce"))?;
        let mut found = Found::default();
        for open in gateway.keep.open(gateway.chain).iter().filter(|open| open.nonce < count) {
            match self.landed(open, block).await? {
                Some(landed) => found.landed.push(landed),
                // A version whose hash is not known may be the one: then nothing is said, and it goes on counting.
                None if open.versions.iter().any(|version| version.signed.is_none()) => {
                    tracing::warn!(
                        nonce = open.nonce,
                        "used by a transaction that is not known here; it stays counted"
                    );
                }
                None => {
                    found.foreign.insert(open.slot);
                }
            }
        }
        // The key signed something past this ledger: of the nonces in between, the last tells as much as all.
        if let Some(next) = gateway.keep.next_nonce(gateway.chain)
            && let Some(nonce) = count.checked_sub(1).filter(|last| *last >= next)
        {
            found.foreign.insert(Slot::Transaction { chain: gateway.chain, account: signer, nonce });
        }
        found.landed.sort_by_key(|(place, _)| *place);
        Ok(found)
    }

    /// Which of a nonce's versions landed, at that block or before.
    async fn landed(&self, open: &Open, last: &Block) -> Result<Option<((U256, U256), Landed)>, Trouble> {
        for version in &open.versions {
            let Some(sent) = &version.signed else { continue };
            let receipt: Option<Receipt> =
                ask(self.gateway.node.as_ref(), "eth_getTransactionReceipt", &[sent.hash.to_string()])
                    .await?;
            let Some(receipt) = receipt else { continue };
            if receipt.transaction_hash.0 != sent.hash {
                return Err(NodeError::Malformed("a receipt of another transaction").into());
            }
            if receipt.block_number > last.number {
                continue;
            }
            let block = self.block(receipt.block_number).await?;
            if block.hash != receipt.block_hash {
                return Err(Trouble::Changed);
            }
            let at = time(&block)?;
            let ok = receipt.status.is_none_or(|status| status != Quantity::from(0));
            let place = (receipt.block_number.0, receipt.transaction_index.0);
            let pulled =
                version.pulls.as_ref().and_then(|pulls| pulled(pulls, self.gateway.keep.wallet(), &receipt));
            let landed =
                Landed { slot: open.slot, digest: version.digest, ok, at, pulled, fee: fee(&receipt) };
            return Ok(Some((place, landed)));
        }
        Ok(None)
    }

    /// In the order of the chain, and the block's time last: it says that everything up to there was told.
    async fn tell(&mut self, block: &Block, found: Found) -> Result<(), Trouble> {
        for (_, landed) in found.landed {
            self.observe("landed", Record::Landed(landed)).await?;
        }
        let sure: Vec<Slot> = found.foreign.intersection(&self.suspects).copied().collect();
        self.suspects = found.foreign.difference(&sure.iter().copied().collect()).copied().collect();
        for slot in sure {
            tracing::error!("a nonce was used by something that was not signed here; nothing more is signed");
            self.observe("foreign", Record::Foreign(slot)).await?;
        }
        self.last = Some(*block);
        // While something is not known, not everything was told.
        if self.suspects.is_empty() {
            let at = time(block)?;
            self.observe("final", Record::Final(self.gateway.chain, at)).await?;
            self.gateway.metrics.set("final_time_seconds", at);
        }
        Ok(())
    }

    async fn observe(&self, name: &'static str, fact: Record) -> Result<(), Trouble> {
        match self.gateway.keep.observe(fact).await {
            Ok(Reply::Done) => {
                self.gateway.metrics.fact(name);
                Ok(())
            }
            _ => Err(Trouble::Gate),
        }
    }

    /// A transaction that the node lost, or never got, stands in the way of all that come after it.
    async fn resend(&self) -> Result<(), NodeError> {
        let gateway = &self.gateway;
        // Whoever is sending just now keeps the order.
        let Ok(_in_order) = gateway.outgoing.try_lock() else { return Ok(()) };
        let open = gateway.keep.open(gateway.chain);
        let signed =
            |open: &Open| open.versions.iter().filter_map(|v| v.signed.clone()).collect::<Vec<Sent>>();
        let known: BTreeSet<B256> = open.iter().flat_map(signed).map(|sent| sent.hash).collect();
        let mine = {
            let mut outbox = gateway.outbox();
            outbox.retain(|hash| known.contains(hash));
            outbox.clone()
        };
        if mine.is_empty() {
            return Ok(());
        }
        let question = (gateway.keep.signer().to_string(), "latest");
        let count: Quantity = ask(gateway.node.as_ref(), "eth_getTransactionCount", &question).await?;
        let waiting = open.iter().filter(|open| Quantity::from(open.nonce) >= count);
        // Of a nonce's versions the newest: it was to replace the others.
        let newest =
            waiting.filter_map(|open| signed(open).into_iter().rfind(|sent| mine.contains(&sent.hash)));
        for sent in newest.take(MOST_RESENT) {
            if !gateway.knows(&sent).await && gateway.send(&sent).await.is_err() {
                // What comes after it would not be taken either.
                break;
            }
        }
        Ok(())
    }
}

fn time(block: &Block) -> Result<Time, NodeError> {
    block.timestamp.small().ok_or(NodeError::Malformed("no block has such a time"))
}

/// The fee that was really paid, if the receipt says so.
fn fee(receipt: &Receipt) -> Option<U256> {
    let gas = receipt.gas_used?.0.checked_mul(receipt.effective_gas_price?.0)?;
    gas.checked_add(receipt.l1_fee.map(|fee| fee.0).unwrap_or_default())
}

/// What each pull took, by the transfers out of the wallet: known only if none is more than its pull could take.
fn pulled(pulls: &[(Address, U256)], wallet: Address, receipt: &Receipt) -> Option<Vec<U256>> {
    let from = Hash(wallet.into_word());
    let taken = |token: Address| {
        let logs = receipt.logs.iter().filter(|log| {
            log.address.parse() == Ok(token)
                && log.topics.first() == Some(&Hash(TRANSFER))
                && log.topics.get(1) == Some(&from)
        });
        logs.map(|log| amount(&log.data)).try_fold(U256::ZERO, |sum, one| sum.checked_add(one?))
    };
    pulls.iter().map(|(token, most)| taken(*token).filter(|taken| taken <= most)).collect()
}

fn amount(data: &str) -> Option<U256> {
    let bytes: [u8; 32] = hex::decode(data).ok()?.try_into().ok()?;
    Some(U256::from_be_bytes(bytes))
}
