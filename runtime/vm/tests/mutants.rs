//! Whatever the verifier accepts runs, and within the steps that it announces: every kind of action, and wrappers.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod account;

use account::*;
use agentpol_bytecode::{decode, encode};
use agentpol_model::{
    Address,
    request::{Action, Kind},
};
use agentpol_verifier::verify;
use agentpol_vm::{Binding, Policy, Scratch};
use std::collections::BTreeMap;

/// With how many actions there are, wrappers and what is inside them.
fn actions(datas: &[Vec<u8>]) -> Vec<(Action<'_>, u64)> {
    let [calls, commands, records, aggregated, permit, pay, supply, swap] = datas else { panic!("eight") };
    let safe = |action| Action { from: SAFE, ..action };
    vec![
        (call(HUB, calls), 3),
        (call(HUB, commands), 3),
        (call(HUB, records), 3),
        (action(Kind::Delegatecall, HUB, records), 3),
        (with_value(5, call(HUB, aggregated)), 2),
        (safe(with_value(5, call(HUB, aggregated))), 2),
        (action(Kind::Sign, USDC, permit), 1),
        (call(USDC, pay), 1),
        (safe(call(HUB, supply)), 1),
        (command("V3_SWAP_EXACT_IN", swap), 1),
        (action(Kind::Deploy, Address::ZERO, supply), 1),
        (action(Kind::Message, Address::ZERO, supply), 1),
        (action(Kind::Authorize, KEEPER, swap), 1),
        (with_value(3, action(Kind::Send, FRIEND, &[])), 1),
    ]
}

#[test]
fn mutants_run_within_their_cost() {
    let bytes = encode(&module());
    let swap = swap(WALLET, 7);
    let datas = [
        multicall(&[poke(), data("setApprovalForAll", &[a(KEEPER), bool(true)])]),
        execute(&[(0, swap.clone()), (0x21, args("EXECUTE_SUB_PLAN", &[bytes_value(&[]), list([])]))]),
        multi_send(&[(0, HUB, 0, poke()), (1, HUB, 0, poke())]),
        aggregate(&[(HUB, true, 0, poke())]),
        permit(HUB, 5, 6, 7),
        transfer(FRIEND, 9),
        data("supply", &[u(12)]),
        swap,
    ];
    let actions = actions(&datas);
    let binding = Binding { wallet: WALLET, signer: WALLET, params: BTreeMap::new() };
    let mut accepted = 0;
    for at in 0..bytes.len() - 32 {
        let change = [1u8, 2, 0x80][at % 3];
        let mut mutant = bytes[..bytes.len() - 32].to_vec();
        mutant[at] ^= change;
        let hash = blake3::hash(&mutant);
        mutant.extend_from_slice(hash.as_bytes());
        let Ok(Ok(verified)) = decode(&mutant).map(verify) else { continue };
        let Ok(policy) = Policy::bind(verified, &binding) else { continue };
        accepted += 1;
        let mut scratch = Scratch::new(&policy);
        for (action, count) in &actions {
            let actions = [*action];
            let _ = policy.decide(&request(&actions), &mut scratch);
            assert!(scratch.steps() <= policy.max_steps() * count, "byte {at} ^ {change}: {action:?}");
            let _ = policy.explain(&request(&actions));
        }
    }
    assert!(accepted > 200, "only {accepted} mutants were accepted");
}

fn bytes_value(content: &[u8]) -> agentpol_abi::Value {
    account::bytes(content)
}
