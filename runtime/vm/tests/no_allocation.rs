//! Deciding allocates nothing, whatever comes of it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod account;
mod common;

use agentpol_model::request::{Action, Kind};
use agentpol_vm::Scratch;
use common::*;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;

#[global_allocator]
static COUNTING: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

// One test, alone in its program: the counters are everybody's.
#[test]
fn deciding_allocates_nothing() {
    let policy = policy();
    let mut scratch = Scratch::new(&policy);
    let (small, big, far) = (transfer(FRIEND, 1), transfer(FRIEND, 300_000_000), transfer(STRANGER, 1));
    let many = pay_all(&[1, 2], 5, &[0xab, 0, 0, 0]);
    let mut dirty = small.clone();
    dirty.push(0);
    let batches: [&[Action<'_>]; 5] = [
        &[call(USDC, &small), call(USDC, &big), call(PAYER, &many)],
        &[call(USDC, &far)],
        &[call(USDC, &dirty)],
        &[call(STRANGER, &small)],
        &[call(USDC, &small), call(USDC, &small), call(PAYER, &small)],
    ];
    let run =
        |scratch: &mut Scratch| batches.map(|actions| policy.decide(&request(actions), scratch).is_ok());
    let first = run(&mut scratch);
    let region = Region::new(COUNTING);
    for _ in 0..100 {
        assert_eq!(run(&mut scratch), first);
    }
    let change = region.change();
    assert_eq!((change.allocations, change.reallocations), (0, 0));
    wrappers_allocate_nothing();
}

/// Neither does what is inside others, nor a signature.
fn wrappers_allocate_nothing() {
    let policy = account::policy();
    let mut scratch = Scratch::new(policy);
    let poke = account::poke();
    let commands = account::execute(&[(0, account::swap(account::WALLET, 1)), (0, vec![1])]);
    let calls = account::multicall(&[poke.clone(), account::multicall(core::slice::from_ref(&poke))]);
    let records = account::multi_send(&[(1, account::HUB, 0, poke.clone())]);
    let safe = account::exec_transaction(account::HUB, 0, &records, 1);
    let permit = account::permit(account::HUB, 7, 3, 99);
    let all = [
        account::call(account::HUB, &calls),
        account::call(account::HUB, &commands),
        account::call(account::SAFE, &safe),
        account::action(Kind::Sign, account::USDC, &permit),
    ];
    let run = |scratch: &mut Scratch| {
        all.map(|action| policy.decide(&account::request(&[action]), scratch).is_ok())
    };
    let first = run(&mut scratch);
    assert_eq!(first, [true, false, true, true]);
    let region = Region::new(COUNTING);
    for _ in 0..100 {
        assert_eq!(run(&mut scratch), first);
    }
    let change = region.change();
    assert_eq!((change.allocations, change.reallocations), (0, 0));
}
