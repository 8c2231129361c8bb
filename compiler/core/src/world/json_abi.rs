//! Interfaces from JSON: the functions come from the file, what they do from what is declared over it.

use super::{FunctionDef, StructDef, World, members::Written};
use crate::{
    hir::{FieldDef, FieldTy, InterfaceIx, ModuleIx, Refinement, StructIx},
    resolve::nearest,
    sink::Sink,
    source::Loader,
};
use agentpol_diagnostics::{Diagnostic, Place, codes};
use agentpol_grammar::ast::Spanned;
use agentpol_model::types::{Member, Type};
use std::rc::Rc;

impl<'a> World<'a> {
    /// The file's functions; those that are declared as well take their names, units and effects from the declaration. A
    /// declaration that the file does not bear out is a mistake, never a further function.
    pub(super) fn over_json(
        &mut self,
        interface: InterfaceIx,
        module: ModuleIx,
        from: &'a Spanned<String>,
        declared: Vec<FunctionDef<'a>>,
        loader: &dyn Loader,
        sink: &mut Sink,
    ) -> Vec<FunctionDef<'a>> {
        let place = self.place(module, from.span);
        let read = loader.read(&from.node).map_err(|why| format!("`{}` cannot be read: {why}", from.node));
        let parsed = read.and_then(|text| {
            agentpol_abi::json::parse(&text).map_err(|why| format!("`{}` is no JSON ABI: {why}", from.node))
        });
        let abi = match parsed {
            Ok(abi) => abi,
            Err(said) => {
                sink.push(Diagnostic::new(codes::JSON_ABI, place, said));
                return declared;
            }
        };
        let signatures: Vec<String> = abi.iter().map(|f| f.signature()).collect();
        for function in &declared {
            if !signatures.contains(&function.signature) {
                sink.push(not_in_file(function, &from.node, &signatures));
            }
        }
        let mut out = Vec::with_capacity(abi.len());
        for (function, signature) in abi.iter().zip(&signatures) {
            if let Some(own) = declared.iter().find(|d| d.signature == *signature) {
                if own.payable != function.payable() {
                    let is = if function.payable() { "payable" } else { "not payable" };
                    let said = format!("`{signature}` is {is} in `{}`", from.node);
                    sink.push(Diagnostic::new(codes::JSON_ABI, own.place, said));
                }
                out.push(own.clone());
                continue;
            }
            let fields = self.json_fields(interface, &function.name, &function.inputs, place);
            let written = Written { payable: function.payable(), ..Written::default() };
            match self.function(module, function.name.clone(), fields, written, place) {
                Ok(def) => out.push(def),
                Err(said) => said.into_iter().for_each(|d| sink.push(*d)),
            }
        }
        out
    }

    fn json_fields(
        &mut self,
        interface: InterfaceIx,
        of: &str,
        members: &[Member],
        place: Place,
    ) -> Vec<FieldDef> {
        members
            .iter()
            .map(|m| FieldDef {
                name: m.name.clone(),
                ty: self.json_type(interface, of, m, &m.ty, place),
                refined: Refinement::None,
                sentinel: false,
                place,
            })
            .collect()
    }

    fn json_type(
        &mut self,
        interface: InterfaceIx,
        of: &str,
        member: &Member,
        ty: &Type,
        place: Place,
    ) -> FieldTy {
        match ty {
            Type::Word(word) => FieldTy::Word(*word),
            Type::Bytes => FieldTy::Bytes,
            Type::String => FieldTy::String,
            Type::Array(inner, max) => {
                FieldTy::Array(Rc::new(self.json_type(interface, of, member, inner, place)), *max)
            }
            Type::FixedArray(inner, n) => {
                FieldTy::FixedArray(Rc::new(self.json_type(interface, of, member, inner, place)), *n)
            }
            Type::Tuple(members) => {
                let name = format!("{of}.{}", member.name);
                let fields = self.json_fields(interface, &name, members, place);
                let ix = StructIx::new(self.structs.len());
                self.structs.push(StructDef { name: name.clone(), fields });
                if let Some(def) = self.interfaces.get_mut(interface.index()) {
                    def.structs.entry(name).or_insert(ix);
                }
                FieldTy::Struct(ix)
            }
        }
    }
}

fn not_in_file(function: &FunctionDef<'_>, file: &str, known: &[String]) -> Diagnostic {
    let said = format!("`{}` is not in `{file}`", function.signature);
    let said = Diagnostic::new(codes::JSON_ABI, function.place, said);
    let same_name = known.iter().find(|s| s.split('(').next() == Some(function.name.as_str()));
    match same_name
        .map(String::as_str)
        .or_else(|| nearest(&function.signature, known.iter().map(String::as_str)))
    {
        Some(near) => said.help(format!("it has `{near}`")),
        None => said.help("declare functions of the file only"),
    }
}
