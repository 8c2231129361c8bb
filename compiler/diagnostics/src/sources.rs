//! The texts that a compilation reads, and where their bytes stand in lines and columns.

use crate::{FileId, Place};
use agentpol_grammar::span::Span;

/// The texts, by [`FileId`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    files: Vec<Source>,
}

/// One text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    name: String,
    text: String,
    /// The byte at which each line begins; never empty.
    lines: Vec<u32>,
}

/// A place in a text, as people and editors count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct Position {
    /// From 1.
    pub line: u32,
    /// From 1, in characters (Unicode scalar values), not bytes.
    pub column: u32,
    /// From 0.
    pub byte: u32,
}

impl Sources {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a text in. The name is what people are shown: a path, `<stdin>`, `std::tokens`.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> FileId {
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.files.push(Source::new(name.into(), text.into()));
        id
    }

    /// One of them.
    pub fn get(&self, file: FileId) -> Option<&Source> {
        self.files.get(file.0 as usize)
    }

    /// A file's name; `<unknown>` for a file that is none of these.
    pub fn name(&self, file: FileId) -> &str {
        self.get(file).map_or("<unknown>", Source::name)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &Source)> {
        (0u32..).map(FileId).zip(&self.files)
    }

    /// Both ends of a place.
    pub fn positions(&self, place: Place) -> (Position, Position) {
        let at = |byte| match self.get(place.file) {
            Some(source) => source.position(byte),
            None => Position { line: 1, column: 1, byte },
        };
        (at(place.span.start), at(place.span.end.max(place.span.start)))
    }
}

impl Source {
    fn new(name: String, text: String) -> Self {
        let breaks = text.bytes().zip(1u32..).filter(|(b, _)| *b == b'\n').map(|(_, next)| next);
        let lines = std::iter::once(0).chain(breaks).collect();
        Self { name, text, lines }
    }

    /// What people are shown.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All of it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text of a span; empty where the span is not one of this text.
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or_default()
    }

    /// How many lines there are; the last may be empty.
    pub fn line_count(&self) -> u32 {
        u32::try_from(self.lines.len()).unwrap_or(u32::MAX)
    }

    /// A line's text, from 1, without its end.
    pub fn line(&self, line: u32) -> &str {
        let index = line.saturating_sub(1) as usize;
        let Some(&start) = self.lines.get(index) else { return "" };
        let end = self.lines.get(index + 1).map_or(self.text.len(), |&e| e as usize);
        let whole = self.text.get(start as usize..end).unwrap_or_default();
        whole.strip_suffix('\n').map_or(whole, |l| l.strip_suffix('\r').unwrap_or(l))
    }

    /// Where a byte stands. A byte inside a character counts as that character's first, one past the end as the end.
    pub fn position(&self, byte: u32) -> Position {
        let mut byte = byte.min(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        while !self.text.is_char_boundary(byte as usize) {
            byte -= 1;
        }
        let index = self.lines.partition_point(|&start| start <= byte).saturating_sub(1);
        let start = self.lines.get(index).copied().unwrap_or_default();
        let before = self.text.get(start as usize..byte as usize).unwrap_or_default();
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).saturating_add(1);
        Position { line: count(index), column: count(before.chars().count()), byte }
    }
}

#[cfg(test)]
mod tests;
