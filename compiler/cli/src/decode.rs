//! `agentpol decode [--policy FILE] --requests FILE`

mod human;
mod out;

use crate::{
    cli::Format,
    input,
    jsonl::{Line, Lines},
    load,
    params::{self, BindArgs},
    report,
    ui::{Failure, Outcome, Status, Ui},
};
use agentpol_analysis::ruleset::{Bound, RuleSet};
use agentpol_ethereum::{Facts, OwnedRequest, Refusal, request::MAX_REQUEST_BYTES};
use agentpol_model::decision::DenyCode;
use clap::Args;
use out::{ActionOut, ErrorOut, Shower};
use serde::Serialize;
use std::{io::Write as _, path::PathBuf};

/// Show what the gate understands of requests, without judging them
#[derive(Args)]
pub(crate) struct Decode {
    /// The policy whose contracts are known; without it, the standard library's
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Requests, one JSON object a line; `-` for standard input
    #[arg(long, value_name = "FILE")]
    requests: PathBuf,
    #[command(flatten)]
    bind: BindArgs,
    /// For people or for programs
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

/// What is understood of one request.
#[derive(Serialize)]
struct Decoded {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<serde_json::Value>,
    line: u64,
    #[serde(rename = "chainId", skip_serializing_if = "Option::is_none")]
    chain: Option<u64>,
    actions: Vec<ActionOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorOut>,
}

impl Decode {
    pub(crate) fn run(self, ui: &mut Ui) -> Outcome {
        let rules = match &self.policy {
            Some(path) => match load::compiled(ui, path)? {
                Some(compiled) => compiled.ruleset,
                None => return Ok(Status::Findings),
            },
            None => catalogue()?,
        };
        let values = params::parse(&self.bind.params, &rules.params, &rules.tokens)?;
        let mut lines = Lines::open(&self.requests, MAX_REQUEST_BYTES)?;
        while let Some(line) = lines.next()? {
            let number = line.number;
            match read(line) {
                Err(refusal) => self.refused(ui, number, &refusal)?,
                Ok(request) => {
                    let wallet = self.bind.wallet.or(request.from()).unwrap_or_default();
                    let bound = Bound::new(&rules, wallet, values.clone()).map_err(params::failure)?;
                    self.one(ui, number, &request, &rules, &bound)?;
                }
            }
            // Whoever asks line by line waits for each answer.
            if input::is_stdin(&self.requests) {
                ui.out.flush()?;
            }
        }
        Ok(Status::Clean)
    }

    fn refused(&self, ui: &mut Ui, line: u64, refusal: &Refusal) -> Result<(), Failure> {
        let error = ErrorOut { code: refusal.code.name(), message: refusal.to_string(), offset: None };
        let id = refusal.id.as_ref().map(agentpol_ethereum::Id::to_json);
        self.print(ui, &Decoded { id, line, chain: None, actions: Vec::new(), error: Some(error) })
    }

    fn one(
        &self,
        ui: &mut Ui,
        line: u64,
        request: &OwnedRequest,
        rules: &RuleSet,
        bound: &Bound,
    ) -> Result<(), Failure> {
        let wallet = bound.wallet();
        let facts = Facts {
            wallet,
            signer: wallet,
            agent: self.bind.agent.as_deref(),
            now: request.at().unwrap_or_default(),
        };
        let lent = match request.lend(&facts) {
            Ok(lent) => lent,
            Err(refusal) => return self.refused(ui, line, &refusal),
        };
        let whole = lent.request();
        let mut actions = Vec::new();
        let mut error = None;
        let mut pictures = String::new();
        let shower = Shower { rules, chain: whole.chain, of_library: self.policy.is_none() };
        for action in whole.actions {
            let understood = rules.understand(&whole, action, bound);
            let mut out = shower.action(action, understood.as_ref());
            // Of what stands outermost it is the request's.
            error = out.error.take().or(error);
            if self.format == Format::Human {
                pictures.push_str(&human::action(&out, understood.as_ref().ok(), rules));
            }
            actions.push(out);
        }
        let id = request.id().map(agentpol_ethereum::Id::to_json);
        let decoded = Decoded { id, line, chain: Some(whole.chain), actions, error };
        match self.format {
            Format::Json => report::json_line(ui, &decoded),
            Format::Human => human::write(ui, &decoded, &pictures),
        }
    }

    fn print(&self, ui: &mut Ui, decoded: &Decoded) -> Result<(), Failure> {
        match self.format {
            Format::Json => report::json_line(ui, decoded),
            Format::Human => human::write(ui, decoded, ""),
        }
    }
}

/// A line as a request; a line that is no text is refused like any other that cannot be read.
pub(crate) fn read(line: Line) -> Result<OwnedRequest, Refusal> {
    let text = line.text.map_err(|message| Refusal {
        id: None,
        code: DenyCode::InvalidRequest,
        message,
        place: agentpol_ethereum::Place::Json { pointer: String::new(), line: 1, column: 1 },
    })?;
    agentpol_ethereum::read(&text)
}

/// Everything that the standard library knows.
fn catalogue() -> Result<RuleSet, Failure> {
    let compilation = agentpol_compiler::catalogue();
    let first = compilation.diagnostics.first().map(|d| d.message.clone()).unwrap_or_default();
    compilation.ruleset.ok_or_else(|| Failure::new(format!("the standard library does not compile: {first}")))
}
