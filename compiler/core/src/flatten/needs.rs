//! Which kinds of request some rule names: what none names is no callable, so that it is refused before any rule is looked at.

use crate::{
    hir::{ContractIx, InterfaceIx, ModuleIx},
    resolve::{Entity, Found},
    world::World,
};
use agentpol_grammar::ast::{self, SubjectWhat};
use agentpol_model::request::Kind;
use std::collections::BTreeSet;

/// What the policy's rules are about besides calls, sends, typed data and commands.
#[derive(Debug, Default)]
pub(crate) struct Needs {
    /// `message`, `deploy`, `authorize`.
    pub(super) kinds: BTreeSet<Kind>,
    /// `delegatecall X.f(…)`: whose, and which; without a name all of them.
    delegatecalls: BTreeSet<(Whose, Option<String>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Whose {
    Contract(ContractIx),
    Interface(InterfaceIx),
}

impl Needs {
    /// Of all rules' subjects. A subject that is wrong is told where the rule is.
    pub(super) fn of<'a>(world: &World<'_>, rules: impl Iterator<Item = &'a ast::Rule>) -> Self {
        let mut needs = Self::default();
        for rule in rules {
            let (kind, target) = match &rule.subject.what {
                SubjectWhat::Any => ("message", None),
                SubjectWhat::Action { kind, target, .. } => {
                    (kind.as_ref().map_or("call", |k| k.node.as_str()), target.as_ref())
                }
            };
            match kind {
                "message" => needs.kinds.extend([Kind::Message]),
                "deploy" => needs.kinds.extend([Kind::Deploy]),
                "authorize" => needs.kinds.extend([Kind::Authorize]),
                "delegatecall" => {
                    let Some(target) = target else { continue };
                    let whose = match world.path(ModuleIx(0), &target.path) {
                        Ok(Found::Entity(Entity::Contract(ix))) => Whose::Contract(ix),
                        Ok(Found::Entity(Entity::Interface(ix))) => Whose::Interface(ix),
                        _ => continue,
                    };
                    needs.delegatecalls.insert((whose, target.members.last().map(|n| n.node.clone())));
                }
                _ => {}
            }
        }
        needs
    }

    /// Does a rule name this function with `delegatecall`?
    pub(super) fn delegatecall(&self, contract: ContractIx, interface: InterfaceIx, function: &str) -> bool {
        self.delegatecalls.iter().any(|(whose, name)| {
            let here = match whose {
                Whose::Contract(ix) => *ix == contract,
                Whose::Interface(ix) => *ix == interface,
            };
            here && name.as_deref().is_none_or(|name| name == function)
        })
    }
}
