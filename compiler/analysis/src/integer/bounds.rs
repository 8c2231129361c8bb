//! Bounds propagation: what rows say about single variables. It decides most questions alone.

use super::{
    row::Row,
    steps::{Exhausted, Steps},
};
use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{Signed, Zero};

/// How often all rows are gone through. Bounds can creep towards each other in steps of one; elimination sees at once what they are creeping to.
pub const ROUNDS: usize = 8;

/// All integers from `low` to `high`, both included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Interval {
    pub(super) low: BigInt,
    pub(super) high: BigInt,
}

impl Interval {
    pub(super) fn only(value: BigInt) -> Self {
        Self { low: value.clone(), high: value }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.low > self.high
    }

    /// The one value, if there is only one.
    pub(super) fn fixed(&self) -> Option<&BigInt> {
        (self.low == self.high).then_some(&self.low)
    }

    /// The value nearest to the preferred one; the least if none is preferred.
    pub(super) fn nearest(&self, preferred: Option<&BigInt>) -> BigInt {
        preferred.unwrap_or(&self.low).clone().min(self.high.clone()).max(self.low.clone())
    }
}

/// What a box and rows say together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Propagated {
    /// No point of the box satisfies the rows.
    Empty,
    /// Nothing more is learnt row by row, or the rounds are over.
    Settled,
}

/// Shrinks the box to what `rows <= 0` and `equalities == 0` leave of it, one row at a time.
pub(super) fn propagate(
    bounds: &mut [Interval],
    rows: &[Row],
    equalities: &[Row],
    steps: &mut Steps,
) -> Result<Propagated, Exhausted> {
    let minus_one = BigInt::from(-1);
    let negated: Vec<Row> = equalities.iter().map(|row| row.times(&minus_one)).collect();
    for _ in 0..ROUNDS {
        let mut changed = false;
        for row in rows.iter().chain(equalities).chain(&negated) {
            steps.take(row.words())?;
            match tighten(bounds, row).ok_or(Exhausted)? {
                Tightened::Empty => return Ok(Propagated::Empty),
                Tightened::Changed => changed = true,
                Tightened::Same => {}
            }
        }
        if !changed {
            break;
        }
    }
    Ok(Propagated::Settled)
}

enum Tightened {
    Empty,
    Changed,
    Same,
}

/// Shrinks the box by one `row <= 0`. Nothing if the box lacks one of its variables.
fn tighten(bounds: &mut [Interval], row: &Row) -> Option<Tightened> {
    let range = row.range(bounds)?;
    if range.low.is_positive() {
        return Some(Tightened::Empty);
    }
    if !range.high.is_positive() {
        return Some(Tightened::Same);
    }
    // When all the others stand where the row is least, this much is left for each.
    let slack = -range.low;
    let mut changed = false;
    for (coefficient, var) in &row.terms {
        let interval = bounds.get_mut(*var)?;
        let most = slack.div_floor(&coefficient.abs());
        if most.is_zero() && interval.low == interval.high {
            continue;
        }
        if coefficient.is_positive() {
            let high = &interval.low + most;
            if high < interval.high {
                interval.high = high;
                changed = true;
            }
        } else {
            let low = &interval.high - most;
            if low > interval.low {
                interval.low = low;
                changed = true;
            }
        }
    }
    Some(if changed { Tightened::Changed } else { Tightened::Same })
}
