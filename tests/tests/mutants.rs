//! Modules that nobody compiled. The long run is `cargo run --release -p agentpol-tests --bin mutants`.

use agentpol_tests::mutants::of_generated;

#[test]
fn mutants_of_modules_are_refused_or_keep_their_promises() {
    let tally = of_generated(0..150, 40);
    println!("{tally:?}");
    assert!(tally.decoded * 10 > tally.mutants && tally.verified * 50 > tally.mutants, "{tally:?}");
}
