//! The node over HTTP: one client, kept connections, no redirects, nothing from the environment.

use crate::{
    config::Upstream as Settings,
    node::{Boxed, Node, NodeError, Quantity, read_answer},
};
use agentpol_model::{ChainId, U256};
use core::task::{Context, Poll};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{Method, Request, Uri, body::Bytes, header};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use serde::Serialize;
use serde_json::value::RawValue;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tower::Service;

/// A node at an address.
#[derive(Debug)]
pub struct Upstream {
    client: Client<Counted<HttpsConnector<HttpConnector>>, Full<Bytes>>,
    uri: Uri,
    chain: ChainId,
    timeout: Duration,
    max_answer: usize,
    next_id: AtomicU64,
    /// Connections that were made.
    made: Arc<AtomicU64>,
    /// How many of them had been made when the chain was last asked for and was right.
    checked: AtomicU64,
}

/// Why a node's address cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpstreamError {
    /// It is no `http://` or `https://` address.
    Address,
    /// There is no way to speak TLS here.
    Tls,
}

impl core::fmt::Display for UpstreamError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            UpstreamError::Address => "the node's address begins with http:// or https:// and names a host",
            UpstreamError::Tls => "TLS cannot be set up",
        })
    }
}

impl std::error::Error for UpstreamError {}

#[derive(Serialize)]
struct Question<'a> {
    jsonrpc: &'static str,
    id: u64,
    method: &'a str,
    params: &'a RawValue,
}

impl Upstream {
    /// Nothing is asked yet.
    pub fn new(settings: &Settings, chain: ChainId) -> Result<Self, UpstreamError> {
        let uri: Uri = settings.url.as_str().parse().map_err(|_| UpstreamError::Address)?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none_or(str::is_empty) {
            return Err(UpstreamError::Address);
        }
        let mut plain = HttpConnector::new();
        plain.enforce_http(false);
        plain.set_nodelay(true);
        plain.set_connect_timeout(Some(settings.timeout()));
        let provider = rustls::crypto::ring::default_provider();
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(provider)
            .map_err(|_| UpstreamError::Tls)?
            .https_or_http()
            .enable_http1()
            .wrap_connector(plain);
        let made = Arc::new(AtomicU64::new(0));
        let counted = Counted { inner: connector, made: made.clone() };
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(30))
            .build(counted);
        Ok(Self {
            client,
            uri,
            chain,
            timeout: settings.timeout(),
            max_answer: settings.max_answer_bytes,
            next_id: AtomicU64::new(1),
            made,
            checked: AtomicU64::new(0),
        })
    }

    async fn exchange(&self, method: &str, params: &RawValue) -> Result<Box<RawValue>, NodeError> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let question = Question { jsonrpc: "2.0", id, method, params };
        let body = serde_json::to_vec(&question).map_err(|_| NodeError::Malformed("the question"))?;
        let request = Request::builder()
            .method(Method::POST)
            .uri(self.uri.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json")
            .header(header::USER_AGENT, concat!("agentpol/", env!("CARGO_PKG_VERSION")))
            .body(Full::new(Bytes::from(body)))
            .map_err(|_| NodeError::Malformed("the question"))?;
        let answered = async {
            let response = self.client.request(request).await.map_err(|_| NodeError::Unreachable)?;
            let body = Limited::new(response.into_body(), self.max_answer).collect().await;
            let body = body.map_err(|e| match e.is::<http_body_util::LengthLimitError>() {
                true => NodeError::TooLong,
                false => NodeError::Unreachable,
            })?;
            // Errors of JSON-RPC come with any status.
            read_answer(&body.to_bytes(), id)
        };
        tokio::time::timeout(self.timeout, answered).await.map_err(|_| NodeError::TooSlow)?
    }

    /// Whoever answers a new connection may be somebody else: before an answer is believed, the chain is asked for again.
    async fn check_chain(&self) -> Result<(), NodeError> {
        let made = self.made.load(Ordering::SeqCst);
        if self.checked.load(Ordering::SeqCst) == made {
            return Ok(());
        }
        let none: &RawValue = serde_json::from_str("[]").map_err(|_| NodeError::Malformed("the question"))?;
        let answer = self.exchange("eth_chainId", none).await?;
        let Quantity(found) = serde_json::from_str(answer.get())
            .map_err(|_| NodeError::Malformed("eth_chainId is no quantity"))?;
        if found != U256::from(self.chain) {
            return Err(NodeError::OtherChain { expected: self.chain, found });
        }
        self.checked.fetch_max(made, Ordering::SeqCst);
        Ok(())
    }
}

impl Node for Upstream {
    fn call<'a>(
        &'a self,
        method: &'a str,
        params: &'a RawValue,
    ) -> Boxed<'a, Result<Box<RawValue>, NodeError>> {
        Box::pin(async move {
            let answer = self.exchange(method, params).await;
            // Also where it is an error: "it reverts" on another chain says nothing of this one.
            match answer {
                Ok(_) | Err(NodeError::Refused { .. }) => self.check_chain().await.and(answer),
                Err(_) => answer,
            }
        })
    }
}

/// A connector that counts the connections it makes.
#[derive(Clone, Debug)]
struct Counted<C> {
    inner: C,
    made: Arc<AtomicU64>,
}

impl<C: Service<Uri>> Service<Uri> for Counted<C> {
    type Response = C::Response;
    type Error = C::Error;
    type Future = C::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), C::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, uri: Uri) -> C::Future {
        self.made.fetch_add(1, Ordering::SeqCst);
        self.inner.call(uri)
    }
}
