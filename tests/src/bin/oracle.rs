//! Attacks on the analysis over many seeds: `oracle rule-sets|sources|tiny|spending|hollow|z3|changes|tiny-changes POLICIES [FIRST_SEED
//! [REQUESTS]]`. Exits with a panic at the first lie, having made it small. `REQUESTS` is how many are tried against each policy of
//! `rule-sets` and `sources`.

use agentpol_tests::oracle::{
    attack::{Effort, Tally, rule_sets, sources},
    brute::tiny_policies,
    changes::{random_pairs, tiny_pairs},
    hollow,
    smt::compare::compare,
    spending,
};

/// Values of the parameters for each policy.
const BINDINGS: usize = 3;

/// Requests to each policy, over all of these.
const REQUESTS: u64 = 60;

/// Requests of each callable of a tiny policy at most.
const TINY: usize = 400;

/// Requests to each of two policies, under each of two bindings.
const ATTACKS: usize = 50;

/// Sequences of requests for each policy.
const SEQUENCES: usize = 40;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let numbers: Vec<u64> = args.iter().skip(1).filter_map(|arg| arg.parse().ok()).collect();
    let (Some(of), [policies, first @ ..]) = (args.first(), numbers.as_slice()) else {
        eprintln!(
            "usage: oracle rule-sets|sources|tiny|spending|hollow|z3|changes|tiny-changes POLICIES [FIRST_SEED [REQUESTS]]"
        );
        std::process::exit(2);
    };
    let (first, requests) = match first {
        [first, requests, ..] => (*first, *requests),
        [first] => (*first, REQUESTS),
        [] => (0, REQUESTS),
    };
    let seeds = first..first + policies;
    let effort = Effort { bindings: BINDINGS, requests: requests as usize / BINDINGS };
    match of.as_str() {
        "tiny" => println!("{of}: {:?}", tiny_policies(seeds, TINY)),
        "changes" => println!("{of}: {:?}", random_pairs(seeds, ATTACKS)),
        "tiny-changes" => println!("{of}: {:?}", tiny_pairs(seeds, TINY)),
        "spending" => println!("{of}: {:?}", spending::policies(seeds, SEQUENCES)),
        "hollow" => println!("{of}: {:?}", hollow::policies(seeds, SEQUENCES)),
        "z3" => println!("{of}: {:?}", compare(seeds)),
        "sources" => say(of, &sources(seeds, effort)),
        _ => say(of, &rule_sets(seeds, effort)),
    }
}

fn say(of: &str, tally: &Tally) {
    println!("{of}: {tally:?}");
    println!("open questions: {} in a million rules", tally.unknown_per_million());
}
