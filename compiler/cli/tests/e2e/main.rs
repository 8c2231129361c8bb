//! The binary as a user meets it: arguments and files in; streams and exit status out.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that cannot go on has failed"
)]

mod audit;
mod demo;
mod diff;
mod files;
mod judging;
mod keys;
mod ledger;
mod owner;
mod pages;
mod policies;
mod streams;

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The owner in the shipped examples.
const OWNER: &str = "owner=0x90F79bf6EB2c4f870365E785982E1f101E93b906";

/// What came of a run.
struct Run {
    out: String,
    err: String,
    code: i32,
}

impl Run {
    /// Everything, for a snapshot.
    fn all(&self) -> String {
        format!("exit status {}\n--- stdout\n{}--- stderr\n{}", self.code, self.out, self.err)
    }

    /// One JSON object a line.
    fn json(&self) -> Vec<serde_json::Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_agentpol"));
    command
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for variable in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "TERM", "CI", "COLUMNS"] {
        command.env_remove(variable);
    }
    command
}

fn finish(mut command: Command, stdin: &[u8]) -> Run {
    let mut child = command.spawn().unwrap();
    // A command that does not read its input closes it early.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    let output = child.wait_with_output().unwrap();
    Run {
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
        code: output.status.code().unwrap(),
    }
}

/// Runs it in a directory.
fn run_in(directory: &Path, arguments: &[&str]) -> Run {
    finish(command(directory, arguments), b"")
}

/// Runs it with an input, anywhere.
fn run_with(stdin: &str, arguments: &[&str]) -> Run {
    finish(command(Path::new("."), arguments), stdin.as_bytes())
}

/// A directory with files in it, gone when it is dropped.
fn directory(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(directory.path().join(name), bytes).unwrap();
    }
    directory
}

/// A file that ships with the binary.
fn shipped(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A policy that compiles.
const GOOD: &str = "policy payments on ethereum

use std::tokens::USDC

budget daily: 500 USDC per 24h
budget gas: 0.05 ETH of fees per 24h

allow pay: USDC.transfer(to, amount) {
    when to == 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 and amount <= 250 USDC
}

test \"once\" {
    try USDC.transfer(0x70997970C51812dc3A010C7d01b50e0d17dc79C8, 250 USDC) => allow pay
    try USDC.transfer(0x70997970C51812dc3A010C7d01b50e0d17dc79C8, 251 USDC) => deny no_rule
}
";

/// A policy with two mistakes.
const BAD: &str = "policy payments on ethereum

use std::tokens::USDC

allow pay: USDC.transfer(to, amount) {
    when amount <= 250USDC
    when to = wallet
}
";
