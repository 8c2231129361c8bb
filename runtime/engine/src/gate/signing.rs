//! From a reservation to a signature that may leave.

use super::{
    Gate,
    answer::{GateSignError, Reserved},
};
use crate::{
    history::{Entry, SignedAs},
    ledger::Slot,
};
use agentpol_ethereum::{Body, SignError, Signable, Signed};
use agentpol_model::{Address, B256};
use alloy::signers::{Signer, SignerSync};
use alloy_primitives::Bytes;

/// What remains of a reservation when its bytes are given to the signer.
struct Reservation {
    slot: Slot,
    digest: B256,
    signer: Address,
    /// Where that is neither a transaction's hash nor the hash that is signed.
    known_as: Option<B256>,
}

impl<S> Gate<S> {
    /// The ledger must still hold exactly this. What it holds and must not be signed any more gives its nonce to another.
    fn hold(&self, reserved: &Reserved) -> Result<Reservation, GateSignError> {
        let (slot, digest) = (reserved.slot, reserved.unsigned.digest());
        let mut books = self.write().map_err(GateSignError::Log)?;
        let state = books.ledger.state();
        let open = state.slots.get(&slot);
        let is_open =
            open.is_some_and(|open| open.versions.iter().any(|version| version.request.digest == digest));
        let may = reserved.revokes
            || !state.locked && books.frozen.is_none() && reserved.epoch == state.terms.epoch;
        if !is_open || !may {
            if is_open {
                books.never_signed(slot, digest);
            }
            return Err(GateSignError::NotReserved);
        }
        let known_as = match reserved.unsigned.request().body() {
            Body::UserOperation(operation) => Some(operation.hash()),
            _ => None,
        };
        Ok(Reservation { slot, digest, signer: books.policy.signer(), known_as })
    }

    /// It is in the log, durably and behind its reservation, before it leaves.
    fn record_signature(&self, reservation: &Reservation, signed: Signed) -> Result<Signed, GateSignError> {
        let entry = SignedAs {
            slot: reservation.slot,
            digest: reservation.digest,
            hash: reservation.known_as.unwrap_or_else(|| signed.hash()),
            bytes: Bytes::copy_from_slice(signed.bytes()),
        };
        let mut books = self.write().map_err(GateSignError::Log)?;
        books.signed(entry.clone());
        let ticket = self.append(&mut books, &Entry::Signed(entry)).map_err(GateSignError::Log)?;
        drop(books);
        self.settle(ticket).map_err(GateSignError::Log)?;
        Ok(signed)
    }

    /// The reservation stands, but nothing came of it: its nonce can be another's.
    fn gave_up(&self, reservation: &Reservation, e: SignError) -> GateSignError {
        if let Ok(mut books) = self.write() {
            books.never_signed(reservation.slot, reservation.digest);
        }
        GateSignError::Sign(e)
    }
}

impl<S: Signer> Gate<S> {
    /// Signs what was reserved, and reads the result back: its bytes and its signer. The reservation is durable before the key is
    /// asked, since keys that answer later are elsewhere. Waits for the log, on the thread that polls.
    pub async fn sign(&self, reserved: Reserved) -> Result<Signed, GateSignError> {
        let reservation = self.hold(&reserved)?;
        self.settle(reserved.ticket).map_err(GateSignError::Log)?;
        let signature = self.signer.sign_hash(&reservation.digest).await;
        let signed = signature
            .map_err(|e| SignError::Signer(e.to_string()))
            .and_then(|signature| reserved.unsigned.attach(signature, reservation.signer))
            .map_err(|e| self.gave_up(&reservation, e))?;
        self.record_signature(&reservation, signed)
    }
}

impl<S: SignerSync> Gate<S> {
    /// The same for keys of this process. Reservation and signature become durable together, in one write: until then the signature
    /// is nowhere but here.
    pub fn sign_sync(&self, reserved: Reserved) -> Result<Signed, GateSignError> {
        let reservation = self.hold(&reserved)?;
        let signed = Signable::sign(reserved.unsigned, &self.signer, reservation.signer)
            .map_err(|e| self.gave_up(&reservation, e))?;
        self.record_signature(&reservation, signed)
    }
}
