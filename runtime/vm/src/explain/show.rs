//! Words for people.

use crate::policy::Policy;
use agentpol_model::{Address, ChainId, U256, effect::UNLIMITED, ids::TokenId};
use core::fmt;

/// What a word is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Plain,
    Signed,
    Amount(TokenId),
    Address,
    Time,
    Bool,
    Bytes,
    /// An address if the policy knows it as one, a number otherwise.
    Unknown,
}

/// A word and what it is.
pub(super) struct Shown<'a> {
    pub(super) policy: &'a Policy,
    pub(super) chain: ChainId,
    pub(super) value: U256,
    pub(super) unit: Unit,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value;
        match self.unit {
            Unit::Plain => write!(f, "{value}"),
            Unit::Signed if value.bit(255) => write!(f, "-{}", value.wrapping_neg()),
            Unit::Signed => write!(f, "{value}"),
            Unit::Amount(token) => self.amount(token, f),
            Unit::Address => self.address(f),
            Unit::Time => time(value, f),
            Unit::Bool if value.is_zero() => f.write_str("false"),
            Unit::Bool => f.write_str("true"),
            Unit::Bytes => write!(f, "{value:#066x}"),
            Unit::Unknown if self.name().is_some() => self.address(f),
            Unit::Unknown if value.bit_len() > 96 && value.bit_len() <= 160 => self.address(f),
            Unit::Unknown if value.bit_len() > 160 => write!(f, "{value:#066x}"),
            Unit::Unknown => write!(f, "{value}"),
        }
    }
}

impl Shown<'_> {
    /// `250.5 USDC`; what means all there is, is said so.
    fn amount(&self, token: TokenId, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(token) = self.policy.module().tokens.get(token.index()) else {
            return write!(f, "{}", self.value);
        };
        if self.value >= UNLIMITED {
            return write!(f, "unlimited {}", token.symbol);
        }
        let digits = self.value.to_string();
        let decimals = usize::from(token.decimals);
        let padded = format!("{digits:0>width$}", width = decimals.saturating_add(1));
        let (whole, fraction) = padded.split_at(padded.len().saturating_sub(decimals));
        let fraction = fraction.trim_end_matches('0');
        let point = if fraction.is_empty() { "" } else { "." };
        write!(f, "{whole}{point}{fraction} {}", token.symbol)
    }

    fn name(&self) -> Option<String> {
        if self.value.bit_len() > 160 {
            return None;
        }
        let address = Address::from_word(self.value.into());
        if address == self.policy.wallet() {
            return Some("wallet".to_owned());
        }
        let module = self.policy.module();
        if let Some(token) = self.policy.token_at(self.chain, address) {
            return module.tokens.get(token.index()).map(|token| token.symbol.clone());
        }
        let here = |contract: &&agentpol_model::policy::Contract| {
            contract.chain == self.chain && self.policy.address(contract.address) == Some(address)
        };
        module.contracts.iter().find(here).map(|contract| contract.name.clone())
    }

    fn address(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The display of an address is its checksummed form.
        let address = Address::from_word(self.value.into());
        match self.name() {
            Some(name) => write!(f, "{name} ({address})"),
            None => write!(f, "{address}"),
        }
    }
}

/// Seconds as a date, UTC: the proleptic Gregorian calendar, counted from 1 March of year 0 so that leap days come last.
fn time(value: U256, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Some(seconds) = u64::try_from(value).ok().filter(|seconds| *seconds < 253_402_300_800) else {
        return write!(f, "{value}");
    };
    let (days, seconds) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    write!(f, "{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}Z")
}
