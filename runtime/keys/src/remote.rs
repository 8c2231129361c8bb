//! Keys that are elsewhere. Each is behind a feature; without it there is an error that says so.

use crate::{Key, KeyError};

#[cfg(any(feature = "aws", feature = "gcp", feature = "ledger"))]
fn failed(signer: &'static str, error: &dyn core::error::Error) -> KeyError {
    // The outer error often says no more than that there is an inner one.
    let mut why = error.to_string();
    let mut inner = error.source();
    while let Some(error) = inner {
        why = format!("{why}: {error}");
        inner = error.source();
    }
    KeyError::Remote { signer, why }
}

/// A key in AWS KMS, with the credentials and the region that AWS' own tools use.
#[cfg(feature = "aws")]
pub(crate) async fn aws(id: &str) -> Result<Key, KeyError> {
    use alloy::signers::aws::{AwsSigner, aws_sdk_kms::Client};
    let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
    let signer = AwsSigner::new(Client::new(&config), id.to_owned(), None).await;
    signer.map(Key::Aws).map_err(|e| failed("AWS KMS", &e))
}

#[cfg(not(feature = "aws"))]
pub(crate) async fn aws(_: &str) -> Result<Key, KeyError> {
    Err(KeyError::NotBuilt { feature: "aws" })
}

/// A key in Google Cloud KMS, with the credentials that Google's own tools use.
#[cfg(feature = "gcp")]
pub(crate) async fn gcp(place: [&str; 3], key: &str, version: u64) -> Result<Key, KeyError> {
    use alloy::signers::gcp::{
        GcpKeyRingRef, GcpSigner, KeySpecifier,
        gcloud_sdk::{
            GoogleApi, google::cloud::kms::v1::key_management_service_client::KeyManagementServiceClient,
        },
    };
    let [project, location, ring] = place;
    let client =
        GoogleApi::from_function(KeyManagementServiceClient::new, "https://cloudkms.googleapis.com", None)
            .await
            .map_err(|e| failed("Google Cloud KMS", &e))?;
    let key = KeySpecifier::new(GcpKeyRingRef::new(project, location, ring), key, version);
    let signer = GcpSigner::new(client, key, None).await;
    signer.map(Key::Gcp).map_err(|e| failed("Google Cloud KMS", &e))
}

#[cfg(not(feature = "gcp"))]
pub(crate) async fn gcp(_: [&str; 3], _: &str, _: u64) -> Result<Key, KeyError> {
    Err(KeyError::NotBuilt { feature: "gcp" })
}

/// An account of the first Ledger that is connected.
#[cfg(feature = "ledger")]
pub(crate) async fn ledger(index: u32) -> Result<Key, KeyError> {
    use alloy::signers::ledger::{HDPath, LedgerSigner};
    let index =
        usize::try_from(index).map_err(|_| KeyError::Source { why: "the account's number is too large" })?;
    let signer = LedgerSigner::new(HDPath::LedgerLive(index), None).await;
    signer.map(Key::Ledger).map_err(|e| failed("the Ledger", &e))
}

#[cfg(not(feature = "ledger"))]
pub(crate) async fn ledger(_: u32) -> Result<Key, KeyError> {
    Err(KeyError::NotBuilt { feature: "ledger" })
}
