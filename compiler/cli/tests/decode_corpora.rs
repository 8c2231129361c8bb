//! `agentpol decode` beside calls that others decoded: every row of the corpora that comes with its arguments. What the
//! standard library does not know is declared by a policy with a JSON ABI beside it, made from the row's own signature.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

use agentpol_abi::{AbiFunction, Member, Type, signature::parse_function};
use alloy_primitives::{U256, hex};
use serde_json::{Value as Json, json};
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The chains of the rows, as a policy names them: those of the standard library, and those that are declared here.
const CHAINS: &[(u64, &str)] =
    &[(1, "ethereum"), (10, "optimism"), (137, "polygon"), (8453, "base"), (42161, "arbitrum")];
const OTHER_CHAINS: &[(u64, &str)] = &[(56, "bnb_chain"), (43114, "avalanche"), (11_155_111, "sepolia")];

/// Where the real data is, if it is there.
fn corpora() -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "tests find their data through the environment")]
    let corpora = match std::env::var("AGENTPOL_CORPORA") {
        Ok(path) => PathBuf::from(path),
        Err(_) => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora"),
    };
    if corpora.join("tx").is_dir() {
        return Some(corpora);
    }
    println!("skipped: no corpora at {} (set AGENTPOL_CORPORA)", corpora.display());
    None
}

/// The rows with a ground truth.
fn rows(corpora: &Path) -> Vec<Json> {
    let files = fs::read_dir(corpora.join("tx")).unwrap();
    let mut paths: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "jsonl"));
    paths.sort();
    let text: String = paths.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let rows = text.lines().map(|line| serde_json::from_str::<Json>(line).unwrap());
    rows.filter(|row| row["expected"].is_object()).collect()
}

/// The row's function, its members named as in the project's own signature where there is one.
fn function(row: &Json, signatures: &Json) -> AbiFunction {
    let expected = row["expected"]["function"].as_str().unwrap();
    let args = row["expected"]["args"].as_array().unwrap();
    let fits = |f: &AbiFunction| {
        f.signature() == expected && f.inputs.iter().zip(args).all(|(m, arg)| arg["name"] == m.name.as_str())
    };
    let named = |list: &Json| {
        let mut all = list.as_array()?.iter().map(|s| parse_function(s.as_str().unwrap()).unwrap());
        all.find(fits)
    };
    let project = row["project"].as_str().unwrap_or_default();
    named(&signatures[project])
        .or_else(|| named(&signatures["ercs"]))
        .unwrap_or_else(|| parse_function(expected).unwrap())
}

/// The row as a wallet is asked it, named by its place in the list.
fn request(n: usize, row: &Json) -> String {
    let tx = if row["raw"].is_object() {
        row["raw"].clone()
    } else {
        let value: U256 = row["value"].as_str().unwrap().parse().unwrap();
        json!({ "to": row["to"], "value": format!("{value:#x}"), "data": row["data"] })
    };
    let asked = json!({ "method": "eth_sendTransaction", "params": [tx] });
    json!({ "id": n, "chainId": row["chainId"], "request": asked }).to_string()
}

/// What `agentpol decode` says of these rows, by their place.
fn decode(policy: Option<&Path>, rows: &[(usize, &Json)]) -> BTreeMap<usize, Json> {
    let stream: String = rows.iter().map(|(n, row)| request(*n, row) + "\n").collect();
    let mut command = Command::new(env!("CARGO_BIN_EXE_agentpol"));
    command.args(["decode", "--requests", "-", "--format", "json"]);
    if let Some(policy) = policy {
        command.arg("--policy").arg(policy);
    }
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(stream.as_bytes()));
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "it ends well: {}", output.status);
    writer.join().unwrap().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    let said: BTreeMap<usize, Json> = out
        .lines()
        .map(|line| serde_json::from_str::<Json>(line).unwrap())
        .map(|line| (usize::try_from(line["id"].as_u64().unwrap()).unwrap(), line))
        .collect();
    assert_eq!(said.len(), rows.len(), "one answer a request");
    said
}

/// A parameter as a JSON ABI writes it.
fn parameter(name: &str, ty: &Type) -> Json {
    let (mut inner, mut dimensions) = (ty, String::new());
    while let Type::Array(of, _) | Type::FixedArray(of, _) = inner {
        dimensions = match inner {
            Type::FixedArray(_, n) => format!("[{n}]{dimensions}"),
            _ => format!("[]{dimensions}"),
        };
        inner = of;
    }
    match inner {
        Type::Tuple(members) => {
            let components: Vec<Json> = members.iter().map(|m| parameter(&m.name, &m.ty)).collect();
            json!({ "name": name, "type": format!("tuple{dimensions}"), "components": components })
        }
        word => json!({ "name": name, "type": format!("{word}{dimensions}") }),
    }
}

/// A policy that declares everything these rows call, written with its JSON ABIs into `folder`.
fn declare(folder: &Path, rows: &[(usize, &Json)], signatures: &Json) -> PathBuf {
    let mut contracts: BTreeMap<(u64, String), BTreeMap<String, AbiFunction>> = BTreeMap::new();
    for (_, row) in rows {
        let at = (row["chainId"].as_u64().unwrap(), row["to"].as_str().unwrap().to_ascii_lowercase());
        let function = function(row, signatures);
        contracts.entry(at).or_default().insert(function.signature(), function);
    }
    let chains: Vec<&str> = CHAINS.iter().chain(OTHER_CHAINS).map(|(_, name)| *name).collect();
    let mut text = format!("policy corpora on {}\n\n", chains.join(", "));
    for (id, name) in OTHER_CHAINS {
        let coin = name.to_ascii_uppercase();
        let _ = write!(
            text,
            "/// Its coin.\ntoken {coin} decimals 18 {{\n    on {name} native\n}}\n/// A chain.\nchain {name} id {id} native {coin}\n"
        );
    }
    for (n, ((id, address), functions)) in contracts.iter().enumerate() {
        let entries: Vec<Json> = functions
            .values()
            .map(|function| {
                let inputs: Vec<Json> = function.inputs.iter().map(|m| parameter(&m.name, &m.ty)).collect();
                json!({ "type": "function", "name": function.name, "stateMutability": "payable",
                    "inputs": inputs, "outputs": [] })
            })
            .collect();
        fs::write(folder.join(format!("i{n}.json")), Json::Array(entries).to_string()).unwrap();
        let chain = CHAINS.iter().chain(OTHER_CHAINS).find(|(other, _)| other == id).expect("a chain").1;
        let _ = write!(
            text,
            "/// As it is called.\ninterface I{n} from \"./i{n}.json\" {{}}\ncontract c{n}: I{n} on {chain} at {address}\n"
        );
    }
    let path = folder.join("corpora.agentpol");
    fs::write(&path, text).unwrap();
    path
}

/// Do the arguments say the same? Members of tuples are told by their names.
fn same(ours: &Json, truth: &Json, ty: &Type) -> bool {
    match (ours, truth, ty) {
        (Json::Array(a), Json::Array(b), Type::Array(inner, _) | Type::FixedArray(inner, _)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b, inner))
        }
        (Json::Object(a), Json::Object(b), Type::Tuple(members)) => {
            let member = |m: &Member| match (a.get(&m.name), b.get(&m.name)) {
                (Some(a), Some(b)) => same(a, b, &m.ty),
                _ => false,
            };
            a.len() == b.len() && a.len() == members.len() && members.iter().all(member)
        }
        // Addresses and bytes; never two texts that differ in case only.
        (Json::String(a), Json::String(b), Type::String) => a == b,
        (Json::String(a), Json::String(b), _) => a.eq_ignore_ascii_case(b),
        _ => ours == truth,
    }
}

fn check(row: &Json, action: &Json, signatures: &Json) -> Result<(), String> {
    let expected = &row["expected"];
    let signature = expected["function"].as_str().unwrap();
    let members = function(row, signatures).inputs;
    let (args, truth) = (action["args"].as_array().unwrap(), expected["args"].as_array().unwrap());
    if action["function"].as_str() != Some(signature) || action["selector"] != expected["selector"] {
        return Err(format!("{} instead of {signature}", action["function"]));
    }
    if args.len() != truth.len() {
        return Err(format!("{} arguments instead of {}", args.len(), truth.len()));
    }
    for ((arg, truth), member) in args.iter().zip(truth).zip(&members) {
        if !same(&arg["value"], &truth["value"], &member.ty) {
            return Err(format!("{}: {} instead of {}", truth["name"], arg["value"], truth["value"]));
        }
    }
    Ok(())
}

/// Not the one encoding: the byte and the cause are named, and the byte is one of the calldata or just behind it.
fn names_the_fault(row: &Json, said: &Json) -> Result<(), String> {
    let bytes = hex::decode(row["data"].as_str().unwrap()).unwrap().len() as u64;
    let error = &said["error"];
    let named = error["code"] == "malformed"
        && error["offset"].as_u64().is_some_and(|offset| offset <= bytes)
        && error["message"].as_str().is_some_and(|message| message.starts_with("byte "));
    if named { Ok(()) } else { Err(format!("no malformed decision: {said}")) }
}

#[test]
fn every_decoded_call_is_understood_as_others_understood_it() {
    let Some(corpora) = corpora() else { return };
    let signatures = fs::read_to_string(corpora.join("abis/_ledger_erc7730_signatures.json")).unwrap();
    let signatures: Json = serde_json::from_str(&signatures).unwrap();
    let rows = rows(&corpora);
    assert!(!rows.is_empty(), "the corpora hold decoded calls");
    let all: Vec<(usize, &Json)> = rows.iter().enumerate().collect();
    let by_library = decode(None, &all);
    let unknown = |said: &Json| {
        matches!(
            said["error"]["code"].as_str(),
            Some("unknown_contract" | "unknown_function" | "wrong_chain")
        )
    };
    let others: Vec<(usize, &Json)> = all.iter().filter(|(n, _)| unknown(&by_library[n])).copied().collect();
    let folder = tempfile::tempdir().unwrap();
    let policy = declare(folder.path(), &others, &signatures);
    let by_policy = decode(Some(&policy), &others);
    let (mut canonical, mut trailing, mut malformed, mut faults) = (0, 0, Vec::new(), Vec::new());
    for (n, row) in &all {
        let said = by_policy.get(n).unwrap_or(&by_library[n]);
        let judged = if row["expected"]["canonical"] == true {
            canonical += 1;
            if said["error"].is_null() {
                check(row, &said["actions"][0], &signatures)
            } else {
                Err(said["error"].to_string())
            }
        } else if said["error"].is_null() {
            // The interface admits what stands behind the arguments.
            trailing += 1;
            check(row, &said["actions"][0], &signatures)
        } else {
            malformed.push(format!("{}: {}", row["id"], said["error"]["message"]));
            names_the_fault(row, said)
        };
        faults.extend(judged.err().map(|why| format!("{}: {why}", row["id"])));
    }
    println!(
        "{} calls: {} known to the standard library, {} declared here; {canonical} canonical, {trailing} with bytes behind their arguments, {} neither:\n{}",
        all.len(),
        all.len() - others.len(),
        others.len(),
        malformed.len(),
        malformed.join("\n")
    );
    assert!(faults.is_empty(), "{} of {}:\n{}", faults.len(), all.len(), faults.join("\n"));
}
