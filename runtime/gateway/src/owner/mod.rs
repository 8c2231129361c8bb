//! What a wallet's owner and approvers ask for, by methods of their own: what waits and what is left, stop and go on, take authority
//! back, adopt, another edition of the policy. Agents cannot: these methods are answered on a unix socket that only whoever runs the
//! gate can open, and nowhere else. An approval needs its approver's signature there too. (A [page](crate::page) passes on what is
//! asked of it: to look, to approve and to reject.)
//!
//! What needs no key is answered from a [`Gate`](agentpol_runtime::Gate) alone ([`answer`]), so that it also works while nothing is being served.
//!
//! | module | holds |
//! | --- | --- |
//! | [`answers`] | what is answered, and what is given |
//! | `books` | what needs no key |
//! | `door` | the socket's side |
//! | `signing` | approvals and revocations, to signatures that leave |
//! | [`client`] | the other end of the socket |

pub mod answers;
mod books;
pub mod client;
mod door;
mod signing;

pub use books::answer;
pub(crate) use books::left;
pub use door::router;

/// A method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    /// It needs no key.
    Keeps(Keeps),
    /// It leads to signatures.
    Signs(Signs),
}

/// What needs no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeps {
    /// Which policy, for whom, and whether it signs at all.
    Status,
    /// What is left of each budget.
    Left,
    /// What waits for approval.
    Waiting,
    /// Those who were asked said no.
    Reject,
    /// Sign nothing more.
    Freeze,
    /// Go on signing.
    Thaw,
    /// Who can take what.
    Authority,
    /// An allowance that stood before.
    Inventory,
    /// The owner's own spending.
    Adopt,
    /// What the owner signs to put another policy in this one's place.
    Consent,
    /// Put it there.
    Bind,
}

/// What leads to signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signs {
    /// Somebody agrees.
    Approve,
    /// Authority is taken back.
    Revoke,
}

/// By name.
const METHODS: &[(&str, Does)] = &[
    ("agentpol_status", Does::Keeps(Keeps::Status)),
    ("agentpol_left", Does::Keeps(Keeps::Left)),
    ("agentpol_waiting", Does::Keeps(Keeps::Waiting)),
    ("agentpol_approve", Does::Signs(Signs::Approve)),
    ("agentpol_reject", Does::Keeps(Keeps::Reject)),
    ("agentpol_freeze", Does::Keeps(Keeps::Freeze)),
    ("agentpol_thaw", Does::Keeps(Keeps::Thaw)),
    ("agentpol_authority", Does::Keeps(Keeps::Authority)),
    ("agentpol_revoke", Does::Signs(Signs::Revoke)),
    ("agentpol_inventory", Does::Keeps(Keeps::Inventory)),
    ("agentpol_adopt", Does::Keeps(Keeps::Adopt)),
    ("agentpol_consent", Does::Keeps(Keeps::Consent)),
    ("agentpol_bind", Does::Keeps(Keeps::Bind)),
];

/// What a method does.
pub fn find(method: &str) -> Option<Does> {
    METHODS.iter().find(|(name, _)| *name == method).map(|(_, does)| *does)
}
