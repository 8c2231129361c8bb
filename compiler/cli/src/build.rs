//! `agentpol build FILE -o OUT`

use crate::{
    cli::Format,
    input, load, output, report,
    ui::{DIM, Outcome, Status, Ui},
};
use clap::Args;
use serde::Serialize;
use std::{io::Write as _, path::PathBuf};

/// Compile a policy to a verified module
#[derive(Args)]
pub(crate) struct Build {
    /// The policy; `-` for standard input
    file: PathBuf,
    /// Where the module is written, usually NAME.agentpolc; `-` for standard output
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// For people or for programs
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

#[derive(Serialize)]
struct Built {
    name: String,
    output: String,
    hash: String,
    bytes: usize,
    max_steps: u64,
    rules: usize,
}

impl Build {
    pub(crate) fn run(self, ui: &mut Ui) -> Outcome {
        let Some(verified) = load::sound(ui, &self.file)? else { return Ok(Status::Findings) };
        let module = verified.module();
        let bytes = agentpol_bytecode::encode(module);
        if input::is_stdin(&self.output) {
            ui.out.write_all(&bytes)?;
            return Ok(Status::Clean);
        }
        output::replace(&self.output, &bytes)?;
        let built = Built {
            name: module.name.clone(),
            output: self.output.display().to_string(),
            hash: agentpol_bytecode::hash(module).to_string(),
            bytes: bytes.len(),
            max_steps: module.max_steps,
            rules: module.rules.len(),
        };
        match self.format {
            Format::Json => report::json_line(ui, &built)?,
            Format::Human => {
                let (size, steps) = (
                    agentpol_model::words::grouped(&built.bytes.to_string()),
                    agentpol_model::words::grouped(&built.max_steps.to_string()),
                );
                writeln!(ui.out, "{}  {size} bytes, at most {steps} steps for an action", built.output)?;
                writeln!(ui.out, "{DIM}hash{DIM:#} {}", built.hash)?;
            }
        }
        Ok(Status::Clean)
    }
}
