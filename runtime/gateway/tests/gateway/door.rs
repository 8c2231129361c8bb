use crate::world::{TOKEN, World, config, request, value};
use agentpol_gateway::{
    Config, MAX_KEY_BYTES,
    config::{Limits, MAX_BODY_BYTES, Secret, Token},
};
use axum::{
    body::Body,
    http::{HeaderMap, Request, Response, StatusCode, header},
};
use serde_json::{Value, json};

const CALL: &str = r#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}"#;

async fn send(world: &World, head: impl FnOnce(&mut HeaderMap)) -> Response<Body> {
    let mut request = request().body(Body::from(CALL)).unwrap();
    head(request.headers_mut());
    world.http(request).await
}

fn token(agent: Option<&str>, token: &str) -> Token {
    Token { agent: agent.map(str::to_owned), token: Secret::new(token) }
}

#[tokio::test]
async fn a_name_that_leads_here_is_not_enough() {
    let world = World::with(Config { hosts: vec!["gate.example".to_owned()], ..config() }).await;
    for (host, expected) in [
        ("localhost", 200),
        ("127.0.0.1:8545", 200),
        ("[::1]:8545", 200),
        ("gate.example:8545", 200),
        ("evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("10.0.0.7", 403),
        ("", 403),
    ] {
        let status =
            send(&world, |head| drop(head.insert(header::HOST, host.parse().unwrap()))).await.status();
        assert_eq!(status, expected, "{host}");
    }
    assert_eq!(send(&world, |head| drop(head.remove(header::HOST))).await.status(), 403);
    let health = Request::get("/health").header("host", "evil.example").body(Body::empty()).unwrap();
    assert_eq!(world.http(health).await.status(), 403);
}

#[tokio::test]
async fn pages_ask_only_from_origins_that_are_listed() {
    let origins = vec!["http://localhost:3000".to_owned()];
    let world = World::with(Config { origins, ..config() }).await;
    for (origin, expected) in [
        ("http://localhost:3000", 200),
        ("http://localhost:3001", 403),
        ("null", 403),
        ("https://evil.example", 403),
    ] {
        let reply = send(&world, |head| drop(head.insert(header::ORIGIN, origin.parse().unwrap()))).await;
        assert_eq!(reply.status(), expected, "{origin}");
        let allowed =
            reply.headers().get(header::ACCESS_CONTROL_ALLOW_ORIGIN).map(|value| value.to_str().unwrap());
        assert_eq!(allowed, (expected == 200).then_some(origin));
        let preflight = Request::options("/").header("host", "localhost").header("origin", origin);
        let reply = world.http(preflight.body(Body::empty()).unwrap()).await;
        assert_eq!(reply.status().is_success(), expected == 200, "{origin}");
    }
}

#[tokio::test]
async fn a_token_says_who_asks() {
    let other = "another-token-that-is-long-enough-for-it";
    let tokens = vec![token(None, TOKEN), token(Some("bot"), other)];
    let world = World::with(Config { tokens, without_token: false, ..config() }).await;
    let with = |value: String| {
        let world = &world;
        async move {
            let much = json!({"jsonrpc": "2.0", "id": 1, "method": "eth_sendTransaction",
                "params": [crate::world::payment(crate::world::SHOP, 600 + value.len() as u64)]});
            let mut request = request().body(Body::from(much.to_string())).unwrap();
            if !value.is_empty() {
                request.headers_mut().insert(header::AUTHORIZATION, value.parse().unwrap());
            }
            let reply = world.http(request).await;
            let status = reply.status().as_u16();
            (status, value_of(reply).await)
        }
    };
    for bad in [
        "",
        "Bearer",
        "Bearer ",
        "Basic x",
        TOKEN,
        &format!("Bearer {TOKEN} "),
        &format!("Bearer {}", &TOKEN[1..]),
    ] {
        let (status, answer) = with(bad.to_owned()).await;
        assert_eq!((status, &answer["error"]["code"]), (401, &json!(4_100)), "{bad:?}");
    }
    for good in [format!("Bearer {TOKEN}"), format!("bearer {other}")] {
        let (status, answer) = with(good).await;
        assert_eq!((status, &answer["error"]["data"]["decision"]), (200, &json!("ask")), "{answer}");
    }
    let mut agents: Vec<_> = world.gate.waiting(0).unwrap().into_iter().map(|one| one.agent).collect();
    agents.sort();
    assert_eq!(agents, [None, Some("bot".to_owned())], "each under its own name");
    let metrics = Request::get("/metrics").header("host", "localhost");
    assert_eq!(world.http(metrics.body(Body::empty()).unwrap()).await.status(), 401);
}

async fn value_of(reply: Response<Body>) -> Value {
    value(reply).await
}

#[tokio::test]
async fn what_is_not_json_is_turned_away() {
    let world = World::new().await;
    for (kind, expected) in [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("Application/JSON", 200),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("", 415),
    ] {
        let reply = send(&world, |head| drop(head.insert(header::CONTENT_TYPE, kind.parse().unwrap()))).await;
        assert_eq!(reply.status(), expected, "{kind}");
    }
    let get = Request::get("/").header("host", "localhost").body(Body::empty()).unwrap();
    assert_eq!(world.http(get).await.status(), 405);
}

fn padded(bytes: usize) -> String {
    CALL.to_owned() + &" ".repeat(bytes - CALL.len())
}

#[tokio::test]
async fn a_body_has_a_length() {
    let limits = Limits { body_bytes: 1_000, ..Limits::default() };
    let world = World::with(Config { limits, ..config() }).await;
    let (status, answer) = world.post(padded(1_000)).await;
    assert_eq!((status, &answer["result"]), (StatusCode::OK, &json!("0x7a69")));
    let (status, answer) = world.post(padded(1_001)).await;
    assert_eq!((status, &answer["error"]["code"]), (StatusCode::PAYLOAD_TOO_LARGE, &json!(-32_005)));
    let standard = World::new().await;
    assert_eq!(standard.post(padded(MAX_BODY_BYTES)).await.0, StatusCode::OK);
    assert_eq!(standard.post(padded(MAX_BODY_BYTES + 1)).await.0, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test(start_paused = true)]
async fn an_agent_asks_so_often_and_no_more() {
    let limits = Limits { calls_per_second: 2, burst: 4, ..Limits::default() };
    let tokens = vec![token(Some("a"), TOKEN), token(Some("b"), "another-token-that-is-long-enough-for-it")];
    let world = World::with(Config { limits, tokens, without_token: false, ..config() }).await;
    let ask = async |token: &str, calls: usize| {
        let mut request = request().body(Body::from(format!("[{}]", vec![CALL; calls].join(",")))).unwrap();
        request.headers_mut().insert(header::AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
        world.http(request).await.status().as_u16()
    };
    assert_eq!(ask(TOKEN, 4).await, 200);
    assert_eq!(ask(TOKEN, 1).await, 429);
    assert_eq!(ask("another-token-that-is-long-enough-for-it", 4).await, 200, "each has its own");
    tokio::time::advance(std::time::Duration::from_millis(500)).await;
    assert_eq!(ask(TOKEN, 2).await, 429);
    assert_eq!(ask(TOKEN, 1).await, 200);
}

#[tokio::test]
async fn so_many_are_worked_on_at_once() {
    let limits = Limits { in_flight: 2, ..Limits::default() };
    let world = World::with(Config { limits, ..config() }).await;
    // A body that never ends keeps its place.
    let never = || {
        let (sender, body) =
            http_body_util::channel::Channel::<axum::body::Bytes, std::convert::Infallible>::new(1);
        let request = request().body(Body::new(body)).unwrap();
        let router = world.router.clone();
        (sender, tokio::spawn(tower::ServiceExt::oneshot(router, request)))
    };
    let one = never();
    tokio::task::yield_now().await;
    assert_eq!(world.post(CALL).await.0, StatusCode::OK);
    let two = never();
    tokio::task::yield_now().await;
    let (status, answer) = world.post(CALL).await;
    assert_eq!((status, &answer["error"]["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!(-32_005)));
    drop(one.0);
    one.1.await.unwrap().unwrap();
    assert_eq!(world.post(CALL).await.0, StatusCode::OK);
    drop(two);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_given_up() {
    let world = World::new().await;
    let (_sender, body) =
        http_body_util::channel::Channel::<axum::body::Bytes, std::convert::Infallible>::new(1);
    let reply = world.http(request().body(Body::new(body)).unwrap()).await;
    assert_eq!(reply.status(), StatusCode::REQUEST_TIMEOUT);
}

#[tokio::test]
async fn counters_are_told_and_labels_are_ours() {
    let world = World::new().await;
    world.pay(crate::world::STRANGER, 1).await.unwrap_err();
    world.pay(crate::world::SHOP, 1).await.unwrap();
    world.call("no\"such{method}", json!([])).await.unwrap_err();
    let text = world.metrics().await;
    for line in [
        r#"agentpol_calls_total{method="eth_sendTransaction",outcome="result"} 1"#,
        r#"agentpol_calls_total{method="eth_sendTransaction",outcome="error"} 1"#,
        r#"agentpol_calls_total{method="unknown",outcome="error"} 1"#,
        r#"agentpol_decisions_total{decision="deny",code="no_rule"} 1"#,
        r#"agentpol_decisions_total{decision="allow",code=""} 1"#,
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert!(!text.contains("such"), "{text}");
    let health = Request::get("/health").header("host", "localhost").body(Body::empty()).unwrap();
    assert_eq!(value(world.http(health).await).await, json!({"status": "ok"}));
}

#[tokio::test]
async fn a_request_with_a_name_is_made_once() {
    let world = World::new().await;
    let ask = async |key: &str, milli: u64| {
        let call = json!({"jsonrpc": "2.0", "id": 1, "method": "eth_sendTransaction",
            "params": [crate::world::payment(crate::world::SHOP, milli)]});
        let mut request = request().body(Body::from(call.to_string())).unwrap();
        request.headers_mut().insert("idempotency-key", key.parse().unwrap());
        let reply = world.http(request).await;
        (reply.status().as_u16(), value(reply).await)
    };
    let (_, first) = ask("a", 500).await;
    assert!(first["result"].is_string(), "{first}");
    assert_eq!(ask("a", 500).await.1, first);
    assert_eq!(world.chain.pool().len(), 1);
    let (_, other) = ask("a", 499).await;
    assert_eq!(other["error"]["data"]["code"], "invalid_request", "{other}");
    let (_, second) = ask("b", 500).await;
    assert_ne!(second["result"], first["result"]);
    // Also where it would be over the budget by now, and where the node would find fault with it.
    world.chain.fault("eth_estimateGas", |_| Err(agentpol_gateway::NodeError::TooSlow));
    assert_eq!(ask("b", 500).await.1, second);
    assert_eq!(ask("c", 500).await.1["error"]["data"]["code"], "budget");
    assert_eq!(ask(&"k".repeat(MAX_KEY_BYTES), 600).await.0, 200);
    assert_eq!(ask(&"k".repeat(MAX_KEY_BYTES + 1), 600).await.0, 400);
    assert_eq!(ask("", 600).await.0, 400);
}
