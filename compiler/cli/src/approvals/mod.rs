//! `agentpol approvals list|show|approve|reject|page`

mod page;
mod sign;

pub(crate) use sign::consent;

use crate::{
    cli::Format,
    keystore::KeystoreArgs,
    owner::Owned,
    report,
    ui::{BOLD, DIM, ERROR, Failure, GOOD, Outcome, Status, Ui, WARNING},
};
use agentpol_diagnostics::render::visible;
use agentpol_gateway::owner::answers::{Approved, Waiting};
use agentpol_model::{B256, words::Instant};
use alloy_primitives::Bytes;
use clap::{Args, Subcommand};
use serde::Deserialize;
use std::{
    fmt::Write as _,
    io::{self, BufRead as _, IsTerminal as _, Write as _},
    path::PathBuf,
};

/// Digits of a name that must be typed, at least.
const LEAST_DIGITS: usize = 6;

/// See what a rule asks somebody for, and agree to it or not
#[derive(Args)]
#[command(after_help = "\
Where a rule says `ask`, nothing is signed before its approvers agree. An approval is a signature (EIP-712) of this request, under this \
edition of the policy, by a key that the policy names, never the wallet's own; it is used once, and everything is judged again then.")]
pub(crate) struct Approvals {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    List(List),
    Show(Show),
    Approve(Approve),
    Reject(Reject),
    Page(page::Page),
}

#[derive(Args)]
struct Of {
    /// The folder that `agentpol serve --ledger` keeps
    #[arg(long, value_name = "DIR", env = "AGENTPOL_LEDGER")]
    ledger: PathBuf,
    /// For people or for programs
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

/// List what waits, the oldest first
#[derive(Args)]
struct List {
    #[command(flatten)]
    of: Of,
}

/// Show one of them whole, with what would be signed
#[derive(Args)]
struct Show {
    /// Its name, or how it begins
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    of: Of,
}

/// Agree: the request is signed once enough have
#[derive(Args)]
struct Approve {
    /// Its name, or how it begins
    #[arg(value_name = "NAME")]
    name: String,
    /// The approver's key: a name in the keystore, `aws:ID`, `gcp:RESOURCE` or `ledger:INDEX`
    #[arg(long, value_name = "KEY", required_unless_present = "signatures")]
    key: Option<String>,
    #[command(flatten)]
    keystore: KeystoreArgs,
    /// A signature that was made elsewhere, of what `show --format json` says under `typedData`
    #[arg(long = "signature", value_name = "HEX", conflicts_with = "key")]
    signatures: Vec<Bytes>,
    /// Do not ask again
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    of: Of,
}

/// Refuse: it is not signed, whoever agreed
#[derive(Args)]
struct Reject {
    /// Its name, or how it begins
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    of: Of,
}

/// What is shown of a decision.
#[derive(Deserialize)]
struct Decided {
    rule: Option<String>,
    reason: String,
    ask: Option<Asked>,
}

#[derive(Deserialize)]
struct Asked {
    need: u32,
    of: Vec<String>,
}

impl Approvals {
    pub(crate) fn run(self, ui: &mut Ui) -> Outcome {
        match self.command {
            Command::List(command) => command.run(ui),
            Command::Show(command) => command.run(ui),
            Command::Approve(command) => command.run(ui),
            Command::Reject(command) => command.run(ui),
            Command::Page(command) => command.run(ui),
        }
    }
}

impl Of {
    fn ledger(&self) -> Owned {
        Owned::at(&self.ledger)
    }

    fn waiting(&self) -> Result<Vec<Waiting>, Failure> {
        self.ledger().ask("agentpol_waiting", &[(); 0])
    }

    /// The only one whose name begins so.
    fn find(&self, name: &str) -> Result<Waiting, Failure> {
        let digits = name.strip_prefix("0x").unwrap_or(name).to_ascii_lowercase();
        let is_named =
            |one: &Waiting| one.name.to_string().get(2..).is_some_and(|all| all.starts_with(&digits));
        if digits.len() < LEAST_DIGITS {
            return Err(Failure::new(format!("`{name}` is too short to name one request")).help(format!(
                "give {LEAST_DIGITS} digits of its name at least; `agentpol approvals list` shows it"
            )));
        }
        let mut named = self.waiting()?.into_iter().filter(is_named);
        match (named.next(), named.next()) {
            (Some(one), None) => Ok(one),
            (None, _) => Err(Failure::new(format!("nothing waits under a name that begins with `{name}`"))
                .help("`agentpol approvals list` shows what does; what has expired does not")),
            (Some(_), Some(_)) => {
                Err(Failure::new(format!("several names begin with `{name}`")).help("give more of it"))
            }
        }
    }
}

impl List {
    fn run(self, ui: &mut Ui) -> Outcome {
        let waiting = self.of.waiting()?;
        match self.of.format {
            Format::Json => waiting.iter().try_for_each(|one| report::json_line(ui, one))?,
            Format::Human => {
                if waiting.is_empty() {
                    writeln!(ui.out, "nothing waits")?;
                }
                for one in &waiting {
                    write!(ui.out, "{}", brief(one))?;
                }
            }
        }
        Ok(Status::Clean)
    }
}

impl Show {
    fn run(self, ui: &mut Ui) -> Outcome {
        let one = self.of.find(&self.name)?;
        match self.of.format {
            Format::Json => report::json_line(ui, &one)?,
            Format::Human => write!(ui.out, "{}", whole(&one))?,
        }
        Ok(Status::Clean)
    }
}

impl Approve {
    fn run(self, ui: &mut Ui) -> Outcome {
        let one = self.of.find(&self.name)?;
        let signatures = match &self.key {
            None => self.signatures.clone(),
            Some(key) => {
                ui.log(whole(&one));
                if !self.yes && !agreed(ui)? {
                    ui.log("not approved; it goes on waiting");
                    return Ok(Status::Findings);
                }
                vec![sign::approval(key, &self.keystore, &one)?]
            }
        };
        let approved: Approved = self.of.ledger().ask("agentpol_approve", &(one.name, signatures))?;
        match self.of.format {
            Format::Json => report::json_line(ui, &approved)?,
            Format::Human => writeln!(ui.out, "{}", outcome(&approved))?,
        }
        Ok(Status::Clean)
    }
}

impl Reject {
    fn run(self, ui: &mut Ui) -> Outcome {
        let name: B256 = self.of.find(&self.name)?.name;
        let _done: bool = self.of.ledger().ask("agentpol_reject", &[name])?;
        match self.of.format {
            Format::Json => report::json_line(ui, &serde_json::json!({"rejected": name}))?,
            Format::Human => writeln!(ui.out, "rejected {name}")?,
        }
        Ok(Status::Clean)
    }
}

fn outcome(approved: &Approved) -> String {
    match approved {
        Approved::Waiting { reason } => format!("{WARNING}waits{WARNING:#} {}", visible(reason)),
        Approved::Signed { hash } => format!("{GOOD}signed{GOOD:#} {hash}"),
        Approved::Sent { hash } => format!("{GOOD}sent{GOOD:#} {hash}"),
        Approved::Unsent { hash, reason } => {
            format!("{WARNING}signed, not yet sent{WARNING:#} {hash}: {}", visible(reason))
        }
    }
}

/// Only a person at a terminal can say so.
fn agreed(ui: &mut Ui) -> Result<bool, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::new("there is nobody to ask whether this is approved")
            .help("say it on the command line: --yes"));
    }
    ui.question("Approve this? [y/N]");
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(|e| Failure::new(format!("nothing was typed: {e}")))?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Name, who, until when, and what it does.
fn brief(one: &Waiting) -> String {
    let mut text = format!("{BOLD}{}{BOLD:#}\n", one.name);
    let who = one.agent.as_deref().map_or("somebody".into(), visible);
    let _ = writeln!(text, "  {who} asked at {}; it waits until {}", Instant(one.at), Instant(one.expires));
    for action in &one.told.actions {
        let value = action.value.as_ref().map(|value| format!(" with {value}")).unwrap_or_default();
        let _ = writeln!(text, "  {}{value} {DIM}at {}{DIM:#}", visible(&action.words), visible(&action.to));
    }
    for effect in &one.told.effects {
        let _ = writeln!(text, "  {}", visible(effect));
    }
    text
}

/// All of it.
fn whole(one: &Waiting) -> String {
    let mut text = brief(one);
    for arg in one.told.actions.iter().flat_map(|action| &action.args) {
        let _ = writeln!(text, "  {DIM}{}{DIM:#} {}", visible(&arg.name), visible(&arg.value.to_string()));
    }
    if let Some(fee) = &one.told.fee {
        let _ = writeln!(text, "  {DIM}fees at most{DIM:#} {fee}");
    }
    for charge in &one.told.charges {
        let _ = writeln!(
            text,
            "  {DIM}budget{DIM:#} {} {}; {} are left then",
            charge.budget, charge.amount, charge.remaining
        );
    }
    if let Ok(Decided { rule, reason, ask }) = serde_json::from_str(one.decision.get()) {
        let rule = rule.map(|rule| format!("{rule}: ")).unwrap_or_default();
        let _ = writeln!(text, "  {DIM}rule{DIM:#} {}{}", visible(&rule), visible(&reason));
        if let Some(Asked { need, of }) = ask {
            let _ = writeln!(text, "  {DIM}needs{DIM:#} {need} of {}", of.join(", "));
        }
    }
    let by: Vec<String> = one.approved_by.iter().map(|by| by.0.to_checksum(None)).collect();
    let by = if by.is_empty() { "nobody yet".to_owned() } else { by.join(", ") };
    let _ = writeln!(text, "  {DIM}agreed{DIM:#} {by}");
    if let Some(why) = &one.told.denied {
        let _ = writeln!(text, "  {ERROR}it would be denied now{ERROR:#}: {}", visible(why));
    }
    text
}
