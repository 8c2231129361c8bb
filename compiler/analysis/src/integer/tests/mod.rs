//! Against brute force, against problems whose answer is known, and at the limits.

mod brute;
mod known;
mod limits;
mod z3;

use super::*;

/// `Σ terms + constant`, variables by position.
fn row(coefficients: &[i128], constant: i128) -> Row {
    let terms = coefficients.iter().enumerate().map(|(var, c)| (BigInt::from(*c), var)).collect();
    Row::new(terms, constant.into())
}

fn at_most_zero(coefficients: &[i128], constant: i128) -> (Row, Relation) {
    (row(coefficients, constant), Relation::NotAbove)
}

fn zero(coefficients: &[i128], constant: i128) -> (Row, Relation) {
    (row(coefficients, constant), Relation::Zero)
}

/// `low <= Σ terms <= high`
fn between(low: i128, coefficients: &[i128], high: i128) -> [(Row, Relation); 2] {
    let negated: Vec<i128> = coefficients.iter().map(|c| -c).collect();
    [at_most_zero(coefficients, -high), at_most_zero(&negated, low)]
}

fn problem(bounds: &[(i128, i128)], rows: Vec<(Row, Relation)>) -> Problem {
    let bounds = bounds.iter().map(|(low, high)| ((*low).into(), (*high).into())).collect();
    Problem { bounds, prefer: vec![], rows }
}

/// Words of 256 bits.
fn words(number: usize) -> Vec<(BigInt, BigInt)> {
    vec![(BigInt::ZERO, (BigInt::from(1) << 256) - 1); number]
}

fn solve(problem: &Problem) -> Answer<Vec<BigInt>> {
    let answer = problem.solve(&mut Steps::default());
    if let Answer::Found(point) = &answer {
        assert!(problem.holds(point), "{point:?} does not satisfy {problem:?}");
    }
    answer
}

fn ints(values: &[i128]) -> Vec<BigInt> {
    values.iter().map(|value| (*value).into()).collect()
}
