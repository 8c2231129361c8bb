//! 500 transactions that ethers made, signed and unsigned: fields and signer equal the ground truth, alloy agrees, and no
//! byte of them can be changed without being noticed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use agentpol_ethereum::{RawTransaction, transaction::recover};
use alloy::consensus::{TxEnvelope, transaction::SignerRecoverable};
use alloy::eips::eip2718::Decodable2718;
use alloy_primitives::{Address, U256, keccak256};
use common::{bytes, rows};
use serde_json::Value as Json;

/// ethers writes numbers as hex, padded or empty, or as plain numbers; what is left out is zero.
fn number(value: &Json) -> U256 {
    match value {
        Json::Null => U256::ZERO,
        Json::Number(n) => n.to_string().parse().unwrap(),
        Json::String(s) if s == "0x" => U256::ZERO,
        Json::String(s) => U256::from_str_radix(s.strip_prefix("0x").unwrap(), 16).unwrap(),
        other => panic!("{other}"),
    }
}

fn data(value: &Json) -> Vec<u8> {
    if value.is_null() { Vec::new() } else { bytes(value) }
}

fn to(value: &Json) -> Option<Address> {
    value.as_str().filter(|s| *s != "0x").map(|s| s.parse().unwrap())
}

fn check_fields(tx: &RawTransaction, fields: &Json, id: &str) {
    assert_eq!(U256::from(tx.nonce), number(&fields["nonce"]), "{id}: nonce");
    assert_eq!(tx.gas_limit, number(&fields["gasLimit"]), "{id}: gas");
    assert_eq!(tx.value, number(&fields["value"]), "{id}: value");
    assert_eq!(tx.data, data(&fields["data"]), "{id}: data");
    assert_eq!(tx.to, to(&fields["to"]), "{id}: to");
    let price = if tx.ty == 2 { "maxFeePerGas" } else { "gasPrice" };
    assert_eq!(tx.max_fee_per_gas, number(&fields[price]), "{id}: price");
    let priority = tx.max_priority_fee_per_gas.unwrap_or_default();
    assert_eq!(priority, number(&fields["maxPriorityFeePerGas"]), "{id}: priority fee");
    let empty = Vec::new();
    let list = fields["accessList"].as_array().unwrap_or(&empty);
    assert_eq!(tx.access_list.len(), list.len(), "{id}: access list");
    for (item, truth) in tx.access_list.iter().zip(list) {
        assert_eq!(Some(item.address), to(&truth["address"]), "{id}");
        let keys: Vec<_> = truth["storageKeys"].as_array().unwrap().iter().map(bytes).collect();
        assert_eq!(item.storage_keys.iter().map(|k| k.to_vec()).collect::<Vec<_>>(), keys, "{id}");
    }
}

fn check_signer(tx: &RawTransaction, raw: &[u8], from: &Json, id: &str) {
    let from: Address = from.as_str().unwrap().parse().unwrap();
    assert_eq!(tx.signer(), Some(from), "{id}: signer");
    assert_eq!(tx.hash(), Some(keccak256(raw)), "{id}: hash");
    // alloy, an oracle for what is valid; a gas limit beyond 64 bits is not.
    if tx.gas_limit > U256::from(u64::MAX) {
        assert!(TxEnvelope::decode_2718_exact(raw).is_err() && tx.draft().is_err(), "{id}");
        return;
    }
    let theirs = TxEnvelope::decode_2718_exact(raw).unwrap();
    assert_eq!(theirs.recover_signer().unwrap(), from, "{id}: alloy");
    assert_eq!(Some(*theirs.tx_hash()), tx.hash(), "{id}: alloy's hash");
}

#[test]
fn legacy() {
    let rows = rows("tx/ethers_legacy_transactions.jsonl");
    for row in &rows {
        let id = row["id"].as_str().unwrap();
        for (signed, unsigned, chain) in
            [("rawTx", "unsigned", None), ("rawTxChain5", "unsignedChain5", Some(5))]
        {
            let raw = bytes(&row[signed]);
            let tx = RawTransaction::read(&raw).unwrap_or_else(|e| panic!("{id}: {e}"));
            assert_eq!((tx.ty, tx.chain), (0, chain), "{id}");
            check_fields(&tx, row, id);
            check_signer(&tx, &raw, &row["from"], id);
            let bare = bytes(&row[unsigned]);
            assert_eq!(tx.payload, bare, "{id}: signed bytes");
            let bare = RawTransaction::read(&bare).unwrap_or_else(|e| panic!("{id}: {e}"));
            assert_eq!((bare.chain, bare.signature, &bare.payload), (chain, None, &tx.payload), "{id}");
            check_fields(&bare, row, id);
        }
    }
    println!(
        "ethers_legacy_transactions.jsonl: fields and signer equal in {0} of {0}, with and without EIP-155",
        rows.len()
    );
}

#[test]
fn typed() {
    let rows = rows("tx/ethers_typed_transactions.jsonl");
    for row in &rows {
        let id = row["id"].as_str().unwrap();
        let fields = &row["fields"];
        let raw = bytes(&row["rawTx"]);
        let tx = RawTransaction::read(&raw).unwrap_or_else(|e| panic!("{id}: {e}"));
        assert_eq!(u64::from(tx.ty), fields["type"].as_u64().unwrap(), "{id}");
        assert_eq!(tx.chain.map(U256::from), Some(number(&fields["chainId"])), "{id}");
        check_fields(&tx, fields, id);
        check_signer(&tx, &raw, &row["from"], id);
        let bare = bytes(&row["unsigned"]);
        assert_eq!(tx.payload, bare, "{id}: signed bytes");
        let bare = RawTransaction::read(&bare).unwrap_or_else(|e| panic!("{id}: {e}"));
        assert_eq!((bare.signature, &bare.payload), (None, &tx.payload), "{id}");
        check_fields(&bare, fields, id);
    }
    println!("ethers_typed_transactions.jsonl: fields and signer equal in {0} of {0}", rows.len());
}

/// Whatever byte is changed, the result is refused, or it is another transaction, or another key signed it; and it is the only
/// encoding of what was read.
#[test]
fn no_byte_is_slack() {
    let rows: Vec<_> = rows("tx/ethers_typed_transactions.jsonl")
        .into_iter()
        .chain(rows("tx/ethers_legacy_transactions.jsonl"))
        .step_by(40)
        .collect();
    let (mut mutants, mut refused, mut other) = (0, 0, 0);
    for row in &rows {
        let raw = bytes(&row["rawTx"]);
        let tx = RawTransaction::read(&raw).unwrap();
        for i in 0..raw.len() {
            for bit in [0, 3, 7] {
                let mut mutant = raw.clone();
                mutant[i] ^= 1 << bit;
                mutants += 1;
                match RawTransaction::read(&mutant) {
                    Err(_) => refused += 1,
                    Ok(read) => {
                        other += 1;
                        let same_content = read.payload == tx.payload && read.signature == tx.signature;
                        assert!(!same_content, "{}: byte {i} means nothing", row["id"]);
                        if let Some(signature) = &read.signature {
                            let hash = keccak256(&read.payload);
                            assert_ne!(recover(signature, &hash), tx.signer(), "{}: byte {i}", row["id"]);
                        }
                    }
                }
            }
        }
        for cut in 0..raw.len() {
            let read = RawTransaction::read(&raw[..cut]);
            assert!(read.is_err(), "{}: cut at {cut}", row["id"]);
        }
        for extra in [0u8, 0x80, 0xc0] {
            let longer = [raw.as_slice(), &[extra]].concat();
            assert!(RawTransaction::read(&longer).is_err(), "{}: {extra} appended", row["id"]);
        }
    }
    println!(
        "{mutants} one-bit mutants of {} transactions: {refused} refused, {other} other transactions",
        rows.len()
    );
}
