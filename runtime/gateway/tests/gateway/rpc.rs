use crate::world::World;
use agentpol_gateway::{config::MAX_BATCH, rpc::MAX_ID_BYTES};
use axum::http::StatusCode;
use serde_json::{Value, json};

async fn code(world: &World, body: &str) -> Value {
    let (status, answer) = world.post(body.to_owned()).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    assert_eq!(answer["jsonrpc"], "2.0", "{body}");
    answer["error"]["code"].clone()
}

#[tokio::test]
async fn ids_come_back_as_they_were_written() {
    let world = World::new().await;
    for id in ["1", "-1", "0.5", "1e3", "123456789012345678901234567890", "\"a\\u0062\"", "null", "\"\""] {
        let body = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"eth_chainId"}}"#);
        let request = crate::world::request().body(body.into()).unwrap();
        let response = world.http(request).await;
        let bytes = http_body_util::BodyExt::collect(response.into_body()).await.unwrap().to_bytes();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        assert_eq!(text, format!(r#"{{"jsonrpc":"2.0","id":{id},"result":"0x7a69"}}"#));
    }
}

#[tokio::test]
async fn what_is_no_call_is_told_so() {
    let world = World::new().await;
    for (body, expected) in [
        ("", -32_700),
        ("{", -32_700),
        ("{} {}", -32_700),
        (r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"eth_chainId"}"#, -32_700),
        (r#"{"jsonrpc":"2.0","id":1,"method":"eth_call","params":[{"to":"0x0","to":"0x1"}]}"#, -32_700),
        ("1", -32_600),
        ("{}", -32_600),
        ("[]", -32_600),
        (r#"{"id":1,"method":"eth_chainId"}"#, -32_600),
        (r#"{"jsonrpc":"1.0","id":1,"method":"eth_chainId"}"#, -32_600),
        (r#"{"jsonrpc":2.0,"id":1,"method":"eth_chainId"}"#, -32_600),
        (r#"{"jsonrpc":"2.0","id":1,"method":1}"#, -32_600),
        (r#"{"jsonrpc":"2.0","id":1}"#, -32_600),
        (r#"{"jsonrpc":"2.0","id":{},"method":"eth_chainId"}"#, -32_600),
        (r#"{"jsonrpc":"2.0","id":[1],"method":"eth_chainId"}"#, -32_600),
        (r#"{"jsonrpc":"2.0","id":true,"method":"eth_chainId"}"#, -32_600),
        (r#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":1}"#, -32_600),
        (r#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":null}"#, -32_600),
        (r#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId","approved":true}"#, -32_600),
        (r#"{"jsonrpc":"2.0","id":1,"method":"eth_chainID"}"#, -32_601),
    ] {
        assert_eq!(code(&world, body).await, json!(expected), "{body}");
    }
    let (_, answer) = world.post(vec![b'"', 0xff, b'"']).await;
    assert_eq!(answer["error"]["code"], -32_700);
    assert!(world.chain.called("eth_call").is_empty());
}

#[tokio::test]
async fn an_id_has_a_length() {
    let world = World::new().await;
    let with =
        |n: usize| json!({"jsonrpc": "2.0", "id": "x".repeat(n - 2), "method": "eth_chainId"}).to_string();
    assert_eq!(code(&world, &with(MAX_ID_BYTES)).await, Value::Null);
    assert_eq!(code(&world, &with(MAX_ID_BYTES + 1)).await, json!(-32_600));
}

#[tokio::test]
async fn batches_are_answered_one_by_one() {
    let world = World::new().await;
    let body = r#"[
        {"jsonrpc":"2.0","id":1,"method":"eth_chainId"},
        {"jsonrpc":"2.0","method":"eth_chainId"},
        7,
        {"jsonrpc":"2.0","id":"b","method":"eth_blockNumber","params":[]},
        {"jsonrpc":"2.0","id":3,"method":"eth_sign","params":[]}
    ]"#;
    let (_, answer) = world.post(body).await;
    let all = answer.as_array().unwrap();
    assert_eq!(all.len(), 4, "a notification has no answer: {answer}");
    assert_eq!(all[0]["result"], "0x7a69");
    assert_eq!((&all[1]["error"]["code"], &all[1]["id"]), (&json!(-32_600), &Value::Null));
    assert_eq!((&all[2]["result"], &all[2]["id"]), (&json!("0x0"), &json!("b")));
    assert_eq!(all[3]["error"]["code"], 4_200);
}

#[tokio::test]
async fn a_batch_has_a_length() {
    let world = World::new().await;
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}"#;
    let batch = |n: usize| format!("[{}]", vec![call; n].join(","));
    let (_, answer) = world.post(batch(MAX_BATCH)).await;
    assert_eq!(answer.as_array().map(Vec::len), Some(MAX_BATCH));
    assert_eq!(code(&world, &batch(MAX_BATCH + 1)).await, json!(-32_005));
}

/// Nobody could be told what became of it.
#[tokio::test]
async fn a_notification_signs_nothing() {
    let world = World::new().await;
    let tx = crate::world::payment(crate::world::SHOP, 1);
    let call = json!({"jsonrpc": "2.0", "method": "eth_sendTransaction", "params": [tx]});
    let (status, answer) = world.post(call.to_string()).await;
    assert_eq!((status, answer), (StatusCode::NO_CONTENT, Value::Null));
    assert!(world.chain.pool().is_empty());
}
