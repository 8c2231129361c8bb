//! A web page for those who have to agree. It shows what waits, in plain words, and takes the signature of the browser's wallet.
//! It decides nothing: what it shows and where signatures go is its [`Desk`]'s.
//!
//! # Who gets in
//! Every page in the browser and every user of the machine reaches the port. What keeps them out:
//!
//! | looked at | keeps out |
//! | --- | --- |
//! | the address that is listened at: loopback only | other machines |
//! | `Host`: a name of this machine | a foreign name that leads here (DNS rebinding) |
//! | `Origin`, where there is one: the page's own | other pages |
//! | in each call, the token | whoever was not given the link |
//! | in each call, `POST` with JSON | forms, images and links |
//!
//! The token stands in the link's fragment, which browsers send to nobody. The page takes it out of the address bar and keeps it
//! in memory. Whoever has it sees what waits and can reject; to approve takes an approver's key besides.
//!
//! # What is shown
//! Every text is somebody else's: of the agent, of a contract, of the policy's author. `text.js` is the only way
//! of a text into the page, as text; what cannot be seen is written out and what is not ASCII is marked. The page's own policy (CSP) lets no other
//! script run and nothing be loaded from elsewhere.

mod http;

pub use http::{BODY_TIMEOUT_MS, MAX_BODY_BYTES, MAX_IN_FLIGHT};

use crate::{
    config::Limits,
    node::Boxed,
    server::{Connections, Socket, finish},
};
use core::fmt;
use http::Counter;
use serde_json::Value;
use std::{future::Future, io, net::SocketAddr, sync::Arc};
use tokio::net::TcpListener;

/// Connections at once. A browser opens six.
pub const MAX_CONNECTIONS: usize = 32;
/// Milliseconds for a request's head, and between requests of one connection.
pub const HEAD_TIMEOUT_MS: u64 = 15_000;
/// Milliseconds for what is being answered when the page stops. An approval can wait for a node.
pub const SHUTDOWN_MS: u64 = 15_000;

/// Bytes of a token: nobody guesses them.
const TOKEN_BYTES: usize = 32;

/// What the page shows and does. Errors are said as they are, in plain words.
pub trait Desk: Send + Sync + 'static {
    /// What waits, the oldest first: an array of objects. `page.js` says what is in them.
    fn waiting(&self) -> Boxed<'_, Result<Value, String>>;
    /// A signature of `typedData`. What came of it: `{"status": "waiting" | "signed" | "sent" | "unsent" | "denied", "hash"?: "0x…",
    /// "reason"?: "…"}`.
    fn approve<'a>(&'a self, name: &'a str, signature: &'a str) -> Boxed<'a, Result<Value, String>>;
    /// Those who were asked say no. What came of it is an object: the page looks at nothing in it.
    fn reject<'a>(&'a self, name: &'a str) -> Boxed<'a, Result<Value, String>>;
}

/// A page that listens, and answers once it is [run](Page::run).
pub struct Page {
    listener: TcpListener,
    address: SocketAddr,
    token: String,
    desk: Arc<dyn Desk>,
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Page {
    /// Listens at an address of this machine, with a token of its own.
    pub async fn bind(listen: SocketAddr, desk: Arc<dyn Desk>) -> io::Result<Self> {
        if !listen.ip().is_loopback() {
            let why = format!("other machines reach {listen}; the page is for this one: listen on 127.0.0.1");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        let mut token = [0; TOKEN_BYTES];
        getrandom::fill(&mut token).map_err(|_| io::Error::other("the system has no random bytes"))?;
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address, token: alloy_primitives::hex::encode(token), desk })
    }

    /// Where it listens, with the port that the system chose.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The link. Whoever has it gets in: it is for the terminal, not for a log or another program's arguments.
    pub fn link(&self) -> String {
        format!("http://{}/#{}", self.address, self.token)
    }

    /// Answers until `shutdown` is over; then finishes what it is answering.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let counter = Arc::new(Counter::new(self.desk, &self.token));
        let router = http::router(counter.clone());
        let limits = Limits { connections: MAX_CONNECTIONS, head_ms: HEAD_TIMEOUT_MS, ..Limits::default() };
        let connections = Connections::new(router, &limits);
        let socket = Socket::Tcp(self.listener);
        tokio::select! {
            () = connections.accept(&socket) => {}
            () = shutdown => {}
        }
        let all = async {
            connections.graceful.shutdown().await;
            counter.idle().await;
        };
        finish(all, SHUTDOWN_MS).await;
    }
}
