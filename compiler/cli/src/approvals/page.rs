//! `agentpol approvals page`: the same in a browser, for approvers whose keys are in a wallet there.

use super::{Decided, Of};
use crate::{
    cli::Format,
    owner::{Owned, block_on},
    report,
    serve::told_to_stop,
    ui::{DIM, Failure, Outcome, Status, Ui},
};
use agentpol_gateway::{
    node::Boxed,
    owner::{
        answers::{self, Approved, Waiting},
        client::AskError,
    },
    page::{self, Desk},
    rpc::code,
};
use agentpol_model::words::Instant;
use clap::Args;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::{io::Write as _, net::SocketAddr, sync::Arc};

/// Approve in a browser, with the wallet that is in it
#[derive(Args)]
#[command(after_help = "\
The page shows what waits and asks the browser's wallet for the approver's signature; `agentpol serve` has to run. It is served to this machine \
alone, until it is stopped, and only to whoever has the link: whoever has it can also reject. From another machine: forward a port (`ssh -L \
8080:127.0.0.1:PORT`) and open the link with that port in it.")]
pub(super) struct Page {
    /// Where it listens: an address of this machine; port 0 is any that is free
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    #[command(flatten)]
    of: Of,
}

/// What is said once it answers.
#[derive(Serialize)]
struct Begun {
    link: String,
}

impl Page {
    pub(super) fn run(self, ui: &mut Ui) -> Outcome {
        block_on(self.serve(ui))?
    }

    async fn serve(self, ui: &mut Ui) -> Outcome {
        let desk = Served(self.of.ledger());
        desk.ask::<answers::Status>("agentpol_status", &[(); 0]).await.map_err(|why| {
            desk.0
                .failure(&why)
                .help("an approval leads to a signature: begin `agentpol serve` with this ledger first")
        })?;
        let page = page::Page::bind(self.listen, Arc::new(desk)).await;
        let page = page.map_err(|e| Failure::new(format!("the page cannot listen there: {e}")))?;
        let begun = Begun { link: page.link() };
        match self.of.format {
            Format::Json => report::json_line(ui, &begun)?,
            Format::Human => {
                writeln!(ui.out, "{}", begun.link)?;
                writeln!(ui.out, "{DIM}open it in the browser that has the wallet; Ctrl-C ends it{DIM:#}")?;
            }
        }
        ui.out.flush()?;
        page.run(told_to_stop()?).await;
        Ok(Status::Clean)
    }
}

/// The gate that serves.
struct Served(Owned);

impl Served {
    async fn ask<T: DeserializeOwned>(&self, method: &str, params: &impl Serialize) -> Result<T, String> {
        self.0.ask_gate(method, params).await.map_err(|e| words(&e))
    }

    async fn all(&self) -> Result<Value, String> {
        let status: answers::Status = self.ask("agentpol_status", &[(); 0]).await?;
        let waiting: Vec<Waiting> = self.ask("agentpol_waiting", &[(); 0]).await?;
        waiting.iter().map(|one| shown(one, &status)).collect()
    }

    async fn approved(&self, name: &str, signature: &str) -> Result<Value, String> {
        match self.0.ask_gate::<Approved>("agentpol_approve", &(name, [signature])).await {
            Ok(approved) => serde_json::to_value(approved).map_err(|e| e.to_string()),
            Err(AskError::Refused { code: code::DENIED, message }) => {
                Ok(json!({"status": "denied", "reason": message}))
            }
            Err(e) => Err(words(&e)),
        }
    }
}

impl Desk for Served {
    fn waiting(&self) -> Boxed<'_, Result<Value, String>> {
        Box::pin(self.all())
    }

    fn approve<'a>(&'a self, name: &'a str, signature: &'a str) -> Boxed<'a, Result<Value, String>> {
        Box::pin(self.approved(name, signature))
    }

    fn reject<'a>(&'a self, name: &'a str) -> Boxed<'a, Result<Value, String>> {
        Box::pin(async move { self.ask("agentpol_reject", &[name]).await })
    }
}

fn words(e: &AskError) -> String {
    match e {
        AskError::Nobody(_) => "`agentpol serve` does not answer: is it running?".to_owned(),
        other => other.to_string(),
    }
}

/// A request as the page takes it.
fn shown(one: &Waiting, status: &answers::Status) -> Result<Value, String> {
    let decided: Decided = serde_json::from_str(one.decision.get()).map_err(|e| e.to_string())?;
    let (need, of) = decided.ask.map_or((0, Vec::new()), |ask| (ask.need, ask.of));
    let member = |at: &str| one.typed_data.as_ref().and_then(|data| data.pointer(at)).cloned();
    let actions = one.told.actions.iter().map(|action| {
        let args = action.args.iter().map(|arg| json!({"name": arg.name, "value": texts(&arg.value)}));
        json!({
            "words": action.words,
            "to": action.to,
            "args": args.collect::<Vec<_>>(),
            "value": action.value,
        })
    });
    Ok(json!({
        "name": one.name,
        "agent": one.agent,
        "at": Instant(one.at).to_string(),
        "expires": Instant(one.expires).to_string(),
        "wallet": status.wallet,
        "chain": member("/message/chain"),
        "rule": decided.rule,
        "reason": decided.reason,
        "policy": status.name,
        "policyHash": status.policy,
        "need": need,
        "of": of,
        "approvedBy": one.approved_by,
        "actions": actions.collect::<Vec<_>>(),
        "effects": one.told.effects,
        "fee": one.told.fee,
        "charges": one.told.charges,
        "denied": one.told.denied,
        "typedData": one.typed_data,
    }))
}

/// The same with texts for numbers, which a browser would round.
fn texts(value: &Value) -> Value {
    match value {
        Value::Array(all) => all.iter().map(texts).collect(),
        Value::Object(members) => members.iter().map(|(name, one)| (name.clone(), texts(one))).collect(),
        Value::String(text) => json!(text),
        other => json!(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_reaches_the_browser() {
        let given: Value =
            serde_json::from_str(r#"{"a":[9007199254740993,"x",true],"b":{"c":-1},"d":null}"#).unwrap();
        let expected = json!({"a": ["9007199254740993", "x", "true"], "b": {"c": "-1"}, "d": "null"});
        assert_eq!(texts(&given), expected);
    }
}
