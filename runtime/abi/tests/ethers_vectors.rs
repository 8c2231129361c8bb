//! 500 argument lists that solc encoded, with their values; and four mutations of each, none of which is canonical any more.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use agentpol_abi::{Cause, Layout, Member, Type, Value, WordType, decode, encode, signature::parse_type};
use alloy_dyn_abi::{DynSolType, DynSolValue};
use alloy_primitives::I256;
use common::{bytes, corpora, rows, same, unnamed};
use serde_json::Value as Json;

struct Vector {
    id: String,
    types: Vec<String>,
    inputs: Vec<Member>,
    values: Vec<Json>,
    encoded: Vec<u8>,
}

fn vectors() -> Vec<Vector> {
    let Some(corpora) = corpora() else { return Vec::new() };
    let read = |row: Json| {
        let types: Vec<String> =
            row["types"].as_array().unwrap().iter().map(|t| t.as_str().unwrap().to_owned()).collect();
        Vector {
            id: row["id"].as_str().unwrap().to_owned(),
            inputs: unnamed(types.iter().map(|t| parse_type(t).unwrap())),
            types,
            values: row["values"].as_array().unwrap().clone(),
            encoded: bytes(&row["encoded"]),
        }
    };
    rows(&corpora.join("abi_vectors/ethers_abi.jsonl")).into_iter().map(read).collect()
}

#[test]
fn all_values_are_read_and_written_back() {
    let vectors = vectors();
    let mut cast = Vec::new();
    for v in &vectors {
        let values = decode(&v.inputs, &v.encoded).unwrap_or_else(|e| panic!("{}: {e}", v.id));
        assert_eq!(values.len(), v.values.len(), "{}", v.id);
        for ((member, value), truth) in v.inputs.iter().zip(&values).zip(&v.values) {
            if !same(&member.ty, value, truth) {
                let as_cast = cast_like_solidity(&member.ty, truth);
                assert!(same(&member.ty, value, &as_cast), "{}: {value} is not {truth}", v.id);
                cast.push(&v.id);
            }
        }
        assert_eq!(encode(&v.inputs, &values).unwrap(), v.encoded, "{}", v.id);
        assert!(Layout::new(&v.inputs).unwrap().check(&v.encoded).is_ok(), "{}", v.id);
    }
    println!(
        "ethers_abi.jsonl: {0} of {0} decoded, equal, and encoded back to the same bytes",
        vectors.len()
    );
    println!("of these the source's literal before its cast is the ground truth in {}: {cast:?}", cast.len());
}

/// Some vectors name the literal in the Solidity source (`uint8(257)`, `uint128(-114)`), not the value after the cast.
fn cast_like_solidity(ty: &Type, truth: &Json) -> Json {
    match (ty, truth) {
        (Type::Array(inner, _) | Type::FixedArray(inner, _), Json::Array(list)) => {
            Json::Array(list.iter().map(|t| cast_like_solidity(inner, t)).collect())
        }
        (Type::Word(WordType::Uint(bits) | WordType::Int(bits)), Json::Object(wrapper)) => {
            let literal: I256 = wrapper["value"].as_str().unwrap().parse().unwrap();
            let unused = 256 - usize::from(*bits);
            let upper = literal.into_raw() << unused;
            Json::String(match ty {
                Type::Word(WordType::Uint(_)) => (upper >> unused).to_string(),
                _ => I256::from_raw(upper.arithmetic_shr(unused)).to_string(),
            })
        }
        _ => truth.clone(),
    }
}

#[test]
fn alloy_agrees_on_what_is_valid() {
    let vectors = vectors();
    for v in &vectors {
        let ty = DynSolType::Tuple(v.types.iter().map(|t| alloy_type(t)).collect());
        let theirs = ty.abi_decode_params(&v.encoded).unwrap_or_else(|e| panic!("{}: {e}", v.id));
        let DynSolValue::Tuple(theirs) = theirs else { panic!("{}: not a tuple", v.id) };
        let ours = decode(&v.inputs, &v.encoded).unwrap();
        assert!(ours.iter().zip(&theirs).all(|(a, b)| agrees(a, b)), "{}: {ours:?} / {theirs:?}", v.id);
    }
    println!("ethers_abi.jsonl: alloy agrees on {} of {}", vectors.len(), vectors.len());
}

fn alloy_type(text: &str) -> DynSolType {
    DynSolType::parse(&text.replace("tuple", "")).unwrap()
}

fn agrees(ours: &Value, theirs: &DynSolValue) -> bool {
    match (ours, theirs) {
        (Value::Word(w, WordType::Bool), DynSolValue::Bool(b)) => (w.bit_len() == 1) == *b,
        (Value::Word(w, WordType::Uint(bits)), DynSolValue::Uint(n, size)) => {
            w == n && usize::from(*bits) == *size
        }
        (Value::Word(w, WordType::Int(bits)), DynSolValue::Int(n, size)) => {
            *w == n.into_raw() && usize::from(*bits) == *size
        }
        (Value::Word(w, WordType::Address), DynSolValue::Address(a)) => {
            w.to_be_bytes::<32>() == a.into_word().0
        }
        (Value::Word(w, WordType::FixedBytes(n)), DynSolValue::FixedBytes(b, size)) => {
            w.to_be_bytes::<32>() == b.0 && usize::from(*n) == *size
        }
        (Value::Bytes(a), DynSolValue::Bytes(b)) => a == b,
        (Value::String(a), DynSolValue::String(b)) => a == b,
        (Value::Array(a), DynSolValue::Array(b) | DynSolValue::FixedArray(b)) => all_agree(a, b),
        (Value::Tuple(a), DynSolValue::Tuple(b)) => all_agree(a, b),
        _ => false,
    }
}

fn all_agree(ours: &[Value], theirs: &[DynSolValue]) -> bool {
    ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(a, b)| agrees(a, b))
}

/// A word of the encoding, seen from its types: what makes a mutation of it really wrong.
#[derive(Clone, Copy, Debug)]
enum Place {
    Word(WordType),
    Offset,
    Count,
    /// The last, partly filled word of `bytes` or `string`: so many bytes of padding.
    Padded(usize),
}

/// Every word whose mutation can be told, with its position. Trusts the encoding, which solc made.
fn places(types: &[Type], at: usize, data: &[u8], out: &mut Vec<(usize, Place)>) -> usize {
    let mut head = at;
    let mut end = at + types.iter().map(|t| words(t) * 32).sum::<usize>();
    for ty in types {
        if ty.is_dynamic() {
            out.push((head, Place::Offset));
            end = tail(ty, at + number(data, head), data, out);
            head += 32;
        } else {
            head = tail(ty, head, data, out);
        }
    }
    end
}

fn tail(ty: &Type, at: usize, data: &[u8], out: &mut Vec<(usize, Place)>) -> usize {
    match ty {
        Type::Word(w) => {
            out.push((at, Place::Word(*w)));
            at + 32
        }
        Type::Bytes | Type::String => {
            out.push((at, Place::Count));
            let length = number(data, at);
            let end = at + 32 + length.div_ceil(32) * 32;
            if !length.is_multiple_of(32) {
                out.push((end - 32, Place::Padded(32 - length % 32)));
            }
            end
        }
        Type::Array(inner, _) => {
            out.push((at, Place::Count));
            places(&vec![(**inner).clone(); number(data, at)], at + 32, data, out)
        }
        Type::FixedArray(inner, n) => places(&vec![(**inner).clone(); *n as usize], at, data, out),
        Type::Tuple(members) => {
            places(&members.iter().map(|m| m.ty.clone()).collect::<Vec<_>>(), at, data, out)
        }
    }
}

fn words(ty: &Type) -> usize {
    match ty {
        _ if ty.is_dynamic() => 1,
        Type::FixedArray(inner, n) => words(inner) * *n as usize,
        Type::Tuple(members) => members.iter().map(|m| words(&m.ty)).sum(),
        _ => 1,
    }
}

fn number(data: &[u8], at: usize) -> usize {
    u32::from_be_bytes(data[at + 28..at + 32].try_into().unwrap()) as usize
}

/// Makes the word at `at` something that no value of its type is. `None` where every word is a value.
fn dirty(data: &[u8], at: usize, place: Place) -> Option<Vec<u8>> {
    let mut data = data.to_vec();
    let byte = match place {
        Place::Word(WordType::Uint(256) | WordType::Int(256) | WordType::FixedBytes(32)) => return None,
        // The upper byte is no part of the value, or only a copy of its sign.
        Place::Word(WordType::Uint(_) | WordType::Int(_) | WordType::Address | WordType::Bool) => at,
        Place::Word(WordType::FixedBytes(_) | WordType::Function) => at + 31,
        // Lengths and offsets of 2^248 and more lead nowhere.
        Place::Offset | Place::Count => at,
        Place::Padded(n) => at + 32 - n,
    };
    data[byte] ^= 1;
    Some(data)
}

fn refused(v: &Vector, mutation: &str, data: &[u8]) -> Cause {
    let tree = decode(&v.inputs, data).expect_err(&format!("{} accepted after: {mutation}", v.id));
    let flat = Layout::new(&v.inputs).unwrap().check(data).expect_err("decode refuses it");
    assert_eq!(tree, flat, "{}: {mutation}", v.id);
    tree.cause
}

#[test]
fn four_mutations_of_each_are_refused() {
    let vectors = vectors();
    let (mut dirtied, mut moved, mut clean, mut no_offset) = (0, 0, 0, 0);
    let (mut mutants_seen, mut alloy_accepts) = (0, 0);
    for v in &vectors {
        let alloy = DynSolType::Tuple(v.types.iter().map(|t| alloy_type(t)).collect());
        let mut refused = |v: &Vector, mutation: &str, data: &[u8]| {
            mutants_seen += 1;
            alloy_accepts += usize::from(alloy.abi_decode_params(data).is_ok());
            refused(v, mutation, data)
        };
        let types: Vec<Type> = v.inputs.iter().map(|m| m.ty.clone()).collect();
        let mut all = Vec::new();
        assert_eq!(places(&types, 0, &v.encoded, &mut all), v.encoded.len(), "{}", v.id);

        let mutants: Vec<_> =
            all.iter().filter_map(|&(at, p)| Some((at, p, dirty(&v.encoded, at, p)?))).collect();
        for (at, place, mutant) in &mutants {
            refused(v, &format!("dirty {place:?} at {at}"), mutant);
        }
        // Words of full width (uint256, int256, bytes32) have no dirty form: every flipped bit is another value.
        if mutants.is_empty() {
            clean += 1
        } else {
            dirtied += 1
        }

        let offsets: Vec<usize> =
            all.iter().filter(|(_, p)| matches!(p, Place::Offset)).map(|(at, _)| *at).collect();
        for &at in &offsets {
            for delta in [-32, -1, 1, 32] {
                let mut mutant = v.encoded.clone();
                let word = number(&mutant, at).wrapping_add_signed(delta) as u32;
                mutant[at + 28..at + 32].copy_from_slice(&word.to_be_bytes());
                let cause = refused(v, &format!("offset at {at} moved by {delta}"), &mutant);
                assert!(matches!(cause, Cause::Offset { .. }), "{cause:?}");
            }
        }
        if offsets.is_empty() {
            no_offset += 1
        } else {
            moved += 1
        }

        for byte in [0, 1] {
            let mut mutant = v.encoded.clone();
            mutant.push(byte);
            refused(v, "a byte appended", &mutant);
        }
        for cut in [1, 32] {
            let cut = v.encoded.len().saturating_sub(cut);
            refused(v, "truncated", &v.encoded[..cut]);
        }
    }
    println!(
        "ethers_abi.jsonl, {} vectors: dirty word refused in {dirtied} ({clean} have only full-width words), \
         moved offset in {moved} ({no_offset} are static), appended byte and truncated in all",
        vectors.len()
    );
    println!(
        "{mutants_seen} mutants, none accepted here; alloy's dynamic decoder accepts {alloy_accepts} of them"
    );
}
