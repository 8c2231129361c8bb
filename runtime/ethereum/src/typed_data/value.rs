//! Values: from JSON to the ABI's, one spelling for each as far as wallets agree on one, and from there to EIP-712's hashes.

use super::types::{Definition, Shape, Types};
use crate::{
    hex,
    json::{At, Read},
};
use agentpol_abi::{MAX_ARGS_BYTES, Value, WORD_BYTES, decode::is_canonical};
use agentpol_model::{B256, U256, types::WordType};
use alloy_primitives::keccak256;

/// The greatest number that a JSON reader that works with floats reads exactly.
const MAX_JSON_NUMBER: u64 = (1 << 53) - 1;

/// A value of that type.
fn value(at: &At<'_, '_>, shape: &Shape, types: &Types) -> Read<Value> {
    let what = || format!("a `{}`", shape.name(types));
    Ok(match shape {
        Shape::Word(ty) => Value::Word(word(at, *ty)?, *ty),
        Shape::Bytes => Value::Bytes(at.bytes("`bytes`", MAX_ARGS_BYTES)?),
        Shape::String => Value::String(at.text("a `string`")?.to_owned()),
        Shape::Array(inner) => Value::Array(elements(at.items(&what())?, inner, types)?),
        Shape::Fixed(inner, n) => {
            let items = at.items(&what())?;
            if u32::try_from(items.len()) != Ok(*n) {
                return Err(at.invalid(format!("{} has {n} elements; found {}", what(), items.len())));
            }
            Value::Array(elements(items, inner, types)?)
        }
        Shape::Struct(place) => match types.get(*place) {
            Some(definition) => Value::Tuple(structure(at, definition, types)?),
            None => return Err(at.invalid("a struct that nobody declares")),
        },
    })
}

fn elements(items: Vec<At<'_, '_>>, inner: &Shape, types: &Types) -> Read<Vec<Value>> {
    items.iter().map(|item| value(item, inner, types)).collect()
}

/// The members of a struct: all of them and no others.
pub(super) fn structure(at: &At<'_, '_>, definition: &Definition, types: &Types) -> Read<Vec<Value>> {
    let names: Vec<&str> = definition.members.iter().map(|(name, _)| name.as_str()).collect();
    at.object(&format!("`{}`", definition.name), &names)?;
    definition.members.iter().map(|(name, shape)| value(&at.need(name)?, shape, types)).collect()
}

fn word(at: &At<'_, '_>, ty: WordType) -> Read<U256> {
    let what = format!("a `{ty}`");
    match ty {
        WordType::Uint(_) | WordType::Int(_) => number(at, ty),
        WordType::Address => at.address("an `address`").map(|a| U256::from_be_slice(a.as_slice())),
        WordType::Bool => match at.boolean() {
            Some(truth) => Ok(U256::from(truth)),
            None => Err(at.invalid(format!("a `bool` is `true` or `false`; found {}", at.node().kind()))),
        },
        WordType::FixedBytes(n) => {
            let n = usize::from(n);
            let bytes = at.bytes(&what, WORD_BYTES)?;
            if bytes.len() != n {
                return Err(at.invalid(format!("{what} has {n} bytes; found {}", bytes.len())));
            }
            let padded = [bytes.as_slice(), &[0; WORD_BYTES]].concat();
            Ok(padded.get(..WORD_BYTES).map(U256::from_be_slice).unwrap_or_default())
        }
        WordType::Function => Err(at.invalid("there is no type `function`")),
    }
}

/// In decimal or as a quantity, in quotes; a JSON number where every reader finds the same one.
fn number(at: &At<'_, '_>, ty: WordType) -> Read<U256> {
    use agentpol_abi::strict_json::Json;
    let bad = |why: &str| at.invalid(format!("a `{ty}`: {why}"));
    let (negative, magnitude) = match &at.node().value {
        Json::Number(written) => {
            let (negative, digits) = sign(written);
            match digits.parse::<u64>() {
                Ok(n) if n <= MAX_JSON_NUMBER => (negative, U256::from(n)),
                Ok(_) => return Err(bad("a number above 2^53 is written in quotes")),
                Err(_) if digits.bytes().all(|b| b.is_ascii_digit()) => {
                    return Err(bad("a number above 2^53 is written in quotes"));
                }
                Err(_) => return Err(bad("a whole number is written without point or exponent")),
            }
        }
        Json::String(text) if text.starts_with("0x") => {
            (false, hex::quantity(text).map_err(|why| bad(&why))?)
        }
        Json::String(text) => {
            let (negative, digits) = sign(text);
            (negative, decimal(digits).map_err(bad)?)
        }
        _ => return Err(bad(&format!("it is a number; found {}", at.node().kind()))),
    };
    if negative && magnitude.is_zero() {
        return Err(bad("zero has no sign"));
    }
    let fits = match ty {
        // Two's complement would take these for others.
        WordType::Int(_) if negative => magnitude <= U256::ONE << 255,
        WordType::Int(_) => magnitude < U256::ONE << 255,
        _ => !negative,
    };
    let word = if negative { U256::ZERO.wrapping_sub(magnitude) } else { magnitude };
    if fits && is_canonical(word, ty) { Ok(word) } else { Err(bad("the number is out of its range")) }
}

fn sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    }
}

fn decimal(digits: &str) -> Result<U256, &'static str> {
    if digits.is_empty() || digits.bytes().any(|b| !b.is_ascii_digit()) {
        return Err("it is written in decimal digits, or in hex after `0x`");
    }
    if digits.len() > 1 && digits.starts_with('0') {
        return Err("a number has no leading zeros");
    }
    U256::from_str_radix(digits, 10).map_err(|_| "the number is out of its range")
}

/// `hashStruct`.
pub(super) fn hash_struct(definition: &Definition, values: &[Value], types: &Types) -> Option<B256> {
    if definition.members.len() != values.len() {
        return None;
    }
    let mut encoded = definition.hash.to_vec();
    for ((_, shape), value) in definition.members.iter().zip(values) {
        encoded.extend(encode(shape, value, types)?.0);
    }
    Some(keccak256(encoded))
}

/// One word of `encodeData`. `None` where the value is of another type: it never is.
fn encode(shape: &Shape, value: &Value, types: &Types) -> Option<B256> {
    Some(match (shape, value) {
        (Shape::Word(ty), Value::Word(word, of)) if ty == of => B256::from(*word),
        (Shape::Bytes, Value::Bytes(bytes)) => keccak256(bytes),
        (Shape::String, Value::String(text)) => keccak256(text),
        (Shape::Array(inner) | Shape::Fixed(inner, _), Value::Array(values)) => {
            let mut encoded = Vec::new();
            for value in values {
                encoded.extend(encode(inner, value, types)?.0);
            }
            keccak256(encoded)
        }
        (Shape::Struct(place), Value::Tuple(values)) => hash_struct(types.get(*place)?, values, types)?,
        _ => return None,
    })
}
