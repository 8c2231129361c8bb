//! Reading a log from its beginning: which lines stand, and whether what comes after them is torn or damaged. The crate's
//! documentation argues why.

use crate::{
    chain::{FIRST, HASH_DIGITS, HEADER, Head, Misfit, NEXT, read_line},
    error::{Damage, Failure, OpenError, Wrong},
    input::{Input, Line},
    limits::{MAX_BATCH, SECTOR},
};
use std::io::Read;

/// What a log holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// After the last whole line.
    pub head: Head,
    /// Bytes after the last whole line that were left of an interrupted write, and hold nothing that was ever confirmed.
    pub torn: u64,
    /// Where the batch of the last line begins. The header is one, too.
    pub(crate) batch: u64,
    /// Where the last line ends.
    pub(crate) lines: u64,
    /// Where its blank lines end.
    pub(crate) blank: u64,
    /// Bytes of the file.
    pub(crate) len: u64,
}

/// Reads a log without a change to it: says what it holds, or what is wrong with it. A log that is open as a journal can be read
/// too; what is written in the meantime may then be seen in parts and look torn or, rarely, damaged: read it again.
///
/// `entry` is called with each entry in order, also with those before a place that is found damaged.
///
/// # Errors
/// As [`Journal::open`](crate::Journal::open).
pub fn verify(reader: impl Read, anchor: Option<Head>, entry: impl FnMut(&str)) -> Result<Found, OpenError> {
    let lines = HEADER.len() as u64;
    Scan { input: Input::new(reader), head: Head::empty(), anchor, entry, batch: 0, lines }.run()
}

/// The first sector of every log.
pub(crate) fn header() -> Vec<u8> {
    let mut sector = HEADER.as_bytes().to_vec();
    sector.resize(SECTOR, b'\n');
    sector
}

/// The first boundary of sectors past `at`: a batch ends with at least one blank line.
pub(crate) const fn boundary_past(at: u64) -> u64 {
    (at / SECTOR as u64).saturating_add(1).saturating_mul(SECTOR as u64)
}

/// Whether a batch can begin here and have a byte right before there.
fn fits(begins: u64, ends: u64) -> bool {
    ends.saturating_sub(begins) <= MAX_BATCH as u64
}

struct Scan<R, F> {
    input: Input<R>,
    head: Head,
    anchor: Option<Head>,
    entry: F,
    batch: u64,
    lines: u64,
}

/// Where reading is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expecting {
    /// A batch, or the end.
    Batch,
    /// Another line of the batch, or its blank lines.
    Line,
    /// Blank lines up to the boundary.
    Blank,
}

impl<R: Read, F: FnMut(&str)> Scan<R, F> {
    fn run(mut self) -> Result<Found, OpenError> {
        if self.input.take(SECTOR).map_err(Failure::of("reading"))? != header() {
            return Err(self.damaged(0, Wrong::Header));
        }
        self.anchored()?;
        let mut expecting = Expecting::Batch;
        let blank = loop {
            let at = self.input.at();
            let line = self.input.line().map_err(Failure::of("reading"))?;
            expecting = match (expecting, line) {
                (Expecting::Batch, Line::End(0)) => break at,
                (_, Line::End(there)) => return Err(self.damaged(at.saturating_add(there), Wrong::Cut)),
                (_, Line::Zero(zero)) => {
                    self.torn(at, zero, expecting)?;
                    break at;
                }
                (Expecting::Line | Expecting::Blank, Line::Whole([])) => {
                    let blanks = boundary_past(self.lines).saturating_sub(at);
                    if self.input.skip_blanks(blanks).map_err(Failure::of("reading"))? == blanks {
                        Expecting::Batch
                    } else {
                        Expecting::Blank
                    }
                }
                (Expecting::Blank, _) => return Err(self.damaged(at, Wrong::Blank)),
                (_, Line::TooLong) => return Err(self.damaged(at, Wrong::Form)),
                (_, Line::Whole(line)) => {
                    let len = line.len().saturating_add(1);
                    let begins = if expecting == Expecting::Batch { at } else { self.batch };
                    let separator = if expecting == Expecting::Batch { FIRST } else { NEXT };
                    match read_line(&self.head, separator, line) {
                        Ok((entry, head)) if fits(begins, at.saturating_add(len as u64)) => {
                            (self.entry)(entry);
                            self.head = head;
                        }
                        Ok(_) => return Err(self.damaged(at, Wrong::Form)),
                        Err(misfit) => return Err(self.damaged(at, misfit.into())),
                    }
                    self.batch = begins;
                    self.input.skip(len);
                    self.lines = self.input.at();
                    self.anchored()?;
                    Expecting::Line
                }
            };
        };
        self.found(blank)
    }

    fn found(mut self, blank: u64) -> Result<Found, OpenError> {
        let last = self.input.rest().map_err(Failure::of("reading"))?;
        let len = self.input.at();
        if !len.is_multiple_of(SECTOR as u64) {
            return Err(self.damaged(len, Wrong::Cut));
        }
        // The batch that was torn: the last line's, unless that one is whole.
        let begins = if blank == boundary_past(self.lines) { blank } else { self.batch };
        let torn = last.unwrap_or(blank).saturating_sub(blank);
        if !fits(begins, blank.saturating_add(torn)) {
            return Err(self.damaged(blank, Wrong::Later));
        }
        if let Some(anchor) = self.anchor.filter(|anchor| anchor.count > self.head.count) {
            return Err(OpenError::Behind { head: self.head, anchor });
        }
        Ok(Found { head: self.head, torn, batch: self.batch, lines: self.lines, blank, len })
    }

    /// What is known elsewhere is on the chain.
    fn anchored(&self) -> Result<(), OpenError> {
        match self.anchor {
            Some(anchor) if anchor.count == self.head.count && anchor != self.head => {
                Err(OpenError::Other { head: self.head, anchor })
            }
            _ => Ok(()),
        }
    }

    /// A line is missing at `at`: its first zero byte is the one at `zero` from there. Refuses what no interrupted write leaves.
    fn torn(&mut self, at: u64, zero: usize, expecting: Expecting) -> Result<(), OpenError> {
        if let (Some(separator), Some(mut line)) =
            (separator(expecting), self.input.lone_zero(zero).map_err(Failure::of("reading"))?)
        {
            // One bit of difference makes only these to zero; a hash is made of none of them.
            for right in [0x20, 0x40, 0x80] {
                if let Some(byte) = line.get_mut(zero) {
                    *byte = right;
                }
                if read_line(&self.head, separator, &line).is_ok() {
                    return Err(self.damaged(at.saturating_add(zero as u64), Wrong::Byte(right)));
                }
            }
        }
        // Where the batch itself may begin.
        let begin = (expecting == Expecting::Batch).then_some(at.saturating_add(HASH_DIGITS as u64));
        let strange = self.input.rest_until(|at, byte| match byte {
            0 | b'\n' => false,
            FIRST => begin != Some(at),
            _ => byte < 0x20 || byte == 0x7f,
        });
        match strange.map_err(Failure::of("reading"))? {
            Some((at, FIRST)) => Err(self.damaged(at, Wrong::Later)),
            Some((at, _)) => Err(self.damaged(at, Wrong::Form)),
            None => Ok(()),
        }
    }

    fn damaged(&self, at: u64, wrong: Wrong) -> OpenError {
        OpenError::Damaged(Damage { at, entry: self.head.count.saturating_add(1), wrong })
    }
}

fn separator(expecting: Expecting) -> Option<u8> {
    match expecting {
        Expecting::Batch => Some(FIRST),
        Expecting::Line => Some(NEXT),
        Expecting::Blank => None,
    }
}

impl From<Misfit> for Wrong {
    fn from(misfit: Misfit) -> Self {
        match misfit {
            Misfit::Form => Wrong::Form,
            Misfit::Hash(right) => Wrong::Hash(right),
            Misfit::Entry => Wrong::Entry,
        }
    }
}
