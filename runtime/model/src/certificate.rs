//! What was proved about a policy when it was compiled, for whoever loads it. Nothing is decided by it: it is the word of whoever made
//! the module, and it stands under the module's hash.

use crate::{U256, ids::TokenId};

/// The most that can be lost, and what the policy's owner knows of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certificate {
    /// Sorted, one for each token, flow and span, with and without approvals. A token that does not stand here never leaves.
    pub bounds: Vec<Bound>,
    /// Findings that the policy accepts: the code of each, and the reason.
    pub accepted: Vec<(String, String)>,
}

/// The most of a token that leaves or is put into others' hands, on all chains together, for the worst values of the parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bound {
    /// Which token.
    pub token: TokenId,
    /// As what.
    pub flow: Flow,
    /// Whatever is asked for is approved; otherwise nothing is.
    pub with_approvals: bool,
    /// In what stretch of time.
    pub span: Span,
    /// In base units. `None`: nothing is known to bound it.
    pub most: Option<U256>,
    /// Requests were found that take all of it.
    pub exact: bool,
}

/// As what a token leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flow {
    /// Moved, pulled or promised.
    Outflow,
    /// Paid for transactions.
    Fees,
}

/// A stretch of time, wherever it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Span {
    /// One transaction.
    Transaction,
    /// So many seconds.
    Seconds(u64),
    /// For ever.
    Ever,
}
