//! What `as …` says of a field: the unit of a number, or that an address is a token's.

use super::{
    World,
    interfaces::{Fallible, fail},
};
use crate::{
    hir::{FieldDef, FieldTy, ModuleIx, Refinement, UnitRef},
    resolve::{Entity, Found, nearest},
    typecheck::MAX_SLICE,
};
use agentpol_diagnostics::{Diagnostic, codes};
use agentpol_grammar::ast;
use agentpol_model::types::WordType;

/// Bytes of an address.
const ADDRESS_BYTES: u32 = 20;

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
            ("recipient", None) if matches!(base, FieldTy::Word(WordType::Address)) => {
                return Ok(Refinement::Recipient);
            }
            ("time", None) => Refinement::Time,
            ("duration", None) => Refinement::Duration,
            ("amount", Some(of)) => Refinement::Amount(self.unit_ref(module, of, fields)?),
            _ => {
                return Err(Some(Box::new(
                    Diagnostic::new(codes::BAD_REFINEMENT, place, "a field cannot be read as this").help(
                        "an address may be `as token` or `as recipient`; a number `as amount of TOKEN`, `as time` or `as duration`",
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
        if let Some(slice) = &of.slice {
            return self.packed(module, of, slice, fields);
        }
        let [first] = of.path.segments.as_slice() else {
            return match self.path(module, &of.path).map_err(Some)? {
                Found::Entity(Entity::Contract(ix)) if self.is_token(ix) => Ok(UnitRef::Token(ix)),
                _ => fail(codes::BAD_REFINEMENT, place, "this is no token"),
            };
        };
        if let Some(found) = self.sibling(fields, &first.node, &of.members) {
            return match found {
                Some((path, FieldTy::Word(WordType::Address))) => Ok(UnitRef::Sibling(path)),
                Some(_) | None => Err(Some(Box::new(
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

    /// `path[0..20]`: the token's address among packed bytes.
    fn packed(
        &self,
        module: ModuleIx,
        of: &ast::TypeName,
        slice: &ast::TypeSlice,
        fields: &[FieldDef],
    ) -> Fallible<UnitRef> {
        let place = self.place(module, slice.span);
        let number = |text: &ast::Spanned<String>| text.node.replace('_', "").parse::<u32>().ok();
        let start = number(&slice.start).filter(|n| *n <= MAX_SLICE);
        let length = match (&slice.end, start, slice.from_end) {
            (None, Some(start), true) => Some(start),
            (Some(end), Some(start), false) => number(end).and_then(|end| end.checked_sub(start)),
            _ => None,
        };
        let (Some(start), Some(ADDRESS_BYTES)) = (start, length) else {
            let said = Diagnostic::new(codes::BAD_REFINEMENT, place, "a token's address has 20 bytes");
            return Err(Some(Box::new(said.help("write `[0..20]`, or `[-20..]` for the last ones"))));
        };
        let [first] = of.path.segments.as_slice() else {
            return fail(codes::BAD_REFINEMENT, place, "the bytes are those of a field beside this one");
        };
        match self.sibling(fields, &first.node, &of.members) {
            Some(Some((members, FieldTy::Bytes))) => {
                Ok(UnitRef::Packed { members, start, from_end: slice.from_end })
            }
            Some(_) => {
                let place = self.place(module, of.span);
                fail(
                    codes::BAD_REFINEMENT,
                    place,
                    "only `bytes` have parts: the field it names has another type",
                )
            }
            None => {
                let said = self.unknown_name(module, module, first);
                let near = nearest(&first.node, fields.iter().map(|f| f.name.as_str()));
                Err(Some(Box::new(match near {
                    Some(near) => said.help(format!("did you mean the field `{near}`?")),
                    None => said,
                })))
            }
        }
    }

    /// The members that lead to a field, and its type; `Some(None)` where the first is there but the others are not.
    fn sibling<'f>(
        &'f self,
        fields: &'f [FieldDef],
        name: &str,
        members: &[ast::Name],
    ) -> Option<Option<(Vec<u16>, &'f FieldTy)>> {
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
        Some(Some((path, ty)))
    }
}
