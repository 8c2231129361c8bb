//! What a rule is about, to the callables it covers.

use super::{Callables, Known, deployments::Owner};
use crate::{
    hir::{ChainIx, ModuleIx},
    typecheck::{Checker, Here},
    world::{FunctionDef, SIGN_IN_NAME},
};
use agentpol_diagnostics::{Diagnostic, codes};
use agentpol_grammar::ast::{self, Name, Span, Subject, SubjectWhat};
use agentpol_model::{ids::CallableId, request::Kind};
use std::collections::BTreeSet;

const ROOT: ModuleIx = ModuleIx(0);

/// What `any` covers: the other kinds need a rule whose subject names them.
const OF_ANY: &[Kind] = &[Kind::Call, Kind::Send, Kind::Sign, Kind::Command, Kind::Message];

/// A subject that is about no contract.
struct Shape {
    word: &'static str,
    kind: Kind,
    /// Its function, where it has one.
    function: Option<&'static str>,
    /// What its names stand for.
    parts: &'static [&'static str],
    written: &'static str,
}

const SEND: Shape = Shape {
    word: "send",
    kind: Kind::Send,
    function: None,
    parts: &["to", "value"],
    written: "send(to, value)",
};
const TEXT: Shape = Shape {
    word: "message",
    kind: Kind::Message,
    function: Some("text"),
    parts: &["text"],
    written: "message(text)",
};
const SIGN_IN: Shape = Shape {
    word: "message",
    kind: Kind::Message,
    function: Some(SIGN_IN_NAME),
    parts: &["m"],
    written: "message SignIn(m)",
};
const ANY_MESSAGE: Shape =
    Shape { word: "message", kind: Kind::Message, function: None, parts: &[], written: "message(text)" };
const AUTHORIZE: Shape = Shape {
    word: "authorize",
    kind: Kind::Authorize,
    function: None,
    parts: &["delegate", "nonce"],
    written: "authorize(delegate, nonce)",
};
const DEPLOY: Shape =
    Shape { word: "deploy", kind: Kind::Deploy, function: None, parts: &[], written: "deploy()" };

/// Callables, in order, and the names that the subject gives their arguments.
type Covered<'a> = (Vec<CallableId>, &'a [Name]);

impl<'a> Checker<'_, 'a> {
    /// What a subject covers. `None`: reported.
    pub(super) fn subject(&mut self, subject: &'a Subject, callables: &Callables) -> Option<Covered<'a>> {
        self.covered(subject, &[Kind::Delegatecall], callables)
    }

    /// What a claim is about. What no rule names is nothing that can be asked, but it can be claimed of.
    pub(crate) fn claimed(&mut self, subject: &'a Subject, callables: &Callables) -> Option<Covered<'a>> {
        match &subject.what {
            SubjectWhat::Action { kind: Some(_), target: None, patterns: None } if subject.at.is_none() => {
                self.subject_chains(subject)?;
                Some((Vec::new(), &[]))
            }
            // Its arguments are those of the call.
            _ => self.covered(subject, &[Kind::Call], callables),
        }
    }

    /// What a claim is about that no rule names, as it would be judged.
    pub(crate) fn unnamed(&self, subject: &Subject) -> Option<Known> {
        let SubjectWhat::Action { kind: Some(word), target, .. } = &subject.what else { return None };
        let shape = match (word.node.as_str(), target) {
            ("message", None) => &TEXT,
            ("message", Some(_)) => &SIGN_IN,
            ("authorize", _) => &AUTHORIZE,
            ("deploy", _) => &DEPLOY,
            _ => return None,
        };
        let chain = *self.world.policy.chains.first()?;
        let native = self.world.chain_def(chain)?.native;
        let fits =
            |f: &FunctionDef<'_>| f.kind == shape.kind && shape.function.is_none_or(|name| name == f.name);
        let builtin = self.world.builtin;
        let function = self.world.interface(builtin)?.functions.iter().position(fits).map(|n| (builtin, n));
        let here = Here { kind: shape.kind, chain, native, contract: None, target: None };
        Some(Known { here, function, payable: false })
    }

    fn covered(
        &mut self,
        subject: &'a Subject,
        delegated: &[Kind],
        callables: &Callables,
    ) -> Option<Covered<'a>> {
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
                let target = target.as_ref();
                let names = patterns.as_deref();
                let kinds: &[Kind] = match kind.as_ref().map_or("call", |k| k.node.as_str()) {
                    "delegatecall" => delegated,
                    "sign" => &[Kind::Sign],
                    "send" => {
                        return self.without_contract(subject, &SEND, target, names, &chains, callables);
                    }
                    "authorize" => {
                        return self.without_contract(subject, &AUTHORIZE, target, names, &chains, callables);
                    }
                    "deploy" => {
                        return self.without_contract(subject, &DEPLOY, target, names, &chains, callables);
                    }
                    "message" => {
                        let shape = match target {
                            None if names.is_none() => &ANY_MESSAGE,
                            None => &TEXT,
                            Some(target) if is_sign_in(target) => &SIGN_IN,
                            Some(_) => &TEXT,
                        };
                        let target = target.filter(|t| !is_sign_in(t));
                        return self.without_contract(subject, shape, target, names, &chains, callables);
                    }
                    _ => &[Kind::Call, Kind::Command],
                };
                self.of_contract(subject, kinds, target, names, &chains, callables)
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

    pub(crate) fn subject_chains(&mut self, subject: &Subject) -> Option<Vec<ChainIx>> {
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

    /// What names no contract.
    fn without_contract(
        &mut self,
        subject: &Subject,
        shape: &Shape,
        target: Option<&ast::Target>,
        names: Option<&'a [Name]>,
        chains: &[ChainIx],
        callables: &Callables,
    ) -> Option<Covered<'a>> {
        let word = shape.word;
        if target.is_some() || subject.at.is_some() {
            let said = format!("a `{word}` names no contract");
            let help = match shape.kind {
                Kind::Send => "write `send(to, value)` and limit `to` in a `when`",
                Kind::Message => {
                    "write `message(text)`, or `message SignIn(m)` for signing in with an account"
                }
                Kind::Authorize => "write `authorize(delegate, nonce)` and limit `delegate` in a `when`",
                _ => "write `deploy()` and limit `code_hash` in a `when`",
            };
            self.root_fail(subject.span, codes::SUBJECT_TARGET, said, help);
            return None;
        }
        let names = names.unwrap_or_default();
        if names.len() != shape.parts.len() && !names.is_empty() {
            let parts = match shape.parts.len() {
                0 => "no parts".to_owned(),
                1 => "one part".to_owned(),
                n => format!("{n} parts"),
            };
            let help = format!("write `{}`", shape.written);
            self.root_fail(subject.span, codes::PATTERN_ARITY, format!("a `{word}` has {parts}"), &help);
            return None;
        }
        // One name for all of it is free.
        let fields = if shape.parts.len() > 1 { shape.parts } else { &[] };
        if !self.names_in_order(names, fields) {
            return None;
        }
        let world = self.world;
        let mut ids = Vec::new();
        for chain in chains {
            ids.extend(callables.anywhere(shape.kind, *chain).iter().filter(|id| {
                shape.function.is_none_or(|wanted| {
                    callables
                        .get(**id)
                        .and_then(|k| world.function_of(k.function))
                        .is_some_and(|f| f.name == wanted)
                })
            }));
        }
        Some((ids, names))
    }

    /// What names a contract: its functions, commands or typed data.
    fn of_contract(
        &mut self,
        subject: &'a Subject,
        kinds: &[Kind],
        target: Option<&'a ast::Target>,
        names: Option<&'a [Name]>,
        chains: &[ChainIx],
        callables: &Callables,
    ) -> Option<Covered<'a>> {
        let signs = kinds == [Kind::Sign];
        let Some(target) = target else {
            let (said, help) = if signs {
                ("what is signed names its contract and struct", "write `sign CONTRACT.Struct(m)`")
            } else {
                (
                    "a call names its contract and function",
                    "write `CONTRACT.function(arguments)`, or `any` for everything",
                )
            };
            self.root_fail(subject.span, codes::SUBJECT_TARGET, said, help);
            return None;
        };
        let owner = self.owner(target)?;
        let function = match target.members.as_slice() {
            [] if names.is_none() => None,
            [one] => Some(one),
            _ => {
                let help = if signs {
                    "write `sign CONTRACT.Struct(m)`"
                } else {
                    "write `CONTRACT.function(arguments)`"
                };
                self.root_fail(target.span, codes::SUBJECT_TARGET, "this names no function", help);
                return None;
            }
        };
        let deployments = self.deployments(subject, target, &owner, chains)?;
        let mut out: BTreeSet<CallableId> = BTreeSet::new();
        for (ix, chain) in &deployments {
            let ids = &callables.of(kinds, *ix, *chain);
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
                self.not_found((*ix, *chain), kinds, function, ids, callables);
                return None;
            }
            out.insert(match signs {
                true => self.whole_struct(target, function, names, &found)?,
                false => self.overload(target, function, names, &found, callables)?,
            });
        }
        if out.is_empty() && signs {
            let (ix, chain) = *deployments.first()?;
            self.nothing_to_sign(ix, chain, target.span);
            return None;
        }
        Some((out.into_iter().collect(), names.unwrap_or_default()))
    }

    /// Typed data is bound to one name as a whole.
    fn whole_struct(
        &mut self,
        target: &ast::Target,
        function: &Name,
        names: Option<&[Name]>,
        found: &[CallableId],
    ) -> Option<CallableId> {
        if let Some(names) = names
            && names.len() != 1
        {
            let span = names.first().zip(names.last()).map_or(target.span, |(a, b)| a.span.to(b.span));
            let said = format!("`{}` is bound to one name, not {}", function.node, names.len());
            let text = self.world.modules.first().map(|m| m.slice(target.span)).unwrap_or_default();
            let help = format!("write `sign {text}(m)`; its members are `m.name`");
            self.root_fail(span, codes::PATTERN_ARITY, said, &help);
            return None;
        }
        match found {
            [one] => Some(*one),
            _ => {
                let said = format!("there are several structs named `{}`", function.node);
                let help =
                    "name the interface of the one that is meant: `sign INTERFACE.Struct(m) at { CONTRACT }`";
                self.root_fail(target.span, codes::AMBIGUOUS_OVERLOAD, said, help);
                None
            }
        }
    }
}

fn is_sign_in(target: &ast::Target) -> bool {
    target.members.is_empty() && matches!(target.path.segments.as_slice(), [one] if one.node == SIGN_IN_NAME)
}
