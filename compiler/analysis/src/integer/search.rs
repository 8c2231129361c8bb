//! Finds a point, or shows that there is none.

use super::{
    bounds::{Interval, Propagated, propagate},
    lattice::slices,
    shadows::{Between, Shadow, Splinters, easiest},
    steps::{Exhausted, Steps},
    system::System,
};
use num_bigint::BigInt;
use num_traits::{One, ToPrimitive};

/// How deep searches may nest. Each has a variable less than the one that it is part of.
pub const DEEPEST: usize = 64;

/// Up to so many splinters are searched one by one; where there are more the variables are changed first.
pub const MANY_SPLINTERS: u32 = 16;

/// A point of the system, if there is one: each variable where it was preferred if that costs nothing.
pub(super) fn search(
    mut system: System,
    depth: usize,
    steps: &mut Steps,
) -> Result<Option<Vec<BigInt>>, Exhausted> {
    if depth > DEEPEST {
        return Err(Exhausted);
    }
    if system.propagate(steps)? == Propagated::Empty || !system.fold(steps)? {
        return Ok(None);
    }
    // With the equalities still there, for the sake of what is preferred.
    if let Some(point) = guess(&system, steps)? {
        return Ok(Some(point));
    }
    if !system.simplify(steps)? {
        return Ok(None);
    }
    // Where nothing was solved the guess would be much the same.
    let guessed = if system.trail.is_empty() { None } else { guess(&system, steps)? };
    let found = match guessed {
        Some(point) => Some(point),
        None => eliminate(&system, depth, steps)?,
    };
    Ok(found.map(|point| system.complete(point)))
}

/// Fixes one variable after the other at a likely value. It proves nothing when that fails.
fn guess(system: &System, steps: &mut Steps) -> Result<Option<Vec<BigInt>>, Exhausted> {
    let point = system.nearest();
    if system.holds(&point) {
        return Ok(Some(point));
    }
    let mut bounds = system.bounds.clone();
    for var in system.variables() {
        let Some(interval) = bounds.get(var).cloned() else { return Err(Exhausted) };
        if interval.fixed().is_some() {
            continue;
        }
        let mut candidates = vec![interval.nearest(system.preferred(var)), interval.low, interval.high];
        candidates.dedup();
        let mut fits = None;
        for value in candidates {
            let mut narrowed = bounds.clone();
            if let Some(place) = narrowed.get_mut(var) {
                *place = Interval::only(value);
            }
            if propagate(&mut narrowed, &system.rows, &system.equalities, steps)? == Propagated::Settled {
                fits = Some(narrowed);
                break;
            }
        }
        let Some(narrowed) = fits else { return Ok(None) };
        bounds = narrowed;
    }
    let nearest = |(var, interval): (usize, &Interval)| interval.nearest(system.preferred(var));
    let point: Vec<BigInt> = bounds.iter().enumerate().map(nearest).collect();
    Ok(system.holds(&point).then_some(point))
}

/// Eliminates a variable of a simplified system.
fn eliminate(system: &System, depth: usize, steps: &mut Steps) -> Result<Option<Vec<BigInt>>, Exhausted> {
    // Without rows every point of the box is one.
    let Some(between) = easiest(system, steps)? else { return Ok(Some(system.nearest())) };
    if between.is_exact() {
        let Some(point) = under(Shadow::Real, system, &between, depth, steps)? else { return Ok(None) };
        return lift(system, &between, point)?.ok_or(Exhausted).map(Some);
    }
    let splinters = between.splinters();
    let total: BigInt = splinters.iter().map(|splinters| &splinters.count).sum();
    if total > BigInt::from(MANY_SPLINTERS) {
        return slices(system, depth, steps);
    }
    let dark = under(Shadow::Dark, system, &between, depth, steps);
    if let Ok(Some(point)) = dark {
        return lift(system, &between, point)?.ok_or(Exhausted).map(Some);
    }
    let Some(point) = under(Shadow::Real, system, &between, depth, steps)? else { return Ok(None) };
    if let Some(point) = lift(system, &between, point)? {
        return Ok(Some(point));
    }
    match split(system, &splinters, depth, steps)? {
        // Outside of the dark shadow there is nothing; inside nobody knows.
        None if dark.is_err() => Err(Exhausted),
        found => Ok(found),
    }
}

/// A point of a shadow.
fn under(
    shadow: Shadow,
    system: &System,
    between: &Between,
    depth: usize,
    steps: &mut Steps,
) -> Result<Option<Vec<BigInt>>, Exhausted> {
    search(between.shadow(system, shadow, steps)?, depth + 1, steps)
}

/// The point above a point of the shadow, if an integer lies there.
fn lift(
    system: &System,
    between: &Between,
    mut point: Vec<BigInt>,
) -> Result<Option<Vec<BigInt>>, Exhausted> {
    let interval = between.at(&point)?;
    if interval.is_empty() {
        return Ok(None);
    }
    *point.get_mut(between.var).ok_or(Exhausted)? = interval.nearest(system.preferred(between.var));
    Ok(Some(point))
}

/// Searches splinter by splinter.
fn split(
    system: &System,
    splinters: &[Splinters],
    depth: usize,
    steps: &mut Steps,
) -> Result<Option<Vec<BigInt>>, Exhausted> {
    for Splinters { row, count } in splinters {
        let mut equality = row.clone();
        for _ in 0..count.to_u64().ok_or(Exhausted)? {
            let mut part = system.clone();
            part.trail.clear();
            part.equalities.push(equality.clone());
            if let Some(point) = search(part, depth + 1, steps)? {
                return Ok(Some(point));
            }
            equality.constant += BigInt::one();
        }
    }
    Ok(None)
}
