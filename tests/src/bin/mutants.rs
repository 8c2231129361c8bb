//! Mutants of modules over many seeds: `mutants POLICIES MUTANTS_OF_EACH [FIRST_SEED]`.

use agentpol_tests::mutants::of_generated;

fn main() {
    let numbers: Vec<u64> = std::env::args().skip(1).filter_map(|arg| arg.parse().ok()).collect();
    let [policies, mutants, first @ ..] = numbers.as_slice() else {
        eprintln!("usage: mutants POLICIES MUTANTS_OF_EACH [FIRST_SEED]");
        std::process::exit(2);
    };
    let first = first.first().copied().unwrap_or(0);
    println!("{:?}", of_generated(first..first + policies, usize::try_from(*mutants).unwrap_or(usize::MAX)));
}
