//! Calls of what the policy does not know, and functions that look like others.

use super::{AAVE, DCA, GUARD, TREASURY, USD};
use crate::class::Class::{
    Addresses, Approve, Collision, Inclusion, Permit, Safe, Short, Trailing, Ungranted, Units, Upgrade,
};
use crate::{
    ask::{
        BASE, Case, DOLLAR, ETHEREUM, FRIEND, ROUTER, STRANGER, SWAP, Tx, USDC, USDC_BASE, approve, call,
        case, more, pow2, send, swap, swap_but, transfer, tx, usdc, word,
    },
    world::wallet,
};
use agentpol_model::{Address, U256};

fn token(signature: &str, words: &[U256]) -> Tx {
    tx(BASE, USDC_BASE, &call(signature, words))
}

pub(super) fn cases() -> Vec<Case> {
    let mut all = contracts();
    all.extend(functions());
    all.extend(arguments());
    all
}

fn contracts() -> Vec<Case> {
    let pay = transfer(STRANGER, usdc(DOLLAR));
    // Its selector is that of `transfer(address,uint256)`.
    let babbage = call("many_msg_babbage(bytes1)", &[pow2(248)]);
    assert_eq!(babbage[..4], pay[..4]);
    let mut beside = USDC_BASE;
    beside.0[19] ^= 1;
    vec![
        case(Ungranted, "a dollar", USD, tx(BASE, USDC_BASE, &pay), "allow pay"),
        case(
            Collision,
            "another contract with the selector of `transfer`",
            USD,
            tx(BASE, STRANGER, &babbage),
            "deny unknown_contract",
        ),
        case(
            Collision,
            "the same function at the token",
            USD,
            tx(BASE, USDC_BASE, &babbage),
            "deny malformed",
        ),
        case(
            Ungranted,
            "a token that nobody declared",
            USD,
            tx(BASE, STRANGER, &pay),
            "deny unknown_contract",
        ),
        case(
            Addresses,
            "an address one bit beside the token",
            USD,
            tx(BASE, beside, &pay),
            "deny unknown_contract",
        ),
        case(
            Ungranted,
            "the token's address on another chain",
            USD,
            tx(BASE, USDC, &pay),
            "deny unknown_contract",
        ),
        case(
            Ungranted,
            "a call of the wallet itself",
            USD,
            tx(BASE, wallet(), &pay),
            "deny unknown_contract",
        ),
        case(
            Addresses,
            "a call of the zero address",
            USD,
            tx(BASE, Address::ZERO, &pay),
            "deny unknown_contract",
        ),
        case(
            Addresses,
            "a call of a precompile",
            USD,
            tx(BASE, Address::with_last_byte(4), &pay),
            "deny unknown_contract",
        ),
        case(Ungranted, "a friend", GUARD, send(ETHEREUM, FRIEND, U256::ONE), "allow send_eth"),
        case(
            Short,
            "a friend, with a memo of four bytes",
            GUARD,
            tx(ETHEREUM, FRIEND, b"memo").value(U256::ONE),
            "deny unknown_contract",
        ),
        case(
            Short,
            "a friend, with a memo of one byte",
            GUARD,
            tx(ETHEREUM, FRIEND, b"m").value(U256::ONE),
            "deny malformed",
        ),
        case(Ungranted, "ether to a token", GUARD, send(ETHEREUM, USDC, U256::ONE), "deny no_rule"),
        case(Ungranted, "ether to a stranger", GUARD, send(ETHEREUM, STRANGER, U256::ONE), "deny no_rule"),
        case(Ungranted, "nothing to a friend", GUARD, send(ETHEREUM, FRIEND, U256::ZERO), "deny no_rule"),
        case(
            Safe,
            "a Safe's execTransaction",
            GUARD,
            tx(
                ETHEREUM,
                STRANGER,
                &call(
                    "execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)",
                    &[],
                ),
            ),
            "deny unknown_contract",
        ),
        case(
            Ungranted,
            "ether of a chain where only a token is granted",
            TREASURY,
            send(100, STRANGER, U256::ONE),
            "deny no_rule",
        ),
    ]
}

fn functions() -> Vec<Case> {
    let n = U256::from;
    vec![
        case(
            Ungranted,
            "a selector that nothing has",
            USD,
            tx(BASE, USDC_BASE, &[0xde, 0xad, 0xbe, 0xef]),
            "deny unknown_function",
        ),
        case(Ungranted, "a selector of zeros", USD, tx(BASE, USDC_BASE, &[0; 4]), "deny unknown_function"),
        case(
            Upgrade,
            "an upgrade of the token",
            USD,
            token("upgradeTo(address)", &[word(STRANGER)]),
            "deny unknown_function",
        ),
        case(
            Upgrade,
            "a new owner of the token",
            USD,
            token("transferOwnership(address)", &[word(STRANGER)]),
            "deny unknown_function",
        ),
        case(
            Approve,
            "an operator for all tokens",
            USD,
            token("setApprovalForAll(address,bool)", &[word(STRANGER), n(1)]),
            "deny unknown_function",
        ),
        case(
            Collision,
            "`Transfer`, with a capital",
            USD,
            token("Transfer(address,uint256)", &[word(STRANGER), n(1)]),
            "deny unknown_function",
        ),
        case(
            Collision,
            "`transfer` with a smaller number",
            USD,
            token("transfer(address,uint128)", &[word(STRANGER), n(1)]),
            "deny unknown_function",
        ),
        case(
            Ungranted,
            "`transferFrom` out of the wallet",
            USD,
            token("transferFrom(address,address,uint256)", &[word(wallet()), word(STRANGER), n(1)]),
            "deny no_rule",
        ),
        case(Approve, "an approval", USD, tx(BASE, USDC_BASE, &approve(STRANGER, usdc(1))), "deny no_rule"),
        case(
            Approve,
            "`increaseAllowance`",
            USD,
            token("increaseAllowance(address,uint256)", &[word(STRANGER), n(1)]),
            "deny no_rule",
        ),
        case(
            Permit,
            "`permit`, called",
            USD,
            token(
                "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)",
                &[word(wallet()), word(STRANGER), n(1), n(1), n(27), n(1), n(1)],
            ),
            "deny no_rule",
        ),
        case(
            Permit,
            "`transferWithAuthorization`",
            USD,
            token(
                "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)",
                &[word(wallet()), word(STRANGER), n(1), n(0), n(1), n(1), n(27), n(1), n(1)],
            ),
            "deny no_rule",
        ),
        case(
            Ungranted,
            "`sweepToken` of the router",
            DCA,
            tx(
                ETHEREUM,
                ROUTER,
                &call("sweepToken(address,uint256,address)", &[word(USDC), n(0), word(STRANGER)]),
            ),
            "deny no_rule",
        ),
        case(
            Ungranted,
            "`pull` of the router",
            DCA,
            tx(ETHEREUM, ROUTER, &call("pull(address,uint256)", &[word(USDC), n(1)])),
            "deny no_rule",
        ),
        case(
            Ungranted,
            "a debt in somebody's name",
            AAVE,
            tx(
                ETHEREUM,
                crate::ask::POOL,
                &call(
                    "borrow(address,uint256,uint256,uint16,address)",
                    &[word(USDC), n(1), n(2), n(0), word(STRANGER)],
                ),
            ),
            "deny no_rule",
        ),
        case(
            Ungranted,
            "collateral to a stranger",
            AAVE,
            tx(
                ETHEREUM,
                crate::ask::POOL,
                &call("withdraw(address,uint256,address)", &[word(USDC), U256::MAX, word(STRANGER)]),
            ),
            "deny no_rule",
        ),
        case(
            Ungranted,
            "a supply of a token that the policy does not know",
            AAVE,
            tx(
                ETHEREUM,
                crate::ask::POOL,
                &call(
                    "supply(address,uint256,address,uint16)",
                    &[word(STRANGER), n(1), word(wallet()), n(0)],
                ),
            ),
            "deny no_rule",
        ),
    ]
}

fn arguments() -> Vec<Case> {
    let swap_of = |place, value| tx(ETHEREUM, ROUTER, &swap_but(place, value));
    vec![
        case(Ungranted, "a swap", DCA, tx(ETHEREUM, ROUTER, &call(SWAP, &swap())), "allow buy_eth"),
        case(Addresses, "proceeds to a stranger", DCA, swap_of(3, word(STRANGER)), "deny no_rule"),
        case(
            Addresses,
            "proceeds to the router itself (address 2)",
            DCA,
            swap_of(3, U256::from(2)),
            "deny no_rule",
        ),
        case(Addresses, "proceeds to the caller's zero", DCA, swap_of(3, U256::ZERO), "deny no_rule"),
        case(Ungranted, "another token in", DCA, swap_of(0, word(crate::ask::WETH)), "deny no_rule"),
        case(Ungranted, "another token out", DCA, swap_of(1, word(STRANGER)), "deny no_rule"),
        case(Ungranted, "another pool", DCA, swap_of(2, U256::from(10_000)), "deny no_rule"),
        case(Inclusion, "no minimum", DCA, swap_of(5, U256::ZERO), "deny no_rule"),
        case(
            Ungranted,
            "an unknown token into the guard's swap",
            GUARD,
            swap_of(0, word(STRANGER)),
            "deny no_rule",
        ),
        // 2^238 × 10^18 is 0 modulo 2^256: nothing wraps here.
        case(
            Units,
            "an amount whose price wraps",
            GUARD,
            tx(
                ETHEREUM,
                ROUTER,
                &call(SWAP, &[swap()[0], swap()[1], swap()[2], swap()[3], pow2(238), U256::ZERO, U256::ZERO]),
            ),
            "deny no_rule",
        ),
        case(
            Units,
            "everything for nothing",
            GUARD,
            tx(
                ETHEREUM,
                ROUTER,
                &call(SWAP, &[swap()[0], swap()[1], swap()[2], swap()[3], U256::MAX, U256::MAX, U256::ZERO]),
            ),
            "deny no_rule",
        ),
        case(
            Ungranted,
            "a friend's calldata at a stranger's",
            GUARD,
            tx(ETHEREUM, USDC, &transfer(STRANGER, usdc(1))),
            "deny no_rule",
        ),
        case(
            Trailing,
            "a swap with a call behind",
            DCA,
            tx(ETHEREUM, ROUTER, &more(call(SWAP, &swap()), &approve(STRANGER, U256::MAX))),
            "deny malformed",
        ),
    ]
}
