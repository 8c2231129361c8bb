//! The `agentpol` command: one file per subcommand; [`ui`] is the only one that writes, [`input`] the only one that reads.

mod approvals;
mod audit;
mod build;
mod check;
mod cli;
mod completions;
mod config;
mod decide;
mod decode;
mod demo;
mod describe;
mod diff;
mod explain;
mod fmt;
mod freeze;
mod input;
mod inspect;
mod jsonl;
mod keys;
mod keystore;
mod ledger;
mod load;
mod new;
mod output;
mod owner;
mod page;
mod params;
mod report;
mod serve;
mod show;
mod test;
mod ui;
mod verdict;

use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let given = match config::expand(std::env::args_os().collect()) {
        Ok(given) => given,
        Err(failure) => return ui::Ui::new(cli::Color::Auto).finish(Err(failure)),
    };
    let arguments = cli::Cli::parse_from(given);
    let mut ui = ui::Ui::new(arguments.color);
    let outcome = arguments.command.run(&mut ui);
    ui.finish(outcome)
}
