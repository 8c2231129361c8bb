//! How a configuration says which key signs.

use crate::{KeyError, KeyName};
use core::fmt;
use std::str::FromStr;

/// Where a key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// `NAME`: in the keystore.
    Keystore(KeyName),
    /// `aws:KEY_ID`: in AWS KMS; a key's identifier, ARN or alias.
    Aws(String),
    /// `gcp:projects/P/locations/L/keyRings/R/cryptoKeys/K/cryptoKeyVersions/V`: in Google Cloud KMS.
    Gcp {
        /// The project.
        project: String,
        /// The location, as `europe-west1` or `global`.
        location: String,
        /// The key ring.
        ring: String,
        /// The key.
        key: String,
        /// Its version: a key that is rotated has another address.
        version: u64,
    },
    /// `ledger:INDEX`: an account of a Ledger (m/44'/60'/INDEX'/0/0).
    Ledger(u32),
}

/// Bytes of an identifier at most.
const MAX_ID_BYTES: usize = 2048;

impl FromStr for KeySource {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        match text.split_once(':') {
            None => text.parse().map(KeySource::Keystore),
            Some(("aws", id)) => plain(id).map(|id| KeySource::Aws(id.to_owned())),
            Some(("gcp", resource)) => gcp(resource),
            Some(("ledger", index)) => {
                let canonical = index.parse::<u32>().ok().filter(|n| n.to_string() == index && *n < 1 << 31);
                let why = "the account of a Ledger is a number below 2^31";
                canonical.map(KeySource::Ledger).ok_or(KeyError::Source { why })
            }
            Some(_) => Err(KeyError::Source { why: "before the colon stands none of aws, gcp and ledger" }),
        }
    }
}

fn plain(id: &str) -> Result<&str, KeyError> {
    let good = !id.is_empty() && id.len() <= MAX_ID_BYTES && id.chars().all(|c| c.is_ascii_graphic());
    if good {
        Ok(id)
    } else {
        Err(KeyError::Source { why: "the key's identifier is empty or has odd characters" })
    }
}

fn gcp(resource: &str) -> Result<KeySource, KeyError> {
    let parts: Vec<&str> = plain(resource)?.split('/').collect();
    let [
        "projects",
        project,
        "locations",
        location,
        "keyRings",
        ring,
        "cryptoKeys",
        key,
        "cryptoKeyVersions",
        version,
    ] = parts.as_slice()
    else {
        return Err(KeyError::Source { why: "the key's resource name is not complete, down to its version" });
    };
    let version = version.parse::<u64>().ok().filter(|n| n.to_string() == *version);
    let (Some(version), true) = (version, ![project, location, ring, key].iter().any(|part| part.is_empty()))
    else {
        return Err(KeyError::Source {
            why: "a part of the key's resource name is empty, or its version no number",
        });
    };
    let own = |part: &str| part.to_owned();
    Ok(KeySource::Gcp {
        project: own(project),
        location: own(location),
        ring: own(ring),
        key: own(key),
        version,
    })
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeySource::Keystore(name) => name.fmt(f),
            KeySource::Aws(id) => write!(f, "aws:{id}"),
            KeySource::Gcp { project, location, ring, key, version } => write!(
                f,
                "gcp:projects/{project}/locations/{location}/keyRings/{ring}/cryptoKeys/{key}/cryptoKeyVersions/{version}"
            ),
            KeySource::Ledger(index) => write!(f, "ledger:{index}"),
        }
    }
}
