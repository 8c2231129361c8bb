//! A log's bytes in order, as many at once as one line has.

use crate::limits::MAX_LINE;
use std::io::{self, Read};

/// Bytes that are read at once.
const CHUNK: usize = 64 << 10;

/// What begins here, up to the first end of a line or zero byte.
pub(crate) enum Line<'a> {
    /// A line, without its end.
    Whole(&'a [u8]),
    /// A zero byte, after so many others.
    Zero(usize),
    /// The end of the file, after so many bytes.
    End(u64),
    /// More bytes than any line has.
    TooLong,
}

/// A reader with the bytes that are looked at.
pub(crate) struct Input<R> {
    reader: R,
    buffer: Vec<u8>,
    /// Where in the buffer the bytes begin that come next.
    start: usize,
    /// Where in the file these are.
    at: u64,
    /// The last byte that is not zero, as far as [`Input::rest`] and [`Input::rest_until`] have gone: the place after it.
    last: Option<u64>,
    ended: bool,
}

impl<R: Read> Input<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self { reader, buffer: Vec::new(), start: 0, at: 0, last: None, ended: false }
    }

    /// Where in the file the next byte is.
    pub(crate) fn at(&self) -> u64 {
        self.at
    }

    fn next(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// Goes on by so many bytes that have been looked at.
    pub(crate) fn skip(&mut self, bytes: usize) {
        let bytes = bytes.min(self.next().len());
        self.start = self.start.saturating_add(bytes);
        self.at = self.at.saturating_add(bytes as u64);
    }

    /// Goes past as many blank lines as are here, at most so many, and says how many.
    pub(crate) fn skip_blanks(&mut self, most: u64) -> io::Result<u64> {
        let mut skipped: u64 = 0;
        loop {
            let left = usize::try_from(most.saturating_sub(skipped)).unwrap_or(usize::MAX);
            let blanks = self.next().iter().take(left).take_while(|byte| **byte == b'\n').count();
            self.skip(blanks);
            skipped = skipped.saturating_add(blanks as u64);
            if blanks == left || !self.next().is_empty() || !self.more()? {
                return Ok(skipped);
            }
        }
    }

    /// Reads on. Says whether there was more.
    fn more(&mut self) -> io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        self.buffer.drain(..self.start);
        self.start = 0;
        let had = self.buffer.len();
        self.buffer.resize(had.saturating_add(CHUNK), 0);
        let read = loop {
            match self.reader.read(self.buffer.get_mut(had..).unwrap_or_default()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result?,
            }
        };
        self.buffer.truncate(had.saturating_add(read));
        self.ended = read == 0;
        Ok(read > 0)
    }

    /// The next bytes, fewer if the file ends.
    pub(crate) fn take(&mut self, bytes: usize) -> io::Result<Vec<u8>> {
        while self.next().len() < bytes && self.more()? {}
        let taken: Vec<u8> = self.next().iter().take(bytes).copied().collect();
        self.skip(taken.len());
        Ok(taken)
    }

    /// What begins here; it is still the next.
    pub(crate) fn line(&mut self) -> io::Result<Line<'_>> {
        let mut looked = 0;
        loop {
            let fresh = self.next().get(looked..).unwrap_or_default();
            if let Some(found) = fresh.iter().position(|byte| matches!(byte, b'\n' | 0)) {
                let end = looked.saturating_add(found);
                let (line, rest) = self.next().split_at_checked(end).unwrap_or_default();
                return Ok(match rest.first() {
                    _ if end >= MAX_LINE => Line::TooLong,
                    Some(0) => Line::Zero(end),
                    _ => Line::Whole(line),
                });
            }
            looked = self.next().len();
            if looked >= MAX_LINE {
                return Ok(Line::TooLong);
            }
            if !self.more()? {
                return Ok(Line::End(looked as u64));
            }
        }
    }

    /// The line that begins here, without its end, if its byte at `zero` is the only one that is zero.
    pub(crate) fn lone_zero(&mut self, zero: usize) -> io::Result<Option<Vec<u8>>> {
        let after = zero.saturating_add(1);
        loop {
            let rest = self.next().get(after..).unwrap_or_default();
            if let Some(found) = rest.iter().position(|byte| matches!(byte, b'\n' | 0)) {
                let whole = rest.get(found) == Some(&b'\n');
                let line = self.next().get(..after.saturating_add(found)).unwrap_or_default();
                return Ok(whole.then(|| line.to_vec()));
            }
            if self.next().len() > MAX_LINE || !self.more()? {
                return Ok(None);
            }
        }
    }

    /// Goes on to the first byte for which `strange` holds, or to the end.
    pub(crate) fn rest_until(&mut self, strange: impl Fn(u64, u8) -> bool) -> io::Result<Option<(u64, u8)>> {
        loop {
            // Space to come is most of it, and nothing in it is strange.
            if self.next().iter().any(|byte| *byte != 0) {
                for (byte, at) in self.next().iter().zip(self.at..) {
                    if strange(at, *byte) {
                        return Ok(Some((at, *byte)));
                    }
                }
            }
            if !self.pass()? {
                return Ok(None);
            }
        }
    }

    /// Goes on to the end. The place after the last byte that is not zero, if there was one since the last line.
    pub(crate) fn rest(&mut self) -> io::Result<Option<u64>> {
        while self.pass()? {}
        Ok(self.last)
    }

    /// Goes past what was read, remembers what in it is not zero, and reads on.
    fn pass(&mut self) -> io::Result<bool> {
        if let Some(last) = self.next().iter().rposition(|byte| *byte != 0) {
            self.last = Some(self.at.saturating_add(last as u64).saturating_add(1));
        }
        self.skip(self.next().len());
        self.more()
    }
}
