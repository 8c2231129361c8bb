//! From what a call says to what is decided about it: one look-up, whatever the number of rules.

use agentpol_model::{Address, ChainId};

/// What leads to a callable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) chain: ChainId,
    pub(crate) target: Address,
    pub(crate) selector: [u8; 4],
}

impl Key {
    /// Spreads the key's bits. The keys are the policy's own, so nobody else chooses which collide.
    fn hash(&self) -> u64 {
        const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
        let mix = |hash: u64, part: u64| {
            let product = u128::from(hash ^ part).wrapping_mul(u128::from(ODD));
            (product as u64) ^ ((product >> 64) as u64)
        };
        let [a0, a1, a2, a3, a4, a5, a6, a7, b0, b1, b2, b3, b4, b5, b6, b7, c0, c1, c2, c3] =
            self.target.into_array();
        let [s0, s1, s2, s3] = self.selector;
        let hash = mix(self.chain.wrapping_add(ODD), u64::from_le_bytes([a0, a1, a2, a3, a4, a5, a6, a7]));
        let hash = mix(hash, u64::from_le_bytes([b0, b1, b2, b3, b4, b5, b6, b7]));
        mix(hash, u64::from_le_bytes([c0, c1, c2, c3, s0, s1, s2, s3]))
    }
}

/// An open-addressed table from keys to the numbers of callables, at most half full. The keys themselves stand with the
/// callables, which a hit reads next anyway: the table of ten thousand fits into a processor's second cache.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    /// One more than the number; zero is empty.
    slots: Vec<u32>,
}

impl Table {
    /// Of keys that differ, each numbered below `u32::MAX`.
    pub(crate) fn new(keys: &[(Key, u32)]) -> Self {
        let mut slots = vec![0; keys.len().saturating_mul(2).next_power_of_two()];
        let mask = slots.len().saturating_sub(1);
        for (key, number) in keys {
            let mut at = key.hash() as usize & mask;
            while slots.get(at).is_some_and(|slot| *slot != 0) {
                at = (at + 1) & mask;
            }
            if let Some(slot) = slots.get_mut(at) {
                *slot = number.saturating_add(1);
            }
        }
        Self { slots }
    }

    /// The numbers that may be the key's, one after the other.
    #[inline]
    pub(crate) fn candidates(&self, key: &Key) -> impl Iterator<Item = u32> {
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = key.hash() as usize & mask;
        // An empty slot ends the search; there always is one.
        core::iter::from_fn(move || {
            let number = self.slots.get(at)?.checked_sub(1)?;
            at = (at + 1) & mask;
            Some(number)
        })
    }
}
