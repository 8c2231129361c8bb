//! Group commit: who appends only buffers, who waits either writes all that is buffered or sleeps until another has.
//!
//! The sink is the token: whoever has taken it out of the state leads, and writes without the lock. So there is one writer at
//! a time because there is one sink. Tests compile this file with loom's locks in place of the standard library's.

use crate::{
    chain::{FIRST, HASH_DIGITS, Head, NEXT, write_line},
    error::{AppendError, Failure},
    limits::{MAX_BATCH, SECTOR},
    sync::{Condvar, Mutex, MutexGuard},
};
use core::mem;
use std::{io, sync::PoisonError};

/// What puts a batch down for good.
pub(crate) trait Sink {
    /// Whole lines, the first of which begins a batch. Afterwards the buffer's contents are of no further use.
    fn put(&mut self, lines: &mut Vec<u8>) -> Result<(), Failure>;
}

/// An entry that was appended: [`Journal::wait`](crate::Journal::wait) says when it is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "an entry is durable only once it was waited for"]
pub struct Ticket {
    entry: u64,
}

impl Ticket {
    /// Of the entry at this place, counted from 1. Waiting for one that was never appended is an error.
    pub const fn new(entry: u64) -> Self {
        Self { entry }
    }

    /// The entry's place in the log, counted from 1.
    #[must_use]
    pub fn entry(&self) -> u64 {
        self.entry
    }
}

/// Lines on their way to a sink.
pub(crate) struct Group<S> {
    state: Mutex<State<S>>,
    /// Those who wait for the batch with an even number, and with an odd one: the one being written and the one being filled.
    turns: [Condvar; 2],
}

struct State<S> {
    /// Here unless a leader has it.
    sink: Option<S>,
    failure: Option<Failure>,
    /// The lines of the batch being filled.
    pending: Vec<u8>,
    /// An empty buffer for the next one.
    spare: Vec<u8>,
    /// Batches that were given to the sink.
    batches: u64,
    /// After the last entry that is durable; that was given to the sink; that was appended.
    durable: Head,
    given: Head,
    appended: Head,
}

type Guard<'a, S> = MutexGuard<'a, State<S>>;

impl<S: Sink> Group<S> {
    pub(crate) fn new(sink: S, head: Head) -> Self {
        let state = State {
            sink: Some(sink),
            failure: None,
            pending: Vec::new(),
            spare: Vec::new(),
            batches: 0,
            durable: head,
            given: head,
            appended: head,
        };
        Self { state: Mutex::new(state), turns: [Condvar::new(), Condvar::new()] }
    }

    /// Nothing panics while the lock is held.
    fn lock(&self) -> Guard<'_, S> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those who wait for the batch with this number.
    fn turn(&self, batch: u64) -> &Condvar {
        let [even, odd] = &self.turns;
        if batch.is_multiple_of(2) { even } else { odd }
    }

    pub(crate) fn append(&self, entry: &str) -> Result<Ticket, AppendError> {
        let mut state = self.lock();
        loop {
            state.sound()?;
            if state.has_room(entry.len()) {
                return Ok(state.push(entry));
            }
            let appended = state.appended.count;
            state = self.advance(state, appended);
        }
    }

    pub(crate) fn wait(&self, ticket: Ticket) -> Result<(), Failure> {
        let mut state = self.lock();
        if ticket.entry > state.appended.count {
            let error = io::Error::new(io::ErrorKind::InvalidInput, "the entry is not of this journal");
            return Err(Failure::new("waiting", error));
        }
        loop {
            state.sound()?;
            if ticket.entry <= state.durable.count {
                return Ok(());
            }
            state = self.advance(state, ticket.entry);
        }
    }

    /// After the last entry that is durable.
    pub(crate) fn durable(&self) -> Head {
        self.lock().durable
    }

    /// Makes everything durable that was appended, and gives back the sink and where it stands.
    pub(crate) fn finish(self) -> Result<(S, Head), Failure> {
        let last = Ticket { entry: self.lock().appended.count };
        self.wait(last)?;
        let mut state = self.lock();
        let left = || Failure::new("closing", io::Error::other("a write did not come to its end"));
        Ok((state.sink.take().ok_or_else(left)?, state.durable))
    }

    /// One step towards the durability of an entry that is not durable: leads, or sleeps until its batch or the one before is
    /// done.
    fn advance<'a>(&'a self, mut state: Guard<'a, S>, entry: u64) -> Guard<'a, S> {
        if let Some(sink) = state.sink.take() {
            return self.lead(state, sink);
        }
        let batch = state.batches.saturating_add(u64::from(entry > state.given.count));
        self.turn(batch).wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what is buffered, without the lock.
    fn lead<'a>(&'a self, mut state: Guard<'a, S>, mut sink: S) -> Guard<'a, S> {
        let spare = mem::take(&mut state.spare);
        let mut lines = mem::replace(&mut state.pending, spare);
        let batch = state.batches.saturating_add(1);
        let upto = state.appended;
        (state.batches, state.given) = (batch, upto);
        drop(state);

        let unwinding = Unwinding { group: self, armed: true };
        let result = sink.put(&mut lines);
        unwinding.disarm();
        lines.clear();

        let mut state = self.lock();
        state.sink = Some(sink);
        state.spare = lines;
        match result {
            Ok(()) => {
                state.durable = upto;
                // All of these are done; of those who wait for the next batch one has to lead it.
                self.turn(batch).notify_all();
                self.turn(batch.saturating_add(1)).notify_one();
            }
            Err(failure) => self.fail(&mut state, failure),
        }
        state
    }

    fn fail(&self, state: &mut Guard<'_, S>, failure: Failure) {
        state.failure.get_or_insert(failure);
        for turn in &self.turns {
            turn.notify_all();
        }
    }
}

impl<S> State<S> {
    fn sound(&self) -> Result<(), Failure> {
        match &self.failure {
            Some(failure) => Err(failure.clone()),
            None => Ok(()),
        }
    }

    /// A line more leaves room for the blank lines at the end. An empty buffer takes any entry.
    fn has_room(&self, entry: usize) -> bool {
        let line = HASH_DIGITS.saturating_add(2).saturating_add(entry);
        self.pending.is_empty() || self.pending.len().saturating_add(line).saturating_add(SECTOR) <= MAX_BATCH
    }

    fn push(&mut self, entry: &str) -> Ticket {
        let separator = if self.pending.is_empty() { FIRST } else { NEXT };
        self.appended = write_line(&self.appended, separator, entry, &mut self.pending);
        Ticket { entry: self.appended.count }
    }
}

/// If the disk panics while a leader is in it, the others learn that the journal has failed rather than sleep for ever.
struct Unwinding<'a, S: Sink> {
    group: &'a Group<S>,
    armed: bool,
}

impl<S: Sink> Unwinding<'_, S> {
    fn disarm(mut self) {
        self.armed = false;
    }
}

impl<S: Sink> Drop for Unwinding<'_, S> {
    fn drop(&mut self) {
        if self.armed {
            let mut state = self.group.lock();
            let error = io::Error::other("the disk panicked");
            self.group.fail(&mut state, Failure::new("writing", error));
        }
    }
}
