//! The gate as the gateway uses it: the only file that knows what a call of it costs. Looking is quick and done at once; whatever
//! may wait for a disk or a distant key is done where waiting holds nobody up.

use crate::{judged::failed, node::Boxed, owner, rpc::Outcome};
use agentpol_ethereum::{Completion, Facts, OwnedRequest, Refusal, Signed};
use agentpol_model::{Address, B256, ChainId, Time, U256};
use agentpol_runtime::{
    Answer, Decision, Gate, Left, Nonces, Session,
    gate::{GateSignError, Irrevocable, Once, Reserved, RevokeError, Waiting},
    history::{Known, LogError, SignedAs},
    ledger::{Key, Outstanding, Record, Reply, Slot, state::ItemKind, state::Version},
};
use alloy::signers::{Signature, Signer};
use alloy_primitives::{Bytes, keccak256};
use serde_json::value::RawValue;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use tokio::{runtime::Handle, task::spawn_blocking};

/// Who asks, as far as it was shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asker {
    /// The agent whose token was shown.
    pub(crate) agent: Option<Arc<str>>,
    /// Its name for what it asks (`Idempotency-Key`).
    pub(crate) key: Option<String>,
}

/// Why the gate did not do it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// It did not come back: a fault of ours. Nothing more is known than that.
    Lost,
    /// Its log cannot be written.
    Log(LogError),
    /// It does not sign what it reserved.
    Sign(GateSignError),
}

impl core::fmt::Display for Broken {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Broken::Lost => f.write_str("the gate failed"),
            Broken::Log(e) => e.fmt(f),
            Broken::Sign(e) => e.fmt(f),
        }
    }
}

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
    /// As it was signed, if it was, and if it is a transaction.
    pub(crate) signed: Option<Sent>,
    /// Of each token that a spender pulls by it, how much at most: where the logs of its receipt tell the pulls apart.
    pub(crate) pulls: Option<Vec<(Address, U256)>>,
}

/// A signed transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) hash: B256,
    pub(crate) raw: Bytes,
}

impl Sent {
    /// What was signed, if it is a transaction: only of those the hash is that of the bytes.
    pub(crate) fn of(signed: &SignedAs) -> Option<Self> {
        let raw = signed.bytes.clone();
        (keccak256(&raw) == signed.hash).then_some(Self { hash: signed.hash, raw })
    }
}

/// What the gateway asks of a gate.
pub(crate) trait Keep: Send + Sync {
    /// The account of the key.
    fn signer(&self) -> Address;
    /// The account whose assets move.
    fn wallet(&self) -> Address;
    /// The chains of the policy.
    fn chains(&self) -> BTreeSet<ChainId>;
    /// `fees at most`, in wei.
    fn fee_cap(&self, chain: ChainId) -> Option<U256>;
    /// The decision about what could not even be read.
    fn refuse(&self, refusal: &Refusal) -> Decision;
    /// What would be said of these, one after another, with what is open left open. Nothing is counted. Of several it is a first
    /// look only: each is still judged by itself when it is signed.
    fn preview(&self, requests: &[OwnedRequest], who: &Asker, now: Time) -> Vec<Decision>;
    /// What became of what was asked under this name, if anything was.
    fn asked_before(&self, who: &Asker, now: Time, key: &Known) -> Option<Once>;
    /// Judges, and reserves what is allowed.
    fn ask(
        &self,
        request: OwnedRequest,
        who: &Asker,
        now: Time,
        key: Option<Known>,
    ) -> Boxed<'static, Result<Once, Broken>>;
    /// Signs what was reserved.
    fn sign(&self, reserved: Reserved) -> Boxed<'static, Result<Signed, Broken>>;
    /// Takes in what the chain says.
    fn observe(&self, fact: Record) -> Boxed<'static, Result<Reply, Broken>>;
    /// The nonce that comes next.
    fn next_nonce(&self, chain: ChainId) -> Option<u64>;
    /// The nonces that are not settled, in order.
    fn open(&self, chain: ChainId) -> Vec<Open>;
    /// Is nothing signed until the owner has looked?
    fn is_locked(&self) -> bool;
    /// Did the owner stop everything?
    fn is_frozen(&self) -> bool;
    /// Whoever could have an allowance of the wallet's, as far as the policy names them.
    fn holders(&self, chain: ChainId) -> Vec<Key>;
    /// What is left of each budget.
    fn left(&self) -> Vec<Left>;
    /// What the owner asks for without needing a key.
    fn books(&self, method: String, params: Box<RawValue>, now: Time) -> Boxed<'static, Outcome>;
    /// What waits for approval under this name.
    fn waiting(&self, name: &B256, now: Time) -> Option<Waiting>;
    /// Somebody agrees.
    fn approve(
        &self,
        name: B256,
        signatures: Vec<Signature>,
        now: Time,
    ) -> Boxed<'static, Result<Answer, Broken>>;
    /// Who can take what.
    fn outstanding(&self) -> Vec<Outstanding>;
    /// What takes it back, with nonce, gas and fees left open.
    fn revocation(&self, of: &Key) -> Result<OwnedRequest, Irrevocable>;
    /// Counts that.
    fn revoke(
        &self,
        of: Key,
        fill: Completion,
        now: Time,
    ) -> Boxed<'static, Result<Result<Reserved, RevokeError>, Broken>>;
}

/// A gate.
pub(crate) struct Keeper<S> {
    signer: Address,
    wallet: Address,
    gate: Arc<Gate<S>>,
}

impl<S> Keeper<S> {
    pub(crate) fn new(gate: Arc<Gate<S>>) -> Self {
        let policy = gate.policy();
        Self { signer: policy.signer(), wallet: policy.wallet(), gate }
    }
}

impl<S: Signer + Send + Sync + 'static> Keep for Keeper<S> {
    fn signer(&self) -> Address {
        self.signer
    }

    fn wallet(&self) -> Address {
        self.wallet
    }

    fn chains(&self) -> BTreeSet<ChainId> {
        self.gate.policy().terms().chains.iter().copied().collect()
    }

    fn fee_cap(&self, chain: ChainId) -> Option<U256> {
        self.gate.policy().fee_cap(chain)
    }

    fn refuse(&self, refusal: &Refusal) -> Decision {
        self.gate.policy().refuse(refusal)
    }

    fn preview(&self, requests: &[OwnedRequest], who: &Asker, now: Time) -> Vec<Decision> {
        let policy = self.gate.policy();
        let ledger = self.gate.ledger();
        let now = now.max(ledger.state().now);
        let facts = Facts { wallet: self.wallet, signer: self.signer, agent: who.agent.as_deref(), now };
        if let [one] = requests {
            return vec![match one.lend(&facts) {
                Ok(lent) => policy.decide(&lent.request(), &ledger),
                Err(refusal) => policy.refuse(&refusal),
            }];
        }
        let copy = ledger.clone();
        drop(ledger);
        let mut session = Session::resume(&policy, copy, Nonces::Next);
        let decide = |request: &OwnedRequest| match request.lend(&facts) {
            Ok(lent) => session.decide(&lent.request()),
            Err(refusal) => policy.refuse(&refusal),
        };
        requests.iter().map(decide).collect()
    }

    fn asked_before(&self, who: &Asker, now: Time, key: &Known) -> Option<Once> {
        self.gate.asked_before(who.agent.as_deref(), now, key)
    }

    fn ask(
        &self,
        request: OwnedRequest,
        who: &Asker,
        now: Time,
        key: Option<Known>,
    ) -> Boxed<'static, Result<Once, Broken>> {
        let (gate, agent) = (self.gate.clone(), who.agent.clone());
        let asked = spawn_blocking(move || match key {
            Some(key) => gate.ask_once(request, agent.as_deref(), now, &key),
            None => Once::First(gate.ask(request, agent.as_deref(), now)),
        });
        Box::pin(async { asked.await.map_err(|_| Broken::Lost) })
    }

    fn sign(&self, reserved: Reserved) -> Boxed<'static, Result<Signed, Broken>> {
        let gate = self.gate.clone();
        // A key may be elsewhere, and the log is waited for on the thread that polls.
        let signed = spawn_blocking(move || Handle::current().block_on(gate.sign(reserved)));
        Box::pin(async { signed.await.map_err(|_| Broken::Lost)?.map_err(Broken::Sign) })
    }

    fn observe(&self, fact: Record) -> Boxed<'static, Result<Reply, Broken>> {
        let gate = self.gate.clone();
        let observed = spawn_blocking(move || gate.observe(fact));
        Box::pin(async { observed.await.map_err(|_| Broken::Lost)?.map_err(Broken::Log) })
    }

    fn next_nonce(&self, chain: ChainId) -> Option<u64> {
        self.gate.next_nonce(chain)
    }

    fn open(&self, chain: ChainId) -> Vec<Open> {
        // The ledger is let go before the gate is asked again.
        let mut open: BTreeMap<u64, (Slot, Vec<OpenVersion>)> = BTreeMap::new();
        for (slot, one) in &self.gate.ledger().state().slots {
            if let Slot::Transaction { chain: on, account, nonce } = *slot
                && (on, account) == (chain, self.signer)
            {
                let version = |version: &Version| OpenVersion {
                    digest: version.request.digest,
                    signed: None,
                    pulls: pulls(version),
                };
                open.insert(nonce, (*slot, one.versions.iter().map(version).collect()));
            }
        }
        let signed = open.into_iter().map(|(nonce, (slot, mut versions))| {
            for signed in self.gate.signed_for(&slot).unwrap_or_default() {
                for version in versions.iter_mut().filter(|version| version.digest == signed.digest) {
                    version.signed = Sent::of(&signed);
                }
            }
            Open { slot, nonce, versions }
        });
        signed.collect()
    }

    fn is_locked(&self) -> bool {
        self.gate.ledger().state().locked
    }

    fn is_frozen(&self) -> bool {
        self.gate.frozen().is_some()
    }

    fn holders(&self, chain: ChainId) -> Vec<Key> {
        self.gate.policy().holders(chain)
    }

    fn left(&self) -> Vec<Left> {
        owner::left(&self.gate)
    }

    fn books(&self, method: String, params: Box<RawValue>, now: Time) -> Boxed<'static, Outcome> {
        let gate = self.gate.clone();
        let answered = spawn_blocking(move || owner::answer(&gate, &method, &params, now));
        Box::pin(async { answered.await.unwrap_or_else(|_| Err(failed(&Broken::Lost))) })
    }

    fn waiting(&self, name: &B256, now: Time) -> Option<Waiting> {
        self.gate.waiting(now).ok()?.into_iter().find(|one| one.name == *name)
    }

    fn approve(
        &self,
        name: B256,
        signatures: Vec<Signature>,
        now: Time,
    ) -> Boxed<'static, Result<Answer, Broken>> {
        let gate = self.gate.clone();
        let approved = spawn_blocking(move || gate.approve(&name, &signatures, now));
        Box::pin(async { approved.await.map_err(|_| Broken::Lost) })
    }

    fn outstanding(&self) -> Vec<Outstanding> {
        self.gate.ledger().outstanding()
    }

    fn revocation(&self, of: &Key) -> Result<OwnedRequest, Irrevocable> {
        self.gate.revocation(of)
    }

    fn revoke(
        &self,
        of: Key,
        fill: Completion,
        now: Time,
    ) -> Boxed<'static, Result<Result<Reserved, RevokeError>, Broken>> {
        let gate = self.gate.clone();
        let revoked = spawn_blocking(move || gate.revoke(&of, &fill, now));
        Box::pin(async { revoked.await.map_err(|_| Broken::Lost) })
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
