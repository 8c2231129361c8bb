//! The engine as an embedder uses it: load, decide, play through, sign.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod account;
mod decide;
mod gate;
mod gate_statements;
mod history;
mod load;
mod paper;
mod policy;
mod reasons;
mod revoking;
mod session;
mod signatures;
