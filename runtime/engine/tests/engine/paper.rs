//! A gate with a log in memory, and what tests do with it.

use crate::policy::{KEY, NOW, SHOP, WALLET, binding, key, module, transfer, usdc};
use agentpol_ethereum::{Draft, Fee, OwnedRequest, Signed};
use agentpol_model::{Address, B256, U256, decision::DenyCode};
use agentpol_runtime::{
    Answer, Gate,
    gate::Reading,
    history::{Bound, Log, LogError, Modules, Ticket},
    ledger::{LineName, Record, Slot},
};
use alloy::signers::local::PrivateKeySigner;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

/// The wallet's next nonce.
pub(crate) const FIRST: u64 = 4;

pub(crate) type Signing = Gate<PrivateKeySigner>;

/// A log in memory, which fails when it is told to.
#[derive(Debug, Default)]
pub(crate) struct Paper {
    pub(crate) modules: Mutex<BTreeMap<B256, Vec<u8>>>,
    pub(crate) lines: Mutex<Vec<String>>,
    pub(crate) durable: Mutex<u64>,
    /// From this entry on nothing is written, or nothing is kept.
    pub(crate) full: Mutex<Option<u64>>,
    pub(crate) torn: Mutex<Option<u64>>,
}

impl Modules for Paper {
    fn module(&self, hash: B256) -> Result<Vec<u8>, LogError> {
        self.modules.lock().unwrap().get(&hash).cloned().ok_or_else(|| LogError("no such module".to_owned()))
    }

    fn keep(&self, hash: B256, bytes: &[u8]) -> Result<(), LogError> {
        self.modules.lock().unwrap().insert(hash, bytes.to_vec());
        Ok(())
    }
}

impl Log for Paper {
    fn append(&self, entry: &str) -> Result<Ticket, LogError> {
        let mut lines = self.lines.lock().unwrap();
        if self.full.lock().unwrap().is_some_and(|full| lines.len() as u64 >= full) {
            return Err(LogError("no space left".to_owned()));
        }
        assert!(!entry.contains('\n'), "{entry}");
        lines.push(entry.to_owned());
        Ok(Ticket::new(lines.len() as u64))
    }

    fn wait(&self, ticket: Ticket) -> Result<(), LogError> {
        if self.torn.lock().unwrap().is_some_and(|torn| ticket.entry() > torn) {
            return Err(LogError("the disk is gone".to_owned()));
        }
        let mut durable = self.durable.lock().unwrap();
        *durable = ticket.entry().max(*durable);
        Ok(())
    }
}

impl Paper {
    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    /// What is there after the power went.
    pub(crate) fn durable(&self) -> Vec<String> {
        self.lines().into_iter().take(*self.durable.lock().unwrap() as usize).collect()
    }
}

pub(crate) fn bytes() -> Vec<u8> {
    agentpol_bytecode::encode(&module())
}

pub(crate) fn bound() -> Bound {
    Bound::new(&bytes(), &binding(), false).expect("loads")
}

pub(crate) fn begin() -> (Signing, Arc<Paper>) {
    let paper = Arc::new(Paper::default());
    let gate = Gate::begin(bound(), &bytes(), paper.clone(), key(KEY)).expect("a gate");
    gate.observe(Record::Begin(1, WALLET, FIRST)).expect("written");
    (gate, paper)
}

pub(crate) fn read(lines: &[String], again: bool) -> Reading {
    let paper = Arc::new(Paper::default());
    paper.keep(bound().module, &bytes()).unwrap();
    let mut reading = if again { Reading::again(paper) } else { Reading::new(paper) };
    lines.iter().for_each(|line| reading.push(line));
    reading
}

pub(crate) fn open(lines: Vec<String>) -> Signing {
    let reading = read(&lines, false);
    let paper = Paper { lines: Mutex::new(lines), ..Paper::default() };
    Gate::open(reading, Arc::new(paper), key(KEY)).unwrap_or_else(|e| panic!("{e}"))
}

pub(crate) fn owned(call: (Address, Vec<u8>), nonce: Option<u64>) -> OwnedRequest {
    let fee = Fee::Dynamic { max_fee_per_gas: Some(10u128.pow(9)), max_priority_fee_per_gas: Some(1) };
    let (chain, gas_limit, value) = (1, Some(100_000), U256::ZERO);
    let draft = Draft {
        chain,
        nonce,
        gas_limit,
        fee,
        to: Some(call.0),
        value,
        data: call.1,
        access_list: Vec::new(),
    };
    OwnedRequest::new(draft, Some(WALLET)).expect("valid")
}

pub(crate) fn pay(n: u64) -> OwnedRequest {
    owned(transfer(SHOP, usdc(n)), None)
}

pub(crate) fn sign(gate: &Signing, request: OwnedRequest) -> Signed {
    match gate.ask(request, None, NOW) {
        Answer::Reserved(reserved) => gate.sign_sync(reserved).expect("signed"),
        other => panic!("{other:?}"),
    }
}

pub(crate) fn denied(answer: Answer) -> (DenyCode, String) {
    match answer {
        Answer::Denied(decision) => (decision.code().expect("a code"), decision.reason),
        other => panic!("{other:?}"),
    }
}

pub(crate) fn nonce(signed: &Signed) -> u64 {
    let raw = &signed.transaction().expect("a transaction").raw;
    agentpol_ethereum::RawTransaction::read(raw).expect("reads").nonce
}

pub(crate) fn used(gate: &Signing) -> U256 {
    gate.ledger().used(&LineName::new("daily", 0)).to_word()
}

/// The same in everything that decides what comes next.
pub(crate) fn assert_same(one: &Signing, other: &Signing) {
    assert_eq!(*one.ledger(), *other.ledger());
    assert_eq!(one.policy().hash(), other.policy().hash());
    assert_eq!(one.next_nonce(1), other.next_nonce(1));
    assert_eq!(one.frozen(), other.frozen());
    let slots: Vec<Slot> = one.ledger().state().slots.keys().copied().collect();
    for slot in slots {
        assert_eq!(one.signed_for(&slot), other.signed_for(&slot));
    }
}
