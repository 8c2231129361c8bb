//! Attacks on what is proved: random and boundary requests, under random values of the parameters, look for one that shows a lie. Every
//! witness is replayed besides.

use super::claims::Claims;
use crate::{
    differential::{WALLET, compile},
    generator::{Rng, aim, aim::Pool, aim::values, rules, shrink, source},
};
use agentpol_analysis::{
    findings::{Finding, Kind, Question, findings},
    ruleset::{Bound, RuleSet},
};
use agentpol_grammar::span::Span;
use std::collections::BTreeMap;

/// What a run over many seeds came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Policies that were analysed.
    pub policies: usize,
    /// Their rules.
    pub rules: usize,
    /// Findings, by kind.
    pub findings: BTreeMap<String, usize>,
    /// Questions about a rule that stayed open. There is at most one a rule and question.
    pub unknown: BTreeMap<Question, usize>,
    /// Witnesses that were replayed.
    pub witnesses: usize,
    /// Requests that were tried.
    pub requests: usize,
    /// Those that were granted.
    pub granted: usize,
}

impl Tally {
    /// Open questions in a million rules, whichever was asked most in vain.
    pub fn unknown_per_million(&self) -> usize {
        self.unknown.values().max().map_or(0, |most| most * 1_000_000 / self.rules.max(1))
    }
}

/// How hard is tried.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Values of the parameters.
    pub bindings: usize,
    /// Requests under each.
    pub requests: usize,
}

/// Rule sets from seeds, as the generator makes them. Panics at the first lie, having made it small.
pub fn rule_sets(seeds: core::ops::Range<u64>, effort: Effort) -> Tally {
    let mut tally = Tally::default();
    for seed in seeds {
        let rng = &mut Rng::new(seed);
        let size = rules::Size { rules: rng.between(1, 8), ..rules::Size::default() };
        let policy = written(rules::random(rng, size));
        if let Err(lie) = one(&policy, seed, effort, &mut tally) {
            println!("seed {seed}: {lie}");
            let lies = |rules: &RuleSet| one(rules, seed, effort, &mut Tally::default()).err();
            let small = shrink::minimise(policy, |rules| lies(rules).is_some());
            panic!("seed {seed}: {lie}\nsmaller: {}\n{small}", lies(&small).unwrap_or_default());
        }
    }
    tally
}

/// Policies as text from seeds. Panics at the first lie, having made it small.
pub fn sources(seeds: core::ops::Range<u64>, effort: Effort) -> Tally {
    let mut tally = Tally::default();
    for seed in seeds {
        let source = source::random(&mut Rng::new(seed));
        let policy =
            compile(&source.to_string()).unwrap_or_else(|why| panic!("seed {seed}: {why}\n{source}"));
        if let Err(lie) = one(&policy, seed, effort, &mut tally) {
            println!("seed {seed}: {lie}");
            let lies = |source: &source::SourcePolicy| {
                one(&compile(&source.to_string()).ok()?, seed, effort, &mut Tally::default()).err()
            };
            let small = shrink::minimise(source, |source| lies(source).is_some());
            panic!("seed {seed}: {lie}\nsmaller: {}\n{small}", lies(&small).unwrap_or_default());
        }
    }
    tally
}

/// As if a person had written every condition: none is implied by silence.
pub fn written(mut rules: RuleSet) -> RuleSet {
    let clauses = rules.rules.iter_mut().flat_map(|rule| &mut rule.arms).flat_map(|arm| &mut arm.clauses);
    clauses.for_each(|clause| clause.span = Span::new(1, 2));
    rules
}

/// One policy. The error is the lie, in words.
pub fn one(rules: &RuleSet, seed: u64, effort: Effort, tally: &mut Tally) -> Result<(), String> {
    let found = findings(rules);
    tally.policies += 1;
    tally.rules += rules.rules.len();
    for finding in &found {
        if let Kind::Unknown { question, .. } = finding.kind {
            *tally.unknown.entry(question).or_default() += 1;
        }
        let name = format!("{:?}", finding.kind);
        let name = name.split([' ', '{']).next().unwrap_or_default().to_owned();
        *tally.findings.entry(name).or_default() += 1;
    }
    let claims = Claims::new(rules, &found);
    for finding in &found {
        tally.witnesses += usize::from(finding.witness.is_some());
        if let Some(why) = claims.false_witness(finding) {
            return Err(why);
        }
    }
    shoot(rules, &found, &claims, (seed, effort), tally)
}

fn shoot(
    rules: &RuleSet,
    found: &[Finding],
    claims: &Claims<'_>,
    (seed, effort): (u64, Effort),
    tally: &mut Tally,
) -> Result<(), String> {
    let rng = &mut Rng::new(seed ^ 0xa77a_c4ed);
    // Parameters that mattered once matter again.
    let witnesses: Vec<_> = found.iter().filter_map(|finding| finding.witness.as_ref()).collect();
    for _ in 0..effort.bindings {
        let params = match rng.choose(&witnesses) {
            Some(witness) if rng.chance(40) => witness.params.clone(),
            _ => values(rules, rng),
        };
        let Ok(bound) = Bound::new(rules, WALLET, params.clone()) else { continue };
        let pool = Pool::new(rules, &bound);
        for _ in 0..effort.requests {
            let request = aim(rules, &bound, &pool, rng);
            tally.requests += 1;
            tally.granted += usize::from(request.decide(rules, &bound).is_ok());
            if let Some(lie) = request.with(|request| claims.lie(request, &bound)) {
                return Err(format!("{lie}\n{params:?}\n{request:?}"));
            }
        }
    }
    Ok(())
}
