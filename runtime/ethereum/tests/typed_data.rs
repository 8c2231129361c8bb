//! Typed data against real rows and what three libraries make of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use agentpol_abi::encode;
use agentpol_ethereum::{Body, Facts, OwnedRequest, Refusal, Signable, TypedData, read};
use agentpol_model::{
    Address,
    decision::DenyCode,
    request::{DOMAIN_BYTES, Kind, TYPE_HASH_BYTES},
};
use alloy_primitives::{hex, keccak256};
use common::{bytes, rows};
use serde_json::{Value as Json, json};

const FROM: &str = "0x1111111111111111111111111111111111111111";

/// As a wallet is asked, the data as an object or as text.
fn ask(data: &Json, outer: Option<u64>, as_text: bool) -> Result<OwnedRequest, Refusal> {
    let data = if as_text { Json::String(data.to_string()) } else { data.clone() };
    let request = json!({ "method": "eth_signTypedData_v4", "params": [FROM, data] });
    let mut line = json!({ "request": request });
    if let Some(chain) = outer {
        line["chainId"] = chain.into();
    }
    read(&line.to_string())
}

fn body(request: &OwnedRequest) -> (u64, Address, &TypedData) {
    match request.body() {
        Body::TypedData { chain, contract, data } => (*chain, *contract, data),
        other => panic!("{other:?}"),
    }
}

/// Everything that the ground truth knows of a row.
fn equal(id: &str, data: &TypedData, expected: &Json) {
    for (name, ours) in [
        ("digest", data.digest().unwrap()),
        ("domainSeparator", data.domain().separator),
        ("structHash", data.struct_hash().unwrap()),
    ] {
        if !expected[name].is_null() {
            assert_eq!(ours.as_slice(), bytes(&expected[name]), "{id}: {name}");
        }
    }
    assert_eq!(data.type_hash(), keccak256(data.encode_type()), "{id}");
    let (domain, rest) = data.data().split_at(DOMAIN_BYTES);
    assert_eq!(domain, data.domain().separator.as_slice(), "{id}");
    assert_eq!(rest[..TYPE_HASH_BYTES], *data.type_hash(), "{id}");
    let values = agentpol_abi::decode(data.members(), &rest[TYPE_HASH_BYTES..]).unwrap();
    assert_eq!(encode(data.members(), &values).unwrap(), rest[TYPE_HASH_BYTES..], "{id}");
}

/// Rows that wallets do not agree on; why they are refused here.
const DISPUTED: [(&str, &str); 2] = [
    ("mmtestdapp/signTypedData-variants/signPermitBatch@1", "no field \"version\""),
    ("mmtestdapp/signTypedData-variants/signSeaportBulkOrder@1", "does not declare `EIP712Domain`"),
];

#[test]
fn real_rows_hash_to_the_ground_truth() {
    for file in ["typed_data/metamask_test_dapp.jsonl", "typed_data/ledger_erc7730.jsonl"] {
        let (mut same, mut disputed, mut capitals) = (0, 0, 0);
        for row in rows(file) {
            let id = row["id"].as_str().unwrap();
            let (data, expected) = (&row["typedData"], &row["expected"]);
            let chain = row["chainId"].as_u64();
            for as_text in [false, true] {
                let read = ask(data, chain, as_text);
                if let Some((_, why)) = DISPUTED.iter().find(|(name, _)| *name == id) {
                    let refusal = read.unwrap_err();
                    assert_eq!(refusal.code, DenyCode::WrongDomain, "{id}: {refusal}");
                    assert!(refusal.message.contains(why), "{id}: {refusal}");
                    disputed += 1;
                } else if !expected["badChecksum"].is_null() {
                    let refusal = read.unwrap_err();
                    assert!(refusal.message.contains("EIP-55"), "{id}: {refusal}");
                    // With the capitals left out the digits say the same as to the library that was asked.
                    let lower: Json = serde_json::from_str(&lower(&data.to_string())).unwrap();
                    equal(id, body(&ask(&lower, chain, as_text).unwrap()).2, expected);
                    capitals += 1;
                } else {
                    let request = read.unwrap_or_else(|e| panic!("{id}: {e}"));
                    let (named, contract, typed) = body(&request);
                    equal(id, typed, expected);
                    assert_eq!(Some(named), chain, "{id}");
                    let verifying = data["domain"]["verifyingContract"].as_str().unwrap();
                    assert_eq!(contract, verifying.to_lowercase().parse::<Address>().unwrap(), "{id}");
                    assert_eq!(typed.primary_type(), row["primaryType"].as_str().unwrap(), "{id}");
                    let facts = Facts {
                        wallet: FROM.parse().unwrap(),
                        signer: FROM.parse().unwrap(),
                        agent: None,
                        now: 0,
                    };
                    let lent = request.lend(&facts).unwrap();
                    let action = lent.request().actions[0];
                    assert_eq!(
                        (action.kind, action.to, action.data),
                        (Kind::Sign, contract, typed.data()),
                        "{id}"
                    );
                    let digest = Signable::new(request.clone()).unwrap().digest();
                    assert_eq!(digest.as_slice(), bytes(&expected["digest"]), "{id}");
                    same += 1;
                }
            }
        }
        println!(
            "{file}: {} rows equal in digest, domain separator and struct hash, as object and as text; {} refused because \
             wallets disagree; {} for their capitals, equal without them",
            same / 2,
            disputed / 2,
            capitals / 2
        );
    }
}

/// Addresses in one case; nothing else in the rows has 40 hex digits between quotes.
fn lower(text: &str) -> String {
    let mut parts: Vec<String> = text.split('"').map(str::to_owned).collect();
    for part in parts.iter_mut().filter(|p| p.len() == 42 && p.starts_with("0x")) {
        *part = part.to_lowercase();
    }
    parts.join("\"")
}

#[test]
fn random_rows_hash_to_the_ground_truth() {
    let (mut same, mut unfit) = (0, Vec::new());
    for row in rows("typed_data/ethers_eip712_vectors.jsonl") {
        let id = row["id"].as_str().unwrap();
        let known = [
            ("name", "string"),
            ("version", "string"),
            ("chainId", "uint256"),
            ("verifyingContract", "address"),
            ("salt", "bytes32"),
        ];
        let declared: Vec<Json> = known
            .iter()
            .filter(|(name, _)| !row["domain"][name].is_null())
            .map(|(name, ty)| json!({ "name": name, "type": ty }))
            .collect();
        let mut types = row["types"].clone();
        types["EIP712Domain"] = declared.into();
        let data = json!({
            "types": types, "primaryType": row["primaryType"], "domain": row["domain"], "message": row["message"],
        });
        match TypedData::read(&data.to_string()) {
            Ok(typed) => {
                equal(id, &typed, &row["expected"]);
                // Type hash and one word for each member.
                let struct_hash = keccak256(bytes(&row["expected"]["encoded"]));
                assert_eq!(typed.struct_hash(), Some(struct_hash), "{id}");
                same += 1;
            }
            Err(refusal) => unfit.push(format!("{id}: {refusal}")),
        }
    }
    println!("ethers_eip712_vectors.jsonl: {same} rows equal; refused: {unfit:#?}");
    assert!(
        unfit.iter().all(|why| why.contains("[0]") || why.contains("at least one element")),
        "{unfit:#?}"
    );
}

/// Rows that some library takes, and that mean nothing certain: why they are refused here.
const REFUSED: [(&str, &str); 12] = [
    ("valid_space_in_custom_type_fieldname", "a member cannot be called \"cont ents\""),
    ("valid_primary_type_is_empty_string", "a struct cannot be called \"\""),
    ("valid_int_value_for_string_type", "a `string` is a string; found a number"),
    ("valid_null_value_for_custom_type", "is an object; found null"),
    ("valid_nested_structs_ethers", "holds itself"),
    ("valid_eip712_example_ethers_does_not_accept_recursive", "holds itself"),
    ("valid_space_in_custom_type_metamask", "a struct cannot be called"),
    ("valid_missing_eip712_type", "does not declare `EIP712Domain`"),
    ("valid_missing_primary_type_key_metamask", "`primaryType` is missing"),
    ("valid_missing_primary_type_key_and_eip712domain", "does not declare `EIP712Domain`"),
    ("fixture/valid_message_nested_structs", "holds itself"),
    ("fixture/invalid_message_value_type_mismatch", "a `string` is a string"),
];

#[test]
fn rows_of_several_libraries_are_equal_or_refused_with_a_reason() {
    let (mut same, mut disputed, mut malformed) = (0, 0, Vec::new());
    for row in rows("typed_data/eth_account.jsonl") {
        let id = row["id"].as_str().unwrap();
        let read = TypedData::read(&row["typedData"].to_string());
        if let Some((_, why)) = REFUSED.iter().find(|(part, _)| id.contains(part)) {
            let refusal = read.unwrap_err();
            assert!(refusal.message.contains(why), "{id}: {refusal}");
            disputed += 1;
        } else if row["label"] == "malformed" {
            malformed.push(format!("{id}: {}", read.unwrap_err()));
        } else {
            let truth = json!({ "digest": row["expected"]["digest_eth_account"] });
            equal(id, &read.unwrap_or_else(|e| panic!("{id}: {e}")), &truth);
            same += 1;
        }
    }
    println!(
        "eth_account.jsonl: {same} rows equal, {disputed} refused that libraries disagree on, {} malformed ones refused: {malformed:#?}",
        malformed.len()
    );
}

/// The example of the EIP, to be spoilt.
fn mail() -> Json {
    json!({
        "types": {
            "EIP712Domain": [
                { "name": "name", "type": "string" }, { "name": "version", "type": "string" },
                { "name": "chainId", "type": "uint256" }, { "name": "verifyingContract", "type": "address" },
            ],
            "Person": [{ "name": "name", "type": "string" }, { "name": "wallet", "type": "address" }],
            "Mail": [
                { "name": "from", "type": "Person" }, { "name": "to", "type": "Person" },
                { "name": "contents", "type": "string" },
            ],
        },
        "primaryType": "Mail",
        "domain": {
            "name": "Ether Mail", "version": "1", "chainId": 1,
            "verifyingContract": "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC",
        },
        "message": {
            "from": { "name": "Cow", "wallet": "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826" },
            "to": { "name": "Bob", "wallet": "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB" },
            "contents": "Hello, Bob!",
        },
    })
}

#[test]
fn the_example_of_the_eip() {
    let request = ask(&mail(), None, false).unwrap();
    let (chain, _, data) = body(&request);
    assert_eq!(chain, 1);
    assert_eq!(
        data.encode_type(),
        "Mail(Person from,Person to,string contents)Person(string name,address wallet)"
    );
    let hash = |text: &str| Some(text.parse().unwrap());
    assert_eq!(
        data.struct_hash(),
        hash("0xc52c0ee5d84264471806290a3f2c4cecfc5490626bf912d01f240d7a274b371e")
    );
    assert_eq!(data.digest(), hash("0xbe609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2"));
}

fn refused(data: &Json, code: DenyCode, pointer: &str, says: &str) {
    for as_text in [false, true] {
        let refusal = ask(data, Some(1), as_text).expect_err(says);
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
    assert!(ask(&without(0, "name"), None, false).is_ok());
    assert!(ask(&without(1, "version"), None, false).is_ok());
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
        assert!(ask(&spoil(&|d| d["domain"]["chainId"] = same.clone()), Some(1), true).is_ok());
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
            ask(&one(ty, value.clone()), None, true).unwrap_or_else(|e| panic!("{ty} {value}: {e}"));
        assert!(body(&request).2.digest().is_some());
    }
    // Precise numbers survive: 2^53 + 1 in quotes.
    let exact = ask(&one("uint256", json!("9007199254740993")), None, true).unwrap();
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
    for name in ["uint256", "bytes", "uint", "function", "It(uint8 it)", "1t", ""] {
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
