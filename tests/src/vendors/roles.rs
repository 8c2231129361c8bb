//! Zodiac Roles' permission sets and recorded calls, as the corpora have them.

use super::{corpora, rows};
use agentpol_abi::{AbiFunction, json, signature::parse_function};
use agentpol_model::{Address, U256};
use alloy_primitives::hex;
use serde_json::Value as Json;
use std::{collections::BTreeMap, fs};

/// What one role may do.
#[derive(Debug)]
pub struct PermissionSet {
    /// Its name.
    pub id: String,
    /// By its short name.
    pub chain: String,
    /// Which contracts.
    pub targets: Vec<Target>,
}

/// A contract.
#[derive(Debug)]
pub struct Target {
    /// Where.
    pub address: Address,
    /// Which functions.
    pub functions: Vec<Function>,
}

/// A function of it.
#[derive(Debug)]
pub struct Function {
    /// Which.
    pub selector: [u8; 4],
    /// 0: calls; 1: they may send value; 2: delegatecalls; 3: both.
    pub execution_options: u64,
    /// With any arguments.
    pub wildcarded: bool,
    /// What must hold of them.
    pub condition: Option<Condition>,
}

/// On the call's data, or on a part of it.
#[derive(Debug)]
pub struct Condition {
    /// By its number in the contract.
    pub operator: u64,
    /// What is compared with.
    pub value: Vec<u8>,
    /// Of its parts.
    pub children: Vec<Condition>,
}

impl Condition {
    /// Its value as a word.
    pub fn word(&self) -> U256 {
        U256::try_from_be_slice(&self.value).unwrap()
    }
}

/// A recorded call.
#[derive(Debug)]
pub struct Case {
    /// Its name.
    pub id: String,
    /// The sets in force.
    pub policies: Vec<String>,
    /// By its id.
    pub chain: u64,
    /// Whose assets move.
    pub avatar: Address,
    /// The contract.
    pub to: Address,
    /// Wei.
    pub value: U256,
    /// Undecoded.
    pub data: Vec<u8>,
    /// Does foreign code run?
    pub delegates: bool,
    /// `allow`, `deny` or `reverts`.
    pub expected: String,
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

/// All permission sets. `None` where there are no corpora.
pub fn sets() -> Option<Vec<PermissionSet>> {
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
    Some(rows("zodiac_defikit/permission_sets.jsonl")?.iter().map(set).collect())
}

fn condition(row: &Json) -> Condition {
    Condition {
        operator: row["operator"].as_u64().unwrap(),
        value: bytes(&row["compValue"]),
        children: list(&row["children"], condition),
    }
}

/// All calls. `None` where there are no corpora.
pub fn cases() -> Option<Vec<Case>> {
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
    Some(rows("zodiac_defikit/cases.jsonl")?.iter().map(case).collect())
}

/// Every function whose ABI is known: from the ABI files, and from what the calls say of themselves.
pub fn functions() -> BTreeMap<[u8; 4], AbiFunction> {
    let mut all = BTreeMap::new();
    for row in rows("zodiac_defikit/cases.jsonl").unwrap_or_default() {
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
