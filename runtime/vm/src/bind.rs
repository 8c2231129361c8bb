//! Parameters: checked once, when a policy is loaded.

use agentpol_bytecode::Module;
use agentpol_model::{
    Address, ChainId, U256,
    budget::Cap,
    ids::ParamId,
    policy::{Ask, Param, ParamType, ParamValue, Target, Verb, WALLET_PARAM},
};
use core::fmt;
use std::collections::{BTreeMap, BTreeSet};

const THE_WALLET: &str = "the wallet itself: nobody binds it";

/// What a policy is loaded with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The account whose assets move.
    pub wallet: Address,
    /// The key that signs. (The wallet itself, if it is no contract.)
    pub signer: Address,
    /// By the parameters' names.
    pub params: BTreeMap<String, ParamValue>,
}

/// Why a policy cannot be loaded so.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum BindError {
    Missing { param: String },
    Unknown { name: String, known: Vec<String> },
    WrongType { param: String, expected: &'static str },
    OutOfDomain { param: String, value: U256, low: U256, high: U256 },
    TooMany { param: String, most: u32, found: usize },
    CapTooLarge { budget: String },
    Approver { rule: String, address: Address, why: &'static str },
    SameFunction { first: String, second: String, chain: ChainId, at: Address },
    TooLarge,
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
            Self::CapTooLarge { budget } => {
                write!(f, "the cap of `{budget}` does not fit in 256 bits; bind a smaller one")
            }
            Self::Approver { rule, address, why } => {
                write!(f, "`{rule}` cannot be approved by {address}: {why}")
            }
            Self::SameFunction { first, second, chain, at } => {
                write!(f, "`{first}` and `{second}` would be the same function of {at} on chain {chain}")
            }
            Self::TooLarge => f.write_str("the policy has more instructions than can be numbered"),
        }
    }
}

impl std::error::Error for BindError {}

/// Values that were checked, by parameter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Values(Vec<ParamValue>);

impl Values {
    pub(crate) fn new(module: &Module, binding: &Binding) -> Result<Self, BindError> {
        let mut values = Vec::new();
        for param in &module.params {
            let missing = || BindError::Missing { param: param.name.clone() };
            let mut given = binding.params.get(&param.name).cloned();
            if param.name == WALLET_PARAM {
                let own = ParamValue::Word(binding.wallet.into_word().into());
                if given.replace(own.clone()).is_some_and(|given| given != own) {
                    return Err(BindError::WrongType { param: param.name.clone(), expected: THE_WALLET });
                }
            }
            let value = given.ok_or_else(missing)?;
            check(param, &value)?;
            values.push(value);
        }
        for name in binding.params.keys() {
            if !module.params.iter().any(|param| param.name == *name) {
                let known = module.params.iter().map(|param| param.name.clone()).collect();
                return Err(BindError::Unknown { name: name.clone(), known });
            }
        }
        let values = Self(values);
        values.caps(module)?;
        values.approvers(module, binding)?;
        Ok(values)
    }

    pub(crate) fn all(&self) -> &[ParamValue] {
        &self.0
    }

    /// A parameter that is one word. The verifier has seen to it that it is, wherever one is asked for.
    pub(crate) fn word(&self, param: ParamId) -> Option<U256> {
        match self.0.get(param.index())? {
            ParamValue::Word(word) => Some(*word),
            ParamValue::Set(_) => None,
        }
    }

    pub(crate) fn set(&self, param: ParamId) -> Option<&BTreeSet<Address>> {
        match self.0.get(param.index())? {
            ParamValue::Word(_) => None,
            ParamValue::Set(set) => Some(set),
        }
    }

    pub(crate) fn address(&self, target: Target) -> Option<Address> {
        match target {
            Target::Fixed(address) => Some(address),
            Target::Param(param) => self.word(param).map(|word| Address::from_word(word.into())),
        }
    }

    /// In the measure's common denominator.
    pub(crate) fn cap(&self, cap: Cap) -> Option<U256> {
        match cap {
            Cap::Fixed(amount) => Some(amount),
            Cap::Param(param, weight) => self.word(param)?.checked_mul(weight),
        }
    }

    fn caps(&self, module: &Module) -> Result<(), BindError> {
        let budgets = module.budgets.iter().map(|budget| (budget.name.as_str(), budget.cap));
        let fees = module.fee_caps.iter().map(|(_, cap)| ("fees at most", *cap));
        for (name, cap) in budgets.chain(fees) {
            self.cap(cap).ok_or_else(|| BindError::CapTooLarge { budget: name.to_owned() })?;
        }
        Ok(())
    }

    /// Who approves is neither nobody nor the one whose request it is, and nobody counts twice.
    fn approvers(&self, module: &Module, binding: &Binding) -> Result<(), BindError> {
        for rule in &module.rules {
            let own: Option<&Ask> = match &rule.verb {
                Verb::Ask(ask) => Some(ask),
                Verb::Allow | Verb::Deny => None,
            };
            for ask in own.into_iter().chain(rule.beyond.iter().map(|(_, ask)| ask)) {
                let mut seen = BTreeSet::new();
                for approver in &ask.of {
                    let address = self.address(*approver).unwrap_or_default();
                    let why = match address {
                        Address::ZERO => "it is the zero address",
                        same if same == binding.wallet => "it is the wallet itself",
                        same if same == binding.signer => "it is the key that signs",
                        other if !seen.insert(other) => "it is named twice",
                        _ => continue,
                    };
                    return Err(BindError::Approver { rule: rule.name.clone(), address, why });
                }
            }
        }
        Ok(())
    }
}

/// Does the value fit the parameter?
fn check(param: &Param, value: &ParamValue) -> Result<(), BindError> {
    let wrong = |expected| Err(BindError::WrongType { param: param.name.clone(), expected });
    let (bits, expected) = match param.ty {
        ParamType::Address | ParamType::Approver => (160, "an address"),
        ParamType::Amount(_) => (256, "an amount"),
        ParamType::Int => (256, "a number"),
        ParamType::Duration => (64, "a duration"),
        ParamType::Time => (64, "a time"),
        ParamType::Bool => (1, "true or false"),
        ParamType::Bytes32 => (256, "32 bytes"),
        ParamType::AddressSet(most) => match value {
            ParamValue::Word(_) => return wrong("a set of addresses"),
            ParamValue::Set(set) if set.len() <= most as usize => return Ok(()),
            ParamValue::Set(set) => {
                return Err(BindError::TooMany { param: param.name.clone(), most, found: set.len() });
            }
        },
    };
    let ParamValue::Word(value) = *value else { return wrong(expected) };
    if value.bit_len() > bits {
        return wrong(expected);
    }
    match param.domain {
        Some((low, high)) if value < low || value > high => {
            Err(BindError::OutOfDomain { param: param.name.clone(), value, low, high })
        }
        _ => Ok(()),
    }
}
