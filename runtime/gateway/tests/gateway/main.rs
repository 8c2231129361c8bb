//! The gateway, by what goes in and what comes out: over a node that is played, over real sockets, and before a real node where
//! one is there.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    reason = "a test"
)]

mod anvil;
mod chain;
mod config;
mod door;
mod follow;
mod judged;
mod methods;
mod owner;
mod rpc;
mod sockets;
mod upstream;
mod world;
