//! Affine expressions with integer coefficients.

use super::bounds::Interval;
use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{One, Signed, Zero};
use std::{cmp::Ordering, iter::Peekable};

/// A coefficient and the index of its variable.
pub type Term = (BigInt, usize);

/// `Σ coefficient · variable + constant`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// By variable, each at most once, no coefficient zero: what [`Row::new`] makes of any list.
    pub terms: Vec<Term>,
    /// What is added.
    pub constant: BigInt,
}

impl Row {
    /// Sorts the terms, adds up those of one variable, and drops the zeros.
    #[must_use]
    pub fn new(mut terms: Vec<Term>, constant: BigInt) -> Self {
        terms.sort_by_key(|(_, var)| *var);
        let mut merged: Vec<Term> = Vec::with_capacity(terms.len());
        for (coefficient, var) in terms {
            match merged.last_mut() {
                Some((sum, last)) if *last == var => *sum += coefficient,
                _ => merged.push((coefficient, var)),
            }
        }
        merged.retain(|(coefficient, _)| !coefficient.is_zero());
        Self { terms: merged, constant }
    }

    /// A number.
    pub(super) fn constant(constant: BigInt) -> Self {
        Self { terms: vec![], constant }
    }

    /// The coefficient of a variable that the row speaks of.
    pub(super) fn coefficient(&self, var: usize) -> Option<&BigInt> {
        let at = self.terms.binary_search_by_key(&var, |(_, var)| *var).ok()?;
        self.terms.get(at).map(|(coefficient, _)| coefficient)
    }

    /// The row without one variable.
    pub(super) fn without(&self, var: usize) -> Self {
        let terms = self.terms.iter().filter(|(_, other)| *other != var).cloned().collect();
        Self { terms, constant: self.constant.clone() }
    }

    /// Its value at a point. A variable that the point lacks counts as zero.
    #[must_use]
    pub fn at(&self, point: &[BigInt]) -> BigInt {
        let mut sum = self.constant.clone();
        for (coefficient, var) in &self.terms {
            if let Some(value) = point.get(*var) {
                sum += coefficient * value;
            }
        }
        sum
    }

    /// `factor · self`
    pub(super) fn times(&self, factor: &BigInt) -> Self {
        if factor.is_zero() {
            return Self::default();
        }
        let terms = self.terms.iter().map(|(coefficient, var)| (coefficient * factor, *var)).collect();
        Self { terms, constant: &self.constant * factor }
    }

    /// `self + factor · other`
    pub(super) fn plus(&self, factor: &BigInt, other: &Self) -> Self {
        let (mut ours, mut theirs) = (self.terms.iter().peekable(), other.terms.iter().peekable());
        let mut terms = Vec::with_capacity(self.terms.len() + other.terms.len());
        while let Some((our, their, var)) = next_of_both(&mut ours, &mut theirs) {
            let coefficient = match (our, their) {
                (Some(our), Some(their)) => our + their * factor,
                (Some(our), None) => our.clone(),
                (None, Some(their)) => their * factor,
                (None, None) => continue,
            };
            if !coefficient.is_zero() {
                terms.push((coefficient, var));
            }
        }
        Self { terms, constant: &self.constant + &other.constant * factor }
    }

    /// The row with an expression in the place of a variable.
    pub(super) fn substitute(&self, var: usize, by: &Self) -> Self {
        match self.coefficient(var) {
            Some(coefficient) => self.without(var).plus(coefficient, by),
            None => self.clone(),
        }
    }

    /// The greatest common divisor of the coefficients; zero if there are none.
    pub(super) fn divisor(&self) -> BigInt {
        let mut gcd = BigInt::zero();
        for (coefficient, _) in &self.terms {
            gcd = gcd.gcd(coefficient);
            if gcd.is_one() {
                break;
            }
        }
        gcd
    }

    /// Divides `self <= 0` by the divisor of its coefficients: the constant rounds up, which cuts off no integer point.
    pub(super) fn reduce(&mut self) {
        let gcd = self.divisor();
        if gcd > BigInt::one() {
            self.divide_terms(&gcd);
            self.constant = self.constant.div_ceil(&gcd);
        }
    }

    /// Divides `self == 0` by the divisor of its coefficients. False if it has no integer point, box or not.
    #[must_use]
    pub(super) fn reduce_equality(&mut self) -> bool {
        let gcd = self.divisor();
        if gcd.is_zero() {
            return self.constant.is_zero();
        }
        let (constant, rest) = self.constant.div_rem(&gcd);
        if !rest.is_zero() {
            return false;
        }
        if !gcd.is_one() {
            self.divide_terms(&gcd);
            self.constant = constant;
        }
        true
    }

    fn divide_terms(&mut self, gcd: &BigInt) {
        for (coefficient, _) in &mut self.terms {
            *coefficient = &*coefficient / gcd;
        }
    }

    /// The values that it takes over a box, if the box has all its variables.
    pub(super) fn range(&self, bounds: &[Interval]) -> Option<Interval> {
        let mut range = Interval { low: self.constant.clone(), high: self.constant.clone() };
        for (coefficient, var) in &self.terms {
            let Interval { low, high } = bounds.get(*var)?;
            let (least, most) = if coefficient.is_negative() { (high, low) } else { (low, high) };
            range.low += coefficient * least;
            range.high += coefficient * most;
        }
        Some(range)
    }

    /// How many machine words it fills, as work and as memory.
    pub(super) fn words(&self) -> u64 {
        let of_terms = self.terms.iter().map(|(coefficient, _)| 1 + coefficient.bits() / 64);
        of_terms.fold(1 + self.constant.bits() / 64, u64::saturating_add)
    }
}

type Terms<'a> = Peekable<std::slice::Iter<'a, Term>>;

/// The coefficients of the next variable that either list has.
fn next_of_both<'a>(
    ours: &mut Terms<'a>,
    theirs: &mut Terms<'a>,
) -> Option<(Option<&'a BigInt>, Option<&'a BigInt>, usize)> {
    let order = match (ours.peek(), theirs.peek()) {
        (Some((_, our)), Some((_, their))) => our.cmp(their),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => return None,
    };
    let our = if order.is_le() { ours.next() } else { None };
    let their = if order.is_ge() { theirs.next() } else { None };
    let var = our.or(their)?.1;
    Some((our.map(|(coefficient, _)| coefficient), their.map(|(coefficient, _)| coefficient), var))
}
