//! From an approval, or the owner's wish to take something back, to signatures that leave.

use super::{
    Does, Keeps, Signs,
    answers::{Approved, Holder, Revocation},
    books::{read, unknown},
    find,
};
use crate::{
    fill::fill,
    gateway::Gateway,
    judged::{Made, denied, failed},
    methods::Judged,
    rpc::{Call, Fault, Outcome, code, result},
};
use agentpol_ethereum::{Body, Completion, Fee, OwnedRequest};
use agentpol_model::{Address, B256};
use agentpol_runtime::{Answer, ledger::Key};
use alloy::signers::Signature;
use alloy_primitives::Bytes;

impl Gateway {
    /// One of the owner's calls, to its outcome.
    pub(crate) async fn owners_answer(&self, call: &Call) -> Outcome {
        let does = find(&call.method);
        let outcome = match does {
            Some(Does::Keeps(_)) => {
                self.keep.books(call.method.clone(), call.params.clone(), self.now()).await
            }
            Some(Does::Signs(Signs::Approve)) => self.approve(call).await,
            Some(Does::Signs(Signs::Revoke)) => self.revoke(call).await,
            None => Err(unknown(&call.method)),
        };
        // A page looks every other second.
        match does {
            Some(Does::Keeps(Keeps::Status | Keeps::Waiting)) => {
                tracing::debug!(method = call.method, ok = outcome.is_ok(), "the owner asked");
            }
            _ => tracing::info!(method = call.method, ok = outcome.is_ok(), "the owner asked"),
        }
        outcome
    }

    async fn approve(&self, call: &Call) -> Outcome {
        let (name, signatures): (B256, Vec<Bytes>) = read(&call.params)?;
        let signatures: Result<Vec<Signature>, _> =
            signatures.iter().map(|bytes| Signature::try_from(bytes.as_ref())).collect();
        let signatures =
            signatures.map_err(|_| Fault::params("a signature is 65 bytes: r, s and v, in hex"))?;
        // The nonce is given when enough have agreed, and must reach the node in its order.
        let _in_order = self.outgoing.lock().await;
        let Some(waiting) = self.keep.waiting(&name, self.now()) else {
            return Err(Fault::params("nothing of that name waits for approval"));
        };
        let answer = self.keep.approve(name, signatures, self.now()).await;
        match answer.map_err(|broken| failed(&broken))? {
            Answer::Asked(pending) => {
                result(&Approved::Waiting { reason: pending.decision().reason.clone() })
            }
            Answer::Denied(decision) => {
                self.metrics.decided(&decision);
                Err(denied(&decision))
            }
            Answer::Reserved(reserved) => {
                self.metrics.decided(reserved.decision());
                let made = Made::new(&self.keep.sign(reserved).await.map_err(|broken| failed(&broken))?);
                result(&self.approved(waiting.agent.as_deref(), &waiting.request, made).await)
            }
        }
    }

    /// Whoever asked finds it when it asks again. A transaction that was to be sent is sent at once: what comes after it waits.
    async fn approved(&self, agent: Option<&str>, request: &OwnedRequest, made: Made) -> Approved {
        let hash = made.hash;
        let sends = matches!(request.body(), Body::Transaction(_))
            && self.asking.method(agent, request) != Some(Judged::Sign);
        let sent = made.sent();
        self.asking.answer(agent, request.clone(), made, self.now());
        match sent {
            Ok(sent) if sends => match self.send(&sent).await {
                Ok(()) => Approved::Sent { hash },
                Err(fault) => Approved::Unsent { hash, reason: fault.message },
            },
            _ => Approved::Signed { hash },
        }
    }

    /// Takes back what was named, or all that can be.
    async fn revoke(&self, call: &Call) -> Outcome {
        let named: Vec<Holder> = read(&call.params)?;
        let keys: Vec<Key> = match named.is_empty() {
            true => self.keep.outstanding().into_iter().map(|one| one.key).collect(),
            false => named.into_iter().map(Key::from).collect(),
        };
        let mut done = Vec::new();
        for key in keys.into_iter().filter(|key| key.asset.chain == self.chain) {
            let (hash, error) = match self.take_back(&key).await {
                Ok((hash, sent)) => (Some(hash), sent.err().map(|fault| fault.message)),
                Err(fault) => (None, Some(fault.message)),
            };
            done.push(Revocation { of: key.into(), hash, error });
        }
        result(&done)
    }

    async fn take_back(&self, key: &Key) -> Result<(B256, Result<(), Fault>), Fault> {
        let cannot = |why: &dyn core::fmt::Display| Fault::new(code::CANNOT_EXECUTE, why.to_string());
        let request = self.keep.revocation(key).map_err(|why| cannot(&why))?;
        let signer: Address = self.keep.signer();
        let cap = self.keep.fee_cap(self.chain);
        let filled = fill(self.node.as_ref(), signer, cap, request, None).await?;
        let completion = completion(&filled).ok_or_else(|| cannot(&"its fees cannot be filled in"))?;
        let _in_order = self.outgoing.lock().await;
        let reserved =
            self.keep.revoke(*key, completion, self.now()).await.map_err(|broken| failed(&broken))?;
        let reserved = reserved.map_err(|why| cannot(&why))?;
        let made = Made::new(&self.keep.sign(reserved).await.map_err(|broken| failed(&broken))?);
        let sent = made.sent()?;
        Ok((made.hash, self.send(&sent).await))
    }
}

fn completion(filled: &OwnedRequest) -> Option<Completion> {
    let draft = filled.draft()?;
    let Fee::Dynamic { max_fee_per_gas, max_priority_fee_per_gas } = draft.fee else { return None };
    Some(Completion {
        nonce: 0,
        gas_limit: draft.gas_limit?,
        max_fee_per_gas: max_fee_per_gas?,
        max_priority_fee_per_gas: max_priority_fee_per_gas?,
    })
}
