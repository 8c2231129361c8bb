//! The clients' scripts, and what they print.

use crate::{
    chain::{COIN, COINS, GOLD, ROUTER, SHOP, STRANGER},
    tools::Tools,
};
use serde_json::{Value, json};
use std::process::Command;

/// A real client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Client {
    Viem,
    Ethers,
    Web3py,
}

/// What a script printed, step by step.
#[derive(Debug)]
pub(crate) struct Steps(Vec<Value>);

impl Client {
    /// Runs its script against an endpoint.
    pub(crate) fn run(self, tools: &Tools, url: &str, token: Option<&str>) -> Steps {
        let (program, script) = match self {
            Client::Viem => (&tools.node, "viem.mjs"),
            Client::Ethers => (&tools.node, "ethers.mjs"),
            Client::Web3py => (&tools.python, "web3py.py"),
        };
        // web3.py takes addresses with their checksum only.
        let [shop, stranger, coin, gold, router] =
            [SHOP, STRANGER, COIN, GOLD, ROUTER].map(|address| address.to_string());
        let target = json!({
            "url": url, "token": token, "shop": shop, "stranger": stranger, "coin": coin, "gold": gold, "router": router,
        });
        let output = Command::new(program)
            .arg(tools.scripts.join(script))
            .env("AGENTPOL_TARGET", target.to_string())
            .output()
            .unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{script}: {out}{err}");
        Steps(out.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
    }
}

impl Steps {
    /// Their names, in order.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.0.iter().map(|step| step["step"].as_str().unwrap()).collect()
    }

    /// What a step told, without its name.
    pub(crate) fn of(&self, name: &str) -> Value {
        let step = self.0.iter().find(|step| step["step"] == name);
        let mut step = step.unwrap_or_else(|| panic!("no step `{name}` in {self:#?}")).clone();
        step.as_object_mut().unwrap().remove("step");
        step
    }

    /// It told exactly this.
    #[track_caller]
    pub(crate) fn expect(&self, name: &str, told: &Value) {
        assert_eq!(&self.of(name), told, "{name}");
    }

    /// What is allowed goes as it does with any node: a payment, a tip, an approval, a swap.
    #[track_caller]
    pub(crate) fn expect_ordinary(&self, account: &str) {
        self.expect("account", &json!({ "account": account }));
        self.expect("chain", &json!({ "chain": 31337 }));
        let mined = json!({ "mined": true });
        self.expect("pay", &json!({ "mined": true, "shop": (25 * COINS).to_string() }));
        self.expect("tip", &mined);
        self.expect("approve", &mined);
        self.expect("swap", &json!({ "mined": true, "router": (30 * COINS).to_string() }));
    }

    /// The error that the endpoint answered.
    #[track_caller]
    pub(crate) fn error(&self, name: &str) -> Value {
        let told = self.of(name);
        assert!(told["error"].is_object(), "{name}: {told}");
        told["error"].clone()
    }
}

/// The steps of each script.
pub(crate) fn steps_of(client: Client) -> Vec<&'static str> {
    let before = [
        "account",
        "chain",
        "pay",
        "tip",
        "approve",
        "swap",
        "refused",
        "refused_again",
        "unlimited",
        "two_at_once",
        "message",
        "message_refused",
        "typed_data",
    ];
    let own: &[&str] = match client {
        Client::Viem => &["capabilities", "calls", "calls_refused"],
        Client::Ethers => &["batch"],
        Client::Web3py => &["typed_data_v4"],
    };
    let after = ["raw_transaction", "hash", "unknown_method", "over", "end"];
    before.iter().chain(own).chain(&after).copied().collect()
}
