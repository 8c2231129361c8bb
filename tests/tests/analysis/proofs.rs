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

/// A swap whose receipt is all there is; a condition of a denial that kept another one defined.
#[test]
fn of_policies_that_were_once_answered_wrong() {
    rule_sets(64..65, EFFORT);
    rule_sets(72..73, EFFORT);
    // The greatest fee of all cannot be written down, so that the request that should have shown it took nothing.
    rule_sets(100_375..100_376, EFFORT);
    // Gas, its price and the fee that they come to, all three in one policy.
    rule_sets(103_747..103_748, EFFORT);
    rule_sets(109_113..109_114, EFFORT);
    rule_sets(109_860..109_861, EFFORT);
    // A denial that cannot be told denies what its other conditions never meet.
    rule_sets(328_637..328_638, Effort { bindings: 3, requests: 20 });
    rule_sets(341_653..341_654, Effort { bindings: 3, requests: 20 });
    // What leaves before an edge and after it leaves one wallet.
    sources(224_722..224_723, Effort { bindings: 3, requests: 20 });
    sources(295_669..295_670, Effort { bindings: 3, requests: 20 });
    sources(2303..2304, Effort { bindings: 3, requests: 20 });
    // An argument says which token is given away: each of them counts.
    sources(18_175..18_176, Effort { bindings: 3, requests: 20 });
}
