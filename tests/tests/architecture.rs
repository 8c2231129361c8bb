//! The shape of the code holds: who uses whom, what a program that only loads modules pulls in, where unsafe may stand, what no
//! committed file may say, and that links lead somewhere.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    reason = "a test"
)]

use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
};

/// Every crate of the workspace, by layer. A crate uses crates of lower layers only; a new one needs a line here.
const LAYERS: &[&[&str]] = &[
    &["agentpol-model", "agentpol-journal", "agentpol-grammar", "agentpol-stdlib", "agentpol-keys"],
    &["agentpol-abi", "agentpol-diagnostics"],
    &["agentpol-unwrap"],
    &["agentpol-bytecode", "agentpol-ethereum", "agentpol-analysis"],
    &["agentpol-verifier"],
    &["agentpol-vm", "agentpol-compiler"],
    &["agentpol-runtime"],
    &["agentpol-gateway"],
    &["agentpol-cli"],
    &["agentpol-tests"],
];

/// Crates that read policies' text. What runs modules must do without them.
const OF_THE_COMPILER: &[&str] = &[
    "agentpol-grammar",
    "agentpol-stdlib",
    "agentpol-diagnostics",
    "agentpol-analysis",
    "agentpol-compiler",
];

/// What they bring along, and what a signer has no use for.
const NOT_AT_RUN_TIME: &[&str] =
    &["pest", "pest_derive", "logos", "ariadne", "clap", "tokio", "axum", "reqwest", "hyper", "rustls"];

/// The only crate that may ever contain unsafe code.
const MAY_BE_UNSAFE: &str = "runtime/jit/";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn run(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).current_dir(root()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// For each package, the packages that it uses: `dev` with those of its tests, without those only of its builds.
struct Uses(BTreeMap<String, BTreeSet<String>>);

impl Uses {
    fn read() -> Self {
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        let host = run("rustc", &["-vV"]).and_then(|text| {
            text.lines().find_map(|line| line.strip_prefix("host: ").map(ToOwned::to_owned))
        });
        let host = host.expect("rustc names its host");
        let args = ["metadata", "--format-version", "1", "--locked", "--filter-platform", &host];
        let text = run(&cargo, &args).expect("cargo metadata runs");
        let metadata: Value = serde_json::from_str(&text).unwrap();
        let names: BTreeMap<&str, &str> = metadata["packages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|package| (package["id"].as_str().unwrap(), package["name"].as_str().unwrap()))
            .collect();
        let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for node in metadata["resolve"]["nodes"].as_array().unwrap() {
            let of = uses.entry(names[node["id"].as_str().unwrap()].to_owned()).or_default();
            for dep in node["deps"].as_array().unwrap() {
                let normal = dep["dep_kinds"].as_array().unwrap().iter().any(|kind| kind["kind"].is_null());
                if normal {
                    of.insert(names[dep["pkg"].as_str().unwrap()].to_owned());
                }
            }
        }
        Self(uses)
    }

    fn closure(&self, of: &str) -> BTreeSet<&str> {
        let mut seen = BTreeSet::new();
        let mut open = vec![of];
        while let Some(next) = open.pop() {
            for used in &self.0[next] {
                if seen.insert(used.as_str()) {
                    open.push(used);
                }
            }
        }
        seen
    }
}

#[test]
fn crates_use_lower_layers_only() {
    let layer = |name: &str| LAYERS.iter().position(|layer| layer.contains(&name));
    let uses = Uses::read();
    for (name, used) in uses.0.iter().filter(|(name, _)| name.starts_with("agentpol")) {
        let own = layer(name).unwrap_or_else(|| panic!("`{name}` has no layer: give it one in LAYERS"));
        for other in used.iter().filter(|other| other.starts_with("agentpol")) {
            let below = layer(other).unwrap_or_else(|| panic!("`{other}` has no layer"));
            assert!(below < own, "`{name}` (layer {own}) uses `{other}` (layer {below})");
        }
    }
}

#[test]
fn what_runs_modules_reads_no_policies() {
    let uses = Uses::read();
    let pulled_in = uses.closure("agentpol-runtime");
    for unwanted in OF_THE_COMPILER.iter().chain(NOT_AT_RUN_TIME) {
        assert!(!pulled_in.contains(unwanted), "agentpol-runtime pulls in `{unwanted}`");
    }
    let gateway = uses.closure("agentpol-gateway");
    for unwanted in OF_THE_COMPILER {
        assert!(!gateway.contains(unwanted), "agentpol-gateway pulls in `{unwanted}`");
    }
    let verifier = uses.closure("agentpol-verifier");
    assert!(!verifier.contains("agentpol-compiler") && !verifier.contains("agentpol-vm"), "{verifier:?}");
}

/// Committed files, if this is a checkout.
fn committed() -> Vec<PathBuf> {
    let Some(list) = run("git", &["ls-files"]) else {
        println!("skipped: not a checkout");
        return vec![];
    };
    list.lines().map(PathBuf::from).collect()
}

fn text(file: &Path) -> Option<String> {
    std::fs::read_to_string(root().join(file)).ok()
}

#[test]
fn unsafe_stands_nowhere_else() {
    // Written so that this file does not contain what it looks for.
    let forms =
        ["{", "fn", "impl", "trait", "extern"].map(|next| format!("{} {next}", ["un", "safe"].concat()));
    let switch = ["(un", "safe_code"].concat();
    for file in committed().iter().filter(|file| file.extension().is_some_and(|ext| ext == "rs")) {
        let path = file.to_string_lossy().into_owned();
        if path.starts_with(MAY_BE_UNSAFE) {
            continue;
        }
        let Some(text) = text(file) else { continue };
        for (n, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            assert!(!forms.iter().any(|form| code.contains(form)), "{path}:{}: {line}", n + 1);
            let lifted = code.contains(&switch) && !code.contains("forbid") && !code.contains("deny");
            assert!(!lifted, "{path}:{}: {line}", n + 1);
        }
    }
}

#[test]
fn every_crate_keeps_the_lints() {
    let manifests = committed().into_iter().filter(|file| file.ends_with("Cargo.toml"));
    for manifest in manifests.filter(|file| file.components().count() > 1) {
        let Some(text) = text(&manifest) else { continue };
        // The fuzz targets are a workspace of their own: they build with another toolchain.
        let inherits = text.contains("[lints]\nworkspace = true");
        assert!(
            inherits || text.contains("[workspace]"),
            "{}: no `[lints] workspace = true`",
            manifest.display()
        );
    }
}

#[test]
fn nothing_says_where_it_was_made() {
    let words = [["/ro", "ot/"], ["/ho", "me/"], ["/wo", "rk/"], ["crates", ".io"], ["/tmp", "/bash"]]
        .map(|w| w.concat());
    for file in committed() {
        if file.file_name().is_some_and(|name| name == "Cargo.lock") {
            continue;
        }
        let Some(text) = text(&file) else { continue };
        for (n, line) in text.lines().enumerate() {
            for word in &words {
                assert!(!line.contains(word.as_str()), "{}:{}: `{word}`", file.display(), n + 1);
            }
        }
    }
}

#[test]
fn links_lead_somewhere() {
    for file in committed().into_iter().filter(|file| file.extension().is_some_and(|ext| ext == "md")) {
        let Some(text) = text(&file) else { continue };
        let folder = root().join(file.parent().unwrap_or(Path::new("")));
        for target in links(&text) {
            let path = target.split('#').next().unwrap_or_default();
            if path.is_empty() || path.contains("://") || path.starts_with("mailto:") {
                continue;
            }
            assert!(folder.join(path).exists(), "{}: `{target}` leads nowhere", file.display());
        }
    }
}

/// The targets of `[…](target)` outside code.
fn links(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        // What stands between backticks is code.
        let prose: String = line.split('`').step_by(2).collect();
        for (at, _) in prose.match_indices("](") {
            if let Some(end) = prose[at..].find(')') {
                out.push(prose[at + 2..at + end].to_owned());
            }
        }
    }
    out
}

#[test]
fn links_are_found() {
    assert_eq!(links("a [b](c/d.md) `[x](y)` [e](f#g)\n```\n[n](o)\n```\n"), ["c/d.md", "f#g"]);
}
