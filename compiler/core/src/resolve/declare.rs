//! Gives every declaration its number and its name, then follows the `use`s.

use super::{Bound, Entity, Library, LoadedModule, Module, load::split, nearest};
use crate::{
    hir::{ChainIx, ContractIx, DefIx, InterfaceIx, LetIx, ModuleIx, ParamIx, UnitIx},
    sink::Sink,
};
use agentpol_diagnostics::{Diagnostic, Place, Sources, codes};
use agentpol_grammar::ast::{self, ItemKind, Name, UseWhat};
use agentpol_model::request::Field;
use std::collections::BTreeMap;

/// Every declaration of every module, by kind; the numbers are the positions.
#[derive(Debug, Default)]
pub(crate) struct Declared<'a> {
    pub(crate) modules: Vec<Module<'a>>,
    pub(crate) chains: Vec<(ModuleIx, &'a ast::Chain, ast::Span)>,
    pub(crate) contracts: Vec<(ModuleIx, Deployable<'a>, ast::Span)>,
    pub(crate) interfaces: Vec<(ModuleIx, &'a ast::Interface, ast::Span)>,
    pub(crate) params: Vec<(ModuleIx, &'a ast::Param)>,
    pub(crate) lets: Vec<(ModuleIx, &'a ast::Let)>,
    pub(crate) defs: Vec<(ModuleIx, &'a ast::Def)>,
    pub(crate) units: Vec<(ModuleIx, &'a ast::UnitDecl)>,
    /// What the policy's `use`s name: its contracts and tokens.
    pub(crate) imported: Vec<ContractIx>,
}

/// A token or a contract.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Deployable<'a> {
    Token(&'a ast::Token),
    Contract(&'a ast::Contract),
}

impl<'a> Deployable<'a> {
    /// As declared.
    pub(crate) fn name(self) -> &'a Name {
        match self {
            Self::Token(token) => &token.name,
            Self::Contract(contract) => &contract.name,
        }
    }
}

/// Numbers and names everything.
pub(crate) fn declare<'a>(
    loaded: &'a [LoadedModule],
    sources: &'a Sources,
    by_path: &BTreeMap<String, usize>,
    ancestors: &[ModuleIx],
    library: &dyn Library,
    sink: &mut Sink,
) -> Declared<'a> {
    let mut declared = Declared::default();
    for module in loaded {
        let text = sources.get(module.file).map(|s| s.text()).unwrap_or_default();
        let ix = ModuleIx::new(declared.modules.len());
        declared.modules.push(Module {
            file: module.file,
            path: &module.path,
            is_policy: module.is_policy,
            text,
            tree: &module.tree,
            names: BTreeMap::new(),
        });
        for item in &module.tree.items {
            declared.item(ix, item, sink);
        }
    }
    // In the second round a `use` may name what another `use` has brought in.
    for (i, module) in loaded.iter().enumerate() {
        for item in &module.tree.items {
            if let ItemKind::Use(u) = &item.kind {
                declared.follow(ModuleIx::new(i), u, by_path, library, sink);
            }
        }
    }
    for (n, ancestor) in ancestors.iter().enumerate().rev() {
        let child = n.checked_sub(1).and_then(|n| ancestors.get(n)).copied().unwrap_or(ModuleIx(0));
        declared.inherit(child, *ancestor, sink);
    }
    declared
}

impl<'a> Declared<'a> {
    /// A policy sees every name of the one that it extends, and may not give it another meaning.
    fn inherit(&mut self, child: ModuleIx, parent: ModuleIx, sink: &mut Sink) {
        let Some(names) = self.modules.get(parent.index()).map(|parent| parent.names.clone()) else { return };
        let Some(own) = self.modules.get_mut(child.index()) else { return };
        for (name, bound) in names {
            match own.names.get(name) {
                None => {
                    own.names.insert(name, bound);
                }
                Some(known) if known.entity == bound.entity => {}
                Some(known) => sink.push(
                    Diagnostic::new(codes::DUPLICATE_NAME, known.place, format!("`{name}` is already taken"))
                        .label(bound.place, "by the policy that this one extends")
                        .help("use another name, or leave it out: the parent's names need no `use`"),
                ),
            }
        }
        if child == ModuleIx(0) {
            self.import_all(parent);
            let names =
                self.modules.get(parent.index()).map(|parent| parent.names.clone()).unwrap_or_default();
            for bound in names.into_values() {
                if let Entity::Module(whole) = bound.entity {
                    self.import_all(whole);
                }
            }
        }
    }

    fn item(&mut self, module: ModuleIx, item: &'a ast::Item, sink: &mut Sink) {
        let span = item.span;
        let (name, entity) = match &item.kind {
            ItemKind::Param(p) => {
                self.params.push((module, p));
                (&p.name, Entity::Param(ParamIx::new(self.params.len() - 1)))
            }
            ItemKind::Let(l) => {
                self.lets.push((module, l));
                (&l.name, Entity::Let(LetIx::new(self.lets.len() - 1)))
            }
            ItemKind::Def(d) => {
                self.defs.push((module, d));
                (&d.name, Entity::Def(DefIx::new(self.defs.len() - 1)))
            }
            ItemKind::Unit(u) => {
                self.units.push((module, u));
                (&u.name, Entity::Unit(UnitIx::new(self.units.len() - 1)))
            }
            ItemKind::Fact(f) => (&f.name, Entity::Fact),
            ItemKind::Interface(i) => {
                self.interfaces.push((module, i, span));
                (&i.name, Entity::Interface(InterfaceIx::new(self.interfaces.len() - 1)))
            }
            ItemKind::Contract(c) => {
                self.contracts.push((module, Deployable::Contract(c), span));
                (&c.name, Entity::Contract(ContractIx::new(self.contracts.len() - 1)))
            }
            ItemKind::Token(t) => {
                self.contracts.push((module, Deployable::Token(t), span));
                (&t.name, Entity::Contract(ContractIx::new(self.contracts.len() - 1)))
            }
            ItemKind::Chain(c) => {
                self.chains.push((module, c, span));
                (&c.name, Entity::Chain(ChainIx::new(self.chains.len() - 1)))
            }
            ItemKind::Policy(_)
            | ItemKind::Use(_)
            | ItemKind::Fees(_)
            | ItemKind::Budget(_)
            | ItemKind::Rule(_)
            | ItemKind::Assert(_)
            | ItemKind::Test(_) => return,
        };
        if module == ModuleIx(0)
            && let Entity::Contract(ix) = entity
        {
            self.imported.push(ix);
        }
        self.name(module, name, entity, sink);
    }

    /// Gives a name, once.
    fn name(&mut self, module: ModuleIx, name: &'a Name, entity: Entity, sink: &mut Sink) {
        let Some(into) = self.modules.get_mut(module.index()) else { return };
        let place = into.place(name.span);
        if is_reserved(&name.node) {
            sink.push(
                Diagnostic::new(
                    codes::DUPLICATE_NAME,
                    place,
                    format!("`{}` is a field of every request", name.node),
                )
                .help("use another name"),
            );
            return;
        }
        match into.names.get(name.node.as_str()) {
            Some(first) if first.entity == entity => {}
            Some(first) => sink.push(
                Diagnostic::new(codes::DUPLICATE_NAME, place, format!("`{}` is already taken", name.node))
                    .label(first.place, "by this one")
                    .help("use another name, or rename an import with `as`"),
            ),
            None => {
                into.names.insert(&name.node, Bound { entity, place });
            }
        }
    }

    fn follow(
        &mut self,
        module: ModuleIx,
        u: &'a ast::Use,
        by_path: &BTreeMap<String, usize>,
        library: &dyn Library,
        sink: &mut Sink,
    ) {
        let Some(here) = self.modules.get(module.index()) else { return };
        let place = here.place(u.path.span);
        let found = split(u, library).and_then(|(name, item)| Some((*by_path.get(&name)?, name, item)));
        let Some((from, _, item)) = found else {
            sink.push(unknown_module(u, place, library));
            // Its names stand for mistakes already told.
            match &u.what {
                UseWhat::Leaves(leaves) => {
                    for leaf in leaves {
                        self.name(module, leaf.rename.as_ref().unwrap_or(&leaf.name), Entity::Error, sink);
                    }
                }
                UseWhat::Whole(rename) => {
                    if let Some(name) = rename.as_ref().or(u.path.segments.last()) {
                        self.name(module, name, Entity::Error, sink);
                    }
                }
            }
            return;
        };
        let from = ModuleIx::new(from);
        match (&u.what, item) {
            (UseWhat::Leaves(leaves), _) => {
                for leaf in leaves {
                    self.import(module, from, &leaf.name, leaf.rename.as_ref(), sink);
                }
            }
            (UseWhat::Whole(rename), Some(item)) => self.import(module, from, item, rename.as_ref(), sink),
            (UseWhat::Whole(rename), None) => {
                let Some(name) = rename.as_ref().or(u.path.segments.last()) else { return };
                self.name(module, name, Entity::Module(from), sink);
                if module == ModuleIx(0) {
                    self.import_all(from);
                }
            }
        }
    }

    /// A module used as a whole brings all its contracts and tokens.
    fn import_all(&mut self, from: ModuleIx) {
        let Some(module) = self.modules.get(from.index()) else { return };
        self.imported.extend(module.names.values().filter_map(|b| match b.entity {
            Entity::Contract(ix) => Some(ix),
            _ => None,
        }));
    }

    fn import(
        &mut self,
        module: ModuleIx,
        from: ModuleIx,
        item: &'a Name,
        rename: Option<&'a Name>,
        sink: &mut Sink,
    ) {
        let (Some(here), Some(source)) = (self.modules.get(module.index()), self.modules.get(from.index()))
        else {
            return;
        };
        let entity = match source.names.get(item.node.as_str()) {
            Some(bound) => bound.entity,
            None => {
                let mut said = Diagnostic::new(
                    codes::UNKNOWN_IMPORT,
                    here.place(item.span),
                    format!("`std::{}` has nothing named `{}`", source.path, item.node),
                );
                if let Some(near) = nearest(&item.node, source.names.keys().copied()) {
                    said = said.help(format!("did you mean `{near}`?")).fix(
                        format!("write `{near}`"),
                        here.place(item.span),
                        near,
                    );
                }
                sink.push(said);
                Entity::Error
            }
        };
        if module == ModuleIx(0)
            && let Entity::Contract(ix) = entity
        {
            self.imported.push(ix);
        }
        self.name(module, rename.unwrap_or(item), entity, sink);
    }
}

fn unknown_module(u: &ast::Use, place: Place, library: &dyn Library) -> Diagnostic {
    let path = u.path.segments.iter().map(|n| n.node.as_str()).collect::<Vec<_>>().join("::");
    let said = Diagnostic::new(codes::UNKNOWN_MODULE, place, format!("there is no module `{path}`"));
    if !path.starts_with("std::") {
        return said.help("modules are those of the standard library: `use std::tokens::USDC`");
    }
    let names = library.names();
    let wanted = u.path.segments.get(1).map(|n| n.node.as_str()).unwrap_or_default();
    match nearest(wanted, names.iter().copied()) {
        Some(near) => said.help(format!("did you mean `std::{near}`?")),
        None => said.help(format!("the standard library has {}", names.join(", "))),
    }
}

/// Words that every guard can read.
pub(crate) fn is_reserved(name: &str) -> bool {
    name == "tx" || name == "self" || Field::ALL.iter().any(|f| f.name() == name)
}
