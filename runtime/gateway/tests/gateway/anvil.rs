//! Against a real node, where one is there: `anvil` on the path, or at `AGENTPOL_ANVIL`.

use crate::world::{SHOP, STRANGER, WALLET, config, gate, payment};
use agentpol_gateway::{Config, Server, config::Secret};
use serde_json::{Value, json};
use std::{process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    process::{Child, Command},
    sync::oneshot,
};

struct Anvil {
    /// Ends with it.
    _child: Child,
    at: String,
}

async fn anvil() -> Option<Anvil> {
    let program = std::env::var("AGENTPOL_ANVIL").unwrap_or_else(|_| "anvil".to_owned());
    let args = ["--port", "0", "--host", "127.0.0.1", "--slots-in-an-epoch", "1"];
    let child = Command::new(program)
        .args(args)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn();
    let Ok(mut child) = child else {
        println!("skipped: no anvil on the path, and none at AGENTPOL_ANVIL");
        return None;
    };
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let reading = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            if let Some(at) = line.strip_prefix("Listening on ") {
                return at.trim().to_owned();
            }
        }
        panic!("anvil says where it listens")
    };
    let at = tokio::time::timeout(Duration::from_secs(20), reading).await.expect("anvil begins");
    // Nobody reads on: it would block when the pipe is full.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Some(Anvil { _child: child, at })
}

async fn call(at: &str, method: &str, params: Value) -> Result<Value, Value> {
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
    let mut stream = TcpStream::connect(at).await.unwrap();
    let head = format!(
        "POST / HTTP/1.1\r\nHost: {at}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let answer: Value = serde_json::from_str(body).unwrap_or_else(|e| panic!("{e}: {body}"));
    match answer.get("result") {
        Some(result) => Ok(result.clone()),
        None => Err(answer["error"].clone()),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_node_takes_what_is_signed() {
    let Some(anvil) = anvil().await else { return };
    // The agents' policy may spend an ether in a day of the chain's time.
    let mut config = Config { poll_ms: 50, ..config() };
    config.upstream.url = Secret::new(format!("http://{}", anvil.at));
    let server = Server::bind(config, gate()).await.unwrap();
    let at = server.address().unwrap().to_string();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(server.run(async { drop(stopped.await) }));
    let gateway = async |method: &str, params: Value| call(&at, method, params).await;

    let balance = async || gateway("eth_getBalance", json!([SHOP, "latest"])).await.unwrap();
    let before = balance().await;
    let hash = gateway("eth_sendTransaction", json!([payment(SHOP, 500)])).await.unwrap();
    let receipt = gateway("eth_getTransactionReceipt", json!([hash])).await.unwrap();
    assert_eq!(
        (&receipt["status"], receipt["from"].as_str().map(str::to_lowercase)),
        (&json!("0x1"), Some(WALLET.to_string().to_lowercase()))
    );
    assert_ne!(balance().await, before);
    let denied = gateway("eth_sendTransaction", json!([payment(STRANGER, 1)])).await.unwrap_err();
    assert_eq!((&denied["code"], &denied["data"]["code"]), (&json!(4_100), &json!("no_rule")));

    // Calls together, played through by the node beforehand.
    let value = payment(SHOP, 100)["value"].clone();
    let one = json!({"to": SHOP, "value": value});
    let batch = json!({"version": "2.0.0", "chainId": "0x7a69", "from": WALLET.to_string(), "atomicRequired": false, "calls": [one, one]});
    let id = gateway("wallet_sendCalls", json!([batch])).await.unwrap()["id"].clone();
    let status = gateway("wallet_getCallsStatus", json!([id])).await.unwrap();
    assert_eq!(
        (&status["status"], status["receipts"].as_array().map(Vec::len)),
        (&json!(200), Some(2)),
        "{status}"
    );

    // Three tenths are left of the day. A day later, once that is final, all is there again.
    let over = gateway("eth_sendTransaction", json!([payment(SHOP, 400)])).await.unwrap_err();
    assert_eq!(over["data"]["code"], "budget", "{over}");
    call(&anvil.at, "evm_increaseTime", json!([24 * 3_600])).await.unwrap();
    call(&anvil.at, "anvil_mine", json!(["0x5"])).await.unwrap();
    let mut answer = over;
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        match gateway("eth_sendTransaction", json!([payment(SHOP, 400)])).await {
            Ok(hash) => {
                answer = hash;
                break;
            }
            Err(error) => answer = error,
        }
    }
    assert!(answer.is_string(), "the window refills: {answer}");
    stop.send(()).unwrap();
    server.await.unwrap();
}
