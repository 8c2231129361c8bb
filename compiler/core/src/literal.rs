//! Literals to what they stand for.

use crate::hir::{Ratio, ratio};
use agentpol_diagnostics::{Diagnostic, Place, codes};
use agentpol_model::{Address, Time, U256};
use num_bigint::{BigInt, Sign};
use num_traits::{Pow, Signed, Zero};

/// Digits of a number at most, decimals included: 2^256 has 78.
pub const MAX_DIGITS: usize = 128;

/// `10_000`, `0.05`.
pub fn number(text: &str) -> Option<Ratio> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits: String = whole.chars().chain(part.chars()).filter(|c| *c != '_').collect();
    if digits.is_empty() || digits.len() > MAX_DIGITS || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let places = part.chars().filter(|c| *c != '_').count();
    let n: BigInt = digits.parse().ok()?;
    if places == 0 {
        return Some(ratio(n));
    }
    Some(Ratio::new(n, power_of_ten(places)))
}

/// So many whole tokens in base units.
pub(crate) fn base_units(n: &Ratio, decimals: usize) -> Ratio {
    let one = power_of_ten(decimals);
    if n.is_integer() { ratio(n.numer() * one) } else { n * ratio(one) }
}

/// 10^n.
pub fn power_of_ten(n: usize) -> BigInt {
    BigInt::from(10u8).pow(u32::try_from(n).unwrap_or(u32::MAX).min(1_000))
}

/// `95%`.
pub(crate) fn percent(text: &str) -> Option<Ratio> {
    Some(number(text.strip_suffix('%')?)? / ratio(100))
}

/// `10min`, in seconds.
pub fn duration(text: &str) -> Option<u64> {
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '_')?;
    let (count, unit) = text.split_at_checked(split)?;
    let count: u64 = count.replace('_', "").parse().ok()?;
    let unit = match unit {
        "s" => 1,
        "min" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 7 * 86_400,
        _ => return None,
    };
    count.checked_mul(unit)
}

/// `2027-01-01`, `2026-11-29T12:00Z`, `2026-11-29T12:00:30Z`: seconds since 1970, UTC.
pub fn date(text: &str) -> Option<Time> {
    let (day, clock) = text.split_once('T').unwrap_or((text, "00:00Z"));
    let fields =
        |text: &str, by: char| text.split(by).map(|p| p.parse::<u64>().ok()).collect::<Option<Vec<_>>>();
    let day = fields(day, '-')?;
    let [year, month, day] = day.as_slice() else { return None };
    let clock = fields(clock.strip_suffix('Z')?, ':')?;
    let (hour, minute, second) = match clock.as_slice() {
        [h, m] => (*h, *m, 0),
        [h, m, s] => (*h, *m, *s),
        _ => return None,
    };
    let leap = |y: u64| y.is_multiple_of(4) && (!y.is_multiple_of(100) || y.is_multiple_of(400));
    let length = |m: u64| match m {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u64::from(leap(*year)),
        _ => 31,
    };
    let valid = (1970..=9999).contains(year)
        && (1..=12).contains(month)
        && (1..=length(*month)).contains(day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !valid {
        return None;
    }
    let years: u64 = (1970..*year).map(|y| 365 + u64::from(leap(y))).sum();
    let days: u64 = years + (1..*month).map(length).sum::<u64>() + day - 1;
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

/// `0x…`.
pub(crate) fn bytes(text: &str) -> Option<Vec<u8>> {
    alloy_primitives::hex::decode(text).ok()
}

/// Twenty bytes; where capitals and small letters are mixed they are a checksum (EIP-55), and it must be right.
pub(crate) fn address(text: &str, place: Place) -> Result<Address, Box<Diagnostic>> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let Ok(address) = text.parse::<Address>() else {
        let said = format!("an address has 40 hexadecimal digits; this has {}", digits.len());
        return Err(Box::new(Diagnostic::new(codes::HEX_LENGTH, place, said)));
    };
    let mixed =
        digits.bytes().any(|b| b.is_ascii_lowercase()) && digits.bytes().any(|b| b.is_ascii_uppercase());
    if !mixed {
        return Ok(address);
    }
    let right = address.to_checksum(None);
    if right == text {
        return Ok(address);
    }
    let said = Diagnostic::new(
        codes::ADDRESS_CHECKSUM,
        place,
        "the capitals of this address are not its checksum: a digit may be wrong",
    )
    .help(format!("if the digits are right, the address is written `{right}`"))
    .fix("write the checksum of these digits", place, right);
    Err(Box::new(said))
}

/// A word, if the number is whole and fits.
pub fn word(n: &Ratio) -> Option<U256> {
    if !n.is_integer() || n.is_negative() {
        return None;
    }
    let (_, bytes) = n.numer().to_bytes_be();
    U256::try_from_be_slice(&bytes)
}

/// Base units of an amount with so many decimals, if it comes out even and fits.
pub fn units(text: &str, decimals: u8) -> Option<U256> {
    word(&(number(text)? * ratio(power_of_ten(usize::from(decimals)))))
}

/// A word's number.
pub(crate) fn number_of(word: U256) -> BigInt {
    BigInt::from_bytes_be(Sign::Plus, &word.to_be_bytes::<32>())
}

/// An address as a word.
pub(crate) fn address_word(address: Address) -> U256 {
    U256::from_be_slice(address.as_slice())
}

/// Left-aligned bytes as a word; at most 32.
pub(crate) fn fixed_bytes(bytes: &[u8]) -> Option<U256> {
    let mut word = [0; 32];
    word.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(U256::from_be_bytes(word))
}

/// An amount of base units as a person writes it: `250 USDC`, `0.05 WETH`.
pub(crate) fn show_amount(n: &Ratio, decimals: usize, symbol: &str) -> String {
    let scaled = n * ratio(power_of_ten(decimals));
    if !scaled.is_integer() {
        return format!("{n} {symbol}");
    }
    let digits = scaled.numer().abs().to_string();
    let digits = format!("{digits:0>width$}", width = decimals + 1);
    let (whole, part) = digits.split_at_checked(digits.len() - decimals).unwrap_or((&digits, ""));
    let part = part.trim_end_matches('0');
    let sign = if n.numer().is_negative() && !n.is_zero() { "-" } else { "" };
    let dot = if part.is_empty() { "" } else { "." };
    format!("{sign}{whole}{dot}{part} {symbol}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_every_digit() {
        assert_eq!(number("10_000"), Some(ratio(10_000)));
        assert_eq!(number("0.05"), Some(Ratio::new(1.into(), 20.into())));
        assert_eq!(number(&"9".repeat(MAX_DIGITS)).map(|n| n.is_integer()), Some(true));
        assert_eq!(number(&"9".repeat(MAX_DIGITS + 1)), None);
        assert_eq!(percent("0.5%"), Some(Ratio::new(1.into(), 200.into())));
    }

    #[test]
    fn dates_are_utc_and_exist() {
        assert_eq!(date("1970-01-01"), Some(0));
        assert_eq!(date("2027-01-01"), Some(1_798_761_600));
        assert_eq!(date("2024-02-29T12:00Z"), Some(1_709_208_000));
        assert_eq!(date("2023-02-29"), None);
        assert_eq!(date("2026-12-31T23:59:60Z"), None);
    }

    #[test]
    fn durations() {
        assert_eq!(duration("10min"), Some(600));
        assert_eq!(duration("1w"), Some(604_800));
        assert_eq!(duration("99999999999999999999d"), None);
    }

    #[test]
    fn amounts_are_shown_as_they_are_written() {
        assert_eq!(show_amount(&Ratio::new(1.into(), 20.into()), 18, "WETH"), "0.05 WETH");
        assert_eq!(show_amount(&ratio(250), 6, "USDC"), "250 USDC");
        assert_eq!(show_amount(&ratio(1), 0, "NFT"), "1 NFT");
    }
}
