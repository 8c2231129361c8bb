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
    "aave_v2"
    "aave_v3"
    "chains"
    "circle"
    "compound_v2"
    "compound_v3"
    "cow"
    "delegation_manager"
    "erc4337"
    "erc7579"
    "lido"
    "multicall3"
    "nfts"
    "permit2"
    "rocket_pool"
    "safe"
    "tokens"
    "uniswap_v2"
    "uniswap_v3"
    "uniswap_v4"
    "universal_router"
}

/// The text of the module `std::NAME`, given `NAME`; `None` if there is none.
pub fn module(name: &str) -> Option<&'static str> {
    MODULES.iter().find(|(module, _)| *module == name).map(|(_, text)| *text)
}
