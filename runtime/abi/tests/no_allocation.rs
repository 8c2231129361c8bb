//! Checking arguments and reading words out of them allocates nothing, whatever the arguments are.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use agentpol_abi::{Layout, Step, Value, WordType, encode, signature::parse_members};
use alloy_primitives::U256;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;

#[global_allocator]
static COUNTING: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The least of several runs: the thread that waits for the test may allocate in one of them.
fn allocations(mut run: impl FnMut()) -> usize {
    let once = |_| {
        let region = Region::new(COUNTING);
        run();
        let change = region.change();
        change.allocations + change.reallocations
    };
    (0..5).map(once).min().unwrap()
}

// One test, alone in its program: the counters are everybody's.
#[test]
fn reading_in_place_allocates_nothing() {
    let inputs =
        parse_members("((address to, bytes data, uint256[] parts)[] calls, string memo, int8 level)")
            .unwrap();
    let number = |n: u64| Value::Word(U256::from(n), WordType::Uint(256));
    let call = |n: u64| {
        let to = Value::Word(U256::from(n), WordType::Address);
        Value::Tuple(vec![to, Value::Bytes(vec![7; 40]), Value::Array((0..n).map(number).collect())])
    };
    let level = Value::Word(U256::from(3), WordType::Int(8));
    let values = [Value::Array((0..50).map(call).collect()), Value::String("rent, November".into()), level];
    let args = encode(&inputs, &values).unwrap();
    let layout = Layout::new(&inputs).unwrap();
    let part =
        layout.locate(&[Step::Member(0), Step::Element(0), Step::Member(2), Step::Element(1)]).unwrap();
    let data = layout.locate(&[Step::Member(0), Step::Element(0), Step::Member(1)]).unwrap();

    let good = allocations(|| {
        let checked = layout.check(&args).unwrap();
        for i in 0..50 {
            assert_eq!(data.bytes(checked, &[i]).map(<[u8]>::len), Some(40));
            for j in 0..i {
                assert_eq!(part.word(checked, &[i, j]), Some(U256::from(j)));
            }
            assert_eq!(part.word(checked, &[i, i]), None);
        }
    });
    assert_eq!(good, 0);

    let mut bad = args.clone();
    let bad = allocations(|| {
        for i in (0..bad.len()).step_by(67) {
            bad[i] ^= 0x81;
            let _ = layout.check(&bad);
            bad[i] ^= 0x81;
        }
    });
    assert_eq!(bad, 0);
    // The measure measures.
    assert!(allocations(|| drop(args.clone())) > 0);
}
