//! The attacker's side: requests that must not be signed, written by hand ([`table`]), made from those that may
//! ([`mutation`]), and sent by others ([`corpora`]), against the shipped policies, on the whole way from JSON text to the key.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that cannot go on has failed"
)]

mod ask;
mod canonical;
mod class;
mod corpora;
mod doc;
mod mutation;
mod table;
mod world;
mod wrap;
