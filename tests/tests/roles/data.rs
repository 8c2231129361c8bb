//! The permission sets and the calls, as the corpora have them.

use agentpol_abi::{AbiFunction, json, signature::parse_function};
use agentpol_model::{Address, U256};
use alloy_primitives::hex;
use serde_json::Value as Json;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

#[derive(Debug)]
pub(crate) struct PermissionSet {
    pub(crate) id: String,
    pub(crate) chain: String,
    pub(crate) targets: Vec<Target>,
}

#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) address: Address,
    pub(crate) functions: Vec<Function>,
}

#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) selector: [u8; 4],
    /// 0: calls; 1: they may send value; 2: delegatecalls; 3: both.
    pub(crate) execution_options: u64,
    pub(crate) wildcarded: bool,
    pub(crate) condition: Option<Condition>,
}

#[derive(Debug)]
pub(crate) struct Condition {
    pub(crate) operator: u64,
    pub(crate) value: Vec<u8>,
    pub(crate) children: Vec<Condition>,
}

impl Condition {
    /// Its value as a word.
    pub(crate) fn word(&self) -> U256 {
        U256::try_from_be_slice(&self.value).unwrap()
    }
}

#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) id: String,
    /// The sets in force.
    pub(crate) policies: Vec<String>,
    pub(crate) chain: u64,
    pub(crate) avatar: Address,
    pub(crate) to: Address,
    pub(crate) value: U256,
    pub(crate) data: Vec<u8>,
    pub(crate) delegates: bool,
    /// `allow`, `deny` or `reverts`.
    pub(crate) expected: String,
}

fn corpora() -> PathBuf {
    #[expect(clippy::disallowed_methods, reason = "tests find their data through the environment")]
    match std::env::var("AGENTPOL_CORPORA") {
        Ok(path) => PathBuf::from(path),
        Err(_) => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora"),
    }
}

fn rows(name: &str) -> Option<Vec<Json>> {
    let path = corpora().join("policies/zodiac_defikit").join(name);
    let Ok(text) = fs::read_to_string(&path) else {
        println!("skipped: no corpora at {} (set AGENTPOL_CORPORA)", path.display());
        return None;
    };
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn text(row: &Json) -> String {
    row.as_str().unwrap().to_owned()
}

fn bytes(row: &Json) -> Vec<u8> {
    row.as_str().map(|text| hex::decode(text).unwrap()).unwrap_or_default()
}

fn list<T>(row: &Json, one: impl Fn(&Json) -> T) -> Vec<T> {
    row.as_array().map(|rows| rows.iter().map(one).collect()).unwrap_or_default()
}

pub(crate) fn sets() -> Option<Vec<PermissionSet>> {
    let set = |row: &Json| PermissionSet {
        id: text(&row["id"]),
        chain: text(&row["chain"]),
        targets: list(&row["targets"], |row| Target {
            address: row["address"].as_str().unwrap().parse().unwrap(),
            functions: list(&row["functions"], |row| Function {
                selector: bytes(&row["selector"]).try_into().unwrap(),
                execution_options: row["executionOptions"].as_u64().unwrap(),
                wildcarded: row["wildcarded"].as_bool().unwrap(),
                condition: row.get("condition").filter(|c| c.is_object()).map(condition),
            }),
        }),
    };
    Some(rows("permission_sets.jsonl")?.iter().map(set).collect())
}

fn condition(row: &Json) -> Condition {
    Condition {
        operator: row["operator"].as_u64().unwrap(),
        value: bytes(&row["compValue"]),
        children: list(&row["children"], condition),
    }
}

pub(crate) fn cases() -> Option<Vec<Case>> {
    let case = |row: &Json| Case {
        id: text(&row["id"]),
        policies: list(&row["policies"], text),
        chain: row["chainId"].as_u64().unwrap(),
        avatar: row["avatar"].as_str().unwrap().parse().unwrap(),
        to: row["to"].as_str().unwrap().parse().unwrap(),
        value: row["value"].as_str().unwrap().parse().unwrap(),
        data: bytes(&row["data"]),
        delegates: row["operation"] != "call",
        expected: text(&row["expected"]),
    };
    Some(rows("cases.jsonl")?.iter().map(case).collect())
}

/// Every function whose ABI is known: from the ABI files, and from what the calls say of themselves.
pub(crate) fn functions() -> BTreeMap<[u8; 4], AbiFunction> {
    let mut all = BTreeMap::new();
    for row in rows("cases.jsonl").unwrap_or_default() {
        if let Some(function) = row["function"].as_str().and_then(|f| parse_function(f).ok()) {
            all.insert(function.selector(), function);
        }
    }
    let files = fs::read_dir(corpora().join("abis")).into_iter().flatten();
    for path in files.map(|file| file.unwrap().path()) {
        let Ok(functions) = json::parse(&fs::read_to_string(&path).unwrap()) else { continue };
        for function in functions {
            all.entry(function.selector()).or_insert(function);
        }
    }
    all
}
