//! Reading what is inside allocates nothing, but for the layouts that are made once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use agentpol_abi::{Layout, Value, WordType, encode, signature::parse_members};
use agentpol_model::{U256, request::Kind};
use agentpol_unwrap::{Summary, Unwrap, summary};
use common::{arg, located, outer};
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
fn reading_what_is_inside_allocates_nothing() {
    let inputs =
        parse_members("(bytes32 mode, bytes batch, bytes permit, bytes records, bytes plan)").unwrap();
    let execution = Value::Tuple(vec![
        Value::Word(U256::from(5), WordType::Address),
        Value::Word(U256::from(5), WordType::Uint(256)),
        Value::Bytes(vec![1; 70]),
    ]);
    let executions = parse_members("((address target, uint256 value, bytes data)[] all)").unwrap();
    let batch = encode(&executions, &[Value::Array(vec![execution; 9])]).unwrap();
    let plan = parse_members("(bytes opcodes, bytes[] inputs)").unwrap();
    let commands = Value::Array(vec![Value::Bytes(vec![3; 33]); 9]);
    let plan = encode(&plan, &[Value::Bytes(vec![0x81; 9]), commands]).unwrap();
    let record = [&[0; 53][..], &U256::from(3).to_be_bytes::<32>(), b"abc"].concat();
    let mode = Value::Word(U256::ONE << 248, WordType::FixedBytes(32));
    let bytes = [batch, vec![0; 20 + 8 * 32], record.repeat(9), plan].map(Value::Bytes);
    let args = encode(&inputs, &[&[mode][..], &bytes].concat()).unwrap();
    let layout = Layout::new(&inputs).unwrap();
    let unwraps = [
        Unwrap::Execution { mode: arg(0), data: arg(1) },
        Unwrap::Permit { data: arg(2) },
        Unwrap::Records { data: arg(3) },
        Unwrap::Plan { table: [0; 4], data: arg(4) },
    ]
    .map(|unwrap| located(&layout, &unwrap));
    let checked = layout.check(&args).unwrap();
    let read = || {
        let told = summary(&unwraps, &outer(Kind::Call), &checked);
        assert_eq!(told, Ok(Summary { count: 28, may_fail: true }));
    };
    assert_eq!(allocations(read), 0);
    assert!(allocations(|| drop(args.clone())) > 0, "the measure measures");
}
