//! The endpoint that wallet clients take for their node. They ask it for JSON-RPC as ever; what would be signed is judged by
//! the policy first, what only reads goes to the node behind, and what would go round the policy is refused.
//!
//! ```text
//! client ─ HTTP ─> door ─> rpc ─> methods ─┬─ forwarded ─────────────────────────────────> node
//!                                          ├─ answered here
//!                                          ├─ refused
//!                                          └─ judged: read, preview, fill, ask, sign, send ─> node
//!                                                                   │                           │
//!                                                                  gate <── facts ── follow <───┘
//! ```
//!
//! | module | holds |
//! | --- | --- |
//! | [`config`] | what the gateway is told, its limits and its refusals |
//! | `server` | sockets, slow clients, stopping |
//! | `door` | HTTP: who may come in, how much, how often |
//! | [`rpc`] | JSON-RPC, strictly |
//! | [`methods`] | every method, and what is done with it |
//! | `gateway` | one call to its outcome |
//! | `judged` | what the policy judges |
//! | `asking` | what waits for approval, as it was filled in |
//! | `calls` | calls that are made together (EIP-5792) |
//! | [`owner`] | what the owner and approvers ask, on a socket of their own |
//! | `fill` | gas and fees, where a request leaves them open |
//! | `keeper` | the gate, behind its lock |
//! | `inventory` | allowances that stood before |
//! | [`node`], `upstream` | the node, which is not trusted |
//! | `follow` | what became final, told to the ledger |
//! | `metrics` | counters |
//! | [`page`] | a web page for those who have to agree |
//! | `recent` | what is remembered of late |
//! | [`clock`] | the only place that reads the time |
//!
//! # What a client sees of a denial
//! Error 4100: the message is `denied by the policy: RULE: REASON` in one line, `data` the whole decision. The same request gets
//! the same answer. Nothing was signed and no nonce was given.
//!
//! Where somebody has to agree first, the message is `not signed before somebody agrees: …`. Whoever asks for the same again once they
//! have agreed gets what was made of it; a transaction that was to be sent was sent by then.
//!
//! # What is promised of a nonce
//! A nonce is given by the gate together with the reservation, so no two requests get the same and a denied one gets none.
//! From there to the node transactions go one after another, in the order of their nonces. Work that has begun is finished
//! even if the client is gone.

mod asking;
mod calls;
pub mod clock;
pub mod config;
mod door;
mod fill;
mod follow;
mod gateway;
mod inventory;
mod judged;
mod keeper;
pub mod methods;
mod metrics;
pub mod node;
pub mod owner;
pub mod page;
mod rate;
mod recent;
pub mod rpc;
mod server;
mod upstream;

pub use calls::MAX_BATCHES;
pub use config::Config;
pub use door::{MAX_KEY_BYTES, router};
pub use follow::Follower;
pub use gateway::{BeginError, Gateway};
pub use node::{Node, NodeError};
pub use server::{MAX_HEAD_BYTES, MAX_HEADERS, ServeError, Server, serve};
pub use upstream::{Upstream, UpstreamError};
