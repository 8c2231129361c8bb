//! The policy and every module of the standard library that it uses, each read and parsed once.

use agentpol_diagnostics::{Diagnostic, FileId, Source, Sources};
use agentpol_grammar::ast::{self, ItemKind, UseWhat};
use std::collections::BTreeMap;

use crate::{source::SourceFile, syntax};

/// Where the text of `std::…` comes from.
pub(crate) trait Library {
    /// The text of `std::NAME`.
    fn module(&self, name: &str) -> Option<&str>;
    /// The names of all modules.
    fn names(&self) -> Vec<&str>;
}

/// The standard library.
pub(crate) fn std_library() -> impl Library {
    Std
}

struct Std;

impl Library for Std {
    fn module(&self, name: &str) -> Option<&str> {
        agentpol_stdlib::module(name)
    }

    fn names(&self) -> Vec<&str> {
        agentpol_stdlib::MODULES.iter().map(|(name, _)| *name).collect()
    }
}

/// A parsed module.
#[derive(Debug)]
pub(crate) struct LoadedModule {
    pub(crate) file: FileId,
    /// `tokens`; empty for the policy.
    pub(crate) path: String,
    pub(crate) tree: ast::File,
}

/// Everything that is read.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    pub(crate) sources: Sources,
    /// The policy first.
    pub(crate) modules: Vec<LoadedModule>,
    pub(crate) by_path: BTreeMap<String, usize>,
    /// What the parser had to say.
    pub(crate) syntax: Vec<Diagnostic>,
}

/// Modules whose names need no `use`: chains, and the tokens that are native to them.
pub(crate) const PRELUDE: [&str; 2] = ["chains", "tokens"];

/// Reads and parses.
pub(crate) fn load(root: SourceFile, library: &dyn Library) -> Loaded {
    let mut loaded = Loaded::default();
    add(&mut loaded, String::new(), root.name, root.text);
    for name in PRELUDE {
        add_std(&mut loaded, library, name);
    }
    let mut next = 0;
    while let Some(module) = loaded.modules.get(next) {
        let wanted: Vec<String> =
            uses(&module.tree).filter_map(|u| split(u, library).map(|(name, _)| name)).collect();
        for name in wanted {
            add_std(&mut loaded, library, &name);
        }
        next += 1;
    }
    loaded
}

fn uses(tree: &ast::File) -> impl Iterator<Item = &ast::Use> {
    tree.items.iter().filter_map(|item| match &item.kind {
        ItemKind::Use(u) => Some(u),
        _ => None,
    })
}

/// The module that a `use` names, and the item of it where the path's last part is one.
pub(crate) fn split<'u>(u: &'u ast::Use, library: &dyn Library) -> Option<(String, Option<&'u ast::Name>)> {
    let (first, rest) = u.path.segments.split_first()?;
    if first.node != "std" {
        return None;
    }
    let join = |names: &[ast::Name]| names.iter().map(|n| n.node.as_str()).collect::<Vec<_>>().join("::");
    let whole = join(rest);
    if library.module(&whole).is_some() {
        return Some((whole, None));
    }
    let (last, front) = rest.split_last()?;
    let front = join(front);
    let is_item = matches!(u.what, UseWhat::Whole(_)) && library.module(&front).is_some();
    is_item.then_some((front, Some(last)))
}

fn add_std(loaded: &mut Loaded, library: &dyn Library, name: &str) {
    if loaded.by_path.contains_key(name) {
        return;
    }
    if let Some(text) = library.module(name) {
        add(loaded, name.to_owned(), format!("std::{name}"), text.to_owned());
    }
}

fn add(loaded: &mut Loaded, path: String, name: String, text: String) {
    let file = loaded.sources.add(name, text);
    let text = loaded.sources.get(file).map(Source::text).unwrap_or_default();
    let (tree, errors) = syntax::parse(file, text);
    loaded.syntax.extend(errors);
    loaded.by_path.insert(path.clone(), loaded.modules.len());
    loaded.modules.push(LoadedModule { file, path, tree });
}
