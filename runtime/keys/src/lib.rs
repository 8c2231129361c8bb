//! Where the key that signs is kept, and how it is reached.
//!
//! ```text
//! KeySource ("agent", "aws:…", "gcp:…", "ledger:0") ── Key::connect ──> Key, an alloy signer
//!                  └─ a name in a Keystore ── open(name, passphrase) ──> PrivateKeySigner
//! ```
//!
//! A [`Keystore`] is a directory of files in the form that other Ethereum tools read and write (Web3 Secret Storage, version 3), one
//! key a file. Only its owner may read it: the directory is made 0700 and files 0600, and what others can read is refused.
//! Passphrases and private keys are wiped from memory when they are dropped, and no error, `Debug` or message shows them.
//!
//! Keys held elsewhere (AWS KMS, Google Cloud KMS, a Ledger) are behind the features `aws`, `gcp` and `ledger`, all off by default.

mod error;
mod files;
mod key;
mod name;
#[cfg(any(feature = "ledger", test))]
mod payload;
mod remote;
mod secret;
mod source;
mod storage;
mod store;

pub use error::KeyError;
pub use files::read_private;
pub use key::Key;
pub use name::{KeyName, MAX_NAME_BYTES};
pub use secret::{MAX_PASSPHRASE_BYTES, MIN_PASSPHRASE_CHARS, Passphrase, PrivateKey};
pub use source::KeySource;
pub use storage::{MAX_KEYSTORE_BYTES, MAX_PBKDF2_ROUNDS, MAX_SCRYPT_MEMORY, MAX_SCRYPT_P};
pub use store::{Keystore, Listed, Stored};
pub use zeroize::Zeroizing;
