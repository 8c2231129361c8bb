//! Names of keys. A name is the name of a file in the keystore, so nothing that leads elsewhere is one.

use crate::KeyError;
use core::fmt;
use std::str::FromStr;

/// Bytes of a name at most: geth's own file names (`UTC--…`) fit.
pub const MAX_NAME_BYTES: usize = 100;

/// The name of a key in a keystore.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyName(String);

impl KeyName {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for KeyName {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        // What is refused is not repeated: somebody may have pasted a private key.
        let refuse = |why| Err(KeyError::Name { why });
        if text.len() > MAX_NAME_BYTES {
            return refuse("it is too long");
        }
        if !text.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return refuse("it does not begin with a letter or a digit");
        }
        if !text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)) {
            return refuse("it has other characters");
        }
        if looks_secret(text) {
            return refuse("it looks like a private key");
        }
        Ok(Self(text.to_owned()))
    }
}

/// 64 hex digits: a private key where a name was wanted. It must not end as a file's name.
fn looks_secret(text: &str) -> bool {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    digits.len() == 64 && digits.chars().all(|c| c.is_ascii_hexdigit())
}
