//! Transactions.

use super::SignError;
use crate::{
    refusal::Refusal,
    request::{Facts, Lent, OwnedRequest},
    transaction::{Draft, Fee, MAX_TRANSACTION_BYTES, RawTransaction},
};
use agentpol_model::{Address, B256};
use alloy::{
    consensus::{SignableTransaction, TxEip1559, TxEip2930, TxEnvelope, TxLegacy},
    eips::{eip2718::Encodable2718, eip2930},
    signers::{Signature, SignerSync},
};
use alloy_primitives::{TxKind, keccak256};

/// What a signature adds at most: v of 9 bytes, r and s of 33.
const SIGNATURE_BYTES: usize = 75;

/// A request with nothing left open, and exactly the bytes that signing it signs.
#[derive(Clone, Debug)]
pub struct Unsigned {
    request: OwnedRequest,
    transaction: Typed,
    payload: Vec<u8>,
}

/// A signed transaction, read back and found to be what was judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedTransaction {
    /// As it is sent to a node.
    pub raw: Vec<u8>,
    /// The hash by which chains know it.
    pub hash: B256,
    /// Recovered from the signature.
    pub signer: Address,
}

#[derive(Clone, Debug)]
enum Typed {
    Legacy(TxLegacy),
    AccessList(TxEip2930),
    Dynamic(TxEip1559),
}

impl Unsigned {
    /// The bytes to sign for this request. Every field must be set.
    pub fn new(request: OwnedRequest) -> Result<Self, SignError> {
        if request.is_signed() {
            return Err(SignError::AlreadySigned);
        }
        let draft = request.draft().ok_or(SignError::NoTransaction)?;
        let transaction = Typed::new(draft).ok_or_else(|| SignError::Open(request.open_fields()))?;
        let payload = transaction.payload();
        if payload.len() + SIGNATURE_BYTES > MAX_TRANSACTION_BYTES {
            return Err(SignError::TooLong);
        }
        // alloy wrote the bytes; our own reader says what they mean.
        let read = RawTransaction::read(&payload).map_err(|_| SignError::Differs)?;
        if read.draft().as_ref() != Ok(draft) || read.signature.is_some() || read.payload != payload {
            return Err(SignError::Differs);
        }
        Ok(Self { request, transaction, payload })
    }

    /// The request that is to be judged.
    pub fn request(&self) -> &OwnedRequest {
        &self.request
    }

    /// Lends that request to evaluators.
    pub fn lend<'a>(&'a self, facts: &Facts<'a>) -> Result<Lent<'a>, Refusal> {
        self.request.lend(facts)
    }

    /// The bytes whose hash is signed.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The hash that is signed. It names this request: reservations and approvals are bound to it.
    pub fn digest(&self) -> B256 {
        keccak256(&self.payload)
    }

    /// Signs the payload with `signer`, which must hold the key of `expected`, and reads the result back.
    pub fn sign(self, signer: &impl SignerSync, expected: Address) -> Result<SignedTransaction, SignError> {
        let signature =
            signer.sign_hash_sync(&self.digest()).map_err(|e| SignError::Signer(e.to_string()))?;
        self.attach(signature, expected)
    }

    /// Puts a signature of the [`digest`](Unsigned::digest) in its place and reads the result back: for signers that answer
    /// later.
    pub fn attach(self, signature: Signature, expected: Address) -> Result<SignedTransaction, SignError> {
        let raw = self.transaction.finish(signature.normalized_s());
        let read = RawTransaction::read(&raw).map_err(|_| SignError::Differs)?;
        if read.payload != self.payload {
            return Err(SignError::Differs);
        }
        match (read.signer(), read.hash()) {
            (Some(found), Some(hash)) if found == expected => {
                Ok(SignedTransaction { raw, hash, signer: found })
            }
            (found, _) => Err(SignError::WrongKey { expected, found }),
        }
    }
}

impl Typed {
    /// `None` while a field is open.
    fn new(draft: &Draft) -> Option<Self> {
        let (nonce, gas_limit) = (draft.nonce?, draft.gas_limit?);
        let to = draft.to.map_or(TxKind::Create, TxKind::Call);
        let (chain_id, value, input) = (draft.chain, draft.value, draft.data.clone().into());
        let access_list = || {
            let item = |i: &crate::transaction::AccessListItem| eip2930::AccessListItem {
                address: i.address,
                storage_keys: i.storage_keys.clone(),
            };
            eip2930::AccessList(draft.access_list.iter().map(item).collect())
        };
        Some(match draft.fee {
            Fee::Legacy { gas_price } => Typed::Legacy(TxLegacy {
                chain_id: Some(chain_id),
                nonce,
                gas_price: gas_price?,
                gas_limit,
                to,
                value,
                input,
            }),
            Fee::AccessList { gas_price } => Typed::AccessList(TxEip2930 {
                chain_id,
                nonce,
                gas_price: gas_price?,
                gas_limit,
                to,
                value,
                access_list: access_list(),
                input,
            }),
            Fee::Dynamic { max_fee_per_gas, max_priority_fee_per_gas } => Typed::Dynamic(TxEip1559 {
                chain_id,
                nonce,
                gas_limit,
                max_fee_per_gas: max_fee_per_gas?,
                max_priority_fee_per_gas: max_priority_fee_per_gas?,
                to,
                value,
                access_list: access_list(),
                input,
            }),
        })
    }

    fn payload(&self) -> Vec<u8> {
        match self {
            Typed::Legacy(tx) => tx.encoded_for_signing(),
            Typed::AccessList(tx) => tx.encoded_for_signing(),
            Typed::Dynamic(tx) => tx.encoded_for_signing(),
        }
    }

    fn finish(self, signature: Signature) -> Vec<u8> {
        let envelope: TxEnvelope = match self {
            Typed::Legacy(tx) => tx.into_signed(signature).into(),
            Typed::AccessList(tx) => tx.into_signed(signature).into(),
            Typed::Dynamic(tx) => tx.into_signed(signature).into(),
        };
        envelope.encoded_2718()
    }
}
