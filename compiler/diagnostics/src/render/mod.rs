//! One [`Diagnostic`](crate::Diagnostic), many faces. Each module is a sink; all read the same data and the same positions.
//!
//! | module | for |
//! | --- | --- |
//! | [`human`] | a terminal, by ariadne |
//! | [`json`] | scripts and editors; the contract of the command line |
//! | [`short`] | one line each: `file:line:column: error[AP0101]: message` |
//! | [`github`] | annotations of a GitHub workflow |
//! | [`sarif`] | SARIF 2.1.0, for code scanning |

pub mod github;
pub mod human;
pub mod json;
pub mod sarif;
pub mod short;

use crate::Severity;
use std::borrow::Cow;

impl Severity {
    /// In one word.
    pub const fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }
}

/// Text that a terminal shows and does not obey: control characters, and the marks that reorder what is read, are spelt out.
/// Line breaks and tabs stay.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(misleads) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if misleads(c) { out.extend(c.escape_unicode()) } else { out.push(c) }
    }
    Cow::Owned(out)
}

/// Does a terminal obey it, or does it make text read other than it is written?
fn misleads(c: char) -> bool {
    let reorders = matches!(c, '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    (c.is_control() && c != '\n' && c != '\t') || reorders
}

#[cfg(test)]
mod tests;
