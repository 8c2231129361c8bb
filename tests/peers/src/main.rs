//! Which two of so many rules can both match: agentpol, and Cedar's symbolic compiler with cvc5 (the program `cvc5`, or what the variable
//! `CVC5` names), on the same rules, in one run. Every answer must be the same.
//!
//! `cargo run --release --manifest-path tests/peers/Cargo.toml -- [RULES]`

mod sets;

use agentpol_analysis::{
    findings::asked::{Asked, each},
    integer::Answer,
    ruleset::RuleSet,
};
use agentpol_compiler::{NoFiles, SourceFile, compile};
use cedar_policy::{Policy, RequestEnv, Schema};
use cedar_policy_symcc::{CedarSymCompiler, CompiledPolicy, solver::LocalSolver};
use sets::Rules;
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// Rules of each set, if nobody says how many.
const RULES: usize = 40;

/// How often agentpol is asked; the turn in the middle counts. Cedar is asked once.
const TURNS: usize = 5;

/// Of each two rules: can both match? And what it took, one by one.
type Answers = BTreeMap<(usize, usize), bool>;

fn ours(rules: &RuleSet) -> (Answers, Duration) {
    let start = Instant::now();
    let mut answers = Answers::new();
    // Whether each rule can match by itself is asked as well, and counted.
    each(rules, |_, asked, answer| {
        if let Asked::Overlap(first, second) = asked {
            assert_ne!(answer, Answer::Unknown, "{asked:?}");
            answers.insert((first.index(), second.index()), answer != Answer::None);
        }
    });
    (answers, start.elapsed())
}

struct Theirs {
    answers: Answers,
    compiling: Duration,
    each: Vec<Duration>,
}

async fn theirs(rules: &Rules) -> Result<Theirs, Box<dyn std::error::Error>> {
    let (schema, _) = Schema::from_cedarschema_str(rules.schema)?;
    let environments: Vec<RequestEnv> = schema.request_envs().collect();
    let [environment] = environments.as_slice() else { return Err("one kind of request".into()) };
    let start = Instant::now();
    let compiled = rules.cedar.iter().map(|text| {
        let policy: Policy = text.parse()?;
        Ok(CompiledPolicy::compile(&policy, environment, &schema)?)
    });
    let compiled: Vec<CompiledPolicy> = compiled.collect::<Result<_, Box<dyn std::error::Error>>>()?;
    let compiling = start.elapsed();
    let mut compiler = CedarSymCompiler::new(LocalSolver::cvc5()?)?;
    // That the solver starts is not counted.
    compiler.check_never_matches_opt(&compiled[0]).await?;
    let (mut answers, mut each) = (Answers::new(), Vec::new());
    for (n, first) in compiled.iter().enumerate() {
        for (m, second) in compiled.iter().enumerate().skip(n + 1) {
            let start = Instant::now();
            let disjoint = compiler.check_matches_disjoint_opt(first, second).await?;
            each.push(start.elapsed());
            answers.insert((n, m), !disjoint);
        }
    }
    Ok(Theirs { answers, compiling, each })
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let count = std::env::args().nth(1).map_or(Ok(RULES), |count| count.parse())?;
    println!(
        "| set | rules | pairs | that meet | agentpol, ms | Cedar, ms | ratio | Cedar, a pair: p50, p99, most, ms | Cedar compiles, ms |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for rules in [sets::payments(count), sets::boxes(count)] {
        let compiled = compile(SourceFile::new("peer.agentpol", &rules.agentpol), &NoFiles);
        let ruleset = compiled.ruleset.ok_or_else(|| format!("{:?}", compiled.diagnostics))?;
        let mut turns: Vec<(Answers, Duration)> = (0..TURNS).map(|_| ours(&ruleset)).collect();
        turns.sort_by_key(|(_, took)| *took);
        let (answers, ours) = turns.swap_remove(TURNS / 2);
        let theirs = theirs(&rules).await?;
        assert_eq!(answers, theirs.answers, "{}: agentpol and then Cedar", rules.what);
        let mut each = theirs.each;
        let all = each.iter().sum::<Duration>();
        each.sort();
        let at = |hundredths: usize| milliseconds(each[(each.len() - 1) * hundredths / 100]);
        println!(
            "| {} | {count} | {} | {} | {:.2} | {:.0} | {:.0} | {:.2}, {:.2}, {:.2} | {:.1} |",
            rules.what,
            answers.len(),
            answers.values().filter(|meet| **meet).count(),
            milliseconds(ours),
            milliseconds(all),
            milliseconds(all) / milliseconds(ours),
            at(50),
            at(99),
            at(100),
            milliseconds(theirs.compiling),
        );
    }
    Ok(())
}
