//! Signatures as people write them, and JSON ABIs as compilers do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use agentpol_abi::{
    Mutability, Type, WordType,
    fit::{self, MAX_HEAD_WORDS, MAX_TYPE_DEPTH, MAX_TYPE_NODES, Unfit},
    json, selector,
    signature::{MAX_SIGNATURE_BYTES, parse_function, parse_members, parse_type},
    strict_json::line_and_column,
};
use common::{corpora, unnamed};
use std::{collections::BTreeMap, fs};

#[test]
fn well_known_selectors() {
    for (signature, expected) in [
        ("transfer(address,uint256)", [0xa9, 0x05, 0x9c, 0xbb]),
        ("approve(address,uint256)", [0x09, 0x5e, 0xa7, 0xb3]),
        ("execute(bytes,bytes[])", [0x24, 0x85, 0x6b, 0xc3]),
        ("deposit()", [0xd0, 0xe3, 0x0d, 0xb0]),
    ] {
        assert_eq!(selector(signature), expected);
        assert_eq!(parse_function(signature).unwrap().selector(), expected);
    }
}

#[test]
fn human_signatures() {
    let text = "function swap((address tokenIn, uint24 fee)[2] calldata routes, address payable to, uint deadline) \
                external payable returns (uint256 amountOut);";
    let function = parse_function(text).unwrap();
    assert_eq!(function.signature(), "swap((address,uint24)[2],address,uint256)");
    let names: Vec<_> = function.inputs.iter().map(|m| m.name.as_str()).collect();
    assert_eq!(names, ["routes", "to", "deadline"]);
    assert!(function.payable());
    assert_eq!(function.outputs.len(), 1);
    assert_eq!(parse_function("f() view").unwrap().mutability, Mutability::View);
}

#[test]
fn faults_of_signatures_have_a_place() {
    for (text, offset, says) in [
        ("transfer(address,uint7)", 17, "no ABI type `uint7`"),
        ("transfer(address,uint257)", 17, "no ABI type `uint257`"),
        ("transfer(address,uint08)", 17, "no ABI type"),
        ("transfer(address,bytes33)", 17, "no ABI type"),
        ("transfer(byte)", 9, "write `bytes1`"),
        ("transfer(address", 16, "expected `)`, found the end"),
        ("transfer(address,)", 17, "expected a type"),
        ("transfer", 8, "expected `(`"),
        ("(address)", 0, "expected the function's name"),
        ("1st(address)", 3, "expected the function's name"),
        ("f(uint8[0])", 9, "no array size"),
        ("f(uint8[01])", 10, "no array size"),
        ("f(uint8[-1])", 8, "expected `]`"),
        ("f(uint8[99999999999])", 19, "no array size"),
        ("f(uint8) sometimes", 18, "`sometimes` after the arguments"),
        ("f(uint8) x(", 10, "`x` after the arguments"),
        ("f(uint8);;", 9, "after the end"),
        ("f(())", 0, "at least one element"),
    ] {
        let error = parse_function(text).unwrap_err();
        assert!(error.message.contains(says), "{text}: {error}");
        assert_eq!(error.offset, offset, "{text}: {error}");
    }
}

fn nested(levels: usize) -> Type {
    (0..levels).fold(Type::Word(WordType::Bool), |inner, _| Type::Array(Box::new(inner), None))
}

#[test]
fn limits_of_types() {
    let check = |types: Vec<Type>| fit::check(&unnamed(types));
    let word = || Type::Word(WordType::Bool);
    assert_eq!(check(vec![nested(MAX_TYPE_DEPTH)]), Ok(()));
    assert_eq!(check(vec![nested(MAX_TYPE_DEPTH + 1)]), Err(Unfit::TooDeep));
    assert_eq!(check(vec![Type::FixedArray(Box::new(word()), MAX_HEAD_WORDS)]), Ok(()));
    assert_eq!(check(vec![Type::FixedArray(Box::new(word()), MAX_HEAD_WORDS + 1)]), Err(Unfit::TooLarge));
    assert_eq!(check(vec![word(); MAX_TYPE_NODES]), Ok(()));
    assert_eq!(check(vec![word(); MAX_TYPE_NODES + 1]), Err(Unfit::TooLarge));
    // The same words at many levels count each time: a plan is never larger than the limit.
    let many = Type::Array(Box::new(Type::FixedArray(Box::new(word()), MAX_HEAD_WORDS / 2)), None);
    assert_eq!(check(vec![many.clone()]), Ok(()));
    assert_eq!(check(vec![many.clone(), many]), Err(Unfit::TooLarge));
    assert_eq!(check(vec![Type::FixedArray(Box::new(word()), 0)]), Err(Unfit::Empty));
    assert_eq!(check(vec![Type::FixedArray(Box::new(Type::Bytes), 0)]), Err(Unfit::Empty));
    assert_eq!(check(vec![Type::Tuple(Vec::new())]), Err(Unfit::Empty));
    for width in [
        WordType::Uint(0),
        WordType::Uint(7),
        WordType::Int(264),
        WordType::FixedBytes(0),
        WordType::FixedBytes(33),
    ] {
        assert_eq!(check(vec![Type::Word(width)]), Err(Unfit::Width(width)));
    }

    let text = |levels: usize| format!("bool{}", "[]".repeat(levels));
    assert!(parse_type(&text(MAX_TYPE_DEPTH)).is_ok());
    assert!(parse_type(&text(MAX_TYPE_DEPTH + 1)).is_err());
    assert!(parse_type(&"(".repeat(10_000)).is_err());
    let members = |n: usize| format!("({})", vec!["bool"; n].join(","));
    assert!(parse_members(&members(MAX_TYPE_NODES)).is_ok());
    assert!(parse_members(&members(MAX_TYPE_NODES + 1)).is_err());
    let padded = |n: usize| format!("f(){}", " ".repeat(n - 3));
    assert!(parse_function(&padded(MAX_SIGNATURE_BYTES)).is_ok());
    assert!(parse_function(&padded(MAX_SIGNATURE_BYTES + 1)).is_err());
}

#[test]
fn json_abi() {
    let text = r#"[
        {"type": "function", "name": "swap", "stateMutability": "payable", "inputs": [
            {"name": "routes", "type": "tuple[2][]", "internalType": "struct Route[2][]", "components": [
                {"name": "tokenIn", "type": "address"}, {"name": "fee", "type": "uint24"}]},
            {"name": "", "type": "bytes"}], "outputs": [{"type": "uint256"}]},
        {"type": "event", "name": "Swapped", "inputs": [{"type": "whatever"}]},
        {"type": "error", "name": "Nope", "inputs": []},
        {"type": "constructor", "inputs": []}, {"type": "receive"}, {"type": "fallback"},
        {"name": "old", "constant": true, "payable": false, "inputs": [], "outputs": []},
        {"name": "old", "constant": true, "inputs": []}]"#;
    let functions = json::parse(text).unwrap();
    let signatures: Vec<_> = functions.iter().map(|f| f.signature()).collect();
    assert_eq!(signatures, ["swap((address,uint24)[2][],bytes)", "old()"]);
    assert!(functions[0].payable());
    assert_eq!(functions[1].mutability, Mutability::View);
    let artefact = format!(r#"{{"contractName": "Router", "abi": {text}, "bytecode": "0x"}}"#);
    assert_eq!(json::parse(&artefact).unwrap(), functions);
}

#[test]
fn faults_of_json_abis_have_a_place() {
    let function =
        |inputs: &str| format!("[\n  {{\"type\": \"function\", \"name\": \"f\", \"inputs\": {inputs}}}\n]");
    let entry = |fields: &str| format!("[{{\"name\": \"f\", {fields}}}]");
    for (text, place, says) in [
        (String::new(), "", "found the end"),
        ("{}".into(), "{", "an ABI is an array"),
        ("[1]".into(), "1", "an entry of an ABI is an object"),
        (r#"[{"type": "functoin"}]"#.into(), r#""functoin"#, "no kind of entry"),
        (r#"[{"type": "function"}]"#.into(), "{", "needs a `name`"),
        (r#"[{"name": "a b", "inputs": []}]"#.into(), r#""a b"#, "not a name"),
        (r#"[{"name": "f"}]"#.into(), "{", "needs `inputs`"),
        (entry(r#""name": "g""#), r#""name": "g"#, "stands here twice"),
        (entry(r#""inputs": [], "payable": true, "stateMutability": "view""#), "{", "contradict"),
        (entry(r#""inputs": [], "stateMutability": "free""#), r#""free"#, "is not `pure`"),
        (entry(r#""inputs": [], "payable": 1"#), "1", "true or false"),
        (
            r#"[{"name": "f", "inputs": []}, {"inputs": [], "name": "f", "payable": true}]"#.into(),
            r#"{"inputs"#,
            "once payable and once not",
        ),
        (
            // Two signatures of one selector, a real collision.
            r#"[{"name": "transfer", "inputs": [{"type": "address"}, {"type": "uint256"}]},
{"inputs": [{"type": "bytes1"}], "name": "many_msg_babbage"}]"#
                .into(),
            r#"{"inputs"#,
            "same selector",
        ),
        (function("7"), "7", "`inputs` is an array"),
        (function("[7]"), "7", "an object with a `type`"),
        (function(r#"[{"type": "uint7"}]"#), r#""uint7"#, "no ABI type \"uint7\""),
        (function(r#"[{"type": "uint8["}]"#), r#""uint8"#, "no ABI type"),
        (function(r#"[{"type": "uint8[x]"}]"#), r#""uint8"#, "no ABI type"),
        (function(r#"[{"type": "uint8[0]"}]"#), r#"[{"type": "uint8"#, "at least one element"),
        (function(r#"[{"type": "tuple"}]"#), r#"{"type": "tuple"#, "a tuple needs `components`"),
        (function(r#"[{"type": "tuple", "components": []}]"#), r#"[{"type": "tuple"#, "at least one element"),
        (
            function(r#"[{"type": "uint8", "components": [{"type": "bool"}]}]"#),
            r#"[{"type": "bool"#,
            "only a tuple has components",
        ),
    ] {
        let error = json::parse(&text).unwrap_err();
        assert!(error.message.contains(says), "{text}: {error}");
        let place = line_and_column(&text, text.find(place).unwrap());
        assert_eq!((error.line, error.column), place, "{text}: {error}");
    }
    let error = json::parse(&function("7")).unwrap_err();
    assert_eq!(error.to_string(), "2:47: `inputs` is an array; found a number");
}

#[test]
fn all_abis_of_the_corpora_are_imported() {
    let Some(corpora) = corpora() else { return };
    let (mut files, mut count) = (0, 0);
    for entry in fs::read_dir(corpora.join("abis")).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_str().unwrap().starts_with('_') {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let functions = json::parse(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        // As many functions as a general reader sees.
        let general: serde_json::Value = serde_json::from_str(&text).unwrap();
        let list = general.get("abi").unwrap_or(&general).as_array().unwrap();
        let entries = list.iter().filter(|e| e["type"] == "function").count();
        assert_eq!(functions.len(), entries, "{}", path.display());
        for function in &functions {
            // What is written as text reads back.
            assert_eq!(parse_function(&function.signature()).unwrap().selector(), function.selector());
        }
        files += 1;
        count += functions.len();
    }
    println!("abis: {files} files, {count} functions imported");
}

#[test]
fn all_human_signatures_of_the_corpora_are_read() {
    let Some(corpora) = corpora() else { return };
    let text = fs::read_to_string(corpora.join("abis/_ledger_erc7730_signatures.json")).unwrap();
    let projects: BTreeMap<String, Vec<String>> = serde_json::from_str(&text).unwrap();
    let signatures: Vec<_> = projects.values().flatten().collect();
    for signature in &signatures {
        parse_function(signature).unwrap_or_else(|e| panic!("{signature}: {e}"));
    }
    println!("_ledger_erc7730_signatures.json: {0} of {0} signatures read", signatures.len());
}
