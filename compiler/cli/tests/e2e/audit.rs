//! `audit`: figures, what they rest on, and witnesses that `decide` and `test` agree with.

use super::{BAD, GOOD, directory, run_in, run_with, shipped};
use serde_json::Value;
use std::{collections::BTreeMap, fs, path::Path};

const STUDIO: &str = "demo/studio.agentpol";

/// Several chains, typed data, parameters, approvals, two lines of one budget.
const MIXED: &str = "policy mixed on ethereum, base

use std::tokens::{ETH, USDC, WETH}
use std::uniswap_v3::SwapRouter02

param owner: approver
param friend: address
param cap: amount of USDC in 10 USDC ..= 60 USDC

fees at most 0.01 ETH
budget daily: 100 USDC per 24h, 1_000 USDC total
budget ether: 0.3 ETH per 12h
budget gas: 0.05 ETH of fees per 24h

allow pay: USDC.transfer(to, amount) on base {
    when to == friend and amount <= cap
}
allow permit: sign USDC.Permit(p) on ethereum {
    when p.spender == SwapRouter02 and p.value <= 40 USDC and p.owner == wallet
    until 2027-06-01
    accept outliving because \"a test\"
}
ask more: USDC.transfer(to, amount) on ethereum {
    by owner within 1h
    when to == friend and 50 USDC <= amount <= 90 USDC
}
allow tip: send(to, value) on base {
    when to == friend and value <= 0.1 ETH
}
";

/// One that leaks in every way.
const LEAKY: &str = "policy leaky on ethereum
use std::tokens::{USDC, WETH}
use std::uniswap_v3::SwapRouter02
allow pay: USDC.transfer(to, amount) { when amount <= 10 USDC }
allow also: USDC.transfer(to, amount) { when amount == 10 USDC }
allow swap: SwapRouter02.exactInputSingle(p) {
    when p.tokenIn == USDC and p.tokenOut == WETH and p.amountIn <= 5 USDC
    accept any_recipient because \"<script>alert(1)</script> & \\\"so\\\"\"
}
allow permit: sign USDC.Permit(p) { when p.value <= 7 USDC and p.owner == wallet }
";

fn audit(folder: &Path, file: &str) -> Value {
    let run = run_in(folder, &["audit", file, "--format", "json"]);
    assert!(run.code <= 1 && run.err.is_empty(), "{}", run.all());
    run.json().remove(0)
}

/// Every sequence of a report with what it claims to take: the figure, and which token.
fn sequences(report: &Value) -> Vec<(String, Option<String>, Value)> {
    let mut out = Vec::new();
    for loss in report["tokens"].as_array().unwrap() {
        let token = loss["token"].as_str().unwrap().to_owned();
        let mut take = |max: &Value, witness: &Value| {
            if !witness.is_null() {
                out.push((token.clone(), max.as_str().map(str::to_owned), witness.clone()));
            }
        };
        take(&loss["per_tx"], &loss["witness"]["per_tx"]);
        take(&loss["total"], &loss["witness"]["total"]);
        for window in loss["windows"].as_array().unwrap() {
            take(&window["max"], &window["witness"]);
        }
    }
    out
}

/// What `decide` makes of a sequence.
fn decide(folder: &Path, file: &str, witness: &Value) -> Vec<Value> {
    let lines: Vec<String> =
        witness["requests"].as_array().unwrap().iter().map(ToString::to_string).collect();
    fs::write(folder.join("requests.jsonl"), lines.join("\n")).unwrap();
    let mut arguments = vec!["decide", file, "--requests", "requests.jsonl", "--format", "json"];
    arguments.extend(["--wallet", witness["wallet"].as_str().unwrap()]);
    for param in witness["params"].as_array().unwrap() {
        arguments.extend(["--param", param.as_str().unwrap()]);
    }
    let run = run_in(folder, &arguments);
    assert_eq!(run.code, 0, "{}", run.all());
    run.json()
}

/// The witnesses of a policy, given back: each allowed, and together they charge a budget that counts the token with just the figure.
fn replay(text: &str, counted_by: &BTreeMap<&str, &str>) -> usize {
    let folder = directory(&[("policy", text.as_bytes())]);
    let report = audit(folder.path(), "policy");
    let all = sequences(&report);
    for (token, max, witness) in &all {
        let decisions = decide(folder.path(), "policy", witness);
        let taken: u128 = witness["takes"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|n| n.as_str().unwrap().parse::<u128>().unwrap())
            .sum();
        let mut charged = 0;
        for decision in &decisions {
            assert_eq!(decision["decision"], "allow", "{token}: {decision}\n{witness}");
            let charges = decision["charges"].as_array().unwrap();
            let ours = |c: &&Value| {
                counted_by
                    .get(token.as_str())
                    .is_some_and(|b| c["budget"] == **b && c["line"].as_u64().unwrap_or(0) == 0)
            };
            charged += charges
                .iter()
                .filter(ours)
                .map(|c| c["amount"].as_str().unwrap().parse::<u128>().unwrap())
                .sum::<u128>();
        }
        if let Some(max) = max {
            assert_eq!(taken.to_string(), *max, "{token}: {witness}");
            if counted_by.contains_key(token.as_str()) {
                assert_eq!(charged.to_string(), *max, "{token}: {decisions:?}");
            }
        }
    }
    all.len()
}

#[test]
fn witnesses_are_allowed_and_take_what_is_said() {
    let studio = fs::read_to_string(shipped(STUDIO)).unwrap();
    assert!(replay(&studio, &BTreeMap::from([("USDC", "daily"), ("ETH", "tips")])) >= 6);
    assert!(replay(MIXED, &BTreeMap::from([("USDC", "daily"), ("ETH", "ether")])) >= 6);
    assert!(replay(GOOD, &BTreeMap::from([("USDC", "daily")])) >= 3);
    // Without end: one that can be asked for again and again.
    let again = "policy again on ethereum\nuse std::tokens::USDC\nallow pay: USDC.transfer(to, amount) { when amount <= 10 USDC }\n";
    assert!(replay(again, &BTreeMap::new()) >= 3);
}

const HOLLOW: &str = "policy hollow on ethereum
use std::tokens::{ETH, USDC}
param owner: approver
budget daily: 300 USDC per day
budget gas: 0.05 ETH of fees per 24h
fees at most 0.01 ETH
let payee = 0x1111111111111111111111111111111111111111
allow pay: USDC.transfer(to, amount) { when to == payee and amount <= 100 USDC }
ask large: USDC.transfer(to, amount) { by owner within 1h when to == payee and amount > 100 USDC }
";

/// What shows a finding of `check` is decided as it is said: with the wallet and the parameters that stand there, in order.
#[test]
fn what_shows_a_finding_is_decided_as_it_is_said() {
    let folder = directory(&[("leaky", LEAKY.as_bytes()), ("hollow", HOLLOW.as_bytes())]);
    let mut count = 0;
    for file in ["leaky", "hollow"] {
        let report = run_in(folder.path(), &["check", file, "--format", "json"]).json().remove(0);
        for found in report["diagnostics"].as_array().unwrap() {
            let witness = &found["witness"];
            if witness["requests"].is_null() {
                continue;
            }
            let decisions = decide(folder.path(), file, witness);
            let said = witness["said"].as_array().unwrap();
            assert_eq!(decisions.len(), said.len(), "{witness}");
            for (decision, said) in decisions.iter().zip(said) {
                count += 1;
                let word = decision["decision"].as_str().unwrap();
                assert!(said.as_str().unwrap().contains(&format!("=> {word}")), "{said}: {decision}");
            }
        }
    }
    assert!(count >= 10, "only {count} requests");
}

/// What no wallet is asked by itself is said in words, and in no line that `decide` could read.
#[test]
fn what_a_wallet_is_not_asked_by_itself_has_no_request() {
    let twice = |head: &str, rule: &str| {
        format!("policy p on ethereum\n{head}\nallow one: {rule}\nallow two: {rule}\n")
    };
    let sign_in = twice("", "message SignIn(m) { when m.domain == \"example.org\" }");
    let delegatecall = twice(
        "interface Library { function store(n: uint256) {} }\n\
         contract library: Library on ethereum at 0x4444444444444444444444444444444444444444\nfees at most 0.01 ETH",
        "delegatecall library.store(n) { when n <= 5 }",
    );
    let command = twice(
        "interface Commands { command 0x04 STORE(n: uint256) {} }\n\
         interface Router { function execute(commands: bytes, inputs: bytes[] up to 4) \
         { unwraps { opcodes: commands, inputs: inputs } as Commands } }\n\
         contract router: Router on ethereum at 0x5555555555555555555555555555555555555555\nfees at most 0.01 ETH",
        "router.STORE(n) { when n <= 5 }",
    );
    // The same of a text, and of a call: with a request.
    let text = twice("", "message(text) { when text == \"yes\" }");
    let call = delegatecall.replace("delegatecall library", "library");
    for (policy, has_request) in
        [(sign_in, false), (delegatecall, false), (command, false), (text, true), (call, true)]
    {
        let folder = directory(&[("policy", policy.as_bytes())]);
        let report = run_in(folder.path(), &["check", "policy", "--format", "json"]).json().remove(0);
        let all = report["diagnostics"].as_array().unwrap();
        let overlap =
            all.iter().find(|found| found["code"] == "AP0601").unwrap_or_else(|| panic!("{report}"));
        let witness = overlap["witness"].as_object().unwrap();
        assert_eq!(witness["requests"].is_array(), has_request, "{policy}{witness:?}");
        assert_eq!(witness["requests"].is_null(), !has_request, "{policy}{witness:?}");
        let said = witness["said"].as_array().unwrap();
        assert!(said.len() == 1 && said[0].as_str().unwrap().contains("=> deny ambiguous"), "{said:?}");
        assert!(witness["wallet"].is_string() && witness["params"].is_array(), "{witness:?}");
    }
}

#[test]
fn the_report_has_the_parts_of_the_contract() {
    let folder = directory(&[("policy", MIXED.as_bytes()), ("leaky", LEAKY.as_bytes())]);
    let report = audit(folder.path(), "policy");
    for part in ["tokens", "with_approvals", "findings", "accepted", "trusted", "upgradeable", "assumptions"]
    {
        assert!(!report[part].is_null(), "{part}");
    }
    let usdc = report["tokens"].as_array().unwrap().iter().find(|t| t["token"] == "USDC").unwrap();
    assert_eq!((usdc["per_tx"].as_str(), usdc["total"].as_str()), (Some("100000000"), Some("1000000000")));
    let leaky = audit(folder.path(), "leaky");
    let codes: Vec<&str> =
        leaky["findings"].as_array().unwrap().iter().map(|f| f["code"].as_str().unwrap()).collect();
    for code in ["AP0601", "AP0606", "AP0607", "AP0609", "AP0610", "AP0611"] {
        assert!(codes.contains(&code), "{code} is not among {codes:?}");
    }
    assert!(leaky["tokens"][0]["unbounded"].as_bool().unwrap());
    assert_eq!(leaky["accepted"][0]["risk"], "any_recipient");
}

#[test]
fn status_follows_the_findings() {
    assert_eq!(run_with(GOOD, &["audit", "-"]).code, 0);
    assert_eq!(run_with(LEAKY, &["audit", "-"]).code, 1);
    let bad = run_with(BAD, &["audit", "-"]);
    assert!(bad.code == 1 && bad.out.is_empty() && bad.err.contains("error[AP0010]"), "{}", bad.all());
    assert_eq!(run_with(GOOD, &["audit", "-", "--picture", "x.png"]).code, 2);
    // What is accepted is a note here, and nothing in `check`.
    let short = run_with(LEAKY, &["audit", "-", "--format", "short"]).out;
    assert!(short.contains("note[AP0606]: `swap` may send WETH to anybody"), "{short}");
    assert!(!run_with(LEAKY, &["check", "-", "--format", "short"]).out.contains("note["));
}

#[test]
fn what_errors_stand_against_is_not_built_and_still_tested() {
    let folder = directory(&[("leaky", LEAKY.as_bytes())]);
    let build = run_in(folder.path(), &["build", "leaky", "-o", "out"]);
    assert!(build.code == 1 && build.err.contains("error[AP0610]"), "{}", build.all());
    assert!(!folder.path().join("out").exists());
    assert_eq!(run_in(folder.path(), &["test", "leaky"]).code, 0);
}

/// The compiler's own runner passes what findings say.
#[test]
fn findings_pass_as_tests() {
    let check = run_with(LEAKY, &["check", "-", "--format", "json"]).json().remove(0);
    let mut text = LEAKY.to_owned();
    let mut count = 0;
    for note in check["diagnostics"].as_array().unwrap().iter().flat_map(|d| d["notes"].as_array().unwrap()) {
        if let Some(step) = note.as_str().unwrap().strip_prefix("for example: ") {
            count += 1;
            text.push_str(&format!("\ntest \"{count}\" {{ {step} }}\n"));
        }
    }
    let run = run_with(&text, &["test", "-"]);
    assert!(count >= 5 && run.code == 0, "{}", run.all());
}

#[test]
fn the_report_for_people() {
    let studio = fs::read_to_string(shipped(STUDIO)).unwrap();
    insta::assert_snapshot!("audit_studio", run_with(&studio, &["audit", "-"]).out);
    insta::assert_snapshot!("audit_mixed", run_with(MIXED, &["audit", "-"]).out);
    insta::assert_snapshot!("audit_leaky", run_with(LEAKY, &["audit", "-"]).out);
}

#[test]
fn pictures_stand_by_themselves() {
    let folder = directory(&[("leaky", LEAKY.as_bytes())]);
    for file in ["p.svg", "p.html"] {
        let run = run_in(folder.path(), &["audit", "leaky", "--format", "json", "--picture", file]);
        assert_eq!(run.code, 1, "{}", run.all());
        let text = fs::read_to_string(folder.path().join(file)).unwrap();
        for part in ["<script", "javascript:", "href", "url(", "<image", " on"] {
            // Words between tags may say anything; attributes and elements may not.
            let tags: String =
                text.split('<').filter_map(|t| t.split('>').next()).map(|t| format!("<{t}>")).collect();
            assert!(!tags.contains(part), "{file} has {part}");
        }
        assert!(text.contains("without end") && text.contains("What may leave under leaky"));
    }
    let svg = fs::read_to_string(folder.path().join("p.svg")).unwrap();
    insta::assert_snapshot!("picture_leaky", svg.replace("/>", "/>\n").replace("</text>", "</text>\n"));
    let html = fs::read_to_string(folder.path().join("p.html")).unwrap();
    assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;so&quot;"), "{html}");
}

/// The module says of each token and window what the audit says, and which risks were accepted.
#[test]
fn the_module_carries_what_the_audit_says() {
    let folder = directory(&[("p.agentpol", MIXED.as_bytes())]);
    let audited = audit(folder.path(), "p.agentpol");
    assert_eq!(run_in(folder.path(), &["build", "p.agentpol", "-o", "p.agentpolc"]).code, 0);
    let inspected = run_in(folder.path(), &["inspect", "p.agentpolc", "--format", "json"]).json().remove(0);
    let certificate = &inspected["certificate"];
    let accepted = certificate["accepted"].as_array().unwrap();
    assert_eq!(accepted.len(), 1, "{accepted:?}");
    assert_eq!((&accepted[0]["code"], &accepted[0]["because"]), (&"AP0621".into(), &"a test".into()));
    let mut compared = 0;
    for (with_approvals, report) in [(false, &audited), (true, &audited["with_approvals"])] {
        for (fees, losses) in [(false, &report["tokens"]), (true, &report["fees"])] {
            for loss in losses.as_array().unwrap() {
                let said = |length: Value| {
                    let bounds = certificate["bounds"].as_array().unwrap();
                    let found = bounds.iter().find(|bound| {
                        bound["token"] == loss["token"]
                            && bound["fees"] == fees
                            && bound["with_approvals"] == with_approvals
                            && bound["length_s"] == length
                    });
                    found.unwrap_or_else(|| panic!("{} in {length}", loss["token"]))["max"].clone()
                };
                assert_eq!(said(0.into()), loss["per_tx"]);
                assert_eq!(said(Value::Null), loss["total"]);
                for window in loss["windows"].as_array().unwrap() {
                    assert_eq!(said(window["length_s"].clone()), window["max"]);
                    compared += 1;
                }
            }
        }
    }
    assert!(compared >= 12, "{compared}");
}
