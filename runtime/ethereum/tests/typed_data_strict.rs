//! Typed data that could mean two things: refused, at its place, with what would be right.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use agentpol_ethereum::read;
use agentpol_model::decision::DenyCode;
use alloy_primitives::hex;
use common::{FROM, ask_typed, body, mail};
use serde_json::{Value as Json, json};

fn refused(data: &Json, code: DenyCode, pointer: &str, says: &str) {
    for as_text in [false, true] {
        let refusal = ask_typed(data, Some(1), as_text).expect_err(says);
        assert_eq!(refusal.code, code, "{refusal}");
        assert!(refusal.message.contains(says), "{says}: {refusal}");
        assert!(
            refusal.to_string().contains(&format!("(/request/params/1{pointer},")),
            "{pointer}: {refusal}"
        );
    }
}

#[test]
fn domains_say_for_whom() {
    let spoil = |how: &dyn Fn(&mut Json)| {
        let mut data = mail();
        how(&mut data);
        data
    };
    let without = |n: usize, name: &str| {
        spoil(&|data| {
            data["types"]["EIP712Domain"].as_array_mut().unwrap().remove(n);
            data["domain"].as_object_mut().unwrap().remove(name);
        })
    };
    refused(&without(2, "chainId"), DenyCode::WrongChain, "/domain", "names no chain");
    refused(&without(3, "verifyingContract"), DenyCode::WrongDomain, "/domain", "names no contract");
    assert!(ask_typed(&without(0, "name"), None, false).is_ok());
    assert!(ask_typed(&without(1, "version"), None, false).is_ok());
    refused(
        &spoil(&|d| d["domain"]["chainId"] = json!(5)),
        DenyCode::WrongChain,
        "/domain",
        "`chainId` is 1",
    );
    refused(&spoil(&|d| d["domain"]["chainId"] = json!(0)), DenyCode::WrongChain, "/domain", "no chain");
    let huge = json!(format!("0x1{}", "0".repeat(16)));
    refused(
        &spoil(&|d| d["domain"]["chainId"] = huge.clone()),
        DenyCode::WrongChain,
        "/domain",
        "such an id",
    );
    for same in [json!(1), json!("1"), json!("0x1")] {
        assert!(ask_typed(&spoil(&|d| d["domain"]["chainId"] = same.clone()), Some(1), true).is_ok());
    }
    let wrong = DenyCode::WrongDomain;
    refused(&spoil(&|d| d["domain"]["salt"] = json!("0x")), wrong, "/domain/salt", "no field \"salt\"");
    refused(
        &spoil(&|d| drop(d["domain"].as_object_mut().unwrap().remove("version"))),
        wrong,
        "/domain",
        "`version` is missing",
    );
    refused(
        &spoil(&|d| d["types"]["EIP712Domain"][2]["type"] = json!("uint64")),
        wrong,
        "/types/EIP712Domain/2/type",
        "a domain has no member `uint64 chainId`",
    );
    let extra = json!({ "name": "owner", "type": "address" });
    refused(
        &spoil(&|d| d["types"]["EIP712Domain"].as_array_mut().unwrap().push(extra.clone())),
        wrong,
        "/types/EIP712Domain/4/type",
        "a domain has no member `address owner`",
    );
    refused(
        &spoil(&|d| d["primaryType"] = json!("EIP712Domain")),
        DenyCode::InvalidRequest,
        "/primaryType",
        "declares no struct \"EIP712Domain\"",
    );
    refused(
        &spoil(&|d| d["types"]["Mail"][0]["type"] = json!("EIP712Domain")),
        DenyCode::InvalidRequest,
        "/types/Mail/0/type",
        "no type \"EIP712Domain\"",
    );
}

/// A struct of one member.
fn one(ty: &str, value: Json) -> Json {
    let mut data = mail();
    data["types"] = json!({
        "EIP712Domain": data["types"]["EIP712Domain"],
        "It": [{ "name": "it", "type": ty }],
    });
    data["primaryType"] = json!("It");
    data["message"] = json!({ "it": value });
    data
}

#[test]
fn values_have_one_meaning() {
    let bad = |ty: &str, value: Json, says: &str| {
        refused(&one(ty, value), DenyCode::InvalidRequest, "/message/it", says);
    };
    for (ty, value) in [
        ("uint8", json!("256")),
        ("uint8", json!(256)),
        ("uint8", json!("0x100")),
        ("uint8", json!(-1)),
        ("uint8", json!("-1")),
        ("int8", json!(128)),
        ("int8", json!("0xff")),
        ("int8", json!(-129)),
        ("int256", json!(format!("0x8{}", "0".repeat(63)))),
        ("uint256", json!("115792089237316195423570985008687907853269984665640564039457584007913129639936")),
    ] {
        bad(ty, value, "out of its range");
    }
    bad("uint256", json!(1.0), "without point or exponent");
    bad("uint256", json!("1.0"), "decimal digits");
    bad("uint256", json!("1e3"), "decimal digits");
    bad("uint256", json!("+1"), "decimal digits");
    bad("uint256", json!(""), "decimal digits");
    bad("uint256", json!(" 1"), "decimal digits");
    bad("uint256", json!("１"), "decimal digits");
    bad("uint256", json!("01"), "leading zeros");
    bad("uint256", json!("0x01"), "leading zeros");
    bad("uint256", json!("0x"), "zero is `0x0`");
    bad("uint256", json!("0xFF"), "lower case");
    bad("int256", json!("-0"), "zero has no sign");
    bad("uint256", json!(9_007_199_254_740_992_u64), "in quotes");
    bad("uint256", json!(null), "found null");
    bad("uint256", json!(true), "found");
    bad("bool", json!(1), "`true` or `false`");
    bad("bool", json!("true"), "`true` or `false`");
    bad("bytes4", json!("0x00"), "4 bytes");
    bad("bytes4", json!("0x0000000000"), "4 bytes");
    bad("bytes", json!("0x0"), "two digits each");
    bad("bytes", json!("text"), "begins with `0x`");
    bad("bytes", json!([1]), "is a string");
    bad("string", json!(["a"]), "is a string");
    bad("address", json!("0xcccccccccccccccccccccccccccccccccccccccC"), "EIP-55");
    bad("address", json!("0x00"), "40 hex digits");
    bad("address", json!("vitalik.eth"), "begins with `0x`");
    bad("address[]", json!({}), "is an array");
    bad("uint8[2]", json!([1]), "has 2 elements; found 1");
    bad("uint8[2]", json!([1, 2, 3]), "has 2 elements; found 3");
    for (ty, value) in [
        ("uint256", json!(9_007_199_254_740_991_u64)),
        ("int8", json!(-128)),
        ("int8", json!("-128")),
        ("int256", json!("-57896044618658097711785492504343953926634992332820282019728792003956564819968")),
        ("address", json!("0xCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC")),
        ("bytes", json!("0x")),
        ("bytes3[2][]", json!([["0x000001", "0xABCDEF"]])),
        ("string", json!("")),
    ] {
        let request =
            ask_typed(&one(ty, value.clone()), None, true).unwrap_or_else(|e| panic!("{ty} {value}: {e}"));
        assert!(body(&request).2.digest().is_some());
    }
    // Precise numbers survive: 2^53 + 1 in quotes.
    let exact = ask_typed(&one("uint256", json!("9007199254740993")), None, true).unwrap();
    assert!(body(&exact).2.data().ends_with(&hex!("0020000000000001")));
}

#[test]
fn types_have_one_meaning() {
    let bad = |ty: &str, says: &str| {
        refused(&one(ty, json!(0)), DenyCode::InvalidRequest, "/types/It/0/type", says);
    };
    for ty in [
        "uint",
        "int",
        "byte",
        "uint7",
        "uint264",
        "uint08",
        "bytes0",
        "bytes33",
        "function",
        "fixed128x18",
        "tuple",
        "(uint8)",
        " uint8",
        "uint8 ",
        "uint8[",
        "uint8]",
        "uint8[]x",
        "uint8[0]",
        "uint8[01]",
        "uint8[-1]",
        "uint8[4294967296]",
        "Address",
        "",
        "[]",
        "It2",
        "uint8[][",
        "mapping(uint8=>uint8)",
    ] {
        bad(ty, "there is no type");
    }
    bad(&format!("uint8{}", "[]".repeat(40)), "levels deep");
    refused(
        &one(&format!("uint8{}", "[]".repeat(17)), json!([])),
        DenyCode::InvalidRequest,
        "/primaryType",
        "levels deep",
    );
    refused(&one("It[]", json!([])), DenyCode::InvalidRequest, "/primaryType", "\"It\" holds itself");
    refused(&one("uint8[4294967295]", json!([])), DenyCode::InvalidRequest, "/primaryType", "words of heads");
    // Two names in one, as they would hash.
    let mut data = one("uint8", json!(1));
    data["types"]["It"][0]["name"] = json!("it,uint8 that");
    refused(&data, DenyCode::InvalidRequest, "/types/It/0/name", "cannot be called");
    let long = "n".repeat(129);
    for name in [long.as_str(), "uint256", "bytes", "uint", "function", "It(uint8 it)", "1t", ""] {
        let mut data = one("uint8", json!(1));
        data["types"][name] = json!([]);
        refused(&data, DenyCode::InvalidRequest, &format!("/types/{name}"), "a struct cannot be called");
    }
    let mut data = one("uint8", json!(1));
    data["types"]["Other"] = json!([{ "name": "a", "type": "bool" }]);
    refused(&data, DenyCode::InvalidRequest, "/types/Other", "leave it out");
    let mut data = one("uint8", json!(1));
    data["types"]["It"].as_array_mut().unwrap().push(json!({ "name": "it", "type": "bool" }));
    refused(&data, DenyCode::InvalidRequest, "/types/It/1/name", "two members");
    let mut data = one("uint8", json!(1));
    data["types"]["It"][0]["internalType"] = json!("uint8");
    refused(&data, DenyCode::InvalidRequest, "/types/It/0/internalType", "no field");
    let mut data = mail();
    data["message"]["bcc"] = json!([]);
    refused(&data, DenyCode::InvalidRequest, "/message/bcc", "has no field \"bcc\"");
    let mut data = mail();
    data["message"]["to"].as_object_mut().unwrap().remove("wallet");
    refused(&data, DenyCode::InvalidRequest, "/message/to", "`wallet` is missing");
    let mut data = mail();
    data["more"] = json!(1);
    refused(&data, DenyCode::InvalidRequest, "/more", "has no field");
    let mut data = mail();
    data.as_object_mut().unwrap().remove("primaryType");
    refused(&data, DenyCode::InvalidRequest, "", "`primaryType` is missing");
}

/// Small text, large types: refused before anything grows.
#[test]
fn types_that_multiply_are_refused() {
    let mut types = mail()["types"].clone();
    types.as_object_mut().unwrap().retain(|name, _| name == "EIP712Domain");
    for n in 0..64 {
        let inner = if n == 63 { "bool".to_owned() } else { format!("T{}[]", n + 1) };
        let members: Vec<Json> = (0..4).map(|m| json!({ "name": format!("m{m}"), "type": inner })).collect();
        types[format!("T{n}")] = members.into();
    }
    let mut data = mail();
    data["types"] = types;
    data["primaryType"] = json!("T0");
    data["message"] = json!({ "m0": [], "m1": [], "m2": [], "m3": [] });
    refused(&data, DenyCode::InvalidRequest, "/primaryType", "too large to be read");
}

#[test]
fn requests_for_typed_data_are_strict() {
    let ask = |params: Json, method: &str| {
        read(&json!({ "request": { "method": method, "params": params } }).to_string())
    };
    let says = |params: Json, what: &str| {
        let refusal = ask(params, "eth_signTypedData_v4").unwrap_err();
        assert!(refusal.message.contains(what), "{refusal}");
    };
    assert!(ask(json!([FROM, mail()]), "eth_signTypedData").is_ok());
    says(json!([FROM]), "two elements");
    says(json!([mail(), FROM]), "the account is a string");
    says(json!([FROM, mail(), {}]), "two elements");
    says(json!([FROM, "{"]), "the typed data, byte 1");
    says(json!([FROM, [{ "type": "string", "name": "a", "value": "b" }]]), "typed data is an object");
    let twice =
        mail().to_string().replacen("\"contents\":\"Hello", "\"contents\":\"x\",\"contents\":\"Hello", 1);
    says(json!([FROM, twice]), "stands here twice");
    let v3 = ask(json!([FROM, mail()]), "eth_signTypedData_v3").unwrap_err();
    assert_eq!(v3.code, DenyCode::UnsupportedKind);
}
