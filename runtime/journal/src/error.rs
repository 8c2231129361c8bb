//! What can go wrong, and what it says.

use crate::{chain::Head, limits::MAX_ENTRY};
use core::fmt;
use std::{io, sync::Arc};

/// The journal has failed, and takes and confirms nothing more until it is opened anew.
#[derive(Clone, Debug)]
pub struct Failure {
    doing: &'static str,
    error: Arc<io::Error>,
}

impl Failure {
    pub(crate) fn new(doing: &'static str, error: io::Error) -> Self {
        Self { doing, error: Arc::new(error) }
    }

    /// For use with `map_err`.
    pub(crate) fn of(doing: &'static str) -> impl Fn(io::Error) -> Self {
        move |error| Self::new(doing, error)
    }

    /// What the system said.
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        self.error.kind()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the journal cannot be relied on any more: {}: {}", self.doing, self.error)
    }
}

impl std::error::Error for Failure {}

/// Why an entry is not taken.
#[derive(Clone, Debug)]
pub enum AppendError {
    /// It has so many bytes, more than [`MAX_ENTRY`].
    TooLong(usize),
    /// It holds a control character at this byte.
    Control(usize),
    /// The journal has failed.
    Failed(Failure),
}

impl fmt::Display for AppendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AppendError::TooLong(len) => write!(f, "an entry of {len} bytes; at most {MAX_ENTRY} are taken"),
            AppendError::Control(at) => write!(f, "a control character in an entry, at byte {at}"),
            AppendError::Failed(failure) => failure.fmt(f),
        }
    }
}

impl std::error::Error for AppendError {}

impl From<Failure> for AppendError {
    fn from(failure: Failure) -> Self {
        AppendError::Failed(failure)
    }
}

/// A place where a log is not what was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The first byte of the line, or the byte itself if it is known.
    pub at: u64,
    /// The entry that should stand there, counted from 1.
    pub entry: u64,
    /// What is wrong.
    pub wrong: Wrong,
}

/// How a log is damaged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// The first bytes are no journal's, or one of another version.
    Header,
    /// The line's text has another hash, this one.
    Hash([u8; 32]),
    /// One byte is zero; with this one instead the line would be right.
    Byte(u8),
    /// The line has no hash, or no tab or space where it belongs.
    Form,
    /// The hash is right, but such an entry is never written: too long, with control characters, or no UTF-8.
    Entry,
    /// A blank line should stand here.
    Blank,
    /// The file ends here in the middle of what was written at once.
    Cut,
    /// What stands here was written later than a line that is missing.
    Later,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the journal is damaged at byte {}, entry {}: ", self.at, self.entry)?;
        match &self.wrong {
            Wrong::Header => f.write_str("it does not begin as a journal of version 1"),
            Wrong::Hash(right) => {
                write!(f, "the text of the line has the hash {}", blake3::Hash::from_bytes(*right).to_hex())
            }
            Wrong::Byte(right) => write!(f, "the line is right with the byte {right:#04x} here"),
            Wrong::Form => f.write_str("no line of the journal begins here"),
            Wrong::Entry => f.write_str("no such entry is ever written"),
            Wrong::Blank => f.write_str("a blank line belongs here"),
            Wrong::Cut => f.write_str("the file was cut here"),
            Wrong::Later => f.write_str("this was written after a line that is missing"),
        }
    }
}

/// Why a log is not begun or opened.
#[derive(Debug)]
pub enum OpenError {
    /// A log is not begun where anything stands already.
    Begun,
    /// The disk's error.
    Disk(Failure),
    /// It is not as it was written.
    Damaged(Damage),
    /// It ends before a state that was known elsewhere: an older copy.
    Behind {
        /// How far it goes.
        head: Head,
        /// What was known.
        anchor: Head,
    },
    /// At the entry of a state that was known elsewhere it says something else: another log.
    Other {
        /// What it says.
        head: Head,
        /// What was known.
        anchor: Head,
    },
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::Begun => f.write_str("there is something already where a new journal should begin"),
            OpenError::Disk(failure) => failure.fmt(f),
            OpenError::Damaged(damage) => damage.fmt(f),
            OpenError::Behind { head, anchor } => {
                write!(f, "the journal ends at {head}, but {anchor} is known: it is an older copy")
            }
            OpenError::Other { head, anchor } => {
                write!(f, "the journal says {head} where {anchor} is known: it is not the same one")
            }
        }
    }
}

impl std::error::Error for OpenError {}

impl From<Failure> for OpenError {
    fn from(failure: Failure) -> Self {
        OpenError::Disk(failure)
    }
}
