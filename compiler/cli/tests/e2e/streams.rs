//! Colours, pipes, streams.

use super::{BAD, GOOD, command, directory, finish, run_in, run_with};
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::Path,
};

#[test]
fn colours_follow_the_flag_and_the_environment() {
    let escapes = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut all = vec!["check", "-"];
        all.extend(arguments);
        let mut command = command(Path::new("."), &all);
        command.envs(variables.iter().copied());
        finish(command, BAD.as_bytes()).out.contains('\u{1b}')
    };
    // Standard output is a pipe here.
    assert!(!escapes(&[], &[]));
    assert!(escapes(&["--color", "always"], &[]));
    assert!(escapes(&["--color", "always"], &[("NO_COLOR", "1")]));
    assert!(escapes(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(!escapes(&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(!escapes(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]));
    for format in ["json", "sarif", "short", "github"] {
        assert!(!escapes(&["--color", "always", "--format", format], &[]), "{format}");
    }
}

#[test]
fn colours_change_nothing_but_colours() {
    let plain = run_with(BAD, &["check", "-", "--color", "never"]).out;
    let coloured = run_with(BAD, &["check", "-", "--color", "always"]).out;
    assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), plain);
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    // Far more than a pipe holds.
    let line = "{\"id\": 1}\n".repeat(40_000);
    let directory = directory(&[("requests", line.as_bytes())]);
    let mut child = command(directory.path(), &["decode", "--requests", "requests"]).spawn().unwrap();
    let mut head = [0; 64];
    child.stdout.take().unwrap().read_exact(&mut head).unwrap();
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!((child.wait().unwrap().code(), err.as_str()), (Some(0), ""));
}

#[test]
fn standard_input_and_output() {
    let formatted = run_with("policy  p on ethereum", &["fmt", "-"]);
    assert_eq!((formatted.code, formatted.out.as_str()), (0, "policy p on ethereum\n"));
    assert_eq!(
        run_with(GOOD, &["check", "-", "--format", "short"]).all(),
        "exit status 0\n--- stdout\n--- stderr\n"
    );
    let words = run_with(GOOD, &["explain", "-"]);
    assert!(words.out.starts_with("Policy payments, on ethereum\n"), "{}", words.out);
}

#[test]
fn the_version_and_the_help() {
    let version = run_with("", &["--version"]);
    assert_eq!(version.out, format!("agentpol {}\n", env!("CARGO_PKG_VERSION")));
    insta::assert_snapshot!(run_with("", &["--help"]).out);
}

#[test]
fn completions_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = run_with("", &["completions", shell]);
        assert!(run.code == 0 && run.out.contains("agentpol") && run.out.contains("decode"), "{shell}");
    }
}

#[test]
fn json_is_all_that_is_on_standard_output() {
    let directory = directory(&[("good", GOOD.as_bytes()), ("bad", BAD.as_bytes())]);
    for (arguments, code) in [
        (&["check", "good", "bad"][..], 1),
        (&["test", "good"], 0),
        (&["build", "good", "-o", "module"], 0),
        (&["inspect", "module"], 0),
        (&["inspect", "--verify", "module"], 0),
        (&["explain", "./good"], 0),
        (&["explain", "AP0001"], 0),
        (&["explain", "no_rule"], 0),
        (&["fmt", "--check", "good", "bad"], 1),
    ] {
        let run = run_in(directory.path(), &[arguments, &["--format", "json"]].concat());
        assert_eq!(run.code, code, "{arguments:?}: {}", run.all());
        assert_eq!(run.json().len(), 1, "{arguments:?}");
        assert_eq!(run.err, "", "{arguments:?}");
    }
}

#[test]
fn each_line_is_answered_before_the_next_is_asked() {
    let demo = super::shipped("demo");
    let requests = std::fs::read_to_string(demo.join("requests.jsonl")).unwrap();
    let arguments =
        ["decide", "studio.agentpol", "--requests", "-", "--param", super::OWNER, "--format", "json"];
    let mut child = command(&demo, &arguments).spawn().unwrap();
    let (mut asks, mut answers) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
    // No answer waits for a later request.
    for request in requests.lines().take(3) {
        writeln!(asks, "{request}").unwrap();
        let mut answer = String::new();
        answers.read_line(&mut answer).unwrap();
        assert_eq!(serde_json::from_str::<serde_json::Value>(&answer).unwrap()["decision"], "allow");
    }
    drop(asks);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
