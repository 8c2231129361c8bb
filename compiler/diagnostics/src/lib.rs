//! Diagnostics as data. Every face of the compiler (terminal, JSON, SARIF, editor) renders the same [`Diagnostic`].

use agentpol_grammar::span::Span;

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

/// An edit that settles a diagnostic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does.
    pub title: String,
    /// Each replaces one place; they do not overlap.
    pub edits: Vec<(Place, String)>,
}
