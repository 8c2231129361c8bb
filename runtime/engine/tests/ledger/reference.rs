//! The ledger makes the same decisions, with the same charges, and counts the same use after every input, as the executable
//! reference (`budgets.py` of the design) on random histories.
//!
//! `vectors/ledger.jsonl` holds some of them, written by `generate.py`; where the reference itself is at hand, as many
//! more as `AGENTPOL_HISTORIES` says are made and compared.

use crate::history::{self, Answer, History};
use agentpol_model::{U256, decision::DenyCode};
use agentpol_runtime::ledger::{Judgement, Ledger, Record, Reply, Verdict};
use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Histories that every run makes, where the reference is at hand.
const HISTORIES: u64 = 200;
/// Their first seed: none that the vectors use.
const FIRST_SEED: u64 = 1_000_000;

#[test]
fn vectors_agree() {
    let vectors = include_str!("../vectors/ledger.jsonl");
    let mut steps = 0;
    for line in vectors.lines() {
        steps += compare(&history::parse(line));
    }
    assert!(steps > 1_000, "the vectors have teeth: {steps} steps");
}

#[test]
fn random_histories_agree() {
    let Some(design) = design() else {
        println!("skipped: no reference of budgets at ../shared/design/budgets or $AGENTPOL_DESIGN/budgets");
        return;
    };
    let count = runs("AGENTPOL_HISTORIES", HISTORIES);
    let first = runs("AGENTPOL_FIRST_SEED", FIRST_SEED);
    let generator = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ledger/generate.py");
    let child = Command::new("python3")
        .arg("-B")
        .args([&generator, &design])
        .args([first.to_string(), count.to_string()])
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        println!("skipped: no python3");
        return;
    };
    let (mut histories, mut steps) = (0, 0);
    for line in BufReader::new(child.stdout.take().expect("piped")).lines() {
        steps += compare(&history::parse(&line.expect("UTF-8")));
        histories += 1;
    }
    assert!(child.wait().expect("ends").success());
    assert_eq!(histories, count);
    println!("{histories} histories, {steps} steps");
}

/// Replays one history step by step. Returns how many steps it had.
fn compare(history: &History) -> usize {
    let mut ledger = Ledger::new(history.terms.clone(), history.complete_logs);
    ledger.apply(Record::Begin(history::CHAIN, history::ACCOUNT, 0));
    for (n, step) in history.steps.iter().enumerate() {
        let place = || format!("history {}, step {n}: {:?}", history.seed, step.record);
        if let Record::Request(request) = &step.record {
            let judged = ledger.judge(request);
            let mut copy = ledger.clone();
            assert_eq!(copy.apply(step.record.clone()), Reply::Judged(judged), "{}", place());
        }
        let answer = match ledger.apply(step.record.clone()) {
            Reply::Judged(judgement) => Some(answer(&judgement)),
            Reply::Done => None,
            Reply::Refused(misfit) => panic!("{misfit} in {}", place()),
        };
        assert_eq!(answer.as_ref().map(words), step.answer.as_ref().map(words), "{}", place());
        let state = ledger.state();
        let used: Vec<String> = state.terms.lines.keys().map(|line| ledger.used(line).to_string()).collect();
        assert_eq!(used, step.used, "{}", place());
        assert_eq!(state, &state.recounted(), "running sums, {}", place());
    }
    let begin = Record::Begin(history::CHAIN, history::ACCOUNT, 0);
    let records = [begin].into_iter().chain(history.steps.iter().map(|step| step.record.clone()));
    let again = Ledger::replay(history.terms.clone(), history.complete_logs, records);
    assert_eq!(again, ledger, "replay of history {}", history.seed);
    history.steps.len()
}

fn answer(judgement: &Judgement) -> Answer {
    let (verdict, code) = match &judgement.verdict {
        Verdict::Allow => ("allow", String::new()),
        Verdict::Ask { .. } => ("ask", String::new()),
        Verdict::Deny(refusal) => {
            ("deny", code(refusal.code, refusal.shortfall.as_ref().map(|s| s.line.to_string())))
        }
    };
    // A denial says nothing of charges.
    Answer {
        verdict: verdict.to_owned(),
        code,
        charges: judgement.charges.iter().map(|c| (c.line.to_string(), c.amount.to_string())).collect(),
        over: judgement.over.iter().map(ToString::to_string).collect(),
    }
}

/// As the reference names it.
fn code(code: DenyCode, line: Option<String>) -> String {
    match code {
        DenyCode::Budget => format!("budget {}", line.expect("a line")),
        DenyCode::TooManyAsks => "asks".to_owned(),
        other => other.name().to_owned(),
    }
}

/// Charges are words; the reference's have no ceiling.
fn words(answer: &Answer) -> Answer {
    let word = |n: &String| n.parse().unwrap_or(U256::MAX).to_string();
    Answer {
        verdict: answer.verdict.clone(),
        code: answer.code.clone(),
        charges: answer.charges.iter().map(|(line, n)| (line.clone(), word(n))).collect(),
        over: answer.over.clone(),
    }
}

/// A number that the environment may raise for a long run.
pub(crate) fn runs(name: &str, usual: u64) -> u64 {
    variable(name).and_then(|n| n.parse().ok()).unwrap_or(usual)
}

fn design() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/design");
    let design = variable("AGENTPOL_DESIGN").map_or(beside, PathBuf::from).join("budgets");
    design.join("check.py").is_file().then_some(design)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test may be told where the reference is, and how long to run"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
