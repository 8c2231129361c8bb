//! Reference against interpreter over many seeds: `differential rule-sets|sources POLICIES REQUESTS [FIRST_SEED]`. Exits with a panic at the first
//! difference, having made it small.

use agentpol_tests::differential::{rule_sets, sources};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let numbers: Vec<u64> = args.iter().skip(1).filter_map(|arg| arg.parse().ok()).collect();
    let (Some(of), [policies, requests, first @ ..]) = (args.first(), numbers.as_slice()) else {
        eprintln!("usage: differential rule-sets|sources POLICIES REQUESTS [FIRST_SEED]");
        std::process::exit(2);
    };
    let first = first.first().copied().unwrap_or(0);
    let requests = usize::try_from(*requests).unwrap_or(usize::MAX);
    let run = if of == "sources" { sources } else { rule_sets };
    println!("{of}: {:?}", run(first..first + policies, requests));
}
