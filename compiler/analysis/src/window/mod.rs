//! The most that can leave in W seconds, from the lines of budgets alone: it knows lines, windows and amounts, and nothing of formulas.
//!
//! | module | holds |
//! | --- | --- |
//! | [`grid`] | where calendar windows lie |
//! | [`frontier`] | from one second on: how far each cost covers |
//! | [`cover`] | the least cost of windows that cover W seconds, at the worst phase, with the amounts that attain it |
//! | [`program`] | linear programmes over the rationals, exactly |
//! | [`outflow`] | both together, for rules under different lines: per transaction, in W seconds, for ever |
//!
//! Seconds are whole and windows half-open, as in the ledger: `per 2s` holds for any two consecutive seconds.

pub mod cover;
pub mod frontier;
pub mod grid;
pub mod outflow;
pub mod program;

use agentpol_model::budget::Window;
use num_bigint::BigUint;

/// One line of a budget, in the base units of the token that is asked for (or in calls).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// The most that fits one window.
    pub cap: BigUint,
    /// The window.
    pub window: Window,
}

/// How many steps one question may take: seconds, and some hundred megabytes, at the very most.
pub const MAX_STEPS: u64 = 1 << 21;

/// What is left of the steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps(u64);

/// The steps are used up: the answer is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

impl Steps {
    /// So many; for one question [`MAX_STEPS`].
    pub const fn new(most: u64) -> Self {
        Self(most)
    }

    fn take(&mut self, n: usize) -> Result<(), TooLong> {
        let n = u64::try_from(n).map_err(|_| TooLong)?;
        self.0 = self.0.checked_sub(n).ok_or(TooLong)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
