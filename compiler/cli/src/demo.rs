//! `agentpol demo`: a policy, transactions, a key.

use crate::{
    cli::Format,
    describe::Describer,
    explain,
    load::{self, Compiled},
    page, params, report, show,
    ui::{BOLD, CODE, DIM, Failure, GOOD, Outcome, Status, Ui},
    verdict::{Shown, Totals},
};
use agentpol_analysis::{ruleset::Bound, words};
use agentpol_ethereum::{Facts, OwnedRequest, SignedTransaction};
use agentpol_model::{Address, B256, Time, U256, effect::EffectKind, policy::ParamValue, request::Request};
use agentpol_runtime::{
    Answer, Binding, Decision, Gate, Policy,
    ledger::{Landed, LineName, Record, Slot},
};
use alloy::{
    consensus::{TxEnvelope, transaction::SignerRecoverable as _},
    eips::eip2718::Decodable2718 as _,
    signers::local::PrivateKeySigner,
};
use alloy_primitives::{address, hex, keccak256};
use clap::Args;
use serde::Serialize;
use std::{collections::BTreeMap, io::Write as _};

/// The policy.
const POLICY: &str = include_str!("../demo/studio.agentpol");
/// What the agent asks for.
const REQUESTS: &str = include_str!("../demo/requests.jsonl");
/// The key is the hash of this: everybody has it, so nothing may ever be sent to its address.
const KEY: &str = "agentpol demo: a key that everybody knows";
/// Who approves what is asked.
const OWNER: Address = address!("0x90F79bf6EB2c4f870365E785982E1f101E93b906");
/// Columns of the bar of a budget.
const BAR: usize = 24;

/// See a policy judge transactions, and the allowed ones signed
#[derive(Args)]
#[command(
    after_help = "The policy and the requests are files of the project: compiler/cli/demo. Nothing is sent anywhere."
)]
pub(crate) struct Demo {
    /// For people or for programs
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

/// One request, judged and perhaps signed.
#[derive(Serialize)]
struct Judged {
    #[serde(flatten)]
    decision: Decision,
    what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    signed: Option<Signed>,
}

/// What came out of the gate, and who alloy says signed it.
#[derive(Serialize)]
struct Signed {
    hash: String,
    raw: String,
    recovered: String,
}

#[derive(Serialize)]
struct Left {
    budget: String,
    cap: String,
    used: String,
    remaining: String,
    #[serde(skip)]
    filled: usize,
}

#[derive(Serialize)]
struct Summary {
    policy: String,
    policy_hash: String,
    wallet: String,
    requests: usize,
    allowed: usize,
    asked: usize,
    denied: usize,
    signed: usize,
    recovered: usize,
    budgets: Vec<Left>,
}

impl Demo {
    pub(crate) fn run(self, ui: &mut Ui) -> Outcome {
        let Some(compiled) = load::built_in(ui, "studio.agentpol", POLICY)? else {
            return Ok(Status::Findings);
        };
        let mut stage = Stage::new(&compiled)?;
        if self.format == Format::Human {
            opening(ui, &compiled, &stage)?;
        }
        for line in REQUESTS.lines() {
            let request =
                agentpol_ethereum::read(line).map_err(|e| Failure::new(format!("a shipped request: {e}")))?;
            let judged = stage.judge(request)?;
            match self.format {
                Format::Json => report::json_line(ui, &judged)?,
                Format::Human => scene(ui, &compiled, &judged)?,
            }
        }
        let summary = stage.summary(&compiled);
        match self.format {
            Format::Json => report::json_line(ui, &summary)?,
            Format::Human => closing(ui, &stage, &summary)?,
        }
        // A signature by another key than the wallet's would be a fault worth more than a line of text.
        Ok(if summary.signed == summary.recovered { Status::Clean } else { Status::Findings })
    }
}

/// The gate, and what has happened at it.
struct Stage<'a> {
    compiled: &'a Compiled,
    bound: Bound,
    gate: Gate<PrivateKeySigner>,
    wallet: Address,
    totals: Totals,
    signed: usize,
    recovered: usize,
}

impl<'a> Stage<'a> {
    fn new(compiled: &'a Compiled) -> Result<Self, Failure> {
        let key = PrivateKeySigner::from_bytes(&keccak256(KEY)).map_err(|e| Failure::new(e.to_string()))?;
        let wallet = key.address();
        let owner = ParamValue::Word(U256::from_be_slice(OWNER.as_slice()));
        let params = BTreeMap::from([("owner".to_owned(), owner)]);
        let binding = Binding { wallet, signer: wallet, params: params.clone() };
        let policy = Policy::new(compiled.verified.module().clone(), &binding).map_err(params::failure)?;
        let bound = Bound::new(&compiled.ruleset, wallet, params).map_err(params::failure)?;
        let ledger = policy.ledger(true);
        let gate = Gate::new(policy, ledger, key).map_err(|e| Failure::new(e.to_string()))?;
        Ok(Self { compiled, bound, gate, wallet, totals: Totals::default(), signed: 0, recovered: 0 })
    }

    /// Asks the gate. What is allowed is signed, and lands at once: the demo plays the chain.
    fn judge(&mut self, request: OwnedRequest) -> Result<Judged, Failure> {
        let now = request.at().unwrap_or_default();
        let facts = Facts { wallet: self.wallet, signer: self.wallet, agent: None, now };
        let (what, pulled) = match request.lend(&facts) {
            Ok(lent) => self.describe(&lent.request()),
            Err(refusal) => (refusal.message, Vec::new()),
        };
        self.finalise(now);
        let slot = Slot::Transaction {
            chain: request.chain(),
            account: self.wallet,
            nonce: request.envelope().nonce.unwrap_or_default(),
        };
        let (decision, signed) = match self.gate.ask(request, None, now) {
            Answer::Denied(decision) => (*decision, None),
            Answer::Asked(pending) => (pending.decision().clone(), None),
            Answer::Reserved(reserved) => {
                let decision = reserved.decision().clone();
                let digest = keccak256(reserved.payload());
                let signed = self.gate.sign_sync(reserved).map_err(|e| Failure::new(e.to_string()))?;
                self.land(slot, digest, now, pulled);
                (decision, signed.transaction().map(|signed| self.recover(signed)))
            }
        };
        self.totals.add(&decision.outcome);
        Ok(Judged { decision, what, signed })
    }

    fn describe(&self, request: &Request<'_>) -> (String, Vec<U256>) {
        let rules = &self.compiled.ruleset;
        let what = Describer { rules, bound: &self.bound }.request(request);
        let understood =
            request.actions.iter().filter_map(|a| rules.understand(request, a, &self.bound).ok());
        let effects = understood.flat_map(|u| u.effects).filter_map(Result::ok);
        let pulls = effects.filter(|e| matches!(e.kind, EffectKind::Pull { .. })).map(|e| e.amount);
        (what, pulls.collect())
    }

    /// alloy, which wrote nothing of the policy's, reads the bytes and says whose signature it is.
    fn recover(&mut self, signed: &SignedTransaction) -> Signed {
        let read = TxEnvelope::decode_2718(&mut signed.raw.as_slice()).ok();
        let signer = read.and_then(|transaction| transaction.recover_signer().ok());
        self.signed += 1;
        self.recovered += usize::from(signer == Some(self.wallet));
        Signed {
            hash: signed.hash.to_string(),
            raw: hex::encode_prefixed(&signed.raw),
            recovered: signer.map_or_else(|| "nobody".to_owned(), |s| s.to_checksum(None)),
        }
    }

    fn land(&mut self, slot: Slot, digest: B256, at: Time, pulled: Vec<U256>) {
        let fact = Landed { slot, digest, ok: true, at, pulled: Some(pulled), fee: None };
        // What the ledger answers to a fact that it asked for is of no interest here.
        let _ = self.gate.observe(Record::Landed(fact));
        self.finalise(at);
    }

    /// The chain is final up to now.
    fn finalise(&mut self, now: Time) {
        let _ = self.gate.observe(Record::Now(now));
        let chains: Vec<_> = self.gate.policy().module().chains.iter().map(|c| c.id).collect();
        for chain in chains {
            let _ = self.gate.observe(Record::Final(chain, now));
        }
    }

    fn summary(&self, compiled: &Compiled) -> Summary {
        let module = compiled.verified.module();
        let Totals { allowed, asked, denied } = self.totals;
        let left = module.budgets.iter().map(|budget| {
            let cap = self.gate.policy().rules().cap(budget.cap).unwrap_or_default();
            let used = self.gate.ledger().used(&LineName::new(&budget.name, budget.line)).to_word();
            let filled = used.saturating_mul(U256::from(BAR)).checked_div(cap).unwrap_or_default();
            let show = |units| show::of_budget(units, budget, &module.tokens);
            Left {
                budget: format!("{} ({})", budget.name, budget.window),
                cap: show(cap),
                used: show(used),
                remaining: show(cap.saturating_sub(used)),
                filled: usize::try_from(filled).unwrap_or(BAR).min(BAR),
            }
        });
        Summary {
            policy: module.name.clone(),
            policy_hash: self.gate.policy().hash().to_string(),
            wallet: self.wallet.to_checksum(None),
            requests: allowed + asked + denied,
            allowed,
            asked,
            denied,
            signed: self.signed,
            recovered: self.recovered,
            budgets: left.collect(),
        }
    }
}

/// The policy, as text and in words.
fn opening(ui: &mut Ui, compiled: &Compiled, stage: &Stage<'_>) -> Result<(), Failure> {
    let module = compiled.verified.module();
    let bytes = agentpol_model::words::grouped(&agentpol_bytecode::encode(module).len().to_string());
    let words = explain::in_words(&words::explain(&compiled.ruleset), ui.width());
    heading(ui, "The policy")?;
    writeln!(
        ui.out,
        "{DIM}compiler/cli/demo/studio.agentpol, compiled to {bytes} bytes of bytecode and verified:{DIM:#}"
    )?;
    writeln!(
        ui.out,
        "{DIM}at most {} steps for a decision. What it says, made from the rules:{DIM:#}\n",
        module.max_steps
    )?;
    writeln!(ui.out, "{words}")?;
    heading(ui, "What an agent asks, and what the gate answers")?;
    writeln!(ui.out, "{DIM}for the wallet {}, whose key the gate holds{DIM:#}\n", stage.wallet)?;
    Ok(())
}

fn heading(ui: &mut Ui, text: &str) -> Result<(), Failure> {
    let rule = "─".repeat(ui.width().saturating_sub(text.chars().count() + 4));
    writeln!(ui.out, "{DIM}──{DIM:#} {BOLD}{text}{BOLD:#} {DIM}{rule}{DIM:#}")?;
    Ok(())
}

/// One request.
fn scene(ui: &mut Ui, compiled: &Compiled, judged: &Judged) -> Result<(), Failure> {
    let module = compiled.verified.module();
    let shown = Shown { budgets: &module.budgets, tokens: &module.tokens, width: ui.width() };
    let name = judged.decision.id.as_ref().map(ToString::to_string).unwrap_or_default();
    write!(ui.out, "{}", shown.lines(&judged.decision, &name, &judged.what))?;
    if let Some(signed) = &judged.signed {
        let hash = signed.hash.get(..18).unwrap_or(&signed.hash);
        writeln!(ui.out, "      {GOOD}signed{GOOD:#} {CODE}{hash}…{CODE:#}")?;
    }
    Ok(())
}

/// The sum of it.
fn closing(ui: &mut Ui, stage: &Stage<'_>, summary: &Summary) -> Result<(), Failure> {
    writeln!(ui.out)?;
    heading(ui, "In all")?;
    writeln!(ui.out, "{} requests: {}", summary.requests, stage.totals.line())?;
    let recovered = format!(
        "{} signed; alloy recovers the wallet from {} of them: {}",
        summary.signed, summary.recovered, summary.wallet
    );
    for line in page::wrap(&recovered, ui.width()) {
        writeln!(ui.out, "{line}")?;
    }
    writeln!(ui.out)?;
    let width = summary.budgets.iter().map(|b| b.budget.chars().count()).max().unwrap_or_default();
    for left in &summary.budgets {
        let (full, empty) = ("█".repeat(left.filled), "░".repeat(BAR.saturating_sub(left.filled)));
        // A narrow terminal has no room for pictures.
        let bar = if ui.width() < 80 {
            String::new()
        } else {
            format!("{GOOD}{full}{GOOD:#}{DIM}{empty}{DIM:#}  ")
        };
        writeln!(ui.out, "{:width$}  {bar}{} left of {}", left.budget, left.remaining, left.cap)?;
    }
    writeln!(ui.out, "\n{DIM}Next:{DIM:#} agentpol new   {DIM}a policy of your own{DIM:#}")?;
    writeln!(ui.out, "      agentpol check policy.agentpol")?;
    Ok(())
}
