//! Deciding allocates nothing, whatever comes of it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod common;

use agentpol_model::request::Action;
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
}
