//! Small policies, and what comes of them.

use crate::{Compilation, NoFiles, SourceFile, compile};

mod family;
mod findings;
mod kinds;
mod limits;
mod pages;
mod policies;
mod shown;
mod speed;
mod subjects;

fn run(text: &str) -> Compilation {
    compile(SourceFile::new("policy.agentpol", text), &NoFiles)
}

/// `AP0205 4:10 message`, one a line.
fn said(c: &Compilation) -> String {
    let line = |d: &agentpol_diagnostics::Diagnostic| {
        let (at, _) = c.sources.positions(d.primary);
        let name = c.sources.name(d.primary.file);
        format!("{} {name}:{}:{} {}", d.code, at.line, at.column, d.message)
    };
    c.diagnostics.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The rule set of a policy that must be clean.
fn clean(text: &str) -> (Compilation, agentpol_analysis::ruleset::RuleSet) {
    let c = run(text);
    let rules = c.ruleset.clone().unwrap_or_else(|| panic!("{}", said(&c)));
    (c, rules)
}
