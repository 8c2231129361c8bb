//! The rule normal form, the reference evaluator that says what it means, and what is proved about it.

pub mod claims;
pub mod diff;
pub mod extend;
pub mod findings;
pub mod integer;
pub mod loss;
mod renumber;
pub mod ruleset;
pub mod show;
mod solve;
pub mod window;
pub mod witness;
pub mod words;
