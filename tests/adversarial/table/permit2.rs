//! Permit2: allowances with an end, and transfers by signature.

use super::{
    PERMITS,
    permits::{PERMIT2, dollars, max, one, text},
};
use crate::{
    ask::{Case, ETHEREUM, ROUTER, STRANGER, USDC, WETH, later, pow2, story},
    class::Class::Permit,
    doc::{Doc, members, typed},
    world::{START, wallet},
};
use agentpol_model::{Address, U256};
use serde_json::{Value as Json, json};

const DETAILS: (&str, &str) =
    ("PermitDetails", "address token,uint160 amount,uint48 expiration,uint48 nonce");
const PERMITTED: (&str, &str) = ("TokenPermissions", "address token,uint256 amount");

fn details(token: Address, amount: &str) -> Json {
    json!({ "token": text(token), "amount": amount, "expiration": (START + 1_800).to_string(), "nonce": "0" })
}

fn single() -> Doc {
    let message = json!({
        "details": details(USDC, &dollars(100)), "spender": text(ROUTER),
        "sigDeadline": (START + 600).to_string(),
    });
    let types = [("PermitSingle", "PermitDetails details,address spender,uint256 sigDeadline"), DETAILS];
    typed(ETHEREUM, ("Permit2", ""), PERMIT2, &types, message)
}

fn batch(all: &[Json]) -> Doc {
    let message = json!({
        "details": all, "spender": text(ROUTER), "sigDeadline": (START + 600).to_string(),
    });
    let types = [("PermitBatch", "PermitDetails[] details,address spender,uint256 sigDeadline"), DETAILS];
    typed(ETHEREUM, ("Permit2", ""), PERMIT2, &types, message)
}

fn permitted(token: Address, amount: &str) -> Json {
    json!({ "token": text(token), "amount": amount })
}

pub(super) fn once() -> Doc {
    let message = json!({
        "permitted": permitted(USDC, &dollars(100)), "spender": text(ROUTER), "nonce": "7",
        "deadline": (START + 600).to_string(),
    });
    let of = "TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline";
    typed(ETHEREUM, ("Permit2", ""), PERMIT2, &[("PermitTransferFrom", of), PERMITTED], message)
}

fn several(all: &[Json]) -> Doc {
    let message = json!({
        "permitted": all, "spender": text(ROUTER), "nonce": "7", "deadline": (START + 600).to_string(),
    });
    let of = "TokenPermissions[] permitted,address spender,uint256 nonce,uint256 deadline";
    typed(ETHEREUM, ("Permit2", ""), PERMIT2, &[("PermitBatchTransferFrom", of), PERMITTED], message)
}

/// An order of a fork of UniswapX: a transfer with a witness.
pub(super) fn witness() -> Doc {
    let message = json!({
        "permitted": permitted(USDC, &dollars(100)), "spender": text(ROUTER), "nonce": "7",
        "deadline": (START + 600).to_string(), "witness": { "swapper": text(wallet()), "output": text(STRANGER) },
    });
    let of = "TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline,Order witness";
    let order = ("Order", "address swapper,address output");
    typed(ETHEREUM, ("Permit2", ""), PERMIT2, &[("PermitWitnessTransferFrom", of), PERMITTED, order], message)
}

pub(super) fn cases() -> Vec<Case> {
    let mut all = permit2_single();
    all.extend(permit2_batch());
    all.extend(permit2_once());
    all
}

fn permit2_single() -> Vec<Case> {
    vec![
        one("an allowance at Permit2", single(), "allow single"),
        one("for a stranger", single().set("/message/spender", text(STRANGER)), "deny no_rule"),
        one(
            "2^160 - 1, which means everything",
            single().set("/message/details/amount", max(160)),
            "deny unlimited",
        ),
        one(
            "2^160 - 2",
            single().set("/message/details/amount", (pow2(160) - U256::from(2)).to_string()),
            "deny budget",
        ),
        one("2^160", single().set("/message/details/amount", pow2(160).to_string()), "deny invalid_request"),
        one("till 2106", single().set("/message/details/expiration", "4294967295"), "deny no_rule"),
        one("till the end of time", single().set("/message/details/expiration", max(48)), "deny no_rule"),
        one(
            "till 2^48",
            single().set("/message/details/expiration", (1u64 << 48).to_string()),
            "deny invalid_request",
        ),
        one("an end of zero", single().set("/message/details/expiration", "0"), "deny requirement"),
        one("submitted whenever", single().set("/message/sigDeadline", max(256)), "deny no_rule"),
        one(
            "of an unknown token",
            single().set("/message/details/token", text(STRANGER)),
            "deny unknown_token",
        ),
        one("with a version", single().set("/domain/version", "1"), "deny wrong_domain"),
        one(
            "with a version that is declared as well",
            single().set("/domain/version", "1").set(
                "/types/EIP712Domain",
                members("string name,string version,uint256 chainId,address verifyingContract"),
            ),
            "deny wrong_domain",
        ),
        one(
            "at a Permit2 of one's own",
            single().set("/domain/verifyingContract", text(STRANGER)),
            "deny unknown_contract",
        ),
        one(
            "at one that looks like it",
            {
                let mut like = PERMIT2;
                like.0[9] ^= 1;
                single().set("/domain/verifyingContract", text(like))
            },
            "deny unknown_contract",
        ),
        one("on another chain", single().set("/domain/chainId", 8453), "deny wrong_chain"),
        one(
            "on every chain",
            single()
                .without("/domain/chainId")
                .set("/types/EIP712Domain", members("string name,address verifyingContract")),
            "deny wrong_chain",
        ),
        one(
            "with a member more",
            single()
                .set("/types/PermitSingle/-", json!({ "name": "memo", "type": "string" }))
                .set("/message/memo", "the owner agrees"),
            "deny unknown_type",
        ),
        one(
            "members in another order",
            single().set(
                "/types/PermitDetails",
                members("uint160 amount,address token,uint48 expiration,uint48 nonce"),
            ),
            "deny unknown_type",
        ),
        one(
            "a wider amount",
            single().set(
                "/types/PermitDetails",
                members("address token,uint256 amount,uint48 expiration,uint48 nonce"),
            ),
            "deny unknown_type",
        ),
        one("without a nonce", single().without("/message/details/nonce"), "deny invalid_request"),
        one("beyond the day", single().set("/message/details/amount", dollars(1_001)), "deny budget"),
    ]
}

fn permit2_batch() -> Vec<Case> {
    let good = || details(USDC, &dollars(100));
    let weth = || details(WETH, "1000");
    let late = |mut details: Json| {
        details["expiration"] = (START + 3_601).to_string().into();
        details
    };
    vec![
        one("two allowances at once", batch(&[good(), weth()]), "allow batch"),
        one("one of them unknown", batch(&[good(), weth(), details(STRANGER, "1")]), "deny unknown_token"),
        one("the first unknown", batch(&[details(STRANGER, "1"), good()]), "deny unknown_token"),
        one("one of them everything", batch(&[good(), details(WETH, &max(160))]), "deny unlimited"),
        one("one of them too long", batch(&[good(), late(weth())]), "deny no_rule"),
        one("none", batch(&[]), "deny requirement"),
        one("five, one more than is read", batch(&vec![good(); 5]), "deny malformed"),
        one(
            "ten, one of them unknown",
            {
                let mut ten = vec![good(); 10];
                ten[7] = details(STRANGER, "1");
                batch(&ten)
            },
            "deny malformed",
        ),
        one(
            "one token twice, too much together",
            batch(&[details(USDC, &dollars(600)), details(USDC, &dollars(600))]),
            "deny budget",
        ),
        one(
            "for a stranger, both",
            batch(&[good(), weth()]).set("/message/spender", text(STRANGER)),
            "deny no_rule",
        ),
        one(
            "a list of one as one",
            batch(&[good()]).set(
                "/types/PermitBatch",
                members("PermitDetails[1] details,address spender,uint256 sigDeadline"),
            ),
            "deny unknown_type",
        ),
    ]
}

fn permit2_once() -> Vec<Case> {
    let good = || permitted(USDC, &dollars(100));
    vec![
        one("a transfer by signature", once(), "allow once"),
        one("taken by a stranger", once().set("/message/spender", text(STRANGER)), "deny no_rule"),
        one("of everything there is", once().set("/message/permitted/amount", max(256)), "deny unlimited"),
        one("of 2^160 - 1", once().set("/message/permitted/amount", max(160)), "deny budget"),
        one("until ever", once().set("/message/deadline", max(256)), "deny no_rule"),
        one(
            "of a token nobody knows",
            once().set("/message/permitted/token", text(STRANGER)),
            "deny unknown_token",
        ),
        one("with a witness", witness(), "deny unknown_type"),
        one(
            "without the spender in what is signed",
            once()
                .set(
                    "/types/PermitTransferFrom",
                    members("TokenPermissions permitted,uint256 nonce,uint256 deadline"),
                )
                .without("/message/spender"),
            "deny unknown_type",
        ),
        one("several", several(&[good(), permitted(WETH, "1000")]), "allow several"),
        one("several, one unknown", several(&[good(), permitted(STRANGER, "1")]), "deny unknown_token"),
        one(
            "several, too much together",
            several(&[permitted(USDC, &dollars(501)), permitted(USDC, &dollars(500))]),
            "deny budget",
        ),
        story(
            Permit,
            "unordered nonces: each counts for itself",
            PERMITS,
            [
                later(0, once().set("/message/permitted/amount", dollars(500)), "allow once"),
                later(
                    1,
                    once().set("/message/permitted/amount", dollars(500)).set("/message/nonce", "8"),
                    "allow once",
                ),
                later(2, once().set("/message/nonce", max(256)), "deny budget"),
            ],
        ),
        story(
            Permit,
            "one unordered nonce in two forms counts twice",
            PERMITS,
            [
                later(0, once().set("/message/permitted/amount", dollars(900)), "allow once"),
                later(1, several(&[good(), permitted(USDC, "1")]), "deny budget"),
            ],
        ),
    ]
}
