//! The analysis beside z3, on the same rule sets.

use super::{Asked, Script};
use crate::{
    generator::{Rng, rules},
    oracle::attack::written,
};
use agentpol_analysis::{
    findings::{Kind, Question, findings},
    ruleset::RuleSet,
};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// Milliseconds that z3 may take for one question.
const PATIENCE: usize = 2_000;

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Answers that are the same.
    pub agreed: usize,
    /// Those of them that are yes.
    pub possible: usize,
    /// Questions that the analysis left open.
    pub unknown: usize,
    /// Questions that z3 gave up on.
    pub given_up: usize,
    /// Questions of one callable each, as z3 was asked.
    pub questions: usize,
    /// What all findings took, of which these questions are a part.
    pub ours: Duration,
    /// What these questions took z3, in one process.
    pub theirs: Duration,
}

/// Rule sets from seeds. `None` where there is no z3; panics at the first answer that differs.
#[expect(clippy::disallowed_methods, reason = "it says how long it took")]
pub fn compare(seeds: core::ops::Range<u64>) -> Option<Tally> {
    Script::new(PATIENCE).run()?;
    let policies: Vec<(u64, RuleSet)> = seeds.map(|seed| (seed, policy(seed))).collect();
    let mut script = Script::new(PATIENCE);
    for (n, (_, rules)) in policies.iter().enumerate() {
        script.policy(n, rules);
    }
    let start = Instant::now();
    let kinds = |rules| findings(rules).into_iter().map(|finding| finding.kind).collect();
    let found: Vec<Vec<Kind>> = policies.iter().map(|(_, rules)| kinds(rules)).collect();
    let ours = start.elapsed();
    let start = Instant::now();
    let answers = script.run()?;
    let theirs = start.elapsed();
    assert_eq!(answers.len(), script.asked.len(), "{:?}", answers.iter().find(|a| a.contains("error")));
    // What can be at one callable can be.
    let mut all: BTreeMap<(usize, Asked), (bool, bool)> = BTreeMap::new();
    for (asked, answer) in script.asked.iter().zip(&answers) {
        let (can, open) = all.entry(*asked).or_default();
        *can |= answer == "sat";
        *open |= answer != "sat" && answer != "unsat";
    }
    let mut tally = Tally { questions: answers.len(), ours, theirs, ..Tally::default() };
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
