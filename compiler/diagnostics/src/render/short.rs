//! One line each, for grep and for editors that parse compilers' output.

use super::visible;
use crate::{Diagnostic, Place, Sources};

/// `file:line:column`
pub fn location(place: Place, sources: &Sources) -> String {
    let (start, _) = sources.positions(place);
    format!("{}:{}:{}", visible(sources.name(place.file)), start.line, start.column)
}

/// `file:line:column: error[AP0101]: message`, without a line break.
pub fn line(d: &Diagnostic, sources: &Sources) -> String {
    let message = visible(&d.message).replace('\n', " ");
    format!("{}: {}[{}]: {message}", location(d.primary, sources), d.severity.word(), d.code)
}
