//! Attacks on the analysis over many seeds: `oracle rule-sets|sources|tiny|spending|hollow|z3|changes|tiny-changes POLICIES [FIRST_SEED]`.
//! Exits with a panic at the first lie,
//! having made it small.

use agentpol_tests::oracle::{
    attack::{Effort, Tally, rule_sets, sources},
    brute::tiny_policies,
    changes::{random_pairs, tiny_pairs},
    hollow,
    smt::compare::compare,
    spending,
};

const EFFORT: Effort = Effort { bindings: 3, requests: 20 };

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
            "usage: oracle rule-sets|sources|tiny|spending|hollow|z3|changes|tiny-changes POLICIES [FIRST_SEED]"
        );
        std::process::exit(2);
    };
    let first = first.first().copied().unwrap_or(0);
    let seeds = first..first + policies;
    match of.as_str() {
        "tiny" => println!("{of}: {:?}", tiny_policies(seeds, TINY)),
        "changes" => println!("{of}: {:?}", random_pairs(seeds, ATTACKS)),
        "tiny-changes" => println!("{of}: {:?}", tiny_pairs(seeds, TINY)),
        "spending" => println!("{of}: {:?}", spending::policies(seeds, SEQUENCES)),
        "hollow" => println!("{of}: {:?}", hollow::policies(seeds, SEQUENCES)),
        "z3" => println!("{of}: {:?}", compare(seeds)),
        "sources" => say(of, &sources(seeds, EFFORT)),
        _ => say(of, &rule_sets(seeds, EFFORT)),
    }
}

fn say(of: &str, tally: &Tally) {
    println!("{of}: {tally:?}");
    println!("open questions: {} in a million rules", tally.unknown_per_million());
}
