//! An append-only log of lines: what was confirmed is there, in order, whatever happens to the process or the power; and what
//! was changed since is noticed. It knows nothing of policies: the ledger of caps writes its records here.
//!
//! | module | holds |
//! | --- | --- |
//! | `chain` | the hash of a line, the state of a log |
//! | `disk` | what is asked of a disk; a file as one |
//! | `input`, `scan` | reading, and telling torn from damaged |
//! | `writer` | batches, space ahead, recovery |
//! | `group` | group commit |
//! | `journal` | open, append, wait, close |
//! | [`limits`] | how long an entry and a batch may be |
//!
//! # Form
//!
//! A log is text. Its first sector of 512 bytes says what it is ([`HEADER`]). Then come batches: what one write and one
//! `fdatasync` put down. A batch begins at a sector, holds whole lines, and ends with blank lines up to the next sector, at
//! least one. A line is `HASH ENTRY`: 64 hexadecimal digits of BLAKE3 over the hash before it and the entry, a separator (a tab in
//! the first line of a batch, else a space), and an entry without control characters. So every byte of a batch is other than zero.
//! Behind the last batch there are zeros, written ahead so that `fdatasync` need not write where the file's bytes lie. Closing
//! cuts them off.
//!
//! # Torn or damaged
//!
//! An interrupted write leaves a *torn* batch: any of its bytes may be missing, that is zero, in any order; those that are there are
//! right. It was never confirmed, and what is left of it may go. A *damaged* log was changed after it was confirmed; it is refused,
//! for a ledger that forgets an entry spends it twice. Reading goes from line to line along the chain and stops at the first
//! place that is not the next line or blank. No line that the chain confirms is ever dropped. At that place:
//!
//! 1. No zero byte before the line's end: **damaged**. Of a torn batch the first line that is not whole misses a byte.
//! 2. One zero byte, which another value makes the right line, where one flipped bit makes that value to zero (0x20, 0x40, 0x80):
//!    **damaged**, and the value is named.
//! 3. A tab anywhere in the rest of the file but where this batch itself may begin: a later batch, so this one was confirmed:
//!    **damaged**. So are other control characters, and a rest that is longer than any batch.
//! 4. The file ends in the middle of a batch: **damaged**, somebody cut it. Space is there before a batch is written.
//! 5. Otherwise **torn**.
//!
//! *A crash is never taken for damage*, but in one case. A batch is written only after all before it is durable, so the first
//! place that does not fit lies in the last batch, and 1, 3 and 4 do not hold of it: entries hold no control characters. 2 holds of it
//! only if a line misses one byte and nothing else: no disk that writes sectors does that, and the byte is named.
//!
//! *One flipped bit never makes a confirmed entry disappear.* Let all confirmed batches be whole but for that bit, and let the first
//! confirmed line that is not read begin at x. All before x was read, so the bit lies between x and the end of that line, or in
//! blank lines right before x. A blank line becomes no blank line and no zero (a line's end has two bits set): something that
//! ends before any zero byte, as the line at x does: 1. In the line itself: if the bit
//! makes no zero, the line still ends before any zero byte, there being at least one more line end in the batch: 1. If it makes a
//! zero, all else is right, and that is 2. A bit behind the last confirmed batch can refuse the log, or change nothing.
//!
//! *More than one bit*: whatever happens to a confirmed batch is noticed as long as the beginning of any later one is still
//! there (3). Of the last batch alone, damage that leaves zeros may be taken for a torn write, and a log that was cut behind a batch
//! is a log. Nothing in the file can tell that from a log that never went further: keep [`Journal::head`] elsewhere from time to
//! time, and give it as the *anchor* when opening. It refuses every older copy too. The chain has no key: who may write the file can
//! write another one, and the anchor is what tells.
//!
//! # Recovery
//!
//! What is torn is overwritten with zeros, and synced. Zeros in place of any bytes leave a torn rest torn, since nothing in 1 to 4 begins
//! to hold when bytes go missing; so this may itself be interrupted, any number of times. Then the last batch is written once more,
//! as it stands, with its blank lines, and the file is cut behind it. That is not for the torn case alone: when a sync fails, Linux
//! shows what was not written as if it had been, and a later sync says nothing. Without the second write an entry could be read
//! after a failure, counted on, and lost with the next loss of power. [`Journal::open`] returns only then: what it read is durable.
//!
//! Whole lines of a torn batch are kept. Their callers were told nothing or an error, so both is right, and to keep them counts
//! too much rather than too little. To drop the batch would mean to drop lines that the chain confirms.
//!
//! # Failure
//!
//! A write or sync that fails is never tried again. Everything waiting and everything later gets the error, also what was durable
//! before but had not been told yet: only opening the log anew finds out what is in it.
//!
//! # What is relied on
//!
//! A disk that says it has synced has; writing some sectors leaves others as they are, and those that are written with the same
//! bytes too (a drive that rewrites 4 KiB for 512 bytes and can lose them all in doing so breaks this; then reading fails or
//! finds damage). A file system's lengths are what was set, and what was not written reads as zeros. One process at a time, by an advisory lock.
//!
//! # What was run
//!
//! `tests/journal` stops a simulated disk at every call of random lives, and again at every call of the recovery, and once more; loses,
//! keeps, tears and reorders what was not synced; flips every bit of a log of 64 KiB, and one of every torn log; cuts a log at every
//! byte; errs at every call. `tests/interleavings.rs` compiles group commit with loom's locks. At length:
//!
//! | what | command | result |
//! | --- | --- | --- |
//! | stops | `AGENTPOL_JOURNAL_IMAGES=40000 AGENTPOL_JOURNAL_SEED=10014 cargo test --release -p agentpol-journal --test journal nothing_confirmed -- --nocapture`, and from seed 20002 | 81 749 images, 2 510 after one stop, 39 723 after two, 39 516 after three: all whole; one byte was mended by hand 73 times. Far from the 10^6 that it is meant for |
//! | stops | the same from seed 77, debug | 100 642 images; from seed 177 it found a recovery that was killed before its zeros were on the disk (seed 220, now a test) |
//! | flips | `cargo test --release -p agentpol-journal --test journal every_flipped -- --nocapture` | all 524 288: 479 741 refused, 44 547 harmless (the space ahead); of 7 734 the byte was named |

mod chain;
mod disk;
mod error;
mod group;
mod input;
mod journal;
pub mod limits;
mod scan;
mod writer;

/// What group commit locks with.
mod sync {
    pub(crate) use std::sync::{Condvar, Mutex, MutexGuard};
}

pub use chain::{HEADER, Head, NoHead};
pub use disk::{Disk, FileDisk};
pub use error::{AppendError, Damage, Failure, OpenError, Wrong};
pub use group::Ticket;
pub use journal::Journal;
pub use scan::{Found, verify};
