//! `decode` and `Layout::check` are written independently and must never differ: not in the verdict, not in the offset, not in
//! the cause; and what a locator reads must be what stands in the tree.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use agentpol_abi::{
    Layout, Step, Type, Value, WordType, decode, decode::is_canonical, decode_trailing, encode, fit,
    layout::Kind, signature::parse_type,
};
use alloy_primitives::U256;
use common::unnamed;
use proptest::prelude::*;

fn word_type() -> impl Strategy<Value = WordType> {
    prop_oneof![
        (1u16..=32).prop_map(|n| WordType::Uint(8 * n)),
        (1u16..=32).prop_map(|n| WordType::Int(8 * n)),
        Just(WordType::Address),
        Just(WordType::Bool),
        (1u8..=32).prop_map(WordType::FixedBytes),
        Just(WordType::Function),
    ]
}

fn any_type() -> impl Strategy<Value = Type> {
    let leaf = prop_oneof![
        4 => word_type().prop_map(Type::Word),
        1 => Just(Type::Bytes),
        1 => Just(Type::String),
    ];
    leaf.prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            (inner.clone(), proptest::option::weighted(0.2, 2u32..4))
                .prop_map(|(t, limit)| Type::Array(Box::new(t), limit)),
            (inner.clone(), 1u32..4).prop_map(|(t, n)| Type::FixedArray(Box::new(t), n)),
            proptest::collection::vec(inner, 1..4).prop_map(|ts| Type::Tuple(unnamed(ts))),
        ]
    })
}

fn canonical(raw: U256, ty: WordType) -> U256 {
    match ty {
        WordType::Uint(bits) => raw >> (256 - usize::from(bits)),
        WordType::Int(bits) => raw.arithmetic_shr(256 - usize::from(bits)),
        WordType::Address => raw >> 96,
        WordType::Bool => raw >> 255,
        WordType::FixedBytes(n) => raw & (U256::MAX << (256 - 8 * usize::from(n))),
        WordType::Function => raw & (U256::MAX << 64),
    }
}

fn value_of(ty: &Type) -> BoxedStrategy<Value> {
    match ty.clone() {
        Type::Word(w) => any::<[u64; 4]>()
            .prop_map(move |limbs| Value::Word(canonical(U256::from_limbs(limbs), w), w))
            .boxed(),
        Type::Bytes => proptest::collection::vec(any::<u8>(), 0..70).prop_map(Value::Bytes).boxed(),
        Type::String => ".{0,20}".prop_map(Value::String).boxed(),
        Type::Array(inner, limit) => {
            let most = limit.unwrap_or(4) as usize;
            proptest::collection::vec(value_of(&inner), 0..=most).prop_map(Value::Array).boxed()
        }
        Type::FixedArray(inner, n) => {
            proptest::collection::vec(value_of(&inner), n as usize).prop_map(Value::Array).boxed()
        }
        Type::Tuple(members) => {
            let values: Vec<_> = members.iter().map(|m| value_of(&m.ty)).collect();
            values.prop_map(Value::Tuple).boxed()
        }
    }
}

fn arguments() -> impl Strategy<Value = (Vec<Type>, Vec<Value>)> {
    proptest::collection::vec(any_type(), 0..4).prop_flat_map(|types| {
        let values: Vec<_> = types.iter().map(value_of).collect();
        (Just(types), values)
    })
}

#[derive(Clone, Debug)]
enum Mutation {
    Flip(usize, u8),
    Word(usize, u64),
    Append(Vec<u8>),
    Truncate(usize),
    Swap(usize, usize),
    Insert(usize),
    Remove(usize),
    Reverse,
}

fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        (any::<usize>(), 0u8..8).prop_map(|(i, b)| Mutation::Flip(i, b)),
        (any::<usize>(), prop_oneof![0u64..0x200, Just(u64::MAX), Just(1 << 32)])
            .prop_map(|(i, n)| Mutation::Word(i, n)),
        proptest::collection::vec(0u8..2, 1..40).prop_map(Mutation::Append),
        (1usize..70).prop_map(Mutation::Truncate),
        (any::<usize>(), any::<usize>()).prop_map(|(i, j)| Mutation::Swap(i, j)),
        any::<usize>().prop_map(Mutation::Insert),
        any::<usize>().prop_map(Mutation::Remove),
        Just(Mutation::Reverse),
    ]
}

fn mutate(data: &mut Vec<u8>, mutation: &Mutation) {
    let words = data.len() / 32;
    if words == 0 {
        return data.push(1);
    }
    let at = |i: &usize| (i % words) * 32;
    match mutation {
        Mutation::Flip(i, bit) => {
            let i = i % data.len();
            data[i] ^= 1 << bit;
        }
        Mutation::Word(i, n) => {
            let at = at(i);
            data[at..at + 32].copy_from_slice(&U256::from(*n).to_be_bytes::<32>());
        }
        Mutation::Append(bytes) => data.extend(bytes),
        Mutation::Truncate(n) => data.truncate(data.len().saturating_sub(*n)),
        Mutation::Swap(i, j) => {
            let (i, j) = (at(i), at(j));
            for k in 0..32 {
                data.swap(i + k, j + k);
            }
        }
        Mutation::Insert(i) => {
            let at = at(i);
            data.splice(at..at, [0; 32]);
        }
        Mutation::Remove(i) => {
            let at = at(i);
            data.drain(at..at + 32);
        }
        Mutation::Reverse => data.reverse(),
    }
}

/// Everything that can be read at or under `path` must be what stands in the tree.
fn read_all(layout: &Layout, args: agentpol_abi::Checked<'_>, path: &mut Vec<Step>, value: &Value) {
    let locator = layout.locate(path).unwrap_or_else(|e| panic!("{path:?}: {e}"));
    match value {
        Value::Word(word, ty) => {
            assert_eq!(locator.kind(), Kind::Word(*ty));
            assert_eq!(locator.word(args, &[]), Some(*word));
            assert_eq!(locator.bytes(args, &[]), None);
        }
        Value::Bytes(bytes) => assert_eq!(locator.bytes(args, &[]), Some(&bytes[..])),
        Value::String(text) => {
            assert_eq!(locator.bytes(args, &[]), Some(text.as_bytes()));
            assert_eq!(locator.len(args, &[]), Some(text.len() as u32));
        }
        Value::Array(values) => {
            assert_eq!(locator.len(args, &[]), Some(values.len() as u32));
            for (i, value) in values.iter().enumerate() {
                path.push(Step::Index(i as u32));
                read_all(layout, args, path, value);
                path.pop();
                // The same by a quantifier's element.
                path.push(Step::Element(1));
                let each = layout.locate(path).unwrap();
                if let Value::Word(word, _) = value {
                    assert_eq!(each.word(args, &[99, i as u32]), Some(*word));
                    assert_eq!(each.word(args, &[99, values.len() as u32]), None);
                    assert_eq!(each.word(args, &[99]), None);
                }
                path.pop();
            }
            path.push(Step::Index(values.len() as u32));
            // Past the end: no such place in T[n], nothing there in T[].
            if let Ok(past) = layout.locate(path) {
                assert_eq!(
                    (past.word(args, &[]), past.len(args, &[]), past.bytes(args, &[])),
                    (None, None, None)
                );
            }
            path.pop();
        }
        Value::Tuple(values) => {
            for (i, value) in values.iter().enumerate() {
                path.push(Step::Member(i as u16));
                read_all(layout, args, path, value);
                path.pop();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn round_trip((types, values) in arguments()) {
        let inputs = unnamed(types);
        let data = encode(&inputs, &values).unwrap();
        prop_assert_eq!(&decode(&inputs, &data).unwrap(), &values);
        let layout = Layout::new(&inputs).unwrap();
        let checked = layout.check(&data).unwrap();
        for (i, value) in values.iter().enumerate() {
            read_all(&layout, checked, &mut vec![Step::Member(i as u16)], value);
        }
    }

    #[test]
    fn the_same_verdict_on_mutations(
        (types, values) in arguments(),
        mutations in proptest::collection::vec(mutation(), 1..4),
    ) {
        let inputs = unnamed(types);
        let mut data = encode(&inputs, &values).unwrap();
        let layout = Layout::new(&inputs).unwrap();
        for mutation in &mutations {
            mutate(&mut data, mutation);
            let tree = decode(&inputs, &data);
            prop_assert_eq!(tree.as_ref().map(|_| ()).map_err(|e| *e), layout.check(&data).map(|_| ()));
            let admitting = decode_trailing(&inputs, &data, 32);
            prop_assert_eq!(
                admitting.as_ref().map(|_| ()).map_err(|e| *e),
                layout.check_trailing(&data, 32).map(|_| ())
            );
            // Canonical means: there is no second encoding.
            if let Ok(values) = tree {
                prop_assert_eq!(encode(&inputs, &values).unwrap(), &data[..]);
            }
        }
    }

    #[test]
    fn the_same_verdict_on_noise(
        types in proptest::collection::vec(any_type(), 0..4),
        words in proptest::collection::vec(prop_oneof![3 => 0u64..0x100, 1 => any::<u64>()], 0..24),
        tail in proptest::collection::vec(any::<u8>(), 0..3),
    ) {
        let inputs = unnamed(types);
        let mut data: Vec<u8> = words.iter().flat_map(|n| U256::from(*n).to_be_bytes::<32>()).collect();
        data.extend(tail);
        let flat = Layout::new(&inputs).unwrap().check(&data).map(|_| ());
        prop_assert_eq!(decode(&inputs, &data).map(|_| ()), flat);
    }

    #[test]
    fn canonical_words_are_what_masks_say(limbs in any::<[u64; 4]>(), ty in word_type(), shift in 0usize..256) {
        for word in [U256::from_limbs(limbs) >> shift, U256::from_limbs(limbs) << shift, !(U256::from_limbs(limbs) >> shift)] {
            let inputs = unnamed([Type::Word(ty)]);
            let bytes = word.to_be_bytes::<32>();
            prop_assert_eq!(is_canonical(word, ty), Layout::new(&inputs).unwrap().check(&bytes).is_ok());
            prop_assert_eq!(is_canonical(word, ty), canonical_by_definition(word, ty));
        }
    }

    #[test]
    fn types_are_written_and_read(ty in any_type()) {
        // `up to N` is the interface's own and has no canonical form.
        let text = ty.to_string();
        prop_assert_eq!(parse_type(&text).unwrap().to_string(), text);
    }
}

/// Shifting a value out of its place and back changes nothing.
fn canonical_by_definition(word: U256, ty: WordType) -> bool {
    let back = match ty {
        WordType::Uint(bits) => {
            let unused = 256 - usize::from(bits);
            (word << unused) >> unused
        }
        WordType::Int(bits) => {
            let unused = 256 - usize::from(bits);
            (word << unused).arithmetic_shr(unused)
        }
        WordType::Address => (word << 96) >> 96,
        WordType::Bool => word & U256::ONE,
        WordType::FixedBytes(n) => {
            let unused = 256 - 8 * usize::from(n);
            (word >> unused) << unused
        }
        WordType::Function => (word >> 64) << 64,
    };
    back == word
}

#[test]
fn generated_types_are_fit() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..100 {
        let ty = proptest::strategy::ValueTree::current(&any_type().new_tree(&mut runner).unwrap());
        assert_eq!(fit::check(&unnamed([ty])), Ok(()));
    }
}
