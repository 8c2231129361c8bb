//! What an attacker sends, by what it plays on. Each group begins with what is allowed, so that a case fails for its own
//! reason; the last step of a case is the attack.

#![allow(clippy::too_many_lines, reason = "a table is as long as it is")]

mod accounts;
mod calldata;
mod envelope;
mod injection;
mod json;
mod kinds;
mod money;
mod multicalls;
mod operations;
mod orders;
mod permit2;
mod permits;
mod routers;
mod safes;
mod spoof;
mod sums;
mod target;
mod texts;

use crate::{
    ask::{BASE, Case, DOLLAR, STRANGER, USDC_BASE, transfer, usdc},
    class::Class,
    world::{START, Shipped, Stage, wallet},
};
use agentpol_model::{
    U256,
    decision::DenyCode,
    request::{Action, Envelope, Kind, Request},
};
use std::collections::BTreeMap;

/// The policies, as their files are named.
const USD: &str = "usd-spend";
const GUARD: &str = "metamask-guard";
const DCA: &str = "dca";
const AAVE: &str = "aave-manager";
const AAVE_BASE: &str = "turnkey-aave";
const TREASURY: &str = "treasury";
const PAYROLL: &str = "payroll";
const X402: &str = "x402";
const ORDERS: &str = "orders";
const SIGN_IN: &str = "sign-in";
const SAFE_OWNER: &str = "safe-owner";
const SMART: &str = "smart-account";
const ROUTER_SWAPS: &str = "router-swaps";
const GUARDED: &str = "permit-guard";
const PERMITS: &str = "permits";
const WRAPPED: &str = "wrapped";
const DELEGATIONS: &str = "delegations";
const POOLS: &str = "pools";

/// Denials of the table at least.
const LEAST: usize = 150;

/// Every case.
pub(crate) fn table() -> Vec<Case> {
    [
        calldata::cases(),
        target::cases(),
        kinds::cases(),
        envelope::cases(),
        json::cases(),
        money::cases(),
        sums::cases(),
        permits::cases(),
        spoof::cases(),
        orders::cases(),
        texts::cases(),
        safes::cases(),
        multicalls::cases(),
        accounts::cases(),
        routers::cases(),
    ]
    .concat()
}

/// Plays a case; what does not come out as it stands there is told.
fn play(case: &Case, policy: &Shipped) -> Vec<String> {
    let mut stage = Stage::new(policy);
    let mut faults = Vec::new();
    for (n, step) in case.steps.iter().enumerate() {
        let found = stage.ask(&step.text, step.at, step.lands);
        if found != step.expect {
            faults.push(format!(
                "{} ({}, {}), step {}: expected `{}`, got `{found}`",
                case.name,
                case.policy,
                case.class.name(),
                n + 1,
                step.expect
            ));
        }
    }
    faults
}

#[test]
fn nothing_that_must_not_be_signed_is_signed() {
    let mut shipped: BTreeMap<&str, Shipped> = BTreeMap::new();
    let mut classes: BTreeMap<Class, (usize, usize)> = BTreeMap::new();
    let mut faults = Vec::new();
    for case in table() {
        let policy = shipped.entry(case.policy).or_insert_with(|| Shipped::load(case.policy, wallet()));
        faults.extend(play(&case, policy));
        let (denied, all) = classes.entry(case.class).or_default();
        *all += 1;
        *denied += usize::from(case.steps.last().is_some_and(|step| step.expect.starts_with("deny ")));
    }
    for (class, (denied, all)) in &classes {
        println!("{:<30} {denied:>4} denials of {all:>4} cases", class.name());
    }
    let denied: usize = classes.values().map(|(denied, _)| denied).sum();
    println!("{denied} denials in all");
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    let bare = Class::ALL.iter().filter(|class| classes.get(class).is_none_or(|(denied, _)| *denied == 0));
    let bare: Vec<_> = bare.map(|class| class.name()).collect();
    assert!(bare.is_empty(), "no case that ends in a denial: {bare:?}");
    assert!(denied >= LEAST, "{denied} cases end in a denial");
}

/// JSON-RPC has no words for some kinds of action, and none for several at once; evaluators are asked about them as well.
#[test]
fn what_no_request_can_say_is_denied_by_both_evaluators() {
    let shipped = Shipped::load(USD, wallet());
    let data = transfer(STRANGER, usdc(DOLLAR));
    let good = Action {
        command: [0; 4],
        kind: Kind::Call,
        from: wallet(),
        to: USDC_BASE,
        value: U256::ZERO,
        data: &data,
    };
    let rule = |actions: &[Action<'_>]| {
        shipped.rule(&Request {
            chain: BASE,
            wallet: wallet(),
            signer: wallet(),
            agent: None,
            now: START,
            envelope: Envelope::default(),
            actions,
        })
    };
    assert_eq!(rule(&[good]).map(|granted| granted.actions.len()), Ok(1));
    for (kind, code) in [
        (Kind::Delegatecall, DenyCode::Delegatecall),
        (Kind::Sign, DenyCode::UnknownType),
        (Kind::Message, DenyCode::NoRule),
        (Kind::Deploy, DenyCode::NoRule),
        (Kind::Authorize, DenyCode::NoRule),
        (Kind::Command, DenyCode::UnknownFunction),
    ] {
        let denied = rule(&[Action { kind, ..good }]).unwrap_err();
        assert_eq!(denied.code, code, "{kind:?}");
        let denied = rule(&[good, Action { kind, ..good }]).unwrap_err();
        assert_eq!((denied.code, denied.action), (code, 1), "{kind:?} behind a call");
    }
    let denied = rule(&[good, good, Action { to: STRANGER, ..good }, good]).unwrap_err();
    assert_eq!((denied.code, denied.action), (DenyCode::UnknownContract, 2), "one among many");
}
