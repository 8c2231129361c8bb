//! `agentpol ledger verify|show|replay`

use super::Of;
use crate::{
    cli::Format,
    report,
    ui::{DIM, ERROR, Failure, GOOD, Outcome, Status, Ui},
};
use agentpol_model::words::Instant;
use agentpol_runtime::history::{Entry, FolderError, Head, folder};
use clap::Args;
use serde::{Deserialize, Serialize};
use std::io::Write as _;

/// Check that nothing of the log is missing or changed
#[derive(Args)]
pub(super) struct Verify {
    #[command(flatten)]
    of: Of,
    /// How far it went at least, as `verify` said before: an older copy is whole in itself, and only this tells
    #[arg(long, value_name = "COUNT:HASH", value_parser = head)]
    anchor: Option<Head>,
}

/// List its entries, the oldest first
#[derive(Args)]
pub(super) struct Show {
    #[command(flatten)]
    of: Of,
}

/// Decide every request of it once more, with the policy, at the time and on the ledger of then
#[derive(Args)]
pub(super) struct Replay {
    #[command(flatten)]
    of: Of,
}

#[derive(Serialize)]
struct VerifyJson {
    entries: u64,
    head: String,
    torn: u64,
}

#[derive(Serialize)]
struct ReplayJson {
    decisions: u64,
    unwritten: u64,
    differences: Vec<DifferenceJson>,
}

#[derive(Serialize)]
struct DifferenceJson {
    entry: u64,
    recorded: String,
    decided: String,
}

/// What a line shows of a decision.
#[derive(Deserialize)]
struct Shown {
    decision: String,
    rule: Option<String>,
    code: Option<String>,
    reason: String,
}

fn head(text: &str) -> Result<Head, String> {
    text.parse()
        .map_err(|_| "a count and a hash, as `agentpol ledger verify` says them: `12:ab34…`".to_owned())
}

impl Of {
    /// What is damaged is a finding; what cannot be read is none.
    fn finding(&self, ui: &mut Ui, e: FolderError) -> Outcome {
        let failure = Failure::new(format!("the ledger `{}`: {e}", self.folder.display()));
        if matches!(e, FolderError::Io(..)) {
            return Err(failure.help("name the folder that `agentpol serve --ledger` keeps"));
        }
        ui.complain(&failure);
        Ok(Status::Findings)
    }
}

impl Verify {
    pub(super) fn run(self, ui: &mut Ui) -> Outcome {
        let found = match folder::verify(&self.of.folder, self.anchor, |_| {}) {
            Ok(found) => found,
            Err(e) => return self.of.finding(ui, e),
        };
        let (entries, head, torn) = (found.head.count, found.head.to_string(), found.torn);
        match self.of.format {
            Format::Json => report::json_line(ui, &VerifyJson { entries, head, torn })?,
            Format::Human => {
                writeln!(ui.out, "{GOOD}whole{GOOD:#}: {entries} entries")?;
                writeln!(ui.out, "{DIM}head{DIM:#} {head}")?;
                if torn > 0 {
                    writeln!(
                        ui.out,
                        "{torn} bytes of a write that was interrupted, of which nobody was told anything"
                    )?;
                }
            }
        }
        Ok(Status::Clean)
    }
}

impl Show {
    pub(super) fn run(self, ui: &mut Ui) -> Outcome {
        let (mut n, mut failed) = (0_u64, None);
        let verified = folder::verify(&self.of.folder, None, |entry| {
            n += 1;
            if failed.is_none() {
                failed = self.line(ui, n, entry).err();
            }
        });
        match (failed, verified) {
            (Some(failure), _) => Err(failure),
            (None, Err(e)) => self.of.finding(ui, e),
            (None, Ok(_)) => Ok(Status::Clean),
        }
    }

    fn line(&self, ui: &mut Ui, n: u64, text: &str) -> Result<(), Failure> {
        match self.of.format {
            Format::Json => writeln!(ui.out, "{text}")?,
            Format::Human => {
                let said = serde_json::from_str(text)
                    .map_or_else(|e| format!("does not read: {e}"), |it| words(&it));
                writeln!(ui.out, "{DIM}{n:6}{DIM:#}  {said}")?;
            }
        }
        Ok(())
    }
}

impl Replay {
    pub(super) fn run(self, ui: &mut Ui) -> Outcome {
        let replayed = match folder::replay(&self.of.folder) {
            Ok(replayed) => replayed,
            Err(e) => return self.of.finding(ui, e),
        };
        let same = replayed.differences.is_empty();
        let (decisions, unwritten) = (replayed.decisions, replayed.unwritten);
        match self.of.format {
            Format::Json => {
                let differences = replayed.differences.into_iter().map(|it| DifferenceJson {
                    entry: it.entry,
                    recorded: it.recorded,
                    decided: it.decided,
                });
                let differences = differences.collect();
                report::json_line(ui, &ReplayJson { decisions, unwritten, differences })?;
            }
            Format::Human => {
                let all = if same { "the same to the letter" } else { "not all the same" };
                writeln!(ui.out, "{decisions} decisions, {all}")?;
                if unwritten > 0 {
                    writeln!(ui.out, "{unwritten} of them do not say what was asked")?;
                }
                for one in &replayed.differences {
                    writeln!(ui.out, "{ERROR}entry {}{ERROR:#}", one.entry)?;
                    writeln!(ui.out, "  recorded {}\n  decided  {}", one.recorded, one.decided)?;
                }
            }
        }
        Ok(if same { Status::Clean } else { Status::Findings })
    }
}

/// An entry on one line.
fn words(entry: &Entry) -> String {
    match entry {
        Entry::Bound(bound) => format!("bound     policy {} for {}", bound.module, bound.wallet),
        Entry::Decided(decided) => {
            let by = decided.agent.as_deref().map(|agent| format!(" for {}", agent.escape_default()));
            let by = by.unwrap_or_default();
            match serde_json::from_str::<Shown>(decided.decision.get()) {
                Ok(Shown { decision, rule, code, reason }) => {
                    let what = rule.or(code).unwrap_or_default();
                    format!("{decision:8}  {}{by}  {what}: {}", Instant(decided.at), reason.escape_debug())
                }
                Err(_) => format!("decided   {}{by}", Instant(decided.at)),
            }
        }
        Entry::Signed(signed) => format!("signed    {}", signed.hash),
        Entry::Revoked(revoked) => {
            let mut effects = revoked.charge.actions.iter().flat_map(|action| &action.effects);
            let of = effects.next().map(|effect| effect.party.to_checksum(None)).unwrap_or_default();
            format!("revoked   {}  what {of} may take", Instant(revoked.at))
        }
        Entry::Observed(fact) => format!("observed  {}", serde_json::to_string(fact).unwrap_or_default()),
        Entry::Frozen { at, reason } => format!("frozen    {}  {}", Instant(*at), reason.escape_debug()),
        Entry::Thawed { at } => format!("thawed    {}", Instant(*at)),
    }
}
