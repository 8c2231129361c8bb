//! Calldata written to break its reader: refused where the fault is, at a cost that the bytes pay for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use agentpol_abi::{
    Cause, Layout, MAX_ARGS_BYTES, Malformed, Step, Type, Value, decode, decode_call, decode_trailing,
    encode,
    layout::LocateError,
    signature::{parse_function, parse_members},
};
use alloy_primitives::U256;

/// One word.
#[derive(Clone)]
enum W {
    N(u64),
    Max,
    High(u32),
}
use W::{High, Max, N};

fn words(words: &[W]) -> Vec<u8> {
    let word = |w: &W| match w {
        N(n) => U256::from(*n),
        Max => U256::MAX,
        High(bit) => U256::ONE << *bit,
    };
    words.iter().flat_map(|w| word(w).to_be_bytes::<32>()).collect()
}

/// Both readers refuse, alike.
fn refused(inputs: &str, args: &[u8], offset: u32, cause: Cause) {
    let inputs = parse_members(inputs).unwrap();
    let expected = Malformed { offset, cause };
    assert_eq!(decode(&inputs, args), Err(expected));
    assert_eq!(Layout::new(&inputs).unwrap().check(args).map(|_| ()), Err(expected));
}

#[test]
fn offsets() {
    let two = "(bytes,bytes)";
    let expected = Cause::Offset { expected: 64 };
    // Both point to one value; a gap; backwards; outside; beyond every number.
    refused(two, &words(&[N(64), N(64), N(0), N(0)]), 32, Cause::Offset { expected: 96 });
    refused(two, &words(&[N(96), N(128), N(0), N(0), N(0)]), 0, expected);
    refused(two, &words(&[N(0), N(64), N(0), N(0)]), 0, expected);
    refused(two, &words(&[Max, N(96), N(0), N(0)]), 0, expected);
    refused(two, &words(&[High(32), N(96), N(0), N(0)]), 0, expected);
    refused(two, &words(&[High(64), N(96), N(0), N(0)]), 0, expected);
    // 64 in the lower half, dirt above: a reader that looks at 32 bits is fooled.
    let mut dirty = words(&[N(64), N(96), N(0), N(0)]);
    dirty[0] = 1;
    refused(two, &dirty, 0, expected);
    // Tails in the other order.
    refused(two, &words(&[N(128), N(64), N(1), N(0), N(0)]), 0, expected);
    // An inner offset counts from the inner heads.
    refused("(bytes[])", &words(&[N(32), N(1), N(64), N(0)]), 64, Cause::Offset { expected: 32 });
}

#[test]
fn lengths() {
    refused("(bytes)", &words(&[N(32), Max]), 32, Cause::Length { fits: 0 });
    refused("(bytes)", &words(&[N(32), N(33), N(0)]), 32, Cause::Length { fits: 32 });
    refused("(uint8[])", &words(&[N(32), High(255)]), 32, Cause::Length { fits: 0 });
    refused("(uint8[])", &words(&[N(32), N(2), N(1)]), 32, Cause::Length { fits: 1 });
    refused("((uint8,uint8)[])", &words(&[N(32), N(2), N(1), N(1), N(1)]), 32, Cause::Length { fits: 1 });
    refused("(uint8[])", &words(&[N(32), N(1), N(1), N(1)]), 96, Cause::Trailing);
    refused("(bytes)", &words(&[N(32), N(32), N(0), N(0)]), 96, Cause::Trailing);
    refused("()", &[0], 0, Cause::Trailing);
    refused("(bool)", &[], 0, Cause::Truncated { missing: 32 });
    refused("(bytes)", &words(&[N(32)]), 32, Cause::Truncated { missing: 32 });
    // The value is there, its padding is not.
    let cut = &words(&[N(32), N(1), N(0)])[..65];
    refused("(bytes)", cut, 65, Cause::Truncated { missing: 31 });
}

#[test]
fn so_many_bytes_may_follow_and_no_more() {
    for (inputs, args) in [
        ("(uint256)", words(&[N(7)])),
        ("(bytes)", words(&[N(32), N(1), N(0)])),
        ("(uint8[])", words(&[N(32), N(1), N(1)])),
        ("()", vec![]),
    ] {
        let inputs = parse_members(inputs).unwrap();
        let layout = Layout::new(&inputs).unwrap();
        for behind in 0..70 {
            let sent = [&args[..], &vec![0xff; behind]].concat();
            for trailing in [0, 1, 31, 32, 33, 69, u32::MAX] {
                let tree = decode_trailing(&inputs, &sent, trailing);
                assert_eq!(
                    tree.as_ref().map(|_| ()).map_err(|e| *e),
                    layout.check_trailing(&sent, trailing).map(|_| ())
                );
                if behind as u32 <= trailing {
                    assert_eq!(tree, decode(&inputs, &args), "what follows changes nothing");
                    continue;
                }
                let offset = args.len() as u32 + trailing;
                let much = Cause::TooMuchTrailing { limit: trailing };
                let cause = if trailing == 0 { Cause::Trailing } else { much };
                assert_eq!(tree, Err(Malformed { offset, cause }));
            }
        }
    }
    // What may follow makes no room for what the arguments lack.
    let inputs = parse_members("(uint256,uint256)").unwrap();
    let short = Err(Malformed { offset: 32, cause: Cause::Truncated { missing: 32 } });
    assert_eq!(decode_trailing(&inputs, &words(&[N(7)]), 64), short);
}

#[test]
fn words_and_padding() {
    use agentpol_abi::WordType::{Address, Bool, FixedBytes, Function, Int, Uint};
    for (ty, word, cause) in [
        ("uint8", N(256), Uint(8)),
        ("uint8", N(0x105), Uint(8)),
        ("int8", N(128), Int(8)),
        ("int8", N(255), Int(8)),
        ("int8", High(255), Int(8)),
        ("bool", N(2), Bool),
        ("address", High(160), Address),
        ("bytes4", N(1), FixedBytes(4)),
        ("function", N(1), Function),
    ] {
        refused(&format!("(uint256,{ty})"), &words(&[Max, word]), 32, Cause::Word(cause));
    }
    let mut padded = words(&[N(32), N(1), N(0)]);
    padded[95] = 1;
    refused("(bytes)", &padded, 95, Cause::Padding);
    let mut text = words(&[N(32), N(2), N(0)]);
    (text[64], text[65]) = (b'a', 0xff);
    refused("(string)", &text, 65, Cause::NotUtf8);
}

#[test]
fn selectors() {
    let function = parse_function("f()").unwrap();
    for data in [&[][..], &[1], &[1, 2, 3]] {
        assert_eq!(decode_call(&function.inputs, data), Err(Malformed { offset: 0, cause: Cause::Selector }));
    }
    assert_eq!(decode_call(&function.inputs, &[1, 2, 3, 4]), Ok(([1, 2, 3, 4], Vec::new())));
    // Offsets count from the start of the calldata.
    let trailing = Malformed { offset: 4, cause: Cause::Trailing };
    assert_eq!(decode_call(&function.inputs, &[1, 2, 3, 4, 5]), Err(trailing));
}

#[test]
fn the_size_is_bounded() {
    // Two words of head and length leave room for this much content in whole words.
    let room = (MAX_ARGS_BYTES - 64) / 32 * 32;
    let inputs = parse_members("(bytes)").unwrap();
    let fits = encode(&inputs, &[Value::Bytes(vec![7; room])]).unwrap();
    assert!(decode(&inputs, &fits).is_ok() && Layout::new(&inputs).unwrap().check(&fits).is_ok());
    assert!(encode(&inputs, &[Value::Bytes(vec![7; room + 1])]).is_err());
    refused("(bytes)", &vec![0; MAX_ARGS_BYTES + 1], MAX_ARGS_BYTES as u32, Cause::TooLong);
}

#[test]
fn up_to_is_enforced() {
    let mut inputs = parse_members("(uint8[] few)").unwrap();
    inputs[0].ty = match inputs[0].ty.clone() {
        Type::Array(inner, _) => Type::Array(inner, Some(2)),
        other => other,
    };
    let args = |n: u64| words(&[vec![N(32), N(n)], (0..n).map(N).collect()].concat());
    assert!(decode(&inputs, &args(2)).is_ok() && Layout::new(&inputs).unwrap().check(&args(2)).is_ok());
    let refused = Err(Malformed { offset: 32, cause: Cause::TooMany { limit: 2 } });
    assert_eq!(decode(&inputs, &args(3)).map(|_| ()), refused);
    assert_eq!(Layout::new(&inputs).unwrap().check(&args(3)).map(|_| ()), refused);
}

#[test]
fn paths_that_lead_nowhere() {
    let layout = Layout::new(&parse_members("((address a, uint8[3] b) t, bytes c)").unwrap()).unwrap();
    let locate = |path: &[Step]| layout.locate(path).unwrap_err();
    assert_eq!(locate(&[]), LocateError::Empty);
    assert_eq!(locate(&[Step::Member(2)]), LocateError::Member { index: 2, count: 2 });
    assert_eq!(
        locate(&[Step::Member(0), Step::Member(1), Step::Index(3)]),
        LocateError::Element { index: 3, count: 3 }
    );
    assert!(matches!(locate(&[Step::Index(0)]), LocateError::Step { .. }));
    assert!(matches!(locate(&[Step::Member(1), Step::Index(0)]), LocateError::Step { .. }));
    assert!(matches!(locate(&[Step::Member(0), Step::Index(0)]), LocateError::Step { .. }));
}

/// Claims of 2^32 elements, nested as deeply as types go, over as many bytes as there may be: the time is that of looking at
/// the bytes once. The test is that it ends at once.
#[test]
fn bombs_cost_what_their_bytes_cost() {
    let nested = parse_members(&format!("(bytes{})", "[]".repeat(15))).unwrap();
    let layout = Layout::new(&nested).unwrap();
    for word in [0u64, 1, 2, 32, 64, 4096, u32::MAX.into(), u64::MAX] {
        let mut bomb = words(&[N(32)]);
        while bomb.len() + 32 <= MAX_ARGS_BYTES {
            bomb.extend(U256::from(word).to_be_bytes::<32>());
        }
        for _ in 0..100 {
            assert_eq!(decode(&nested, &bomb).map(|_| ()), layout.check(&bomb).map(|_| ()));
        }
    }
    // The most elements that fit, all good: 4094 empty arrays of arrays.
    let inputs = parse_members("(uint256[][])").unwrap();
    let rows = (MAX_ARGS_BYTES - 64) / 64;
    let values = [Value::Array(vec![Value::Array(Vec::new()); rows])];
    let most = encode(&inputs, &values).unwrap();
    assert_eq!(decode(&inputs, &most).unwrap(), values);
    assert!(Layout::new(&inputs).unwrap().check(&most).is_ok());
}
