//! A Safe's transactions and its packed records. Whatever they are wrapped in, what a Safe does is judged.

use super::{SAFE_OWNER, WRAPPED};
use crate::{
    ask::{
        BASE, Case, DOLLAR, ETHEREUM, FRIEND, STRANGER, Tx, USDC, approve, call, case, later, more, story,
        transfer, tx, usdc, word,
    },
    class::Class::{self, ChainId, Delegatecall, MultiSend, Packed, Safe, TypedData, Upgrade},
    doc::{Doc, members, typed},
    world::wallet,
    wrap::{Leg, exec, execTransactionCall, leg, multi_send, records},
};
use agentpol_model::{Address, U256};
use alloy_primitives::{address, hex};
use alloy_sol_types::SolCall as _;
use serde_json::{Value as Json, json};

pub(super) const CALLS_ONLY: Address = address!("0x9641d764fc13c8B624c04430C7356C1C7C8102e2");
const ANY_CALLS: Address = address!("0x38869bf66a61cF6bDB996A6aE40D5853Fd43B526");

/// A payout of so many dollars.
fn pay(to: Address, dollars: u64) -> Leg {
    leg(USDC, transfer(to, usdc(dollars * DOLLAR)))
}

fn several(legs: &[Leg]) -> Leg {
    leg(CALLS_ONLY, multi_send(records(legs))).delegated()
}

const SAFE_TX: &str = "address to,uint256 value,bytes data,uint8 operation,uint256 safeTxGas,uint256 baseGas,\
    uint256 gasPrice,address gasToken,address refundReceiver,uint256 nonce";

/// An owner's signature.
fn signed(leg: &Leg) -> Doc {
    let message = json!({
        "to": leg.to.to_string(), "value": leg.value.to_string(), "data": hex::encode_prefixed(&leg.data),
        "operation": leg.operation, "safeTxGas": "0", "baseGas": "0", "gasPrice": "0",
        "gasToken": Address::ZERO.to_string(), "refundReceiver": Address::ZERO.to_string(), "nonce": "0",
    });
    typed(ETHEREUM, ("", ""), wallet(), &[("SafeTx", SAFE_TX)], message)
}

/// The transaction with which somebody submits it.
fn submitted(leg: &Leg, change: impl Fn(&mut execTransactionCall)) -> Tx {
    let mut call = exec(leg);
    change(&mut call);
    tx(ETHEREUM, wallet(), &call.abi_encode())
}

fn plain(leg: &Leg) -> Tx {
    submitted(leg, |_| ())
}

fn own(signature: &str, words: &[U256]) -> Leg {
    leg(wallet(), call(signature, words))
}

pub(super) fn cases() -> Vec<Case> {
    let mut all = signatures();
    all.extend(owners());
    all.extend(transactions());
    all.extend(packed());
    all
}

fn one(class: Class, name: &'static str, leg: &Leg, expect: &'static str) -> Case {
    case(class, name, SAFE_OWNER, signed(leg), expect)
}

fn signatures() -> Vec<Case> {
    let good = || signed(&pay(FRIEND, 100));
    let set = |member: &str, value: Json| good().set(&format!("/message/{member}"), value);
    let of = |name, doc: Doc, expect| case(Safe, name, SAFE_OWNER, doc, expect);
    let stranger = || Json::from(STRANGER.to_string());
    vec![
        of("a payout", good(), "allow pay"),
        of("a refund by the gas", set("gasPrice", "1".into()), "deny requirement"),
        of(
            "a refund in a token to a stranger",
            set("gasPrice", "1".into())
                .set("/message/gasToken", USDC.to_string())
                .set("/message/refundReceiver", stranger()),
            "deny requirement",
        ),
        of("gas that lets the inside fail", set("safeTxGas", "1".into()), "deny requirement"),
        of("a base gas, at no price", set("baseGas", "1000000".into()), "allow pay"),
        of("a refund's receiver, at no price", set("refundReceiver", stranger()), "allow pay"),
        of("operation 1: foreign code as the Safe", set("operation", 1.into()), "deny delegatecall"),
        of("operation 2", set("operation", 2.into()), "deny malformed"),
        of("operation 256", set("operation", 256.into()), "deny invalid_request"),
        of("value along with a payout", set("value", "1".into()), "deny not_payable"),
        of(
            "value along with foreign code",
            set("operation", 1.into()).set("/message/value", "1"),
            "deny malformed",
        ),
        of("ether to a stranger", signed(&leg(STRANGER, Vec::new()).value(U256::ONE)), "deny no_rule"),
        of("to a stranger", signed(&pay(STRANGER, 1)), "deny no_rule"),
        of("an allowance", signed(&leg(USDC, approve(STRANGER, usdc(1)))), "deny no_rule"),
        of(
            "a transfer's bytes at a stranger's",
            signed(&leg(STRANGER, transfer(FRIEND, usdc(1)))),
            "deny unknown_contract",
        ),
        of(
            "a Safe that is not the wallet",
            good().set("/domain/verifyingContract", stranger()),
            "deny unknown_contract",
        ),
        case(
            ChainId,
            "the same Safe on another chain",
            SAFE_OWNER,
            good().set("/domain/chainId", BASE).chain(BASE),
            "deny wrong_chain",
        ),
        case(
            TypedData,
            "a Safe's domain with a name",
            SAFE_OWNER,
            good()
                .set("/domain/name", "Safe")
                .set("/types/EIP712Domain", members("string name,uint256 chainId,address verifyingContract")),
            "deny wrong_domain",
        ),
        case(
            TypedData,
            "the older form, with `dataGas`",
            SAFE_OWNER,
            good()
                .set("/types/SafeTx/5/name", "dataGas")
                .without("/message/baseGas")
                .set("/message/dataGas", "0"),
            "deny unknown_type",
        ),
        case(
            TypedData,
            "a message of the Safe",
            SAFE_OWNER,
            typed(
                ETHEREUM,
                ("", ""),
                wallet(),
                &[("SafeMessage", "bytes message")],
                json!({ "message": "0xab" }),
            ),
            "deny unknown_type",
        ),
        story(
            Safe,
            "the same nonce, for another",
            SAFE_OWNER,
            [later(0, good(), "allow pay"), later(1, signed(&pay(FRIEND, 200)), "deny nonce")],
        ),
        story(
            Safe,
            "a week's payouts",
            SAFE_OWNER,
            [
                later(0, signed(&pay(FRIEND, 5_000)), "allow pay"),
                later(
                    1,
                    signed(&several(&[pay(FRIEND, 3_000), pay(FRIEND, 2_001)])).set("/message/nonce", "1"),
                    "deny budget",
                ),
                later(2, signed(&pay(FRIEND, 5_000)).set("/message/nonce", "1"), "allow pay"),
            ],
        ),
    ]
}

fn owners() -> Vec<Case> {
    let (one_owner, stranger) = (word(Address::with_last_byte(1)), word(STRANGER));
    let n = U256::ONE;
    let change =
        |name, signature: &str, words: &[U256], expect| one(Upgrade, name, &own(signature, words), expect);
    let calls =
        |name, signature: &str, words: &[U256], expect| one(Safe, name, &own(signature, words), expect);
    vec![
        change("an owner more", "addOwnerWithThreshold(address,uint256)", &[stranger, n], "deny no_rule"),
        change(
            "another owner",
            "swapOwner(address,address,address)",
            &[one_owner, word(wallet()), stranger],
            "deny no_rule",
        ),
        change(
            "an owner fewer",
            "removeOwner(address,address,uint256)",
            &[one_owner, word(wallet()), n],
            "deny no_rule",
        ),
        change("one signature is enough", "changeThreshold(uint256)", &[n], "deny no_rule"),
        change("a module", "enableModule(address)", &[stranger], "deny no_rule"),
        change(
            "no module any more",
            "disableModule(address,address)",
            &[one_owner, stranger],
            "deny no_rule",
        ),
        change("a guard", "setGuard(address)", &[stranger], "deny no_rule"),
        change("no guard", "setGuard(address)", &[U256::ZERO], "deny no_rule"),
        change("a handler of what is left over", "setFallbackHandler(address)", &[stranger], "deny no_rule"),
        change("another master copy", "changeMasterCopy(address)", &[stranger], "deny unknown_function"),
        change("a new code, as proxies have it", "upgradeTo(address)", &[stranger], "deny unknown_function"),
        calls("a hash is approved", "approveHash(bytes32)", &[U256::MAX], "deny unknown_function"),
        calls(
            "set up once more",
            "setup(address[],uint256,address,bytes,address,address,uint256,address)",
            &[],
            "deny unknown_function",
        ),
        calls("storage, simulated", "simulateAndRevert(address,bytes)", &[stranger], "deny unknown_function"),
        one(
            Upgrade,
            "an owner more, among payouts",
            &several(&[pay(FRIEND, 1), own("addOwnerWithThreshold(address,uint256)", &[stranger, n])]),
            "deny no_rule",
        ),
        one(
            Safe,
            "a module's transaction",
            &own(
                "execTransactionFromModule(address,uint256,bytes,uint8)",
                &[word(USDC), U256::ZERO, U256::from(0x80), U256::ZERO, U256::ZERO],
            ),
            "deny no_rule",
        ),
    ]
}

fn transactions() -> Vec<Case> {
    let of = |name, tx: Tx, expect| case(Safe, name, WRAPPED, tx, expect);
    let delegated =
        |name, leg: &Leg, expect| case(Delegatecall, name, WRAPPED, plain(&leg.clone().delegated()), expect);
    let good = pay(FRIEND, 10);
    vec![
        of("a payout, submitted", plain(&good), "allow pay"),
        of("a refund", submitted(&good, |call| call.gasPrice = U256::ONE), "deny requirement"),
        of(
            "a refund in dollars to a stranger",
            submitted(&good, |call| {
                (call.gasPrice, call.gasToken, call.refundReceiver) = (U256::ONE, USDC, STRANGER);
            }),
            "deny requirement",
        ),
        of(
            "gas that lets the inside fail",
            submitted(&good, |call| call.safeTxGas = U256::ONE),
            "deny requirement",
        ),
        of("a base gas, at no price", submitted(&good, |call| call.baseGas = U256::from(1_000)), "allow pay"),
        of(
            "no signatures: the Safe refuses it",
            submitted(&good, |call| call.signatures = Vec::new().into()),
            "allow pay",
        ),
        of("an operation of 2", submitted(&good, |call| call.operation = 2), "deny malformed"),
        of(
            "bytes behind",
            tx(ETHEREUM, wallet(), &more(exec(&good).abi_encode(), &[0; 32])),
            "deny malformed",
        ),
        of("ether along with it, which the Safe keeps", plain(&good).value(U256::ONE), "deny no_rule"),
        of("too much", plain(&pay(FRIEND, 101)), "deny no_rule"),
        of("a stranger", plain(&pay(STRANGER, 1)), "deny no_rule"),
        of(
            "an owner more",
            plain(&own("addOwnerWithThreshold(address,uint256)", &[word(STRANGER), U256::ONE])),
            "deny no_rule",
        ),
        of("a Safe inside itself", plain(&leg(wallet(), exec(&good).abi_encode())), "allow pay"),
        of(
            "a stranger, a Safe inside itself",
            plain(&leg(wallet(), exec(&pay(STRANGER, 1)).abi_encode())),
            "deny no_rule",
        ),
        delegated("a payout as foreign code", &good, "deny delegatecall"),
        delegated(
            "a stranger's code that looks like a transfer",
            &leg(STRANGER, transfer(FRIEND, usdc(1))),
            "deny delegatecall",
        ),
        delegated("a stranger's code without data", &leg(STRANGER, Vec::new()), "deny malformed"),
        delegated(
            "Multicall3's code as the Safe",
            &leg(super::multicalls::MULTICALL3, crate::wrap::aggregate3(&[pay(FRIEND, 1)], &[])),
            "deny delegatecall",
        ),
        delegated(
            "the Safe's own code as the Safe",
            &leg(wallet(), exec(&good).abi_encode()),
            "deny delegatecall",
        ),
    ]
}

fn packed() -> Vec<Case> {
    let all = |legs: &[Leg]| plain(&several(legs));
    let raw = |bytes: Vec<u8>| plain(&leg(CALLS_ONLY, multi_send(bytes)).delegated());
    let of = |name, tx: Tx, expect| case(MultiSend, name, WRAPPED, tx, expect);
    let shape = |name, tx: Tx, expect| case(Packed, name, WRAPPED, tx, expect);
    let good = || vec![pay(FRIEND, 1), pay(FRIEND, 2), leg(FRIEND, Vec::new()).value(U256::from(5))];
    let changed = |at: usize, value: u8| {
        let mut bytes = records(&good());
        assert_ne!(bytes[at], value);
        bytes[at] = value;
        raw(bytes)
    };
    let fifty = |odd: Leg| {
        let mut legs = vec![leg(USDC, transfer(FRIEND, usdc(1_000))); 50];
        legs[31] = odd;
        all(&legs)
    };
    vec![
        of("three payouts", all(&good()), "allow pay"),
        of("a stranger among them", all(&[good(), vec![pay(STRANGER, 1)]].concat()), "deny no_rule"),
        of("too much together", all(&[pay(FRIEND, 100), pay(FRIEND, 100), pay(FRIEND, 51)]), "deny budget"),
        of("fifty", fifty(leg(USDC, transfer(FRIEND, usdc(1_000)))), "allow pay"),
        of("fifty, one a stranger's", fifty(pay(STRANGER, 1)), "deny no_rule"),
        of("fifty, one an allowance", fifty(leg(USDC, approve(STRANGER, usdc(1)))), "deny no_rule"),
        case(
            Delegatecall,
            "fifty, one foreign code",
            WRAPPED,
            fifty(pay(FRIEND, 1).delegated()),
            "deny delegatecall",
        ),
        case(
            Delegatecall,
            "foreign code, by the library that allows it",
            WRAPPED,
            plain(&leg(ANY_CALLS, multi_send(records(&[pay(FRIEND, 1).delegated()]))).delegated()),
            "deny delegatecall",
        ),
        of("a record of operation 2", changed(0, 2), "deny malformed"),
        of("a record of operation 255", changed(0, 255), "deny malformed"),
        shape("a length one short", changed(84, 67), "deny malformed"),
        shape("a length one long", changed(84, 69), "deny malformed"),
        shape("a length of 2^255", changed(53, 0x80), "deny malformed"),
        shape("a length of 2^64", changed(76, 1), "deny malformed"),
        shape("half a record behind", raw(more(records(&good()), &[0; 40])), "deny malformed"),
        shape("a zero byte behind", raw(more(records(&good()), &[0])), "deny malformed"),
        shape("a record cut off", raw(records(&good())[..100].to_vec()), "deny malformed"),
        shape("one that ends with its operation", raw(vec![0]), "deny malformed"),
        of("no record", raw(Vec::new()), "deny no_rule"),
        of(
            "called, not run as the Safe",
            plain(&leg(CALLS_ONLY, multi_send(records(&good())))),
            "deny foreign_sender",
        ),
        of(
            "called by the wallet itself",
            tx(ETHEREUM, CALLS_ONLY, &multi_send(records(&good()))),
            "deny foreign_sender",
        ),
        of(
            "a library that looks like it",
            plain(
                &leg(
                    {
                        let mut like = CALLS_ONLY;
                        like.0[9] ^= 1;
                        like
                    },
                    multi_send(records(&good())),
                )
                .delegated(),
            ),
            "deny delegatecall",
        ),
        of(
            "records within records",
            all(&[pay(FRIEND, 1), leg(wallet(), exec(&several(&[pay(FRIEND, 2)])).abi_encode())]),
            "allow pay",
        ),
        of(
            "records within records, a stranger inside",
            all(&[pay(FRIEND, 1), leg(wallet(), exec(&several(&[pay(STRANGER, 2)])).abi_encode())]),
            "deny no_rule",
        ),
        of("value with a payout", all(&[pay(FRIEND, 1).value(U256::ONE)]), "deny not_payable"),
    ]
}
