//! What is judged is what is signed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use agentpol_ethereum::{
    Completion, Draft, Fee, OwnedRequest, RawTransaction, SignError, Unsigned, read,
    transaction::{AccessListItem, MAX_TRANSACTION_BYTES},
};
use agentpol_model::{Address, B256, U256};
use alloy::{
    consensus::{TxEnvelope, transaction::SignerRecoverable},
    eips::eip2718::Decodable2718,
    signers::local::PrivateKeySigner,
};
use proptest::prelude::*;

fn key() -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(0x42)).unwrap()
}

fn draft() -> impl Strategy<Value = Draft> {
    let fee = prop_oneof![
        any::<u64>().prop_map(|p| Fee::Legacy { gas_price: Some(p.into()) }),
        any::<u64>().prop_map(|p| Fee::AccessList { gas_price: Some(p.into()) }),
        (any::<u64>(), any::<u64>()).prop_map(|(a, b)| Fee::Dynamic {
            max_fee_per_gas: Some(a.max(b).into()),
            max_priority_fee_per_gas: Some(a.min(b).into()),
        }),
    ];
    let item =
        (any::<[u8; 20]>(), proptest::collection::vec(any::<[u8; 32]>(), 0..3)).prop_map(|(a, keys)| {
            AccessListItem { address: a.into(), storage_keys: keys.into_iter().map(B256::from).collect() }
        });
    (
        (1u64..1 << 62, 0u64..u64::MAX, 200_000u64..1 << 24, fee),
        (proptest::option::weighted(0.9, any::<[u8; 20]>()), any::<u128>()),
        proptest::collection::vec(any::<u8>(), 1..300),
        proptest::collection::vec(item, 0..4),
    )
        .prop_map(|((chain, nonce, gas, fee), (to, value), data, access_list)| Draft {
            chain,
            nonce: Some(nonce),
            gas_limit: Some(gas),
            fee,
            to: to.map(Address::from),
            value: U256::from(value),
            data,
            access_list: if matches!(fee, Fee::Legacy { .. }) { Vec::new() } else { access_list },
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn judged_bytes_are_signed_bytes(draft in draft()) {
        let unsigned = Unsigned::new(OwnedRequest::new(draft.clone(), None).unwrap()).unwrap();
        prop_assert_eq!(unsigned.request().draft(), Some(&draft));
        prop_assert_eq!(&RawTransaction::read(unsigned.payload()).unwrap().draft().unwrap(), &draft);
        let (payload, digest) = (unsigned.payload().to_vec(), unsigned.digest());
        let signed = unsigned.sign(&key(), key().address()).unwrap();
        let read = RawTransaction::read(&signed.raw).unwrap();
        prop_assert_eq!(&read.draft().unwrap(), &draft);
        prop_assert_eq!((&read.payload, signed.signer), (&payload, key().address()));
        // alloy reads it the same way.
        let theirs = TxEnvelope::decode_2718_exact(&signed.raw).unwrap();
        prop_assert_eq!(theirs.recover_signer().unwrap(), key().address());
        prop_assert_eq!(theirs.signature_hash(), digest);
        prop_assert_eq!(*theirs.tx_hash(), signed.hash);
    }

    #[test]
    fn reading_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200), ty in 0u8..5) {
        let _ = RawTransaction::read(&bytes);
        let typed = [&[ty, 0xf8, u8::try_from(bytes.len()).unwrap()], bytes.as_slice()].concat();
        let _ = RawTransaction::read(&typed);
    }

    #[test]
    fn requests_never_panic(text in r#"[\[\]{}",:0-9a-z\\ -]{0,60}"#) {
        let _ = read(&text);
        let _ = read(&format!(r#"{{"chainId":1,"request":{{"method":"eth_sendTransaction","params":[{text}]}}}}"#));
    }
}

fn open_request() -> OwnedRequest {
    read(
        r#"{"id": 3, "chainId": 8453, "request": {"method": "eth_sendTransaction", "params": [
            {"to": "0x00000000000000000000000000000000000000aa", "value": "0x1", "maxFeePerGas": "0x5"}]}}"#,
    )
    .unwrap()
}

#[test]
fn open_fields_are_filled_before_and_never_after() {
    let request = open_request();
    assert_eq!(request.open_fields(), ["nonce", "gas", "maxPriorityFeePerGas"]);
    let open = SignError::Open(vec!["nonce", "gas", "maxPriorityFeePerGas"]);
    assert_eq!(Unsigned::new(request.clone()).unwrap_err(), open);
    let with = Completion { nonce: 4, gas_limit: 21_000, max_fee_per_gas: 100, max_priority_fee_per_gas: 9 };
    let complete = request.complete(&with).unwrap();
    // What the request says stays; the priority fee fits under its maximum.
    let fee = Fee::Dynamic { max_fee_per_gas: Some(5), max_priority_fee_per_gas: Some(5) };
    assert_eq!(complete.draft().map(|draft| (draft.nonce, draft.fee)), Some((Some(4), fee)));
    assert_eq!(complete.id().unwrap().to_string(), "3");
    let signed = Unsigned::new(complete).unwrap().sign(&key(), key().address()).unwrap();
    assert_eq!(RawTransaction::read(&signed.raw).unwrap().chain, Some(8453));
}

#[test]
fn a_completion_is_checked_like_a_request() {
    let with = Completion { nonce: 4, gas_limit: 20_999, max_fee_per_gas: 1, max_priority_fee_per_gas: 1 };
    let refusal = open_request().complete(&with).unwrap_err();
    assert!(refusal.message.contains("at least 21000"), "{refusal}");
}

#[test]
fn the_key_must_be_the_one_asked_for() {
    let with = Completion { nonce: 4, gas_limit: 21_000, max_fee_per_gas: 1, max_priority_fee_per_gas: 1 };
    let unsigned = Unsigned::new(open_request().complete(&with).unwrap()).unwrap();
    let expected = Address::repeat_byte(1);
    let error = unsigned.sign(&key(), expected).unwrap_err();
    assert_eq!(error, SignError::WrongKey { expected, found: Some(key().address()) });
}

#[test]
fn what_is_signed_already_is_not_signed_again() {
    let with = Completion { nonce: 4, gas_limit: 21_000, max_fee_per_gas: 1, max_priority_fee_per_gas: 1 };
    let signed = Unsigned::new(open_request().complete(&with).unwrap())
        .unwrap()
        .sign(&key(), key().address())
        .unwrap();
    let raw = alloy_primitives::hex::encode_prefixed(&signed.raw);
    let again = read(&format!(r#"{{"rawTx": "{raw}"}}"#)).unwrap();
    assert_eq!(again.from(), Some(key().address()));
    assert_eq!(Unsigned::new(again).unwrap_err(), SignError::AlreadySigned);
}

#[test]
fn what_nodes_refuse_for_its_length_is_not_signed() {
    let draft = |bytes: usize| Draft {
        chain: 1,
        nonce: Some(0),
        gas_limit: Some(1 << 24),
        fee: Fee::Legacy { gas_price: Some(1) },
        to: Some(Address::ZERO),
        value: U256::ZERO,
        data: vec![0; bytes],
        access_list: Vec::new(),
    };
    let unsigned = |bytes| Unsigned::new(OwnedRequest::new(draft(bytes), None).unwrap());
    let overhead = unsigned(100_000).unwrap().payload().len() - 100_000;
    let most = MAX_TRANSACTION_BYTES - 75 - overhead;
    assert!(unsigned(most).unwrap().sign(&key(), key().address()).is_ok());
    assert_eq!(unsigned(most + 1).unwrap_err(), SignError::TooLong);
}
