//! The standard library: chains, tokens, interfaces and protocols, as policy text.
//!
//! A policy reaches a module as `std::NAME`. Modules use each other, also in circles (a chain names its native token, a token the
//! chains it stands on), so an importer loads a module once and looks names up afterwards.

/// A module: its name below `std`, and its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Module {
    /// `tokens` of `std::tokens`.
    pub name: &'static str,
    /// The policy text.
    pub text: &'static str,
}

macro_rules! modules {
    ($($name:literal)*) => {
        /// Every module, sorted by name.
        pub const MODULES: &[Module] = &[$(Module { name: $name, text: include_str!(concat!("../std/", $name, ".agentpol")) }),*];
    };
}

modules! {
    "aave_v3"
    "chains"
    "lido"
    "nfts"
    "tokens"
    "uniswap_v2"
    "uniswap_v3"
}

/// The text of the module `std::NAME`; `None` if there is none. A path is written as in a policy (`std::tokens`) or from below `std`.
pub fn module(path: &str) -> Option<&'static str> {
    let name = path.strip_prefix("std::").unwrap_or(path);
    MODULES.iter().find(|module| module.name == name).map(|module| module.text)
}
