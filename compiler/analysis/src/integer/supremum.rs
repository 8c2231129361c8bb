//! The greatest value of an expression: from what the real shadows leave possible downwards, so that it takes few searches where they are close.

use super::{
    Answer, Problem,
    row::Row,
    shadows::{Shadow, fewest_pairs},
    steps::{Exhausted, Steps},
    system::System,
};
use agentpol_model::policy::Relation;
use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::One;

impl Problem {
    /// The greatest value of an expression, and a point that has it.
    pub fn supremum(&self, objective: &Row, steps: &mut Steps) -> Answer<(BigInt, Vec<BigInt>)> {
        let mut best = match self.solve(steps) {
            Answer::Found(point) => (objective.at(&point), point),
            Answer::None => return Answer::None,
            Answer::Unknown => return Answer::Unknown,
        };
        let Some(mut above) = self.at_most(objective, steps).map(|most| most + BigInt::one()) else {
            return Answer::Unknown;
        };
        // Nothing reaches `above`. First close below it, then further and further, then half way.
        let mut step = BigInt::one();
        loop {
            let gap = &above - &best.0;
            if gap <= BigInt::one() {
                return Answer::Found(best);
            }
            let half = gap.div_ceil(&BigInt::from(2));
            let target = &above - (&step).min(&half);
            match self.reaching(objective, &target).solve(steps) {
                Answer::Found(point) => {
                    best = (objective.at(&point), point);
                    step = half;
                }
                Answer::None => {
                    above = target;
                    step *= 2;
                }
                Answer::Unknown => return Answer::Unknown,
            }
        }
    }

    /// A number that the expression does not exceed: the supremum over the reals, or a little less, if the steps suffice. Nothing if it
    /// speaks of a variable without bounds.
    pub fn at_most(&self, objective: &Row, steps: &mut Steps) -> Option<BigInt> {
        let objective = Row::new(objective.terms.clone(), objective.constant.clone());
        let mut system = self.system()?;
        let range = objective.range(&system.bounds)?;
        let goal = system.bounds.len();
        let mut most = range.high.clone();
        system.bounds.push(range);
        system.prefer.push(None);
        let difference =
            Row::new(vec![(BigInt::one(), goal)], BigInt::ZERO).plus(&BigInt::from(-1), &objective);
        system.rows.push(difference);
        // Half, so that enough is left for searches. What was learnt until they were used up is true.
        let mut half = Steps::new(steps.left() / 2);
        let before = half.left();
        let _: Result<(), Exhausted> = lower(&mut most, system, goal, &mut half);
        steps.take(before - half.left()).ok()?;
        Some(most)
    }

    fn reaching(&self, objective: &Row, target: &BigInt) -> Self {
        let row = Row::constant(target.clone()).plus(&BigInt::from(-1), objective);
        let mut problem = self.clone();
        problem.rows.push((row, Relation::NotAbove));
        problem
    }
}

/// Lowers `most` to what the system leaves for the goal, while one variable after the other is eliminated.
fn lower(most: &mut BigInt, mut system: System, goal: usize, steps: &mut Steps) -> Result<(), Exhausted> {
    // Once the goal is expressed by others its bounds say nothing.
    while system.simplify(steps)? && system.trail.iter().all(|(var, _)| *var != goal) {
        if let Some(interval) = system.bounds.get(goal)
            && interval.high < *most
        {
            most.clone_from(&interval.high);
        }
        let Some(between) = fewest_pairs(&system, goal, steps)? else { break };
        system = between.shadow(&system, Shadow::Real, steps)?;
    }
    Ok(())
}
