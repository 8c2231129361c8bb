//! What `as …` says of a field: the unit of a number, or that an address is a token's.

use super::{
    World,
    interfaces::{Fallible, fail},
};
use crate::{
    hir::{FieldDef, FieldTy, ModuleIx, Refinement, UnitRef},
    resolve::{Entity, Found, nearest},
};
use agentpol_diagnostics::{Diagnostic, codes};
use agentpol_grammar::ast;
use agentpol_model::types::WordType;

impl World<'_> {
    /// `as token`, `as amount of tokenIn`, `as time`.
    pub(super) fn refinement(
        &self,
        module: ModuleIx,
        ty: &ast::TypeExpr,
        base: &FieldTy,
        fields: &[FieldDef],
    ) -> Fallible<Refinement> {
        let place = self.place(module, ty.span);
        let mut base = base;
        while let FieldTy::Array(inner, _) | FieldTy::FixedArray(inner, _) = base {
            base = inner;
        }
        let number = matches!(base, FieldTy::Word(WordType::Uint(_) | WordType::Int(_)));
        let first = ty.parts.first().and_then(|p| p.path.segments.first()).map(|n| n.node.as_str());
        let refined = match (first.unwrap_or_default(), ty.parts.get(1)) {
            ("token", None) if matches!(base, FieldTy::Word(WordType::Address)) => {
                return Ok(Refinement::Token);
            }
            ("time", None) => Refinement::Time,
            ("duration", None) => Refinement::Duration,
            ("amount", Some(of)) => Refinement::Amount(self.unit_ref(module, of, fields)?),
            _ => {
                return Err(Some(Box::new(
                    Diagnostic::new(codes::BAD_REFINEMENT, place, "a field cannot be read as this").help(
                        "an address may be `as token`; a number `as amount of TOKEN`, `as time` or `as duration`",
                    ),
                )));
            }
        };
        if !number {
            return fail(
                codes::BAD_REFINEMENT,
                place,
                "only a number can be an amount, a time or a duration",
            );
        }
        Ok(refined)
    }

    fn unit_ref(&self, module: ModuleIx, of: &ast::TypeName, fields: &[FieldDef]) -> Fallible<UnitRef> {
        let place = self.place(module, of.span);
        if of.slice.is_some() {
            return fail(codes::NOT_SUPPORTED, place, "a token among bytes is not supported yet");
        }
        let [first] = of.path.segments.as_slice() else {
            return match self.path(module, &of.path).map_err(Some)? {
                Found::Entity(Entity::Contract(ix)) if self.is_token(ix) => Ok(UnitRef::Token(ix)),
                _ => fail(codes::BAD_REFINEMENT, place, "this is no token"),
            };
        };
        if let Some(path) = self.sibling(fields, &first.node, &of.members) {
            return match path {
                Some(path) => Ok(UnitRef::Sibling(path)),
                None => Err(Some(Box::new(
                    Diagnostic::new(codes::BAD_REFINEMENT, place, "the field it names is no token").help(
                        format!(
                            "declare that one `{}: address as token`",
                            of.members.last().unwrap_or(first).node
                        ),
                    ),
                ))),
            };
        }
        match first.node.as_str() {
            "self" => Ok(UnitRef::SelfToken),
            "native" => Ok(UnitRef::Native),
            name => match self.name(module, name) {
                Some(Entity::Contract(ix)) if self.is_token(ix) => Ok(UnitRef::Token(ix)),
                Some(Entity::Error) => Err(None),
                Some(_) => fail(codes::BAD_REFINEMENT, place, format!("`{name}` is no token")),
                None => {
                    let near = nearest(name, fields.iter().map(|f| f.name.as_str()));
                    let said = self.unknown_name(module, module, first);
                    Err(Some(Box::new(match near {
                        Some(near) => said.help(format!("did you mean the field `{near}`?")),
                        None => said,
                    })))
                }
            },
        }
    }

    /// The members that lead to a field; `Some(None)` where it is there but no address.
    fn sibling(&self, fields: &[FieldDef], name: &str, members: &[ast::Name]) -> Option<Option<Vec<u16>>> {
        let at = fields.iter().position(|f| f.name == name)?;
        let mut path = vec![u16::try_from(at).ok()?];
        let mut ty = &fields.get(at)?.ty;
        for member in members {
            let FieldTy::Struct(ix) = ty else { return Some(None) };
            let inner = &self.structure(*ix)?.fields;
            let Some(at) = inner.iter().position(|f| f.name == member.node) else { return Some(None) };
            path.push(u16::try_from(at).ok()?);
            ty = &inner.get(at)?.ty;
        }
        Some(matches!(ty, FieldTy::Word(WordType::Address)).then_some(path))
    }
}
