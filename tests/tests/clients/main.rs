//! Real wallet clients (viem, ethers, web3.py), unchanged, in front of a real chain: against the chain's own node, which shows that the scripts
//! do what they say, and against `agentpol serve`, which has to look the same to them but for what the policy refuses.
//! See tests/clients/README.md for how they are installed; without them this is skipped.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test"
)]

mod browser;
mod chain;
mod desk;
mod gateway;
mod household;
mod node;
mod page;
mod script;
mod through;
mod tools;

use chain::Chain;
use gateway::{Access, Gateway};
use script::Client;
use tools::Tools;

/// What is needed, or nothing, which is said.
fn tools() -> Option<Tools> {
    match Tools::find() {
        Ok(tools) => Some(tools),
        Err(missing) => {
            assert!(!tools::required(), "AGENTPOL_CLIENTS is set, and {missing}");
            println!("skipped: {missing}");
            None
        }
    }
}

/// Against the development chain's own node, which refuses nothing and has a key for every account.
fn by_the_node(client: Client) {
    let Some(tools) = tools() else { return };
    let chain = Chain::start(&tools);
    let steps = client.run(&tools, &chain.url(), None);
    node::check(client, &chain, &steps);
}

/// Against `agentpol serve`, which has the only key of a wallet that the node does not know.
fn by_the_gateway(client: Client, access: Access) {
    let Some(tools) = tools() else { return };
    let chain = Chain::start(&tools);
    let gateway = Gateway::start(&tools, &chain, access);
    chain.fund(gateway.wallet());
    let steps = client.run(&tools, &gateway.url(), gateway.token());
    through::check(client, &chain, &gateway, &steps);
}

#[test]
fn viem_by_the_node() {
    by_the_node(Client::Viem);
}

#[test]
fn ethers_by_the_node() {
    by_the_node(Client::Ethers);
}

#[test]
fn web3py_by_the_node() {
    by_the_node(Client::Web3py);
}

#[test]
fn viem_by_the_gateway() {
    by_the_gateway(Client::Viem, Access::Token);
}

#[test]
fn ethers_by_the_gateway() {
    by_the_gateway(Client::Ethers, Access::Token);
}

#[test]
fn web3py_by_the_gateway() {
    by_the_gateway(Client::Web3py, Access::Token);
}

#[test]
fn web3py_by_the_gateway_without_a_token() {
    by_the_gateway(Client::Web3py, Access::Anybody);
}

/// Whether or not there is anything that serves it.
#[test]
fn the_policies_are_in_order() {
    let Some(tools) = tools() else { return };
    gateway::compile_policies(&tools);
}

/// What `agentpol keys` writes is what other tools read, and the other way round.
#[test]
fn keystores_are_exchanged_with_ethers_and_eth_account() {
    let Some(tools) = tools() else { return };
    gateway::exchange_keystores(&tools);
}
