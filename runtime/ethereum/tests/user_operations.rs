//! User operations (ERC-4337): their hashes, what they do, and what is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use agentpol_ethereum::{
    Facts, TypedData,
    user_operation::{EntryPoint, UserOperation},
};
use agentpol_model::{Address, B256, U256, decision::DenyCode, request::Kind};
use alloy_primitives::{address, b256, eip191_hash_message, keccak256};
use common::{TO, ask_operation, lend, method, operation, refused};
use serde_json::{Value as Json, json};

/// The operation that viem's own tests hash.
fn viem(entry_point: EntryPoint) -> UserOperation {
    UserOperation {
        chain: 1,
        entry_point,
        sender: address!("1234567890123456789012345678901234567890"),
        nonce: U256::ZERO,
        call_data: Vec::new(),
        call_gas_limit: 6_942_069,
        verification_gas_limit: 6_942_069,
        pre_verification_gas: 6_942_069,
        max_fee_per_gas: 69_420,
        max_priority_fee_per_gas: 69,
    }
}

#[test]
fn user_operations_hash_as_viem_hashes_them() {
    // viem's vectors of 0.6 and 0.7 are for an entry point of no version; the last step is the same for both.
    let elsewhere = |operation: UserOperation| {
        let entry_point = address!("1234567890123456789012345678901234567890").into_word();
        keccak256([operation.fields_hash(), entry_point, B256::with_last_byte(1)].concat())
    };
    assert_eq!(
        elsewhere(viem(EntryPoint::V06)),
        b256!("e331591ab320e956b5e93f04e1dcf706bc128bc7b510602d2e0553f8be25fcba")
    );
    assert_eq!(
        elsewhere(viem(EntryPoint::V07)),
        b256!("1903d62bb5dc75af6fed866aa46d8e80063d9e288aa7f2caad0ff1fcae22e40d")
    );
    assert_eq!(
        viem(EntryPoint::V08).hash(),
        b256!("a2224e732a1d4e2f923c7c05d586a0aa6cbc42172ec02f31d35fa9a2b8ba9208")
    );
}

/// Entry point 0.8 hashes typed data: read as such it is the same.
#[test]
fn the_last_entry_point_hashes_typed_data() {
    let operation = UserOperation {
        nonce: U256::from(7) << 64 | U256::from(3),
        call_data: vec![1, 2, 3],
        call_gas_limit: 5,
        chain: 8453,
        ..viem(EntryPoint::V08)
    };
    let pair = |high: u128, low: u128| format!("{:#066x}", U256::from(high) << 128 | U256::from(low));
    let member = |ty: &str, name: &str| json!({ "name": name, "type": ty });
    let data = json!({
        "types": {
            "EIP712Domain": [
                member("string", "name"), member("string", "version"), member("uint256", "chainId"),
                member("address", "verifyingContract"),
            ],
            "PackedUserOperation": [
                member("address", "sender"), member("uint256", "nonce"), member("bytes", "initCode"),
                member("bytes", "callData"), member("bytes32", "accountGasLimits"), member("uint256", "preVerificationGas"),
                member("bytes32", "gasFees"), member("bytes", "paymasterAndData"),
            ],
        },
        "primaryType": "PackedUserOperation",
        "domain": {
            "name": "ERC4337", "version": "1", "chainId": 8453, "verifyingContract": EntryPoint::V08.address(),
        },
        "message": {
            "sender": operation.sender, "nonce": operation.nonce.to_string(), "initCode": "0x", "callData": "0x010203",
            "accountGasLimits": pair(6_942_069, 5), "preVerificationGas": 6_942_069, "gasFees": pair(69, 69_420),
            "paymasterAndData": "0x",
        },
    });
    let typed = TypedData::read(&data.to_string()).unwrap();
    assert_eq!(typed.digest(), Some(operation.hash()));
    assert_eq!((operation.digest(), typed.payload()), (operation.hash(), Some(operation.payload())));
    for older in [EntryPoint::V06, EntryPoint::V07] {
        let operation = UserOperation { entry_point: older, ..operation.clone() };
        assert_eq!(operation.digest(), eip191_hash_message(operation.hash()));
    }
}

#[test]
fn user_operations_are_calls_of_the_wallet_by_its_entry_point() {
    let (wallet, signer) = (Address::repeat_byte(7), Address::repeat_byte(8));
    for version in EntryPoint::ALL {
        let request = ask_operation(&operation(version), version).unwrap();
        assert_eq!((request.chain(), request.from()), (10, Some(wallet)));
        let (envelope, actions) = lend(&request, wallet, signer);
        assert_eq!(actions, [(Kind::Call, version.address(), wallet, vec![0xb6, 0x1d, 0x27, 0xf6])]);
        assert_eq!(envelope.gas_limit, Some(800));
        assert_eq!((envelope.max_fee_per_gas, envelope.max_priority_fee_per_gas), (Some(1000), Some(1)));
        assert_eq!(envelope.max_fee(), Some(U256::from(800_000)));
        let once = envelope.once.unwrap();
        assert_eq!(once.contract, version.address());
        assert_eq!((once.id, once.until), (B256::from((U256::from(1) << 64) | U256::from(2)), None));
        assert_eq!(envelope.nonce, None);
        let stranger = Facts { wallet: signer, signer, agent: None, now: 0 };
        assert_eq!(request.lend(&stranger).unwrap_err().code, DenyCode::WrongWallet);
        // A placeholder is no part of what is signed.
        let mut bare = operation(version);
        bare.as_object_mut().unwrap().remove("signature");
        assert_eq!(ask_operation(&bare, version).unwrap().body(), request.body());
    }
}

#[test]
fn user_operations_are_strict() {
    let (bad, unsupported) = (DenyCode::InvalidRequest, DenyCode::UnsupportedKind);
    for version in EntryPoint::ALL {
        let with = |field: &str, value: Json| {
            let mut asked = operation(version);
            asked[field] = value;
            ask_operation(&asked, version)
        };
        let place = |field: &str| format!("/request/params/0/{field}");
        for field in ["sender", "nonce", "callData", "callGasLimit", "maxFeePerGas", "maxPriorityFeePerGas"] {
            let mut asked = operation(version);
            asked.as_object_mut().unwrap().remove(field);
            refused(ask_operation(&asked, version), bad, "/request/params/0", "is missing");
        }
        refused(with("nonce", json!(1)), bad, &place("nonce"), "in quotes");
        refused(
            with("callGasLimit", json!("0x10000000000000000")),
            bad,
            &place("callGasLimit"),
            "below 2^64",
        );
        refused(with("callGasLimit", json!("0xffffffffffffffff")), bad, "/request/params/0", "below 2^64");
        refused(
            with("maxPriorityFeePerGas", json!("0x3e9")),
            bad,
            &place("maxPriorityFeePerGas"),
            "above it",
        );
        refused(with("signature", json!(null)), bad, &place("signature"), "is a string");
        refused(with("aggregator", json!(TO)), bad, &place("aggregator"), "no field");
        let later = version != EntryPoint::V06;
        let code = |here| if here { unsupported } else { bad };
        for (field, value) in [("initCode", TO), ("paymasterAndData", TO)] {
            refused(with(field, json!(value)), code(!later), &place(field), "");
        }
        for field in
            ["factory", "factoryData", "paymaster", "paymasterData", "paymasterPostOpGasLimit", "eip7702Auth"]
        {
            refused(with(field, json!(TO)), code(later), &place(field), "");
            refused(with(field, json!(null)), code(later), &place(field), "");
        }
        let whole = with("callData", json!("0x8dd7712f00"));
        match version {
            EntryPoint::V06 => assert!(whole.is_ok()),
            _ => refused(whole, unsupported, &place("callData"), "executeUserOp"),
        }
        let empty = with("callData", json!("0x")).unwrap();
        let me = Address::repeat_byte(7);
        assert_eq!(lend(&empty, me, me).1[0].0, Kind::Send);
    }
    let mut old = operation(EntryPoint::V06);
    old.as_object_mut().unwrap().remove("initCode");
    refused(ask_operation(&old, EntryPoint::V06), bad, "/request/params/0", "`initCode` is missing");
    let at = |params: Json, chain| method("eth_sendUserOperation", params, chain);
    let it = operation(EntryPoint::V07);
    refused(at(json!([it, TO]), Some(1)), unsupported, "/request/params/1", "known are 0x5FF1");
    refused(at(json!([it]), Some(1)), bad, "/request/params", "two elements");
    refused(at(json!([it, EntryPoint::V07.address()]), None), bad, "/request/params", "no chain is named");
    refused(at(json!([[], EntryPoint::V07.address()]), Some(1)), bad, "/request/params/0", "is an object");
}
