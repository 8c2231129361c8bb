//! The rule normal form, the reference evaluator that says what it means, and what is proved about it.

pub mod ruleset;
pub mod window;
pub mod words;
