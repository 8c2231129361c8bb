//! The real calendar, against dates counted day by day.

use super::*;

const DAY: Time = 86_400;
const HOUR: Time = 3_600;
const YEAR: Time = 365 * DAY;

/// Days since 1970 to the first day of each month of 800 years, counted up day by day.
fn months() -> Vec<Time> {
    let (mut year, mut month, mut day) = (1970, 1, 1);
    let mut firsts = vec![];
    for since in 0..2 * 146_097 {
        if day == 1 {
            firsts.push(since);
        }
        let length = match month {
            4 | 6 | 9 | 11 => 30,
            2 if year % 400 == 0 || (year % 4 == 0 && year % 100 != 0) => 29,
            2 => 28,
            _ => 31,
        };
        day += 1;
        if day > length {
            (day, month) = (1, month + 1);
        }
        if month > 12 {
            (month, year) = (1, year + 1);
        }
    }
    firsts
}

#[test]
fn months_begin_when_they_do() {
    let grid = Grid::utc().unwrap();
    for first in months().windows(2) {
        assert_eq!(grid.month.next(first[0] * DAY), first[1] * DAY);
        assert_eq!(grid.month.next(first[1] * DAY - 1), first[1] * DAY);
        assert_eq!(grid.month.place(first[0] * DAY).since, 0);
    }
    assert_eq!(grid.month.periods(), 4_800);
    assert_eq!(grid.month.cycle(), 146_097 * DAY);
}

#[test]
fn weeks_begin_on_monday_and_days_at_midnight() {
    let grid = Grid::utc().unwrap();
    let monday = 1_795_392_000; // 2026-11-23T00:00:00Z
    assert_eq!(grid.week.next(monday - 1), monday);
    assert_eq!(grid.week.next(monday), monday + 7 * DAY);
    assert_eq!(grid.week.next(0), 4 * DAY, "Thursday to Sunday");
    assert_eq!(grid.day.next(monday - 1), monday);
    assert_eq!(grid.day.next(monday + 1), monday + DAY);
}

#[test]
fn per_month_is_counted_on_the_calendar() {
    let grid = Grid::utc().unwrap();
    let firsts = months();
    let line = [per(1, Period::Month)];
    for days in [1, 2, 27, 28, 29, 30, 31, 32, 58, 59, 60, 61, 62, 89, 90, 91, 92, 365, 366, 367, 1_461] {
        for seconds in [days * DAY - 1, days * DAY, days * DAY + 1, days * DAY + 2] {
            // The window's first second is the last of a month, of any of the 4 800.
            let touched = |first: usize| {
                let end = firsts[first + 1] * DAY - 1 + seconds;
                firsts[first + 1..].iter().take_while(|day| **day * DAY < end).count() + 1
            };
            let counted = (0..4_800).map(touched).max().unwrap();
            assert_eq!(exactly(&line, &grid, seconds).value, counted.into(), "{seconds} seconds");
        }
    }
}

#[test]
fn february_between_two_edges_makes_three_months_of_thirty_days() {
    let grid = Grid::utc().unwrap();
    // One second of January, 28 days of February, one second of March.
    assert_eq!(exactly(&[per(5, Period::Month)], &grid, 28 * DAY + 2).value, 15_u8.into());
    assert_eq!(exactly(&[per(5, Period::Month)], &grid, 28 * DAY + 1).value, 10_u8.into());
}

/// The least cost from one second on, by trying every way to go on.
fn brute(lines: &[Line], grid: &Grid, start: Time, covered: Time, seconds: Time) -> u64 {
    let mut least = std::collections::BTreeMap::from([(covered, 0_u64)]);
    let mut best = u64::MAX;
    while let Some((at, cost)) = least.pop_first() {
        if at >= seconds {
            best = best.min(cost);
            continue;
        }
        for line in lines {
            let next = match line.window {
                Window::PerTransaction => continue,
                Window::Total => seconds,
                Window::Sliding { seconds } => at + seconds,
                Window::Calendar(period) => grid.of(period).next(start + at) - start,
            };
            let cost = cost + u64::try_from(&line.cap).unwrap();
            let known = least.entry(next).or_insert(cost);
            *known = cost.min(*known);
        }
    }
    best
}

#[test]
fn days_weeks_and_months_together_cost_no_more_around_a_leap_year() {
    let grid = Grid::utc().unwrap();
    let firsts = months();
    for (lines, days) in [
        (vec![per(5, Period::Month), per(2, Period::Week)], 40),
        (vec![per(9, Period::Month), per(4, Period::Week)], 75),
        (vec![per(30, Period::Month), per(2, Period::Day)], 45),
        (vec![per(30, Period::Month), per(8, Period::Week), per(2, Period::Day)], 33),
    ] {
        let seconds = days * DAY + 5;
        let found = exactly(&lines, &grid, seconds).value;
        // Every midnight of four centuries would be 146 097 searches: four years will do, and the second that was found.
        let mut most = 0;
        for month in firsts.iter().skip(320).take(4 * 12 + 1) {
            for day in *month..month + 31 {
                most = most.max(brute(&lines, &grid, day * DAY - 1, 0, seconds));
            }
        }
        assert!(found >= most.into(), "{lines:?}: {found} < {most}");
        let again = brute(&lines, &grid, exactly(&lines, &grid, seconds).start, 0, seconds);
        assert_eq!(found, again.into(), "{lines:?}");
    }
}

#[test]
fn a_year_of_hours_under_a_month_is_exact() {
    let grid = Grid::utc().unwrap();
    let lines = [sliding(10, HOUR), per(2_000, Period::Month)];
    let found = exactly(&lines, &grid, YEAR);
    assert_eq!(found.value, brute(&lines, &grid, found.start, 0, YEAR).into());
    let before_the_edge = grid.month.next(1_800_000_000) - 1;
    assert!(found.value >= brute(&lines, &grid, before_the_edge, 0, YEAR).into());
}

#[test]
fn what_people_write_is_exact_over_years() {
    let grid = Grid::utc().unwrap();
    let found = exactly(&[sliding(500, 24 * HOUR)], &grid, 10 * YEAR);
    assert_eq!((found.value, found.windows), (1_825_000_u64.into(), [(0, 3_650)].into()));
    let found = exactly(&[sliding(500, 24 * HOUR), sliding(2_000, 7 * DAY)], &grid, 30 * DAY);
    // Four weeks and two days.
    assert_eq!((found.value, found.windows), (9_000_u64.into(), [(0, 2), (1, 4)].into()));
    let found = exactly(&[sliding(500, 24 * HOUR), per(2_000, Period::Month)], &grid, YEAR);
    assert_eq!(
        found.value,
        26_000_u64.into(),
        "eleven months, and four days or more of the months around them"
    );
    let found = exactly(&[per(500, Period::Day), per(2_000, Period::Week), total(10_000)], &grid, 30 * DAY);
    assert_eq!(found.value, 10_000_u64.into());
}
