//! Zodiac Roles (v2) permission sets to policies.
//!
//! What an avatar may do is the union of its roles' sets, and a function that several sets allow is allowed if one of their
//! conditions holds. So there is one rule for each function of each target, and its `when` is the sets' conditions, joined by
//! `or`. The roles know calldata and nothing of what functions do: every rule says `accept opaque`. What the standard's functions of
//! tokens do is known all the same, and can be declared.

use super::roles::{Condition, PermissionSet};
use agentpol_abi::{AbiFunction, Member, Type, Value, WordType, decode, word_to_string};
use agentpol_model::{Address, U256};
use alloy_primitives::hex;
use std::{collections::BTreeMap, fmt::Write as _};

/// Signatures by selector.
pub type Functions = BTreeMap<[u8; 4], AbiFunction>;

/// What is declared of functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effects {
    /// Nothing, as the roles have it.
    Nothing,
    /// What tokens' functions do that every such token has (ERC-20). Amounts are counted in base units.
    OfTokens,
}

/// The standard's functions, and what they do by the places of their arguments; the last is an amount.
const STANDARD: [(&str, &str); 5] = [
    ("approve(address,uint256)", "grants a1 of self to a0"),
    ("increaseAllowance(address,uint256)", "grants more a1 of self to a0"),
    ("decreaseAllowance(address,uint256)", "grants less a1 of self to a0"),
    ("transfer(address,uint256)", "moves a1 of self from wallet to a0"),
    ("transferFrom(address,address,uint256)", "moves a2 of self from a0 to a1"),
];

/// A policy's text, and what could not be said in it.
#[derive(Debug, Default)]
pub struct Converted {
    /// The policy.
    pub text: String,
    /// What it leaves out.
    pub gaps: Vec<String>,
}

/// What the sets together allow of one function.
#[derive(Debug, Default)]
struct Allowed {
    /// Joined by `or`. A set without a condition: `true`.
    conditions: Vec<String>,
    sends: bool,
    delegates: bool,
    calls: bool,
}

/// The sets in force on one chain, as a policy for it.
pub fn convert(sets: &[&PermissionSet], functions: &Functions, effects: Effects) -> Converted {
    let chain = chain(&sets[0].chain);
    let mut gaps = Vec::new();
    let mut targets: BTreeMap<Address, BTreeMap<[u8; 4], Allowed>> = BTreeMap::new();
    for set in sets {
        for target in &set.targets {
            for function in &target.functions {
                let selector = function.selector;
                let Some(abi) = functions.get(&selector) else {
                    gaps.push(format!("no ABI for {}", hex::encode_prefixed(selector)));
                    continue;
                };
                let condition = match (&function.condition, function.wildcarded) {
                    (Some(condition), _) => calldata(condition, &abi.inputs, &mut gaps),
                    (None, _) => Some("true".to_owned()),
                };
                let Some(condition) = condition else { continue };
                let allowed = targets.entry(target.address).or_default().entry(selector).or_default();
                if !allowed.conditions.contains(&condition) {
                    allowed.conditions.push(condition);
                }
                allowed.calls |= function.execution_options < 2;
                allowed.sends |= function.execution_options % 2 == 1;
                allowed.delegates |= function.execution_options >= 2;
            }
        }
    }
    let mut text = format!("policy role on {chain}\n\n");
    for (target, allowed) in &targets {
        declare(&mut text, *target, allowed, functions, (chain, effects));
    }
    for (target, allowed) in &targets {
        for (selector, allowed) in allowed {
            let known = effect(effects, &functions[selector], allowed).is_some();
            rules(&mut text, *target, &functions[selector], (allowed, known));
        }
    }
    gaps.sort();
    gaps.dedup();
    Converted { text, gaps }
}

/// As the standard library calls it.
fn chain(short: &str) -> &'static str {
    match short {
        "eth" => "ethereum",
        "gno" => "gnosis",
        "arb1" => "arbitrum",
        "oeth" => "optimism",
        "base" => "base",
        other => panic!("which chain is {other}?"),
    }
}

fn contract(target: Address) -> String {
    format!("c{}", hex::encode(target))
}

/// An interface with the functions that are needed, and the contract that has it.
fn declare(
    text: &mut String,
    target: Address,
    allowed: &BTreeMap<[u8; 4], Allowed>,
    functions: &Functions,
    (chain, effects): (&str, Effects),
) {
    let name = contract(target);
    let mut structs = String::new();
    let mut members = String::new();
    let mut is_token = false;
    for (selector, allowed) in allowed {
        let abi = &functions[selector];
        let prefix = format!("S{}", hex::encode(selector));
        let mut fields = fields(&prefix, &abi.inputs, &mut structs);
        let payable = if allowed.sends { " payable" } else { "" };
        let mut does = String::new();
        if let Some(effect) = effect(effects, abi, allowed) {
            // The last argument is the amount.
            fields.push_str(" as amount of self");
            fields.push_str(if effect.starts_with("grants a1") { " max means all" } else { "" });
            does = format!(" {{ {effect} }}");
            is_token = true;
        }
        writeln!(members, "    function {}({fields}){payable}{does}", abi.name).unwrap();
    }
    writeln!(text, "interface I{name} {{\n{structs}{members}}}").unwrap();
    match is_token {
        true => writeln!(text, "token {name}: I{name} decimals 0 {{ on {chain} at {target} }}\n").unwrap(),
        false => writeln!(text, "contract {name}: I{name} on {chain} at {target}\n").unwrap(),
    }
}

/// What a function does, where it is the standard's and no condition compares its amount with a plain number.
fn effect(effects: Effects, abi: &AbiFunction, allowed: &Allowed) -> Option<&'static str> {
    let (signature, last) = (abi.signature(), format!("a{} ", abi.inputs.len().saturating_sub(1)));
    let is_free = !allowed.conditions.iter().any(|condition| condition.contains(&last));
    let (_, effect) = STANDARD.iter().find(|(of, _)| *of == signature)?;
    (effects == Effects::OfTokens && is_free && !allowed.sends && !allowed.delegates).then_some(*effect)
}

/// `a0: address, a1: S0[] up to 64`. Arguments are named by their places, for ABIs name them as they like or not at all.
fn fields(prefix: &str, members: &[Member], structs: &mut String) -> String {
    let field = |(n, member): (usize, &Member)| {
        format!("a{n}: {}", ty(&format!("{prefix}_{n}"), &member.ty, structs))
    };
    members.iter().enumerate().map(field).collect::<Vec<_>>().join(", ")
}

fn ty(prefix: &str, ty_: &Type, structs: &mut String) -> String {
    match ty_ {
        Type::Tuple(members) => {
            let fields = fields(prefix, members, structs);
            writeln!(structs, "    struct {prefix} ({fields})").unwrap();
            prefix.to_owned()
        }
        Type::Array(inner, _) => format!("{}[] up to 64", ty(prefix, inner, structs)),
        Type::FixedArray(inner, n) => format!("{}[{n}]", ty(prefix, inner, structs)),
        Type::Word(_) | Type::Bytes | Type::String => ty_.to_string(),
    }
}

fn rules(text: &mut String, target: Address, abi: &AbiFunction, (allowed, known): (&Allowed, bool)) {
    let names: Vec<String> = (0..abi.inputs.len()).map(|n| format!("a{n}")).collect();
    let subject = format!("{}.{}({})", contract(target), abi.name, names.join(", "));
    let rule = format!("r{}_{}", &hex::encode(target)[..8], hex::encode(abi.selector()));
    let always = allowed.conditions.iter().any(|condition| condition == "true");
    let mut when = String::new();
    if !always {
        let joined = allowed.conditions.iter().map(|c| format!("({c})")).collect::<Vec<_>>().join(" or ");
        writeln!(when, "    when {joined}").unwrap();
    }
    let because = if known {
        ""
    } else {
        "    accept opaque because \"as in the role\"\n    accept any_recipient because \"as in the role\"\n"
    };
    if allowed.calls {
        let value = if allowed.sends { "    when value == value\n" } else { "" };
        writeln!(text, "allow {rule}: {subject} {{\n{when}{value}{because}}}").unwrap();
    }
    if allowed.delegates {
        writeln!(text, "allow {rule}_d: delegatecall {subject} {{\n{when}{because}}}").unwrap();
    }
}

// ---- conditions

/// The condition on the calldata as a whole. `None`: it cannot be said, and nothing is allowed by it.
fn calldata(condition: &Condition, inputs: &[Member], gaps: &mut Vec<String>) -> Option<String> {
    match condition.operator {
        5 => matches("", condition, inputs, gaps),
        1 | 2 => joined(condition, |child| calldata(child, inputs, gaps)),
        other => gap(gaps, format!("operator {other} on calldata")),
    }
}

fn gap<T>(gaps: &mut Vec<String>, what: String) -> Option<T> {
    gaps.push(what);
    None
}

/// Member by member. What is not there is not constrained.
fn matches(
    parent: &str,
    condition: &Condition,
    members: &[Member],
    gaps: &mut Vec<String>,
) -> Option<String> {
    let mut all = Vec::new();
    for (n, (child, member)) in condition.children.iter().zip(members).enumerate() {
        let place = if parent.is_empty() { format!("a{n}") } else { format!("{parent}.a{n}") };
        let part = one(&place, child, &member.ty, gaps)?;
        if part != "true" {
            all.push(part);
        }
    }
    Some(if all.is_empty() { "true".to_owned() } else { all.join(" and ") })
}

fn joined(condition: &Condition, mut each: impl FnMut(&Condition) -> Option<String>) -> Option<String> {
    let word = if condition.operator == 1 { " and " } else { " or " };
    let parts: Option<Vec<String>> =
        condition.children.iter().map(|c| Some(format!("({})", each(c)?))).collect();
    Some(format!("({})", parts?.join(word)))
}

fn one(place: &str, condition: &Condition, of: &Type, gaps: &mut Vec<String>) -> Option<String> {
    match (condition.operator, of) {
        (0, _) => Some("true".to_owned()),
        (1 | 2, _) => joined(condition, |child| one(place, child, of, gaps)),
        (5, Type::Tuple(members)) => matches(place, condition, members, gaps),
        (15, _) => Some(format!("{place} == wallet")),
        (16, Type::Word(word)) => Some(format!("{place} == {}", literal(condition.word(), *word))),
        (16, Type::Array(inner, _)) => {
            let Type::Word(word) = **inner else { return gap(gaps, format!("equality of `{of}`")) };
            let one = [Member { name: String::new(), ty: of.clone() }];
            let values = decode(&one, &condition.value).ok()?;
            let [Value::Array(items)] = values.as_slice() else { return None };
            let items = items.iter().map(|item| match item {
                Value::Word(item, _) => Some(literal(*item, word)),
                _ => None,
            });
            Some(format!("{place} == [{}]", items.collect::<Option<Vec<_>>>()?.join(", ")))
        }
        (21, Type::Bytes | Type::Word(WordType::FixedBytes(32))) => bitmask(place, condition, gaps),
        (operator, _) => gap(gaps, format!("operator {operator} on `{of}`")),
    }
}

/// Two bytes of offset, fifteen of mask, fifteen of what stands there.
fn bitmask(place: &str, condition: &Condition, gaps: &mut Vec<String>) -> Option<String> {
    let (offset, rest) = condition.value.split_first_chunk::<2>()?;
    let (mask, expected) = rest.split_at_checked(15)?;
    let offset = usize::from(u16::from_be_bytes(*offset));
    let mut parts = Vec::new();
    let mut at = 0;
    while at < mask.len() {
        let run = mask[at..].iter().take_while(|byte| **byte == 0xff).count();
        if run > 0 {
            let (from, to) = (offset + at, offset + at + run);
            let bytes = hex::encode_prefixed(&expected[at..at + run]);
            parts.push(format!("{place}[{from}..{to}] == {bytes}"));
        } else if mask[at] != 0 {
            return gap(gaps, format!("a mask of {:#04x}", mask[at]));
        }
        at += run.max(1);
    }
    Some(if parts.is_empty() { "true".to_owned() } else { parts.join(" and ") })
}

/// A word as a policy writes it.
fn literal(word: U256, ty: WordType) -> String {
    match ty {
        WordType::Address => Address::from_word(word.into()).to_string(),
        WordType::FixedBytes(n) => hex::encode_prefixed(&word.to_be_bytes::<32>()[..usize::from(n)]),
        _ => word_to_string(word, ty),
    }
}
