//! The owner takes back authority that was given, also while everything is stopped. The gate writes these transactions itself, so
//! that nothing but that can be signed this way.

use super::{Gate, Reserved, books::Books};
use crate::{
    decision::Outcome,
    history::{Entry, LogError, Revoked},
    ledger::{self, Key, Record, Slot, Verdict},
};
use agentpol_ethereum::{Completion, Draft, Fee, OwnedRequest, Signable};
use agentpol_model::{
    Address, Time, U256,
    effect::{EffectKind, GrantMode},
};
use alloy_primitives::{address, hex};
use core::fmt;
use serde_json::value::RawValue;

/// Keeps allowances of its own, at the same address on every chain.
const PERMIT2: Address = address!("0x000000000022D473030F116dDEE9F6B43aC78BA3");
/// `approve(address spender, uint256 amount)` of a token.
const APPROVE: [u8; 4] = hex!("095ea7b3");
/// `approve(address token, address spender, uint160 amount, uint48 expiration)` of Permit2.
const PERMIT2_APPROVE: [u8; 4] = hex!("87517c45");

/// Why authority cannot be taken back by a transaction of the gate's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Irrevocable {
    /// The wallet is not the key's own account: whoever acts for it has to.
    OtherWallet,
    /// Not a token that the policy knows: what takes the authority back is not known.
    UnknownToken,
    /// It is kept by a contract that is not known here.
    UnknownKeeper,
}

/// Why it was not taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RevokeError {
    /// It cannot be.
    Irrevocable(Irrevocable),
    /// The transaction cannot be made of what it was filled in with.
    Invalid(String),
    /// It may cost more than the policy lets a transaction cost. Who says what gas costs is a node, which is not trusted.
    FeeCap {
        /// In wei.
        fee: U256,
        /// Likewise.
        cap: U256,
    },
    /// The ledger has no place for it.
    Refused(&'static str),
    /// The log cannot be written.
    Log(LogError),
}

impl fmt::Display for Irrevocable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Irrevocable::OtherWallet => {
                "the wallet is not the key's own account; take it back by the wallet's own means"
            }
            Irrevocable::UnknownToken => "the policy does not know the token, so neither what takes it back",
            Irrevocable::UnknownKeeper => "it is kept by a contract that is not known here",
        })
    }
}

impl fmt::Display for RevokeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RevokeError::Irrevocable(why) => why.fmt(f),
            RevokeError::Invalid(why) => f.write_str(why),
            RevokeError::FeeCap { fee, cap } => {
                write!(f, "it may cost {fee} wei in fees; the policy's `fees at most` is {cap} wei")
            }
            RevokeError::Refused(code) => write!(f, "the ledger has no place for it: {code}"),
            RevokeError::Log(e) => e.fmt(f),
        }
    }
}

impl std::error::Error for RevokeError {}

impl<S> Gate<S> {
    /// The transaction that takes this authority back, with its nonce, gas and fees left open.
    pub fn revocation(&self, key: &Key) -> Result<OwnedRequest, Irrevocable> {
        revocation(&self.read(), key)
    }

    /// Counts that transaction, filled in. It can be signed whatever was stopped, and whatever its fee does to a budget; the fee of
    /// one transaction has its cap here too.
    pub fn revoke(&self, key: &Key, fill: &Completion, now: Time) -> Result<Reserved, RevokeError> {
        let mut books = self.write().map_err(RevokeError::Log)?;
        let signer = books.policy.signer();
        let nonce = super::next_nonce(&books, key.asset.chain).unwrap_or(fill.nonce);
        let request = revocation(&books, key).map_err(RevokeError::Irrevocable)?;
        let request = request.complete(&Completion { nonce, ..*fill });
        let request = request.map_err(|refusal| RevokeError::Invalid(refusal.to_string()))?;
        let text = request.to_json().and_then(|text| RawValue::from_string(text).ok());
        let unsigned = Signable::new(request).map_err(|e| RevokeError::Invalid(e.to_string()))?;
        let fee = U256::from(fill.gas_limit).saturating_mul(U256::from(fill.max_fee_per_gas));
        if let Some(cap) = books.policy.fee_cap(key.asset.chain).filter(|cap| fee > *cap) {
            return Err(RevokeError::FeeCap { fee, cap });
        }
        let slot = Slot::Transaction { chain: key.asset.chain, account: signer, nonce };
        let charge = charge(key, slot, &unsigned, fee);
        let judgement = books.judged(Record::Revoke(charge.clone()));
        if let Verdict::Deny(refusal) = judgement.verdict {
            return Err(RevokeError::Refused(refusal.code.name()));
        }
        books.at(now);
        books.unsigned.remove(&slot);
        let reason = format!("the owner takes back what {} may take", key.spender);
        let decision = books.policy.decision(Outcome::Allow, None, reason, 0);
        let entry = Entry::Revoked(Box::new(Revoked { at: now, request: text, charge }));
        let ticket = self.append(&mut books, &entry).map_err(RevokeError::Log)?;
        let epoch = books.ledger.state().terms.epoch;
        drop(books);
        Ok(Reserved { unsigned, decision, slot, epoch, ticket, revokes: true })
    }
}

impl Books {
    /// What the owner took back.
    pub(super) fn revoked_again(&mut self, revoked: Revoked) -> bool {
        self.at(revoked.at);
        let (slot, digest) = (revoked.charge.slot, revoked.charge.digest);
        let allowed = self.judged(Record::Revoke(revoked.charge)).verdict == Verdict::Allow;
        if allowed {
            self.unsigned.insert(slot, digest);
        }
        allowed
    }
}

fn charge(key: &Key, slot: Slot, unsigned: &Signable, fee: U256) -> ledger::Request {
    let effect = ledger::Effect {
        kind: EffectKind::Grant(GrantMode::Set),
        asset: key.asset,
        amount: U256::ZERO,
        party: key.spender,
        until: None,
        through: key.through,
    };
    // Nobody's rule: what it costs is everybody's fee.
    let action =
        ledger::Action { rules: Vec::new(), effects: vec![effect], charges: Vec::new(), may_fail: false };
    ledger::Request {
        slot,
        digest: unsigned.digest(),
        asked: None,
        agent: None,
        fee,
        deadline: None,
        actions: vec![action],
    }
}

fn revocation(books: &Books, key: &Key) -> Result<OwnedRequest, Irrevocable> {
    let (policy, asset) = (&books.policy, key.asset);
    if policy.wallet() != policy.signer() {
        return Err(Irrevocable::OtherWallet);
    }
    let token = asset.contract.filter(|_| policy.token_of(asset).is_some());
    let token = token.ok_or(Irrevocable::UnknownToken)?;
    let (to, data) = match key.through {
        None => (token, call(APPROVE, &[word(key.spender), U256::ZERO])),
        Some(PERMIT2) => {
            let words = [word(token), word(key.spender), U256::ZERO, U256::ZERO];
            (PERMIT2, call(PERMIT2_APPROVE, &words))
        }
        Some(_) => return Err(Irrevocable::UnknownKeeper),
    };
    let draft = Draft {
        chain: asset.chain,
        nonce: None,
        gas_limit: None,
        fee: Fee::Dynamic { max_fee_per_gas: None, max_priority_fee_per_gas: None },
        to: Some(to),
        value: U256::ZERO,
        data,
        access_list: Vec::new(),
    };
    OwnedRequest::new(draft, Some(policy.signer())).map_err(|_| Irrevocable::UnknownToken)
}

fn word(address: Address) -> U256 {
    address.into_word().into()
}

fn call(selector: [u8; 4], words: &[U256]) -> Vec<u8> {
    let words = words.iter().flat_map(|word| word.to_be_bytes::<32>());
    selector.into_iter().chain(words).collect()
}
