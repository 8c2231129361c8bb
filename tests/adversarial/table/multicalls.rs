//! Several calls in one, and how much of that there can be.

use super::WRAPPED;
use crate::{
    ask::{
        Case, DOLLAR, ETHEREUM, FRIEND, ROUTER, STRANGER, SWAP, Tx, USDC, call, case, later, story, swap,
        transfer, tx, usdc, word,
    },
    class::Class::{Bomb, Multicall},
    world::wallet,
    wrap::{
        Leg, aggregate3, aggregate3_value, batch, execute, leg, mode, multi_send, multicall, records, simple,
        simple_batch, single, try_aggregate,
    },
};
use agentpol_model::{Address, U256};
use alloy_primitives::address;

pub(super) const MULTICALL3: Address = address!("0xcA11bde05977b3631167028862bE2a173976CA11");
pub(super) const BELL: Address = Address::repeat_byte(0x44);

/// A swap of so many dollars, its proceeds to somebody.
fn sell(dollars: u64, to: Address) -> Vec<u8> {
    let mut words = swap();
    words[3] = word(to);
    words[4] = usdc(dollars * DOLLAR);
    words[5] = U256::from(10u64.pow(18));
    call(SWAP, &words)
}

pub(super) fn ring(times: u64) -> Leg {
    leg(BELL, call("ring(uint256)", &[U256::from(times)]))
}

fn pay(to: Address, micro: u64) -> Leg {
    leg(USDC, transfer(to, usdc(micro)))
}

fn router(calls: &[Vec<u8>]) -> Tx {
    tx(ETHEREUM, ROUTER, &multicall(calls))
}

fn at_multicall3(data: Vec<u8>) -> Tx {
    tx(ETHEREUM, MULTICALL3, &data)
}

pub(super) fn cases() -> Vec<Case> {
    let mut all = several();
    all.extend(by_another());
    all.extend(bombs());
    all
}

fn several() -> Vec<Case> {
    let of = |name, tx: Tx, expect| case(Multicall, name, WRAPPED, tx, expect);
    let good = || sell(50, wallet());
    let nested = |data: Vec<u8>| multicall(&[multicall(&[data])]);
    vec![
        of("two swaps", router(&[good(), good()]), "allow buy"),
        of("one of them for a stranger", router(&[good(), sell(50, STRANGER)]), "deny no_rule"),
        of("the first for a stranger", router(&[sell(50, STRANGER), good()]), "deny no_rule"),
        of("one too large", router(&[good(), sell(101, wallet())]), "deny no_rule"),
        of(
            "three that are too much together",
            router(&[sell(100, wallet()), sell(100, wallet()), sell(51, wallet())]),
            "deny budget",
        ),
        of("none", router(&[]), "deny no_rule"),
        of("an empty call", router(&[good(), Vec::new()]), "deny no_rule"),
        of("a call of three bytes", router(&[good(), vec![0xa9, 5, 0x9c]]), "deny malformed"),
        of(
            "a call that the router has not",
            router(&[good(), transfer(STRANGER, usdc(1))]),
            "deny unknown_function",
        ),
        of(
            "a sweep behind",
            router(&[
                good(),
                call("sweepToken(address,uint256,address)", &[word(USDC), U256::ZERO, word(STRANGER)]),
            ]),
            "deny no_rule",
        ),
        of("a byte behind one", router(&[crate::ask::more(good(), &[0])]), "deny malformed"),
        of(
            "value, which each call would see again",
            router(&[good(), good()]).value(U256::from(5)),
            "deny no_rule",
        ),
        of("within another", tx(ETHEREUM, ROUTER, &nested(good())), "allow buy"),
        of(
            "within another, for a stranger",
            tx(ETHEREUM, ROUTER, &nested(sell(1, STRANGER))),
            "deny no_rule",
        ),
        of(
            "before a deadline",
            tx(
                ETHEREUM,
                ROUTER,
                &[
                    agentpol_abi::selector("multicall(uint256,bytes[])").as_slice(),
                    &[0; 32],
                    &multicall(&[good()])[4..],
                ]
                .concat(),
            ),
            "deny malformed",
        ),
        story(
            Multicall,
            "what was bought by itself counts with what is bought together",
            WRAPPED,
            [
                later(0, tx(ETHEREUM, ROUTER, &sell(100, wallet())), "allow buy"),
                later(1, router(&[sell(100, wallet()), sell(51, wallet())]).nonce(1), "deny budget"),
                later(2, router(&[sell(100, wallet()), sell(50, wallet())]).nonce(1), "allow buy"),
            ],
        ),
    ]
}

fn by_another() -> Vec<Case> {
    let of = |name, tx: Tx, expect| case(Multicall, name, WRAPPED, tx, expect);
    let ether = |milli: u64| U256::from(milli) * U256::from(10u64.pow(15));
    vec![
        of("a bell, by Multicall3", at_multicall3(aggregate3(&[ring(1), ring(3)], &[])), "allow ring"),
        of("a bell too often", at_multicall3(aggregate3(&[ring(1), ring(4)], &[])), "deny no_rule"),
        of("one may fail", at_multicall3(aggregate3(&[ring(1), ring(3)], &[1])), "deny allow_failure"),
        of(
            "a failure that is no truth",
            at_multicall3({
                let mut data = aggregate3(&[ring(1)], &[]);
                // Where the list begins, how long it is, where its element stands, its target, and then this.
                data[4 + 4 * 32 + 31] = 2;
                data
            }),
            "deny malformed",
        ),
        of(
            "a payment by Multicall3, which has none of it",
            at_multicall3(aggregate3(&[pay(FRIEND, 1)], &[])),
            "deny foreign_sender",
        ),
        of("`tryAggregate` that requires", at_multicall3(try_aggregate(true, &[ring(1)])), "allow ring"),
        of(
            "`tryAggregate` that does not",
            at_multicall3(try_aggregate(false, &[ring(1)])),
            "deny requirement",
        ),
        of(
            "values that come to what is sent",
            at_multicall3(aggregate3_value(&[ring(1).value(ether(50)), ring(1).value(ether(50))]))
                .value(ether(100)),
            "deny no_rule",
        ),
        of(
            "values that nobody sends",
            at_multicall3(aggregate3_value(&[ring(1).value(ether(101))])),
            "deny no_rule",
        ),
        of(
            "Multicall3 within Multicall3",
            at_multicall3(aggregate3(&[leg(MULTICALL3, aggregate3(&[ring(1)], &[]))], &[])),
            "allow ring",
        ),
        of(
            "a stranger within",
            at_multicall3(aggregate3(
                &[leg(MULTICALL3, aggregate3(&[leg(STRANGER, vec![1, 2, 3, 4])], &[]))],
                &[],
            )),
            "deny unknown_contract",
        ),
        of(
            "a wallet's Safe, by Multicall3",
            at_multicall3(aggregate3(&[leg(wallet(), simple(&pay(FRIEND, 1)))], &[])),
            "allow pay",
        ),
        of("none", at_multicall3(aggregate3(&[], &[])), "deny no_rule"),
        of(
            "a payment, all or none, by the account",
            tx(ETHEREUM, wallet(), &simple_batch(&[pay(FRIEND, 1), pay(FRIEND, 2)])),
            "allow pay",
        ),
        of(
            "a stranger among them",
            tx(ETHEREUM, wallet(), &simple_batch(&[pay(FRIEND, 1), pay(STRANGER, 2)])),
            "deny no_rule",
        ),
    ]
}

/// An account that calls itself so often, and then pays.
fn deep(times: usize) -> Vec<u8> {
    (0..times).fold(simple(&pay(FRIEND, 1)), |inner, _| simple(&leg(wallet(), inner)))
}

fn bombs() -> Vec<Case> {
    let of = |name, data: Vec<u8>, expect| {
        case(
            Bomb,
            name,
            WRAPPED,
            tx(ETHEREUM, wallet(), &data).set("gas", "\"0xf42400\"").set("maxFeePerGas", "\"0x1dcd6500\""),
            expect,
        )
    };
    let many = |n: usize| execute(mode(1, 0), batch(&vec![pay(FRIEND, 1); n]));
    let in_router = |n: usize| (0..n).fold(sell(1, wallet()), |inner, _| multicall(&[inner]));
    let at_router = |name, n, expect| {
        case(
            Bomb,
            name,
            WRAPPED,
            tx(ETHEREUM, ROUTER, &in_router(n))
                .set("gas", "\"0xf42400\"")
                .set("maxFeePerGas", "\"0x1dcd6500\""),
            expect,
        )
    };
    let wide = |each: usize| {
        let inner = leg(wallet(), execute(mode(1, 0), batch(&vec![pay(FRIEND, 1); each])));
        execute(mode(1, 0), batch(&vec![inner; 11]))
    };
    vec![
        // A payment is one level, the account's call another.
        of("eight levels", deep(6), "allow pay"),
        of("nine levels", deep(7), "deny too_much"),
        of("sixty-four levels", deep(63), "deny too_much"),
        at_router("eight levels of one router", 7, "allow buy"),
        at_router("nine levels of one router", 8, "deny too_much"),
        at_router("sixty-four levels of one router", 63, "deny too_much"),
        of("128 actions", many(127), "allow pay"),
        of("129 actions", many(128), "deny too_much"),
        of("400 actions", many(400), "deny too_much"),
        of("128 actions in two levels", wide(10), "allow pay"),
        of("144 actions in two levels", wide(12), "deny too_much"),
        of(
            "200 records",
            crate::wrap::execute(
                mode(0, 0),
                single(&leg(super::safes::CALLS_ONLY, multi_send(records(&vec![pay(FRIEND, 1); 200])))),
            ),
            "deny too_much",
        ),
        of("33 calls of an account that takes 32", simple_batch(&vec![pay(FRIEND, 1); 33]), "deny malformed"),
        of("a bomb of unreadable bytes", execute(mode(1, 0), vec![0xff; 60_000]), "deny malformed"),
        of(
            "an element that stands for a thousand",
            {
                let word = |n: u64| U256::from(n).to_be_bytes::<32>();
                let mut data = [word(32), word(1_000)].concat();
                data.extend(std::iter::repeat_n(word(32_000), 1_000).flatten());
                data.extend([word(0), word(0), word(96), word(0)].concat());
                execute(mode(1, 0), data)
            },
            "deny malformed",
        ),
    ]
}
