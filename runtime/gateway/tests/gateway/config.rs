use crate::{
    chain::Chain,
    world::{TOKEN, config, gate},
};
use agentpol_gateway::{
    BeginError, Config, Gateway, NodeError,
    config::{ConfigError, Limits, Listen, MIN_TOKEN_BYTES, MOST_AT_ONCE, Secret, Token},
};
use serde_json::json;
use std::sync::Arc;

fn listening(at: &str) -> Config {
    Config { listen: Listen::Tcp(at.parse().unwrap()), ..config() }
}

fn token(token: &str) -> Token {
    Token { agent: None, token: Secret::new(token) }
}

#[test]
fn it_is_local_unless_it_is_said_otherwise() {
    assert_eq!(listening("127.0.0.1:8545").check(), Ok(()));
    assert_eq!(listening("[::1]:8545").check(), Ok(()));
    for at in ["0.0.0.0:8545", "[::]:8545", "192.168.0.1:8545"] {
        assert_eq!(listening(at).check(), Err(ConfigError::NotLocal(at.parse().unwrap())), "{at}");
    }
    let beyond = Config { beyond_this_machine: true, ..listening("0.0.0.0:8545") };
    assert_eq!(beyond.check(), Err(ConfigError::NoToken), "others never come in without a token");
    assert_eq!(Config { tokens: vec![token(TOKEN)], ..beyond }.check(), Ok(()));
}

#[test]
fn tokens_are_long_and_tell_agents_apart() {
    let with = |tokens| Config { tokens, without_token: false, ..config() };
    assert_eq!(with(vec![]).check(), Err(ConfigError::NoToken));
    assert_eq!(with(vec![token(&"x".repeat(MIN_TOKEN_BYTES))]).check(), Ok(()));
    assert_eq!(with(vec![token(&"x".repeat(MIN_TOKEN_BYTES - 1))]).check(), Err(ConfigError::ShortToken));
    assert_eq!(with(vec![token(TOKEN), token(TOKEN)]).check(), Err(ConfigError::TokenTwice));
    let unix = Config { listen: Listen::Unix("gate.sock".into()), ..with(vec![]) };
    assert_eq!(unix.check(), Ok(()), "whoever can open the file may ask");
}

#[test]
fn limits_let_something_through_and_fit_the_machine() {
    let with = |limits| Config { limits, ..config() }.check();
    assert_eq!(with(Limits { batch: 0, ..Limits::default() }), Err(ConfigError::Zero("`batch`")));
    assert_eq!(with(Limits { in_flight: MOST_AT_ONCE, ..Limits::default() }), Ok(()));
    let most = Limits { in_flight: MOST_AT_ONCE + 1, ..Limits::default() };
    assert_eq!(with(most), Err(ConfigError::TooMany("`in_flight`")));
    assert_eq!(Config { poll_ms: 0, ..config() }.check(), Err(ConfigError::Zero("`poll_ms`")));
}

#[test]
fn secrets_are_not_shown_and_unknown_fields_not_taken() {
    let text = json!({
        "listen": {"tcp": "127.0.0.1:8545"},
        "tokens": [{"agent": "bot", "token": TOKEN}],
        "upstream": {"url": "https://node.example/v2/the-key"},
        "limits": {"batch": 7},
    });
    let read: Config = serde_json::from_value(text.clone()).unwrap();
    assert_eq!((read.check(), read.limits.batch, read.limits.burst), (Ok(()), 7, Limits::default().burst));
    let shown = format!("{read:?}");
    assert!(!shown.contains(TOKEN) && !shown.contains("the-key"), "{shown}");
    for path in ["/surprise", "/upstream/surprise", "/limits/surprise", "/tokens/0/surprise"] {
        let mut text = text.clone();
        let (at, field) = path.rsplit_once('/').unwrap();
        text.pointer_mut(at).unwrap()[field] = json!(1);
        assert!(serde_json::from_value::<Config>(text).is_err(), "{path}");
    }
}

#[tokio::test]
async fn it_does_not_begin_before_another_chain() {
    let begin = async |chain: &Chain, config| Gateway::begin(config, gate(), Arc::new(chain.clone())).await;
    let chain = Chain::new();
    for (asked, fine) in [(None, true), (Some(31_337), true), (Some(1), false)] {
        let begun = begin(&chain, Config { chain: asked, ..config() }).await;
        assert_eq!(begun.is_ok(), fine, "{asked:?}");
    }
    chain.fault("eth_chainId", |_| Ok(json!("0x1")));
    let begun = begin(&chain, config()).await;
    assert!(
        matches!(begun, Err(BeginError::Node(NodeError::OtherChain { expected: 31_337, .. }))),
        "{begun:?}"
    );
    for answer in [json!(null), json!(1), json!("31337"), json!("0x"), json!(format!("0x{}", "1".repeat(65)))]
    {
        chain.fault("eth_chainId", move |_| Ok(answer.clone()));
        let begun = begin(&chain, config()).await;
        assert!(matches!(begun, Err(BeginError::Node(NodeError::Malformed(_)))), "{begun:?}");
    }
}
