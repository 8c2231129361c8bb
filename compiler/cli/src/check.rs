//! `agentpol check FILE…`

use crate::{
    audit::requests,
    load,
    report::{self, Counts, Found, ReportFormat},
    ui::{Outcome, Status, Ui},
};
use agentpol_compiler::Compilation;
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
            let Compilation { sources, ruleset, diagnostics, witnesses, .. } = compilation;
            let mut found = Found::new(sources, diagnostics);
            if let Some(ruleset) = &ruleset {
                // What compiles must also verify.
                load::module(ruleset)?;
                let written = witnesses.iter();
                found.witnesses = written.map(|(n, all)| (*n, requests::witness(ruleset, all))).collect();
            }
            all.push(found);
        }
        report::write(ui, self.format, &all)?;
        Ok(if Counts::of(&all).fails() { Status::Findings } else { Status::Clean })
    }
}
