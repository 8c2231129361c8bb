//! Amounts, recipients, spenders: one request by itself.

use super::{AAVE, DCA, GUARD, TREASURY, USD};
use crate::class::Class::{Addresses, Approve, Inclusion, Ungranted, Units};
use crate::{
    ask::{
        BASE, Case, DOLLAR, ETHEREUM, FRIEND, POOL, ROUTER, STRANGER, SWAP, Tx, USDC, USDC_BASE, WETH,
        approve, call, case, pow2, send, swap, transfer, tx, usdc, word,
    },
    world::wallet,
};
use agentpol_compiler::test_address;
use agentpol_model::{Address, U256};

fn pay(to: Address, amount: U256) -> Tx {
    tx(BASE, USDC_BASE, &transfer(to, amount))
}

fn dollars(n: u64) -> Tx {
    pay(STRANGER, usdc(n * DOLLAR))
}

pub(super) fn cases() -> Vec<Case> {
    let mut all = amounts();
    all.extend(recipients());
    all.extend(spenders());
    all
}

fn amounts() -> Vec<Case> {
    let friend = |amount| tx(ETHEREUM, USDC, &transfer(FRIEND, amount));
    vec![
        case(Ungranted, "100 dollars", USD, dollars(100), "allow pay"),
        case(
            Ungranted,
            "100 dollars and the smallest unit",
            USD,
            pay(STRANGER, usdc(100 * DOLLAR + 1)),
            "deny budget",
        ),
        case(
            Units,
            "100 dollars with 18 decimals",
            USD,
            pay(STRANGER, U256::from(100) * U256::from(10u64.pow(18))),
            "deny budget",
        ),
        case(Units, "2^64 and a dollar", USD, pay(STRANGER, pow2(64) + usdc(DOLLAR)), "deny budget"),
        case(Units, "2^128 and a dollar", USD, pay(STRANGER, pow2(128) + usdc(DOLLAR)), "deny budget"),
        case(Approve, "2^255 - 1", USD, pay(STRANGER, pow2(255) - U256::ONE), "deny budget"),
        case(Approve, "2^255", USD, pay(STRANGER, pow2(255)), "deny unlimited"),
        case(Approve, "2^256 - 1", USD, pay(STRANGER, U256::MAX), "deny unlimited"),
        case(Approve, "2^256 - 1 to a friend", GUARD, friend(U256::MAX), "deny unlimited"),
        case(Ungranted, "50 dollars to a friend", GUARD, friend(usdc(50 * DOLLAR)), "allow pay"),
        case(
            Ungranted,
            "50 dollars and the smallest unit to a friend",
            GUARD,
            friend(usdc(50 * DOLLAR + 1)),
            "ask pay",
        ),
        case(
            Approve,
            "a bridge's 2^256 - 1",
            TREASURY,
            tx(
                100,
                alloy_primitives::address!("0x9C58BAcC331c9aa871AFD802DB6379a98e80CEdb"),
                &transfer(
                    alloy_primitives::address!("0x670daeaF0F1a5e336090504C68179670B5059088"),
                    U256::MAX,
                ),
            ),
            "deny unlimited",
        ),
        case(
            Ungranted,
            "a supply past the policy's cap",
            AAVE,
            tx(
                ETHEREUM,
                POOL,
                &call(
                    "supply(address,uint256,address,uint16)",
                    &[word(USDC), usdc(5_000 * DOLLAR + 1), word(wallet()), U256::ZERO],
                ),
            ),
            "deny no_rule",
        ),
        case(
            Approve,
            "a supply of everything",
            AAVE,
            tx(
                ETHEREUM,
                POOL,
                &call(
                    "supply(address,uint256,address,uint16)",
                    &[word(USDC), U256::MAX, word(wallet()), U256::ZERO],
                ),
            ),
            "deny no_rule",
        ),
        case(
            Inclusion,
            "a price one unit too low",
            DCA,
            tx(
                ETHEREUM,
                ROUTER,
                &call(
                    SWAP,
                    &[
                        swap()[0],
                        swap()[1],
                        swap()[2],
                        swap()[3],
                        usdc(60 * DOLLAR),
                        U256::from(9_999_999_999_999_999u64),
                        U256::ZERO,
                    ],
                ),
            ),
            "deny no_rule",
        ),
        case(
            Inclusion,
            "that price",
            DCA,
            tx(
                ETHEREUM,
                ROUTER,
                &call(
                    SWAP,
                    &[
                        swap()[0],
                        swap()[1],
                        swap()[2],
                        swap()[3],
                        usdc(60 * DOLLAR),
                        U256::from(10u64.pow(16)),
                        U256::ZERO,
                    ],
                ),
            ),
            "allow buy_eth",
        ),
    ]
}

fn recipients() -> Vec<Case> {
    let like = |of: Address| {
        let mut other = of;
        other.0[10] ^= 0xff;
        other
    };
    let bridge = alloy_primitives::address!("0x670daeaF0F1a5e336090504C68179670B5059088");
    let wei = U256::from(10u64.pow(15));
    vec![
        case(Addresses, "the zero address", USD, pay(Address::ZERO, usdc(1)), "deny zero_recipient"),
        case(Addresses, "the token", USD, pay(USDC_BASE, usdc(1)), "deny self_recipient"),
        case(
            Addresses,
            "one who looks like the token",
            USD,
            pay(like(USDC_BASE), usdc(1)),
            "deny look_alike",
        ),
        case(
            Addresses,
            "nothing, to one who looks like the token",
            USD,
            pay(like(USDC_BASE), U256::ZERO),
            "deny look_alike",
        ),
        case(
            Addresses,
            "ether to the zero address",
            TREASURY,
            send(ETHEREUM, Address::ZERO, wei),
            "deny zero_recipient",
        ),
        case(
            Addresses,
            "ether to one who looks like the bridge",
            TREASURY,
            send(ETHEREUM, like(bridge), wei),
            "deny look_alike",
        ),
        case(
            Addresses,
            "ether to one who looks like an approver",
            TREASURY,
            send(ETHEREUM, like(test_address("alice")), wei),
            "deny look_alike",
        ),
        case(
            Addresses,
            "one who looks like a friend, whom no rule knows",
            GUARD,
            tx(ETHEREUM, USDC, &transfer(like(FRIEND), usdc(1))),
            "deny no_rule",
        ),
        case(
            Addresses,
            "a large payment to one who looks like the bridge is not even asked",
            TREASURY,
            send(ETHEREUM, like(bridge), U256::from(10u64.pow(19))),
            "deny look_alike",
        ),
    ]
}

fn spenders() -> Vec<Case> {
    let guard = |data: &[u8]| tx(ETHEREUM, USDC, data);
    vec![
        case(
            Approve,
            "an allowance for the router",
            GUARD,
            guard(&approve(ROUTER, usdc(DOLLAR))),
            "allow let_router",
        ),
        case(Approve, "an unlimited one", GUARD, guard(&approve(ROUTER, U256::MAX)), "deny unlimited"),
        case(Approve, "one of 2^255", GUARD, guard(&approve(ROUTER, pow2(255))), "deny unlimited"),
        case(
            Approve,
            "one of 2^255 - 1 is asked for",
            GUARD,
            guard(&approve(ROUTER, pow2(255) - U256::ONE)),
            "ask let_router",
        ),
        case(Approve, "one for a stranger", GUARD, guard(&approve(STRANGER, usdc(1))), "deny no_rule"),
        case(Approve, "none for a stranger", GUARD, guard(&approve(STRANGER, U256::ZERO)), "deny no_rule"),
        case(Approve, "one for the token itself", GUARD, guard(&approve(USDC, usdc(1))), "deny no_rule"),
        case(
            Approve,
            "more of it, by the other function",
            GUARD,
            guard(&call("increaseAllowance(address,uint256)", &[word(ROUTER), U256::MAX])),
            "deny no_rule",
        ),
        case(
            Approve,
            "the router's address on the wrong chain",
            GUARD,
            tx(BASE, USDC_BASE, &approve(ROUTER, usdc(1))),
            "deny no_rule",
        ),
        case(Approve, "an unlimited one for Aave", AAVE, guard(&approve(POOL, U256::MAX)), "deny no_rule"),
        case(
            Approve,
            "one of another token",
            AAVE,
            tx(ETHEREUM, WETH, &approve(ROUTER, usdc(1))),
            "deny no_rule",
        ),
    ]
}
