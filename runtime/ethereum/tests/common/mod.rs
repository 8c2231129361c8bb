//! What the tests of this crate share.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use serde_json::Value as Json;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The folder of real data, if it is there.
pub fn corpora() -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "tests find their data through the environment")]
    let path = match std::env::var("AGENTPOL_CORPORA") {
        Ok(path) => PathBuf::from(path),
        Err(_) => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora"),
    };
    if path.is_dir() {
        return Some(path);
    }
    println!("skipped: no corpora at {} (set AGENTPOL_CORPORA)", path.display());
    None
}

/// The rows of a file of one JSON object a line; none where the corpora are absent.
pub fn rows(file: &str) -> Vec<Json> {
    let Some(corpora) = corpora() else { return Vec::new() };
    let text = fs::read_to_string(corpora.join(file)).expect("a readable corpus");
    text.lines().map(|line| serde_json::from_str(line).expect("a JSON object a line")).collect()
}

/// 0x-hex.
pub fn bytes(hex: &Json) -> Vec<u8> {
    alloy_primitives::hex::decode(hex.as_str().expect("hex")).expect("hex")
}
