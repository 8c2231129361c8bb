//! Typed data against real rows and what three libraries make of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use agentpol_abi::encode;
use agentpol_ethereum::{Facts, Signable, TypedData};
use agentpol_model::{
    Address,
    decision::DenyCode,
    request::{DOMAIN_BYTES, Kind, TYPE_HASH_BYTES},
};
use alloy_primitives::keccak256;
use common::{FROM, ask_typed, body, bytes, mail, rows};
use serde_json::{Value as Json, json};

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
                let read = ask_typed(data, chain, as_text);
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
                    equal(id, body(&ask_typed(&lower, chain, as_text).unwrap()).2, expected);
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

#[test]
fn the_example_of_the_eip() {
    let request = ask_typed(&mail(), None, false).unwrap();
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
