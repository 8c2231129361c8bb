//! What an embedder adds around the sandboxed evaluator.
//!
//! | module | holds |
//! | --- | --- |
//! | [`mod@load`] | a module's bytes to a policy that decides: decode, verify, bind |
//! | [`ceiling`] | the most that a host lets a policy lose |
//! | `decide` | rules, fee cap, ledger: one decision |
//! | [`left`] | what is left of each budget |
//! | `slot` | what a request excludes on chain, and until when |
//! | `asking` | who has to agree |
//! | [`decision`] | decisions as data, and their JSON |
//! | `reason` | decisions in words |
//! | [`session`] | a stream of requests, each allowed one landed and final at its own time |
//! | [`gate`] | decide, reserve, sign exactly the bytes that were judged |
//! | [`history`] | what a gate did and was told, as a log that outlives it |
//! | [`ledger`] | the ledger of caps: what is signed, what has landed, what may still be taken |

mod asking;
pub mod ceiling;
mod decide;
pub mod decision;
pub mod gate;
pub mod history;
pub mod ledger;
pub mod left;
pub mod load;
mod reason;
pub mod session;
mod slot;

pub use agentpol_vm::{BindError, Binding};
pub use ceiling::{Ceiling, Limit, TooMuch};
pub use decision::{Decision, Outcome};
pub use gate::{Answer, Gate};
pub use ledger::Ledger;
pub use left::{Amount, Left};
pub use load::{LoadError, Policy, load, load_within};
pub use reason::told::{Told, ToldAction, ToldArg, ToldCharge};
pub use session::{Nonces, Session};
