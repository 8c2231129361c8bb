//! Caps as a policy declares them. Each *line* of a `budget` is a cap of its own. What they mean is in the ledger
//! (`agentpol_runtime::ledger`).

use crate::{
    U256,
    ids::{BudgetId, ParamId, RuleId, TokenId},
    words::Span,
};
use core::fmt;

/// One line of a budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// As declared.
    pub name: String,
    /// Which line of that declaration, from 0.
    pub line: u8,
    /// The name its history stands under, if it was renamed.
    pub renamed_from: Option<String>,
    /// The most that fits in one window.
    pub cap: Cap,
    /// The window.
    pub window: Window,
    /// What counts.
    pub measure: Measure,
    /// `for a, b`: only these rules; `None` is every rule.
    pub rules: Option<Vec<RuleId>>,
}

/// A cap: known when compiled, or bound at load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cap {
    /// In the measure's common denominator.
    Fixed(U256),
    /// A parameter in base units of its token, times the token's weight.
    Param(ParamId, U256),
}

/// The stretch of time a cap speaks of. Windows are half-open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Window {
    /// Each envelope by itself.
    PerTransaction,
    /// `per 24h`: every (t − seconds, t].
    Sliding {
        /// Its length.
        seconds: u64,
    },
    /// `per day`: from one boundary to the next, UTC.
    Calendar(Period),
    /// `total`: for ever.
    Total,
}

/// Calendar periods, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Period {
    /// From midnight.
    Day = 0,
    /// From Monday's midnight (ISO 8601).
    Week = 1,
    /// From the first's midnight.
    Month = 2,
}

/// As a policy says it: `per 24h`, `per day`, `total`.
impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Window::PerTransaction => f.write_str("per transaction"),
            Window::Sliding { seconds } => write!(f, "per {}", Span(*seconds)),
            Window::Calendar(Period::Day) => f.write_str("per day"),
            Window::Calendar(Period::Week) => f.write_str("per week"),
            Window::Calendar(Period::Month) => f.write_str("per month"),
            Window::Total => f.write_str("total"),
        }
    }
}

/// What a line counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Everything of these tokens that may leave: each base unit counts its weight (`unit` declarations put tokens of
    /// different decimals over one denominator, so nothing is rounded).
    Gross(Vec<(TokenId, U256)>),
    /// Fees paid in this native token.
    Fees(TokenId),
    /// Actions.
    Calls,
}

/// A rise of one budget's use by one decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charge {
    /// Which line.
    pub budget: BudgetId,
    /// By how much, in the measure's denominator.
    pub amount: U256,
    /// What is left under the cap afterwards.
    pub remaining: U256,
}
