use crate::policy::{
    HOUR, KEY, NOW, OWNER, OWNERS_KEY, ROUTER, SHOP, WALLET, agree, approve, binding, key, module, policy,
    transfer, usdc,
};
use agentpol_ethereum::{Draft, Fee, OwnedRequest, RawTransaction, Signed, SignedTransaction};
use agentpol_model::{Address, B256, U256, decision::DenyCode};
use agentpol_runtime::{
    Answer, Gate, Policy,
    decision::Outcome,
    gate::{GateError, GateSignError},
    history::{Bound, SignedAs},
    ledger::{Landed, LineName, Record, Reply},
};
use alloy::signers::local::PrivateKeySigner;
use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

fn gate() -> Gate<PrivateKeySigner> {
    let policy = policy();
    let ledger = policy.ledger(false);
    Gate::new(policy, ledger, key(KEY)).expect("a gate")
}

fn owned(call: (Address, Vec<u8>), nonce: Option<u64>) -> OwnedRequest {
    let fee = Fee::Dynamic { max_fee_per_gas: Some(10u128.pow(9)), max_priority_fee_per_gas: Some(1) };
    let draft = Draft {
        chain: 1,
        nonce,
        gas_limit: Some(100_000),
        fee,
        to: Some(call.0),
        value: U256::ZERO,
        data: call.1,
        access_list: Vec::new(),
    };
    OwnedRequest::new(draft, Some(WALLET)).expect("valid")
}

fn sign(gate: &Gate<PrivateKeySigner>, request: OwnedRequest, now: u64) -> SignedTransaction {
    match gate.ask(request, None, now) {
        Answer::Reserved(reserved) => transaction(gate.sign_sync(reserved)),
        other => panic!("{other:?}"),
    }
}

fn transaction(signed: Result<Signed, GateSignError>) -> SignedTransaction {
    signed.expect("signed").transaction().expect("a transaction").clone()
}

fn denied(answer: Answer) -> DenyCode {
    match answer {
        Answer::Denied(decision) => decision.code().expect("a code"),
        other => panic!("{other:?}"),
    }
}

fn used(gate: &Gate<PrivateKeySigner>, budget: &str) -> U256 {
    gate.ledger().used(&LineName::new(budget, 0)).to_word()
}

#[test]
fn the_judged_bytes_are_signed_by_the_wallets_key() {
    let gate = gate();
    let Answer::Reserved(reserved) = gate.ask(owned(transfer(SHOP, usdc(250)), Some(5)), Some("bot"), NOW)
    else {
        panic!("allowed");
    };
    assert_eq!(used(&gate, "daily"), usdc(250), "counted before it is signed");
    assert_eq!(used(&gate, "gas"), U256::from(10u64.pow(14)));
    let payload = reserved.payload().to_vec();
    let signed = transaction(gate.sign_sync(reserved));
    assert_eq!(signed.signer, WALLET);
    let read = RawTransaction::read(&signed.raw).expect("a transaction");
    assert_eq!(read.payload, payload);
    assert_eq!((read.signer(), read.nonce, read.to), (Some(WALLET), 5, Some(transfer(SHOP, usdc(1)).0)));
    assert_eq!(read.data, transfer(SHOP, usdc(250)).1);
}

#[test]
fn a_signer_may_answer_later() {
    let gate = gate();
    let Answer::Reserved(reserved) = gate.ask(owned(transfer(SHOP, usdc(1)), Some(0)), None, NOW) else {
        panic!("allowed");
    };
    let signed = {
        let mut future = pin!(gate.sign(reserved));
        match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(signed) => transaction(signed),
            Poll::Pending => panic!("a local key answers at once"),
        }
    };
    assert_eq!(signed.signer, WALLET);
    assert!(gate.signed(signed.hash).unwrap().is_some());
}

#[test]
fn what_is_denied_charges_nothing_and_cannot_be_signed() {
    let gate = gate();
    assert_eq!(denied(gate.ask(owned(transfer(SHOP, usdc(501)), Some(0)), None, NOW)), DenyCode::Budget);
    assert_eq!(denied(gate.ask(owned(approve(ROUTER, U256::MAX), Some(0)), None, NOW)), DenyCode::Unlimited);
    assert_eq!(
        denied(gate.ask(owned((SHOP, vec![1, 2, 3, 4]), Some(0)), None, NOW)),
        DenyCode::UnknownContract
    );
    assert_eq!(used(&gate, "daily"), U256::ZERO);
    assert!(gate.ledger().state().slots.is_empty());
}

#[test]
fn nothing_is_signed_with_its_fee_open() {
    let gate = gate();
    let call = transfer(SHOP, usdc(1));
    let draft = Draft {
        fee: Fee::Dynamic { max_fee_per_gas: None, max_priority_fee_per_gas: None },
        ..owned(call, Some(0)).draft().expect("a transaction").clone()
    };
    let Answer::Denied(decision) = gate.ask(OwnedRequest::new(draft, None).unwrap(), None, NOW) else {
        panic!("denied");
    };
    assert_eq!(decision.code(), Some(DenyCode::InvalidRequest));
    assert!(decision.reason.contains("maxFeePerGas"), "{}", decision.reason);
}

/// What no fee could make allowed is denied for what it is.
#[test]
fn what_is_denied_anyway_is_not_denied_for_being_open() {
    let gate = gate();
    let draft = Draft {
        fee: Fee::Dynamic { max_fee_per_gas: None, max_priority_fee_per_gas: None },
        gas_limit: None,
        ..owned((SHOP, vec![1, 2, 3, 4]), None).draft().expect("a transaction").clone()
    };
    let request = OwnedRequest::new(draft, None).unwrap();
    assert_eq!(denied(gate.ask(request, None, NOW)), DenyCode::UnknownContract);
}

#[test]
fn the_ledger_gives_the_nonces() {
    let gate = gate();
    gate.observe(Record::Begin(1, WALLET, 41)).unwrap();
    assert_eq!(denied(gate.ask(owned(transfer(SHOP, usdc(1)), Some(40)), None, NOW)), DenyCode::Nonce);
    assert_eq!(denied(gate.ask(owned(transfer(SHOP, usdc(1)), Some(42)), None, NOW)), DenyCode::Nonce);
    let first = sign(&gate, owned(transfer(SHOP, usdc(1)), None), NOW);
    assert_eq!(RawTransaction::read(&first.raw).unwrap().nonce, 41);
    let second = sign(&gate, owned(transfer(SHOP, usdc(2)), None), NOW);
    assert_eq!(RawTransaction::read(&second.raw).unwrap().nonce, 42);
}

#[test]
fn the_same_bytes_are_one_charge_and_one_signature() {
    let gate = gate();
    let first = sign(&gate, owned(transfer(SHOP, usdc(250)), Some(0)), NOW);
    let again = sign(&gate, owned(transfer(SHOP, usdc(250)), Some(0)), NOW + 1);
    assert_eq!(first, again);
    assert_eq!(used(&gate, "daily"), usdc(250));
    // A replacement counts the larger of the two.
    sign(&gate, owned(transfer(SHOP, usdc(100)), Some(0)), NOW + 2);
    assert_eq!(used(&gate, "daily"), usdc(250));
}

#[test]
fn a_budget_refills_when_the_chain_says_so() {
    let gate = gate();
    let signed = sign(&gate, owned(transfer(SHOP, usdc(250)), Some(0)), NOW);
    sign(&gate, owned(transfer(SHOP, usdc(250)), Some(1)), NOW);
    // The clock alone frees nothing.
    let much_later = NOW + 1_000 * HOUR;
    assert_eq!(denied(gate.ask(owned(transfer(SHOP, usdc(1)), Some(2)), None, much_later)), DenyCode::Budget);
    let SignedAs { slot, digest, .. } = gate.signed(signed.hash).unwrap().expect("it was signed here");
    let landed = Landed { slot, digest, ok: true, at: NOW + 12, pulled: None, fee: None };
    assert_eq!(gate.observe(Record::Landed(landed)), Ok(Reply::Done));
    gate.observe(Record::Final(1, much_later)).unwrap();
    assert_eq!(used(&gate, "daily"), usdc(250), "the other may still land");
    sign(&gate, owned(transfer(SHOP, usdc(250)), Some(2)), much_later);
}

#[test]
fn requests_do_not_come_in_as_facts() {
    let gate = gate();
    let signed = sign(&gate, owned(transfer(SHOP, usdc(1)), Some(0)), NOW);
    let SignedAs { slot, .. } = gate.signed(signed.hash).unwrap().unwrap();
    let request = gate.ledger().state().slots[&slot].versions[0].request.clone();
    let before = gate.ledger().clone();
    assert!(matches!(gate.observe(Record::Request(request.clone())), Ok(Reply::Refused(_))));
    assert!(matches!(gate.observe(Record::Approve(request)), Ok(Reply::Refused(_))));
    assert_eq!(*gate.ledger(), before);
}

#[test]
fn an_approval_is_for_these_bytes_once_and_in_time() {
    let gate = gate();
    let ask =
        |gate: &Gate<_>, nonce, now| match gate.ask(owned(transfer(SHOP, usdc(400)), Some(nonce)), None, now)
        {
            Answer::Asked(pending) => pending,
            other => panic!("{other:?}"),
        };
    let pending = ask(&gate, 0, NOW);
    assert_eq!(pending.asking().of, [OWNER]);
    assert_eq!(used(&gate, "daily"), U256::ZERO, "waiting charges nothing");
    let consent = gate.approval(&pending.name()).expect("it waits");
    let wrong = agree(KEY, &consent);
    assert_eq!(
        denied(gate.approve(&pending.name(), &[wrong], NOW)),
        DenyCode::Approval,
        "the agent's own key"
    );
    let right = agree(OWNERS_KEY, &consent);
    let Answer::Reserved(reserved) = gate.approve(&pending.name(), &[wrong, right], NOW + 600) else {
        panic!("approved");
    };
    assert_eq!(gate.sign_sync(reserved).unwrap().signer(), WALLET);
    assert_eq!(used(&gate, "daily"), usdc(400));
    assert_eq!(denied(gate.approve(&pending.name(), &[right], NOW + 600)), DenyCode::Approval, "one use");

    let late = self::gate();
    let pending = ask(&late, 0, NOW);
    let other = ask(&late, 1, NOW);
    let elsewhere = agree(OWNERS_KEY, &late.approval(&other.name()).expect("it waits"));
    assert_eq!(denied(late.approve(&pending.name(), &[elsewhere], NOW)), DenyCode::Approval, "other bytes");
    let right = agree(OWNERS_KEY, &late.approval(&pending.name()).expect("it waits"));
    assert_eq!(denied(late.approve(&pending.name(), &[right], NOW + 601)), DenyCode::Approval, "expired");
}

/// The same asked again is another question, though its name is the same: who has agreed has agreed once.
#[test]
fn a_signature_is_of_one_question() {
    let gate = gate();
    gate.observe(Record::Begin(1, WALLET, 0)).unwrap();
    let ask = |now| match gate.ask(owned(transfer(SHOP, usdc(251)), None), None, now) {
        Answer::Asked(pending) => pending.name(),
        other => panic!("{other:?}"),
    };
    let first = ask(NOW);
    let signature = agree(OWNERS_KEY, &gate.approval(&first).expect("it waits"));
    assert_eq!(ask(NOW + 1), first, "it waits once");
    assert!(matches!(gate.approve(&first, &[signature], NOW + 2), Answer::Reserved(_)));
    // There is room for it again.
    let slot = *gate.ledger().state().slots.keys().next().unwrap();
    gate.observe(Record::Void(slot)).unwrap();
    let second = ask(NOW + 3);
    assert_eq!(second, first);
    assert_eq!(
        denied(gate.approve(&second, &[signature], NOW + 4)),
        DenyCode::Approval,
        "it agreed to the first"
    );
}

#[test]
fn a_reservation_ends_with_its_policy_and_its_slot() {
    let gate = gate();
    let reserve =
        |gate: &Gate<_>, nonce| match gate.ask(owned(transfer(SHOP, usdc(1)), Some(nonce)), None, NOW) {
            Answer::Reserved(reserved) => reserved,
            other => panic!("{other:?}"),
        };
    let stale = reserve(&gate, 0);
    let mut stricter = module();
    stricter.texts[0].text = "another edition".to_owned();
    let stricter = agentpol_bytecode::encode(&stricter);
    gate.replace(Bound::new(&stricter, &binding(), false).unwrap(), &stricter).unwrap();
    assert_eq!(gate.sign_sync(stale).unwrap_err(), GateSignError::NotReserved);
    assert_eq!(used(&gate, "daily"), usdc(1), "what was reserved stays counted");

    // The same rules with less to spend are another edition.
    let stale = reserve(&gate, 1);
    let mut less = binding();
    less.params.insert("daily_cap".to_owned(), agentpol_model::policy::ParamValue::Word(usdc(2)));
    gate.replace(Bound::new(&stricter, &less, false).unwrap(), &stricter).unwrap();
    assert_eq!(gate.sign_sync(stale).unwrap_err(), GateSignError::NotReserved);

    let settled = reserve(&gate, 1);
    let slot = *gate.ledger().state().slots.keys().next_back().unwrap();
    gate.observe(Record::Void(slot)).unwrap();
    assert_eq!(gate.sign_sync(settled).unwrap_err(), GateSignError::NotReserved);
}

#[test]
fn a_foreign_transaction_locks_until_the_owner_adopts_it() {
    let gate = gate();
    let signed = sign(&gate, owned(transfer(SHOP, usdc(1)), Some(0)), NOW);
    let SignedAs { slot, .. } = gate.signed(signed.hash).unwrap().unwrap();
    gate.observe(Record::Foreign(slot)).unwrap();
    let ask = |gate: &Gate<_>, n| gate.ask(owned(transfer(SHOP, usdc(n)), Some(1)), None, NOW);
    assert_eq!(denied(ask(&gate, 1)), DenyCode::Locked);
    let asset = *gate.policy().terms().lines[&LineName::new("daily", 0)].counts.assets().first().unwrap();
    let lines = [LineName::new("daily", 0), LineName::new("life", 0)].into();
    assert_eq!(gate.observe(Record::Adopt(asset, usdc(400), NOW, lines)), Ok(Reply::Done));
    assert_eq!(denied(ask(&gate, 101)), DenyCode::Budget);
    assert!(matches!(ask(&gate, 100), Answer::Reserved(_)));
}

#[test]
fn the_key_must_be_the_one_that_was_bound() {
    let policy = policy();
    let stranger = key(OWNERS_KEY);
    let found = stranger.address();
    let error = Gate::new(policy.clone(), policy.ledger(false), stranger).unwrap_err();
    assert_eq!(error, GateError::WrongSigner { expected: WALLET, found });
    let mut other = binding();
    other.params.insert("daily_cap".to_owned(), agentpol_model::policy::ParamValue::Word(usdc(1_000)));
    let richer = Policy::new(module(), &other).unwrap();
    assert_eq!(Gate::new(policy, richer.ledger(false), key(KEY)).unwrap_err(), GateError::OtherLedger);
}

#[test]
fn decisions_carry_the_callers_id() {
    let text = format!(
        r#"{{"id": "a1", "chainId": 1, "request": {{"method": "eth_sendTransaction", "params": [{{"from": "{WALLET}",
        "to": "{SHOP}", "value": "0x1", "gas": "0x5208", "nonce": "0x0", "maxFeePerGas": "0x1", "maxPriorityFeePerGas": "0x1"}}]}}}}"#
    );
    let request = agentpol_ethereum::read(&text).expect("reads");
    let gate = gate();
    let Answer::Reserved(reserved) = gate.ask(request, None, NOW) else { panic!("a tip is allowed") };
    assert_eq!(reserved.decision().id, Some(agentpol_ethereum::Id::Text("a1".to_owned())));
    assert_eq!(reserved.decision().outcome, Outcome::Allow);
    assert_ne!(gate.sign_sync(reserved).unwrap().hash(), B256::ZERO);
}
