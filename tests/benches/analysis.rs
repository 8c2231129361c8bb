//! All findings of policies, beside compiling them and beside z3, in one run; criterion's own figures stand above.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::float_arithmetic,
    missing_docs,
    reason = "a bench measures time"
)]

use agentpol_analysis::{findings::findings, ruleset::RuleSet};
use agentpol_compiler::{NoFiles, SourceFile, compile};
use agentpol_tests::{
    oracle::smt::times::beside,
    workload::{self, RULES_PER_KEY},
};
use criterion::{BenchmarkId, Criterion};
use std::{
    hint::black_box,
    time::{Duration, Instant},
};

/// Rules, and how many of them are about one key.
const POLICIES: [(&str, usize, usize); 6] = [
    ("ten a key", 100, RULES_PER_KEY),
    ("ten a key", 1_000, RULES_PER_KEY),
    ("ten a key", 10_000, RULES_PER_KEY),
    ("one key", 100, 100),
    ("one key", 1_000, 1_000),
    ("boxes, one key", 1_000, 1_000),
];

/// Those for which z3 is asked about each pair too: of a thousand rules for one key there are half a million.
const PAIRS_AT_MOST: usize = 10_000;

/// Questions for which z3 is started anew each time.
const PROCESSES_AT_MOST: usize = 600;

struct Setting {
    what: &'static str,
    rules: usize,
    text: String,
    compiled: RuleSet,
}

impl Setting {
    fn new((what, rules, per_key): (&'static str, usize, usize)) -> Self {
        let text = match what {
            "boxes, one key" => workload::boxes_source(&workload::boxes(rules)),
            _ => workload::held(rules, per_key),
        };
        let compiled = ruleset(&text);
        Self { what, rules, text, compiled }
    }

    /// Pairs of rules about one function.
    fn pairs(&self) -> usize {
        let mut about = vec![0_usize; self.compiled.callables.len()];
        for arm in self.compiled.rules.iter().flat_map(|rule| &rule.arms) {
            about[arm.callable.index()] += 1;
        }
        about.iter().map(|n| n * n.saturating_sub(1) / 2).sum()
    }
}

fn ruleset(text: &str) -> RuleSet {
    compile(SourceFile::new("bench.agentpol", text), &NoFiles).ruleset.unwrap()
}

fn criterion(c: &mut Criterion, settings: &[Setting]) {
    let mut group = c.benchmark_group("findings");
    group.sample_size(10).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(3));
    for setting in settings.iter().filter(|setting| setting.rules <= 1_000) {
        let id = BenchmarkId::new(setting.what, setting.rules);
        group.bench_function(id, |b| b.iter(|| findings(black_box(&setting.compiled))));
    }
    group.finish();
}

fn milliseconds<T>(work: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    black_box(work());
    start.elapsed().as_nanos() as f64 / 1_000_000.0
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// All findings beside compiling the same text, turn by turn.
fn beside_compiling(settings: &[Setting]) {
    println!(
        "\n| policy | rules | pairs | found | compile, ms | findings, ms | ratio | findings, µs per rule |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for setting in settings {
        let rounds = (20_000 / setting.rules).clamp(3, 50);
        let (mut compiling, mut finding) = (vec![], vec![]);
        for _ in 0..rounds {
            compiling.push(milliseconds(|| ruleset(&setting.text)));
            finding.push(milliseconds(|| findings(&setting.compiled)));
        }
        let (compiling, finding) = (median(compiling), median(finding));
        println!(
            "| {} | {} | {} | {} | {compiling:.1} | {finding:.1} | {:.2} | {:.1} |",
            setting.what,
            setting.rules,
            setting.pairs(),
            findings(&setting.compiled).len(),
            finding / compiling,
            finding * 1_000.0 / setting.rules as f64,
        );
    }
}

/// Can each rule match, do each two overlap: the same questions and no others for agentpol and for z3, in one process and, of one policy,
/// in a process for each question. Beside them all findings, of which these are a part.
fn beside_z3(settings: &[Setting]) {
    println!();
    for setting in settings.iter().filter(|setting| setting.pairs() <= PAIRS_AT_MOST) {
        let Some(times) = beside(&[&setting.compiled]) else {
            println!("skipped: z3 is not installed");
            return;
        };
        println!("{}, {} rules: {times}", setting.what, setting.rules);
        let all = median((0..9).map(|_| milliseconds(|| findings(&setting.compiled))).collect());
        println!("all findings: {all:.1} ms, z3 as many times as long: {:.0}", times.totals().1 / all);
        if times.script.questions.len() <= PROCESSES_AT_MOST {
            let each =
                times.script.questions.iter().map(|question| times.script.run_alone(question).unwrap());
            let took = each.map(|answer| answer.took).sum::<Duration>().as_secs_f64() * 1_000.0;
            println!("a process for each question: {took:.0} ms, {:.0} times", took / times.totals().0);
        }
        println!();
    }
}

fn main() {
    let settings: Vec<Setting> = POLICIES.into_iter().map(Setting::new).collect();
    let mut c = Criterion::default().configure_from_args();
    criterion(&mut c, &settings);
    c.final_summary();
    beside_compiling(&settings);
    beside_z3(&settings);
}
