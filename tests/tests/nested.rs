//! Wrappers within wrappers: both evaluators say the same, and many are granted, so that there is something to say.

use agentpol_tests::{
    differential::WALLET,
    generator::Rng,
    nested::{call, found},
};
use std::collections::BTreeMap;

#[test]
fn what_is_inside_wrappers_is_judged_the_same_by_both() {
    let rng = &mut Rng::new(11);
    let mut tally = BTreeMap::<&str, usize>::new();
    let mut deepest = 0;
    #[expect(clippy::disallowed_methods, reason = "how many is asked for by hand")]
    let many = std::env::var("AGENTPOL_NESTED").ok().and_then(|many| many.parse().ok()).unwrap_or(4_000);
    for n in 0..many {
        let said = found(&call(n % 5, rng), WALLET);
        deepest = deepest.max(said.as_ref().map_or(0, |granted| granted.actions.len()));
        *tally.entry(said.map_or_else(|denied| denied.code.name(), |_| "granted")).or_default() += 1;
    }
    println!("{tally:#?}; at most {deepest} granted actions in one request");
    assert!(tally["granted"] >= 100, "{tally:?}");
}
