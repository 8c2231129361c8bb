//! Kills a gate that eight clients ask, again and again: `crash KILLS [SEED]`. Exits with a panic at the first signature that left
//! without being counted.

#![allow(clippy::panic, reason = "a tool of the tests")]

use agentpol_tests::crash;
use std::{path::Path, process::Command};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let number = |text: &str| text.parse::<u64>().ok();
    match args.as_slice() {
        ["child", folder, seed] => crash::client::ask_for_ever(Path::new(folder), number(seed).unwrap_or(0)),
        [kills, rest @ ..] if number(kills).is_some() => {
            let seed = rest.first().copied().and_then(number).unwrap_or(0);
            println!("{:?}", crash::run(child, number(kills).unwrap_or(0), seed));
        }
        _ => {
            eprintln!("usage: crash KILLS [SEED]");
            std::process::exit(2);
        }
    }
}

/// This program, as the one that is killed.
fn child() -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap_or_else(|e| panic!("{e}")));
    command.arg("child");
    command
}
