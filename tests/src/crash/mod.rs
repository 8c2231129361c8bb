//! A gate that is killed, again and again, while eight clients ask it for money; and what must hold of it then.
//!
//! A child process ([`client`]) opens a history in a folder and lets threads ask for payments under names that come again after a
//! kill. It says on its standard output what it was given, after it was given it. The parent ([`run`]) kills it at a random
//! moment, opens the folder itself, and holds what left the child against what is there.

pub mod client;
mod parent;

pub use parent::{Tally, run};

use agentpol_model::U256;
use agentpol_runtime::ledger::LineName;

/// Clients at once.
pub const CLIENTS: usize = 8;

/// Payments that have a name, of which a client takes the next one or any of those before it.
pub const NAMES: u64 = 600;

/// The cap, in units of USDC.
const CAP: u64 = 2_000;

const BUDGETS: &str = "budget daily: 2_000 USDC per 24h\nbudget gas: 1 ETH of fees per 24h";

pub(crate) fn cap() -> U256 {
    U256::from(CAP) * U256::from(1_000_000)
}

pub(crate) fn daily() -> LineName {
    LineName::new("daily", 0)
}
