//! A gate that is killed, again and again, while eight clients ask it for money; and what must hold of it then.
//!
//! A child process ([`client`]) opens a history in a folder and lets threads ask for payments under names that come again after a
//! kill. It says on its standard output what it was given, after it was given it. The parent ([`run`]) kills it at a random
//! moment, opens the folder itself, and holds what left the child against what is there.

pub mod client;
mod parent;

pub use parent::{Tally, run};

use agentpol_compiler::{Loader, SourceFile, compile, lower::lower};
use agentpol_model::{Address, U256};
use agentpol_runtime::{Binding, ledger::LineName};
use alloy::signers::local::PrivateKeySigner;
use alloy_primitives::keccak256;

/// Clients at once.
pub const CLIENTS: usize = 8;

/// Payments that have a name, of which a client takes the next one or any of those before it.
pub const NAMES: u64 = 600;

/// The cap, in units of USDC.
const CAP: u64 = 2_000;

const POLICY: &str = "policy shop on ethereum

use std::tokens::{USDC}

budget daily: 2_000 USDC per 24h
budget gas: 1 ETH of fees per 24h
fees at most 0.01 ETH

allow pay: USDC.transfer(to, amount) {
    when to == 0x1f9840a85d5aF5bf1D1762F925BDADdC4201F984 and amount <= 20 USDC
}
";

/// The wallet's key: everybody has it.
pub(crate) fn key() -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&keccak256("agentpol crash")).unwrap_or_else(|e| panic!("{e}"))
}

pub(crate) fn cap() -> U256 {
    U256::from(CAP) * U256::from(1_000_000)
}

pub(crate) fn daily() -> LineName {
    LineName::new("daily", 0)
}

struct Nothing;

impl Loader for Nothing {
    fn read(&self, path: &str) -> Result<String, String> {
        Err(format!("there is no {path}"))
    }
}

pub(crate) fn module() -> Vec<u8> {
    let compiled = compile(SourceFile::new("shop", POLICY.to_owned()), &Nothing);
    let rules = compiled.ruleset.unwrap_or_else(|| panic!("{:?}", compiled.diagnostics));
    agentpol_bytecode::encode(&lower(&rules).unwrap_or_else(|e| panic!("{e:?}")))
}

pub(crate) fn binding() -> Binding {
    let wallet: Address = key().address();
    Binding { wallet, signer: wallet, params: Default::default() }
}
