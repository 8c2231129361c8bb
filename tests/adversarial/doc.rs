//! Requests that are no transactions, as JSON that can be changed in any place.

use crate::{ask::Ask, world::wallet, wrap::Leg};
use agentpol_model::Address;
use alloy_primitives::hex;
use serde_json::{Value as Json, json};

/// A request, and where in it the thing is that cases change.
#[derive(Clone, Debug)]
pub(crate) struct Doc {
    root: Json,
    base: &'static str,
}

impl Ask for Doc {
    fn text(&self) -> String {
        self.root.to_string()
    }
}

impl Doc {
    pub(crate) fn new(chain: u64, method: &str, params: Json, base: &'static str) -> Self {
        let root = json!({ "chainId": chain, "request": { "method": method, "params": params } });
        Self { root, base }
    }

    /// The place holds this instead of what it held; the last part of the path may be new.
    pub(crate) fn set(mut self, path: &str, value: impl Into<Json>) -> Self {
        let (parent, name) = path.rsplit_once('/').unwrap();
        let parent = self.root.pointer_mut(&format!("{}{parent}", self.base)).unwrap();
        match parent {
            Json::Object(members) => drop(members.insert(name.to_owned(), value.into())),
            Json::Array(items) if name == "-" => items.push(value.into()),
            Json::Array(items) => items[name.parse::<usize>().unwrap()] = value.into(),
            _ => panic!("nothing stands at {path}"),
        }
        self
    }

    pub(crate) fn without(mut self, path: &str) -> Self {
        let (parent, name) = path.rsplit_once('/').unwrap();
        let gone = match self.root.pointer_mut(&format!("{}{parent}", self.base)).unwrap() {
            Json::Object(members) => members.remove(name),
            Json::Array(items) => Some(items.remove(name.parse().unwrap())),
            _ => None,
        };
        assert!(gone.is_some(), "nothing stands at {path}");
        self
    }

    /// Outside the method's parameters.
    pub(crate) fn chain(mut self, chain: u64) -> Self {
        self.root["chainId"] = chain.into();
        self
    }

    pub(crate) fn method(mut self, method: &str) -> Self {
        self.root["request"]["method"] = method.into();
        self
    }

    /// The thing itself.
    pub(crate) fn it(&self) -> &Json {
        self.root.pointer(self.base).unwrap()
    }

    /// The text with a part of it replaced, which stands there once.
    pub(crate) fn but(&self, part: &str, other: &str) -> String {
        let text = self.text();
        assert_eq!(text.matches(part).count(), 1, "{part} stands there once in {text}");
        text.replace(part, other)
    }
}

/// `address owner,uint256 value` as the members of a struct type.
pub(crate) fn members(text: &str) -> Json {
    let member = |member: &str| {
        let (ty, name) = member.trim().split_once(' ').unwrap();
        json!({ "name": name, "type": ty })
    };
    Json::Array(text.split(',').map(member).collect())
}

/// Typed data. `types`: names with their members, the first the one that is signed. A domain without version says none.
pub(crate) fn typed(
    chain: u64,
    (name, version): (&str, &str),
    contract: Address,
    types: &[(&str, &str)],
    message: Json,
) -> Doc {
    let mut domain = json!({ "chainId": chain, "verifyingContract": contract.to_string() });
    let mut of_domain = String::new();
    for (member, value) in [("name", name), ("version", version)] {
        if !value.is_empty() {
            domain[member] = value.into();
            of_domain += &format!("string {member},");
        }
    }
    of_domain += "uint256 chainId,address verifyingContract";
    let mut all = json!({ "EIP712Domain": members(&of_domain) });
    for (name, of) in types {
        all[*name] = members(of);
    }
    let data = json!({ "types": all, "primaryType": types[0].0, "domain": domain, "message": message });
    Doc::new(chain, "eth_signTypedData_v4", json!([wallet().to_string(), data]), "/request/params/1")
}

/// `personal_sign` of a text.
pub(crate) fn message(chain: u64, text: &str) -> Doc {
    Doc::new(chain, "personal_sign", json!([text, wallet().to_string()]), "/request/params")
}

/// `personal_sign` of bytes.
pub(crate) fn bytes(chain: u64, bytes: &[u8]) -> Doc {
    message(chain, &hex::encode_prefixed(bytes))
}

pub(crate) const ENTRY_06: &str = "0x5FF137D4b0FDCD49DcA30c7CF57E578a026d2789";
pub(crate) const ENTRY_07: &str = "0x0000000071727De22E5E9d8BAf0edAc6f37da032";
pub(crate) const ENTRY_08: &str = "0x4337084D9E255Ff0702461CF8895CE9E3b5Ff108";

/// An operation of the wallet.
pub(crate) fn operation(chain: u64, entry: &str, call: &[u8]) -> Doc {
    let mut operation = json!({
        "sender": wallet().to_string(), "nonce": "0x0", "callData": hex::encode_prefixed(call),
        "callGasLimit": "0x30d40", "verificationGasLimit": "0x186a0", "preVerificationGas": "0xc350",
        "maxFeePerGas": "0x5f5e100", "maxPriorityFeePerGas": "0x0",
    });
    if entry == ENTRY_06 {
        operation["initCode"] = "0x".into();
        operation["paymasterAndData"] = "0x".into();
    }
    Doc::new(chain, "eth_sendUserOperation", json!([operation, entry]), "/request/params/0")
}

/// Calls that a wallet makes together.
pub(crate) fn calls(chain: u64, legs: &[Leg]) -> Doc {
    let call = |leg: &Leg| {
        json!({
            "to": leg.to.to_string(), "value": format!("{:#x}", leg.value), "data": hex::encode_prefixed(&leg.data),
        })
    };
    let calls = json!([{
        "version": "2.0.0", "chainId": format!("{chain:#x}"), "from": wallet().to_string(), "atomicRequired": true,
        "calls": legs.iter().map(call).collect::<Vec<_>>(),
    }]);
    Doc::new(chain, "wallet_sendCalls", calls, "/request/params/0")
}

/// An authorisation (EIP-7702).
pub(crate) fn delegation(chain: u64, delegate: Address, nonce: u64) -> Doc {
    let root = json!({ "authorization": {
        "chainId": format!("{chain:#x}"), "address": delegate.to_string(), "nonce": format!("{nonce:#x}"),
    } });
    Doc { root, base: "/authorization" }
}
