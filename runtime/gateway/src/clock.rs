//! The only place that reads the wall clock. Decisions take the time as a value.

use agentpol_model::Time;
use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970. A clock before that reads as 0: the ledger's own clock never goes back.
#[expect(
    clippy::disallowed_methods,
    reason = "somebody has to read the clock; everything below takes the time as a value"
)]
pub fn now() -> Time {
    SystemTime::now().duration_since(UNIX_EPOCH).map(|since| since.as_secs()).unwrap_or_default()
}
