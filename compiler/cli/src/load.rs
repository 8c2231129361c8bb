//! Policies: from a file, as text or as a module, to something that can judge.

use crate::{
    input,
    report::{self, Found},
    ui::{Failure, Ui},
};
use agentpol_analysis::ruleset::RuleSet;
use agentpol_bytecode::{Module, limits::MAX_MODULE_BYTES, wire::MAGIC};
use agentpol_compiler::{Compilation, Family, Loader, SourceFile, TestBlock, compile, lower::lower};
use agentpol_verifier::{Verified, verify};
use std::path::{Path, PathBuf};

/// A policy that compiles.
pub(crate) struct Compiled {
    /// In normal form.
    pub(crate) ruleset: RuleSet,
    /// As bytecode that was verified.
    pub(crate) verified: Verified,
    /// Its `test` blocks.
    pub(crate) tests: Vec<TestBlock>,
    /// Where it extends another, both by themselves.
    pub(crate) family: Option<Family>,
    /// Its text, and warnings about it.
    pub(crate) found: Found,
}

/// What a policy was given as.
pub(crate) enum Policy {
    /// Text.
    Source(Box<Compiled>),
    /// A module.
    Module(Box<Verified>),
}

impl Policy {
    /// The module, wherever it came from.
    pub(crate) fn verified(&self) -> &Verified {
        match self {
            Policy::Source(compiled) => &compiled.verified,
            Policy::Module(verified) => verified,
        }
    }

    /// What it says.
    pub(crate) fn module(&self) -> &Module {
        self.verified().module()
    }
}

/// Compiles a file, without judging what was found in it.
pub(crate) fn check(path: &Path) -> Result<Compilation, Failure> {
    Ok(compile_text(path, input::text(path, input::MAX_POLICY_BYTES)?))
}

/// Compiles and analyses a file, without judging what was found in it.
pub(crate) fn analysed(path: &Path) -> Result<Compilation, Failure> {
    let text = input::text(path, input::MAX_POLICY_BYTES)?;
    Ok(agentpol_compiler::check(SourceFile::new(input::shown(path), text), &beside(path)))
}

/// Compiles and analyses a file. Where an error stands against it they are told, and there is nothing.
pub(crate) fn sound(ui: &mut Ui, path: &Path) -> Result<Option<Compiled>, Failure> {
    let mut compilation = analysed(path)?;
    if compilation.diagnostics.iter().any(agentpol_diagnostics::Diagnostic::is_error) {
        compilation.ruleset = None;
    }
    ready(ui, compilation)
}

/// Compiles a file. Where it has errors they are told, and there is nothing.
pub(crate) fn compiled(ui: &mut Ui, path: &Path) -> Result<Option<Compiled>, Failure> {
    let text = input::text(path, input::MAX_POLICY_BYTES)?;
    ready(ui, compile_text(path, text))
}

/// Text or module, by its first bytes. Where the policy has errors they are told, and there is nothing.
pub(crate) fn policy(ui: &mut Ui, path: &Path) -> Result<Option<Policy>, Failure> {
    let bytes = input::bytes(path, MAX_MODULE_BYTES as u64)?;
    if bytes.starts_with(&MAGIC) {
        let module = crate::inspect::decode(&bytes, &input::shown(path))?;
        let verified = verify(module).map_err(|e| {
            Failure::new(format!("`{}` is refused by the verifier, {}: {}", input::shown(path), e.at, e.what))
                .help("compile the policy again: agentpol build POLICY -o MODULE")
        })?;
        return Ok(Some(Policy::Module(Box::new(verified))));
    }
    if bytes.len() as u64 > input::MAX_POLICY_BYTES {
        return Err(input::too_large(path, input::MAX_POLICY_BYTES));
    }
    let text = input::utf8(path, bytes)?;
    Ok(ready(ui, compile_text(path, text))?.map(|c| Policy::Source(Box::new(c))))
}

/// Compiles a text that comes with the binary.
pub(crate) fn built_in(ui: &mut Ui, name: &str, text: &str) -> Result<Option<Compiled>, Failure> {
    ready(ui, compile(SourceFile::new(name, text), &agentpol_compiler::NoFiles))
}

fn compile_text(path: &Path, text: String) -> Compilation {
    compile(SourceFile::new(input::shown(path), text), &beside(path))
}

fn beside(path: &Path) -> Files {
    let directory = if input::is_stdin(path) {
        PathBuf::new()
    } else {
        path.parent().map(Path::to_owned).unwrap_or_default()
    };
    Files { directory }
}

fn ready(ui: &mut Ui, compilation: Compilation) -> Result<Option<Compiled>, Failure> {
    let Compilation { sources, ruleset, family, tests, diagnostics, .. } = compilation;
    let found = Found::new(sources, diagnostics);
    let Some(ruleset) = ruleset else {
        report::log(ui, &found);
        return Ok(None);
    };
    let verified = module(&ruleset)?;
    Ok(Some(Compiled { ruleset, verified, tests, family, found }))
}

/// Rule set to verified module.
pub(crate) fn module(ruleset: &RuleSet) -> Result<Verified, Failure> {
    let module =
        lower(ruleset).map_err(|e| Failure::new(format!("the policy does not fit into a module: {e}")))?;
    // The verifier shares nothing with the compiler: where they disagree, one of them is wrong, and nothing is trusted.
    verify(module).map_err(|e| {
        Failure::new(format!("the verifier refuses what the compiler made, {}: {}", e.at, e.what))
            .help("this is a fault of agentpol, not of the policy; please report it with the policy")
    })
}

/// The files that a policy names, beside it.
struct Files {
    directory: PathBuf,
}

impl Loader for Files {
    fn read(&self, path: &str) -> Result<String, String> {
        input::text(&self.directory.join(path), input::MAX_POLICY_BYTES)
            .map_err(|failure| failure.sentence().to_owned())
    }
}
