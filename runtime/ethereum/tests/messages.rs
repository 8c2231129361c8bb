//! Texts that a wallet is asked to sign: what may be read, and what could be taken for something else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use agentpol_abi::{Value, decode_call, signature::parse_function};
use agentpol_ethereum::{
    Body, Facts, OwnedRequest, Refusal,
    message::{MAX_MESSAGE_BYTES, Message, TEXT},
    read,
};
use agentpol_model::{
    Address, Time, U256,
    decision::DenyCode,
    request::{Kind, SIGN_IN},
    types::WordType,
};
use alloy_primitives::{Signature, eip191_hash_message, hex, keccak256};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

const FROM: &str = "0x1111111111111111111111111111111111111111";

fn ask(params: Json, chain: Option<u64>) -> Result<OwnedRequest, Refusal> {
    let mut line = json!({ "request": { "method": "personal_sign", "params": params } });
    if let Some(chain) = chain {
        line["chainId"] = chain.into();
    }
    read(&line.to_string())
}

fn message(request: &OwnedRequest) -> (u64, &Message) {
    match request.body() {
        Body::Message { chain, message } => (*chain, message),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_text_is_understood_however_it_is_written() {
    let hello = hex::encode_prefixed("Hello, Bob!");
    for params in [
        json!(["Hello, Bob!", FROM]),
        json!([hello, FROM]),
        json!([hello.to_uppercase().replace("0X", "0x"), FROM]),
        json!([FROM, hello]),
        json!([FROM, "Hello, Bob!"]),
        json!([hello, FROM, ""]),
    ] {
        let request = ask(params, Some(1)).unwrap();
        let (chain, message) = message(&request);
        assert_eq!((chain, message.text()), (1, "Hello, Bob!"));
        assert_eq!(message.digest(), eip191_hash_message("Hello, Bob!"));
        assert_eq!(request.from(), Some(FROM.parse().unwrap()));
        let facts =
            Facts { wallet: FROM.parse().unwrap(), signer: FROM.parse().unwrap(), agent: None, now: 0 };
        let lent = request.lend(&facts).unwrap();
        let action = lent.request().actions[0];
        assert_eq!((action.kind, action.to, action.value), (Kind::Message, Address::ZERO, U256::ZERO));
        let text = parse_function(TEXT).unwrap();
        let (selector, values) = decode_call(&text.inputs, action.data).unwrap();
        assert_eq!((selector, values), (text.selector(), vec![Value::String("Hello, Bob!".to_owned())]));
        assert_eq!(selector[..], keccak256("text(string)")[..4]);
    }
}

fn refused(params: Json, code: DenyCode, says: &str) {
    let refusal = ask(params.clone(), Some(1)).expect_err(&params.to_string());
    assert_eq!(refusal.code, code, "{params}: {refusal}");
    assert!(refusal.message.contains(says), "{params}: {refusal}");
}

#[test]
fn what_could_be_something_else_is_refused() {
    let bad = |text: &str, says: &str| {
        refused(json!([text, FROM]), DenyCode::UnsafeMessage, says);
        refused(json!([hex::encode_prefixed(text), FROM]), DenyCode::UnsafeMessage, says);
    };
    let bytes = |bytes: &[u8], says: &str| {
        refused(json!([hex::encode_prefixed(bytes), FROM]), DenyCode::UnsafeMessage, says);
    };
    let hash = "ab".repeat(32);
    refused(json!([format!("0x{hash}"), FROM]), DenyCode::UnsafeMessage, "are a hash");
    bytes(format!("0x{hash}").as_bytes(), "it is a hash or other bytes");
    bad(&hash, "it is a hash");
    bad(&format!(" 0X{hash}\n"), "it is a hash");
    bad(&"12".repeat(200), "it is a hash or other bytes");
    bad("thirty-two characters, no letter", "32 bytes are a hash");
    bytes(&[0x19, 1, 2, 3], "begins with 0x19");
    bytes(b"\x19Ethereum Signed Message:\n6hello!", "begins with 0x19");
    bytes(&[0x19], "begins with 0x19");
    bytes(
        &hex!("01e082210580018252089400000000000000000000000000000000000000aa8080c0"),
        "it is a transaction",
    );
    // Type 0, unsigned, for chain 1.
    let legacy = hex!("80820101825208940000000000000000000000000000000000000aaa8080018080");
    bytes(&agentpol_ethereum::rlp::list_of(&legacy), "it is a transaction");
    bytes(&[0xff, 0xfe], "no text (UTF-8)");
    bytes(&[0xc3], "no text (UTF-8)");
    refused(json!(["", FROM]), DenyCode::UnsafeMessage, "says nothing");
    refused(json!(["0x", FROM]), DenyCode::UnsafeMessage, "says nothing");
    refused(json!(["0xhello", FROM]), DenyCode::UnsafeMessage, "bytes in hex");
    refused(json!(["0xabc", FROM]), DenyCode::UnsafeMessage, "bytes in hex");
    for c in [
        '\0',
        '\u{1}',
        '\u{8}',
        '\u{b}',
        '\u{c}',
        '\u{1b}',
        '\u{7f}',
        '\u{80}',
        '\u{9b}',
        '\u{ad}',
        '\u{61c}',
        '\u{200b}',
        '\u{200d}',
        '\u{200e}',
        '\u{200f}',
        '\u{2028}',
        '\u{202a}',
        '\u{202e}',
        '\u{2060}',
        '\u{2066}',
        '\u{2069}',
        '\u{feff}',
        '\u{fff9}',
        '\u{fffe}',
        '\u{e000}',
        '\u{e0041}',
        '\u{e0100}',
        '\u{fe00}',
        '\u{3164}',
        '\u{1ffff}',
        '\u{10ffff}',
    ] {
        bad(&format!("pay{c}me"), &format!("U+{:04X}", u32::from(c)));
    }
    bad("one\rtwo", "U+000D");
    bad("one\r", "U+000D");
    for fine in
        ["one\r\ntwo\tthree\n", "Grüße, 世界 — ❤\u{fe0f}", "no hash: abcdef", "0 wants", "{\"types\": {}}"]
    {
        let request = ask(json!([fine, FROM]), Some(1)).unwrap_or_else(|e| panic!("{fine}: {e}"));
        assert_eq!(message(&request).1.text(), fine);
    }
    let long = |n: usize| ask(json!(["a ".repeat(n / 2), FROM]), Some(1));
    assert!(long(MAX_MESSAGE_BYTES).is_ok());
    assert_eq!(long(MAX_MESSAGE_BYTES + 2).unwrap_err().code, DenyCode::UnsafeMessage);
}

#[test]
fn who_signs_where_is_known() {
    let invalid = DenyCode::InvalidRequest;
    refused(json!([]), invalid, "two elements");
    refused(json!(["hello"]), invalid, "two elements");
    refused(json!(["hello", FROM, "secret"]), invalid, "two elements");
    refused(json!(["hello", FROM, "", ""]), invalid, "two elements");
    refused(json!(["hello", "there"]), invalid, "the account: hex begins");
    refused(json!([{}, FROM]), invalid, "the message is a string");
    refused(json!([FROM, FROM]), DenyCode::UnsafeMessage, "both are addresses");
    let nowhere = ask(json!(["hello", FROM]), None).unwrap_err();
    assert!(nowhere.message.contains("no chain is named"), "{nowhere}");
    let request = ask(json!(["hello", FROM]), Some(1)).unwrap();
    let other = Address::repeat_byte(0x22);
    let refusal = request.lend(&Facts { wallet: other, signer: other, agent: None, now: 0 }).unwrap_err();
    assert_eq!(refusal.code, DenyCode::WrongWallet);
}

const WETH: &str = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2";

/// A whole sign-in, line by line.
fn lines() -> Vec<String> {
    [
        "service.org wants you to sign in with your Ethereum account:",
        WETH,
        "",
        "I accept the Terms of Service: https://service.org/tos",
        "",
        "URI: https://service.org/login?a=b#c",
        "Version: 1",
        "Chain ID: 10",
        "Nonce: 32891757",
        "Issued At: 2021-09-30T16:25:24.000Z",
        "Expiration Time: 2021-09-30T18:25:24+02:00",
        "Not Before: 2021-09-30T16:25:24Z",
        "Request ID: some%20id",
        "Resources:",
        "- ipfs://bafybeiemxf5abjwjbikoz4mc3a3dla6ual3jsgpdr4cjr3oz3evfyavhwq/",
        "- https://example.com/my-web2-claim.json",
    ]
    .map(str::to_owned)
    .into()
}

const ISSUED: Time = 1_633_019_124;

#[test]
fn a_sign_in_is_understood() {
    let text = lines().join("\n");
    let request = ask(json!([text, WETH]), None).unwrap();
    let (chain, message) = message(&request);
    assert_eq!((chain, message.digest()), (10, eip191_hash_message(&text)));
    let sign_in = message.sign_in().unwrap();
    assert_eq!((sign_in.domain.as_str(), sign_in.account.to_string().as_str()), ("service.org", WETH));
    assert_eq!((sign_in.issued, sign_in.expires, sign_in.not_before), (ISSUED, ISSUED, ISSUED));
    let function = parse_function(SIGN_IN).unwrap();
    let (selector, values) = decode_call(&function.inputs, message.data()).unwrap();
    assert_eq!(selector, function.selector());
    let text = |text: &str| Value::String(text.to_owned());
    let time = |time: Time| Value::Word(U256::from(time), WordType::Uint(64));
    assert_eq!(values[0], text("service.org"));
    assert_eq!(values[2], text("I accept the Terms of Service: https://service.org/tos"));
    assert_eq!(values[4], Value::Word(U256::from(10), WordType::Uint(256)));
    assert_eq!(values[6..10], [time(ISSUED), time(ISSUED), time(ISSUED), text("some%20id")]);
    let Value::Array(resources) = &values[10] else { panic!("{values:?}") };
    assert_eq!(resources.len(), 2);

    // The least there can be.
    let mut least = lines();
    least.truncate(10);
    least.remove(3);
    let least = Message::read(least.join("\n").as_bytes()).unwrap();
    let sign_in = least.sign_in().unwrap();
    assert_eq!((sign_in.statement.as_str(), sign_in.expires, sign_in.not_before), ("", Time::MAX, 0));
    assert!(sign_in.resources.is_empty() && sign_in.request_id.is_empty());
}

/// Signed by others, long ago (the examples of the reference implementation, Apache-2.0 or MIT).
#[test]
fn old_signatures_are_recovered() {
    let text = "login.xyz wants you to sign in with your Ethereum account:\n0x9D85ca56217D2bb651b00f15e694EB7E713637D4\n\n\
        Sign-In With Ethereum Example Statement\n\nURI: https://login.xyz\nVersion: 1\nChain ID: 1\nNonce: bTyXgcQxn2htgkjJn\n\
        Issued At: 2022-01-27T17:09:38.578Z\nExpiration Time: 2100-01-07T14:31:43.952Z";
    let signature = Signature::from_raw(&hex!(
        "dc35c7f8ba2720df052e0092556456127f00f7707eaa8e3bbff7e56774e7f2e05a093cfc9e02964c33d86e8e066e221b7d153d27e5a2e97ccd5ca7d3f2ce06cb1b"
    ))
    .unwrap();
    let message = Message::read(text.as_bytes()).unwrap();
    let signer = signature.recover_address_from_prehash(&message.digest()).unwrap();
    assert_eq!(signer, message.sign_in().unwrap().account);
}

#[test]
fn a_sign_in_is_whole_or_nothing() {
    let change = |line: usize, to: &str, says: &str| {
        let mut lines = lines();
        lines[line] = to.to_owned();
        refused(json!([lines.join("\n"), WETH]), DenyCode::UnsafeMessage, says);
    };
    change(0, " wants you to sign in with your Ethereum account:", "begins with the domain");
    change(0, "service.org wants you to sign in with your Ethereum account", "its first line ends");
    change(0, "service.org Wants you to sign in with your ethereum account:", "its first line ends");
    change(0, "service.org@evil.example wants you to sign in with your Ethereum account:", "hides who asks");
    change(0, "https://a:b@evil.example wants you to sign in with your Ethereum account:", "hides who asks");
    change(0, "1s://evil.example wants you to sign in with your Ethereum account:", "scheme");
    change(0, "service.org:65536 wants you to sign in with your Ethereum account:", "host and port");
    change(0, "service.org/login wants you to sign in with your Ethereum account:", "host and port");
    change(0, "[::1 wants you to sign in with your Ethereum account:", "host and port");
    change(0, "sërvice.org wants you to sign in with your Ethereum account:", "host and port");
    change(
        0,
        "Good day.\nservice.org wants you to sign in with your Ethereum account:",
        "its first line ends",
    );
    change(1, &WETH.to_lowercase(), "capitals of EIP-55");
    change(1, WETH.trim_end_matches("Cc2"), "capitals of EIP-55");
    change(2, "x", "the empty line after the account");
    change(3, "I accept\nall of it", "the empty line after the statement");
    change(3, "I accept „all of it“", "characters that EIP-4361");
    change(4, "x", "the empty line after the statement");
    change(5, "URI: login", "is no URI");
    change(5, "URI: https://a b", "is no URI");
    change(5, "URI: https://a/%zz", "is no URI");
    change(5, "URI: https://a/#b#c", "is no URI");
    change(5, "URI:https://a", "`URI: …` is missing");
    change(6, "Version: 2", "version is not 1");
    change(7, "Chain ID: 0x1", "a chain id is a number");
    change(7, "Chain ID: 01", "a chain id is a number");
    change(7, "Chain ID: 0", "a chain id is a number");
    change(7, "Chain ID: ", "a chain id is a number");
    change(8, "Nonce: 1234567", "eight or more");
    change(8, "Nonce: 1234-5678", "eight or more");
    change(9, "Issued At: 2021-09-30 16:25:24Z", "is no time");
    change(9, "Issued At: 2021-09-31T16:25:24Z", "is no time");
    change(9, "Issued At: 2021-09-30T16:25:24", "is no time");
    change(9, "Issued At: 2021-09-30T16:25:24.Z", "is no time");
    change(9, "Issued At: 2021-09-30T16:25:24+2:00", "is no time");
    change(9, "Issued At: 2021-09-30T16:25:24+24:00", "is no time");
    change(9, "Issued At: 1970-01-01T00:00:00+00:01", "is no time");
    change(12, "Request ID: a b", "request's id");
    change(13, "Resources: ", "has no place in it");
    change(14, "-ipfs://x", "has no place in it");
    change(15, "- x", "is no URI");
    change(15, "and one more thing", "has no place in it");
    change(15, "", "has no place in it");
    let mut swapped = lines();
    swapped.swap(10, 11);
    refused(json!([swapped.join("\n"), WETH]), DenyCode::UnsafeMessage, "has no place in it");
    refused(json!([lines().join("\r\n"), WETH]), DenyCode::UnsafeMessage, "its first line ends");
    refused(json!([lines().join("\n") + "\n", WETH]), DenyCode::UnsafeMessage, "has no place in it");
}

#[test]
fn a_sign_in_is_for_its_chain_and_account() {
    let text = lines().join("\n");
    refused(json!([text, WETH]), DenyCode::WrongChain, "for chain 10, but `chainId` is 1");
    assert!(ask(json!([text, WETH]), Some(10)).is_ok());
    // Who is signed in must be who signs, or the wallet that the signer owns.
    let request = ask(json!([text, FROM]), None).unwrap();
    let (from, account, other) = (FROM.parse().unwrap(), WETH.parse().unwrap(), Address::repeat_byte(0x33));
    let facts = |wallet, signer| Facts { wallet, signer, agent: None, now: 0 };
    let refusal = request.lend(&facts(from, from)).unwrap_err();
    assert_eq!(refusal.code, DenyCode::WrongWallet);
    assert!(refusal.message.contains("it signs 0xC02a"), "{refusal}");
    assert!(request.lend(&facts(account, from)).is_ok());
    assert!(request.lend(&facts(other, from)).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Lines of a sign-in in any order, some of them spoilt: never a panic, and never a text beside a sign-in.
    #[test]
    fn shuffled_sign_ins(picks in proptest::collection::vec((0usize..16, 0usize..70, any::<char>()), 1..20)) {
        let all = lines();
        let mut text = all[0].clone();
        for (line, at, c) in picks {
            let mut line: Vec<char> = all[line].chars().collect();
            if at < line.len() {
                line[at] = c;
            }
            text = format!("{text}\n{}", line.into_iter().collect::<String>());
        }
        if let Ok(message) = Message::read(text.as_bytes()) {
            prop_assert!(message.sign_in().is_some());
        }
    }

    #[test]
    fn bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        if let Ok(message) = Message::read(&bytes) {
            prop_assert_eq!(message.text().as_bytes(), &bytes);
            prop_assert_eq!(message.digest(), eip191_hash_message(&bytes));
        }
    }
}
