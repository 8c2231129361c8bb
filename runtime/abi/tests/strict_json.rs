//! The strict reader accepts what a general one accepts, less what it must refuse.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use agentpol_abi::strict_json::{Json, MAX_DEPTH, Node, line_and_column, parse};
use proptest::prelude::*;
use serde_json::Value;

fn same(node: &Node<'_>, value: &Value) -> bool {
    match (&node.value, value) {
        (Json::Null, Value::Null) => true,
        (Json::Bool(a), Value::Bool(b)) => a == b,
        // Both keep numbers as they are written, up to how exponents are spelled.
        (Json::Number(a), Value::Number(b)) => {
            serde_json::from_str::<Value>(a).unwrap() == Value::Number(b.clone())
        }
        (Json::String(a), Value::String(b)) => a == b,
        (Json::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Json::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|e| b.get(&*e.key).is_some_and(|v| same(&e.node, v)))
        }
        _ => false,
    }
}

fn agree(text: &str) -> Result<(), TestCaseError> {
    match (parse(text), serde_json::from_str::<Value>(text)) {
        (Ok(ours), Ok(theirs)) => prop_assert!(same(&ours, &theirs), "{text}"),
        (Ok(_), Err(e)) => prop_assert!(false, "{text}: only we accept it: {e}"),
        (Err(e), Ok(_)) => prop_assert!(
            e.message.contains("twice") || e.message.contains("nested deeper"),
            "{text}: only we refuse it: {e}"
        ),
        (Err(_), Err(_)) => {}
    }
    Ok(())
}

fn document() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,3})?([eE][+-]?[0-9]{1,2})?",
        r#""([a-z é]|\\[nrtbf/\\"]|\\u00[0-9a-f]{2}|\\ud83d\\ude00){0,6}""#,
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(|v| format!("[ {} ]", v.join(" ,\n"))),
            proptest::collection::vec(("[a-d]{1,2}", inner), 0..4).prop_map(|v| {
                let members: Vec<_> = v.iter().map(|(k, v)| format!("\"{k}\" : {v}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn documents(text in document()) {
        agree(&text)?;
    }

    #[test]
    fn mutated_documents(text in document(), at in any::<proptest::sample::Index>(), with in r#"[\[\]{}",:0-9a-e\\ .+-]{0,2}"#) {
        let chars: Vec<char> = text.chars().collect();
        let at = at.index(chars.len());
        let mutant: String = chars[..at].iter().copied().chain(with.chars()).chain(chars[at + 1..].iter().copied()).collect();
        agree(&mutant)?;
    }

    #[test]
    fn noise(text in r#"[\[\]{}",:0-9a-eu\\ .+-]{0,30}"#) {
        agree(&text)?;
    }
}

#[test]
fn faults_have_a_place() {
    for (text, offset, says) in [
        ("{\"a\": 1, \"a\": 2}", 9, "stands here twice"),
        ("[1,]", 3, "expected a value"),
        ("[1 2]", 3, "expected `,` or `]`"),
        ("{\"a\" 1}", 5, "expected `:`"),
        ("{a: 1}", 1, "a key in double quotes"),
        ("01", 0, "does not begin with 0"),
        ("-00", 0, "does not begin with 0"),
        ("00", 0, "does not begin with 0"),
        ("-", 1, "expected a digit"),
        ("1.", 2, "expected a digit"),
        ("NaN", 0, "expected a value"),
        ("\"a", 2, "has no end"),
        ("\"\n\"", 1, "must be escaped"),
        ("\"\\x\"", 1, "no such escape"),
        ("\"\\ud800\"", 1, "surrogate"),
        ("\"\\udc00\"", 1, "surrogate"),
        ("\"\\ud800\\u0041\"", 1, "surrogate"),
        ("\"\\u12\"", 1, "four hex digits"),
        ("1 1", 2, "more text"),
    ] {
        let error = parse(text).unwrap_err();
        assert!(error.message.contains(says), "{text}: {error}");
        assert_eq!(error.offset, offset, "{text}: {error}");
    }
    assert_eq!(line_and_column("a\nbé c", 6), (2, 4));
}

#[test]
fn depth_is_bounded() {
    let deep = |n: usize| "[".repeat(n) + &"]".repeat(n);
    assert!(parse(&deep(MAX_DEPTH)).is_ok());
    assert!(parse(&deep(MAX_DEPTH + 1)).is_err());
    assert!(parse(&"{\"a\":".repeat(1_000_000)).is_err());
}
