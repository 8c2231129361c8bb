//! Programs of commands, one byte each, with an input for each: Uniswap's Universal Router, and its pools of v4.

use super::{POOLS, ROUTER_SWAPS};
use crate::{
    ask::{Case, DOLLAR, ETHEREUM, STRANGER, Tx, USDC, WETH, case, later, more, story, tx},
    class::Class::{self, Alias, Inclusion, Packed, Router, Trailing, Units},
    world::{START, wallet},
    wrap::program,
};
use agentpol_model::{Address, U256};
use alloy_primitives::{
    Bytes, address,
    aliases::{I24, U24, U48, U160},
};
use alloy_sol_types::{SolValue, sol};

const ROUTER: Address = address!("0x66a9893cC07D91D95644AEDD05D03f95e1dBA8Af");

const V3_IN: u8 = 0x00;
const V3_OUT: u8 = 0x01;
const TAKE_FROM: u8 = 0x02;
const SWEEP: u8 = 0x04;
const TRANSFER: u8 = 0x05;
const PAY_PORTION: u8 = 0x06;
const V2_IN: u8 = 0x08;
const PERMIT: u8 = 0x0a;
const UNWRAP: u8 = 0x0c;
const V4: u8 = 0x10;
const SUB_PLAN: u8 = 0x21;

/// A command and its input.
type Command = (u8, Vec<u8>);

sol! {
    struct Details { address token; uint160 amount; uint48 expiration; uint48 nonce; }
    struct Single { Details details; address spender; uint256 sigDeadline; }
    struct PoolKey { address currency0; address currency1; uint24 fee; int24 tickSpacing; address hooks; }
    struct SwapIn { PoolKey poolKey; bool zeroForOne; uint128 amountIn; uint128 amountOutMinimum; bytes hookData; }
}

fn path(tokens: [Address; 2], fee: [u8; 3]) -> Vec<u8> {
    [tokens[0].as_slice(), &fee, tokens[1].as_slice()].concat()
}

fn good_path() -> Vec<u8> {
    path([USDC, WETH], [0, 1, 0xf4])
}

/// A tenth of an ether.
const TENTH: u64 = 100_000_000_000_000_000;

fn swap(recipient: Address, micro: U256, least: u64, path: Vec<u8>, from_user: bool) -> Command {
    (V3_IN, (recipient, micro, U256::from(least), Bytes::from(path), from_user).abi_encode_params())
}

fn sell() -> Command {
    swap(wallet(), U256::from(500 * DOLLAR), TENTH, good_path(), true)
}

fn permit(token: Address, micro: U256, spender: Address, expiration: u64) -> Command {
    let details =
        Details { token, amount: U160::from(micro), expiration: U48::from(expiration), nonce: U48::ZERO };
    let single = Single { details, spender, sigDeadline: U256::from(START + 600) };
    (PERMIT, (single, Bytes::from(vec![1; 65])).abi_encode_params())
}

fn allow() -> Command {
    permit(USDC, U256::from(500 * DOLLAR), ROUTER, START + 1_800)
}

fn paid(code: u8, token: Address, to: Address, amount: u64) -> Command {
    (code, (token, to, U256::from(amount)).abi_encode_params())
}

fn may_fail((code, input): Command) -> Command {
    (code | 0x80, input)
}

fn plan(commands: &[Command]) -> Vec<u8> {
    let codes: Vec<u8> = commands.iter().map(|(code, _)| *code).collect();
    let inputs: Vec<Bytes> = commands.iter().map(|(_, input)| input.clone().into()).collect();
    (Bytes::from(codes), inputs).abi_encode_params()
}

fn run(commands: &[Command]) -> Tx {
    tx(ETHEREUM, ROUTER, &program(commands, START + 600))
}

pub(super) fn cases() -> Vec<Case> {
    let mut all = swaps();
    all.extend(programs());
    all.extend(pools());
    all
}

fn of(class: Class, name: &'static str, tx: Tx, expect: &'static str) -> Case {
    case(class, name, ROUTER_SWAPS, tx, expect)
}

fn swaps() -> Vec<Case> {
    let one = |name, command: Command, expect| of(Router, name, run(&[command]), expect);
    let amount = U256::from(500 * DOLLAR);
    let to = |recipient| swap(recipient, amount, TENTH, good_path(), true);
    let along = |path: Vec<u8>| swap(wallet(), amount, TENTH, path, true);
    let least = |least| swap(wallet(), amount, least, good_path(), true);
    let much = |micro| swap(wallet(), micro, TENTH, good_path(), true);
    vec![
        of(Router, "a permit and a swap", run(&[allow(), sell()]), "allow permit"),
        one("a swap", sell(), "allow sell"),
        one("for the caller, by its number", to(Address::with_last_byte(1)), "allow sell"),
        one("for the router, by its number", to(Address::with_last_byte(2)), "deny no_rule"),
        one("for a stranger", to(STRANGER), "deny no_rule"),
        one("for nobody", to(Address::ZERO), "deny no_rule"),
        of(Inclusion, "for nothing", run(&[least(0)]), "deny no_rule"),
        of(Inclusion, "for a unit", run(&[least(1)]), "deny no_rule"),
        of(Inclusion, "a unit too little", run(&[least(83_333_333_333_333_333)]), "deny no_rule"),
        one("into another token", along(path([USDC, STRANGER], [0, 1, 0xf4])), "deny no_rule"),
        one("out of another token", along(path([STRANGER, WETH], [0, 1, 0xf4])), "deny no_rule"),
        one("through another pool", along(path([USDC, WETH], [0, 0x27, 0x10])), "deny no_rule"),
        of(Packed, "a path of 42 bytes", run(&[along(good_path()[..42].to_vec())]), "deny requirement"),
        of(Packed, "a path of 44 bytes", run(&[along(more(good_path(), &[0]))]), "deny requirement"),
        of(Packed, "no path", run(&[along(Vec::new())]), "deny requirement"),
        of(
            Packed,
            "a path through a stranger's token",
            run(&[along([&good_path()[..23], STRANGER.as_slice(), &[0, 1, 0xf4], WETH.as_slice()].concat())]),
            "deny no_rule",
        ),
        one("all that the router holds", much(U256::ONE << 255), "deny no_rule"),
        of(
            Units,
            "with 18 decimals",
            run(&[much(U256::from(500) * U256::from(10u64.pow(18)))]),
            "deny no_rule",
        ),
        one(
            "out of what the router holds",
            swap(wallet(), amount, TENTH, good_path(), false),
            "deny no_rule",
        ),
        one("by what is bought", (V3_OUT, sell().1), "deny no_rule"),
        one(
            "through pairs of v2",
            (V2_IN, (wallet(), amount, U256::from(TENTH), vec![USDC, WETH], true).abi_encode_params()),
            "deny no_rule",
        ),
        story(
            Router,
            "what is permitted counts once, and no more than a day's",
            ROUTER_SWAPS,
            [
                later(0, run(&[allow(), sell()]), "allow permit"),
                later(1, run(&[sell()]).nonce(1), "allow sell"),
                later(2, run(&[swap(wallet(), U256::ONE, TENTH, good_path(), true)]).nonce(2), "deny budget"),
            ],
        ),
    ]
}

fn programs() -> Vec<Case> {
    let one = |name, command: Command, expect| of(Router, name, run(&[sell(), command]), expect);
    let whole = |commands: &[Command]| program(commands, START + 600);
    let raw = |data: Vec<u8>| tx(ETHEREUM, ROUTER, &data);
    let nested = |depth: usize, inner: Command| (0..depth).fold(inner, |inner, _| (SUB_PLAN, plan(&[inner])));
    let everything = U256::MAX >> 96;
    vec![
        one("swept to a stranger", paid(SWEEP, WETH, STRANGER, 0), "deny no_rule"),
        one("swept to the caller, which no rule grants", paid(SWEEP, WETH, wallet(), 0), "deny no_rule"),
        one("transferred to a stranger", paid(TRANSFER, WETH, STRANGER, TENTH), "deny no_rule"),
        one("a portion to a stranger", paid(PAY_PORTION, WETH, STRANGER, 10_000), "deny no_rule"),
        one("unwrapped for a stranger", (UNWRAP, (STRANGER, U256::ZERO).abi_encode_params()), "deny no_rule"),
        one("taken from the wallet", paid(TAKE_FROM, USDC, STRANGER, DOLLAR), "deny no_rule"),
        one(
            "a permit for a stranger",
            permit(USDC, U256::from(DOLLAR), STRANGER, START + 1_800),
            "deny no_rule",
        ),
        one(
            "a permit of another token",
            permit(STRANGER, U256::from(DOLLAR), ROUTER, START + 1_800),
            "deny no_rule",
        ),
        one("a permit of everything", permit(USDC, everything, ROUTER, START + 1_800), "deny no_rule"),
        one("a permit till 2106", permit(USDC, U256::from(DOLLAR), ROUTER, 4_294_967_295), "deny no_rule"),
        one("a permit without end", permit(USDC, U256::from(DOLLAR), ROUTER, 0), "deny requirement"),
        one("a command that nobody knows", (0x3f, Vec::new()), "deny unknown_function"),
        one(
            "a command that is a call of a position manager",
            (0x14, vec![1, 2, 3, 4]),
            "deny unknown_function",
        ),
        one("a swap that may fail", may_fail(sell()), "deny allow_failure"),
        one("a permit that may fail", may_fail(allow()), "deny allow_failure"),
        one(
            "a stranger's sweep that may fail",
            may_fail(paid(SWEEP, WETH, STRANGER, 0)),
            "deny allow_failure",
        ),
        one("a plan within a plan", nested(1, sell()), "allow sell"),
        one(
            "a plan within a plan, for a stranger",
            nested(1, swap(STRANGER, U256::from(DOLLAR), TENTH, good_path(), true)),
            "deny no_rule",
        ),
        one("a plan within a plan that may fail", nested(1, may_fail(sell())), "deny allow_failure"),
        one("a plan that may fail", may_fail(nested(1, sell())), "deny allow_failure"),
        of(
            Class::Bomb,
            "six plans in one another",
            run(&[nested(6, swap(wallet(), U256::from(DOLLAR), TENTH, good_path(), true))]),
            "allow sell",
        ),
        of(Class::Bomb, "seven plans in one another", run(&[nested(7, sell())]), "deny too_much"),
        of(
            Class::Bomb,
            "33 commands",
            run(&vec![swap(wallet(), U256::from(DOLLAR), TENTH, good_path(), true); 33])
                .set("gas", "\"0xf4240\""),
            "deny malformed",
        ),
        of(Router, "no command", run(&[]), "deny no_rule"),
        of(
            Router,
            "more inputs than commands",
            raw({
                let mut data = whole(&[sell(), sell()]);
                // The length of the commands, and the second of them.
                (data[4 + 3 * 32 + 31], data[4 + 4 * 32 + 1]) = (1, 0);
                data
            }),
            "deny malformed",
        ),
        of(
            Router,
            "fewer inputs than commands",
            raw({
                let mut data = whole(&[sell()]);
                data[4 + 3 * 32 + 31] = 2;
                data
            }),
            "deny malformed",
        ),
        of(
            Trailing,
            "an input with a word behind",
            run(&[(V3_IN, more(sell().1, &[0; 32]))]),
            "deny malformed",
        ),
        of(
            Trailing,
            "a tag behind, as integrators send it",
            raw(more(whole(&[sell()]), &[0xab; 32])),
            "allow sell",
        ),
        of(Trailing, "more than a tag behind", raw(more(whole(&[sell()]), &[0xab; 65])), "deny malformed"),
        of(
            Alias,
            "a path that is the swap itself",
            run(&[(V3_IN, {
                let mut input = sell().1;
                input[3 * 32 + 31] = 0;
                input
            })]),
            "deny malformed",
        ),
        of(
            Class::DirtyAddress,
            "a dirty recipient",
            run(&[(V3_IN, {
                let mut input = sell().1;
                input[0] = 1;
                input
            })]),
            "deny malformed",
        ),
        of(
            Class::DirtySmall,
            "a payer of 2",
            run(&[(V3_IN, {
                let mut input = sell().1;
                input[4 * 32 + 31] = 2;
                input
            })]),
            "deny malformed",
        ),
        of(Router, "ether along with it", run(&[sell()]).value(U256::ONE), "deny no_rule"),
        of(
            Router,
            "at a router of one's own",
            tx(ETHEREUM, STRANGER, &whole(&[sell()])),
            "deny unknown_contract",
        ),
        of(
            Router,
            "the token's transfer, as a command's input",
            run(&[(0x0a, crate::ask::transfer(STRANGER, U256::ONE))]),
            "deny malformed",
        ),
    ]
}

fn pool() -> PoolKey {
    PoolKey {
        currency0: Address::ZERO,
        currency1: USDC,
        fee: U24::from(500),
        tickSpacing: I24::try_from(10).unwrap(),
        hooks: Address::ZERO,
    }
}

fn action(change: impl Fn(&mut SwapIn)) -> Command {
    let mut swap = SwapIn {
        poolKey: pool(),
        zeroForOne: false,
        amountIn: u128::from(500 * DOLLAR),
        amountOutMinimum: u128::from(TENTH),
        hookData: Bytes::new(),
    };
    change(&mut swap);
    (0x06, swap.abi_encode())
}

fn pools() -> Vec<Case> {
    let settle = || (0x0c, (USDC, U256::from(500 * DOLLAR)).abi_encode_params());
    let take = || (0x0f, (Address::ZERO, U256::from(TENTH)).abi_encode_params());
    let actions = |actions: &[Command]| run(&[(V4, plan(actions))]);
    let of = |class, name, tx: Tx, expect| case(class, name, POOLS, tx, expect);
    let one = |name, swap: Command, expect| of(Router, name, actions(&[swap, settle(), take()]), expect);
    let instead =
        |name, last: Command, expect| of(Router, name, actions(&[action(|_| ()), settle(), last]), expect);
    vec![
        one("a swap in a pool of v4", action(|_| ()), "allow sell"),
        one("in a pool with hooks", action(|s| s.poolKey.hooks = STRANGER), "deny no_rule"),
        one("in a pool of another token", action(|s| s.poolKey.currency1 = STRANGER), "deny no_rule"),
        one("in a pool of another fee", action(|s| s.poolKey.fee = U24::from(10_000)), "deny no_rule"),
        one("the other way round", action(|s| s.zeroForOne = true), "deny no_rule"),
        one("too much", action(|s| s.amountIn = u128::from(500 * DOLLAR) + 1), "deny no_rule"),
        of(
            Inclusion,
            "for nothing in a pool",
            actions(&[action(|s| s.amountOutMinimum = 0), settle(), take()]),
            "deny no_rule",
        ),
        instead(
            "taken by a stranger",
            (0x0e, (Address::ZERO, STRANGER, U256::ZERO).abi_encode_params()),
            "deny no_rule",
        ),
        instead(
            "a portion for a stranger",
            (0x10, (Address::ZERO, STRANGER, U256::from(10_000)).abi_encode_params()),
            "deny no_rule",
        ),
        instead(
            "settled with more",
            (0x0b, (USDC, U256::from(501 * DOLLAR), true).abi_encode_params()),
            "deny no_rule",
        ),
        instead("another currency is taken", (0x0f, (USDC, U256::ZERO).abi_encode_params()), "deny no_rule"),
        instead("an action that nobody knows", (0x3f, Vec::new()), "deny unknown_function"),
        instead("an action of the position manager", (0x02, Vec::new()), "deny unknown_function"),
        instead("a command of the router among actions", (SWEEP, Vec::new()), "deny unknown_function"),
        instead("an action that may fail, where none can", may_fail(take()), "deny allow_failure"),
        of(Router, "bought along a path of two pools", actions(&[(0x09, vec![0; 32])]), "deny malformed"),
        of(
            Trailing,
            "a word behind an action",
            actions(&[(0x06, more(action(|_| ()).1, &[0; 32]))]),
            "deny malformed",
        ),
        of(
            Router,
            "a day's swaps",
            run(&[
                (V4, plan(&[action(|_| ()), settle(), take()])),
                (V4, plan(&[action(|_| ()), settle(), take()])),
                (V4, plan(&[action(|s| s.amountIn = 1), settle(), take()])),
            ]),
            "deny budget",
        ),
        of(Router, "without actions", actions(&[]), "deny no_rule"),
    ]
}
