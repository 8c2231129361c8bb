//! Covers, programmes and outflows against searches that were written to be read.

mod calendar;
mod covers;
mod outflows;
mod programs;
mod spending;

use super::{
    Line, MAX_STEPS, Steps,
    cover::{Cover, Covered, cover},
    grid::{Cadence, Grid},
};
use agentpol_model::{
    Time,
    budget::{Period, Window},
};
use num_bigint::BigUint;

/// The numbers that the random instances are drawn from: the same in every run.
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: u64) -> u64 {
        // Steele, Lea and Flood's SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}

fn sliding(cap: u64, seconds: Time) -> Line {
    Line { cap: cap.into(), window: Window::Sliding { seconds } }
}

fn per(cap: u64, period: Period) -> Line {
    Line { cap: cap.into(), window: Window::Calendar(period) }
}

fn total(cap: u64) -> Line {
    Line { cap: cap.into(), window: Window::Total }
}

fn per_transaction(cap: u64) -> Line {
    Line { cap: cap.into(), window: Window::PerTransaction }
}

/// A grid whose periods last so many seconds.
fn toy(day: Time, week: Time, months: &[Time]) -> Grid {
    Grid {
        day: Cadence::new([day], 0).unwrap(),
        week: Cadence::new([week], 1).unwrap(),
        month: Cadence::new(months.iter().copied(), 0).unwrap(),
    }
}

/// The seconds of each window of a line that meets the seconds from `start` up to `end`, found second by second.
fn windows(line: &Line, grid: &Grid, start: Time, end: Time) -> Vec<(Time, Time)> {
    match line.window {
        Window::PerTransaction => vec![],
        Window::Total => vec![(start, end)],
        Window::Sliding { seconds } => (start..end).map(|at| (at, end.min(at + seconds))).collect(),
        Window::Calendar(period) => {
            let mut found = vec![];
            let mut at = start;
            while at < end {
                let next = grid.of(period).next(at);
                found.push((at, end.min(next)));
                at = next;
            }
            found
        }
    }
}

/// Does every line hold?
fn holds(lines: &[Line], grid: &Grid, packing: &[(Time, BigUint)]) -> bool {
    let Some(first) = packing.iter().map(|(at, _)| *at).min() else { return true };
    let last = packing.iter().map(|(at, _)| *at).max().unwrap();
    let sum = |from: Time, to: Time| -> BigUint {
        packing.iter().filter(|(at, _)| (from..to).contains(at)).map(|(_, amount)| amount).sum()
    };
    lines.iter().all(|line| match line.window {
        // The fullest sliding window begins with an amount; elsewhere the seconds are many.
        Window::Sliding { seconds } => {
            packing.iter().all(|(at, _)| sum(*at, at.saturating_add(seconds)) <= line.cap)
        }
        _ => windows(line, grid, first, last + 1).iter().all(|(from, to)| sum(*from, *to) <= line.cap),
    })
}

/// Exact, or the test fails; whatever is exact is proved by its packing.
fn exactly(lines: &[Line], grid: &Grid, seconds: Time) -> Covered {
    let from = 1_000;
    let Cover::Exact(covered) = cover(lines, grid, seconds, from, &mut Steps::new(MAX_STEPS)) else {
        panic!("not exact: {lines:?} over {seconds}")
    };
    assert!(covered.start >= from);
    let sum: BigUint = covered.packing.iter().map(|(_, amount)| amount).sum();
    assert_eq!(sum, covered.value, "{lines:?} over {seconds}: the packing falls short");
    let inside = covered.start..covered.start + seconds;
    assert!(covered.packing.iter().all(|(at, _)| inside.contains(at)), "{lines:?} over {seconds}: outside");
    assert!(holds(lines, grid, &covered.packing), "{lines:?} over {seconds}: {covered:?} breaks a line");
    let cost: BigUint = covered.windows.iter().map(|(line, n)| &lines[*line].cap * *n).sum();
    assert_eq!(cost, covered.value, "{lines:?} over {seconds}: the windows cost something else");
    covered
}
