//! A log, entry by entry: to a gate that goes on where it ends, or to every decision once more.

use super::{
    books::{Again, Books, OpenError, bound_again},
    replay::{self, Replayed},
};
use crate::history::{Entry, Modules};
use std::sync::Arc;

/// A log that is being read.
#[derive(Debug)]
pub struct Reading {
    modules: Arc<dyn Modules>,
    books: Option<Books>,
    entries: u64,
    /// What is wrong; what comes after that is not looked at.
    wrong: Option<OpenError>,
    /// What came of deciding it again, if it is.
    replayed: Option<Replayed>,
}

impl Reading {
    /// To go on from.
    pub fn new(modules: Arc<dyn Modules>) -> Self {
        Self { modules, books: None, entries: 0, wrong: None, replayed: None }
    }

    /// To decide it again.
    pub fn again(modules: Arc<dyn Modules>) -> Self {
        Self { replayed: Some(Replayed::default()), ..Self::new(modules) }
    }

    /// The next entry.
    pub fn push(&mut self, line: &str) {
        if self.wrong.is_some() {
            return;
        }
        self.entries = self.entries.saturating_add(1);
        let entry = self.entries;
        let taken = match serde_json::from_str(line) {
            Ok(news) => self.take(news),
            Err(e) => Err(Again::Open(OpenError::Unreadable { entry, why: e.to_string() }.into())),
        };
        self.wrong = match taken {
            Ok(()) => None,
            Err(Again::Impossible(why)) => Some(OpenError::Impossible { entry, why }),
            Err(Again::Open(e)) => Some(*e),
        };
    }

    fn take(&mut self, entry: Entry) -> Result<(), Again> {
        match (&mut self.books, entry) {
            (None, Entry::Bound(bound)) => {
                let policy = bound_again(&bound, &*self.modules)?;
                self.books = Some(Books::of(&bound, policy));
                Ok(())
            }
            (None, _) => Err(Again::Impossible("no policy was bound")),
            (Some(books), Entry::Decided(decided)) => {
                books.at(decided.at);
                if let Some(replayed) = &mut self.replayed {
                    replay::compare(replayed, self.entries, books, &decided);
                }
                books.decided_again(*decided)
            }
            (Some(books), entry) => books.again(entry, &*self.modules),
        }
    }

    /// What a gate knows then.
    pub(super) fn books(self) -> Result<Books, OpenError> {
        match self.wrong {
            Some(wrong) => Err(wrong),
            None => self.books.ok_or(OpenError::Empty),
        }
    }

    /// What came of deciding it again.
    pub fn replayed(mut self) -> Result<Replayed, OpenError> {
        let replayed = self.replayed.take().unwrap_or_default();
        self.books().map(|_| replayed)
    }
}
