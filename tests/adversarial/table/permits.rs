//! Allowances and transfers that are signed: EIP-2612 and Dai's form of it, EIP-3009, Permit2.

use super::{PERMITS, X402};
use crate::{
    ask::{
        BASE, Case, DOLLAR, ETHEREUM, FRIEND, ROUTER, STRANGER, USDC, USDC_BASE, WETH, case, later, pow2,
        story,
    },
    class::Class::Permit,
    doc::{Doc, typed},
    world::{START, wallet},
};
use agentpol_model::{Address, U256};
use alloy_primitives::address;
use serde_json::{Value as Json, json};

pub(super) const PERMIT2: Address = address!("0x000000000022D473030F116dDEE9F6B43aC78BA3");
const DAI: Address = address!("0x6B175474E89094C44Da98b954EedeAC495271d0F");

/// The largest number of so many bits.
pub(super) fn max(bits: usize) -> String {
    (U256::MAX >> (256 - bits)).to_string()
}

pub(super) fn text(address: Address) -> Json {
    address.to_string().into()
}

pub(super) fn dollars(n: u64) -> String {
    (n * DOLLAR).to_string()
}

fn usdc_permit() -> Doc {
    let message = json!({
        "owner": text(wallet()), "spender": text(ROUTER), "value": dollars(100), "nonce": "0",
        "deadline": (START + 600).to_string(),
    });
    let types = [("Permit", "address owner,address spender,uint256 value,uint256 nonce,uint256 deadline")];
    typed(ETHEREUM, ("USD Coin", "2"), USDC, &types, message)
}

fn dai_permit() -> Doc {
    let message = json!({
        "holder": text(wallet()), "spender": text(ROUTER), "nonce": "0", "expiry": (START + 600).to_string(),
        "allowed": false,
    });
    let types = [("Permit", "address holder,address spender,uint256 nonce,uint256 expiry,bool allowed")];
    typed(ETHEREUM, ("Dai Stablecoin", "1"), DAI, &types, message)
}

fn cheque(chain: u64, token: Address, to: Address, micro: u64) -> Doc {
    let message = json!({
        "from": text(wallet()), "to": text(to), "value": micro.to_string(), "validAfter": "0",
        "validBefore": (START + 300).to_string(), "nonce": format!("0x{}", "01".repeat(32)),
    });
    let of = "address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce";
    typed(chain, ("USD Coin", "2"), token, &[("TransferWithAuthorization", of)], message)
}

pub(super) fn cases() -> Vec<Case> {
    let mut all = allowances();
    all.extend(transfers());
    all.extend(super::permit2::cases());
    all
}

pub(super) fn one(name: &'static str, doc: Doc, expect: &'static str) -> Case {
    case(Permit, name, PERMITS, doc, expect)
}

fn allowances() -> Vec<Case> {
    let far = "4294967295";
    vec![
        one("a permit", usdc_permit(), "allow permit"),
        one("a permit for a stranger", usdc_permit().set("/message/spender", text(STRANGER)), "deny no_rule"),
        one("a permit for Permit2", usdc_permit().set("/message/spender", text(PERMIT2)), "deny no_rule"),
        one("a permit of another's", usdc_permit().set("/message/owner", text(STRANGER)), "deny no_rule"),
        one("a permit till 2106", usdc_permit().set("/message/deadline", far), "deny no_rule"),
        one("a permit without end", usdc_permit().set("/message/deadline", max(256)), "deny no_rule"),
        one("a permit for everything", usdc_permit().set("/message/value", max(256)), "deny unlimited"),
        one(
            "a permit of 2^255",
            usdc_permit().set("/message/value", pow2(255).to_string()),
            "deny unlimited",
        ),
        one("a permit beyond the day", usdc_permit().set("/message/value", dollars(1_001)), "deny budget"),
        one(
            "a permit with 18 decimals",
            usdc_permit().set("/message/value", "1000000000000000000000"),
            "deny budget",
        ),
        one("a permit of another version", usdc_permit().set("/domain/version", "1"), "deny wrong_domain"),
        one("a permit of another name", usdc_permit().set("/domain/name", "USDC"), "deny wrong_domain"),
        one(
            "a permit of a Cyrillic name",
            usdc_permit().set("/domain/name", "USD Соin"),
            "deny wrong_domain",
        ),
        one("a permit for another chain", usdc_permit().set("/domain/chainId", 8453), "deny wrong_chain"),
        one(
            "a permit for another token",
            usdc_permit().set("/domain/verifyingContract", text(WETH)),
            "deny unknown_contract",
        ),
        one(
            "a permit for a token that nobody knows",
            usdc_permit().set("/domain/verifyingContract", text(STRANGER)),
            "deny unknown_contract",
        ),
        one("Dai's permit, which takes back", dai_permit(), "allow dai"),
        one("Dai's permit, which gives", dai_permit().set("/message/allowed", true), "deny unlimited"),
        one("Dai's permit with 1 for true", dai_permit().set("/message/allowed", 1), "deny invalid_request"),
        one(
            "Dai's permit with text for true",
            dai_permit().set("/message/allowed", "true"),
            "deny invalid_request",
        ),
        one(
            "Dai's permit in the form of others",
            usdc_permit()
                .set("/domain/name", "Dai Stablecoin")
                .set("/domain/version", "1")
                .set("/domain/verifyingContract", text(DAI)),
            "deny unknown_type",
        ),
        story(
            Permit,
            "permits that each fit, and not together",
            PERMITS,
            [
                later(0, usdc_permit().set("/message/value", dollars(600)), "allow permit"),
                later(
                    1,
                    super::permit2::once().set("/message/permitted/amount", dollars(401)),
                    "deny budget",
                ),
            ],
        ),
        story(
            Permit,
            "a nonce that is used, for more",
            PERMITS,
            [
                later(0, usdc_permit(), "allow permit"),
                later(1, usdc_permit().set("/message/value", dollars(200)), "deny nonce"),
            ],
        ),
    ]
}

fn transfers() -> Vec<Case> {
    let pay = || cheque(ETHEREUM, USDC, FRIEND, DOLLAR);
    let cent = || cheque(BASE, USDC_BASE, STRANGER, 10_000);
    let at_base = |name, doc, expect| case(Permit, name, X402, doc, expect);
    vec![
        one("a signed transfer", pay(), "allow pay"),
        one("to a stranger", cheque(ETHEREUM, USDC, STRANGER, DOLLAR), "deny no_rule"),
        one("out of another's wallet", pay().set("/message/from", text(STRANGER)), "deny no_rule"),
        one("that never ends", pay().set("/message/validBefore", max(256)), "deny no_rule"),
        one("of everything", pay().set("/message/value", max(256)), "deny unlimited"),
        one(
            "as one to be fetched",
            pay().set("/primaryType", "ReceiveWithAuthorization"),
            "deny invalid_request",
        ),
        one(
            "a nonce of 31 bytes",
            pay().set("/message/nonce", format!("0x{}", "01".repeat(31))),
            "deny invalid_request",
        ),
        one("a nonce that is a number", pay().set("/message/nonce", 1), "deny invalid_request"),
        at_base("a cent to anybody", cent(), "allow pay"),
        at_base(
            "a cent, and it is for Ethereum",
            cheque(ETHEREUM, USDC, STRANGER, 10_000),
            "deny wrong_chain",
        ),
        at_base("a cent to nobody", cheque(BASE, USDC_BASE, Address::ZERO, 10_000), "deny zero_recipient"),
        at_base("a cent to the token", cheque(BASE, USDC_BASE, USDC_BASE, 10_000), "deny self_recipient"),
        at_base(
            "a cent for a year",
            cent().set("/message/validBefore", (START + 31_536_000).to_string()),
            "deny no_rule",
        ),
        at_base("three dollars", cheque(BASE, USDC_BASE, STRANGER, 3 * DOLLAR), "deny no_rule"),
        story(
            Permit,
            "the same cheque, made out anew",
            X402,
            [later(0, cent(), "allow pay"), later(1, cheque(BASE, USDC_BASE, FRIEND, 10_000), "deny nonce")],
        ),
    ]
}
