//! Reference and interpreter say the same of everything. The long run is `cargo run --release -p agentpol-tests --bin
//! differential`; here is as much of it as a debug build does while one waits.

use agentpol_tests::differential::{notices_off_by_one, rule_sets, sources};

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

#[test]
fn a_constant_off_by_one_is_noticed() {
    let seen: Vec<bool> = (0..120).filter_map(|seed| notices_off_by_one(seed, 200)).collect();
    let noticed = seen.iter().filter(|noticed| **noticed).count();
    println!("{noticed} of {}", seen.len());
    // The rest stands behind conditions that no request passes, or speaks of numbers that are never reached.
    assert!(noticed * 3 > seen.len() && seen.len() > 50, "{noticed} of {}", seen.len());
}
