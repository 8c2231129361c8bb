//! What must not be seen: wiped when dropped, and shown by nothing.

use crate::{KeyError, files};
use alloy::signers::local::PrivateKeySigner;
use alloy_primitives::{Address, hex};
use core::fmt;
use std::path::Path;
use zeroize::Zeroizing;

/// Characters of a new passphrase at least. One of another tool is taken as it is.
pub const MIN_PASSPHRASE_CHARS: usize = 8;

/// Bytes of a passphrase at most.
pub const MAX_PASSPHRASE_BYTES: usize = 1024;

/// What a key is encrypted with.
#[derive(Clone)]
pub struct Passphrase(Zeroizing<Vec<u8>>);

impl Passphrase {
    /// As it was typed.
    pub fn new(text: Zeroizing<String>) -> Result<Self, KeyError> {
        if text.len() > MAX_PASSPHRASE_BYTES {
            return Err(KeyError::Passphrase { why: "it is longer than 1024 bytes" });
        }
        Ok(Self(Zeroizing::new(text.as_bytes().to_vec())))
    }

    /// The one line of a file that only its owner can read. Its end of line is no part of it.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let mut bytes = files::read_private(path, MAX_PASSPHRASE_BYTES + "\r\n".len())?;
        for end in [b'\n', b'\r'] {
            if bytes.last() == Some(&end) {
                bytes.pop();
            }
        }
        if bytes.iter().any(|b| matches!(b, b'\n' | b'\r')) {
            return Err(KeyError::Passphrase { why: "the file has more than one line" });
        }
        if bytes.len() > MAX_PASSPHRASE_BYTES {
            return Err(KeyError::Passphrase { why: "it is longer than 1024 bytes" });
        }
        Ok(Self(bytes))
    }

    /// Long enough for a key that is encrypted now.
    pub fn check_new(&self) -> Result<(), KeyError> {
        let chars = String::from_utf8_lossy(&self.0);
        let chars = Zeroizing::new(chars.into_owned());
        if chars.chars().count() < MIN_PASSPHRASE_CHARS {
            return Err(KeyError::Passphrase { why: "it has fewer than 8 characters" });
        }
        Ok(())
    }

    /// Are they the same?
    pub fn same(&self, other: &Passphrase) -> bool {
        self.0 == other.0
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(…)")
    }
}

/// A private key that signs nothing yet.
#[derive(Clone)]
pub struct PrivateKey(Zeroizing<[u8; 32]>);

impl PrivateKey {
    /// A new one, of the operating system's random bytes.
    pub fn random() -> Result<Self, KeyError> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(bytes.as_mut()).map_err(|_| KeyError::Random)?;
        // All but about 2^-128 of all 256-bit numbers are keys: the rest is as good as never seen.
        Self::new(bytes).map_err(|_| KeyError::Random)
    }

    /// 64 hex digits, with or without `0x`; white space around them is no part of them.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let mut bytes = Zeroizing::new([0; 32]);
        // What is wrong with the text in detail would say something of the key.
        hex::decode_to_slice(text.trim(), bytes.as_mut())
            .map_err(|_| KeyError::PrivateKey { why: "it is not 64 hex digits" })?;
        Self::new(bytes)
    }

    pub(crate) fn new(bytes: Zeroizing<[u8; 32]>) -> Result<Self, KeyError> {
        let key = Self(bytes);
        key.signer().map(|_| key)
    }

    /// The signer that has this key.
    pub fn signer(&self) -> Result<PrivateKeySigner, KeyError> {
        PrivateKeySigner::from_slice(self.0.as_ref())
            .map_err(|_| KeyError::PrivateKey { why: "it is zero, or not below the order of the curve" })
    }

    /// The account that it signs for.
    pub fn address(&self) -> Result<Address, KeyError> {
        self.signer().map(|signer| signer.address())
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(…)")
    }
}
