//! What the tests of this crate share.
#![allow(dead_code, unused_imports, unreachable_pub, reason = "each test file uses its part")]

mod corpora;

use agentpol_abi::{Member, Type, Value, WordType};
pub use corpora::{bytes, corpora, read as rows};
use serde_json::Value as Json;

/// Is this decoded value the one that the corpus gives (loosely typed, written by other tools)?
pub fn same(ty: &Type, value: &Value, truth: &Json) -> bool {
    // ethers wraps most values as {"type": …, "value": …}.
    if let (Some(inner), Some(_)) = (truth.get("value"), truth.get("type").filter(|_| is_wrapper(truth))) {
        return same(ty, value, inner);
    }
    match (ty, value, truth) {
        (Type::Word(WordType::Bool), Value::Word(..), Json::Bool(b)) => value.to_string() == b.to_string(),
        (Type::Word(WordType::Uint(_) | WordType::Int(_)), Value::Word(..), Json::Number(n)) => {
            value.to_string() == n.to_string()
        }
        (Type::Word(_) | Type::Bytes, Value::Word(..) | Value::Bytes(_), Json::String(s)) => {
            value.to_string().eq_ignore_ascii_case(s)
        }
        (Type::String, Value::String(text), Json::String(s)) => text == s,
        (Type::Array(inner, _) | Type::FixedArray(inner, _), Value::Array(values), Json::Array(list)) => {
            values.len() == list.len() && values.iter().zip(list).all(|(v, t)| same(inner, v, t))
        }
        (Type::Tuple(members), Value::Tuple(values), Json::Array(list)) => {
            members.len() == list.len()
                && values.len() == list.len()
                && members.iter().zip(values).zip(list).all(|((m, v), t)| same(&m.ty, v, t))
        }
        (Type::Tuple(members), Value::Tuple(values), Json::Object(map)) => {
            members.len() == map.len()
                && members
                    .iter()
                    .zip(values)
                    .all(|(m, v)| map.get(&m.name).is_some_and(|t| same(&m.ty, v, t)))
        }
        _ => false,
    }
}

fn is_wrapper(truth: &Json) -> bool {
    truth.as_object().is_some_and(|o| o.len() == 2)
}

/// Unnamed arguments of these types.
pub fn unnamed(types: impl IntoIterator<Item = Type>) -> Vec<Member> {
    types.into_iter().map(|ty| Member { name: String::new(), ty }).collect()
}
