//! Every request of tiny policies: what is so is said, and nothing else.

use agentpol_tests::oracle::brute::tiny_policies;

#[test]
fn every_request_of_tiny_policies() {
    let tally = tiny_policies(0..100, 100);
    println!("{tally:#?}");
    for kind in
        ["Overlap", "NeverMatches", "Shadowed", "AnyRecipient", "AnySpender", "NoMinimum", "RedundantClause"]
    {
        assert!(tally.agreed.get(kind).is_some_and(|n| *n > 0), "nothing of this kind: {kind}");
    }
}

/// A rule that cannot be told denies wherever one that it outranks matches, whichever else does.
#[test]
fn every_request_of_one_where_a_third_rule_cannot_be_told() {
    tiny_policies(102_084..102_085, 400);
    tiny_policies(109_881..109_882, 400);
}

/// An interface's own recipient, whom a parameter may name.
#[test]
fn every_request_of_one_that_pays_an_interfaces_own_recipient() {
    tiny_policies(616_515..616_516, 400);
}

/// Bytes that are counted from the front by one condition and from the end by another.
#[test]
fn every_request_of_one_that_was_once_answered_wrong() {
    tiny_policies(104..105, 400);
    tiny_policies(1_158..1_159, 400);
}
