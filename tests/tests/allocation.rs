//! Deciding allocates nothing, once what the caller keeps has grown.

#![allow(clippy::unwrap_used, reason = "a test")]

use agentpol_model::request::{Action, Request};
use agentpol_tests::workload;
use agentpol_vm::Scratch;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;

#[global_allocator]
static COUNTING: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

// One test, alone in its program: the counters are everybody's.
#[test]
fn deciding_allocates_nothing() {
    let limits = workload::limits(1_000);
    let policy = workload::policy(&workload::rule_set(&limits));
    let owned = workload::requests(&limits, 1_000);
    let actions: Vec<[Action<'_>; 1]> = owned
        .iter()
        .map(|request| {
            let a = &request.actions[0];
            [Action { command: [0; 4], kind: a.kind, from: a.from, to: a.to, value: a.value, data: &a.data }]
        })
        .collect();
    let request = |n: usize| Request {
        chain: owned[n].chain,
        wallet: owned[n].wallet,
        signer: owned[n].signer,
        agent: None,
        now: owned[n].now,
        envelope: owned[n].envelope,
        actions: &actions[n],
    };
    let mut scratch = Scratch::new(&policy);
    let first_granted = (0..owned.len()).find(|n| policy.decide(&request(*n), &mut scratch).is_ok());
    assert!(first_granted.is_some(), "what is kept has grown");

    let region = Region::new(COUNTING);
    let granted = (0..owned.len()).filter(|n| policy.decide(&request(*n), &mut scratch).is_ok()).count();
    let change = region.change();

    assert!(granted > 500, "{granted}");
    assert_eq!((change.allocations, change.reallocations), (0, 0), "{change:?}");
}
