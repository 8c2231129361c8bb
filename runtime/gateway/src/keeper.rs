//! The gate as the gateway uses it: the only file that knows how it is locked and what a call of it costs.

use crate::node::Boxed;
use agentpol_ethereum::{Facts, OwnedRequest, Refusal, Signed};
use agentpol_model::{Address, B256, ChainId, Time, U256};
use agentpol_runtime::{
    Answer, Decision, Gate, Nonces, Session,
    gate::{GateSignError, Reserved},
    ledger::{Record, Reply, Slot, state::ItemKind, state::Version},
};
use alloy::signers::Signer;
use alloy_primitives::keccak256;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use tokio::sync::Mutex;

/// Who asks, as far as it was shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asker {
    /// The agent whose token was shown.
    pub(crate) agent: Option<Arc<str>>,
}

/// The gate did not come back: a fault of ours. Nothing more is known than that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken;

/// A nonce of ours that nothing final has used yet.
#[derive(Clone, Debug)]
pub(crate) struct Open {
    pub(crate) slot: Slot,
    pub(crate) nonce: u64,
    pub(crate) versions: Vec<OpenVersion>,
}

/// One of the transactions that may use it.
#[derive(Clone, Debug)]
pub(crate) struct OpenVersion {
    /// How the ledger knows it.
    pub(crate) digest: B256,
    /// As it was signed, if it was.
    pub(crate) signed: Option<Sent>,
    /// Of each token that a spender pulls by it, how much at most: where the logs of its receipt tell the pulls apart.
    pub(crate) pulls: Option<Vec<(Address, U256)>>,
}

/// A signed transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) hash: B256,
    pub(crate) raw: Vec<u8>,
}

/// What the gateway asks of a gate.
pub(crate) trait Keep: Send + Sync {
    /// The account of the key.
    fn signer(&self) -> Address;
    /// The account whose assets move.
    fn wallet(&self) -> Address;
    /// The chains of the policy.
    fn chains(&self) -> Boxed<'_, BTreeSet<ChainId>>;
    /// `fees at most`, in wei.
    fn fee_cap(&self, chain: ChainId) -> Boxed<'_, Option<U256>>;
    /// The decision about what could not even be read.
    fn refuse<'a>(&'a self, refusal: &'a Refusal) -> Boxed<'a, Decision>;
    /// What would be said of these, one after another, with what is open left open. Nothing is counted. Of several it is a first
    /// look only: each is still judged by itself when it is signed.
    fn preview<'a>(
        &'a self,
        requests: &'a [OwnedRequest],
        who: &'a Asker,
        now: Time,
    ) -> Boxed<'a, Vec<Decision>>;
    /// Judges, and reserves what is allowed.
    fn ask(&self, request: OwnedRequest, who: &Asker, now: Time) -> Boxed<'_, Result<Answer, Broken>>;
    /// Signs what was reserved.
    fn sign(&self, reserved: Reserved) -> Boxed<'_, Result<Signed, GateSignError>>;
    /// Takes in what the chain says.
    fn observe(&self, fact: Record) -> Boxed<'_, Result<Reply, Broken>>;
    /// The nonce that comes next.
    fn next_nonce(&self, chain: ChainId) -> Boxed<'_, Option<u64>>;
    /// The nonces that are not settled, in order.
    fn open(&self, chain: ChainId) -> Boxed<'_, Vec<Open>>;
    /// Is nothing signed until the owner has looked?
    fn locked(&self) -> Boxed<'_, bool>;
}

/// A gate behind a lock.
pub(crate) struct Keeper<S> {
    signer: Address,
    wallet: Address,
    gate: Arc<Mutex<Gate<S>>>,
    /// By digest: what was signed and may still land.
    sent: std::sync::Mutex<BTreeMap<B256, Sent>>,
}

impl<S> Keeper<S> {
    pub(crate) fn new(gate: Gate<S>) -> Self {
        Self {
            signer: gate.policy().signer(),
            wallet: gate.policy().wallet(),
            gate: Arc::new(Mutex::new(gate)),
            sent: std::sync::Mutex::default(),
        }
    }

    /// A map is whole even if whoever held it is gone.
    fn sent(&self) -> std::sync::MutexGuard<'_, BTreeMap<B256, Sent>> {
        self.sent.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl<S: Signer + Send + Sync + 'static> Keep for Keeper<S> {
    fn signer(&self) -> Address {
        self.signer
    }

    fn wallet(&self) -> Address {
        self.wallet
    }

    fn chains(&self) -> Boxed<'_, BTreeSet<ChainId>> {
        Box::pin(async { self.gate.lock().await.policy().terms().chains.iter().copied().collect() })
    }

    fn fee_cap(&self, chain: ChainId) -> Boxed<'_, Option<U256>> {
        Box::pin(async move { self.gate.lock().await.policy().fee_cap(chain) })
    }

    fn refuse<'a>(&'a self, refusal: &'a Refusal) -> Boxed<'a, Decision> {
        Box::pin(async { self.gate.lock().await.policy().refuse(refusal) })
    }

    fn preview<'a>(
        &'a self,
        requests: &'a [OwnedRequest],
        who: &'a Asker,
        now: Time,
    ) -> Boxed<'a, Vec<Decision>> {
        Box::pin(async move {
            let gate = self.gate.lock().await;
            let (policy, ledger) = (gate.policy(), gate.ledger());
            let now = now.max(ledger.state().now);
            let facts = Facts { wallet: self.wallet, signer: self.signer, agent: who.agent.as_deref(), now };
            if let [one] = requests {
                return vec![match one.lend(&facts) {
                    Ok(lent) => policy.decide(&lent.request(), ledger),
                    Err(refusal) => policy.refuse(&refusal),
                }];
            }
            let mut session = Session::resume(policy, ledger.clone(), Nonces::Next);
            let mut decide = |request: &OwnedRequest| match request.lend(&facts) {
                Ok(lent) => session.decide(&lent.request()),
                Err(refusal) => policy.refuse(&refusal),
            };
            requests.iter().map(&mut decide).collect()
        })
    }

    fn ask(&self, request: OwnedRequest, who: &Asker, now: Time) -> Boxed<'_, Result<Answer, Broken>> {
        let (gate, agent) = (self.gate.clone(), who.agent.clone());
        let asked =
            tokio::task::spawn_blocking(move || gate.blocking_lock().ask(request, agent.as_deref(), now));
        Box::pin(async { asked.await.map_err(|_| Broken) })
    }

    fn sign(&self, reserved: Reserved) -> Boxed<'_, Result<Signed, GateSignError>> {
        Box::pin(async move {
            let digest = keccak256(reserved.payload());
            let signed = self.gate.lock().await.sign(reserved).await?;
            if let Some(transaction) = signed.transaction() {
                self.sent().insert(digest, Sent { hash: transaction.hash, raw: transaction.raw.clone() });
            }
            Ok(signed)
        })
    }

    fn observe(&self, fact: Record) -> Boxed<'_, Result<Reply, Broken>> {
        let gate = self.gate.clone();
        let settled = match &fact {
            Record::Landed(landed) => Some(landed.slot),
            Record::Foreign(slot) | Record::Void(slot) => Some(*slot),
            _ => None,
        };
        let observed = tokio::task::spawn_blocking(move || {
            let mut gate = gate.blocking_lock();
            let versions = settled.and_then(|slot| gate.ledger().state().slots.get(&slot));
            let settled: Vec<B256> = versions
                .iter()
                .flat_map(|open| &open.versions)
                .map(|version| version.request.digest)
                .collect();
            (gate.observe(fact), settled)
        });
        Box::pin(async move {
            let (reply, settled) = observed.await.map_err(|_| Broken)?;
            if reply == Reply::Done {
                self.sent().retain(|digest, _| !settled.contains(digest));
            }
            Ok(reply)
        })
    }

    fn next_nonce(&self, chain: ChainId) -> Boxed<'_, Option<u64>> {
        Box::pin(async move { self.gate.lock().await.next_nonce(chain) })
    }

    fn open(&self, chain: ChainId) -> Boxed<'_, Vec<Open>> {
        Box::pin(async move {
            let gate = self.gate.lock().await;
            let sent = self.sent();
            let slots = gate.ledger().state().slots.iter();
            let ours = slots.filter_map(|(slot, open)| match *slot {
                Slot::Transaction { chain: on, account, nonce } if on == chain && account == self.signer => {
                    let versions = open.versions.iter().map(|version| OpenVersion {
                        digest: version.request.digest,
                        signed: sent.get(&version.request.digest).cloned(),
                        pulls: pulls(version),
                    });
                    Some(Open { slot: *slot, nonce, versions: versions.collect() })
                }
                _ => None,
            });
            let mut open: Vec<Open> = ours.collect();
            open.sort_by_key(|open| open.nonce);
            open
        })
    }

    fn locked(&self) -> Boxed<'_, bool> {
        Box::pin(async { self.gate.lock().await.ledger().state().locked })
    }
}

/// The logs of a receipt say which token left the wallet, and not by whose doing. Where each token is pulled once and moved by
/// nothing else, that says it all; everywhere else what a pull took stays unknown, and the hold goes on counting it.
fn pulls(version: &Version) -> Option<Vec<(Address, U256)>> {
    let mut seen = BTreeSet::new();
    let mut pulls = Vec::new();
    for item in &version.items {
        let pull = match item.kind {
            ItemKind::Pull { .. } => true,
            ItemKind::Move => false,
            ItemKind::Grant { .. } | ItemKind::Trust { .. } => continue,
        };
        let again = !seen.insert(item.key.asset);
        match (pull, item.key.asset.contract) {
            (_, _) if again => return None,
            (true, Some(token)) => pulls.push((token, item.amount)),
            (true, None) => return None,
            (false, _) => {}
        }
    }
    (!pulls.is_empty()).then_some(pulls)
}
