//! An approver's signature, by a key of theirs.

use crate::{keystore::KeystoreArgs, owner::block_on, ui::Failure};
use agentpol_ethereum::TypedData;
use agentpol_gateway::owner::answers::Waiting;
use agentpol_keys::{Key, KeySource};
use alloy::signers::Signer as _;
use alloy_primitives::Bytes;

/// Of one request.
pub(super) fn approval(key: &str, keystore: &KeystoreArgs, one: &Waiting) -> Result<Bytes, Failure> {
    let data = one.typed_data.as_ref().ok_or_else(|| Failure::new("it does not wait any more"))?;
    // What was shown is what is signed.
    let named = data.pointer("/message/request").and_then(serde_json::Value::as_str);
    if named != Some(&one.name.to_string()) || data.pointer("/primaryType") != Some(&"Approval".into()) {
        return Err(Failure::new("what would be signed is not about this request; nothing was signed"));
    }
    consent(key, keystore, data)
}

/// Of typed data that a gate gave.
pub(crate) fn consent(
    key: &str,
    keystore: &KeystoreArgs,
    data: &serde_json::Value,
) -> Result<Bytes, Failure> {
    let read = TypedData::read(&data.to_string());
    let digest = read.ok().and_then(|data| data.digest());
    let digest =
        digest.ok_or_else(|| Failure::new("what would be signed cannot be read; nothing was signed"))?;
    let source: KeySource = key.parse()?;
    let store = keystore.open()?;
    let signature = block_on(async {
        let key = Key::connect(&source, &store, || keystore.passphrase()).await?;
        key.sign_hash(&digest).await.map_err(|e| Failure::new(format!("the key did not sign: {e}")))
    })??;
    Ok(Bytes::from(signature.as_bytes()))
}
