//! From policy text to a rule set and on to a module.
//!
//! | module | does |
//! | --- | --- |
//! | `pipeline` | every pass by name, one screen |
//! | `resolve` | names and modules |
//! | `world` | chains, tokens, contracts, interfaces |
//! | `typecheck` | expressions to typed values |
//! | `flatten` | declarations to the rule normal form |
//! | `testing` | `test` blocks to concrete requests |
//! | `asserts` | `assert`s, kept for the analysis |
//! | `family` | a policy and the one that it extends, as one |
//! | `findings` | what the analysis finds, as diagnostics |
//! | [`lower`] | the rule normal form to a module |

mod asserts;
mod family;
mod findings;
mod flatten;
mod hir;
pub mod literal;
pub mod lower;
mod pipeline;
mod resolve;
mod sink;
mod source;
mod syntax;
mod testing;
mod typecheck;
mod world;

pub use asserts::Assertion;
pub use family::{Family, own_rule};
pub use findings::{Said, check, found, say_asserts, say_findings};
pub use source::{Loader, NoFiles, SourceFile};
pub use testing::{
    OwnedAction, OwnedRequest, ParamSample, TEST_SIGNER, TEST_START, TEST_WALLET, TestBlock, TestStep,
    Verdict, sample_params, test_address,
};

use agentpol_analysis::{findings::Finding, ruleset::RuleSet, witness::Witness};
use agentpol_diagnostics::{Diagnostic, Sources};
use std::collections::BTreeMap;

/// What comes of a policy's text.
#[derive(Clone, Debug)]
pub struct Compilation {
    /// The policy, and what it uses of the standard library. The policy is the first.
    pub sources: Sources,
    /// The policy in normal form, if nothing was wrong; where it extends another, both as one.
    pub ruleset: Option<RuleSet>,
    /// Where it extends another: both by themselves.
    pub family: Option<Family>,
    /// Its `test` blocks.
    pub tests: Vec<TestBlock>,
    /// Its `assert`s, for the analysis to judge.
    pub asserts: Vec<Assertion>,
    /// What was found and the policy accepts; only [`check`] looks for it.
    pub accepted: Vec<Finding>,
    /// By place; behind them what was found, the worst first.
    pub diagnostics: Vec<Diagnostic>,
    /// Requests that show what was found, one after the other, by the finding's place among the diagnostics.
    pub witnesses: BTreeMap<usize, Vec<Witness>>,
}

/// Compiles a policy. Whatever is wrong with it stands among the diagnostics.
pub fn compile(root: SourceFile, loader: &dyn Loader) -> Compilation {
    pipeline::run(root, loader, &resolve::std_library())
}

/// A policy without rules that uses the whole standard library on all its chains: everything that can be explained without
/// a policy.
pub fn catalogue() -> Compilation {
    compile(SourceFile::new("<catalogue>", catalogue_text()), &NoFiles)
}

fn catalogue_text() -> String {
    let chains = agentpol_stdlib::module("chains").unwrap_or_default();
    let names: Vec<&str> =
        chains.lines().filter_map(|l| l.strip_prefix("chain ")?.split_whitespace().next()).collect();
    let uses: String = agentpol_stdlib::MODULES
        .iter()
        .filter(|(name, _)| *name != "chains")
        .map(|(name, _)| format!("use std::{name}\n"))
        .collect();
    // What no rule names is nothing that can be understood.
    let named = "deny texts: message(text) {}\ndeny contracts: deploy {}\ndeny delegates: authorize(delegate, nonce) {}\n";
    format!("policy catalogue on {}\n\n{uses}\n{named}", names.join(", "))
}

#[cfg(test)]
mod tests;
