//! Sets of words.

use agentpol_model::{Address, U256};

/// Sorted: a look-up takes as many comparisons as the size has bits, whoever chose the members.
#[derive(Clone, Debug, Default)]
pub(crate) struct WordSet(Vec<U256>);

impl WordSet {
    /// Of sorted words.
    pub(crate) fn from_sorted(words: Vec<U256>) -> Self {
        Self(words)
    }

    pub(crate) fn members(&self) -> &[U256] {
        &self.0
    }

    pub(crate) fn contains(&self, word: &U256) -> bool {
        self.0.binary_search(word).is_ok()
    }
}

/// So few are all compared: that is quicker than to foresee where a search leads.
const FEW: usize = 8;

/// Is the address one of these, which are sorted?
#[inline]
pub(crate) fn contains(sorted: &[Address], address: &[u8; 20]) -> bool {
    if sorted.len() <= FEW {
        sorted.iter().fold(false, |found, member| found | (member.0 == *address))
    } else {
        sorted.binary_search_by(|member| member.0.0.cmp(address)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_and_many_are_found_alike() {
        for count in [0, 1, FEW, FEW + 1, 40] {
            let numbers = (0..count).map(|n| Address::with_last_byte(2 * n as u8 + 1));
            let sorted: Vec<_> = numbers.collect();
            for n in 0..100 {
                let address = Address::with_last_byte(n);
                assert_eq!(contains(&sorted, &address.0.0), sorted.contains(&address), "{n} of {count}");
            }
        }
    }
}
