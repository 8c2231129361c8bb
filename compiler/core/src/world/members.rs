//! What of an interface is judged: functions, typed data, and commands.

use super::{
    FunctionDef, TypedDef, World,
    interfaces::{Fallible, fail},
};
use crate::{
    hir::{FieldDef, InterfaceIx, ModuleIx, StructIx},
    literal,
    sink::Sink,
};
use agentpol_abi::{fit, selector, signature};
use agentpol_diagnostics::{Diagnostic, Place, codes};
use agentpol_grammar::ast::{self, MemberKind, Name, Spanned};
use agentpol_model::request::Kind;
use alloy_primitives::keccak256;
use std::collections::BTreeMap;

/// Bytes that may stand behind a function's arguments at most.
pub(crate) const MAX_TRAILING: u32 = 4096;

/// What is written of a function besides its name and its fields.
#[derive(Clone, Copy, Default)]
pub(super) struct Written<'a> {
    pub(super) payable: bool,
    pub(super) trailing: Option<&'a Spanned<String>>,
    pub(super) effects: Option<&'a [ast::Effect]>,
}

impl<'a> World<'a> {
    /// The functions of an interface, and its typed data and commands.
    pub(super) fn judged(
        &self,
        ix: InterfaceIx,
        module: ModuleIx,
        interface: &'a ast::Interface,
        sink: &mut Sink,
    ) -> (Vec<FunctionDef<'a>>, Vec<FunctionDef<'a>>) {
        let (mut functions, mut others) = (Vec::new(), Vec::new());
        for member in &interface.members {
            let (found, into) = match &member.kind {
                MemberKind::Function { name, fields, payable, trailing, effects } => {
                    let fields = self.fields(ix, module, fields, sink);
                    let (trailing, effects) = (trailing.as_ref(), effects.as_deref());
                    let written = Written { payable: *payable, trailing, effects };
                    let place = self.place(module, name.span);
                    (self.function(module, name.node.clone(), fields, written, place), &mut functions)
                }
                MemberKind::Typed { kind, .. } if kind.node != "sign" => {
                    let said = format!("an interface declares no `{}`", kind.node);
                    let said = Diagnostic::new(codes::MISPLACED_EFFECT, self.place(module, kind.span), said);
                    let help = "it declares `function`, `command`, and `sign` for typed data: texts, deployments and delegates are no contract's";
                    sink.push(said.help(help));
                    continue;
                }
                MemberKind::Typed { name, effects, .. } => {
                    let structure = self.interface(ix).and_then(|d| d.structs.get(&name.node).copied());
                    let Some(structure) = structure else { continue };
                    (self.typed_data(structure, module, name, effects.as_deref()), &mut others)
                }
                MemberKind::Command { opcode, name, fields, effects } => {
                    let fields = self.fields(ix, module, fields, sink);
                    let table = table(&interface.name.node);
                    let found = self.command((table, opcode), module, name, fields, effects.as_deref());
                    (found, &mut others)
                }
                MemberKind::Struct { .. } | MemberKind::Const { .. } => continue,
            };
            match found {
                Ok(function) => into.push(function),
                Err(said) => said.into_iter().for_each(|d| sink.push(*d)),
            }
        }
        (functions, others)
    }

    /// A command, with its router's table and its opcode for a selector.
    fn command(
        &self,
        selector: ([u8; 4], &Spanned<String>),
        module: ModuleIx,
        name: &Name,
        fields: Vec<FieldDef>,
        effects: Option<&'a [ast::Effect]>,
    ) -> Fallible<FunctionDef<'a>> {
        let ([a, b, c, _], opcode) = selector;
        let byte = literal::bytes(&opcode.node);
        let Some([byte @ 0..0x80]) = byte.as_deref() else {
            let said = "an opcode is one byte below 0x80: the highest bit lets a command fail";
            let said = Diagnostic::new(codes::BAD_COMMAND, self.place(module, opcode.span), said);
            return Err(Some(Box::new(said.help("write two digits: `command 0x0b WRAP_ETH(…)`"))));
        };
        let written = Written { effects, ..Written::default() };
        let place = self.place(module, name.span);
        let function = self.function(module, name.node.clone(), fields, written, place)?;
        Ok(FunctionDef { kind: Kind::Command, selector: [a, b, c, *byte], ..function })
    }

    /// Typed data, with the hash of its type.
    fn typed_data(
        &self,
        structure: StructIx,
        module: ModuleIx,
        name: &Name,
        effects: Option<&'a [ast::Effect]>,
    ) -> Fallible<FunctionDef<'a>> {
        let place = self.place(module, name.span);
        let fields = self.structure(structure).map(|s| s.fields.clone()).unwrap_or_default();
        let type_hash = match self.encoded_type(structure) {
            Ok(text) => keccak256(text.as_bytes()),
            Err(said) => {
                let said = format!("`{}`: {said}", name.node);
                return fail(codes::UNKNOWN_TYPE, place, said);
            }
        };
        let written = Written { effects, ..Written::default() };
        let function = self.function(module, name.node.clone(), fields, written, place)?;
        Ok(FunctionDef { kind: Kind::Sign, typed: Some(TypedDef { structure, type_hash }), ..function })
    }

    /// A function with its selector.
    pub(super) fn function(
        &self,
        module: ModuleIx,
        name: String,
        fields: Vec<FieldDef>,
        written: Written<'a>,
        place: Place,
    ) -> Fallible<FunctionDef<'a>> {
        let inputs = self.members(&fields);
        if let Err(unfit) = fit::check(&inputs) {
            return fail(codes::UNKNOWN_TYPE, place, format!("`{name}`: {unfit}"));
        }
        let trailing = match written.trailing {
            None => 0,
            Some(n) => match n.node.replace('_', "").parse::<u32>().ok().filter(|n| *n <= MAX_TRAILING) {
                Some(n) => n,
                None => {
                    let said = format!("at most {MAX_TRAILING} bytes stand behind the arguments");
                    return fail(codes::OUT_OF_RANGE, self.place(module, n.span), said);
                }
            },
        };
        let unwraps = self.unwraps(module, &fields, written.effects.unwrap_or_default())?;
        let signature = signature(&name, &inputs);
        Ok(FunctionDef {
            kind: Kind::Call,
            selector: selector(&signature),
            name,
            fields,
            payable: written.payable,
            trailing,
            effects: written.effects,
            unwraps,
            signature,
            inputs,
            typed: None,
            place,
        })
    }

    pub(super) fn check_selectors(&self, functions: &[FunctionDef<'a>], sink: &mut Sink) {
        let mut seen: BTreeMap<(Kind, [u8; 4]), &FunctionDef<'a>> = BTreeMap::new();
        // Typed data is told apart by its struct's name, which stands in the interface once.
        for function in functions.iter().filter(|f| f.kind != Kind::Sign) {
            if let Some(first) = seen.insert((function.kind, function.selector), function) {
                let said = if function.kind == Kind::Command {
                    format!("`{}` has the opcode of `{}`", function.name, first.name)
                } else if first.signature == function.signature {
                    format!("`{}` stands in this interface twice", function.signature)
                } else {
                    format!("`{}` has the same selector as `{}`", function.signature, first.signature)
                };
                sink.push(
                    Diagnostic::new(codes::SELECTOR_CLASH, function.place, said)
                        .label(first.place, "the other one"),
                );
            }
        }
    }
}

/// The table of a router's commands, by their interface's name: the first three bytes of its hash, and a place for the opcode.
pub(super) fn table(interface: &str) -> [u8; 4] {
    let [a, b, c, ..] = keccak256(interface.as_bytes()).0;
    [a, b, c, 0]
}
