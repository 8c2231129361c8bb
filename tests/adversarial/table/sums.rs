//! What adds up: over a window, over chains, over allowances and what they pay for.

use super::{AAVE_BASE, DCA, GUARD, PAYROLL, USD};
use crate::class::Class::{Holds, Ungranted, Window};
use crate::{
    ask::{
        BASE, Case, DOLLAR, ETHEREUM, FRIEND, POOL_BASE, ROUTER, STRANGER, SWAP, Tx, USDC, USDC_BASE,
        approve, call, case, later, open, story, swap, swap_but, transfer, tx, usdc, word,
    },
    world::{START, wallet},
};
use agentpol_compiler::test_address;
use agentpol_model::{Address, Time, U256};

const DAY: Time = 86_400;

fn pay(to: Address, amount: U256) -> Tx {
    tx(BASE, USDC_BASE, &transfer(to, amount))
}

fn dollars(n: u64) -> Tx {
    pay(STRANGER, usdc(n * DOLLAR))
}

pub(super) fn cases() -> Vec<Case> {
    let mut all = windows();
    all.extend(sums());
    all
}

fn windows() -> Vec<Case> {
    // 2027-01-01: the dca's rules end.
    let new_year = 1_798_761_600 - START;
    let swap_at = |at| {
        later(
            at,
            tx(ETHEREUM, ROUTER, &call(SWAP, &swap())),
            if at < new_year { "allow buy_eth" } else { "deny no_rule" },
        )
    };
    let week = |at: Time, n: u64, expect| later(at, dollars(100).nonce(n), expect);
    vec![
        story(
            Window,
            "a second before a day is over",
            USD,
            [week(0, 0, "allow pay"), week(0, 1, "allow pay"), week(DAY - 1, 2, "deny budget")],
        ),
        story(
            Window,
            "when it is over, what was spent then is free again",
            USD,
            [
                week(0, 0, "allow pay"),
                week(0, 1, "allow pay"),
                week(DAY, 2, "allow pay"),
                week(DAY, 3, "allow pay"),
                week(DAY, 4, "deny budget"),
            ],
        ),
        story(
            Window,
            "a second after, and no more than that",
            USD,
            [
                week(0, 0, "allow pay"),
                week(1, 1, "allow pay"),
                week(DAY, 2, "allow pay"),
                week(DAY, 3, "deny budget"),
                week(DAY + 1, 3, "allow pay"),
                week(DAY + 1, 4, "deny budget"),
            ],
        ),
        story(
            Window,
            "a clock that is set forward and back",
            USD,
            [
                week(0, 0, "allow pay"),
                week(0, 1, "allow pay"),
                week(DAY - 1, 2, "deny budget"),
                week(0, 2, "deny budget"),
            ],
        ),
        story(Window, "the last second of a rule", DCA, [swap_at(new_year - 1)]),
        story(Window, "the first second after a rule", DCA, [swap_at(new_year)]),
        story(Window, "long after a rule", DCA, [swap_at(new_year + 365 * DAY)]),
    ]
}

fn sums() -> Vec<Case> {
    let friend = |chain, nonce| {
        let token = if chain == BASE { USDC_BASE } else { USDC };
        tx(chain, token, &transfer(FRIEND, usdc(50 * DOLLAR))).nonce(nonce)
    };
    let allow = |n: u64, nonce| tx(BASE, USDC_BASE, &approve(POOL_BASE, usdc(n * DOLLAR))).nonce(nonce);
    let supply = |n: u64, nonce| {
        let words = [word(USDC_BASE), usdc(n * DOLLAR), word(wallet()), U256::ZERO];
        tx(BASE, POOL_BASE, &call("supply(address,uint256,address,uint16)", &words)).nonce(nonce)
    };
    let buy = |dollars: u64, nonce| {
        let mut words = swap();
        words[4] = usdc(dollars * DOLLAR);
        words[5] = U256::from(10u64.pow(18));
        tx(ETHEREUM, ROUTER, &call(SWAP, &words)).nonce(nonce)
    };
    let router =
        |dollars: u64, nonce| tx(ETHEREUM, USDC, &approve(ROUTER, usdc(dollars * DOLLAR))).nonce(nonce);
    let savings = |chain, token, micro, nonce| {
        tx(chain, token, &transfer(test_address("savings"), usdc(micro))).nonce(nonce)
    };
    vec![
        story(
            Window,
            "one limit over two chains",
            GUARD,
            [later(0, friend(BASE, 0), "allow pay"), later(1, friend(ETHEREUM, 0), "ask pay")],
        ),
        story(
            Window,
            "a week's pay over two chains",
            PAYROLL,
            [
                later(0, savings(BASE, USDC_BASE, 300 * DOLLAR, 0), "allow save"),
                later(1, savings(ETHEREUM, USDC, 1, 0), "deny budget"),
            ],
        ),
        story(
            Window,
            "in slices",
            USD,
            [
                later(0, dollars(100), "allow pay"),
                later(1, dollars(100).nonce(1), "allow pay"),
                later(2, dollars(49).nonce(2), "allow pay"),
                later(3, pay(FRIEND, usdc(DOLLAR + 1)).nonce(3), "deny budget"),
            ],
        ),
        story(
            Holds,
            "an allowance and what it pays for count once",
            AAVE_BASE,
            [
                later(0, allow(100, 0), "allow approve"),
                later(1, supply(100, 1), "allow supply"),
                later(2, allow(100, 2), "allow approve"),
                later(3, supply(100, 3), "allow supply"),
                later(4, allow(100, 4), "allow approve"),
                later(5, allow(1, 5), "deny budget"),
            ],
        ),
        story(
            Holds,
            "many small allowances",
            AAVE_BASE,
            [
                open(0, allow(100, 0), "allow approve"),
                open(1, allow(99, 1), "allow approve"),
                open(2, allow(98, 2), "allow approve"),
                open(3, allow(97, 3), "deny budget"),
            ],
        ),
        story(
            Holds,
            "an allowance that is taken back does not give its room back while that is open",
            AAVE_BASE,
            [
                open(0, allow(100, 0), "allow approve"),
                open(1, allow(0, 1), "allow approve"),
                open(2, allow(100, 2), "allow approve"),
                open(3, allow(0, 3), "allow approve"),
                open(4, allow(100, 4), "allow approve"),
                open(5, allow(0, 5), "allow approve"),
                open(6, allow(1, 6), "deny budget"),
            ],
        ),
        story(
            Window,
            "four swaps an hour",
            DCA,
            [
                later(0, buy(1, 0), "allow buy_eth"),
                later(1, buy(1, 1), "allow buy_eth"),
                later(2, buy(1, 2), "allow buy_eth"),
                later(3, buy(1, 3), "allow buy_eth"),
                later(3_599, buy(1, 4), "deny budget"),
                later(3_600, buy(1, 4), "allow buy_eth"),
                later(3_600, buy(1, 5), "deny budget"),
            ],
        ),
        story(
            Window,
            "swaps of a day",
            DCA,
            [
                later(0, buy(250, 0), "allow buy_eth"),
                later(1, buy(250, 1), "allow buy_eth"),
                later(2, buy(1, 2), "deny budget"),
            ],
        ),
        story(
            Holds,
            "an allowance beyond the day is asked for",
            DCA,
            [later(0, buy(250, 0), "allow buy_eth"), later(1, router(251, 1), "ask approve_router")],
        ),
        case(
            Ungranted,
            "a swap just too large is asked for",
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
                        usdc(250 * DOLLAR + 1),
                        U256::from(10u64.pow(18)),
                        U256::ZERO,
                    ],
                ),
            ),
            "ask large_buy",
        ),
        case(
            Ungranted,
            "one larger than anybody may agree to",
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
                        usdc(2_000 * DOLLAR + 1),
                        U256::from(10u64.pow(18)),
                        U256::ZERO,
                    ],
                ),
            ),
            "deny no_rule",
        ),
        case(
            Ungranted,
            "a swap of an amount that is no swap's",
            DCA,
            tx(ETHEREUM, ROUTER, &swap_but(4, U256::MAX)),
            "deny no_rule",
        ),
    ]
}
