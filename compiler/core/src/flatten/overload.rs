//! Which function a subject's names fit.

use super::Callables;
use crate::{
    hir::{ChainIx, ContractIx, InterfaceIx, ModuleIx},
    resolve::nearest,
    typecheck::Checker,
};
use agentpol_diagnostics::{Diagnostic, codes};
use agentpol_grammar::ast::{self, Name, Span};
use agentpol_model::{ids::CallableId, request::Kind};
use std::collections::BTreeSet;

const ROOT: ModuleIx = ModuleIx(0);

impl Checker<'_, '_> {
    pub(super) fn functions_named(
        &self,
        ids: &[CallableId],
        name: &Name,
        interface: Option<InterfaceIx>,
        callables: &Callables,
    ) -> Vec<CallableId> {
        let named = |id: &&CallableId| {
            let at = callables.get(**id).and_then(|k| k.function);
            at.is_some_and(|(i, n)| {
                interface.is_none_or(|wanted| wanted == i)
                    && self
                        .world
                        .interface(i)
                        .and_then(|d| d.functions.get(n))
                        .is_some_and(|f| f.name == name.node)
            })
        };
        ids.iter().filter(named).copied().collect()
    }

    fn unknown_function(
        &mut self,
        ix: ContractIx,
        what: &str,
        name: &Name,
        ids: &[CallableId],
        callables: &Callables,
    ) {
        let known: BTreeSet<&str> = ids
            .iter()
            .filter_map(|id| {
                let (i, n) = callables.get(*id)?.function?;
                Some(self.world.interface(i)?.functions.get(n)?.name.as_str())
            })
            .collect();
        let place = self.world.place(ROOT, name.span);
        let contract = self.world.contract_name(ix);
        let said = Diagnostic::new(
            codes::UNKNOWN_FUNCTION,
            place,
            format!("`{contract}` has {what} `{}`", name.node),
        );
        let near = nearest(&name.node, known.iter().copied()).map(str::to_owned);
        let list = known.into_iter().collect::<Vec<_>>().join(", ");
        self.sink.push(match near {
            Some(near) => {
                said.help(format!("did you mean `{near}`?")).fix(format!("write `{near}`"), place, near)
            }
            None if list.is_empty() => said.help("its interface declares none"),
            None => said.help(format!("it has {list}")),
        });
    }

    /// What there is none of.
    pub(super) fn not_found(
        &mut self,
        at: (ContractIx, ChainIx),
        kinds: &[Kind],
        function: &Name,
        ids: &[CallableId],
        callables: &Callables,
    ) {
        let (ix, chain) = at;
        let interfaces = self.world.contract(ix).map(|c| c.interfaces.as_slice()).unwrap_or_default();
        let same_name = interfaces
            .iter()
            .filter_map(|i| self.world.interface(*i))
            .flat_map(|i| &i.functions)
            .find(|f| f.name == function.node);
        let name = self.world.contract_name(ix);
        match same_name.map(|f| f.kind) {
            Some(Kind::Sign) if kinds == [Kind::Sign] => self.nothing_to_sign(ix, chain, function.span),
            Some(Kind::Sign) => {
                let said = format!("`{}` is typed data of `{name}`: it is signed, not called", function.node);
                let help = format!("write `sign {name}.{}(m)`", function.node);
                self.root_fail(function.span, codes::UNKNOWN_FUNCTION, said, &help);
            }
            _ if kinds == [Kind::Sign] => {
                self.unknown_function(ix, "nothing to sign named", function, ids, callables);
            }
            // What runs as the account's own code has the names of what is called.
            _ => {
                let ids = if ids.is_empty() { &callables.of(&[Kind::Call], ix, chain) } else { ids };
                self.unknown_function(ix, "no function", function, ids, callables);
            }
        }
    }

    /// Without a domain nothing says what is signed for a contract and what for another.
    pub(super) fn nothing_to_sign(&mut self, ix: ContractIx, chain: ChainIx, span: Span) {
        let (name, on) = (self.world.contract_name(ix), self.world.chain_name(chain));
        let (said, help) = if self.world.site(ix, chain).is_some_and(|s| s.domain.is_none()) {
            (
                format!(
                    "what is signed for `{name}` on `{on}` is not known: it is declared without a domain"
                ),
                "add `domain \"NAME\" \"VERSION\"` behind its address, as the contract's EIP-712 domain has them",
            )
        } else {
            (format!("`{name}` has nothing to sign"), "its interfaces declare no `sign`")
        };
        self.root_fail(span, codes::SUBJECT_TARGET, said, help);
    }

    /// The function that the names fit: by their number, and where that is not enough by the names themselves.
    pub(super) fn overload(
        &mut self,
        target: &ast::Target,
        function: &Name,
        names: Option<&[Name]>,
        found: &[CallableId],
        callables: &Callables,
    ) -> Option<CallableId> {
        let world = self.world;
        let fields = |id: &CallableId| -> Vec<&str> {
            let at = callables.get(*id).and_then(|k| k.function);
            let def = at.and_then(|(i, n)| world.interface(i)?.functions.get(n));
            def.map(|f| f.fields.iter().map(|f| f.name.as_str()).collect()).unwrap_or_default()
        };
        let Some(names) = names else {
            return match found {
                [one] => Some(*one),
                _ => {
                    let said = format!("there are several functions named `{}`", function.node);
                    self.root_fail(
                        target.span,
                        codes::AMBIGUOUS_OVERLOAD,
                        said,
                        "name the arguments of the one that is meant",
                    );
                    None
                }
            };
        };
        let fitting: Vec<CallableId> =
            found.iter().filter(|id| fields(id).len() == names.len()).copied().collect();
        match fitting.as_slice() {
            [one] => self.names_in_order(names, &fields(one)).then_some(*one),
            [] => {
                let known = found.first().map(fields).unwrap_or_default();
                let span = names.first().zip(names.last()).map_or(target.span, |(a, b)| a.span.to(b.span));
                let said =
                    format!("`{}` takes {} arguments, not {}", function.node, known.len(), names.len());
                let help = format!("write `{}({})`", function.node, known.join(", "));
                self.root_fail(span, codes::PATTERN_ARITY, said, &help);
                None
            }
            several => {
                let exact = |id: &&CallableId| fields(id).iter().zip(names).all(|(f, n)| *f == n.node);
                let exact: Vec<&CallableId> = several.iter().filter(exact).collect();
                if let [one] = exact.as_slice() {
                    return Some(**one);
                }
                let said =
                    format!("there are several functions `{}` with {} arguments", function.node, names.len());
                let help = "give the arguments the names that the interface gives them";
                self.root_fail(target.span, codes::AMBIGUOUS_OVERLOAD, said, help);
                None
            }
        }
    }

    /// Names are free, but the interface's own names in another order are a mistake waiting to happen.
    pub(super) fn names_in_order(&mut self, names: &[Name], fields: &[&str]) -> bool {
        for (i, name) in names.iter().enumerate() {
            if let Some(first) = names.iter().take(i).find(|n| n.node == name.node) {
                let place = self.world.place(ROOT, name.span);
                let said = format!("`{}` names two arguments", name.node);
                let first = self.world.place(ROOT, first.span);
                self.sink.push(Diagnostic::new(codes::DUPLICATE_NAME, place, said).label(first, "here"));
                return false;
            }
            let at = fields.iter().position(|f| *f == name.node);
            if at.is_some_and(|at| at != i) && fields.get(i) != Some(&name.node.as_str()) {
                let right = fields.join(", ");
                let said = format!("the interface gives the name `{}` to another argument", name.node);
                let help = format!("arguments are named in the function's order: `{right}`");
                self.root_fail(name.span, codes::PERMUTED_NAMES, said, &help);
                return false;
            }
        }
        true
    }
}
