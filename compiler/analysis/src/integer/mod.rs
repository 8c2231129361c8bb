//! Linear constraints over bounded integers, decided exactly.
//!
//! Amounts, times and rates in a rule are integers of up to 256 bits, and so is everything here: mathematical integers, no machine words.
//! A [`Problem`] is a conjunction; [`Problem::solve`] gives a point of it or shows that there is none, [`Problem::supremum`] the most that an expression can be.
//! Where the [`Steps`] run out the answer is [`Answer::Unknown`], never a guess.
//!
//! | module | does |
//! | --- | --- |
//! | `bounds` | what single rows say about single variables: decides most questions |
//! | `equalities` | an equality removes a variable |
//! | `shadows` | Fourier–Motzkin elimination with the real and the dark shadow, and splinters between them |
//! | `lattice` | a change of variables where there would be too many splinters |
//! | `real` | bounds of expressions over the reals |
//! | `search` | the order of all this, and the point |
//! | `supremum` | the greatest value, by searches |

mod bounds;
mod equalities;
mod lattice;
mod real;
mod row;
mod search;
mod shadows;
mod steps;
mod supremum;
mod system;
#[cfg(test)]
mod tests;

pub use bounds::ROUNDS;
pub use row::{Row, Term};
pub use search::{DEEPEST, MANY_SPLINTERS};
pub use shadows::MOST_ROWS;
pub use steps::{DEFAULT_STEPS, Steps};

use agentpol_model::policy::Relation;
use bounds::Interval;
use num_bigint::BigInt;
use num_traits::{Signed, Zero};
use system::System;

/// A conjunction of linear constraints over integers in a box.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problem {
    /// The least and the greatest value of each variable, both possible.
    pub bounds: Vec<(BigInt, BigInt)>,
    /// The value that a variable should have in a witness, where that needs no search: without one, its least. May be shorter than `bounds`.
    pub prefer: Vec<Option<BigInt>>,
    /// What must hold of each row.
    pub rows: Vec<(Row, Relation)>,
}

/// What is known in the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer<T> {
    /// This.
    Found(T),
    /// There is no solution. That is proved.
    None,
    /// A limit was reached.
    Unknown,
}

impl Problem {
    /// A point that satisfies all rows.
    pub fn solve(&self, steps: &mut Steps) -> Answer<Vec<BigInt>> {
        let Some(system) = self.system() else { return Answer::Unknown };
        if system.bounds.iter().any(Interval::is_empty) {
            return Answer::None;
        }
        match search::search(system, 0, steps) {
            Ok(Some(point)) if self.holds(&point) => Answer::Found(point),
            Ok(None) => Answer::None,
            Ok(Some(_)) => {
                debug_assert!(false, "a point that is none: {self:?}");
                Answer::Unknown
            }
            Err(steps::Exhausted) => Answer::Unknown,
        }
    }

    /// Whether a point lies in the box and satisfies all rows.
    #[must_use]
    pub fn holds(&self, point: &[BigInt]) -> bool {
        point.len() == self.bounds.len()
            && self.bounds.iter().zip(point).all(|((low, high), value)| low <= value && value <= high)
            && self.rows.iter().all(|(row, relation)| match relation {
                Relation::NotAbove => !row.at(point).is_positive(),
                Relation::Zero => row.at(point).is_zero(),
            })
    }

    /// Nothing if a row speaks of a variable without bounds.
    fn system(&self) -> Option<System> {
        let bounds: Vec<Interval> =
            self.bounds.iter().map(|(low, high)| Interval { low: low.clone(), high: high.clone() }).collect();
        let mut prefer = self.prefer.clone();
        prefer.resize(bounds.len(), None);
        let (mut rows, mut equalities) = (vec![], vec![]);
        for (row, relation) in &self.rows {
            let row = Row::new(row.terms.clone(), row.constant.clone());
            if row.terms.iter().any(|(_, var)| *var >= bounds.len()) {
                return None;
            }
            match relation {
                Relation::NotAbove => rows.push(row),
                Relation::Zero => equalities.push(row),
            }
        }
        Some(System { bounds, prefer, rows, equalities, trail: vec![] })
    }
}
