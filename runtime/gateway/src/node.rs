//! The node behind the gateway. It is not trusted: whatever it says is bounded, read strictly, and told apart from what the
//! gateway says.

use crate::rpc::{Fault, code, foreign};
use agentpol_model::{B256, ChainId, U256};
use core::fmt;
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned, de::Error as _};
use serde_json::value::{RawValue, to_raw_value};
use std::{future::Future, pin::Pin};

/// A future that can be passed around.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What calls a node. Tests have their own.
pub trait Node: Send + Sync {
    /// Asks for one method with these parameters, as they stand.
    fn call<'a>(
        &'a self,
        method: &'a str,
        params: &'a RawValue,
    ) -> Boxed<'a, Result<Box<RawValue>, NodeError>>;
}

/// Why there is no answer.
#[derive(Clone, Debug)]
pub enum NodeError {
    /// No connection, or it broke.
    Unreachable,
    /// It took too long.
    TooSlow,
    /// The answer is longer than is read.
    TooLong,
    /// What came is no answer.
    Malformed(&'static str),
    /// It is a node of another chain.
    OtherChain {
        /// The policy's.
        expected: ChainId,
        /// The node's.
        found: U256,
    },
    /// The node answered with an error of its own.
    Refused {
        /// Its code.
        code: i64,
        /// Its words, made printable.
        message: String,
        /// Its data, as it stands.
        data: Option<Box<RawValue>>,
    },
}

impl fmt::Display for NodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NodeError::Unreachable => f.write_str("the node cannot be reached"),
            NodeError::TooSlow => f.write_str("the node did not answer in time"),
            NodeError::TooLong => f.write_str("the node's answer is too long"),
            NodeError::Malformed(what) => write!(f, "the node's answer is malformed: {what}"),
            NodeError::OtherChain { expected, found } => {
                write!(f, "the node is one of chain {found}; the policy is for chain {expected}")
            }
            NodeError::Refused { code, message, .. } => write!(f, "the node says {message:?} (code {code})"),
        }
    }
}

impl std::error::Error for NodeError {}

impl NodeError {
    /// The same as the answer to a call that was forwarded: the node's own errors go through as they are.
    pub(crate) fn forwarded(self) -> Fault {
        match self {
            NodeError::Refused { code, message, data } => Fault { code, message, data },
            other => Fault::new(code::UNAVAILABLE, other.to_string()),
        }
    }
}

/// Asks a node and reads its answer.
pub(crate) async fn ask<T: DeserializeOwned>(
    node: &dyn Node,
    method: &str,
    params: &impl Serialize,
) -> Result<T, NodeError> {
    let params = to_raw_value(params).map_err(|_| NodeError::Malformed("the question cannot be written"))?;
    let answer = node.call(method, &params).await?;
    serde_json::from_str(answer.get())
        .map_err(|_| NodeError::Malformed("it is not of the form the method has"))
}

/// What came over the wire, as a result or an error.
pub(crate) fn read_answer(bytes: &[u8], id: u64) -> Result<Box<RawValue>, NodeError> {
    #[derive(Deserialize)]
    struct Wire<'a> {
        #[serde(default)]
        id: Option<u64>,
        #[serde(borrow, default, deserialize_with = "present")]
        result: Option<&'a RawValue>,
        #[serde(default)]
        error: Option<WireError>,
    }
    #[derive(Deserialize)]
    struct WireError {
        code: i64,
        #[serde(default)]
        message: String,
        #[serde(default)]
        data: Option<Box<RawValue>>,
    }
    fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<&'de RawValue>, D::Error> {
        Deserialize::deserialize(from).map(Some)
    }
    let text = core::str::from_utf8(bytes).map_err(|_| NodeError::Malformed("it is not UTF-8"))?;
    let wire: Wire<'_> = serde_json::from_str(text).map_err(|_| NodeError::Malformed("it is no JSON-RPC"))?;
    match (wire.result, wire.error) {
        (_, Some(WireError { code, message, data })) => {
            Err(NodeError::Refused { code, message: foreign(&message), data })
        }
        (Some(result), None) if wire.id == Some(id) => Ok(result.to_owned()),
        (Some(_), None) => Err(NodeError::Malformed("it answers another call")),
        (None, None) => Err(NodeError::Malformed("it has neither a result nor an error")),
    }
}

/// A number as nodes write it: `0x` and digits. Leading zeros are theirs to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Quantity(pub(crate) U256);

impl Quantity {
    /// If it is below 2^64.
    pub(crate) fn small(self) -> Option<u64> {
        self.0.try_into().ok()
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let digits = text.strip_prefix("0x").filter(|digits| (1..=64).contains(&digits.len()));
        let number = digits.and_then(|digits| U256::from_str_radix(digits, 16).ok());
        number.map(Quantity).ok_or_else(|| D::Error::custom("no quantity"))
    }
}

impl Serialize for Quantity {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{:#x}", self.0))
    }
}

impl From<u64> for Quantity {
    fn from(n: u64) -> Self {
        Quantity(U256::from(n))
    }
}

/// A hash as nodes write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hash(pub(crate) B256);

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let hash = text.starts_with("0x").then(|| text.parse().ok()).flatten();
        hash.map(Hash).ok_or_else(|| D::Error::custom("no hash"))
    }
}
