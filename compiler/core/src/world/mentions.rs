//! What an interface names: only what is used is known to the gate.

use super::World;
use crate::{
    hir::{ContractIx, ModuleIx},
    resolve::Entity,
};
use agentpol_grammar::ast::{self, MemberKind};
use std::collections::BTreeSet;

impl<'a> World<'a> {
    /// Tokens and contracts that units and effects name.
    pub(super) fn mentions(&self, module: ModuleIx, interface: &'a ast::Interface) -> BTreeSet<ContractIx> {
        let mut out = BTreeSet::new();
        let mut name = |name: &str| {
            if let Some(Entity::Contract(ix)) = self.name(module, name) {
                out.insert(ix);
            }
        };
        for member in &interface.members {
            let (fields, effects) = match &member.kind {
                MemberKind::Function { fields, effects, .. }
                | MemberKind::Typed { fields, effects, .. }
                | MemberKind::Command { fields, effects, .. } => {
                    (fields, effects.as_deref().unwrap_or_default())
                }
                MemberKind::Struct { fields, .. } => (fields, &[][..]),
                MemberKind::Const { .. } => continue,
            };
            let own = |n: &str| fields.iter().any(|f| f.name.node == n);
            for field in fields {
                for part in field.refined.iter().flat_map(|t| t.parts.iter().skip(1)) {
                    part.path
                        .segments
                        .first()
                        .filter(|n| !own(&n.node))
                        .into_iter()
                        .for_each(|n| name(&n.node));
                }
            }
            for effect in effects {
                for e in effect_parts(&effect.kind) {
                    if let ast::ExprKind::Path(path) = &e.kind {
                        path.segments
                            .first()
                            .filter(|n| !own(&n.node))
                            .into_iter()
                            .for_each(|n| name(&n.node));
                    }
                }
            }
        }
        out
    }
}

/// The places of an effect where a token or a party stands.
fn effect_parts(effect: &ast::EffectKind) -> Vec<&ast::Expr> {
    use ast::EffectKind as E;
    match effect {
        E::Moves { token, from, to, .. } => vec![token, from, to],
        E::Pulls { token, by, through, .. } => [token, by].into_iter().chain(through).collect(),
        E::Grants { token, to, through, .. } => [token, to].into_iter().chain(through).collect(),
        E::Owes { token, .. } => vec![token],
        E::Receives { token, at, .. } => vec![token, at],
        E::Gives { to } => vec![to],
        E::Unwraps { .. } | E::Requires(_) | E::Once { .. } => Vec::new(),
    }
}
