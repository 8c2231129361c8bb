//! HTTP in front of the core: who may come in, how much they may bring, how long it may take. Everything that is turned away
//! is told why, as an error of JSON-RPC: clients show that.

use crate::{
    config::Listen,
    gateway::Gateway,
    keeper::Asker,
    methods::{self, Done},
    rate::Bucket,
    rpc::{self, Call, Fault, Message, Outcome, code},
};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Response, StatusCode, Uri, header},
    response::IntoResponse as _,
    routing::{get, post},
};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use std::{net::IpAddr, sync::Arc, time::Duration};
use tokio::{sync::Semaphore, task::JoinHandle};

/// Bytes of an `Idempotency-Key`.
pub const MAX_KEY_BYTES: usize = 255;

/// An agent that may come in.
#[derive(Debug)]
struct Entry {
    agent: Option<Arc<str>>,
    /// Of its token. The token itself is not kept; equality of hashes takes the same time wherever they differ.
    token: Option<blake3::Hash>,
    bucket: Bucket,
}

/// The door of a gateway.
#[derive(Debug)]
pub(crate) struct Door {
    gateway: Arc<Gateway>,
    entries: Vec<Entry>,
    /// Requests that can still be taken on.
    free: Arc<Semaphore>,
}

type Reply = Response<Body>;

/// The routes: JSON-RPC at `/`, `/health`, `/metrics`.
pub fn router(gateway: Arc<Gateway>) -> Router {
    door(gateway).1
}

pub(crate) fn door(gateway: Arc<Gateway>) -> (Arc<Door>, Router) {
    let limits = &gateway.config.limits;
    let bucket = || Bucket::new(limits.calls_per_second, limits.burst);
    let mut entries: Vec<Entry> = Vec::new();
    for one in &gateway.config.tokens {
        let token = Some(blake3::hash(one.token.as_str().as_bytes()));
        entries.push(Entry { agent: one.agent.as_deref().map(Arc::from), token, bucket: bucket() });
    }
    if entries.is_empty() {
        entries.push(Entry { agent: None, token: None, bucket: bucket() });
    }
    let free = Arc::new(Semaphore::new(limits.in_flight));
    let door = Arc::new(Door { gateway, entries, free });
    let router = Router::new()
        .route("/", post(calls).options(preflight))
        .route("/health", get(health))
        .route("/metrics", get(metrics))
        .with_state(door.clone());
    (door, router)
}

/// Turned away before anything was looked at.
struct Away {
    status: StatusCode,
    why: &'static str,
    fault: Fault,
}

fn away(status: StatusCode, why: &'static str, message: impl Into<String>) -> Away {
    let code = match status {
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE | StatusCode::PAYLOAD_TOO_LARGE => {
            code::LIMIT
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => code::DENIED,
        _ => code::INVALID_REQUEST,
    };
    Away { status, why, fault: Fault::new(code, message) }
}

impl Door {
    /// Waits until nothing is being worked on.
    pub(crate) async fn idle(&self) {
        let all = u32::try_from(self.gateway.config.limits.in_flight).unwrap_or(u32::MAX);
        // The semaphore is never closed.
        let _ = self.free.acquire_many(all).await;
    }

    /// A page in a browser on this machine can send requests here, under a name of its own that leads here (DNS rebinding) or
    /// under ours. Both show.
    fn is_meant(&self, headers: &HeaderMap, uri: &Uri) -> Result<(), Away> {
        let forbidden = |why, message: &str| Err(away(StatusCode::FORBIDDEN, why, message));
        if let Listen::Tcp(_) = self.gateway.config.listen {
            let host = headers
                .get(header::HOST)
                .and_then(|host| host.to_str().ok())
                .or(uri.authority().map(|a| a.as_str()));
            let known = |host: &str| {
                is_this_machine(host) || self.gateway.config.hosts.iter().any(|one| one == without_port(host))
            };
            if !host.is_some_and(known) {
                return forbidden("host", "the request is for another host than this one");
            }
        }
        match headers.get(header::ORIGIN) {
            Some(origin) if self.allows(origin).is_none() => {
                forbidden("origin", "pages of this origin may not ask here")
            }
            _ => Ok(()),
        }
    }

    fn allows(&self, origin: &HeaderValue) -> Option<HeaderValue> {
        let listed = self.gateway.config.origins.iter().any(|one| one.as_bytes() == origin.as_bytes());
        listed.then(|| origin.clone())
    }

    /// Whose token it is. All are compared, whichever it is.
    fn who(&self, headers: &HeaderMap) -> Result<&Entry, Away> {
        let shown = shown_token(headers);
        let mut found = None;
        for entry in &self.entries {
            if entry.token.is_none() || entry.token == shown {
                found = Some(entry);
            }
        }
        found.ok_or_else(|| {
            away(
                StatusCode::UNAUTHORIZED,
                "token",
                "show a token that is known here: `Authorization: Bearer …`",
            )
        })
    }

    async fn body(&self, body: Body) -> Result<Bytes, Away> {
        let limits = &self.gateway.config.limits;
        read(body, limits.body_bytes, limits.body_ms).await.map_err(|unread| match unread {
            Unread::Slow => away(StatusCode::REQUEST_TIMEOUT, "slow", "the body did not come in time"),
            Unread::Long => {
                let message = format!("a body is at most {} bytes", limits.body_bytes);
                away(StatusCode::PAYLOAD_TOO_LARGE, "long", message)
            }
            Unread::Broken => away(StatusCode::BAD_REQUEST, "broken", "the body broke off"),
        })
    }

    async fn calls(&self, request: Request) -> Result<Option<String>, Away> {
        let (parts, body) = request.into_parts();
        self.is_meant(&parts.headers, &parts.uri)?;
        let entry = self.who(&parts.headers)?;
        if !is_json(&parts.headers) {
            let message = "the body is JSON, and says so: `Content-Type: application/json`";
            return Err(away(StatusCode::UNSUPPORTED_MEDIA_TYPE, "type", message));
        }
        let key = name(&parts.headers)?;
        let permit = self.free.clone().try_acquire_owned();
        let permit = permit.map_err(|_| {
            away(StatusCode::SERVICE_UNAVAILABLE, "busy", "too many requests are being worked on")
        })?;
        let body = self.body(body).await?;
        let message = match core::str::from_utf8(&body) {
            Ok(text) => rpc::read(text, self.gateway.config.limits.batch),
            Err(_) => Err(Fault::new(code::PARSE, "the body is not UTF-8")),
        };
        let message = match message {
            Ok(message) => message,
            Err(fault) => return Ok(Some(rpc::write(None, &Err(fault)))),
        };
        let count = match &message {
            Message::One(_) => 1,
            Message::Batch(calls) => calls.len(),
        };
        if !entry.bucket.take(count) {
            return Err(away(StatusCode::TOO_MANY_REQUESTS, "often", "too many calls; slow down"));
        }
        let (gateway, who) = (self.gateway.clone(), Asker { agent: entry.agent.clone(), key });
        // The permit lasts as long as the work, also when the client is gone.
        let work = tokio::spawn(async move {
            let _permit = permit;
            answer(&gateway, message, &who).await
        });
        let failed = || Some(rpc::write(None, &Err(Fault::new(code::INTERNAL, "the gateway failed"))));
        Ok(work.await.unwrap_or_else(|_| failed()))
    }
}

/// The answer to a body, if there is one: nobody answers a notification.
async fn answer(gateway: &Arc<Gateway>, message: Message, who: &Asker) -> Option<String> {
    match message {
        Message::One(call) => one(gateway, call, who).await,
        Message::Batch(calls) => {
            let mut begun: Vec<Begun> = calls.into_iter().map(|call| begin(gateway, call, who)).collect();
            let mut answers = Vec::new();
            for (n, begun) in begun.iter_mut().enumerate() {
                // One name for all of them names each by its place.
                let key = who.key.as_ref().map(|key| format!("{key}#{n}"));
                let who = &Asker { key, ..who.clone() };
                answers.extend(match begun {
                    Begun::Reading(task) => task.await.unwrap_or_default(),
                    Begun::Waiting(call) => match call.take() {
                        Some(call) => one(gateway, call, who).await,
                        None => None,
                    },
                });
            }
            (!answers.is_empty()).then(|| format!("[{}]", answers.join(",")))
        }
    }
}

/// A call of a batch. What only reads is asked for at once; what is judged waits its turn, so that nonces follow the order.
enum Begun {
    Reading(JoinHandle<Option<String>>),
    Waiting(Option<Result<Call, Fault>>),
}

fn begin(gateway: &Arc<Gateway>, call: Result<Call, Fault>, who: &Asker) -> Begun {
    match &call {
        Ok(of) if matches!(methods::find(&of.method), Some((_, Done::Forwarded))) => {
            let (gateway, who) = (gateway.clone(), who.clone());
            Begun::Reading(tokio::spawn(async move { one(&gateway, call, &who).await }))
        }
        _ => Begun::Waiting(Some(call)),
    }
}

async fn one(gateway: &Arc<Gateway>, call: Result<Call, Fault>, who: &Asker) -> Option<String> {
    let (id, outcome): (_, Outcome) = match call {
        // Nobody could be told what became of it, so nothing becomes of it.
        Ok(Call { id: None, .. }) => return None,
        Ok(mut call) => (call.id.take(), gateway.answer(&call, who).await),
        Err(fault) => (None, Err(fault)),
    };
    Some(rpc::write(id.as_deref(), &outcome))
}

async fn calls(State(door): State<Arc<Door>>, request: Request) -> Reply {
    let origin = request.headers().get(header::ORIGIN).and_then(|origin| door.allows(origin));
    let reply = match door.calls(request).await {
        Ok(Some(text)) => json(StatusCode::OK, text),
        Ok(None) => StatusCode::NO_CONTENT.into_response(),
        Err(away) => turn_away(&door, away),
    };
    with_origin(reply, origin)
}

/// What a browser asks before it lets a page of another origin send JSON.
async fn preflight(State(door): State<Arc<Door>>, request: Request) -> Reply {
    let origin = request.headers().get(header::ORIGIN).and_then(|origin| door.allows(origin));
    if let Err(away) = door.is_meant(request.headers(), request.uri()) {
        return turn_away(&door, away);
    }
    let mut reply = StatusCode::NO_CONTENT.into_response();
    let headers = reply.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("authorization, content-type, idempotency-key"),
    );
    with_origin(reply, origin)
}

async fn health(State(door): State<Arc<Door>>, request: Request) -> Reply {
    match door.is_meant(request.headers(), request.uri()) {
        Ok(()) => json(StatusCode::OK, r#"{"status":"ok"}"#.to_owned()),
        Err(away) => turn_away(&door, away),
    }
}

async fn metrics(State(door): State<Arc<Door>>, request: Request) -> Reply {
    let may = door.is_meant(request.headers(), request.uri()).and_then(|()| door.who(request.headers()));
    if let Err(away) = may {
        return turn_away(&door, away);
    }
    let text = door.gateway.metrics.text();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

fn turn_away(door: &Door, Away { status, why, fault }: Away) -> Reply {
    door.gateway.metrics.turned_away(why);
    tracing::info!(status = status.as_u16(), why, "turned away");
    let mut reply = json(status, rpc::write(None, &Err(fault)));
    match status {
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            reply.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        StatusCode::UNAUTHORIZED => {
            reply.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        _ => {}
    }
    reply
}

pub(crate) fn json(status: StatusCode, text: String) -> Reply {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, text).into_response()
}

fn with_origin(mut reply: Reply, origin: Option<HeaderValue>) -> Reply {
    if let Some(origin) = origin {
        reply.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        reply.headers_mut().insert(header::VARY, HeaderValue::from_static("origin"));
    }
    reply
}

/// The name that an agent gives what it asks, so that asking again is asking once.
fn name(headers: &HeaderMap) -> Result<Option<String>, Away> {
    let mut given = headers.get_all("idempotency-key").iter();
    let Some(key) = given.next() else { return Ok(None) };
    match (key.to_str(), given.next()) {
        (Ok(key), None) if (1..=MAX_KEY_BYTES).contains(&key.len()) => Ok(Some(key.to_owned())),
        _ => {
            let message = format!("an Idempotency-Key is one text of at most {MAX_KEY_BYTES} characters");
            Err(away(StatusCode::BAD_REQUEST, "key", message))
        }
    }
}

/// Why a body was not read.
pub(crate) enum Unread {
    Slow,
    Long,
    Broken,
}

/// A body of so many bytes at most, within so many milliseconds.
pub(crate) async fn read(body: Body, bytes: usize, ms: u64) -> Result<Bytes, Unread> {
    let read = Limited::new(body, bytes).collect();
    match tokio::time::timeout(Duration::from_millis(ms), read).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(e)) if e.is::<LengthLimitError>() => Err(Unread::Long),
        Ok(Err(_)) => Err(Unread::Broken),
        Err(_) => Err(Unread::Slow),
    }
}

/// The hash of the token that a request shows.
pub(crate) fn shown_token(headers: &HeaderMap) -> Option<blake3::Hash> {
    let shown = headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes);
    let shown = shown.and_then(|shown| shown.split_at_checked("Bearer ".len()));
    shown.filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"Bearer ")).map(|(_, token)| blake3::hash(token))
}

pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let said = headers.get(header::CONTENT_TYPE).and_then(|said| said.to_str().ok()).unwrap_or_default();
    let kind = said.split(';').next().unwrap_or_default();
    kind.trim().eq_ignore_ascii_case("application/json")
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !name.ends_with(':') => name,
        _ => host,
    }
}

pub(crate) fn is_this_machine(host: &str) -> bool {
    let name = without_port(host);
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    name.eq_ignore_ascii_case("localhost")
        || address.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_this_machine() {
        for host in
            ["127.0.0.1", "127.0.0.1:8545", "localhost:1", "LOCALHOST", "[::1]:8545", "[::1]", "127.1.2.3"]
        {
            assert!(is_this_machine(host), "{host}");
        }
        for host in [
            "",
            ":",
            "example.org",
            "127.0.0.1.example.org",
            "localhost.example.org:80",
            "10.0.0.1",
            "0.0.0.0",
            "[::]",
            "localhost:x",
        ] {
            assert!(!is_this_machine(host), "{host}");
        }
    }
}
