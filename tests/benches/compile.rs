//! From a policy's text to a verified module, analysed: microseconds per rule, from 100 to 10 000 rules.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::float_arithmetic,
    reason = "a bench measures time"
)]

use agentpol_analysis::findings::findings;
use agentpol_bytecode as bytecode;
use agentpol_compiler::{NoFiles, SourceFile, check, compile, lower::lower};
use agentpol_tests::workload;
use agentpol_verifier::verify;
use std::{hint::black_box, time::Instant};

const SIZES: [usize; 3] = [100, 1_000, 10_000];

/// Microseconds of each step, or why there are none.
fn once(text: &str) -> Result<[f64; 6], String> {
    let mut times = [0.0; 6];
    let mut last = Instant::now();
    let mut lap = |n: usize| {
        let now = Instant::now();
        times[n] = now.duration_since(last).as_nanos() as f64 / 1_000.0;
        last = now;
    };
    black_box(agentpol_grammar::parse(text));
    lap(0);
    let compiled = compile(SourceFile::new("bench.agentpol", text), &NoFiles);
    let Some(rules) = compiled.ruleset else {
        return Err(compiled.diagnostics.into_iter().next().map_or_else(String::new, |d| d.message));
    };
    lap(1);
    let module = lower(&rules).unwrap();
    lap(2);
    let bytes = bytecode::encode(&module);
    let module = bytecode::decode(&bytes).unwrap();
    lap(3);
    black_box(verify(module).unwrap());
    lap(4);
    black_box(findings(&rules));
    lap(5);
    Ok(times)
}

fn main() {
    // What the standard library costs whoever compiles anything stands in the figures for 100 rules.
    println!(
        "| rules | text | parse alone, µs | compile | lower | encode, decode | verify | findings | all, µs per rule |"
    );
    println!("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for rules in SIZES {
        let text = workload::held(rules, workload::RULES_PER_KEY);
        let rounds = (20_000 / rules).clamp(5, 50);
        let mut all: Vec<[f64; 6]> = match (0..rounds).map(|_| once(&text)).collect() {
            Ok(all) => all,
            Err(why) => {
                println!("| {rules} | {} KiB | {why} | | | | | | |", text.len() / 1024);
                continue;
            }
        };
        // Parsing is part of compiling: it is shown, not added.
        let total = |times: &[f64; 6]| times[1..].iter().sum::<f64>();
        all.sort_by(|a, b| total(a).total_cmp(&total(b)));
        let median = all[all.len() / 2];
        let [parse, compile, lower, wire, verify, analyse] = median.map(|time| time / rules as f64);
        println!(
            "| {rules} | {} KiB | {parse:.1} | {compile:.1} | {lower:.1} | {wire:.1} | {verify:.1} | {analyse:.1} | {:.1} |",
            text.len() / 1024,
            total(&median) / rules as f64
        );
    }
    whole_check();
}

/// Of a policy that nothing is wrong with: how long a person waits for `agentpol check`, beside what of it is parsing and compiling.
fn whole_check() {
    const RULES: usize = 100;
    const ROUNDS: usize = 500;
    let text = workload::held(RULES, workload::RULES_PER_KEY);
    let file = || SourceFile::new("bench.agentpol", text.as_str());
    let said = check(file(), &NoFiles).diagnostics;
    assert!(said.is_empty(), "{said:?}");
    let mut times: [Vec<f64>; 3] = [vec![], vec![], vec![]];
    for _ in 0..ROUNDS {
        times[0].push(milliseconds(|| agentpol_grammar::parse(&text)));
        times[1].push(milliseconds(|| compile(file(), &NoFiles)));
        times[2].push(milliseconds(|| check(file(), &NoFiles)));
    }
    println!("\n| {RULES} rules, ms | p50 | p99 | against compile |");
    println!("| --- | ---: | ---: | ---: |");
    times.iter_mut().for_each(|times| times.sort_by(f64::total_cmp));
    let middle = |times: &[f64]| times[times.len() / 2];
    for (what, all) in ["parse alone", "parse and type check", "whole `check`"].iter().zip(&times) {
        let last = all[all.len() * 99 / 100];
        println!("| {what} | {:.2} | {last:.2} | {:.2} |", middle(all), middle(all) / middle(&times[1]));
    }
}

fn milliseconds<T>(work: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    black_box(work());
    start.elapsed().as_nanos() as f64 / 1_000_000.0
}
