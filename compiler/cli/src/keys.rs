//! `agentpol keys new|import|list`

use crate::{
    cli::Format,
    keystore::{KeystoreArgs, hidden},
    report,
    ui::{DIM, ERROR, Failure, Outcome, Status, Ui},
};
use agentpol_keys::{KeyName, Listed, PrivateKey, Stored, Zeroizing};
use clap::{Args, Subcommand};
use serde::Serialize;
use std::io::{self, IsTerminal as _, Read as _, Write as _};

/// Bytes that are read where a private key is wanted: its digits, `0x`, and white space.
const MAX_KEY_BYTES: usize = 256;

/// Make, import and list the encrypted keys that sign
#[derive(Args)]
#[command(after_help = "\
Keys are files in the form that other Ethereum tools read and write (Web3 Secret Storage, scrypt), readable by their owner alone. \
A passphrase is typed, or read from --passphrase-file; it is never an argument and never in the environment, where other programs see \
it. AGENTPOL_PASSPHRASE_FILE names a file, as ETH_PASSWORD does for cast.")]
pub(crate) struct Keys {
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Subcommand)]
enum KeysCommand {
    New(NewKey),
    Import(ImportKey),
    List(ListKeys),
}

/// Make a new key
#[derive(Args)]
struct NewKey {
    #[command(flatten)]
    put: Put,
}

/// Encrypt a private key that there is already; it is read from standard input, or asked for at the terminal
#[derive(Args)]
struct ImportKey {
    #[command(flatten)]
    put: Put,
}

/// List the keys by name, with the accounts they sign for
#[derive(Args)]
struct ListKeys {
    #[command(flatten)]
    keystore: KeystoreArgs,
    /// For people or for programs
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

#[derive(Args)]
struct Put {
    /// What the key is called; its address without it
    // Read only when the command runs: what is no name may be a secret, and clap would repeat it.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    #[command(flatten)]
    keystore: KeystoreArgs,
    /// For people or for programs
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

#[derive(Serialize)]
struct KeyJson<'a> {
    name: &'a str,
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

#[derive(Serialize)]
struct ListJson<'a> {
    directory: String,
    keys: Vec<KeyJson<'a>>,
}

impl Keys {
    pub(crate) fn run(self, ui: &mut Ui) -> Outcome {
        match self.command {
            KeysCommand::New(NewKey { put }) => put.run(ui, PrivateKey::random),
            KeysCommand::Import(ImportKey { put }) => put.run(ui, given),
            KeysCommand::List(list) => list.run(ui),
        }
    }
}

impl Put {
    fn run<E: Into<Failure>>(self, ui: &mut Ui, key: impl FnOnce() -> Result<PrivateKey, E>) -> Outcome {
        let keystore = self.keystore.open()?;
        let name: Option<KeyName> = self.name.as_deref().map(str::parse).transpose()?;
        if let Some(name) = &name {
            keystore.vacant(name)?;
        }
        let key = key().map_err(Into::into)?;
        let stored = keystore.put(name, &key, &self.keystore.new_passphrase()?)?;
        self.write(ui, &stored)
    }

    fn write(&self, ui: &mut Ui, stored: &Stored) -> Outcome {
        let file = stored.path.display().to_string();
        match self.format {
            Format::Json => {
                let (name, address) = (stored.name.as_str(), Some(stored.address.to_string()));
                report::json_line(ui, &KeyJson { name, address, file: Some(file), error: None })?;
            }
            Format::Human => {
                writeln!(ui.out, "{}  {}", stored.name, stored.address)?;
                writeln!(ui.out, "{DIM}file{DIM:#} {file}")?;
                ui.log(
                    "keep a copy of the file, and the passphrase somewhere else: nobody can restore either",
                );
            }
        }
        Ok(Status::Clean)
    }
}

/// The private key from standard input; typed, if that is a terminal.
fn given() -> Result<PrivateKey, Failure> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        return Ok(PrivateKey::parse(&hidden("Private key (64 hex digits): ")?)?);
    }
    // With room for all of it no copy is left behind by growing.
    let mut text = Zeroizing::new(String::with_capacity(MAX_KEY_BYTES + 1));
    let read = stdin.lock().take(MAX_KEY_BYTES as u64 + 1).read_to_string(&mut text);
    match read {
        // What is wrong in detail would say something of the key; too long is no key either.
        Ok(length) if length <= MAX_KEY_BYTES => Ok(PrivateKey::parse(&text)?),
        _ => Ok(PrivateKey::parse("")?),
    }
}

impl ListKeys {
    fn run(self, ui: &mut Ui) -> Outcome {
        let keystore = self.keystore.open()?;
        let listed = keystore.list()?;
        match self.format {
            Format::Json => {
                let directory = keystore.directory().display().to_string();
                report::json_line(ui, &ListJson { directory, keys: listed.iter().map(json).collect() })?;
            }
            Format::Human => {
                if listed.is_empty() {
                    ui.log(format!("there are no keys in {}", keystore.directory().display()));
                }
                human(ui, &listed)?;
            }
        }
        // A file that is not used is worth a look.
        Ok(if listed.iter().all(|key| key.address.is_ok()) { Status::Clean } else { Status::Findings })
    }
}

fn json(listed: &Listed) -> KeyJson<'_> {
    let address = listed.address.as_ref().ok().copied().flatten().map(|address| address.to_string());
    let error = listed.address.as_ref().err().map(ToString::to_string);
    KeyJson { name: listed.name.as_str(), address, file: None, error }
}

fn human(ui: &mut Ui, listed: &[Listed]) -> Result<(), Failure> {
    let width = listed.iter().map(|key| key.name.as_str().len()).max().unwrap_or_default();
    for key in listed {
        let name = key.name.as_str();
        match &key.address {
            Ok(Some(address)) => writeln!(ui.out, "{name:width$}  {address}")?,
            Ok(None) => writeln!(ui.out, "{name:width$}  {DIM}its file does not say whose it is{DIM:#}")?,
            Err(error) => writeln!(ui.out, "{name:width$}  {ERROR}not used{ERROR:#}: {error}")?,
        }
    }
    Ok(())
}
