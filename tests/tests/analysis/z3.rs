//! The same questions for z3, where it is installed: rule by rule, no other answer.

use agentpol_tests::oracle::smt::compare::compare;

#[test]
fn z3_says_the_same() {
    let Some(tally) = compare(0..100) else {
        println!("skipped: z3 is not installed");
        return;
    };
    println!("{}", tally.times);
    assert!(tally.agreed > 10 * (tally.unknown + tally.given_up) && tally.possible * 10 > tally.agreed);
}

/// Blobs cost fees besides gas.
#[test]
fn z3_says_the_same_of_one_that_was_once_answered_wrong() {
    if compare(6_947..6_948).is_none() {
        println!("skipped: z3 is not installed");
    }
}
