//! The `agentpol` command: one file per subcommand; [`ui`] is the only one that writes, [`input`] the only one that reads.

mod cli;
mod completions;
mod explain;
mod input;
mod page;
mod ui;

use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = cli::Cli::parse();
    let mut ui = ui::Ui::new(arguments.color);
    let outcome = arguments.command.run(&mut ui);
    ui.finish(outcome)
}
