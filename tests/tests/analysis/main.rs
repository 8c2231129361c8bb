//! The analysis is held to its word. The long runs are `cargo run --release -p agentpol-tests --bin oracle`; here is as much of each as a
//! debug build does while one waits.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod calendar;
mod changes;
mod family;
mod hard;
mod hollow;
mod loss;
mod proofs;
mod small;
mod z3;
