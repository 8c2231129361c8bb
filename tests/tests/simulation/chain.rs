//! A chain that is out to get the gate: it mines any version of what was signed, late, reverted or never, takes blocks back before
//! they are final, and lets the key be used by somebody else. It is the truth.

use crate::shop::{DAY, GWEI, HOUR, Kind, START, What, key, usdc};
use agentpol_ethereum::RawTransaction;
use agentpol_model::{B256, Time, U256};
use agentpol_tests::generator::Rng;
use alloy_primitives::keccak256;
use std::collections::BTreeMap;

/// Blocks that may be taken back at once.
pub(crate) const DEEPEST: usize = 64;

/// Something that left the wallet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Out {
    pub(crate) at: Time,
    pub(crate) kind: Kind,
    pub(crate) amount: U256,
    /// The nonce it left by, and that of the loan that it was taken from.
    pub(crate) by: [Option<u64>; 2],
}

/// Something signed, wherever it went.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) hash: B256,
    pub(crate) nonce: u64,
    pub(crate) what: What,
    pub(crate) gas: u64,
    pub(crate) price: u128,
}

#[derive(Clone, Debug)]
pub(crate) struct Mined {
    /// `None`: not the gate's.
    pub(crate) hash: Option<B256>,
    pub(crate) ok: bool,
    pub(crate) gas: u64,
    pub(crate) price: u128,
    /// USDC that went out by it, to whom the log says.
    pub(crate) moved: Option<U256>,
}

#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) hash: B256,
    pub(crate) time: Time,
    pub(crate) mined: Vec<Mined>,
    /// Of the gate's making.
    pub(crate) outs: Vec<Out>,
    /// The account's nonce behind it.
    pub(crate) nonce: u64,
    /// Nonces that somebody else used, so far.
    pub(crate) foreign: Vec<u64>,
    /// What the hub may take, and by which nonce.
    pub(crate) lent: (U256, Option<u64>),
}

impl Sent {
    /// As whoever finds the bytes reads them.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let raw = RawTransaction::read(bytes).unwrap();
        assert_eq!(raw.signer(), Some(key().address()));
        let envelope = raw.draft().unwrap().envelope();
        Self {
            hash: raw.hash().unwrap(),
            nonce: raw.nonce,
            what: What::of(&raw),
            gas: envelope.gas_limit.unwrap(),
            price: envelope.max_fee_per_gas.unwrap(),
        }
    }
}

impl Block {
    fn out(&mut self, kind: Kind, amount: U256, by: [Option<u64>; 2]) {
        self.outs.push(Out { at: self.time, kind, amount, by });
    }
}

/// The chain, and all that may get into it.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    pub(crate) blocks: Vec<Block>,
    pub(crate) finalised: usize,
    /// By nonce. It is never forgotten: whoever has seen a signature has it.
    pub(crate) pool: BTreeMap<u64, Vec<Sent>>,
    /// May somebody else use the key?
    pub(crate) foreign: bool,
    made: u64,
}

impl Chain {
    pub(crate) fn new() -> Self {
        let genesis = Block {
            hash: keccak256("genesis"),
            time: START,
            mined: Vec::new(),
            outs: Vec::new(),
            nonce: 0,
            foreign: Vec::new(),
            lent: (U256::ZERO, None),
        };
        Self { blocks: vec![genesis], finalised: 0, pool: BTreeMap::new(), foreign: false, made: 0 }
    }

    pub(crate) fn head(&self) -> &Block {
        &self.blocks[self.blocks.len() - 1]
    }

    pub(crate) fn last_final(&self) -> &Block {
        &self.blocks[self.finalised]
    }

    pub(crate) fn receive(&mut self, sent: Sent) {
        let versions = self.pool.entry(sent.nonce).or_default();
        if versions.iter().all(|other| other.hash != sent.hash) {
            versions.push(sent);
        }
    }

    /// The next block: `crowded` per cent of the time something goes into it, and again.
    pub(crate) fn mine(&mut self, rng: &mut Rng, crowded: usize) {
        let passed = match rng.below(40) {
            0 => DAY / 2,
            1 => 3 * DAY,
            2..=3 => HOUR - 1,
            4..=5 => HOUR,
            6..=9 => 600,
            _ => 12,
        };
        self.made += 1;
        let parent = self.head();
        let mut block = Block {
            hash: keccak256(self.made.to_be_bytes()),
            time: parent.time + passed,
            mined: Vec::new(),
            outs: Vec::new(),
            ..parent.clone()
        };
        while rng.chance(crowded) {
            if self.foreign && rng.chance(2) {
                let (gas, price) = (21_000, GWEI);
                block.mined.push(Mined { hash: None, ok: true, gas, price, moved: None });
                block.foreign.push(block.nonce);
                block.nonce += 1;
            } else if let Some(sent) = self.pool.get(&block.nonce).and_then(|versions| rng.choose(versions)) {
                execute(&mut block, sent, rng);
            } else {
                break;
            }
        }
        if block.lent.0 > U256::ZERO && rng.chance(20) {
            let amount = part(block.lent.0, rng);
            take(&mut block, amount, None);
        }
        self.blocks.push(block);
    }

    /// The newest blocks did not happen. Never a final one.
    pub(crate) fn forget(&mut self, depth: usize) {
        let depth = depth.min(self.blocks.len() - 1 - self.finalised);
        self.blocks.truncate(self.blocks.len() - depth);
    }

    /// Everything up to so many blocks before the head is final.
    pub(crate) fn finalise(&mut self, but: usize) {
        self.finalised = self.finalised.max((self.blocks.len() - 1).saturating_sub(but));
    }

    /// Where something of the gate's stands.
    pub(crate) fn find(&self, hash: B256) -> Option<(usize, usize)> {
        let place = |block: &Block| block.mined.iter().position(|mined| mined.hash == Some(hash));
        self.blocks.iter().enumerate().rev().find_map(|(n, block)| Some((n, place(block)?)))
    }

    /// What left, of a kind, up to and with this block, the newest first.
    pub(crate) fn outs(&self, upto: usize, kind: Kind) -> impl Iterator<Item = &Out> {
        let blocks = self.blocks[..=upto].iter().rev();
        blocks.flat_map(|block| block.outs.iter().rev()).filter(move |out| out.kind == kind)
    }
}

fn execute(block: &mut Block, sent: &Sent, rng: &mut Rng) {
    let ok = !rng.chance(15);
    let gas = 21_000 + rng.below(sent.gas as usize - 21_000 + 1) as u64;
    let price = *rng.pick(&[sent.price, GWEI.min(sent.price), 1]);
    let by = [Some(sent.nonce), None];
    let mut moved = None;
    match sent.what {
        _ if !ok => {}
        What::Pay(amount) => {
            block.out(Kind::Usdc, amount, by);
            moved = Some(amount);
        }
        What::Lend(amount) => block.lent = (amount, Some(sent.nonce)),
        What::Draw(amount) => {
            let amount = part(amount.min(block.lent.0), rng);
            take(block, amount, Some(sent.nonce));
            moved = Some(amount);
        }
    }
    block.out(Kind::Fee, U256::from(u128::from(gas) * price), by);
    block.out(Kind::Call, U256::ONE, by);
    block.mined.push(Mined { hash: Some(sent.hash), ok, gas, price, moved });
    block.nonce += 1;
}

fn take(block: &mut Block, amount: U256, by: Option<u64>) {
    block.lent.0 -= amount;
    block.out(Kind::Usdc, amount, [by, block.lent.1]);
}

/// All of it, or some, or nothing.
fn part(of: U256, rng: &mut Rng) -> U256 {
    match rng.below(4) {
        0 => U256::ZERO,
        1 => of / U256::from(2),
        2 => of.min(usdc(1)),
        _ => of,
    }
}
