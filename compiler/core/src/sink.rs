//! Where diagnostics go: each place is blamed once for one thing, however many chains or calls it is looked at for.

use agentpol_diagnostics::{Diagnostic, FileId, Place, codes::Code};
use std::collections::BTreeSet;

/// Diagnostics in the order in which they were found.
#[derive(Debug, Default)]
pub(crate) struct Sink {
    found: Vec<Diagnostic>,
    seen: BTreeSet<(&'static str, Place)>,
    /// What follows, in these files, from a mistake that was told.
    follows: BTreeSet<(&'static str, FileId)>,
    errors: usize,
}

impl Sink {
    /// Takes one, unless the place has been blamed for it.
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        if self.follows.contains(&(diagnostic.code, diagnostic.primary.file)) {
            return;
        }
        if self.seen.insert((diagnostic.code, diagnostic.primary)) {
            self.errors += usize::from(diagnostic.is_error());
            self.found.push(diagnostic);
        }
    }

    /// A mistake that was told may be the cause of all of this code in a file: none of them is told from now on.
    pub(crate) fn explained(&mut self, code: Code, file: FileId) {
        self.follows.insert((code.code, file));
    }

    /// Has anything been found that keeps the policy from compiling?
    pub(crate) fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// All, by place; errors first where several stand at one.
    pub(crate) fn finish(mut self) -> Vec<Diagnostic> {
        self.found.sort_by_key(|d| (d.primary.file, d.primary.span.start, d.severity));
        self.found
    }
}
