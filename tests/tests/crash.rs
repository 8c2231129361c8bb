//! Caps hold when the gate is killed.
#![allow(clippy::disallowed_methods, reason = "a test reads its environment")]

use agentpol_tests::crash;
use std::process::Command;

/// Kills in this run; `AGENTPOL_KILLS` makes it more.
const KILLS: u64 = 300;

#[test]
fn nothing_leaves_a_killed_gate_that_is_not_counted() {
    let number = |name| std::env::var(name).ok().and_then(|n| n.parse().ok());
    let child = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_crash"));
        command.arg("child");
        command
    };
    let tally = crash::run(
        child,
        number("AGENTPOL_KILLS").unwrap_or(KILLS),
        number("AGENTPOL_FIRST_SEED").unwrap_or(0),
    );
    println!("{tally:?}");
    assert!(tally.left > tally.kills, "the clients came to nothing: {tally:?}");
    assert!(tally.different > tally.histories * 10, "{tally:?}");
}
