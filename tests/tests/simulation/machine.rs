//! The machine that a gate runs on: it stops, and somebody puts an older copy of the log in its place.

use crate::{
    paper::Paper,
    play::{Lie, Play, begun},
    shop::key,
};
use agentpol_journal::Head;
use agentpol_runtime::{Gate, gate::Reading};
use std::sync::Arc;

impl Play<'_> {
    /// The gate ends, and what was not durable with it, or not; another goes on.
    pub(crate) fn restart(&mut self) {
        let flushed = self.rng.chance(50);
        if flushed {
            self.paper.flush();
        }
        let (bytes, head) = self.paper.copy();
        let was = self.gate.clone();
        self.truth.lost(head.count);
        self.names.retain(|_, used| used.hash.is_some() || used.entry <= head.count);
        // An answer that is lost leaves the question.
        for wait in self.waits.iter_mut().filter(|wait| wait.over.is_some_and(|entry| entry > head.count)) {
            wait.over = None;
            wait.agreed.clone_from(&wait.before);
        }
        self.hand.clear();
        self.thrown.clear();
        let opened = self.open(bytes, Some(head));
        assert!(opened, "a log that ends with its anchor");
        self.tally.restarts += 1;
        if flushed {
            assert!(*was.ledger() == *self.gate.ledger(), "the next gate knows something else");
        }
    }

    pub(crate) fn open(&mut self, bytes: Vec<u8>, anchor: Option<Head>) -> bool {
        let modules = self.paper.kept().clone();
        let mut reading = Reading::new(Paper::shelf(&modules));
        let Ok(paper) = Paper::open(bytes, &modules, anchor, &mut reading) else { return false };
        self.paper = Arc::new(paper);
        let gate = Gate::open(reading, self.paper.clone(), key()).unwrap_or_else(|e| panic!("{e}"));
        self.gate = Arc::new(gate);
        self.follower = begun(&self.gate, &self.street, self.runtime);
        true
    }

    pub(crate) fn keep_a_copy(&mut self) {
        self.copies.push(self.paper.copy());
    }

    /// An older copy is put in the log's place: who knows how far it went refuses it.
    pub(crate) fn restore(&mut self) {
        let head = self.paper.copy().1;
        let Some((bytes, older)) = self.rng.choose(&self.copies).cloned() else { return };
        if older.count == head.count {
            return;
        }
        if self.lie == Some(Lie::Forgotten) {
            self.hand.clear();
            self.open(bytes, None);
            return;
        }
        assert!(!self.open(bytes, Some(head)), "a copy of {} entries for one of {}", older.count, head.count);
        self.tally.copies_refused += 1;
    }
}
