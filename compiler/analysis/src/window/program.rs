//! The greatest sum of amounts under rows of weights and bounds: a linear programme, solved exactly.
//!
//! The simplex method over rationals, with Bland's rule, which never goes round in circles. Nothing here is negative, so all amounts zero is where
//! it begins, and the sum is unbounded only if some amount stands in no row. The multipliers of the rows come with the answer: amounts and
//! multipliers prove one another.

use num_bigint::{BigInt, BigUint};
use num_rational::{BigRational, Ratio};
use num_traits::{Signed, Zero};
use std::collections::{BTreeMap, BTreeSet};

/// A part of an amount.
pub type Share = Ratio<BigUint>;

/// `Σ weight · amount ≤ bound`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// By amount; those that are absent weigh nothing.
    pub weights: BTreeMap<usize, Share>,
    /// The bound.
    pub bound: Share,
}

/// What the rows allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Optimum {
    /// No row bounds this amount.
    Unbounded {
        /// The first such.
        amount: usize,
    },
    /// Exactly this.
    Exact(Solution),
    /// No more than this: too many pivots.
    AtMost(Share),
}

/// A greatest sum, and its proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Solution {
    /// The sum.
    pub value: Share,
    /// Amounts that hold every row.
    pub amounts: Vec<Share>,
    /// Multipliers of the rows: so combined they say that the sum is no greater.
    pub multipliers: Vec<Share>,
}

/// How many pivots one programme may take. Bland's rule is slow at its worst, which no budgets come near.
pub const MAX_PIVOTS: usize = 2_000;

/// The greatest sum of so many amounts.
pub fn maximise(amounts: usize, rows: &[Row], pivots: usize) -> Optimum {
    let in_a_row = |amount: &usize| rows.iter().any(|row| row.weight(*amount).is_some());
    if let Some(amount) = (0..amounts).find(|amount| !in_a_row(amount)) {
        return Optimum::Unbounded { amount };
    }
    let mut tableau = Tableau::new(amounts, rows);
    for _ in 0..pivots {
        match tableau.entering() {
            None => return Optimum::Exact(tableau.solution(amounts, rows.len())),
            Some(column) if tableau.pivot(column).is_some() => {}
            // Every amount stands in a row, so some row always stops it; if that were wrong, the bound below is right.
            Some(_) => break,
        }
    }
    match tableau.entering() {
        None => Optimum::Exact(tableau.solution(amounts, rows.len())),
        Some(_) => Optimum::AtMost(row_by_row(amounts, rows)),
    }
}

/// A bound without pivots: rows one after another, each time that which holds most of the amounts that are left for its bound.
fn row_by_row(amounts: usize, rows: &[Row]) -> Share {
    let mut left: BTreeSet<usize> = (0..amounts).collect();
    let mut sum = Share::zero();
    while !left.is_empty() {
        let holds = rows.iter().filter_map(|row| {
            let held: Vec<(usize, &Share)> =
                left.iter().filter_map(|amount| Some((*amount, row.weight(*amount)?))).collect();
            // So many times the row gives each of them a weight of one.
            let times = held.iter().map(|(_, weight)| *weight).min()?.recip();
            let bound = &row.bound * times;
            let each = &bound / Share::from_integer(held.len().into());
            Some((each, bound, held.into_iter().map(|(amount, _)| amount).collect::<Vec<_>>()))
        });
        let Some((_, bound, held)) = holds.min() else { break };
        sum += bound;
        held.iter().for_each(|amount| _ = left.remove(amount));
    }
    sum
}

impl Row {
    /// The weight of an amount, if it has one.
    fn weight(&self, amount: usize) -> Option<&Share> {
        self.weights.get(&amount).filter(|weight| !weight.is_zero())
    }
}

/// Variables are the amounts, then the rows' slacks.
type Variable = usize;

/// A row of the tableau: what its variable is when all others outside the basis are zero, and how fast it falls when one of them rises.
struct Basic {
    variable: Variable,
    falls: Vec<BigRational>,
    is: BigRational,
}

struct Tableau {
    /// The variables outside the basis, by column.
    columns: Vec<Variable>,
    rows: Vec<Basic>,
    /// The sum itself, as one more row.
    sum: Basic,
}

impl Tableau {
    fn new(amounts: usize, rows: &[Row]) -> Self {
        let zero = BigRational::zero;
        let basic = |(index, row): (usize, &Row)| Basic {
            variable: amounts.saturating_add(index),
            falls: (0..amounts).map(|amount| row.weights.get(&amount).map_or_else(zero, signed)).collect(),
            is: signed(&row.bound),
        };
        Self {
            columns: (0..amounts).collect(),
            rows: rows.iter().enumerate().map(basic).collect(),
            sum: Basic {
                variable: usize::MAX,
                falls: vec![BigRational::from_integer(BigInt::from(-1)); amounts],
                is: zero(),
            },
        }
    }

    /// A column whose variable makes the sum greater: of these the first variable.
    fn entering(&self) -> Option<usize> {
        let rising = self.sum.falls.iter().enumerate().filter(|(_, falls)| falls.is_negative());
        rising.map(|(column, _)| column).min_by_key(|column| self.columns.get(*column))
    }

    /// The variable of a column rises until the first basic variable is zero (of several the first variable), which takes its place.
    fn pivot(&mut self, column: usize) -> Option<()> {
        let stops = self.rows.iter().enumerate().filter_map(|(index, row)| {
            let falls = row.falls.get(column).filter(|falls| falls.is_positive())?;
            Some((&row.is / falls, row.variable, index))
        });
        let (_, _, index) = stops.min()?;
        let leaving = self.rows.get_mut(index)?;
        let by = leaving.falls.get(column)?.clone();
        let place = self.columns.get_mut(column)?;
        core::mem::swap(place, &mut leaving.variable);
        for (at, falls) in leaving.falls.iter_mut().enumerate() {
            *falls = if at == column { by.recip() } else { &*falls / &by };
        }
        leaving.is = &leaving.is / &by;
        let pivot = Basic { variable: 0, falls: leaving.falls.clone(), is: leaving.is.clone() };
        let others = self.rows.iter_mut().enumerate().filter(|(at, _)| *at != index).map(|(_, row)| row);
        for row in others.chain(core::iter::once(&mut self.sum)) {
            row.substitute(&pivot, column);
        }
        Some(())
    }

    fn solution(&self, amounts: usize, rows: usize) -> Solution {
        let zero = Share::zero();
        let mut values = vec![zero.clone(); amounts];
        for row in &self.rows {
            if let Some(value) = values.get_mut(row.variable) {
                *value = unsigned(&row.is);
            }
        }
        let mut multipliers = vec![zero; rows];
        for (variable, falls) in self.columns.iter().zip(&self.sum.falls) {
            let slack = variable.checked_sub(amounts);
            if let Some(multiplier) = slack.and_then(|row| multipliers.get_mut(row)) {
                *multiplier = unsigned(falls);
            }
        }
        Solution { value: unsigned(&self.sum.is), amounts: values, multipliers }
    }
}

impl Basic {
    /// Says the row in terms of the variable that left the basis.
    fn substitute(&mut self, pivot: &Self, column: usize) {
        let Some(times) = self.falls.get(column).filter(|times| !times.is_zero()).cloned() else { return };
        for (at, (falls, by)) in self.falls.iter_mut().zip(&pivot.falls).enumerate() {
            let less = &times * by;
            *falls = if at == column { -less } else { &*falls - less };
        }
        self.is = &self.is - &times * &pivot.is;
    }
}

fn signed(share: &Share) -> BigRational {
    Ratio::new_raw(BigInt::from(share.numer().clone()), BigInt::from(share.denom().clone()))
}

/// Of what is never negative.
fn unsigned(value: &BigRational) -> Share {
    Ratio::new_raw(value.numer().magnitude().clone(), value.denom().magnitude().clone())
}
