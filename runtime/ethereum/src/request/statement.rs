//! `eth_signTypedData_v4` and `personal_sign`.

use super::{Body, read::Asked};
use crate::{
    hex,
    json::{At, Fault, Read},
    message::{self, Message},
    typed_data::TypedData,
    validity::check_chain,
};
use agentpol_abi::strict_json::{self, Json};
use agentpol_model::{Address, ChainId, decision::DenyCode};

/// `[address, data]`, the data an object or the text of one. web3.py says `eth_signTypedData` for the same; what that name meant
/// at first (an array of named values) is no object and refused.
pub(super) fn typed_data(params: &At<'_, '_>, outer: Option<ChainId>) -> Read<Asked> {
    let items = params.items("`params`")?;
    let [from, data] = items.as_slice() else {
        return Err(params.invalid(format!(
            "`params` has two elements, the account and the typed data; found {}",
            items.len()
        )));
    };
    let from = from.address("the account")?;
    let data = match &data.node().value {
        Json::String(text) => {
            let document = strict_json::parse(text)
                .map_err(|e| data.invalid(format!("the typed data, byte {}: {}", e.offset, e.message)))?;
            located(&data.document(&document), outer)?
        }
        _ => located(data, outer)?,
    };
    Ok(Asked::unsigned(data, Some(from)))
}

/// Typed data for a contract on a chain: nothing else can be told from a signature for somebody else.
fn located(at: &At<'_, '_>, outer: Option<ChainId>) -> Read<Body> {
    let data = TypedData::from_json(at)?;
    let domain = at.need("domain")?;
    let wrong = |code, why: String| -> Fault { domain.refuse(code, why) };
    let Some(chain) = data.domain().chain else {
        let why = "the domain names no chain, so it would be valid on every one";
        return Err(wrong(DenyCode::WrongChain, why.to_owned()));
    };
    let chain = ChainId::try_from(chain)
        .map_err(|_| "no chain has such an id".to_owned())
        .and_then(|chain| check_chain(chain).map(|()| chain))
        .map_err(|why| wrong(DenyCode::WrongChain, why))?;
    if let Some(outer) = outer.filter(|outer| *outer != chain) {
        let why = format!("the domain is for chain {chain}, but `chainId` is {outer}");
        return Err(wrong(DenyCode::WrongChain, why));
    }
    match data.domain().contract {
        Some(contract) => Ok(Body::TypedData { chain, contract, data }),
        None => {
            let why = "the domain names no contract, so nobody knows who checks the signature";
            Err(wrong(DenyCode::WrongDomain, why.to_owned()))
        }
    }
}

/// `[message, account]`, or the other way round, as wallets take it: exactly one of the two is an address. Some libraries add an
/// empty password.
pub(super) fn message(params: &At<'_, '_>, outer: Option<ChainId>) -> Read<Asked> {
    let items = params.items("`params`")?;
    let (one, other) = match items.as_slice() {
        [one, other] => (one, other),
        [one, other, password] if password.text("a password")?.is_empty() => (one, other),
        _ => {
            return Err(params.invalid(format!(
                "`params` has two elements, the message and the account; found {}",
                items.len()
            )));
        }
    };
    let account = |at: &At<'_, '_>| at.text("an account").ok().and_then(|text| hex::address(text).ok());
    let (message, from): (&At<'_, '_>, Address) = match (account(one), account(other)) {
        (None, Some(from)) => (one, from),
        (Some(from), None) => (other, from),
        (Some(_), Some(_)) => {
            let why = "both are addresses, so nobody knows which of them is the message";
            return Err(params.refuse(DenyCode::UnsafeMessage, why));
        }
        // The fault is that of the one that should be an address.
        (None, None) => (one, other.address("the account")?),
    };
    let read = message::written(message.text("the message")?).and_then(|bytes| Message::read(&bytes));
    let read = read.map_err(|why| message.refuse(DenyCode::UnsafeMessage, why))?;
    let chain = match (read.chain(), outer) {
        (Some(inner), Some(outer)) if inner != outer => {
            let why = format!("the text is for chain {inner}, but `chainId` is {outer}");
            return Err(message.refuse(DenyCode::WrongChain, why));
        }
        (Some(chain), _) | (None, Some(chain)) => chain,
        (None, None) => return Err(message.invalid("no chain is named; give `chainId` beside `request`")),
    };
    Ok(Asked::unsigned(Body::Message { chain, message: read }, Some(from)))
}
