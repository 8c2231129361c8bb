//! What a request excludes on chain, until when it can be used, and what it is called before anything is signed.

use crate::ledger::{self, Slot};
use agentpol_model::{
    Address, B256, Time, U256,
    request::{Envelope, Kind, Once, Request},
};
use alloy_primitives::keccak256;

/// A request's place in the ledger.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// The account's nonce, if it uses one up.
    pub(crate) nonce: u64,
    pub(crate) digest: B256,
    /// What an approval is bound to, where that is not the digest.
    pub(crate) asked: Option<B256>,
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

/// A name for a transaction that is the same whichever nonce it gets.
pub(crate) fn name_without_nonce(request: &Request<'_>) -> B256 {
    digest(&Request { envelope: Envelope { nonce: None, ..request.envelope }, ..*request })
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

#[cfg(test)]
mod tests {
    use super::*;
    use agentpol_model::request::Action;
    use std::collections::BTreeSet;

    /// Whatever is signed, and whoever signs it, makes another request; the hour and who asks do not.
    #[test]
    fn a_digest_tells_apart_all_that_is_signed() {
        let action = Action {
            kind: Kind::Call,
            from: Address::repeat_byte(1),
            to: Address::repeat_byte(2),
            value: U256::ZERO,
            command: [0; 4],
            data: &[1, 2],
        };
        let once = Once { contract: Address::repeat_byte(3), id: B256::ZERO, until: None };
        let envelope = Envelope { once: Some(once), ..Envelope::default() };
        let actions = [
            action,
            Action { kind: Kind::Delegatecall, ..action },
            Action { from: Address::repeat_byte(9), ..action },
            Action { to: Address::repeat_byte(9), ..action },
            Action { value: U256::ONE, ..action },
            Action { command: [0, 0, 0, 1], ..action },
            Action { data: &[1, 2, 0], ..action },
        ];
        let with = |once| Envelope { once: Some(once), ..Envelope::default() };
        let envelopes = [
            envelope,
            Envelope::default(),
            with(Once { contract: Address::repeat_byte(9), ..once }),
            with(Once { id: B256::repeat_byte(9), ..once }),
            with(Once { until: Some(0), ..once }),
            Envelope { nonce: Some(0), ..envelope },
            Envelope { gas_limit: Some(0), ..envelope },
            Envelope { max_fee_per_gas: Some(0), ..envelope },
            Envelope { max_priority_fee_per_gas: Some(0), ..envelope },
            Envelope { blob_fee: Some((0, 0)), ..envelope },
            Envelope { blob_fee: Some((0, 1)), ..envelope },
        ];
        let one = [action];
        let (wallet, agent) = (Address::repeat_byte(4), None);
        let request = Request { chain: 1, wallet, signer: wallet, agent, now: 5, envelope, actions: &one };
        let mut digests = BTreeSet::new();
        for action in &actions[1..] {
            digests.insert(digest(&Request { actions: &[*action], ..request }));
        }
        for envelope in envelopes {
            digests.insert(digest(&Request { envelope, ..request }));
        }
        let other = Address::repeat_byte(9);
        digests.insert(digest(&Request { chain: 2, ..request }));
        digests.insert(digest(&Request { wallet: other, ..request }));
        digests.insert(digest(&Request { signer: other, ..request }));
        digests.insert(digest(&Request { actions: &[action, action], ..request }));
        digests.insert(digest(&Request { actions: &[], ..request }));
        assert_eq!(digests.len(), 6 + envelopes.len() + 5);
        let later = Request { now: 6, agent: Some("bot"), ..request };
        assert_eq!(digest(&later), digest(&request));
    }
}
