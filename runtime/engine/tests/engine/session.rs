use crate::policy::{HOUR, NOW, ROUTER, SHOP, action, approve, policy, request, swap, transfer, usdc};
use agentpol_model::{
    Address,
    decision::DenyCode,
    request::{Envelope, Request},
};
use agentpol_runtime::{Decision, Nonces, Outcome, Session};

fn try_at(session: &mut Session<'_>, now: u64, call: &(Address, Vec<u8>)) -> Decision {
    session.decide(&request(&[action(call)], now))
}

#[test]
fn a_window_refills_when_it_has_slid_past() {
    let policy = policy();
    let mut session = Session::new(&policy, Nonces::Next);
    let pay = |n| transfer(SHOP, usdc(n));
    assert!(try_at(&mut session, NOW, &pay(250)).is_allowed());
    assert!(try_at(&mut session, NOW + HOUR, &pay(130)).is_allowed());
    let denied = try_at(&mut session, NOW + 2 * HOUR, &pay(250));
    assert_eq!(
        denied.reason,
        "budget daily: 120 USDC left of 500 USDC per 24h; this needs 250 USDC; room for it from 2026-11-23T10:00Z"
    );
    // Half-open: to the second.
    assert!(!try_at(&mut session, NOW + 24 * HOUR - 1, &pay(250)).is_allowed());
    assert!(try_at(&mut session, NOW + 24 * HOUR, &pay(250)).is_allowed());
    let again = try_at(&mut session, NOW + 24 * HOUR, &pay(250));
    assert_eq!(again.code(), Some(DenyCode::Budget));
}

#[test]
fn an_approval_and_its_swap_count_once() {
    let policy = policy();
    let mut session = Session::new(&policy, Nonces::Next);
    assert!(try_at(&mut session, NOW, &approve(ROUTER, usdc(300))).is_allowed());
    let pulled = try_at(&mut session, NOW, &swap(usdc(300)));
    assert!(pulled.is_allowed());
    assert!(pulled.charges.iter().all(|charge| charge.budget != "daily"), "{:?}", pulled.charges);
    let bare = try_at(&mut session, NOW, &swap(usdc(201)));
    assert_eq!(
        bare.reason,
        "budget daily: 200 USDC left of 500 USDC per 24h; this needs 201 USDC; room for it from 2026-11-23T10:00Z"
    );
}

#[test]
fn a_total_is_never_filled_again() {
    let policy = policy();
    let mut session = Session::new(&policy, Nonces::Next);
    for day in 0..6 {
        assert!(try_at(&mut session, NOW + day * 24 * HOUR, &transfer(SHOP, usdc(250))).is_allowed());
    }
    let denied = try_at(&mut session, NOW + 7 * 24 * HOUR, &transfer(SHOP, usdc(1)));
    assert_eq!(
        denied.reason,
        "budget life: 0 USDC left of 1,500 USDC total; this needs 1 USDC; it is never filled again"
    );
}

#[test]
fn calls_are_paced() {
    let policy = policy();
    let mut session = Session::new(&policy, Nonces::Next);
    for _ in 0..3 {
        assert!(try_at(&mut session, NOW, &transfer(SHOP, usdc(1))).is_allowed());
    }
    let denied = try_at(&mut session, NOW + HOUR - 1, &transfer(SHOP, usdc(1)));
    assert_eq!(
        denied.reason,
        "budget pace: 0 calls left of 3 calls per 1h; this needs 1 call; room for it from 2026-11-22T11:00Z"
    );
    assert!(try_at(&mut session, NOW + HOUR, &transfer(SHOP, usdc(1))).is_allowed());
}

#[test]
fn asking_charges_nothing_until_everybody_agrees() {
    let policy = policy();
    let mut session = Session::new(&policy, Nonces::Next);
    let call = transfer(SHOP, usdc(400));
    let asked = try_at(&mut session, NOW, &call);
    assert!(matches!(asked.outcome, Outcome::Ask(_)));
    assert!(try_at(&mut session, NOW, &transfer(SHOP, usdc(250))).is_allowed());
    let late = session.approve(&request(&[action(&call)], NOW));
    assert_eq!(late.code(), Some(DenyCode::Budget), "{}", late.reason);
    let agreed = session.approve(&request(&[action(&call)], NOW + 24 * HOUR));
    assert!(agreed.is_allowed(), "{}", agreed.reason);
}

#[test]
fn nonces_are_the_ledgers_unless_the_stream_has_its_own() {
    let policy = policy();
    let call = transfer(SHOP, usdc(1));
    let actions = [action(&call)];
    let with = |nonce| Request {
        envelope: Envelope { nonce: Some(nonce), ..Envelope::default() },
        ..request(&actions, NOW)
    };
    let mut session = Session::new(&policy, Nonces::Next);
    assert!(session.decide(&with(7)).is_allowed(), "the first it is told");
    assert_eq!(session.next_nonce(1), Some(8));
    let gap = session.decide(&with(9));
    assert_eq!(gap.code(), Some(DenyCode::Nonce));
    assert_eq!(gap.reason, "the nonce 9 is neither the next one (8) nor that of something still open");
    assert_eq!(session.decide(&with(7)).code(), Some(DenyCode::Nonce), "it has landed");
    let mut stream = Session::new(&policy, Nonces::Any);
    assert!([7, 9, 7].into_iter().all(|nonce| stream.decide(&with(nonce)).is_allowed()));
}

#[test]
fn the_clock_does_not_go_back() {
    let policy = policy();
    let mut session = Session::new(&policy, Nonces::Next);
    assert!(try_at(&mut session, NOW, &transfer(SHOP, usdc(250))).is_allowed());
    assert!(try_at(&mut session, NOW - 48 * HOUR, &transfer(SHOP, usdc(250))).is_allowed());
    assert!(!try_at(&mut session, NOW + 1, &transfer(SHOP, usdc(1))).is_allowed());
}
