//! The grammar's errors as diagnostics.

use crate::{Diagnostic, FileId, Place, codes};
use agentpol_grammar::SyntaxError;

impl Diagnostic {
    /// A syntax error of a file. Its kind's stable name leads to the page that explains it.
    pub fn syntax(file: FileId, error: &SyntaxError) -> Self {
        let code = codes::of_syntax(error.kind.name()).unwrap_or(codes::UNEXPECTED_TOKEN);
        let mut diagnostic = Diagnostic::new(code, Place::new(file, error.span), &error.message);
        diagnostic.help = error.help.clone();
        let Some((span, text)) = &error.fix else { return diagnostic };
        let (place, word) = (Place::new(file, *span), text.trim());
        let title = match word {
            "" => "leave it out".to_owned(),
            _ if span.start == span.end => format!("write `{word}` here"),
            _ => format!("write `{word}`"),
        };
        if place == diagnostic.primary {
            diagnostic = diagnostic.label(place, &title);
        }
        diagnostic.fix(title, place, text)
    }
}

#[cfg(test)]
mod tests;
