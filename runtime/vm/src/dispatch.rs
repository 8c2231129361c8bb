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

/// An open-addressed table from keys to numbers, at most half full.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    slots: Vec<Option<(Key, u32)>>,
}

impl Table {
    /// Of keys that differ.
    pub(crate) fn new(entries: Vec<(Key, u32)>) -> Self {
        let mut slots = vec![None; entries.len().saturating_mul(2).next_power_of_two()];
        let mask = slots.len().saturating_sub(1);
        for (key, value) in entries {
            let mut at = key.hash() as usize & mask;
            while let Some(Some(_)) = slots.get(at) {
                at = (at + 1) & mask;
            }
            if let Some(slot) = slots.get_mut(at) {
                *slot = Some((key, value));
            }
        }
        Self { slots }
    }

    pub(crate) fn get(&self, key: &Key) -> Option<u32> {
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = key.hash() as usize & mask;
        // An empty slot ends the search; there always is one.
        while let Some((found, value)) = self.slots.get(at)? {
            if found == key {
                return Some(*value);
            }
            at = (at + 1) & mask;
        }
        None
    }
}
