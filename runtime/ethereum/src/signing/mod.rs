//! From a judged request to a signature. What is judged is what is signed, by construction: what is [`Unsigned`] holds the
//! request together with the bytes that will be signed, reading those bytes gives that request back, and nothing can change
//! either. After signing, the result is read once more from scratch.
//!
//! A request is a transaction ([`Unsigned`] to [`SignedTransaction`]) or a statement: typed data, a text, an authorisation, a user
//! operation ([`UnsignedStatement`] to [`SignedStatement`]). [`Signable`] is either.

mod statement;
mod transaction;

pub use statement::{SignedStatement, UnsignedStatement};
pub use transaction::{SignedTransaction, Unsigned};

use crate::{
    refusal::Refusal,
    request::{Body, Facts, Lent, OwnedRequest},
    transaction::MAX_TRANSACTION_BYTES,
};
use agentpol_model::{Address, B256};
use alloy::signers::{Signature, SignerSync};
use core::fmt;

/// Why nothing was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignError {
    /// These fields are open; they must be filled before the request is judged.
    Open(Vec<&'static str>),
    /// It is no transaction.
    NoTransaction,
    /// It is a transaction.
    NoStatement,
    /// Several calls are not one thing that a key signs.
    Calls,
    /// It was signed when it was given.
    AlreadySigned,
    /// Serialised and signed it would be longer than nodes accept.
    TooLong,
    /// The bytes to be signed do not read as the request. Nothing should be able to bring this about.
    Differs,
    /// The signer failed.
    Signer(String),
    /// The signature is by another key than the one asked for.
    WrongKey {
        /// Asked for.
        expected: Address,
        /// Recovered, if the signature leads to a key at all.
        found: Option<Address>,
    },
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SignError::Open(fields) => {
                write!(f, "{} must be set before it is judged and signed", fields.join(", "))
            }
            SignError::NoTransaction => f.write_str("it is no transaction: it is signed as a statement"),
            SignError::NoStatement => f.write_str("it is no statement: it is signed as a transaction"),
            SignError::Calls => f.write_str(
                "calls made together (`wallet_sendCalls`) are not one thing that a key signs; ask for each as \
                 `eth_sendTransaction`, or for the account's own batch as `eth_sendUserOperation`",
            ),
            SignError::AlreadySigned => f.write_str("the transaction is signed already"),
            SignError::TooLong => write!(f, "the transaction is longer than {MAX_TRANSACTION_BYTES} bytes"),
            SignError::Differs => f.write_str("the bytes to be signed are not the request that was judged"),
            SignError::Signer(why) => write!(f, "the signer failed: {why}"),
            SignError::WrongKey { expected, found: Some(found) } => {
                write!(f, "signed by {found} instead of {expected}")
            }
            SignError::WrongKey { expected, found: None } => {
                write!(f, "the signature leads to no key; {expected} was to sign")
            }
        }
    }
}

impl core::error::Error for SignError {}

/// A request that can be signed, and exactly the bytes that signing it signs.
#[derive(Clone, Debug)]
pub enum Signable {
    /// A transaction.
    Transaction(Box<Unsigned>),
    /// Anything else.
    Statement(Box<UnsignedStatement>),
}

/// What was signed, read back and found to be what was judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signed {
    /// A transaction.
    Transaction(SignedTransaction),
    /// Anything else.
    Statement(SignedStatement),
}

impl Signable {
    /// The bytes to sign for this request.
    pub fn new(request: OwnedRequest) -> Result<Self, SignError> {
        match request.body() {
            Body::Transaction(_) => Unsigned::new(request).map(|it| Signable::Transaction(Box::new(it))),
            _ => UnsignedStatement::new(request).map(|it| Signable::Statement(Box::new(it))),
        }
    }

    /// The request that is to be judged.
    pub fn request(&self) -> &OwnedRequest {
        match self {
            Signable::Transaction(it) => it.request(),
            Signable::Statement(it) => it.request(),
        }
    }

    /// Lends that request to evaluators.
    pub fn lend<'a>(&'a self, facts: &Facts<'a>) -> Result<Lent<'a>, Refusal> {
        self.request().lend(facts)
    }

    /// The bytes whose hash is signed.
    pub fn payload(&self) -> &[u8] {
        match self {
            Signable::Transaction(it) => it.payload(),
            Signable::Statement(it) => it.payload(),
        }
    }

    /// The hash that is signed. It names this request: reservations and approvals are bound to it.
    pub fn digest(&self) -> B256 {
        match self {
            Signable::Transaction(it) => it.digest(),
            Signable::Statement(it) => it.digest(),
        }
    }

    /// Signs with `signer`, which must hold the key of `expected`, and reads the result back.
    pub fn sign(self, signer: &impl SignerSync, expected: Address) -> Result<Signed, SignError> {
        match self {
            Signable::Transaction(it) => it.sign(signer, expected).map(Signed::Transaction),
            Signable::Statement(it) => it.sign(signer, expected).map(Signed::Statement),
        }
    }

    /// Puts a signature of the [`digest`](Signable::digest) in its place and reads the result back: for signers that answer
    /// later.
    pub fn attach(self, signature: Signature, expected: Address) -> Result<Signed, SignError> {
        match self {
            Signable::Transaction(it) => it.attach(signature, expected).map(Signed::Transaction),
            Signable::Statement(it) => it.attach(signature, expected).map(Signed::Statement),
        }
    }
}

impl Signed {
    /// Recovered from the signature.
    pub fn signer(&self) -> Address {
        match self {
            Signed::Transaction(it) => it.signer,
            Signed::Statement(it) => it.signer,
        }
    }

    /// The hash by which chains know a transaction; of a statement, the hash that was signed.
    pub fn hash(&self) -> B256 {
        match self {
            Signed::Transaction(it) => it.hash,
            Signed::Statement(it) => it.digest,
        }
    }

    /// What a client is given: the whole of a transaction, as it is sent to a node; of a statement its signature.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Signed::Transaction(it) => &it.raw,
            Signed::Statement(it) => &it.signature,
        }
    }

    /// The transaction, if it is one.
    pub fn transaction(&self) -> Option<&SignedTransaction> {
        match self {
            Signed::Transaction(it) => Some(it),
            Signed::Statement(_) => None,
        }
    }

    /// The statement, if it is one.
    pub fn statement(&self) -> Option<&SignedStatement> {
        match self {
            Signed::Transaction(_) => None,
            Signed::Statement(it) => Some(it),
        }
    }
}
