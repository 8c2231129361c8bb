//! The node over HTTP, and what it can do wrong.

use crate::world::next_call;
use agentpol_gateway::{
    Node as _, NodeError, Upstream, UpstreamError,
    config::{Config, Listen, Secret},
};
use serde_json::value::{RawValue, to_raw_value};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{io::AsyncWriteExt as _, net::TcpListener};

const CHAIN: u64 = 31_337;

/// What a connection answers, from its number and the call.
type Script = dyn Fn(usize, &serde_json::Value) -> String + Send + Sync;

async fn node(script: impl Fn(usize, &serde_json::Value) -> String + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/key", listener.local_addr().unwrap());
    let script: Arc<Script> = Arc::new(script);
    tokio::spawn(async move {
        for connection in 0.. {
            let (mut stream, _) = listener.accept().await.unwrap();
            let script = script.clone();
            tokio::spawn(async move {
                while let Some(call) = next_call(&mut stream).await {
                    let answer = script(connection, &call);
                    if answer.is_empty() {
                        return;
                    }
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            });
        }
    });
    url
}

fn http(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

fn answer(call: &serde_json::Value, result: &str) -> String {
    http(&format!(r#"{{"jsonrpc":"2.0","id":{},"result":{result}}}"#, call["id"]))
}

fn upstream(url: &str) -> Upstream {
    let mut config = Config::new(Listen::Tcp("127.0.0.1:0".parse().unwrap()), Secret::new(url));
    config.upstream.max_answer_bytes = 10_000;
    config.upstream.timeout_ms = 2_000;
    Upstream::new(&config.upstream, CHAIN).unwrap()
}

fn none() -> Box<RawValue> {
    to_raw_value(&[(); 0]).unwrap()
}

#[test]
fn addresses_of_nodes() {
    for url in
        ["", "localhost:8545", "ftp://localhost", "http://", "file:///x", "ws://localhost:1", "https:///x"]
    {
        let config = Config::new(Listen::Tcp("127.0.0.1:0".parse().unwrap()), Secret::new(url));
        assert_eq!(Upstream::new(&config.upstream, CHAIN).err(), Some(UpstreamError::Address), "{url}");
    }
    assert!(!format!("{:?}", Secret::new("http://key")).contains("key"));
}

#[tokio::test]
async fn parameters_and_results_go_through_as_they_stand() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let saw = seen.clone();
    let url = node(move |_, call| match call["method"].as_str().unwrap() {
        "eth_chainId" => answer(call, "\"0x7a69\""),
        _ => {
            saw.lock().unwrap().push(call["params"].to_string());
            answer(call, r#"{"b": 1.50, "a": 1e400}"#)
        }
    })
    .await;
    let params: Box<RawValue> = serde_json::from_str(r#"[{"z":1,"a":0.10}]"#).unwrap();
    let got = upstream(&url).call("eth_call", &params).await.unwrap();
    assert_eq!(got.get(), r#"{"b": 1.50, "a": 1e400}"#);
    assert_eq!(seen.lock().unwrap().len(), 1);
}

/// The first connection is one to our chain, the second to another's.
#[tokio::test]
async fn whoever_answers_a_new_connection_is_asked_for_its_chain() {
    let url = node(|connection, call| match (call["method"].as_str().unwrap(), connection) {
        ("eth_chainId", 0) => answer(call, "\"0x7a69\""),
        ("eth_chainId", _) => answer(call, "\"0x1\""),
        ("hang_up", 0) => String::new(),
        _ => answer(call, "\"0x5\""),
    })
    .await;
    let upstream = upstream(&url);
    assert_eq!(upstream.call("eth_blockNumber", &none()).await.unwrap().get(), "\"0x5\"");
    let _ = upstream.call("hang_up", &none()).await;
    for _ in 0..2 {
        let error = upstream.call("eth_blockNumber", &none()).await.unwrap_err();
        assert!(matches!(error, NodeError::OtherChain { expected: CHAIN, .. }), "{error}");
    }
}

#[tokio::test]
async fn what_is_no_answer_is_an_error() {
    for (body, what) in [
        ("", "malformed"),
        ("<html>", "malformed"),
        ("[]", "malformed"),
        ("{}", "malformed"),
        (r#"{"jsonrpc":"2.0","id":999,"result":"0x1"}"#, "another call"),
        (r#"{"jsonrpc":"2.0","result":"0x1"}"#, "another call"),
        (r#"{"jsonrpc":"2.0","id":"1","result":"0x1"}"#, "malformed"),
        ("{\"id\":1,\"result\":\"\u{1}\"}", "malformed"),
    ] {
        let url = node(move |_, _| http(body)).await;
        let error = upstream(&url).call("eth_blockNumber", &none()).await.unwrap_err();
        assert!(error.to_string().contains(what), "{body}: {error}");
    }
    let words = node(|_, call| match call["method"].as_str().unwrap() {
        "eth_chainId" => answer(call, "\"0x7a69\""),
        _ => http(&format!(
            r#"{{"id":{},"error":{{"code":3,"message":"a\nb\u202e","data":"0x"}}}}"#,
            call["id"]
        )),
    })
    .await;
    let error = upstream(&words).call("eth_blockNumber", &none()).await.unwrap_err();
    let NodeError::Refused { code: 3, message, data: Some(_) } = error else { panic!("{error}") };
    assert_eq!(message, "a\\nb\\u{202e}");
}

#[tokio::test]
async fn an_answer_has_a_length_and_a_time() {
    for (bytes, fine) in [(10_000, true), (10_001, false)] {
        let url = node(move |_, call| match call["method"].as_str().unwrap() {
            "eth_chainId" => answer(call, "\"0x7a69\""),
            _ => {
                let start = format!(r#"{{"id":{},"result":""#, call["id"]);
                let text = "x".repeat(bytes - start.len() - 2);
                http(&format!("{start}{text}\"}}"))
            }
        })
        .await;
        let got = upstream(&url).call("eth_call", &none()).await;
        assert_eq!(got.is_ok(), fine, "{bytes}");
        assert!(fine || matches!(got, Err(NodeError::TooLong)), "{got:?}");
    }
    let url = node(|_, _| "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n".to_owned()).await;
    let asked = upstream(&url);
    let params = none();
    let got = tokio::time::timeout(Duration::from_secs(10), asked.call("eth_call", &params)).await;
    assert!(matches!(got.unwrap(), Err(NodeError::TooSlow)));
    let got = upstream("http://127.0.0.1:1").call("eth_call", &none()).await;
    assert!(matches!(got, Err(NodeError::Unreachable)), "{got:?}");
}

/// A node that sends its callers elsewhere is not followed.
#[tokio::test]
async fn redirects_lead_nowhere() {
    let other = node(|_, call| answer(call, "\"0x7a69\"")).await;
    let url = node(move |_, _| {
        format!("HTTP/1.1 307 Temporary Redirect\r\nLocation: {other}\r\nContent-Length: 0\r\n\r\n")
    })
    .await;
    assert!(matches!(upstream(&url).call("eth_chainId", &none()).await, Err(NodeError::Malformed(_))));
}
