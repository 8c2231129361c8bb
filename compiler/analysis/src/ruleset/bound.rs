//! A policy with its parameters: what rules are judged under.

use super::{Param, ParamType, RuleSet, Target};
use agentpol_model::{Address, ChainId, U256, ids::ParamId, refusal::KnownAddresses};
use core::fmt;
use std::collections::{BTreeMap, BTreeSet};

pub use agentpol_model::policy::{ParamValue, WALLET_PARAM};

const THE_WALLET: &str = "the wallet itself: nobody binds it";

/// Parameter values that were checked, and the wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    wallet: Address,
    values: Vec<ParamValue>,
    sets: Vec<BTreeSet<U256>>,
    known: KnownAddresses,
}

/// Why parameters cannot be bound so.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum BindError {
    Missing { param: String },
    Unknown { name: String, known: Vec<String> },
    WrongType { param: String, expected: &'static str },
    OutOfDomain { param: String, value: U256, low: U256, high: U256 },
    TooMany { param: String, most: u32, found: usize },
    SameFunction { first: String, second: String, chain: ChainId, at: Address },
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { param } => write!(f, "the parameter `{param}` has no value"),
            Self::Unknown { name, known } if known.is_empty() => {
                write!(f, "there is no parameter `{name}`: the policy has none")
            }
            Self::Unknown { name, known } => {
                write!(f, "there is no parameter `{name}`: the policy has `{}`", known.join("`, `"))
            }
            Self::WrongType { param, expected } => write!(f, "the parameter `{param}` must be {expected}"),
            Self::OutOfDomain { param, value, low, high } => {
                write!(f, "the parameter `{param}` must lie in {low} ..= {high}; {value} does not")
            }
            Self::TooMany { param, most, found } => {
                write!(f, "the parameter `{param}` may hold up to {most} addresses; there are {found}")
            }
            Self::SameFunction { first, second, chain, at } => {
                write!(f, "`{first}` and `{second}` would be the same function of {at} on chain {chain}")
            }
        }
    }
}

impl std::error::Error for BindError {}

impl Bound {
    /// Checks the values, by the parameters' names, against their types, domains and sizes.
    pub fn new(
        rules: &RuleSet,
        wallet: Address,
        mut values: BTreeMap<String, ParamValue>,
    ) -> Result<Self, BindError> {
        let mut bound =
            Self { wallet, values: Vec::new(), sets: Vec::new(), known: KnownAddresses::default() };
        for param in &rules.params {
            let missing = || BindError::Missing { param: param.name.clone() };
            let mut given = values.remove(&param.name);
            if param.name == WALLET_PARAM {
                let own = ParamValue::Word(wallet.into_word().into());
                if given.replace(own.clone()).is_some_and(|given| given != own) {
                    return Err(BindError::WrongType { param: param.name.clone(), expected: THE_WALLET });
                }
            }
            let value = given.ok_or_else(missing)?;
            check(param, &value)?;
            bound.sets.push(match &value {
                ParamValue::Set(set) => set.iter().map(|a| U256::from_be_slice(a.as_slice())).collect(),
                ParamValue::Word(_) => BTreeSet::new(),
            });
            bound.values.push(value);
        }
        if let Some((name, _)) = values.pop_first() {
            let known = rules.params.iter().map(|p| p.name.clone()).collect();
            return Err(BindError::Unknown { name, known });
        }
        bound.keep_apart(rules)?;
        bound.known = bound.addresses(rules);
        Ok(bound)
    }

    /// The account whose policy this is.
    pub const fn wallet(&self) -> Address {
        self.wallet
    }

    /// A parameter that is one word.
    pub fn word(&self, param: ParamId) -> Option<U256> {
        match self.values.get(param.index())? {
            ParamValue::Word(word) => Some(*word),
            ParamValue::Set(_) => None,
        }
    }

    /// A parameter that is a set, as words.
    pub fn set(&self, param: ParamId) -> Option<&BTreeSet<U256>> {
        match self.values.get(param.index())? {
            ParamValue::Set(_) => self.sets.get(param.index()),
            ParamValue::Word(_) => None,
        }
    }

    /// Where a contract stands.
    pub fn address(&self, target: Target) -> Option<Address> {
        match target {
            Target::Fixed(address) => Some(address),
            Target::Param(param) => Some(Address::from_word(self.word(param)?.into())),
        }
    }

    /// By parameter.
    pub fn values(&self) -> &[ParamValue] {
        &self.values
    }

    /// Every address of the policy.
    pub const fn known(&self) -> &KnownAddresses {
        &self.known
    }

    /// Dispatch must lead to one function: an address bound to a parameter may be a contract that the policy has already.
    fn keep_apart(&self, rules: &RuleSet) -> Result<(), BindError> {
        let mut seen = BTreeMap::new();
        for callable in &rules.callables {
            let at = callable.target.and_then(|target| self.address(target));
            let selector = callable.function.as_ref().map(|f| f.selector);
            let type_hash = callable.typed.as_ref().map(|typed| typed.type_hash);
            // Types are told apart by their whole hash.
            let selector = selector.filter(|_| type_hash.is_none());
            let key = (callable.kind, callable.chain, at, selector, type_hash);
            let name = callable.name();
            if let Some(first) = seen.insert(key, name.clone()) {
                let (chain, at) = (callable.chain, at.unwrap_or_default());
                return Err(BindError::SameFunction { first, second: name, chain, at });
            }
        }
        Ok(())
    }

    fn addresses(&self, rules: &RuleSet) -> KnownAddresses {
        let contracts = rules.contracts.iter().filter_map(|contract| self.address(contract.address));
        let tokens = rules.tokens.iter().flat_map(|token| token.sites.iter().filter_map(|(_, at)| *at));
        let params =
            rules.params.iter().zip(&self.values).flat_map(|(param, value)| match (param.ty, value) {
                (ParamType::Address | ParamType::Approver, ParamValue::Word(word)) => {
                    BTreeSet::from([Address::from_word((*word).into())])
                }
                (ParamType::AddressSet(_), ParamValue::Set(set)) => set.clone(),
                _ => BTreeSet::new(),
            });
        let written = rules.named_addresses.iter().copied();
        KnownAddresses::new(contracts.chain(tokens).chain(params).chain(written).collect())
    }
}

/// Does the value fit the parameter?
fn check(param: &Param, value: &ParamValue) -> Result<(), BindError> {
    let wrong = |expected| Err(BindError::WrongType { param: param.name.clone(), expected });
    let bits = |most: usize, expected| match value {
        ParamValue::Word(word) if word.bit_len() <= most => Ok(()),
        _ => wrong(expected),
    };
    match param.ty {
        ParamType::Address | ParamType::Approver => bits(160, "an address")?,
        ParamType::Amount(_) => bits(256, "an amount")?,
        ParamType::Int => bits(256, "a number")?,
        ParamType::Duration => bits(64, "a duration")?,
        ParamType::Time => bits(64, "a time")?,
        ParamType::Bool => bits(1, "true or false")?,
        ParamType::Bytes32 => bits(256, "32 bytes")?,
        ParamType::AddressSet(most) => match value {
            ParamValue::Word(_) => return wrong("a set of addresses"),
            ParamValue::Set(set) if u32::try_from(set.len()).is_ok_and(|found| found <= most) => {}
            ParamValue::Set(set) => {
                return Err(BindError::TooMany { param: param.name.clone(), most, found: set.len() });
            }
        },
    }
    match (value, param.domain) {
        (ParamValue::Word(value), Some((low, high))) if *value < low || *value > high => {
            Err(BindError::OutOfDomain { param: param.name.clone(), value: *value, low, high })
        }
        _ => Ok(()),
    }
}
