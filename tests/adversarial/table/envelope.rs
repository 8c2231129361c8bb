//! Chain, nonce, gas, fees, value, sender.

use super::{AAVE, DCA, GUARD, TREASURY, USD};
use crate::ask::{
    BASE, Case, DOLLAR, ETHEREUM, FRIEND, ROUTER, STRANGER, SWAP, Tx, USDC, USDC_BASE, call, case, later,
    open, pow2, send, story, swap, transfer, tx, usdc,
};
use crate::class::Class::{AccessList, ChainId, Fees, Json, Nonce, Ungranted, Window};
use agentpol_model::U256;

fn pay_on(chain: u64) -> Tx {
    tx(chain, USDC_BASE, &transfer(STRANGER, usdc(DOLLAR)))
}

/// A dollar on base.
fn pay() -> Tx {
    pay_on(BASE)
}

/// A few dollars on base.
fn dollars(n: u64) -> Tx {
    tx(BASE, USDC_BASE, &transfer(STRANGER, usdc(n * DOLLAR)))
}

pub(super) fn cases() -> Vec<Case> {
    let mut all = chains();
    all.extend(gas());
    all.extend(fees());
    all.extend(nonces());
    all.extend(values());
    all
}

fn chains() -> Vec<Case> {
    vec![
        case(ChainId, "base", USD, pay(), "allow pay"),
        case(ChainId, "another chain", USD, pay_on(ETHEREUM), "deny wrong_chain"),
        case(ChainId, "a fork's chain id", USD, pay_on(61), "deny wrong_chain"),
        case(ChainId, "no chain", USD, pay().without_chain(), "deny invalid_request"),
        case(
            ChainId,
            "the chain inside",
            USD,
            pay().without_chain().also("chainId", "\"0x2105\""),
            "allow pay",
        ),
        case(
            ChainId,
            "one chain inside, another outside",
            USD,
            pay().also("chainId", "\"0x1\""),
            "deny invalid_request",
        ),
        case(ChainId, "chain 0", USD, pay_on(0), "deny invalid_request"),
        case(ChainId, "a chain past 2^63", USD, pay_on(u64::MAX), "deny invalid_request"),
        case(
            ChainId,
            "base plus 2^64",
            USD,
            pay().without_chain().also("chainId", "\"0x10000000000002105\""),
            "deny invalid_request",
        ),
        case(
            ChainId,
            "the chain as text in decimals",
            USD,
            pay().without_chain().also("chainId", "\"8453\""),
            "deny invalid_request",
        ),
        case(
            ChainId,
            "the chain as -1",
            USD,
            pay().without_chain().beside("chainId", "-1"),
            "deny invalid_request",
        ),
        case(
            ChainId,
            "the chain as 8453.0",
            USD,
            pay().without_chain().beside("chainId", "8453.0"),
            "deny invalid_request",
        ),
        case(
            ChainId,
            "no chain and no replay protection, type 0",
            USD,
            pay()
                .without_chain()
                .without("maxFeePerGas")
                .without("maxPriorityFeePerGas")
                .also("gasPrice", "\"0x1\""),
            "deny invalid_request",
        ),
    ]
}

fn gas() -> Vec<Case> {
    let list = |keys: usize| {
        let keys = vec![format!("\"0x{}\"", "00".repeat(32)); keys].join(", ");
        format!("[{{\"address\": \"{STRANGER}\", \"storageKeys\": [{keys}]}}]")
    };
    vec![
        case(Fees, "21 000 gas for a call", USD, pay().set("gas", "\"0x5208\""), "deny invalid_request"),
        case(
            Fees,
            "20 999 gas for a send",
            GUARD,
            send(ETHEREUM, FRIEND, U256::ONE).set("gas", "\"0x5207\""),
            "deny invalid_request",
        ),
        case(
            Fees,
            "21 000 gas for a send",
            GUARD,
            send(ETHEREUM, FRIEND, U256::ONE).set("gas", "\"0x5208\""),
            "allow send_eth",
        ),
        case(Fees, "no gas", USD, pay().set("gas", "\"0x0\""), "deny invalid_request"),
        case(Fees, "gas past 2^24", USD, pay().set("gas", "\"0x1000001\""), "deny invalid_request"),
        case(Fees, "gas past 2^64", USD, pay().set("gas", "\"0x10000000000030d40\""), "deny invalid_request"),
        case(Fees, "gas left open", USD, pay().without("gas"), "deny invalid_request"),
        case(
            Fees,
            "`gas` and `gasLimit` that differ",
            USD,
            pay().also("gasLimit", "\"0x30d41\""),
            "deny invalid_request",
        ),
        case(
            Fees,
            "`gas` and `gasLimit` that agree",
            USD,
            pay().also("gasLimit", "\"0x30d40\""),
            "allow pay",
        ),
        case(
            AccessList,
            "an access list that the gas does not cover",
            USD,
            pay().also("accessList", &list(100)),
            "deny invalid_request",
        ),
        case(
            AccessList,
            "an access list of many keys",
            USD,
            pay().set("gas", "\"0xf42400\"").also("accessList", &list(10_000)),
            "deny invalid_request",
        ),
        case(
            AccessList,
            "an access list in a transaction of type 0",
            USD,
            pay()
                .without("maxFeePerGas")
                .without("maxPriorityFeePerGas")
                .also("gasPrice", "\"0x1\"")
                .also("type", "\"0x0\"")
                .also("accessList", &list(1)),
            "deny invalid_request",
        ),
    ]
}

fn fees() -> Vec<Case> {
    let legacy =
        |price: &str| pay().without("maxFeePerGas").without("maxPriorityFeePerGas").also("gasPrice", price);
    let friend = |nonce: u64, gwei: u64| {
        let price = format!("\"{:#x}\"", gwei * 1_000_000_000);
        send(ETHEREUM, FRIEND, U256::ONE).nonce(nonce).set("maxFeePerGas", &price)
    };
    vec![
        case(Fees, "0.001 ETH in fees", USD, pay().set("maxFeePerGas", "\"0x12a05f200\""), "allow pay"),
        case(
            Fees,
            "0.001 ETH and 200 000 wei",
            USD,
            pay().set("maxFeePerGas", "\"0x12a05f201\""),
            "deny fee_cap",
        ),
        case(Fees, "a million gwei", USD, pay().set("maxFeePerGas", "\"0x38d7ea4c68000\""), "deny fee_cap"),
        case(
            Fees,
            "all that 128 bits hold",
            USD,
            pay().set("maxFeePerGas", "\"0xffffffffffffffffffffffffffffffff\""),
            "deny fee_cap",
        ),
        case(
            Fees,
            "a price past 2^128",
            USD,
            pay().set("maxFeePerGas", "\"0x100000000000000000000000000000001\""),
            "deny invalid_request",
        ),
        case(Fees, "a gas price, type 0", USD, legacy("\"0x12a05f200\""), "allow pay"),
        case(Fees, "a gas price above the cap, type 0", USD, legacy("\"0x12a05f201\""), "deny fee_cap"),
        case(
            Fees,
            "a gas price above the cap, type 1",
            USD,
            legacy("\"0x12a05f201\"").also("type", "\"0x1\""),
            "deny fee_cap",
        ),
        case(
            Fees,
            "a priority above the whole",
            USD,
            pay().set("maxPriorityFeePerGas", "\"0x3b9aca01\""),
            "deny invalid_request",
        ),
        case(Fees, "a price of both kinds", USD, pay().also("gasPrice", "\"0x1\""), "deny invalid_request"),
        case(
            Fees,
            "type 2 with a gas price",
            USD,
            legacy("\"0x1\"").also("type", "\"0x2\""),
            "deny invalid_request",
        ),
        case(Fees, "type 0 with a maximum fee", USD, pay().also("type", "\"0x0\""), "deny invalid_request"),
        case(Fees, "the fee left open", USD, pay().without("maxFeePerGas"), "deny invalid_request"),
        case(
            Fees,
            "the priority left open",
            USD,
            pay().without("maxPriorityFeePerGas"),
            "deny invalid_request",
        ),
        case(Fees, "value and fee past 2^256", USD, pay().value(U256::MAX), "deny invalid_request"),
        // 25 gwei × 200 000 is all that one may cost; two of them are all that a day may.
        story(
            Fees,
            "a day's fees",
            GUARD,
            [
                later(0, friend(0, 25), "allow send_eth"),
                later(1, friend(1, 25), "allow send_eth"),
                later(2, friend(2, 1), "deny budget"),
            ],
        ),
        story(
            Fees,
            "fees that never land count as well",
            GUARD,
            [
                open(0, friend(0, 25), "allow send_eth"),
                open(1, friend(1, 25), "allow send_eth"),
                open(2, friend(2, 1), "deny budget"),
            ],
        ),
    ]
}

fn nonces() -> Vec<Case> {
    let elsewhere = |dollars: u64| tx(BASE, USDC_BASE, &transfer(FRIEND, usdc(dollars * DOLLAR)));
    vec![
        case(Nonce, "2^64 - 1", USD, pay().set("nonce", "\"0xffffffffffffffff\""), "deny invalid_request"),
        case(Nonce, "2^64", USD, pay().set("nonce", "\"0x10000000000000000\""), "deny invalid_request"),
        case(Nonce, "left open, with none known", USD, pay().without("nonce"), "deny invalid_request"),
        story(Nonce, "a gap", USD, [later(0, pay(), "allow pay"), later(1, pay().nonce(2), "deny nonce")]),
        story(
            Nonce,
            "one that is spent, for somebody else",
            USD,
            [later(0, pay(), "allow pay"), later(1, elsewhere(1), "deny nonce")],
        ),
        story(
            Nonce,
            "one before the first",
            USD,
            [later(0, pay().nonce(5), "allow pay"), later(1, pay().nonce(4), "deny nonce")],
        ),
        story(
            Nonce,
            "the same bytes, once they have landed",
            USD,
            [later(0, pay(), "allow pay"), later(1, pay(), "deny nonce")],
        ),
        story(
            Nonce,
            "the same bytes while they are open count once",
            USD,
            [
                open(0, dollars(100), "allow pay"),
                open(1, dollars(100), "allow pay"),
                open(2, dollars(100).nonce(1), "allow pay"),
                open(3, dollars(50).nonce(2), "allow pay"),
                open(4, pay().nonce(3), "deny budget"),
            ],
        ),
        story(
            Nonce,
            "a replacement counts as the larger of the two",
            USD,
            [
                open(0, dollars(100), "allow pay"),
                open(1, dollars(100).nonce(1), "allow pay"),
                open(2, dollars(40).nonce(2), "allow pay"),
                open(3, dollars(50).nonce(2), "allow pay"),
                open(4, dollars(51).nonce(2), "deny budget"),
            ],
        ),
        story(
            Nonce,
            "a smaller replacement gives nothing back",
            USD,
            [
                open(0, dollars(100), "allow pay"),
                open(1, dollars(100).nonce(1), "allow pay"),
                open(2, dollars(50).nonce(2), "allow pay"),
                open(3, pay().nonce(2), "allow pay"),
                open(4, pay().nonce(3), "deny budget"),
            ],
        ),
        story(
            Nonce,
            "a replacement beyond what one transaction may",
            USD,
            [open(0, dollars(100), "allow pay"), open(1, dollars(101), "deny budget")],
        ),
        story(
            Window,
            "what is open does not leave the window",
            USD,
            [
                open(0, dollars(100), "allow pay"),
                open(1, dollars(100).nonce(1), "allow pay"),
                open(10 * 86_400, dollars(100).nonce(2), "deny budget"),
            ],
        ),
    ]
}

fn values() -> Vec<Case> {
    let data = transfer(FRIEND, usdc(DOLLAR));
    let one = U256::ONE;
    vec![
        case(
            Ungranted,
            "a wei with a transfer",
            GUARD,
            tx(ETHEREUM, USDC, &data).value(one),
            "deny not_payable",
        ),
        case(
            Ungranted,
            "all wei with a transfer",
            GUARD,
            tx(ETHEREUM, USDC, &data).value(pow2(200)),
            "deny not_payable",
        ),
        case(
            Ungranted,
            "a wei with a payable call of which the rule says nothing",
            DCA,
            tx(ETHEREUM, ROUTER, &call(SWAP, &swap())).value(one),
            "deny no_rule",
        ),
        case(
            Ungranted,
            "a wei with a supply",
            AAVE,
            tx(ETHEREUM, crate::ask::POOL, &call("setUserEMode(uint8)", &[one])).value(one),
            "deny not_payable",
        ),
        case(
            Ungranted,
            "a wei with a malformed transfer",
            GUARD,
            tx(ETHEREUM, USDC, &data[..67]).value(one),
            "deny malformed",
        ),
        case(
            Ungranted,
            "a day's ether and a wei",
            GUARD,
            send(ETHEREUM, FRIEND, U256::from(20_000_000_000_000_001u64)),
            "ask send_eth",
        ),
        case(
            Ungranted,
            "1 ETH",
            TREASURY,
            send(ETHEREUM, STRANGER, U256::from(10u64.pow(18))),
            "allow tier1",
        ),
        case(Ungranted, "2^255 wei", TREASURY, send(ETHEREUM, STRANGER, pow2(255)), "deny unlimited"),
        case(
            Ungranted,
            "2^256 wei",
            TREASURY,
            send(ETHEREUM, STRANGER, one).set("value", &format!("\"0x1{}\"", "0".repeat(64))),
            "deny invalid_request",
        ),
        case(
            Json,
            "from another wallet",
            USD,
            pay().set("from", &format!("\"{STRANGER}\"")),
            "deny wrong_wallet",
        ),
        case(Json, "from nobody", USD, pay().without("from"), "allow pay"),
    ]
}
