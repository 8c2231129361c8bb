//! From one second on: how far windows reach for each cost.
//!
//! Let f(i) be the least cost of windows that cover the first i seconds. It is a step function, and only the ends of its steps are kept:
//! the *points*, each further than all that cost no more. A cheapest cover of anything is a chain of windows from point to point, each
//! beginning where the one before ends (further on never reaches less far), so the next point is the cheapest window from any point that
//! reaches beyond the last. How many there are depends on how many windows are needed, not on how long these are.
//!
//! The differences of f are the dual: the amount f(i + 1) − f(i) in second i. A window from a to b can be covered by itself, so
//! f(b) ≤ f(a) + cap, so the amounts inside it sum to no more than its cap; and all of them sum to f(W). Both at once is the proof that neither
//! can be bettered.

use super::{Line, Steps, TooLong, grid::Grid};
use agentpol_model::{Time, budget::Window};
use num_bigint::BigUint;
use num_traits::Zero;
use std::collections::BTreeMap;

/// The end of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// What the windows cost.
    pub cost: BigUint,
    /// How many seconds they cover.
    pub reach: Time,
    /// The last of them: its line, and the point from which it begins.
    by: Option<(usize, usize)>,
}

/// All points up to a goal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frontier {
    start: Time,
    points: Vec<Point>,
}

impl Frontier {
    /// From `start` until `goal` seconds are covered, or nothing reaches further.
    pub fn climb(
        lines: &[Line],
        grid: &Grid,
        start: Time,
        goal: Time,
        steps: &mut Steps,
    ) -> Result<Self, TooLong> {
        let mut points = vec![Point { cost: BigUint::ZERO, reach: 0, by: None }];
        // For each line, the first point from which its window may reach beyond the last point: it only ever advances.
        let mut from = vec![0_usize; lines.len()];
        loop {
            let covered = points.last().map_or(0, |point| point.reach);
            if covered >= goal {
                break;
            }
            let mut next: Option<Point> = None;
            for (index, (line, from)) in lines.iter().zip(&mut from).enumerate() {
                while let Some(point) = points.get(*from) {
                    steps.take(1)?;
                    let Some(reach) = reach(line, grid, start, point.reach, goal) else { break };
                    if reach <= covered {
                        *from = from.saturating_add(1);
                        continue;
                    }
                    let cost = &point.cost + &line.cap;
                    let better = next
                        .as_ref()
                        .is_none_or(|next| cost < next.cost || (cost == next.cost && reach > next.reach));
                    if better {
                        next = Some(Point { cost, reach, by: Some((index, *from)) });
                    }
                    break;
                }
            }
            match next {
                Some(point) => points.push(point),
                None => break,
            }
        }
        Ok(Self { start, points })
    }

    /// The first second.
    pub const fn start(&self) -> Time {
        self.start
    }

    /// The points, by cost and by reach.
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// The least cost of covering so many seconds.
    pub fn cost(&self, seconds: Time) -> Option<&BigUint> {
        let index = self.points.partition_point(|point| point.reach < seconds);
        self.points.get(index).map(|point| &point.cost)
    }

    /// How many windows of each line make the cheapest cover of the goal.
    pub fn windows(&self) -> BTreeMap<usize, u64> {
        let mut windows = BTreeMap::new();
        let mut at = self.points.last();
        while let Some((line, before)) = at.and_then(|point| point.by) {
            let n: &mut u64 = windows.entry(line).or_default();
            *n = n.saturating_add(1);
            at = self.points.get(before);
        }
        windows
    }

    /// Amounts, by second, that every line holds and that sum to the cost of the goal.
    pub fn packing(&self) -> Vec<(Time, BigUint)> {
        let steps = self.points.iter().zip(self.points.iter().skip(1));
        steps
            .map(|(point, next)| (self.start.saturating_add(point.reach), &next.cost - &point.cost))
            .filter(|(_, amount)| !amount.is_zero())
            .collect()
    }
}

/// How far a window of a line reaches that covers second `covered` and as much after it as it can.
fn reach(line: &Line, grid: &Grid, start: Time, covered: Time, goal: Time) -> Option<Time> {
    let reach = match line.window {
        // A cap of nothing is a cap of nothing for ever.
        _ if line.cap.is_zero() && line.window != Window::PerTransaction => goal,
        Window::PerTransaction => return None,
        Window::Sliding { seconds } => covered.saturating_add(seconds),
        Window::Calendar(period) => grid.of(period).next(start.saturating_add(covered)).saturating_sub(start),
        Window::Total => goal,
    };
    (reach > covered).then_some(reach)
}
