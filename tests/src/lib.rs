//! Everything that holds agentpol to its word. This library is what the tests stand on; the tests are in `tests/`.
//!
//! | module | holds |
//! | --- | --- |
//! | [`chapters`] | the chapters of the reference, which are tests as well |
//! | [`generator`] | random policies, and requests aimed at their boundaries |
//! | [`crash`] | a gate that is killed while clients ask it |
//! | [`differential`] | the reference beside the interpreter |
//! | [`mutants`] | modules that nobody compiled |
//! | [`nested`] | actions inside actions, and both evaluators on them |
//! | [`oracle`] | who tries to show that the analysis lies |
//! | [`doors`] | where untrusted bytes come in: the fuzz targets |
//! | [`shop`] | what a gate is asked for again and again |
//! | [`vendors`] | policies as vendors publish them |
//! | [`workload`] | what the benches measure |

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unreachable,
    reason = "test support: what goes wrong here is a test that fails"
)]

pub mod chapters;
pub mod crash;
pub mod differential;
pub mod doors;
pub mod generator;
pub mod mutants;
pub mod nested;
pub mod oracle;
pub mod shop;
pub mod vendors;
pub mod workload;
