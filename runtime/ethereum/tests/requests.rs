//! Requests at the door: what is understood, and what is refused with a place and a remedy.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use agentpol_ethereum::{
    Facts, Fee, Id, Place, Refusal, read,
    request::{MAX_ID_BYTES, MAX_REQUEST_BYTES},
    transaction::MAX_ACCESS_ENTRIES,
};
use agentpol_model::{Address, U256, decision::DenyCode, request::Kind};

const TO: &str = "0x00000000000000000000000000000000000000aa";

/// A request with this transaction object.
fn send(tx: &str) -> String {
    format!(
        r#"{{"id": "x", "chainId": 1, "request": {{"method": "eth_sendTransaction", "params": [{tx}]}}}}"#
    )
}

fn refusal(text: &str) -> Refusal {
    match read(text) {
        Err(refusal) => refusal,
        Ok(request) => panic!("accepted {text}: {request:?}"),
    }
}

/// Refused with this code, at this place, saying this.
fn refused(text: &str, code: DenyCode, pointer: &str, says: &str) {
    let refusal = refusal(text);
    assert_eq!(refusal.code, code, "{text}: {refusal}");
    assert!(refusal.message.contains(says), "{text}: {refusal}");
    match &refusal.place {
        Place::Json { pointer: at, .. } => assert_eq!(at, pointer, "{text}: {refusal}"),
        other => panic!("{text}: {other:?}"),
    }
}

fn invalid(tx: &str, field: &str, says: &str) {
    let pointer =
        if field.is_empty() { "/request/params/0".into() } else { format!("/request/params/0/{field}") };
    refused(&send(tx), DenyCode::InvalidRequest, &pointer, says);
}

#[test]
fn a_call_is_understood() {
    let text = send(
        r#"{"from": "0x1111111111111111111111111111111111111111",
            "to": "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", "value": "0x0", "gas": "0x7530",
            "maxFeePerGas": "0x3b9aca00", "maxPriorityFeePerGas": "0x0", "nonce": "0x9", "type": "0x2",
            "data": "0xa9059cbb", "accessList": []}"#,
    );
    let owned = read(&text).unwrap();
    assert_eq!(owned.id(), Some(&Id::Text("x".into())));
    assert_eq!(owned.from(), Some(Address::repeat_byte(0x11)));
    let facts =
        Facts { wallet: Address::repeat_byte(0x11), signer: Address::repeat_byte(0x11), agent: None, now: 7 };
    let lent = owned.lend(&facts).unwrap();
    let request = lent.request();
    assert_eq!((request.chain, request.now, request.signer), (1, 7, Address::repeat_byte(0x11)));
    assert_eq!(request.envelope.nonce, Some(9));
    assert_eq!(request.envelope.gas_limit, Some(30_000));
    assert_eq!(request.envelope.max_fee_per_gas, Some(1_000_000_000));
    let action = request.actions[0];
    assert_eq!((action.kind, action.from), (Kind::Call, Address::repeat_byte(0x11)));
    assert_eq!(action.data, [0xa9, 0x05, 0x9c, 0xbb]);
    assert!(owned.open_fields().is_empty());
}

#[test]
fn types_follow_from_the_fields() {
    let fee =
        |fields: &str| read(&send(&format!(r#"{{"to": "{TO}"{fields}}}"#))).unwrap().draft().unwrap().fee;
    let open = Fee::Dynamic { max_fee_per_gas: None, max_priority_fee_per_gas: None };
    assert_eq!(fee(""), open);
    assert_eq!(fee(r#", "accessList": []"#), open);
    assert_eq!(fee(r#", "gasPrice": "0x1""#), Fee::Legacy { gas_price: Some(1) });
    assert_eq!(fee(r#", "type": "0x0""#), Fee::Legacy { gas_price: None });
    assert_eq!(fee(r#", "gasPrice": "0x1", "accessList": []"#), Fee::AccessList { gas_price: Some(1) });
    assert_eq!(fee(r#", "type": "0x1""#), Fee::AccessList { gas_price: None });
}

#[test]
fn kinds_follow_from_recipient_and_data() {
    let kind = |tx: &str| {
        let owned = read(&send(tx)).unwrap();
        let facts = Facts { wallet: Address::ZERO, signer: Address::ZERO, agent: None, now: 0 };
        owned.lend(&facts).unwrap().request().actions[0].kind
    };
    assert_eq!(kind(&format!(r#"{{"to": "{TO}", "value": "0x1"}}"#)), Kind::Send);
    assert_eq!(kind(&format!(r#"{{"to": "{TO}", "input": "0x00"}}"#)), Kind::Call);
    assert_eq!(kind(r#"{"data": "0x6000"}"#), Kind::Deploy);
    assert_eq!(kind(r#"{"to": null, "data": "0x6000"}"#), Kind::Deploy);
}

#[test]
fn hex_has_one_spelling() {
    invalid(&format!(r#"{{"to": "{TO}", "value": "0x01"}}"#), "value", "write `0x1`");
    invalid(&format!(r#"{{"to": "{TO}", "value": "0x"}}"#), "value", "zero is `0x0`");
    invalid(&format!(r#"{{"to": "{TO}", "value": "0xA"}}"#), "value", "lower case");
    invalid(&format!(r#"{{"to": "{TO}", "value": "10"}}"#), "value", "begins with `0x`");
    invalid(&format!(r#"{{"to": "{TO}", "value": "0X1"}}"#), "value", "begins with `0x`");
    invalid(&format!(r#"{{"to": "{TO}", "value": "-0x1"}}"#), "value", "begins with `0x`");
    invalid(&format!(r#"{{"to": "{TO}", "value": "0x1_0"}}"#), "value", "no hex digit");
    invalid(&format!(r#"{{"to": "{TO}", "value": 10}}"#), "value", r#"write `"0xa"`"#);
    invalid(&format!(r#"{{"to": "{TO}", "value": 1e3}}"#), "value", "hex quantity in quotes");
    invalid(&format!(r#"{{"to": "{TO}", "value": null}}"#), "value", "found null");
    invalid(&format!(r#"{{"to": "{TO}", "value": "0x1{}"}}"#, "0".repeat(64)), "value", "256 bits");
    invalid(&format!(r#"{{"to": "{TO}", "gas": "0x1{}"}}"#, "0".repeat(16)), "gas", "below 2^64");
    invalid(&format!(r#"{{"to": "{TO}", "data": "0x123"}}"#), "data", "two digits each");
    invalid(&format!(r#"{{"to": "{TO}", "data": "0xzz"}}"#), "data", "no hex digit");
    invalid(r#"{"to": "0x00aa"}"#, "to", "40 hex digits; found 4");
    invalid(r#"{"to": "0x"}"#, "to", "40 hex digits; found 0");
}

#[test]
fn checksums_are_checked_where_there_are_any() {
    let right = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48";
    assert!(read(&send(&format!(r#"{{"to": "{right}"}}"#))).is_ok());
    assert!(read(&send(&format!(r#"{{"to": "{}"}}"#, right.to_lowercase()))).is_ok());
    invalid(r#"{"to": "0xa0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"}"#, "to", right);
    // One digit is wrong: the checksum says so.
    invalid(r#"{"to": "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB49"}"#, "to", "EIP-55");
}

#[test]
fn nothing_is_said_twice_or_in_vain() {
    invalid(&format!(r#"{{"to": "{TO}", "gasprice": "0x1"}}"#), "gasprice", "has no field \"gasprice\"");
    invalid(
        &format!(r#"{{"to": "{TO}", "data": "0x01", "input": "0x02"}}"#),
        "data",
        "mean the same but differ",
    );
    invalid(&format!(r#"{{"to": "{TO}", "gas": "0x5208", "gasLimit": "0x5209"}}"#), "gasLimit", "differ");
    assert!(read(&send(&format!(r#"{{"to": "{TO}", "data": "0x01", "input": "0x01"}}"#))).is_ok());
    refused(
        &send(&format!(r#"{{"to": "{TO}", "to": "{TO}"}}"#)),
        DenyCode::InvalidRequest,
        "",
        "stands here twice",
    );
    // The same key in another spelling.
    refused(&send(&format!(r#"{{"to": "{TO}", "t\u006f": "{TO}"}}"#)), DenyCode::InvalidRequest, "", "twice");
    invalid(
        &format!(r#"{{"to": "{TO}", "gasPrice": "0x1", "maxFeePerGas": "0x1"}}"#),
        "",
        "exclude each other",
    );
    invalid(
        &format!(r#"{{"to": "{TO}", "type": "0x0", "maxFeePerGas": "0x1"}}"#),
        "type",
        "has a `gasPrice`",
    );
    invalid(
        &format!(r#"{{"to": "{TO}", "type": "0x2", "gasPrice": "0x1"}}"#),
        "type",
        "has a `maxFeePerGas`",
    );
    invalid(&format!(r#"{{"to": "{TO}", "type": "0x7e"}}"#), "type", "no transaction type 126");
    invalid(&format!(r#"{{"to": "{TO}", "chainId": "0x2"}}"#), "chainId", "2 here and 1 beside");
}

#[test]
fn the_outer_object_is_as_strict() {
    let bad = DenyCode::InvalidRequest;
    refused("", bad, "", "found the end");
    refused("[]", bad, "", "a request is an object; found an array");
    refused("{} {}", bad, "", "found more text");
    refused("{}", bad, "", "one of `request`, `rawTx` and `authorization`");
    refused(r#"{"rawTx": "0x", "authorization": {}}"#, bad, "", "only one of");
    refused(r#"{"rawtx": "0x"}"#, bad, "/rawtx", "has no field");
    refused(r#"{"id": [], "rawTx": "0x"}"#, bad, "/id", "a string or a number");
    refused(r#"{"id": -1, "rawTx": "0x"}"#, bad, "/id", "not negative");
    refused(r#"{"id": 1.5, "rawTx": "0x"}"#, bad, "/id", "whole");
    refused(r#"{"at": "2026-11-22 10:00", "rawTx": "0x"}"#, bad, "/at", "2026-11-22T10:00:00Z");
    refused(r#"{"chainId": -1, "rawTx": "0x"}"#, bad, "/chainId", "not negative");
    refused(r#"{"chainId": "0x01", "rawTx": "0x"}"#, bad, "/chainId", "leading zeros");
    refused(r#"{"rawTx": "0x"}"#, bad, "/rawTx", "no bytes");
    refused(r#"{"request": {"method": "eth_sendTransaction"}}"#, bad, "/request", "`params` is missing");
    refused(
        r#"{"request": {"method": "eth_sendTransaction", "params": [], "id": 1}}"#,
        bad,
        "/request/id",
        "no field",
    );
    refused(
        r#"{"request": {"method": "eth_sendTransaction", "params": [{}, {}]}}"#,
        bad,
        "/request/params",
        "found 2",
    );
    refused(
        &format!(r#"{{"request": {{"method": "eth_sendTransaction", "params": [{{"to": "{TO}"}}]}}}}"#),
        bad,
        "/request/params/0",
        "no chain is named",
    );
}

#[test]
fn a_refusal_keeps_the_id_and_the_place() {
    let refusal = refusal("{\"id\": 7,\n \"chainId\": 1,\n \"rawTx\": \"0x1\"}");
    assert_eq!(refusal.id, Some(Id::Number(7)));
    assert_eq!(refusal.place, Place::Json { pointer: "/rawTx".into(), line: 3, column: 11 });
}

#[test]
fn other_methods_are_recognised() {
    let unsupported = DenyCode::UnsupportedKind;
    for (method, says) in [
        ("eth_signTypedData_v3", "eth_signTypedData_v4"),
        ("eth_sign", "never allowed"),
        ("eth_sendRawTransaction", "rawTx"),
        ("eth_call", "is not judged"),
    ] {
        let text = format!(r#"{{"request": {{"method": "{method}", "params": []}}}}"#);
        refused(&text, unsupported, "/request/method", says);
    }
    let tx = format!(r#"{{"to": "{TO}", "authorizationList": []}}"#);
    refused(&send(&tx), unsupported, "/request/params/0/authorizationList", "type 4");
    let tx = format!(r#"{{"to": "{TO}", "maxFeePerBlobGas": "0x1"}}"#);
    refused(&send(&tx), unsupported, "/request/params/0/maxFeePerBlobGas", "type 3");
    refused(
        &send(&format!(r#"{{"to": "{TO}", "type": "0x4"}}"#)),
        unsupported,
        "/request/params/0/type",
        "type 4",
    );
}

#[test]
fn another_wallet_is_refused() {
    let owned = read(&send(&format!(r#"{{"to": "{TO}", "from": "{TO}"}}"#))).unwrap();
    let facts = Facts { wallet: Address::ZERO, signer: Address::ZERO, agent: None, now: 0 };
    assert_eq!(owned.lend(&facts).unwrap_err().code, DenyCode::WrongWallet);
}

/// The owner of a Safe signs for itself: the Safe's own name under a transaction would be a lie.
#[test]
fn what_a_key_signs_is_from_its_own_account() {
    let (wallet, signer) = (Address::repeat_byte(0x11), Address::repeat_byte(0x22));
    let facts = Facts { wallet, signer, agent: None, now: 0 };
    let from = |from: &str| read(&send(&format!(r#"{{"to": "{TO}"{from}}}"#))).unwrap();
    for owned in [from(""), from(&format!(r#", "from": "{signer}""#))] {
        let lent = owned.lend(&facts).unwrap();
        assert_eq!(lent.request().actions[0].from, signer);
        assert_eq!((lent.request().wallet, lent.request().signer), (wallet, signer));
    }
    let refusal = from(&format!(r#", "from": "{wallet}""#)).lend(&facts).unwrap_err();
    assert_eq!(refusal.code, DenyCode::WrongWallet);
    assert!(refusal.message.contains("the key signs for"), "{refusal}");
}

#[test]
fn what_no_chain_accepts_is_refused_at_its_field() {
    invalid(&format!(r#"{{"to": "{TO}", "gas": "0x5207"}}"#), "gas", "at least 21000; found 20999");
    assert!(read(&send(&format!(r#"{{"to": "{TO}", "gas": "0x5208"}}"#))).is_ok());
    invalid(
        &format!(r#"{{"to": "{TO}", "maxFeePerGas": "0x1", "maxPriorityFeePerGas": "0x2"}}"#),
        "maxPriorityFeePerGas",
        "cannot be above it",
    );
    invalid(&format!(r#"{{"to": "{TO}", "nonce": "0xffffffffffffffff"}}"#), "nonce", "EIP-2681");
    assert!(read(&send(&format!(r#"{{"to": "{TO}", "nonce": "0xfffffffffffffffe"}}"#))).is_ok());
    invalid(
        &format!(
            r#"{{"to": "{TO}", "type": "0x0", "accessList": [{{"address": "{TO}", "storageKeys": []}}]}}"#
        ),
        "accessList",
        "type 0",
    );
    invalid(r#"{"value": "0x1"}"#, "", "no init code");
    let all = format!("0x{}", "f".repeat(64));
    invalid(
        &format!(r#"{{"to": "{TO}", "value": "{all}", "gas": "0x5208", "gasPrice": "0x1"}}"#),
        "value",
        "256 bits",
    );
}

#[test]
fn limits_hold_at_the_limit_and_not_beyond() {
    let id = |n: usize| format!(r#"{{"id": "{}", "rawTx": "0x"}}"#, "i".repeat(n));
    assert!(matches!(refusal(&id(MAX_ID_BYTES)).place, Place::Json { pointer, .. } if pointer == "/rawTx"));
    refused(&id(MAX_ID_BYTES + 1), DenyCode::InvalidRequest, "/id", "at most 256 bytes");

    let pad = |n: usize| {
        let text = send(&format!(r#"{{"to": "{TO}"}}"#));
        let spaces = " ".repeat(n - text.len());
        text + &spaces
    };
    assert!(read(&pad(MAX_REQUEST_BYTES)).is_ok());
    refused(&pad(MAX_REQUEST_BYTES + 1), DenyCode::InvalidRequest, "", "at most 524288 bytes");

    let keys = |n: usize| {
        let keys = vec![format!("\"0x{}\"", "0".repeat(64)); n - 1].join(",");
        send(&format!(r#"{{"to": "{TO}", "accessList": [{{"address": "{TO}", "storageKeys": [{keys}]}}]}}"#))
    };
    assert!(read(&keys(MAX_ACCESS_ENTRIES)).is_ok());
    refused(
        &keys(MAX_ACCESS_ENTRIES + 1),
        DenyCode::InvalidRequest,
        "/request/params/0/accessList",
        "at most 1024",
    );

    let data = |n: usize| send(&format!(r#"{{"to": "{TO}", "data": "0x{}"}}"#, "00".repeat(n)));
    assert!(read(&data(128 * 1024)).is_ok());
    refused(&data(128 * 1024 + 1), DenyCode::InvalidRequest, "/request/params/0/data", "at most 131072");

    let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    refused(&deep(64), DenyCode::InvalidRequest, "", "a request is an object");
    refused(&deep(65), DenyCode::InvalidRequest, "", "nested deeper than 64 levels");
    refused(&"[".repeat(500_000), DenyCode::InvalidRequest, "", "nested deeper than 64 levels");
}

#[test]
fn raw_transactions_are_checked_like_the_others() {
    let raw = |hex: &str| format!(r#"{{"rawTx": "{hex}"}}"#);
    // Type 1 for chain 1: nonce 0, price 1, gas 21000, to 0x…aa, value 0, no data, no list.
    let good = "0x01de0180018252089400000000000000000000000000000000000000aa8080c0";
    let owned = read(&raw(good)).unwrap();
    assert_eq!(owned.draft().unwrap().to, Some(TO.parse().unwrap()));
    assert_eq!(owned.draft().unwrap().value, U256::ZERO);
    let bad = DenyCode::InvalidRequest;
    refused(&raw(&good.replace("825208", "825207")), bad, "/rawTx", "at least 21000");
    refused(
        &raw(&good.replace("0180018252", "0100018252")),
        bad,
        "/rawTx",
        "must not begin with a zero byte",
    );
    refused(&raw(&good.replace("de0180", "dd0180")), bad, "/rawTx", "of the transaction");
    refused(&raw(&format!("{good}00")), bad, "/rawTx", "no byte may follow");
    let other = format!(r#"{{"chainId": 5, "rawTx": "{good}"}}"#);
    refused(&other, bad, "/rawTx", "for chain 1, but `chainId` is 5");
    // Type 0 without EIP-155.
    let legacy = "80018252089400000000000000000000000000000000000000aa8080";
    let unprotected = format!("0x{:02x}{legacy}", 0xc0 + legacy.len() / 2);
    refused(&raw(&unprotected), bad, "/rawTx", "EIP-155");
    refused(&raw("0x05c0"), bad, "/rawTx", "no transaction type 5");
}

#[test]
fn what_is_written_reads_as_the_same() {
    let access = format!(
        r#"[{{"address": "{TO}", "storageKeys": ["0x{}"]}}, {{"address": "{TO}", "storageKeys": []}}]"#,
        "07".repeat(32)
    );
    let texts = [
        send(&format!(r#"{{"to": "{TO}"}}"#)),
        send(&format!(
            r#"{{"from": "{TO}", "to": "{TO}", "value": "0xde0b6b3a7640000", "data": "0x01020304"}}"#
        )),
        send(&format!(r#"{{"to": "{TO}", "gasPrice": "0x1", "gas": "0x7530", "nonce": "0x0"}}"#)),
        send(&format!(r#"{{"to": "{TO}", "gasPrice": "0x1", "gas": "0xffff", "accessList": {access}}}"#)),
        send(&format!(r#"{{"to": "{TO}", "maxFeePerGas": "0x2", "accessList": {access}, "nonce": "0x9"}}"#)),
        send(
            r#"{"input": "0x6000", "maxFeePerGas": "0x2", "maxPriorityFeePerGas": "0x1", "gas": "0xfffff"}"#,
        ),
        format!(r#"{{"chainId": 1, "authorization": {{"chainId": 1, "address": "{TO}", "nonce": "0x1"}}}}"#),
        format!(
            "{{ \"chainId\": 1,\n \"request\": {{ \"method\": \"personal_sign\", \"params\": [\"hello, \\\"you\\\"\", \"{TO}\"] }} }}"
        ),
    ];
    for text in texts {
        let request = read(&text).unwrap_or_else(|refusal| panic!("{text}: {refusal}"));
        let written = request.to_json().unwrap();
        assert!(!written.contains('\n'), "{written}");
        assert_eq!(read(&written).unwrap(), request, "{text}\n{written}");
        assert_eq!(read(&written).unwrap().to_json(), Some(written));
    }
}
