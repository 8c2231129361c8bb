//! Group commit under every interleaving of two and three callers: its own file, compiled with loom's locks.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    dead_code,
    missing_docs,
    unreachable_pub,
    reason = "a test, of files that stand in a library elsewhere"
)]

#[path = "../src/chain.rs"]
mod chain;
#[path = "../src/error.rs"]
mod error;
#[path = "../src/group.rs"]
mod group;
#[path = "../src/limits.rs"]
mod limits;

mod sync {
    pub(crate) use loom::sync::{Condvar, Mutex, MutexGuard};
}

use chain::Head;
use error::Failure;
use group::{Group, Sink};
use loom::{sync::Arc, thread};
use std::{
    io,
    sync::atomic::{AtomicUsize, Ordering},
};

/// Counts lines, and errs at the batch with this number. The count is none of loom's: it is the test's own, and every operation
/// that loom sees multiplies the interleavings.
struct Counting {
    durable: Arc<AtomicUsize>,
    batches: usize,
    fails: Option<usize>,
}

impl Sink for Counting {
    fn put(&mut self, lines: &mut Vec<u8>) -> Result<(), Failure> {
        assert_eq!(lines.iter().filter(|byte| **byte == chain::FIRST).count(), 1, "one batch begins");
        self.batches += 1;
        if self.fails == Some(self.batches) {
            return Err(Failure::new("writing", io::Error::other("the test")));
        }
        assert_ne!(self.fails.map(|at| at < self.batches), Some(true), "tried again");
        let count = lines.iter().filter(|byte| **byte == b'\n').count();
        self.durable.fetch_add(count, Ordering::SeqCst);
        Ok(())
    }
}

/// Appends and waits; what is confirmed has been put down before.
fn call(group: &Group<Counting>, durable: &AtomicUsize, entries: usize) -> Result<(), Failure> {
    for _ in 0..entries {
        let ticket = match group.append("x") {
            Ok(ticket) => ticket,
            Err(error::AppendError::Failed(failure)) => return Err(failure),
            Err(error) => panic!("{error}"),
        };
        group.wait(ticket)?;
        assert!(durable.load(Ordering::SeqCst) as u64 >= ticket.entry());
    }
    Ok(())
}

/// Explores the interleavings of callers with so many entries each: all of them, or those in which a thread that could go on has
/// to stop so many times. Loom fails if any of them never ends.
fn explore(callers: &'static [usize], stops: Option<usize>, fails: Option<usize>) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = stops;
    builder.check(move || {
        let durable = Arc::new(AtomicUsize::new(0));
        let sink = Counting { durable: durable.clone(), batches: 0, fails };
        let group = Arc::new(Group::new(sink, Head::empty()));
        let threads: Vec<_> = callers
            .iter()
            .skip(1)
            .map(|entries| {
                let (group, durable) = (group.clone(), durable.clone());
                thread::spawn(move || call(&group, &durable, *entries))
            })
            .collect();
        let mut results = vec![call(&group, &durable, callers.first().copied().unwrap())];
        results.extend(threads.into_iter().map(|thread| thread.join().unwrap()));
        let all: usize = callers.iter().sum();
        let done = durable.load(Ordering::SeqCst);
        assert_eq!(group.durable().count, done as u64);
        match fails {
            None => assert!(results.iter().all(Result::is_ok) && done == all),
            Some(batch) => {
                assert!(done < all);
                // The last to be written gets the error, and whoever comes after.
                assert!(batch > all || results.iter().any(Result::is_err));
            }
        }
    });
}

#[test]
fn two_callers_in_every_way() {
    explore(&[1, 1], None, None);
    explore(&[1, 1], None, Some(1));
}

#[test]
fn two_callers_that_come_again() {
    explore(&[2, 2], None, None);
    explore(&[2, 2], None, Some(1));
}

#[test]
fn three_callers() {
    explore(&[1, 1, 1], Some(4), None);
    explore(&[1, 1, 1], Some(4), Some(1));
}
