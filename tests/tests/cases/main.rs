//! The chapters of the reference and the example policies, run: see [`agentpol_tests::chapters`] for what a chapter may expect.
//!
//! What the compiler says of a chapter's faulty policies is kept beside it, source and message together, in `said.txt`: `UPDATE=1`
//! writes these files.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests"
)]

mod judge;
mod said;

use agentpol_compiler::{Compilation, Loader, SourceFile, check, compile};
use agentpol_tests::chapters::{self, Block, Expected};
use std::{fs, path::PathBuf};

mod each {
    include!(concat!(env!("OUT_DIR"), "/cases.rs"));
}

/// Files beside the policy.
struct Beside(PathBuf);

impl Loader for Beside {
    fn read(&self, path: &str) -> Result<String, String> {
        fs::read_to_string(self.0.join(path)).map_err(|e| e.to_string())
    }
}

/// A chapter: every policy says what is expected of it and passes its own tests, every request is decided as it stands there.
fn chapter(name: &str) {
    let folder = chapters::folder(name);
    let text = chapters::read(name).unwrap();
    let mut policy: Option<(Block, Compilation)> = None;
    let (mut faults, mut said) = (Vec::new(), String::new());
    for block in chapters::blocks(&text) {
        match block.kind.as_str() {
            "agentpol" | "agentpol check" => {
                let read = if block.kind == "agentpol" { compile } else { check };
                let compiled =
                    read(SourceFile::new("policy.agentpol", block.text.as_str()), &Beside(folder.clone()));
                faults.extend(compare(&block, &compiled));
                faults.extend(
                    judge::own_tests(&compiled).into_iter().map(|(line, fault)| at(&block, line, &fault)),
                );
                said.push_str(&said::of(&compiled));
                policy = Some((block, compiled));
            }
            "requests" => {
                let (_, compiled) =
                    policy.as_ref().unwrap_or_else(|| panic!("line {}: requests to no policy", block.line));
                let steps = chapters::steps(&block.text)
                    .unwrap_or_else(|e| panic!("block at line {}: {e}", block.line));
                faults.extend(
                    judge::requests(compiled, &steps)
                        .into_iter()
                        .map(|(line, fault)| at(&block, line, &fault)),
                );
            }
            _ => {}
        }
    }
    said::compare(&folder.join("said.txt"), &said, &mut faults);
    assert!(faults.is_empty(), "tests/cases/{name}/spec.md\n{}", faults.join("\n"));
}

fn at(block: &Block, line: usize, fault: &str) -> String {
    format!("line {}: {fault}", block.line + line - 1)
}

/// What the compiler says of each line, against what is written there.
fn compare(block: &Block, compiled: &Compilation) -> Vec<String> {
    let expected = chapters::expectations(&block.text);
    let found = said::lines(compiled);
    let lacks = |all: &[Expected], one: &Expected| !all.iter().any(|other| other == one);
    let missing =
        expected.iter().filter(|e| lacks(&found.iter().map(|(e, _)| e.clone()).collect::<Vec<_>>(), e));
    let missing =
        missing.map(|(severity, code, line)| at(block, *line, &format!("nothing says {severity}[{code}]")));
    let more = found.iter().filter(|(e, _)| lacks(&expected, e)).map(|((severity, code, line), message)| {
        at(block, *line, &format!("unexpected {severity}[{code}]: {message}"))
    });
    missing.chain(more).collect()
}

/// An example: nothing stands against it, passes its own tests, stands in canonical layout.
fn example(name: &str) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples");
    let file = format!("{name}.agentpol");
    let text = fs::read_to_string(folder.join(&file)).unwrap();
    let compiled = check(SourceFile::new(file, text.as_str()), &Beside(folder));
    // A note is only worth knowing.
    let mut faults: Vec<String> = said::lines(&compiled)
        .into_iter()
        .filter(|((severity, ..), _)| severity != "note")
        .map(|((s, code, line), said)| format!("line {line}: {s}[{code}]: {said}"))
        .collect();
    faults
        .extend(judge::own_tests(&compiled).into_iter().map(|(line, fault)| format!("line {line}: {fault}")));
    if agentpol_grammar::format(&text).is_ok_and(|formatted| formatted != text) {
        faults.push("not in canonical layout".to_owned());
    }
    if compiled.tests.len() < 3 {
        faults.push("an example shows a good day, an attack and a boundary".to_owned());
    }
    assert!(faults.is_empty(), "tests/examples/{name}.agentpol\n{}", faults.join("\n"));
}

#[test]
fn chapters_are_in_canonical_layout() {
    let mut faults = Vec::new();
    for chapter in chapters::CHAPTERS {
        for block in chapters::blocks(&chapters::read(chapter).unwrap()) {
            if block.kind.starts_with("agentpol")
                && agentpol_grammar::format(&block.text).is_ok_and(|text| text != block.text)
            {
                faults.push(format!("tests/cases/{chapter}/spec.md, line {}", block.line));
            }
        }
    }
    assert!(faults.is_empty(), "not in canonical layout:\n{}", faults.join("\n"));
}
