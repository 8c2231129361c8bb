//! `--param NAME=VALUE`, written as in a policy (`250 USDC`, `{0x…, 0x…}`, `10min`) or as JSON in base units (`"250000000"`).

use crate::ui::Failure;
use agentpol_compiler::literal;
use agentpol_model::{
    Address, Time, U256,
    policy::{Param, ParamType, ParamValue, Token},
};
use clap::Args;
use std::collections::{BTreeMap, BTreeSet};

/// What a policy is loaded with.
#[derive(Args)]
pub(crate) struct BindArgs {
    /// A parameter: `cap=250 USDC`, `payees={0x…, 0x…}`, `owner=0x…`
    #[arg(long = "param", value_name = "NAME=VALUE")]
    pub(crate) params: Vec<String>,
    /// The account whose assets move
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub(crate) wallet: Option<Address>,
    /// The agent that asks, as the gate would have authenticated it
    #[arg(long, value_name = "NAME")]
    pub(crate) agent: Option<String>,
}

/// Values by name.
pub(crate) type Values = BTreeMap<String, ParamValue>;

/// All of them, by the types that the policy declares.
pub(crate) fn parse(given: &[String], params: &[Param], tokens: &[Token]) -> Result<Values, Failure> {
    let mut values = Values::new();
    for text in given {
        let (name, value) = text.split_once('=').ok_or_else(|| {
            Failure::new(format!("`--param {text}` has no `=`")).help("write --param 'NAME=VALUE'")
        })?;
        let (name, value) = (name.trim(), value.trim());
        let param = params.iter().find(|p| p.name == name).ok_or_else(|| unknown(name, params))?;
        let parsed =
            one(value, param.ty, tokens).map_err(|why| Failure::new(format!("`--param {name}`: {why}")))?;
        if values.insert(name.to_owned(), parsed).is_some() {
            return Err(Failure::new(format!("`--param {name}` is given twice")).help("give it once"));
        }
    }
    Ok(values)
}

/// What cannot be bound, as a failure of the command.
pub(crate) fn failure(error: impl std::fmt::Display) -> Failure {
    Failure::new(error.to_string()).help("parameters are bound with --param 'NAME=VALUE'")
}

fn unknown(name: &str, params: &[Param]) -> Failure {
    let failure = Failure::new(format!("the policy has no parameter `{name}`"));
    let names: Vec<String> = params.iter().map(|p| format!("`{}`", p.name)).collect();
    match params.iter().min_by_key(|p| strsim::osa_distance(&p.name, name)) {
        None => failure.help("it has none: leave --param out"),
        Some(p) if strsim::osa_distance(&p.name, name) <= 2 => {
            failure.help(format!("did you mean `{}`?", p.name))
        }
        Some(_) => failure.help(format!("it has {}", names.join(", "))),
    }
}

fn one(text: &str, ty: ParamType, tokens: &[Token]) -> Result<ParamValue, String> {
    let word = |value: Option<U256>, right: &str| {
        value.map(ParamValue::Word).ok_or_else(|| format!("`{text}` is not {right}"))
    };
    match ty {
        ParamType::Address | ParamType::Approver => {
            Ok(ParamValue::Word(U256::from_be_slice(address(&unquoted(text))?.as_slice())))
        }
        ParamType::Amount(id) => match tokens.get(id.index()) {
            Some(token) => Ok(ParamValue::Word(amount(text, token)?)),
            None => Err("its token is unknown".to_owned()),
        },
        ParamType::Int => word(whole(&unquoted(text)), "a whole number, as `1000` or `1_000`"),
        ParamType::Duration => {
            word(literal::duration(&unquoted(text)).map(U256::from), "a duration, as `10min`, `24h` or `7d`")
        }
        ParamType::Time => word(
            literal::date(&unquoted(text)).map(U256::from),
            "a date, as `2027-01-31` or `2027-01-31T18:00:00Z`",
        ),
        ParamType::Bool => match text {
            "true" => Ok(ParamValue::Word(U256::ONE)),
            "false" => Ok(ParamValue::Word(U256::ZERO)),
            _ => Err(format!("`{text}` is neither `true` nor `false`")),
        },
        ParamType::Bytes32 => {
            let bytes: Option<alloy_primitives::B256> = unquoted(text).parse().ok();
            word(bytes.map(Into::into), "`0x` and 64 hexadecimal digits")
        }
        ParamType::AddressSet(_) => set(text),
    }
}

/// A JSON string without its quotes; anything else as it stands.
fn unquoted(text: &str) -> String {
    serde_json::from_str::<String>(text).unwrap_or_else(|_| text.to_owned())
}

fn whole(text: &str) -> Option<U256> {
    literal::word(&literal::number(text).filter(|_| !text.contains('.'))?)
}

/// `250 USDC`, or base units as a JSON string.
pub(crate) fn amount(text: &str, token: &Token) -> Result<U256, String> {
    if let Ok(units) = serde_json::from_str::<String>(text) {
        return whole(&units)
            .ok_or_else(|| format!("`{units}` is no number of base units of {}", token.symbol));
    }
    let right =
        || format!("an amount is written `250 {}`, or `\"250\"` in base units; found `{text}`", token.symbol);
    let (number, unit) = text.split_once(char::is_whitespace).ok_or_else(right)?;
    if unit.trim() != token.symbol {
        return Err(format!("it is an amount of {}; found `{}`", token.symbol, unit.trim()));
    }
    literal::units(number, token.decimals).ok_or_else(|| {
        format!("`{number}` is no amount of {}, which has {} decimals", token.symbol, token.decimals)
    })
}

/// `{0x…, 0x…}`, or a JSON list.
fn set(text: &str) -> Result<ParamValue, String> {
    let members: Vec<String> = match serde_json::from_str(text) {
        Ok(list) => list,
        Err(_) => {
            let inside = text.strip_prefix('{').and_then(|t| t.strip_suffix('}'));
            let inside = inside.ok_or_else(|| format!("a set is written `{{0x…, 0x…}}`; found `{text}`"))?;
            inside.split(',').map(|a| a.trim().to_owned()).filter(|a| !a.is_empty()).collect()
        }
    };
    let mut set = BTreeSet::new();
    for member in members {
        if !set.insert(address(&member)?) {
            return Err(format!("{member} stands twice in the set"));
        }
    }
    Ok(ParamValue::Set(set))
}

/// A point in time, as policies write it.
pub(crate) fn time(text: &str) -> Result<Time, String> {
    literal::date(text).ok_or_else(|| "a time is written `2027-01-31` or `2027-01-31T18:00:00Z`".to_owned())
}

/// An address; where capitals and small letters are mixed they are a checksum (EIP-55), and it must be right.
pub(crate) fn address(text: &str) -> Result<Address, String> {
    let digits =
        text.strip_prefix("0x").ok_or_else(|| format!("an address begins with `0x`; found `{text}`"))?;
    let address: Address =
        text.parse().map_err(|_| format!("an address is `0x` and 40 hexadecimal digits; found `{text}`"))?;
    let mixed =
        digits.bytes().any(|b| b.is_ascii_lowercase()) && digits.bytes().any(|b| b.is_ascii_uppercase());
    let right = address.to_checksum(None);
    if mixed && right != text {
        return Err(format!(
            "the capitals of `{text}` are not its checksum: a digit may be wrong; if not, write {right}"
        ));
    }
    Ok(address)
}

#[cfg(test)]
mod tests;
