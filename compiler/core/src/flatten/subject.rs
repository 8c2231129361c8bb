//! What a rule is about, to the callables it covers.

use super::Callables;
use crate::{
    hir::{ChainIx, ContractIx, InterfaceIx, ModuleIx, Value},
    resolve::{Entity, Found, not_a},
    typecheck::{Checker, Scope},
};
use agentpol_diagnostics::{Diagnostic, codes};
use agentpol_grammar::ast::{self, Name, Span, Subject, SubjectWhat};
use agentpol_model::{ids::CallableId, request::Kind};
use std::collections::BTreeSet;

const ROOT: ModuleIx = ModuleIx(0);

/// What `any` covers: the other kinds need a rule whose subject names them.
const OF_ANY: &[Kind] = &[Kind::Call, Kind::Send, Kind::Sign, Kind::Command, Kind::Message];

/// What a subject's path names.
enum Owner {
    One(ContractIx),
    Interface(InterfaceIx),
}

impl<'a> Checker<'_, 'a> {
    /// The callables that a subject covers, in order, and the names it gives their arguments. `None`: reported.
    pub(super) fn subject(
        &mut self,
        subject: &'a Subject,
        callables: &Callables,
    ) -> Option<(Vec<CallableId>, &'a [Name])> {
        let chains = self.subject_chains(subject)?;
        if chains.is_empty() {
            // The policy's head has been blamed.
            return None;
        }
        match &subject.what {
            SubjectWhat::Any => {
                let on = |id: &CallableId| {
                    callables
                        .get(*id)
                        .is_some_and(|k| chains.contains(&k.here.chain) && OF_ANY.contains(&k.here.kind))
                };
                let all = (0..).map(CallableId::new).take(callables.all.len()).filter(on).collect();
                Some((all, &[]))
            }
            SubjectWhat::Action { kind, target, patterns } => {
                let kind_word = kind.as_ref().map_or("call", |k| k.node.as_str());
                let names = patterns.as_deref();
                match kind_word {
                    "call" => self.call_subject(subject, target.as_ref(), names, &chains, callables),
                    "send" => self.send_subject(subject, target.as_ref(), names, &chains, callables),
                    other => {
                        let span = kind.as_ref().map_or(subject.span, |k| k.span);
                        let said = format!("rules about `{other}` are not supported yet");
                        self.root_fail(span, codes::NOT_SUPPORTED, said, "rules are about calls and `send`");
                        None
                    }
                }
            }
        }
    }

    pub(super) fn root_fail(
        &mut self,
        span: Span,
        code: agentpol_diagnostics::Code,
        said: impl Into<String>,
        help: &str,
    ) {
        self.sink.push(Diagnostic::new(code, self.world.place(ROOT, span), said).help(help));
    }

    fn subject_chains(&mut self, subject: &Subject) -> Option<Vec<ChainIx>> {
        let all = &self.world.policy.chains;
        if subject.on.is_empty() {
            return Some(all.clone());
        }
        let mut out = Vec::new();
        for name in &subject.on {
            match self.world.chain(ROOT, name) {
                Ok(ix) if all.contains(&ix) => out.push(ix),
                Ok(_) => {
                    let said = format!("the policy is not on `{}`", name.node);
                    let help = format!("add it to the policy's head: `policy … on …, {}`", name.node);
                    self.root_fail(name.span, codes::CHAIN_OUTSIDE_POLICY, said, &help);
                    return None;
                }
                Err(said) => {
                    said.into_iter().for_each(|d| self.sink.push(*d));
                    return None;
                }
            }
        }
        Some(out)
    }

    fn send_subject(
        &mut self,
        subject: &Subject,
        target: Option<&ast::Target>,
        names: Option<&'a [Name]>,
        chains: &[ChainIx],
        callables: &Callables,
    ) -> Option<(Vec<CallableId>, &'a [Name])> {
        if target.is_some() || subject.at.is_some() {
            let help = "write `send(to, value)` and limit `to` in a `when`";
            self.root_fail(subject.span, codes::SUBJECT_TARGET, "a `send` names no contract", help);
            return None;
        }
        let names = names.unwrap_or_default();
        if names.len() != 2 && !names.is_empty() {
            self.root_fail(
                subject.span,
                codes::PATTERN_ARITY,
                "a `send` has two parts",
                "write `send(to, value)`",
            );
            return None;
        }
        if !self.names_in_order(names, &["to", "value"]) {
            return None;
        }
        Some((
            chains.iter().filter_map(|c| callables.anywhere(Kind::Send, *c).first().copied()).collect(),
            names,
        ))
    }

    fn call_subject(
        &mut self,
        subject: &'a Subject,
        target: Option<&'a ast::Target>,
        names: Option<&'a [Name]>,
        chains: &[ChainIx],
        callables: &Callables,
    ) -> Option<(Vec<CallableId>, &'a [Name])> {
        let Some(target) = target else {
            let help = "write `CONTRACT.function(arguments)`, or `any` for everything";
            self.root_fail(
                subject.span,
                codes::SUBJECT_TARGET,
                "a call names its contract and function",
                help,
            );
            return None;
        };
        let owner = self.owner(target)?;
        let function = match target.members.as_slice() {
            [] if names.is_none() => None,
            [one] => Some(one),
            _ => {
                let help = "write `CONTRACT.function(arguments)`";
                self.root_fail(target.span, codes::SUBJECT_TARGET, "this names no function", help);
                return None;
            }
        };
        let deployments = self.deployments(subject, target, &owner, chains)?;
        let mut out: BTreeSet<CallableId> = BTreeSet::new();
        for (ix, chain) in &deployments {
            let ids = &callables.of(&[Kind::Call, Kind::Command], *ix, *chain);
            let Some(function) = function else {
                out.extend(ids);
                continue;
            };
            let interface = match owner {
                Owner::Interface(i) => Some(i),
                Owner::One(_) => None,
            };
            let found = self.functions_named(ids, function, interface, callables);
            if found.is_empty() {
                self.unknown_function(*ix, function, ids, callables);
                return None;
            }
            out.insert(self.overload(target, function, names, &found, callables)?);
        }
        Some((out.into_iter().collect(), names.unwrap_or_default()))
    }

    fn owner(&mut self, target: &ast::Target) -> Option<Owner> {
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

    /// Where the rule applies: contracts and chains.
    fn deployments(
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
