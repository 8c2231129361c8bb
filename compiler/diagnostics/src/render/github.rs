//! Annotations of a GitHub workflow.

use super::human::helps;
use crate::{Diagnostic, Severity, Sources};

/// `::error file=…,line=…::message`, without a line break.
pub fn line(d: &Diagnostic, sources: &Sources) -> String {
    let (start, end) = sources.positions(d.primary);
    let command = match d.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let mut text = d.message.clone();
    for note in &d.notes {
        text.push_str(&format!("\nnote: {note}"));
    }
    for help in helps(d) {
        text.push_str(&format!("\nhelp: {help}"));
    }
    // Columns are only shown where the place is on one line.
    let columns = if start.line == end.line {
        format!(",col={},endColumn={}", start.column, end.column)
    } else {
        String::new()
    };
    let file = property(sources.name(d.primary.file));
    format!(
        "::{command} file={file},line={},endLine={}{columns},title={}::{}",
        start.line,
        end.line,
        property(d.code),
        data(&text)
    )
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
