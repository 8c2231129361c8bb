//! Words for people.

use crate::policy::Policy;
use agentpol_model::{
    Address, ChainId, Time, U256,
    effect::UNLIMITED,
    ids::TokenId,
    words::{Decimal, Instant},
};
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
            Unit::Time => match Time::try_from(value) {
                Ok(seconds) => Instant(seconds).fmt(f),
                Err(_) => write!(f, "{value}"),
            },
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
        write!(f, "{} {}", Decimal { amount: self.value, decimals: token.decimals }, token.symbol)
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
