//! A development chain with the contracts on it.

use crate::tools::{Tools, root, source};
use alloy_primitives::{Address, Bytes, U256, address, hex};
use alloy_sol_types::SolValue as _;
use serde_json::{Value, json};
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, Command, Stdio},
    sync::OnceLock,
    thread,
    time::Duration,
};

/// The words that every development chain derives its accounts from.
const MNEMONIC: &str = "test test test test test test test test test test test junk";

/// The first accounts: one that deploys, one that is paid, one that is not.
pub(crate) const DEPLOYER: Address = address!("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
pub(crate) const SHOP: Address = address!("0x70997970C51812dc3A010C7d01b50e0d17dc79C8");
pub(crate) const STRANGER: Address = address!("0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC");

/// What the deployer's first three transactions make, and what the policy says.
pub(crate) const COIN: Address = address!("0x5FbDB2315678afecb367f032d93F642f64180aa3");
pub(crate) const GOLD: Address = address!("0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512");
pub(crate) const ROUTER: Address = address!("0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0");

/// Base units of a coin and of gold.
pub(crate) const COINS: u128 = 10u128.pow(6);
const GOLDS: u128 = 10u128.pow(18);

/// Runs until it is dropped.
pub(crate) struct Chain {
    anvil: Child,
    port: u16,
}

impl Drop for Chain {
    fn drop(&mut self) {
        let _ = self.anvil.kill();
        let _ = self.anvil.wait();
    }
}

impl Chain {
    /// A fresh chain with the contracts: two coins for one gold, of which the router has plenty.
    pub(crate) fn start(tools: &Tools) -> Self {
        let mut anvil = Command::new(&tools.anvil)
            .args(["--port", "0", "--mnemonic", MNEMONIC, "--slots-in-an-epoch", "1"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(anvil.stdout.take().unwrap());
        let mut said = String::new();
        let port = loop {
            let start = said.len();
            assert_ne!(lines.read_line(&mut said).unwrap(), 0, "anvil ended: {said}");
            if let Some(place) = said.get(start..).and_then(|line| line.trim().strip_prefix("Listening on "))
            {
                break place.rsplit_once(':').unwrap().1.parse().unwrap();
            }
        };
        // It goes on telling of every request; nobody may leave it stuck.
        thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        let chain = Self { anvil, port };
        chain.deploy_all(tools);
        chain
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn deploy_all(&self, tools: &Tools) {
        let code = contracts(tools);
        let token = |name: &str, decimals: u64, supply: u128| {
            (name.to_owned(), U256::from(decimals), U256::from(supply)).abi_encode_params()
        };
        assert_eq!(self.deploy(&code["Coin"], &token("Coin", 6, 1_000_000 * COINS)), COIN);
        assert_eq!(self.deploy(&code["Coin"], &token("Gold", 18, 1_000_000 * GOLDS)), GOLD);
        let price = (U256::from(GOLDS), U256::from(2 * COINS)).abi_encode_params();
        assert_eq!(self.deploy(&code["Router"], &price), ROUTER);
        self.give(GOLD, ROUTER, 1_000 * GOLDS);
    }

    fn deploy(&self, code: &Value, arguments: &[u8]) -> Address {
        let data = format!("{}{}", code.as_str().unwrap(), hex::encode(arguments));
        let receipt = self.mine(&json!({ "from": DEPLOYER, "data": data }));
        serde_json::from_value(receipt["contractAddress"].clone()).unwrap()
    }

    /// The deployer's, who has everything.
    fn give(&self, token: Address, to: Address, amount: u128) {
        let data = call("transfer(address,uint256)", &(to, U256::from(amount)).abi_encode_params());
        self.mine(&json!({ "from": DEPLOYER, "to": token, "data": data }));
    }

    /// What a wallet starts with: ten ether and a thousand coins.
    pub(crate) fn fund(&self, wallet: Address) {
        let value = format!("0x{:x}", 10 * GOLDS);
        self.mine(&json!({ "from": DEPLOYER, "to": wallet, "value": value }));
        self.give(COIN, wallet, 1_000 * COINS);
    }

    fn mine(&self, transaction: &Value) -> Value {
        let hash = self.ask("eth_sendTransaction", &json!([transaction]));
        let receipt = patiently(|| {
            let receipt = self.ask("eth_getTransactionReceipt", &json!([hash]));
            (!receipt.is_null()).then_some(receipt)
        });
        assert_eq!(receipt["status"], "0x1", "{transaction}");
        receipt
    }

    /// Until everything that an account sent is mined.
    pub(crate) fn settle(&self, account: Address) {
        patiently(|| (self.sent(account, "pending") == self.sent(account, "latest")).then_some(()));
    }

    /// How much of a token somebody has.
    pub(crate) fn balance(&self, token: Address, owner: Address) -> u128 {
        let data = call("balanceOf(address)", &owner.abi_encode());
        let word = self.ask("eth_call", &json!([{ "to": token, "data": data }, "latest"]));
        let word: U256 = serde_json::from_value(word).unwrap();
        word.to()
    }

    /// What somebody may take of the token's owner.
    pub(crate) fn allowance(&self, token: Address, owner: Address, spender: Address) -> u128 {
        let data = call("allowance(address,address)", &(owner, spender).abi_encode_params());
        let word = self.ask("eth_call", &json!([{ "to": token, "data": data }, "latest"]));
        let word: U256 = serde_json::from_value(word).unwrap();
        word.to()
    }

    /// Transactions of an account that are mined.
    pub(crate) fn nonce(&self, account: Address) -> u64 {
        self.sent(account, "latest")
    }

    fn sent(&self, account: Address, block: &str) -> u64 {
        let nonce: U256 =
            serde_json::from_value(self.ask("eth_getTransactionCount", &json!([account, block]))).unwrap();
        nonce.to()
    }

    /// The node's answer, which has to be a result.
    pub(crate) fn ask(&self, method: &str, params: &Value) -> Value {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let answer = post(self.port, &body.to_string());
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }
}

/// Asks again until there is an answer, for some ten seconds.
fn patiently<T>(ask: impl Fn() -> Option<T>) -> T {
    for _ in 0..500 {
        if let Some(answer) = ask() {
            return answer;
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("the chain does not answer");
}

pub(crate) fn call(signature: &str, arguments: &[u8]) -> Bytes {
    let selector = alloy_primitives::keccak256(signature);
    [selector.get(..4).unwrap(), arguments].concat().into()
}

/// One request over a connection of its own; all of the body that comes back.
pub(crate) fn post(port: u16, body: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let length = body.len();
    write!(
        stream,
        "POST / HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

/// Their code by their names, compiled once.
fn contracts(tools: &Tools) -> &'static Value {
    static CODE: OnceLock<Value> = OnceLock::new();
    CODE.get_or_init(|| {
        let compiled = Command::new(&tools.node)
            .arg(tools.scripts.join("compile.mjs"))
            .arg(source().join("contracts"))
            .current_dir(root())
            .output()
            .unwrap();
        assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
        serde_json::from_slice(&compiled.stdout).unwrap()
    })
}
