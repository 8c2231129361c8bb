//! Sets of words.

use agentpol_model::U256;

/// Sorted: a look-up takes as many comparisons as the size has bits, whoever chose the members.
#[derive(Clone, Debug, Default)]
pub(crate) struct WordSet(Vec<U256>);

impl WordSet {
    /// Of sorted words.
    pub(crate) fn from_sorted(words: Vec<U256>) -> Self {
        Self(words)
    }

    pub(crate) fn contains(&self, word: &U256) -> bool {
        self.0.binary_search(word).is_ok()
    }
}
