//! The outer object: `{id?, at?, chainId?}` and one of `request`, `rawTx`, `authorization`.

use super::{Body, OwnedRequest, batch, operation, statement, transaction, written::Source};
use crate::{
    delegation::Delegation,
    json::{At, Fault, Read},
    refusal::{Id, Refusal},
    time,
    transaction::{Draft, MAX_TRANSACTION_BYTES, RawTransaction},
    validity,
};
use agentpol_abi::strict_json::{self, Json};
use agentpol_model::{Address, ChainId, Time, decision::DenyCode};

/// A request's text is at most this long: the longest transaction in hex, and room for the rest.
pub const MAX_REQUEST_BYTES: usize = 512 * 1024;

/// Bytes of an `id`.
pub const MAX_ID_BYTES: usize = 256;

const FIELDS: &[&str] = &["id", "at", "chainId", "request", "rawTx", "authorization"];

/// Reads one request.
///
/// ```
/// let text = r#"{"id": 1, "chainId": 1, "request": {"method": "eth_sendTransaction", "params": [
///     {"to": "0x00000000000000000000000000000000000000aa", "value": "0x01"}]}}"#;
/// let refusal = agentpol_ethereum::read(text).unwrap_err();
/// assert_eq!(refusal.to_string(), "value: a quantity has no leading zeros; write `0x1` \
///     (/request/params/0/value, line 2, column 67)");
/// ```
pub fn read(text: &str) -> Result<OwnedRequest, Refusal> {
    let refuse = |id, fault: Fault| fault.refusal(id, text);
    if text.len() > MAX_REQUEST_BYTES {
        let message = format!("a request is at most {MAX_REQUEST_BYTES} bytes; found {}", text.len());
        return Err(refuse(
            None,
            Fault { code: DenyCode::InvalidRequest, message, pointer: String::new(), offset: 0 },
        ));
    }
    let root = strict_json::parse(text).map_err(|e| {
        let code = DenyCode::InvalidRequest;
        refuse(None, Fault { code, message: e.message, pointer: String::new(), offset: e.offset })
    })?;
    let root = At::root(&root);
    let id = id(&root).map_err(|fault| refuse(None, fault))?;
    let request = whole(&root).map_err(|fault| refuse(id.clone(), fault))?;
    Ok(OwnedRequest { id, source: Some(Source::new(text)), ..request })
}

fn whole(root: &At<'_, '_>) -> Read<OwnedRequest> {
    root.object("a request", FIELDS)?;
    let at = root.get("at").map(|at| instant(&at)).transpose()?;
    let chain = root.get("chainId").map(|at| at.chain()).transpose()?;
    let asked = match (root.get("request"), root.get("rawTx"), root.get("authorization")) {
        (Some(call), None, None) => method(&call, chain)?,
        (None, Some(raw), None) => raw_transaction(&raw, chain)?,
        (None, None, Some(authorization)) => delegation(&authorization, chain)?,
        (None, None, None) => {
            return Err(root.invalid("a request has one of `request`, `rawTx` and `authorization`"));
        }
        _ => return Err(root.invalid("a request has only one of `request`, `rawTx` and `authorization`")),
    };
    Ok(OwnedRequest { id: None, at, from: asked.from, signed: asked.signed, body: asked.body, source: None })
}

/// What was asked for.
pub(super) struct Asked {
    pub(super) body: Body,
    pub(super) from: Option<Address>,
    pub(super) signed: bool,
}

impl Asked {
    /// What is not signed yet.
    pub(super) fn unsigned(body: Body, from: Option<Address>) -> Self {
        Self { body, from, signed: false }
    }
}

fn id(root: &At<'_, '_>) -> Read<Option<Id>> {
    let Some(at) = root.get("id") else { return Ok(None) };
    match &at.node().value {
        Json::String(text) if text.len() <= MAX_ID_BYTES => Ok(Some(Id::Text(text.to_string()))),
        Json::Number(written) => match written.parse() {
            Ok(n) => Ok(Some(Id::Number(n))),
            Err(_) => Err(at.invalid("a number as `id` is whole, not negative and below 2^64")),
        },
        Json::String(_) => Err(at.invalid(format!("`id` is at most {MAX_ID_BYTES} bytes"))),
        _ => Err(at.invalid(format!("`id` is a string or a number; found {}", at.node().kind()))),
    }
}

fn instant(at: &At<'_, '_>) -> Read<Time> {
    time::parse(at.text("`at`")?)
        .ok_or_else(|| at.invalid("`at` is a time in UTC, to the second, from 1970: `2026-11-22T10:00:00Z`"))
}

fn method(call: &At<'_, '_>, chain: Option<ChainId>) -> Read<Asked> {
    call.object("`request`", &["method", "params"])?;
    let method = call.need("method")?;
    let unsupported = |why: &str| method.refuse(DenyCode::UnsupportedKind, why);
    match method.text("`method`")? {
        "eth_sendTransaction" | "eth_signTransaction" => transaction::read(&call.need("params")?, chain),
        "eth_signTypedData_v4" | "eth_signTypedData" => statement::typed_data(&call.need("params")?, chain),
        "personal_sign" => statement::message(&call.need("params")?, chain),
        "wallet_sendCalls" => batch::read(&call.need("params")?, chain),
        "eth_sendUserOperation" => operation::read(&call.need("params")?, chain),
        "eth_signTypedData_v3" => {
            Err(unsupported("the third version of typed data has no arrays; ask for `eth_signTypedData_v4`"))
        }
        "eth_sign" => Err(unsupported("`eth_sign` signs bytes that nobody can read and is never allowed")),
        "eth_sendRawTransaction" => {
            Err(unsupported("it is signed already; to have it judged, give it as `rawTx`"))
        }
        other => Err(method.refuse(
            DenyCode::UnsupportedKind,
            format!(
                "{other:?} is not judged; `eth_sendTransaction`, `eth_signTransaction`, `eth_signTypedData_v4`, \
                 `personal_sign`, `wallet_sendCalls` and `eth_sendUserOperation` are"
            ),
        )),
    }
}

fn raw_transaction(at: &At<'_, '_>, chain: Option<ChainId>) -> Read<Asked> {
    let bytes = at.bytes("rawTx", MAX_TRANSACTION_BYTES)?;
    let raw = RawTransaction::read(&bytes)
        .map_err(|e| at.invalid(format!("byte {} of the transaction: {}", e.offset, e.message)))?;
    let unsupported = |why: &str| Err(at.refuse(DenyCode::UnsupportedKind, why));
    match raw.ty {
        3 => {
            return unsupported("a transaction of type 3 (EIP-4844) carries blobs that nobody here has seen");
        }
        4 => {
            return unsupported(
                "a transaction of type 4 (EIP-7702) hands accounts over to code and is not signed; ask for an authorisation by itself",
            );
        }
        _ => {}
    }
    let draft = raw.draft().map_err(|e| at.invalid(format!("{}: {}", e.field, e.message)))?;
    if let Some(chain) = chain.filter(|&chain| chain != draft.chain) {
        return Err(
            at.invalid(format!("the transaction is for chain {}, but `chainId` is {chain}", draft.chain))
        );
    }
    if raw.signature.is_some() && raw.signer().is_none() {
        return Err(at.invalid("the signature leads to no key"));
    }
    valid(at, &draft)?;
    Ok(Asked { body: Body::Transaction(draft), from: raw.signer(), signed: raw.signature.is_some() })
}

/// `{chainId, address, nonce}` (EIP-7702).
fn delegation(at: &At<'_, '_>, outer: Option<ChainId>) -> Read<Asked> {
    at.object("`authorization`", &["chainId", "address", "nonce"])?;
    let chain_at = at.need("chainId")?;
    let (chain, delegate) = (chain_at.count("`chainId`")?, at.need("address")?.address("address")?);
    let nonce = at.need("nonce")?.count("`nonce`")?;
    let delegation = Delegation::new(chain, delegate, nonce).map_err(|why| match chain {
        0 => chain_at.refuse(DenyCode::UnsupportedKind, why),
        _ => at.invalid(why),
    })?;
    same_chain(&chain_at, chain, outer)?;
    Ok(Asked::unsigned(Body::Delegation(delegation), None))
}

/// The chain that is named inside must be the one named outside, if there is one.
pub(super) fn same_chain(at: &At<'_, '_>, inner: ChainId, outer: Option<ChainId>) -> Read<ChainId> {
    match outer {
        Some(outer) if outer != inner => {
            Err(at.invalid(format!("chainId is {inner} here and {outer} beside `request`")))
        }
        _ => Ok(inner),
    }
}

/// Refuses, at its field where that is written, what no chain would accept.
pub(super) fn valid(at: &At<'_, '_>, draft: &Draft) -> Read<()> {
    validity::check(draft).map_err(|invalid| match at.get(invalid.field) {
        Some(field) => field.invalid(invalid.message),
        None => at.invalid(format!("{}: {}", invalid.field, invalid.message)),
    })
}
