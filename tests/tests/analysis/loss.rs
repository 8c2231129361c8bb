//! What can be lost, on the real ledger: what is said to be exact leaves, and nothing leaves beyond what is said.

use agentpol_tests::oracle::spending::policies;

#[test]
fn of_small_policies_on_the_ledger() {
    let tally = policies(0..25, 6);
    println!("{tally:#?}");
    assert!(tally.policies > 20 && tally.exact > 50 && tally.allowed > 300, "{tally:?}");
}

/// Budgets of other tokens, budgets that only some rules may pass, transfers that were taken for authority from before.
#[test]
fn of_policies_that_were_once_answered_wrong() {
    for seed in [0, 3, 4, 36, 807] {
        policies(seed..seed + 1, 6);
    }
}
