//! Witnesses as requests that `decide` reads.

use agentpol_abi::Value;
use agentpol_analysis::{
    loss::Step,
    ruleset::{Callable, RuleSet},
    show,
    witness::{OwnedAction, Witness},
};
use agentpol_model::{
    U256,
    policy::WALLET_PARAM,
    request::Kind,
    types::{Member, Type},
    words::Instant,
};
use alloy_primitives::{hex, keccak256};
use serde_json::{Value as Json, json};

/// A request on one line; nothing for what no wallet is asked by itself.
pub(crate) fn request(rules: &RuleSet, witness: &Witness) -> Option<Json> {
    if witness.signer != witness.wallet || witness.actions.iter().any(|action| action.from != witness.wallet)
    {
        return None;
    }
    let asked = match witness.actions.as_slice() {
        [one] if one.kind == Kind::Authorize => return authorization(witness, one),
        [one] => single(rules, witness, one)?,
        many => calls(witness, many)?,
    };
    Some(json!({ "chainId": witness.chain, "at": instant(witness.now), "request": asked }))
}

/// Requests that take what a figure says, with the parameters that they need; nothing if one of them cannot be written.
pub(crate) fn sequence(rules: &RuleSet, steps: &[Step]) -> Option<Json> {
    let first = &steps.first()?.request;
    let all: Option<Vec<Json>> = steps.iter().map(|step| request(rules, &step.request)).collect();
    let said = show::sequence(rules, steps.iter().map(|step| &step.request));
    let takes: Vec<String> = steps.iter().map(|step| step.takes.to_string()).collect();
    Some(json!({
        "wallet": first.wallet.to_checksum(None),
        "params": params(rules, first),
        "requests": all?,
        "takes": takes,
        "said": said,
    }))
}

/// Requests that show a finding, with the wallet and the parameters that they need. `requests` is null where one of them is nothing that a
/// wallet is asked by itself: a router's command, what a wrapper runs as the wallet's own code, what somebody else signs.
pub(crate) fn witness(rules: &RuleSet, all: &[Witness]) -> Json {
    let requests: Option<Vec<Json>> = all.iter().map(|one| request(rules, one)).collect();
    let first = all.first();
    let said = match all {
        [one] => vec![show::step(rules, one)],
        many => show::sequence(rules, many),
    };
    json!({
        "wallet": first.map(|first| first.wallet.to_checksum(None)),
        "params": first.map(|first| params(rules, first)),
        "requests": requests,
        "said": said,
    })
}

/// A request that can be asked for without end.
pub(super) fn again_and_again(rules: &RuleSet, witness: &Witness) -> Option<Json> {
    Some(json!({
        "again_and_again": true,
        "wallet": witness.wallet.to_checksum(None),
        "params": params(rules, witness),
        "requests": [request(rules, witness)?],
        "said": [show::step(rules, witness)],
    }))
}

/// One transaction, however many actions it has.
pub(super) fn together(steps: &[Step]) -> Option<Step> {
    let (first, rest) = steps.split_first()?;
    let mut whole = first.clone();
    for step in rest {
        whole.request.actions.extend(step.request.actions.iter().cloned());
        whole.takes += &step.takes;
    }
    let is_one = rest.iter().all(|step| step.request.chain == first.request.chain && step.at == first.at);
    is_one.then_some(whole)
}

/// As `--param` takes them.
fn params(rules: &RuleSet, witness: &Witness) -> Vec<String> {
    let each = rules.params.iter().filter(|param| param.name != WALLET_PARAM);
    each.filter_map(|param| {
        let value = witness.params.get(&param.name)?;
        Some(format!("{}={}", param.name, show::bound_to(rules, param.ty, value)))
    })
    .collect()
}

/// To the second, as requests have it.
fn instant(time: u64) -> String {
    let text = Instant(time).to_string();
    match text.matches(':').count() {
        1 => text.replace('Z', ":00Z"),
        _ => text,
    }
}

fn quantity(n: U256) -> String {
    format!("{n:#x}")
}

fn single(rules: &RuleSet, witness: &Witness, action: &OwnedAction) -> Option<Json> {
    match action.kind {
        Kind::Call | Kind::Send | Kind::Deploy => {
            let mut transaction = call(action);
            transaction.insert("from".to_owned(), json!(witness.wallet.to_checksum(None)));
            let envelope = &witness.envelope;
            // Blobs are nothing that a wallet is asked for so.
            if envelope.blob_fee.is_some() {
                return None;
            }
            let mut put = |name: &str, value: Option<U256>| {
                if let Some(value) = value {
                    transaction.insert(name.to_owned(), json!(quantity(value)));
                }
            };
            put("nonce", envelope.nonce.map(U256::from));
            put("gas", envelope.gas_limit.map(U256::from));
            put("maxFeePerGas", envelope.max_fee_per_gas.map(U256::from));
            put("maxPriorityFeePerGas", envelope.max_fee_per_gas.map(|_| U256::ZERO));
            Some(json!({ "method": "eth_sendTransaction", "params": [transaction] }))
        }
        Kind::Sign => {
            let data = typed_data(rules, witness, action)?;
            let account = witness.wallet.to_checksum(None);
            Some(json!({ "method": "eth_signTypedData_v4", "params": [account, data] }))
        }
        Kind::Message => {
            let (callable, args) = understood(rules, witness, action)?;
            match (callable.function.as_ref()?.name.as_str(), args.as_slice()) {
                ("text", [Value::String(text)]) => {
                    let params = [hex::encode_prefixed(text), witness.wallet.to_checksum(None)];
                    Some(json!({ "method": "personal_sign", "params": params }))
                }
                _ => None,
            }
        }
        Kind::Delegatecall | Kind::Authorize | Kind::Command => None,
    }
}

fn call(action: &OwnedAction) -> serde_json::Map<String, Json> {
    let mut out = serde_json::Map::new();
    if action.kind != Kind::Deploy {
        out.insert("to".to_owned(), json!(action.to.to_checksum(None)));
    }
    if !action.value.is_zero() {
        out.insert("value".to_owned(), json!(quantity(action.value)));
    }
    if !action.data.is_empty() {
        out.insert("data".to_owned(), json!(hex::encode_prefixed(&action.data)));
    }
    out
}

fn calls(witness: &Witness, actions: &[OwnedAction]) -> Option<Json> {
    let all = actions.iter().all(|action| matches!(action.kind, Kind::Call | Kind::Send | Kind::Deploy));
    let calls: Vec<_> = actions.iter().map(call).collect();
    all.then(|| {
        json!({ "method": "wallet_sendCalls", "params": [{
            "version": "2.0.0",
            "from": witness.wallet.to_checksum(None),
            "chainId": quantity(U256::from(witness.chain)),
            "atomicRequired": true,
            "calls": calls,
        }] })
    })
}

fn authorization(witness: &Witness, action: &OwnedAction) -> Option<Json> {
    let nonce = U256::from_be_slice(action.data.get(32..64)?);
    Some(json!({ "at": instant(witness.now), "authorization": {
        "chainId": quantity(U256::from(witness.chain)),
        "address": action.to.to_checksum(None),
        "nonce": quantity(nonce),
    } }))
}

fn understood<'r>(
    rules: &'r RuleSet,
    witness: &Witness,
    action: &OwnedAction,
) -> Option<(&'r Callable, Vec<Value>)> {
    let bound = witness.bound(rules).ok()?;
    let understood = witness.with(|request| rules.understand(request, &action.lend(), &bound)).ok()?;
    Some((understood.callable?.1, understood.args))
}

/// Domain, types and message. The types are those whose hash is signed.
fn typed_data(rules: &RuleSet, witness: &Witness, action: &OwnedAction) -> Option<Json> {
    let (callable, args) = understood(rules, witness, action)?;
    let (function, typed) = (callable.function.as_ref()?, callable.typed.as_ref()?);
    if keccak256(&function.signature) != typed.type_hash {
        return None;
    }
    let mut types = structs(&function.signature)?;
    let member = |name: &str, ty: &str| json!({ "name": name, "type": ty });
    let mut domain = serde_json::Map::new();
    let mut members = Vec::new();
    for (name, value) in [("name", &typed.domain_name), ("version", &typed.domain_version)] {
        if let Some(value) = value {
            domain.insert(name.to_owned(), json!(value));
            members.push(member(name, "string"));
        }
    }
    domain.insert("chainId".to_owned(), json!(witness.chain));
    domain.insert("verifyingContract".to_owned(), json!(action.to.to_checksum(None)));
    members.extend([member("chainId", "uint256"), member("verifyingContract", "address")]);
    types.insert("EIP712Domain".to_owned(), Json::Array(members));
    let (primary, _) = function.signature.split_once('(')?;
    let inputs: Vec<Member> = function.inputs.clone();
    let message = Value::Tuple(args).to_json(&Type::Tuple(inputs));
    Some(json!({ "types": types, "primaryType": primary, "domain": domain, "message": message }))
}

/// `A(B b,uint256 n)B(address a)` as the types of a document.
fn structs(encoded: &str) -> Option<serde_json::Map<String, Json>> {
    let mut out = serde_json::Map::new();
    for one in encoded.split_inclusive(')') {
        let (name, members) = one.strip_suffix(')')?.split_once('(')?;
        let members: Option<Vec<Json>> = members
            .split(',')
            .filter(|member| !member.is_empty())
            .map(|member| member.split_once(' ').map(|(ty, name)| json!({ "name": name, "type": ty })))
            .collect();
        out.insert(name.to_owned(), Json::Array(members?));
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_types_come_apart() {
        let types = structs("Mail(Person to,string[] notes)Person(address a)").unwrap();
        assert_eq!(types["Mail"][1], json!({ "name": "notes", "type": "string[]" }));
        assert_eq!(types["Person"], json!([{ "name": "a", "type": "address" }]));
        assert_eq!(structs("Mail(Person"), None);
    }

    #[test]
    fn instants_are_to_the_second() {
        assert_eq!(instant(0), "1970-01-01T00:00:00Z");
        assert_eq!(instant(61), "1970-01-01T00:01:01Z");
    }
}
