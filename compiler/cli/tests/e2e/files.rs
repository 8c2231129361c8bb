//! Bad input at every door: a message with a place and a remedy, status 2, nothing on standard output.

use super::{GOOD, directory, run_in, run_with};

/// What the user gave cannot be read.
fn unreadable(arguments: &[&str], files: &[(&str, &[u8])]) -> String {
    let directory = directory(files);
    let run = run_in(directory.path(), arguments);
    assert_eq!(run.code, 2, "{arguments:?}: {}", run.all());
    assert_eq!(run.out, "", "{arguments:?}");
    assert!(run.err.starts_with("error: "), "{arguments:?}: {}", run.err);
    assert!(run.err.contains("\nhelp: "), "{arguments:?}: {}", run.err);
    format!("$ agentpol {}\n{}", arguments.join(" "), run.err)
}

const COMMANDS: [&[&str]; 8] = [
    &["check", "FILE"],
    &["build", "FILE", "-o", "out"],
    &["inspect", "FILE"],
    &["explain", "./FILE"],
    &["test", "FILE"],
    &["fmt", "FILE"],
    &["decide", "FILE", "--requests", "-"],
    &["decode", "--requests", "FILE"],
];

#[test]
fn a_missing_file() {
    let all: Vec<String> = COMMANDS.iter().map(|c| unreadable(c, &[])).collect();
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn a_directory() {
    for command in COMMANDS {
        let arguments: Vec<&str> =
            command.iter().map(|a| if a.ends_with("FILE") { "." } else { a }).collect();
        let text = unreadable(&arguments, &[]);
        assert!(text.contains("is a directory"), "{text}");
    }
}

#[test]
fn a_file_that_is_not_utf8() {
    for command in COMMANDS.iter().filter(|c| !["inspect", "decode"].contains(&c[0])) {
        let text = unreadable(command, &[("FILE", b"policy p on ethereum\nfees \xff\n")]);
        assert!(text.contains("is not UTF-8: byte 26 (line 2) is 0xff"), "{text}");
    }
}

#[test]
fn a_file_that_is_too_large_and_one_that_is_just_not() {
    let most = agentpol_grammar::limits::MAX_FILE_BYTES;
    let comment = |bytes: usize| format!("//{}", " ".repeat(bytes - 2)).into_bytes();
    let text = unreadable(&["check", "FILE"], &[("FILE", &comment(most + 1))]);
    assert!(text.contains(&format!("is larger than {most} bytes")), "{text}");
    let directory = directory(&[("FILE", &comment(most))]);
    let run = run_in(directory.path(), &["check", "FILE"]);
    // It is read, and holds no policy.
    assert_eq!(run.code, 1, "{}", run.all());
}

#[test]
fn a_module_that_is_none() {
    let short = unreadable(&["inspect", "FILE"], &[("FILE", b"agent")]);
    let text = unreadable(&["inspect", "FILE"], &[("FILE", GOOD.as_bytes())]);
    let cut = {
        let directory = directory(&[("p.agentpol", GOOD.as_bytes())]);
        assert_eq!(run_in(directory.path(), &["build", "p.agentpol", "-o", "m"]).code, 0);
        let bytes = std::fs::read(directory.path().join("m")).unwrap();
        let mut changed = bytes.clone();
        changed[40] ^= 1;
        let decide = unreadable(&["decide", "FILE", "--requests", "-"], &[("FILE", &bytes[..100])]);
        unreadable(&["inspect", "FILE"], &[("FILE", &bytes[..100])])
            + &unreadable(&["inspect", "FILE"], &[("FILE", &changed)])
            + &decide
    };
    insta::assert_snapshot!([short, text, cut].join("\n"));
}

#[test]
fn a_place_that_cannot_be_written() {
    let files: [(&str, &[u8]); 1] = [("p.agentpol", GOOD.as_bytes())];
    let all = [
        unreadable(&["build", "p.agentpol", "-o", "no/such/out"], &files),
        unreadable(&["new", "p.agentpol"], &files),
        unreadable(&["new", "no/such.agentpol"], &files),
    ];
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn usage_is_status_2() {
    for arguments in [
        &["chekc"][..],
        &["check"],
        &["check", "x", "--format", "xml"],
        &["decide", "x"],
        &["completions", "nosh"],
    ] {
        let run = run_with("", arguments);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{arguments:?}");
        assert!(run.err.contains("Usage") || run.err.contains("--help"), "{}", run.err);
    }
}

#[test]
fn a_file_named_by_a_policy_that_is_not_there() {
    let text = b"policy p on ethereum\n\ninterface Game from \"./game.json\" {}\n";
    let directory = directory(&[("p.agentpol", text)]);
    let run = run_in(directory.path(), &["check", "p.agentpol"]);
    assert_eq!(run.code, 1);
    assert!(run.out.contains("game.json") && run.out.contains("there is no such file"), "{}", run.out);
}
