//! What is signed besides transactions, in the ledger: slots, deadlines, what is held and until when.

use crate::{
    account::{
        FRIEND, HUB, KEEPER, SAFE, STRANGER, USDC, a, action, at_now, authorize, data, execution, multicall,
        permit, poke, policy, policy_of, request, safe_tx, supply, text, transfer, truth,
    },
    policy::{HOUR, NOW, WALLET, usdc},
};
use agentpol_model::{
    Address, B256, U256,
    decision::DenyCode,
    request::{Action, Envelope, Kind, Once, Request},
};
use agentpol_runtime::{
    Decision, Ledger, Nonces, Policy, Session,
    ledger::{Key, LineName, Record, Slot},
};

fn signed(data: &[u8]) -> Action<'_> {
    action(Kind::Sign, USDC, data)
}

fn call(data: &[u8]) -> Action<'_> {
    action(Kind::Call, HUB, data)
}

fn try_at(session: &mut Session<'_>, now: u64, action: Action<'_>) -> Decision {
    session.decide(&request(&[action], now))
}

#[track_caller]
fn allowed(decision: &Decision) {
    assert!(decision.is_allowed(), "{}", decision.reason);
}

/// The slot, and the last second, under which a ledger took it.
fn taken(policy: &Policy, request: &Request<'_>) -> (Slot, Option<u64>) {
    let mut ledger = policy.ledger(false);
    let mut session = Session::resume(policy, ledger.clone(), Nonces::Next);
    allowed(&session.decide(request));
    let asked = policy.charge_of(request, &ledger).expect("granted");
    ledger.apply(Record::Request(asked.clone()));
    assert_eq!(ledger.state().slots[&asked.slot].deadline, asked.deadline);
    (asked.slot, asked.deadline)
}

fn used(ledger: &Ledger, line: &str) -> U256 {
    ledger.used(&LineName::new(line, 0)).to_word()
}

fn usdc_of(spender: Address) -> Key {
    Key { asset: agentpol_runtime::ledger::Asset { chain: 1, contract: Some(USDC) }, spender, through: None }
}

#[test]
fn each_kind_has_the_slot_that_excludes_it_on_chain() {
    let policy = policy();
    let one = |data: &[u8]| taken(&policy, &at_now(&[signed(data)]));
    let (slot, until) = one(&permit(HUB, usdc(5), 7, NOW + 60));
    assert!(matches!(slot, Slot::Signature { chain: 1, contract: USDC, .. }));
    assert_eq!(until, Some(NOW + 60));
    assert_eq!(one(&permit(HUB, usdc(9), 7, NOW + 99)), (slot, Some(NOW + 99)), "the same nonce");
    assert_ne!(one(&permit(HUB, usdc(5), 8, NOW + 60)).0, slot, "another");

    let hello = text("hello");
    let (message, until) = taken(&policy, &at_now(&[action(Kind::Message, Address::ZERO, &hello)]));
    assert!(matches!(message, Slot::Signature { contract: Address::ZERO, .. }));
    assert_eq!(until, Some(NOW), "it counts when it is signed");

    let delegate = authorize(KEEPER, 12);
    let (account, until) = taken(&policy, &at_now(&[action(Kind::Authorize, KEEPER, &delegate)]));
    assert_eq!((account, until), (Slot::Transaction { chain: 1, account: WALLET, nonce: 12 }, None));

    let once = Once { contract: FRIEND, id: B256::repeat_byte(3), until: Some(NOW + 5) };
    let run = execution(USDC, &transfer(FRIEND, usdc(1)));
    let operation = [Action { from: FRIEND, ..action(Kind::Call, WALLET, &run) }];
    let operation =
        Request { envelope: Envelope { once: Some(once), ..Envelope::default() }, ..at_now(&operation) };
    let (slot, until) = taken(&policy, &operation);
    assert_eq!(slot, Slot::Signature { chain: 1, contract: FRIEND, id: once.id });
    assert_eq!(until, once.until);
}

#[test]
fn a_permit_is_held_until_it_is_taken() {
    let policy = policy();
    let mut session = Session::new(&policy, Nonces::Next);
    let granted = try_at(&mut session, NOW, signed(&permit(HUB, usdc(300), 0, NOW + 60)));
    allowed(&granted);
    assert_eq!(granted.charges[0].amount, usdc(300));
    assert_eq!(granted.notes, [] as [String; 0], "whoever submits it pays for that");
    // Its deadline is for submitting it: the allowance stands.
    let month = NOW + 30 * 24 * HOUR;
    let over = try_at(&mut session, month, signed(&permit(HUB, usdc(201), 1, month)));
    assert_eq!(over.code(), Some(DenyCode::Budget));
    // The spender takes it: inside the hold.
    let took = try_at(&mut session, month + HOUR, call(&supply(usdc(9))));
    allowed(&took);
    assert!(took.charges.iter().all(|charge| charge.budget != "daily"), "{:?}", took.charges);
    assert_eq!(used(session.ledger(), "daily"), usdc(300));
    session.advance(month + 26 * HOUR);
    assert_eq!(used(session.ledger(), "daily"), usdc(291), "what was taken has left the window");
}

#[test]
fn a_permits_nonce_is_used_once() {
    let policy = policy();
    let mut session = Session::new(&policy, Nonces::Any);
    allowed(&try_at(&mut session, NOW, signed(&permit(HUB, usdc(300), 5, NOW + 60))));
    let again = try_at(&mut session, NOW, signed(&permit(HUB, usdc(100), 5, NOW + 60)));
    assert_eq!(again.code(), Some(DenyCode::Nonce));
    assert_eq!(
        again.reason,
        format!(
            "what was signed with this nonce of USDC ({USDC}) is settled: it was used, or can be no more; take another"
        )
    );
    allowed(&try_at(&mut session, NOW, signed(&permit(HUB, usdc(200), 6, NOW + 60))));
}

/// At the gate nothing is known of what was signed until the chain tells.
#[test]
fn permits_with_one_nonce_count_once_and_the_largest() {
    let policy = policy();
    let mut ledger = policy.ledger(false);
    let mut sign = |value, nonce| {
        let data = permit(HUB, usdc(value), nonce, NOW + 60);
        let actions = [signed(&data)];
        let decision = policy.decide(&at_now(&actions), &ledger);
        if decision.is_allowed() {
            let asked = policy.charge_of(&at_now(&actions), &ledger).expect("granted");
            ledger.apply(Record::Request(asked));
        }
        (decision.code(), used(&ledger, "daily"))
    };
    assert_eq!(sign(300, 1), (None, usdc(300)));
    assert_eq!(sign(400, 1), (None, usdc(400)), "one of them can be used");
    assert_eq!(sign(501, 1), (Some(DenyCode::Budget), usdc(400)));
    assert_eq!(sign(101, 2), (Some(DenyCode::Budget), usdc(400)));
    assert_eq!(sign(100, 2), (None, usdc(500)));
    ledger.apply(Record::Pulled(usdc_of(HUB), usdc(300), NOW + 1));
    ledger.apply(Record::Final(1, NOW + 1_000 * 24 * HOUR));
    assert_eq!(used(&ledger, "daily"), usdc(500), "a pull out of what nobody saw land");
}

#[test]
fn texts_are_paced_and_can_be_repeated() {
    let policy = policy();
    let mut session = Session::new(&policy, Nonces::Next);
    let hello = text("hello again");
    let say =
        |session: &mut Session<'_>, now| try_at(session, now, action(Kind::Message, Address::ZERO, &hello));
    for _ in 0..3 {
        let decision = say(&mut session, NOW);
        allowed(&decision);
        assert_eq!((decision.rule.as_deref(), decision.notes.len()), (Some("text"), 0));
    }
    let fourth = say(&mut session, NOW + 1);
    assert_eq!(fourth.code(), Some(DenyCode::Budget));
    allowed(&say(&mut session, NOW + HOUR));
}

#[test]
fn an_authorisation_uses_up_a_nonce() {
    let policy = policy();
    let mut session = Session::new(&policy, Nonces::Next);
    let hand_over = |session: &mut Session<'_>, to, nonce| {
        let data = authorize(to, nonce);
        try_at(session, NOW, action(Kind::Authorize, to, &data))
    };
    allowed(&hand_over(&mut session, KEEPER, 4));
    assert_eq!(session.next_nonce(1), Some(5));
    assert_eq!(hand_over(&mut session, KEEPER, 4).code(), Some(DenyCode::Nonce));
    let untrusted = hand_over(&mut session, STRANGER, 5);
    assert_eq!(untrusted.code(), Some(DenyCode::Unlimited));
    assert_eq!(
        untrusted.reason,
        format!(
            "the code of {STRANGER} would act as the account from then on, and it is not `trusted` (rule `delegate`)"
        )
    );
    let data = authorize(KEEPER, 5);
    let of_the_key = Action { from: FRIEND, ..action(Kind::Authorize, KEEPER, &data) };
    assert_eq!(try_at(&mut session, NOW, of_the_key).code(), Some(DenyCode::WrongWallet));
}

#[test]
fn control_without_an_amount_is_for_the_trusted() {
    let policy = policy();
    let decide = |to: Address, yes| {
        let data = data("setApprovalForAll", &[a(to), truth(yes)]);
        policy.decide(&at_now(&[call(&data)]), &policy.ledger(false))
    };
    assert!(decide(KEEPER, true).is_allowed());
    assert!(decide(STRANGER, false).is_allowed(), "taking it back");
    let denied = decide(STRANGER, true);
    assert_eq!(denied.code(), Some(DenyCode::Unlimited));
    assert_eq!(
        denied.reason,
        "it gives control that no amount limits to somebody who is not `trusted` (rule `operator`)"
    );
    let unlimited = permit(HUB, U256::MAX, 0, NOW);
    let unlimited = policy.decide(&at_now(&[signed(&unlimited)]), &policy.ledger(false));
    assert_eq!(unlimited.code(), Some(DenyCode::Unlimited));
    assert_eq!(
        unlimited.reason,
        "it gives all there is to somebody who is not `trusted`; an amount could be given (rule `permit`)"
    );
}

#[test]
fn a_user_operation_is_paid_for_and_has_its_own_nonce() {
    let policy = policy();
    let mut session = Session::new(&policy, Nonces::Next);
    let run = execution(USDC, &transfer(FRIEND, usdc(100)));
    let actions = [Action { from: KEEPER, ..action(Kind::Call, WALLET, &run) }];
    let operation = |id, price: u128| Request {
        envelope: Envelope {
            gas_limit: Some(100_000),
            max_fee_per_gas: Some(price),
            once: Some(Once { contract: KEEPER, id: B256::with_last_byte(id), until: None }),
            ..Envelope::default()
        },
        ..at_now(&actions)
    };
    let first = session.decide(&operation(1, 10u128.pow(11)));
    allowed(&first);
    let gas = first.charges.iter().find(|charge| charge.budget == "gas").expect("its fee");
    assert_eq!(gas.amount, U256::from(10u128.pow(16)));
    assert_eq!(session.next_nonce(1), None, "the account's nonce is another's affair");
    assert_eq!(session.decide(&operation(1, 1)).code(), Some(DenyCode::Nonce));
    allowed(&session.decide(&operation(2, 10u128.pow(11))));
    assert_eq!(session.decide(&operation(3, 1)).code(), Some(DenyCode::Budget), "the gas of a day");
    assert_eq!(session.decide(&operation(3, 10u128.pow(11) + 1)).code(), Some(DenyCode::FeeCap));
}

#[test]
fn a_safes_transaction_is_judged_by_what_is_inside() {
    let policy = policy_of(SAFE);
    let decide = |data: &[u8]| {
        let actions = [action(Kind::Sign, SAFE, data)];
        policy.decide(&Request { wallet: SAFE, ..at_now(&actions) }, &policy.ledger(false))
    };
    let paid = decide(&safe_tx(USDC, 0, &transfer(FRIEND, usdc(9))));
    allowed(&paid);
    assert_eq!(paid.charges[0].amount, usdc(9));
    let denied = decide(&safe_tx(USDC, 0, &transfer(FRIEND, usdc(251))));
    assert_eq!(denied.code(), Some(DenyCode::NoRule));
    assert!(denied.reason.starts_with("inner 1: no rule grants it; `pay` came closest"), "{}", denied.reason);
}

#[test]
fn what_is_signed_one_by_one_is_not_signed_together() {
    let policy = policy();
    let (permit, poke) = (permit(HUB, usdc(1), 0, NOW), poke());
    let decision = policy.decide(&at_now(&[signed(&permit), call(&poke)]), &policy.ledger(false));
    assert_eq!(decision.code(), Some(DenyCode::UnsupportedKind));
    assert!(decision.reason.contains("one by one"), "{}", decision.reason);
}

#[test]
fn several_rules_are_all_named() {
    let policy = policy();
    let mut ledger = policy.ledger(false);
    let calls = multicall(&[poke(), poke(), supply(usdc(9))]);
    let decision = policy.decide(&at_now(&[call(&calls)]), &ledger);
    assert_eq!(decision.reason, "`poke` and `lend` allow it");
    let json = serde_json::to_value(&decision).unwrap();
    assert_eq!((&json["rule"], &json["rules"]), (&"poke".into(), &serde_json::json!(["poke", "lend"])));
    let one = policy.decide(&at_now(&[call(&poke())]), &ledger);
    assert!(serde_json::to_value(&one).unwrap().get("rules").is_none(), "one rule says it");
    // A wrapper is no call of its own.
    let pace = decision.charges.iter().find(|charge| charge.budget == "pace").expect("paced");
    assert_eq!(pace.amount, U256::from(3));
    ledger.apply(Record::Now(NOW));
    let fourth = multicall(&vec![poke(); 4]);
    assert_eq!(policy.decide(&at_now(&[call(&fourth)]), &ledger).code(), Some(DenyCode::Budget));
}
