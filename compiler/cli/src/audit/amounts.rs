//! Amounts of a report, and how they are compared: on a scale of powers, in whole numbers.

use crate::show;
use agentpol_analysis::loss::{Loss, Most};
use agentpol_model::{
    Time, U256,
    policy::Token,
    words::{Span, grouped},
};
use num_bigint::BigUint;

/// A figure for people: `400`, `≤ 1,000`, `without end`.
pub(super) fn figure(most: &Most, token: &Token) -> String {
    match most {
        Most::Bounded { value, .. } => {
            let mark = if most.is_exact() { "" } else { "≤ " };
            format!("{mark}{}", number(value, token.decimals))
        }
        Most::Unbounded { .. } => "without end".to_owned(),
        Most::Unknown => "not known".to_owned(),
    }
}

/// Base units with the point where the token has it.
pub(crate) fn number(value: &BigUint, decimals: u8) -> String {
    match U256::try_from_be_slice(&value.to_bytes_be()) {
        Some(word) => show::decimal(word, decimals),
        // More than a word holds: what stands behind the point is of no interest.
        None => grouped(&(value / BigUint::from(10_u8).pow(u32::from(decimals))).to_string()),
    }
}

/// `24h`, `7d`
pub(crate) fn span(seconds: Time) -> String {
    Span(seconds).to_string()
}

/// The most in so many seconds.
pub(super) fn in_window(loss: &Loss, seconds: Time) -> Option<&Most> {
    loss.windows.iter().find(|(of, _)| *of == seconds).map(|(_, most)| most)
}

/// The figures that a report shows at a glance: one transaction, a day, a week, for ever.
pub(super) fn at_a_glance(loss: &Loss) -> [(&'static str, Option<&Most>); 4] {
    const DAY: Time = 86_400;
    [
        ("one transaction", Some(&loss.per_transaction)),
        ("24 hours", in_window(loss, DAY)),
        ("7 days", in_window(loss, 7 * DAY)),
        ("in total", Some(&loss.total)),
    ]
}

/// A thousand times the binary logarithm, straight between powers of two: near enough for a picture.
pub(super) fn thousandths_of_bits(value: &BigUint) -> i64 {
    const FINE: u64 = 10;
    let Some(whole) = value.bits().checked_sub(1) else { return 0 };
    let part = u64::try_from((value << FINE) >> whole).unwrap_or(0).saturating_sub(1 << FINE);
    i64::try_from(whole * 1_000 + part * 1_000 / (1 << FINE)).unwrap_or(i64::MAX)
}

/// The same of an amount in whole tokens: below zero where it is less than one.
pub(super) fn height(value: &BigUint, decimals: u8) -> i64 {
    let one = BigUint::from(10_u8).pow(u32::from(decimals));
    thousandths_of_bits(value) - thousandths_of_bits(&one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heights_grow_with_amounts() {
        let at = |n: u64| height(&BigUint::from(n), 6);
        assert_eq!(at(1_000_000), 0);
        assert_eq!(at(2_000_000), 1_000);
        assert!(at(500_000) < 0 && at(1_000_001) >= 0);
        let all: Vec<i64> = (1..2_000).map(|n| thousandths_of_bits(&BigUint::from(n * 37_u64))).collect();
        assert!(all.is_sorted());
        assert_eq!(thousandths_of_bits(&BigUint::ZERO), 0);
    }
}
