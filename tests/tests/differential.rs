//! Reference and interpreter say the same of everything. The long run is `cargo run --release -p agentpol-tests --bin
//! differential`; here is as much of it as a debug build does while one waits.

use agentpol_tests::differential::{rule_sets, sources};

#[test]
fn rule_sets_as_the_generator_makes_them() {
    let tally = rule_sets(0..2_000, 20);
    println!("{tally:?}");
    assert!(tally.policies > 1_500 && tally.granted * 10 > tally.requests, "{tally:?}");
}

#[test]
fn policies_as_text() {
    let tally = sources(0..200, 20);
    println!("{tally:?}");
    assert!(tally.policies > 190 && tally.granted * 20 > tally.requests, "{tally:?}");
}
