//! The socket's side: HTTP without tokens, since only whoever runs the gate can open it.

use crate::{
    door::json,
    gateway::Gateway,
    rpc::{self, Call, Fault, Message, code},
};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, State},
    http::{Response, StatusCode},
    routing::post,
};
use std::sync::Arc;

/// Bytes of a call.
const MAX_BYTES: usize = 1024 * 1024;

/// The route: JSON-RPC at `/`, one call at a time.
pub fn router(gateway: Arc<Gateway>) -> Router {
    Router::new().route("/", post(calls)).layer(DefaultBodyLimit::max(MAX_BYTES)).with_state(gateway)
}

async fn calls(State(gateway): State<Arc<Gateway>>, body: Bytes) -> Response<Body> {
    let message = match core::str::from_utf8(&body) {
        Ok(text) => rpc::read(text, 1),
        Err(_) => Err(Fault::new(code::PARSE, "the body is not UTF-8")),
    };
    let answer = match message {
        Ok(Message::One(Ok(call))) => {
            // What was begun is finished, also when whoever asked is gone.
            let work = tokio::spawn(async move { one(&gateway, call).await });
            work.await
                .unwrap_or_else(|_| rpc::write(None, &Err(Fault::new(code::INTERNAL, "the gateway failed"))))
        }
        Ok(Message::One(Err(fault))) | Err(fault) => rpc::write(None, &Err(fault)),
        Ok(Message::Batch(_)) => {
            rpc::write(None, &Err(Fault::new(code::INVALID_REQUEST, "the owner asks one thing at a time")))
        }
    };
    json(StatusCode::OK, answer)
}

async fn one(gateway: &Gateway, mut call: Call) -> String {
    let id = call.id.take();
    rpc::write(id.as_deref(), &gateway.owners_answer(&call).await)
}
