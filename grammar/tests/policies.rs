//! Every policy and every module in this folder parses, whole.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::{fs, path::PathBuf};

fn texts() -> Vec<(PathBuf, String)> {
    let folders =
        ["policies", "modules"].map(|folder| format!("{}/tests/{folder}", env!("CARGO_MANIFEST_DIR")));
    let mut paths: Vec<PathBuf> = folders
        .iter()
        .flat_map(|folder| fs::read_dir(folder).unwrap())
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

#[test]
fn all_of_them_parse() {
    let texts = texts();
    assert!(texts.len() > 20);
    for (path, text) in texts {
        let parse = agentpol_grammar::parse(&text);
        assert!(parse.errors.is_empty(), "{}: {:#?}", path.display(), parse.errors);
        assert!(!parse.file.items.is_empty());
    }
}
