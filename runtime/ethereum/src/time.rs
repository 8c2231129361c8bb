//! Instants as RFC 3339 writes them.

use agentpol_model::Time;

/// `2026-11-22T10:00:00Z` as seconds since 1970. One spelling: capital letters, no fractions, no offsets.
pub(crate) fn parse(text: &str) -> Option<Time> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    u64::try_from(seconds(date, time)?).ok()
}

/// The same with what RFC 3339 allows besides: a part of a second, which is cut off, and an offset from UTC.
pub(crate) fn parse_rfc3339(text: &str) -> Option<Time> {
    let (date, rest) = text.split_once('T')?;
    let (time, offset) = rest.split_at(rest.find(['Z', '+', '-'])?);
    let time = match time.split_once('.') {
        None => time,
        Some((time, part)) if !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()) => time,
        Some(_) => return None,
    };
    let east = match offset {
        "Z" => 0,
        _ => {
            let (sign, offset) = match offset.strip_prefix('+') {
                Some(offset) => (1, offset),
                None => (-1, offset.strip_prefix('-')?),
            };
            let [hours, minutes] = fields(offset, ':', [2, 2])?;
            if hours > 23 || minutes > 59 {
                return None;
            }
            sign * (hours * 3_600 + minutes * 60)
        }
    };
    u64::try_from(seconds(date, time)? - east).ok()
}

fn seconds(date: &str, time: &str) -> Option<i64> {
    let [year, month, day] = fields(date, '-', [4, 2, 2])?;
    let [hour, minute, second] = fields(time, ':', [2, 2, 2])?;
    if year < 1970 || !(1..=12).contains(&month) || day < 1 || day > days_in(year, month) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let days = (1970..year).map(|y| if leap(y) { 366 } else { 365 }).sum::<i64>()
        + (1..month).map(|m| days_in(year, m)).sum::<i64>()
        + (day - 1);
    Some(days * 86_400 + hour * 3_600 + minute * 60 + second)
}

/// Numbers of so many digits each; years have four at most, so sums of seconds are far from any limit.
fn fields<const N: usize>(text: &str, separator: char, widths: [usize; N]) -> Option<[i64; N]> {
    let mut parts = text.split(separator);
    let mut numbers = [0; N];
    for (number, width) in numbers.iter_mut().zip(widths) {
        let part = parts.next()?;
        if part.len() != width || !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

fn leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
