//! Parts that may fail while the rest lands. That they landed is told of none of them: what they take counts as taken, and what
//! they would use up, lower or end goes on counting.

use crate::corners::{SPENDER, amount, asset, code, judged, ledger, line, request};
use agentpol_model::{
    budget::Window,
    decision::DenyCode,
    effect::{EffectKind, GrantMode},
};
use agentpol_runtime::ledger::{Effect, Landed, Ledger, LineName, Record, Request, Total, Verdict};

const PULL: EffectKind = EffectKind::Pull { exact: true };
const SET: EffectKind = EffectKind::Grant(GrantMode::Set);

fn effect(kind: EffectKind, n: u64) -> Effect {
    Effect { through: None, kind, asset: asset(1), amount: amount(n), party: SPENDER, until: None }
}

/// A ledger in which an approval of 5 landed at 100.
fn approved() -> Ledger {
    let mut ledger = ledger([("daily", line(20, Window::Sliding { seconds: 10 }))]);
    land(&mut ledger, request(0, "a", &[effect(SET, 5)]), 100, None);
    ledger
}

fn land(ledger: &mut Ledger, request: Request, at: u64, pulled: Option<Vec<u64>>) {
    let judgement = judged(ledger, Record::Request(request.clone()));
    assert_eq!(judgement.verdict, Verdict::Allow);
    let pulled = pulled.map(|all| all.into_iter().map(amount).collect());
    let landed = Landed { slot: request.slot, digest: request.digest, ok: true, at, pulled, fee: None };
    ledger.apply(Record::Landed(landed));
}

/// What still counts long after one effect landed, in a part that may fail or in one that may not.
fn counts_later(effect: Effect, may_fail: bool, pulled: Option<Vec<u64>>) -> Total {
    let mut ledger = approved();
    land(&mut ledger, of(1, &[effect], may_fail), 101, pulled);
    later(&mut ledger)
}

fn of(nonce: u64, effects: &[Effect], may_fail: bool) -> Request {
    let mut request = request(nonce, "a", effects);
    for action in &mut request.actions {
        action.may_fail = may_fail;
    }
    request
}

fn later(ledger: &mut Ledger) -> Total {
    ledger.apply(Record::Final(1, 1_000));
    ledger.used(&LineName::new("daily", 0))
}

fn total(n: u64) -> Total {
    amount(n).into()
}

#[test]
fn an_exact_pull_uses_up_a_hold_only_where_it_cannot_have_failed() {
    assert_eq!(counts_later(effect(PULL, 5), false, None), total(0));
    assert_eq!(counts_later(effect(PULL, 5), true, None), total(5));
    // What is known to be taken is used up, and what is known not to be is not.
    assert_eq!(counts_later(effect(PULL, 5), true, Some(vec![5])), total(0));
    assert_eq!(counts_later(effect(PULL, 5), true, Some(vec![0])), total(5));
}

#[test]
fn an_approval_replaces_another_only_where_it_cannot_have_failed() {
    for (lower, replaced, beside) in [(0, 0, 5), (2, 2, 7), (5, 5, 10)] {
        assert_eq!(counts_later(effect(SET, lower), false, None), total(replaced));
        assert_eq!(counts_later(effect(SET, lower), true, None), total(beside));
    }
}

#[test]
fn authority_is_lowered_only_where_that_cannot_have_failed() {
    let lower = EffectKind::Grant(GrantMode::Dec);
    assert_eq!(counts_later(effect(lower, 3), false, None), total(2));
    assert_eq!(counts_later(effect(lower, 3), true, None), total(5));
}

#[test]
fn what_it_takes_counts_as_taken() {
    let mut ledger = approved();
    land(&mut ledger, of(1, &[effect(EffectKind::Move, 4)], true), 101, None);
    assert_eq!(ledger.used(&LineName::new("daily", 0)), total(9));
    let more = effect(EffectKind::Grant(GrantMode::Add), 3);
    assert_eq!(counts_later(more, true, None), total(8));
}

#[test]
fn a_later_approval_ends_what_both_may_have_left() {
    let mut ledger = approved();
    land(&mut ledger, of(1, &[effect(SET, 2)], true), 101, None);
    land(&mut ledger, of(2, &[effect(SET, 0)], false), 102, None);
    assert_eq!(ledger.used(&LineName::new("daily", 0)), total(7));
    assert_eq!(later(&mut ledger), total(0));
}

/// A pull beside an approval that may fail uses what stood before, if it fails.
#[test]
fn within_a_transaction_an_approval_covers_a_pull_only_if_it_cannot_fail() {
    for (may_fail, expected) in [(false, None), (true, Some(DenyCode::Budget))] {
        let mut ledger = ledger([("each", line(5, Window::PerTransaction))]);
        let mut both = of(0, &[effect(SET, 5)], may_fail);
        both.actions.extend(of(0, &[effect(PULL, 5)], false).actions);
        assert_eq!(code(&judged(&mut ledger, Record::Request(both))), expected);
    }
}
