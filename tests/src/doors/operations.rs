//! User operations (ERC-4337), made of the fuzzer's choices: accounts of the policy called with whatever wraps other calls. What is
//! read has the hash that alloy's encoders lead to, is what was written, and both evaluators say the same of it.

use super::{
    Rng, WALLET, judged,
    schema::{address, number},
};
use crate::nested::{self, Built, OPEN, found};
use agentpol_ethereum::{
    Body, Signable, read,
    user_operation::{EntryPoint, UserOperation},
};
use agentpol_model::{B256, U256};
use alloy_dyn_abi::{DynSolValue, TypedData as Theirs, eip712::Eip712Types};
use alloy_primitives::{eip191_hash_message, hex, keccak256};
use serde_json::{Value as Json, json};

/// How far it got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Told {
    /// Refused.
    Refused,
    /// Read.
    Read,
    /// Granted besides.
    Granted,
}

/// An operation as the bytes choose it.
pub fn operations(bytes: &[u8]) -> Told {
    let rng = &mut Rng::of_bytes(bytes);
    let entry_point = *rng.pick(&EntryPoint::ALL);
    let mut built = nested::call_of(WALLET, rng.between(1, 4), rng);
    // An entry point sends none along.
    built.action.value = U256::ZERO;
    let mut written = write(entry_point, &built, rng);
    let spoilt = rng.chance(25);
    if spoilt {
        spoil(&mut written, rng);
    }
    let at = if rng.chance(99) { entry_point.address() } else { rng.address() };
    let ask = |operation: &Json| {
        let params = json!([operation, format!("{at:#x}")]);
        read(
            &json!({ "chainId": 1, "request": { "method": "eth_sendUserOperation", "params": params } })
                .to_string(),
        )
    };
    let Ok(request) = ask(&written) else { return Told::Refused };
    let Body::UserOperation(operation) = request.body() else { panic!("{written} asks for {request:?}") };
    for (field, value) in fields(operation) {
        assert_eq!(text(&written[&field]), value, "{field} of {written}");
    }
    let hash = independent_hash(operation);
    assert_eq!(operation.hash(), hash, "{written}");
    let digest = if entry_point == EntryPoint::V08 { hash } else { eip191_hash_message(hash) };
    assert_eq!(operation.digest(), digest, "{written}");
    assert_eq!(Signable::new(request.clone()).unwrap().digest(), digest, "what is signed: {written}");
    let mut again: Json = fields(operation).into_iter().collect::<serde_json::Map<_, _>>().into();
    if entry_point == EntryPoint::V06 {
        (again["initCode"], again["paymasterAndData"]) = ("0x".into(), "0x".into());
    }
    assert_eq!(ask(&again).unwrap().body(), request.body(), "written in another way: {written}");
    let said = judged(&request, &OPEN);
    if !spoilt && operation.sender == WALLET {
        let inside = found(&built, entry_point.address());
        // Fees and nonce are nothing that this policy looks at.
        assert_eq!(said.as_ref().map(|said| said.is_ok()), Some(inside.is_ok()), "{written}");
    }
    if said.is_some_and(|said| said.is_ok()) { Told::Granted } else { Told::Read }
}

fn write(entry_point: EntryPoint, built: &Built, rng: &mut Rng) -> Json {
    let quantity = |bits: usize, rng: &mut Rng| {
        let number = rng.number() & (U256::MAX >> (256 - bits));
        Json::String(format!("{number:#x}"))
    };
    let fee = quantity(64, rng);
    let mut operation = json!({
        "sender": format!("{WALLET:#x}"),
        "nonce": quantity(256, rng),
        "callData": hex::encode_prefixed(&built.action.data),
        "callGasLimit": quantity(60, rng),
        "verificationGasLimit": quantity(60, rng),
        "preVerificationGas": quantity(60, rng),
        "maxFeePerGas": fee,
        "maxPriorityFeePerGas": if rng.chance(70) { "0x0".into() } else { fee.clone() },
    });
    if rng.chance(3) {
        operation["sender"] = address(rng);
    }
    if rng.chance(50) {
        operation["signature"] = hex::encode_prefixed(rng.bytes(65)).into();
    }
    if entry_point == EntryPoint::V06 {
        (operation["initCode"], operation["paymasterAndData"]) = ("0x".into(), "0x".into());
    }
    operation
}

/// Something else in one of its fields, or one more or less.
fn spoil(operation: &mut Json, rng: &mut Rng) {
    let Json::Object(fields) = operation else { return };
    let more = ["factory", "factoryData", "paymaster", "paymasterData", "eip7702Auth", "initCode", "chainId"];
    let names: Vec<String> = fields.keys().cloned().collect();
    let name = rng.pick(&names).clone();
    let other = match rng.below(6) {
        0 => Json::Null,
        1 => number(256, true, rng),
        2 => address(rng),
        3 => hex::encode_prefixed(rng.bytes(5)).into(),
        4 => "0x".into(),
        _ => format!("{:#x}", rng.number()).into(),
    };
    match rng.below(5) {
        0 => drop(fields.remove(&name)),
        1 => drop(fields.insert((*rng.pick(&more)).to_owned(), other)),
        _ => drop(fields.insert(name, other)),
    }
}

/// What was read, each field in the one way that quantities, addresses and bytes are compared in here.
fn fields(operation: &UserOperation) -> Vec<(String, Json)> {
    let quantity = |n: U256| Json::String(format!("{n:#x}"));
    [
        ("sender", Json::String(format!("{:#x}", operation.sender))),
        ("nonce", quantity(operation.nonce)),
        ("callData", hex::encode_prefixed(&operation.call_data).into()),
        ("callGasLimit", quantity(U256::from(operation.call_gas_limit))),
        ("verificationGasLimit", quantity(U256::from(operation.verification_gas_limit))),
        ("preVerificationGas", quantity(U256::from(operation.pre_verification_gas))),
        ("maxFeePerGas", quantity(U256::from(operation.max_fee_per_gas))),
        ("maxPriorityFeePerGas", quantity(U256::from(operation.max_priority_fee_per_gas))),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// Capitals of an address, and of hex, say nothing.
fn text(written: &Json) -> Json {
    written.as_str().map_or_else(|| written.clone(), |text| text.to_lowercase().into())
}

/// `userOpHash` as the entry points' sources say it, by alloy's encoders.
fn independent_hash(operation: &UserOperation) -> B256 {
    let word = |n: U256| DynSolValue::Uint(n, 256);
    let fixed = |word: B256| DynSolValue::FixedBytes(word, 32);
    let pair = |high: u128, low: u128| B256::from_slice(&[high.to_be_bytes(), low.to_be_bytes()].concat());
    let UserOperation { sender, nonce, call_data, .. } = operation;
    let (call, check) = (operation.call_gas_limit, operation.verification_gas_limit);
    let (max, priority) = (operation.max_fee_per_gas, operation.max_priority_fee_per_gas);
    let before = U256::from(operation.pre_verification_gas);
    let (nothing, data) = (fixed(keccak256([])), fixed(keccak256(call_data)));
    let mut members = vec![DynSolValue::Address(*sender), word(*nonce), nothing.clone(), data];
    match operation.entry_point {
        EntryPoint::V06 => members.extend(
            [U256::from(call), U256::from(check), before, U256::from(max), U256::from(priority)].map(word),
        ),
        EntryPoint::V07 => {
            let gas = fixed(pair(check.into(), call.into()));
            members.extend([gas, word(before), fixed(pair(priority, max))]);
        }
        EntryPoint::V08 => {
            return typed(operation, pair(check.into(), call.into()), pair(priority, max));
        }
    }
    members.push(nothing);
    let inner = keccak256(DynSolValue::Tuple(members).abi_encode());
    let entry_point = DynSolValue::Address(operation.entry_point.address());
    let whole = vec![fixed(inner), entry_point, word(U256::from(operation.chain))];
    keccak256(DynSolValue::Tuple(whole).abi_encode())
}

/// The last entry point hashes typed data.
fn typed(operation: &UserOperation, gas: B256, fees: B256) -> B256 {
    let members = |members: &[(&str, &str)]| {
        Json::Array(members.iter().map(|(ty, name)| json!({ "name": name, "type": ty })).collect())
    };
    let types = json!({
        "EIP712Domain": members(&[
            ("string", "name"), ("string", "version"), ("uint256", "chainId"), ("address", "verifyingContract"),
        ]),
        "PackedUserOperation": members(&[
            ("address", "sender"), ("uint256", "nonce"), ("bytes", "initCode"), ("bytes", "callData"),
            ("bytes32", "accountGasLimits"), ("uint256", "preVerificationGas"), ("bytes32", "gasFees"),
            ("bytes", "paymasterAndData"),
        ]),
    });
    let types: Eip712Types = serde_json::from_value(types).unwrap();
    let domain = alloy_sol_types::eip712_domain! {
        name: "ERC4337",
        version: "1",
        chain_id: operation.chain,
        verifying_contract: operation.entry_point.address(),
    };
    let data = Theirs {
        domain,
        resolver: types.into(),
        primary_type: "PackedUserOperation".to_owned(),
        message: json!({
            "sender": operation.sender.to_string(), "nonce": operation.nonce.to_string(), "initCode": "0x",
            "callData": hex::encode_prefixed(&operation.call_data), "accountGasLimits": gas.to_string(),
            "preVerificationGas": operation.pre_verification_gas.to_string(), "gasFees": fees.to_string(),
            "paymasterAndData": "0x",
        }),
    };
    data.eip712_signing_hash().unwrap()
}
