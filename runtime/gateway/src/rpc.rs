//! JSON-RPC 2.0, strictly: one text has one meaning or none. Duplicate keys, unknown members and loose types are refused before
//! anything looks at a call; what a client wrote as its `id` and `params` is kept as it stands.

use agentpol_abi::strict_json;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use std::borrow::Cow;

/// An `id` is at most so many bytes as it is written.
pub const MAX_ID_BYTES: usize = 256;

/// Characters of a foreign text that are passed on.
const MAX_FOREIGN: usize = 300;

/// The codes that answers have, and where they are from.
pub mod code {
    /// The text is not JSON (JSON-RPC).
    pub const PARSE: i64 = -32_700;
    /// It is JSON, but no call (JSON-RPC).
    pub const INVALID_REQUEST: i64 = -32_600;
    /// Nobody here knows the method (JSON-RPC).
    pub const METHOD_NOT_FOUND: i64 = -32_601;
    /// The parameters are not what the method takes (JSON-RPC).
    pub const INVALID_PARAMS: i64 = -32_602;
    /// A fault of the gateway (JSON-RPC).
    pub const INTERNAL: i64 = -32_603;
    /// The node does not answer as it should (EIP-1474: resource unavailable).
    pub const UNAVAILABLE: i64 = -32_002;
    /// It cannot be executed, or was not taken by the node (EIP-1474: transaction rejected).
    pub const CANNOT_EXECUTE: i64 = -32_003;
    /// Too much, too many or too often (EIP-1474).
    pub const LIMIT: i64 = -32_005;
    /// Denied (EIP-1193: unauthorized).
    pub const DENIED: i64 = 4_100;
    /// Known, and never done here (EIP-1193: unsupported method).
    pub const UNSUPPORTED: i64 = 4_200;
    /// Another chain than the policy's (EIP-3326).
    pub const OTHER_CHAIN: i64 = 4_902;
    /// A batch's name was used before (EIP-5792).
    pub const DUPLICATE_ID: i64 = 5_720;
    /// No batch has that name (EIP-5792).
    pub const UNKNOWN_BATCH: i64 = 5_730;
    /// Calls can be made together here, but not all or none (EIP-5792).
    pub const ATOMICITY: i64 = 5_760;
}

/// An answer that is an error.
#[derive(Clone, Debug, Serialize)]
pub struct Fault {
    /// One of [`code`]'s, or the node's own.
    pub code: i64,
    /// One line.
    pub message: String,
    /// What a program can act on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Box<RawValue>>,
}

/// What a call is answered with.
pub type Outcome = Result<Box<RawValue>, Fault>;

impl Fault {
    /// An error without data.
    pub fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    /// The same with data.
    #[must_use]
    pub fn with(self, data: &impl Serialize) -> Self {
        Self { data: to_raw_value(data).ok(), ..self }
    }

    /// The parameters are not what the method takes.
    pub fn params(message: impl Into<String>) -> Self {
        Self::new(code::INVALID_PARAMS, message)
    }
}

/// A value as the result of a call.
pub fn result(value: &impl Serialize) -> Outcome {
    to_raw_value(value).map_err(|_| Fault::new(code::INTERNAL, "the answer cannot be written"))
}

/// What somebody else wrote, so that it can stand in a message: one line, printable, and not long.
pub fn foreign(text: &str) -> String {
    let mut shown: String = text.chars().take(MAX_FOREIGN).flat_map(char::escape_debug).collect();
    if text.chars().nth(MAX_FOREIGN).is_some() {
        shown.push('…');
    }
    shown
}

/// A call that asks for an answer, or does not.
#[derive(Clone, Debug)]
pub struct Call {
    /// As it was written; `None`: a notification.
    pub id: Option<Box<RawValue>>,
    /// The method's name.
    pub method: String,
    /// As they were written; none is an empty array.
    pub params: Box<RawValue>,
}

/// What a body holds.
#[derive(Debug)]
pub enum Message {
    /// One call.
    One(Result<Call, Fault>),
    /// Several, each by itself a call or not.
    Batch(Vec<Result<Call, Fault>>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire<'a> {
    #[serde(borrow)]
    jsonrpc: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "present")]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "present")]
    params: Option<&'a RawValue>,
}

/// `null` is there.
fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<&'de RawValue>, D::Error> {
    Deserialize::deserialize(from).map(Some)
}

/// Reads a body. The error is of the whole.
pub fn read(text: &str, max_batch: usize) -> Result<Message, Fault> {
    strict_json::parse(text)
        .map_err(|e| Fault::new(code::PARSE, format!("not JSON as it is read here, {e}")))?;
    let invalid = |_| Fault::new(code::INVALID_REQUEST, "a body is a call, or an array of calls");
    if !text.trim_start().starts_with('[') {
        let one: &RawValue = serde_json::from_str(text).map_err(invalid)?;
        return Ok(Message::One(call(one)));
    }
    let all: Vec<&RawValue> = serde_json::from_str(text).map_err(invalid)?;
    match all.len() {
        0 => Err(Fault::new(code::INVALID_REQUEST, "an array of calls holds at least one")),
        n if n > max_batch => {
            Err(Fault::new(code::LIMIT, format!("an array holds at most {max_batch} calls; found {n}")))
        }
        _ => Ok(Message::Batch(all.into_iter().map(call).collect())),
    }
}

fn call(text: &RawValue) -> Result<Call, Fault> {
    let invalid = |why: &str| Fault::new(code::INVALID_REQUEST, why);
    let wire: Wire<'_> = serde_json::from_str(text.get()).map_err(|_| {
        invalid("a call is an object of `jsonrpc`, `id`, `method` (a string) and `params`, and nothing else")
    })?;
    if wire.jsonrpc != "2.0" {
        return Err(invalid("`jsonrpc` is \"2.0\""));
    }
    if let Some(id) = wire.id {
        if id.get().len() > MAX_ID_BYTES {
            return Err(invalid(&format!("`id` is at most {MAX_ID_BYTES} bytes")));
        }
        if !id.get().starts_with(['"', '-', 'n', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']) {
            return Err(invalid("`id` is a string, a number or null"));
        }
    }
    let params = match wire.params {
        Some(params) if params.get().starts_with(['[', '{']) => params.to_owned(),
        None => to_raw_value(&[(); 0]).map_err(|_| invalid("no parameters"))?,
        Some(_) => return Err(invalid("`params` is an array or an object")),
    };
    Ok(Call { id: wire.id.map(ToOwned::to_owned), method: wire.method.into_owned(), params })
}

#[derive(Serialize)]
struct Answer<'a> {
    jsonrpc: &'static str,
    /// `null` where nobody could read it.
    id: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a Fault>,
}

/// One answer, as it is sent.
pub fn write(id: Option<&RawValue>, outcome: &Outcome) -> String {
    let answer =
        Answer { jsonrpc: "2.0", id, result: outcome.as_deref().ok(), error: outcome.as_ref().err() };
    // Nothing in it can fail to be written; if something did, the client would still be told so.
    serde_json::to_string(&answer).unwrap_or_else(|_| {
        r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32603,"message":"the answer cannot be written"}}"#
            .to_owned()
    })
}
