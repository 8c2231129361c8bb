//! Requests: decided and decoded.

use super::{GOOD, OWNER, directory, run_in, run_with, shipped};

fn studio(arguments: &[&str]) -> super::Run {
    let all = [&["decide", "studio.agentpol", "--requests", "requests.jsonl", "--param", OWNER], arguments]
        .concat();
    run_in(&shipped("demo"), &all)
}

#[test]
fn the_shipped_requests_are_decided() {
    let run = studio(&["--engine", "all"]);
    assert_eq!(run.code, 0);
    insta::assert_snapshot!(run.all());
}

#[test]
fn decisions_as_json() {
    let run = studio(&["--format", "json"]);
    let decisions = run.json();
    let of = |d: &serde_json::Value| {
        let word = |key: &str| d[key].as_str().unwrap_or("-").to_owned();
        [word("id"), word("decision"), word("rule"), word("code")].join(" | ")
    };
    insta::assert_snapshot!(decisions.iter().map(of).collect::<Vec<_>>().join("\n"));
    insta::assert_json_snapshot!(decisions[0], { ".policy_hash" => "[hash]" });
}

#[test]
fn a_module_decides_as_its_text_does() {
    let directory = directory(&[]);
    let module = directory.path().join("m.agentpolc");
    let (demo, module) = (shipped("demo"), module.to_str().unwrap());
    assert_eq!(run_in(&demo, &["build", "studio.agentpol", "-o", module]).code, 0);
    let by_module = run_in(
        &demo,
        &["decide", module, "--requests", "requests.jsonl", "--param", OWNER, "--format", "json"],
    );
    // The module says besides what was proved of it, so its hash is another.
    let decisions = |run: super::Run| -> Vec<serde_json::Value> {
        let without = |mut decision: serde_json::Value| {
            decision.as_object_mut().unwrap().remove("policy_hash").unwrap();
            decision
        };
        run.json().into_iter().map(without).collect()
    };
    assert_eq!(decisions(by_module), decisions(studio(&["--format", "json"])));
}

#[test]
fn the_reference_decides_as_the_interpreter_does() {
    let without_steps = |run: super::Run| -> Vec<serde_json::Value> {
        let mut all = run.json();
        all.iter_mut().for_each(|d| d["steps"] = serde_json::Value::Null);
        all
    };
    let vm = without_steps(studio(&["--format", "json", "--engine", "vm"]));
    assert_eq!(without_steps(studio(&["--format", "json", "--engine", "reference"])), vm);
    assert_eq!(without_steps(studio(&["--format", "json", "--engine", "all"])), vm);
}

#[test]
fn denials_are_a_status_only_if_asked() {
    assert_eq!(studio(&["--deny-status", "--format", "json"]).code, 1);
    assert_eq!(studio(&["--format", "json"]).code, 0);
}

#[test]
fn decode_with_and_without_a_policy() {
    let demo = shipped("demo");
    let run = run_in(
        &demo,
        &["decode", "--policy", "studio.agentpol", "--param", OWNER, "--requests", "requests.jsonl"],
    );
    assert_eq!(run.code, 0);
    insta::assert_snapshot!(run.out);
    let run = run_in(&demo, &["decode", "--requests", "requests.jsonl", "--format", "json"]);
    let swap = &run.json()[2];
    insta::assert_json_snapshot!(swap);
    // USDT is in the standard library, though not in the policy.
    assert_eq!(run.json()[17]["actions"][0]["contract"], "USDT");
}

/// A router's `multicall`: what it knows, nothing at all, a byte too many, and what it does not know.
#[test]
fn what_is_inside_is_decoded_as_well() {
    let word = |n: usize| format!("{n:064x}");
    let refund = "12210e8a";
    let parts = [
        refund.to_owned(),
        "ac9650d8".to_owned() + &word(32) + &word(0),
        format!("{refund}00"),
        "01020304".to_owned(),
    ];
    let padded = |part: &String| {
        let bytes = part.len() / 2;
        format!("{}{part:0<width$}", word(bytes), width = bytes.next_multiple_of(32) * 2)
    };
    let tails: Vec<String> = parts.iter().map(padded).collect();
    let mut data = format!("ac9650d8{}{}", word(32), word(parts.len()));
    let mut at = parts.len() * 32;
    for tail in &tails {
        data.push_str(&word(at));
        at += tail.len() / 2;
    }
    data.push_str(&tails.concat());
    let router = "0x68b3465833fb72A70ecDF485E0e4C7bD8665Fc45";
    let call = format!("{{\"to\": \"{router}\", \"data\": \"0x{data}\"}}");
    let text = "[\"0x676d\", \"0x70997970c51812dc3a010c7d01b50e0d17dc79c8\"]";
    let requests: String = [("eth_sendTransaction", format!("[{call}]")), ("personal_sign", text.to_owned())]
        .iter()
        .map(|(method, params)| {
            format!("{{\"chainId\": 1, \"request\": {{\"method\": \"{method}\", \"params\": {params}}}}}\n")
        })
        .collect();
    let directory = directory(&[("r", requests.as_bytes())]);
    let run = run_in(directory.path(), &["decode", "--requests", "r"]);
    assert_eq!(run.code, 0, "{}", run.all());
    insta::assert_snapshot!(run.out);
    let run = run_in(directory.path(), &["decode", "--requests", "r", "--format", "json"]);
    let action = &run.json()[0]["actions"][0];
    let inner = action["inner"].as_array().unwrap();
    let of = |n: usize| {
        [&inner[n]["function"], &inner[n]["error"]["code"], &inner[n]["error"]["offset"]]
            .map(ToString::to_string)
    };
    assert_eq!(of(0), ["\"refundETH()\"", "null", "null"]);
    assert_eq!(of(1), ["\"multicall(bytes[])\"", "null", "null"]);
    assert_eq!(of(2), ["null", "\"malformed\"", "4"]);
    assert_eq!(of(3), ["null", "\"unknown_function\"", "null"]);
    assert_eq!(inner[0]["to"].as_str(), Some(router));
}

#[test]
fn lines_that_are_no_requests_are_denied_one_by_one() {
    let long = format!("{{\"id\": \"{}\"}}", "x".repeat(600_000));
    let stream = format!(
        "not json\n{{}}\n{{\"id\":7,\"chainId\":1,\"request\":{{\"method\":\"eth_sign\",\"params\":[]}}}}\n{long}\n\
         {{\"chainId\":1,\"chainId\":1}}\n"
    );
    let directory = directory(&[("p", GOOD.as_bytes())]);
    let wallet = "0x6F78aFeA8cC5e192910225fE59d4C47AA8abEb38";
    let mut command = super::command(
        directory.path(),
        &["decide", "p", "--requests", "-", "--wallet", wallet, "--at", "2026-12-01"],
    );
    command.arg("--format").arg("json");
    let run = super::finish(command, stream.as_bytes());
    assert_eq!(run.code, 0, "{}", run.all());
    let reasons: Vec<String> = run.json().iter().map(|d| format!("{} {}", d["code"], d["reason"])).collect();
    insta::assert_snapshot!(reasons.join("\n"));
}

#[test]
fn what_cannot_be_bound_is_told() {
    let bad = [
        &["--param", "owner"][..],
        &["--param", "ownr=0x90F79bf6EB2c4f870365E785982E1f101E93b906"],
        &["--param", "owner=0x90F7"],
        &["--param", "owner=0x90f79bf6EB2c4f870365E785982E1f101E93b906"],
        &["--param", OWNER, "--param", OWNER],
        &[],
        &["--param", OWNER, "--ledger", "somewhere"],
        &["--param", OWNER, "--engine", "jit"],
    ];
    let mut all = String::new();
    for arguments in bad {
        let arguments = [&["decide", "studio.agentpol", "--requests", "requests.jsonl"], arguments].concat();
        let run = run_in(&shipped("demo"), &arguments);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{arguments:?}: {}", run.all());
        let err: Vec<&str> = run.err.lines().filter(|l| !l.starts_with("the wallet is")).collect();
        all.push_str(&format!("$ {}\n{}\n\n", arguments[4..].join(" "), err.join("\n")));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn time_and_wallet_must_be_known() {
    let request = "{\"chainId\": 1, \"request\": {\"method\": \"eth_sendTransaction\", \"params\": [{\"to\": \
        \"0x70997970c51812dc3a010c7d01b50e0d17dc79c8\", \"value\": \"0x1\"}]}}\n";
    let directory = directory(&[("p", GOOD.as_bytes()), ("r", request.as_bytes())]);
    let wallet = "0x6F78aFeA8cC5e192910225fE59d4C47AA8abEb38";
    let nobody = run_in(directory.path(), &["decide", "p", "--requests", "r"]);
    assert!(nobody.code == 2 && nobody.err.contains("--wallet ADDRESS"), "{}", nobody.all());
    let never = run_in(directory.path(), &["decide", "p", "--requests", "r", "--wallet", wallet]);
    assert!(never.code == 2 && never.err.contains("--at 2027-01-31T18:00:00Z"), "{}", never.all());
    let wrong =
        run_in(directory.path(), &["decide", "p", "--requests", "r", "--wallet", wallet, "--at", "tomorrow"]);
    assert!(wrong.code == 2 && wrong.err.contains("a time is written"), "{}", wrong.all());
    assert_eq!(run_with("", &["decide", "-", "--requests", "-"]).code, 1);
}
