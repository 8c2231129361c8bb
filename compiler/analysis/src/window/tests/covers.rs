//! Covers on grids of a few seconds, against every way to spend amounts in every second.

use super::*;

/// The most that can be spent in the seconds from `start`, by trying every amount in every second.
fn most_spent(lines: &[Line], grid: &Grid, seconds: Time, start: Time) -> u64 {
    fn go(windows: &[(u64, Time, Time)], spent: &mut Vec<u64>, seconds: usize, most: u64, best: &mut u64) {
        let sum: u64 = spent.iter().sum();
        *best = sum.max(*best);
        let left = (seconds - spent.len()) as u64;
        if left == 0 || sum + most * left <= *best {
            return;
        }
        for amount in (0..=most).rev() {
            spent.push(amount);
            let at = spent.len() as u64;
            let fits = windows.iter().all(|(cap, from, to)| {
                let inside = spent.iter().zip(0..).filter(|(_, second)| (*from..*to).contains(second));
                at <= *from || inside.map(|(amount, _)| amount).sum::<u64>() <= *cap
            });
            if fits {
                go(windows, spent, seconds, most, best);
            }
            spent.pop();
        }
    }
    let mut all = vec![];
    for line in lines {
        let cap = u64::try_from(&line.cap).unwrap();
        for (from, to) in windows(line, grid, start, start + seconds) {
            all.push((cap, from - start, to - start));
        }
    }
    let most = all.iter().map(|(cap, _, _)| *cap).min().unwrap();
    let mut best = 0;
    go(&all, &mut vec![], usize::try_from(seconds).unwrap(), most, &mut best);
    best
}

/// The same by the recursion over seconds, for what is too long to try.
fn second_by_second(lines: &[Line], grid: &Grid, seconds: Time, start: Time) -> u64 {
    let mut least = vec![0_u64];
    for covered in 1..=seconds {
        let cost = |line: &Line| {
            let begin = match line.window {
                Window::PerTransaction => return None,
                Window::Total => 0,
                Window::Sliding { seconds } => covered.saturating_sub(seconds),
                Window::Calendar(period) => {
                    let last = start + covered - 1;
                    last.saturating_sub(grid.of(period).place(last).since).saturating_sub(start)
                }
            };
            Some(least[usize::try_from(begin).unwrap()] + u64::try_from(&line.cap).unwrap())
        };
        least.push(lines.iter().filter_map(cost).min().unwrap());
    }
    *least.last().unwrap()
}

/// The worst of all first seconds in which the grid looks different.
fn at_worst(lines: &[Line], grid: &Grid, f: impl Fn(Time) -> u64) -> u64 {
    let cycle = grid.used_by(lines).iter().fold(1, |all, cadence| num_integer::lcm(all, cadence.cycle()));
    (0..cycle).map(f).max().unwrap()
}

fn random_lines(draw: &mut Draw, caps: u64, widths: u64) -> Vec<Line> {
    let n = 1 + draw.below(4);
    (0..n)
        .map(|_| {
            let cap = draw.below(caps);
            match draw.below(8) {
                0..=3 => sliding(cap, 1 + draw.below(widths)),
                4 => per(cap, Period::Day),
                5 => per(cap, Period::Week),
                6 => per(cap, Period::Month),
                _ => total(cap * 2),
            }
        })
        .collect()
}

fn random_grid(draw: &mut Draw, widths: u64) -> Grid {
    let months: Vec<Time> = (0..1 + draw.below(4)).map(|_| 1 + draw.below(widths)).collect();
    toy(1 + draw.below(widths), 1 + draw.below(widths), &months)
}

#[test]
fn covers_equal_the_search_over_all_amounts() {
    let mut draw = Draw(1);
    for _ in 0..1_500 {
        let lines = random_lines(&mut draw, 8, 5);
        let grid = random_grid(&mut draw, 4);
        let seconds = 1 + draw.below(5);
        let searched = at_worst(&lines, &grid, |start| most_spent(&lines, &grid, seconds, start));
        let found = exactly(&lines, &grid, seconds);
        assert_eq!(found.value, searched.into(), "{lines:?} {grid:?} over {seconds}");
    }
}

#[test]
fn covers_equal_the_recursion_over_seconds() {
    let mut draw = Draw(2);
    for _ in 0..12_000 {
        let lines = random_lines(&mut draw, 30, 9);
        let grid = random_grid(&mut draw, 6);
        let seconds = draw.below(40);
        let counted = at_worst(&lines, &grid, |start| second_by_second(&lines, &grid, seconds, start));
        let found = exactly(&lines, &grid, seconds);
        assert_eq!(found.value, counted.into(), "{lines:?} {grid:?} over {seconds}");
    }
}

#[test]
fn the_recursion_equals_the_search() {
    let mut draw = Draw(3);
    for _ in 0..1_500 {
        let (lines, grid) = (random_lines(&mut draw, 8, 5), random_grid(&mut draw, 4));
        let (seconds, start) = (1 + draw.below(6), draw.below(12));
        let recursion = second_by_second(&lines, &grid, seconds, start);
        assert_eq!(recursion, most_spent(&lines, &grid, seconds, start), "{lines:?} {grid:?} over {seconds}");
    }
}

#[test]
fn two_windows_together_hold_less_than_either() {
    // Alone, 5 per 2 over five seconds is 15 and 6 per 3 is 12.
    let found = exactly(&[sliding(5, 2), sliding(6, 3)], &toy(2, 3, &[4]), 5);
    assert_eq!(found.value, 11_u8.into());
    assert_eq!(found.windows, [(0, 1), (1, 1)].into());
    let two = exactly(&[sliding(2, 2), sliding(3, 3)], &toy(2, 3, &[4]), 4);
    assert_eq!(two.value, 4_u8.into(), "2 + 2, not 3 + 2");
}

#[test]
fn one_sliding_line_is_as_many_windows_as_begin() {
    let grid = toy(2, 3, &[4]);
    assert_eq!(exactly(&[sliding(2, 2)], &grid, 2).value, 2_u8.into());
    assert_eq!(exactly(&[sliding(2, 2)], &grid, 4).value, 4_u8.into());
    assert_eq!(exactly(&[sliding(2, 2)], &grid, 5).value, 6_u8.into());
    assert_eq!(exactly(&[sliding(2, 2), total(3)], &grid, 2).value, 2_u8.into());
    assert_eq!(exactly(&[sliding(2, 2), total(3)], &grid, 400).value, 3_u8.into());
    assert_eq!(exactly(&[sliding(2, 2), total(3)], &grid, 0).value, BigUint::ZERO);
}

#[test]
fn a_calendar_window_admits_its_cap_on_both_sides_of_the_edge() {
    let grid = toy(2, 3, &[4]);
    assert_eq!(exactly(&[per(2, Period::Day)], &grid, 1).value, 2_u8.into());
    assert_eq!(exactly(&[per(2, Period::Day)], &grid, 2).value, 4_u8.into());
    assert_eq!(exactly(&[per(2, Period::Day)], &grid, 3).value, 4_u8.into(), "not three periods: 1 + 2");
    assert_eq!(exactly(&[per(2, Period::Day)], &grid, 4).value, 6_u8.into());
}

#[test]
fn the_worst_second_may_lie_before_a_sliding_window_that_ends_at_the_edge() {
    // Instances where no second right before an edge is the worst.
    let mut shifted = 0;
    let mut draw = Draw(4);
    for _ in 0..1_500 {
        let (lines, grid) = (random_lines(&mut draw, 8, 5), random_grid(&mut draw, 6));
        let cadences = grid.used_by(&lines);
        if cadences.is_empty() {
            continue;
        }
        let found = exactly(&lines, &grid, 7);
        let cycle = cadences.iter().fold(1, |all, cadence| num_integer::lcm(all, cadence.cycle()));
        let before_an_edge = (1..=cycle)
            .filter(|start| cadences.iter().any(|cadence| cadence.place(*start).left == 1))
            .map(|start| second_by_second(&lines, &grid, 7, start))
            .max();
        shifted += u32::from(found.value > before_an_edge.unwrap().into());
    }
    assert!(shifted > 0, "the sums of sliding windows are needed");
}

#[test]
fn lines_without_time_cover_nothing() {
    let grid = toy(2, 3, &[4]);
    let cover = |lines: &[Line]| cover(lines, &grid, 5, 0, &mut Steps::new(MAX_STEPS));
    assert_eq!(cover(&[]), Cover::Uncovered);
    assert_eq!(cover(&[per_transaction(5), sliding(5, 0)]), Cover::Uncovered);
    assert_eq!(cover(&[per_transaction(5), total(7)]).value(), Some(&7_u8.into()));
}

#[test]
fn a_cap_of_nothing_is_nothing_for_ever() {
    let grid = Grid::utc().unwrap();
    for zero in [sliding(0, 1), per(0, Period::Month), total(0)] {
        let found = exactly(&[sliding(3, 9), zero], &grid, Time::MAX / 4);
        assert_eq!((found.value, found.windows), (BigUint::ZERO, [(1, 1)].into()));
    }
    let one_transaction = cover(&[per_transaction(0)], &grid, 9, 0, &mut Steps::new(9));
    assert_eq!(one_transaction, Cover::Uncovered);
}

#[test]
fn caps_may_be_as_large_as_words() {
    let cap = (BigUint::from(1_u8) << 256_u32) - 1_u8;
    let found =
        exactly(&[Line { cap: cap.clone(), window: Window::Sliding { seconds: 3 } }], &toy(2, 3, &[4]), 10);
    assert_eq!(found.value, cap * 4_u8);
}

#[test]
fn at_the_limit_the_answer_is_exact() {
    let most = 1_000;
    let grid = toy(2, 3, &[4]);
    let seconds =
        (1..).find(|n| !is_exact(&cover(&[sliding(3, 2)], &grid, *n, 0, &mut Steps::new(most)))).unwrap();
    assert!(is_exact(&cover(&[sliding(3, 2)], &grid, seconds - 1, 0, &mut Steps::new(most))));
    assert!(seconds > most / 4, "a step is about a window");
}

#[test]
fn beyond_the_limit_the_answer_is_a_bound() {
    let grid = toy(2, 3, &[4]);
    let lines = [total(u64::MAX), sliding(3, 2)];
    let found = cover(&lines, &grid, 1_000_000_001, 0, &mut Steps::new(MAX_STEPS));
    let windows = BigUint::from(500_000_001_u64);
    assert_eq!(found, Cover::AtMost { value: &windows * 3_u8, line: 1, windows });
    let calendar = cover(&[per(3, Period::Month)], &grid, Time::MAX, 0, &mut Steps::new(10));
    let windows = (BigUint::from(Time::MAX) - 1_u8 + 3_u8) / 4_u8 + 1_u8;
    assert_eq!(calendar, Cover::AtMost { value: &windows * 3_u8, line: 0, windows });
}

#[test]
fn bounds_are_never_below_what_is_exact() {
    let mut draw = Draw(5);
    let mut bounds = 0;
    for _ in 0..2_000 {
        let (lines, grid) = (random_lines(&mut draw, 30, 9), random_grid(&mut draw, 6));
        let seconds = draw.below(40);
        let exact = exactly(&lines, &grid, seconds).value;
        let found = cover(&lines, &grid, seconds, 0, &mut Steps::new(draw.below(60)));
        bounds += u32::from(!is_exact(&found));
        let equal = *found.value().unwrap() == exact;
        assert!(equal || (!is_exact(&found) && *found.value().unwrap() > exact), "{lines:?} over {seconds}");
    }
    assert!(bounds > 500);
}

const fn is_exact(cover: &Cover) -> bool {
    matches!(cover, Cover::Exact(_))
}
