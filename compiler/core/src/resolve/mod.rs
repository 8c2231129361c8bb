//! Names: which module stands in which file, what each name of it means, and what was probably meant by one that means
//! nothing.
//!
//! | module | does |
//! | --- | --- |
//! | [`load`] | reads the policy and the modules it uses, each once |
//! | [`declare`] | gives every declaration its number and its name |
//! | [`lookup`] | names and paths to what they mean |
//! | [`suggest`] | did you mean |

mod declare;
mod load;
mod lookup;
mod suggest;

pub(crate) use declare::{Declared, Deployable, declare};
#[cfg(test)]
pub(crate) use load::MAX_ANCESTORS;
pub(crate) use load::{Library, Loaded, LoadedModule, PRELUDE, head, load, std_library};
pub(crate) use lookup::{Found, Owner, not_a};
pub(crate) use suggest::nearest;

use crate::hir::{ChainIx, ContractIx, DefIx, InterfaceIx, LetIx, ModuleIx, ParamIx, UnitIx};
use agentpol_diagnostics::{FileId, Place};
use agentpol_grammar::{ast, span::Span};
use std::collections::BTreeMap;

/// What a name means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entity {
    Module(ModuleIx),
    Chain(ChainIx),
    Contract(ContractIx),
    Interface(InterfaceIx),
    Param(ParamIx),
    Let(LetIx),
    Def(DefIx),
    Unit(UnitIx),
    /// Declared, but facts cannot be read yet.
    Fact,
    /// A mistake that has been reported.
    Error,
}

/// A name with the place that gave it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound {
    pub(crate) entity: Entity,
    pub(crate) place: Place,
}

/// A module with its names.
#[derive(Debug)]
pub(crate) struct Module<'a> {
    pub(crate) file: FileId,
    /// `tokens`; empty for the policy.
    pub(crate) path: &'a str,
    /// The policy, or one that it extends.
    pub(crate) is_policy: bool,
    pub(crate) text: &'a str,
    pub(crate) tree: &'a ast::File,
    pub(crate) names: BTreeMap<&'a str, Bound>,
}

impl Module<'_> {
    pub(crate) fn place(&self, span: Span) -> Place {
        Place::new(self.file, span)
    }

    /// The source of a span.
    pub(crate) fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or_default()
    }
}
