//! The grammar's errors as diagnostics.

use agentpol_diagnostics::{Diagnostic, FileId};
use agentpol_grammar::ast;

/// Parses a text. The tree always comes, with what was wrong beside it.
pub(crate) fn parse(file: FileId, text: &str) -> (ast::File, Vec<Diagnostic>) {
    let parsed = agentpol_grammar::parse(text);
    let errors = parsed.errors.iter().map(|e| Diagnostic::syntax(file, e)).collect();
    (parsed.file, errors)
}
