//! Whoever keeps a ledger: the gate that serves, at its socket, or the folder itself where nobody serves.

use crate::{
    load,
    ui::{Failure, Ui},
};
use agentpol_bytecode::Module;
use agentpol_gateway::{
    clock,
    owner::{
        self,
        answers::Status,
        client::{self, AskError},
    },
};
use agentpol_model::{
    ChainId, U256,
    policy::{Param, Token},
};
use agentpol_runtime::{history::Folder, ledger::Asset};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::to_raw_value;
use std::{
    io,
    path::{Path, PathBuf},
};

/// The socket's name in the folder.
const CONTROL: &str = "control";

/// Where the gate of this folder listens to its owner.
pub(crate) fn control(folder: &Path) -> PathBuf {
    folder.join(CONTROL)
}

/// A ledger, as its owner gets at it.
pub(crate) struct Owned {
    folder: PathBuf,
}

impl Owned {
    pub(crate) fn at(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Asks the gate that serves; where none does, the books themselves answer.
    pub(crate) fn ask<T: DeserializeOwned>(
        &self,
        method: &str,
        params: &impl Serialize,
    ) -> Result<T, Failure> {
        match block_on(self.ask_gate(method, params))? {
            Ok(answer) => Ok(answer),
            Err(AskError::Nobody(e)) if is_nobody(&e) => self.ask_books(method, params),
            Err(e) => Err(self.failure(&e)),
        }
    }

    /// Asks the gate that serves.
    pub(crate) async fn ask_gate<T: DeserializeOwned>(
        &self,
        method: &str,
        params: &impl Serialize,
    ) -> Result<T, AskError> {
        client::ask(&control(&self.folder), method, params).await
    }

    fn ask_books<T: DeserializeOwned>(&self, method: &str, params: &impl Serialize) -> Result<T, Failure> {
        if !Folder::is_begun(&self.folder) {
            return Err(self
                .failure(&"there is none")
                .help("name the folder that `agentpol serve --ledger` keeps"));
        }
        let gate = Folder::without_key(&self.folder).map_err(|e| self.failure(&e))?;
        let strange = |e: serde_json::Error| self.failure(&e);
        let params = to_raw_value(params).map_err(strange)?;
        let answer = owner::answer(&gate, method, &params, clock::now());
        let answer = answer.map_err(|fault| self.failure(&fault.message))?;
        serde_json::from_str(answer.get()).map_err(strange)
    }

    pub(crate) fn failure(&self, e: &dyn std::fmt::Display) -> Failure {
        Failure::new(format!("the ledger `{}`: {e}", self.folder.display()))
    }

    /// Which policy it counts for.
    pub(crate) fn status(&self) -> Result<Status, Failure> {
        self.ask("agentpol_status", &[(); 0])
    }

    /// The module of that policy, which is kept beside the log.
    pub(crate) fn module(&self, ui: &mut Ui, status: &Status) -> Result<Module, Failure> {
        let path = self.folder.join(format!("{}.agentpolc", status.policy));
        let Some(policy) = load::policy(ui, &path)? else {
            return Err(self.failure(&"its policy cannot be read"));
        };
        Ok(policy.module().clone())
    }
}

/// No socket, or one that is left over from a gate that was killed.
fn is_nobody(e: &io::Error) -> bool {
    matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
}

/// Runs what waits for a socket.
pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| Failure::new(format!("the system gives no threads: {e}")))?;
    Ok(runtime.block_on(work))
}

/// `250 USDC`, with the token where it stands on a chain.
pub(crate) fn amount(text: &str, module: &Module, chain: Option<ChainId>) -> Result<(Asset, U256), Failure> {
    let known: Vec<&str> = module.tokens.iter().map(|token| token.symbol.as_str()).collect();
    let wrong = |why: String| {
        Failure::new(why)
            .help(format!("an amount is written `250 USDC`; the policy knows {}", known.join(", ")))
    };
    let symbol = text.split_whitespace().last().unwrap_or_default();
    let token: &Token = module
        .tokens
        .iter()
        .find(|token| token.symbol == symbol)
        .ok_or_else(|| wrong(format!("`{text}` is no amount of a token that the policy knows")))?;
    let units = crate::params::amount(text, token).map_err(wrong)?;
    let mut sites = token.sites.iter().filter(|(on, _)| chain.is_none_or(|chain| chain == *on));
    match (sites.next(), sites.next()) {
        (Some((chain, contract)), None) => Ok((Asset { chain: *chain, contract: *contract }, units)),
        (None, _) => Err(Failure::new(format!("{symbol} does not stand on that chain"))),
        (Some(_), Some(_)) => {
            Err(Failure::new(format!("{symbol} stands on several chains")).help("name the chain: --chain ID"))
        }
    }
}

/// Amounts of an asset, as people read them.
pub(crate) fn shown(module: &Module, asset: Asset, units: U256) -> String {
    let site = (asset.chain, asset.contract);
    match module.tokens.iter().find(|token| token.sites.contains(&site)) {
        Some(token) => crate::show::amount(units, token),
        None => format!("{units} units"),
    }
}

/// Parameters as they are typed, over those that are bound already.
pub(crate) fn params(
    given: &[String],
    params: &[Param],
    tokens: &[Token],
    before: &crate::params::Values,
) -> Result<crate::params::Values, Failure> {
    let mut values: crate::params::Values = before
        .iter()
        .filter(|(name, _)| params.iter().any(|p| p.name == **name))
        .map(|(n, v)| (n.clone(), v.clone()))
        .collect();
    values.extend(crate::params::parse(given, params, tokens)?);
    Ok(values)
}
