//! Linear programmes against all their corners.

use super::*;
use crate::window::program::{MAX_PIVOTS, Optimum, Row, Share, Solution, maximise};
use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

fn share(numerator: u64, denominator: u64) -> Share {
    Share::new(numerator.into(), denominator.into())
}

fn row(weights: &[u64], bound: u64) -> Row {
    let weights = weights.iter().enumerate().map(|(amount, weight)| (amount, share(*weight, 1))).collect();
    Row { weights, bound: share(bound, 1) }
}

/// The solution, once amounts and multipliers have proved one another.
fn proved(amounts: usize, rows: &[Row]) -> Solution {
    let Optimum::Exact(solution) = maximise(amounts, rows, MAX_PIVOTS) else { panic!("not exact: {rows:?}") };
    assert_eq!(solution.amounts.iter().sum::<Share>(), solution.value, "{rows:?}");
    for row in rows {
        let used: Share =
            row.weights.iter().map(|(amount, weight)| weight * &solution.amounts[*amount]).sum();
        assert!(used <= row.bound, "{rows:?}: {solution:?}");
    }
    let of_rows: Share = rows.iter().zip(&solution.multipliers).map(|(row, times)| &row.bound * times).sum();
    assert_eq!(of_rows, solution.value, "{rows:?}");
    for amount in 0..amounts {
        let weigh =
            |(row, times): (&Row, &Share)| row.weights.get(&amount).map_or_else(Share::zero, |w| w * times);
        let weight: Share = rows.iter().zip(&solution.multipliers).map(weigh).sum();
        assert!(weight >= Share::one(), "{rows:?}: {solution:?}");
    }
    solution
}

/// Solves `n` equations in `n` unknowns, if they have one solution.
fn solve(mut equations: Vec<Vec<BigRational>>) -> Option<Vec<BigRational>> {
    let n = equations.len();
    for column in 0..n {
        let pivot = (column..n).find(|row| !equations[*row][column].is_zero())?;
        equations.swap(column, pivot);
        let by = equations[column][column].clone();
        equations[column].iter_mut().for_each(|value| *value = &*value / &by);
        for row in (0..n).filter(|row| *row != column) {
            let times = equations[row][column].clone();
            let pivot = equations[column].clone();
            equations[row].iter_mut().zip(pivot).for_each(|(value, by)| *value = &*value - &times * by);
        }
    }
    Some(equations.into_iter().map(|mut equation| equation.pop().unwrap()).collect())
}

/// The greatest sum at any point where as many of the rows and axes meet as there are amounts.
fn best_corner(amounts: usize, rows: &[Row]) -> BigRational {
    let signed = |share: &Share| BigRational::new(share.numer().clone().into(), share.denom().clone().into());
    let zero = BigRational::zero;
    let mut planes: Vec<Vec<BigRational>> = vec![];
    for row in rows {
        let mut plane: Vec<_> = (0..amounts).map(|n| row.weights.get(&n).map_or_else(zero, signed)).collect();
        plane.push(signed(&row.bound));
        planes.push(plane);
    }
    for axis in 0..amounts {
        planes.push((0..=amounts).map(|n| BigInt::from(u8::from(n == axis)).into()).collect());
    }
    let mut best = zero();
    for choice in 0_u32..1 << planes.len() {
        if choice.count_ones() as usize != amounts {
            continue;
        }
        let chosen = planes.iter().enumerate().filter(|(n, _)| choice >> n & 1 == 1);
        let Some(corner) = solve(chosen.map(|(_, plane)| plane.clone()).collect()) else { continue };
        let inside = corner.iter().all(|amount| !amount.is_negative())
            && planes[..rows.len()].iter().all(|plane| {
                corner.iter().zip(plane).map(|(amount, weight)| amount * weight).sum::<BigRational>()
                    <= plane[amounts]
            });
        if inside {
            best = best.max(corner.iter().sum());
        }
    }
    best
}

#[test]
fn the_greatest_sum_is_the_best_corner() {
    let mut draw = Draw(6);
    for _ in 0..600 {
        let amounts = 1 + usize::try_from(draw.below(4)).unwrap();
        let rows: Vec<Row> = (0..1 + draw.below(4))
            .map(|_| {
                let weights: Vec<u64> = (0..amounts).map(|_| draw.below(4)).collect();
                row(&weights, draw.below(9))
            })
            .collect();
        let loose = (0..amounts).find(|n| rows.iter().all(|row| row.weights[n].is_zero()));
        if let Some(amount) = loose {
            assert_eq!(maximise(amounts, &rows, MAX_PIVOTS), Optimum::Unbounded { amount });
            continue;
        }
        let value = proved(amounts, &rows).value;
        let best = best_corner(amounts, &rows);
        assert_eq!(
            (BigInt::from(value.numer().clone()), BigInt::from(value.denom().clone())),
            best.into_raw()
        );
    }
}

#[test]
fn three_pairs_share_half_each() {
    let pairs = [row(&[1, 1, 0], 1), row(&[0, 1, 1], 1), row(&[1, 0, 1], 1)];
    let solution = proved(3, &pairs);
    assert_eq!(solution.value, share(3, 2));
    assert_eq!(solution.amounts, [share(1, 2), share(1, 2), share(1, 2)]);
}

#[test]
fn large_programmes_prove_themselves() {
    let mut draw = Draw(7);
    for _ in 0..4 {
        let amounts = 30;
        let mut rows: Vec<Row> = (0..40)
            .map(|_| {
                let weights: Vec<u64> = (0..amounts).map(|_| draw.below(3)).collect();
                row(&weights, draw.below(1_000_000))
            })
            .collect();
        rows.push(row(&[1; 30], u64::MAX));
        proved(amounts, &rows);
    }
}

#[test]
fn nothing_to_maximise_is_nothing() {
    assert_eq!(proved(0, &[]).value, Share::zero());
    assert_eq!(proved(1, &[row(&[1], 0), row(&[1], 0)]).value, Share::zero());
    assert_eq!(maximise(1, &[], MAX_PIVOTS), Optimum::Unbounded { amount: 0 });
}

/// A programme that takes as many pivots as it has amounts.
fn apart(amounts: usize) -> Vec<Row> {
    (0..amounts).map(|n| Row { weights: [(n, share(1, 1))].into(), bound: share(2, 1) }).collect()
}

#[test]
fn at_the_limit_of_pivots_the_answer_is_exact() {
    let found = maximise(20, &apart(20), 20);
    assert!(matches!(found, Optimum::Exact(solution) if solution.value == share(40, 1)));
}

#[test]
fn beyond_the_limit_of_pivots_the_answer_is_a_bound() {
    let mut rows = apart(20);
    rows.push(row(&[1; 20], 50));
    assert_eq!(maximise(20, &rows, 2), Optimum::AtMost(share(40, 1)), "each by itself");
    rows.push(row(&[2; 20], 60));
    assert_eq!(maximise(20, &rows, 2), Optimum::AtMost(share(30, 1)), "all by one row");
}

#[test]
fn bounds_without_pivots_are_never_below_the_greatest_sum() {
    let mut draw = Draw(11);
    for _ in 0..1_000 {
        let amounts = 1 + usize::try_from(draw.below(5)).unwrap();
        let mut rows = vec![row(&vec![1; amounts], draw.below(30))];
        for _ in 0..draw.below(5) {
            let weights: Vec<u64> = (0..amounts).map(|_| draw.below(4)).collect();
            rows.push(row(&weights, draw.below(9)));
        }
        let exact = proved(amounts, &rows).value;
        match maximise(amounts, &rows, 0) {
            Optimum::AtMost(bound) => assert!(bound >= exact, "{rows:?}: {bound} < {exact}"),
            other => panic!("{other:?}"),
        }
    }
}
