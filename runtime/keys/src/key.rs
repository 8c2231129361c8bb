//! One type for every key, so that what signs does not care where it is.

use crate::{KeyError, KeySource, Keystore, Passphrase, remote};
use alloy::signers::{Result as Signing, Signature, Signer, local::PrivateKeySigner};
use alloy_primitives::{Address, B256, ChainId, keccak256};

/// A key, wherever it is.
///
/// All but a Ledger sign any hash; a Ledger shows what it signs and so wants to see it: [`sign_payload`](Key::sign_payload) serves both.
#[derive(Debug)]
#[non_exhaustive]
pub enum Key {
    /// In memory, out of the keystore.
    Local(PrivateKeySigner),
    /// In AWS KMS.
    #[cfg(feature = "aws")]
    Aws(alloy::signers::aws::AwsSigner),
    /// In Google Cloud KMS.
    #[cfg(feature = "gcp")]
    Gcp(alloy::signers::gcp::GcpSigner),
    /// In a Ledger.
    #[cfg(feature = "ledger")]
    Ledger(alloy::signers::ledger::LedgerSigner),
}

impl Key {
    /// Opens or connects to a key. The passphrase is only asked for where there is one.
    pub async fn connect<E: From<KeyError>>(
        source: &KeySource,
        keystore: &Keystore,
        passphrase: impl FnOnce() -> Result<Passphrase, E>,
    ) -> Result<Self, E> {
        match source {
            KeySource::Keystore(name) => {
                // Whether there is such a key is said before anybody types a passphrase.
                keystore.address(name)?;
                Ok(Key::Local(keystore.open(name, &passphrase()?)?))
            }
            KeySource::Aws(id) => Ok(remote::aws(id).await?),
            KeySource::Gcp { project, location, ring, key, version } => {
                Ok(remote::gcp([project, location, ring], key, *version).await?)
            }
            KeySource::Ledger(index) => Ok(remote::ledger(*index).await?),
        }
    }

    /// Signs the hash of these bytes: a transaction's, or with their prefix those of a text or of typed data.
    pub async fn sign_payload(&self, payload: &[u8]) -> Signing<Signature> {
        match self {
            #[cfg(feature = "ledger")]
            Key::Ledger(signer) => on_device(signer, payload).await,
            _ => self.sign_hash(&keccak256(payload)).await,
        }
    }

    fn signer(&self) -> &(dyn Signer + Send + Sync) {
        match self {
            Key::Local(signer) => signer,
            #[cfg(feature = "aws")]
            Key::Aws(signer) => signer,
            #[cfg(feature = "gcp")]
            Key::Gcp(signer) => signer,
            #[cfg(feature = "ledger")]
            Key::Ledger(signer) => signer,
        }
    }
}

#[async_trait::async_trait]
impl Signer for Key {
    async fn sign_hash(&self, hash: &B256) -> Signing<Signature> {
        self.signer().sign_hash(hash).await
    }

    fn address(&self) -> Address {
        self.signer().address()
    }

    /// What is signed was judged with its chain: a signer's own idea of it has no place here.
    fn chain_id(&self) -> Option<ChainId> {
        None
    }

    fn set_chain_id(&mut self, _: Option<ChainId>) {}
}

/// A device signs what it can show.
#[cfg(feature = "ledger")]
async fn on_device(signer: &alloy::signers::ledger::LedgerSigner, payload: &[u8]) -> Signing<Signature> {
    use crate::payload::Payload;
    use alloy::signers::Error;
    match Payload::read(payload) {
        Payload::Transaction(bytes) => signer.sign_tx_rlp(bytes).await.map_err(Error::other),
        Payload::Text(text) => signer.sign_message(text).await,
        Payload::TypedData | Payload::Authorization | Payload::Unknown => {
            Err(Error::message("a Ledger signs transactions and texts here, nothing else"))
        }
    }
}
