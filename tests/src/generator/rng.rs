//! A small generator of numbers (SplitMix64): the same on every machine, for ever, so that a seed in a report is a test. Or it reads
//! its choices from bytes that a fuzzer turns over, so that whatever is generated can be fuzzed by its structure.

use agentpol_model::{Address, U256};
use std::collections::VecDeque;

/// The state.
#[derive(Clone, Debug)]
pub struct Rng {
    state: u64,
    /// Choices that somebody else has made.
    tape: VecDeque<u8>,
}

impl Rng {
    /// Different seeds give unrelated numbers.
    pub fn new(seed: u64) -> Self {
        Self { state: seed, tape: VecDeque::new() }
    }

    /// Choices are made by these bytes, one after the other; what they leave open is chosen always in the same way.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self { state: 0, tape: bytes.iter().copied().collect() }
    }

    /// Any number.
    pub fn next_u64(&mut self) -> u64 {
        self.draw(8)
    }

    /// A number made of so many bytes, as long as there are bytes; a whole one afterwards.
    fn draw(&mut self, bytes: usize) -> u64 {
        if !self.tape.is_empty() {
            let bytes = bytes.min(self.tape.len());
            return self.tape.drain(..bytes).fold(0, |n, byte| n << 8 | u64::from(byte));
        }
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// `0 .. n`; zero if there is nothing to choose from.
    pub fn below(&mut self, n: usize) -> usize {
        // A choice of few takes one byte, so that a fuzzer that changes it changes this choice and no other.
        let bytes = if n <= 1 << 8 { 1 } else { 8 };
        if n == 0 { 0 } else { (self.draw(bytes) % n as u64) as usize }
    }

    /// `low ..= high`
    pub fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high - low + 1)
    }

    /// True `percent` times out of a hundred.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of them.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// One of them, if there are any.
    pub fn choose<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        (!items.is_empty()).then(|| self.pick(items))
    }

    /// Any word.
    pub fn word(&mut self) -> U256 {
        U256::from_limbs(std::array::from_fn(|_| self.next_u64()))
    }

    /// A number that is rather small, or near a power of two.
    pub fn number(&mut self) -> U256 {
        match self.below(10) {
            0 => U256::ZERO,
            1..=4 => U256::from(self.below(1_000)),
            5..=6 => U256::from(self.next_u64() >> self.below(60)),
            7 => U256::MAX >> self.below(256),
            8 => (U256::ONE << self.below(256)).wrapping_add(U256::from(self.below(3))) - U256::ONE,
            _ => self.word() >> self.below(256),
        }
    }

    /// Any address.
    pub fn address(&mut self) -> Address {
        Address::from_word(self.word().into())
    }

    /// Any bytes.
    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.draw(1) as u8).collect()
    }
}
