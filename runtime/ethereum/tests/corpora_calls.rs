//! Every call of the corpora, as a request: read, lent, and its calldata decoded with the row's own signature.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use agentpol_abi::{
    AbiFunction, Layout, Malformed, Member, Type, Value, decode_call, encode_call, signature::parse_function,
};
use agentpol_ethereum::{Facts, OwnedRequest, read};
use agentpol_model::{Address, U256, request::Kind};
use common::{bytes, corpora, rows};
use serde_json::{Value as Json, json};
use std::fs;

const FILES: [&str; 3] =
    ["tx/ledger_erc7730.jsonl", "tx/metamask_test_dapp.jsonl", "tx/uniswap_universal_router_sdk.jsonl"];

/// The row as the request that asked for it.
fn request(row: &Json) -> OwnedRequest {
    let tx = if row["raw"].is_object() {
        row["raw"].clone()
    } else {
        let value: U256 = row["value"].as_str().unwrap().parse().unwrap();
        json!({ "to": row["to"], "value": format!("{value:#x}"), "data": row["data"] })
    };
    let request = json!({ "method": "eth_sendTransaction", "params": [tx] });
    let line = json!({ "id": row["id"], "chainId": row["chainId"], "request": request }).to_string();
    read(&line).unwrap_or_else(|e| panic!("{}: {e}", row["id"]))
}

/// The row's function, its members named as in the project's own signatures where the row needs names.
fn function(row: &Json, signatures: &Json) -> AbiFunction {
    let expected = row["expected"]["function"].as_str().unwrap();
    let bare = parse_function(expected).unwrap();
    let named = |list: &Json| {
        let all = list.as_array()?.iter().map(|s| parse_function(s.as_str().unwrap()).unwrap());
        let mut same = all.filter(|f| f.signature() == expected && names_fit(f, &row["expected"]["args"]));
        same.next()
    };
    let project = row["project"].as_str().unwrap_or_default();
    named(&signatures[project]).or_else(|| named(&signatures["ercs"])).unwrap_or(bare)
}

fn names_fit(function: &AbiFunction, args: &Json) -> bool {
    let args = args.as_array().unwrap();
    function.inputs.iter().zip(args).all(|(m, arg)| Some(&*m.name) == arg["name"].as_str())
}

fn same(member: &Member, value: &Value, truth: &Json) -> bool {
    matches(&value.to_json(&member.ty), truth, &member.ty)
}

fn matches(ours: &Json, truth: &Json, ty: &Type) -> bool {
    match (ours, truth, ty) {
        (Json::Array(a), Json::Array(b), Type::Array(inner, _) | Type::FixedArray(inner, _)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| matches(a, b, inner))
        }
        (Json::Object(a), Json::Object(b), Type::Tuple(members)) => {
            a.len() == b.len() && members.iter().all(|m| matches(&a[&m.name], &b[&m.name], &m.ty))
        }
        (Json::String(a), Json::String(b), _) => a.eq_ignore_ascii_case(b),
        _ => ours == truth,
    }
}

fn signatures() -> Json {
    match corpora() {
        None => Json::Null,
        Some(path) => {
            let text = fs::read_to_string(path.join("abis/_ledger_erc7730_signatures.json")).unwrap();
            serde_json::from_str(&text).unwrap()
        }
    }
}

fn facts(owned: &OwnedRequest) -> Facts<'static> {
    let wallet = owned.from().unwrap_or(Address::repeat_byte(0x11));
    Facts { wallet, signer: wallet, agent: None, now: 0 }
}

#[test]
fn arguments_equal_the_ground_truth() {
    let signatures = signatures();
    for file in FILES {
        let (mut calls, mut sends, mut canonical, mut malformed) = (0, 0, 0, Vec::new());
        for row in rows(file) {
            let id = row["id"].as_str().unwrap();
            let owned = request(&row);
            let lent = owned.lend(&facts(&owned)).unwrap();
            let action = lent.request().actions[0];
            assert_eq!(action.to, row["to"].as_str().unwrap().parse::<Address>().unwrap(), "{id}");
            assert_eq!(action.data, bytes(&row["data"]), "{id}");
            if action.kind == Kind::Send {
                sends += 1;
                continue;
            }
            calls += 1;
            if row["expected"].is_null() {
                continue;
            }
            let function = function(&row, &signatures);
            assert_eq!(function.selector().to_vec(), bytes(&row["expected"]["selector"]), "{id}");
            let layout = Layout::new(&function.inputs).unwrap();
            let flat = layout.check(&action.data[4..]).map(|_| ()).map_err(Malformed::in_calldata);
            match decode_call(&function.inputs, action.data) {
                Ok((selector, values)) => {
                    let truth = row["expected"]["args"].as_array().unwrap();
                    assert!(row["expected"]["canonical"].as_bool().unwrap(), "{id}");
                    assert_eq!(values.len(), truth.len(), "{id}");
                    for ((member, value), truth) in function.inputs.iter().zip(&values).zip(truth) {
                        assert!(same(member, value, &truth["value"]), "{id}: {value} is not {truth}");
                    }
                    assert_eq!(
                        encode_call(selector, &function.inputs, &values).unwrap(),
                        action.data,
                        "{id}"
                    );
                    assert_eq!(flat, Ok(()), "{id}");
                    canonical += 1;
                }
                Err(e) => {
                    assert!(!row["expected"]["canonical"].as_bool().unwrap(), "{id}: {e}");
                    assert_eq!(flat, Err(e), "{id}");
                    malformed.push(format!("{id}: {e}"));
                }
            }
        }
        println!(
            "{file}: {calls} calls and {sends} sends read; of the calls with ground truth {canonical} equal, \
             {} malformed: {malformed:?}",
            malformed.len()
        );
    }
}

#[test]
fn raw_transactions_say_the_same_as_their_rows() {
    let (mut equal, mut signed) = (0, 0);
    for row in rows("tx/ledger_erc7730.jsonl") {
        let id = row["id"].as_str().unwrap();
        let line = json!({ "id": id, "chainId": row["chainId"], "rawTx": row["rawTx"] }).to_string();
        let owned = read(&line).unwrap_or_else(|e| panic!("{id}: {e}"));
        let draft = owned.draft().unwrap();
        assert_eq!(draft.to.unwrap(), row["to"].as_str().unwrap().parse::<Address>().unwrap(), "{id}");
        assert_eq!(draft.value, row["value"].as_str().unwrap().parse::<U256>().unwrap(), "{id}");
        assert_eq!(draft.data, bytes(&row["data"]), "{id}");
        assert_eq!(owned.is_signed(), row["signed"].as_bool().unwrap(), "{id}");
        assert_eq!(owned.from().is_some(), owned.is_signed(), "{id}");
        signed += usize::from(owned.is_signed());
        equal += 1;
    }
    println!("ledger_erc7730.jsonl: {equal} raw transactions read, {signed} of them signed");
}

/// Calldata written by attackers: nothing panics, and both readers say the same, whatever the types.
#[test]
fn hostile_calldata_is_survived() {
    let guesses: Vec<AbiFunction> = [
        "f(address,uint256)",
        "f(address,uint256,bytes)",
        "f(address[],uint256[],bytes)",
        "f((address,uint8,bytes)[],string)",
        "f(bytes[])",
        "f()",
    ]
    .map(|s| parse_function(s).unwrap())
    .into();
    let (mut rows_read, mut fit) = (0, 0);
    for row in rows("malicious/defihacklabs_calldata.jsonl") {
        let data = bytes(&row["data"]);
        for function in &guesses {
            let tree = decode_call(&function.inputs, &data).map(|_| ());
            if let Some(args) = data.get(4..) {
                let flat = Layout::new(&function.inputs).unwrap().check(args).map(|_| ());
                assert_eq!(tree, flat.map_err(Malformed::in_calldata));
            }
            fit += usize::from(tree.is_ok());
        }
        rows_read += 1;
    }
    println!("defihacklabs_calldata.jsonl: {rows_read} rows, {fit} readings by guessed types");
}

/// Real requests with a few characters changed: an answer always, and never a panic; what is still read is read the same
/// way twice.
#[test]
fn mutated_requests_are_answered() {
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed >> 33).unwrap() % below
    };
    let alphabet: Vec<char> = "{}[]\",:0123456789abcdefxX\\ -ué".chars().collect();
    let (mut mutants, mut read_still) = (0, 0);
    for row in FILES.iter().flat_map(|file| rows(file)) {
        let value: U256 = row["value"].as_str().unwrap_or("0").parse().unwrap();
        let tx = json!({ "to": row["to"], "value": format!("{value:#x}"), "data": row["data"] });
        let request = json!({ "method": "eth_sendTransaction", "params": [tx] });
        let mut lines =
            vec![json!({ "id": row["id"], "chainId": row["chainId"], "request": request }).to_string()];
        if row["rawTx"].is_string() {
            lines.push(json!({ "chainId": row["chainId"], "rawTx": row["rawTx"] }).to_string());
        }
        for line in lines.iter().filter(|line| line.len() < 20_000) {
            for _ in 0..50 {
                let mut chars: Vec<char> = line.chars().collect();
                for _ in 0..=random(3) {
                    let at = random(chars.len());
                    match random(3) {
                        0 => chars[at] = alphabet[random(alphabet.len())],
                        1 => drop(chars.remove(at)),
                        _ => chars.insert(at, alphabet[random(alphabet.len())]),
                    }
                }
                let mutant: String = chars.into_iter().collect();
                mutants += 1;
                let first = read(&mutant);
                read_still += usize::from(first.is_ok());
                assert_eq!(first, read(&mutant));
            }
        }
    }
    println!("{mutants} mutated requests answered, {read_still} of them still requests");
}
