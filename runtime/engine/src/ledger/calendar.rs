//! Calendar periods in UTC, on the Gregorian calendar. Leap seconds do not exist in Unix time, so a day has 86 400 seconds.

use agentpol_model::{Time, budget::Period};
use core::ops::Range;

/// Seconds in a day.
const DAY: Time = 86_400;
/// Days in 400 Gregorian years, after which the calendar repeats (weekdays too: it is a multiple of 7).
const CYCLE: u64 = 146_097;
/// 1970-01-01 was a Thursday, three days after a Monday.
const MONDAY: u64 = 3;

/// The period that `at` lies in: from its first second to the first second of the next.
pub fn period(period: Period, at: Time) -> Range<Time> {
    let day = at / DAY;
    let (first, days) = match period {
        Period::Day => (day, 1),
        Period::Week => {
            let since_monday = day.saturating_add(MONDAY) % 7;
            // The first days of 1970 belong to a week that began before time did.
            (day.saturating_sub(since_monday), if day < since_monday { 7 - MONDAY } else { 7 })
        }
        Period::Month => {
            let (day_of_month, length) = month(day);
            (day - day_of_month, length)
        }
    };
    let start = first.saturating_mul(DAY);
    start..start.saturating_add(days * DAY)
}

/// The day of the month (from 0) of a day since 1970, and how many days that month has.
fn month(day: u64) -> (u64, u64) {
    let mut left = day % CYCLE;
    let mut year = 1970;
    loop {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let february = if leap { 29 } else { 28 };
        for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
            if left < length {
                return (left, length);
            }
            left -= length;
        }
        year += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-23T10:00:00Z, a Monday.
    const NOW: Time = 1_795_428_000;
    const MIDNIGHT: Time = 1_795_392_000;

    #[test]
    fn a_day_runs_from_midnight_to_midnight() {
        assert_eq!(period(Period::Day, NOW), MIDNIGHT..MIDNIGHT + DAY);
        assert_eq!(period(Period::Day, MIDNIGHT).start, MIDNIGHT);
        assert_eq!(period(Period::Day, MIDNIGHT - 1).end, MIDNIGHT);
    }

    #[test]
    fn a_week_begins_on_monday() {
        assert_eq!(period(Period::Week, NOW), MIDNIGHT..MIDNIGHT + 7 * DAY);
        assert_eq!(period(Period::Week, MIDNIGHT - 1), MIDNIGHT - 7 * DAY..MIDNIGHT);
        assert_eq!(period(Period::Week, 0), 0..4 * DAY, "Thursday to Sunday");
        assert_eq!(period(Period::Week, 4 * DAY), 4 * DAY..11 * DAY);
    }

    #[test]
    fn months_have_their_own_lengths() {
        let november = 1_793_491_200; // 2026-11-01T00:00:00Z
        assert_eq!(period(Period::Month, NOW), november..november + 30 * DAY);
        let february = 1_707_955_200; // 2024-02-15: a leap year
        assert_eq!(period(Period::Month, february), 1_706_745_600..1_709_251_200);
        assert_eq!(period(Period::Month, 0), 0..31 * DAY);
        // 2100 is no leap year, 2000 was.
        assert_eq!(period(Period::Month, 4_107_542_399).end, 4_107_542_400);
        assert_eq!(period(Period::Month, 951_782_400).end, 951_868_800);
    }

    #[test]
    fn periods_follow_one_another_without_gap() {
        for which in [Period::Day, Period::Week, Period::Month] {
            let mut at = 0;
            for _ in 0..20_000 {
                let this = period(which, at);
                assert_eq!(this.start, at);
                assert_eq!(period(which, this.end - 1), this);
                at = this.end;
            }
        }
    }

    #[test]
    fn the_end_of_time_does_not_wrap() {
        for which in [Period::Day, Period::Week, Period::Month] {
            let last = period(which, Time::MAX);
            assert!(last.start <= last.end);
        }
    }
}
