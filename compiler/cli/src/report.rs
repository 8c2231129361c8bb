//! Diagnostics on their way out.

use crate::ui::{BOLD, ERROR, Failure, GOOD, Ui, WARNING};
use agentpol_diagnostics::{
    Diagnostic, Severity, Sources,
    render::{github, human, json, sarif, short},
};
use clap::ValueEnum;
use serde::Serialize;
use serde_json::Value as Json;
use std::{collections::BTreeMap, io::Write as _};

/// Diagnostics of one file shown to a person at most.
const MAX_SHOWN: usize = 50;

/// How findings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For people, with pictures
    Human,
    /// One JSON object
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// One line each
    Short,
    /// Annotations of a GitHub workflow
    Github,
}

/// What was found in one policy.
pub(crate) struct Found {
    /// The texts that the places speak of.
    pub(crate) sources: Sources,
    /// What was found.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Requests that show it, by its place among the diagnostics.
    pub(crate) witnesses: BTreeMap<usize, Json>,
}

impl Found {
    /// Without requests that show it.
    pub(crate) const fn new(sources: Sources, diagnostics: Vec<Diagnostic>) -> Self {
        Self { sources, diagnostics, witnesses: BTreeMap::new() }
    }

    pub(crate) fn count(&self, severity: Severity) -> usize {
        self.diagnostics.iter().filter(|d| d.severity == severity).count()
    }
}

/// How much was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Counts {
    files: usize,
    errors: usize,
    warnings: usize,
    notes: usize,
}

impl Counts {
    pub(crate) fn of(all: &[Found]) -> Self {
        let count = |severity| all.iter().map(|f| f.count(severity)).sum();
        Self {
            files: all.len(),
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            notes: count(Severity::Note),
        }
    }

    /// Errors and warnings fail a check; a note is only worth knowing.
    pub(crate) fn fails(self) -> bool {
        self.errors + self.warnings > 0
    }
}

#[derive(Serialize)]
struct JsonReport {
    #[serde(flatten)]
    counts: Counts,
    diagnostics: Vec<Shown>,
}

/// A diagnostic, with the requests that show it.
#[derive(Serialize)]
pub(crate) struct Shown {
    #[serde(flatten)]
    diagnostic: json::Diagnostic,
    #[serde(skip_serializing_if = "Option::is_none")]
    witness: Option<Json>,
}

impl Shown {
    pub(crate) fn new(d: &Diagnostic, sources: &Sources, witness: Option<Json>) -> Self {
        Self { diagnostic: json::Diagnostic::new(d, sources), witness }
    }
}

/// The result of `check`, on standard output.
pub(crate) fn write(ui: &mut Ui, format: ReportFormat, all: &[Found]) -> Result<(), Failure> {
    let each = || all.iter().flat_map(|f| f.diagnostics.iter().map(|d| (d, &f.sources)));
    match format {
        ReportFormat::Human => {
            for found in all {
                let text = pictures(found);
                write!(ui.out, "{text}")?;
            }
            writeln!(ui.out, "{}", summary(Counts::of(all)))?;
        }
        ReportFormat::Json => {
            let shown = |found: &Found| -> Vec<Shown> {
                let each = found.diagnostics.iter().enumerate();
                each.map(|(n, d)| Shown::new(d, &found.sources, found.witnesses.get(&n).cloned())).collect()
            };
            let diagnostics = all.iter().flat_map(shown).collect();
            json_line(ui, &JsonReport { counts: Counts::of(all), diagnostics })?;
        }
        ReportFormat::Sarif => {
            let pairs: Vec<_> = each().collect();
            json_line(ui, &sarif::log(&pairs))?;
        }
        ReportFormat::Short => {
            for (d, sources) in each() {
                writeln!(ui.out, "{}", short::line(d, sources))?;
            }
        }
        ReportFormat::Github => {
            for (d, sources) in each() {
                writeln!(ui.out, "{}", github::line(d, sources))?;
            }
        }
    }
    Ok(())
}

/// What keeps another command from its work, on standard error.
pub(crate) fn log(ui: &mut Ui, found: &Found) {
    let text = pictures(found);
    ui.log(text.trim_end());
    ui.log(summary(Counts::of(std::slice::from_ref(found))));
}

/// One line of JSON.
pub(crate) fn json_line(ui: &mut Ui, value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(value).map_err(|e| Failure::new(format!("cannot write JSON: {e}")))?;
    writeln!(ui.out, "{text}")?;
    Ok(())
}

/// What was found, each with its picture.
pub(crate) fn pictures(found: &Found) -> String {
    let mut renderer = human::Renderer::new(&found.sources, true);
    let mut out = String::new();
    for diagnostic in found.diagnostics.iter().take(MAX_SHOWN) {
        out.push_str(&renderer.render(diagnostic));
        out.push('\n');
    }
    let more = found.diagnostics.len().saturating_sub(MAX_SHOWN);
    if more > 0 {
        out.push_str(&format!("{BOLD}and {more} more{BOLD:#}; `--format short` lists all\n\n"));
    }
    out
}

/// `2 errors in 1 file`
pub(crate) fn summary(counts: Counts) -> String {
    let plural = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    let files = plural(counts.files, "file");
    let mut parts = Vec::new();
    if counts.errors > 0 {
        parts.push(format!("{ERROR}{}{ERROR:#}", plural(counts.errors, "error")));
    }
    if counts.warnings > 0 {
        parts.push(format!("{WARNING}{}{WARNING:#}", plural(counts.warnings, "warning")));
    }
    if counts.notes > 0 {
        parts.push(plural(counts.notes, "note"));
    }
    if parts.is_empty() {
        return format!("{GOOD}clean{GOOD:#}: {files} checked, nothing found");
    }
    format!("{} in {files}", parts.join(", "))
}
