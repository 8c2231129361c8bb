//! Authorisations (EIP-7702) and calls made together (EIP-5792).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use agentpol_ethereum::{Body, Facts, SignError, Signable};
use agentpol_model::{
    Address, U256,
    decision::DenyCode,
    request::{Envelope, Kind, MAX_ACTIONS},
};
use alloy::eips::eip7702::Authorization;
use common::{TO, delegation, lend, method, refused};
use serde_json::{Value as Json, json};

// ---- EIP-7702

#[test]
fn authorisations_hash_as_alloy_hashes_them() {
    for (chain, nonce) in [(1u64, 0u64), (127, 127), (128, 128), (8453, 256), (1 << 40, u64::MAX - 1)] {
        let asked = json!({ "chainId": chain, "address": TO, "nonce": format!("{nonce:#x}") });
        let request = delegation(asked, Some(chain)).unwrap();
        let theirs = Authorization { chain_id: U256::from(chain), address: TO.parse().unwrap(), nonce }
            .signature_hash();
        let Body::Delegation(delegation) = request.body() else { panic!("{request:?}") };
        assert_eq!(delegation.digest(), theirs);
        assert_eq!(Signable::new(request.clone()).unwrap().digest(), theirs);
        let me = Address::repeat_byte(7);
        let (envelope, actions) = lend(&request, me, me);
        assert_eq!(envelope, Envelope { nonce: Some(nonce), ..Envelope::default() });
        let mut data = vec![0; 12];
        data.extend(TO.parse::<Address>().unwrap());
        data.extend([0; 24]);
        data.extend(nonce.to_be_bytes());
        assert_eq!(actions, [(Kind::Authorize, me, TO.parse().unwrap(), data)]);
    }
}

#[test]
fn authorisations_are_strict() {
    let good = json!({ "chainId": "0x1", "address": TO, "nonce": 0 });
    assert!(delegation(good.clone(), None).is_ok());
    let with = |field: &str, value: Json| {
        let mut asked = good.clone();
        asked[field] = value;
        delegation(asked, Some(1))
    };
    let bad = DenyCode::InvalidRequest;
    for zero in [json!(0), json!("0x0")] {
        refused(with("chainId", zero), DenyCode::UnsupportedKind, "/authorization/chainId", "on every chain");
    }
    refused(with("chainId", json!(2)), bad, "/authorization/chainId", "chainId is 2 here and 1");
    refused(with("chainId", json!("0x01")), bad, "/authorization/chainId", "leading zeros");
    refused(with("nonce", json!(-1)), bad, "/authorization/nonce", "not negative");
    refused(with("nonce", json!(1.5)), bad, "/authorization/nonce", "whole");
    refused(with("nonce", json!("0xffffffffffffffff")), bad, "/authorization", "EIP-2681");
    refused(with("address", json!("0x")), bad, "/authorization/address", "40 hex digits");
    refused(with("yParity", json!("0x0")), bad, "/authorization/yParity", "no field");
    refused(
        delegation(json!({ "chainId": 1, "nonce": 0 }), None),
        bad,
        "/authorization",
        "`address` is missing",
    );
    refused(delegation(json!([]), None), bad, "/authorization", "is an object");
}

// ---- EIP-5792

fn batch() -> Json {
    json!({
        "version": "2.0.0",
        "chainId": "0x1",
        "from": Address::repeat_byte(7),
        "atomicRequired": true,
        "calls": [
            { "to": TO, "value": "0x1" },
            { "to": TO, "data": "0xa9059cbb" },
            { "data": "0x6080" },
        ],
    })
}

#[test]
fn calls_made_together_are_actions_of_one_request() {
    let request = method("wallet_sendCalls", json!([batch()]), Some(1)).unwrap();
    let (wallet, signer, to) = (Address::repeat_byte(7), Address::repeat_byte(8), TO.parse().unwrap());
    let (envelope, actions) = lend(&request, wallet, signer);
    assert_eq!((request.chain(), envelope), (1, Envelope::default()));
    assert_eq!(
        actions,
        [
            (Kind::Send, wallet, to, vec![]),
            (Kind::Call, wallet, to, vec![0xa9, 0x05, 0x9c, 0xbb]),
            (Kind::Deploy, wallet, Address::ZERO, vec![0x60, 0x80]),
        ]
    );
    let facts = |wallet, signer| Facts { wallet, signer, agent: None, now: 0 };
    assert_eq!(request.lend(&facts(wallet, signer)).unwrap().request().actions[0].value, U256::ONE);
    // From the key's own account, and from nobody known.
    assert_eq!(lend(&request, signer, wallet).1[0].1, wallet);
    assert_eq!(request.lend(&facts(signer, signer)).unwrap_err().code, DenyCode::WrongWallet);
    // It says nothing: the wallet.
    let mut silent = batch();
    silent.as_object_mut().unwrap().remove("from");
    let silent = method("wallet_sendCalls", json!([silent]), None).unwrap();
    assert_eq!(lend(&silent, wallet, signer).1[0].1, wallet);

    let error = Signable::new(request).unwrap_err();
    assert_eq!(error, SignError::Calls);
    assert!(error.to_string().contains("`eth_sendUserOperation`"), "{error}");
}

#[test]
fn batches_are_strict() {
    let bad = DenyCode::InvalidRequest;
    let place = |field: &str| format!("/request/params/0{field}");
    let with = |field: &str, value: Json| {
        let mut asked = batch();
        asked[field] = value;
        method("wallet_sendCalls", json!([asked]), Some(1))
    };
    let without = |field: &str| {
        let mut asked = batch();
        asked.as_object_mut().unwrap().remove(field);
        method("wallet_sendCalls", json!([asked]), Some(1))
    };
    for field in ["version", "chainId", "atomicRequired", "calls"] {
        refused(without(field), bad, &place(""), &format!("`{field}` is missing"));
    }
    refused(with("version", json!("1.0")), bad, &place("/version"), "2.0.0");
    refused(with("chainId", json!("0x2")), bad, &place("/chainId"), "2 here and 1");
    refused(with("chainId", json!(1)), bad, &place("/chainId"), "in quotes");
    refused(with("atomicRequired", json!("true")), bad, &place("/atomicRequired"), "`true` or `false`");
    refused(with("calls", json!([])), bad, &place("/calls"), "at least one call");
    refused(with("calls", json!({})), bad, &place("/calls"), "is an array");
    refused(with("sponsor", json!(1)), bad, &place("/sponsor"), "no field");
    refused(with("id", json!(1)), bad, &place("/id"), "is a string");
    refused(with("id", json!("0".repeat(8195))), bad, &place("/id"), "at most 8194");
    assert!(with("id", json!("0x1")).is_ok());
    let many = |n: usize| with("calls", Json::Array(vec![json!({ "to": TO }); n]));
    assert!(many(MAX_ACTIONS).is_ok());
    refused(many(MAX_ACTIONS + 1), DenyCode::TooMuch, &place("/calls"), "at most 128");
    let call = |call: Json| with("calls", json!([call]));
    refused(call(json!({})), bad, &place("/calls/0"), "no init code");
    refused(call(json!({ "to": null, "data": "0x00" })), bad, &place("/calls/0/to"), "is a string");
    refused(call(json!({ "to": TO, "gas": "0x1" })), bad, &place("/calls/0/gas"), "no field");
    refused(call(json!({ "to": TO, "value": "0x00" })), bad, &place("/calls/0/value"), "leading zeros");
    refused(call(json!({ "to": TO, "data": "0x0" })), bad, &place("/calls/0/data"), "two digits each");
    let init = json!({ "data": format!("0x{}", "00".repeat(49_153)) });
    refused(call(init), bad, &place("/calls/0/data"), "at most 49152");

    let unsupported = DenyCode::UnsupportedKind;
    let paymaster = json!({ "paymasterService": { "url": "https://…" } });
    let optional = json!({ "paymasterService": { "url": "https://…", "optional": true } });
    let place_of = place("/capabilities/paymasterService");
    refused(with("capabilities", paymaster.clone()), unsupported, &place_of, "must be `optional`");
    assert!(with("capabilities", optional.clone()).is_ok());
    assert!(with("capabilities", json!({})).is_ok());
    refused(with("capabilities", json!({ "a": true })), bad, &place("/capabilities/a"), "is an object");
    refused(
        with("capabilities", json!({ "a": { "optional": "true" } })),
        unsupported,
        &place("/capabilities/a"),
        "`optional`",
    );
    refused(with("capabilities", json!([])), bad, &place("/capabilities"), "is an object");
    refused(
        call(json!({ "to": TO, "capabilities": paymaster })),
        unsupported,
        &place("/calls/0/capabilities/paymasterService"),
        "must be `optional`",
    );
    assert!(call(json!({ "to": TO, "capabilities": optional })).is_ok());
    refused(
        method("wallet_sendCalls", json!([batch(), batch()]), Some(1)),
        bad,
        "/request/params",
        "one element",
    );
}
