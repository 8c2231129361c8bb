//! What the parent does: kills, opens, compares.

use super::{cap, client, daily};
use crate::{generator::Rng, shop::key};
use agentpol_ethereum::RawTransaction;
use agentpol_model::{B256, U256};
use agentpol_runtime::history::{Folder, folder};
use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

/// Longest time that a child lives before it is killed, in microseconds from when it is ready.
const LONGEST: usize = 60_000;

/// Kills of one history at most: what it holds is read anew after each.
const KILLS_A_HISTORY: u64 = 15;

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Times the child was killed.
    pub kills: u64,
    /// Histories: a new one begins when the cap is used up, or after some kills.
    pub histories: u64,
    /// Signatures that left a child, each as often as it did.
    pub left: u64,
    /// Different ones.
    pub different: u64,
    /// Decisions of all histories, decided again to the letter.
    pub decisions: u64,
    /// Reservations that the child had not said anything of when it was killed.
    pub unsaid: u64,
    /// The longest time it took to open a history.
    pub slowest: Duration,
}

/// Everything that ever left a gate with this history, by nonce: name, hash and amount.
type Left = BTreeMap<u64, (u64, B256, U256)>;

/// Kills a child so many times. `child`: runs [`client::ask_for_ever`] on the folder and with the seed that are its last arguments.
pub fn run(child: impl Fn() -> Command, kills: u64, seed: u64) -> Tally {
    let mut tally = Tally::default();
    let mut rng = Rng::new(seed);
    while tally.kills < kills {
        let dir = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
        let path = dir.path().join("ledger");
        let mut left = Left::new();
        tally.histories += 1;
        for _ in 0..KILLS_A_HISTORY {
            let lines =
                kill_one(child(), &path, rng.next_u64(), Duration::from_micros(rng.below(LONGEST) as u64));
            tally.kills += 1;
            for line in &lines {
                tally.left += 1;
                took(&mut left, line);
            }
            let full = look(&path, &left, &mut tally);
            // A few more after it is full: nothing may leave then either.
            if tally.kills >= kills || full && rng.chance(25) {
                break;
            }
        }
        if Folder::is_begun(&path) {
            let replayed = folder::replay(&path).unwrap_or_else(|e| panic!("{e}"));
            assert!(replayed.differences.is_empty(), "{:?}", replayed.differences.first());
            tally.decisions += replayed.decisions;
        }
        tally.different += left.len() as u64;
    }
    tally
}

/// The whole lines that it said.
fn kill_one(mut child: Command, path: &Path, seed: u64, after: Duration) -> Vec<String> {
    let child = child.arg(path).arg(seed.to_string()).stdout(Stdio::piped()).spawn();
    let mut child = child.unwrap_or_else(|e| panic!("{e}"));
    let Some(out) = child.stdout.take() else { panic!("its output is piped") };
    let (ready, wait) = mpsc::channel();
    let reader = thread::spawn(move || {
        let (mut out, mut lines, mut line) = (BufReader::new(out), Vec::new(), String::new());
        while out.read_line(&mut line).is_ok_and(|n| n > 0) && line.ends_with('\n') {
            match line.trim_end() {
                "ready" => drop(ready.send(())),
                said => lines.push(said.to_owned()),
            }
            line.clear();
        }
        lines
    });
    // One that does not come so far is killed all the same: it may be opening, which is a moment like any other.
    let _ = wait.recv_timeout(Duration::from_secs(10));
    thread::sleep(after);
    child.kill().and_then(|()| child.wait()).unwrap_or_else(|e| panic!("{e}"));
    reader.join().unwrap_or_else(|_| panic!("the reader does not panic"))
}

fn took(left: &mut Left, line: &str) {
    let mut words = line.split(' ');
    let mut word = || words.next().unwrap_or_else(|| panic!("{line}"));
    let (name, hash, raw) = (word(), word(), word());
    let raw = alloy_primitives::hex::decode(raw).unwrap_or_else(|e| panic!("{e}: {line}"));
    let read = RawTransaction::read(&raw).unwrap_or_else(|e| panic!("{e:?}: {line}"));
    assert_eq!(read.signer(), Some(key().address()), "{line}");
    let hash: B256 = hash.parse().unwrap_or_else(|_| panic!("{line}"));
    assert_eq!(read.hash(), Some(hash), "{line}");
    let Some(amount) = read.data.last_chunk::<32>() else { panic!("{line}") };
    let name = name.parse().unwrap_or_else(|_| panic!("{line}"));
    let new = (name, hash, U256::from_be_bytes(*amount));
    let old = left.entry(read.nonce).or_insert(new);
    assert_eq!(*old, new, "two things were signed with one nonce");
    let twice = left.iter().any(|(nonce, (other, ..))| *other == name && *nonce != read.nonce);
    assert!(!twice, "payment {name} was made twice");
}

/// Opens the history. Is its cap used up?
#[expect(clippy::disallowed_methods, reason = "how long it takes is told, and decides nothing")]
fn look(path: &Path, left: &Left, tally: &mut Tally) -> bool {
    // Killed before it had begun: there is nothing to open.
    if !Folder::is_begun(path) {
        assert!(left.is_empty(), "it signed before it had a history");
        return false;
    }
    let began = Instant::now();
    let gate = client::gate(path);
    tally.slowest = tally.slowest.max(began.elapsed());
    let ledger = gate.ledger();
    let used = ledger.used(&daily()).to_word();
    let sum: U256 = left.values().map(|(.., amount)| *amount).sum();
    assert!(used <= cap(), "{used} of {}", cap());
    assert!(sum <= used, "{sum} left, but only {used} is counted");
    for (nonce, (name, hash, _)) in left {
        let signed = ledger.state().slots.keys().any(|slot| {
            matches!(slot, agentpol_runtime::ledger::Slot::Transaction { nonce: open, .. } if open == nonce)
        });
        assert!(signed, "payment {name} ({hash}) left, and its reservation is gone");
    }
    tally.unsaid += (ledger.state().slots.len() - left.len()) as u64;
    drop(ledger);
    for (name, hash, _) in left.values() {
        let known = gate.signed(*hash).unwrap_or_else(|e| panic!("{e}"));
        assert!(known.is_some(), "payment {name} ({hash}) left, and is not in the log");
    }
    used + U256::from(1_000_000) > cap()
}
