//! What the real shadows leave possible: bounds that hold for every integer point, and are close where the integers lie densely.

use super::{
    bounds::Interval,
    row::Row,
    shadows::{Shadow, fewest_pairs},
    steps::{Exhausted, Steps},
    system::System,
};
use num_bigint::BigInt;
use num_traits::One;

/// A number that the expression does not exceed at any point of the system: its supremum over the reals, or a little less, if the steps
/// suffice. Nothing if there is no point.
pub(super) fn at_most(
    system: &System,
    objective: &Row,
    steps: &mut Steps,
) -> Result<Option<BigInt>, Exhausted> {
    let range = objective.range(&system.bounds).ok_or(Exhausted)?;
    let goal = system.bounds.len();
    let mut most = range.high.clone();
    let mut system = System { trail: vec![], ..system.clone() };
    system.bounds.push(range);
    system.prefer.push(None);
    let difference = Row::new(vec![(BigInt::one(), goal)], BigInt::ZERO).plus(&BigInt::from(-1), objective);
    system.rows.push(difference);
    // What was learnt until the steps were used up is true.
    let feasible = lower(&mut most, system, goal, steps).unwrap_or(true);
    Ok(feasible.then_some(most))
}

/// Lowers `most` to what the system leaves for the goal, while one variable after the other is eliminated. False if there is no point.
fn lower(most: &mut BigInt, mut system: System, goal: usize, steps: &mut Steps) -> Result<bool, Exhausted> {
    loop {
        if !system.simplify(steps)? {
            return Ok(false);
        }
        if system.trail.iter().any(|(var, _)| *var == goal) {
            // It is expressed by others now: its bounds say nothing.
            return Ok(true);
        }
        if let Some(interval) = system.bounds.get(goal)
            && interval.high < *most
        {
            most.clone_from(&interval.high);
        }
        let Some(between) = fewest_pairs(&system, goal, steps)? else { return Ok(true) };
        system = between.shadow(&system, Shadow::Real, steps)?;
    }
}

/// An interval that holds all values of the expression at points of the system. Nothing if there is no point.
pub(super) fn range(
    system: &System,
    expression: &Row,
    steps: &mut Steps,
) -> Result<Option<Interval>, Exhausted> {
    let negated = expression.times(&BigInt::from(-1));
    let Some(high) = at_most(system, expression, steps)? else { return Ok(None) };
    let Some(low) = at_most(system, &negated, steps)?.map(|most| -most) else { return Ok(None) };
    Ok((low <= high).then_some(Interval { low, high }))
}
