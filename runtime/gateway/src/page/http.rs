//! HTTP in front of the desk: who gets in, and how little they may bring.

use super::Desk;
use crate::{
    door::{self, Unread},
    node::Hash,
};
use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::{Deserialize, Deserializer, de::DeserializeOwned, de::Error as _};
use serde_json::{Value, json};
use std::{future::Future, sync::Arc};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes of a body: a name and a signature. Signatures of contracts' wallets are longer than a key's.
pub const MAX_BODY_BYTES: usize = 16 * 1024;
/// Milliseconds for a body.
pub const BODY_TIMEOUT_MS: u64 = 10_000;
/// Calls that are worked on at once.
pub const MAX_IN_FLIGHT: usize = 16;

const HTML: &str = include_str!("page.html");
const CSS: &str = include_str!("page.css");
const PAGE: &str = include_str!("page.js");
const TEXT: &str = include_str!("text.js");
const WALLET: &str = include_str!("wallet.js");
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// What every answer says of itself, whatever it is.
const HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-ancestors 'none'; \
         base-uri 'none'; form-action 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// What the calls have in common.
pub(super) struct Counter {
    desk: Arc<dyn Desk>,
    /// Of the token. Equality of hashes takes the same time wherever they differ.
    token: blake3::Hash,
    /// Calls that can still be taken on.
    free: Arc<Semaphore>,
}

/// Turned away, in plain words.
struct Refusal(StatusCode, String);

type Answer = Result<Response, Refusal>;

pub(super) fn router(counter: Arc<Counter>) -> Router {
    Router::new()
        .route("/", get(async || file("text/html; charset=utf-8", HTML)))
        .route("/page.css", get(async || file("text/css; charset=utf-8", CSS)))
        .route("/page.js", get(async || file(SCRIPT, PAGE)))
        .route("/text.js", get(async || file(SCRIPT, TEXT)))
        .route("/wallet.js", get(async || file(SCRIPT, WALLET)))
        .route("/api/waiting", post(waiting))
        .route("/api/approve", post(approve))
        .route("/api/reject", post(reject))
        .fallback(async || Refusal(StatusCode::NOT_FOUND, "there is nothing here".to_owned()))
        .method_not_allowed_fallback(async || {
            Refusal(StatusCode::METHOD_NOT_ALLOWED, "not with this method".to_owned())
        })
        .layer(middleware::from_fn(guard))
        .with_state(counter)
}

impl Counter {
    pub(super) fn new(desk: Arc<dyn Desk>, token: &str) -> Self {
        let free = Arc::new(Semaphore::new(MAX_IN_FLIGHT));
        Self { desk, token: blake3::hash(token.as_bytes()), free }
    }

    /// Waits until nothing is being worked on.
    pub(super) async fn idle(&self) {
        let all = u32::try_from(MAX_IN_FLIGHT).unwrap_or(u32::MAX);
        // The semaphore is never closed.
        let _ = self.free.acquire_many(all).await;
    }

    /// What a call brings, and its place among those that are worked on.
    async fn read<T: DeserializeOwned>(
        &self,
        request: Request,
    ) -> Result<(T, OwnedSemaphorePermit), Refusal> {
        let refuse = |status, words: &str| Err(Refusal(status, words.to_owned()));
        let (head, body) = request.into_parts();
        if door::shown_token(&head.headers) != Some(self.token) {
            return refuse(StatusCode::UNAUTHORIZED, "this link is not the page's, or no longer");
        }
        if !door::is_json(&head.headers) {
            return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body is JSON, and says so");
        }
        let Ok(permit) = self.free.clone().try_acquire_owned() else {
            return refuse(StatusCode::SERVICE_UNAVAILABLE, "too much is asked at once");
        };
        let body = match door::read(body, MAX_BODY_BYTES, BODY_TIMEOUT_MS).await {
            Ok(body) => body,
            Err(Unread::Slow) => return refuse(StatusCode::REQUEST_TIMEOUT, "the body did not come in time"),
            Err(Unread::Long) => return refuse(StatusCode::PAYLOAD_TOO_LARGE, "the body is too long"),
            Err(Unread::Broken) => return refuse(StatusCode::BAD_REQUEST, "the body broke off"),
        };
        match serde_json::from_slice(&body) {
            Ok(brought) => Ok((brought, permit)),
            Err(_) => refuse(StatusCode::BAD_REQUEST, "the body is not what this call takes"),
        }
    }
}

/// Before everything else; and what every answer says.
async fn guard(request: Request, next: Next) -> Response {
    let mut reply = match is_ours(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    if reply.status().is_client_error() {
        tracing::info!(status = reply.status().as_u16(), "turned away from the page");
    }
    for (name, value) in HEADERS {
        reply.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    reply
}

/// A forwarded port has another number than ours, so any port is taken; the origin has to be of the same.
fn is_ours(headers: &HeaderMap) -> Result<(), Refusal> {
    let forbidden = |words: &str| Err(Refusal(StatusCode::FORBIDDEN, words.to_owned()));
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let Some(host) = host.filter(|host| door::is_this_machine(host)) else {
        return forbidden("the request is for another host than this machine");
    };
    match headers.get(header::ORIGIN) {
        Some(origin) if origin.as_bytes().strip_prefix(b"http://") != Some(host.as_bytes()) => {
            forbidden("other pages may not ask here")
        }
        _ => Ok(()),
    }
}

/// Brings nothing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Approval {
    name: Hash,
    signature: Signature,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rejection {
    name: Hash,
}

/// Some bytes, as wallets write them.
struct Signature(String);

impl<'de> Deserialize<'de> for Signature {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let digits = text.strip_prefix("0x").unwrap_or_default();
        let are_bytes = digits.len().is_multiple_of(2) && digits.bytes().all(|b| b.is_ascii_hexdigit());
        match are_bytes && !digits.is_empty() {
            true => Ok(Self(text)),
            false => Err(D::Error::custom("no signature")),
        }
    }
}

async fn waiting(State(counter): State<Arc<Counter>>, request: Request) -> Answer {
    let (Nothing {}, permit) = counter.read(request).await?;
    work(permit, async move { counter.desk.waiting().await }).await
}

async fn approve(State(counter): State<Arc<Counter>>, request: Request) -> Answer {
    let (Approval { name, signature }, permit) = counter.read(request).await?;
    work(permit, async move { counter.desk.approve(&name.0.to_string(), &signature.0).await }).await
}

async fn reject(State(counter): State<Arc<Counter>>, request: Request) -> Answer {
    let (Rejection { name }, permit) = counter.read(request).await?;
    work(permit, async move { counter.desk.reject(&name.0.to_string()).await }).await
}

/// Finished even if the browser is gone.
async fn work(
    permit: OwnedSemaphorePermit,
    asked: impl Future<Output = Result<Value, String>> + Send + 'static,
) -> Answer {
    let done = tokio::spawn(async move {
        let _permit = permit;
        asked.await
    });
    match done.await {
        Ok(Ok(value)) => Ok(json(StatusCode::OK, &value)),
        Ok(Err(words)) => Err(Refusal(StatusCode::BAD_GATEWAY, words)),
        Err(_) => Err(Refusal(StatusCode::INTERNAL_SERVER_ERROR, "the page failed".to_owned())),
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self(status, words) = self;
        let mut reply = json(status, &json!({ "error": words }));
        if status == StatusCode::UNAUTHORIZED {
            reply.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        reply
    }
}

fn json(status: StatusCode, value: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

fn file(kind: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}
