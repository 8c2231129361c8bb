//! The contract of the command line: `{code, severity, message, file, span, labels, notes, help, fixes}`.

use crate::{Place, Position, Sources};
use serde::Serialize;

/// A diagnostic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// `AP0101`
    pub code: &'static str,
    /// `error`, `warning` or `note`.
    pub severity: &'static str,
    /// One line.
    pub message: String,
    /// The file's name.
    pub file: String,
    /// The place to look at first.
    pub span: Span,
    /// The other places.
    pub labels: Vec<Label>,
    /// More lines.
    pub notes: Vec<String>,
    /// What would be right; null where nothing is known.
    pub help: Option<String>,
    /// Edits that settle it, best first.
    pub fixes: Vec<Fix>,
}

/// Both ends of a place; the end is one past it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    /// Where it begins.
    pub start: Position,
    /// One past its end.
    pub end: Position,
}

/// A place with a word on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Label {
    /// The file's name.
    pub file: String,
    /// Where.
    pub span: Span,
    /// What is to be seen there.
    pub message: String,
}

/// An edit that settles a diagnostic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fix {
    /// What it does.
    pub title: String,
    /// The replacements; they do not overlap.
    pub edits: Vec<Edit>,
}

/// One replacement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Edit {
    /// The file's name.
    pub file: String,
    /// What is replaced; empty to insert.
    pub span: Span,
    /// By what.
    pub replacement: String,
}

impl Diagnostic {
    /// With every place spelt out.
    pub fn new(d: &crate::Diagnostic, sources: &Sources) -> Self {
        let file = |p: Place| sources.name(p.file).to_owned();
        let span = |p: Place| Span::new(p, sources);
        let label =
            |l: &crate::Label| Label { file: file(l.place), span: span(l.place), message: l.message.clone() };
        let edit =
            |(p, text): &(Place, String)| Edit { file: file(*p), span: span(*p), replacement: text.clone() };
        let fix = |f: &crate::Fix| Fix { title: f.title.clone(), edits: f.edits.iter().map(edit).collect() };
        Self {
            code: d.code,
            severity: d.severity.word(),
            message: d.message.clone(),
            file: file(d.primary),
            span: span(d.primary),
            labels: d.labels.iter().map(label).collect(),
            notes: d.notes.clone(),
            help: d.help.clone(),
            fixes: d.fixes.iter().map(fix).collect(),
        }
    }
}

impl Span {
    /// Of a place.
    pub fn new(place: Place, sources: &Sources) -> Self {
        let (start, end) = sources.positions(place);
        Self { start, end }
    }
}
