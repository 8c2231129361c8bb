//! The same questions for z3, where it is installed: rule by rule, no other answer; and how long each of us takes.

use agentpol_analysis::{
    findings::{Kind, Question, findings},
    ruleset::RuleSet,
};
use agentpol_tests::{
    generator::{Rng, rules},
    oracle::{
        attack::written,
        smt::{Asked, Script},
    },
};
use std::{collections::BTreeMap, time::Instant};

/// How many policies; `AGENTPOL_Z3_POLICIES` says otherwise.
const POLICIES: usize = 150;

/// Milliseconds that z3 may take for one question.
const PATIENCE: usize = 2_000;

#[expect(
    clippy::disallowed_methods,
    reason = "a test that says how long it took, and takes longer if it is told to"
)]
#[test]
fn z3_says_the_same() {
    if Script::new(PATIENCE).run().is_none() {
        println!("skipped: z3 is not installed");
        return;
    }
    let many = std::env::var("AGENTPOL_Z3_POLICIES").ok().and_then(|n| n.parse().ok()).unwrap_or(POLICIES);
    let policies: Vec<RuleSet> = (0..many as u64).map(policy).collect();
    let mut script = Script::new(PATIENCE);
    for (n, policy) in policies.iter().enumerate() {
        script.policy(n, policy);
    }
    let start = Instant::now();
    let found: Vec<Vec<Kind>> = policies
        .iter()
        .map(|rules| findings(rules).into_iter().map(|finding| finding.kind).collect())
        .collect();
    let ours = start.elapsed();
    let start = Instant::now();
    let answers = script.run().unwrap();
    let theirs = start.elapsed();
    assert_eq!(answers.len(), script.asked.len(), "{:?}", answers.iter().find(|a| a.contains("error")));
    // Whatever can be at one callable can be.
    let mut all: BTreeMap<(usize, Asked), (bool, bool)> = BTreeMap::new();
    for (asked, answer) in script.asked.iter().zip(&answers) {
        let (can, open) = all.entry(*asked).or_default();
        *can |= answer == "sat";
        *open |= answer != "sat" && answer != "unsat";
    }
    let (mut agreed, mut given_up, mut unknown, mut possible) = (0, 0, 0, 0);
    for ((n, asked), (can, open)) in all {
        match ours_of(&found[n], asked) {
            None => unknown += 1,
            _ if open && !can => given_up += 1,
            Some(said) => {
                assert_eq!(said, can, "seed {n}, {asked:?}: ours and then z3's\n{}", policies[n]);
                agreed += 1;
                possible += usize::from(can);
            }
        }
    }
    println!(
        "{agreed} answers agree ({possible} of them yes), {unknown} are unknown here, z3 gave up on {given_up}; {} questions: all \
         findings took {ours:?} here, these questions {theirs:?} in z3",
        script.asked.len()
    );
    assert!(agreed > 10 * (unknown + given_up) && possible * 10 > agreed);
}

fn policy(seed: u64) -> RuleSet {
    let rng = &mut Rng::new(seed);
    let size = rules::Size { rules: rng.between(2, 8), ..rules::Size::default() };
    written(rules::random(rng, size))
}

/// `None` is unknown.
fn ours_of(found: &[Kind], asked: Asked) -> Option<bool> {
    let unknown = |rule, question| found.contains(&Kind::Unknown { rule, question });
    match asked {
        Asked::Overlap(first, second) => {
            let said = found.contains(&Kind::Overlap { first, second });
            (said || !unknown(first, Question::Overlap)).then_some(said)
        }
        Asked::Match(rule) => {
            let never =
                found.iter().any(|kind| matches!(kind, Kind::NeverMatches { rule: r, .. } if *r == rule));
            (never || !unknown(rule, Question::Reach)).then_some(!never)
        }
    }
}
