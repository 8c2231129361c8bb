//! A policy, a key, and a gateway before the played node.

use crate::chain::Chain;
use agentpol_compiler::{NoFiles, SourceFile, compile, lower::lower};
use agentpol_gateway::{
    Config, Gateway, Node,
    config::{Listen, Secret},
    router,
};
use agentpol_model::Address;
use agentpol_runtime::{Binding, Gate, Policy};
use alloy::signers::local::PrivateKeySigner;
use alloy_primitives::address;
use axum::{
    Router,
    body::Body,
    http::{Request, Response, StatusCode},
};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};
use tokio::{io::AsyncReadExt as _, net::TcpStream};
use tower::ServiceExt as _;

/// Of the first block of the played chain.
pub(crate) const NOW: u64 = 1_795_341_600;
/// The first account of every development chain.
pub(crate) const KEY: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
pub(crate) const WALLET: Address = address!("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
pub(crate) const OWNER: Address = address!("0x90F79bf6EB2c4f870365E785982E1f101E93b906");
pub(crate) const SHOP: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
pub(crate) const STRANGER: &str = "0x6666666666666666666666666666666666666666";
pub(crate) const TOKEN: &str = "0123456789abcdef0123456789abcdef";

pub(crate) const POLICY: &str = r#"
policy shop on devnet

use std::tokens::ETH

chain devnet id 31337 native ETH
param owner: approver

fees at most 0.01 ETH
budget daily: 1 ETH per 24h

allow tip: send(to, value) {
    when to == 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 and value <= 0.5 ETH
}
ask much: send(to, value) {
    by owner within 10min
    when to == 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 and value > 0.5 ETH
}
allow greet: message(text) {
    when text.starts_with("Sign in to the shop")
}
"#;

pub(crate) fn policy(text: &str) -> Policy {
    let compilation = compile(SourceFile::new("shop.agentpol", text), &NoFiles);
    let ruleset = compilation.ruleset.unwrap_or_else(|| panic!("{:?}", compilation.diagnostics));
    let owner = agentpol_model::policy::ParamValue::Word(OWNER.into_word().into());
    let params = BTreeMap::from([("owner".to_owned(), owner)]);
    let binding = Binding { wallet: WALLET, signer: WALLET, params };
    Policy::new(lower(&ruleset).unwrap(), &binding).unwrap()
}

pub(crate) fn gate() -> Arc<Gate<PrivateKeySigner>> {
    gate_of(POLICY)
}

fn gate_of(text: &str) -> Arc<Gate<PrivateKeySigner>> {
    let policy = policy(text);
    let ledger = policy.ledger(false);
    Arc::new(Gate::new(policy, ledger, KEY.parse().unwrap()).unwrap())
}

pub(crate) fn config() -> Config {
    let listen = Listen::Tcp("127.0.0.1:0".parse().unwrap());
    Config { without_token: true, ..Config::new(listen, Secret::new("http://127.0.0.1:1")) }
}

/// A gateway, and what is behind it.
pub(crate) struct World {
    pub(crate) gate: Arc<Gate<PrivateKeySigner>>,
    pub(crate) chain: Chain,
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) router: Router,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(config()).await
    }

    pub(crate) async fn with(config: Config) -> Self {
        Self::of(POLICY, config).await
    }

    pub(crate) async fn of(policy: &str, config: Config) -> Self {
        Self::on(Chain::new(), policy, config).await
    }

    pub(crate) async fn on(chain: Chain, policy: &str, config: Config) -> Self {
        let node: Arc<dyn Node> = Arc::new(chain.clone());
        let gate = gate_of(policy);
        let gateway = Gateway::begin(config, gate.clone(), node).await.unwrap();
        Self { gate, chain, router: router(gateway.clone()), gateway }
    }

    pub(crate) async fn http(&self, request: Request<Body>) -> Response<Body> {
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// The answer to a body.
    pub(crate) async fn post(&self, body: impl Into<Body>) -> (StatusCode, Value) {
        let response = self.http(request().body(body.into()).unwrap()).await;
        let status = response.status();
        (status, value(response).await)
    }

    /// The answer to a call of the owner's.
    pub(crate) async fn owner(&self, method: &str, params: Value) -> Result<Value, Value> {
        let call = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let request = request().body(Body::from(call.to_string())).unwrap();
        let router = agentpol_gateway::owner::router(self.gateway.clone());
        outcome(value(router.oneshot(request).await.unwrap()).await)
    }

    /// The answer to a call.
    pub(crate) async fn call(&self, method: &str, params: Value) -> Result<Value, Value> {
        let call = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let (status, answer) = self.post(call.to_string()).await;
        assert_eq!(status, StatusCode::OK);
        outcome(answer)
    }

    /// Sends so many thousandths of an ether.
    pub(crate) async fn pay(&self, to: &str, milli: u64) -> Result<Value, Value> {
        self.call("eth_sendTransaction", json!([payment(to, milli)])).await
    }

    pub(crate) async fn metrics(&self) -> String {
        let request = Request::get("/metrics").header("host", "localhost").body(Body::empty()).unwrap();
        let body = self.http(request).await.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(body.to_vec()).unwrap()
    }
}

fn outcome(mut answer: Value) -> Result<Value, Value> {
    assert_eq!((&answer["jsonrpc"], &answer["id"]), (&json!("2.0"), &json!(1)));
    match answer.get_mut("result") {
        Some(result) => Ok(result.take()),
        None => Err(answer["error"].take()),
    }
}

pub(crate) fn payment(to: &str, milli: u64) -> Value {
    json!({"from": WALLET.to_string(), "to": to, "value": format!("{:#x}", u128::from(milli) * 10u128.pow(15))})
}

/// A request as clients make it, without its body.
pub(crate) fn request() -> axum::http::request::Builder {
    Request::post("/").header("host", "localhost:8545").header("content-type", "application/json")
}

pub(crate) async fn value(response: Response<Body>) -> Value {
    let body = response.into_body().collect().await.unwrap().to_bytes();
    if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() }
}

/// The next call that comes over a connection, as a node sees it: its body, once it is whole. `None` when it has ended.
pub(crate) async fn next_call(stream: &mut TcpStream) -> Option<Value> {
    let mut read = Vec::new();
    let mut chunk = [0; 4_096];
    while let Ok(n @ 1..) = stream.read(&mut chunk).await {
        read.extend_from_slice(&chunk[..n]);
        let text = String::from_utf8_lossy(&read);
        let Some((_, body)) = text.split_once("\r\n\r\n") else { continue };
        if let Ok(call) = serde_json::from_str(body) {
            return Some(call);
        }
    }
    None
}
