//! Attacks on the analysis over many seeds:
//! `oracle rule-sets|sources|tiny|spending|hollow|z3|changes|tiny-changes POLICIES [FIRST_SEED [REQUESTS]]`, or
//! `oracle z3-held RULES RULES_A_FUNCTION`. Exits with a panic at the first lie, having made it small. `REQUESTS` is how many are tried
//! against each policy of `rule-sets` and `sources`.

use agentpol_compiler::{NoFiles, SourceFile, compile};
use agentpol_tests::{
    oracle::{
        attack::{Effort, Tally, rule_sets, sources},
        brute::tiny_policies,
        changes::{random_pairs, tiny_pairs},
        hollow,
        smt::{compare::compare, times::beside},
        spending,
    },
    workload,
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
        "z3" => beside_z3(seeds),
        "z3-held" => beside_z3_held(*policies as usize, first as usize),
        "sources" => say(of, &sources(seeds, effort)),
        _ => say(of, &rule_sets(seeds, effort)),
    }
}

fn beside_z3(seeds: core::ops::Range<u64>) {
    match compare(seeds) {
        None => println!("skipped: z3 is not installed"),
        Some(tally) => {
            println!(
                "by rule or pair: {} alike, {} of them possible; {} unknown, {} given up by z3",
                tally.agreed, tally.possible, tally.unknown, tally.given_up
            );
            println!("all findings: {:?}", tally.findings);
            println!("{}", tally.times);
        }
    }
}

/// So many rules that nothing is wrong with, so many of them about one function.
fn beside_z3_held(rules: usize, per_key: usize) {
    let text = workload::held(rules, per_key.max(1));
    let compiled = compile(SourceFile::new("held.agentpol", &text), &NoFiles);
    match compiled.ruleset.as_ref().and_then(|rules| beside(&[rules])) {
        None => println!("skipped: z3 is not installed"),
        Some(times) => println!("{rules} rules, {per_key} a function: {times}"),
    }
}

fn say(of: &str, tally: &Tally) {
    println!("{of}: {tally:?}");
    println!("open questions: {} in a million rules", tally.unknown_per_million());
}
