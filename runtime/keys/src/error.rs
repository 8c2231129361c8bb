//! What can go wrong with a key, and what to do about it. No variant can hold a secret.

use alloy_primitives::Address;
use core::fmt;
use std::{
    io,
    path::{Path, PathBuf},
};

/// Why there is no key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the messages say it")]
pub enum KeyError {
    /// `what`: a file or a directory.
    Exposed {
        what: &'static str,
        path: PathBuf,
        mode: u32,
    },
    Io {
        doing: &'static str,
        path: PathBuf,
        why: String,
    },
    NotAFile {
        path: PathBuf,
    },
    NotADirectory {
        path: PathBuf,
    },
    TooLong {
        path: PathBuf,
        most: usize,
    },
    Exists {
        name: String,
        path: PathBuf,
    },
    Unknown {
        name: String,
        path: PathBuf,
    },
    Name {
        why: &'static str,
    },
    Source {
        why: &'static str,
    },
    /// A file of a keystore does not read as a key.
    Malformed {
        why: String,
    },
    WrongPassphrase,
    /// The file says one address and holds the key of another.
    WrongAddress {
        says: Address,
        holds: Address,
    },
    Passphrase {
        why: &'static str,
    },
    PrivateKey {
        why: &'static str,
    },
    Random,
    NotBuilt {
        feature: &'static str,
    },
    /// A signer elsewhere could not be reached or did not answer as it should.
    Remote {
        signer: &'static str,
        why: String,
    },
}

impl KeyError {
    pub(crate) fn io(doing: &'static str, path: &Path, error: &io::Error) -> Self {
        let why = match error.kind() {
            io::ErrorKind::NotFound => "there is no such file or directory".to_owned(),
            io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
            _ => error.to_string(),
        };
        KeyError::Io { doing, path: path.to_owned(), why }
    }

    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            KeyError::Exposed { path, what, .. } => {
                let mode = if *what == "directory" { "700" } else { "600" };
                format!(
                    "take the others' permissions away: chmod {mode} {}. If it was readable by somebody you do not trust, move \
                     the funds to a new key",
                    path.display()
                )
            }
            KeyError::Io { .. } | KeyError::NotAFile { .. } | KeyError::NotADirectory { .. } => {
                "check the path and its permissions".to_owned()
            }
            KeyError::TooLong { .. } => "check that it is the file you meant".to_owned(),
            KeyError::Exists { .. } => "a key is never overwritten: choose another name".to_owned(),
            KeyError::Unknown { .. } => "`agentpol keys list` shows the keys there are".to_owned(),
            KeyError::Name { .. } => {
                "a name has letters, digits, `-`, `_` and `.`, and begins with a letter or a digit".to_owned()
            }
            KeyError::Source { .. } => {
                "write the name of a key in the keystore, aws:KEY_ID, \
                 gcp:projects/P/locations/L/keyRings/R/cryptoKeys/K/cryptoKeyVersions/V, or ledger:INDEX"
                    .to_owned()
            }
            KeyError::Malformed { .. } => {
                "a keystore holds one file per key, in the JSON form of Web3 Secret Storage version 3".to_owned()
            }
            KeyError::WrongPassphrase => {
                "try the passphrase again; without it the key cannot be recovered".to_owned()
            }
            KeyError::WrongAddress { .. } => {
                "the file was changed or mixed up: do not use it before you know why".to_owned()
            }
            KeyError::Passphrase { .. } => "several words chosen at random make a good passphrase".to_owned(),
            KeyError::PrivateKey { .. } => "a private key is 64 hex digits, with or without 0x".to_owned(),
            KeyError::Random => "the operating system gave no random bytes; nothing was made".to_owned(),
            KeyError::NotBuilt { feature } => {
                format!("build agentpol with `--features {feature}`, or use a key of the keystore")
            }
            KeyError::Remote { signer: "the Ledger", .. } => {
                "connect and unlock the device, and open its Ethereum app".to_owned()
            }
            KeyError::Remote { .. } => {
                "check the key's name, the credentials and the network. The key must be for signing with secp256k1".to_owned()
            }
        }
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyError::Exposed { what, path, mode } => {
                write!(
                    f,
                    "the {what} `{}` is open to others (mode {mode:03o}); it is not used",
                    path.display()
                )
            }
            KeyError::Io { doing, path, why } => write!(f, "cannot {doing} `{}`: {why}", path.display()),
            KeyError::NotAFile { path } => write!(f, "`{}` is no file", path.display()),
            KeyError::NotADirectory { path } => write!(f, "`{}` is no directory", path.display()),
            KeyError::TooLong { path, most } => {
                write!(f, "`{}` is longer than {most} bytes, the most that is read", path.display())
            }
            KeyError::Exists { name, path } => {
                write!(f, "there is a key `{name}` already: `{}`", path.display())
            }
            KeyError::Unknown { name, path } => {
                write!(f, "there is no key `{name}` in `{}`", path.display())
            }
            KeyError::Name { why } => write!(f, "that cannot be the name of a key: {why}"),
            KeyError::Source { why } => write!(f, "that says of no key where it is: {why}"),
            KeyError::Malformed { why } => write!(f, "it is no encrypted key: {why}"),
            KeyError::WrongPassphrase => {
                f.write_str("the passphrase does not open the key (or the file is damaged)")
            }
            KeyError::WrongAddress { says, holds } => {
                write!(f, "the file says that it holds the key of {says}, and holds that of {holds}")
            }
            KeyError::Passphrase { why } => write!(f, "that passphrase is not taken: {why}"),
            KeyError::PrivateKey { why } => write!(f, "that is no private key: {why}"),
            KeyError::Random => f.write_str("there are no random bytes to make a key of"),
            KeyError::NotBuilt { feature } => {
                write!(f, "this build reaches no such signer: the feature `{feature}` is off")
            }
            KeyError::Remote { signer, why } => write!(f, "{signer} gave no key: {why}"),
        }
    }
}

impl core::error::Error for KeyError {}
