//! The analysis beside z3, on the same rule sets.

use super::times::{Times, beside};
use crate::{
    generator::{Rng, rules},
    oracle::attack::written,
};
use agentpol_analysis::{
    findings::{Kind, Question, asked::Asked, findings},
    ruleset::RuleSet,
};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// What came of it.
#[derive(Clone, Debug)]
pub struct Tally {
    /// Answers that are the same.
    pub agreed: usize,
    /// Those of them that are yes.
    pub possible: usize,
    /// Questions that the analysis left open.
    pub unknown: usize,
    /// Questions that z3 gave up on.
    pub given_up: usize,
    /// What all findings took, of which these questions are a part.
    pub findings: Duration,
    /// Questions of one callable each, by themselves.
    pub times: Times,
}

/// Rule sets from seeds. `None` where there is no z3; panics at the first answer that differs.
#[expect(clippy::disallowed_methods, reason = "it says how long it took")]
pub fn compare(seeds: core::ops::Range<u64>) -> Option<Tally> {
    let policies: Vec<(u64, RuleSet)> = seeds.map(|seed| (seed, policy(seed))).collect();
    let times = beside(&policies.iter().map(|(_, rules)| rules).collect::<Vec<_>>())?;
    let start = Instant::now();
    let kinds = |rules| findings(rules).into_iter().map(|finding| finding.kind).collect();
    let found: Vec<Vec<Kind>> = policies.iter().map(|(_, rules)| kinds(rules)).collect();
    let taken = start.elapsed();
    // What can be at one callable can be.
    let mut all: BTreeMap<(usize, Asked), (bool, bool)> = BTreeMap::new();
    for (question, answer) in times.script.questions.iter().zip(&times.theirs) {
        let (can, open) = all.entry((question.policy, question.asked)).or_default();
        *can |= answer.said == "sat";
        *open |= answer.said != "sat" && answer.said != "unsat";
    }
    let mut tally = Tally { agreed: 0, possible: 0, unknown: 0, given_up: 0, findings: taken, times };
    for ((n, asked), (can, open)) in all {
        match ours_of(&found[n], asked) {
            None => tally.unknown += 1,
            Some(_) if open && !can => tally.given_up += 1,
            Some(said) => {
                let (seed, rules) = &policies[n];
                assert_eq!(said, can, "seed {seed}, {asked:?}: the analysis and then z3\n{rules}");
                tally.agreed += 1;
                tally.possible += usize::from(can);
            }
        }
    }
    Some(tally)
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
