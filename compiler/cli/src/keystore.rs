//! Where keys are and what opens them: the arguments that every command with a key takes, and the questions asked at the terminal.

use crate::ui::Failure;
use agentpol_keys::{KeyError, Keystore, Passphrase, Zeroizing};
use clap::Args;
use std::{io, path::PathBuf};

/// Which keystore, and what opens its keys.
#[derive(Args)]
pub(crate) struct KeystoreArgs {
    /// The directory with the encrypted keys. Without it `agentpol/keys` in the user's data directory: on Linux
    /// $XDG_DATA_HOME, or ~/.local/share; on macOS ~/Library/Application Support; on Windows %APPDATA%
    #[arg(long, value_name = "DIR", env = "AGENTPOL_KEYSTORE", hide_env_values = true)]
    keystore: Option<PathBuf>,
    /// A file with the passphrase in one line, which nobody else can read. Without it the terminal is asked
    #[arg(long, value_name = "FILE", env = "AGENTPOL_PASSPHRASE_FILE", hide_env_values = true)]
    passphrase_file: Option<PathBuf>,
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        Failure::new(error.to_string()).help(error.help())
    }
}

impl KeystoreArgs {
    /// The keystore that was named, or the user's own.
    pub(crate) fn open(&self) -> Result<Keystore, Failure> {
        let own = || dirs::data_dir().map(|data| data.join("agentpol").join("keys"));
        self.keystore.clone().or_else(own).map(Keystore::at).ok_or_else(|| {
            Failure::new("the user has no data directory to keep keys in")
                .help("name a directory: --keystore DIR")
        })
    }

    /// The passphrase of a key that there is.
    pub(crate) fn passphrase(&self) -> Result<Passphrase, Failure> {
        match &self.passphrase_file {
            Some(file) => Ok(Passphrase::read(file)?),
            None => Ok(Passphrase::new(hidden("Passphrase: ")?)?),
        }
    }

    /// A passphrase for a new key: asked for twice, since nobody sees what is typed.
    pub(crate) fn new_passphrase(&self) -> Result<Passphrase, Failure> {
        if let Some(file) = &self.passphrase_file {
            return Ok(Passphrase::read(file)?);
        }
        let first = Passphrase::new(hidden("Passphrase for the new key: ")?)?;
        // Before it is typed again.
        first.check_new()?;
        match first.same(&Passphrase::new(hidden("The same again: ")?)?) {
            true => Ok(first),
            false => Err(Failure::new("the two passphrases differ; nothing was made").help("try again")),
        }
    }
}

/// Asks the terminal, and shows nothing of what is typed.
pub(crate) fn hidden(question: &str) -> Result<Zeroizing<String>, Failure> {
    rpassword::prompt_password(question).map(Zeroizing::new).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::Interrupted => {
            Failure::new("nothing was typed; nothing was made").help("try again")
        }
        _ => Failure::new("there is no terminal to ask for the passphrase")
            .help("give a file that only you can read: --passphrase-file FILE, or AGENTPOL_PASSPHRASE_FILE"),
    })
}
