//! The doors that untrusted bytes come in by, one function each. The fuzz targets in `tests/fuzz` call them, and so does a
//! plain test over seeds and their mutants, so that neither rots.

pub mod operations;
mod schema;
pub mod typed_data;

use crate::{
    differential::WALLET,
    generator::{Rng, rules},
    mutants, nested, workload,
};
use agentpol_abi::{Layout, Value, decode, encode, signature::parse_members};
use agentpol_analysis::ruleset::{Bound, RuleSet};
use agentpol_compiler::lower::lower;
use agentpol_ethereum::{Facts, OwnedRequest, RawTransaction, read};
use agentpol_model::{decision::Ruling, types::Member};
use agentpol_vm::{Binding, Policy, Scratch};
use std::{collections::BTreeMap, path::Path, sync::LazyLock};

/// Policy text: a tree always comes; what has no errors can be laid out, and laid out twice it stays.
pub fn parser(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else { return };
    let parse = agentpol_grammar::parse(text);
    match agentpol_grammar::format(text) {
        Ok(once) => {
            assert!(parse.errors.is_empty(), "what has errors is not laid out");
            assert_eq!(agentpol_grammar::format(&once).as_ref(), Ok(&once), "laid out twice it stays");
        }
        Err(errors) => assert!(!errors.is_empty(), "a refusal has a reason"),
    }
}

/// Module bytes, as they are and with a hash that fits them.
pub fn module(bytes: &[u8]) {
    let binding = Binding { wallet: WALLET, signer: WALLET, params: BTreeMap::new() };
    let mut tally = mutants::Tally::default();
    mutants::run(bytes, &binding, &[], &mut tally);
    let mut hashed = bytes.to_vec();
    hashed.extend_from_slice(blake3::hash(bytes).as_bytes());
    mutants::run(&hashed, &binding, &[], &mut tally);
}

/// Argument lists that calldata is read as.
pub const ARGUMENTS: &[&str] = &[
    "(address,uint256)",
    "(uint8,int24,bool,bytes4,function)",
    "(bytes,string)",
    "(uint256[],(address,uint256)[])",
    "(bytes[],uint256[2][])",
    "((address,address,uint24,address,uint256,uint256,uint160))",
    "((bytes,uint256[3])[2],string[])",
    "()",
];

static INPUTS: LazyLock<Vec<Vec<Member>>> =
    LazyLock::new(|| ARGUMENTS.iter().map(|text| parse_members(text).unwrap()).collect());

/// Calldata: both decoders say the same, and what they read is written back as it was.
pub fn calldata(bytes: &[u8]) {
    let Some((which, args)) = bytes.split_first() else { return };
    let inputs = &INPUTS[usize::from(*which) % INPUTS.len()];
    let tree: Result<Vec<Value>, _> = decode(inputs, args);
    let in_place = Layout::new(inputs).unwrap();
    let in_place = in_place.check(args).map(|_| ());
    match &tree {
        Ok(values) => {
            assert_eq!(encode(inputs, values).as_deref(), Ok(args), "there is one encoding");
            assert_eq!(in_place, Ok(()));
        }
        Err(fault) => assert_eq!(in_place.as_ref(), Err(fault), "both decoders name the same fault"),
    }
}

/// What requests are judged by here.
static JUDGE: LazyLock<(RuleSet, Bound, Policy)> = LazyLock::new(|| {
    let rules = workload::rule_set(&workload::limits(3));
    let bound = Bound::new(&rules, WALLET, BTreeMap::new()).unwrap();
    let policy = workload::policy(&rules);
    (rules, bound, policy)
});

/// A line of JSON, or a serialised transaction: what is read is judged, the same by both evaluators.
pub fn requests(bytes: &[u8]) {
    if let Ok(text) = core::str::from_utf8(bytes)
        && let Ok(request) = read(text)
    {
        judged(&request, &JUDGE);
    }
    if let Ok(raw) = RawTransaction::read(bytes) {
        let _ = raw.signer();
        if let Ok(draft) = raw.draft()
            && let Ok(request) = OwnedRequest::new(draft, None)
        {
            judged(&request, &JUDGE);
        }
    }
}

/// What both evaluators say of it, if it is one of the wallet; they say the same.
fn judged(request: &OwnedRequest, (rules, bound, policy): &(RuleSet, Bound, Policy)) -> Option<Ruling> {
    let facts = Facts { wallet: WALLET, signer: WALLET, agent: None, now: 1_800_000_000 };
    let lent = request.lend(&facts).ok()?;
    let request = lent.request();
    let mut scratch = Scratch::new(policy);
    let interpreted = policy.decide(&request, &mut scratch).map(|()| scratch.granted().clone());
    assert_eq!(interpreted, rules.decide(&request, bound));
    Some(interpreted)
}

/// The policies among the examples.
pub fn policies() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let texts = files.into_iter().filter(|file| file.extension().is_some_and(|ext| ext == "agentpol"));
    texts.map(|file| std::fs::read(file).unwrap()).collect()
}

/// A door and what it is knocked at with.
pub type Door = (&'static str, fn(&[u8]), Vec<Vec<u8>>);

/// Every door with seeds for it. `policies` are texts.
pub fn doors(policies: Vec<Vec<u8>>) -> Vec<Door> {
    let rng = &mut Rng::new(1);
    let modules = (0..10).filter_map(|_| {
        let bytes = agentpol_bytecode::encode(&lower(&rules::random(rng, rules::Size::default())).ok()?);
        Some(bytes[..bytes.len() - 32].to_vec())
    });
    let modules = modules.collect();
    let calls = (0..ARGUMENTS.len()).map(|which| {
        let values = crate::generator::aim::any_values(&INPUTS[which], rng);
        [&[which as u8], encode(&INPUTS[which], &values).unwrap().as_slice()].concat()
    });
    let calls = calls.collect();
    vec![
        ("parser", parser, policies),
        ("module", module, modules),
        ("calldata", calldata, calls),
        ("requests", requests, request_seeds()),
        ("wrappers", nested::wrappers, nested::seeds(rng)),
        ("typed_data", |bytes| _ = typed_data::typed_data(bytes), choices(rng)),
        ("user_operations", |bytes| _ = operations::operations(bytes), choices(rng)),
    ]
}

/// Any bytes are choices; the more there are, the more is chosen.
fn choices(rng: &mut Rng) -> Vec<Vec<u8>> {
    (0..200).map(|n| rng.bytes(8 + 3 * n)).collect()
}

fn request_seeds() -> Vec<Vec<u8>> {
    let limits = workload::limits(3);
    let mut out = Vec::new();
    for owned in workload::requests(&limits, 10) {
        let action = &owned.actions[0];
        let data = alloy_primitives::hex::encode_prefixed(&action.data);
        let line = serde_json::json!({
            "id": 1, "chainId": 1,
            "request": { "method": "eth_sendTransaction", "params": [{
                "from": WALLET.to_string(), "to": action.to.to_string(), "data": data, "value": "0x0",
                "gas": "0x186a0", "maxFeePerGas": "0x3b9aca00", "maxPriorityFeePerGas": "0x0", "nonce": "0x0",
            }] },
        });
        out.push(line.to_string().into_bytes());
    }
    out.extend(other_requests().iter().map(|line| line.to_string().into_bytes()));
    // EIP-155's own example, unsigned and signed.
    for raw in [
        "ec098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080018080",
        "f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83",
    ] {
        out.push(alloy_primitives::hex::decode(raw).unwrap());
        out.push(format!("{{\"rawTx\": \"0x{raw}\"}}").into_bytes());
    }
    out
}

/// One of every kind that is no transaction.
fn other_requests() -> Vec<serde_json::Value> {
    use serde_json::json;
    let (wallet, to) = (WALLET.to_string(), "0x00000000000000000000000000000000000000aa");
    let permit = json!({
        "types": {
            "EIP712Domain": [
                { "name": "name", "type": "string" }, { "name": "chainId", "type": "uint256" },
                { "name": "verifyingContract", "type": "address" },
            ],
            "Permit": [
                { "name": "owner", "type": "address" }, { "name": "amounts", "type": "int64[2][]" },
                { "name": "it", "type": "It" },
            ],
            "It": [{ "name": "text", "type": "string" }, { "name": "four", "type": "bytes4" }, { "name": "yes", "type": "bool" }],
        },
        "primaryType": "Permit",
        "domain": { "name": "It", "chainId": 1, "verifyingContract": to },
        "message": {
            "owner": wallet, "amounts": [["1", -2], ["0x3", 4]], "it": { "text": "a", "four": "0x01020304", "yes": true },
        },
    });
    let sign_in = format!(
        "example.org wants you to sign in with your Ethereum account:\n{wallet}\n\nWelcome\n\nURI: https://example.org/in?a#b\n\
         Version: 1\nChain ID: 1\nNonce: 12345678\nIssued At: 2026-11-22T10:00:00.5Z\nExpiration Time: 2026-11-23T10:00:00+01:00\n\
         Request ID: x\nResources:\n- ipfs://y"
    );
    let operation = |empty: bool| {
        let mut operation = json!({
            "sender": wallet, "nonce": "0x10000000000000000", "callData": "0xb61d27f6", "callGasLimit": "0x1",
            "verificationGasLimit": "0x2", "preVerificationGas": "0x3", "maxFeePerGas": "0x4", "maxPriorityFeePerGas": "0x1",
        });
        if empty {
            operation["initCode"] = json!("0x");
            operation["paymasterAndData"] = json!("0x");
        }
        operation
    };
    let calls = json!([{
        "version": "2.0.0", "chainId": "0x1", "from": wallet, "atomicRequired": true,
        "calls": [{ "to": to, "value": "0x1" }, { "to": to, "data": "0xa9059cbb" }, { "data": "0x6080" }],
    }]);
    let mut out: Vec<serde_json::Value> = [
        ("eth_signTypedData_v4", json!([wallet, permit])),
        ("eth_signTypedData_v4", json!([wallet, permit.to_string()])),
        ("personal_sign", json!(["Hello, Bob!", wallet])),
        ("personal_sign", json!([alloy_primitives::hex::encode_prefixed(&sign_in), wallet])),
        ("personal_sign", json!([sign_in, wallet])),
        ("wallet_sendCalls", calls),
        ("eth_sendUserOperation", json!([operation(true), "0x5FF137D4b0FDCD49DcA30c7CF57E578a026d2789"])),
        ("eth_sendUserOperation", json!([operation(false), "0x0000000071727De22E5E9d8BAf0edAc6f37da032"])),
    ]
    .into_iter()
    .map(|(method, params)| json!({ "chainId": 1, "request": { "method": method, "params": params } }))
    .collect();
    out.push(json!({ "authorization": { "chainId": "0x1", "address": to, "nonce": 1 } }));
    out
}
