//! `agentpol inspect MODULE`

use crate::{
    audit::amounts::span,
    cli::Format,
    input, report, show,
    ui::{BOLD, DIM, ERROR, Failure, GOOD, Outcome, Status, Ui},
};
use agentpol_bytecode::{Module, disassemble, hash, limits::MAX_MODULE_BYTES};
use agentpol_model::{
    certificate::{Bound, Certificate, Flow, Span},
    policy::Verb,
};
use agentpol_verifier::{VerifyError, verify};
use clap::Args;
use serde::Serialize;
use std::{io::Write as _, path::PathBuf};

/// Show what a compiled module says
#[derive(Args)]
pub(crate) struct Inspect {
    /// A module written by `agentpol build`; `-` for standard input
    module: PathBuf,
    /// Only run the verifier: 0 if the module is safe to run, 1 if not
    #[arg(long)]
    verify: bool,
    /// For people or for programs
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

#[derive(Serialize)]
struct Verdict {
    hash: String,
    verified: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

#[derive(Serialize)]
struct Said {
    #[serde(flatten)]
    verdict: Verdict,
    name: String,
    bytes: usize,
    max_steps: u64,
    chains: Vec<Named>,
    params: Vec<Typed>,
    tokens: Vec<String>,
    budgets: Vec<BudgetLine>,
    rules: Vec<RuleLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<Certified>,
    text: String,
}

#[derive(Serialize)]
struct Named {
    name: String,
    id: u64,
}

#[derive(Serialize)]
struct Typed {
    name: String,
    r#type: String,
}

#[derive(Serialize)]
struct BudgetLine {
    name: String,
    cap: String,
    window: String,
}

#[derive(Serialize)]
struct RuleLine {
    name: String,
    verb: &'static str,
    arms: usize,
}

/// What was proved when it was compiled.
#[derive(Serialize)]
struct Certified {
    bounds: Vec<BoundLine>,
    accepted: Vec<Accepted>,
}

#[derive(Serialize)]
struct BoundLine {
    token: String,
    fees: bool,
    with_approvals: bool,
    /// 0 is one transaction, null is for ever.
    length_s: Option<u64>,
    /// In base units; null without end.
    max: Option<String>,
    exact: bool,
    #[serde(skip)]
    words: String,
}

#[derive(Serialize)]
struct Accepted {
    code: String,
    because: String,
}

impl Inspect {
    pub(crate) fn run(self, ui: &mut Ui) -> Outcome {
        let bytes = input::bytes(&self.module, MAX_MODULE_BYTES as u64)?;
        let module = decode(&bytes, &input::shown(&self.module))?;
        let verified = verify(module.clone()).map(|_| ());
        let status = if verified.is_ok() { Status::Clean } else { Status::Findings };
        let verdict = verdict(&module, &verified);
        match (self.format, self.verify) {
            (Format::Json, true) => report::json_line(ui, &verdict)?,
            (Format::Json, false) => report::json_line(ui, &said(verdict, &module, bytes.len()))?,
            (Format::Human, true) => writeln!(ui.out, "{}", sentence(&verified))?,
            (Format::Human, false) => {
                let said = said(verdict, &module, bytes.len());
                write(ui, &said, &sentence(&verified))?;
            }
        }
        Ok(status)
    }
}

/// Bytes to a module, or where they stop being one.
pub(crate) fn decode(bytes: &[u8], name: &str) -> Result<Module, Failure> {
    agentpol_bytecode::decode(bytes).map_err(|error| {
        Failure::new(format!("`{name}`: {error}"))
            .help("compile the policy again: agentpol build POLICY -o MODULE")
    })
}

fn verdict(module: &Module, verified: &Result<(), VerifyError>) -> Verdict {
    let error = verified.as_ref().err();
    Verdict {
        hash: hash(module).to_string(),
        verified: error.is_none(),
        at: error.map(|e| e.at.clone()),
        error: error.map(|e| e.what.clone()),
    }
}

fn sentence(verified: &Result<(), VerifyError>) -> String {
    match verified {
        Ok(()) => format!("{GOOD}verified{GOOD:#}: safe to run within its cost"),
        Err(error) => format!("{ERROR}refused{ERROR:#} by the verifier, {}: {}", error.at, error.what),
    }
}

fn said(verdict: Verdict, module: &Module, bytes: usize) -> Said {
    let param = |id: agentpol_model::ids::ParamId| {
        module.params.get(id.index()).map_or_else(|| id.to_string(), |p| p.name.clone())
    };
    let arms =
        |n: usize| module.callables.iter().flat_map(|c| &c.arms).filter(|a| a.rule.index() == n).count();
    let budget = |b: &agentpol_model::budget::Budget| BudgetLine {
        name: b.name.clone(),
        cap: show::cap(b, &module.tokens, param),
        window: b.window.to_string(),
    };
    let rule = |(n, r): (usize, &agentpol_bytecode::Rule)| RuleLine {
        name: r.name.clone(),
        verb: match r.verb {
            Verb::Allow => "allow",
            Verb::Ask(_) => "ask",
            Verb::Deny => "deny",
        },
        arms: arms(n),
    };
    let typed = |p: &agentpol_model::policy::Param| Typed {
        name: p.name.clone(),
        r#type: show::param_type(p.ty, &module.tokens),
    };
    Said {
        verdict,
        name: module.name.clone(),
        bytes,
        max_steps: module.max_steps,
        chains: module.chains.iter().map(|c| Named { name: c.name.clone(), id: c.id }).collect(),
        params: module.params.iter().map(typed).collect(),
        tokens: module.tokens.iter().map(|t| t.symbol.clone()).collect(),
        budgets: module.budgets.iter().map(budget).collect(),
        rules: module.rules.iter().enumerate().map(rule).collect(),
        certificate: module.certificate.as_ref().map(|certificate| certified(module, certificate)),
        text: disassemble(module),
    }
}

fn certified(module: &Module, certificate: &Certificate) -> Certified {
    let bound = |bound: &Bound| {
        let token = module.tokens.get(bound.token.index());
        let most = match (bound.most, token) {
            (None, _) => "any amount".to_owned(),
            (Some(most), Some(token)) => show::amount(most, token),
            (Some(most), None) => most.to_string(),
        };
        let (span, length_s) = match bound.span {
            Span::Transaction => ("in one transaction".to_owned(), Some(0)),
            Span::Seconds(seconds) => (format!("in {}", span(seconds)), Some(seconds)),
            Span::Ever => ("in all".to_owned(), None),
        };
        let token = token.map(|token| token.symbol.clone()).unwrap_or_default();
        let of = if bound.flow == Flow::Fees { " of fees" } else { "" };
        let of = if bound.most.is_none() { format!(" of {token}{of}") } else { of.to_owned() };
        let asked = if bound.with_approvals { ", with approvals" } else { "" };
        BoundLine {
            token,
            fees: bound.flow == Flow::Fees,
            with_approvals: bound.with_approvals,
            length_s,
            max: bound.most.map(|most| most.to_string()),
            exact: bound.exact,
            words: format!("{most}{of} {span}{asked}"),
        }
    };
    let accepted = certificate.accepted.iter();
    let accepted = accepted.map(|(code, because)| Accepted { code: code.clone(), because: because.clone() });
    Certified { bounds: certificate.bounds.iter().map(bound).collect(), accepted: accepted.collect() }
}

fn write(ui: &mut Ui, said: &Said, verdict: &str) -> Result<(), Failure> {
    let out = &mut ui.out;
    let bytes = agentpol_model::words::grouped(&said.bytes.to_string());
    let steps = agentpol_model::words::grouped(&said.max_steps.to_string());
    writeln!(out, "{BOLD}{}{BOLD:#}  {bytes} bytes, at most {steps} steps for an action", said.name)?;
    writeln!(out, "{DIM}hash{DIM:#}    {}\n{DIM}verdict{DIM:#} {verdict}", said.verdict.hash)?;
    let chains: Vec<String> = said.chains.iter().map(|c| format!("{} ({})", c.name, c.id)).collect();
    writeln!(
        out,
        "{DIM}chains{DIM:#}  {}\n{DIM}tokens{DIM:#}  {}",
        chains.join(", "),
        said.tokens.join(", ")
    )?;
    for p in &said.params {
        writeln!(out, "{DIM}param{DIM:#}   {}: {}", p.name, p.r#type)?;
    }
    for b in &said.budgets {
        writeln!(out, "{DIM}budget{DIM:#}  {}: {} {}", b.name, b.cap, b.window)?;
    }
    for r in &said.rules {
        let arms = if r.arms == 1 { "1 arm".to_owned() } else { format!("{} arms", r.arms) };
        writeln!(out, "{DIM}rule{DIM:#}    {} {}  {DIM}{arms}{DIM:#}", r.verb, r.name)?;
    }
    for bound in said.certificate.iter().flat_map(|certified| &certified.bounds) {
        writeln!(out, "{DIM}at most{DIM:#} {}", bound.words)?;
    }
    for one in said.certificate.iter().flat_map(|certified| &certified.accepted) {
        writeln!(out, "{DIM}accepts{DIM:#} {}: {}", one.code, one.because)?;
    }
    writeln!(out, "\n{}", said.text.trim_end())?;
    Ok(())
}
