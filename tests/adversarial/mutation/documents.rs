//! What is signed besides transactions (typed data, user operations, texts) and calls made together: each that the table allows,
//! changed in its JSON, in the calldata inside, and in its text.

use super::{
    Tally, change,
    inside::{alone, leaves},
    judge_by, many,
    oracle::has,
    signatures::{self, address, number},
};
use crate::{
    table::table,
    world::{START, Shipped, Stage, wallet},
    wrap::{Leg, leg},
};
use agentpol_ethereum::Body;
use agentpol_model::{B256, U256, decision::Granted, request::Request};
use agentpol_tests::generator::Rng;
use alloy_primitives::{eip191_hash_message, hex, keccak256};
use alloy_sol_types::{SolStruct as _, SolValue as _, eip712_domain, sol};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// Mutants of each, where nobody asks for more.
const MUTANTS: usize = 150;

sol! {
    struct PackedUserOperation {
        address sender; uint256 nonce; bytes initCode; bytes callData; bytes32 accountGasLimits;
        uint256 preVerificationGas; bytes32 gasFees; bytes paymasterAndData;
    }
}

/// Of these methods.
const METHODS: [&str; 4] =
    ["eth_signTypedData_v4", "personal_sign", "wallet_sendCalls", "eth_sendUserOperation"];

/// What the table allows, each with its policy.
fn allowed() -> Vec<(&'static str, Json)> {
    let mut all = Vec::new();
    for case in table() {
        let [step] = case.steps.as_slice() else { continue };
        let Ok(json) = serde_json::from_str::<Json>(&step.text) else { continue };
        let method = json["request"]["method"].as_str().unwrap_or_default();
        // Typed data as text inside the text is read as what it holds; the oracle reads the other form.
        let is_text = json["request"]["params"][1].as_str().is_some_and(|text| text.starts_with('{'));
        if METHODS.contains(&method) && !is_text && step.expect.starts_with("allow") {
            all.push((case.policy, json));
        }
    }
    all
}

/// Every place of the JSON.
fn places(at: &Json, place: String, found: &mut Vec<String>) {
    match at {
        Json::Array(items) => {
            for (n, item) in items.iter().enumerate() {
                places(item, format!("{place}/{n}"), found);
            }
        }
        Json::Object(members) => {
            for (name, member) in members {
                places(member, format!("{place}/{name}"), found);
            }
        }
        _ => {}
    }
    found.push(place);
}

/// Another value of the same looks: calldata changed as calldata is, numbers and addresses exchanged.
fn like(old: &Json, shipped: &Shipped, rng: &mut Rng) -> Json {
    let number = |rng: &mut Rng| change::number(rng);
    match old {
        Json::Bool(yes) => (!yes).into(),
        Json::Number(_) => number(rng).to_string().parse::<serde_json::Number>().unwrap().into(),
        Json::String(text) if text.len() == 42 && text.starts_with("0x") => {
            change::address(shipped, rng).to_string().into()
        }
        Json::String(text) if text.starts_with("0x") && text.len() > 42 => match hex::decode(text) {
            Ok(mut bytes) => {
                change::data(&mut bytes, shipped, rng);
                hex::encode_prefixed(bytes).into()
            }
            Err(_) => "0x".into(),
        },
        Json::String(text) if text.starts_with("0x") => format!("{:#x}", number(rng)).into(),
        Json::String(text) if text.parse::<U256>().is_ok() => {
            let old: U256 = text.parse().unwrap();
            let near = old.wrapping_add(U256::from(rng.below(5))).wrapping_sub(U256::from(rng.below(5)));
            (if rng.chance(50) { near } else { number(rng) }).to_string().into()
        }
        Json::String(text) => change::text(&format!("{text} "), rng).into(),
        other => other.clone(),
    }
}

fn changed(json: &Json, shipped: &Shipped, rng: &mut Rng) -> Json {
    let mut json = json.clone();
    let mut all = Vec::new();
    places(&json, String::new(), &mut all);
    all.retain(|place| !place.is_empty());
    let place = rng.pick(&all).clone();
    let old = json.pointer(&place).cloned().unwrap_or_default();
    let (parent, name) = place.rsplit_once('/').unwrap();
    match rng.below(8) {
        0 => {
            let other = json.pointer(rng.pick(all.as_slice()).as_str()).cloned().unwrap_or_default();
            *json.pointer_mut(&place).unwrap() = other;
        }
        1 => match json.pointer_mut(parent).unwrap() {
            Json::Object(members) => drop(members.remove(name)),
            Json::Array(items) => drop(items.remove(name.parse().unwrap())),
            _ => {}
        },
        2 => match json.pointer_mut(parent).unwrap() {
            Json::Object(members) => drop(members.insert(format!("{name}2"), old)),
            Json::Array(items) => items.push(old),
            _ => {}
        },
        3 => match json.pointer_mut(&place).unwrap() {
            Json::Array(items) => items.reverse(),
            other => *other = like(&old, shipped, rng),
        },
        _ => *json.pointer_mut(&place).unwrap() = like(&old, shipped, rng),
    }
    json
}

fn made(tx: &Json) -> Result<Leg, String> {
    let field = |name: &str| tx.get(name).cloned().unwrap_or_else(|| "0x".into());
    let data = hex::decode(field("data").as_str().ok_or("no text")?).map_err(|e| e.to_string())?;
    let value = tx.get("value").map_or(Ok(U256::ZERO), number)?;
    Ok(leg(address(&field("to"))?, data).value(value))
}

/// `userOpHash` as entry points compute it, and what is signed for it.
fn operation_digest(operation: &Json, entry: &Json, chain: u64) -> Result<B256, String> {
    let entry = address(entry)?;
    let n = |name: &str| number(&operation[name]);
    let pair = |high: U256, low: U256| B256::from(high << 128 | low);
    let call = hex::decode(operation["callData"].as_str().ok_or("no text")?).map_err(|e| e.to_string())?;
    let sender = address(&operation["sender"])?;
    let gas = pair(n("verificationGasLimit")?, n("callGasLimit")?);
    let fees = pair(n("maxPriorityFeePerGas")?, n("maxFeePerGas")?);
    let nothing = keccak256([]);
    let fields = match entry.to_string().as_str() {
        crate::doc::ENTRY_08 => {
            let packed = PackedUserOperation {
                sender,
                nonce: n("nonce")?,
                initCode: Default::default(),
                callData: call.into(),
                accountGasLimits: gas,
                preVerificationGas: n("preVerificationGas")?,
                gasFees: fees,
                paymasterAndData: Default::default(),
            };
            let domain = eip712_domain! {
                name: "ERC4337", version: "1", chain_id: chain, verifying_contract: entry,
            };
            return Ok(packed.eip712_signing_hash(&domain));
        }
        crate::doc::ENTRY_07 => {
            (sender, n("nonce")?, nothing, keccak256(call), gas, n("preVerificationGas")?, fees, nothing)
                .abi_encode_params()
        }
        crate::doc::ENTRY_06 => (
            (sender, n("nonce")?, nothing, keccak256(call)),
            (n("callGasLimit")?, n("verificationGasLimit")?, n("preVerificationGas")?),
            (n("maxFeePerGas")?, n("maxPriorityFeePerGas")?, nothing),
        )
            .abi_encode_params(),
        _ => return Err(format!("no entry point stands at {entry}")),
    };
    let hash = keccak256((keccak256(fields), entry, U256::from(chain)).abi_encode_params());
    Ok(eip191_hash_message(hash))
}

/// What is granted is what others read, and what is signed is what others hash.
fn agrees(
    shipped: &Shipped,
    text: &str,
    body: &Body,
    whole: &Request<'_>,
    granted: &Granted,
) -> Result<(), String> {
    let json: Json = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let (params, chain) = (&json["request"]["params"], json["chainId"].as_u64());
    let chain = chain.unwrap_or(whole.chain);
    if chain != whole.chain {
        return Err(format!("it is for chain {chain}"));
    }
    let inside = |leg: &Leg| leaves(wallet(), leg).and_then(|all| alone(shipped, chain, &all, granted));
    let digest = match body {
        Body::TypedData { .. } => {
            let signature = signatures::read(&params[1])?;
            if let Some(effects) = signature.effects {
                has(shipped, chain, &granted.actions[0], effects)?;
            }
            if let Some(safe) = signature.safe {
                inside(&Leg {
                    operation: safe.operation,
                    to: safe.to,
                    value: safe.value,
                    data: safe.data.to_vec(),
                })?;
            }
            Some(signature.digest)
        }
        Body::Message { .. } => {
            // Wallets take the account first or last: it is the address.
            let account = |json: &&Json| address(json).is_ok();
            let message = [&params[0], &params[1]].into_iter().find(|json| !account(json));
            let message = message.and_then(Json::as_str).ok_or("no text")?;
            let bytes = match message.strip_prefix("0x") {
                Some(digits) => hex::decode(digits).map_err(|e| e.to_string())?,
                None => message.as_bytes().to_vec(),
            };
            Some(eip191_hash_message(bytes))
        }
        Body::UserOperation(_) => {
            let operation = &params[0];
            let call =
                hex::decode(operation["callData"].as_str().ok_or("no text")?).map_err(|e| e.to_string())?;
            inside(&leg(address(&operation["sender"])?, call))?;
            Some(operation_digest(operation, &params[1], chain)?)
        }
        Body::Calls(_) => {
            let legs: Result<Vec<Leg>, String> =
                params[0]["calls"].as_array().ok_or("no list")?.iter().map(made).collect();
            let mut all = Vec::new();
            for leg in legs? {
                all.extend(leaves(wallet(), &leg)?);
            }
            alone(shipped, chain, &all, granted)?;
            None
        }
        other => return Err(format!("it became {other:?}")),
    };
    let mut stage = Stage::new(shipped);
    let words = stage.ask(text, START, false);
    match (digest, stage.stated.pop()) {
        (None, None) if words.starts_with("allow ") => Ok(()),
        (Some(theirs), Some(ours)) if theirs == ours => Ok(()),
        (theirs, ours) => Err(format!("others hash it to {theirs:?}, and {ours:?} is signed ({words})")),
    }
}

fn judge(shipped: &Shipped, text: &str, tally: &mut Tally) -> bool {
    judge_by(shipped, text, START, tally, |request, whole, granted| {
        agrees(shipped, text, request.body(), whole, granted)
    })
}

#[test]
fn a_changed_document_that_is_allowed_is_what_others_read() {
    let all = allowed();
    let mut shipped: BTreeMap<&str, Shipped> = BTreeMap::new();
    let (rng, mut tally) = (&mut Rng::new(29), Tally::default());
    let each = many(MUTANTS * all.len()) / all.len();
    for (policy, json) in &all {
        let shipped = shipped.entry(policy).or_insert_with(|| Shipped::load(policy, wallet()));
        let whole = json.to_string();
        assert!(judge(shipped, &whole, &mut Tally::default()), "{policy}: {whole}");
        tally.requests += 1;
        for n in 0..each {
            let text = match n % 6 {
                0 => change::text(&whole, rng),
                1 => changed(&changed(json, shipped, rng), shipped, rng).to_string(),
                _ => changed(json, shipped, rng).to_string(),
            };
            tally.mutants += 1;
            judge(shipped, &text, &mut tally);
        }
    }
    println!("{tally:#?}");
    assert!(tally.requests >= 30, "{} documents", tally.requests);
    assert!(tally.allowed * 50 >= tally.mutants, "little is allowed: {tally:#?}");
}
