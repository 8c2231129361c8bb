//! The other end of the owner's socket.

use crate::rpc::code;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{Method, Request, body::Bytes, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{json, value::RawValue};
use std::{io, path::Path, time::Duration};
use tokio::net::UnixStream;

/// Bytes of an answer.
const MAX_ANSWER_BYTES: usize = 32 * 1024 * 1024;
/// How long an answer may take: a key elsewhere, and a node that is asked three times.
const PATIENCE: Duration = Duration::from_secs(120);

/// Why there is no answer.
#[derive(Debug)]
pub enum AskError {
    /// Nobody listens there.
    Nobody(io::Error),
    /// Somebody does, and what came is no answer.
    Strange(String),
    /// It was refused: in the words of whoever did, and as a number.
    Refused {
        /// One of [`crate::rpc::code`]'s.
        code: i64,
        /// Why.
        message: String,
    },
}

impl core::fmt::Display for AskError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            AskError::Nobody(e) => write!(f, "nobody answers there: {e}"),
            AskError::Strange(why) => write!(f, "what came is no answer: {why}"),
            AskError::Refused { message, .. } => f.write_str(message),
        }
    }
}

impl std::error::Error for AskError {}

/// Asks whoever serves at this socket.
pub async fn ask<T: DeserializeOwned>(
    socket: &Path,
    method: &str,
    params: &impl Serialize,
) -> Result<T, AskError> {
    let stream = UnixStream::connect(socket).await.map_err(AskError::Nobody)?;
    match tokio::time::timeout(PATIENCE, exchange(stream, method, params)).await {
        Ok(answer) => answer,
        Err(_) => Err(AskError::Strange("it did not come in time".to_owned())),
    }
}

async fn exchange<T: DeserializeOwned>(
    stream: UnixStream,
    method: &str,
    params: &impl Serialize,
) -> Result<T, AskError> {
    let strange = |e: &dyn core::fmt::Display| AskError::Strange(e.to_string());
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|e| strange(&e))?;
    let connection = tokio::spawn(connection);
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    let request = Request::builder()
        .method(Method::POST)
        .uri("/")
        .header(header::HOST, "localhost")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(call.to_string())))
        .map_err(|e| strange(&e))?;
    let response = sender.send_request(request).await.map_err(|e| strange(&e))?;
    let body = Limited::new(response.into_body(), MAX_ANSWER_BYTES).collect().await;
    let body = body.map_err(|e| strange(&e))?.to_bytes();
    connection.abort();
    read(&body)
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, AskError> {
    #[derive(Deserialize)]
    struct Wire {
        #[serde(default)]
        result: Option<Box<RawValue>>,
        #[serde(default)]
        error: Option<Error>,
    }
    #[derive(Deserialize)]
    struct Error {
        code: i64,
        message: String,
    }
    let strange = |e: serde_json::Error| AskError::Strange(e.to_string());
    match serde_json::from_slice(body).map_err(strange)? {
        Wire { error: Some(Error { code, message }), .. } => Err(AskError::Refused { code, message }),
        Wire { result: Some(result), error: None } => serde_json::from_str(result.get()).map_err(strange),
        Wire { result: None, error: None } => Err(AskError::Refused {
            code: code::INTERNAL,
            message: "it has neither a result nor an error".to_owned(),
        }),
    }
}
