//! A small generator of numbers (SplitMix64): the same on every machine, for ever, so that a seed in a report is a test.

use agentpol_model::{Address, U256};

/// The state.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// Different seeds give unrelated numbers.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// `0 .. n`; zero if there is nothing to choose from.
    pub fn below(&mut self, n: usize) -> usize {
        if n == 0 { 0 } else { (self.next_u64() % n as u64) as usize }
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
        (0..length).map(|_| self.next_u64() as u8).collect()
    }
}
