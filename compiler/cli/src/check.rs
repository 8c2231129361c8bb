//! `agentpol check FILE…`

use crate::{
    load,
    report::{self, Counts, Found, ReportFormat},
    ui::{Outcome, Status, Ui},
};
use clap::Args;
use std::path::PathBuf;

/// Parse, type-check and analyse policies, and say what is wrong with them
#[derive(Args)]
pub(crate) struct Check {
    /// Policies; `-` for standard input
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// How findings are written
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: ReportFormat,
}

impl Check {
    pub(crate) fn run(self, ui: &mut Ui) -> Outcome {
        let mut all = Vec::new();
        for file in &self.files {
            let compilation = load::analysed(file)?;
            // What compiles must also verify.
            if let Some(ruleset) = &compilation.ruleset {
                load::module(ruleset)?;
            }
            all.push(Found { sources: compilation.sources, diagnostics: compilation.diagnostics });
        }
        report::write(ui, self.format, &all)?;
        Ok(if Counts::of(&all).fails() { Status::Findings } else { Status::Clean })
    }
}
