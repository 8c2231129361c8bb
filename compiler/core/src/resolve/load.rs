//! The policy and every module of the standard library that it uses, each read and parsed once.

use agentpol_diagnostics::{Diagnostic, FileId, Place, Source, Sources, codes};
use agentpol_grammar::ast::{self, ItemKind, UseWhat};
use std::collections::BTreeMap;

use crate::{
    hir::ModuleIx,
    source::{Loader, SourceFile},
    syntax,
};

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
    /// A policy: the one that is compiled, or one that it extends.
    pub(crate) is_policy: bool,
    pub(crate) tree: ast::File,
}

/// Everything that is read.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    pub(crate) sources: Sources,
    /// The policy first.
    pub(crate) modules: Vec<LoadedModule>,
    pub(crate) by_path: BTreeMap<String, usize>,
    /// The policies that this one extends, the nearest first; none of them has a name among the modules.
    pub(crate) ancestors: Vec<ModuleIx>,
    /// One of them could not be read: nobody knows which names it has.
    pub(crate) lacks_ancestor: bool,
    /// What the parser had to say.
    pub(crate) syntax: Vec<Diagnostic>,
}

/// Modules whose names need no `use`: chains, and the tokens that are native to them.
pub(crate) const PRELUDE: [&str; 2] = ["chains", "tokens"];

/// Policies above one another at most, that a policy extends.
pub(crate) const MAX_ANCESTORS: usize = 8;

/// Reads and parses: a policy, those that it extends, and the modules that they use.
pub(crate) fn load(root: SourceFile, loader: &dyn Loader, library: &dyn Library) -> Loaded {
    let mut loaded = Loaded::default();
    add(&mut loaded, String::new(), true, root);
    add_ancestors(&mut loaded, loader);
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

/// The policy that each policy extends, one after the other.
fn add_ancestors(loaded: &mut Loaded, loader: &dyn Loader) {
    let mut names: Vec<String> = Vec::new();
    while let Some(child) = loaded.modules.last() {
        let Some(head) = head(&child.tree) else { return };
        names.push(head.name.node.clone());
        let Some(parent) = &head.extends else { return };
        let place = Place::new(child.file, parent.span);
        let name = parent.segments.iter().map(|name| name.node.as_str()).collect::<Vec<_>>().join("::");
        let bad = |said: String| Diagnostic::new(codes::BAD_PARENT, place, said);
        let found = if parent.segments.len() > 1 {
            Err(bad("a policy is named by one word".to_owned())
                .help("write `extends treasury`: it is read from `treasury.agentpol`, beside this file"))
        } else if names.contains(&name) {
            Err(bad(format!("`{name}` would extend itself")))
        } else if names.len() > MAX_ANCESTORS {
            Err(bad(format!("a policy has at most {MAX_ANCESTORS} others above it")))
        } else {
            let file = format!("{name}.agentpol");
            loader.read(&file).map(|text| SourceFile { name: file, text }).map_err(|why| {
                bad(format!("the policy `{name}` cannot be read: {why}"))
                    .help(format!("it is read from `{name}.agentpol`, beside this file"))
            })
        };
        let file = match found {
            Ok(file) => file,
            Err(said) => {
                loaded.lacks_ancestor = true;
                return loaded.syntax.push(said);
            }
        };
        loaded.ancestors.push(ModuleIx::new(loaded.modules.len()));
        // No `use` can spell it.
        add(loaded, format!("extends {name}"), true, file);
        let found = loaded.modules.last().and_then(|module| head_name(&module.tree));
        if found != Some(name.as_str()) {
            let said = match found {
                Some(found) => format!("the file `{name}.agentpol` holds the policy `{found}`"),
                None => format!("the file `{name}.agentpol` names no policy"),
            };
            return loaded.syntax.push(bad(said));
        }
    }
}

/// `policy NAME …`
pub(crate) fn head(tree: &ast::File) -> Option<&ast::Policy> {
    tree.items.iter().find_map(|item| match &item.kind {
        ItemKind::Policy(policy) => Some(policy),
        _ => None,
    })
}

fn head_name(tree: &ast::File) -> Option<&str> {
    head(tree).map(|head| head.name.node.as_str())
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
        add(loaded, name.to_owned(), false, SourceFile::new(format!("std::{name}"), text));
    }
}

fn add(loaded: &mut Loaded, path: String, is_policy: bool, SourceFile { name, text }: SourceFile) {
    let file = loaded.sources.add(name, text);
    let text = loaded.sources.get(file).map(Source::text).unwrap_or_default();
    let (tree, errors) = syntax::parse(file, text);
    loaded.syntax.extend(errors);
    loaded.by_path.insert(path.clone(), loaded.modules.len());
    loaded.modules.push(LoadedModule { file, path, is_policy, tree });
}
