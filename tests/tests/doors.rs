//! Untrusted bytes at every door: nothing panics, and what each door promises holds. The same functions are fuzz targets.

#![allow(clippy::unwrap_used, reason = "a test")]

use agentpol_tests::{doors::doors, generator::Rng, mutants::mutate};
use std::path::Path;

/// Mutants of each seed.
const MUTANTS: usize = 60;

fn policies() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let texts = files.into_iter().filter(|file| file.extension().is_some_and(|ext| ext == "agentpol"));
    texts.map(|file| std::fs::read(file).unwrap()).collect()
}

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
