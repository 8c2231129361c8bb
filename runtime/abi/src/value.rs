//! A decoded argument.

use agentpol_model::{
    Address, U256,
    types::{Path, Step, Type, WordType},
};
use alloy_primitives::{I256, hex};
use core::fmt;

/// A decoded value. It knows the types of its words only; names and the types around them are the interface's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// One word, as the ABI writes it (see [`agentpol_model::types`]).
    Word(U256, WordType),
    /// `bytes`.
    Bytes(Vec<u8>),
    /// `string`.
    String(String),
    /// `T[]` and `T[n]`.
    Array(Vec<Value>),
    /// A tuple.
    Tuple(Vec<Value>),
}

impl Value {
    /// The part of these arguments at the end of the path; `None` past an array's end, and where the path does not fit.
    /// `elements` says where each enclosing `all`/`any` is (see [`Step::Element`]).
    pub fn at<'v>(args: &'v [Value], path: &Path, elements: &[u32]) -> Option<&'v Value> {
        let mut steps = path.0.iter();
        let mut value = match steps.next()? {
            Step::Member(n) => args.get(usize::from(*n))?,
            Step::Index(_) | Step::Element(_) => return None,
        };
        for step in steps {
            value = match (step, value) {
                (Step::Member(n), Value::Tuple(members)) => members.get(usize::from(*n))?,
                (Step::Index(n), Value::Array(items)) => items.get(usize::try_from(*n).ok()?)?,
                (Step::Element(depth), Value::Array(items)) => {
                    items.get(usize::try_from(*elements.get(usize::from(*depth))?).ok()?)?
                }
                _ => return None,
            };
        }
        Some(value)
    }

    /// The elements, if this is an array.
    pub fn as_array(&self) -> Option<&[Value]> {
        match self {
            Value::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The content, if this is `bytes` or a `string`.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Value::Bytes(bytes) => Some(bytes),
            Value::String(text) => Some(text.as_bytes()),
            _ => None,
        }
    }

    /// For decisions and `decode`: addresses by EIP-55, numbers as decimal strings, bytes as 0x-hex, tuples as objects where
    /// every member has a name of its own and as arrays otherwise.
    pub fn to_json(&self, ty: &Type) -> serde_json::Value {
        use serde_json::Value as Json;
        match (self, ty) {
            (Value::Word(word, WordType::Bool), _) => Json::Bool(*word != U256::ZERO),
            (Value::Word(word, ty), _) => Json::String(word_to_string(*word, *ty)),
            (Value::Bytes(bytes), _) => Json::String(hex::encode_prefixed(bytes)),
            (Value::String(text), _) => Json::String(text.clone()),
            (Value::Array(values), Type::Array(inner, _) | Type::FixedArray(inner, _)) => {
                Json::Array(values.iter().map(|v| v.to_json(inner)).collect())
            }
            (Value::Tuple(values), Type::Tuple(members)) if values.len() == members.len() => {
                let pairs = || members.iter().zip(values);
                let object: serde_json::Map<_, _> = pairs()
                    .filter(|(m, _)| !m.name.is_empty())
                    .map(|(m, v)| (m.name.clone(), v.to_json(&m.ty)))
                    .collect();
                if object.len() == members.len() {
                    Json::Object(object)
                } else {
                    Json::Array(pairs().map(|(m, v)| v.to_json(&m.ty)).collect())
                }
            }
            // A value of another type than is claimed still shows all of itself.
            (Value::Array(values) | Value::Tuple(values), _) => {
                Json::Array(values.iter().map(|v| v.to_json(ty)).collect())
            }
        }
    }
}

/// As people write a value of an elementary type.
pub fn word_to_string(word: U256, ty: WordType) -> String {
    let bytes: [u8; 32] = word.to_be_bytes();
    match ty {
        WordType::Uint(_) => word.to_string(),
        WordType::Int(_) => I256::from_raw(word).to_string(),
        WordType::Address => Address::from_word(bytes.into()).to_checksum(None),
        WordType::Bool => (word != U256::ZERO).to_string(),
        WordType::FixedBytes(n) => hex::encode_prefixed(bytes.get(..usize::from(n)).unwrap_or(&bytes)),
        WordType::Function => hex::encode_prefixed(bytes.get(..24).unwrap_or(&bytes)),
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Word(word, ty) => f.write_str(&word_to_string(*word, *ty)),
            Value::Bytes(bytes) => f.write_str(&hex::encode_prefixed(bytes)),
            // Escaped: a string must not look like anything but a string.
            Value::String(text) => write!(f, "{text:?}"),
            Value::Array(values) => list(f, values, "[", "]"),
            Value::Tuple(values) => list(f, values, "(", ")"),
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, values: &[Value], open: &str, close: &str) -> fmt::Result {
    f.write_str(open)?;
    for (i, value) in values.iter().enumerate() {
        if i > 0 {
            f.write_str(", ")?;
        }
        fmt::Display::fmt(value, f)?;
    }
    f.write_str(close)
}
