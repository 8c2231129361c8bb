//! What is proved is attacked, and what is refuted is replayed.

use agentpol_tests::oracle::attack::{Effort, rule_sets, sources};

const EFFORT: Effort = Effort { bindings: 2, requests: 15 };

#[test]
fn of_rule_sets_as_the_generator_makes_them() {
    let tally = rule_sets(0..60, EFFORT);
    println!("{tally:#?}");
    assert!(tally.granted * 20 > tally.requests, "{tally:?}");
}

#[test]
fn of_policies_as_text() {
    let tally = sources(0..30, EFFORT);
    println!("{tally:#?}");
    assert!(tally.granted * 40 > tally.requests, "{tally:?}");
}
