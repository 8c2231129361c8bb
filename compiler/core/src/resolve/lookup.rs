//! Names and paths to what they mean.

use super::{Bound, Entity, nearest};
use crate::{
    hir::{ChainIx, ContractIx, InterfaceIx, ModuleIx},
    world::World,
};
use agentpol_diagnostics::{Diagnostic, Place, codes};
use agentpol_grammar::ast::{Name, QName};

/// What a path leads to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Found<'p> {
    /// What has a name of its own.
    Entity(Entity),
    /// `Router::Params`: something inside an interface, by the interface or by a contract that has it.
    Inside(Owner, &'p Name),
}

/// Whose inside.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Owner {
    Interface(InterfaceIx),
    Contract(ContractIx),
}

impl<'a> World<'a> {
    /// A name in a module: its own names, then what needs no `use` (chains, native tokens of the policy's chains).
    pub(crate) fn name(&self, module: ModuleIx, name: &str) -> Option<Entity> {
        let own = self.modules.get(module.index()).and_then(|m| m.names.get(name));
        own.map(|b: &Bound| b.entity).or_else(|| self.prelude(name))
    }

    fn prelude(&self, name: &str) -> Option<Entity> {
        let entity = self.prelude.iter().find_map(|m| self.modules.get(m.index())?.names.get(name))?.entity;
        match entity {
            Entity::Chain(_) => Some(entity),
            Entity::Contract(ix) if self.natives.contains(&ix) => Some(entity),
            _ => None,
        }
    }

    /// A path in a module.
    pub(crate) fn path<'p>(&self, module: ModuleIx, path: &'p QName) -> Result<Found<'p>, Box<Diagnostic>> {
        let mut at = module;
        let mut segments = path.segments.iter();
        let mut entity = None;
        while let Some(segment) = segments.next() {
            let first = entity.is_none();
            if first && segment.node == "std" && path.segments.len() > 1 {
                return self.std_path(module, path);
            }
            let found = if first {
                self.name(at, &segment.node)
            } else {
                self.modules
                    .get(at.index())
                    .and_then(|m| m.names.get(segment.node.as_str()))
                    .map(|b| b.entity)
            };
            let Some(found) = found else {
                return Err(Box::new(self.unknown_name(module, at, segment)));
            };
            let owner = match found {
                Entity::Module(inner) => {
                    at = inner;
                    entity = Some(found);
                    continue;
                }
                Entity::Interface(ix) => Owner::Interface(ix),
                Entity::Contract(ix) => Owner::Contract(ix),
                other if segments.len() == 0 => return Ok(Found::Entity(other)),
                Entity::Error => return Ok(Found::Entity(Entity::Error)),
                _ => {
                    let place = self.place(module, segment.span);
                    let said = format!("`{}` has no parts", segment.node);
                    return Err(Box::new(Diagnostic::new(codes::UNKNOWN_NAME, place, said)));
                }
            };
            return match (segments.next(), segments.next()) {
                (None, _) => Ok(Found::Entity(found)),
                (Some(inside), None) => Ok(Found::Inside(owner, inside)),
                (_, Some(more)) => {
                    let place = self.place(module, more.span);
                    let said = "a path ends at a name inside an interface";
                    Err(Box::new(Diagnostic::new(codes::UNKNOWN_NAME, place, said)))
                }
            };
        }
        Ok(Found::Entity(entity.unwrap_or(Entity::Error)))
    }

    /// `std::tokens::USDC` written out, where its module is used already.
    fn std_path<'p>(&self, module: ModuleIx, path: &'p QName) -> Result<Found<'p>, Box<Diagnostic>> {
        let name = path.segments.get(1..path.segments.len().saturating_sub(1)).unwrap_or_default();
        let name = name.iter().map(|n| n.node.as_str()).collect::<Vec<_>>().join("::");
        let found = self.modules.iter().find(|m| !m.path.is_empty() && m.path == name);
        let item = path.segments.last().and_then(|item| found?.names.get(item.node.as_str()));
        match item {
            Some(bound) if !matches!(bound.entity, Entity::Contract(ix) if !self.used.contains(&ix)) => {
                Ok(Found::Entity(bound.entity))
            }
            _ => {
                let last = path.segments.last().map(|n| n.node.as_str()).unwrap_or_default();
                let said = Diagnostic::new(
                    codes::UNKNOWN_NAME,
                    self.place(module, path.span),
                    format!("`{last}` is not used here yet"),
                );
                Err(Box::new(
                    said.help(format!("add `use std::{name}::{last}` at the top, and write `{last}`")),
                ))
            }
        }
    }

    /// An unknown name, and what was probably meant.
    pub(crate) fn unknown_name(&self, module: ModuleIx, inside: ModuleIx, name: &Name) -> Diagnostic {
        let place = self.place(module, name.span);
        let said =
            Diagnostic::new(codes::UNKNOWN_NAME, place, format!("nothing here is named `{}`", name.node));
        if module == inside
            && let Some(std) = self.std_home(&name.node)
        {
            let line = format!("use std::{std}::{}", name.node);
            let said = said.help(format!("the standard library has it: add `{line}` at the top"));
            return match self.first_use(module) {
                Some(at) => said.fix(format!("add `{line}`"), at, format!("{line}\n")),
                None => said,
            };
        }
        let Some(scope) = self.modules.get(inside.index()) else { return said };
        let words = ["wallet", "signer", "value", "now", "to"];
        match nearest(&name.node, scope.names.keys().copied().chain(words)) {
            Some(near) => {
                said.help(format!("did you mean `{near}`?")).fix(format!("write `{near}`"), place, near)
            }
            None => said,
        }
    }

    /// The module of the standard library that declares a name. Looked up in the text: it is asked only when a name is
    /// unknown.
    fn std_home(&self, name: &str) -> Option<&'a str> {
        let library = self.library;
        library.names().into_iter().find(|module| {
            let text = library.module(module).unwrap_or_default();
            text.lines().any(|line| {
                let rest = ["token ", "contract ", "interface "].iter().find_map(|w| line.strip_prefix(w));
                let word = rest.and_then(|r| r.split(|c: char| !c.is_alphanumeric() && c != '_').next());
                word == Some(name)
            })
        })
    }

    /// Where a further `use` would stand: before the first, or after the `policy` line.
    fn first_use(&self, module: ModuleIx) -> Option<Place> {
        let module = self.modules.get(module.index())?;
        let first = module
            .tree
            .items
            .iter()
            .find(|i| !matches!(i.kind, agentpol_grammar::ast::ItemKind::Policy(_)))?;
        Some(module.place(agentpol_grammar::span::Span::new(first.span.start, first.span.start)))
    }

    /// A chain by its name.
    pub(crate) fn chain(&self, module: ModuleIx, name: &Name) -> Result<ChainIx, Option<Box<Diagnostic>>> {
        match self.name(module, &name.node) {
            Some(Entity::Chain(ix)) => Ok(ix),
            Some(Entity::Error) => Err(None),
            Some(other) => {
                Err(Some(Box::new(not_a("chain", &name.node, other, self.place(module, name.span)))))
            }
            None => {
                let place = self.place(module, name.span);
                let mut said = Diagnostic::new(
                    codes::UNKNOWN_NAME,
                    place,
                    format!("there is no chain named `{}`", name.node),
                );
                let known: Vec<&str> = self.chains.iter().map(|c| c.name).collect();
                said = match nearest(&name.node, known.iter().copied()) {
                    Some(near) => said.help(format!("did you mean `{near}`?")).fix(
                        format!("write `{near}`"),
                        place,
                        near,
                    ),
                    None => said.help(format!(
                        "known are {}; others are declared: `chain NAME id 123 native TOKEN`",
                        known.join(", ")
                    )),
                };
                Err(Some(Box::new(said)))
            }
        }
    }
}

/// A name that means something else than was needed.
pub(crate) fn not_a(wanted: &str, name: &str, found: Entity, place: Place) -> Diagnostic {
    let is = match found {
        Entity::Module(_) => "a module",
        Entity::Chain(_) => "a chain",
        Entity::Contract(_) => "a contract or token",
        Entity::Interface(_) => "an interface",
        Entity::Param(_) => "a parameter",
        Entity::Let(_) => "a `let`",
        Entity::Def(_) => "a `def`",
        Entity::Unit(_) => "a unit",
        Entity::Fact => "a fact",
        Entity::Error => "unknown",
    };
    Diagnostic::new(codes::WRONG_KIND_OF_NAME, place, format!("`{name}` is {is}, where a {wanted} is needed"))
}
