//! Real typed data with a few characters changed: an answer always, never a panic; and what is still read says what another
//! reader of JSON finds in it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use agentpol_abi::{Type, Value, WordType, decode};
use agentpol_ethereum::TypedData;
use agentpol_model::{
    U256,
    request::{DOMAIN_BYTES, TYPE_HASH_BYTES},
    types::Member,
};
use alloy_primitives::{I256, hex};
use common::rows;
use serde_json::{Value as Json, json};

/// Do they mean the same? Numbers by what they are, hex by its digits.
fn same(json: &Json, value: &Value, ty: &Type) -> bool {
    match (json, value, ty) {
        (Json::Object(all), Value::Tuple(values), Type::Tuple(members)) => struct_same(all, values, members),
        (Json::Array(all), Value::Array(values), Type::Array(inner, _) | Type::FixedArray(inner, _)) => {
            all.len() == values.len() && all.iter().zip(values).all(|(j, v)| same(j, v, inner))
        }
        (Json::String(text), Value::String(ours), Type::String) => text == ours,
        (Json::String(text), Value::Bytes(ours), Type::Bytes) => hex::decode(text).unwrap() == *ours,
        (Json::Bool(truth), Value::Word(word, WordType::Bool), _) => U256::from(*truth) == *word,
        (json, Value::Word(word, ty), _) => {
            let text = match json {
                Json::String(text) => text.clone(),
                other => other.to_string(),
            };
            match ty {
                WordType::Int(_) if !text.starts_with("0x") => {
                    I256::from_dec_str(&text).unwrap().into_raw() == *word
                }
                WordType::Uint(_) | WordType::Int(_) => text.parse::<U256>().unwrap() == *word,
                WordType::Address => U256::from_be_slice(&hex::decode(text).unwrap()) == *word,
                _ => word.to_be_bytes::<32>().starts_with(&hex::decode(text).unwrap()),
            }
        }
        _ => false,
    }
}

fn struct_same(all: &serde_json::Map<String, Json>, values: &[Value], members: &[Member]) -> bool {
    all.len() == members.len() && members.iter().zip(values).all(|(m, v)| same(&all[&m.name], v, &m.ty))
}

#[test]
fn mutants_say_what_they_say() {
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed >> 33).unwrap() % below
    };
    let alphabet: Vec<char> = "{}[]\",:0123456789abcdefxX\\ -.eué".chars().collect();
    let (mut mutants, mut read_still, mut changed) = (0, 0, 0);
    for file in ["metamask_test_dapp", "ledger_erc7730", "eth_account", "ethers_eip712_vectors"] {
        for row in rows(&format!("typed_data/{file}.jsonl")) {
            let data = match &row["typedData"] {
                Json::Null => {
                    let mut types = row["types"].clone();
                    types["EIP712Domain"] = json!([]);
                    json!({ "types": types, "primaryType": row["primaryType"], "domain": {}, "message": row["message"] })
                }
                data => data.clone(),
            };
            let text = data.to_string();
            let original = TypedData::read(&text).ok().and_then(|data| data.digest());
            // Mostly where the values stand.
            let message = text.find("\"message\"").unwrap_or(0);
            for _ in 0..60 {
                let mut chars: Vec<char> = text.chars().collect();
                for _ in 0..=random(2) {
                    let from = if random(3) == 0 { 0 } else { message.min(chars.len() - 1) };
                    let at = from + random(chars.len() - from);
                    match random(3) {
                        0 => chars[at] = alphabet[random(alphabet.len())],
                        1 => drop(chars.remove(at)),
                        _ => chars.insert(at, alphabet[random(alphabet.len())]),
                    }
                }
                let mutant: String = chars.into_iter().collect();
                mutants += 1;
                let Ok(read) = TypedData::read(&mutant) else { continue };
                read_still += 1;
                changed += usize::from(read.digest() != original);
                let theirs: Json = serde_json::from_str(&mutant).unwrap();
                let values = decode(read.members(), &read.data()[DOMAIN_BYTES + TYPE_HASH_BYTES..]).unwrap();
                let message = theirs["message"].as_object().unwrap();
                assert!(struct_same(message, &values, read.members()), "{mutant}");
                assert_eq!(theirs["primaryType"], read.primary_type());
                assert_eq!(
                    theirs["domain"].as_object().unwrap().get("name").and_then(Json::as_str),
                    read.domain().name.as_deref()
                );
            }
        }
    }
    println!(
        "{mutants} mutants answered, {read_still} of them still read, {changed} of those with another digest"
    );
}

/// The most that fits into a request, where each value is far from the top or each struct is wide: slow, but never for long, and
/// never large in memory.
#[test]
fn large_requests_are_read_in_time() {
    let domain = json!([{ "name": "chainId", "type": "uint256" }]);
    let read = |types: Json, message: Json| {
        let data =
            json!({ "types": types, "primaryType": "T", "domain": { "chainId": 1 }, "message": message });
        let text = data.to_string();
        (text.len(), TypedData::read(&text).map(|data| data.data().len()).map_err(|e| e.message))
    };
    let long = "n".repeat(128);
    let types = json!({ "EIP712Domain": domain, "T": [{ "name": long, "type": "bool[]" }] });
    let many = read(types.clone(), json!({ long.clone(): vec![true; 4_000] }));
    assert!(many.1.is_ok(), "{many:?}");
    let more = read(types, json!({ long.clone(): vec![true; 60_000] }));
    assert!(more.1.clone().unwrap_err().contains("more than 131068 bytes"), "{more:?}");

    let members: Vec<Json> = (0..1000).map(|n| json!({ "name": format!("m{n}"), "type": "bool" })).collect();
    let one: serde_json::Map<String, Json> = (0..1000).map(|n| (format!("m{n}"), json!(true))).collect();
    let types = json!({ "EIP712Domain": domain, "T": [{ "name": "all", "type": "W[]" }], "W": members });
    let wide = read(types, json!({ "all": vec![Json::Object(one); 40] }));
    println!("{} and {} bytes were read; of wide structs {}: {:?}", many.0, more.0, wide.0, wide.1);
}
