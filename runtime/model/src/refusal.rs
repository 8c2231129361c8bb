//! The built-in refusals: what is denied whatever the rules say, by one table that every evaluator uses.

use crate::{
    Address, U256,
    decision::DenyCode,
    effect::{Effect, EffectKind, GrantMode, UNLIMITED},
};

/// Every address a policy names, indexed for the look-alike check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownAddresses {
    exact: Vec<Address>,
    ends: Vec<[u8; 4]>,
    /// A bit for each value of `bucket`: most parties look like nobody, and this says so without a search.
    buckets: Vec<u64>,
}

impl KnownAddresses {
    /// Contracts, tokens, constants and bound parameters.
    pub fn new(mut exact: Vec<Address>) -> Self {
        exact.sort_unstable();
        exact.dedup();
        let mut ends: Vec<_> = exact.iter().map(ends).collect();
        ends.sort_unstable();
        ends.dedup();
        let mut buckets = vec![0u64; BUCKETS / 64];
        for ends in &ends {
            let bucket = bucket(ends);
            if let Some(bits) = buckets.get_mut(bucket / 64) {
                *bits |= 1 << (bucket % 64);
            }
        }
        Self { exact, ends, buckets }
    }

    /// Same first and last two bytes (four hex digits each) as an address of the policy, but another one.
    pub fn looks_alike(&self, party: Address) -> bool {
        let ends = ends(&party);
        let bucket = bucket(&ends);
        let possible = self.buckets.get(bucket / 64).is_some_and(|bits| bits >> (bucket % 64) & 1 == 1);
        possible && self.ends.binary_search(&ends).is_ok() && self.exact.binary_search(&party).is_err()
    }
}

/// Twice as many as there are values of two bytes, in 16 KiB.
const BUCKETS: usize = 1 << 17;

/// Folds four bytes to a number below [`BUCKETS`].
fn bucket(ends: &[u8; 4]) -> usize {
    (u32::from_le_bytes(*ends).wrapping_mul(0x9e37_79b1) >> 15) as usize
}

fn ends(address: &Address) -> [u8; 4] {
    let [a0, a1, .., b0, b1] = address.into_array();
    [a0, a1, b0, b1]
}

/// What the refusals have to know of the policy besides the effects.
pub trait Context {
    /// Is this spender `trusted` on the request's chain?
    fn is_trusted(&self, spender: Address) -> bool;
    /// Is `party` the contract of the effect's own token on the request's chain?
    fn is_token_contract(&self, effect: &Effect, party: Address) -> bool;
    /// See [`KnownAddresses::looks_alike`].
    fn looks_alike(&self, party: Address) -> bool;
    /// Does the deciding rule lift this refusal with `accept`?
    fn accepts(&self, code: DenyCode) -> bool;
}

/// The first refusal that one effect runs into, if any.
pub fn refuse(effect: &Effect, context: &impl Context) -> Option<DenyCode> {
    let gives = match effect.kind {
        EffectKind::Move | EffectKind::Pull { .. } => true,
        EffectKind::Grant(GrantMode::Dec) | EffectKind::Receive | EffectKind::Owe => false,
        // A revocation gives nothing to anybody.
        EffectKind::Grant(_) => effect.amount != U256::ZERO,
    };
    if !gives {
        return None;
    }
    // `accept` cannot lift this one: only trust can, because no budget could hold it.
    if effect.amount >= UNLIMITED && !context.is_trusted(effect.party) {
        return Some(DenyCode::Unlimited);
    }
    let refused = |code: DenyCode, holds: bool| (holds && !context.accepts(code)).then_some(code);
    refused(DenyCode::ZeroRecipient, effect.party == Address::ZERO)
        .or_else(|| refused(DenyCode::SelfRecipient, context.is_token_contract(effect, effect.party)))
        .or_else(|| refused(DenyCode::LookAlike, context.looks_alike(effect.party)))
}
