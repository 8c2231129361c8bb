//! Authority through a keeper, authority with an end, and what is signed outside transactions.

use crate::corners::{ACCOUNT, SPENDER, amount, asset, code, judged, landed, ledger, line, request};
use agentpol_model::{
    Address, B256, Time, U256,
    budget::Window,
    decision::DenyCode,
    effect::{EffectKind, GrantMode},
};
use agentpol_runtime::ledger::{
    Effect, Judgement, Key, Landed, Ledger, LineName, Record, Request, Slot, Verdict,
};

const KEEPER: Address = Address::repeat_byte(0x22);
const DAY: Time = 86_400;

fn direct() -> Key {
    Key { asset: asset(1), spender: SPENDER, through: None }
}

fn kept() -> Key {
    Key { through: Some(KEEPER), ..direct() }
}

fn effect(kind: EffectKind, key: Key, n: u64, until: Option<Time>) -> Effect {
    Effect { kind, asset: key.asset, amount: amount(n), party: key.spender, until, through: key.through }
}

fn set(key: Key, n: u64) -> Effect {
    effect(EffectKind::Grant(GrantMode::Set), key, n, None)
}

/// An order: beside what stands, with an end.
fn order(key: Key, n: u64, until: Time) -> Effect {
    effect(EffectKind::Grant(GrantMode::Add), key, n, Some(until))
}

fn pulls(key: Key, n: u64) -> Effect {
    effect(EffectKind::Pull { exact: true }, key, n, None)
}

fn signature(contract: Address, id: u8, version: u8, deadline: Option<Time>, effects: &[Effect]) -> Request {
    Request {
        slot: Slot::Signature { chain: 1, contract, id: B256::with_last_byte(id) },
        digest: B256::from([[id; 16], [version; 16]].concat().try_into().unwrap_or([0; 32])),
        deadline,
        ..request(0, "a", effects)
    }
}

fn permit(id: u8, deadline: Option<Time>, effects: &[Effect]) -> Request {
    signature(KEEPER, id, 0, deadline, effects)
}

/// 10 a day, and 100 in all.
fn two_lines(complete_logs: bool) -> Ledger {
    let lines = [("d", line(10, Window::Sliding { seconds: DAY })), ("t", line(100, Window::Total))];
    Ledger::new((*ledger(lines).state().terms).clone(), complete_logs)
}

fn ask(ledger: &mut Ledger, request: &Request) -> Judgement {
    judged(ledger, Record::Request(request.clone()))
}

fn allow(ledger: &mut Ledger, request: &Request) {
    let judgement = ask(ledger, request);
    assert_eq!(judgement.verdict, Verdict::Allow);
}

/// Signed, mined and final.
fn done(ledger: &mut Ledger, request: &Request, at: Time) {
    allow(ledger, request);
    ledger.apply(landed(request, at));
    ledger.apply(Record::Final(1, at));
}

fn used(ledger: &Ledger, name: &str) -> U256 {
    assert_eq!(ledger.state(), &ledger.state().recounted());
    ledger.used(&LineName::new(name, 0)).to_word()
}

fn is_denied(ledger: &mut Ledger, request: &Request) -> bool {
    code(&ask(ledger, request)) == Some(DenyCode::Budget)
}

#[test]
fn what_a_keeper_keeps_and_what_the_token_keeps_end_apart() {
    for complete_logs in [false, true] {
        let mut ledger = two_lines(complete_logs);
        done(&mut ledger, &request(0, "a", &[set(direct(), 4)]), 100);
        done(&mut ledger, &request(1, "a", &[set(kept(), 5)]), 101);
        assert_eq!(used(&ledger, "d"), amount(9), "the second set ended nothing");
        ledger.apply(Record::Final(1, 100 + 10 * DAY));
        assert_eq!(used(&ledger, "d"), amount(9), "both can still be used");
        done(&mut ledger, &request(2, "a", &[set(kept(), 0)]), 101 + 10 * DAY);
        ledger.apply(Record::Final(1, 101 + 20 * DAY));
        assert_eq!(used(&ledger, "d"), amount(4), "only the keeper's was taken back");
        ledger.apply(Record::Pulled(direct(), amount(4), 102 + 20 * DAY));
        assert_eq!(ledger.state().layers.len(), 0);
    }
}

#[test]
fn a_pull_through_the_keeper_uses_what_the_keeper_keeps() {
    let mut ledger = two_lines(false);
    done(&mut ledger, &request(0, "a", &[set(direct(), 5)]), 100);
    assert!(is_denied(&mut ledger, &request(1, "a", &[pulls(kept(), 6)])), "nothing covers it");
    done(&mut ledger, &request(1, "a", &[set(kept(), 5)]), 101);
    let pull = request(2, "a", &[pulls(kept(), 5)]);
    assert_eq!(ask(&mut ledger, &pull).charges, [], "it was held");
    ledger.apply(landed(&pull, 102));
    ledger.apply(Record::Final(1, 102 + DAY));
    assert_eq!(used(&ledger, "d"), amount(5), "spent and gone; the direct one stands");
    assert_eq!(used(&ledger, "t"), amount(10));
}

#[test]
fn distrust_holds_what_was_given_either_way() {
    let mut ledger = two_lines(false);
    let mut terms = (*ledger.state().terms).clone();
    terms.trusted.insert((1, SPENDER));
    ledger.apply(Record::Edit(terms.clone()));
    let all = |key| Effect { amount: U256::MAX, ..set(key, 0) };
    done(&mut ledger, &request(0, "a", &[all(direct())]), 100);
    done(&mut ledger, &request(1, "a", &[set(kept(), 7)]), 101);
    assert_eq!(used(&ledger, "d"), U256::ZERO, "trusted: remembered, not counted");
    terms.trusted.clear();
    ledger.apply(Record::Edit(terms));
    assert_eq!(ledger.state().layers[&kept()][0].amount, amount(7));
    assert_eq!(ledger.state().layers[&direct()][0].amount, U256::MAX);
    assert_eq!(ledger.state().given.len(), 0);
}

#[test]
fn one_nonce_one_permit() {
    let mut ledger = two_lines(false);
    let nonce = |version, n| signature(KEEPER, 7, version, Some(500), &[set(direct(), n)]);
    allow(&mut ledger, &nonce(1, 6));
    allow(&mut ledger, &nonce(2, 9));
    assert_eq!(used(&ledger, "d"), amount(9), "the larger of the two");
    assert!(is_denied(&mut ledger, &nonce(3, 11)));
    let other = permit(8, Some(500), &[set(direct(), 2)]);
    assert!(is_denied(&mut ledger, &other), "another nonce adds up");
    // Nobody tells which of them was used, so both are kept: for ever, as an allowance does not end with its permit.
    ledger.apply(Record::Final(1, 1_000 * DAY));
    assert_eq!(used(&ledger, "d"), amount(9));
    ledger.apply(landed(&nonce(1, 6), 400));
    assert_eq!(used(&ledger, "d"), amount(6));
    assert_eq!(code(&ask(&mut ledger, &nonce(4, 1))), Some(DenyCode::Nonce), "the nonce is used");
    ledger.apply(Record::Pulled(direct(), amount(6), 401));
    assert_eq!((used(&ledger, "d"), used(&ledger, "t")), (U256::ZERO, amount(6)));
}

#[test]
fn a_permit_and_a_pull_count_once() {
    let mut ledger = two_lines(false);
    allow(&mut ledger, &permit(1, Some(500), &[set(direct(), 10)]));
    let pull = request(0, "a", &[pulls(direct(), 10)]);
    assert_eq!(ask(&mut ledger, &pull).charges, []);
    // The spender submits the permit and takes everything by itself. Our pull must fail then.
    ledger.apply(landed(&permit(1, Some(500), &[set(direct(), 10)]), 100));
    ledger.apply(Record::Pulled(direct(), amount(10), 101));
    let failed = Landed { slot: pull.slot, digest: pull.digest, ok: false, at: 102, pulled: None, fee: None };
    ledger.apply(Record::Landed(failed));
    ledger.apply(Record::Final(1, 102));
    assert_eq!((used(&ledger, "d"), used(&ledger, "t")), (amount(10), amount(10)));
}

#[test]
fn a_transfer_by_signature_is_gone_a_window_after_its_deadline() {
    let mut ledger = two_lines(false);
    let transfer = permit(1, Some(1_000), &[effect(EffectKind::Move, direct(), 10, None)]);
    allow(&mut ledger, &transfer);
    ledger.apply(Record::Final(1, 1_000 + DAY - 1));
    assert_eq!(used(&ledger, "d"), amount(10), "it may have landed at the last moment");
    ledger.apply(Record::Final(1, 1_000 + DAY));
    assert_eq!((used(&ledger, "d"), used(&ledger, "t")), (U256::ZERO, amount(10)));
    assert_eq!(code(&ask(&mut ledger, &transfer)), Some(DenyCode::Nonce));
}

#[test]
fn an_order_stands_beside_approvals_and_ends_by_itself() {
    for complete_logs in [false, true] {
        let mut ledger = two_lines(complete_logs);
        done(&mut ledger, &permit(1, Some(50 * DAY), &[order(direct(), 6, 50 * DAY)]), 100);
        done(&mut ledger, &request(0, "a", &[set(direct(), 4)]), 200);
        done(&mut ledger, &request(1, "a", &[set(direct(), 0)]), 300);
        ledger.apply(Record::Final(1, 10 * DAY));
        assert_eq!(used(&ledger, "d"), amount(6), "the approval's end is not the order's");
        ledger.apply(Record::Final(1, 52 * DAY));
        assert_eq!(used(&ledger, "d"), U256::ZERO);
    }
}

/// Two orders, the later to end signed first. Which of them was filled does not matter: what is left is never more than is held.
#[test]
fn of_authority_that_ends_at_different_times_the_longest_is_held_longest() {
    for complete_logs in [false, true] {
        let mut ledger = two_lines(complete_logs);
        done(&mut ledger, &permit(1, Some(9 * DAY), &[order(direct(), 6, 9 * DAY)]), 100);
        done(&mut ledger, &permit(2, Some(2 * DAY), &[order(direct(), 4, 2 * DAY)]), 200);
        ledger.apply(Record::Pulled(direct(), amount(4), 300));
        ledger.apply(Record::Final(1, 4 * DAY));
        assert_eq!(used(&ledger, "d"), amount(6), "all of the long one may be left");
        // What is seen later is not charged to what had ended.
        ledger.apply(Record::Pulled(direct(), amount(6), 4 * DAY));
        ledger.apply(Record::Final(1, 4 * DAY));
        assert_eq!((used(&ledger, "d"), used(&ledger, "t")), (amount(6), amount(10)));
    }
}

#[test]
fn what_is_taken_back_is_taken_from_what_ends_soonest() {
    let mut ledger = two_lines(true);
    done(&mut ledger, &request(0, "a", &[set(direct(), 6)]), 100);
    done(&mut ledger, &permit(1, Some(2 * DAY), &[order(direct(), 4, 2 * DAY)]), 200);
    let less = effect(EffectKind::Grant(GrantMode::Dec), direct(), 3, None);
    done(&mut ledger, &request(1, "a", &[less]), 300);
    assert_eq!(used(&ledger, "d"), amount(7));
    ledger.apply(Record::Final(1, 4 * DAY));
    assert_eq!(used(&ledger, "d"), amount(6), "not known to be less");
}

#[test]
fn what_has_ended_was_not_used() {
    let mut ledger = two_lines(true);
    done(&mut ledger, &permit(1, Some(1_000), &[order(direct(), 4, 1_000)]), 100);
    done(&mut ledger, &permit(2, Some(9 * DAY), &[order(direct(), 6, 9 * DAY)]), 200);
    // A fact from before the next final block, and a reading: both speak of what stands then.
    ledger.apply(Record::Pulled(direct(), amount(3), 2_000));
    ledger.apply(Record::Allowance(direct(), amount(2), 2_001));
    ledger.apply(Record::Final(1, 2_002));
    assert_eq!(used(&ledger, "d"), amount(6), "4 spent, 2 held; the first was released unused");
    ledger.apply(Record::Final(1, 2_001 + DAY));
    assert_eq!(used(&ledger, "d"), amount(2));
}

#[test]
fn an_order_that_names_no_deadline_is_over_when_it_ends() {
    let mut ledger = two_lines(false);
    allow(&mut ledger, &permit(1, None, &[order(direct(), 6, 1_000)]));
    ledger.apply(Record::Final(1, 1_000 + DAY - 1));
    assert_eq!(used(&ledger, "d"), amount(6), "filled at the last moment, and seen by nobody");
    ledger.apply(Record::Final(1, 1_000 + DAY));
    assert_eq!((used(&ledger, "d"), used(&ledger, "t")), (U256::ZERO, amount(6)));
    // Not so what moves, gives authority without an end, or gives it for whichever block it lands in.
    let others = [effect(EffectKind::Move, direct(), 2, None), set(direct(), 2), order(kept(), 2, 0)];
    for (id, other) in (2..).zip(others) {
        allow(&mut ledger, &permit(id, None, &[order(direct(), 1, 2_000), other]));
    }
    ledger.apply(Record::Final(1, 1_000 * DAY));
    assert_eq!(used(&ledger, "d"), amount(9));
    // Nor what somebody is paid for including it.
    let paid = Request { fee: amount(1), ..permit(9, None, &[order(direct(), 1, 2_000)]) };
    allow(&mut ledger, &paid);
    ledger.apply(Record::Final(1, 2_000 * DAY));
    assert_eq!(used(&ledger, "d"), amount(10));
}

/// Permit2 takes an expiration of zero for "in this block".
#[test]
fn an_end_of_zero_is_the_blocks() {
    let mut ledger = two_lines(false);
    let now_or_never = effect(EffectKind::Grant(GrantMode::Set), kept(), 10, Some(0));
    done(&mut ledger, &request(0, "a", &[now_or_never]), 5 * DAY);
    ledger.apply(Record::Final(1, 6 * DAY - 1));
    assert_eq!(used(&ledger, "d"), amount(10), "taken in that block, and seen by nobody");
    ledger.apply(Record::Final(1, 6 * DAY));
    assert_eq!((used(&ledger, "d"), used(&ledger, "t")), (U256::ZERO, amount(10)));
}

/// A message takes nothing; that it was signed counts when it was signed.
#[test]
fn messages_count_as_calls_and_can_be_signed_again() {
    let mut calls = line(2, Window::Sliding { seconds: DAY });
    calls.counts = agentpol_runtime::ledger::Counts::Calls;
    let mut terms = (*ledger([("pace", calls)]).state().terms).clone();
    terms.chains = [1].into();
    let mut ledger = Ledger::new(terms, false);
    let message = |id, now| signature(Address::ZERO, id, 0, Some(now), &[]);
    allow(&mut ledger, &message(1, 1_000));
    allow(&mut ledger, &message(2, 1_001));
    assert!(is_denied(&mut ledger, &message(3, 1_002)));
    ledger.apply(Record::Final(1, 1_000 + DAY));
    assert_eq!(ledger.state().slots.len(), 0);
    allow(&mut ledger, &message(1, 1_000 + DAY));
    assert!(is_denied(&mut ledger, &message(3, 1_001 + DAY)), "the same again is another call");
    assert_eq!(ledger.state().closed.len(), 0);
}

/// A user operation pays whether it does what it should or not, and its nonce is the entry point's.
#[test]
fn a_user_operation_that_fails_is_paid_for() {
    let mut fees = line(10, Window::Sliding { seconds: DAY });
    let native = agentpol_runtime::ledger::Asset { chain: 1, contract: None };
    fees.counts = agentpol_runtime::ledger::Counts::Fees([native].into());
    let mut ledger = ledger([("gas", fees), ("d", line(10, Window::Sliding { seconds: DAY }))]);
    let operation = |version, fee, n| Request {
        fee: amount(fee),
        ..signature(ACCOUNT, 1, version, None, &[set(direct(), n), pulls(direct(), n)])
    };
    allow(&mut ledger, &operation(1, 4, 10));
    allow(&mut ledger, &operation(2, 6, 5));
    assert_eq!((used(&ledger, "gas"), used(&ledger, "d")), (amount(6), amount(10)));
    let op = operation(2, 6, 5);
    let fee = Some(amount(5));
    ledger.apply(Record::Landed(Landed {
        slot: op.slot,
        digest: op.digest,
        ok: false,
        at: 9,
        pulled: None,
        fee,
    }));
    assert_eq!((used(&ledger, "gas"), used(&ledger, "d")), (amount(5), U256::ZERO));
}
