//! A conjunction under work: what is left of it, and how a point of what is left becomes a point of the whole.

use super::{
    bounds::{Interval, Propagated, propagate},
    row::{Row, Term},
    steps::{Exhausted, Steps},
};
use num_bigint::BigInt;
use num_traits::{Signed, Zero};
use std::{collections::BTreeMap, mem::take};

/// `rows <= 0` and `equalities == 0` over the points of a box.
#[derive(Clone, Debug)]
pub(super) struct System {
    pub(super) bounds: Vec<Interval>,
    /// The value that a variable should have in a witness.
    pub(super) prefer: Vec<Option<BigInt>>,
    pub(super) rows: Vec<Row>,
    pub(super) equalities: Vec<Row>,
    /// Variables that were expressed by others since the system was made, in this order. The same index may stand for a new variable afterwards.
    pub(super) trail: Vec<(usize, Row)>,
}

impl System {
    /// Learns what it can without a case distinction and gets rid of all equalities. False if there is no solution.
    pub(super) fn simplify(&mut self, steps: &mut Steps) -> Result<bool, Exhausted> {
        loop {
            if self.propagate(steps)? == Propagated::Empty || !self.fold(steps)? {
                return Ok(false);
            }
            let Some(equality) = self.equalities.pop() else { return Ok(true) };
            self.eliminate(equality, steps)?;
        }
    }

    pub(super) fn propagate(&mut self, steps: &mut Steps) -> Result<Propagated, Exhausted> {
        propagate(&mut self.bounds, &self.rows, &self.equalities, steps)
    }

    /// Puts in the values of fixed variables, divides by divisors, drops what the box implies, and keeps one row of those with the same
    /// terms. Two rows that leave their sum one value become an equality. False if there is no solution.
    pub(super) fn fold(&mut self, steps: &mut Steps) -> Result<bool, Exhausted> {
        let mut tightest: BTreeMap<Vec<Term>, BigInt> = BTreeMap::new();
        for row in take(&mut self.rows) {
            steps.take(row.words())?;
            let mut row = self.without_fixed(row);
            row.reduce();
            let range = row.range(&self.bounds).ok_or(Exhausted)?;
            if range.low.is_positive() {
                return Ok(false);
            }
            if range.high.is_positive() {
                let Row { terms, constant } = row;
                let kept = tightest.entry(terms).or_insert_with(|| constant.clone());
                if *kept < constant {
                    *kept = constant;
                }
            }
        }
        for row in take(&mut self.equalities) {
            steps.take(row.words())?;
            let mut row = self.without_fixed(row);
            if !row.reduce_equality() {
                return Ok(false);
            }
            if !row.terms.is_empty() {
                self.equalities.push(row);
            }
        }
        for (terms, constant) in &tightest {
            let opposite: Vec<Term> = terms.iter().map(|(coefficient, var)| (-coefficient, *var)).collect();
            let row = Row { terms: terms.clone(), constant: constant.clone() };
            match tightest.get(&opposite).map(|other| constant + other) {
                Some(gap) if gap.is_positive() => return Ok(false),
                // One of the two is enough.
                Some(gap) if gap.is_zero() && opposite < *terms => {}
                Some(gap) if gap.is_zero() => self.equalities.push(row),
                _ => self.rows.push(row),
            }
        }
        Ok(true)
    }

    fn without_fixed(&self, mut row: Row) -> Row {
        let fixed = |var: usize| self.bounds.get(var).and_then(Interval::fixed);
        if !row.terms.iter().any(|(_, var)| fixed(*var).is_some()) {
            return row;
        }
        for (coefficient, var) in &row.terms {
            if let Some(value) = fixed(*var) {
                row.constant += coefficient * value;
            }
        }
        row.terms.retain(|(_, var)| fixed(*var).is_none());
        row
    }

    /// Of a point of what is left, the point of the system as it was made.
    pub(super) fn complete(&self, mut point: Vec<BigInt>) -> Vec<BigInt> {
        for (var, by) in self.trail.iter().rev() {
            let value = by.at(&point);
            if let Some(place) = point.get_mut(*var) {
                *place = value;
            }
        }
        point
    }

    pub(super) fn preferred(&self, var: usize) -> Option<&BigInt> {
        self.prefer.get(var)?.as_ref()
    }

    /// The point of the box that is nearest to what is preferred.
    pub(super) fn nearest(&self) -> Vec<BigInt> {
        let nearest = |(var, interval): (usize, &Interval)| interval.nearest(self.preferred(var));
        self.bounds.iter().enumerate().map(nearest).collect()
    }

    /// Whether a point satisfies all rows and equalities; of the box the caller knows.
    pub(super) fn holds(&self, point: &[BigInt]) -> bool {
        self.rows.iter().all(|row| !row.at(point).is_positive())
            && self.equalities.iter().all(|row| row.at(point).is_zero())
    }

    /// The variables that rows and equalities speak of, in order.
    pub(super) fn variables(&self) -> Vec<usize> {
        let rows = self.rows.iter().chain(&self.equalities);
        let mut variables: Vec<usize> = rows.flat_map(|row| row.terms.iter().map(|(_, var)| *var)).collect();
        variables.sort_unstable();
        variables.dedup();
        variables
    }
}
