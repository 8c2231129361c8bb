//! Sums of money that cannot wrap.

use agentpol_model::U256;
use alloy_primitives::Uint;
use core::{fmt, iter::Sum, ops::AddAssign};

/// A sum of amounts times weights. A product of two 256-bit words has 512 bits, and 2^64 of those fit into 576: no history
/// that a machine can hold makes a total wrap, so there is no overflow to handle. (The operations saturate all the same.)
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Total(Uint<576, 9>);

impl Total {
    /// Nothing.
    pub const ZERO: Self = Self(Uint::ZERO);

    /// An amount in base units, in the measure's common denominator.
    pub fn weighed(amount: U256, weight: U256) -> Self {
        Self(Uint::<576, 9>::from(amount).saturating_mul(Uint::<576, 9>::from(weight)))
    }

    /// The sum.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// What is left of `self` after `other`; never below nothing.
    #[must_use]
    pub fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// The amount as a word; the largest word where it does not fit (for people, never for a comparison).
    pub fn to_word(self) -> U256 {
        U256::saturating_from(self.0)
    }
}

impl From<U256> for Total {
    fn from(amount: U256) -> Self {
        Self(Uint::from(amount))
    }
}

impl AddAssign for Total {
    fn add_assign(&mut self, other: Self) {
        *self = self.plus(other);
    }
}

impl Sum for Total {
    fn sum<I: Iterator<Item = Self>>(totals: I) -> Self {
        totals.fold(Self::ZERO, Self::plus)
    }
}

impl fmt::Display for Total {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Total {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
