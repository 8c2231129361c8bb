//! A gate whose history outlives it: what stands in the log is what the next gate knows.

use crate::{
    paper::{
        FIRST, Paper, Signing, assert_same, begin, bound, bytes, denied, nonce, open, owned, pay, read, sign,
        used,
    },
    policy::{
        HOUR, KEY, NOW, OWNER, OWNERS_KEY, ROUTER, SHOP, WALLET, agree, approve, binding, key, transfer, usdc,
    },
};
use agentpol_model::{B256, U256, decision::DenyCode, policy::ParamValue};
use agentpol_runtime::{
    Answer, Gate,
    gate::{GateError, GateSignError, KEYS_ARE_KEPT, Once, OpenError, Replayed},
    history::{Bound, Folder, Known, folder},
    ledger::{Landed, LineName, Record},
};
use std::sync::Arc;

#[test]
fn after_every_entry_the_next_gate_knows_what_this_one_knew() {
    let (gate, paper) = begin();
    let first = sign(&gate, pay(100));
    assert_eq!(nonce(&first), FIRST);
    denied(gate.ask(pay(501), Some("bot"), NOW + 1));
    assert!(matches!(gate.ask(pay(300), None, NOW + 2), Answer::Asked(_)));
    let second = sign(&gate, pay(50));
    let known = gate.signed(first.hash()).unwrap().expect("open");
    let landed = Landed {
        slot: known.slot,
        digest: known.digest,
        ok: true,
        at: NOW + 12,
        pulled: None,
        fee: Some(U256::from(5)),
    };
    gate.observe(Record::Landed(landed)).unwrap();
    gate.observe(Record::Final(1, NOW + 12)).unwrap();
    gate.freeze("a hunch", NOW + 20).unwrap();
    gate.thaw(NOW + 30).unwrap();
    assert!(gate.signed(first.hash()).unwrap().is_none(), "settled");
    assert!(gate.signed(second.hash()).unwrap().is_some());
    let lines = paper.lines();
    assert_eq!(lines.len(), 1 + 1 + 2 + 1 + 1 + 2 + 2 + 2, "{lines:#?}");
    assert_same(&gate, &open(lines.clone()));
    // Whatever its length, a log can be gone on from; it never says less than the one before it.
    let mut before = U256::ZERO;
    for n in 1..=lines.len() {
        let again = open(lines[..n].to_vec());
        let state = again.ledger();
        let committed = state.used(&LineName::new("daily", 0)).to_word();
        assert!(committed >= before, "{n}: {}", lines[n - 1]);
        before = committed;
    }
}

#[test]
fn a_signature_waits_for_its_reservation_and_its_own_entry() {
    let (gate, paper) = begin();
    let Answer::Reserved(reserved) = gate.ask(pay(100), None, NOW) else { panic!("allowed") };
    assert_eq!(paper.durable().len(), 2, "nobody has waited for the reservation");
    gate.sign_sync(reserved).expect("signed");
    assert_eq!(paper.durable().len(), 4, "both became durable at once");
    denied(gate.ask(pay(501), None, NOW));
    assert_eq!(paper.durable().len(), 5, "so did the denial, before it was answered");
}

#[test]
fn nothing_leaves_when_the_log_fails() {
    for (full, torn) in [(Some(2), None), (None, Some(2))] {
        let (gate, paper) = begin();
        *paper.full.lock().unwrap() = full;
        *paper.torn.lock().unwrap() = torn;
        match gate.ask(pay(100), None, NOW) {
            Answer::Denied(decision) => assert_eq!(decision.code(), Some(DenyCode::Storage)),
            Answer::Reserved(reserved) => {
                assert!(torn.is_some());
                assert!(matches!(gate.sign_sync(reserved), Err(GateSignError::Log(_))));
            }
            other => panic!("{other:?}"),
        }
        let (code, reason) = denied(gate.ask(pay(501), None, NOW));
        assert_eq!(code, DenyCode::Storage, "{reason}");
        assert!(gate.observe(Record::Final(1, NOW)).is_err());
        assert!(gate.freeze("now", NOW).is_err());
        // What is there is a history: of a gate that has signed nothing.
        let again = open(paper.durable());
        assert_eq!(used(&again), U256::ZERO);
    }
    // Between the reservation and the signature: counted, and not signed.
    let (gate, paper) = begin();
    *paper.full.lock().unwrap() = Some(3);
    let Answer::Reserved(reserved) = gate.ask(pay(100), None, NOW) else { panic!("allowed") };
    assert!(matches!(gate.sign_sync(reserved), Err(GateSignError::Log(_))));
    let again = open(paper.lines());
    assert_eq!(used(&again), usdc(100));
}

#[test]
fn what_was_reserved_and_not_signed_leaves_no_gap() {
    let (gate, paper) = begin();
    let Answer::Reserved(reserved) = gate.ask(pay(100), None, NOW) else { panic!("allowed") };
    drop(reserved);
    // Whoever holds a reservation may still sign it: while it lasts, its nonce is its own.
    assert_eq!(nonce(&sign(&gate, pay(10))), 5);
    let again = open(paper.lines());
    assert_eq!(again.next_nonce(1), Some(4), "nobody can sign that any more");
    assert_eq!(nonce(&sign(&again, pay(60))), 4);
    assert_eq!(used(&again), usdc(110), "of 100 and 60 the larger, and 10");
    assert_eq!(nonce(&sign(&again, pay(1))), 6);
}

#[test]
fn one_name_is_one_charge() {
    let (gate, paper) = begin();
    let name = |key: &str, byte| Known { key: key.to_owned(), asked: B256::repeat_byte(byte) };
    let Once::First(Answer::Reserved(reserved)) = gate.ask_once(pay(100), Some("bot"), NOW, &name("a", 1))
    else {
        panic!("allowed");
    };
    let Once::Again { signed: None, .. } = gate.ask_once(pay(100), Some("bot"), NOW, &name("a", 1)) else {
        panic!("in hand");
    };
    let signed = gate.sign_sync(reserved).expect("signed");
    for gate in [&gate, &open(paper.lines())] {
        let again = gate.ask_once(pay(100), Some("bot"), NOW + 5, &name("a", 1));
        let Once::Again { signed: Some(again), .. } = again else { panic!("{again:?}") };
        assert_eq!(again.hash, signed.hash());
        assert_eq!(again.bytes, signed.transaction().unwrap().raw);
        assert_eq!(used(gate), usdc(100));
        // For something else it cannot be used, and others have names of their own.
        let Once::First(other) = gate.ask_once(pay(1), Some("bot"), NOW, &name("a", 2)) else { panic!() };
        assert_eq!(denied(other).0, DenyCode::InvalidRequest);
        let Once::First(Answer::Reserved(_)) = gate.ask_once(pay(1), Some("cat"), NOW, &name("a", 1)) else {
            panic!("another agent's");
        };
    }
    // What was denied is judged anew.
    let Once::First(no) = gate.ask_once(pay(501), None, NOW, &name("b", 3)) else { panic!("new") };
    denied(no);
    let Once::First(Answer::Reserved(_)) = gate.ask_once(pay(2), None, NOW, &name("b", 3)) else {
        panic!("judged again");
    };
    // It is kept when all has landed, and not for ever.
    let known = gate.signed(signed.hash()).unwrap().unwrap();
    let (slot, digest) = (known.slot, known.digest);
    gate.observe(Record::Landed(Landed { slot, digest, ok: true, at: NOW, pulled: None, fee: None }))
        .unwrap();
    let later = |at| gate.ask_once(pay(100), Some("bot"), at, &name("a", 1));
    assert!(matches!(later(NOW + 60), Once::Again { signed: Some(_), .. }));
    for n in 0..9 {
        let _ = gate.ask_once(pay(1), None, NOW + KEYS_ARE_KEPT + 1, &name(&n.to_string(), 9));
    }
    assert!(matches!(later(NOW + KEYS_ARE_KEPT + 2), Once::First(_)));
}

/// Two ask for the same at once: the second is told nothing that the first could still lose.
#[test]
fn what_is_not_durable_is_told_nobody() {
    let (gate, paper) = begin();
    let name = Known { key: "a".to_owned(), asked: B256::ZERO };
    let Once::First(Answer::Reserved(reserved)) = gate.ask_once(pay(1), None, NOW, &name) else {
        panic!("new")
    };
    *paper.torn.lock().unwrap() = Some(2);
    assert!(matches!(gate.sign_sync(reserved), Err(GateSignError::Log(_))));
    let Once::First(told) = gate.ask_once(pay(1), None, NOW, &name) else { panic!("its signature") };
    assert_eq!(denied(told).0, DenyCode::Storage);
    let slot = *gate.ledger().state().slots.keys().next().unwrap();
    assert!(gate.signed_for(&slot).is_err());
}

#[test]
fn what_the_owner_stops_is_stopped() {
    let (gate, paper) = begin();
    let Answer::Reserved(reserved) = gate.ask(pay(100), None, NOW) else { panic!("allowed") };
    gate.freeze("lost my laptop", NOW).unwrap();
    assert_eq!(gate.next_nonce(1), Some(FIRST + 1));
    assert_eq!(gate.sign_sync(reserved).unwrap_err(), GateSignError::NotReserved);
    // It is counted, and its nonce is the next one's: nothing waits for what will never come.
    assert_eq!((used(&gate), gate.next_nonce(1)), (usdc(100), Some(FIRST)));
    for gate in [&gate, &open(paper.lines())] {
        let (code, reason) = denied(gate.ask(pay(1), None, NOW));
        assert_eq!((code, reason.contains("lost my laptop")), (DenyCode::Frozen, true), "{reason}");
        gate.thaw(NOW).unwrap();
        sign(gate, pay(1));
    }
}

#[test]
fn an_owner_signs_for_another_policy() {
    let owned_by = |cap, signature| {
        let mut binding = binding();
        binding.params.insert("daily_cap".to_owned(), ParamValue::Word(usdc(cap)));
        let bound = Bound::new(&bytes(), &binding, false).unwrap();
        Bound { owner: Some(OWNER), signature, ..bound }
    };
    let paper = Arc::new(Paper::default());
    let gate = Gate::begin(owned_by(500, None), &bytes(), paper.clone(), key(KEY)).unwrap();
    gate.observe(Record::Begin(1, WALLET, FIRST)).unwrap();
    sign(&gate, pay(200));
    let consent = gate.consent_to(&owned_by(1_000, None));
    let by = |hex| {
        let signature = agree(hex, &consent);
        Some(signature.as_bytes().to_vec().into())
    };
    let refused = Err(GateError::NotTheOwner { owner: OWNER });
    assert_eq!(gate.replace(owned_by(1_000, None), &bytes()), refused);
    assert_eq!(gate.replace(owned_by(1_000, by(KEY)), &bytes()), refused);
    assert_eq!(gate.replace(owned_by(900, by(OWNERS_KEY)), &bytes()), refused, "signed for another cap");
    assert_eq!(gate.replace(owned_by(1_000, by(OWNERS_KEY)), &bytes()), Ok(()));
    assert_eq!(
        gate.replace(owned_by(1_000, by(OWNERS_KEY)), &bytes()),
        refused,
        "signed for another edition"
    );
    // Nor is another wallet's policy an edition of this one, whoever signs for it.
    let elsewhere = Bound { wallet: SHOP, owner: None, ..owned_by(1_000, None) };
    assert_eq!(gate.replace(elsewhere, &bytes()), Err(GateError::OtherWallet { wallet: WALLET }));
    sign(&gate, pay(250));
    sign(&gate, pay(250));
    assert_eq!(used(&gate), usdc(700));
    assert_same(&gate, &open(paper.lines()));
    // Nobody gets the wallet's key to speak for its owner.
    let line = serde_json::json!({ "chainId": 1, "request": {
        "method": "eth_signTypedData_v4", "params": [WALLET, consent.data().to_string()] } });
    let refusal = agentpol_ethereum::read(&line.to_string()).unwrap_err();
    assert_eq!(refusal.code, DenyCode::WrongChain, "{refusal}");
}

#[test]
fn an_approval_is_in_the_log_with_its_signatures() {
    let (gate, paper) = begin();
    let Answer::Asked(pending) = gate.ask(pay(300), None, NOW) else { panic!("asked") };
    let signature = agree(OWNERS_KEY, &gate.approval(&pending.name()).expect("it waits"));
    let Answer::Reserved(reserved) = gate.approve(&pending.name(), &[signature], NOW + 10) else {
        panic!("approved");
    };
    gate.sign_sync(reserved).unwrap();
    let again = open(paper.lines());
    assert_same(&gate, &again);
    assert_eq!(
        denied(again.approve(&pending.name(), &[signature], NOW + 20)).0,
        DenyCode::Approval,
        "one use"
    );
    assert!(paper.lines().iter().any(|line| line.contains(&format!("{signature}"))), "its signature is kept");
}

/// The ledger gives the nonce when it is signed, so that an agent can go on while somebody thinks.
#[test]
fn an_approval_is_of_a_request_whichever_nonce_it_gets() {
    let (gate, paper) = begin();
    let Answer::Asked(pending) = gate.ask(pay(300), Some("bot"), NOW) else { panic!("asked") };
    sign(&gate, pay(100));
    let Answer::Asked(again) = gate.ask(pay(300), Some("bot"), NOW) else { panic!("asked") };
    assert_eq!(again.name(), pending.name(), "the same waits once");
    let Answer::Asked(other) = gate.ask(pay(301), Some("bot"), NOW) else { panic!("asked") };
    let names = |gate: &Signing| gate.waiting(NOW).unwrap().iter().map(|one| one.name).collect::<Vec<_>>();
    assert_eq!(names(&gate).len(), 2);
    let signature = agree(OWNERS_KEY, &gate.approval(&pending.name()).expect("it waits"));
    let lines = paper.lines();
    assert_eq!(denied(gate.approve(&other.name(), &[signature], NOW)).0, DenyCode::Approval, "of another");
    assert_eq!(paper.lines(), lines, "nothing has happened");
    // Another gate goes on with what waits.
    let again = open(paper.lines());
    assert_eq!(names(&again), names(&gate));
    let Answer::Reserved(reserved) = again.approve(&pending.name(), &[signature], NOW) else { panic!("yes") };
    assert_eq!(nonce(&again.sign_sync(reserved).unwrap()), FIRST + 1);
    assert_eq!(names(&again), [other.name()]);
    again.reject(&other.name()).unwrap();
    assert!(names(&again).is_empty());
    assert_eq!(denied(again.approve(&other.name(), &[signature], NOW)).0, DenyCode::Approval);
    // Nor does anything wait for longer than it may.
    assert_eq!(gate.waiting(NOW + 601).unwrap().len(), 0);
    // One that names its nonce is approved with it.
    let Answer::Asked(fixed) = gate.ask(owned(transfer(SHOP, usdc(300)), Some(FIRST + 1)), None, NOW + 700)
    else {
        panic!("asked");
    };
    assert_ne!(fixed.name(), pending.name());
}

/// What nobody wrote down did not happen: a look by a clock that is wrong, or an answer that nothing waited for.
#[test]
fn who_only_looks_changes_nothing() {
    const YEARS: u64 = 10 * 365 * 24 * HOUR;
    let (gate, paper) = begin();
    let Answer::Asked(pending) = gate.ask(pay(251), None, NOW) else { panic!("it asks") };
    let before = gate.ledger().clone();
    assert!(gate.waiting(NOW + YEARS).unwrap().is_empty());
    assert_eq!(denied(gate.approve(&pending.name(), &[], NOW + YEARS)).0, DenyCode::Approval);
    assert_eq!(denied(gate.approve(&B256::ZERO, &[], NOW + YEARS)).0, DenyCode::Approval);
    assert_eq!(*gate.ledger(), before);
    assert!(matches!(gate.ask(pay(252), None, NOW + 1), Answer::Asked(_)));
    let signature = agree(OWNERS_KEY, &gate.approval(&pending.name()).expect("it waits still"));
    let Answer::Reserved(reserved) = gate.approve(&pending.name(), &[signature], NOW + 2) else {
        panic!("approved");
    };
    gate.sign_sync(reserved).unwrap();
    assert_same(&gate, &open(paper.lines()));
}

/// Somebody agrees while everything is stopped: the log that says so can be gone on from, and it waits still.
#[test]
fn an_approval_while_all_is_stopped_is_an_approval_of_nothing() {
    let (gate, paper) = begin();
    let Answer::Asked(pending) = gate.ask(pay(251), None, NOW) else { panic!("it asks") };
    let signature = agree(OWNERS_KEY, &gate.approval(&pending.name()).expect("it waits"));
    gate.freeze("a hunch", NOW + 1).unwrap();
    assert_eq!(denied(gate.approve(&pending.name(), &[signature], NOW + 2)).0, DenyCode::Frozen);
    gate.thaw(NOW + 3).unwrap();
    let again = open(paper.lines());
    assert_same(&gate, &again);
    let replayed = read(&paper.lines(), true).replayed().unwrap();
    assert!(replayed.differences.is_empty(), "{:?}", replayed.differences);
    assert!(matches!(again.approve(&pending.name(), &[signature], NOW + 5), Answer::Reserved(_)));
}

#[test]
fn a_log_is_decided_again_to_the_letter() {
    let (gate, paper) = begin();
    let first = sign(&gate, pay(100));
    denied(gate.ask(pay(501), Some("bot"), NOW + 1));
    let Answer::Asked(pending) = gate.ask(pay(300), Some("bot"), NOW + 2) else { panic!("asked") };
    let signature = agree(OWNERS_KEY, &gate.approval(&pending.name()).expect("it waits"));
    let line = serde_json::json!({ "id": "é 1", "chainId": 1, "request": {
        "method": "personal_sign", "params": ["hello", WALLET] } });
    denied(gate.ask(agentpol_ethereum::read(&line.to_string()).unwrap(), Some("bot"), NOW + 3));
    let approved = gate.approve(&pending.name(), &[signature], NOW + 4);
    let Answer::Reserved(reserved) = approved else { panic!("{approved:?}") };
    // A reservation is in hand while another is asked for and signed.
    sign(&gate, pay(20));
    gate.sign_sync(reserved).unwrap();
    let known = gate.signed(first.hash()).unwrap().unwrap();
    let (slot, digest) = (known.slot, known.digest);
    gate.observe(Record::Landed(Landed { slot, digest, ok: true, at: NOW, pulled: None, fee: None }))
        .unwrap();
    gate.observe(Record::Final(1, NOW + 30 * HOUR)).unwrap();
    gate.replace(bound(), &bytes()).unwrap();
    denied(gate.ask(owned(transfer(SHOP, usdc(1)), Some(99)), None, NOW + 31 * HOUR));
    gate.freeze("enough", NOW + 31 * HOUR).unwrap();
    denied(gate.ask(pay(1), None, NOW + 31 * HOUR));
    let lines = paper.lines();
    let same = read(&lines, true).replayed().unwrap();
    assert_eq!(same, Replayed { decisions: 8, unwritten: 0, differences: Vec::new() });
    // Whoever changes what was decided, or what was asked, is told.
    for (from, to) in
        [("`pay` allows it", "`tip` allows it"), ("0x5f5e100", "0x5f5e101"), ("\"bot\"", "\"cat\"")]
    {
        let changed: Vec<String> = lines.iter().map(|line| line.replacen(from, to, 1)).collect();
        assert_ne!(changed, lines, "{from}");
        assert_ne!(read(&changed, true).replayed().ok(), Some(same.clone()), "{from}");
    }
}

#[test]
fn a_log_that_does_not_fit_is_refused() {
    let (gate, paper) = begin();
    sign(&gate, pay(250));
    sign(&gate, pay(250));
    let lines = paper.lines();
    let refused = |lines: Vec<String>| {
        Gate::open(read(&lines, false), Arc::new(Paper::default()), key(KEY)).map(|_| ()).unwrap_err()
    };
    assert!(matches!(refused(Vec::new()), OpenError::Empty));
    assert!(matches!(refused(lines[1..].to_vec()), OpenError::Impossible { entry: 1, .. }));
    let mut junk = lines.clone();
    junk.insert(2, "{\"decided\":{}}".to_owned());
    assert!(matches!(refused(junk), OpenError::Unreadable { entry: 3, .. }));
    // A third that would pass the cap: the ledger would not have granted it.
    let third = lines[4].replace("\"nonce\":5", "\"nonce\":6");
    assert!(matches!(refused([lines.clone(), vec![third]].concat()), OpenError::Impossible { entry: 7, .. }));
    let stranger = Gate::open(read(&lines, false), Arc::new(Paper::default()), key(OWNERS_KEY));
    let stranger = stranger.map(|_| ()).unwrap_err();
    assert!(matches!(stranger, OpenError::Gate(GateError::WrongSigner { .. })), "{stranger}");
}

/// Eight threads at one gate: what all of them got fits, and the log says the same.
#[test]
fn together_they_get_no_more_than_one_would() {
    let (gate, paper) = begin();
    let granted: Vec<u64> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8u64)
            .map(|thread| {
                let gate = &gate;
                scope.spawn(move || {
                    let mut nonces = Vec::new();
                    for n in 0..12 {
                        let request = owned(approve(ROUTER, usdc(5 + thread)), None);
                        let answer = gate.ask(request, None, NOW + n * HOUR / 100);
                        if let Answer::Reserved(reserved) = answer {
                            nonces.push(nonce(&gate.sign_sync(reserved).expect("signed")));
                        }
                    }
                    nonces
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
    });
    let mut sorted = granted.clone();
    sorted.sort_unstable();
    assert_eq!(
        sorted,
        (FIRST..FIRST + granted.len() as u64).collect::<Vec<_>>(),
        "every nonce once, without a gap"
    );
    assert!(used(&gate) <= usdc(500) && used(&gate) > usdc(490), "{}", used(&gate));
    assert_same(&gate, &open(paper.lines()));
}

#[test]
fn a_folder_holds_all_that_a_gate_needs() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger");
    assert!(!Folder::is_begun(&path));
    // Somebody was interrupted in beginning it.
    std::fs::create_dir(&path).unwrap();
    std::fs::write(path.join("log.new"), [0; 700]).unwrap();
    let (gate, folder) = Folder::begin(&path, bound(), &bytes(), key(KEY)).unwrap();
    gate.observe(Record::Begin(1, WALLET, FIRST)).unwrap();
    let first = sign(&gate, pay(100));
    let head = folder.head();
    assert_eq!(head.count, 4);
    assert!(Folder::begin(&path, bound(), &bytes(), key(KEY)).is_err(), "there is one");
    assert!(Folder::open(&path, None, key(KEY)).is_err(), "it is in use");
    // Somebody may look meanwhile.
    let mut entries = Vec::new();
    folder::verify(&path, Some(head), |entry| entries.push(entry.to_owned())).unwrap();
    assert_eq!(entries.len(), 4);
    assert_eq!(folder::replay(&path).unwrap(), Replayed { decisions: 1, ..Replayed::default() });
    drop((gate, folder));
    let older = std::fs::read(path.join("log")).unwrap();
    let (gate, folder) = Folder::open(&path, Some(head), key(KEY)).unwrap();
    assert_eq!(gate.signed(first.hash()).unwrap().unwrap().bytes, first.transaction().unwrap().raw);
    assert_eq!(used(&gate), usdc(100));
    sign(&gate, pay(50));
    let later = folder.head();
    drop((gate, folder));
    // An older copy is noticed by whoever remembers how far it went.
    let newer = std::fs::read(path.join("log")).unwrap();
    std::fs::write(path.join("log"), older).unwrap();
    let behind = Folder::open(&path, Some(later), key(KEY)).map(|_| ()).unwrap_err();
    assert!(behind.to_string().contains("older copy"), "{behind}");
    std::fs::write(path.join("log"), newer).unwrap();
    assert!(Folder::open(&path, Some(later), key(KEY)).is_ok());
    let module = path.join(format!("{}.agentpolc", bound().module));
    std::fs::write(&module, b"something else").unwrap();
    assert!(Folder::open(&path, None, key(KEY)).is_err(), "another module under its name");
}
