//! A desk of the approvals page that a test looks into: it knows who signed what, by alloy's hash and not by ours.

use agentpol_gateway::{
    node::Boxed,
    page::{Desk, Page},
};
use agentpol_model::words::Instant;
use alloy::signers::Signature;
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::{Eip712Domain, SolStruct as _, eip712_domain, sol};
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::runtime::Runtime;

sol! {
    /// What an approver signs.
    struct Approval {
        bytes32 request;
        address wallet;
        uint256 chain;
        bytes32 policy;
        uint64 epoch;
    }
}

const DOMAIN: Eip712Domain = eip712_domain! { name: "agentpol", version: "1", };
pub(crate) const SENT: &str = "0x5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e";
pub(crate) const MEANT_FOR_NOBODY: &str = "the signature is of nobody who must agree";

/// What it has and what it was told.
#[derive(Debug, Default)]
pub(crate) struct Books {
    pub(crate) waiting: Vec<Value>,
    pub(crate) signed: Vec<(String, Address)>,
    pub(crate) rejected: Vec<String>,
    /// Said instead of anything else.
    pub(crate) fails: Option<&'static str>,
}

/// The page, answering until it is dropped.
pub(crate) struct Served {
    books: Arc<Mutex<Books>>,
    pub(crate) link: String,
    server: Option<Runtime>,
}

struct Fake(Arc<Mutex<Books>>);

impl Books {
    fn approve(&mut self, name: &str, signature: &str) -> Value {
        let Some(at) = self.waiting.iter().position(|one| one["name"] == name) else {
            return json!({"status": "denied", "reason": "nothing of that name waits for approval"});
        };
        let one = &mut self.waiting[at];
        let by = recover(&one["typedData"]["message"], signature);
        self.signed.push((name.to_owned(), by));
        if !one["of"].as_array().unwrap().contains(&json!(by.to_checksum(None))) {
            return json!({"status": "denied", "reason": MEANT_FOR_NOBODY});
        }
        let so_far = one["approvedBy"].as_array_mut().unwrap();
        so_far.push(json!(by.to_checksum(None)));
        let so_far = so_far.len() as u64;
        if so_far < one["need"].as_u64().unwrap() {
            return json!({"status": "waiting", "reason": format!("{so_far} of the {} approvals it needs", one["need"])});
        }
        self.waiting.remove(at);
        json!({"status": "sent", "reason": "", "hash": SENT})
    }
}

fn recover(message: &Value, signature: &str) -> Address {
    let text = |member: &str| message[member].as_str().unwrap();
    let approval = Approval {
        request: text("request").parse().unwrap(),
        wallet: text("wallet").parse().unwrap(),
        chain: text("chain").parse().unwrap(),
        policy: text("policy").parse().unwrap(),
        epoch: text("epoch").parse().unwrap(),
    };
    let signature: Bytes = signature.parse().unwrap();
    let signature = Signature::try_from(signature.as_ref()).unwrap();
    signature.recover_address_from_prehash(&approval.eip712_signing_hash(&DOMAIN)).unwrap()
}

impl Fake {
    fn ask(&self, what: impl FnOnce(&mut Books) -> Value) -> Boxed<'_, Result<Value, String>> {
        let books = &mut *self.0.lock().unwrap();
        let answer = books.fails.map_or_else(|| Ok(what(books)), |words| Err(words.to_owned()));
        Box::pin(async { answer })
    }
}

impl Desk for Fake {
    fn waiting(&self) -> Boxed<'_, Result<Value, String>> {
        self.ask(|books| json!(books.waiting))
    }

    fn approve<'a>(&'a self, name: &'a str, signature: &'a str) -> Boxed<'a, Result<Value, String>> {
        self.ask(|books| books.approve(name, signature))
    }

    fn reject<'a>(&'a self, name: &'a str) -> Boxed<'a, Result<Value, String>> {
        self.ask(|books| {
            books.waiting.retain(|one| one["name"] != name);
            books.rejected.push(name.to_owned());
            json!({})
        })
    }
}

impl Served {
    pub(crate) fn start(waiting: Vec<Value>) -> Self {
        let books = Arc::new(Mutex::new(Books { waiting, ..Books::default() }));
        let server = Runtime::new().unwrap();
        let page = Page::bind("127.0.0.1:0".parse().unwrap(), Arc::new(Fake(books.clone())));
        let page = server.block_on(page).unwrap();
        let link = page.link();
        server.spawn(page.run(std::future::pending()));
        Self { books, link, server: Some(server) }
    }

    /// Looks into the books, or changes them.
    pub(crate) fn books<T>(&self, look: impl FnOnce(&mut Books) -> T) -> T {
        look(&mut self.books.lock().unwrap())
    }

    /// Nobody answers any more.
    pub(crate) fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            server.shutdown_background();
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop();
    }
}

/// So much later than now, as it is written.
fn later(by: Duration) -> String {
    let then = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + by;
    Instant(then.as_secs()).to_string()
}

/// A request that waits for so many of these, under a name of this byte.
pub(crate) fn request(byte: u8, need: u64, of: &[Address]) -> Value {
    let (name, policy) = (B256::repeat_byte(byte), B256::repeat_byte(0xee));
    let (wallet, token, to) =
        (Address::repeat_byte(0x22), Address::repeat_byte(0x33), Address::repeat_byte(byte));
    let [wallet, token, to] = [wallet, token, to].map(|address| address.to_checksum(None));
    let fields = |fields: &[(&str, &str)]| -> Value {
        fields.iter().map(|(name, kind)| json!({"name": name, "type": kind})).collect()
    };
    json!({
        "name": name, "agent": "bot", "at": later(Duration::ZERO), "expires": later(Duration::from_secs(600)),
        "wallet": wallet, "chain": "1", "rule": "large", "reason": "more than 100 USDC", "policy": "household", "policyHash": policy,
        "need": need, "of": of.iter().map(|one| one.to_checksum(None)).collect::<Vec<_>>(), "approvedBy": [],
        "actions": [{
            "words": "call USDC.transfer", "to": format!("USDC ({token})"), "value": null,
            "args": [{"name": "to", "value": to}, {"name": "amount", "value": "250000000"}],
        }],
        "effects": [format!("250 USDC leave for {to}")],
        "fee": "0.001 ETH", "charges": [{"budget": "daily", "amount": "250 USDC", "remaining": "150 USDC"}], "denied": null,
        "typedData": {
            "types": {
                "EIP712Domain": fields(&[("name", "string"), ("version", "string")]),
                "Approval": fields(&[
                    ("request", "bytes32"), ("wallet", "address"), ("chain", "uint256"), ("policy", "bytes32"), ("epoch", "uint64"),
                ]),
            },
            "primaryType": "Approval",
            "domain": {"name": "agentpol", "version": "1"},
            "message": {"request": name, "wallet": wallet, "chain": U256::ONE.to_string(), "policy": policy, "epoch": "3"},
        },
    })
}
