//! Typed data, texts, authorisations and user operations: what is judged is what is signed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use agentpol_ethereum::{
    OwnedRequest, SignError, Signable, Signed, Unsigned, UnsignedStatement, user_operation::EntryPoint,
};
use agentpol_model::{Address, B256, U256};
use alloy::signers::{SignerSync, local::PrivateKeySigner};
use alloy_primitives::{Signature, keccak256};
use common::{TO, ask_operation, delegation, method, operation};
use serde_json::json;

fn key() -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(0x42)).unwrap()
}

fn requests() -> Vec<OwnedRequest> {
    let me = key().address();
    let mail = json!({
        "types": {
            "EIP712Domain": [{ "name": "chainId", "type": "uint256" }, { "name": "verifyingContract", "type": "address" }],
            "It": [{ "name": "list", "type": "bytes[]" }, { "name": "sum", "type": "int64" }],
        },
        "primaryType": "It",
        "domain": { "chainId": 1, "verifyingContract": TO },
        "message": { "list": ["0x", "0x1234"], "sum": "-5" },
    });
    let mut all = vec![
        method("eth_signTypedData_v4", json!([me, mail]), None).unwrap(),
        method("personal_sign", json!(["Hello, Bob!", me]), Some(1)).unwrap(),
        delegation(json!({ "chainId": 1, "address": TO, "nonce": 3 }), None).unwrap(),
    ];
    for version in EntryPoint::ALL {
        all.push(ask_operation(&operation(version), version).unwrap());
    }
    all
}

#[test]
fn what_is_judged_is_signed_and_recovered() {
    for request in requests() {
        let unsigned = Signable::new(request.clone()).unwrap();
        assert_eq!(unsigned.request(), &request);
        let (payload, digest) = (unsigned.payload().to_vec(), unsigned.digest());
        assert_eq!(keccak256(&payload), digest);
        let Signed::Statement(signed) = unsigned.sign(&key(), key().address()).unwrap() else { panic!() };
        assert_eq!((signed.digest, signed.signer), (digest, key().address()));
        let theirs = Signature::from_raw(&signed.signature).unwrap();
        assert_eq!(theirs.recover_address_from_prehash(&digest).unwrap(), key().address());
        assert!(matches!(signed.signature[64], 27 | 28));
    }
}

#[test]
fn signatures_by_others_or_of_something_else_are_refused() {
    let expected = Address::repeat_byte(1);
    for request in requests() {
        let unsigned = Signable::new(request.clone()).unwrap();
        let error = unsigned.clone().sign(&key(), expected).unwrap_err();
        assert_eq!(error, SignError::WrongKey { expected, found: Some(key().address()) });
        let other = key().sign_hash_sync(&B256::repeat_byte(9)).unwrap();
        let error = unsigned.clone().attach(other, key().address()).unwrap_err();
        assert!(
            matches!(error, SignError::WrongKey { found, .. } if found != Some(key().address())),
            "{error}"
        );
        let nothing = Signature::new(U256::ZERO, U256::ZERO, false);
        let error = unsigned.attach(nothing, Address::ZERO).unwrap_err();
        assert!(matches!(error, SignError::WrongKey { .. }), "{error}");
        assert_eq!(Unsigned::new(request).unwrap_err(), SignError::NoTransaction);
    }
}

#[test]
fn a_transaction_is_no_statement() {
    let tx = json!([{ "to": TO, "gas": "0x5208", "gasPrice": "0x1", "nonce": "0x0" }]);
    let request = method("eth_sendTransaction", tx, Some(1)).unwrap();
    assert_eq!(UnsignedStatement::new(request.clone()).unwrap_err(), SignError::NoStatement);
    let unsigned = Signable::new(request.clone()).unwrap();
    assert_eq!(unsigned.digest(), Unsigned::new(request).unwrap().digest());
    let Signed::Transaction(signed) = unsigned.sign(&key(), key().address()).unwrap() else { panic!() };
    assert_eq!(signed.signer, key().address());
}
