//! Real data, where it is at hand: shared by the tests of several crates.

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

/// The rows of a file of one JSON object a line.
pub fn read(file: &Path) -> Vec<Json> {
    let text = fs::read_to_string(file).expect("a readable corpus");
    text.lines().map(|line| serde_json::from_str(line).expect("a JSON object a line")).collect()
}

/// The rows of such a file of the corpora; none where they are absent.
pub fn rows(file: &str) -> Vec<Json> {
    corpora().map(|corpora| read(&corpora.join(file))).unwrap_or_default()
}

/// 0x-hex.
pub fn bytes(hex: &Json) -> Vec<u8> {
    alloy_primitives::hex::decode(hex.as_str().expect("hex")).expect("hex")
}
