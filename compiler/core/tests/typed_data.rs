//! What `sign` members are hashed with, beside what other libraries made of the same types and domains.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

use agentpol_compiler::{NoFiles, SourceFile, compile};
use agentpol_model::{B256, policy::Target, policy::Typed, request::Kind};
use serde_json::Value as Json;
use std::{fs, path::PathBuf};

/// The rows of a file of the corpora, if this machine has them.
fn rows(file: &str) -> Vec<Json> {
    let corpora = match std::env::var_os("AGENTPOL_CORPORA") {
        Some(path) => PathBuf::from(path),
        None => PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpora")),
    };
    let Ok(text) = fs::read_to_string(corpora.join("typed_data").join(file)) else {
        println!("skipped: no corpora at {}", corpora.display());
        return Vec::new();
    };
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The types as an interface at a contract, the primary one signed.
fn declared(primary: &str, types: &Json, at: &str, domain: (&str, &str)) -> String {
    let mut members = String::new();
    for (name, fields) in types.as_object().unwrap() {
        if name == "EIP712Domain" {
            continue;
        }
        let fields: Vec<String> = fields.as_array().unwrap().iter().map(field).collect();
        let word = if name == primary { "sign" } else { "struct" };
        members.push_str(&format!("    {word} {name} ({})\n", fields.join(", ")));
    }
    format!(
        "policy p on ethereum\n\ninterface I {{\n{members}}}\ncontract c: I on ethereum at {at} domain {:?} {:?}\n",
        domain.0, domain.1
    )
}

fn field(field: &Json) -> String {
    format!("{}: {}", field["name"].as_str().unwrap(), field["type"].as_str().unwrap())
}

fn signed(id: &str, text: String) -> (Typed, Target) {
    let compiled = compile(SourceFile::new(id, text.clone()), &NoFiles);
    let said: Vec<_> = compiled.diagnostics.iter().map(|d| d.message.clone()).collect();
    let rules = compiled.ruleset.unwrap_or_else(|| panic!("{id}: {said:?}\n{text}"));
    let callable = rules.callables.into_iter().find(|c| c.kind == Kind::Sign).unwrap();
    (callable.typed.unwrap(), callable.target.unwrap())
}

#[test]
fn types_hash_as_ethers_hashes_them() {
    let at = "0x2222222222222222222222222222222222222222";
    let mut same = 0;
    for row in rows("ethers_eip712_vectors.jsonl") {
        let (id, primary) = (row["id"].as_str().unwrap(), row["primaryType"].as_str().unwrap());
        let (typed, _) = signed(id, declared(primary, &row["types"], at, ("", "")));
        let encoded = row["expected"]["encoded"].as_str().unwrap();
        assert_eq!(typed.type_hash, encoded.get(..66).unwrap().parse::<B256>().unwrap(), "{id}");
        same += 1;
    }
    println!("{same} types");
    assert!(same == 0 || same > 150);
}

#[test]
fn domains_are_those_of_real_rows() {
    let mut same = 0;
    for file in ["ledger_erc7730.jsonl", "metamask_test_dapp.jsonl"] {
        for row in rows(file) {
            let (id, data) = (row["id"].as_str().unwrap(), &row["typedData"]);
            let domain = data["domain"].as_object().unwrap();
            let text = |name: &str| domain.get(name).map_or("", |v| v.as_str().unwrap());
            let chain = &domain["chainId"];
            let chain = chain.as_u64().or_else(|| chain.as_str()?.parse().ok()).unwrap();
            // Of what declares fewer members than it gives, or more, libraries make different things.
            let given: Vec<&str> = domain.keys().map(String::as_str).collect();
            let known = ["name", "version", "chainId", "verifyingContract"];
            let stated = data["types"]["EIP712Domain"].as_array().map_or(0, Vec::len);
            let separator = row["expected"]["domainSeparator"].as_str();
            let (Some(separator), true) =
                (separator, given.iter().all(|name| known.contains(name)) && stated == given.len())
            else {
                continue;
            };
            let at = text("verifyingContract").to_lowercase();
            let primary = data["primaryType"].as_str().unwrap();
            let (typed, target) =
                signed(id, declared(primary, &data["types"], &at, (text("name"), text("version"))));
            let Target::Fixed(address) = target else { panic!("{target:?}") };
            assert_eq!(typed.domain_separator(chain, address), separator.parse::<B256>().unwrap(), "{id}");
            same += 1;
        }
    }
    println!("{same} domains");
    assert!(same == 0 || same > 60);
}
