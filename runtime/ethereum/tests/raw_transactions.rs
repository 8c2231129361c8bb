//! Serialised transactions that other readers let through, and the types that are read but not signed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use agentpol_ethereum::{
    RawTransaction, read,
    rlp::{self, Reader},
    transaction::{MAX_ACCESS_ENTRIES, MAX_TRANSACTION_BYTES},
};
use agentpol_model::decision::DenyCode;
use alloy::{
    consensus::{
        SignableTransaction, Signed, TxEip1559, TxEip4844, TxEip7702, TxLegacy,
        transaction::RlpEcdsaEncodableTx,
    },
    eips::{
        eip2930::{AccessList, AccessListItem},
        eip7702::{Authorization, SignedAuthorization},
    },
    signers::{Signature, SignerSync, local::PrivateKeySigner},
};
use alloy_primitives::{Address, B256, TxKind, U256, hex};

fn key() -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(7)).unwrap()
}

/// A transaction as alloy serialises it, signed by a given signature.
fn serialised<T: SignableTransaction<Signature> + RlpEcdsaEncodableTx>(
    tx: T,
    signature: Signature,
) -> Vec<u8> {
    let signed: Signed<T> = tx.into_signed(signature);
    let mut out = Vec::new();
    signed.eip2718_encode(&mut out);
    out
}

fn signature<T: SignableTransaction<Signature>>(tx: &T) -> Signature {
    key().sign_hash_sync(&tx.signature_hash()).unwrap()
}

fn says(bytes: &[u8], message: &str) {
    let error = RawTransaction::read(bytes).unwrap_err();
    assert!(error.message.contains(message), "{error}");
}

fn dynamic() -> TxEip1559 {
    TxEip1559 {
        chain_id: 1,
        gas_limit: 21_000,
        to: TxKind::Call(Address::repeat_byte(9)),
        ..Default::default()
    }
}

#[test]
fn signatures_have_one_form() {
    let tx = dynamic();
    let good = signature(&tx);
    let read = RawTransaction::read(&serialised(tx.clone(), good)).unwrap();
    assert_eq!(read.signer(), Some(key().address()));
    // The mirror image recovers the same signer, and is refused.
    let order: U256 = "0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141".parse().unwrap();
    let mirrored = Signature::new(good.r(), order - good.s(), !good.v());
    assert_eq!(mirrored.recover_address_from_prehash(&tx.signature_hash()).unwrap(), key().address());
    says(&serialised(tx.clone(), mirrored), "half the order");
    for (r, s, message) in [
        (U256::ZERO, good.s(), "r must be"),
        (order, good.s(), "r must be"),
        (good.r(), U256::ZERO, "s must be"),
        (good.r(), (order >> 1) + U256::ONE, "s must be"),
    ] {
        says(&serialised(tx.clone(), Signature::new(r, s, false)), message);
    }
    let half = serialised(tx.clone(), Signature::new(order - U256::ONE, order >> 1, false));
    assert!(RawTransaction::read(&half).is_ok());
}

#[test]
fn replay_protection() {
    let tx =
        TxLegacy { chain_id: None, gas_limit: 21_000, to: TxKind::Call(Address::ZERO), ..Default::default() };
    let raw = serialised(tx.clone(), signature(&tx));
    let read_raw = RawTransaction::read(&raw).unwrap();
    assert_eq!((read_raw.chain, read_raw.signer()), (None, Some(key().address())));
    let refusal =
        read(&format!(r#"{{"chainId": 1, "rawTx": "{}"}}"#, hex::encode_prefixed(&raw))).unwrap_err();
    assert_eq!(refusal.code, DenyCode::InvalidRequest);
    assert!(refusal.message.contains("EIP-155"), "{refusal}");
    // v between the two ways of writing it, and below both.
    for v in [26u8, 29, 34] {
        let mut other = raw.clone();
        let at = raw.len() - 67;
        assert!(matches!(other[at], 27 | 28));
        other[at] = v;
        says(&other, "v is 27, 28 or 35");
    }
}

fn refused_as_unsupported(raw: &[u8], why: &str) {
    let refusal = read(&format!(r#"{{"rawTx": "{}"}}"#, hex::encode_prefixed(raw))).unwrap_err();
    assert_eq!(refusal.code, DenyCode::UnsupportedKind, "{refusal}");
    assert!(refusal.message.contains(why), "{refusal}");
}

#[test]
fn blobs_are_read_and_not_signed() {
    let mut hash = B256::repeat_byte(3);
    hash.0[0] = 1;
    let tx = TxEip4844 {
        chain_id: 1,
        max_fee_per_blob_gas: 5,
        blob_versioned_hashes: vec![hash],
        to: Address::repeat_byte(9),
        ..Default::default()
    };
    let raw = serialised(tx.clone(), signature(&tx));
    let read = RawTransaction::read(&raw).unwrap();
    assert_eq!(read.signer(), Some(key().address()));
    let blobs = read.blobs.unwrap();
    assert_eq!((blobs.max_fee_per_blob_gas, blobs.hashes), (U256::from(5), vec![hash]));
    refused_as_unsupported(&raw, "EIP-4844");

    let none = TxEip4844 { blob_versioned_hashes: Vec::new(), ..tx.clone() };
    says(&serialised(none.clone(), signature(&none)), "at least one blob");
    let other = TxEip4844 { blob_versioned_hashes: vec![B256::repeat_byte(3)], ..tx };
    says(&serialised(other.clone(), signature(&other)), "begins with 0x01");
}

#[test]
fn authorisations_are_read_and_not_signed() {
    let inner = Authorization { chain_id: U256::ZERO, address: Address::repeat_byte(4), nonce: 6 };
    let signed = SignedAuthorization::new_unchecked(inner, 1, U256::from(2), U256::from(3));
    let tx = TxEip7702 {
        chain_id: 1,
        to: Address::repeat_byte(9),
        authorization_list: vec![signed],
        ..Default::default()
    };
    let raw = serialised(tx.clone(), signature(&tx));
    let read = RawTransaction::read(&raw).unwrap();
    assert_eq!(read.signer(), Some(key().address()));
    let [authorization] = read.authorizations.as_slice() else { panic!("{read:?}") };
    assert_eq!((authorization.address, authorization.nonce), (Address::repeat_byte(4), 6));
    refused_as_unsupported(&raw, "EIP-7702");
    let none = TxEip7702 { authorization_list: Vec::new(), ..tx };
    says(&serialised(none.clone(), signature(&none)), "at least one authorisation");
}

#[test]
fn limits() {
    let with_keys = |n: usize| {
        let item = AccessListItem { address: Address::ZERO, storage_keys: vec![B256::ZERO; n - 1] };
        let tx = TxEip1559 { access_list: AccessList(vec![item]), ..dynamic() };
        serialised(tx.clone(), signature(&tx))
    };
    assert!(RawTransaction::read(&with_keys(MAX_ACCESS_ENTRIES)).is_ok());
    says(&with_keys(MAX_ACCESS_ENTRIES + 1), "at most 1024");
    let with_data =
        |n: usize| serialised(TxEip1559 { input: vec![1; n].into(), ..dynamic() }, signature(&dynamic()));
    let overhead = with_data(MAX_TRANSACTION_BYTES).len() - MAX_TRANSACTION_BYTES;
    assert!(RawTransaction::read(&with_data(MAX_TRANSACTION_BYTES - overhead)).is_ok());
    says(&with_data(MAX_TRANSACTION_BYTES - overhead + 1), "at most 131072 bytes");
}

#[test]
fn rlp_has_one_form() {
    let string = |bytes: &[u8]| Reader::new(bytes, 0).string("x").map(<[u8]>::to_vec).map_err(|e| e.message);
    assert_eq!(string(&[0x7f]), Ok(vec![0x7f]));
    assert_eq!(string(&[0x80]), Ok(vec![]));
    assert_eq!(string(&[0x81, 0x80]), Ok(vec![0x80]));
    let long = [&[0xb8, 56][..], &[1; 56]].concat();
    assert_eq!(string(&long), Ok(vec![1; 56]));
    for (bytes, message) in [
        (&[0x81, 0x7f][..], "its own encoding"),
        (&[0x82, 1], "more than there are"),
        (&[0xb8, 55], "below 56"),
        (&[0xb9, 0, 56], "begin with a zero byte"),
        (&[0xb9, 1], "cut off"),
        (&[0xbf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], "more than there are"),
        (&[0xc0], "not a list"),
        (&[], "is missing"),
    ] {
        let error = string(bytes).unwrap_err();
        assert!(error.contains(message), "{bytes:x?}: {error}");
    }
    let number = |bytes: &[u8]| Reader::new(bytes, 0).u64("n").map_err(|e| e.message);
    assert_eq!(number(&[0x80]), Ok(0));
    assert_eq!(number(&[0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), Ok(u64::MAX));
    assert!(number(&[0x89, 1, 0, 0, 0, 0, 0, 0, 0, 0]).unwrap_err().contains("fit in 8 bytes"));
    assert!(number(&[0x00]).unwrap_err().contains("zero byte"));
    assert!(number(&[0x82, 0, 1]).unwrap_err().contains("zero byte"));
    for n in [0, 1, 0x7f, 0x80, 0xff, 0x100, u64::MAX] {
        assert_eq!(number(&rlp::number(n)), Ok(n));
    }
    for length in [0, 1, 55, 56, 255, 256, 70_000] {
        let list = rlp::list_of(&vec![1; length]);
        let mut reader = Reader::new(&list, 0);
        let mut items = reader.list("l").unwrap();
        assert!(reader.is_empty());
        assert_eq!((0..length).filter(|_| items.u64("n") == Ok(1)).count(), length);
        assert!(items.is_empty());
    }
}

/// An inner list may not reach beyond the outer one.
#[test]
fn lists_stay_inside_lists() {
    let mut outer = Reader::new(&[0xc1, 0xc1, 0x01], 0).list("outer").unwrap();
    assert!(outer.list("inner").unwrap_err().message.contains("more than there are"));
    let mut outer = Reader::new(&[0xc1, 0xb8, 56], 0).list("outer").unwrap();
    assert!(outer.string("inner").unwrap_err().message.contains("cut off"));
}
