//! What is left, and what only the owner knows.

use super::Of;
use crate::{
    cli::Format,
    owner, params, report, show,
    ui::{BOLD, DIM, Outcome, Status, Ui},
};
use agentpol_gateway::owner::answers::{self, Amount, Checksummed, Holder};
use agentpol_model::{Address, ChainId, Time};
use agentpol_runtime::ledger::Key;
use clap::Args;
use std::io::Write as _;

/// What the agent can still use of each budget, and what more with somebody's approval
#[derive(Args)]
pub(super) struct Left {
    #[command(flatten)]
    of: Of,
}

/// Count an allowance that stood before the ledger began, like one that was signed
#[derive(Args)]
pub(super) struct Inventory {
    #[command(flatten)]
    of: Of,
    /// Who has it
    #[arg(long, value_name = "ADDRESS", value_parser = params::address)]
    spender: Address,
    /// How much: `250 USDC`
    #[arg(long, value_name = "AMOUNT")]
    amount: String,
    /// The contract that keeps it, if that is not the token itself (Permit2)
    #[arg(long, value_name = "ADDRESS", value_parser = params::address)]
    through: Option<Address>,
    /// When it ends, if it does: `2027-01-31`
    #[arg(long, value_name = "TIME", value_parser = params::time)]
    until: Option<Time>,
    /// The chain, where the token stands on several
    #[arg(long, value_name = "ID")]
    chain: Option<ChainId>,
}

/// Count what the owner spent by hand, so that the gate signs again
#[derive(Args)]
#[command(after_help = "\
When a nonce of the wallet's is used by something that was not signed here, the gate signs nothing more: what left is not counted. Say \
what it was, and it is.")]
pub(super) struct Adopt {
    #[command(flatten)]
    of: Of,
    /// How much left: `250 USDC`; `0 ETH` if nothing did
    #[arg(long, value_name = "AMOUNT")]
    amount: String,
    /// When it left: `2027-01-31T18:00:00Z`; now, if nothing is said
    #[arg(long, value_name = "TIME", value_parser = params::time)]
    at: Option<Time>,
    /// A budget that counts it, `daily`, or its second line, `daily#2`; every one that counts the token, if nothing is said
    #[arg(long = "budget", value_name = "NAME")]
    budgets: Vec<String>,
    /// The chain, where the token stands on several
    #[arg(long, value_name = "ID")]
    chain: Option<ChainId>,
}

impl Left {
    pub(super) fn run(self, ui: &mut Ui) -> Outcome {
        let ledger = self.of.owned();
        let left: Vec<agentpol_runtime::Left> = ledger.ask("agentpol_left", &[(); 0])?;
        if self.of.format == Format::Json {
            left.iter().try_for_each(|one| report::json_line(ui, one))?;
            return Ok(Status::Clean);
        }
        let status = ledger.status()?;
        let module = ledger.module(ui, &status)?;
        if left.is_empty() {
            writeln!(ui.out, "the policy has no budgets")?;
        }
        for one in &left {
            let Some(budget) =
                module.budgets.iter().find(|budget| budget.name == one.budget && budget.line == one.line)
            else {
                continue;
            };
            let amount = |units| show::of_budget(units, budget, &module.tokens);
            let beyond = if one.beyond { "; more with approval" } else { "" };
            writeln!(
                ui.out,
                "{BOLD}{}{BOLD:#} {DIM}{} {}{DIM:#}  {} left{beyond}",
                one.budget,
                amount(one.cap.0),
                one.window,
                amount(one.left.0)
            )?;
        }
        if let Some(why) = &status.frozen {
            writeln!(ui.out, "frozen: {why}")?;
        }
        if status.locked {
            writeln!(
                ui.out,
                "locked: a nonce was used by something that was not signed here; `agentpol ledger adopt`"
            )?;
        }
        Ok(Status::Clean)
    }
}

impl Inventory {
    pub(super) fn run(self, ui: &mut Ui) -> Outcome {
        let ledger = self.of.owned();
        let module = ledger.module(ui, &ledger.status()?)?;
        let (asset, amount) = owner::amount(&self.amount, &module, self.chain)?;
        let of = Holder::from(Key { asset, spender: self.spender, through: self.through });
        let one = answers::Inventory { of, amount: Amount(amount), until: self.until };
        let _done: bool = ledger.ask("agentpol_inventory", &[&one])?;
        match self.of.format {
            Format::Json => report::json_line(ui, &one)?,
            Format::Human => {
                writeln!(
                    ui.out,
                    "counted: {} may take {}",
                    self.spender,
                    owner::shown(&module, asset, amount)
                )?;
            }
        }
        Ok(Status::Clean)
    }
}

impl Adopt {
    pub(super) fn run(self, ui: &mut Ui) -> Outcome {
        let ledger = self.of.owned();
        let module = ledger.module(ui, &ledger.status()?)?;
        let (asset, amount) = owner::amount(&self.amount, &module, self.chain)?;
        let adopt = answers::Adopt {
            chain: asset.chain,
            token: asset.contract.map(Checksummed),
            amount: Amount(amount),
            at: self.at,
            budgets: (!self.budgets.is_empty()).then(|| self.budgets.clone()),
        };
        let _done: bool = ledger.ask("agentpol_adopt", &[&adopt])?;
        match self.of.format {
            Format::Json => report::json_line(ui, &adopt)?,
            Format::Human => {
                writeln!(
                    ui.out,
                    "counted: {} left by the owner's hand",
                    owner::shown(&module, asset, amount)
                )?;
            }
        }
        Ok(Status::Clean)
    }
}
