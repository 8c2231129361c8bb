//! Where a rule applies: contracts and chains.

use crate::{
    hir::{ChainIx, ContractIx, InterfaceIx, ModuleIx, Value},
    resolve::{Entity, Found, not_a},
    typecheck::{Checker, Scope},
};
use agentpol_diagnostics::{Diagnostic, codes};
use agentpol_grammar::ast::{self, Span, Subject};

const ROOT: ModuleIx = ModuleIx(0);

/// What a subject's path names.
#[derive(Clone, Copy)]
pub(super) enum Owner {
    One(ContractIx),
    Interface(InterfaceIx),
}

impl<'a> Checker<'_, 'a> {
    pub(super) fn owner(&mut self, target: &ast::Target) -> Option<Owner> {
        let last = target.path.segments.last()?;
        let place = self.world.place(ROOT, target.path.span);
        match self.world.path(ROOT, &target.path) {
            Ok(Found::Entity(Entity::Contract(ix))) => Some(Owner::One(ix)),
            Ok(Found::Entity(Entity::Interface(ix))) => Some(Owner::Interface(ix)),
            Ok(Found::Entity(Entity::Error)) => None,
            Ok(Found::Entity(other)) => {
                self.sink.push(not_a("contract", &last.node, other, place));
                None
            }
            Ok(Found::Inside(..)) => {
                let said = "a function is named with a dot: `CONTRACT.function`";
                self.sink.push(Diagnostic::new(codes::SUBJECT_TARGET, place, said));
                None
            }
            Err(said) => {
                self.sink.push(*said);
                None
            }
        }
    }

    pub(super) fn deployments(
        &mut self,
        subject: &'a Subject,
        target: &ast::Target,
        owner: &Owner,
        chains: &[ChainIx],
    ) -> Option<Vec<(ContractIx, ChainIx)>> {
        let among = match &subject.at {
            Some(e) => Some(self.at(e)?),
            None => None,
        };
        let contracts = match (owner, among) {
            (Owner::One(ix), None) => vec![*ix],
            (Owner::One(ix), Some(among)) => {
                if !among.contains(ix) {
                    let span = subject.at.as_ref().map_or(subject.span, |e| e.span);
                    let said = format!(
                        "`{}` is not in this set: the rule would cover nothing",
                        self.world.contract_name(*ix)
                    );
                    self.root_fail(span, codes::SUBJECT_TARGET, said, "leave the `at` out");
                    return None;
                }
                vec![*ix]
            }
            (Owner::Interface(interface), None) => {
                let name = self.world.interface(*interface).map(|i| i.name).unwrap_or_default();
                let said = format!("`{name}` is an interface: at which contracts?");
                let help = "say at which: `at { USDC, USDT }`, or name one contract";
                self.root_fail(target.span, codes::SUBJECT_TARGET, said, help);
                return None;
            }
            (Owner::Interface(interface), Some(among)) => {
                for ix in &among {
                    let def = self.world.contract(*ix);
                    if def.is_some_and(|d| !d.interfaces.contains(interface)) {
                        let wanted = self.world.interface(*interface).map(|i| i.name).unwrap_or_default();
                        let said = format!("`{}` is no `{wanted}`", self.world.contract_name(*ix));
                        let span = subject.at.as_ref().map_or(subject.span, |e| e.span);
                        self.root_fail(
                            span,
                            codes::SUBJECT_TARGET,
                            said,
                            "name contracts that are declared with it",
                        );
                        return None;
                    }
                }
                among
            }
        };
        let mut out = Vec::new();
        for ix in &contracts {
            for chain in chains {
                match self.world.site(*ix, *chain).map(|s| s.at) {
                    Some(crate::world::At::Address(_)) => out.push((*ix, *chain)),
                    Some(crate::world::At::Native) => {
                        let said = format!(
                            "`{}` is the chain's own token: it has no functions",
                            self.world.contract_name(*ix)
                        );
                        self.root_fail(
                            target.span,
                            codes::NATIVE_HAS_NO_ADDRESS,
                            said,
                            "write `send(to, value)`",
                        );
                        return None;
                    }
                    None if !subject.on.is_empty() && contracts.len() == 1 => {
                        self.not_deployed(*ix, target.span, &[*chain]);
                        return None;
                    }
                    None => {}
                }
            }
        }
        if out.is_empty() {
            match contracts.first() {
                Some(ix) => self.not_deployed(*ix, target.span, chains),
                None => {
                    self.root_fail(subject.span, codes::SUBJECT_TARGET, "the set is empty", "name a contract")
                }
            }
            return None;
        }
        Some(out)
    }

    fn not_deployed(&mut self, ix: ContractIx, span: Span, chains: &[ChainIx]) {
        let world = self.world;
        let names: Vec<&str> = chains.iter().map(|c| world.chain_name(*c)).collect();
        let name = world.contract_name(ix);
        let on: Vec<&str> = world
            .contract(ix)
            .map(|d| d.sites.iter().map(|s| world.chain_name(s.chain)).collect())
            .unwrap_or_default();
        let said = format!("`{name}` does not stand on {}", names.join(", "));
        let help = if on.is_empty() {
            "it stands nowhere".to_owned()
        } else {
            format!("it stands on {}", on.join(", "))
        };
        self.root_fail(span, codes::NOT_DEPLOYED, said, &help);
    }

    /// `at { USDC, USDT }`
    fn at(&mut self, e: &'a ast::Expr) -> Option<Vec<ContractIx>> {
        let value = self.expr(&mut Scope::new(ROOT, None), e);
        let elements = match &value {
            Value::Error => return None,
            Value::Set(set) => set.elements.clone(),
            Value::List(list) => list.as_ref().clone(),
            Value::Contract(_) => vec![value],
            _ => vec![value],
        };
        let mut out = Vec::new();
        for element in elements {
            match element {
                Value::Contract(ix) => out.push(ix),
                Value::Error => return None,
                other => {
                    let said = format!("`at` names contracts or tokens; this is {}", self.describe(&other));
                    let help =
                        "declare what stands at an address: `contract NAME: INTERFACE on CHAIN at 0x…`";
                    self.root_fail(e.span, codes::SUBJECT_TARGET, said, help);
                    return None;
                }
            }
        }
        Some(out)
    }
}
