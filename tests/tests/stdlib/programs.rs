//! What others called: routers' programs, command by command, and bytes behind the arguments.

use crate::read::corpora;
use agentpol_analysis::ruleset::{Bound, RuleSet, Understood};
use agentpol_compiler::{NoFiles, SourceFile, compile};
use agentpol_model::{
    Address, U256,
    decision::DenyCode,
    effect::{Effect, EffectKind, GrantMode},
    request::{Action, Envelope, Kind, Request},
};
use alloy_dyn_abi::{DynSolType, DynSolValue};
use serde_json::Value as Json;
use std::collections::BTreeMap;

const WALLET: Address = Address::repeat_byte(0x11);
const PERMIT2: &str = "0x000000000022D473030F116dDEE9F6B43aC78BA3";

fn rows(file: &str) -> Vec<Json> {
    let Some(corpora) = corpora() else { return Vec::new() };
    let text = std::fs::read_to_string(corpora.join(file)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn library() -> (RuleSet, Bound) {
    let rules = agentpol_compiler::catalogue().ruleset.unwrap();
    let bound = Bound::new(&rules, WALLET, BTreeMap::new()).unwrap();
    (rules, bound)
}

/// A row's call, read.
fn understand<'r>(
    rules: &'r RuleSet,
    bound: &Bound,
    row: &Json,
    data: &[u8],
) -> Result<Understood<'r>, &'static str> {
    ask(row, data, |request, action| rules.understand(request, action, bound).map_err(|e| e.code.name()))
}

/// A row's call, handed on as a request.
fn ask<T>(row: &Json, data: &[u8], then: impl FnOnce(&Request, &Action) -> T) -> T {
    let to = row["to"].as_str().unwrap().parse().unwrap();
    let action = Action { kind: Kind::Call, from: WALLET, to, value: U256::ZERO, command: [0; 4], data };
    let request = Request {
        chain: row["chainId"].as_u64().unwrap(),
        wallet: WALLET,
        signer: WALLET,
        agent: None,
        now: 1_767_225_600,
        envelope: Envelope::default(),
        actions: &[action],
    };
    then(&request, &action)
}

fn bytes(hex: &Json) -> Vec<u8> {
    alloy_primitives::hex::decode(hex.as_str().unwrap()).unwrap()
}

/// Commands of the first router that the corpora record without name and arguments, all but one for markets of single things: the name and
/// the types with which Uniswap's kit (npm @uniswap/universal-router-sdk) writes them, and whether somebody else's calldata is in them.
const MARKETS: &[(&str, &str, &str, bool)] = &[
    ("0x10", "SEAPORT_V1_5", "(uint256,bytes)", true),
    ("0x11", "LOOKS_RARE_V2", "(uint256,bytes)", true),
    ("0x12", "NFTX", "(uint256,bytes)", true),
    ("0x13", "CRYPTOPUNKS", "(uint256,address,uint256)", false),
    ("0x18", "X2Y2_721", "(uint256,bytes,address,address,uint256)", true),
    ("0x19", "SUDOSWAP", "(uint256,bytes)", true),
    ("0x1a", "NFT20", "(uint256,bytes)", true),
    ("0x1b", "X2Y2_1155", "(uint256,bytes,address,address,uint256,uint256)", true),
    ("0x1c", "FOUNDATION", "(uint256,bytes,address,address,uint256)", true),
    ("0x1e", "ELEMENT_MARKET", "(uint256,bytes)", true),
    ("0x20", "SEAPORT_V1_4", "(uint256,bytes)", true),
    ("0x22", "APPROVE_ERC20", "(address,uint256)", false),
];

/// The row of [`MARKETS`] for a command that the corpora record without arguments.
fn market(recorded: &Json) -> Option<&'static (&'static str, &'static str, &'static str, bool)> {
    recorded["args"].is_null().then(|| MARKETS.iter().find(|m| recorded["opcode"] == m.0).unwrap())
}

/// A command's name and arguments: as they are recorded, or, for a market, as another decoder reads the recorded input.
fn truth(row: &Json, n: usize, recorded: &Json) -> (String, Vec<Json>) {
    let Some((_, name, types, _)) = market(recorded) else {
        let arguments = recorded["args"].as_array().unwrap().iter().map(|a| a["value"].clone());
        return (recorded["name"].as_str().unwrap().to_owned(), arguments.collect());
    };
    let call = row["expected"]["args"].as_array().unwrap();
    let inputs = call.iter().find(|a| a["name"] == "inputs").unwrap_or(&call[1]);
    let ty: DynSolType = types.parse().unwrap();
    let read = ty.abi_decode_params(&bytes(&inputs["value"][n])).unwrap();
    let plain = |value: &DynSolValue| match value {
        DynSolValue::Uint(number, _) => number.to_string(),
        DynSolValue::Address(address) => address.to_string(),
        DynSolValue::Bytes(bytes) => alloy_primitives::hex::encode_prefixed(bytes),
        other => panic!("{other:?}"),
    };
    ((*name).to_owned(), read.as_tuple().unwrap().iter().map(|v| plain(v).into()).collect())
}

/// What a command takes from whoever called, worked out from the recorded arguments alone.
fn taken(name: &str, args: &Json) -> Option<(EffectKind, String)> {
    let arg = |name: &str| {
        args.as_array().unwrap().iter().find(|a| a["name"] == name).map(|a| &a["value"]).unwrap()
    };
    let text = |name: &str| arg(name).as_str().unwrap().to_owned();
    let by_user = || arg("payerIsUser").as_bool().unwrap();
    let pull = |exact, amount: &str| Some((EffectKind::Pull { exact }, text(amount)));
    match name {
        "V3_SWAP_EXACT_IN" if by_user() => pull(false, "amountIn"),
        "V3_SWAP_EXACT_OUT" | "V2_SWAP_EXACT_OUT" if by_user() => pull(false, "amountInMax"),
        "V2_SWAP_EXACT_IN" if by_user() => pull(true, "amountIn"),
        "PERMIT2_TRANSFER_FROM" => pull(true, "amount"),
        "PERMIT2_PERMIT" => {
            let amount: U256 = arg("permitSingle")["details"]["amount"].as_str().unwrap().parse().unwrap();
            // The greatest number of its type means everything.
            let amount = if amount == U256::MAX >> 96 { U256::MAX } else { amount };
            Some((EffectKind::Grant(GrantMode::Set), amount.to_string()))
        }
        _ => None,
    }
}

/// The programs that Uniswap's kit makes: every command has the recorded name and arguments, and takes what the recorded arguments say.
/// What a market does with calldata of its own is nobody's to say, so those commands are opaque.
#[test]
fn recorded_programs_are_read_command_by_command() {
    let (rules, bound) = library();
    let (mut commands, mut strange, mut opaque) = (0, 0, 0);
    for row in rows("tx/uniswap_universal_router_sdk.jsonl") {
        let id = row["id"].as_str().unwrap();
        let read =
            understand(&rules, &bound, &row, &bytes(&row["data"])).unwrap_or_else(|e| panic!("{id}: {e}"));
        let recorded = row["expected"]["commands"].as_array().unwrap();
        assert_eq!(read.inner.len(), recorded.len(), "{id}");
        for (n, (inside, recorded)) in read.inner.iter().zip(recorded).enumerate() {
            assert_eq!((inside.kind, inside.from), (Kind::Command, WALLET), "{id}");
            assert_eq!(Json::Bool(inside.may_fail), recorded["allowRevert"], "{id}");
            assert_eq!(format!("0x{:02x}", inside.command[3]), recorded["opcode"].as_str().unwrap(), "{id}");
            let understood = inside.understood.as_ref().unwrap_or_else(|e| panic!("{id}: {e:?}"));
            let callable = understood.callable.unwrap().1;
            let function = callable.function.as_ref().unwrap();
            let (name, arguments) = truth(&row, n, recorded);
            assert_eq!(function.name, name, "{id}");
            assert_eq!(understood.args.len(), arguments.len(), "{id}");
            for ((member, ours), theirs) in function.inputs.iter().zip(&understood.args).zip(&arguments) {
                let ours = ours.to_json(&member.ty).to_string().to_lowercase();
                assert_eq!(ours, theirs.to_string().to_lowercase(), "{id}: {}", function.name);
            }
            commands += 1;
            assert_eq!(callable.opaque, market(recorded).is_some_and(|m| m.3), "{id}: {}", function.name);
            opaque += usize::from(callable.opaque);
            let takes = |e: &&Effect| !matches!(e.kind, EffectKind::Receive);
            let effects: Vec<Effect> = understood.effects.iter().filter_map(|e| e.ok()).collect();
            let ours: Vec<_> = effects.iter().filter(takes).map(|e| (e.kind, e.amount.to_string())).collect();
            let theirs: Vec<_> = taken(&function.name, &recorded["args"]).into_iter().collect();
            if understood.effects.contains(&Err(DenyCode::UnknownToken)) {
                strange += 1;
                continue;
            }
            assert_eq!(ours, theirs, "{id}: {}", function.name);
            let through: Address = PERMIT2.parse().unwrap();
            assert!(effects.iter().filter(takes).all(|e| e.through == Some(through)), "{id}");
        }
    }
    println!(
        "{commands} commands are as recorded: {strange} with tokens that nobody named, {opaque} are opaque"
    );
    assert!(
        corpora().is_none() || (commands == 191 && strange < 10 && opaque == 30),
        "{commands}, {strange}, {opaque}"
    );
}

/// A policy that grants every command of the first router: a program with an opaque command in it is denied, and none else for being opaque.
#[test]
fn recorded_programs_with_an_opaque_command_are_denied() {
    let text = "policy open on ethereum

use std::tokens::{DAI, ETH, USDC, WETH}
use std::universal_router_v1::UniversalRouterV1

fees at most 1 ETH

allow whatever: any {
    accept unbounded because \"this is a test\"
    accept any_recipient because \"this is a test\"
    accept allow_failure because \"this is a test\"
}
";
    let compiled = compile(SourceFile::new("open", text.to_owned()), &NoFiles);
    let rules = compiled.ruleset.unwrap_or_else(|| panic!("{:#?}", compiled.diagnostics));
    let bound = Bound::new(&rules, WALLET, BTreeMap::new()).unwrap();
    let mut said = BTreeMap::<&str, usize>::new();
    for row in rows("tx/uniswap_universal_router_sdk.jsonl") {
        let data = bytes(&row["data"]);
        let recorded = row["expected"]["commands"].as_array().unwrap();
        let opaque = recorded.iter().any(|recorded| market(recorded).is_some_and(|m| m.3));
        let answer = ask(&row, &data, |request, _| rules.decide(request, &bound).map_err(|e| e.code.name()));
        let answer = answer.err().unwrap_or("allow");
        // Of a token that the policy does not name a command may say so before another is found opaque.
        assert!(!opaque || ["opaque", "unknown_token"].contains(&answer), "{}: {answer}", row["id"]);
        assert!(opaque || answer != "opaque", "{}", row["id"]);
        *said.entry(answer).or_default() += 1;
    }
    println!("{said:?}");
    assert!(corpora().is_none() || (said["allow"] >= 20 && said["opaque"] >= 20), "{said:?}");
}

/// Functions that admit bytes behind their arguments, and why the contract does not read them.
const ADMIT: &[(&str, &str)] = &[
    ("AggregationRouterV5", "arguments are read by their offsets, the code stays"),
    ("AggregationRouterV6", "arguments are read by their offsets, the code stays"),
    ("UniversalRouter", "inputs are read by their offsets, the code stays"),
    ("UniversalRouterHop", "inputs are read by their offsets, the code stays"),
    ("UniversalRouterV1", "inputs are read by their offsets, the code stays"),
    ("WETH", "`deposit` reads no argument"),
    ("WPOL", "`deposit` reads no argument"),
    ("WXDAI", "`deposit` reads no argument"),
];

#[test]
fn only_what_is_named_admits_bytes_behind_its_arguments() {
    let (rules, _) = library();
    let admits =
        |c: &&agentpol_analysis::ruleset::Callable| c.function.as_ref().is_some_and(|f| f.trailing > 0);
    let mut found: Vec<&str> = rules.callables.iter().filter(admits).map(|c| c.contract.as_str()).collect();
    found.sort_unstable();
    found.dedup();
    assert_eq!(found, ADMIT.iter().map(|(contract, _)| *contract).collect::<Vec<_>>());
    // What may be put in another's place reads what it likes tomorrow; wrapping takes no argument today or then.
    for callable in rules.callables.iter().filter(admits) {
        let function = callable.function.as_ref().unwrap();
        let replaceable = rules
            .contracts
            .iter()
            .any(|c| c.name == callable.contract && c.chain == callable.chain && c.upgradeable);
        assert!(!replaceable || function.inputs.is_empty(), "{}.{}", callable.contract, function.name);
        assert!(function.trailing <= 64 && callable.kind != Kind::Sign, "{}", function.name);
    }
}

/// Calls that others recorded with bytes behind their arguments, all of them; and every call of the library that admits some: as many as
/// it says and no more, and what they are makes no difference.
#[test]
fn bytes_behind_the_arguments_change_nothing() {
    let (rules, bound) = library();
    let mut tagged = 0;
    for file in
        ["tx/ledger_erc7730.jsonl", "tx/metamask_test_dapp.jsonl", "tx/uniswap_universal_router_sdk.jsonl"]
    {
        for row in rows(file) {
            if row["expected"]["canonical"] != Json::Bool(false) {
                continue;
            }
            let read = understand(&rules, &bound, &row, &bytes(&row["data"]));
            let read = read.unwrap_or_else(|e| panic!("{}: {e}", row["id"]));
            let function = read.callable.unwrap().1.function.as_ref().unwrap();
            assert_eq!(function.signature, row["expected"]["function"].as_str().unwrap());
            tagged += 1;
        }
    }
    assert!(corpora().is_none() || tagged == 1, "{tagged} recorded calls carry more than their arguments");
    for row in rows("tx/uniswap_universal_router_sdk.jsonl").iter().take(10) {
        let data = bytes(&row["data"]);
        let plain = understand(&rules, &bound, row, &data).unwrap();
        for tag in [&[0; 1][..], b"tag!", &[0xff; 64]] {
            let read = understand(&rules, &bound, row, &[&data, tag].concat()).unwrap();
            assert_eq!(read, plain, "{}", row["id"]);
        }
        let longer = understand(&rules, &bound, row, &[&data[..], &[0; 65]].concat());
        assert_eq!(longer.err(), Some("malformed"), "{}", row["id"]);
    }
}
