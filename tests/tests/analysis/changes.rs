//! What one policy does more than another is told, and what is told is so.

use agentpol_tests::oracle::changes::{random_pairs, tiny_pairs};

#[test]
fn of_tiny_policies_by_every_request() {
    let tally = tiny_pairs(0..150, 60);
    println!("{tally:#?}");
    assert!(
        tally.relations.len() == 4 && tally.different > 1_000 && tally.unknown * 20 < tally.rules,
        "{tally:?}"
    );
}

#[test]
fn of_rule_sets_by_random_requests() {
    let tally = random_pairs(0..60, 15);
    println!("{tally:#?}");
    assert!(tally.witnesses > 20 && tally.different > 20, "{tally:?}");
}
