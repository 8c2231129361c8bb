//! The packed forms, well written and badly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use agentpol_abi::{Value, WordType, encode, signature::parse_members};
use agentpol_model::{
    Address, U256,
    request::{Kind, MAX_ACTIONS},
};
use agentpol_unwrap::{Fault, Unwrap};
use common::{Kept, arg, call, inside, inside_bytes, outer, wallet, wrapper};

fn record(operation: u8, to: u8, value: u64, data: &[u8]) -> Vec<u8> {
    let word = |n: usize| U256::from(n).to_be_bytes::<32>();
    let value = U256::from(value).to_be_bytes::<32>();
    [&[operation], &[to; 20][..], &value, &word(data.len()), data].concat()
}

fn records(data: &[u8]) -> Result<Vec<Kept>, Fault> {
    inside_bytes(data, Unwrap::Records { data: arg(0) }, &outer(Kind::Call))
}

#[test]
fn records_one_after_the_other() {
    assert_eq!(records(&[]), Ok(vec![]));
    let two = [record(0, 1, 0, b"transfer"), record(0, 2, 5, b""), record(1, 3, 0, b"setup")].concat();
    let sent = Kept { value: U256::from(5), ..call(2, b"") };
    let delegated = Kept { kind: Kind::Delegatecall, ..call(3, b"setup") };
    assert_eq!(records(&two), Ok(vec![call(1, b"transfer"), sent, delegated]));
}

#[test]
fn records_run_as_the_account_that_delegates() {
    let outer = outer(Kind::Delegatecall);
    let inner = inside_bytes(&record(0, 1, 0, b"transfer"), Unwrap::Records { data: arg(0) }, &outer);
    assert_eq!(inner, Ok(vec![Kept { from: wallet(), ..call(1, b"transfer") }]));
}

#[test]
fn records_badly_written() {
    let good = [record(0, 1, 0, b"transfer"), record(0, 2, 0, b"approve")].concat();
    assert_eq!(records(&good).unwrap().len(), 2);
    let first = record(0, 1, 0, b"transfer").len();
    for end in 1..good.len() {
        let whole = end == first;
        assert_eq!(records(&good[..end]).is_ok(), whole, "cut at {end}");
    }
    for operation in 2..=255 {
        assert_eq!(records(&record(operation, 1, 0, b"transfer")), Err(Fault::Malformed));
    }
    assert_eq!(
        records(&record(1, 1, 1, b"transfer")),
        Err(Fault::Malformed),
        "value along with a delegatecall"
    );
    for behind in [&[0][..], &[0; 84], &[0; 32]] {
        assert_eq!(records(&[&good, behind].concat()), Err(Fault::Malformed), "{} more", behind.len());
    }
    // A length of one more, one less, and of everything there is.
    for length in [U256::from(7), U256::from(9), U256::from(u64::MAX), U256::MAX, U256::ONE << 64] {
        let mut record = record(0, 1, 0, b"transfer");
        record[53..85].copy_from_slice(&length.to_be_bytes::<32>());
        assert_eq!(records(&record), Err(Fault::Malformed), "{length}");
    }
}

#[test]
fn so_many_records_and_no_more() {
    let most = record(0, 1, 0, b"").repeat(MAX_ACTIONS);
    assert_eq!(records(&most).unwrap().len(), MAX_ACTIONS);
    assert_eq!(records(&[most, record(0, 1, 0, b"")].concat()), Err(Fault::TooMuch));
}

fn mode(call: u8, failing: u8) -> [u8; 32] {
    let mut mode = [0; 32];
    mode[..2].copy_from_slice(&[call, failing]);
    mode
}

fn executed(mode: [u8; 32], data: &[u8]) -> Result<Vec<Kept>, Fault> {
    let inputs = "(bytes32 mode, bytes data)";
    let mode = Value::Word(U256::from_be_bytes(mode), WordType::FixedBytes(32));
    let args = encode(&parse_members(inputs).unwrap(), &[mode, Value::Bytes(data.to_vec())]).unwrap();
    let unwrap = Unwrap::Execution { mode: arg(0), data: arg(1) };
    inside(inputs, &args, &[unwrap], &outer(Kind::Call))
}

fn single(to: u8, value: u64, data: &[u8]) -> Vec<u8> {
    [&[to; 20][..], &U256::from(value).to_be_bytes::<32>(), data].concat()
}

fn batch(calls: &[(u8, u64, &[u8])]) -> Vec<u8> {
    let one = |(to, value, data): &(u8, u64, &[u8])| {
        let to = U256::from_be_slice(&[*to; 20]);
        let words = [(to, WordType::Address), (U256::from(*value), WordType::Uint(256))];
        let words = words.into_iter().map(|(word, ty)| Value::Word(word, ty));
        Value::Tuple(words.chain([Value::Bytes(data.to_vec())]).collect())
    };
    let inputs = parse_members("((address target, uint256 value, bytes callData)[] executions)").unwrap();
    encode(&inputs, &[Value::Array(calls.iter().map(one).collect())]).unwrap()
}

#[test]
fn executions() {
    let sent = Kept { value: U256::from(9), ..call(1, b"") };
    assert_eq!(executed(mode(0, 0), &single(1, 9, b"")), Ok(vec![sent.clone()]));
    let swap = call(2, b"swap");
    assert_eq!(executed(mode(0, 0), &single(2, 0, b"swap")), Ok(vec![swap.clone()]));
    let failing = |kept: &Kept| Kept { may_fail: true, ..kept.clone() };
    assert_eq!(executed(mode(0, 1), &single(2, 0, b"swap")), Ok(vec![failing(&swap)]));
    let both = batch(&[(1, 9, b""), (2, 0, b"swap")]);
    assert_eq!(executed(mode(1, 0), &both), Ok(vec![sent.clone(), swap.clone()]));
    assert_eq!(executed(mode(1, 1), &both), Ok(vec![failing(&sent), failing(&swap)]));
    assert_eq!(executed(mode(1, 0), &batch(&[])), Ok(vec![]));
    let delegated = Kept { kind: Kind::Delegatecall, ..call(3, b"setup") };
    let packed = [&[3; 20][..], b"setup"].concat();
    assert_eq!(executed(mode(0xff, 0), &packed), Ok(vec![delegated]));
}

#[test]
fn executions_badly_written() {
    let good = single(2, 0, b"swap");
    for (call, failing) in (0..=255).flat_map(|a| [(a, 0), (a, 1), (a, 2), (a, 0xff)]) {
        let known = matches!(call, 0 | 0xff) && failing < 2;
        assert_eq!(executed(mode(call, failing), &good).is_ok(), known, "{call:02x} {failing:02x}");
    }
    for byte in 2..32 {
        let mut mode = mode(0, 0);
        mode[byte] = 1;
        assert_eq!(executed(mode, &good), Err(Fault::Malformed), "byte {byte}");
    }
    for end in 0..52 {
        assert_eq!(executed(mode(0, 0), &good[..end]), Err(Fault::Malformed), "cut at {end}");
    }
    for end in 0..20 {
        assert_eq!(executed(mode(0xff, 0), &good[..end]), Err(Fault::Malformed), "cut at {end}");
    }
    let good = batch(&[(1, 9, b""), (2, 0, b"swap")]);
    for end in 0..good.len() {
        assert_eq!(executed(mode(1, 0), &good[..end]), Err(Fault::Malformed), "cut at {end}");
    }
    assert_eq!(executed(mode(1, 0), &[&good[..], &[0; 32]].concat()), Err(Fault::Malformed));
    // Every pointer and length one word further, and past the end: there is one way to write a batch.
    for word in [0, 1, 2, 3, 6, 10] {
        for by in [32, 1 << 20] {
            let mut moved = good.clone();
            let at = &mut moved[word * 32..][..32];
            let there = U256::from_be_slice(at) + U256::from(by);
            at.copy_from_slice(&there.to_be_bytes::<32>());
            assert_eq!(executed(mode(1, 0), &moved), Err(Fault::Malformed), "word {word} by {by}");
        }
    }
    let mut dirty = good;
    dirty[5 * 32 - 32] = 1;
    assert_eq!(executed(mode(1, 0), &dirty), Err(Fault::Malformed), "an address of more than twenty bytes");
}

fn permit(data: &[u8]) -> Result<Vec<Kept>, Fault> {
    inside_bytes(data, Unwrap::Permit { data: arg(0) }, &outer(Kind::Call))
}

#[test]
fn permits() {
    assert_eq!(permit(&[]), Ok(vec![]));
    for (words, selector) in [(7, [0xd5, 0x05, 0xac, 0xcf]), (8, [0x8f, 0xcb, 0xaf, 0x0c])] {
        let args: Vec<u8> = (0..words * 32).map(|n| n as u8).collect();
        let calldata = [&selector[..], &args].concat();
        assert_eq!(
            permit(&[&[5; 20][..], &args].concat()),
            Ok(vec![Kept { may_fail: true, ..call(5, &calldata) }])
        );
    }
}

#[test]
fn permits_badly_written() {
    let long = [7; 20 + 10 * 32];
    for length in 1..=long.len() {
        let known = [20 + 7 * 32, 20 + 8 * 32].contains(&length);
        assert_eq!(permit(&long[..length]).is_ok(), known, "{length} bytes");
    }
}

#[test]
fn who_acts_in_a_permit_is_the_router() {
    let inner = permit(&[&[5; 20][..], &[0; 224]].concat()).unwrap();
    assert_eq!((inner[0].from, inner[0].to), (wrapper(), Address::repeat_byte(5)));
}
