//! The rule that came closest.

use agentpol_model::ids::RuleId;

/// What a denied request would have needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nearest {
    /// The rule that came closest.
    pub rule: RuleId,
    /// The clause that failed, as it is written.
    pub clause: String,
    /// What it saw.
    pub saw: String,
    /// What would have passed.
    pub would_pass: String,
}
