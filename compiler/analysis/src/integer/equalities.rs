//! Equalities are solved for a variable. Where no coefficient is one, the smallest is divided into the others first, with remainders of either sign:
//! the substitution has determinant one, so integer points stay integer points, and the largest coefficient is at least halved.

use super::{
    bounds::Interval,
    row::{Row, Term},
    steps::{Exhausted, Steps},
    system::System,
};
use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::One;
use std::collections::BTreeSet;

impl System {
    /// Removes an equality, whose coefficients have no common divisor, and one variable with it.
    pub(super) fn eliminate(&mut self, mut equality: Row, steps: &mut Steps) -> Result<(), Exhausted> {
        // Variables made here: their bounds follow from the rows that they were made with.
        let mut made = BTreeSet::new();
        loop {
            let least = equality.terms.iter().min_by(|(a, _), (b, _)| a.magnitude().cmp(b.magnitude()));
            let Some((divisor, var)) = least.cloned() else { return Ok(()) };
            let solved = divisor.magnitude().is_one();
            let by = if solved {
                equality.without(var).times(&-divisor)
            } else {
                remade(&equality, &divisor, var)
            };
            self.replace(var, by.clone(), !made.contains(&var), steps)?;
            if solved {
                return Ok(());
            }
            made.insert(var);
            equality = equality.substitute(var, &by);
        }
    }

    /// Puts an expression in the place of a variable, and its bounds as rows if they do not follow from others. The expression may
    /// speak of the index itself: then that stands for a new variable from now on.
    pub(super) fn replace(
        &mut self,
        var: usize,
        by: Row,
        bounded: bool,
        steps: &mut Steps,
    ) -> Result<(), Exhausted> {
        for row in self.rows.iter_mut().chain(&mut self.equalities) {
            if row.coefficient(var).is_some() {
                *row = row.substitute(var, &by);
                steps.take(row.words())?;
            }
        }
        let old = self.bounds.get(var).cloned().ok_or(Exhausted)?;
        let new = if by.coefficient(var).is_some() {
            // by = new + rest, so new = old - rest.
            let rest = by.without(var).range(&self.bounds).ok_or(Exhausted)?;
            Interval { low: &old.low - rest.high, high: &old.high - rest.low }
        } else {
            Interval::only(BigInt::ZERO)
        };
        if let Some(place) = self.bounds.get_mut(var) {
            *place = new;
        }
        if let Some(place) = self.prefer.get_mut(var) {
            *place = None;
        }
        if bounded {
            let minus_one = BigInt::from(-1);
            self.rows.push(by.plus(&minus_one, &Row::constant(old.high)));
            self.rows.push(Row::constant(old.low).plus(&minus_one, &by));
        }
        steps.take(by.words())?;
        self.trail.push((var, by));
        Ok(())
    }
}

/// What a variable with the coefficient `divisor` becomes so that all other coefficients, and the constant, are the remainders of their division by it.
fn remade(equality: &Row, divisor: &BigInt, var: usize) -> Row {
    let terms: Vec<Term> = equality
        .terms
        .iter()
        .map(|(coefficient, other)| {
            let factor = if *other == var { BigInt::one() } else { -nearest_quotient(coefficient, divisor) };
            (factor, *other)
        })
        .collect();
    Row::new(terms, -nearest_quotient(&equality.constant, divisor))
}

/// The quotient whose remainder is at most half of the divisor, of either sign.
pub(super) fn nearest_quotient(dividend: &BigInt, divisor: &BigInt) -> BigInt {
    let two = BigInt::from(2);
    (dividend * &two + divisor).div_floor(&(divisor * two))
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_traits::Signed;

    #[test]
    fn remainders_are_small() {
        for dividend in -50..=50 {
            for divisor in (-9..=9).filter(|divisor| *divisor != 0) {
                let quotient = nearest_quotient(&dividend.into(), &divisor.into());
                let rest: BigInt = BigInt::from(dividend) - quotient * BigInt::from(divisor);
                assert!(
                    rest.abs() * 2 <= BigInt::from(divisor).abs(),
                    "{dividend} by {divisor} leaves {rest}"
                );
            }
        }
    }
}
