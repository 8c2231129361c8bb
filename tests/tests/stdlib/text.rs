//! The text itself: it parses, and hovering over any of it says something.

use crate::read::items;
use agentpol_grammar::ast::{Item, ItemKind};
use agentpol_tests::chapters;
use std::{collections::BTreeSet, fs, path::Path};

fn title(item: &Item) -> Option<String> {
    match &item.kind {
        ItemKind::Interface(i) => Some(format!("interface {}", i.name.node)),
        ItemKind::Token(t) => Some(format!("token {}", t.name.node)),
        ItemKind::Contract(c) => Some(format!("contract {}", c.name.node)),
        ItemKind::Chain(c) => Some(format!("chain {}", c.name.node)),
        _ => None,
    }
}

#[test]
fn everything_is_documented() {
    let mut bare = Vec::new();
    for (module, item) in items() {
        let Some(title) = title(&item) else { continue };
        if item.doc.is_none() {
            bare.push(format!("std::{module}: {title}"));
        }
        if let ItemKind::Interface(interface) = &item.kind {
            let members = interface.members.iter().filter(|member| member.doc.is_none());
            bare.extend(members.map(|member| format!("std::{module}: {title}: {:?}", member.span)));
        }
    }
    assert!(bare.is_empty(), "without documentation:\n{}", bare.join("\n"));
}

#[test]
fn modules_are_sorted_and_documented() {
    let names: Vec<_> = agentpol_stdlib::MODULES.iter().map(|(name, _)| *name).collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    assert_eq!(names, sorted);
    for (name, text) in agentpol_stdlib::MODULES {
        assert!(text.starts_with("//! "), "std::{name} does not say what it is");
        assert_eq!(agentpol_stdlib::module(name), Some(*text));
    }
    assert_eq!(agentpol_stdlib::module("nothing"), None);
}

#[test]
fn modules_stand_in_canonical_layout() {
    for (name, text) in agentpol_stdlib::MODULES {
        let formatted = agentpol_grammar::format(text).unwrap_or_else(|e| panic!("std::{name}: {e:?}"));
        assert!(formatted == *text, "std::{name} is not in canonical layout");
    }
}

/// The text of the chapter or example that a cell of the table names.
fn policies_of(place: &str) -> String {
    match place.trim().split('`').collect::<Vec<_>>()[..] {
        ["chapter ", chapter, ..] => chapters::read(chapter).unwrap(),
        ["example ", example, ..] => {
            let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
            fs::read_to_string(examples.join(format!("{example}.agentpol"))).unwrap()
        }
        _ => chapters::read("library").unwrap(),
    }
}

/// The library's chapter says for every module where a tested policy uses it, and there one does.
#[test]
fn every_module_is_used_where_its_chapter_says() {
    let chapter = chapters::read("library").unwrap();
    let mut named = BTreeSet::new();
    for row in chapter.lines().filter(|line| line.starts_with("| `std::")) {
        let cells: Vec<&str> = row.split('|').collect();
        let text = policies_of(cells[3]);
        for module in cells[1].split('`').filter_map(|part| part.strip_prefix("std::")) {
            // Chains are named by `on`, without `use`.
            let used = module == "chains" || text.contains(&format!("\nuse std::{module}::"));
            assert!(used, "std::{module} is used by no policy of{}", cells[3]);
            assert!(named.insert(module.to_owned()), "std::{module} stands twice");
        }
    }
    let all: BTreeSet<String> = agentpol_stdlib::MODULES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(named, all, "left: what the chapter names; right: the library's modules");
}
