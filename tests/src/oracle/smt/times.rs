//! The same questions for the analysis and for z3, each timed: can this rule match, do these two overlap. Nothing else is asked of either.

use super::{Answered, Script};
use agentpol_analysis::{
    findings::asked::{Asked, each},
    integer::Answer,
    ruleset::RuleSet,
};
use agentpol_model::ids::CallableId;
use core::fmt;
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// Milliseconds that z3 may take for one question.
const PATIENCE: usize = 2_000;

/// How often the analysis is asked; the turn in the middle counts. z3 is asked once.
const TURNS: usize = 9;

/// The same questions, answered twice.
#[derive(Clone, Debug)]
pub struct Times {
    /// What was asked of z3, for whoever wants to ask again.
    pub script: Script,
    /// What z3 said, in order.
    pub theirs: Vec<Answered>,
    /// What each question took the analysis, in the same order. What is made once for a callable counts for its first question.
    pub ours: Vec<Duration>,
    /// Questions that the analysis left open.
    pub unknown: usize,
    /// Questions that z3 gave up on.
    pub given_up: usize,
    /// Those that the analysis answered with a request.
    pub possible: usize,
    /// What the processor worked for the analysis and for z3, start included, where the system tells: other programs do not matter to it.
    pub worked: Option<(Duration, Duration)>,
}

/// Asks both. `None` where there is no z3; panics at the first answer that differs.
pub fn beside(policies: &[&RuleSet]) -> Option<Times> {
    let mut script = Script::new(PATIENCE);
    for (n, rules) in policies.iter().enumerate() {
        script.policy(n, rules);
    }
    let before = worked(Who::Here);
    let mut turns: Vec<Turn> = (0..TURNS).map(|_| turn(policies)).collect();
    let we_worked = before.zip(worked(Who::Here)).map(|(before, after)| (after - before) / TURNS as u32);
    turns.sort_by_key(|turn| turn.took.iter().sum::<Duration>());
    let Turn { answers, took: ours } = turns.swap_remove(TURNS / 2);
    let before = worked(Who::Children);
    let theirs = script.run()?;
    let they_worked = before.zip(worked(Who::Children)).map(|(before, after)| after - before);
    assert_eq!(
        theirs.len(),
        script.questions.len(),
        "{:?}",
        theirs.iter().find(|a| a.said.contains("error"))
    );
    let mut times = Times {
        script,
        theirs,
        ours,
        unknown: 0,
        given_up: 0,
        possible: 0,
        worked: we_worked.zip(they_worked),
    };
    for ((question, theirs), answer) in times.script.questions.iter().zip(&times.theirs).zip(&answers) {
        let asked = (question.policy, question.callable, question.asked);
        assert_eq!(asked, answer.0, "the same questions in the same order");
        let ours = match answer.1 {
            Answer::Found(()) => "sat",
            Answer::None => "unsat",
            Answer::Unknown => "unknown",
        };
        times.possible += usize::from(ours == "sat");
        match (ours, theirs.said.as_str()) {
            ("unknown", _) => times.unknown += 1,
            (_, "unknown" | "timeout") => times.given_up += 1,
            (ours, theirs) => assert_eq!(ours, theirs, "{asked:?}: the analysis and then z3"),
        }
    }
    assert_eq!(times.ours.len(), times.theirs.len());
    Some(times)
}

#[derive(Clone, Copy)]
enum Who {
    /// This thread.
    Here,
    /// Processes that it started and that have ended.
    Children,
}

/// What the processor has worked for them, on Linux.
fn worked(who: Who) -> Option<Duration> {
    let number = |file: &str, place: usize| -> Option<u64> {
        std::fs::read_to_string(file).ok()?.split_whitespace().nth(place)?.parse().ok()
    };
    match who {
        Who::Here => number("/proc/thread-self/schedstat", 0).map(Duration::from_nanos),
        Who::Children => {
            const STAT: &str = "/proc/self/stat";
            // Hundredths of a second, as a user and for the kernel.
            let hundredths = number(STAT, 15)?.checked_add(number(STAT, 16)?)?;
            Some(Duration::from_millis(10 * hundredths))
        }
    }
}

struct Turn {
    answers: Vec<((usize, CallableId, Asked), Answer<()>)>,
    took: Vec<Duration>,
}

#[expect(clippy::disallowed_methods, reason = "it says how long it took")]
fn turn(policies: &[&RuleSet]) -> Turn {
    let mut turn = Turn { answers: Vec::new(), took: Vec::new() };
    for (n, rules) in policies.iter().enumerate() {
        let mut last = Instant::now();
        each(rules, |callable, asked, answer| {
            let now = Instant::now();
            turn.took.push(now.duration_since(last));
            turn.answers.push(((n, callable, asked), answer));
            last = Instant::now();
        });
    }
    turn
}

impl Times {
    /// What all questions took the analysis and z3, in milliseconds.
    pub fn totals(&self) -> (f64, f64) {
        (milliseconds(self.ours.iter().sum()), milliseconds(self.theirs.iter().map(|a| a.took).sum()))
    }

    /// How many times as long z3 took.
    #[expect(clippy::float_arithmetic, reason = "a ratio of times")]
    pub fn ratio(&self) -> f64 {
        let (ours, theirs) = self.totals();
        theirs / ours
    }

    /// The same of each policy by itself, the least first.
    #[expect(clippy::float_arithmetic, reason = "a ratio of times")]
    pub fn ratios(&self) -> Vec<f64> {
        let mut by: BTreeMap<usize, (Duration, Duration)> = BTreeMap::new();
        for ((question, ours), theirs) in self.script.questions.iter().zip(&self.ours).zip(&self.theirs) {
            let (a, b) = by.entry(question.policy).or_default();
            *a += *ours;
            *b += theirs.took;
        }
        let mut all: Vec<f64> = by.into_values().map(|(a, b)| milliseconds(b) / milliseconds(a)).collect();
        all.sort_by(f64::total_cmp);
        all
    }
}

#[expect(clippy::float_arithmetic, reason = "for people")]
fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// The one below which so many hundredths of these lie.
fn quantile<T: Copy>(sorted: &[T], hundredths: usize) -> Option<T> {
    sorted.get(sorted.len().saturating_sub(1) * hundredths / 100).copied()
}

impl fmt::Display for Times {
    #[expect(clippy::float_arithmetic, reason = "for people")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (ours, theirs) = self.totals();
        writeln!(
            f,
            "{} questions, {} of them with a request; {} unknown, {} given up by z3",
            self.ours.len(),
            self.possible,
            self.unknown,
            self.given_up
        )?;
        writeln!(f, "in all: {ours:.2} ms, z3 {theirs:.1} ms: {:.0} times", self.ratio())?;
        let answered = |theirs: &Answered| matches!(theirs.said.as_str(), "sat" | "unsat");
        let both = self.ours.iter().zip(&self.theirs).filter(|(_, theirs)| answered(theirs));
        let (ours, theirs): (Vec<Duration>, Vec<Duration>) =
            both.map(|(ours, theirs)| (*ours, theirs.took)).unzip();
        let (ours, theirs) = (milliseconds(ours.iter().sum()), milliseconds(theirs.iter().sum()));
        writeln!(f, "of those that z3 answers: {ours:.2} ms, z3 {theirs:.1} ms: {:.0} times", theirs / ours)?;
        if let Some((ours, theirs)) = self.worked {
            let (ours, theirs) = (milliseconds(ours), milliseconds(theirs));
            writeln!(f, "of the processor: {ours:.2} ms, z3 {theirs:.0} ms: {:.0} times", theirs / ours)?;
        }
        for (whose, mut each) in
            [("ours", self.ours.clone()), ("z3", self.theirs.iter().map(|a| a.took).collect())]
        {
            each.sort();
            write!(f, "each, {whose}:")?;
            for (name, hundredths) in [("p50", 50), ("p90", 90), ("p99", 99), ("most", 100)] {
                let time = quantile(&each, hundredths).unwrap_or_default();
                write!(f, " {name} {:.1} us", milliseconds(time) * 1_000.0)?;
            }
            writeln!(f)?;
        }
        let ratios = self.ratios();
        write!(f, "policy by policy, z3 takes as many times as long:")?;
        for (name, hundredths) in [("least", 0), ("p10", 10), ("p50", 50), ("p90", 90), ("most", 100)] {
            write!(f, " {name} {:.0}", quantile(&ratios, hundredths).unwrap_or_default())?;
        }
        Ok(())
    }
}
