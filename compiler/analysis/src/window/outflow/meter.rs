//! What is left under one line, second after second.

use super::{Bind, Counts};
use crate::window::grid::Grid;
use agentpol_model::{Time, budget::Window};
use num_bigint::BigUint;
use num_traits::CheckedSub;
use std::collections::VecDeque;

/// What one line has seen, so far as a window that ends now still holds it.
pub(super) struct Meter<'a> {
    pub(super) bind: &'a Bind,
    grid: &'a Grid,
    seen: VecDeque<(Time, BigUint)>,
    sum: BigUint,
}

impl<'a> Meter<'a> {
    pub(super) const fn new(bind: &'a Bind, grid: &'a Grid) -> Self {
        Self { bind, grid, seen: VecDeque::new(), sum: BigUint::ZERO }
    }

    /// What still fits in the windows that end at a second, which is no earlier than any before it; `None` is everything.
    pub(super) fn room(&mut self, at: Time) -> Option<BigUint> {
        let first = match self.bind.line.window {
            // Any number of envelopes are signed in a second.
            Window::PerTransaction => return None,
            Window::Sliding { seconds } => at.saturating_add(1).saturating_sub(seconds),
            Window::Calendar(period) => self.grid.period(period, at).start,
            Window::Total => 0,
        };
        while let Some((_, old)) = self.seen.pop_front_if(|(seen, _)| *seen < first) {
            self.sum -= old;
        }
        Some(self.bind.line.cap.checked_sub(&self.sum).unwrap_or_default())
    }

    /// So much of an amount, in so many actions.
    pub(super) fn add(&mut self, at: Time, amount: &BigUint, actions: &BigUint) {
        let n = match self.bind.counts {
            Counts::Amount => amount,
            Counts::Calls => actions,
        };
        if self.bind.line.window != Window::PerTransaction {
            self.sum += n;
            self.seen.push_back((at, n.clone()));
        }
    }
}
