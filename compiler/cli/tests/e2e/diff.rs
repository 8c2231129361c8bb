//! `diff`: what a change newly permits and newly forbids.

use super::{GOOD, directory, run_in};

/// The policy with one change.
fn changed(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    GOOD.replacen(from, to, 1)
}

fn compare(old: &str, new: &str, arguments: &[&str]) -> super::Run {
    let directory = directory(&[("old.agentpol", old.as_bytes()), ("new.agentpol", new.as_bytes())]);
    run_in(directory.path(), &[&["diff", "old.agentpol", "new.agentpol"], arguments].concat())
}

#[test]
fn nothing_changed() {
    let run = compare(GOOD, &GOOD.replace("budget daily", "// the same\nbudget daily"), &[]);
    assert_eq!(run.all(), "exit status 0\n--- stdout\nequal: both permit the same\n--- stderr\n");
}

#[test]
fn a_recipient_more() {
    let looser = changed("to == 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 and", "");
    insta::assert_snapshot!("diff_looser", compare(GOOD, &looser, &[]).all());
    let tighter = compare(&looser, GOOD, &[]);
    assert_eq!(tighter.code, 0, "{}", tighter.all());
    assert!(tighter.out.starts_with("tighter: "), "{}", tighter.out);
}

#[test]
fn a_budget_of_more() {
    let looser = changed("500 USDC per 24h", "600 USDC per 24h");
    insta::assert_snapshot!("diff_budget", compare(GOOD, &looser, &[]).all());
    let report = &compare(GOOD, &looser, &["--format", "json"]).json()[0];
    assert_eq!(report["relation"], "looser");
    assert_eq!(report["leaks_now"][0]["at_most"], "500000000");
    assert_eq!(report["leaks_now"][0]["takes"], "600000000");
    assert!(report["permits_now"].as_array().unwrap().is_empty());
}

#[test]
fn some_more_and_some_less() {
    let other = changed(
        "to == 0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
        "to == 0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
    );
    let run = compare(GOOD, &other, &[]);
    assert_eq!((run.code, run.out.lines().next().unwrap().split(':').next().unwrap()), (1, "incomparable"));
}

#[test]
fn a_policy_that_does_not_compile_is_told() {
    let run = compare(super::BAD, GOOD, &[]);
    assert_eq!((run.code, run.out.as_str()), (1, ""), "{}", run.err);
}
