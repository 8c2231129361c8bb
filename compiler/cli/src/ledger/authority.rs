//! What others can take.

use super::Of;
use crate::{
    cli::Format,
    owner::{self, Owned},
    report,
    ui::{BOLD, DIM, Failure, Outcome, Status, Ui, WARNING},
};
use agentpol_gateway::owner::answers::Authority;
use agentpol_model::{U256, words::Instant};
use agentpol_runtime::ledger::Key;
use clap::Args;
use std::io::Write as _;

/// List what others can take of the wallet, or could once what is signed has landed
#[derive(Args)]
pub(super) struct Show {
    #[command(flatten)]
    of: Of,
}

impl Show {
    pub(super) fn run(self, ui: &mut Ui) -> Outcome {
        let ledger = self.of.owned();
        let outstanding: Vec<Authority> = ledger.ask("agentpol_authority", &[(); 0])?;
        match self.of.format {
            Format::Json => outstanding.iter().try_for_each(|one| report::json_line(ui, one))?,
            Format::Human => write(ui, &ledger, &outstanding)?,
        }
        Ok(Status::Clean)
    }
}

/// For people.
pub(crate) fn write(ui: &mut Ui, ledger: &Owned, outstanding: &[Authority]) -> Result<(), Failure> {
    if outstanding.is_empty() {
        writeln!(ui.out, "nobody can take anything that this ledger knows of")?;
        return Ok(());
    }
    let status = ledger.status()?;
    let module = ledger.module(ui, &status)?;
    for one in outstanding {
        let key = Key::from(one.of);
        let amount = |units: U256| owner::shown(&module, key.asset, units);
        let through = key.through.map(|keeper| format!(", through {keeper}")).unwrap_or_default();
        writeln!(ui.out, "{BOLD}{}{BOLD:#}{through} {DIM}on chain {}{DIM:#}", key.spender, key.asset.chain)?;
        let until =
            one.until.map_or_else(|| "for ever".to_owned(), |until| format!("until {}", Instant(until)));
        if one.held.0 != U256::ZERO {
            writeln!(ui.out, "  can take {}, {until}", amount(one.held.0))?;
        }
        if one.signed.0 != U256::ZERO {
            writeln!(ui.out, "  can take {} once what is signed has landed, {until}", amount(one.signed.0))?;
        }
        if let Some(given) = one.trusted {
            writeln!(
                ui.out,
                "  is trusted: it was given {} at most, which no budget counts",
                amount(given.0)
            )?;
        }
        if one.apart {
            writeln!(ui.out, "  {DIM}some of it ends by itself, and cannot be taken back before{DIM:#}")?;
        }
        if let Some(why) = &one.irrevocable {
            writeln!(ui.out, "  {WARNING}cannot be taken back here{WARNING:#}: {why}")?;
        }
    }
    Ok(())
}
