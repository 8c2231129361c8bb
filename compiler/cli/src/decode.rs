//! `agentpol decode [--policy FILE] --requests FILE`

mod human;

use crate::{
    cli::Format,
    input,
    jsonl::{Line, Lines},
    load,
    params::{self, BindArgs},
    report,
    ui::{Failure, Outcome, Status, Ui},
};
use agentpol_abi::Value;
use agentpol_analysis::ruleset::{Bound, RuleSet, Understood};
use agentpol_ethereum::{Facts, OwnedRequest, Refusal, request::MAX_REQUEST_BYTES};
use agentpol_model::{
    Address,
    decision::DenyCode,
    effect::{Effect, EffectKind, GrantMode},
    request::{Action, Request},
};
use alloy_primitives::hex;
use clap::Args;
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

#[derive(Serialize)]
struct ErrorOut {
    code: &'static str,
    message: String,
    /// The byte of the calldata, for `malformed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<u32>,
}

#[derive(Serialize)]
struct ActionOut {
    kind: &'static str,
    chain: String,
    to: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    contract: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    function: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    selector: Option<String>,
    args: Vec<ArgOut>,
    value: String,
    /// Null: nobody declared what else it does.
    effects: Option<Vec<EffectOut>>,
    inner: Vec<ActionOut>,
}

#[derive(Serialize)]
struct ArgOut {
    name: String,
    r#type: String,
    value: serde_json::Value,
}

#[derive(Serialize)]
struct EffectOut {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    party: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<u64>,
    /// Why it cannot be worked out.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
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
        for action in whole.actions {
            let understood = rules.understand(&whole, action, bound);
            let (out, wrong) = match &understood {
                Ok(understood) => (self::action(&whole, action, rules, Some(understood)), None),
                Err(wrong) => (self::action(&whole, action, rules, None), Some(wrong)),
            };
            if self.format == Format::Human {
                pictures.push_str(&human::action(&out, understood.as_ref().ok(), rules));
            }
            if let Some(wrong) = wrong {
                let message = match wrong.malformed {
                    Some(malformed) => malformed.to_string(),
                    None if self.policy.is_none() && wrong.code == DenyCode::UnknownContract => {
                        "nothing of the standard library stands there; --policy names a policy that declares it".to_owned()
                    }
                    None => wrong.code.doc().to_owned(),
                };
                error = Some(ErrorOut {
                    code: wrong.code.name(),
                    message,
                    offset: wrong.malformed.map(|m| m.offset),
                });
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

fn action(
    request: &Request<'_>,
    action: &Action<'_>,
    rules: &RuleSet,
    understood: Option<&Understood<'_>>,
) -> ActionOut {
    let callable = understood.and_then(|u| u.callable).map(|(_, c)| c);
    let function = callable.and_then(|c| c.function.as_ref());
    let args = function.map(|f| &f.inputs).into_iter().flatten().zip(understood.iter().flat_map(|u| &u.args));
    let arg = |(member, value): (&agentpol_model::types::Member, &Value)| ArgOut {
        name: member.name.clone(),
        r#type: member.ty.to_string(),
        value: value.to_json(&member.ty),
    };
    // A `send` moves its value whether a policy speaks of it or not; what is opaque is not told as if it were all.
    let effects = understood.map(|u| u.effects.iter().map(|e| effect(e.as_ref(), rules)).collect());
    ActionOut {
        kind: action.kind.name(),
        chain: crate::show::chain(request.chain, &rules.chains),
        to: action.to.to_checksum(None),
        contract: callable.map(|c| c.contract.clone()).filter(|name| !name.is_empty()),
        function: function.map(|f| f.signature.clone()),
        selector: action.data.get(..4).map(hex::encode_prefixed),
        args: args.map(arg).collect(),
        value: action.value.to_string(),
        effects: effects.filter(|_| callable.is_none_or(|c| !c.opaque)),
        inner: Vec::new(),
    }
}

/// An effect as an interface writes it.
pub(crate) fn effect_word(kind: EffectKind) -> &'static str {
    match kind {
        EffectKind::Move => "moves",
        EffectKind::Pull { exact: true } => "pulls exactly",
        EffectKind::Pull { exact: false } => "pulls",
        EffectKind::Grant(GrantMode::Set) => "grants",
        EffectKind::Grant(GrantMode::Add) => "grants more",
        EffectKind::Grant(GrantMode::Dec) => "grants less",
        EffectKind::Receive => "receives",
        EffectKind::Owe => "owes",
    }
}

fn effect(effect: Result<&Effect, &DenyCode>, rules: &RuleSet) -> EffectOut {
    match effect {
        Ok(e) => EffectOut {
            kind: effect_word(e.kind),
            token: rules.tokens.get(e.token.index()).map(|t| t.symbol.clone()),
            amount: Some(e.amount.to_string()),
            party: Some(e.party)
                .filter(|p| *p != Address::ZERO || e.kind != EffectKind::Owe)
                .map(|p| p.to_checksum(None)),
            until: e.until,
            error: None,
        },
        Err(code) => EffectOut {
            kind: "undetermined",
            token: None,
            amount: None,
            party: None,
            until: None,
            error: Some(code.name()),
        },
    }
}
