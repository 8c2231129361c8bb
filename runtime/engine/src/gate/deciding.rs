//! From a request to an answer, and the entry that says so.

use super::{
    Answer, Gate, Once, Pending, Reserved,
    approving::{Approvals, Kept},
    books::Books,
};
use crate::{
    decision::{Decision, Outcome},
    history::{Decided, Entry, Known, LogError, Ticket},
    ledger::{self, Judgement, Record, Slot},
    slot::{self, Place},
};
use agentpol_ethereum::{Completion, OwnedRequest, Signable};
use agentpol_model::{ChainId, Time, decision::DenyCode};
use serde_json::value::{RawValue, to_raw_value};
use std::sync::MutexGuard;

/// What is asked, and how it came.
pub(super) struct Asked<'a> {
    pub(super) agent: Option<&'a str>,
    pub(super) now: Time,
    pub(super) key: Option<&'a Known>,
    /// Of an approval: signatures, and who made them.
    pub(super) approvals: Option<&'a Approvals>,
}

impl<S> Gate<S> {
    /// Decides, and reserves if it is allowed. `agent`: who asks, as it was authenticated.
    pub fn ask(&self, request: OwnedRequest, agent: Option<&str>, now: Time) -> Answer {
        self.answer(request, &Asked { agent, now, key: None, approvals: None })
    }

    /// The same for an agent that gives its request a name: whoever asks the same twice, under the same name and within
    /// [`KEYS_ARE_KEPT`](super::KEYS_ARE_KEPT), is charged once. What was denied is judged anew.
    pub fn ask_once(&self, request: OwnedRequest, agent: Option<&str>, now: Time, key: &Known) -> Once {
        let books = match self.write() {
            Ok(books) => books,
            Err(e) => return Once::First(self.unrecorded(&e)),
        };
        match recall(&books, key, agent, now) {
            Some(again) => self.told_again(books, again),
            None => Once::First(self.locked(
                books,
                request,
                &Asked { agent, now, key: Some(key), approvals: None },
            )),
        }
    }

    /// What [`ask_once`](Gate::ask_once) would answer to a name that was used before, for whoever has to fill in the request first.
    pub fn asked_before(&self, agent: Option<&str>, now: Time, key: &Known) -> Option<Once> {
        let books = match self.write() {
            Ok(books) => books,
            Err(e) => return Some(Once::First(self.unrecorded(&e))),
        };
        let again = recall(&books, key, agent, now)?;
        Some(self.told_again(books, again))
    }

    /// Whoever asked first may be waiting for it still.
    fn told_again(&self, books: MutexGuard<'_, Books>, again: Once) -> Once {
        let last = books.last;
        drop(books);
        self.settle(last).map_or_else(|e| Once::First(self.unrecorded(&e)), |()| again)
    }

    fn answer(&self, request: OwnedRequest, asked: &Asked<'_>) -> Answer {
        match self.write() {
            Ok(books) => self.locked(books, request, asked),
            Err(e) => self.unrecorded(&e),
        }
    }

    pub(super) fn locked(
        &self,
        mut books: MutexGuard<'_, Books>,
        request: OwnedRequest,
        asked: &Asked<'_>,
    ) -> Answer {
        let decided = self.decide(&mut books, request, asked);
        drop(books);
        match decided {
            // Whoever signs it waits.
            Ok((Answer::Reserved(reserved), ticket)) => Answer::Reserved(Reserved { ticket, ..reserved }),
            Ok((answer, ticket)) => match self.settle(ticket) {
                Ok(()) => answer,
                Err(e) => self.unrecorded(&e),
            },
            Err(e) => self.unrecorded(&e),
        }
    }

    pub(super) fn unrecorded(&self, e: &LogError) -> Answer {
        let policy = self.policy();
        Answer::Denied(policy.deny(DenyCode::Storage, e.to_string()))
    }

    /// The answer, and the entry that says so.
    fn decide(
        &self,
        books: &mut Books,
        request: OwnedRequest,
        asked: &Asked<'_>,
    ) -> Result<(Answer, Option<Ticket>), LogError> {
        books.at(asked.now);
        let id = request.id().cloned();
        let as_asked = request.clone();
        let (decision, judged) = match close(books, request, asked) {
            Ok(closed) => {
                let (decision, entry) = judge(books, &closed, asked, Books::judged);
                (decision.named(id.as_ref()), Some((closed.unsigned, entry)))
            }
            Err(decision) => (decision.named(id.as_ref()), None),
        };
        let text = match (&decision.outcome, &judged) {
            // What waits gets its nonce when it is approved.
            (Outcome::Ask(_), _) | (_, None) => self.written(&as_asked),
            (_, Some((unsigned, _))) => self.written(unsigned.request()),
        };
        let entry = judged.as_ref().and_then(|(_, entry)| entry.as_ref());
        let ticket = self.record(books, asked, &decision, text, entry)?;
        let answer = match (decision.outcome.clone(), judged) {
            (Outcome::Allow, Some((unsigned, Some(entry)))) => {
                books.unsigned.remove(&entry.slot);
                if let Some(key) = asked.key {
                    books.used(asked.agent.map(str::to_owned), key.clone(), entry.slot, entry.digest);
                }
                Answer::Reserved(Reserved {
                    unsigned,
                    decision,
                    slot: entry.slot,
                    epoch: books.ledger.state().terms.epoch,
                    ticket: None,
                    revokes: false,
                })
            }
            (Outcome::Ask(asking), Some((_, Some(entry)))) => {
                let name = entry.name();
                books.waits(name, kept(asked, &as_asked, &decision));
                Answer::Asked(Pending { name, request: as_asked, decision, asking })
            }
            _ => Answer::Denied(Box::new(decision)),
        };
        // What was approved, or came too late.
        books.forget_expired();
        Ok((answer, ticket))
    }

    /// For the log, if there is one.
    fn written(&self, request: &OwnedRequest) -> Option<String> {
        self.log.as_ref().and_then(|_| request.to_json())
    }

    fn record(
        &self,
        books: &mut Books,
        asked: &Asked<'_>,
        decision: &Decision,
        request: Option<String>,
        charge: Option<&ledger::Request>,
    ) -> Result<Option<Ticket>, LogError> {
        if self.log.is_none() {
            return Ok(None);
        }
        let unwritable = |e: serde_json::Error| LogError(e.to_string());
        let approvals = asked.approvals.map(|approvals| approvals.bytes()).unwrap_or_default();
        let entry = Entry::Decided(Box::new(Decided {
            at: asked.now,
            agent: asked.agent.map(str::to_owned),
            key: asked.key.cloned(),
            request: request.map(RawValue::from_string).transpose().map_err(unwritable)?,
            approvals,
            decision: to_raw_value(decision).map_err(unwritable)?,
            charge: charge.cloned(),
        }));
        self.append(books, &entry)
    }
}

/// What waits.
fn kept(asked: &Asked<'_>, request: &OwnedRequest, decision: &Decision) -> Kept {
    Kept {
        agent: asked.agent.map(str::to_owned),
        at: asked.now,
        request: request.clone(),
        decision: serde_json::to_string(decision).unwrap_or_default().into(),
        approvals: asked.approvals.cloned().unwrap_or_default(),
    }
}

/// A request with nothing left open.
pub(super) struct Closed {
    pub(super) unsigned: Signable,
    /// The ledger gave the nonce.
    pub(super) has_our_nonce: bool,
}

/// Everything has to be said before it is judged. The nonce is the ledger's to give.
pub(super) fn close(
    books: &Books,
    request: OwnedRequest,
    asked: &Asked<'_>,
) -> Result<Closed, Box<Decision>> {
    let deny = |code, reason| books.policy.deny(code, reason);
    let open = request.open_fields();
    let next = next_nonce(books, request.chain());
    let (request, has_our_nonce) = match (open.as_slice(), next) {
        // Nothing else is open, so nothing else is filled in.
        (["nonce"], Some(nonce)) => {
            let fill = Completion { nonce, gas_limit: 0, max_fee_per_gas: 0, max_priority_fee_per_gas: 0 };
            (request.complete(&fill).map_err(|refusal| Box::new(books.policy.refuse(&refusal)))?, true)
        }
        _ => (request, false),
    };
    // What is denied whatever fills it in is denied for that, and not for being open.
    if !request.open_fields().is_empty()
        && let Some(denial) = denied_while_open(books, &request, asked)
    {
        return Err(Box::new(denial));
    }
    let unsigned = Signable::new(request).map_err(|e| deny(DenyCode::InvalidRequest, e.to_string()))?;
    Ok(Closed { unsigned, has_our_nonce })
}

fn denied_while_open(books: &Books, request: &OwnedRequest, asked: &Asked<'_>) -> Option<Decision> {
    let policy = &books.policy;
    let decision = match request.lend(&books.facts(asked.agent)) {
        Ok(lent) => policy.decide(&lent.request(), &books.ledger),
        Err(refusal) => policy.refuse(&refusal),
    };
    matches!(decision.outcome, Outcome::Deny(_)).then_some(decision)
}

pub(super) fn next_nonce(books: &Books, chain: ChainId) -> Option<u64> {
    let signer = books.policy.signer();
    let abandoned = books.unsigned.keys().find_map(|slot| match *slot {
        Slot::Transaction { chain: on, account, nonce } if (on, account) == (chain, signer) => Some(nonce),
        _ => None,
    });
    abandoned.or_else(|| books.ledger.state().next_nonce.get(&(chain, signer)).copied())
}

/// The one way to a reservation: what is judged are the bytes that are kept. Also what the ledger was asked, if it was. `by`: how it
/// is asked.
pub(super) fn judge(
    books: &mut Books,
    closed: &Closed,
    asked: &Asked<'_>,
    by: fn(&mut Books, Record) -> Judgement,
) -> (Decision, Option<ledger::Request>) {
    let Closed { unsigned, has_our_nonce } = closed;
    let policy = books.policy.clone();
    if let Some(reason) = &books.frozen {
        let reason = format!("the owner has stopped everything: {reason}");
        return (*policy.deny(DenyCode::Frozen, reason), None);
    }
    let granted = match unsigned.lend(&books.facts(asked.agent)) {
        Err(refusal) => return (policy.refuse(&refusal), None),
        Ok(lent) => {
            let request = lent.request();
            let nonce = slot::named_nonce(&request).unwrap_or_default();
            let name = has_our_nonce.then(|| slot::name_without_nonce(&request));
            policy.grant(&request, &Place { nonce, digest: unsigned.digest(), asked: name })
        }
    };
    let granted = match granted {
        Ok(granted) => granted,
        Err(denial) => return (*denial, None),
    };
    let entry = granted.entry.clone();
    let judgement: Judgement = match asked.approvals {
        None => by(books, Record::Request(entry.clone())),
        Some(approvals) => match approvals.missing(books, &entry) {
            None => by(books, Record::Approve(entry.clone())),
            // Nothing has happened.
            Some((judgement, reason)) => {
                let decision = policy.conclude(granted, &judgement, &books.ledger);
                return (Decision { reason, ..decision }, Some(entry));
            }
        },
    };
    (policy.conclude(granted, &judgement, &books.ledger), Some(entry))
}

/// What a name was used for before.
fn recall(books: &Books, key: &Known, agent: Option<&str>, now: Time) -> Option<Once> {
    let used = books.recall(agent, &key.key, now)?;
    // The gate was stopped before it was signed: it is judged again.
    if books.unsigned.get(&used.slot) == Some(&used.digest) {
        return None;
    }
    if used.asked != key.asked {
        let reason = format!("the key `{}` was used for another request", key.key.escape_default());
        return Some(Once::First(Answer::Denied(books.policy.deny(DenyCode::InvalidRequest, reason))));
    }
    Some(Once::Again { digest: used.digest, signed: used.signed.clone() })
}
