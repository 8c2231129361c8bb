//! Durable entries per second, beside what the disk gives: the same bytes written and synced into a file that was filled before,
//! one entry at a time, and a hundred entries at a time. One run measures all, turn by turn, since a disk has its moods.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::float_arithmetic,
    missing_docs,
    reason = "a bench measures time"
)]

use agentpol_journal::{FileDisk, Journal};
use std::{
    fs::{File, OpenOptions},
    io::{Seek, SeekFrom, Write},
    path::Path,
    sync::{Barrier, Mutex},
    time::Instant,
};

/// Turns, in each of which both sides do the same work.
const TURNS: usize = 40;
/// Entries one at a time in each turn.
const ALONE: usize = 20;
/// Callers at once, and entries of each in a turn.
const CALLERS: usize = 100;
const EACH: usize = 4;

/// About what the ledger writes for one decision.
fn entry(n: usize) -> String {
    format!(
        "{{\"n\":{n},\"wallet\":\"0x{:040x}\",\"chain\":1,\"nonce\":{n},\"rule\":\"pay\",\"digest\":\"0x{:064x}\",\
         \"charges\":[{{\"budget\":\"daily\",\"token\":\"USDC\",\"amount\":\"250000000\"}}],\"at\":1764000000}}",
        n * 7919,
        n * 104_729
    )
}

/// What one would write by hand: a file filled with zeros, and one write of whole sectors and one sync.
struct Raw {
    file: File,
    at: u64,
}

impl Raw {
    const LEN: usize = 64 << 20;

    fn new(path: &Path) -> Self {
        let mut file = OpenOptions::new().create_new(true).write(true).open(path).unwrap();
        file.write_all(&vec![0; Self::LEN]).unwrap();
        file.sync_all().unwrap();
        Self { file, at: 0 }
    }

    fn put(&mut self, entries: &[String]) {
        let mut bytes = entries.concat().into_bytes();
        // Hashes, separators, lines' ends, and the rest of the sector: as many bytes as the journal writes.
        bytes.resize((bytes.len() + 66 * entries.len()) / 512 * 512 + 512, b'\n');
        self.file.seek(SeekFrom::Start(self.at)).unwrap();
        self.file.write_all(&bytes).unwrap();
        self.file.sync_data().unwrap();
        self.at = (self.at + bytes.len() as u64) % (Self::LEN as u64 / 2);
    }
}

/// Seconds for each entry, alone.
fn alone(mut put: impl FnMut(&[String]), entries: usize, times: usize) -> Vec<f64> {
    let one = |n| {
        let entries: Vec<String> = (0..entries).map(|i| entry(n * entries + i)).collect();
        let start = Instant::now();
        put(&entries);
        start.elapsed().as_secs_f64() / entries.len() as f64
    };
    (0..times).map(one).collect()
}

/// Seconds for each entry as its caller sees it, and for all of them together.
fn together(journal: &Journal<FileDisk>, order: &Mutex<()>) -> (Vec<f64>, f64) {
    let barrier = Barrier::new(CALLERS + 1);
    std::thread::scope(|scope| {
        let call = |caller: usize| {
            barrier.wait();
            let one = |n: usize| {
                let entry = entry(caller * EACH + n);
                let start = Instant::now();
                let ticket = {
                    let _order = order.lock().unwrap();
                    journal.append(&entry).unwrap()
                };
                journal.wait(ticket).unwrap();
                start.elapsed().as_secs_f64()
            };
            (0..EACH).map(one).collect::<Vec<_>>()
        };
        let threads: Vec<_> = (0..CALLERS).map(|caller| scope.spawn(move || call(caller))).collect();
        barrier.wait();
        let start = Instant::now();
        let latencies = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        (latencies, start.elapsed().as_secs_f64())
    })
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() {
    // Where the build stands, not where temporary files do: those may be in memory.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let journal = Journal::create(FileDisk::create(&folder.path().join("ledger.log")).unwrap()).unwrap();
    let mut raw = Raw::new(&folder.path().join("raw"));
    let order = Mutex::new(());
    let mut sides: [Side; 4] = std::array::from_fn(|_| Side::default());
    for _ in 0..TURNS {
        let [raw_one, journal_one, raw_hundred, journal_hundred] = &mut sides;
        raw_one.turn(alone(|entries| raw.put(entries), 1, ALONE), None);
        let put = |entries: &[String]| journal.wait(journal.append(&entries[0]).unwrap()).unwrap();
        journal_one.turn(alone(put, 1, ALONE), None);
        raw_hundred.turn(alone(|entries| raw.put(entries), CALLERS, EACH), None);
        let (times, all) = together(&journal, &order);
        journal_hundred.turn(times, Some(all));
    }
    let head = journal.close().unwrap();
    assert_eq!(head.count, (TURNS * (ALONE + CALLERS * EACH)) as u64);

    let [raw_one, journal_one, raw_hundred, journal_hundred] = sides.map(Side::medians);
    println!("| | entries a second | of the same by hand | p50 of an entry, ms |");
    println!("| --- | ---: | ---: | ---: |");
    let row = |name: &str, (rate, each): (f64, f64), (by_hand, _): (f64, f64)| {
        println!("| {name} | {rate:.0} | {:.2} | {:.2} |", rate / by_hand, each * 1e3);
    };
    row("by hand, one at a time", raw_one, raw_one);
    row("the journal, one at a time", journal_one, raw_one);
    row("by hand, 100 in one write", (raw_hundred.0, raw_hundred.1 * CALLERS as f64), raw_hundred);
    row("the journal, 100 in flight", journal_hundred, raw_hundred);
}

/// Of each turn the entries a second, of each entry the time its caller waited.
#[derive(Default)]
struct Side {
    rates: Vec<f64>,
    times: Vec<f64>,
}

impl Side {
    /// Together they took `all`, or one after the other.
    fn turn(&mut self, times: Vec<f64>, all: Option<f64>) {
        self.rates.push(times.len() as f64 / all.unwrap_or_else(|| times.iter().sum()));
        self.times.extend(times);
    }

    fn medians(mut self) -> (f64, f64) {
        (median(&mut self.rates), median(&mut self.times))
    }
}
