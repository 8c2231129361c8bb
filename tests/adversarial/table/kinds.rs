//! What is no call and no send, and what only pretends to be one.

use super::{DCA, GUARD, USD};
use crate::class::Class::{
    ChainId, Create, Delegation, Homograph, Json, Message, Short, Trailing, TxType, TypedData, Ungranted,
    Upstream,
};
use crate::{
    ask::{
        BASE, Case, DOLLAR, ETHEREUM, FRIEND, STRANGER, Tx, USDC_BASE, case, method, raw, send, transfer, tx,
        usdc,
    },
    world::wallet,
};
use agentpol_model::{Address, U256};
use alloy::{
    consensus::{SignableTransaction, TxEip1559, TxEip4844, TxEip7702, TxLegacy},
    signers::SignerSync,
};
use alloy_primitives::{B256, Bytes, TxKind};

pub(super) fn cases() -> Vec<Case> {
    let mut all = methods();
    all.extend(types());
    all.extend(serialised());
    all
}

/// `["0x…wallet", what]`.
fn with_wallet(what: &str) -> String {
    format!("[\"{}\", {what}]", wallet())
}

fn methods() -> Vec<Case> {
    let hash = format!("\"0x{}\"", "ab".repeat(32));
    let typed =
        "\"{\\\"types\\\":{},\\\"primaryType\\\":\\\"Permit\\\",\\\"domain\\\":{},\\\"message\\\":{}}\"";
    let calls = format!(
        "[{{\"version\": \"2.0.0\", \"chainId\": \"0x1\", \"atomicRequired\": true, \"from\": \"{}\", \"calls\": []}}]",
        wallet()
    );
    let delegate = format!(
        "{{\"chainId\": 1, \"authorization\": {{\"chainId\": \"0x0\", \"address\": \"{STRANGER}\", \"nonce\": \"0x0\"}}}}"
    );
    vec![
        case(Ungranted, "ether to a friend", GUARD, send(ETHEREUM, FRIEND, U256::ONE), "allow send_eth"),
        case(
            Message,
            "`eth_sign` of a hash",
            GUARD,
            method("eth_sign", &with_wallet(&hash)),
            "deny unsupported_kind",
        ),
        case(
            Message,
            "`personal_sign` of a hash",
            GUARD,
            method("personal_sign", &format!("[{hash}, \"{}\"]", wallet())),
            "deny unsafe_message",
        ),
        case(
            TypedData,
            "typed data that declares nothing",
            GUARD,
            method("eth_signTypedData_v4", &with_wallet(typed)),
            "deny wrong_domain",
        ),
        case(
            TypedData,
            "typed data, version 3",
            GUARD,
            method("eth_signTypedData_v3", &with_wallet(typed)),
            "deny unsupported_kind",
        ),
        case(
            TypedData,
            "typed data, no version",
            GUARD,
            method("eth_signTypedData", &with_wallet(typed)),
            "deny wrong_domain",
        ),
        case(Json, "a batch of no calls", GUARD, method("wallet_sendCalls", &calls), "deny invalid_request"),
        case(
            Upstream,
            "a transaction that is signed already, by its method",
            GUARD,
            method("eth_sendRawTransaction", "[\"0x02\"]"),
            "deny unsupported_kind",
        ),
        case(
            Ungranted,
            "a session for somebody else",
            GUARD,
            method("wallet_grantPermissions", "[{}]"),
            "deny unsupported_kind",
        ),
        case(
            Ungranted,
            "a chain of the asker's own",
            GUARD,
            method("wallet_addEthereumChain", "[{}]"),
            "deny unsupported_kind",
        ),
        case(
            Ungranted,
            "the key itself",
            GUARD,
            method("eth_exportPrivateKey", "[]"),
            "deny unsupported_kind",
        ),
        case(
            Homograph,
            "a known method in capitals",
            GUARD,
            method("ETH_SENDTRANSACTION", "[{}]"),
            "deny unsupported_kind",
        ),
        case(
            Homograph,
            "a known method with a space",
            GUARD,
            method("eth_sendTransaction ", "[{}]"),
            "deny unsupported_kind",
        ),
        case(
            Homograph,
            "a known method in Cyrillic",
            GUARD,
            method("еth_sendTransaction", "[{}]"),
            "deny unsupported_kind",
        ),
        case(
            Json,
            "a method that is no text",
            GUARD,
            "{\"chainId\": 1, \"request\": {\"method\": 1, \"params\": []}}",
            "deny invalid_request",
        ),
        case(
            Delegation,
            "an account handed over to code, on every chain",
            GUARD,
            delegate,
            "deny unsupported_kind",
        ),
    ]
}

fn types() -> Vec<Case> {
    let pay = || tx(BASE, USDC_BASE, &transfer(STRANGER, usdc(DOLLAR)));
    let list = format!("[{{\"chainId\": \"0x0\", \"address\": \"{STRANGER}\", \"nonce\": \"0x0\"}}]");
    let init = "\"0x6080604052\"";
    let create = |tx: Tx| tx.set("data", init).set("gas", "\"0x186a0\"");
    vec![
        case(TxType, "type 2, said", USD, pay().also("type", "\"0x2\""), "allow pay"),
        case(TxType, "type 3", USD, pay().also("type", "\"0x3\""), "deny unsupported_kind"),
        case(Delegation, "type 4", USD, pay().also("type", "\"0x4\""), "deny unsupported_kind"),
        case(TxType, "type 5", USD, pay().also("type", "\"0x5\""), "deny invalid_request"),
        case(TxType, "type 0x7e, a deposit", USD, pay().also("type", "\"0x7e\""), "deny invalid_request"),
        case(
            TxType,
            "type 258, which is 2 in eight bits",
            USD,
            pay().also("type", "\"0x102\""),
            "deny invalid_request",
        ),
        case(
            Delegation,
            "type 2, carrying authorisations",
            USD,
            pay().also("authorizationList", &list),
            "deny unsupported_kind",
        ),
        case(
            Delegation,
            "no authorisations, but a list of them",
            USD,
            pay().also("authorizationList", "[]"),
            "deny unsupported_kind",
        ),
        case(TxType, "blob hashes", USD, pay().also("blobVersionedHashes", "[]"), "deny unsupported_kind"),
        case(TxType, "a blob fee", USD, pay().also("maxFeePerBlobGas", "\"0x1\""), "deny unsupported_kind"),
        case(TxType, "blobs", USD, pay().also("blobs", "[\"0x\"]"), "deny unsupported_kind"),
        case(Create, "a contract, with `to` left out", USD, create(pay().without("to")), "deny no_rule"),
        case(Create, "a contract, with `to` null", USD, create(pay().set("to", "null")), "deny no_rule"),
        case(
            Create,
            "a contract with value",
            USD,
            create(pay().set("to", "null")).value(U256::ONE),
            "deny no_rule",
        ),
        case(
            Create,
            "`to` null with the calldata of a transfer",
            USD,
            pay().set("to", "null").set("gas", "\"0x186a0\""),
            "deny no_rule",
        ),
        case(Json, "neither `to` nor code", USD, pay().without("to").without("data"), "deny invalid_request"),
        case(Json, "an empty `to`", USD, pay().set("to", "\"\""), "deny invalid_request"),
        case(Json, "`to` of 0x", USD, pay().set("to", "\"0x\""), "deny invalid_request"),
    ]
}

fn legacy(chain_id: Option<u64>) -> TxLegacy {
    TxLegacy {
        chain_id,
        nonce: 0,
        gas_price: 1_000_000_000,
        gas_limit: 100_000,
        to: TxKind::Call(USDC_BASE),
        value: U256::ZERO,
        input: transfer(STRANGER, usdc(DOLLAR)).into(),
    }
}

fn dynamic() -> TxEip1559 {
    TxEip1559 {
        chain_id: BASE,
        nonce: 0,
        gas_limit: 100_000,
        max_fee_per_gas: 1_000_000_000,
        max_priority_fee_per_gas: 0,
        to: TxKind::Call(USDC_BASE),
        value: U256::ZERO,
        access_list: Default::default(),
        input: transfer(STRANGER, usdc(DOLLAR)).into(),
    }
}

/// Signed by somebody: not the wallet.
fn signed_by_a_stranger(transaction: TxEip1559) -> Vec<u8> {
    let key = alloy::signers::local::PrivateKeySigner::from_bytes(&B256::repeat_byte(7)).unwrap();
    let signature = key.sign_hash_sync(&transaction.signature_hash()).unwrap();
    let mut bytes = Vec::new();
    alloy::eips::eip2718::Encodable2718::encode_2718(&transaction.into_signed(signature), &mut bytes);
    bytes
}

fn serialised() -> Vec<Case> {
    let blob = TxEip4844 {
        chain_id: BASE,
        gas_limit: 100_000,
        to: USDC_BASE,
        blob_versioned_hashes: vec![B256::repeat_byte(1)],
        max_fee_per_gas: 1,
        ..TxEip4844::default()
    };
    let code = TxEip7702 {
        chain_id: BASE,
        gas_limit: 100_000,
        to: Address::ZERO,
        authorization_list: Vec::new(),
        input: Bytes::new(),
        ..TxEip7702::default()
    };
    let good = dynamic().encoded_for_signing();
    let behind = [good.as_slice(), &[0]].concat();
    let deposit = [&[0x7e], &good[1..]].concat();
    vec![
        case(TxType, "type 2, serialised", USD, raw(&good), "allow pay"),
        case(TxType, "type 0, serialised", USD, raw(&legacy(Some(BASE)).encoded_for_signing()), "allow pay"),
        case(
            ChainId,
            "type 0 for any chain",
            USD,
            raw(&legacy(None).encoded_for_signing()),
            "deny invalid_request",
        ),
        case(
            ChainId,
            "type 0 for chain 0",
            USD,
            raw(&legacy(Some(0)).encoded_for_signing()),
            "deny invalid_request",
        ),
        case(TxType, "type 3, serialised", USD, raw(&blob.encoded_for_signing()), "deny unsupported_kind"),
        case(
            Delegation,
            "type 4 with no authorisation, serialised",
            USD,
            raw(&code.encoded_for_signing()),
            "deny invalid_request",
        ),
        case(TxType, "type 0x7e, serialised", USD, raw(&deposit), "deny invalid_request"),
        case(Trailing, "a byte behind it", USD, raw(&behind), "deny invalid_request"),
        case(Short, "a byte short", USD, raw(&good[..good.len() - 1]), "deny invalid_request"),
        case(Short, "no bytes", USD, raw(&[]), "deny invalid_request"),
        case(
            Json,
            "a stranger's signature on it",
            USD,
            raw(&signed_by_a_stranger(dynamic())),
            "deny invalid_request",
        ),
        case(
            Json,
            "a number with a leading zero in it",
            USD,
            raw(&[&good[..1], &[0xc2, 0x82, 0x00]].concat()),
            "deny invalid_request",
        ),
        case(
            ChainId,
            "serialised for one chain, said to be for another",
            USD,
            raw(&good).replace('{', "{\"chainId\": 1, "),
            "deny invalid_request",
        ),
        case(
            ChainId,
            "serialised for a chain of no policy",
            DCA,
            raw(&TxEip1559 { chain_id: 56, ..dynamic() }.encoded_for_signing()),
            "deny wrong_chain",
        ),
    ]
}
