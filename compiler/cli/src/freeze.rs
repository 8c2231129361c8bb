//! `agentpol freeze`

use crate::{
    cli::Format,
    ledger::authority,
    owner::Owned,
    report,
    ui::{Failure, GOOD, Outcome, Status, Ui, WARNING},
};
use agentpol_gateway::owner::answers::{Authority, Holder, Revocation, Status as LedgerStatus};
use agentpol_runtime::ledger::Key;
use clap::Args;
use std::{io::Write as _, path::PathBuf};

/// Stop signing at once, and say what others can still take
#[derive(Args)]
#[command(after_help = "\
What was signed before cannot be called back: it may still land. With --revoke the gate signs what takes authority back, and sends it; \
that is the only thing that is signed while the wallet is frozen. It needs `agentpol serve` to run, since that has the key open.")]
pub(crate) struct Freeze {
    /// The folder that `agentpol serve --ledger` keeps
    #[arg(long, value_name = "DIR", env = "AGENTPOL_LEDGER")]
    ledger: PathBuf,
    /// Why, for the log and for whoever asks meanwhile
    #[arg(long, value_name = "TEXT", default_value = "by its owner")]
    reason: String,
    /// Also sign what takes authority back, and send it
    #[arg(long)]
    revoke: bool,
    /// Let the agent go on
    #[arg(long, conflicts_with_all = ["revoke", "reason"])]
    lift: bool,
    /// For people or for programs
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

impl Freeze {
    pub(crate) fn run(self, ui: &mut Ui) -> Outcome {
        let ledger = Owned::at(&self.ledger);
        if self.lift {
            let status: LedgerStatus = ledger.ask("agentpol_thaw", &[(); 0])?;
            match self.format {
                Format::Json => report::json_line(ui, &status)?,
                Format::Human => writeln!(ui.out, "{GOOD}signing again{GOOD:#}")?,
            }
            return Ok(Status::Clean);
        }
        let outstanding: Vec<Authority> = ledger.ask("agentpol_freeze", &[&self.reason])?;
        if self.format == Format::Human {
            writeln!(ui.out, "{GOOD}frozen{GOOD:#}: nothing more is signed")?;
            authority::write(ui, &ledger, &outstanding)?;
            // It is frozen whatever comes of the rest.
            ui.out.flush()?;
        }
        let revoked: Vec<Revocation> = match self.revoke {
            true => ledger.ask("agentpol_revoke", &Vec::<Holder>::new())?,
            false => Vec::new(),
        };
        match self.format {
            Format::Json => {
                report::json_line(ui, &serde_json::json!({"authority": outstanding, "revoked": revoked}))?;
            }
            Format::Human => self.say(ui, &outstanding, &revoked)?,
        }
        let failed = revoked.iter().any(|one| one.hash.is_none());
        Ok(if failed { Status::Findings } else { Status::Clean })
    }

    fn say(&self, ui: &mut Ui, outstanding: &[Authority], revoked: &[Revocation]) -> Result<(), Failure> {
        for one in revoked {
            let spender = Key::from(one.of).spender;
            match (&one.hash, &one.error) {
                (Some(hash), None) => writeln!(ui.out, "{GOOD}taken back{GOOD:#} from {spender} by {hash}")?,
                (Some(hash), Some(why)) => {
                    writeln!(
                        ui.out,
                        "{WARNING}signed, not yet sent{WARNING:#} for {spender}: {hash}: {why}"
                    )?;
                }
                (None, why) => {
                    let why = why.as_deref().unwrap_or_default();
                    writeln!(ui.out, "{WARNING}not taken back{WARNING:#} from {spender}: {why}")?;
                }
            }
        }
        if !self.revoke && outstanding.iter().any(|one| one.irrevocable.is_none()) {
            ui.log("take back what can be: agentpol freeze --revoke");
        }
        Ok(())
    }
}
