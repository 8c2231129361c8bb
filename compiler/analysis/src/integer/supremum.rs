//! The greatest value of an expression: from what the real shadows leave possible downwards, so that it takes few searches where they are close.

use super::{Answer, Problem, real, row::Row, steps::Steps};
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
        let mut above = match self.at_most(objective, steps) {
            Answer::Found(most) => most + BigInt::one(),
            Answer::None => return Answer::None,
            Answer::Unknown => return Answer::Unknown,
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

    /// A number that the expression does not exceed: its supremum over the reals, or a little less, if the steps suffice, and what is
    /// known by then if they do not.
    pub fn at_most(&self, objective: &Row, steps: &mut Steps) -> Answer<BigInt> {
        let objective = Row::new(objective.terms.clone(), objective.constant.clone());
        let Some(system) = self.system() else { return Answer::Unknown };
        // Half, so that enough is left for searches.
        let mut half = Steps::new(steps.left() / 2);
        let before = half.left();
        let most = real::at_most(&system, &objective, &mut half);
        match (steps.take(before - half.left()), most) {
            (Ok(()), Ok(Some(most))) => Answer::Found(most),
            (Ok(()), Ok(None)) => Answer::None,
            _ => Answer::Unknown,
        }
    }

    fn reaching(&self, objective: &Row, target: &BigInt) -> Self {
        let row = Row::constant(target.clone()).plus(&BigInt::from(-1), objective);
        let mut problem = self.clone();
        problem.rows.push((row, Relation::NotAbove));
        problem
    }
}
