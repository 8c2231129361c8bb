//! A shop that a wallet pays: what tests and benches of a gate ask it for again and again.

use agentpol_compiler::{NoFiles, SourceFile, compile, lower::lower};
use agentpol_ethereum::{Draft, Fee, OwnedRequest};
use agentpol_model::{Address, ChainId, Time, U256};
use agentpol_runtime::Binding;
use alloy::signers::local::PrivateKeySigner;
use alloy_primitives::{address, hex, keccak256};

/// Where it is.
pub const CHAIN: ChainId = 1;
/// 2026-11-23T10:00:00Z
pub const START: Time = 1_795_428_000;

const USDC: Address = address!("0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48");
const SHOP: Address = address!("0x1f9840a85d5aF5bf1D1762F925BDADdC4201F984");

/// The wallet's key: everybody has it.
pub fn key() -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&keccak256("agentpol shop")).unwrap_or_else(|e| panic!("{e}"))
}

/// The wallet is the key's own account.
pub fn binding() -> Binding {
    let wallet = key().address();
    Binding { wallet, signer: wallet, params: Default::default() }
}

/// The module of a policy that pays up to 20 USDC at once, under these budgets and this cap on fees.
pub fn module(budgets: &str) -> Vec<u8> {
    let policy = format!(
        "policy shop on ethereum\n\nuse std::tokens::{{USDC}}\n\nfees at most 0.01 ETH\n{budgets}\n\n\
         allow pay: USDC.transfer(to, amount) {{\n    when to == {SHOP} and amount <= 20 USDC\n}}\n"
    );
    let compiled = compile(SourceFile::new("shop", policy), &NoFiles);
    let rules = compiled.ruleset.unwrap_or_else(|| panic!("{:?}", compiled.diagnostics));
    agentpol_bytecode::encode(&lower(&rules).unwrap_or_else(|e| panic!("{e:?}")))
}

/// A payment of its own amount for each number, its nonce left open.
pub fn payment(n: u64) -> OwnedRequest {
    let amount = U256::from(1_000_000 + n * 7_919 % 19_000_000);
    let data = [&hex!("a9059cbb")[..], SHOP.into_word().as_slice(), &amount.to_be_bytes::<32>()].concat();
    let draft = Draft {
        chain: CHAIN,
        nonce: None,
        gas_limit: Some(100_000),
        fee: Fee::Dynamic { max_fee_per_gas: Some(10u128.pow(9)), max_priority_fee_per_gas: Some(1) },
        to: Some(USDC),
        value: U256::ZERO,
        data,
        access_list: Vec::new(),
    };
    OwnedRequest::new(draft, None).unwrap_or_else(|e| panic!("{e}"))
}
