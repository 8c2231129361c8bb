//! The standard library: chains, tokens, interfaces and protocols, as policy text.
//!
//! A policy reaches a module as `std::NAME`. Modules use each other, also in circles (a chain names its native token, a token the
//! chains it stands on), so an importer loads a module once and looks names up afterwards.

macro_rules! modules {
    ($($name:literal)*) => {
        /// Every module, sorted by name: `tokens` of `std::tokens`, and its text.
        pub const MODULES: &[(&str, &str)] = &[$(($name, include_str!(concat!("../std/", $name, ".agentpol")))),*];
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

/// The text of the module `std::NAME`, given `NAME`; `None` if there is none.
pub fn module(name: &str) -> Option<&'static str> {
    MODULES.iter().find(|(module, _)| *module == name).map(|(_, text)| *text)
}
