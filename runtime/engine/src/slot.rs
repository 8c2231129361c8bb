//! What a request excludes on chain, until when it can be used, and what it is called before anything is signed.

use crate::ledger::{self, Slot};
use agentpol_model::{
    Address, B256, Time, U256,
    request::{Kind, Once, Request},
};
use alloy_primitives::keccak256;

/// A request's place in the ledger.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// The account's nonce, if it uses one up.
    pub(crate) nonce: u64,
    pub(crate) digest: B256,
}

/// What is signed at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Instrument {
    /// A transaction, or an operation that an entry point takes: what it costs is paid by the wallet.
    Transaction,
    /// A signature that somebody else may submit, at their own cost.
    Signature,
    /// A text. It does all it does when it is signed.
    Message,
    /// An EIP-7702 authorisation: uses up a nonce of the account, and is submitted by somebody else.
    Authorization,
    /// Things that are signed one by one stand beside others: nothing signs that.
    Several,
}

impl Instrument {
    pub(crate) fn of(request: &Request<'_>) -> Self {
        let alone = |kind| match kind {
            Kind::Sign => Some(Instrument::Signature),
            Kind::Message => Some(Instrument::Message),
            Kind::Authorize => Some(Instrument::Authorization),
            Kind::Call | Kind::Send | Kind::Delegatecall | Kind::Deploy | Kind::Command => None,
        };
        match request.actions {
            [one] => alone(one.kind).unwrap_or(Instrument::Transaction),
            several if several.iter().any(|action| alone(action.kind).is_some()) => Instrument::Several,
            _ => Instrument::Transaction,
        }
    }

    /// Does the wallet pay for its inclusion?
    pub(crate) fn has_fee(self) -> bool {
        self == Instrument::Transaction
    }
}

/// The account nonce that a request names: an authorisation's is among what is signed.
pub(crate) fn named_nonce(request: &Request<'_>) -> Option<u64> {
    match (Instrument::of(request), request.actions) {
        (Instrument::Authorization, [one]) => {
            let (_, nonce) = one.data.split_last_chunk::<32>()?;
            U256::from_be_bytes(*nonce).try_into().ok()
        }
        _ => request.envelope.nonce,
    }
}

/// What excludes that it is used twice, and the last second at which it can be used.
pub(crate) fn slot(
    request: &Request<'_>,
    place: &Place,
    once: Option<&Once>,
    actions: &[ledger::Action],
) -> (Slot, Option<Time>) {
    let chain = request.chain;
    let account = || Slot::Transaction { chain, account: request.signer, nonce: place.nonce };
    let signature = |once: &Once| Slot::Signature { chain, contract: once.contract, id: once.id };
    let by_hash = |id| Slot::Signature { chain, contract: Address::ZERO, id };
    match (Instrument::of(request), once) {
        (Instrument::Message, _) => (by_hash(place.digest), Some(request.now)),
        // Only the very same is excluded, and nothing can leave by it: that it was signed is all there is to count.
        (Instrument::Signature, Some(once)) if takes_nothing(actions) && is_own_hash(request, once) => {
            (by_hash(once.id), Some(request.now))
        }
        (Instrument::Signature | Instrument::Transaction, Some(once)) => (signature(once), once.until),
        // Evaluators say it of every signature. Without, it counts for ever.
        (Instrument::Signature, None) => (by_hash(place.digest), None),
        (Instrument::Transaction | Instrument::Authorization | Instrument::Several, _) => (account(), None),
    }
}

fn is_own_hash(request: &Request<'_>, once: &Once) -> bool {
    request.actions.first().is_some_and(|action| once.id == keccak256(action.data))
}

fn takes_nothing(actions: &[ledger::Action]) -> bool {
    actions.iter().all(|action| action.effects.is_empty() && action.charges.is_empty())
}

/// A name for a request whose bytes to be signed are not known: two are the same if all that would be signed is.
pub(crate) fn digest(request: &Request<'_>) -> B256 {
    let envelope = &request.envelope;
    let mut bytes = Vec::new();
    let mut put = |field: &[u8]| {
        bytes.extend_from_slice(&(field.len() as u64).to_be_bytes());
        bytes.extend_from_slice(field);
    };
    put(b"agentpol request");
    put(&request.chain.to_be_bytes());
    put(request.wallet.as_slice());
    put(request.signer.as_slice());
    let number = |n: Option<U256>| n.map(|n| n.to_be_bytes::<32>().to_vec()).unwrap_or_default();
    let once = envelope.once.as_ref();
    for n in [
        envelope.nonce.map(U256::from),
        envelope.gas_limit.map(U256::from),
        envelope.max_fee_per_gas.map(U256::from),
        envelope.max_priority_fee_per_gas.map(U256::from),
        envelope.blob_fee.map(|(price, _)| U256::from(price)),
        envelope.blob_fee.map(|(_, gas)| U256::from(gas)),
        once.map(|once| once.contract.into_word().into()),
        once.map(|once| once.id.into()),
        once.and_then(|once| once.until).map(U256::from),
    ] {
        put(&number(n));
    }
    for action in request.actions {
        put(&[action.kind as u8]);
        put(&action.command);
        put(action.from.as_slice());
        put(action.to.as_slice());
        put(&action.value.to_be_bytes::<32>());
        put(action.data);
    }
    keccak256(bytes)
}
