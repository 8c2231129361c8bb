//! `agentpol serve`: the gate as an endpoint that wallet clients take for their node.

use crate::{
    cli::Format,
    keystore::KeystoreArgs,
    load, owner, params, report,
    ui::{DIM, Failure, Outcome, Status, Ui},
};
use agentpol_gateway::{
    Config, Server,
    config::{Listen, Secret, Token},
};
use agentpol_keys::{Key, KeySource};
use agentpol_model::{Address, ChainId};
use agentpol_runtime::{
    Binding, Gate, Policy,
    history::{Bound, Folder},
};
use alloy::signers::Signer as _;
use clap::Args;
use serde::Serialize;
use std::{
    io::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::signal::unix::{SignalKind, signal};

/// Bytes of a file with a token.
const MAX_TOKEN_BYTES: usize = 1_024;

/// Sign what the policy allows: an endpoint that wallet clients take for their node
#[derive(Args)]
#[command(args_override_self = true)]
#[command(after_help = "\
Clients ask for JSON-RPC as ever. What would be signed is judged first, what only reads goes to the node, what would go round the \
policy is refused. A denial is error 4100 with rule and reason in its message, and the whole decision as data.

Only this machine can connect, with a token: `Authorization: Bearer …`. A unix socket needs none, since only its owner can open it.

Without --ledger nothing outlives the process: after a restart every budget would be whole again, so that is for trying out.")]
pub(crate) struct Serve {
    /// A file of options, `NAME = VALUE` a line (TOML), by the names they have here; what stands here goes before it
    // Read before the command line is.
    #[arg(long, value_name = "FILE", env = "AGENTPOL_CONFIG")]
    config: Option<PathBuf>,
    /// The policy: text, or a module
    #[arg(long, value_name = "FILE", env = "AGENTPOL_POLICY")]
    policy: PathBuf,
    /// A parameter: `cap=250 USDC`, `payees={0x…, 0x…}`, `owner=0x…`
    #[arg(long = "param", value_name = "NAME=VALUE")]
    params: Vec<String>,
    /// The account whose assets move, if it is another than the key's: a Safe, a smart account
    #[arg(long, value_name = "ADDRESS", value_parser = params::address)]
    wallet: Option<Address>,
    /// The key: a name in the keystore, `aws:ID`, `gcp:RESOURCE` or `ledger:INDEX`
    #[arg(long, value_name = "KEY", env = "AGENTPOL_KEY")]
    key: String,
    #[command(flatten)]
    keystore: KeystoreArgs,
    /// The folder that keeps what was decided, signed and seen
    #[arg(long, value_name = "DIR", env = "AGENTPOL_LEDGER")]
    ledger: Option<PathBuf>,
    /// Who has to sign another edition of the policy; said once, when the ledger begins
    #[arg(long, value_name = "ADDRESS", value_parser = params::address)]
    owner: Option<Address>,
    /// The node, `http://…` or `https://…`
    #[arg(long, value_name = "URL", env = "AGENTPOL_UPSTREAM", hide_env_values = true)]
    upstream: String,
    /// The chain, if the policy is for several
    #[arg(long, value_name = "ID")]
    chain: Option<ChainId>,
    /// Where clients connect: an address, or `unix:PATH`
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8550", env = "AGENTPOL_LISTEN", value_parser = listen)]
    listen: Listen,
    /// A file with the token that an agent shows, which nobody else can read; `NAME=FILE` where several agents ask
    #[arg(long = "token-file", value_name = "[NAME=]FILE")]
    tokens: Vec<String>,
    /// Anybody on this machine may ask
    #[arg(long)]
    without_token: bool,
    /// A web page that may ask, as browsers name it: `http://localhost:3000`
    #[arg(long = "origin", value_name = "ORIGIN")]
    origins: Vec<String>,
    /// A name under which other machines reach this one
    #[arg(long = "host", value_name = "NAME")]
    hosts: Vec<String>,
    /// Let other machines connect
    #[arg(long)]
    beyond_this_machine: bool,
    /// Never look at the chain: nothing that was counted is ever released
    #[arg(long)]
    no_chain: bool,
    /// Blocks after which one counts as final, for chains whose nodes cannot say
    #[arg(long, value_name = "BLOCKS")]
    final_depth: Option<u64>,
    /// Milliseconds between looks at the chain
    #[arg(long, value_name = "MS", default_value_t = agentpol_gateway::config::POLL_MS)]
    poll: u64,
    /// For people or for programs
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

/// What is said once it answers.
#[derive(Serialize)]
struct Begun {
    listening: String,
    policy: String,
    policy_hash: String,
    wallet: String,
    signer: String,
}

impl Serve {
    pub(crate) fn run(self, ui: &mut Ui) -> Outcome {
        let Some(policy) = load::policy(ui, &self.policy)? else { return Ok(Status::Findings) };
        tracing_subscriber::fmt().with_writer(std::io::stderr).without_time().with_target(false).init();
        let runtime = tokio::runtime::Runtime::new();
        let runtime = runtime.map_err(|e| Failure::new(format!("the system gives no threads: {e}")))?;
        runtime.block_on(self.serve(ui, &policy))
    }

    async fn serve(&self, ui: &mut Ui, policy: &load::Policy) -> Outcome {
        let source: KeySource = self.key.parse()?;
        let key = Key::connect(&source, &self.keystore.open()?, || self.keystore.passphrase()).await?;
        let signer = key.address();
        let module = policy.module();
        let params = params::parse(&self.params, &module.params, &module.tokens)?;
        let binding = Binding { wallet: self.wallet.unwrap_or(signer), signer, params };
        let bytes = agentpol_bytecode::encode(module);
        let gate = Arc::new(match &self.ledger {
            Some(folder) => kept(folder, &bytes, &binding, self.owner, key)?,
            None => {
                ui.log("without --ledger nothing outlives this process: after a restart every budget is whole again");
                let policy = Policy::new(module.clone(), &binding).map_err(params::failure)?;
                let ledger = policy.ledger(false);
                Gate::new(policy, ledger, key).map_err(|e| Failure::new(e.to_string()))?
            }
        });
        let begun = Begun {
            listening: String::new(),
            policy: module.name.clone(),
            policy_hash: gate.policy().hash().to_string(),
            wallet: binding.wallet.to_string(),
            signer: signer.to_string(),
        };
        let server = Server::bind(self.config()?, gate).await.map_err(|e| Failure::new(e.to_string()))?;
        let listening = match (server.address(), &self.listen) {
            (Some(at), _) => format!("http://{at}"),
            (None, Listen::Unix(path)) => format!("unix:{}", path.display()),
            (None, Listen::Tcp(at)) => format!("http://{at}"),
        };
        self.say(ui, &Begun { listening, ..begun })?;
        server.run(told_to_stop()?).await;
        Ok(Status::Clean)
    }

    fn say(&self, ui: &mut Ui, begun: &Begun) -> Result<(), Failure> {
        match self.format {
            Format::Json => report::json_line(ui, begun)?,
            Format::Human => {
                let Begun { listening, policy, policy_hash, wallet, .. } = begun;
                writeln!(ui.out, "{policy} for {wallet} at {listening}")?;
                writeln!(ui.out, "{DIM}hash{DIM:#} {policy_hash}")?;
            }
        }
        ui.out.flush()?;
        Ok(())
    }

    fn config(&self) -> Result<Config, Failure> {
        let tokens: Result<Vec<Token>, Failure> = self.tokens.iter().map(|given| token(given)).collect();
        Ok(Config {
            tokens: tokens?,
            without_token: self.without_token,
            origins: self.origins.clone(),
            hosts: self.hosts.clone(),
            beyond_this_machine: self.beyond_this_machine,
            chain: self.chain,
            no_chain: self.no_chain,
            poll_ms: self.poll,
            final_depth: self.final_depth,
            control: self.ledger.as_deref().map(owner::control),
            ..Config::new(self.listen.clone(), Secret::new(self.upstream.as_str()))
        })
    }
}

/// Goes on with a ledger, or begins it. Another policy than the ledger's is put in its place by its owner, never by starting.
fn kept(
    folder: &Path,
    module: &[u8],
    binding: &Binding,
    owner: Option<Address>,
    key: Key,
) -> Result<Gate<Key>, Failure> {
    let fail = |e: &dyn std::fmt::Display| Failure::new(format!("the ledger `{}`: {e}", folder.display()));
    let bound = Bound::new(module, binding, false).map_err(params::failure)?;
    let bound = Bound { owner, ..bound };
    if !Folder::is_begun(folder) {
        return Ok(Folder::begin(folder, bound, module, key).map_err(|e| fail(&e))?.0);
    }
    let (gate, _) = Folder::open(folder, None, key).map_err(|e| fail(&e))?;
    let given = bound.load(module).map_err(params::failure)?;
    let policy = gate.policy();
    let same =
        policy.hash() == given.hash() && policy.wallet() == given.wallet() && policy.terms() == given.terms();
    match same {
        true => Ok(gate),
        false => Err(fail(&format!(
            "it counts for the policy {} with its parameters, not for this one",
            policy.hash()
        ))
        .help("put this one in its place: agentpol ledger edit DIR --policy FILE; or serve the policy that it counts for")),
    }
}

/// Ctrl-C, or what service managers send.
fn told_to_stop() -> Result<impl Future<Output = ()>, Failure> {
    let no_signals = |e| Failure::new(format!("signals cannot be waited for: {e}"));
    let mut interrupt = signal(SignalKind::interrupt()).map_err(no_signals)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(no_signals)?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

fn listen(text: &str) -> Result<Listen, String> {
    match text.strip_prefix("unix:") {
        Some("") => Err("name the socket: `unix:PATH`".to_owned()),
        Some(path) => Ok(Listen::Unix(PathBuf::from(path))),
        None => text
            .parse()
            .map(Listen::Tcp)
            .map_err(|_| "an address and a port, `127.0.0.1:8550`, or `unix:PATH`".to_owned()),
    }
}

/// `[NAME=]FILE`: a name has no slash, so a path with `=` in it can be written `./a=b`.
fn token(given: &str) -> Result<Token, Failure> {
    let (agent, path) = match given.split_once('=') {
        Some((name, path)) if !name.contains('/') => (Some(name.to_owned()), path),
        _ => (None, given),
    };
    let path = Path::new(path);
    let bytes = agentpol_keys::read_private(path, MAX_TOKEN_BYTES)?;
    let text = core::str::from_utf8(&bytes)
        .map_err(|_| Failure::new(format!("`{}` is not text", path.display())))?;
    let token = text.trim_end();
    if token.contains(|c: char| !c.is_ascii_graphic()) {
        return Err(Failure::new(format!("`{}` holds more than one word", path.display()))
            .help("write the token alone into it: letters, digits and signs"));
    }
    Ok(Token { agent, token: Secret::new(token) })
}
