//! Policies: checked, built, tested, formatted, explained, begun.

use super::{BAD, GOOD, directory, run_in, run_with, shipped};
use std::fs;

#[test]
fn check_in_every_format() {
    for format in ["human", "json", "short", "github", "sarif"] {
        let run = run_with(BAD, &["check", "-", "--format", format]);
        assert_eq!((run.code, run.err.as_str()), (1, ""), "{format}");
        if format == "sarif" {
            let log = &run.json()[0];
            assert_eq!(log["version"], "2.1.0");
            assert_eq!(log["runs"][0]["results"].as_array().unwrap().len(), 2);
        } else {
            insta::assert_snapshot!(format!("check_{format}"), run.out);
        }
    }
}

#[test]
fn a_clean_policy_is_status_0() {
    let run = run_with(GOOD, &["check", "-"]);
    assert_eq!(run.all(), "exit status 0\n--- stdout\nclean: 1 file checked, nothing found\n--- stderr\n");
}

#[test]
fn templates_and_the_demo_check_clean_and_pass_their_tests() {
    let directory = directory(&[]);
    for template in ["payments", "dca", "treasury"] {
        let file = format!("{template}.agentpol");
        let new = run_in(directory.path(), &["new", &file, "--template", template]);
        assert_eq!((new.code, new.out.as_str()), (0, ""), "{}", new.err);
        assert!(new.err.contains(&format!("agentpol check {file}")));
        assert!(
            fs::read_to_string(directory.path().join(&file))
                .unwrap()
                .contains(&format!("agentpol test {file}"))
        );
        for command in ["check", "test"] {
            let run = run_in(directory.path(), &[command, &file]);
            assert_eq!(run.code, 0, "{}", run.all());
        }
        let run = run_in(directory.path(), &["fmt", "--check", &file]);
        assert_eq!(run.code, 0, "{}", run.all());
    }
    let studio = shipped("demo/studio.agentpol");
    for arguments in [&["check"][..], &["test"], &["fmt", "--check"]] {
        let run = run_in(directory.path(), &[arguments, &[studio.to_str().unwrap()]].concat());
        assert_eq!(run.code, 0, "{}", run.all());
    }
}

#[test]
fn building_is_deterministic_and_verified() {
    let directory = directory(&[("p.agentpol", GOOD.as_bytes())]);
    for out in ["a", "b"] {
        assert_eq!(run_in(directory.path(), &["build", "p.agentpol", "-o", out]).code, 0);
    }
    let read = |name: &str| fs::read(directory.path().join(name)).unwrap();
    assert_eq!(read("a"), read("b"));
    // Nothing is left beside it.
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 3);
    let verify = run_in(directory.path(), &["inspect", "--verify", "a"]);
    assert_eq!((verify.code, verify.out.as_str()), (0, "verified: safe to run within its cost\n"));
    let shown = run_in(directory.path(), &["inspect", "a"]).out;
    assert!(
        shown.contains("budget  daily: 500 USDC per 24h") && shown.contains("rule    allow pay"),
        "{shown}"
    );
}

#[test]
fn a_policy_with_errors_is_not_built_and_not_judged_by() {
    let directory = directory(&[("bad", BAD.as_bytes())]);
    for arguments in [
        &["build", "bad", "-o", "out"][..],
        &["decide", "bad", "--requests", "-"],
        &["test", "bad"],
        &["explain", "./bad"],
    ] {
        let run = run_in(directory.path(), arguments);
        assert_eq!(run.code, 1, "{arguments:?}: {}", run.all());
        assert!(run.err.contains("error[AP0010]") && run.err.contains("2 errors in 1 file"), "{}", run.err);
    }
    assert!(!directory.path().join("out").exists());
}

#[test]
fn a_failing_test_is_a_picture_with_the_reason() {
    let text = GOOD.replace("251 USDC) => deny no_rule", "251 USDC) => deny budget")
        + "\ntest \"another\" {\n    try USDC.transfer(0x70997970C51812dc3A010C7d01b50e0d17dc79C8, 1 USDC) => deny\n}\n";
    let run = run_with(&text, &["test", "-"]);
    insta::assert_snapshot!(run.all());
    let json = &run_with(&text, &["test", "-", "--format", "json"]).json()[0];
    assert_eq!((json["passed"].as_u64(), json["failed"].as_u64()), (Some(0), Some(2)));
    let failed = &json["files"][0]["tests"][0]["failed"];
    assert_eq!((failed["step"].as_u64(), failed["decision"]["code"].as_str()), (Some(1), Some("no_rule")));
    assert_eq!(failed["diagnostic"]["code"], "AP0505");
    let only = &run_with(&text, &["test", "-", "--only", "another", "--format", "json"]).json()[0];
    assert_eq!(only["files"][0]["tests"].as_array().unwrap().len(), 1);
}

#[test]
fn fmt_writes_in_place_and_leaves_what_it_cannot_read() {
    let directory = directory(&[("a", b"policy  p on ethereum"), ("bad", BAD.as_bytes())]);
    assert_eq!(run_in(directory.path(), &["fmt", "--check", "a"]).code, 1);
    let run = run_in(directory.path(), &["fmt", "a", "bad"]);
    assert_eq!(run.code, 1);
    assert_eq!(fs::read_to_string(directory.path().join("a")).unwrap(), "policy p on ethereum\n");
    assert_eq!(fs::read_to_string(directory.path().join("bad")).unwrap(), BAD);
    let again = run_in(directory.path(), &["fmt", "--check", "a"]);
    assert_eq!(again.all(), "exit status 0\n--- stdout\n--- stderr\n");
}

#[test]
fn a_policy_in_plain_words() {
    insta::assert_snapshot!(run_in(&shipped("demo"), &["explain", "studio.agentpol"]).all());
}

#[test]
fn codes_are_explained_and_near_misses_suggested() {
    assert!(
        run_with("", &["explain", "ap0010"]).out.starts_with("AP0010: An amount is written another way\n")
    );
    assert!(run_with("", &["explain", "unknown_contract"]).out.contains("the code of a denial"));
    let run = run_with("", &["explain", "no_rul"]);
    assert_eq!(
        (run.code, run.err.as_str()),
        (2, "error: nothing is called `no_rul`\nhelp: did you mean `no_rule`?\n")
    );
}

#[test]
fn a_module_that_says_less_than_it_does_is_refused() {
    let directory = directory(&[("p.agentpol", GOOD.as_bytes())]);
    assert_eq!(run_in(directory.path(), &["build", "p.agentpol", "-o", "m"]).code, 0);
    let path = directory.path().join("m");
    let mut module = agentpol_bytecode::decode(&fs::read(&path).unwrap()).unwrap();
    module.max_steps -= 1;
    fs::write(&path, agentpol_bytecode::encode(&module)).unwrap();
    let verify = run_in(directory.path(), &["inspect", "--verify", "m"]);
    assert_eq!((verify.code, verify.err.as_str()), (1, ""));
    assert!(verify.out.starts_with("refused by the verifier, "), "{}", verify.out);
    let json = &run_in(directory.path(), &["inspect", "--verify", "m", "--format", "json"]).json()[0];
    assert_eq!((json["verified"].as_bool(), json["error"].is_string()), (Some(false), true));
    let decide = run_in(directory.path(), &["decide", "m", "--requests", "-"]);
    assert_eq!((decide.code, decide.out.as_str()), (2, ""));
    assert!(decide.err.contains("refused by the verifier"), "{}", decide.err);
}
