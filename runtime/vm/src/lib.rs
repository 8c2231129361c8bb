//! The interpreter: a verified module and a binding make a [`Policy`], which decides requests without allocating.
//!
//! | module | holds |
//! | --- | --- |
//! | [`bind`] | parameters: what is checked when a policy is loaded |
//! | `compile` | a verified module to code whose operands, places and jumps are all resolved |
//! | `dispatch` | (kind, chain, target, selector) to what is decided there |
//! | `enter` | an action to its callable and its arguments |
//! | `run` | one method per instruction |
//! | `decide` | the order of a decision |
//! | `special` | wrappers, typed data and what else few actions have |
//! | `effects` | what a granted action does, and what is refused of it |
//! | `inside` | an action inside others, by its number |
//! | [`explain`] | the rule that came closest, for a person |

pub mod bind;
pub mod explain;

mod compile;
mod decide;
mod dispatch;
mod effects;
mod enter;
mod inside;
mod policy;
mod program;
mod run;
mod sets;
mod special;

pub use bind::{BindError, Binding};
pub use decide::Scratch;
pub use explain::Nearest;
pub use policy::Policy;
