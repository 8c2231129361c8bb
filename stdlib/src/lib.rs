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
    "across"
    "balancer"
    "chains"
    "circle"
    "compound_v2"
    "compound_v3"
    "convex"
    "cow"
    "curve"
    "delegation_manager"
    "erc4337"
    "erc7579"
    "gmx"
    "lido"
    "lifi"
    "morpho"
    "multicall3"
    "nfts"
    "one_inch"
    "paraswap"
    "permit2"
    "rocket_pool"
    "safe"
    "spark"
    "tokens"
    "uniswap_v2"
    "uniswap_v3"
    "uniswap_v4"
    "universal_router"
    "universal_router_v1"
}

/// The text of the module `std::NAME`, given `NAME`; `None` if there is none.
pub fn module(name: &str) -> Option<&'static str> {
    MODULES.iter().find(|(module, _)| *module == name).map(|(_, text)| *text)
}
