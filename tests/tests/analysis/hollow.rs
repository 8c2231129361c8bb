//! What is said to hold less than it seems, or nothing.

use agentpol_tests::oracle::hollow::policies;

#[test]
fn of_small_policies_on_the_ledger() {
    let tally = policies(0..60, 4);
    println!("{tally:#?}");
    assert!(tally.dodged > 2 && tally.edges > 1 && tally.idle > 10 && tally.compared > 1_000, "{tally:?}");
}
