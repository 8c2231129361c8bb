//! Uniswap v4 settles at the end: what an action owes, a later one pays, and "whatever is owed" names no amount. The standard library
//! counts what the wallet pays where the debt is made. Here programs of actions run against a pool manager that is out to get the
//! wallet, written down from what the contracts publish of themselves: never does the wallet pay more of a token than was counted.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod program;
mod write;

use agentpol_model::{
    Address, U256,
    decision::{DenyCode, Granted},
    effect::EffectKind,
};
use agentpol_tests::{generator::Rng, nested::OPEN};
use program::Program;
use write::{USDC, WETH};

/// What is counted of a token.
fn counted(granted: &Granted, token: Address) -> U256 {
    let (rules, ..) = &*OPEN;
    let token = rules.token_at(1, token).unwrap();
    let effects = granted.actions.iter().flat_map(|action| &action.effects);
    let pulls = effects.filter(|e| matches!(e.kind, EffectKind::Pull { .. }) && e.token == token);
    pulls.fold(U256::ZERO, |sum, e| sum.saturating_add(e.amount))
}

#[test]
fn the_wallet_never_pays_more_than_is_counted() {
    let rng = &mut Rng::new(21);
    let (mut paying, mut refused, mut tight) = (0, 0, 0);
    for n in 0..8_000 {
        let program = Program::new(rng);
        let said = program.judged();
        if program.unbounded {
            let code = said.map_err(|denied| denied.code).unwrap_err();
            assert!(matches!(code, DenyCode::Requirement | DenyCode::Unlimited), "program {n}: {code}");
            refused += 1;
            continue;
        }
        let granted = said.unwrap_or_else(|denied| panic!("program {n} is denied: {denied:?}"));
        if program.reverted || program.delta.values().any(|delta| *delta != 0) {
            continue;
        }
        for token in [USDC, WETH] {
            let paid = U256::from(program.paid.get(&token).copied().unwrap_or_default());
            let counted = counted(&granted, token);
            assert!(
                paid <= counted,
                "program {n} pays {paid} of {token}, counted {counted}: {:02x?}",
                program.opcodes
            );
            paying += usize::from(!paid.is_zero());
            tight += usize::from(!paid.is_zero() && paid == counted);
        }
    }
    println!("{paying} payments, {tight} of them to the last unit of what was counted; {refused} refused");
    assert!(paying > 1_000 && tight > 100 && refused > 100);
}
