//! Policies as vendors of agents' wallets publish them, written as agentpol policies that mean the same, mistakes included. What cannot be
//! said is counted by name and never bent into something that can.
//!
//! | module | holds |
//! | --- | --- |
//! | [`roles`] | Zodiac Roles' permission sets and recorded calls, as the corpora have them |
//! | [`zodiac`] | those sets as policies |
//! | [`coinbase`] | Coinbase CDP's policies |
//! | [`examine`] | what the analysis finds in them, every witness replayed by both evaluators |

mod cdp_schema;
mod cdp_subjects;
pub mod coinbase;
pub mod examine;
pub mod roles;
pub mod zodiac;

use serde_json::Value as Json;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A vendor's policy, or the part of it that is judged by itself.
#[derive(Clone, Debug)]
pub struct Translated {
    /// Where it stands.
    pub id: String,
    /// How many rules the vendor wrote.
    pub rules: usize,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a vendor's policy.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// A policy that means the same, except for what is named.
    Written {
        /// The policy.
        text: String,
        /// What of it cannot be said and is not granted.
        gaps: Vec<String>,
    },
    /// The vendor refuses it as well.
    Refused(String),
    /// It cannot be said.
    Unsaid(Vec<String>),
}

/// Where the corpora are.
fn corpora() -> PathBuf {
    #[expect(clippy::disallowed_methods, reason = "tests find their data through the environment")]
    match std::env::var("AGENTPOL_CORPORA") {
        Ok(path) => PathBuf::from(path),
        Err(_) => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora"),
    }
}

/// The rows of a file about policies. `None` where there are no corpora.
pub fn rows(name: &str) -> Option<Vec<Json>> {
    let path = corpora().join("policies").join(name);
    let Ok(text) = fs::read_to_string(&path) else {
        println!("skipped: no corpora at {} (set AGENTPOL_CORPORA)", path.display());
        return None;
    };
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}
