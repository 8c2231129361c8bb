//! The standard library, from its own text.

use agentpol_grammar::ast::{Item, ItemKind, QName, Site};
use std::fmt::Write as _;

/// Every module: what it says of itself, its chains, tokens, contracts and interfaces.
pub(crate) fn library() -> String {
    let mut text = String::from("# The standard library\n");
    for (name, source) in agentpol_stdlib::MODULES {
        let parse = agentpol_grammar::parse(source);
        write!(text, "\n## std::{name}\n\n{}\n", parse.file.doc.as_deref().unwrap_or_default().trim())
            .unwrap();
        table(&mut text, "chain", &parse.file.items);
        table(&mut text, "token", &parse.file.items);
        table(&mut text, "contract", &parse.file.items);
        for item in &parse.file.items {
            interface(&mut text, source, item);
        }
    }
    text
}

fn table(text: &mut String, what: &str, items: &[Item]) {
    let rows: Vec<String> = items.iter().filter_map(|item| row(what, item)).collect();
    if !rows.is_empty() {
        let columns = match what {
            "chain" => "| chain | id | native | |\n| --- | --- | --- | --- |",
            "token" => "| token | decimals | interfaces | on | |\n| --- | --- | --- | --- | --- |",
            _ => "| contract | interfaces | on | |\n| --- | --- | --- | --- |",
        };
        write!(text, "\n{columns}\n{}\n", rows.join("\n")).unwrap();
    }
}

fn row(what: &str, item: &Item) -> Option<String> {
    let doc = item.doc.as_deref().unwrap_or_default().trim().replace('\n', " ");
    match (&item.kind, what) {
        (ItemKind::Chain(chain), "chain") => {
            Some(format!("| `{}` | {} | {} | {doc} |", chain.name.node, chain.id.node, chain.native.node))
        }
        (ItemKind::Token(token), "token") => {
            let interfaces = names(&token.interfaces);
            let (name, decimals) = (&token.name.node, &token.decimals.node);
            Some(format!("| `{name}` | {decimals} | {interfaces} | {} | {doc} |", chains(&token.sites)))
        }
        (ItemKind::Contract(contract), "contract") => {
            let interfaces = names(&contract.interfaces);
            Some(format!("| `{}` | {interfaces} | {} | {doc} |", contract.name.node, chains(&contract.sites)))
        }
        _ => None,
    }
}

fn names(interfaces: &[QName]) -> String {
    let last = |path: &QName| path.segments.last().map(|name| name.node.clone());
    interfaces.iter().filter_map(last).collect::<Vec<_>>().join(", ")
}

fn chains(sites: &[Site]) -> String {
    sites.iter().map(|site| site.chain.node.as_str()).collect::<Vec<_>>().join(", ")
}

/// An interface with all its members, as they are written: functions, what is signed, commands, and the structs and constants they use.
fn interface(text: &mut String, source: &str, item: &Item) {
    let ItemKind::Interface(interface) = &item.kind else { return };
    let doc = item.doc.as_deref().unwrap_or_default().trim();
    write!(text, "\n### {}\n\n{doc}\n\n```agentpol-interface\n", interface.name.node).unwrap();
    for member in &interface.members {
        for line in member.doc.as_deref().unwrap_or_default().trim().lines() {
            writeln!(text, "/// {}", line.trim()).unwrap();
        }
        let lines = source
            .get(member.span.range())
            .unwrap()
            .lines()
            .map(|line| line.strip_prefix("    ").unwrap_or(line));
        writeln!(text, "{}", lines.collect::<Vec<_>>().join("\n")).unwrap();
    }
    text.push_str("```\n");
}
