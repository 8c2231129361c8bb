//! Calls and commands whose parts are arguments.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use agentpol_abi::{Path, Step, Value, WordType, encode, signature::parse_members};
use agentpol_model::{
    Address, U256,
    request::{Action, Kind},
};
use agentpol_unwrap::{Fault, Summary, Tree, Unwrap, each, summary};
use common::{Kept, arg, call, inside, outer, path, wallet, wrapper};

fn number(n: u64) -> Value {
    Value::Word(U256::from(n), WordType::Uint(256))
}

fn address(n: u8) -> Value {
    Value::Word(U256::from_be_slice(&[n; 20]), WordType::Address)
}

fn bytes(data: &[u8]) -> Value {
    Value::Bytes(data.to_vec())
}

fn run(inputs: &str, values: &[Value], unwrap: Unwrap, outer: &Action<'_>) -> Result<Vec<Kept>, Fault> {
    let args = encode(&parse_members(inputs).unwrap(), values).unwrap();
    inside(inputs, &args, &[unwrap], outer)
}

fn part(array: u16, member: Option<u16>) -> Path {
    let steps = [Some(Step::Member(array)), Some(Step::Element(0)), member.map(Step::Member)];
    path(&steps.into_iter().flatten().collect::<Vec<_>>())
}

fn safe(value: u64, data: &[u8], operation: u64, kind: Kind) -> Result<Vec<Kept>, Fault> {
    let operation = Value::Word(U256::from(operation), WordType::Uint(8));
    let unwrap = Unwrap::Call {
        each: None,
        to: Some(arg(0)),
        value: Some(arg(1)),
        data: arg(2),
        operation: Some(arg(3)),
        may_fail: None,
        same_length: vec![],
    };
    let inputs = "(address to, uint256 value, bytes data, uint8 operation)";
    run(inputs, &[address(1), number(value), bytes(data), operation], unwrap, &outer(kind))
}

#[test]
fn a_safe_calls_as_itself() {
    let sent = Kept { value: U256::from(4), ..call(1, b"") };
    assert_eq!(safe(0, b"transfer", 0, Kind::Call), Ok(vec![call(1, b"transfer")]));
    assert_eq!(safe(4, b"", 0, Kind::Call), Ok(vec![sent]));
    assert_eq!(safe(4, b"transfer", 0, Kind::Sign).unwrap()[0].kind, Kind::Call, "signed instead of sent");
    assert_eq!(safe(0, b"transfer", 0, Kind::Delegatecall).unwrap()[0].from, wallet());
    let delegated = |data: &[u8]| vec![Kept { kind: Kind::Delegatecall, ..call(1, data) }];
    assert_eq!(safe(0, b"setup", 1, Kind::Call), Ok(delegated(b"setup")));
    assert_eq!(
        safe(0, b"", 1, Kind::Call),
        Ok(delegated(b"")),
        "without data foreign code runs all the same"
    );
}

#[test]
fn an_operation_is_a_call_or_a_delegatecall() {
    for operation in 2..=255 {
        assert_eq!(safe(0, b"transfer", operation, Kind::Call), Err(Fault::Malformed));
    }
    assert_eq!(safe(1, b"setup", 1, Kind::Call), Err(Fault::Malformed), "value along with a delegatecall");
}

fn aggregate(calls: &[(u8, bool, &[u8])]) -> Result<Vec<Kept>, Fault> {
    let one = |(to, may_fail, data): &(u8, bool, &[u8])| {
        let may_fail = Value::Word(U256::from(u8::from(*may_fail)), WordType::Bool);
        Value::Tuple(vec![address(*to), may_fail, bytes(data)])
    };
    let unwrap = Unwrap::Call {
        each: Some(arg(0)),
        to: Some(part(0, Some(0))),
        value: None,
        data: part(0, Some(2)),
        operation: None,
        may_fail: Some(part(0, Some(1))),
        same_length: vec![],
    };
    let values = [Value::Array(calls.iter().map(one).collect())];
    run("((address target, bool allowFailure, bytes callData)[] calls)", &values, unwrap, &outer(Kind::Call))
}

#[test]
fn a_multicall_goes_through_its_calls() {
    assert_eq!(aggregate(&[]), Ok(vec![]));
    let failing = Kept { may_fail: true, ..call(2, b"b") };
    assert_eq!(aggregate(&[(1, false, b"a"), (2, true, b"b")]), Ok(vec![call(1, b"a"), failing]));
    assert_eq!(aggregate(&[(1, false, &b"a"[..]); 128]).unwrap().len(), 128);
    assert_eq!(aggregate(&[(1, false, &b"a"[..]); 129]), Err(Fault::TooMuch));
}

fn parallel(to: usize, values: usize, data: usize) -> Result<Vec<Kept>, Fault> {
    let array = |count: usize, of: fn(u8) -> Value| Value::Array((0..count).map(|n| of(n as u8)).collect());
    let unwrap = Unwrap::Call {
        each: Some(arg(2)),
        to: Some(part(0, None)),
        value: Some(part(1, None)),
        data: part(2, None),
        operation: None,
        may_fail: None,
        same_length: vec![arg(0), arg(1)],
    };
    let values = [
        array(to, |n| address(n + 1)),
        array(values, |n| number(u64::from(n))),
        array(data, |n| bytes(&[n; 5])),
    ];
    run("(address[] dest, uint256[] value, bytes[] func)", &values, unwrap, &outer(Kind::Call))
}

#[test]
fn parallel_arrays_are_as_long_as_each_other() {
    let second = Kept { value: U256::ONE, ..call(2, &[1; 5]) };
    assert_eq!(parallel(2, 2, 2), Ok(vec![call(1, &[0; 5]), second]));
    assert_eq!(parallel(0, 0, 0), Ok(vec![]));
    for (to, values, data) in
        [(1, 2, 2), (3, 2, 2), (2, 1, 2), (2, 3, 2), (2, 2, 1), (2, 2, 3), (2, 0, 2), (2, 2, 0)]
    {
        assert_eq!(parallel(to, values, data), Err(Fault::Malformed), "{to} {values} {data}");
    }
}

fn on_itself(calls: &[&[u8]], kind: Kind) -> Result<Vec<Kept>, Fault> {
    let unwrap = Unwrap::Call {
        each: Some(arg(0)),
        to: None,
        value: None,
        data: part(0, None),
        operation: None,
        may_fail: None,
        same_length: vec![],
    };
    let values = [Value::Array(calls.iter().map(|data| bytes(data)).collect())];
    run("(bytes[] data)", &values, unwrap, &outer(kind))
}

#[test]
fn a_multicall_on_itself_acts_for_its_caller_and_counts_value_once() {
    let own = |data: &[u8], to| Kept { from: wallet(), to, ..call(0, data) };
    assert_eq!(on_itself(&[b"a", b"b"], Kind::Call), Ok(vec![own(b"a", wrapper()), own(b"b", wrapper())]));
    assert_eq!(on_itself(&[b""], Kind::Call), Ok(vec![own(b"", wrapper())]));
    assert_eq!(on_itself(&[b"a"], Kind::Delegatecall), Ok(vec![own(b"a", wallet())]));
}

const TABLE: [u8; 4] = [1, 2, 3, 0];

fn values_of(opcodes: &[u8], inputs: &[&[u8]]) -> [Value; 2] {
    [bytes(opcodes), Value::Array(inputs.iter().map(|input| bytes(input)).collect())]
}

fn router(opcodes: &[u8], inputs: &[&[u8]], kind: Kind) -> Result<Vec<Kept>, Fault> {
    let unwrap = Unwrap::Commands { table: TABLE, opcodes: arg(0), inputs: arg(1) };
    run("(bytes commands, bytes[] inputs)", &values_of(opcodes, inputs), unwrap, &outer(kind))
}

fn command(opcode: u8, data: &[u8]) -> Kept {
    let at_router = Kept { from: wallet(), to: wrapper(), ..call(0, data) };
    Kept { kind: Kind::Command, command: [1, 2, 3, opcode], ..at_router }
}

#[test]
fn commands_with_their_inputs() {
    assert_eq!(router(&[], &[], Kind::Call), Ok(vec![]));
    let sweep = Kept { may_fail: true, ..command(4, b"") };
    assert_eq!(router(&[0x00, 0x84], &[b"swap", b""], Kind::Call), Ok(vec![command(0, b"swap"), sweep]));
    assert_eq!(router(&[0x7f], &[b"x"], Kind::Command), Ok(vec![command(0x7f, b"x")]), "a plan in a plan");
    for (opcodes, inputs) in [(&[][..], &[b"x"][..]), (&[0], &[]), (&[0, 0], &[b"x"]), (&[0], &[b"x", b"y"])]
    {
        let inputs: Vec<&[u8]> = inputs.iter().map(|input| &input[..]).collect();
        assert_eq!(router(opcodes, &inputs, Kind::Call), Err(Fault::Malformed));
    }
}

#[test]
fn commands_are_known_of_the_router_only() {
    assert_eq!(router(&[0x00], &[b"swap"], Kind::Delegatecall), Err(Fault::Delegated));
    assert_eq!(router(&[], &[], Kind::Delegatecall), Err(Fault::Delegated));
}

#[test]
fn a_plan_is_encoded_once_more() {
    let inputs = parse_members("(bytes opcodes, bytes[] inputs)").unwrap();
    let good = encode(&inputs, &values_of(&[0x0b, 0x8e], &[b"settle", b"take"])).unwrap();
    let plan = |data: &[u8]| {
        let unwrap = Unwrap::Plan { table: TABLE, data: arg(0) };
        common::inside_bytes(data, unwrap, &outer(Kind::Call))
    };
    let take = Kept { may_fail: true, ..command(0x0e, b"take") };
    assert_eq!(plan(&good), Ok(vec![command(0x0b, b"settle"), take]));
    for end in 0..good.len() {
        assert_eq!(plan(&good[..end]), Err(Fault::Malformed), "cut at {end}");
    }
    assert_eq!(plan(&[&good[..], &[0; 32]].concat()), Err(Fault::Malformed));
    let short = encode(&inputs, &values_of(&[0x0b, 0x8e], &[b"settle"])).unwrap();
    assert_eq!(plan(&short), Err(Fault::Malformed));
}

#[test]
fn several_forms_follow_one_another_and_a_summary_tells_of_all() {
    let values = [
        bytes(&[&[5; 20][..], &[0; 224]].concat()),
        bytes(b"action"),
        bytes(&[0x80]),
        values_of(&[], &[b"x"])[1].clone(),
    ];
    let on_itself = Unwrap::Call {
        each: None,
        to: None,
        value: None,
        data: arg(1),
        operation: None,
        may_fail: None,
        same_length: vec![],
    };
    let commands = Unwrap::Commands { table: TABLE, opcodes: arg(2), inputs: arg(3) };
    let all = [Unwrap::Permit { data: arg(0) }, on_itself, commands];
    let mut seen = Vec::new();
    let visit = |inner: agentpol_unwrap::Inner<'_>| {
        seen.push((inner.action.kind, inner.action.to, inner.may_fail));
        Ok::<_, Fault>(())
    };
    each(&all, &outer(Kind::Call), &Tree(&values), visit).unwrap();
    let token = Address::repeat_byte(5);
    let expected =
        [(Kind::Call, token, true), (Kind::Call, wrapper(), false), (Kind::Command, wrapper(), true)];
    assert_eq!(seen, expected);
    let told = summary(&all, &outer(Kind::Call), &Tree(&values));
    assert_eq!(told, Ok(Summary { count: 3, may_fail: true }));
    let told = summary(&all[..2], &outer(Kind::Call), &Tree(&values));
    assert_eq!(told, Ok(Summary { count: 2, may_fail: false }));
}

#[test]
fn places_that_lead_nowhere_are_no_actions() {
    let nowhere = Unwrap::Call {
        each: None,
        to: Some(arg(7)),
        value: None,
        data: arg(0),
        operation: None,
        may_fail: None,
        same_length: vec![],
    };
    let told = summary(&[nowhere], &outer(Kind::Call), &Tree(&[bytes(b"a")]));
    assert_eq!(told, Err(Fault::Malformed));
    let told = summary(&[Unwrap::Records { data: arg(0) }], &outer(Kind::Call), &Tree(&[number(1)]));
    assert_eq!(told, Err(Fault::Malformed));
}
