//! What the gate answers, and what stands between a yes and a signature.

use crate::{
    decision::{Asking, Decision},
    history::{LogError, SignedAs, Ticket},
    ledger::Slot,
    load::LoadError,
};
use agentpol_ethereum::{OwnedRequest, SignError, Signable};
use agentpol_model::{Address, B256, Time};
use core::fmt;
use std::sync::Arc;

/// What the gate answers to a request.
#[derive(Debug)]
#[must_use]
#[expect(clippy::large_enum_variant, reason = "an answer is taken apart where it is given")]
pub enum Answer {
    /// It is allowed, and counted from now on. It can be signed.
    Reserved(Reserved),
    /// Somebody has to agree. Nothing is counted.
    Asked(Pending),
    /// It is not signed.
    Denied(Box<Decision>),
}

/// What the gate answers to a request that has a name.
#[derive(Debug)]
#[must_use]
#[expect(clippy::large_enum_variant, reason = "an answer is taken apart where it is given")]
pub enum Once {
    /// It is new, or was denied before.
    First(Answer),
    /// It was allowed before, and is counted once.
    Again {
        /// The hash that is signed.
        digest: B256,
        /// What was signed; `None` as long as whoever asked first has it in hand.
        signed: Option<Box<SignedAs>>,
    },
}

/// A reservation: the judged bytes, counted in the ledger. The only thing that can be signed, and only once.
#[derive(Debug)]
#[must_use = "it is counted, whether it is signed or not"]
pub struct Reserved {
    pub(super) unsigned: Signable,
    pub(super) decision: Decision,
    pub(super) slot: Slot,
    /// Under which edition of the policy. The same rules with other parameters are another one.
    pub(super) epoch: u64,
    /// Its entry in the log.
    pub(super) ticket: Option<Ticket>,
    /// The owner takes authority back: nothing that is stopped stops that.
    pub(super) revokes: bool,
}

/// A request that waits for approval.
#[derive(Clone, Debug)]
pub struct Pending {
    pub(super) name: B256,
    pub(super) request: OwnedRequest,
    pub(super) decision: Decision,
    pub(super) asking: Asking,
}

/// The same, as a gate keeps it.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// Its name: what an approval is bound to.
    pub name: B256,
    /// Who asked.
    pub agent: Option<String>,
    /// When.
    pub at: Time,
    /// Until when it may be approved.
    pub expires: Time,
    /// What is asked for.
    pub request: OwnedRequest,
    /// What was decided, as JSON.
    pub decision: Arc<str>,
    /// Who has approved so far.
    pub approved_by: Vec<Address>,
}

/// Why a gate cannot be set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GateError {
    /// The policy cannot be loaded.
    Policy(LoadError),
    /// The log cannot be written.
    Log(LogError),
    /// Another policy needs the owner's signature.
    NotTheOwner {
        /// Who that is.
        owner: Address,
    },
    /// The key is not the one that the policy was bound to.
    WrongSigner {
        /// Bound.
        expected: Address,
        /// The key's.
        found: Address,
    },
    /// Another edition of the policy is for another wallet than this one's.
    OtherWallet {
        /// Whose history it is.
        wallet: Address,
    },
    /// The ledger counts for another policy.
    OtherLedger,
}

/// Why nothing was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GateSignError {
    /// The reservation is not (or no longer) the ledger's: its slot is settled, the policy was replaced, or the ledger is locked.
    NotReserved,
    /// Signing failed. The reservation stands: whether a signature exists is not known.
    Sign(SignError),
    /// The log cannot be written, so that the signature does not leave. The reservation stands.
    Log(LogError),
}

impl fmt::Display for GateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GateError::Policy(e) => e.fmt(f),
            GateError::Log(e) => e.fmt(f),
            GateError::NotTheOwner { owner } => {
                write!(
                    f,
                    "another policy must be signed by the owner, {owner}, over this binding and edition"
                )
            }
            GateError::WrongSigner { expected, found } => {
                write!(f, "the policy was bound to the key of {expected}; this one is {found}'s")
            }
            GateError::OtherWallet { wallet } => {
                write!(f, "the history is that of the wallet {wallet}; begin another for another wallet")
            }
            GateError::OtherLedger => {
                f.write_str("the ledger counts for another policy; take the policy over with `edit` first")
            }
        }
    }
}

impl fmt::Display for GateSignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GateSignError::NotReserved => f.write_str("the ledger holds no open reservation of these bytes"),
            GateSignError::Sign(e) => e.fmt(f),
            GateSignError::Log(e) => e.fmt(f),
        }
    }
}

impl std::error::Error for GateError {}
impl std::error::Error for GateSignError {}

impl Reserved {
    /// What was decided.
    pub fn decision(&self) -> &Decision {
        &self.decision
    }

    /// The bytes that were judged and will be signed.
    pub fn payload(&self) -> &[u8] {
        self.unsigned.payload()
    }
}

impl Pending {
    /// What was decided.
    pub fn decision(&self) -> &Decision {
        &self.decision
    }

    /// Who must agree.
    pub fn asking(&self) -> &Asking {
        &self.asking
    }

    /// What is asked for.
    pub fn request(&self) -> &OwnedRequest {
        &self.request
    }

    /// Its name: what an approval is bound to.
    pub fn name(&self) -> B256 {
        self.name
    }
}
