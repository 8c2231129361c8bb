//! What the gateway is told. Everything has a name, a unit and a default; what is not known is refused.

use agentpol_model::ChainId;
use core::fmt;
use serde::Deserialize;
use std::{collections::BTreeSet, net::SocketAddr, path::PathBuf, time::Duration};

/// A body holds at most so many bytes: the longest request, and a batch around it.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;
/// Calls of one batch.
pub const MAX_BATCH: usize = 100;
/// Connections at once.
pub const MAX_CONNECTIONS: usize = 256;
/// Requests that are worked on at once.
pub const MAX_IN_FLIGHT: usize = 128;
/// Calls a second of one agent, in the long run.
pub const CALLS_PER_SECOND: u32 = 100;
/// Calls of one agent at once.
pub const BURST: u32 = 400;
/// Milliseconds for a request's head, and between requests of one connection.
pub const HEAD_TIMEOUT_MS: u64 = 15_000;
/// Milliseconds for a request's body.
pub const BODY_TIMEOUT_MS: u64 = 10_000;
/// Milliseconds for what is being answered when the gateway stops.
pub const SHUTDOWN_MS: u64 = 15_000;
/// Milliseconds for an answer of the node.
pub const NODE_TIMEOUT_MS: u64 = 10_000;
/// The most that connections, and requests at once, can be set to.
pub const MOST_AT_ONCE: usize = 65_536;
/// Bytes of an answer of the node.
pub const MAX_ANSWER_BYTES: usize = 32 * 1024 * 1024;
/// Milliseconds between looks at the chain.
pub const POLL_MS: u64 = 4_000;
/// The shortest token: 64 bits even if it is hex, which nobody guesses by asking.
pub const MIN_TOKEN_BYTES: usize = 16;

/// Everything.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where agents connect.
    pub listen: Listen,
    /// Who may; on a unix socket whoever can open the file.
    #[serde(default)]
    pub tokens: Vec<Token>,
    /// Anybody on this machine may ask. Nothing else tells agents apart then.
    #[serde(default)]
    pub without_token: bool,
    /// Web pages that may ask, as browsers name them: `http://localhost:3000`.
    #[serde(default)]
    pub origins: Vec<String>,
    /// Names under which the gateway is reached, beside this machine's own.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// Listen on an address that other machines reach.
    #[serde(default)]
    pub beyond_this_machine: bool,
    /// Where the owner and approvers connect: a unix socket. Without it they cannot.
    #[serde(default)]
    pub control: Option<PathBuf>,
    /// The node.
    pub upstream: Upstream,
    /// The chain; none: the policy's, if it has only one.
    #[serde(default)]
    pub chain: Option<ChainId>,
    /// Never look at the chain: nothing that was counted is ever released.
    #[serde(default)]
    pub no_chain: bool,
    /// Milliseconds between looks at the chain.
    #[serde(default = "poll_ms")]
    pub poll_ms: u64,
    /// Blocks after which one counts as final, for nodes that cannot say which is. Without it such a node releases nothing.
    #[serde(default)]
    pub final_depth: Option<u64>,
    /// How much, how many, how long.
    #[serde(default)]
    pub limits: Limits,
}

/// Where agents connect.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Listen {
    /// An address of this machine.
    Tcp(SocketAddr),
    /// A unix socket, which only its owner can open.
    Unix(PathBuf),
}

/// A token, and whose it is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// The agent, as rules name it.
    #[serde(default)]
    pub agent: Option<String>,
    /// What it shows: `Authorization: Bearer …`.
    pub token: Secret,
}

/// The node.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upstream {
    /// `http://` or `https://`. It often holds a key, so it is never shown.
    pub url: Secret,
    /// Milliseconds for an answer.
    #[serde(default = "node_timeout_ms")]
    pub timeout_ms: u64,
    /// Bytes of an answer.
    #[serde(default = "max_answer_bytes")]
    pub max_answer_bytes: usize,
}

/// How much, how many, how long.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Bytes of a body.
    pub body_bytes: usize,
    /// Calls of a batch.
    pub batch: usize,
    /// Connections at once.
    pub connections: usize,
    /// Requests that are worked on at once.
    pub in_flight: usize,
    /// Calls a second of one agent, in the long run.
    pub calls_per_second: u32,
    /// Calls of one agent at once.
    pub burst: u32,
    /// Milliseconds for a request's head.
    pub head_ms: u64,
    /// Milliseconds for a request's body.
    pub body_ms: u64,
    /// Milliseconds for what is being answered when the gateway stops.
    pub shutdown_ms: u64,
}

/// Text that is never shown.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Takes it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// What is wrong with what the gateway is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigError {
    /// Other machines would reach it.
    NotLocal(SocketAddr),
    /// Anybody on this machine could ask.
    NoToken,
    /// A token can be guessed.
    ShortToken,
    /// Two agents have one token.
    TokenTwice,
    /// A limit of zero lets nothing through.
    Zero(&'static str),
    /// No machine has as many.
    TooMany(&'static str),
    /// The policy has several chains, or not this one.
    Chain,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConfigError::NotLocal(at) => write!(
                f,
                "other machines reach {at}; listen on 127.0.0.1 or a unix socket, or say `beyond_this_machine`"
            ),
            ConfigError::NoToken => f.write_str(
                "without a token anybody on this machine can ask; give `tokens`, or say `without_token`",
            ),
            ConfigError::ShortToken => write!(f, "a token has at least {MIN_TOKEN_BYTES} characters"),
            ConfigError::TokenTwice => f.write_str("two tokens are the same, so nobody knows who asks"),
            ConfigError::Zero(what) => write!(f, "{what} of zero lets nothing through"),
            ConfigError::TooMany(what) => write!(f, "{what} is at most {MOST_AT_ONCE}"),
            ConfigError::Chain => f.write_str("name the chain: one that the policy is for"),
        }
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// A gateway at this address before this node, and everything else as it is by default.
    pub fn new(listen: Listen, url: Secret) -> Self {
        Self {
            listen,
            tokens: Vec::new(),
            without_token: false,
            origins: Vec::new(),
            hosts: Vec::new(),
            beyond_this_machine: false,
            control: None,
            upstream: Upstream { url, timeout_ms: NODE_TIMEOUT_MS, max_answer_bytes: MAX_ANSWER_BYTES },
            chain: None,
            no_chain: false,
            poll_ms: POLL_MS,
            final_depth: None,
            limits: Limits::default(),
        }
    }

    /// The chain that is served, of those that the policy is for: the one that was named, or the only one.
    pub(crate) fn chain_of(&self, chains: &BTreeSet<ChainId>) -> Result<ChainId, ConfigError> {
        let chain = match self.chain {
            Some(chain) => chains.get(&chain).copied(),
            None if chains.len() == 1 => chains.first().copied(),
            None => None,
        };
        chain.ok_or(ConfigError::Chain)
    }

    /// Refuses what would let in more than was said.
    pub fn check(&self) -> Result<(), ConfigError> {
        if let Listen::Tcp(at) = self.listen {
            if !at.ip().is_loopback() && !self.beyond_this_machine {
                return Err(ConfigError::NotLocal(at));
            }
            // Whoever listens to other machines has tokens, whatever else is said.
            if self.tokens.is_empty() && (!self.without_token || !at.ip().is_loopback()) {
                return Err(ConfigError::NoToken);
            }
        }
        if self.tokens.iter().any(|one| one.token.as_str().len() < MIN_TOKEN_BYTES) {
            return Err(ConfigError::ShortToken);
        }
        for (n, one) in self.tokens.iter().enumerate() {
            if self.tokens.iter().take(n).any(|other| other.token == one.token) {
                return Err(ConfigError::TokenTwice);
            }
        }
        let limits = &self.limits;
        for (what, n) in [
            ("`body_bytes`", limits.body_bytes as u64),
            ("`batch`", limits.batch as u64),
            ("`connections`", limits.connections as u64),
            ("`in_flight`", limits.in_flight as u64),
            ("`calls_per_second`", u64::from(limits.calls_per_second)),
            ("`burst`", u64::from(limits.burst)),
            ("`head_ms`", limits.head_ms),
            ("`body_ms`", limits.body_ms),
            ("`poll_ms`", self.poll_ms),
            ("`timeout_ms`", self.upstream.timeout_ms),
            ("`max_answer_bytes`", self.upstream.max_answer_bytes as u64),
        ] {
            if n == 0 {
                return Err(ConfigError::Zero(what));
            }
        }
        for (what, n) in [("`connections`", limits.connections), ("`in_flight`", limits.in_flight)] {
            if n > MOST_AT_ONCE {
                return Err(ConfigError::TooMany(what));
            }
        }
        Ok(())
    }
}

impl Upstream {
    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: MAX_BODY_BYTES,
            batch: MAX_BATCH,
            connections: MAX_CONNECTIONS,
            in_flight: MAX_IN_FLIGHT,
            calls_per_second: CALLS_PER_SECOND,
            burst: BURST,
            head_ms: HEAD_TIMEOUT_MS,
            body_ms: BODY_TIMEOUT_MS,
            shutdown_ms: SHUTDOWN_MS,
        }
    }
}

const fn poll_ms() -> u64 {
    POLL_MS
}

const fn node_timeout_ms() -> u64 {
    NODE_TIMEOUT_MS
}

const fn max_answer_bytes() -> usize {
    MAX_ANSWER_BYTES
}
