//! Fourier–Motzkin elimination, exact on integers (W. Pugh, "The Omega test", 1991).
//!
//! A lower bound `β <= b·x` and an upper bound `a·x <= α` cast the *real* shadow `a·β <= b·α`: what the others must satisfy. Where
//! `a` or `b` is one, every integer point of the shadow lies under an `x`. Otherwise the *dark* shadow, `(a - 1)(b - 1)` narrower, has only such points;
//! and what has solutions outside of it has one close to a lower bound, `b·x = β + i` for one of few `i`: a *splinter*.

use super::{
    bounds::Interval,
    row::Row,
    steps::{Exhausted, Steps},
    system::System,
};
use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{One, Signed, Zero};

/// How many rows a system may have in the end. Eliminating a variable can square their number.
pub const MOST_ROWS: usize = 2048;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shadow {
    Real,
    Dark,
}

/// A variable with all that bounds it.
#[derive(Clone, Debug)]
pub(super) struct Between {
    pub(super) var: usize,
    /// Rows with a negative coefficient of it.
    lowers: Vec<Row>,
    /// Rows with a positive one.
    uppers: Vec<Row>,
}

impl Between {
    pub(super) fn of(system: &System, var: usize) -> Result<Self, Exhausted> {
        let Interval { low, high } = system.bounds.get(var).cloned().ok_or(Exhausted)?;
        let mut lowers = vec![Row { terms: vec![(BigInt::from(-1), var)], constant: low }];
        let mut uppers = vec![Row { terms: vec![(BigInt::one(), var)], constant: -high }];
        for row in &system.rows {
            match row.coefficient(var) {
                Some(coefficient) if coefficient.is_negative() => lowers.push(row.clone()),
                Some(_) => uppers.push(row.clone()),
                None => {}
            }
        }
        Ok(Self { var, lowers, uppers })
    }

    /// Whether the real shadow is the dark one.
    pub(super) fn is_exact(&self) -> bool {
        let units = |rows: &[Row]| {
            rows.iter().all(|row| row.coefficient(self.var).is_some_and(|c| c.magnitude().is_one()))
        };
        units(&self.lowers) || units(&self.uppers)
    }

    pub(super) fn pairs(&self) -> usize {
        self.lowers.len().saturating_mul(self.uppers.len())
    }

    fn words(&self) -> u64 {
        self.lowers.iter().chain(&self.uppers).map(Row::words).fold(0, u64::saturating_add)
    }

    /// The system without the variable.
    pub(super) fn shadow(
        &self,
        system: &System,
        shadow: Shadow,
        steps: &mut Steps,
    ) -> Result<System, Exhausted> {
        let mut rows: Vec<Row> =
            system.rows.iter().filter(|row| row.coefficient(self.var).is_none()).cloned().collect();
        if rows.len().saturating_add(self.pairs()) > MOST_ROWS {
            return Err(Exhausted);
        }
        for lower in &self.lowers {
            for upper in &self.uppers {
                let row = self.cast(lower, upper, shadow)?;
                steps.take(row.words())?;
                rows.push(row);
            }
        }
        let (mut bounds, prefer) = (system.bounds.clone(), system.prefer.clone());
        if let Some(place) = bounds.get_mut(self.var) {
            *place = Interval::only(BigInt::ZERO);
        }
        Ok(System { bounds, prefer, rows, equalities: system.equalities.clone(), trail: vec![] })
    }

    fn cast(&self, lower: &Row, upper: &Row, shadow: Shadow) -> Result<Row, Exhausted> {
        let a = upper.coefficient(self.var).ok_or(Exhausted)?;
        let b = -lower.coefficient(self.var).ok_or(Exhausted)?;
        let mut row = lower.times(a).plus(&b, upper);
        if shadow == Shadow::Dark {
            row.constant += (a - BigInt::one()) * (b - BigInt::one());
        }
        Ok(row)
    }

    /// The values that the variable may have when the others are those of a point.
    pub(super) fn at(&self, point: &[BigInt]) -> Result<Interval, Exhausted> {
        // Of c·x + rest <= 0, the x where it is nearest to zero.
        let bound = |row: &Row| {
            let coefficient = row.coefficient(self.var)?;
            let rest = -row.without(self.var).at(point);
            Some(if coefficient.is_negative() {
                rest.div_ceil(coefficient)
            } else {
                rest.div_floor(coefficient)
            })
        };
        let low = self.lowers.iter().filter_map(bound).max().ok_or(Exhausted)?;
        let high = self.uppers.iter().filter_map(bound).min().ok_or(Exhausted)?;
        Ok(Interval { low, high })
    }

    /// Where solutions outside of the dark shadow are looked for: on the side where there are fewer.
    pub(super) fn splinters(&self) -> Vec<Splinters> {
        let least = |sides: &[Splinters]| sides.iter().map(|side| side.count.clone()).sum::<BigInt>();
        let (low, high) = (self.near(&self.lowers, &self.uppers), self.near(&self.uppers, &self.lowers));
        if least(&high) < least(&low) { high } else { low }
    }

    fn near(&self, rows: &[Row], opposite: &[Row]) -> Vec<Splinters> {
        let magnitude = |row: &Row| row.coefficient(self.var).map(BigInt::abs);
        let a = opposite.iter().filter_map(magnitude).max().unwrap_or_else(BigInt::one);
        let mut all = Vec::new();
        for row in rows {
            let Some(b) = magnitude(row) else { continue };
            let most = (&a * &b - &a - b).div_floor(&a);
            if !most.is_negative() {
                all.push(Splinters { row: row.clone(), count: most + BigInt::one() });
            }
        }
        all
    }
}

/// The equalities `row + i == 0` for `i` from zero to one less than `count`.
#[derive(Clone, Debug)]
pub(super) struct Splinters {
    pub(super) row: Row,
    pub(super) count: BigInt,
}

/// How hard a variable is to eliminate: exactly is easier than not, then few splinters, then few pairs.
fn cost(between: &Between) -> (BigInt, usize) {
    if between.is_exact() {
        return (BigInt::zero(), between.pairs());
    }
    (between.splinters().iter().map(|splinters| splinters.count.clone()).sum(), between.pairs())
}

/// The variable that is easiest to eliminate. Nothing if there are no rows.
pub(super) fn easiest(system: &System, steps: &mut Steps) -> Result<Option<Between>, Exhausted> {
    let mut best: Option<((BigInt, usize), Between)> = None;
    for var in system.variables() {
        let between = Between::of(system, var)?;
        steps.take(between.words())?;
        let cost = cost(&between);
        if best.as_ref().is_none_or(|(least, _)| cost < *least) {
            best = Some((cost, between));
        }
    }
    Ok(best.map(|(_, between)| between))
}

/// The variable whose real shadow has the fewest rows, except one.
pub(super) fn fewest_pairs(
    system: &System,
    except: usize,
    steps: &mut Steps,
) -> Result<Option<Between>, Exhausted> {
    let mut best: Option<Between> = None;
    for var in system.variables().into_iter().filter(|var| *var != except) {
        let between = Between::of(system, var)?;
        steps.take(between.words())?;
        if best.as_ref().is_none_or(|best| between.pairs() < best.pairs()) {
            best = Some(between);
        }
    }
    Ok(best)
}
