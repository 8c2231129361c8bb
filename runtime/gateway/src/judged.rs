//! What the policy judges: read strictly, looked at first, filled in, judged, signed, sent.

use crate::{
    calls::Named,
    fill::{estimate_all, fill},
    gateway::Gateway,
    keeper::{Asker, Broken, Sent},
    methods::Judged,
    node::{NodeError, ask},
    rpc::{Call, Fault, Outcome, code, result},
};
use agentpol_ethereum::{
    Body, Draft, Fee, OwnedRequest, Signed, request::Calls, user_operation::UserOperation,
};
use agentpol_model::{B256, decision::DenyCode};
use agentpol_runtime::{Answer, Decision, decision::Outcome as Decided, gate::Once, history::Known};
use alloy_primitives::{Bytes, hex::encode_prefixed, keccak256};
use serde_json::json;
use std::time::Duration;

/// How often a signed transaction is given to a node that does not answer, and how long is waited in between.
const SENDS: u32 = 3;
const BETWEEN_SENDS: Duration = Duration::from_millis(250);

/// Words by which agent frameworks recognise a failed trade, and answer it with a worse one.
const MISREAD: [&str; 5] =
    ["reverted", "price movement", "mev frontrunning", "transfer_from_failed", "return amount is not enough"];

impl Gateway {
    pub(crate) async fn judge(&self, what: Judged, call: &Call, who: &Asker) -> Outcome {
        let request = self.read(call)?;
        if what == Judged::Calls {
            return self.calls(call, &request, who).await;
        }
        let key = who.key.clone().map(|key| Known { key, asked: asked(call) });
        let before = key.as_ref().and_then(|key| self.keep.asked_before(who, self.now(), key));
        // Held until it is with the node, so that nonces arrive there in their order.
        let mut _in_order = None;
        let signed = if let Some(before) = before {
            self.again(before)?
        } else if let Some(agreed) = self.asking.collect(who, &request, self.now()) {
            agreed
        } else {
            let filled = match what {
                Judged::Send | Judged::Sign => self.complete(request.clone(), who).await?,
                _ => request.clone(),
            };
            if what == Judged::Send {
                _in_order = Some(self.outgoing.lock().await);
            }
            self.sign(filled, who, key, Some((what, &request))).await?
        };
        match (what, request.body()) {
            (Judged::Send, _) => {
                self.send(&signed.sent()?).await?;
                result(&signed.hash.to_string())
            }
            (Judged::UserOperation, Body::UserOperation(operation)) => {
                self.send_operation(operation, &signed).await
            }
            (Judged::Sign | Judged::Statement, _) => result(&encode_prefixed(&signed.bytes)),
            _ => Err(strange()),
        }
    }

    /// One text for the strict reader: what was asked, on the policy's chain.
    fn read(&self, call: &Call) -> Result<OwnedRequest, Fault> {
        let method = serde_json::to_string(&call.method).map_err(|_| strange())?;
        let (chain, params) = (self.chain, call.params.get());
        let text = format!(r#"{{"chainId":{chain},"request":{{"method":{method},"params":{params}}}}}"#);
        match agentpol_ethereum::read(&text) {
            Ok(request) => Ok(request),
            Err(refusal) => {
                let decision = self.keep.refuse(&refusal);
                self.metrics.decided(&decision);
                if refusal.code == DenyCode::InvalidRequest {
                    let message = format!(
                        "{} is not written as it is read here: {}",
                        call.method,
                        one_line(&decision.reason)
                    );
                    return Err(Fault::params(message).with(&decision));
                }
                Err(denied(&decision))
            }
        }
    }

    /// Looks at a transaction first, so that what is denied anyway costs the node nothing and is not called something else
    /// because the node finds another fault in it. Then fills it in.
    async fn complete(&self, request: OwnedRequest, who: &Asker) -> Result<OwnedRequest, Fault> {
        // The nonce is the gate's to give.
        if request.open_fields().iter().all(|field| *field == "nonce") {
            return Ok(request);
        }
        let mut asks = false;
        for decision in self.keep.preview(core::slice::from_ref(&request), who, self.now()) {
            if let Decided::Deny(_) = decision.outcome {
                // The gate says so itself, and keeps a record of it.
                return Err(match self.sign(request, who, None, None).await {
                    Err(denial) => denial,
                    Ok(_) => strange(),
                });
            }
            asks |= !decision.is_allowed();
        }
        if asks && let Some(filled) = self.asking.find(who, &request) {
            return Ok(filled);
        }
        let cap = self.keep.fee_cap(self.chain);
        fill(self.node.as_ref(), self.keep.signer(), cap, request, None).await
    }

    /// Judges, reserves and signs. `asked`: by which method and in which words, to be remembered if somebody has to agree.
    async fn sign(
        &self,
        request: OwnedRequest,
        who: &Asker,
        key: Option<Known>,
        asked: Option<(Judged, &OwnedRequest)>,
    ) -> Result<Made, Fault> {
        let answer = match self.keep.ask(request, who, self.now(), key).await {
            Ok(Once::First(answer)) => answer,
            Ok(again) => return self.again(again),
            Err(broken) => return Err(failed(&broken)),
        };
        match answer {
            Answer::Reserved(reserved) => {
                self.metrics.decided(reserved.decision());
                Ok(Made::new(&self.keep.sign(reserved).await.map_err(|broken| failed(&broken))?))
            }
            Answer::Asked(pending) => {
                self.metrics.decided(pending.decision());
                if let Some((what, open)) = asked {
                    self.asking.keep(who, what, open, pending.request());
                }
                Err(denied(pending.decision()))
            }
            Answer::Denied(decision) => {
                self.metrics.decided(&decision);
                Err(denied(&decision))
            }
        }
    }

    /// What was made of it when it was asked under the same name before.
    fn again(&self, once: Once) -> Result<Made, Fault> {
        match once {
            Once::Again { signed: Some(signed), .. } => Ok(Made { hash: signed.hash, bytes: signed.bytes }),
            Once::Again { signed: None, .. } => Err(Fault::new(
                code::UNAVAILABLE,
                "the same request is being worked on under this Idempotency-Key",
            )),
            Once::First(Answer::Denied(decision)) => Err(denied(&decision)),
            // What was not asked before is not answered from memory.
            Once::First(_) => Err(strange()),
        }
    }

    /// Gives a signed transaction to the node. The same bytes twice are one transaction, so it is tried again; and whatever the
    /// node says, if it knows the transaction then it has it.
    pub(crate) async fn send(&self, sent: &Sent) -> Result<(), Fault> {
        self.outbox().insert(sent.hash);
        let mut tries = 0;
        let error = loop {
            tries += 1;
            let answer: Result<String, NodeError> =
                ask(self.node.as_ref(), "eth_sendRawTransaction", &[encode_prefixed(&sent.raw)]).await;
            match answer {
                Ok(hash) if hash.parse() == Ok(sent.hash) => {
                    tracing::info!(hash = %sent.hash, "sent");
                    return Ok(());
                }
                Ok(_) => break NodeError::Malformed("it names another transaction than it was given"),
                Err(NodeError::Unreachable | NodeError::TooSlow) if tries < SENDS => {
                    tokio::time::sleep(BETWEEN_SENDS).await;
                }
                Err(error) => break error,
            }
        };
        if self.knows(sent).await {
            return Ok(());
        }
        tracing::warn!(hash = %sent.hash, "signed, but the node did not take it: {error}");
        let message = format!(
            "signed and counted, but the node did not take it: {error}; it is tried again while it may still land"
        );
        Err(Fault::new(code::CANNOT_EXECUTE, message)
            .with(&json!({"signed": true, "hash": sent.hash.to_string()})))
    }

    /// Has the node got it?
    pub(crate) async fn knows(&self, sent: &Sent) -> bool {
        let found: Result<Option<serde_json::Value>, _> =
            ask(self.node.as_ref(), "eth_getTransactionByHash", &[sent.hash.to_string()]).await;
        matches!(found, Ok(Some(_)))
    }

    /// Calls that are made together become transactions one after another. All are looked at before the first is signed.
    async fn calls(&self, call: &Call, request: &OwnedRequest, who: &Asker) -> Outcome {
        let named = Named::read(call)?;
        let Body::Calls(calls) = request.body() else { return Err(strange()) };
        if who.key.is_some() {
            return Err(Fault::params(
                "calls made together have an `id` of their own; leave the Idempotency-Key out",
            ));
        }
        if calls.atomic {
            let why =
                "calls are made one after another here, never all or none; ask with `atomicRequired: false`";
            return Err(Fault::new(code::ATOMICITY, why));
        }
        if named.id.as_ref().is_some_and(|id| self.batches.has(id)) {
            return Err(Fault::new(code::DUPLICATE_ID, "there are calls of that `id` already"));
        }
        let signer = self.keep.signer();
        let drafts: Vec<Draft> = calls.calls.iter().map(|call| draft(calls, call)).collect();
        let requests: Result<Vec<OwnedRequest>, _> = drafts
            .iter()
            .map(|draft| OwnedRequest::new(draft.clone(), request.from().or(Some(signer))))
            .collect();
        let requests = requests.map_err(|refusal| Fault::params(refusal.to_string()))?;
        let count = requests.len();
        for (n, decision) in self.keep.preview(&requests, who, self.now()).iter().enumerate() {
            if !decision.is_allowed() {
                self.metrics.decided(decision);
                let fault = denied(decision);
                let message = format!("call {} of {count}: {}", n + 1, fault.message);
                return Err(Fault { message, ..fault });
            }
        }
        let gas = match count {
            1 => None,
            _ => estimate_all(self.node.as_ref(), signer, &drafts).await?,
        };
        let cap = self.keep.fee_cap(self.chain);
        let mut filled = Vec::new();
        for (n, request) in requests.into_iter().enumerate() {
            let gas = gas.as_ref().and_then(|gas| gas.get(n)).copied();
            filled.push(fill(self.node.as_ref(), signer, cap, request, gas).await?);
        }
        let _in_order = self.outgoing.lock().await;
        let mut hashes = Vec::new();
        let mut whole = true;
        for request in filled {
            let sent = match self.sign(request, who, None, None).await.and_then(|made| made.sent()) {
                Ok(sent) => sent,
                // Nothing of it left.
                Err(fault) if hashes.is_empty() => return Err(fault),
                Err(_) => {
                    whole = false;
                    break;
                }
            };
            hashes.push(sent.hash);
            // What is signed counts as sent: whoever follows the chain tries again.
            if self.send(&sent).await.is_err() {
                whole = false;
                break;
            }
        }
        let id = self.batches.keep(named.id, hashes, whole);
        result(&json!({"id": id}))
    }

    async fn send_operation(&self, operation: &UserOperation, signed: &Made) -> Outcome {
        let quantity = |n: u128| format!("{n:#x}");
        let mut fields = json!({
            "sender": operation.sender.to_string(),
            "nonce": format!("{:#x}", operation.nonce),
            "callData": encode_prefixed(&operation.call_data),
            "callGasLimit": quantity(operation.call_gas_limit.into()),
            "verificationGasLimit": quantity(operation.verification_gas_limit.into()),
            "preVerificationGas": quantity(operation.pre_verification_gas.into()),
            "maxFeePerGas": quantity(operation.max_fee_per_gas),
            "maxPriorityFeePerGas": quantity(operation.max_priority_fee_per_gas),
            "signature": encode_prefixed(&signed.bytes),
        });
        if operation.entry_point == agentpol_ethereum::user_operation::EntryPoint::V06
            && let Some(fields) = fields.as_object_mut()
        {
            fields.insert("initCode".to_owned(), json!("0x"));
            fields.insert("paymasterAndData".to_owned(), json!("0x"));
        }
        let hash = operation.hash().to_string();
        let question = (fields, operation.entry_point.address().to_string());
        let taken: Result<String, NodeError> =
            ask(self.node.as_ref(), "eth_sendUserOperation", &question).await;
        match taken {
            Ok(_) => result(&hash),
            Err(error) => {
                let message = format!("signed and counted, but the bundler did not take it: {error}");
                Err(Fault::new(code::CANNOT_EXECUTE, message).with(&json!({"signed": true, "hash": hash})))
            }
        }
    }
}

fn draft(calls: &Calls, call: &agentpol_ethereum::request::OneCall) -> Draft {
    Draft {
        chain: calls.chain,
        nonce: None,
        gas_limit: None,
        fee: Fee::Dynamic { max_fee_per_gas: None, max_priority_fee_per_gas: None },
        to: call.to,
        value: call.value,
        data: call.data.clone(),
        access_list: Vec::new(),
    }
}

/// What a key made: a transaction as it is sent, or a signature.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    pub(crate) hash: B256,
    bytes: Bytes,
}

impl Made {
    pub(crate) fn new(signed: &Signed) -> Self {
        Self { hash: signed.hash(), bytes: Bytes::copy_from_slice(signed.bytes()) }
    }

    pub(crate) fn sent(&self) -> Result<Sent, Fault> {
        let sent = Sent { hash: self.hash, raw: self.bytes.clone() };
        // A name of old may have been for something else.
        if keccak256(&sent.raw) == sent.hash { Ok(sent) } else { Err(strange()) }
    }
}

/// What a name is used for: the method and its parameters, to the letter.
fn asked(call: &Call) -> B256 {
    keccak256([call.method.as_bytes(), b"\n", call.params.get().as_bytes()].concat())
}

/// The gate did not do what it should.
pub(crate) fn failed(broken: &Broken) -> Fault {
    tracing::error!("{broken}");
    let message = format!("nothing was given out: {}", one_line(&broken.to_string()));
    Fault::new(code::CANNOT_EXECUTE, message)
}

/// Something came out of the gate that should not be able to.
fn strange() -> Fault {
    Fault::new(code::INTERNAL, "the gateway failed; nothing was sent")
}

/// A decision that is no yes, as an error: what it says in one line, and all of it as data.
pub(crate) fn denied(decision: &Decision) -> Fault {
    let what = match decision.outcome {
        Decided::Ask(_) => "not signed before somebody agrees",
        _ => "denied by the policy",
    };
    let rule = decision.rule.as_ref().map(|rule| format!("{rule}: ")).unwrap_or_default();
    let mut message = format!("{what}: {rule}{}", one_line(&decision.reason));
    let lower = message.to_lowercase();
    if MISREAD.iter().any(|word| lower.contains(word)) {
        message = format!("{what}: {}", decision.code().map_or("ask", DenyCode::name));
    }
    // What cannot be written down is not signed; that says nothing of the request.
    let code = if decision.code() == Some(DenyCode::Storage) { code::UNAVAILABLE } else { code::DENIED };
    Fault::new(code, message).with(decision)
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
