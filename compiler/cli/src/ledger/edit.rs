//! Another edition of the policy over the same history.

use super::Of;
use crate::{
    approvals::consent,
    cli::Format,
    keystore::KeystoreArgs,
    load, owner, params, report,
    ui::{Failure, GOOD, Outcome, Status, Ui},
};
use agentpol_gateway::owner::answers::Status as LedgerStatus;
use agentpol_model::Address;
use agentpol_runtime::{
    Binding,
    history::{Bound, Modules as _, folder::ModuleFiles},
};
use alloy_primitives::Bytes;
use clap::Args;
use std::{io::Write as _, path::PathBuf};

/// Put another edition of the policy in the place of this one; what was spent stays spent
#[derive(Args)]
#[command(after_help = "\
Look first at what it newly permits: agentpol diff OLD NEW. Where the ledger has an owner, the owner signs it: with --key, or elsewhere and \
then with --signature; `--show` says what is signed. A gate that runs takes it over at once; start it with the new policy from then on.")]
pub(super) struct Edit {
    #[command(flatten)]
    of: Of,
    /// The policy: text, or a module
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// A parameter, where it is to be another than before: `cap=250 USDC`
    #[arg(long = "param", value_name = "NAME=VALUE")]
    params: Vec<String>,
    /// Who signs the next edition, from then on
    #[arg(long, value_name = "ADDRESS", value_parser = params::address)]
    owner: Option<Address>,
    /// The owner's key: a name in the keystore, `aws:ID`, `gcp:RESOURCE` or `ledger:INDEX`
    #[arg(long, value_name = "KEY", conflicts_with = "signature")]
    key: Option<String>,
    #[command(flatten)]
    keystore: KeystoreArgs,
    /// The owner's signature
    #[arg(long, value_name = "HEX")]
    signature: Option<Bytes>,
    /// Only say what the owner signs (EIP-712)
    #[arg(long, conflicts_with_all = ["key", "signature"])]
    show: bool,
}

impl Edit {
    pub(super) fn run(self, ui: &mut Ui) -> Outcome {
        let ledger = self.of.owned();
        let status = ledger.status()?;
        let Some(policy) = load::policy(ui, &self.policy)? else { return Ok(Status::Findings) };
        let module = policy.module();
        let params = owner::params(&self.params, &module.params, &module.tokens, &status.params)?;
        let binding = Binding { wallet: status.wallet.0, signer: status.signer.0, params };
        let bytes = agentpol_bytecode::encode(module);
        let bound = Bound::new(&bytes, &binding, false).map_err(params::failure)?;
        let owner = self.owner.or(status.owner.map(|owner| owner.0));
        let bound = Bound { owner, ..bound };
        let data: serde_json::Value = ledger.ask("agentpol_consent", &[&bound])?;
        if self.show {
            report::json_line(ui, &data)?;
            return Ok(Status::Clean);
        }
        let signature = match (&self.key, &self.signature) {
            (Some(key), _) => Some(consent(key, &self.keystore, &data)?),
            (None, given) => given.clone(),
        };
        if let (Some(owner), None) = (status.owner, &signature) {
            return Err(Failure::new(format!("its owner, {}, signs another edition", owner.0))
                .help("give the owner's key: --key KEY; or see what is signed, with --show, and give --signature HEX"));
        }
        let kept = ModuleFiles::of(ledger.folder()).keep(bound.module, &bytes);
        kept.map_err(|e| ledger.failure(&e))?;
        let now: LedgerStatus = ledger.ask("agentpol_bind", &[&Bound { signature, ..bound }])?;
        match self.of.format {
            Format::Json => report::json_line(ui, &now)?,
            Format::Human => {
                writeln!(ui.out, "{GOOD}bound{GOOD:#}: {} {}, edition {}", now.name, now.policy, now.epoch)?;
            }
        }
        Ok(Status::Clean)
    }
}
