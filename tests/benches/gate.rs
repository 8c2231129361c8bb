//! What a gate costs beside the key it stands before, what it remembers, and how long it takes to go on with a long history.
//!
//! In each turn the key alone and the gate do the same work, one right after the other, so that the ratio holds on a busy machine.
//! The key is the one of alloy that signs in this process; nothing waits for a disk.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::float_arithmetic,
    missing_docs,
    reason = "a bench measures time"
)]

use agentpol_ethereum::{Completion, OwnedRequest, Signable};
use agentpol_journal::{FileDisk, Journal};
use agentpol_model::{B256, Time, U256};
use agentpol_runtime::{
    Answer, Gate, Policy,
    history::{Bound, Folder, Log, LogError, Modules, Ticket},
    ledger::{Landed, Record, Slot},
};
use agentpol_tests::shop::{CHAIN, START, binding, key, module, payment};
use alloy::signers::{SignerSync, local::PrivateKeySigner};
use alloy_primitives::keccak256;
use std::{
    hint::black_box,
    path::Path,
    sync::{Arc, Mutex},
    time::Instant,
};

const DAY: Time = 86_400;

/// Turns, and requests of each.
const TURNS: usize = 200;
const EACH: usize = 50;

/// Requests whose memory is measured, a tenth at a time.
const REMEMBERED: u64 = 1_000_000;

/// Entries of the log that is opened.
const ENTRIES: usize = 100_000;

const BUDGETS: &str = "budget daily: 1_000_000 USDC per 24h\nbudget gas: 10 ETH of fees per 24h\nbudget pace: 1_000_000 calls per 24h";

fn gate() -> Gate<PrivateKeySigner> {
    let policy: Policy = agentpol_runtime::load(&module(BUDGETS), &binding()).unwrap();
    let ledger = policy.ledger(false);
    let gate = Gate::new(policy, ledger, key()).unwrap();
    gate.observe(Record::Begin(CHAIN, key().address(), 0)).unwrap();
    gate
}

fn with_nonce(n: u64) -> Signable {
    let fill = Completion { nonce: n, gas_limit: 0, max_fee_per_gas: 0, max_priority_fee_per_gas: 0 };
    Signable::new(payment(n).complete(&fill).unwrap()).unwrap()
}

fn slot(nonce: u64) -> Slot {
    Slot::Transaction { chain: CHAIN, account: key().address(), nonce }
}

/// It landed as it was asked for, at that time.
fn land<S>(gate: &Gate<S>, nonce: u64, digest: B256, at: Time) {
    let fee = Some(U256::from(21_000u64 * 1_000_000_000));
    let landed = Landed { slot: slot(nonce), digest, ok: true, at, pulled: None, fee };
    gate.observe(Record::Landed(landed)).unwrap();
}

fn reserved(answer: Answer) -> agentpol_runtime::gate::Reserved {
    match answer {
        Answer::Reserved(reserved) => reserved,
        other => panic!("{other:?}"),
    }
}

/// Microseconds for each.
fn time<T, R>(work: Vec<T>, mut one: impl FnMut(T) -> R) -> f64 {
    let count = work.len() as f64;
    let start = Instant::now();
    for each in work {
        black_box(one(each));
    }
    start.elapsed().as_secs_f64() * 1e6 / count
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Decide, reserve and sign, beside the key alone, and beside the key with its result read back as it must be before it leaves.
fn beside_the_key() {
    let (gate, key) = (gate(), key());
    let mut sides: [Vec<f64>; 4] = Default::default();
    for turn in 0..TURNS as u64 {
        let numbers = turn * EACH as u64..(turn + 1) * EACH as u64;
        let unsigned: Vec<Signable> = numbers.clone().map(with_nonce).collect();
        let digests: Vec<B256> = unsigned.iter().map(Signable::digest).collect();
        let requests: Vec<OwnedRequest> = numbers.clone().map(payment).collect();
        let mut held = Vec::new();
        sides[0].push(time(digests.clone(), |digest| key.sign_hash_sync(&digest).unwrap()));
        sides[1].push(time(unsigned, |it| Signable::sign(it, &key, key.address()).unwrap()));
        sides[2].push(time(requests, |request| held.push(reserved(gate.ask(request, None, START)))));
        sides[3].push(time(held, |reserved| gate.sign_sync(reserved).unwrap()));
        let at = START + turn * DAY;
        for (nonce, digest) in numbers.zip(digests) {
            land(&gate, nonce, digest, at);
        }
        gate.observe(Record::Final(CHAIN, at + DAY)).unwrap();
    }
    let [alone, read, ask, sign] = sides.each_mut().map(|side| median(side));
    println!("\n| | µs | of the key alone | of the key, read back |");
    println!("| --- | ---: | ---: | ---: |");
    let row = |name: &str, it: f64| println!("| {name} | {it:.1} | {:.3} | {:.3} |", it / alone, it / read);
    row("the key alone", alone);
    row("the key, its signature read back", read);
    row("the gate: ask (decide, reserve)", ask);
    row("the gate: sign", sign);
    row("the gate: ask and sign", ask + sign);
}

/// Bytes that this process has in memory.
fn resident() -> f64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<f64>().unwrap() * 4_096.0
}

/// Requests that were allowed, have landed, and have left every window.
fn memory() {
    let gate = gate();
    let from = resident();
    println!("\n| requests | MiB | bytes for each | µs for each |");
    println!("| ---: | ---: | ---: | ---: |");
    for tenth in 0..10 {
        let start = Instant::now();
        for n in tenth * REMEMBERED / 10..(tenth + 1) * REMEMBERED / 10 {
            // A hundred and more an hour.
            let at = START + n * 30;
            let held = reserved(gate.ask(payment(n), None, at));
            let digest = keccak256(held.payload());
            drop(held);
            land(&gate, n, digest, at);
            gate.observe(Record::Final(CHAIN, at)).unwrap();
        }
        let micros = start.elapsed().as_secs_f64() * 1e6 / (REMEMBERED / 10) as f64;
        let (now, count) = (resident() - from, ((tenth + 1) * REMEMBERED / 10) as f64);
        println!("| {count} | {:.0} | {:.0} | {micros:.1} |", now / f64::from(1 << 20), now / count);
    }
}

/// A log that only gathers.
#[derive(Debug, Default)]
struct Lines(Mutex<Vec<String>>);

impl Modules for Lines {
    fn module(&self, _: B256) -> Result<Vec<u8>, LogError> {
        Ok(module(BUDGETS))
    }

    fn keep(&self, _: B256, _: &[u8]) -> Result<(), LogError> {
        Ok(())
    }
}

impl Log for Lines {
    fn append(&self, entry: &str) -> Result<Ticket, LogError> {
        let mut lines = self.0.lock().unwrap();
        lines.push(entry.to_owned());
        Ok(Ticket::new(lines.len() as u64))
    }

    fn wait(&self, _: Ticket) -> Result<(), LogError> {
        Ok(())
    }
}

/// Four entries for each payment: decided, signed, landed, final.
fn write_a_history(folder: &Path) -> u64 {
    let (module, lines) = (module(BUDGETS), Arc::new(Lines::default()));
    let bound = Bound::new(&module, &binding(), false).unwrap();
    std::fs::write(folder.join(format!("{}.agentpolc", bound.module)), &module).unwrap();
    let gate = Gate::begin(bound, &module, lines.clone(), key()).unwrap();
    gate.observe(Record::Begin(CHAIN, key().address(), 0)).unwrap();
    for n in 0..(ENTRIES as u64 - 2).div_ceil(4) {
        let at = START + n * 30;
        let held = reserved(gate.ask(payment(n), None, at));
        let digest = keccak256(held.payload());
        gate.sign_sync(held).unwrap();
        land(&gate, n, digest, at);
        gate.observe(Record::Final(CHAIN, at)).unwrap();
    }
    let path = folder.join("log");
    let journal = Journal::create(FileDisk::create(&path).unwrap()).unwrap();
    let lines = lines.0.lock().unwrap();
    let tickets: Vec<Ticket> = lines.iter().map(|line| journal.append(line).unwrap()).collect();
    journal.wait(tickets[tickets.len() - 1]).unwrap();
    assert_eq!(journal.close().unwrap().count, lines.len() as u64);
    std::fs::metadata(&path).unwrap().len()
}

fn opening() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let bytes = write_a_history(folder.path()) as f64;
    let mut times: Vec<f64> = (0..5)
        .map(|_| {
            let start = Instant::now();
            let (gate, folder) = Folder::open(folder.path(), None, key()).unwrap();
            let took = start.elapsed().as_secs_f64();
            black_box((gate, folder));
            took
        })
        .collect();
    let took = median(&mut times);
    println!("\n| entries | MiB | s to open | entries a second |");
    println!("| ---: | ---: | ---: | ---: |");
    println!("| {ENTRIES} | {:.0} | {took:.2} | {:.0} |", bytes / f64::from(1 << 20), ENTRIES as f64 / took);
}

fn main() {
    beside_the_key();
    memory();
    opening();
}
