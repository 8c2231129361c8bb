//! What a rule is about, to the callables it covers.

use super::Callables;
use crate::{
    hir::{ChainIx, ContractIx, InterfaceIx, ModuleIx, Value},
    resolve::{Entity, Found, nearest, not_a},
    typecheck::{Checker, Scope},
};
use agentpol_diagnostics::{Diagnostic, codes};
use agentpol_grammar::ast::{self, Name, Span, Subject, SubjectWhat};
use agentpol_model::ids::CallableId;
use std::collections::BTreeSet;

const ROOT: ModuleIx = ModuleIx(0);

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
                let on = |id: &CallableId| callables.get(*id).is_some_and(|k| chains.contains(&k.here.chain));
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

    fn root_fail(
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
        Some((chains.iter().filter_map(|c| callables.sends.get(c).copied()).collect(), names))
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
            let ids = callables.of.get(&(*ix, *chain)).map(Vec::as_slice).unwrap_or_default();
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

    fn functions_named(
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

    fn unknown_function(&mut self, ix: ContractIx, name: &Name, ids: &[CallableId], callables: &Callables) {
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
            format!("`{contract}` has no function `{}`", name.node),
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

    /// The function that the names fit: by their number, and where that is not enough by the names themselves.
    fn overload(
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
    fn names_in_order(&mut self, names: &[Name], fields: &[&str]) -> bool {
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
