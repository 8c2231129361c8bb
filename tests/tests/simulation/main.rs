//! A gate in worlds that are made up by a seed: a chain that mines any of what was signed, late, reverted or never, and takes blocks
//! back; clocks that jump; a machine that stops; approvers who agree twice, too late or to something else; a policy that is edited
//! meanwhile. After each step what left and what is counted are compared with a count by hand.
//!
//! | module | holds |
//! | --- | --- |
//! | `shop` | the policy, and what can be asked of it |
//! | `paper` | the real journal on a disk in memory |
//! | `chain`, `node` | the world's truth, and the node that tells of it |
//! | `truth` | what must hold |
//! | `play`, `moves`, `machine`, `rest` | a history: the world and the owner, agents and approvers, what stops, and how it ends |
//! | `failing` | a log that fails, at each of its calls |
//! | `threads` | eight who ask at once |
//!
//! `AGENTPOL_SEEDS` says how many histories are played, `AGENTPOL_FIRST_SEED` from which seed on, `AGENTPOL_STEPS` how long they are.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    reason = "a test"
)]

mod chain;
mod failing;
mod machine;
mod moves;
mod node;
mod paper;
mod play;
mod rest;
mod shop;
mod threads;
mod truth;

use play::{Lie, Play, Tally};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Mutex,
    thread,
};
use tokio::runtime::{Builder, Runtime};

const SEEDS: u64 = 100;
const STEPS: u64 = 200;
const COPIES: u64 = 40;

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

fn runtime() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

/// Plays these seeds, on all cores.
fn all<T: Send>(seeds: core::ops::Range<u64>, one: impl Fn(u64, &Runtime) -> T + Sync) -> Vec<T> {
    let next = Mutex::new(seeds);
    let done = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                let runtime = runtime();
                loop {
                    let Some(seed) = next.lock().unwrap().next() else { return };
                    let came = catch_unwind(AssertUnwindSafe(|| one(seed, &runtime)));
                    match came {
                        Ok(came) => done.lock().unwrap().push(came),
                        Err(wrong) => {
                            println!("AGENTPOL_FIRST_SEED={seed} AGENTPOL_SEEDS=1");
                            std::panic::resume_unwind(wrong);
                        }
                    }
                }
            });
        }
    });
    done.into_inner().unwrap()
}

#[test]
fn caps_hold_in_every_world() {
    let first = setting("AGENTPOL_FIRST_SEED", 0);
    let steps = setting("AGENTPOL_STEPS", STEPS);
    let count = setting("AGENTPOL_SEEDS", SEEDS);
    let tallies = all(first..first + count, |seed, runtime| {
        let mut play = Play::new(seed, None, runtime);
        play.run(steps).unwrap_or_else(|wrong| panic!("seed {seed}: {wrong}"));
        if seed % 8 == 0 {
            play.decide_again();
        }
        play.tally
    });
    let mut sum = Tally::default();
    tallies.into_iter().for_each(|tally| sum += tally);
    println!("{sum:?}");
    assert_eq!((sum.histories, sum.steps), (count, count * steps));
    let enough = sum.approved > count / 2 && sum.signed > 10 * count && sum.landed > 5 * count;
    assert!(enough || count < SEEDS, "{sum:?}");
}

/// The checks see what they are there to see.
#[test]
fn a_world_that_lies_is_caught() {
    for lie in [Lie::Final, Lie::Dropped, Lie::Forgotten] {
        let caught = all(0..20, |seed, runtime| {
            let played = catch_unwind(AssertUnwindSafe(|| Play::new(seed, Some(lie), runtime).run(STEPS)));
            !matches!(played, Ok(Ok(())))
        });
        let caught = caught.iter().filter(|caught| **caught).count();
        println!("{lie:?}: {caught} of 20");
        assert!(caught > 5, "{lie:?}: {caught} of 20");
    }
}

/// An older copy of the log, gone on from by somebody who does not know how far it went, signs nothing more once the chain shows it.
#[test]
fn an_older_copy_is_caught_by_the_chain() {
    let first = setting("AGENTPOL_FIRST_SEED", 0);
    let count = setting("AGENTPOL_COPIES", COPIES);
    let caught = all(first..first + count, |seed, runtime| {
        let mut play = Play::new(seed, None, runtime);
        play.run_until_forgotten(STEPS / 4)
    });
    let caught = caught.iter().filter(|caught| **caught).count();
    println!("{caught} of {count} copies did not know of something that landed");
    assert!(caught as u64 > count / 4, "{caught} of {count}");
}
