//! `agentpol completions SHELL`

use crate::{
    cli::Cli,
    ui::{Outcome, Status, Ui},
};
use clap::{Args, CommandFactory as _};
use clap_complete::Shell;
use std::io::Write as _;

/// Print the completions for a shell
#[derive(Args)]
#[command(
    after_help = "Example: agentpol completions bash > ~/.local/share/bash-completion/completions/agentpol"
)]
pub(crate) struct Completions {
    /// For which shell
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self, ui: &mut Ui) -> Outcome {
        // clap_complete panics where it cannot write, so it writes to memory.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "agentpol", &mut script);
        ui.out.write_all(&script)?;
        Ok(Status::Clean)
    }
}
