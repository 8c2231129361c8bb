//! A journal: open, append, wait, close.

use crate::{
    chain::{Head, first_control},
    disk::{Disk, InOrder},
    error::{AppendError, Failure, OpenError},
    group::{Group, Ticket},
    limits::MAX_ENTRY,
    scan::verify,
    writer::Writer,
};
use core::fmt;

/// An open log that takes entries.
///
/// Dropped without [`Journal::close`] it leaves what was not waited for to chance, as a crash does.
pub struct Journal<D: Disk> {
    group: Group<Writer<D>>,
}

impl<D: Disk> Journal<D> {
    /// Begins a log on an empty disk, or on one where the very beginning of a log was interrupted.
    ///
    /// # Errors
    /// The disk holds anything else, or fails.
    pub fn create(disk: D) -> Result<Self, OpenError> {
        Ok(Self { group: Group::new(Writer::create(disk)?, Head::empty()) })
    }

    /// Opens a log. `entry` is called with each entry in order, while they are read: what it made of them is to be thrown away
    /// unless this succeeds, for only then are they durable. What is left of an interrupted write is removed.
    ///
    /// `anchor` is a state of the log that is known elsewhere, the later the better: an older copy of the log is intact in
    /// itself, and nothing but this tells it apart.
    ///
    /// # Errors
    /// The log is damaged, is not the one of the anchor or older than it; then nothing was changed. Or the disk fails.
    pub fn open(mut disk: D, anchor: Option<Head>, entry: impl FnMut(&str)) -> Result<Self, OpenError> {
        let found = verify(InOrder::new(&mut disk), anchor, entry)?;
        Ok(Self { group: Group::new(Writer::recover(disk, &found)?, found.head) })
    }

    /// Takes an entry. It has its place in the log now: callers who care in which order entries stand hold a lock of their own
    /// from deciding to here. It is not durable before [`Journal::wait`] has said so.
    ///
    /// Returns at once, unless a whole batch is buffered already: then that one is written first.
    ///
    /// # Errors
    /// The entry is too long or holds a control character, or the journal has failed, now or before.
    pub fn append(&self, entry: &str) -> Result<Ticket, AppendError> {
        if entry.len() > MAX_ENTRY {
            return Err(AppendError::TooLong(entry.len()));
        }
        match first_control(entry) {
            Some(at) => Err(AppendError::Control(at)),
            None => self.group.append(entry),
        }
    }

    /// Returns once the entry, and with it all before it, survives a loss of power.
    ///
    /// # Errors
    /// The journal has failed, now or before: then the entry may be in the log or not, which is known only when the log is
    /// opened anew.
    pub fn wait(&self, ticket: Ticket) -> Result<(), Failure> {
        self.group.wait(ticket)
    }

    /// After the last entry that is durable.
    #[must_use]
    pub fn head(&self) -> Head {
        self.group.durable()
    }

    /// Makes everything durable that was appended, and removes the space ahead, so that the file is nothing but text.
    ///
    /// # Errors
    /// The journal has failed, now or before.
    pub fn close(self) -> Result<Head, Failure> {
        let (mut writer, head) = self.group.finish()?;
        writer.cut()?;
        Ok(head)
    }
}

impl<D: Disk> fmt::Debug for Journal<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Journal({})", self.head())
    }
}
