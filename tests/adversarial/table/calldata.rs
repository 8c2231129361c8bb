//! Bytes that a contract reads in one way and a person in another.

use super::{AAVE, DCA, USD};
use crate::class::Class::{
    Alias, Bomb, Collision, DirtyAddress, DirtySmall, Offsets, Packed, Short, Trailing,
};
use crate::{
    ask::{
        BASE, Case, DOLLAR, ETHEREUM, POOL, ROUTER, STRANGER, SWAP, Tx, USDC, USDC_BASE, call, case, cut,
        dirty, more, pow2, swap, swap_but, transfer, tx, usdc, word,
    },
    world::wallet,
};
use agentpol_model::U256;

/// One dollar on base to anybody, with the calldata changed.
fn paid(change: impl Fn(Vec<u8>) -> Vec<u8>) -> Tx {
    tx(BASE, USDC_BASE, &change(transfer(STRANGER, usdc(DOLLAR))))
}

/// A call of the router.
fn router(data: &[u8]) -> Tx {
    tx(ETHEREUM, ROUTER, data)
}

/// A call of the pool, its arguments as words.
fn pool(signature: &str, words: &[U256]) -> Tx {
    tx(ETHEREUM, POOL, &call(signature, words))
}

fn n(n: u64) -> U256 {
    U256::from(n)
}

const COLLATERAL: &str = "setUserUseReserveAsCollateral(address,bool)";
const SUPPLY: &str = "supply(address,uint256,address,uint16)";
const PATHS: &str = "exactInput((bytes,address,uint256,uint256))";
const MULTICALL: &str = "multicall(bytes[])";

/// `exactInput` as words: the offset of the tuple, that of the path, recipient, two amounts, the length of the path, the path.
fn path(change: &[(usize, U256)]) -> Tx {
    let mut words = vec![n(0x20), n(0x80), word(wallet()), n(1), n(1), n(43), U256::MAX, U256::MAX << 168];
    for (place, value) in change {
        words[*place] = *value;
    }
    router(&call(PATHS, &words))
}

/// `multicall` of two calls of four bytes, as words: the offset of the array, its length, two offsets, two lengths and bytes.
fn two_calls(change: &[(usize, U256)]) -> Tx {
    let bytes = U256::MAX << 224;
    let mut words = vec![n(0x20), n(2), n(0x40), n(0x80), n(4), bytes, n(4), bytes];
    for (place, value) in change {
        words[*place] = *value;
    }
    router(&call(MULTICALL, &words))
}

pub(super) fn cases() -> Vec<Case> {
    let mut all = words();
    all.extend(lengths());
    all.extend(offsets());
    all.extend(arrays());
    all
}

fn words() -> Vec<Case> {
    let left = |mut data: Vec<u8>| {
        data[4..36].rotate_left(12);
        data
    };
    let supply = [word(USDC), usdc(DOLLAR), word(wallet()), n(0)];
    vec![
        case(DirtyAddress, "a dollar", USD, paid(|d| d), "allow pay"),
        case(
            DirtyAddress,
            "a dirty first byte of the recipient",
            USD,
            paid(|d| dirty(d, 4, 1)),
            "deny malformed",
        ),
        case(
            DirtyAddress,
            "a dirty last byte before the recipient",
            USD,
            paid(|d| dirty(d, 15, 0xff)),
            "deny malformed",
        ),
        case(DirtyAddress, "one dirty bit", USD, paid(|d| dirty(d, 8, 0x80)), "deny malformed"),
        case(DirtyAddress, "a recipient on the left of its word", USD, paid(left), "deny malformed"),
        case(
            DirtyAddress,
            "all bits of the recipient",
            USD,
            paid(|_| call("transfer(address,uint256)", &[U256::MAX, n(1)])),
            "deny malformed",
        ),
        case(
            DirtyAddress,
            "2^160 as recipient",
            USD,
            paid(|_| call("transfer(address,uint256)", &[pow2(160), n(1)])),
            "deny malformed",
        ),
        case(DirtySmall, "a bool, true", AAVE, pool(COLLATERAL, &[word(USDC), n(1)]), "deny no_rule"),
        case(DirtySmall, "a bool of 2", AAVE, pool(COLLATERAL, &[word(USDC), n(2)]), "deny malformed"),
        case(DirtySmall, "a bool of 256", AAVE, pool(COLLATERAL, &[word(USDC), n(256)]), "deny malformed"),
        case(DirtySmall, "a bool of -1", AAVE, pool(COLLATERAL, &[word(USDC), U256::MAX]), "deny malformed"),
        case(
            DirtySmall,
            "a uint8 that a rule denies",
            AAVE,
            pool("setUserEMode(uint8)", &[n(1)]),
            "deny denied_by_rule",
        ),
        case(DirtySmall, "a uint8 of 256", AAVE, pool("setUserEMode(uint8)", &[n(256)]), "deny malformed"),
        case(
            DirtySmall,
            "a uint8 with its value in the low byte",
            AAVE,
            pool("setUserEMode(uint8)", &[n(0x0105)]),
            "deny malformed",
        ),
        case(
            DirtySmall,
            "a uint8 of 2^255",
            AAVE,
            pool("setUserEMode(uint8)", &[pow2(255)]),
            "deny malformed",
        ),
        case(DirtyAddress, "a supply", AAVE, pool(SUPPLY, &supply), "allow supply"),
        case(
            DirtySmall,
            "a uint16 of 2^16",
            AAVE,
            pool(SUPPLY, &[supply[0], supply[1], supply[2], pow2(16)]),
            "deny malformed",
        ),
        case(
            DirtyAddress,
            "a dirty owner of the supply",
            AAVE,
            pool(SUPPLY, &[supply[0], supply[1], supply[2] | pow2(255), n(0)]),
            "deny malformed",
        ),
        case(
            DirtyAddress,
            "a dirty token",
            AAVE,
            pool(SUPPLY, &[supply[0] | pow2(160), supply[1], supply[2], n(0)]),
            "deny malformed",
        ),
        case(DirtyAddress, "a swap", DCA, router(&call(SWAP, &swap())), "allow buy_eth"),
        case(
            DirtySmall,
            "a uint24 of 2^24 + 500",
            DCA,
            router(&swap_but(2, pow2(24) + n(500))),
            "deny malformed",
        ),
        case(DirtySmall, "a uint160 of 2^160", DCA, router(&swap_but(6, pow2(160))), "deny malformed"),
        case(
            DirtyAddress,
            "a dirty recipient of the swap",
            DCA,
            router(&swap_but(3, word(wallet()) | pow2(200))),
            "deny malformed",
        ),
        case(
            DirtyAddress,
            "a dirty token of the swap",
            DCA,
            router(&swap_but(0, word(USDC) | pow2(161))),
            "deny malformed",
        ),
    ]
}

fn lengths() -> Vec<Case> {
    vec![
        case(Trailing, "a zero byte behind", USD, paid(|d| more(d, &[0])), "deny malformed"),
        case(Trailing, "a zero word behind", USD, paid(|d| more(d, &[0; 32])), "deny malformed"),
        case(Trailing, "a referral tag behind", USD, paid(|d| more(d, b"ref:partner")), "deny malformed"),
        case(
            Trailing,
            "a second call behind",
            USD,
            paid(|d| more(d, &transfer(STRANGER, usdc(99)))),
            "deny malformed",
        ),
        case(Short, "a byte short", USD, paid(|d| cut(d, 67)), "deny malformed"),
        case(Short, "a word short", USD, paid(|d| cut(d, 36)), "deny malformed"),
        case(Short, "half a word", USD, paid(|d| cut(d, 52)), "deny malformed"),
        case(Short, "a selector alone", USD, paid(|d| cut(d, 4)), "deny malformed"),
        case(Short, "three bytes", USD, paid(|d| cut(d, 3)), "deny malformed"),
        case(Short, "two bytes", USD, paid(|d| cut(d, 2)), "deny malformed"),
        case(Short, "one byte", USD, paid(|d| cut(d, 1)), "deny malformed"),
        case(Short, "no byte: a send of nothing to the token", USD, paid(|_| Vec::new()), "deny no_rule"),
        case(
            Packed,
            "packed arguments",
            USD,
            paid(|d| [&d[..4], &d[16..36], &d[60..]].concat()),
            "deny malformed",
        ),
        case(
            Trailing,
            "a zero byte behind a swap",
            DCA,
            router(&more(call(SWAP, &swap()), &[0])),
            "deny malformed",
        ),
        case(
            Short,
            "a swap short of its last word",
            DCA,
            router(&call(SWAP, &swap()[..6])),
            "deny malformed",
        ),
        case(
            Collision,
            "the swap of the older router, with a deadline",
            DCA,
            router(&more(call(SWAP, &swap()), &[0; 32])),
            "deny malformed",
        ),
    ]
}

fn offsets() -> Vec<Case> {
    vec![
        case(Offsets, "a path, canonical, that no rule grants", DCA, path(&[]), "deny no_rule"),
        case(Alias, "a tuple at offset 0", DCA, path(&[(0, n(0))]), "deny malformed"),
        case(Offsets, "a tuple behind a gap", DCA, path(&[(0, n(0x40))]), "deny malformed"),
        case(Offsets, "a tuple between words", DCA, path(&[(0, n(0x21))]), "deny malformed"),
        case(Offsets, "a tuple at 2^255", DCA, path(&[(0, pow2(255))]), "deny malformed"),
        case(Offsets, "a tuple backwards, at -32", DCA, path(&[(0, U256::MAX - n(31))]), "deny malformed"),
        case(Alias, "a path inside the heads", DCA, path(&[(1, n(0x60))]), "deny malformed"),
        case(Alias, "a path at its own offset", DCA, path(&[(1, n(0))]), "deny malformed"),
        case(Offsets, "a path behind a gap", DCA, path(&[(1, n(0xa0))]), "deny malformed"),
        case(Offsets, "a path at 2^64", DCA, path(&[(1, pow2(64))]), "deny malformed"),
        case(Offsets, "a path at 2^64 + 0x80", DCA, path(&[(1, pow2(64) + n(0x80))]), "deny malformed"),
        case(Offsets, "a path backwards, at -128", DCA, path(&[(1, U256::MAX - n(127))]), "deny malformed"),
        case(Offsets, "a path of 2^255 bytes", DCA, path(&[(5, pow2(255))]), "deny malformed"),
        case(Offsets, "a path of 2^64 + 43 bytes", DCA, path(&[(5, pow2(64) + n(43))]), "deny malformed"),
        case(Offsets, "a path of 65 bytes in two words", DCA, path(&[(5, n(65))]), "deny malformed"),
        case(Offsets, "a path of 32 bytes and a word behind", DCA, path(&[(5, n(32))]), "deny malformed"),
        case(DirtySmall, "a path of 42 bytes with a dirty 43rd", DCA, path(&[(5, n(42))]), "deny malformed"),
        case(
            DirtySmall,
            "a dirty byte behind the path",
            DCA,
            path(&[(7, (U256::MAX << 168) | n(1))]),
            "deny malformed",
        ),
        case(
            DirtyAddress,
            "a dirty recipient beside a path",
            DCA,
            path(&[(2, word(wallet()) | pow2(160))]),
            "deny malformed",
        ),
    ]
}

fn arrays() -> Vec<Case> {
    let many = |count: u64| {
        let mut words = vec![n(0x20), n(count)];
        words.extend((0..count).map(|i| n(0x20 * (count + i))));
        words.extend((0..count).map(|_| n(0)));
        router(&call(MULTICALL, &words))
    };
    let bomb = || {
        let mut words = vec![n(0x20), n(3000)];
        words.extend((0..3000).map(|_| n(0x20 * 3000)));
        words.push(n(0));
        router(&call(MULTICALL, &words)).set("gas", "\"0xf42400\"")
    };
    vec![
        case(
            Offsets,
            "two calls in one, canonical, of functions that nobody has",
            DCA,
            two_calls(&[]),
            "deny unknown_function",
        ),
        case(Alias, "two calls that share their bytes", DCA, two_calls(&[(3, n(0x40))]), "deny malformed"),
        case(
            Offsets,
            "two calls out of order",
            DCA,
            two_calls(&[(2, n(0x80)), (3, n(0x40))]),
            "deny malformed",
        ),
        case(Alias, "a call that overlaps the next", DCA, two_calls(&[(3, n(0x60))]), "deny malformed"),
        case(Alias, "a call that is the array itself", DCA, two_calls(&[(2, n(0))]), "deny malformed"),
        case(Offsets, "an array backwards", DCA, two_calls(&[(0, U256::MAX - n(31))]), "deny malformed"),
        case(Offsets, "an array of 2^32 calls", DCA, two_calls(&[(1, pow2(32))]), "deny malformed"),
        case(
            Offsets,
            "an array of 2^251 calls, whose bytes wrap",
            DCA,
            two_calls(&[(1, pow2(251))]),
            "deny malformed",
        ),
        case(Offsets, "one call, and the other behind", DCA, two_calls(&[(1, n(1))]), "deny malformed"),
        case(Offsets, "three calls where two are", DCA, two_calls(&[(1, n(3))]), "deny malformed"),
        case(Bomb, "32 calls, as the interface admits", DCA, many(32), "deny no_rule"),
        case(Bomb, "33 calls", DCA, many(33), "deny malformed"),
        case(Bomb, "3000 calls that are one", DCA, bomb(), "deny malformed"),
    ]
}
