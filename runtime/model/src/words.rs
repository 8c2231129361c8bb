//! Numbers as people read them: amounts by their token's decimals, instants and stretches of time.

use crate::{Time, U256};
use core::fmt;

/// Seconds of one day.
const DAY: Time = 86_400;
/// The first second of the year 10 000, from which on an instant is shown as a number.
const YEAR_10_000: Time = 253_402_300_800;

/// Digits with their thousands set off: `12,500`.
pub fn grouped(digits: &str) -> String {
    let first = digits.len() % 3;
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && i % 3 == first {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// An amount in base units, with the point where the token's decimals put it: `1,250.5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    /// In base units.
    pub amount: U256,
    /// How many digits stand behind the point.
    pub decimals: u8,
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.amount.to_string();
        let decimals = usize::from(self.decimals);
        let padded = format!("{digits:0>width$}", width = decimals.saturating_add(1));
        let (whole, fraction) = padded.split_at(padded.len().saturating_sub(decimals));
        match fraction.trim_end_matches('0') {
            "" => f.write_str(&grouped(whole)),
            fraction => write!(f, "{}.{fraction}", grouped(whole)),
        }
    }
}

/// An instant in UTC: `2026-11-22T10:00:00Z`, without its seconds where they are none: `2026-11-22T10:00Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instant(pub Time);

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 >= YEAR_10_000 {
            return write!(f, "{}", self.0);
        }
        let (year, month, day) = date(self.0 / DAY);
        let (hour, minute, second) = (self.0 % DAY / 3_600, self.0 % 3_600 / 60, self.0 % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}")?;
        if second == 0 { f.write_str("Z") } else { write!(f, ":{second:02}Z") }
    }
}

/// Year, month and day of a day since 1970.
fn date(mut day: u64) -> (u64, u64, u64) {
    let mut year = 1970;
    loop {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let february = if leap { 29 } else { 28 };
        for (month, length) in (1..).zip([31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]) {
            if day < length {
                return (year, month, day + 1);
            }
            day -= length;
        }
        year += 1;
    }
}

/// A stretch of time in the largest unit that it is a whole number of: `24h`, `7d`, `90s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Time);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = |unit: Time| self.0 != 0 && self.0.is_multiple_of(unit);
        match self.0 {
            // A single day is said in hours, because it slides: `per day` is the calendar's.
            seconds if whole(DAY) && seconds > DAY => write!(f, "{}d", seconds / DAY),
            seconds if whole(3_600) => write!(f, "{}h", seconds / 3_600),
            seconds if whole(60) => write!(f, "{}min", seconds / 60),
            seconds => write!(f, "{seconds}s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(amount: u64, decimals: u8) -> String {
        Decimal { amount: U256::from(amount), decimals }.to_string()
    }

    #[test]
    fn amounts_have_their_point_and_no_idle_zeros() {
        assert_eq!(decimal(250_500_000, 6), "250.5");
        assert_eq!(decimal(1, 6), "0.000001");
        assert_eq!(decimal(0, 18), "0");
        assert_eq!(decimal(1_000, 0), "1,000");
        assert_eq!(decimal(1_234_567_500_000, 6), "1,234,567.5");
        assert_eq!(decimal(120_000_000, 6), "120");
        let all = Decimal { amount: U256::MAX, decimals: 255 }.to_string();
        assert!(all.starts_with("0.0000"), "{all}");
    }

    #[test]
    fn instants_are_dates() {
        assert_eq!(Instant(0).to_string(), "1970-01-01T00:00Z");
        assert_eq!(Instant(1_795_428_000).to_string(), "2026-11-23T10:00Z");
        assert_eq!(Instant(951_782_401).to_string(), "2000-02-29T00:00:01Z");
        assert_eq!(Instant(YEAR_10_000 - 1).to_string(), "9999-12-31T23:59:59Z");
        assert_eq!(Instant(YEAR_10_000).to_string(), YEAR_10_000.to_string());
        assert_eq!(Instant(Time::MAX).to_string(), Time::MAX.to_string());
    }

    #[test]
    fn spans_take_the_largest_unit() {
        let words = |seconds| Span(seconds).to_string();
        assert_eq!([words(86_400), words(172_800), words(3_600)], ["24h", "2d", "1h"]);
        assert_eq!([words(90), words(600), words(0)], ["90s", "10min", "0s"]);
    }
}
