//! The interpreter: a verified module and a binding make a [`Policy`], which decides requests without allocating.
//!
//! | module | holds |
//! | --- | --- |
//! | [`bind`] | parameters: what is checked when a policy is loaded |
//! | `compile` | a verified module to code whose operands, places and jumps are all resolved |
//! | `dispatch` | (chain, target, selector) to what is decided there |
//! | `run` | one method per instruction |
//! | `decide` | the order of a decision |
//! | `effects` | what a granted action does, and what is refused of it |
//! | [`explain`] | the rule that came closest, for a person |

pub mod bind;
pub mod explain;

mod compile;
mod decide;
mod dispatch;
mod effects;
mod policy;
mod program;
mod run;
mod sets;

pub use bind::{BindError, Binding};
pub use decide::Scratch;
pub use explain::Nearest;
pub use policy::Policy;
