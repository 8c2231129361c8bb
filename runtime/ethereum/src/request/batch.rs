//! `wallet_sendCalls` (EIP-5792): calls that a wallet makes together.

use super::{
    Body, Calls, OneCall,
    read::{Asked, same_chain},
};
use crate::{
    json::{At, Read},
    validity::{MAX_INIT_CODE_BYTES, check_chain},
};
use agentpol_abi::{MAX_CALLDATA_BYTES, strict_json::Json};
use agentpol_model::{ChainId, U256, decision::DenyCode, request::MAX_ACTIONS};

/// The version of EIP-5792 that is read.
const VERSION: &str = "2.0.0";

/// An `id` is at most this long: 4096 bytes in hex (EIP-5792).
const MAX_ID: usize = 8194;

pub(super) fn read(params: &At<'_, '_>, outer: Option<ChainId>) -> Read<Asked> {
    let items = params.items("`params`")?;
    let [batch] = items.as_slice() else {
        return Err(params.invalid(format!("`params` has one element, the calls; found {}", items.len())));
    };
    batch.object(
        "a batch",
        &["version", "id", "chainId", "from", "calls", "atomicRequired", "capabilities"],
    )?;
    let version = batch.need("version")?;
    if version.text("version")? != VERSION {
        return Err(version.invalid(format!("version {VERSION} of EIP-5792 is read; found another")));
    }
    if let Some(id) = batch.get("id")
        && id.text("id")?.len() > MAX_ID
    {
        return Err(id.invalid(format!("id is at most {MAX_ID} characters")));
    }
    let chain_at = batch.need("chainId")?;
    let chain = same_chain(&chain_at, chain_at.small("chainId", 64)?, outer)?;
    check_chain(chain).map_err(|why| chain_at.invalid(why))?;
    let from = batch.get("from").map(|at| at.address("from")).transpose()?;
    let atomic = batch.need("atomicRequired")?;
    let atomic = atomic.boolean().ok_or_else(|| atomic.invalid("atomicRequired is `true` or `false`"))?;
    capabilities(batch)?;
    let calls_at = batch.need("calls")?;
    let written = calls_at.items("calls")?;
    match written.len() {
        0 => return Err(calls_at.invalid("a batch makes at least one call")),
        1..=MAX_ACTIONS => {}
        n => {
            let why = format!("a batch makes at most {MAX_ACTIONS} calls; found {n}");
            return Err(calls_at.refuse(DenyCode::TooMuch, why));
        }
    }
    let calls: Read<Vec<OneCall>> = written.iter().map(call).collect();
    Ok(Asked::unsigned(Body::Calls(Calls { chain, atomic, calls: calls? }), from))
}

fn call(at: &At<'_, '_>) -> Read<OneCall> {
    at.object("a call", &["to", "data", "value", "capabilities"])?;
    capabilities(at)?;
    let to = at.get("to").map(|to| to.address("to")).transpose()?;
    let most = if to.is_some() { MAX_CALLDATA_BYTES } else { MAX_INIT_CODE_BYTES };
    let data = at.get("data").map_or(Ok(Vec::new()), |data| data.bytes("data", most))?;
    if to.is_none() && data.is_empty() {
        return Err(at.invalid("without `to` it creates a contract, but there is no init code"));
    }
    let value = at.get("value").map_or(Ok(U256::ZERO), |value| value.quantity("value"))?;
    Ok(OneCall { to, value, data })
}

/// A capability changes what a batch means, unless it may be left out: then it is.
fn capabilities(at: &At<'_, '_>) -> Read<()> {
    let Some(capabilities) = at.get("capabilities") else { return Ok(()) };
    for (name, capability) in capabilities.entries("capabilities")? {
        let Json::Object(_) = capability.node().value else {
            return Err(capability.invalid("a capability is an object"));
        };
        if capability.get("optional").and_then(|optional| optional.boolean()) != Some(true) {
            let why = format!("the capability {name:?} is not known here; it must be `optional` or left out");
            return Err(capability.refuse(DenyCode::UnsupportedKind, why));
        }
    }
    Ok(())
}
