//! One JSON object a line, read as it comes: a stream may be endless, a line may not.

use crate::ui::Failure;
use std::{
    io::{self, BufRead, BufReader, Read as _},
    path::Path,
};

/// The lines of a stream that are not blank.
pub(crate) struct Lines {
    input: BufReader<Box<dyn io::Read>>,
    name: String,
    most: usize,
    number: u64,
}

/// One line.
pub(crate) struct Line {
    /// From 1, blank ones counted.
    pub(crate) number: u64,
    /// Its text, or why it is none.
    pub(crate) text: Result<String, String>,
}

impl Lines {
    /// Of a file or of standard input, each of at most so many bytes.
    pub(crate) fn open(path: &Path, most: usize) -> Result<Self, Failure> {
        let input = BufReader::new(crate::input::open(path)?);
        Ok(Self { input, name: crate::input::shown(path), most, number: 0 })
    }

    /// The next line; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Line>, Failure> {
        loop {
            let mut bytes = Vec::new();
            // One byte more than may be, to see whether there is more.
            let room = self.most as u64 + 2;
            let read = (&mut self.input).take(room).read_until(b'\n', &mut bytes);
            let read = read.map_err(|e| Failure::new(format!("cannot read `{}`: {e}", self.name)))?;
            if read == 0 {
                return Ok(None);
            }
            self.number += 1;
            let ended = bytes.last() == Some(&b'\n');
            while matches!(bytes.last(), Some(b'\n' | b'\r')) {
                bytes.pop();
            }
            if bytes.len() > self.most {
                if !ended {
                    self.skip_line()?;
                }
                let text = Err(format!("the line is longer than {} bytes", self.most));
                return Ok(Some(Line { number: self.number, text }));
            }
            if bytes.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let text = String::from_utf8(bytes).map_err(|e| {
                let at = e.utf8_error().valid_up_to();
                format!(
                    "the line is not UTF-8: byte {at} of it is 0x{:02x}",
                    e.as_bytes().get(at).copied().unwrap_or_default()
                )
            });
            return Ok(Some(Line { number: self.number, text }));
        }
    }

    fn skip_line(&mut self) -> Result<(), Failure> {
        loop {
            let buffer = self
                .input
                .fill_buf()
                .map_err(|e| Failure::new(format!("cannot read `{}`: {e}", self.name)))?;
            let (used, ended) = match buffer.iter().position(|b| *b == b'\n') {
                Some(at) => (at + 1, true),
                None => (buffer.len(), buffer.is_empty()),
            };
            self.input.consume(used);
            if ended {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8], most: usize) -> Vec<(u64, Result<String, String>)> {
        let input: Box<dyn io::Read> = Box::new(io::Cursor::new(text.to_vec()));
        let mut lines =
            Lines { input: BufReader::with_capacity(4, input), name: "t".to_owned(), most, number: 0 };
        let mut all = Vec::new();
        while let Some(line) = lines.next().unwrap_or(None) {
            all.push((line.number, line.text));
        }
        all
    }

    #[test]
    fn blank_lines_are_counted_and_skipped() {
        let all = lines(b"{}\n\n \r\n[1]", 10);
        assert_eq!(all, [(1, Ok("{}".to_owned())), (4, Ok("[1]".to_owned()))]);
    }

    #[test]
    fn a_line_of_the_limit_is_read_and_one_past_it_is_not() {
        for end in ["\n", "\r\n", ""] {
            let all = lines(format!("12345{end}").as_bytes(), 5);
            assert_eq!(all, [(1, Ok("12345".to_owned()))], "{end:?}");
        }
        let all = lines(b"123456\nabc\n1234567890123456\nd", 5);
        let read: Vec<_> = all.iter().map(|(n, t)| (*n, t.as_deref().unwrap_or("too long"))).collect();
        assert_eq!(read, [(1, "too long"), (2, "abc"), (3, "too long"), (4, "d")]);
    }

    #[test]
    fn a_line_that_is_no_text_says_so() {
        let all = lines(b"ab\xff\nok\n", 10);
        assert_eq!(all[0].1, Err("the line is not UTF-8: byte 2 of it is 0xff".to_owned()));
        assert_eq!(all[1].1, Ok("ok".to_owned()));
    }
}
