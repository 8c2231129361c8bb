//! The one encoding of a tree of values.

use crate::{
    MAX_ARGS_BYTES, Selector, Unfit, Value, WORD_BYTES,
    decode::is_canonical,
    fit::{self, head_words},
};
use agentpol_model::{
    U256,
    types::{Member, Type},
};
use core::fmt;

/// Why values cannot be encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EncodeError {
    /// The types cannot be encoded.
    Unfit(Unfit),
    /// As many values as there are arguments are needed.
    Arguments {
        /// That many.
        expected: usize,
        /// What was given.
        found: usize,
    },
    /// A value that is not of the type.
    Value {
        /// The type.
        expected: Type,
    },
    /// The encoding is longer than [`MAX_ARGS_BYTES`].
    TooLong,
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EncodeError::Unfit(unfit) => unfit.fmt(f),
            EncodeError::Arguments { expected, found } => {
                write!(f, "the function takes {expected} arguments, not {found}")
            }
            EncodeError::Value { expected } => write!(f, "a value that is not a `{expected}`"),
            EncodeError::TooLong => write!(f, "the arguments take more than {MAX_ARGS_BYTES} bytes"),
        }
    }
}

impl core::error::Error for EncodeError {}

/// The canonical encoding; [`decode`](crate::decode()) gives the same values back.
pub fn encode(inputs: &[Member], values: &[Value]) -> Result<Vec<u8>, EncodeError> {
    fit::check(inputs).map_err(EncodeError::Unfit)?;
    if inputs.len() != values.len() {
        return Err(EncodeError::Arguments { expected: inputs.len(), found: values.len() });
    }
    let mut out = Vec::new();
    sequence(&mut out, inputs.iter().map(|m| &m.ty).zip(values))?;
    Ok(out)
}

/// Selector and arguments.
pub fn encode_call(selector: Selector, inputs: &[Member], values: &[Value]) -> Result<Vec<u8>, EncodeError> {
    let mut out = selector.to_vec();
    out.extend(encode(inputs, values)?);
    Ok(out)
}

fn sequence<'v>(
    out: &mut Vec<u8>,
    pairs: impl Iterator<Item = (&'v Type, &'v Value)> + Clone,
) -> Result<(), EncodeError> {
    let mut tail: usize = pairs
        .clone()
        .map(|(ty, _)| usize::try_from(head_words(ty)).unwrap_or(usize::MAX).saturating_mul(WORD_BYTES))
        .fold(0, usize::saturating_add);
    let mut tails = Vec::new();
    for (ty, value) in pairs {
        if ty.is_dynamic() {
            word(out, U256::from(tail))?;
            let before = tails.len();
            body(&mut tails, ty, value)?;
            tail += tails.len() - before;
        } else {
            body(out, ty, value)?;
        }
    }
    push(out, &tails)
}

/// A static value, or the tail of a dynamic one.
fn body(out: &mut Vec<u8>, ty: &Type, value: &Value) -> Result<(), EncodeError> {
    match (ty, value) {
        (Type::Word(ty), Value::Word(w, of)) if ty == of && is_canonical(*w, *ty) => word(out, *w),
        (Type::Bytes, Value::Bytes(bytes)) => blob(out, bytes),
        (Type::String, Value::String(text)) => blob(out, text.as_bytes()),
        (Type::Array(inner, limit), Value::Array(values))
            if limit.is_none_or(|limit| u32::try_from(values.len()).is_ok_and(|n| n <= limit)) =>
        {
            word(out, U256::from(values.len()))?;
            sequence(out, values.iter().map(|v| (&**inner, v)))
        }
        (Type::FixedArray(inner, n), Value::Array(values)) if u32::try_from(values.len()) == Ok(*n) => {
            sequence(out, values.iter().map(|v| (&**inner, v)))
        }
        (Type::Tuple(members), Value::Tuple(values)) if members.len() == values.len() => {
            sequence(out, members.iter().map(|m| &m.ty).zip(values))
        }
        _ => Err(EncodeError::Value { expected: ty.clone() }),
    }
}

fn blob(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), EncodeError> {
    word(out, U256::from(bytes.len()))?;
    push(out, bytes)?;
    let padding = bytes.len().next_multiple_of(WORD_BYTES) - bytes.len();
    push(out, [0; WORD_BYTES].get(..padding).unwrap_or_default())
}

fn word(out: &mut Vec<u8>, word: U256) -> Result<(), EncodeError> {
    push(out, &word.to_be_bytes::<WORD_BYTES>())
}

fn push(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), EncodeError> {
    if out.len() + bytes.len() > MAX_ARGS_BYTES {
        return Err(EncodeError::TooLong);
    }
    out.extend_from_slice(bytes);
    Ok(())
}
