//! What has to be on the machine.

use serde_json::Value;
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    time::SystemTime,
};

/// Where everything is.
pub(crate) struct Tools {
    pub(crate) node: PathBuf,
    pub(crate) python: PathBuf,
    pub(crate) anvil: PathBuf,
    /// The scripts, where their packages are found.
    pub(crate) scripts: PathBuf,
    pub(crate) agentpol: PathBuf,
}

/// Set by whoever installed the clients: then nothing may be missing.
pub(crate) fn required() -> bool {
    env::var_os("AGENTPOL_CLIENTS").is_some()
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The files of tests/clients.
pub(crate) fn source() -> PathBuf {
    root().join("tests/clients")
}

fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

impl Tools {
    pub(crate) fn find() -> Result<Self, String> {
        let clients = env::var_os("AGENTPOL_CLIENTS").map_or_else(|| target().join("clients"), PathBuf::from);
        let missing = |what: &str| format!("there is no {what}: run tests/clients/install");
        let node = on_path("node").ok_or_else(|| missing("node"))?;
        if !clients.join("node_modules/viem").exists() {
            return Err(missing("viem"));
        }
        let python = clients.join("venv/bin/python");
        if !python.exists() {
            return Err(missing("web3.py"));
        }
        let anvil = env::var_os("AGENTPOL_ANVIL").map(PathBuf::from).or_else(|| on_path("anvil"));
        let anvil = anvil.or_else(|| installed_anvil(&clients)).ok_or_else(|| missing("anvil"))?;
        static SCRIPTS: OnceLock<PathBuf> = OnceLock::new();
        let scripts = SCRIPTS.get_or_init(|| copy_scripts(&clients)).clone();
        static AGENTPOL: OnceLock<PathBuf> = OnceLock::new();
        let agentpol = AGENTPOL.get_or_init(agentpol).clone();
        Ok(Self { node, python, anvil, scripts, agentpol })
    }

    /// A browser and what drives it.
    pub(crate) fn browser(&self) -> Result<PathBuf, String> {
        let missing = |what: &str| format!("there is no {what}: run tests/clients/install");
        if !self.scripts.join("../node_modules/playwright-core").exists() {
            return Err(missing("playwright-core"));
        }
        on_path("chromium").ok_or_else(|| "there is no chromium: install it".to_owned())
    }
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|directory| directory.join(program)).find(|file| file.is_file())
}

fn installed_anvil(clients: &Path) -> Option<PathBuf> {
    let packages = fs::read_dir(clients.join("node_modules/@foundry-rs")).ok()?;
    packages.flatten().map(|package| package.path().join("bin/anvil")).find(|file| file.is_file())
}

/// Node looks for packages from where a script is upwards, so the scripts go to their packages.
fn copy_scripts(clients: &Path) -> PathBuf {
    let scripts = clients.join("scripts");
    fs::create_dir_all(&scripts).unwrap();
    for entry in fs::read_dir(source()).unwrap().flatten() {
        let script = entry.path().extension().is_some_and(|ext| ext == "mjs" || ext == "py");
        if script {
            fs::copy(entry.path(), scripts.join(entry.file_name())).unwrap();
        }
    }
    scripts
}

/// The command itself: as the tests of its own package had it built, if it is not older than what it is made of.
fn agentpol() -> PathBuf {
    let tests = env::current_exe().unwrap();
    let beside = tests.ancestors().nth(2).unwrap().join("agentpol");
    let built = fs::metadata(&beside).and_then(|file| file.modified());
    let folders = ["grammar", "stdlib", "runtime", "compiler"].map(|folder| root().join(folder));
    let newest = folders.iter().map(|folder| newest(folder)).max().unwrap();
    if built.is_ok_and(|built| built > newest) { beside } else { build() }
}

/// When the youngest file below was changed.
fn newest(folder: &Path) -> SystemTime {
    let entries = fs::read_dir(folder).unwrap().flatten();
    let times = entries.map(|entry| match entry.file_type().unwrap().is_dir() {
        true => newest(&entry.path()),
        false => entry.metadata().unwrap().modified().unwrap(),
    });
    times.max().unwrap_or(SystemTime::UNIX_EPOCH)
}

fn build() -> PathBuf {
    let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args([
            "build",
            "--locked",
            "--workspace",
            "--bin",
            "agentpol",
            "--message-format",
            "json-render-diagnostics",
        ])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .unwrap()
}
