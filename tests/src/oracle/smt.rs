//! The same questions for z3: rules as SMT-LIB over the integers. It is written from what conditions mean, not from how the analysis reads
//! them: every part of a condition has where it is true and where it is false, and where it is neither it is undefined.

pub mod compare;
pub mod times;
mod words;

use agentpol_analysis::{
    findings::asked::Asked,
    ruleset::{Callable, Formula, Rule, RuleSet, Verb},
};
use agentpol_model::{
    ids::{CallableId, RuleId},
    types::{Path, Step},
};
use core::fmt::Write as _;
use std::{
    collections::BTreeSet,
    io::{BufRead as _, BufReader, Write as _},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// Questions in one script, for one process.
#[derive(Clone, Debug, Default)]
pub struct Script {
    options: String,
    /// What the questions about one callable of one policy share.
    declared: Vec<String>,
    /// In the order of the answers.
    pub questions: Vec<Question>,
}

/// One question for z3.
#[derive(Clone, Debug)]
pub struct Question {
    /// Of which policy.
    pub policy: usize,
    /// About requests for which callable.
    pub callable: CallableId,
    /// What.
    pub asked: Asked,
    /// Among what is declared.
    declared: usize,
    text: String,
}

/// What z3 says to one question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// `sat`, `unsat` or `unknown`.
    pub said: String,
    /// Since the answer before it, or since the first question was sent.
    pub took: Duration,
}

/// Where a condition is true, and where it is false: names of what was defined.
#[derive(Clone, Debug)]
struct Truth {
    holds: String,
    fails: String,
}

/// What one callable's conditions speak of, as it is written down.
struct Writer<'r> {
    rules: &'r RuleSet,
    callable: &'r Callable,
    /// Declared already.
    known: BTreeSet<String>,
    out: String,
    names: usize,
}

impl Script {
    /// With a time that each question may take.
    pub fn new(milliseconds: usize) -> Self {
        Self { options: format!("(set-option :timeout {milliseconds})\n"), ..Self::default() }
    }

    /// All questions of overlap and reach of a policy.
    pub fn policy(&mut self, number: usize, rules: &RuleSet) {
        for id in (0..rules.callables.len() as u32).map(CallableId::new) {
            let about: Vec<(RuleId, &Rule)> = rules
                .rules_by_id()
                .filter(|(_, rule)| rule.arms.iter().any(|arm| arm.callable == id))
                .collect();
            if about.is_empty() {
                continue;
            }
            let mut writer = Writer {
                rules,
                callable: &rules.callables[id.index()],
                known: BTreeSet::new(),
                out: String::new(),
                names: 0,
            };
            let requires = writer.formula(&writer.callable.requires, &[]);
            let truths: Vec<(RuleId, &Rule, Truth)> =
                about.into_iter().map(|(n, rule)| (n, rule, writer.rule(rule, id))).collect();
            self.declared.push(writer.out);
            for (n, rule, truth) in &truths {
                self.ask((number, id), Asked::Match(*n), &[&requires.holds, &truth.holds]);
                for (m, other, truth_of_other) in truths.iter().filter(|(m, ..)| m > n) {
                    let grants = rule.verb != Verb::Deny && other.verb != Verb::Deny;
                    if !grants || rule.over.contains(m) || other.over.contains(n) {
                        continue;
                    }
                    let mut all = vec![&requires.holds, &truth.holds, &truth_of_other.holds];
                    // Denials, and what is above one of the two.
                    let settles = |third: &Rule| {
                        third.verb == Verb::Deny || third.over.contains(n) || third.over.contains(m)
                    };
                    all.extend(truths.iter().filter(|(_, third, _)| settles(third)).map(|(.., t)| &t.fails));
                    self.ask((number, id), Asked::Overlap(*n, *m), &all);
                }
            }
        }
    }

    fn ask(&mut self, (policy, callable): (usize, CallableId), asked: Asked, all: &[&String]) {
        let mut text = String::new();
        for one in all {
            writeln!(text, "(assert {one})").unwrap();
        }
        text.push_str("(check-sat)\n");
        let declared = self.declared.len() - 1;
        self.questions.push(Question { policy, callable, asked, declared, text });
    }

    /// The answers, in order, by one process; `None` where there is no z3. That it starts is not counted.
    pub fn run(&self) -> Option<Vec<Answered>> {
        let mut text = String::new();
        let mut declared = None;
        for question in &self.questions {
            if declared != Some(question.declared) {
                let end = if declared.is_some() { "(pop)\n" } else { "" };
                write!(text, "{end}(push)\n{}", self.declared[question.declared]).unwrap();
                declared = Some(question.declared);
            }
            write!(text, "(push)\n{}(pop)\n", question.text).unwrap();
        }
        answers(&self.options, text)
    }

    /// The answer to one of the questions by a process of its own. That it starts is counted.
    #[expect(clippy::disallowed_methods, reason = "it says how long it took")]
    pub fn run_alone(&self, question: &Question) -> Option<Answered> {
        let start = Instant::now();
        let text = format!("{}{}", self.declared[question.declared], question.text);
        let said = answers(&self.options, text)?.pop()?.said;
        Some(Answered { said, took: start.elapsed() })
    }
}

/// Each line that z3 answers to a text.
#[expect(clippy::disallowed_methods, reason = "it says how long it took")]
fn answers(options: &str, text: String) -> Option<Vec<Answered>> {
    const READY: &str = "ready";
    let mut child =
        Command::new("z3").arg("-in").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
    let (mut input, output) = (child.stdin.take()?, child.stdout.take()?);
    writeln!(input, "{options}(echo \"{READY}\")").unwrap();
    let mut lines = BufReader::new(output).lines().map(Result::unwrap);
    assert_eq!(lines.next().as_deref(), Some(READY), "z3 starts");
    let mut last = Instant::now();
    // It answers while it is still being asked.
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let answers = lines.map(|said| {
        let before = core::mem::replace(&mut last, Instant::now());
        Answered { said, took: last.duration_since(before) }
    });
    let answers = answers.collect();
    writer.join().unwrap().unwrap();
    child.wait().unwrap();
    Some(answers)
}

fn every(parts: impl IntoIterator<Item = String>) -> String {
    format!("(and true {})", parts.into_iter().collect::<Vec<_>>().join(" "))
}

fn any(parts: impl IntoIterator<Item = String>) -> String {
    format!("(or false {})", parts.into_iter().collect::<Vec<_>>().join(" "))
}

fn not(part: &str) -> String {
    format!("(not {part})")
}

fn child(path: &Path, step: Step) -> Path {
    Path([path.0.as_slice(), &[step]].concat())
}

impl Writer<'_> {
    fn rule(&mut self, rule: &Rule, id: CallableId) -> Truth {
        let arms = rule.arms.iter().filter(|arm| arm.callable == id);
        let clauses = |arm: &agentpol_analysis::ruleset::Arm| {
            Formula::And(arm.clauses.iter().map(|clause| clause.formula.clone()).collect())
        };
        self.formula(&Formula::Or(arms.map(clauses).collect()), &[])
    }

    /// A name for a condition of two values.
    fn name(&mut self, condition: &str) -> String {
        self.names += 1;
        let name = format!("b{}", self.names);
        writeln!(self.out, "(define-fun {name} () Bool {condition})").unwrap();
        name
    }

    fn named(&mut self, holds: &str, fails: &str) -> Truth {
        Truth { holds: self.name(holds), fails: self.name(fails) }
    }

    /// Defined there, and true or false.
    fn defined(&mut self, defined: &str, is: &str) -> Truth {
        let (defined, is) = (self.name(defined), self.name(is));
        self.named(&format!("(and {defined} {is})"), &format!("(and {defined} (not {is}))"))
    }

    fn formula(&mut self, formula: &Formula, elements: &[u32]) -> Truth {
        match formula {
            Formula::Const(truth) => self.named(&truth.to_string(), &(!truth).to_string()),
            Formula::Atom(atom) => self.atom(atom, elements),
            Formula::Not(inner) => {
                let Truth { holds, fails } = self.formula(inner, elements);
                Truth { holds: fails, fails: holds }
            }
            Formula::And(parts) | Formula::Or(parts) => {
                let all = parts.iter().map(|part| self.formula(part, elements)).collect();
                self.in_order(matches!(formula, Formula::And(_)), all)
            }
            Formula::Quantified { every: all, array, max, body } => {
                let array = ground(array, elements);
                let (length, exists) = (self.length(&array), self.exists(&array));
                let mut parts = Vec::new();
                for n in 0..*max {
                    let inside: Vec<u32> = elements.iter().copied().chain([n]).collect();
                    // Where there is no such type of array, nothing stands in it either.
                    let Truth { holds, fails } = self.formula(body, &inside);
                    let there = format!("(> {length} {n})");
                    // Beyond the end it is as if it were so of all, and of none.
                    parts.push(match all {
                        true => self
                            .named(&format!("(or (not {there}) {holds})"), &format!("(and {there} {fails})")),
                        false => self
                            .named(&format!("(and {there} {holds})"), &format!("(or (not {there}) {fails})")),
                    });
                }
                let whole = self.in_order(*all, parts);
                let fits = format!("(and {exists} (<= {length} {max}))");
                self.named(&format!("(and {fits} {})", whole.holds), &format!("(and {fits} {})", whole.fails))
            }
        }
    }

    /// `and` or `or`, left to right: one decides, and those before it let it.
    fn in_order(&mut self, conjunction: bool, parts: Vec<Truth>) -> Truth {
        let turned = |truth: &Truth| match conjunction {
            true => (truth.holds.clone(), truth.fails.clone()),
            false => (truth.fails.clone(), truth.holds.clone()),
        };
        let (mut before, mut cases): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
        for part in &parts {
            let (passes, decides) = turned(part);
            cases.push(every(before.iter().cloned().chain([decides])));
            before.push(passes);
        }
        let (passes, decided) = (every(before), any(cases));
        match conjunction {
            true => self.named(&passes, &decided),
            false => self.named(&decided, &passes),
        }
    }
}

/// The place of the elements that are being looked at.
fn ground(path: &Path, elements: &[u32]) -> Path {
    let step = |step: &Step| match step {
        Step::Element(depth) => Step::Index(elements[usize::from(*depth)]),
        other => *other,
    };
    Path(path.0.iter().map(step).collect())
}
