//! Arguments as a test writes them.

use super::Speaker;
use crate::{
    ruleset::{Callable, Scalar, TokenSpec},
    words::same_place,
};
use agentpol_abi::{Value, word_to_string};
use agentpol_model::{
    Address, Time, U256,
    ids::TokenId,
    types::{Member, Path, Step, Type, WordType},
    words::{Instant, grouped},
};
use alloy_primitives::hex;

/// The first second of the year 10 000: what is later is no date.
const YEAR_10_000: Time = 253_402_300_800;

/// A step to the n-th member.
pub(super) fn member(n: usize) -> Step {
    Step::Member(u16::try_from(n).unwrap_or(u16::MAX))
}

impl Speaker<'_> {
    /// One value, at a place among the arguments. The members of typed data are arguments in the braces of one struct.
    pub(super) fn value(
        &mut self,
        callable: &Callable,
        args: &[Value],
        path: &mut Vec<Step>,
        value: &Value,
        ty: &Type,
        is_whole: bool,
    ) -> String {
        match (value, ty) {
            (Value::Word(word, ty), _) => self.word(callable, args, path, *word, *ty),
            (Value::Bytes(bytes), _) => self.bytes(bytes),
            (Value::String(text), _) => self.text(text),
            (Value::Array(items), Type::Array(inner, _) | Type::FixedArray(inner, _)) => {
                let each: Vec<String> = items
                    .iter()
                    .zip(0..)
                    .map(|(item, n)| {
                        path.push(Step::Index(n));
                        let shown = self.value(callable, args, path, item, inner, false);
                        path.pop();
                        shown
                    })
                    .collect();
                format!("[{}]", each.join(", "))
            }
            (Value::Tuple(values), Type::Tuple(members)) => {
                if !is_whole && members.iter().any(|member| member.name.is_empty()) {
                    self.besides.push("a struct whose members have no names".to_owned());
                }
                let each: Vec<String> = members
                    .iter()
                    .zip(values)
                    .enumerate()
                    .map(|(n, (of, value))| {
                        path.push(member(n));
                        let shown = self.value(callable, args, path, value, &of.ty, false);
                        path.pop();
                        format!("{}: {shown}", of.name)
                    })
                    .collect();
                format!("{{ {} }}", each.join(", "))
            }
            (other, _) => other.to_string(),
        }
    }

    fn word(
        &mut self,
        callable: &Callable,
        args: &[Value],
        path: &[Step],
        word: U256,
        ty: WordType,
    ) -> String {
        match ty {
            WordType::Address => self.names.address(Address::from_word(word.into())),
            WordType::Uint(_) if let Some(token) = self.token_of(callable, args, path) => {
                self.names.money(word, token)
            }
            WordType::Uint(_) if is_time(callable, path) && word < U256::from(YEAR_10_000) => {
                Instant(word.saturating_to()).to_string()
            }
            WordType::Uint(_) => grouped(&word.to_string()).replace(',', "_"),
            WordType::Function => {
                self.besides.push("an argument of type `function`".to_owned());
                word_to_string(word, ty)
            }
            _ => word_to_string(word, ty),
        }
    }

    /// The token that an amount among the arguments is of.
    fn token_of(&self, callable: &Callable, args: &[Value], path: &[Step]) -> Option<TokenId> {
        let here = Path(path.to_vec());
        let units = &callable.function.as_ref()?.units;
        let (_, spec) = units.iter().find(|(at, _)| same_place(at, &here))?;
        match spec {
            TokenSpec::Known(token) => Some(*token),
            TokenSpec::At(Scalar::Arg(at, _)) => match Value::at(args, &beside(at, path), &[])? {
                Value::Word(word, _) => {
                    self.rules.token_at(self.witness.chain, Address::from_word((*word).into()))
                }
                _ => None,
            },
            TokenSpec::At(_) => None,
        }
    }

    /// Bytes in hexadecimal digits. Forty of them would be read as an address.
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> String {
        if bytes.len() == Address::len_bytes() {
            self.besides.push("twenty bytes that are no address".to_owned());
        }
        hex::encode_prefixed(bytes)
    }

    /// Text in quotes.
    fn text(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len().saturating_add(2));
        out.push('"');
        for c in text.chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\t' => out.push_str("\\t"),
                '\r' => out.push_str("\\r"),
                c if c.is_control() => {
                    self.besides.push("a text with control characters".to_owned());
                    out.extend(c.escape_unicode());
                }
                c => out.push(c),
            }
        }
        out.push('"');
        out
    }

    /// The parts of a Sign-In that are not as a wallet would leave them.
    pub(super) fn sign_in(&mut self, inputs: &[Member], args: &[Value]) -> String {
        let mut out = Vec::new();
        for (part, value) in inputs.iter().zip(args) {
            let name = part.name.as_str();
            let goes_without = match value {
                Value::Word(word, _) => match name {
                    "account" => Address::from_word((*word).into()) == self.witness.wallet,
                    "chain" => *word == U256::from(self.witness.chain),
                    "issued" => *word == U256::from(self.witness.now),
                    "expires" => *word == U256::from(u64::MAX),
                    _ => *word == U256::ZERO,
                },
                Value::String(text) => text.is_empty() && name != "domain",
                Value::Array(items) => items.is_empty(),
                Value::Bytes(_) | Value::Tuple(_) => false,
            };
            if goes_without {
                continue;
            }
            let shown = match value {
                Value::Word(word, WordType::Address) => {
                    self.names.address(Address::from_word((*word).into()))
                }
                Value::Word(word, _) if name != "chain" && *word < U256::from(YEAR_10_000) => {
                    Instant(word.saturating_to()).to_string()
                }
                Value::Word(word, _) => word.to_string(),
                Value::String(text) => self.text(text),
                Value::Array(items) => {
                    let each: Vec<String> = items
                        .iter()
                        .map(|item| match item {
                            Value::String(text) => self.text(text),
                            other => other.to_string(),
                        })
                        .collect();
                    format!("[{}]", each.join(", "))
                }
                Value::Bytes(_) | Value::Tuple(_) => value.to_string(),
            };
            out.push(format!("{name}: {shown}"));
        }
        format!("{{ {} }}", out.join(", "))
    }
}

/// Does the interface say that a time stands here: the end of an authority, or of a signature?
fn is_time(callable: &Callable, path: &[Step]) -> bool {
    let here = Path(path.to_vec());
    let ends = callable.effects.iter().filter_map(|effect| effect.until.as_ref());
    let ends = ends.chain(callable.typed.iter().filter_map(|typed| typed.until.as_ref()));
    ends.into_iter().any(|end| matches!(end, Scalar::Arg(at, _) if same_place(at, &here)))
}

/// The place of what stands beside an element of an array, where a declaration speaks of any element.
fn beside(declared: &Path, path: &[Step]) -> Path {
    let steps = declared.0.iter().enumerate().map(|(n, step)| match (step, path.get(n)) {
        (Step::Element(_), Some(Step::Index(i))) => Step::Index(*i),
        (step, _) => *step,
    });
    Path(steps.collect())
}
