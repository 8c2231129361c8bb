//! What needs no key: looking, and writing down what the owner says.

use super::{
    Does, Keeps,
    answers::{Adopt, Amount, Authority, Checksummed, Inventory, Status, Waiting},
    find,
};
use crate::rpc::{Fault, Outcome, code, foreign, result};
use agentpol_model::{B256, Time};
use agentpol_runtime::{
    Gate,
    gate::GateError,
    history::{Bound, LogError},
    ledger::{Asset, Lines, Outstanding, Record, Reply},
};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// Answers a method that needs no key, from the books alone.
pub fn answer<S>(gate: &Gate<S>, method: &str, params: &RawValue, now: Time) -> Outcome {
    match find(method) {
        Some(Does::Keeps(keeps)) => kept(gate, keeps, params, now),
        Some(Does::Signs(_)) => Err(Fault::new(
            code::UNAVAILABLE,
            "this leads to a signature, and nobody has the key open: it can be done while `agentpol serve` runs",
        )),
        None => Err(unknown(method)),
    }
}

pub(super) fn unknown(method: &str) -> Fault {
    Fault::new(code::METHOD_NOT_FOUND, format!("there is no method {}", foreign(method)))
}

/// The parameters of a method, in order.
pub(super) fn read<T: DeserializeOwned>(params: &RawValue) -> Result<T, Fault> {
    serde_json::from_str(params.get()).map_err(|e| Fault::params(format!("`params` do not read: {e}")))
}

fn kept<S>(gate: &Gate<S>, keeps: Keeps, params: &RawValue, now: Time) -> Outcome {
    match keeps {
        Keeps::Status => result(&status(gate, now)?),
        Keeps::Left => result(&left(gate)),
        Keeps::Waiting => result(&waiting(gate, now)?),
        Keeps::Reject => {
            let [name]: [B256; 1] = read(params)?;
            done(gate.reject(&name))
        }
        Keeps::Freeze => {
            let [reason]: [String; 1] = read(params)?;
            gate.freeze(&reason, now).map_err(|e| unwritten(&e))?;
            result(&authority(gate))
        }
        Keeps::Thaw => {
            gate.thaw(now).map_err(|e| unwritten(&e))?;
            result(&status(gate, now)?)
        }
        Keeps::Authority => result(&authority(gate)),
        Keeps::Inventory => {
            let [one]: [Inventory; 1] = read(params)?;
            done(gate.observe(Record::Inventory(one.of.into(), one.amount.0, one.until)))
        }
        Keeps::Adopt => {
            let [adopt]: [Adopt; 1] = read(params)?;
            done(gate.observe(adopted(gate, &adopt, now)?))
        }
        Keeps::Consent => {
            let [bound] = read(params)?;
            result(gate.consent_to(&bound).data())
        }
        Keeps::Bind => {
            let [bound]: [Bound; 1] = read(params)?;
            let module = gate.module(bound.module).map_err(|e| Fault::params(e.0))?;
            gate.replace(bound, &module).map_err(|e| unbound(&e))?;
            result(&status(gate, now)?)
        }
    }
}

/// Also what an agent may see.
pub(crate) fn left<S>(gate: &Gate<S>) -> Vec<agentpol_runtime::Left> {
    let policy = gate.policy();
    policy.left(&gate.ledger())
}

fn status<S>(gate: &Gate<S>, now: Time) -> Result<Status, Fault> {
    let (policy, waiting) = (gate.policy(), gate.waiting(now).map_err(|e| unwritten(&e))?.len());
    let ledger = gate.ledger();
    let (epoch, locked) = (ledger.state().terms.epoch, ledger.state().locked);
    drop(ledger);
    Ok(Status {
        policy: policy.hash(),
        name: policy.module().name.clone(),
        epoch,
        wallet: Checksummed(policy.wallet()),
        signer: Checksummed(policy.signer()),
        owner: gate.owner().map(Checksummed),
        chains: policy.terms().chains.iter().copied().collect(),
        frozen: gate.frozen(),
        locked,
        waiting,
        params: policy.params(),
    })
}

fn waiting<S>(gate: &Gate<S>, now: Time) -> Result<Vec<Waiting>, Fault> {
    let all = gate.waiting(now).map_err(|e| unwritten(&e))?;
    let mut shown = Vec::new();
    for one in all {
        // It was decided meanwhile.
        let Some(told) = gate.told(&one.name) else { continue };
        let raw = |text: String| RawValue::from_string(text).map_err(|_| strange());
        shown.push(Waiting {
            name: one.name,
            agent: one.agent,
            at: one.at,
            expires: one.expires,
            told,
            request: one.request.to_json().map(raw).transpose()?,
            decision: raw(one.decision.to_string())?,
            approved_by: one.approved_by.into_iter().map(Checksummed).collect(),
            typed_data: gate.approval(&one.name).map(|consent| consent.data().clone()),
        });
    }
    Ok(shown)
}

pub(super) fn authority<S>(gate: &Gate<S>) -> Vec<Authority> {
    let outstanding = gate.ledger().outstanding();
    let policy = gate.policy();
    let shown = |one: Outstanding| Authority {
        symbol: policy.symbol(one.key.asset).map(str::to_owned),
        held: Amount(one.held),
        signed: Amount(one.signed),
        trusted: one.trusted.map(Amount),
        until: one.until,
        apart: one.apart,
        irrevocable: gate.revocation(&one.key).err().map(|why| why.to_string()),
        of: one.key.into(),
    };
    outstanding.into_iter().map(shown).collect()
}

fn adopted<S>(gate: &Gate<S>, adopt: &Adopt, now: Time) -> Result<Record, Fault> {
    let asset = Asset { chain: adopt.chain, contract: adopt.token.map(|token| token.0) };
    let policy = gate.policy();
    let terms = policy.terms();
    let lines = match &adopt.budgets {
        None => terms.lines_of(asset),
        Some(names) => {
            let named = |name: &String| {
                let line = terms.lines.keys().find(|line| line.to_string() == *name);
                line.cloned().ok_or_else(|| {
                    Fault::params(format!("the policy has no budget line `{}`", foreign(name)))
                })
            };
            names.iter().map(named).collect::<Result<Lines, _>>()?
        }
    };
    Ok(Record::Adopt(asset, adopt.amount.0, adopt.at.unwrap_or(now), lines))
}

fn done(reply: Result<Reply, LogError>) -> Outcome {
    match reply {
        Ok(Reply::Done) => result(&true),
        Ok(Reply::Refused(misfit)) => Err(Fault::params(misfit.to_string())),
        Ok(Reply::Judged(_)) => Err(strange()),
        Err(e) => Err(unwritten(&e)),
    }
}

fn unwritten(e: &LogError) -> Fault {
    Fault::new(code::UNAVAILABLE, e.to_string())
}

fn unbound(e: &GateError) -> Fault {
    let code = match e {
        GateError::NotTheOwner { .. } => code::DENIED,
        GateError::Log(_) => code::UNAVAILABLE,
        _ => code::INVALID_PARAMS,
    };
    Fault::new(code, e.to_string())
}

fn strange() -> Fault {
    Fault::new(code::INTERNAL, "the books do not say what they should")
}

#[cfg(test)]
mod tests {
    use super::super::METHODS;

    #[test]
    fn each_method_stands_once() {
        for (n, (name, _)) in METHODS.iter().enumerate() {
            assert!(name.starts_with("agentpol_"), "{name}");
            assert!(METHODS.iter().skip(n + 1).all(|(other, _)| other != name), "{name}");
        }
    }
}
