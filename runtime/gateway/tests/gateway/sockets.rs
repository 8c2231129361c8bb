//! Real sockets: slow clients, stopping, unix sockets.

use crate::world::{config, gate, next_call};
use agentpol_gateway::{
    Config, Server,
    config::{Limits, Listen, Secret},
};
use std::{os::unix::fs::PermissionsExt as _, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, UnixStream},
    sync::oneshot,
    task::JoinHandle,
};

/// A node that answers everything, after a while.
pub(crate) async fn node(delay: Duration, answer: &'static str) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(talk(stream, delay, answer));
        }
    });
    (url, task)
}

async fn talk(mut stream: TcpStream, delay: Duration, answer: &'static str) {
    while let Some(call) = next_call(&mut stream).await {
        let result = match call["method"].as_str().unwrap() {
            "eth_chainId" => "\"0x7a69\"",
            "eth_getTransactionCount" => "\"0x0\"",
            _ => {
                tokio::time::sleep(delay).await;
                answer
            }
        };
        let body = format!(r#"{{"jsonrpc":"2.0","id":{},"result":{result}}}"#, call["id"]);
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        if stream.write_all((head + &body).as_bytes()).await.is_err() {
            return;
        }
    }
}

struct Running {
    server: JoinHandle<()>,
    stop: oneshot::Sender<()>,
    at: Option<std::net::SocketAddr>,
}

async fn run(config: Config, url: &str) -> Running {
    let mut config = Config { no_chain: true, ..config };
    config.upstream.url = Secret::new(url);
    let server = Server::bind(config, gate()).await.unwrap();
    let at = server.address();
    let (stop, stopped) = oneshot::channel();
    let server = tokio::spawn(server.run(async { drop(stopped.await) }));
    Running { server, stop, at }
}

fn post(body: &str) -> String {
    format!(
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

const CALL: &str = r#"{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber","params":[]}"#;

async fn ask(mut stream: impl AsyncRead + AsyncWrite + Unpin, text: &str) -> String {
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn whoever_is_slow_is_cut_off() {
    let (url, _node) = node(Duration::ZERO, "\"0x5\"").await;
    let limits = Limits { head_ms: 300, body_ms: 300, ..Limits::default() };
    let it = run(Config { limits, ..config() }, &url).await;
    let connect = async || TcpStream::connect(it.at.unwrap()).await.unwrap();
    assert!(ask(connect().await, &post(CALL)).await.ends_with(r#"{"jsonrpc":"2.0","id":1,"result":"0x5"}"#));
    let within = |future| tokio::time::timeout(Duration::from_secs(5), future);
    let head = within(ask(connect().await, "POST / HTTP/1.1\r\nHost: local")).await.expect("cut off");
    assert!(!head.starts_with("HTTP/1.1 200"), "{head}");
    let body = post(CALL);
    let body = within(ask(connect().await, &body[..body.len() - 1])).await.expect("cut off");
    assert!(body.starts_with("HTTP/1.1 408"), "{body}");
}

#[tokio::test]
async fn what_is_being_answered_is_finished() {
    let (url, _node) = node(Duration::from_millis(500), "\"0x5\"").await;
    let it = run(config(), &url).await;
    let at = it.at.unwrap();
    let asked = tokio::spawn(async move { ask(TcpStream::connect(at).await.unwrap(), &post(CALL)).await });
    tokio::time::sleep(Duration::from_millis(150)).await;
    it.stop.send(()).unwrap();
    assert!(asked.await.unwrap().ends_with(r#""result":"0x5"}"#));
    it.server.await.unwrap();
    assert!(TcpStream::connect(at).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn stopping_does_not_wait_for_ever() {
    let (url, _node) = node(Duration::from_secs(60), "\"0x5\"").await;
    let limits = Limits { shutdown_ms: 200, ..Limits::default() };
    let it = run(Config { limits, ..config() }, &url).await;
    let mut stream = TcpStream::connect(it.at.unwrap()).await.unwrap();
    stream.write_all(post(CALL).as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    it.stop.send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(5), it.server).await.expect("it stops").unwrap();
}

#[tokio::test]
async fn so_many_connections_and_no_more() {
    let (url, _node) = node(Duration::ZERO, "\"0x5\"").await;
    let limits = Limits { connections: 2, head_ms: 60_000, ..Limits::default() };
    let it = run(Config { limits, ..config() }, &url).await;
    let connect = async || TcpStream::connect(it.at.unwrap()).await.unwrap();
    let one = connect().await;
    assert!(ask(connect().await, &post(CALL)).await.contains("0x5"), "two are taken");
    let two = connect().await;
    let call = post(CALL);
    let third = ask(connect().await, &call);
    tokio::pin!(third);
    assert!(tokio::time::timeout(Duration::from_millis(300), &mut third).await.is_err(), "the third waits");
    drop(one);
    assert!(third.await.contains("0x5"), "until another is gone");
    drop(two);
}

#[tokio::test]
async fn a_unix_socket_is_its_owners() {
    let (url, _node) = node(Duration::ZERO, "\"0x5\"").await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gate.sock");
    let listen = || Config { listen: Listen::Unix(path.clone()), without_token: false, ..config() };
    let it = run(listen(), &url).await;
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(ask(UnixStream::connect(&path).await.unwrap(), &post(CALL)).await.contains("0x5"));
    let mut second = listen();
    second.upstream.url = Secret::new(url.as_str());
    assert!(Server::bind(second, gate()).await.is_err(), "somebody listens there");
    it.stop.send(()).unwrap();
    it.server.await.unwrap();
    assert!(!path.exists());
    // What a killed run left behind is taken away; what is no socket is not.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let it = run(listen(), &url).await;
    drop(it.stop);
    it.server.await.unwrap();
    std::fs::write(&path, "mine").unwrap();
    let mut third = listen();
    third.upstream.url = Secret::new(url.as_str());
    assert!(Server::bind(third, gate()).await.is_err());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left lying about");
}
