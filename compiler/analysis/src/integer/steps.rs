//! The limit of work.

/// How much one question may cost by default: about the time of a tenth of a second. All that is stored is counted as well, a step a machine
/// word, so this limits memory too.
pub const DEFAULT_STEPS: u64 = 1_000_000;

/// How much work may still be done, in machine words touched. When it is used up the answer is unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Steps(u64);

impl Default for Steps {
    fn default() -> Self {
        Self(DEFAULT_STEPS)
    }
}

/// A limit was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exhausted;

impl Steps {
    /// So many.
    #[must_use]
    pub const fn new(steps: u64) -> Self {
        Self(steps)
    }

    /// How many are left.
    #[must_use]
    pub const fn left(&self) -> u64 {
        self.0
    }

    /// Uses some up.
    pub(super) fn take(&mut self, steps: u64) -> Result<(), Exhausted> {
        match self.0.checked_sub(steps) {
            Some(left) => {
                self.0 = left;
                Ok(())
            }
            None => {
                self.0 = 0;
                Err(Exhausted)
            }
        }
    }
}
