//! What can be lost, on the real ledger: what is said to be exact leaves, and nothing leaves beyond what is said.

use agentpol_tests::oracle::spending::policies;

#[test]
fn of_small_policies_on_the_ledger() {
    let tally = policies(0..60, 6);
    println!("{tally:#?}");
    assert!(tally.policies > 50 && tally.exact > 100 && tally.allowed > 500, "{tally:?}");
}
