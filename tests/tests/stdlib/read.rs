//! The library's declarations, and where the corpora are.

use agentpol_grammar::ast::{ExprKind, Field, Interface, Item, ItemKind, MemberKind, Site};
use std::path::PathBuf;

/// The corpora, if this machine has them.
pub(crate) fn corpora() -> Option<PathBuf> {
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/corpora"));
    let path = std::env::var_os("AGENTPOL_CORPORA").map_or_else(beside, PathBuf::from);
    if path.is_dir() {
        return Some(path);
    }
    println!("skipped: no corpora at {}", path.display());
    None
}

/// A file of the corpora as JSON.
pub(crate) fn json(path: &str) -> Option<serde_json::Value> {
    let text = std::fs::read_to_string(corpora()?.join(path)).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}

/// Every item of every module, with the module's name.
pub(crate) fn items() -> Vec<(&'static str, Item)> {
    let mut all = Vec::new();
    for (name, text) in agentpol_stdlib::MODULES {
        let parse = agentpol_grammar::parse(text);
        assert!(parse.errors.is_empty(), "std::{name}: {:?}", parse.errors);
        all.extend(parse.file.items.into_iter().map(|item| (*name, item)));
    }
    all
}

/// A token or contract on one chain.
#[derive(Clone, Debug)]
pub(crate) struct Deployment {
    pub(crate) name: String,
    pub(crate) decimals: Option<u8>,
    pub(crate) chain: String,
    /// `None`: native.
    pub(crate) address: Option<String>,
    pub(crate) is_token: bool,
}

/// Every deployment of the library.
pub(crate) fn deployments() -> Vec<Deployment> {
    let mut all = Vec::new();
    for (_, item) in items() {
        let (name, decimals, sites) = match item.kind {
            ItemKind::Token(token) => {
                (token.name.node, Some(token.decimals.node.parse().unwrap()), token.sites)
            }
            ItemKind::Contract(contract) => (contract.name.node, None, contract.sites),
            _ => continue,
        };
        assert!(!sites.is_empty(), "{name} stands nowhere");
        all.extend(sites.into_iter().map(|site| Deployment {
            name: name.clone(),
            decimals,
            address: address(&site),
            chain: site.chain.node,
            is_token: decimals.is_some(),
        }));
    }
    all
}

fn address(site: &Site) -> Option<String> {
    match site.address.as_ref().map(|expr| &expr.kind) {
        None => None,
        Some(ExprKind::Address(text)) => Some(text.clone()),
        Some(other) => panic!("the library writes addresses out, not {other:?}"),
    }
}

/// A declared function.
#[derive(Debug)]
pub(crate) struct Declared {
    pub(crate) interface: String,
    pub(crate) signature: String,
    pub(crate) payable: bool,
}

/// Every function of every interface.
pub(crate) fn functions() -> Vec<Declared> {
    let mut all = Vec::new();
    let items = items();
    let interfaces: Vec<&Interface> = items.iter().filter_map(|(_, item)| interface(item)).collect();
    for interface in &interfaces {
        for member in &interface.members {
            let MemberKind::Function { name, fields, payable, .. } = &member.kind else { continue };
            all.push(Declared {
                interface: interface.name.node.clone(),
                signature: format!("{}{}", name.node, types(&interfaces, interface, fields)),
                payable: *payable,
            });
        }
    }
    all
}

fn interface(item: &Item) -> Option<&Interface> {
    match &item.kind {
        ItemKind::Interface(interface) => Some(interface),
        _ => None,
    }
}

/// `(address,uint256)`, structs written out, those of other interfaces as well.
fn types(all: &[&Interface], own: &Interface, fields: &[Field]) -> String {
    let types: Vec<String> = fields
        .iter()
        .map(|field| {
            let (owner, name) = match field.ty.path.segments.as_slice() {
                [name] => (own, &name.node),
                [.., owner, name] => (*all.iter().find(|i| i.name.node == owner.node).unwrap(), &name.node),
                [] => panic!("a type has a name"),
            };
            let found = owner.members.iter().find_map(|member| match &member.kind {
                MemberKind::Struct { name: n, fields } if n.node == *name => Some(types(all, owner, fields)),
                _ => None,
            });
            let arrays = field.ty.arrays.iter().map(|n| format!("[{}]", n.as_ref().map_or("", |n| &n.node)));
            found.unwrap_or_else(|| name.clone()) + &arrays.collect::<String>()
        })
        .collect();
    format!("({})", types.join(","))
}
