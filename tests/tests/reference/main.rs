//! `tests/reference/reference.md` is the chapters, the tables and the pages put together. It is generated: this test fails when it is
//! stale, and writes it when `UPDATE` is set.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod library;
mod tables;

use agentpol_grammar::ast::{ItemKind, MemberKind};
use agentpol_tests::chapters;
use std::{fmt::Write as _, fs, path::PathBuf};

/// All of it.
fn reference() -> String {
    let mut text = String::from(
        "<!-- Generated from tests/cases, the tables of the code and the standard library: UPDATE=1 cargo test -p agentpol-tests \
         --test reference. Do not edit. -->\n\n# The agentpol reference\n\n",
    );
    let mut contents = String::new();
    let mut body = String::new();
    for (n, chapter) in chapters::CHAPTERS.iter().enumerate() {
        let spec = chapters::read(chapter).unwrap();
        part(&mut contents, &mut body, &(n + 1).to_string(), &without_expectations(&spec));
    }
    let appendices = [
        tables::fields(),
        tables::deny_codes(),
        tables::diagnostics(),
        tables::instructions(),
        library::library(),
    ];
    for (letter, appendix) in ('A'..).zip(&appendices) {
        part(&mut contents, &mut body, &letter.to_string(), appendix);
    }
    text.push_str(&contents);
    text.push('\n');
    text.push_str(&body);
    text
}

/// A part with its number, one heading level down.
fn part(contents: &mut String, body: &mut String, number: &str, text: &str) {
    let (title, rest) = text.strip_prefix("# ").unwrap().split_once('\n').unwrap();
    let heading = format!("{number}. {title}");
    let anchor: String = heading
        .to_lowercase()
        .chars()
        .filter_map(|c| {
            if c == ' ' { Some('-') } else { (c.is_alphanumeric() || c == '-' || c == '_').then_some(c) }
        })
        .collect();
    writeln!(contents, "- [{heading}](#{anchor})").unwrap();
    writeln!(body, "## {heading}").unwrap();
    let mut fenced = false;
    for line in rest.lines() {
        fenced ^= line.starts_with("```");
        let deeper = if !fenced && line.starts_with('#') { "#" } else { "" };
        writeln!(body, "{deeper}{line}").unwrap();
    }
    if !body.ends_with("\n\n") {
        body.push('\n');
    }
}

/// The expectations stay: they say what the compiler answers. Only a trailing empty line goes.
fn without_expectations(spec: &str) -> String {
    format!("{}\n", spec.trim_end())
}

#[test]
fn generated_reference_is_fresh() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("reference/reference.md");
    let fresh = reference();
    if std::env::var_os("UPDATE").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &fresh).unwrap();
    }
    let stands = fs::read_to_string(&path).unwrap_or_default();
    let first = fresh.lines().zip(stands.lines()).position(|(a, b)| a != b);
    assert!(
        fresh == stands,
        "{} is stale from line {:?} on; UPDATE=1 cargo test -p agentpol-tests --test reference writes it",
        path.display(),
        first.map(|n| n + 1)
    );
}

#[test]
fn every_link_of_the_contents_leads_somewhere() {
    let text = reference();
    let headings: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let links: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("- [")?.split_once("](#")).map(|(t, _)| t).collect();
    assert_eq!(links, headings);
}

/// What a contract's interfaces declare stands in the appendix, whatever kind of member it is.
#[test]
fn every_member_of_the_library_stands_in_the_appendix() {
    let text = library::library();
    let mut kinds = [0; 5];
    for (module, source) in agentpol_stdlib::MODULES {
        for item in agentpol_grammar::parse(source).file.items {
            let ItemKind::Interface(interface) = item.kind else { continue };
            for member in interface.members {
                let (kind, line) = match member.kind {
                    MemberKind::Function { name, .. } => (0, format!("\nfunction {}(", name.node)),
                    MemberKind::Typed { name, .. } => (1, format!("\nsign {}(", name.node)),
                    MemberKind::Command { opcode, name, .. } => {
                        (2, format!("\ncommand {} {}(", opcode.node, name.node))
                    }
                    MemberKind::Struct { name, .. } => (3, format!("\nstruct {}(", name.node)),
                    MemberKind::Const { name, .. } => (4, format!("\nconst {} ", name.node)),
                };
                kinds[kind] += 1;
                assert!(text.contains(&line), "std::{module}: {line}");
            }
        }
    }
    assert!(kinds[..4].iter().all(|count| *count > 10), "{kinds:?}");
}
