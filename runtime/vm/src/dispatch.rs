//! From what a call says to what is decided about it: one look-up, whatever the number of rules.

use agentpol_bytecode::Callable;
use agentpol_model::{Address, ChainId, policy::Function, request::Kind};

/// What leads to a callable of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) chain: ChainId,
    /// Zero where the kind has no target.
    pub(crate) target: Address,
    /// Of typed data the first bytes of the type hash, of a command its own; zero where one thing is all there is.
    pub(crate) selector: [u8; 4],
}

impl Key {
    /// Of a callable whose target stands there.
    pub(crate) fn of(callable: &Callable, target: Option<Address>, function: Option<&Function>) -> Self {
        let selector = match (callable.kind, &callable.typed, function) {
            (Kind::Authorize, ..) => [0; 4],
            (_, Some(typed), _) => {
                let [a, b, c, d, ..] = typed.type_hash.0;
                [a, b, c, d]
            }
            (_, None, function) => function.map(|function| function.selector).unwrap_or_default(),
        };
        Self { chain: callable.chain, target: target.unwrap_or_default(), selector }
    }

    /// Of a kind of which there is one thing on a chain.
    pub(crate) fn only(chain: ChainId) -> Self {
        Self { chain, target: Address::ZERO, selector: [0; 4] }
    }

    /// Spreads the key's bits. The keys are the policy's own, so nobody else chooses which collide.
    fn hash(&self, kind: Kind) -> u64 {
        const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
        let mix = |hash: u64, part: u64| {
            let product = u128::from(hash ^ part).wrapping_mul(u128::from(ODD));
            (product as u64) ^ ((product >> 64) as u64)
        };
        let [a0, a1, a2, a3, a4, a5, a6, a7, b0, b1, b2, b3, b4, b5, b6, b7, c0, c1, c2, c3] =
            self.target.into_array();
        let [s0, s1, s2, s3] = self.selector;
        let start = self.chain.wrapping_add(ODD).wrapping_add((kind as u64) << 32);
        let hash = mix(start, u64::from_le_bytes([a0, a1, a2, a3, a4, a5, a6, a7]));
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
    pub(crate) fn new(keys: &[(Kind, Key, u32)]) -> Self {
        let mut slots = vec![0; keys.len().saturating_mul(2).next_power_of_two()];
        let mask = slots.len().saturating_sub(1);
        for (kind, key, number) in keys {
            let mut at = key.hash(*kind) as usize & mask;
            while slots.get(at).is_some_and(|slot| *slot != 0) {
                at = (at + 1) & mask;
            }
            if let Some(slot) = slots.get_mut(at) {
                *slot = number.saturating_add(1);
            }
        }
        Self { slots }
    }

    /// The numbers that may be those of the key, one after the other.
    #[inline]
    pub(crate) fn candidates(&self, kind: Kind, key: &Key) -> impl Iterator<Item = u32> {
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = key.hash(kind) as usize & mask;
        // An empty slot ends the search; there always is one.
        core::iter::from_fn(move || {
            let number = self.slots.get(at)?.checked_sub(1)?;
            at = (at + 1) & mask;
            Some(number)
        })
    }
}
