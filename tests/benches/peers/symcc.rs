//! Cedar's symbolic compiler and agentpol's analysis, asked the same: can this rule match anything, can these two match the same.
//!
//! Both languages say the same rules: one function of one contract is one action on one type of resource, its arguments are the
//! context. A number is any of 256 bits here and any of 64 bits there; every rule bounds its numbers far below that, so the answers must
//! be alike, and are compared before anything is timed.
//!
//! Needs cvc5 1.3.1. `CVC5` names the program; without it, `cvc5` beside this file is started, which asks the library of the Python
//! package of that name: `python3 -m venv v && v/bin/pip install cvc5==1.3.1`, then `PATH="$PWD/v/bin:$PATH"`.

mod rules;

use agentpol_analysis::{findings::asked::each, integer::Answer, ruleset::RuleSet};
use agentpol_compiler::{NoFiles, SourceFile, compile};
use cedar_policy::{Policy, PolicyId, RequestEnv, Schema};
use cedar_policy_symcc::{
    CedarSymCompiler, CompiledPolicy, SmtLibScript as _,
    solver::{LocalSolver, Solver as _},
};
use rules::{Rule, SETS};
use std::{
    error::Error,
    time::{Duration, Instant},
};
use tokio::process::Command;

type Result<T> = core::result::Result<T, Box<dyn Error>>;

/// How often each is asked, in turns; the turn in the middle counts.
const TURNS: usize = 3;

/// Questions without anything to think about, to see what asking takes.
const EMPTY_QUESTIONS: u32 = 200;

/// Can the first rule match, do the first and the second meet, …, can the second match: yes or no each.
type Answers = Vec<bool>;

/// From a text to every answer.
struct Turn {
    compiling: Duration,
    asking: Duration,
    answers: Answers,
}

impl Turn {
    fn whole(&self) -> Duration {
        self.compiling + self.asking
    }
}

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        let mut cedar = match Cedar::start().await {
            Ok(cedar) => cedar,
            Err(why) => {
                println!("skipped, there is no cvc5 to ask: {why}");
                return Ok(());
            }
        };
        println!("an empty question to cvc5 and back: {:.3} ms\n", milliseconds(cedar.empty().await?));
        println!(
            "| rules of | rules | questions | yes | symcc: compile, ms | questions, ms | agentpol: compile, ms | questions, ms \
             | questions, times | all, times |"
        );
        println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        for (name, count, make) in SETS {
            let rules = make(count);
            let (mut theirs, mut ours) = (vec![], vec![]);
            for _ in 0..TURNS {
                theirs.push(cedar.turn(&rules).await?);
                ours.push(agentpol(&rules)?);
            }
            for (theirs, ours) in theirs.iter().zip(&ours) {
                assert_eq!(theirs.answers, ours.answers, "{name}: symcc and then agentpol");
            }
            let (theirs, ours) = (middle(theirs)?, middle(ours)?);
            println!(
                "| {name} | {count} | {} | {} | {:.1} | {:.0} | {:.2} | {:.2} | {:.0} | {:.0} |",
                ours.answers.len(),
                ours.answers.iter().filter(|yes| **yes).count(),
                milliseconds(theirs.compiling),
                milliseconds(theirs.asking),
                milliseconds(ours.compiling),
                milliseconds(ours.asking),
                theirs.asking.as_secs_f64() / ours.asking.as_secs_f64(),
                theirs.whole().as_secs_f64() / ours.whole().as_secs_f64(),
            );
        }
        Ok(())
    })
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

fn middle(mut turns: Vec<Turn>) -> Result<Turn> {
    turns.sort_by_key(Turn::whole);
    let middle = turns.len() / 2;
    turns.into_iter().nth(middle).ok_or_else(|| "no turn".into())
}

/// Agentpol, from the text on.
fn agentpol(rules: &[Rule]) -> Result<Turn> {
    let text = rules::agentpol(rules);
    let start = Instant::now();
    let compiled = compile(SourceFile::new("peers.agentpol", &text), &NoFiles);
    let compiling = start.elapsed();
    let rules: RuleSet =
        compiled.ruleset.ok_or_else(|| format!("{:?}\n{text}", compiled.diagnostics.first()))?;
    let mut answers = vec![];
    let start = Instant::now();
    each(&rules, |_, _, answer| answers.push(answer));
    let asking = start.elapsed();
    let yes = |answer| match answer {
        Answer::Found(()) => Ok(true),
        Answer::None => Ok(false),
        Answer::Unknown => Err("unknown to agentpol"),
    };
    Ok(Turn {
        compiling,
        asking,
        answers: answers.into_iter().map(yes).collect::<core::result::Result<_, _>>()?,
    })
}

/// Cedar's symbolic compiler with a solver that is started once.
struct Cedar {
    compiler: CedarSymCompiler<LocalSolver>,
}

impl Cedar {
    async fn start() -> Result<Self> {
        let program =
            std::env::var_os("CVC5").unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/cvc5").into());
        let mut solver = LocalSolver::from_command(Command::new(program).args(["--lang", "smt"]))?;
        // Whether it can be asked, and so that its start is not counted.
        solver.check_sat().await?;
        Ok(Self { compiler: CedarSymCompiler::new(solver)? })
    }

    /// What a question takes that says nothing.
    async fn empty(&mut self) -> Result<Duration> {
        let solver = self.compiler.solver_mut();
        let start = Instant::now();
        for _ in 0..EMPTY_QUESTIONS {
            solver.smtlib_input().reset().await?;
            solver.smtlib_input().set_logic("ALL").await?;
            solver.check_sat().await?;
        }
        Ok(start.elapsed() / EMPTY_QUESTIONS)
    }

    /// From the text on, each rule compiled once.
    async fn turn(&mut self, rules: &[Rule]) -> Result<Turn> {
        let texts: Vec<String> = rules.iter().map(rules::cedar).collect();
        let start = Instant::now();
        let (schema, _) = Schema::from_cedarschema_str(rules::CEDAR_SCHEMA)?;
        let environment: RequestEnv = schema.request_envs().next().ok_or("no action")?;
        let mut compiled = vec![];
        for (n, text) in texts.iter().enumerate() {
            let policy = Policy::parse(Some(PolicyId::new(format!("r{n}"))), text)?;
            compiled.push(CompiledPolicy::compile(&policy, &environment, &schema)?);
        }
        let compiling = start.elapsed();
        let mut answers = vec![];
        let start = Instant::now();
        for (n, first) in compiled.iter().enumerate() {
            answers.push(!self.compiler.check_never_matches_opt(first).await?);
            for second in compiled.iter().skip(n + 1) {
                answers.push(!self.compiler.check_matches_disjoint_opt(first, second).await?);
            }
        }
        Ok(Turn { compiling, asking: start.elapsed(), answers })
    }
}
