//! What others sent and decoded: a MultiSend of a Safe, and plans of Uniswap's router.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use agentpol_abi::{Value, decode, signature::parse_members};
use agentpol_model::{Address, U256, request::Kind};
use agentpol_unwrap::Unwrap;
use common::{arg, hex, inside, inside_bytes, outer, rows};
use serde_json::Value as Json;

/// Every `multiSend` in the row, with what its decoder made of it.
fn multisends<'j>(json: &'j Json, found: &mut Vec<(&'j Json, &'j Json)>) {
    if let Some(decoded) = json.get("decodedValue").filter(|list| list[0].get("operation").is_some()) {
        found.push((&json["value"], decoded));
    }
    match json {
        Json::Array(items) => items.iter().for_each(|item| multisends(item, found)),
        Json::Object(members) => members.values().for_each(|member| multisends(member, found)),
        _ => {}
    }
}

#[test]
fn multisends_of_safes() {
    let rows = rows("tx/safe_multisend_decoded.jsonl");
    let mut found = Vec::new();
    rows.iter().for_each(|row| multisends(row, &mut found));
    assert!(rows.is_empty() || !found.is_empty());
    for (packed, truth) in found {
        let unwrap = Unwrap::Records { data: arg(0) };
        let inner = inside_bytes(&hex(packed), unwrap, &outer(Kind::Delegatecall)).unwrap();
        let truth = truth.as_array().unwrap();
        assert_eq!(inner.len(), truth.len());
        for (inner, truth) in inner.iter().zip(truth) {
            let kind = if truth["operation"] == "CALL" { Kind::Call } else { Kind::Delegatecall };
            assert_eq!(inner.kind, kind);
            assert_eq!(inner.to, truth["to"].as_str().unwrap().parse::<Address>().unwrap());
            assert_eq!(inner.value.to_string(), truth["value"].to_string());
            assert_eq!(inner.data, hex(&truth["data"]));
        }
    }
}

/// The words and `bytes` of a decoded command, as text.
fn flat(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Array(items) | Value::Tuple(items) => items.iter().for_each(|item| flat(item, out)),
        other => out.push(other.to_string().to_lowercase()),
    }
}

fn flat_truth(json: &Json, out: &mut Vec<String>) {
    match json {
        Json::Array(items) => items.iter().for_each(|item| flat_truth(item, out)),
        Json::Object(members) => members.values().for_each(|member| flat_truth(member, out)),
        Json::String(text) => out.push(text.to_lowercase()),
        other => out.push(other.to_string()),
    }
}

#[test]
fn plans_of_the_universal_router() {
    let rows = rows("tx/uniswap_universal_router_sdk.jsonl");
    let (mut commands, mut decoded) = (0, 0);
    for row in &rows {
        let signature = row["expected"]["function"].as_str().unwrap();
        let inputs = signature.strip_prefix("execute").unwrap();
        let data = hex(&row["data"]);
        let unwrap = Unwrap::Commands { table: [9, 9, 9, 0], opcodes: arg(0), inputs: arg(1) };
        let inner = inside(inputs, &data[4..], &[unwrap], &outer(Kind::Call)).unwrap();
        let truth = row["expected"]["commands"].as_array().unwrap();
        assert_eq!(inner.len(), truth.len(), "{}", row["id"]);
        for (inner, truth) in inner.iter().zip(truth) {
            commands += 1;
            assert_eq!(inner.kind, Kind::Command);
            assert_eq!(inner.value, U256::ZERO);
            let opcode = format!("{:#04x}", inner.command[3]);
            assert_eq!(
                (&*opcode, inner.may_fail),
                (truth["opcode"].as_str().unwrap(), truth["allowRevert"].as_bool().unwrap())
            );
            let Some(args) = truth["args"].as_array() else { continue };
            let types: Vec<_> = args.iter().map(|arg| arg["type"].as_str().unwrap()).collect();
            let members = parse_members(&format!("({})", types.join(","))).unwrap();
            // The SDK leaves stray words behind some arguments; those are not the one encoding.
            let Ok(values) = decode(&members, &inner.data) else { continue };
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            values.iter().for_each(|value| flat(value, &mut ours));
            args.iter().for_each(|arg| flat_truth(&arg["value"], &mut theirs));
            // Members of an object come in the order of their names.
            ours.sort();
            theirs.sort();
            assert_eq!(ours, theirs, "{} {opcode}", row["id"]);
            decoded += 1;
        }
    }
    println!("{commands} commands of {} plans, {decoded} decoded", rows.len());
    assert!(rows.is_empty() || (commands > 100 && decoded * 2 > commands));
}
