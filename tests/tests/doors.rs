//! Untrusted bytes at every door: nothing panics, and what each door promises holds. The same functions are fuzz targets.

#![allow(clippy::unwrap_used, reason = "a test")]

use agentpol_tests::{
    doors::{doors, operations, policies, typed_data},
    generator::Rng,
    mutants::mutate,
};
use std::collections::BTreeMap;

/// Mutants of each seed.
const MUTANTS: usize = 60;

#[test]
fn seeds_and_their_mutants() {
    for (name, door, seeds) in doors(policies()) {
        assert!(!seeds.is_empty(), "{name} has no seeds");
        let rng = &mut Rng::new(3);
        for seed in seeds {
            door(&seed);
            for _ in 0..MUTANTS {
                let mut mutant = seed.clone();
                mutate(&mut mutant, rng);
                door(&mutant);
            }
        }
    }
}

/// A seed that is refused at once leads nowhere.
#[test]
fn seeds_of_requests_are_read() {
    for (_, _, seeds) in doors(policies()).into_iter().filter(|(name, _, _)| *name == "requests") {
        for seed in seeds.iter().filter(|seed| seed.starts_with(b"{")) {
            let text = std::str::from_utf8(seed).unwrap();
            let read = agentpol_ethereum::read(text);
            assert!(read.is_ok(), "{text}: {read:?}");
        }
    }
}

#[test]
fn nothing_and_noise() {
    for (_, door, _) in doors(policies()) {
        let rng = &mut Rng::new(4);
        door(&[]);
        for length in 0..200 {
            door(&rng.bytes(length));
        }
    }
}

/// Choices of typed data lead somewhere: most is read, what is read is confirmed by alloy, and enough is granted that both evaluators
/// have something to say.
#[test]
fn typed_data_is_confirmed() {
    let rng = &mut Rng::new(5);
    let mut tally = BTreeMap::<_, usize>::new();
    for n in 0..2_000 {
        *tally.entry(typed_data::typed_data(&rng.bytes(20 + n % 400))).or_default() += 1;
    }
    println!("{tally:?}");
    let of = |told| tally.get(&told).copied().unwrap_or_default();
    assert!(of(typed_data::Told::Granted) > 200, "{tally:?}");
    assert!(of(typed_data::Told::Confirmed) > 200, "{tally:?}");
    assert!(of(typed_data::Told::Read) < 50, "alloy takes almost all that is read: {tally:?}");
}

#[test]
fn user_operations_are_read_and_granted() {
    let rng = &mut Rng::new(6);
    let mut tally = BTreeMap::<_, usize>::new();
    for n in 0..1_000 {
        *tally.entry(operations::operations(&rng.bytes(20 + n % 400))).or_default() += 1;
    }
    println!("{tally:?}");
    let of = |told| tally.get(&told).copied().unwrap_or_default();
    assert!(of(operations::Told::Granted) > 20 && of(operations::Told::Read) > 200, "{tally:?}");
}
