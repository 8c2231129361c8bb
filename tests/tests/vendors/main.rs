//! Policies of vendors, as they publish them: written in the language, compiled, analysed, and every witness replayed. The corpora are not
//! part of the project; without them it is skipped.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

mod found;
mod roles;
