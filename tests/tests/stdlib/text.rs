//! The text itself: it parses, and hovering over any of it says something.

use crate::read::items;
use agentpol_grammar::ast::{Item, ItemKind};

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
