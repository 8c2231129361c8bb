//! The ledger against the executable reference of budgets, and against brute force.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod authority;
mod corners;
mod history;
mod parts;
mod property;
mod reference;
mod requests;
mod world;
