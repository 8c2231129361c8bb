//! For what is long and thin and lies askew: new variables in which it is about as wide as high, then slice by slice.
//!
//! Splinters number as many as a coefficient is large. Where that is too many, a change of variables with determinant one makes the
//! directions that the rows bound about equally wide, as A. K. Lenstra, H. W. Lenstra and L. Lovász's basis reduction does ("Factoring polynomials with rational
//! coefficients", 1982; H. W. Lenstra, "Integer programming with a fixed number of variables", 1983): then few values of one variable are possible, or there is a point in almost
//! every slice. Which basis results changes only the time that the search takes.

use super::{
    bounds::Interval,
    equalities::nearest_quotient,
    real,
    row::Row,
    search::search,
    steps::{Exhausted, Steps},
    system::System,
};
use num_bigint::BigInt;
use num_traits::{One, Signed, Zero};

/// By how many bits widths are told apart.
const PRECISION: u32 = 16;

/// Searches a simplified system slice by slice, from the middle outwards.
pub(super) fn slices(
    system: &System,
    depth: usize,
    steps: &mut Steps,
) -> Result<Option<Vec<BigInt>>, Exhausted> {
    let mut system = System { trail: vec![], ..system.clone() };
    if !reshape(&mut system, steps)? {
        return Ok(None);
    }
    let widths = system.variables().into_iter().filter_map(|var| {
        let interval = system.bounds.get(var)?;
        Some((&interval.high - &interval.low, var))
    });
    let (width, var) = widths.min().ok_or(Exhausted)?;
    let interval = system.bounds.get(var).cloned().ok_or(Exhausted)?;
    let middle: BigInt = &interval.low + &width / BigInt::from(2);
    // The values go 0, 1, -1, 2, -2, … from the middle, until both ends are passed.
    let mut offset = BigInt::zero();
    while offset.abs() <= &width / BigInt::from(2) + BigInt::one() {
        let value = &middle + &offset;
        offset = if offset.is_positive() { -offset } else { BigInt::one() - offset };
        if value < interval.low || value > interval.high {
            continue;
        }
        let mut slice = System { trail: vec![], ..system.clone() };
        *slice.bounds.get_mut(var).ok_or(Exhausted)? = Interval::only(value);
        if let Some(point) = search(slice, depth + 1, steps)? {
            return Ok(Some(system.complete(point)));
        }
    }
    Ok(None)
}

/// Changes the variables of a system, and bounds the new ones. False if there is no solution.
fn reshape(system: &mut System, steps: &mut Steps) -> Result<bool, Exhausted> {
    let variables = system.variables();
    let Some(directions) = directions(system, &variables, steps)? else { return Ok(false) };
    let mut bounded = vec![true; system.bounds.len()];
    for Change { var, factor, other } in reduce(gram(&directions, &variables), steps)? {
        let (var, other) = (*variables.get(var).ok_or(Exhausted)?, *variables.get(other).ok_or(Exhausted)?);
        let by = Row::new(vec![(BigInt::one(), var), (-factor, other)], BigInt::ZERO);
        let first = bounded.get_mut(var).is_some_and(std::mem::take);
        system.replace(var, by, first, steps)?;
    }
    for var in variables {
        let unit = Row { terms: vec![(BigInt::one(), var)], constant: BigInt::ZERO };
        let Some(range) = real::range(system, &unit, steps)? else { return Ok(false) };
        *system.bounds.get_mut(var).ok_or(Exhausted)? = range;
    }
    Ok(true)
}

/// All that bounds the system, each as long as it is narrow. Nothing if one of them leaves no value.
fn directions(
    system: &System,
    variables: &[usize],
    steps: &mut Steps,
) -> Result<Option<Vec<Row>>, Exhausted> {
    let units =
        variables.iter().map(|var| Row { terms: vec![(BigInt::one(), *var)], constant: BigInt::ZERO });
    let mut measured: Vec<(Row, BigInt)> = vec![];
    for row in units.chain(system.rows.iter().cloned()) {
        let Some(range) = real::range(system, &row, steps)? else { return Ok(None) };
        measured.push((row, range.high - range.low + BigInt::one()));
    }
    let widest = measured.iter().map(|(_, width)| width).max().cloned().unwrap_or_else(BigInt::one);
    let scale = widest << PRECISION;
    let scaled = measured.into_iter().map(|(row, width)| {
        let terms = row.terms.into_iter().map(|(c, var)| (c * &scale / &width, var)).collect();
        Row::new(terms, BigInt::ZERO)
    });
    Ok(Some(scaled.collect()))
}

/// The inner products of the columns of a matrix.
fn gram(rows: &[Row], variables: &[usize]) -> Vec<Vec<BigInt>> {
    let product = |a: usize, b: usize| -> BigInt {
        rows.iter().filter_map(|row| Some(row.coefficient(a)? * row.coefficient(b)?)).sum()
    };
    variables.iter().map(|a| variables.iter().map(|b| product(*a, *b)).collect()).collect()
}

/// `var` becomes `var - factor · other`, by position: the column of `other` loses `factor` times that of `var`.
struct Change {
    var: usize,
    factor: BigInt,
    other: usize,
}

/// Shortens the columns by each other, two at a time, as long as one becomes shorter.
fn reduce(mut gram: Vec<Vec<BigInt>>, steps: &mut Steps) -> Result<Vec<Change>, Exhausted> {
    let size = gram.len();
    let mut changes = vec![];
    loop {
        let before = changes.len();
        for other in 0..size {
            for var in (0..size).filter(|var| *var != other) {
                let factor = nearest_quotient(entry(&gram, other, var)?, entry(&gram, var, var)?);
                if factor.is_zero() || !shorter(&gram, other, var, &factor)? {
                    continue;
                }
                subtract(&mut gram, other, var, &factor, steps)?;
                changes.push(Change { var, factor, other });
            }
        }
        if changes.len() == before {
            return Ok(changes);
        }
    }
}

fn entry(gram: &[Vec<BigInt>], a: usize, b: usize) -> Result<&BigInt, Exhausted> {
    gram.get(a).and_then(|row| row.get(b)).ok_or(Exhausted)
}

/// Whether a column is shorter without `factor` times another.
fn shorter(gram: &[Vec<BigInt>], column: usize, other: usize, factor: &BigInt) -> Result<bool, Exhausted> {
    let change = factor * entry(gram, other, other)? - entry(gram, column, other)? * BigInt::from(2);
    Ok((change * factor).is_negative())
}

fn subtract(
    gram: &mut [Vec<BigInt>],
    column: usize,
    other: usize,
    factor: &BigInt,
    steps: &mut Steps,
) -> Result<(), Exhausted> {
    for row in gram.iter_mut() {
        let by = row.get(other).ok_or(Exhausted)? * factor;
        steps.take(1 + by.bits() / 64)?;
        *row.get_mut(column).ok_or(Exhausted)? -= by;
    }
    let by: Vec<BigInt> = gram.get(other).ok_or(Exhausted)?.iter().map(|entry| entry * factor).collect();
    for (entry, by) in gram.get_mut(column).ok_or(Exhausted)?.iter_mut().zip(by) {
        *entry -= by;
    }
    Ok(())
}
