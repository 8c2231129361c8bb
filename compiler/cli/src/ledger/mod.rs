//! `agentpol ledger …`: what a gate did, and what its owner says to it.

pub(crate) mod authority;
mod books;
mod edit;
mod look;

use crate::{
    cli::Format,
    owner::Owned,
    ui::{Outcome, Ui},
};
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Look at what a gate decided, signed and was told, and tell it what only its owner knows
#[derive(Args)]
#[command(after_help = "\
The folder is the one that `agentpol serve --ledger` keeps. Its log is text, one line of JSON an entry, each with a hash over all before \
it: `less` reads it as well. A gate may be using it meanwhile: it is asked then, at the socket `control` in the folder.")]
pub(crate) struct Ledger {
    #[command(subcommand)]
    command: LedgerCommand,
}

#[derive(Subcommand)]
enum LedgerCommand {
    Verify(look::Verify),
    Show(look::Show),
    Replay(look::Replay),
    Left(books::Left),
    Authority(authority::Show),
    Inventory(books::Inventory),
    Adopt(books::Adopt),
    Edit(edit::Edit),
}

#[derive(Args)]
struct Of {
    /// The folder
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// For people or for programs
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

impl Of {
    /// The ledger, as its owner gets at it.
    fn owned(&self) -> Owned {
        Owned::at(&self.folder)
    }
}

impl Ledger {
    pub(crate) fn run(self, ui: &mut Ui) -> Outcome {
        match self.command {
            LedgerCommand::Verify(command) => command.run(ui),
            LedgerCommand::Show(command) => command.run(ui),
            LedgerCommand::Replay(command) => command.run(ui),
            LedgerCommand::Left(command) => command.run(ui),
            LedgerCommand::Authority(command) => command.run(ui),
            LedgerCommand::Inventory(command) => command.run(ui),
            LedgerCommand::Adopt(command) => command.run(ui),
            LedgerCommand::Edit(command) => command.run(ui),
        }
    }
}
