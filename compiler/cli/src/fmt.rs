//! `agentpol fmt [--check] FILE…`

use crate::{
    cli::Format,
    input,
    report::{self, Found},
    ui::{BOLD, Failure, Outcome, Status, Ui},
};
use agentpol_diagnostics::{Diagnostic, Sources, render::json};
use clap::Args;
use serde::Serialize;
use std::{io::Write as _, path::PathBuf};

/// Bring policies into canonical form; comments are kept
#[derive(Args)]
pub(crate) struct Fmt {
    /// Policies, rewritten in place; `-` reads standard input and writes standard output
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Change nothing: 1 if a file is not in canonical form
    #[arg(long)]
    check: bool,
    /// For people or for programs
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

#[derive(Serialize)]
struct Formatted {
    file: String,
    /// Was it, or would it be, changed?
    changed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    diagnostics: Vec<json::Diagnostic>,
}

impl Fmt {
    pub(crate) fn run(self, ui: &mut Ui) -> Outcome {
        let mut status = Status::Clean;
        let mut all = Vec::new();
        for file in &self.files {
            let name = input::shown(file);
            let text = input::text(file, input::MAX_POLICY_BYTES)?;
            let mut done =
                Formatted { file: name.clone(), changed: false, text: None, diagnostics: Vec::new() };
            match agentpol_grammar::format(&text) {
                Ok(formatted) => {
                    done.changed = formatted != text;
                    if self.finish(ui, file, &formatted, &mut done)? == Status::Findings {
                        status = Status::Findings;
                    }
                }
                // A file that cannot be read is left as it is.
                Err(errors) => {
                    status = Status::Findings;
                    let mut sources = Sources::new();
                    let id = sources.add(name, text);
                    let diagnostics: Vec<_> = errors.iter().map(|e| Diagnostic::syntax(id, e)).collect();
                    done.diagnostics =
                        diagnostics.iter().map(|d| json::Diagnostic::new(d, &sources)).collect();
                    if self.format == Format::Human {
                        report::log(ui, &Found::new(sources, diagnostics));
                    }
                }
            }
            all.push(done);
        }
        if self.format == Format::Json {
            report::json_line(ui, &serde_json::json!({ "files": all }))?;
        }
        Ok(status)
    }

    /// Writes what was formatted, or says that it would be.
    fn finish(
        &self,
        ui: &mut Ui,
        file: &std::path::Path,
        formatted: &str,
        done: &mut Formatted,
    ) -> Result<Status, Failure> {
        if self.check {
            if done.changed && self.format == Format::Human {
                writeln!(ui.out, "{BOLD}{}{BOLD:#} is not in canonical form", done.file)?;
            }
            return Ok(if done.changed { Status::Findings } else { Status::Clean });
        }
        if input::is_stdin(file) {
            match self.format {
                Format::Human => write!(ui.out, "{formatted}")?,
                Format::Json => done.text = Some(formatted.to_owned()),
            }
        } else if done.changed {
            crate::output::replace(file, formatted.as_bytes())?;
            if self.format == Format::Human {
                ui.log(format!("formatted {}", done.file));
            }
        }
        Ok(Status::Clean)
    }
}
