//! Requests that are refused before any rule is asked.

use agentpol_model::decision::DenyCode;
use core::fmt;

/// The name a caller gave its request, to find the answer by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Id {
    /// A string.
    Text(String),
    /// A number.
    Number(u64),
}

impl Id {
    /// As it stood in the request.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Id::Text(text) => text.as_str().into(),
            Id::Number(n) => (*n).into(),
        }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Id::Text(text) => f.write_str(text),
            Id::Number(n) => n.fmt(f),
        }
    }
}

/// Where in a request the fault is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A value in the JSON text.
    Json {
        /// JSON pointer (RFC 6901); empty for the whole.
        pointer: String,
        /// From 1.
        line: usize,
        /// In characters, from 1.
        column: usize,
    },
    /// A byte of the serialised transaction.
    Byte(usize),
    /// The transaction as a whole, by the name of its field.
    Field(&'static str),
}

/// A request that cannot be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Whose it is, as far as it could be read.
    pub id: Option<Id>,
    /// Why.
    pub code: DenyCode,
    /// What was found, and what would be right.
    pub message: String,
    /// Where.
    pub place: Place,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Json { pointer, line, column } if pointer.is_empty() => {
                write!(f, "line {line}, column {column}")
            }
            Place::Json { pointer, line, column } => write!(f, "{pointer}, line {line}, column {column}"),
            Place::Byte(offset) => write!(f, "byte {offset} of the transaction"),
            Place::Field(name) => write!(f, "{name} of the transaction"),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.place)
    }
}

impl core::error::Error for Refusal {}
