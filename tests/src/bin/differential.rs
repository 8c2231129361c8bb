//! Reference against interpreter over many seeds: `differential POLICIES REQUESTS [FIRST_SEED]`. Exits with a panic at the first
//! difference, having made it small.

use agentpol_tests::differential::rule_sets;

fn main() {
    let numbers: Vec<u64> = std::env::args().skip(1).filter_map(|arg| arg.parse().ok()).collect();
    let [policies, requests, first @ ..] = numbers.as_slice() else {
        eprintln!("usage: differential POLICIES REQUESTS [FIRST_SEED]");
        std::process::exit(2);
    };
    let first = first.first().copied().unwrap_or(0);
    let tally = rule_sets(first..first + policies, usize::try_from(*requests).unwrap_or(usize::MAX));
    println!("rule sets: {tally:?}");
}
