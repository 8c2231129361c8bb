//! Diagnostics as data. Every face of the compiler (terminal, JSON, SARIF, editor) renders the same [`Diagnostic`].
//!
//! Each has a [`Code`], and each code a page in `codes/`. [`Sources`] holds the texts that places speak of.

pub mod codes;
pub mod render;
mod sources;
mod syntax;

use agentpol_grammar::span::Span;
pub use codes::Code;
pub use sources::{Position, Source, Sources};

/// A file of the compilation, by its position in [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The policy does not compile.
    Error,
    /// It compiles, and is probably not what was meant.
    Warning,
    /// Worth knowing.
    Note,
}

/// A place in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Which file.
    pub file: FileId,
    /// Which bytes.
    pub span: Span,
}

/// A place with a word on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub place: Place,
    /// What is to be seen there.
    pub message: String,
}

/// One thing to say about a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// `AP0101`: stable, explained by `agentpol explain`.
    pub code: &'static str,
    /// How bad.
    pub severity: Severity,
    /// One line.
    pub message: String,
    /// The place to look at first.
    pub primary: Place,
    /// Every other place involved, and what the primary place has to say.
    pub labels: Vec<Label>,
    /// More lines.
    pub notes: Vec<String>,
    /// What would be right.
    pub help: Option<String>,
    /// Edits that settle it, best first.
    pub fixes: Vec<Fix>,
}

impl Diagnostic {
    /// Says one thing about one place.
    pub fn new(code: Code, primary: Place, message: impl Into<String>) -> Self {
        Self {
            code: code.code,
            severity: code.severity,
            message: message.into(),
            primary,
            labels: Vec::new(),
            notes: Vec::new(),
            help: None,
            fixes: Vec::new(),
        }
    }

    /// Puts a word on a place: on the primary one, or on another that is involved.
    #[must_use]
    pub fn label(mut self, place: Place, message: impl Into<String>) -> Self {
        self.labels.push(Label { place, message: message.into() });
        self
    }

    /// Adds a line.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Says what would be right.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Offers an edit of one place that settles it.
    #[must_use]
    pub fn fix(self, title: impl Into<String>, place: Place, replacement: impl Into<String>) -> Self {
        self.fixes_with(Fix { title: title.into(), edits: vec![(place, replacement.into())] })
    }

    /// Offers an edit of several places that settles it.
    #[must_use]
    pub fn fixes_with(mut self, fix: Fix) -> Self {
        self.fixes.push(fix);
        self
    }

    /// Does it keep the policy from compiling?
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl Place {
    /// These bytes of that file.
    pub const fn new(file: FileId, span: Span) -> Self {
        Self { file, span }
    }
}

/// An edit that settles a diagnostic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does.
    pub title: String,
    /// Each replaces one place; they do not overlap.
    pub edits: Vec<(Place, String)>,
}
