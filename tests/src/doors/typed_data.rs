//! Typed data (EIP-712), made of the fuzzer's choices. What is read has the digest that alloy computes for the same JSON, it has the
//! same one when it is written in another way, and both evaluators say the same of it.

use super::{
    Rng, WALLET, judged,
    schema::{DECLARED, Declared, Schema, address, number},
};
use crate::nested::{self, OPEN};
use agentpol_abi::{Value, decode};
use agentpol_ethereum::{Body, Signable, TypedData, read};
use agentpol_model::{
    Address, B256, U256,
    request::{DOMAIN_BYTES, TYPE_HASH_BYTES},
    types::WordType,
};
use alloy_dyn_abi::{TypedData as Theirs, eip712::Eip712Types};
use alloy_primitives::{hex, keccak256};
use serde_json::{Map, Value as Json, json};

/// How far it got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Told {
    /// Refused.
    Refused,
    /// Read, and its hash stands alone: alloy refuses it.
    Read,
    /// Read, and alloy computes the same.
    Confirmed,
    /// Granted besides.
    Granted,
}

/// Typed data as the bytes choose it.
pub fn typed_data(bytes: &[u8]) -> Told {
    let rng = &mut Rng::of_bytes(bytes);
    let mut data = any(rng);
    if rng.chance(30) {
        spoil(&mut data, rng);
    }
    let text = data.to_string();
    let param = if rng.chance(50) { Json::String(text.clone()) } else { data.clone() };
    let line =
        json!({ "request": { "method": "eth_signTypedData_v4", "params": [WALLET, param] } }).to_string();
    let asked = read(&line);
    let Ok(typed) = TypedData::read(&text) else {
        assert!(asked.is_err(), "a request holds what cannot be read: {line}");
        return Told::Refused;
    };
    let digest = typed.digest().unwrap();
    assert_eq!(typed.type_hash(), keccak256(typed.encode_type()), "{text}");
    let again = TypedData::read(&rewritten(&typed, &data).to_string()).unwrap();
    assert_eq!(
        (again.data(), again.digest()),
        (typed.data(), Some(digest)),
        "written in another way: {text}"
    );
    let confirmed = alloys_digest(&data).map(|theirs| assert_eq!(theirs, digest, "alloy differs: {text}"));
    let Ok(request) = asked else { return if confirmed.is_some() { Told::Confirmed } else { Told::Read } };
    let Body::TypedData { data: inside, .. } = request.body() else { panic!("{line} asks for {request:?}") };
    assert_eq!(*inside, typed, "{line}");
    assert_eq!(Signable::new(request.clone()).unwrap().digest(), digest, "what is signed: {line}");
    match (judged(&request, &OPEN), confirmed) {
        (Some(Ok(_)), _) => Told::Granted,
        (_, Some(())) => Told::Confirmed,
        (_, None) => Told::Read,
    }
}

/// What a contract of the policy declares, or anything.
fn any(rng: &mut Rng) -> Json {
    if rng.chance(60) {
        return declared(rng.pick(&DECLARED), rng);
    }
    let schema = Schema::any(rng);
    let (primary, _) = &schema.0[0];
    let message = schema.structure(primary, rng);
    let mut domain: Vec<(&str, &str, Json)> = vec![
        ("string", "name", "It".into()),
        ("string", "version", "1".into()),
        ("uint256", "chainId", if rng.chance(90) { 1.into() } else { number(256, false, rng) }),
        ("address", "verifyingContract", address(rng)),
        ("bytes32", "salt", hex::encode_prefixed([7; 32]).into()),
    ];
    domain.retain(|(ty, ..)| rng.chance(if *ty == "bytes32" { 20 } else { 90 }));
    if rng.chance(10) && domain.len() > 1 {
        domain.swap(0, 1);
    }
    whole(&schema, &domain, message)
}

fn declared(it: &Declared, rng: &mut Rng) -> Json {
    let (primary, _) = &it.schema.0[0];
    let mut message = it.schema.structure(primary, rng);
    if primary == "SafeTx" {
        let call = nested::call(3, rng).action;
        message["to"] = format!("{:#x}", call.to).into();
        message["value"] = format!("{}", call.value).into();
        message["data"] = hex::encode_prefixed(&call.data).into();
        message["operation"] = rng.below(2).into();
        message["safeTxGas"] = "0".into();
        message["gasPrice"] = "0x0".into();
    }
    let text = |text: &Option<String>| text.clone().map(Json::String);
    let domain = [
        ("string", "name", text(&it.name)),
        ("string", "version", text(&it.version)),
        ("uint256", "chainId", Some(if rng.chance(97) { 1.into() } else { 10.into() })),
        ("address", "verifyingContract", Some(format!("{:#x}", it.contract).into())),
    ];
    let domain: Vec<(&str, &str, Json)> =
        domain.into_iter().filter_map(|(ty, name, value)| Some((ty, name, value?))).collect();
    whole(&it.schema, &domain, message)
}

fn whole(schema: &Schema, domain: &[(&str, &str, Json)], message: Json) -> Json {
    let mut types = schema.types();
    let members: Vec<Json> = domain.iter().map(|(ty, name, _)| json!({ "name": name, "type": ty })).collect();
    types.insert("EIP712Domain".to_owned(), members.into());
    let values: Map<String, Json> =
        domain.iter().map(|(_, name, value)| ((*name).to_owned(), value.clone())).collect();
    let (primary, _) = &schema.0[0];
    json!({ "types": types, "primaryType": primary, "domain": values, "message": message })
}

/// Something else somewhere: a member more or less, another value, two swapped.
fn spoil(data: &mut Json, rng: &mut Rng) {
    let mut at = data;
    // Down to where the choices lead.
    loop {
        let (deeper, count) = match &*at {
            Json::Object(members) => (rng.chance(75), members.len()),
            Json::Array(items) => (rng.chance(75), items.len()),
            _ => (false, 0),
        };
        if !deeper || count == 0 {
            break;
        }
        let n = rng.below(count);
        at = match at {
            Json::Object(members) => members.values_mut().nth(n).unwrap(),
            Json::Array(items) => &mut items[n],
            _ => return,
        };
    }
    let other = |rng: &mut Rng| match rng.below(7) {
        0 => Json::Null,
        1 => number(256, true, rng),
        2 => address(rng),
        3 => "uint256".into(),
        4 => json!([]),
        5 => json!({ "name": "a", "type": "Mail" }),
        _ => "0x0".into(),
    };
    let choice = rng.below(4);
    let new = other(rng);
    match at {
        Json::Object(members) if choice == 0 => {
            let key = members.keys().nth(rng.below(members.len())).cloned();
            key.and_then(|key| members.remove(&key));
        }
        Json::Object(members) if choice == 1 => drop(members.insert("more".to_owned(), new)),
        Json::Array(items) if choice == 0 => drop(items.pop()),
        Json::Array(items) if choice == 1 => items.push(new),
        Json::Array(items) if choice == 2 => items.reverse(),
        _ => *at = new,
    }
}

/// The same from what was read: types from `encodeType`, values from their ABI encoding, each spelled in one way.
fn rewritten(typed: &TypedData, data: &Json) -> Json {
    let schema = Schema::read(typed.encode_type());
    let mut types = schema.types();
    // In the order that it was declared in: that is hashed.
    types.insert("EIP712Domain".to_owned(), data["types"]["EIP712Domain"].clone());
    let arguments = &typed.data()[DOMAIN_BYTES + TYPE_HASH_BYTES..];
    let values = decode(typed.members(), arguments).unwrap();
    let domain = typed.domain();
    let domain: Map<String, Json> = [
        ("name", domain.name.clone().map(Json::String)),
        ("version", domain.version.clone().map(Json::String)),
        ("chainId", domain.chain.map(|chain| chain.to_string().into())),
        ("verifyingContract", domain.contract.map(|at| at.to_checksum(None).into())),
        ("salt", domain.salt.map(|salt| hex::encode_prefixed(salt).into())),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name.to_owned(), value?)))
    .collect();
    let primary = typed.primary_type();
    json!({
        "types": types, "primaryType": primary, "domain": domain, "message": structure(&schema, primary, &values),
    })
}

fn structure(schema: &Schema, name: &str, values: &[Value]) -> Json {
    let members = schema.members(name).unwrap();
    assert_eq!(members.len(), values.len(), "{name}");
    let member =
        |((ty, name), value): (&(String, String), &Value)| (name.clone(), spelled(schema, ty, value));
    Json::Object(members.iter().zip(values).map(member).collect())
}

fn spelled(schema: &Schema, ty: &str, value: &Value) -> Json {
    match value {
        Value::Array(items) => {
            let (inner, _) = ty.rsplit_once('[').unwrap();
            items.iter().map(|item| spelled(schema, inner, item)).collect()
        }
        Value::Tuple(members) => structure(schema, ty, members),
        Value::Bytes(bytes) => hex::encode_prefixed(bytes).into(),
        Value::String(text) => text.clone().into(),
        Value::Word(word, ty) => match ty {
            WordType::Address => Address::from_word((*word).into()).to_checksum(None).into(),
            WordType::Bool => (!word.is_zero()).into(),
            WordType::FixedBytes(n) => {
                hex::encode_prefixed(&word.to_be_bytes::<32>()[..usize::from(*n)]).into()
            }
            WordType::Int(_) if word.bit(255) => format!("-{}", U256::ZERO.wrapping_sub(*word)).into(),
            _ => word.to_string().into(),
        },
    }
}

/// What alloy makes of it, if it takes it: the hash of the domain as it is declared, and that of the message.
fn alloys_digest(data: &Json) -> Option<B256> {
    let types: Eip712Types = serde_json::from_value(data["types"].clone()).ok()?;
    let hash = |primary: &str, message: &Json| {
        let data = Theirs {
            domain: Default::default(),
            resolver: types.clone().into(),
            primary_type: primary.to_owned(),
            message: message.clone(),
        };
        data.hash_struct().ok()
    };
    let domain = hash("EIP712Domain", &data["domain"])?;
    let message = hash(data["primaryType"].as_str()?, &data["message"])?;
    Some(keccak256([&[0x19, 0x01], domain.as_slice(), message.as_slice()].concat()))
}
