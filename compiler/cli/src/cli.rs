//! What can be typed.

use crate::{
    approvals, audit, build, check, completions, decide, decode, demo, diff, explain, fmt, freeze, inspect,
    keys, ledger, new, serve, test,
    ui::{Outcome, Ui},
};
use clap::{Parser, Subcommand, ValueEnum};

/// What an AI agent's wallet may sign, written down, checked, and enforced.
#[derive(Parser)]
#[command(name = "agentpol", version, max_term_width = 100, propagate_version = true)]
#[command(
    after_help = "Exit status: 0 clean; 1 findings, a failed test or (with --deny-status) a denial; 2 usage or unreadable input."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Colours: `auto` looks at the terminal, NO_COLOR and CLICOLOR_FORCE
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_possible_values = false)]
    pub(crate) color: Color,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    Demo(demo::Demo),
    New(new::New),
    Check(check::Check),
    Audit(audit::Audit),
    Build(build::Build),
    Inspect(inspect::Inspect),
    Test(test::Test),
    Decide(decide::Decide),
    Decode(decode::Decode),
    Diff(diff::Diff),
    Fmt(fmt::Fmt),
    Explain(explain::Explain),
    Keys(keys::Keys),
    Serve(Box<serve::Serve>),
    Approvals(approvals::Approvals),
    Freeze(freeze::Freeze),
    Ledger(ledger::Ledger),
    Completions(completions::Completions),
}

impl Command {
    pub(crate) fn run(self, ui: &mut Ui) -> Outcome {
        match self {
            Command::Demo(command) => command.run(ui),
            Command::New(command) => command.run(ui),
            Command::Check(command) => command.run(ui),
            Command::Audit(command) => command.run(ui),
            Command::Build(command) => command.run(ui),
            Command::Inspect(command) => command.run(ui),
            Command::Test(command) => command.run(ui),
            Command::Decide(command) => command.run(ui),
            Command::Decode(command) => command.run(ui),
            Command::Diff(command) => command.run(ui),
            Command::Fmt(command) => command.run(ui),
            Command::Explain(command) => command.run(ui),
            Command::Keys(command) => command.run(ui),
            Command::Serve(command) => command.run(ui),
            Command::Approvals(command) => command.run(ui),
            Command::Freeze(command) => command.run(ui),
            Command::Ledger(command) => command.run(ui),
            Command::Completions(command) => command.run(ui),
        }
    }
}

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

/// For people or for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Human,
    /// One JSON object, or one a line where the input is a stream
    Json,
}

#[cfg(test)]
#[test]
fn the_command_line_is_consistent() {
    use clap::CommandFactory as _;
    Cli::command().debug_assert();
}
