//! The core: a call in, its outcome out. No sockets here.

use crate::{
    asking::Asking,
    calls::Batches,
    clock,
    config::{Config, ConfigError},
    keeper::{Asker, Keep, Keeper},
    methods::{self, Done, Here},
    metrics::Metrics,
    node::{Node, NodeError, Quantity, ask},
    rpc::{Call, Fault, Outcome, code, result},
};
use agentpol_model::{B256, ChainId, U256};
use agentpol_runtime::{
    Gate,
    ledger::{Misfit, Record, Reply},
};
use alloy::signers::Signer;
use serde::Deserialize;
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, MutexGuard, PoisonError},
};
use tokio::sync::Mutex;

/// A gate, the node behind it, and what is known besides.
pub struct Gateway {
    pub(crate) config: Config,
    pub(crate) chain: ChainId,
    pub(crate) keep: Arc<dyn Keep>,
    pub(crate) node: Arc<dyn Node>,
    pub(crate) metrics: Metrics,
    pub(crate) batches: Batches,
    /// From a nonce to its transaction's arrival at the node: one after another, so that they arrive in order.
    pub(crate) outgoing: Mutex<()>,
    /// What is to reach the node, by hash. What a client had signed to send itself is not in it.
    pub(crate) outbox: std::sync::Mutex<BTreeSet<B256>>,
    /// What waits for approval, as it was filled in.
    pub(crate) asking: Asking,
}

impl core::fmt::Debug for Gateway {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Gateway").field("chain", &self.chain).finish_non_exhaustive()
    }
}

/// Why a gateway does not begin.
#[derive(Debug)]
pub enum BeginError {
    /// What it was told is not safe.
    Config(ConfigError),
    /// The node is not there, or another chain's.
    Node(NodeError),
    /// The gate did not take the first nonce.
    Gate,
}

impl core::fmt::Display for BeginError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            BeginError::Config(e) => e.fmt(f),
            BeginError::Node(e) => e.fmt(f),
            BeginError::Gate => f.write_str("the gate did not take the account's first nonce"),
        }
    }
}

impl std::error::Error for BeginError {}

impl Gateway {
    /// Puts a gate before a node: the configuration is checked, and the node must be of the policy's chain. A ledger that does
    /// not know the account's nonce is told.
    pub async fn begin<S>(
        config: Config,
        gate: Arc<Gate<S>>,
        node: Arc<dyn Node>,
    ) -> Result<Arc<Self>, BeginError>
    where
        S: Signer + Send + Sync + 'static,
    {
        config.check().map_err(BeginError::Config)?;
        let keep = Keeper::new(gate);
        let chain = config.chain_of(&keep.chains()).map_err(BeginError::Config)?;
        let expected = U256::from(chain);
        let Quantity(found) = ask(node.as_ref(), "eth_chainId", &[(); 0]).await.map_err(BeginError::Node)?;
        if found != expected {
            return Err(BeginError::Node(NodeError::OtherChain { expected: chain, found }));
        }
        let gateway = Self {
            config,
            chain,
            keep: Arc::new(keep),
            node,
            metrics: Metrics::default(),
            batches: Batches::default(),
            outgoing: Mutex::new(()),
            outbox: std::sync::Mutex::default(),
            asking: Asking::default(),
        };
        gateway.begin_nonces().await?;
        // Nobody knows any more what of this was to be sent, and all of it may land.
        let open = gateway.keep.open(chain);
        let signed =
            open.iter().flat_map(|open| &open.versions).filter_map(|version| version.signed.as_ref());
        gateway.outbox().extend(signed.map(|sent| sent.hash));
        Ok(Arc::new(gateway))
    }

    /// The first nonce is the chain's to say, and so is what others can take already. What waits in the node's pool was signed by
    /// somebody else: it goes first.
    async fn begin_nonces(&self) -> Result<(), BeginError> {
        if self.keep.next_nonce(self.chain).is_some() {
            return Ok(());
        }
        let account = self.keep.signer();
        let question = (account.to_string(), "pending");
        let count: Quantity =
            ask(self.node.as_ref(), "eth_getTransactionCount", &question).await.map_err(BeginError::Node)?;
        let nonce =
            count.small().ok_or(BeginError::Node(NodeError::Malformed("no account has such a nonce")))?;
        // First: whoever is stopped in between counts it once more, and not never.
        self.take_inventory().await;
        match self.keep.observe(Record::Begin(self.chain, account, nonce)).await {
            Ok(Reply::Done | Reply::Refused(Misfit::NonceKnown)) => Ok(()),
            _ => Err(BeginError::Gate),
        }
    }

    /// One call, to its outcome. It must be waited for to its end: a reservation without its signature would stand in the way of
    /// all that come after it.
    pub(crate) async fn answer(&self, call: &Call, who: &Asker) -> Outcome {
        let Some((name, done)) = methods::find(&call.method) else {
            self.metrics.call("unknown", false);
            let message = format!("there is no method {}", crate::rpc::foreign(&call.method));
            return Err(Fault::new(code::METHOD_NOT_FOUND, message));
        };
        let outcome = match done {
            Done::Forwarded => self.node.call(&call.method, &call.params).await.map_err(NodeError::forwarded),
            Done::Here(here) => self.here(here, call).await,
            Done::Refused(why) => {
                Err(Fault::new(code::UNSUPPORTED, format!("{} is refused: {why}", call.method)))
            }
            Done::Judged(judged) => self.judge(judged, call, who).await,
        };
        self.metrics.call(name, outcome.is_ok());
        tracing::debug!(method = name, ok = outcome.is_ok(), "answered");
        outcome
    }

    async fn here(&self, here: Here, call: &Call) -> Outcome {
        match here {
            Here::Accounts => result(&[self.keep.signer().to_string()]),
            Here::ChainId => result(&Quantity::from(self.chain)),
            Here::NetVersion => result(&self.chain.to_string()),
            Here::SwitchChain => self.switch(call),
            Here::Capabilities => self.capabilities(call),
            Here::CallsStatus => self.status(call).await,
            Here::Left => result(&self.keep.left()),
        }
    }

    fn switch(&self, call: &Call) -> Outcome {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct To {
            chain_id: Quantity,
        }
        let [to]: [To; 1] = serde_json::from_str(call.params.get())
            .map_err(|_| Fault::params("`params` is one object with a `chainId`"))?;
        match to.chain_id == Quantity::from(self.chain) {
            true => result(&()),
            false => {
                Err(Fault::new(code::OTHER_CHAIN, format!("this wallet signs for chain {} only", self.chain)))
            }
        }
    }

    /// Several calls are made one after another, and never all or none.
    fn capabilities(&self, call: &Call) -> Outcome {
        let invalid = || Fault::params("`params` is the account, and perhaps an array of chains");
        let params: Vec<serde_json::Value> =
            serde_json::from_str(call.params.get()).map_err(|_| invalid())?;
        let account = params.first().and_then(|account| account.as_str()).ok_or_else(invalid)?;
        if account.parse() != Ok(self.keep.signer()) {
            return Err(Fault::new(code::DENIED, "this wallet speaks for its own account only"));
        }
        let chain = format!("{:#x}", self.chain);
        let asked = match params.get(1) {
            None => true,
            Some(chains) => {
                let chains = chains.as_array().ok_or_else(invalid)?;
                chains.iter().any(|one| one.as_str() == Some(chain.as_str()))
            }
        };
        let of_chain = asked.then(|| (chain, json!({"atomic": {"status": "unsupported"}})));
        result(&of_chain.into_iter().collect::<BTreeMap<_, _>>())
    }

    pub(crate) fn outbox(&self) -> MutexGuard<'_, BTreeSet<B256>> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn now(&self) -> agentpol_model::Time {
        clock::now()
    }
}
