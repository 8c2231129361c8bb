//! `agentpol serve` with a key that nobody else has.

use crate::{
    chain::{Chain, post},
    tools::{Tools, source},
};
use agentpol_keys::{Keystore, Passphrase};
use alloy_primitives::Address;
use serde_json::{Value, json};
use std::{
    fs::{self, Permissions},
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::Duration,
};

const PASSPHRASE: &str = "correct horse battery";
const TOKEN: &str = "only-the-agent-has-it";
/// What the clients are tried with, and what the approvals page is.
const CLIENTS: &str = "policy.agentpol";
pub(crate) const HOUSEHOLD: &str = "household.agentpol";

/// Tenths of a second until it has to answer.
const PATIENCE: u32 = 300;

/// Who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Whoever has the token.
    Token,
    /// Anybody on this machine.
    Anybody,
}

/// Runs until it is dropped.
pub(crate) struct Gateway {
    serve: Child,
    port: u16,
    wallet: Address,
    access: Access,
    // Holds the key and the ledger.
    home: Home,
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A directory with a keystore, gone when it is dropped.
struct Home {
    directory: tempfile::TempDir,
}

impl Home {
    fn new() -> Self {
        let home = Self { directory: tempfile::tempdir().unwrap() };
        home.secret("passphrase", PASSPHRASE);
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A file that nobody else reads.
    fn secret(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
        fs::set_permissions(self.path(name), Permissions::from_mode(0o600)).unwrap();
    }

    fn keys(&self, tools: &Tools, arguments: &[&str], stdin: &str) -> Value {
        let mut command = Command::new(&tools.agentpol);
        command.arg("keys").args(arguments).args(["--format", "json", "--keystore"]).arg(self.path("keys"));
        command.arg("--passphrase-file").arg(self.path("passphrase"));
        serde_json::from_slice(&run(command, stdin).stdout).unwrap()
    }

    /// A key that no node has ever seen.
    fn new_key(&self, tools: &Tools) -> Address {
        let made = self.keys(tools, &["new", "--name", "agent"], "");
        serde_json::from_value(made["address"].clone()).unwrap()
    }
}

fn run(mut command: Command, stdin: &str) -> Output {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

impl Gateway {
    /// With the policy that the clients are tried with.
    pub(crate) fn start(tools: &Tools, chain: &Chain, access: Access) -> Self {
        Self::start_with(tools, chain, access, CLIENTS, &[])
    }

    /// The one place that knows how it is started.
    pub(crate) fn start_with(
        tools: &Tools,
        chain: &Chain,
        access: Access,
        policy: &str,
        params: &[String],
    ) -> Self {
        let home = Home::new();
        let wallet = home.new_key(tools);
        let module = compile(tools, &home, policy);
        let port = free_port();
        let mut command = Command::new(&tools.agentpol);
        command
            .arg("serve")
            .arg("--policy")
            .arg(module)
            .args(["--key", "agent", "--keystore"])
            .arg(home.path("keys"));
        command.arg("--passphrase-file").arg(home.path("passphrase"));
        command.args(["--upstream", &chain.url(), "--listen", &format!("127.0.0.1:{port}")]);
        command.args(params.iter().flat_map(|param| ["--param", param.as_str()]));
        command.arg("--ledger").arg(home.path("ledger"));
        match access {
            Access::Token => {
                home.secret("token", TOKEN);
                command.arg("--token-file").arg(home.path("token"));
            }
            Access::Anybody => {
                command.arg("--without-token");
            }
        }
        let serve = command.stdout(Stdio::null()).spawn().unwrap();
        let mut gateway = Self { serve, port, wallet, access, home };
        gateway.wait();
        gateway
    }

    fn wait(&mut self) {
        for _ in 0..PATIENCE {
            if let Some(status) = self.serve.try_wait().unwrap() {
                panic!("serve ended: {status}");
            }
            if healthy(self.port) {
                return;
            }
            thread::sleep(Duration::from_millis(100));
        }
        panic!("serve does not answer");
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn wallet(&self) -> Address {
        self.wallet
    }

    /// Where it keeps its ledger.
    pub(crate) fn ledger(&self) -> PathBuf {
        self.home.path("ledger")
    }

    /// The answer to one call, whatever it is.
    pub(crate) fn ask(&self, method: &str, params: &Value) -> Value {
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        serde_json::from_str(&post(self.port, &call.to_string())).unwrap()
    }

    /// Nobody answers any more.
    pub(crate) fn stop(&mut self) {
        let _ = self.serve.kill();
        let _ = self.serve.wait();
    }

    pub(crate) fn token(&self) -> Option<&'static str> {
        (self.access == Access::Token).then_some(TOKEN)
    }
}

fn healthy(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let asked = stream.write_all(b"GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n");
    let mut answer = String::new();
    asked.is_ok() && stream.read_to_string(&mut answer).is_ok() && answer.starts_with("HTTP/1.1 200")
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// The policy, as a module: what a signer loads.
fn compile(tools: &Tools, home: &Home, policy: &str) -> PathBuf {
    let module = home.path("policy.agentpolc");
    for arguments in [&["check"][..], &["test"]] {
        let mut command = Command::new(&tools.agentpol);
        command.args(arguments).arg(source().join(policy));
        run(command, "");
    }
    let mut command = Command::new(&tools.agentpol);
    command.arg("build").arg(source().join(policy)).arg("-o").arg(&module);
    run(command, "");
    module
}

/// The policies are in order, whether or not there is anything that serves them.
pub(crate) fn compile_policies(tools: &Tools) {
    for policy in [CLIENTS, HOUSEHOLD] {
        assert!(compile(tools, &Home::new(), policy).exists());
    }
}

/// The first account of every development chain.
const KEY: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
const ADDRESS: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";

/// ethers and eth-account open a key that was made here; one that they made is listed and opened here.
pub(crate) fn exchange_keystores(tools: &Tools) {
    let home = Home::new();
    home.keys(tools, &["import", "--name", "agent"], KEY);
    let script = |program: &Path, name: &str| {
        let mut command = Command::new(program);
        command.arg(tools.scripts.join(name)).arg(home.path("keys")).arg(PASSPHRASE);
        String::from_utf8(run(command, KEY).stdout).unwrap()
    };
    for (program, name) in [(&tools.node, "keystore.mjs"), (&tools.python, "keystore.py")] {
        assert_eq!(script(program, name).trim(), ADDRESS, "{name}");
    }
    let listed = home.keys(tools, &["list"], "");
    let all = listed["keys"].as_array().unwrap();
    let names: Vec<_> = all.iter().map(|key| key["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["agent", "by-eth-account", "by-ethers"]);
    assert!(all.iter().all(|key| key["address"] == ADDRESS), "{listed}");
    let (keystore, passphrase) =
        (Keystore::at(home.path("keys")), Passphrase::read(&home.path("passphrase")));
    let passphrase = passphrase.unwrap();
    for name in names {
        let signer = keystore.open(&name.parse().unwrap(), &passphrase).unwrap();
        assert_eq!(signer.address().to_string(), ADDRESS, "{name}");
    }
}
