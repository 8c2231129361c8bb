//! Numbers, amounts, durations and dates as people write them.

use agentpol_model::{U256, words::grouped};
use num_bigint::{BigInt, BigUint, Sign};
use num_traits::{Signed, ToPrimitive, Zero};

/// `12,500`
pub(super) fn number(n: &BigInt) -> String {
    let sign = if n.is_negative() { "-" } else { "" };
    format!("{sign}{}", grouped(&n.magnitude().to_string()))
}

/// `0.25`: base units of something with so many decimals.
pub(super) fn decimal(units: &BigInt, decimals: u8) -> String {
    let one = BigUint::from(10_u8).pow(u32::from(decimals));
    let whole = number(&BigInt::from(units.magnitude() / &one));
    let sign = if units.is_negative() { "-" } else { "" };
    let rest = (units.magnitude() % &one).to_string();
    if rest == "0" {
        return format!("{sign}{whole}");
    }
    let places = usize::from(decimals);
    format!("{sign}{whole}.{}", format!("{rest:0>places$}").trim_end_matches('0'))
}

/// How many digits a person has to read.
pub(super) fn digits(units: &BigInt) -> usize {
    units.magnitude().to_string().trim_end_matches('0').len()
}

pub(super) fn big(word: U256) -> BigInt {
    BigInt::from_bytes_be(Sign::Plus, &word.to_be_bytes::<32>())
}

const UNITS: [(u64, &str); 4] = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];

/// `24 hours`, `10 minutes`, `1 day 12 hours`
pub(super) fn duration(seconds: u64) -> String {
    if seconds == 86_400 {
        return "24 hours".to_owned();
    }
    let mut left = seconds;
    let mut parts = Vec::new();
    for (size, name) in UNITS {
        let n = left / size;
        left %= size;
        if n > 0 {
            parts.push(plural(n, name));
        }
    }
    if parts.is_empty() { "0 seconds".to_owned() } else { parts.join(" ") }
}

pub(super) fn plural(n: u64, name: &str) -> String {
    if n == 1 { format!("1 {name}") } else { format!("{} {name}s", number(&n.into())) }
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// `1 January 2027`, with the time of day unless it is midnight; UTC. A time too far away is given in seconds.
pub(super) fn date(time: &BigInt) -> String {
    const LAST: u64 = 253_402_300_799; // the end of the year 9999
    let Some(time) = time.to_u64().filter(|t| *t <= LAST) else {
        return format!("second {} of the Unix epoch", number(time));
    };
    let (mut days, seconds) = (time / 86_400, time % 86_400);
    let mut year = 1970;
    while days >= days_in(year) {
        days -= days_in(year);
        year += 1;
    }
    let mut name = "";
    for (month, length) in MONTHS.iter().zip(lengths(year)) {
        name = month;
        if days < length {
            break;
        }
        days -= length;
    }
    let day = format!("{} {name} {year}", days + 1);
    match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0) => day,
        (h, m, 0) => format!("{day}, {h:02}:{m:02} UTC"),
        (h, m, s) => format!("{day}, {h:02}:{m:02}:{s:02} UTC"),
    }
}

const fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

const fn days_in(year: u64) -> u64 {
    if is_leap(year) { 366 } else { 365 }
}

const fn lengths(year: u64) -> [u64; 12] {
    let february = if is_leap(year) { 29 } else { 28 };
    [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
}

/// `a`, `a and b`, `a, b and c`
pub(super) fn list(items: &[String], last: &str) -> String {
    match items {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [first @ .., end] => format!("{} {last} {end}", first.join(", ")),
    }
}

/// The nearest whole number below `n / by`, and whether it comes out even.
pub(super) fn divide(n: &BigInt, by: &BigInt) -> (BigInt, bool) {
    let (quotient, rest) = (n / by, n % by);
    if rest.is_zero() {
        (quotient, true)
    } else if rest.is_negative() == by.is_negative() {
        (quotient, false)
    } else {
        (quotient - 1, false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (n, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (-12_345_678, "-12,345,678")] {
            assert_eq!(number(&n.into()), text);
        }
        assert_eq!(decimal(&250_000_000.into(), 6), "250");
        assert_eq!(decimal(&1.into(), 6), "0.000001");
        assert_eq!(decimal(&(-1_500_000).into(), 6), "-1.5");
        assert_eq!(decimal(&10_000_500_000_i64.into(), 6), "10,000.5");
        assert_eq!(decimal(&7.into(), 0), "7");
    }

    #[test]
    fn division_goes_down() {
        for (n, by, quotient, even) in
            [(7, 2, 3, false), (-7, 2, -4, false), (7, -2, -4, false), (-7, -2, 3, false), (-6, 2, -3, true)]
        {
            assert_eq!(divide(&n.into(), &by.into()), (quotient.into(), even), "{n} / {by}");
        }
    }

    #[test]
    fn durations() {
        for (seconds, text) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (600, "10 minutes"),
            (86_400, "24 hours"),
            (129_600, "1 day 12 hours"),
            (604_800, "7 days"),
        ] {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn dates() {
        for (time, text) in [
            (0_u64, "1 January 1970"),
            (951_782_400, "29 February 2000"),
            (1_798_761_600, "1 January 2027"),
            (1_798_761_599, "31 December 2026, 23:59:59 UTC"),
            (1_798_718_400, "31 December 2026, 12:00 UTC"),
            (253_402_300_799, "31 December 9999, 23:59:59 UTC"),
            (253_402_300_800, "second 253,402,300,800 of the Unix epoch"),
        ] {
            assert_eq!(date(&time.into()), text);
        }
    }

    #[test]
    fn lists() {
        let items = |n: usize| ["a", "b", "c"].iter().take(n).map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(list(&items(0), "and"), "nothing");
        assert_eq!(list(&items(1), "and"), "a");
        assert_eq!(list(&items(2), "or"), "a or b");
        assert_eq!(list(&items(3), "and"), "a, b and c");
    }
}
