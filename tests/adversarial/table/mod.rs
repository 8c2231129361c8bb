//! What an attacker sends, by what it plays on. Each group begins with what is allowed, so that a case fails for its own
//! reason; the last step of a case is the attack.

#![allow(clippy::too_many_lines, reason = "a table is as long as it is")]

mod calldata;
mod envelope;
mod json;
mod kinds;
mod money;
mod sums;
mod target;

use crate::{
    ask::{BASE, Case, DOLLAR, STRANGER, USDC_BASE, transfer, usdc},
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

/// Plays every case; what does not come out as it stands there is told.
fn play(cases: &[Case]) -> (usize, Vec<String>) {
    let mut shipped: BTreeMap<&str, Shipped> = BTreeMap::new();
    let (mut denied, mut faults) = (0, Vec::new());
    for case in cases {
        let policy = shipped.entry(case.policy).or_insert_with(|| Shipped::load(case.policy, wallet()));
        let mut stage = Stage::new(policy);
        for (n, step) in case.steps.iter().enumerate() {
            let found = stage.ask(&step.text, step.at, step.lands);
            if found != step.expect {
                faults.push(format!(
                    "{} ({}), step {}: expected `{}`, got `{found}`",
                    case.name,
                    case.policy,
                    n + 1,
                    step.expect
                ));
            }
        }
        denied += usize::from(case.steps.last().is_some_and(|step| step.expect.starts_with("deny ")));
    }
    (denied, faults)
}

#[test]
fn nothing_that_must_not_be_signed_is_signed() {
    let groups = [
        ("calldata", calldata::cases()),
        ("targets", target::cases()),
        ("kinds", kinds::cases()),
        ("envelopes", envelope::cases()),
        ("JSON", json::cases()),
        ("money", money::cases()),
        ("sums", sums::cases()),
    ];
    let (mut all, mut faults) = (0, Vec::new());
    for (name, cases) in groups {
        let (denied, wrong) = play(&cases);
        println!("{name}: {} cases, {denied} end in a denial", cases.len());
        all += denied;
        faults.extend(wrong);
    }
    println!("{all} in all");
    assert!(faults.is_empty(), "{} cases:\n{}", faults.len(), faults.join("\n"));
    assert!(all >= 120, "{all} cases end in a denial");
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
