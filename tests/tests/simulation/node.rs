//! The node before that chain, as the gateway asks it: sometimes it is not there, or behind, or forgets for a moment what has
//! landed, or changes its mind while it is asked.

use crate::{
    chain::{Chain, Mined},
    shop::{HUB, SHOP, USDC, key},
};
use agentpol_gateway::{
    NodeError,
    node::{Boxed, Node},
};
use agentpol_model::B256;
use agentpol_tests::generator::Rng;
use alloy_primitives::{B256 as Word, b256};
use serde_json::{Value, json, value::RawValue};
use std::sync::{Arc, Mutex, MutexGuard};

const TRANSFER: B256 = b256!("ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");

/// What goes wrong at one look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mood {
    #[default]
    Fine,
    /// It fails after so many answers.
    Gone(usize),
    /// Its last final block is an older one.
    Behind(usize),
    /// It knows no receipt.
    Forgetful,
    /// After so many answers the newest blocks are replaced.
    Reorg(usize, usize),
    /// It says that the newest block is final.
    Liar,
}

#[derive(Debug)]
pub(crate) struct Played {
    pub(crate) chain: Chain,
    pub(crate) mood: Mood,
    answers: usize,
}

/// The node; whoever holds one sees the same chain.
#[derive(Clone, Debug)]
pub(crate) struct Street(Arc<Mutex<Played>>);

impl Street {
    pub(crate) fn new() -> Self {
        let played = Played { chain: Chain::new(), mood: Mood::Fine, answers: 0 };
        Self(Arc::new(Mutex::new(played)))
    }

    pub(crate) fn see(&self) -> MutexGuard<'_, Played> {
        self.0.lock().unwrap()
    }

    pub(crate) fn be(&self, mood: Mood) {
        let mut played = self.see();
        (played.mood, played.answers) = (mood, 0);
    }
}

impl Played {
    fn number(&self, tag: &Value) -> Option<usize> {
        let chain = &self.chain;
        match tag.as_str().unwrap() {
            "finalized" => Some(match self.mood {
                Mood::Behind(blocks) => chain.finalised.saturating_sub(blocks),
                Mood::Liar => chain.blocks.len() - 1,
                _ => chain.finalised,
            }),
            "latest" | "pending" => Some(chain.blocks.len() - 1),
            hex => usize::from_str_radix(&hex[2..], 16).ok().filter(|n| *n < chain.blocks.len()),
        }
    }

    fn receipt(&self, hash: B256) -> Value {
        let Some((number, index)) = self.chain.find(hash).filter(|_| self.mood != Mood::Forgetful) else {
            return Value::Null;
        };
        let block = &self.chain.blocks[number];
        let Mined { ok, gas, price, moved, .. } = &block.mined[index];
        let topic = |address: alloy_primitives::Address| address.into_word().to_string();
        // Whom it goes to is nothing that anybody reads.
        let to = topic(if block.lent.1.is_some() { HUB } else { SHOP });
        let log = moved.map(|amount| {
            json!({"address": USDC.to_string(), "topics": [TRANSFER.to_string(), topic(key().address()), to],
                "data": Word::from(amount).to_string()})
        });
        json!({"transactionHash": hash.to_string(), "transactionIndex": format!("{index:#x}"),
            "blockHash": block.hash.to_string(), "blockNumber": format!("{number:#x}"),
            "status": if *ok { "0x1" } else { "0x0" }, "gasUsed": format!("{gas:#x}"),
            "effectiveGasPrice": format!("{price:#x}"), "logs": log.into_iter().collect::<Vec<_>>()})
    }

    fn answer(&mut self, method: &str, params: &Value) -> Result<Value, NodeError> {
        self.answers += 1;
        match self.mood {
            Mood::Gone(after) if self.answers > after => return Err(NodeError::Malformed("it is gone")),
            Mood::Reorg(after, depth) if self.answers == after => {
                self.chain.forget(depth);
                let mut rng = Rng::new(depth as u64);
                (0..=depth).for_each(|_| self.chain.mine(&mut rng, 30));
            }
            _ => {}
        }
        let hash = || -> B256 { params[0].as_str().unwrap().parse().unwrap() };
        Ok(match method {
            "eth_chainId" => json!("0x1"),
            "eth_getTransactionCount" => match self.number(&params[1]) {
                Some(number) => json!(format!("{:#x}", self.chain.blocks[number].nonce)),
                None => Value::Null,
            },
            "eth_getTransactionReceipt" => self.receipt(hash()),
            "eth_getTransactionByHash" => json!({"hash": hash().to_string()}),
            "eth_getBlockByNumber" => match self.number(&params[0]) {
                Some(number) => {
                    let block = &self.chain.blocks[number];
                    json!({"number": format!("{number:#x}"), "hash": block.hash.to_string(),
                        "timestamp": format!("{:#x}", block.time)})
                }
                None => Value::Null,
            },
            _ => return Err(NodeError::Malformed("nobody asks for that")),
        })
    }
}

impl Node for Street {
    fn call<'a>(
        &'a self,
        method: &'a str,
        params: &'a RawValue,
    ) -> Boxed<'a, Result<Box<RawValue>, NodeError>> {
        Box::pin(async move {
            let params: Value = serde_json::from_str(params.get()).unwrap();
            let answer = self.see().answer(method, &params)?;
            Ok(serde_json::value::to_raw_value(&answer).unwrap())
        })
    }
}
