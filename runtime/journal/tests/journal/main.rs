//! The journal on a simulated disk that loses power, errs and rots, and on real files.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    reason = "a test"
)]

mod crashes;
mod damage;
mod faults;
mod files;
mod format;
mod limits;
mod random;
mod simulated;
mod workload;
