//! Interfaces: structs, and what `as …` says of their fields.

use super::{InterfaceDef, StructDef, World, abi_types::MAX_STRUCT_DEPTH, elementary};
use crate::{
    hir::{FieldDef, FieldTy, InterfaceIx, ModuleIx, Refinement, StructIx},
    resolve::{Entity, Found, Owner, nearest},
    sink::Sink,
    source::Loader,
};
use agentpol_abi::fit;
use agentpol_diagnostics::{Diagnostic, Place, codes};
use agentpol_grammar::ast::{self, MemberKind, Span};
use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

pub(super) type Fallible<T> = Result<T, Option<Box<Diagnostic>>>;

pub(super) fn fail<T>(
    code: agentpol_diagnostics::Code,
    place: Place,
    said: impl Into<String>,
) -> Fallible<T> {
    Err(Some(Box::new(Diagnostic::new(code, place, said))))
}

impl<'a> World<'a> {
    pub(super) fn declare_interfaces(
        &mut self,
        interfaces: &[(ModuleIx, &'a ast::Interface, Span)],
        loader: &dyn Loader,
        sink: &mut Sink,
    ) {
        // Structs get their numbers first, so that their order does not matter.
        for (module, interface, _) in interfaces {
            let mut def = InterfaceDef {
                name: &interface.name.node,
                module: *module,
                structs: BTreeMap::new(),
                consts: BTreeMap::new(),
                has_commands: interface.members.iter().any(|m| matches!(m.kind, MemberKind::Command { .. })),
                functions: Vec::new(),
                opens: BTreeSet::new(),
                mentions: BTreeSet::new(),
            };
            for member in &interface.members {
                let (name, taken) = match &member.kind {
                    // Typed data is a struct that is signed.
                    MemberKind::Struct { name, .. } | MemberKind::Typed { name, .. } => {
                        let ix = StructIx::new(self.structs.len());
                        self.structs.push(StructDef { name: name.node.clone(), fields: Vec::new() });
                        (name, def.structs.insert(name.node.clone(), ix).is_some())
                    }
                    MemberKind::Const { name, value } => {
                        (name, def.consts.insert(&name.node, value).is_some())
                    }
                    MemberKind::Function { .. } | MemberKind::Command { .. } => continue,
                };
                if taken {
                    let said = format!("`{}` stands in this interface twice", name.node);
                    sink.push(Diagnostic::new(codes::DUPLICATE_NAME, self.place(*module, name.span), said));
                }
            }
            self.interfaces.push(def);
        }
        for (i, (module, interface, _)) in interfaces.iter().enumerate() {
            self.fill_structs(InterfaceIx::new(i), *module, interface, sink);
        }
        for (i, (module, interface, _)) in interfaces.iter().enumerate() {
            self.check_structs(*module, (InterfaceIx::new(i), *interface), sink);
        }
        for (i, (module, interface, _)) in interfaces.iter().enumerate() {
            let ix = InterfaceIx::new(i);
            let (mut functions, others) = self.judged(ix, *module, interface, sink);
            if let Some(from) = &interface.from {
                functions = self.over_json(ix, *module, from, functions, loader, sink);
            }
            functions.extend(others);
            self.check_selectors(&functions, sink);
            let mentions = self.mentions(*module, interface);
            let effects = functions.iter().filter_map(|f| f.effects);
            let opens = effects.flat_map(|effects| self.opened(*module, effects)).collect();
            if let Some(def) = self.interfaces.get_mut(i) {
                def.opens = opens;
                def.functions = functions;
                def.mentions = mentions;
            }
        }
    }

    fn fill_structs(
        &mut self,
        ix: InterfaceIx,
        module: ModuleIx,
        interface: &'a ast::Interface,
        sink: &mut Sink,
    ) {
        for member in &interface.members {
            let (MemberKind::Struct { name, fields } | MemberKind::Typed { name, fields, .. }) = &member.kind
            else {
                continue;
            };
            let Some(structure) = self.interface(ix).and_then(|d| d.structs.get(&name.node).copied()) else {
                continue;
            };
            let fields = self.fields(ix, module, fields, sink);
            if let Some(def) = self.structs.get_mut(structure.index()) {
                def.fields = fields;
            }
        }
    }

    /// A struct that holds itself has no encoding, and one that holds too much would be written out at great length.
    fn check_structs(
        &mut self,
        module: ModuleIx,
        interface: (InterfaceIx, &'a ast::Interface),
        sink: &mut Sink,
    ) {
        for member in &interface.1.members {
            let (MemberKind::Struct { name, .. } | MemberKind::Typed { name, .. }) = &member.kind else {
                continue;
            };
            let ix = self.interface(interface.0).and_then(|d| d.structs.get(&name.node).copied());
            if let Some(ix) = ix
                && self.struct_size(ix, 0, &mut BTreeMap::new()).is_none()
            {
                let place = self.place(module, name.span);
                let said = format!(
                    "`{}` holds itself, nests deeper than {MAX_STRUCT_DEPTH}, or has more than {} parts",
                    name.node,
                    fit::MAX_TYPE_NODES
                );
                sink.push(Diagnostic::new(codes::RECURSIVE_STRUCT, place, said));
                if let Some(def) = self.structs.get_mut(ix.index()) {
                    def.fields.clear();
                }
            }
        }
    }

    /// The fields of a struct or a function.
    pub(super) fn fields(
        &self,
        interface: InterfaceIx,
        module: ModuleIx,
        fields: &'a [ast::Field],
        sink: &mut Sink,
    ) -> Vec<FieldDef> {
        let mut out: Vec<FieldDef> = Vec::new();
        for field in fields {
            let place = self.place(module, field.name.span);
            let ty = match self.field_type(interface, module, &field.ty) {
                Ok(ty) => ty,
                Err(said) => {
                    said.into_iter().for_each(|d| sink.push(*d));
                    // Something that no later check trips over.
                    FieldTy::Bytes
                }
            };
            if out.iter().any(|f| f.name == field.name.node) {
                let said = format!("`{}` stands here twice", field.name.node);
                sink.push(Diagnostic::new(codes::DUPLICATE_NAME, place, said));
            }
            out.push(FieldDef {
                name: field.name.node.clone(),
                ty,
                refined: Refinement::None,
                sentinel: self.means_all(module, field, sink),
                place,
            });
        }
        // A refinement may name a field that stands further right.
        let refined: Vec<Refinement> = fields
            .iter()
            .enumerate()
            .map(|(i, field)| match (&field.refined, out.get(i)) {
                (Some(ty), Some(def)) => self.refinement(module, ty, &def.ty, &out).unwrap_or_else(|said| {
                    said.into_iter().for_each(|d| sink.push(*d));
                    Refinement::None
                }),
                _ => Refinement::None,
            })
            .collect();
        for (def, refined) in out.iter_mut().zip(refined) {
            def.refined = refined;
        }
        out
    }

    /// `max means all`. What routers do with the balance that they hold themselves needs no word: a number that stands for it takes
    /// nothing from the wallet, or is too great to be granted.
    fn means_all(&self, module: ModuleIx, field: &ast::Field, sink: &mut Sink) -> bool {
        let Some(word) = &field.sentinel else { return false };
        if word.node != "all" {
            let place = self.place(module, word.span);
            let said = format!("the greatest number does not mean `{}`", word.node);
            sink.push(Diagnostic::new(codes::BAD_REFINEMENT, place, said).help(
                "write `max means all`; what takes nothing from the wallet is an effect with a `when`",
            ));
        }
        true
    }

    fn field_type(&self, interface: InterfaceIx, module: ModuleIx, ty: &ast::AbiType) -> Fallible<FieldTy> {
        let place = self.place(module, ty.span);
        let up_to = match &ty.up_to {
            None => None,
            Some(n) => match n.node.replace('_', "").parse::<u32>() {
                Ok(n) if n > 0 => Some(n),
                _ => {
                    return fail(
                        codes::UNKNOWN_TYPE,
                        place,
                        "`up to` names a number of elements, at least 1",
                    );
                }
            },
        };
        let mut out = match ty.path.segments.as_slice() {
            [one] => match self.interface(interface).and_then(|i| i.structs.get(&one.node)) {
                Some(ix) => FieldTy::Struct(*ix),
                None => match elementary(&one.node) {
                    Some(ty) => ty,
                    // A contract's name as a type is an address, as in Solidity.
                    None => return self.unknown_type(interface, module, one),
                },
            },
            _ => match self.path(module, &ty.path).map_err(Some)? {
                Found::Inside(owner, name) => match self.inside(owner, &name.node) {
                    Some(ix) => FieldTy::Struct(ix),
                    None => {
                        let said = format!("there is no struct `{}` in it", name.node);
                        return fail(codes::UNKNOWN_TYPE, self.place(module, name.span), said);
                    }
                },
                Found::Entity(Entity::Error) => return Err(None),
                Found::Entity(_) => return fail(codes::UNKNOWN_TYPE, place, "this is no type of the ABI"),
            },
        };
        for (i, length) in ty.arrays.iter().enumerate() {
            let outermost = i + 1 == ty.arrays.len();
            out = match length {
                None => FieldTy::Array(Rc::new(out), up_to.filter(|_| outermost)),
                Some(n) => match n.node.parse::<u32>() {
                    Ok(n) if n > 0 => FieldTy::FixedArray(Rc::new(out), n),
                    _ => return fail(codes::UNKNOWN_TYPE, place, "a fixed array has at least one element"),
                },
            };
        }
        Ok(out)
    }

    /// A struct inside an interface or a contract's interfaces.
    pub(crate) fn inside(&self, owner: Owner, name: &str) -> Option<StructIx> {
        match owner {
            Owner::Interface(ix) => self.struct_inside(&[ix], name),
            Owner::Contract(ix) => self.struct_inside(&self.contract(ix)?.interfaces, name),
        }
    }

    fn unknown_type(&self, interface: InterfaceIx, module: ModuleIx, name: &ast::Name) -> Fallible<FieldTy> {
        let place = self.place(module, name.span);
        let own = self.interface(interface).map(|i| i.structs.keys().map(String::as_str).collect::<Vec<_>>());
        let common = ["address", "bool", "bytes", "string", "uint256", "int256", "bytes32", "uint8"];
        let said = Diagnostic::new(codes::UNKNOWN_TYPE, place, format!("there is no type `{}`", name.node));
        let near = nearest(&name.node, own.unwrap_or_default().into_iter().chain(common));
        Err(Some(Box::new(match near {
            Some(near) => {
                said.help(format!("did you mean `{near}`?")).fix(format!("write `{near}`"), place, near)
            }
            None => said.help("types are those of the ABI, and the interface's own structs"),
        })))
    }
}
