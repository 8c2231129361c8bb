//! A log that fails at one of its calls, and from then on, for every call of a day's work: nothing is signed after that, every answer
//! says why, and what left before is what a reopened log counts.

use crate::{
    paper::{Failing, Paper},
    play::Signing,
    shop::{self, CHAIN, Edition, What, agreed, key, line, usdc},
};
use agentpol_model::{B256, U256, decision::DenyCode};
use agentpol_runtime::{
    Answer, Gate,
    gate::{GateError, GateSignError, Once, OpenError, Reading},
    history::{Known, LogError},
    ledger::{Landed, Record, Slot},
};
use std::sync::Arc;

const FIRST: Edition = Edition { module: 0, cap: 60 };
const SECOND: Edition = Edition { module: 1, cap: 100 };

/// What is said of a failed log.
fn is_failure(e: &LogError) -> bool {
    e.0.contains("no space left")
}

/// A day's work. Whatever is said is held against whether the log has failed.
struct Work {
    paper: Arc<Paper>,
    gate: Signing,
    /// USDC that left, and how often something did.
    left: U256,
    signatures: u64,
    has_failed: bool,
}

impl Work {
    /// `None`: it failed before there was a gate.
    fn new(fails: Option<(u64, Failing)>) -> (Arc<Paper>, Option<Self>) {
        let paper = Arc::new(Paper::new(fails));
        let gate = match Gate::begin(FIRST.bound(), FIRST.bytes(), paper.clone(), key()) {
            Ok(gate) => gate,
            Err(OpenError::Log(e)) if is_failure(&e) => return (paper, None),
            Err(e) => panic!("{e}"),
        };
        let work = Self { paper: paper.clone(), gate, left: U256::ZERO, signatures: 0, has_failed: false };
        (paper, Some(work))
    }

    fn told<T>(&mut self, result: Result<T, LogError>) -> Option<T> {
        assert!(!(self.has_failed && result.is_ok()), "it failed before");
        result.map_err(|e| assert!(is_failure(&e))).inspect_err(|()| self.has_failed = true).ok()
    }

    fn answer(&mut self, answer: Answer) -> Answer {
        match &answer {
            Answer::Denied(decision) if decision.code() == Some(DenyCode::Storage) => {
                assert!(decision.reason.contains("no space left"), "{}", decision.reason);
                self.has_failed = true;
            }
            // A reservation may be had whose entry is lost: it is waited for when it is signed.
            Answer::Reserved(_) => {}
            _ => assert!(!self.has_failed, "{answer:?} after it failed"),
        }
        answer
    }

    fn sign(&mut self, answer: Answer, amount: U256) -> Option<B256> {
        let Answer::Reserved(reserved) = self.answer(answer) else {
            assert!(self.has_failed, "it is allowed");
            return None;
        };
        match self.gate.sign_sync(reserved) {
            Ok(signed) => {
                assert!(!self.has_failed, "signed, and the log had failed");
                self.left += amount;
                self.signatures += 1;
                Some(signed.hash())
            }
            Err(GateSignError::Log(e)) => {
                assert!(is_failure(&e));
                self.has_failed = true;
                None
            }
            Err(e) => panic!("{e}"),
        }
    }

    fn pay(&mut self, amount: u64) -> Option<B256> {
        let what = What::Pay(usdc(amount));
        let answer = self.gate.ask(what.request(None, 1), Some("bot"), shop::START);
        self.sign(answer, usdc(amount))
    }

    fn pay_once(&mut self, amount: u64, name: &str) {
        let known = Known { key: name.to_owned(), asked: B256::ZERO };
        let what = What::Pay(usdc(amount));
        match self.gate.ask_once(what.request(None, 1), None, shop::START, &known) {
            Once::First(answer) => drop(self.sign(answer, usdc(amount))),
            Once::Again { .. } => assert!(!self.has_failed, "told again after it failed"),
        }
    }

    fn pay_with_approval(&mut self, amount: u64) {
        let what = What::Pay(usdc(amount));
        let answer = self.gate.ask(what.request(None, 1), None, shop::START);
        let Answer::Asked(pending) = self.answer(answer) else {
            assert!(self.has_failed);
            return;
        };
        let signature = agreed(&self.gate, &pending.name(), &shop::alice()).unwrap();
        let answer = self.gate.approve(&pending.name(), &[signature], shop::START + 1);
        self.sign(answer, usdc(amount));
    }

    fn land(&mut self, hash: Option<B256>) {
        let found = hash.map(|hash| self.gate.signed(hash));
        let Some(Some(signed)) = found.and_then(|found| self.told(found)) else { return };
        let (slot, digest, at) = (signed.slot, signed.digest, shop::START);
        let landed = Landed { slot, digest, ok: true, at, pulled: None, fee: None };
        let observed = self.gate.observe(Record::Landed(landed));
        self.told(observed);
    }

    fn edit(&mut self) {
        let result = match self.gate.replace(SECOND.signed(&self.gate, &shop::owner()), SECOND.bytes()) {
            Err(GateError::Log(e)) => Err(e),
            other => other.map_err(|e| panic!("{e}")),
        };
        self.told(result);
    }

    /// Something of everything that is written down.
    fn day(&mut self) {
        let began = self.gate.observe(Record::Begin(CHAIN, key().address(), 0));
        self.told(began);
        let first = self.pay(5);
        self.pay_once(3, "a");
        self.pay_once(3, "a");
        self.pay_with_approval(30);
        let denied = self.gate.ask(What::Pay(usdc(2_001)).request(Some(99), 1), None, shop::START);
        drop(self.answer(denied));
        self.land(first);
        let known = self.gate.observe(Record::Final(CHAIN, shop::START));
        self.told(known);
        let frozen = self.gate.freeze("a hunch", shop::START);
        self.told(frozen);
        let thawed = self.gate.thaw(shop::START);
        self.told(thawed);
        self.edit();
        self.pay(4);
    }
}

/// What a reopened log counts and knows.
fn reopened(paper: &Paper) -> Option<Signing> {
    let mut reading = Reading::new(Paper::shelf(paper.kept()));
    let again = Paper::open(paper.copy().0, paper.kept(), None, &mut reading).unwrap();
    match Gate::open(reading, Arc::new(again), key()) {
        Ok(gate) => Some(gate),
        Err(OpenError::Empty) => None,
        Err(e) => panic!("{e}"),
    }
}

#[test]
fn a_log_that_fails_anywhere_lets_nothing_leave() {
    let (paper, work) = Work::new(None);
    let mut work = work.unwrap();
    work.day();
    assert!(!work.has_failed);
    assert_eq!((work.left, work.signatures), (usdc(5 + 3 + 30 + 4), 4));
    let calls = paper.calls();
    for how in [Failing::Before, Failing::After] {
        for at in 0..calls {
            let (paper, work) = Work::new(Some((at, how)));
            let (mut left, mut signatures) = (U256::ZERO, 0);
            if let Some(mut work) = work {
                work.day();
                assert!(work.has_failed, "call {at}");
                (left, signatures) = (work.left, work.signatures);
                assert!(Arc::ptr_eq(&paper, &work.paper));
            }
            let Some(gate) = reopened(&paper) else {
                assert_eq!(signatures, 0);
                continue;
            };
            // Of what the log holds more may be counted than left: what was lost is an answer.
            let counted = gate.ledger().used(&line("life")).to_word();
            assert!(
                counted >= left && counted <= usdc(42),
                "call {at}, {how:?}: {left} left, {counted} is counted"
            );
            let slots = gate.ledger().state().slots.len() as u64;
            let landed = u64::from(!gate.ledger().state().events.is_empty());
            assert!(slots + landed >= signatures, "call {at}: {signatures} signatures, {slots} slots");
        }
    }
    println!("{calls} calls, each failing before and after it was done");
}

/// The nonce that a failed log leaves behind is the next one's.
#[test]
fn a_reopened_log_leaves_no_gap() {
    let (paper, work) = Work::new(None);
    work.unwrap().day();
    for at in 0..paper.calls() {
        let (paper, work) = Work::new(Some((at, Failing::After)));
        let Some(mut work) = work else { continue };
        work.day();
        let signatures = work.signatures;
        let Some(gate) = reopened(&paper) else { continue };
        let Some(next) = gate.next_nonce(CHAIN) else { continue };
        let unsigned = |nonce: u64| {
            let slot = Slot::Transaction { chain: CHAIN, account: key().address(), nonce };
            gate.signed_for(&slot).unwrap().is_empty() && gate.ledger().state().slots.contains_key(&slot)
        };
        assert!(next >= signatures, "call {at}: {next} was signed");
        assert!(!(0..next).any(unsigned), "call {at}: a nonce below {next} is nobody's");
    }
}
