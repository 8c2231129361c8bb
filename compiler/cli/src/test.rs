//! `agentpol test FILE…`

use crate::{
    cli::Format,
    load::{self, Compiled},
    params, report,
    report::Found,
    ui::{BOLD, DIM, ERROR, Failure, GOOD, Outcome, Status, Ui},
    verdict::Shown,
};
use agentpol_compiler::{
    ParamSample, TEST_SIGNER, TEST_START, TEST_WALLET, TestBlock, TestStep, Verdict, own_rule, sample_params,
};
use agentpol_diagnostics::{Diagnostic, Place, codes, render::json};
use agentpol_model::{
    Address,
    policy::ParamValue,
    request::{Action, Envelope, Request},
    words::Instant,
};
use agentpol_runtime::{Binding, Decision, Nonces, Outcome as Decided, Policy, Session};
use clap::Args;
use serde::Serialize;
use std::{io::Write as _, path::PathBuf};

/// Run the `test` blocks of policies
#[derive(Args)]
#[command(
    after_help = "Each test has a ledger of its own; each allowed step counts as landed and final at its own time."
)]
pub(crate) struct Test {
    /// Policies; `-` for standard input
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Only tests whose name holds this text
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// For people or for programs
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

/// What came of one `test` block.
#[derive(Serialize)]
struct Ran {
    name: String,
    passed: bool,
    steps: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    failed: Option<Failed>,
}

/// The first step that did not come out as expected.
#[derive(Serialize)]
struct Failed {
    step: usize,
    expected: String,
    decision: Decision,
    diagnostic: json::Diagnostic,
    #[serde(skip)]
    picture: Diagnostic,
}

#[derive(Serialize)]
struct OfFile {
    file: String,
    tests: Vec<Ran>,
}

#[derive(Serialize)]
struct Report {
    passed: usize,
    failed: usize,
    files: Vec<OfFile>,
}

impl Test {
    pub(crate) fn run(self, ui: &mut Ui) -> Outcome {
        let mut report = Report { passed: 0, failed: 0, files: Vec::new() };
        let mut broken = false;
        for file in &self.files {
            let Some(compiled) = load::compiled(ui, file)? else {
                broken = true;
                continue;
            };
            let name = crate::input::shown(file);
            let mut tests = Vec::new();
            let runner = Runner::new(&compiled, ui.width())?;
            let chosen =
                |t: &&TestBlock| self.only.as_ref().is_none_or(|only| t.name.contains(only.as_str()));
            for block in compiled.tests.iter().filter(chosen) {
                let ran = runner.block(block);
                if self.format == Format::Human {
                    human(ui, &name, &ran, &compiled.found)?;
                }
                report.passed += usize::from(ran.passed);
                report.failed += usize::from(!ran.passed);
                tests.push(ran);
            }
            report.files.push(OfFile { file: name, tests });
        }
        let clean = report.failed == 0 && !broken;
        match self.format {
            Format::Json => report::json_line(ui, &report)?,
            Format::Human => summary(ui, &report)?,
        }
        Ok(if clean { Status::Clean } else { Status::Findings })
    }
}

fn human(ui: &mut Ui, file: &str, ran: &Ran, found: &Found) -> Result<(), Failure> {
    let steps = if ran.steps == 1 { "1 step".to_owned() } else { format!("{} steps", ran.steps) };
    let (mark, style) = if ran.passed { ("ok    ", GOOD) } else { ("FAILED", ERROR) };
    writeln!(
        ui.out,
        "{style}{mark}{style:#} {BOLD}{}{BOLD:#}  {DIM}{file}, {steps}{DIM:#}",
        agentpol_diagnostics::render::visible(&ran.name)
    )?;
    if let Some(failed) = &ran.failed {
        let picture =
            agentpol_diagnostics::render::human::Renderer::new(&found.sources, true).render(&failed.picture);
        writeln!(ui.out, "{picture}")?;
    }
    Ok(())
}

fn summary(ui: &mut Ui, report: &Report) -> Result<(), Failure> {
    if report.passed + report.failed == 0 {
        writeln!(
            ui.out,
            "no tests; a policy's tests look like this:\n  test \"name\" {{ try USDC.transfer(0x…, 1 USDC) => deny }}"
        )?;
        return Ok(());
    }
    writeln!(ui.out, "{GOOD}{} passed{GOOD:#}, {ERROR}{} failed{ERROR:#}", report.passed, report.failed)?;
    Ok(())
}

/// A policy, ready to be tested.
struct Runner<'a> {
    compiled: &'a Compiled,
    policy: Policy,
    width: usize,
}

impl<'a> Runner<'a> {
    fn new(compiled: &'a Compiled, width: usize) -> Result<Self, Failure> {
        let value = |sample: ParamSample| match sample {
            ParamSample::Word(word) => ParamValue::Word(word),
            ParamSample::Set(set) => {
                ParamValue::Set(set.into_iter().map(|w| Address::from_word(w.into())).collect())
            }
        };
        let samples = sample_params(&compiled.ruleset).into_iter().map(value);
        let params = compiled.ruleset.params.iter().map(|p| p.name.clone()).zip(samples).collect();
        let binding = Binding { wallet: TEST_WALLET, signer: TEST_SIGNER, params };
        let policy = Policy::new(compiled.verified.module().clone(), &binding).map_err(params::failure)?;
        Ok(Self { compiled, policy, width })
    }

    fn block(&self, block: &TestBlock) -> Ran {
        let mut session = Session::new(&self.policy, Nonces::Any);
        session.advance(TEST_START);
        let failed = block.steps.iter().enumerate().find_map(|(n, step)| self.step(&mut session, n, step));
        Ran { name: block.name.clone(), passed: failed.is_none(), steps: block.steps.len(), failed }
    }

    fn step(&self, session: &mut Session<'_>, n: usize, step: &TestStep) -> Option<Failed> {
        let actions: Vec<Action<'_>> = step
            .request
            .actions
            .iter()
            .map(|a| Action {
                command: [0; 4],
                kind: a.kind,
                from: TEST_WALLET,
                to: a.to,
                value: a.value,
                data: &a.data,
            })
            .collect();
        let request = Request {
            chain: step.request.chain,
            wallet: TEST_WALLET,
            signer: TEST_SIGNER,
            agent: step.by.as_deref(),
            now: step.at,
            envelope: Envelope::default(),
            actions: &actions,
        };
        let decision = session.decide(&request);
        if self.holds(&step.expect, &decision) {
            return None;
        }
        let expected = self.expected(&step.expect);
        let picture = self.picture(step, &expected, &decision);
        let diagnostic = json::Diagnostic::new(&picture, &self.compiled.found.sources);
        Some(Failed { step: n, expected, decision, diagnostic, picture })
    }

    /// A rule of the policy's own text.
    fn rule(&self, id: agentpol_model::ids::RuleId) -> &str {
        let family = self.compiled.family.as_ref();
        let own = family.map_or(&self.compiled.ruleset, |family| &family.alone);
        own.rules.get(id.index()).map_or("?", |r| r.name.as_str())
    }

    fn holds(&self, expect: &Verdict, decision: &Decision) -> bool {
        let own = |name| own_rule(&self.compiled.ruleset, self.compiled.family.as_ref(), name);
        let by = |id| decision.rule.as_deref().and_then(own) == Some(id);
        match (expect, &decision.outcome) {
            (Verdict::Allow(id), Decided::Allow) | (Verdict::Ask(id), Decided::Ask(_)) => by(*id),
            (Verdict::Deny(None), Decided::Deny(_)) => true,
            (Verdict::Deny(Some(code)), Decided::Deny(found)) => code == found,
            _ => false,
        }
    }

    fn expected(&self, expect: &Verdict) -> String {
        match expect {
            Verdict::Allow(id) => format!("allow {}", self.rule(*id)),
            Verdict::Ask(id) => format!("ask {}", self.rule(*id)),
            Verdict::Deny(None) => "deny".to_owned(),
            Verdict::Deny(Some(code)) => format!("deny {}", code.name()),
        }
    }

    fn picture(&self, step: &TestStep, expected: &str, decision: &Decision) -> Diagnostic {
        let came = match (&decision.outcome, &decision.rule) {
            (Decided::Deny(code), _) => format!("deny {}", code.name()),
            (outcome, Some(rule)) => format!("{} {rule}", outcome.name()),
            (outcome, None) => outcome.name().to_owned(),
        };
        let shown = Shown {
            budgets: &self.compiled.ruleset.budgets,
            tokens: &self.compiled.ruleset.tokens,
            width: self.width,
        };
        let place: Place = step.place;
        Diagnostic::new(codes::FAILED_TEST, place, format!("expected `{expected}`, but it comes to `{came}`"))
            .label(place, format!("at {}: {came}", Instant(step.at)))
            .note(shown.why(decision))
    }
}
