//! What the tests of this crate share.
#![allow(dead_code, unused_imports, unreachable_pub, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "../../../abi/tests/common/corpora.rs"]
mod corpora;

use agentpol_ethereum::{Body, Facts, OwnedRequest, Refusal, TypedData, read, user_operation::EntryPoint};
use agentpol_model::{
    Address,
    decision::DenyCode,
    request::{Action, Envelope, Kind},
};
pub use corpora::{bytes, corpora, rows};
use serde_json::{Value as Json, json};

/// Somebody.
pub const TO: &str = "0x00000000000000000000000000000000000000aa";

/// A request of that method.
pub fn method(method: &str, params: Json, chain: Option<u64>) -> Result<OwnedRequest, Refusal> {
    let mut line = json!({ "id": "x", "request": { "method": method, "params": params } });
    if let Some(chain) = chain {
        line["chainId"] = chain.into();
    }
    read(&line.to_string())
}

/// Refused with this code, at this place, saying this.
#[track_caller]
pub fn refused(read: Result<OwnedRequest, Refusal>, code: DenyCode, pointer: &str, says: &str) {
    let refusal = read.expect_err(says);
    assert_eq!(refusal.code, code, "{refusal}");
    assert!(refusal.message.contains(says), "{says}: {refusal}");
    assert!(refusal.to_string().contains(&format!("({pointer},")), "{pointer}: {refusal}");
}

/// What a request does: kind, sender, recipient and data.
pub type Did = (Kind, Address, Address, Vec<u8>);

/// Its envelope and what it does.
pub fn lend(request: &OwnedRequest, wallet: Address, signer: Address) -> (Envelope, Vec<Did>) {
    let facts = Facts { wallet, signer, agent: None, now: 0 };
    let lent = request.lend(&facts).unwrap();
    let all = lent.request();
    let one = |a: &Action<'_>| (a.kind, a.from, a.to, a.data.to_vec());
    (all.envelope, all.actions.iter().map(one).collect())
}

/// A request for an authorisation.
pub fn delegation(authorization: Json, chain: Option<u64>) -> Result<OwnedRequest, Refusal> {
    let mut line = json!({ "authorization": authorization });
    if let Some(chain) = chain {
        line["chainId"] = chain.into();
    }
    read(&line.to_string())
}

/// A user operation.
pub fn operation(version: EntryPoint) -> Json {
    let mut operation = json!({
        "sender": Address::repeat_byte(7), "nonce": "0x10000000000000002", "callData": "0xb61d27f6",
        "callGasLimit": "0x64", "verificationGasLimit": "0xc8", "preVerificationGas": "0x1f4",
        "maxFeePerGas": "0x3e8", "maxPriorityFeePerGas": "0x1", "signature": "0xfffffff0",
    });
    if version == EntryPoint::V06 {
        operation["initCode"] = json!("0x");
        operation["paymasterAndData"] = json!("0x");
    }
    operation
}

/// A request for a user operation on chain 10.
pub fn ask_operation(operation: &Json, at: EntryPoint) -> Result<OwnedRequest, Refusal> {
    method("eth_sendUserOperation", json!([operation, at.address()]), Some(10))
}

/// Who asks for typed data.
pub const FROM: &str = "0x1111111111111111111111111111111111111111";

/// As a wallet is asked, the data as an object or as text.
pub fn ask_typed(data: &Json, outer: Option<u64>, as_text: bool) -> Result<OwnedRequest, Refusal> {
    let data = if as_text { Json::String(data.to_string()) } else { data.clone() };
    let request = json!({ "method": "eth_signTypedData_v4", "params": [FROM, data] });
    let mut line = json!({ "request": request });
    if let Some(chain) = outer {
        line["chainId"] = chain.into();
    }
    read(&line.to_string())
}

/// What was asked for: chain, contract and data.
pub fn body(request: &OwnedRequest) -> (u64, Address, &TypedData) {
    match request.body() {
        Body::TypedData { chain, contract, data } => (*chain, *contract, data),
        other => panic!("{other:?}"),
    }
}

/// The example of the EIP, to be spoilt.
pub fn mail() -> Json {
    json!({
        "types": {
            "EIP712Domain": [
                { "name": "name", "type": "string" }, { "name": "version", "type": "string" },
                { "name": "chainId", "type": "uint256" }, { "name": "verifyingContract", "type": "address" },
            ],
            "Person": [{ "name": "name", "type": "string" }, { "name": "wallet", "type": "address" }],
            "Mail": [
                { "name": "from", "type": "Person" }, { "name": "to", "type": "Person" },
                { "name": "contents", "type": "string" },
            ],
        },
        "primaryType": "Mail",
        "domain": {
            "name": "Ether Mail", "version": "1", "chainId": 1,
            "verifyingContract": "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC",
        },
        "message": {
            "from": { "name": "Cow", "wallet": "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826" },
            "to": { "name": "Bob", "wallet": "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB" },
            "contents": "Hello, Bob!",
        },
    })
}
