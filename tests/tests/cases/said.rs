//! What the compiler says.

use agentpol_compiler::Compilation;
use agentpol_diagnostics::{Diagnostic, FileId, render::human::Renderer};
use agentpol_tests::chapters::Expected;
use std::{fs, path::Path};

/// Severity, code and line of everything that is said, with the message. What is said of another file is at line 0.
pub(crate) fn lines(compiled: &Compilation) -> Vec<(Expected, String)> {
    let line = |d: &Diagnostic| {
        if d.primary.file == FileId(0) { compiled.sources.positions(d.primary).0.line as usize } else { 0 }
    };
    let one =
        |d: &Diagnostic| ((d.severity.word().to_owned(), d.code.to_owned(), line(d)), d.message.clone());
    let mut all: Vec<_> = compiled.diagnostics.iter().map(one).collect();
    all.sort();
    all.dedup_by(|a, b| a.0 == b.0);
    all
}

/// All of it as a person reads it.
pub(crate) fn of(compiled: &Compilation) -> String {
    let mut renderer = Renderer::new(&compiled.sources, false);
    compiled.diagnostics.iter().map(|d| renderer.render(d) + "\n").collect()
}

/// Against the file beside the chapter.
pub(crate) fn compare(path: &Path, said: &str, faults: &mut Vec<String>) {
    if std::env::var_os("UPDATE").is_some() {
        if said.is_empty() {
            let _ = fs::remove_file(path);
        } else {
            fs::write(path, said).unwrap();
        }
    }
    if fs::read_to_string(path).unwrap_or_default() != said {
        faults.push(format!("{} says something else: UPDATE=1 writes it", path.display()));
    }
}
