//! `agentpol demo`, and the requests that ship with it.

use super::{run_with, shipped};

#[test]
fn every_shipped_request_can_be_read_and_none_is_open() {
    let text = std::fs::read_to_string(shipped("demo/requests.jsonl")).unwrap();
    assert!(text.lines().count() >= 12);
    for line in text.lines() {
        let request = agentpol_ethereum::read(line).unwrap_or_else(|e| panic!("{line}: {e}"));
        assert!(request.open_fields().is_empty() && request.at().is_some() && request.id().is_some());
    }
}

#[test]
fn the_demo_says_signs_and_recovers() {
    let run = run_with("", &["demo"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    assert!(run.out.lines().all(|line| line.chars().count() <= 110), "{}", run.out);
    insta::assert_snapshot!(run.out);
}

#[test]
fn the_demo_as_json() {
    let lines = run_with("", &["demo", "--format", "json"]).json();
    let (summary, judged) = lines.split_last().unwrap();
    let signed = judged.iter().filter(|j| j["signed"].is_object()).count();
    let allowed = judged.iter().filter(|j| j["decision"] == "allow").count();
    assert_eq!(
        judged.len(),
        std::fs::read_to_string(shipped("demo/requests.jsonl")).unwrap().lines().count()
    );
    assert!(signed >= 5 && signed == allowed);
    for (key, n) in
        [("signed", signed), ("recovered", signed), ("allowed", allowed), ("requests", judged.len())]
    {
        assert_eq!(summary[key].as_u64(), u64::try_from(n).ok(), "{key}");
    }
    for signed in judged.iter().map(|j| &j["signed"]).filter(|s| s.is_object()) {
        assert_eq!(signed["recovered"], summary["wallet"]);
        // EIP-1559: type 2.
        assert!(signed["raw"].as_str().unwrap().starts_with("0x02"));
    }
}

/// The gate and the stream of `decide` come to the same decisions.
#[test]
fn the_demo_decides_as_decide_does() {
    let by_gate = run_with("", &["demo", "--format", "json"]).json();
    let arguments = [
        "decide",
        "studio.agentpol",
        "--requests",
        "requests.jsonl",
        "--param",
        super::OWNER,
        "--format",
        "json",
    ];
    let by_stream = super::run_in(&shipped("demo"), &arguments).json();
    for (gate, stream) in by_gate.iter().zip(&by_stream) {
        for key in ["id", "decision", "rule", "code", "reason", "charges", "steps", "policy_hash"] {
            assert_eq!(gate[key], stream[key], "{key} of {}", stream["id"]);
        }
    }
}
