//! What is signed without being a transaction.

use super::SignError;
use crate::{
    delegation::Delegation,
    message::Message,
    refusal::Refusal,
    request::{Body, Facts, Lent, OwnedRequest},
    transaction::{TransactionSignature, recover},
};
use agentpol_model::{Address, B256};
use alloy::signers::{Signature, SignerSync};
use alloy_primitives::keccak256;

/// A statement, and exactly the bytes that signing it signs.
#[derive(Clone, Debug)]
pub struct UnsignedStatement {
    request: OwnedRequest,
    payload: Vec<u8>,
}

/// A signature of a statement, found to be by the key that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedStatement {
    /// r, s, and 27 or 28: as `eth_signTypedData_v4` and `personal_sign` answer.
    pub signature: [u8; 65],
    /// What was signed.
    pub digest: B256,
    /// Recovered from the signature.
    pub signer: Address,
}

impl UnsignedStatement {
    /// The bytes to sign for this request.
    pub fn new(request: OwnedRequest) -> Result<Self, SignError> {
        if request.is_signed() {
            return Err(SignError::AlreadySigned);
        }
        let payload = payload(request.body())?;
        Ok(Self { request, payload })
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

    /// Signs the payload with `signer`, which must hold the key of `expected`, and recovers the result.
    pub fn sign(self, signer: &impl SignerSync, expected: Address) -> Result<SignedStatement, SignError> {
        let signature =
            signer.sign_hash_sync(&self.digest()).map_err(|e| SignError::Signer(e.to_string()))?;
        self.attach(signature, expected)
    }

    /// Takes a signature of the [`digest`](UnsignedStatement::digest) and recovers it: for signers that answer later.
    pub fn attach(self, signature: Signature, expected: Address) -> Result<SignedStatement, SignError> {
        let digest = self.digest();
        let signature = signature.normalized_s();
        let ours = TransactionSignature { odd_y: signature.v(), r: signature.r(), s: signature.s() };
        match recover(&ours, &digest) {
            Some(found) if found == expected && ours.fault().is_none() => {
                Ok(SignedStatement { signature: signature.as_bytes(), digest, signer: found })
            }
            found => Err(SignError::WrongKey { expected, found }),
        }
    }
}

/// The bytes to sign, made anew from what is judged.
fn payload(body: &Body) -> Result<Vec<u8>, SignError> {
    match body {
        Body::Transaction(_) => Err(SignError::NoStatement),
        Body::Calls(_) => Err(SignError::Calls),
        Body::TypedData { data, .. } => data.payload().ok_or(SignError::Differs),
        Body::Message { message, .. } => {
            let payload = message.payload();
            // The text itself is read again: its meaning must be the one that is judged.
            match Message::read(message.text().as_bytes()) {
                Ok(again) if again.data() == message.data() => Ok(payload),
                _ => Err(SignError::Differs),
            }
        }
        Body::Delegation(delegation) => {
            let again = Delegation::judged(delegation.chain(), delegation.data());
            if again.as_ref() == Some(delegation) {
                Ok(delegation.payload())
            } else {
                Err(SignError::Differs)
            }
        }
        // Every byte of it stands in a field of its own.
        Body::UserOperation(operation) => Ok(operation.payload()),
    }
}
