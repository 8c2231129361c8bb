//! What a number is a number of.

use super::{ContractIx, UnitIx};
use agentpol_analysis::ruleset::Scalar;

/// What a number counts. Amounts are in base units of their token, or in whole units of a par.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// A plain number.
    Plain,
    /// Seconds.
    Duration,
    /// Seconds since 1970.
    Time,
    /// Base units of a token.
    Token(ContractIx),
    /// Of a declared `unit`, whole ones.
    Par(UnitIx),
    /// Base units of whichever token stands at this address.
    Of(Scalar),
}

impl Unit {
    /// Is it money?
    pub(crate) fn is_amount(&self) -> bool {
        matches!(self, Unit::Token(_) | Unit::Par(_) | Unit::Of(_))
    }
}
