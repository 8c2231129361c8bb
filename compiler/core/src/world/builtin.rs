//! What is judged at no contract, as if an interface declared it: texts (EIP-191), Sign-In with Ethereum (EIP-4361), and
//! authorisations (EIP-7702).

use super::{FunctionDef, InterfaceDef, StructDef, World, members::Written};
use crate::{
    hir::{FieldDef, FieldTy, InterfaceIx, ModuleIx, Refinement, StructIx},
    sink::Sink,
};
use agentpol_abi::signature::parse_function;
use agentpol_diagnostics::{FileId, Place};
use agentpol_grammar::span::Span;
use agentpol_model::{
    request::{Kind, SIGN_IN},
    types::{Type, WordType},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

/// Resources of a Sign-In that a rule can go through at most.
const MAX_RESOURCES: u32 = 32;

/// Sign-In with Ethereum, as a policy names it.
pub(crate) const SIGN_IN_NAME: &str = "SignIn";

/// As requests bring them: see [`Kind`].
const BUILTIN: &[(Kind, &str)] = &[
    (Kind::Message, "text(string text)"),
    (Kind::Message, SIGN_IN),
    (Kind::Authorize, "authorize(address delegate,uint64 nonce)"),
];

impl<'a> World<'a> {
    /// A function by its interface and its place there.
    pub(crate) fn function_of(&self, at: Option<(InterfaceIx, usize)>) -> Option<&FunctionDef<'a>> {
        let (interface, n) = at?;
        self.interface(interface)?.functions.get(n)
    }

    /// What a subject's one name stands for, where that is not an argument: typed data or a Sign-In as a whole.
    pub(crate) fn whole(&self, function: &FunctionDef<'_>) -> Option<StructIx> {
        match function.kind {
            Kind::Sign => function.typed.map(|typed| typed.structure),
            Kind::Message if function.name == SIGN_IN_NAME => {
                self.interface(self.builtin)?.structs.get(SIGN_IN_NAME).copied()
            }
            _ => None,
        }
    }

    pub(super) fn declare_builtin(&mut self, sink: &mut Sink) {
        let place = Place::new(FileId(0), Span::new(0, 0));
        let mut def = InterfaceDef {
            name: "",
            module: ModuleIx(0),
            structs: BTreeMap::new(),
            consts: BTreeMap::new(),
            has_commands: false,
            functions: Vec::new(),
            opens: BTreeSet::new(),
            mentions: BTreeSet::new(),
        };
        for (kind, text) in BUILTIN {
            let Ok(function) = parse_function(text) else { continue };
            let fields: Vec<FieldDef> = function
                .inputs
                .iter()
                .map(|member| {
                    let (ty, refined) = field_type(*kind, &member.ty);
                    FieldDef { name: member.name.clone(), ty, refined, sentinel: false, place }
                })
                .collect();
            let structure = StructIx::new(self.structs.len());
            self.structs.push(StructDef { name: function.name.clone(), fields: fields.clone() });
            def.structs.insert(function.name.clone(), structure);
            let written = Written { effects: Some(&[]), ..Written::default() };
            match self.function(ModuleIx(0), function.name, fields, written, place) {
                Ok(function) => def.functions.push(FunctionDef { kind: *kind, ..function }),
                Err(said) => said.into_iter().for_each(|d| sink.push(*d)),
            }
        }
        self.builtin = InterfaceIx::new(self.interfaces.len());
        self.interfaces.push(def);
    }
}

/// The times of a Sign-In are those of its numbers that are as wide as times are.
fn field_type(kind: Kind, ty: &Type) -> (FieldTy, Refinement) {
    match ty {
        Type::Word(word @ WordType::Uint(64)) if kind == Kind::Message => {
            (FieldTy::Word(*word), Refinement::Time)
        }
        Type::Word(word) => (FieldTy::Word(*word), Refinement::None),
        Type::String => (FieldTy::String, Refinement::None),
        Type::Array(inner, _) => {
            let (inner, refined) = field_type(kind, inner);
            (FieldTy::Array(Rc::new(inner), Some(MAX_RESOURCES)), refined)
        }
        Type::Bytes | Type::FixedArray(..) | Type::Tuple(_) => (FieldTy::Bytes, Refinement::None),
    }
}
