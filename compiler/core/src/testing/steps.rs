//! The steps of `test` blocks.

use super::{OwnedAction, OwnedRequest, TEST_START, TestBlock, TestStep, Verdict};
use crate::{
    flatten::{Flattened, Known},
    hir::{ChainIx, FieldDef, ModuleIx, Unit, Value, WordKind},
    literal,
    resolve::{Entity, Found, nearest},
    typecheck::{Checker, Here, Scope},
    world::At,
};
use agentpol_analysis::ruleset as rs;
use agentpol_diagnostics::{Diagnostic, codes};
use agentpol_grammar::ast::{self, Expr, ItemKind, Name, Span, Spanned, Target, TestRequest};
use agentpol_model::{Address, Time, U256, decision::DenyCode, request::Kind};

const ROOT: ModuleIx = ModuleIx(0);

/// Steps of one test, and actions of one batch, at most.
pub(crate) const MAX_STEPS: usize = 10_000;

/// Every `test` block of the policy.
pub(crate) fn test_blocks<'a>(checker: &mut Checker<'_, 'a>, flat: &Flattened<'a>) -> Vec<TestBlock> {
    let world = checker.world;
    let Some(module) = world.modules.first() else { return Vec::new() };
    let mut out = Vec::new();
    for item in &module.tree.items {
        let ItemKind::Test(test) = &item.kind else { continue };
        let mut now = TEST_START;
        let mut steps = Vec::with_capacity(test.steps.len());
        if test.steps.len() > MAX_STEPS {
            let said = format!("a test has at most {MAX_STEPS} steps");
            checker.sink.push(Diagnostic::new(codes::NUMBER_TOO_LARGE, module.place(test.name.span), said));
            continue;
        }
        for step in &test.steps {
            if let Some(at) = &step.at {
                now = checker.step_time(at, now).unwrap_or(now);
            }
            let expect = checker.verdict(&step.verdict, flat);
            let request = checker.request(&step.request, now, flat);
            let (Some(request), Some(expect)) = (request, expect) else {
                // A step that is left out would be a test that cannot fail.
                checker.must_have_said(module.place(step.span));
                continue;
            };
            let by = step.by.as_ref().map(|n| n.node.clone());
            steps.push(TestStep { place: module.place(step.span), at: now, by, request, expect });
        }
        out.push(TestBlock { name: test.name.node.clone(), place: module.place(test.name.span), steps });
    }
    out
}

impl<'w, 'a> Checker<'w, 'a> {
    fn step_time(&mut self, e: &'a Expr, now: Time) -> Option<Time> {
        let mut cx = Scope::new(ROOT, None);
        let value = self.expr(&mut cx, e);
        let n = self.test_number(&cx, now, &value, Some(&Unit::Time), e.span)?;
        let time = u64::try_from(n.to_integer()).ok();
        if time.is_none_or(|t| t < now) {
            self.fail(&cx, e.span, codes::TIME_RUNS_BACKWARDS, "this is before the step above");
        }
        time
    }

    fn verdict(&mut self, verdict: &ast::Verdict, flat: &Flattened<'a>) -> Option<Verdict> {
        match verdict {
            ast::Verdict::Allow(name) => {
                let id = self.rule_named(name, flat)?;
                match flat.ruleset.rules.get(id.index()).map(|r| &r.verb) {
                    Some(rs::Verb::Allow) => Some(Verdict::Allow(id)),
                    _ => self.never(name.span, format!("`{}` is no `allow`", name.node)),
                }
            }
            ast::Verdict::Ask(name) => {
                let id = self.rule_named(name, flat)?;
                match flat.ruleset.rules.get(id.index()) {
                    Some(r) if matches!(r.verb, rs::Verb::Ask(_)) || !r.beyond.is_empty() => {
                        Some(Verdict::Ask(id))
                    }
                    _ => self.never(name.span, format!("`{}` never asks", name.node)),
                }
            }
            ast::Verdict::Deny(None, _) => Some(Verdict::Deny(None)),
            ast::Verdict::Deny(Some(name), _) => match DenyCode::ALL.iter().find(|c| c.name() == name.node) {
                Some(code) => Some(Verdict::Deny(Some(*code))),
                None => {
                    let place = self.world.place(ROOT, name.span);
                    let said = format!("`{}` is no code of a denial", name.node);
                    let said = Diagnostic::new(codes::UNKNOWN_VERDICT, place, said);
                    self.sink.push(match nearest(&name.node, DenyCode::ALL.iter().map(|c| c.name())) {
                        Some(near) => said.help(format!("did you mean `{near}`?")).fix(
                            format!("write `{near}`"),
                            place,
                            near,
                        ),
                        None => said.help("`agentpol explain` lists them"),
                    });
                    None
                }
            },
        }
    }

    fn never(&mut self, span: Span, said: String) -> Option<Verdict> {
        self.sink.push(Diagnostic::new(codes::UNKNOWN_VERDICT, self.world.place(ROOT, span), said));
        None
    }

    fn rule_named(&mut self, name: &Name, flat: &Flattened<'a>) -> Option<agentpol_model::ids::RuleId> {
        self.named("rule", name, &flat.rule_ids)
    }

    fn request(&mut self, request: &'a TestRequest, now: Time, flat: &Flattened<'a>) -> Option<OwnedRequest> {
        match request {
            TestRequest::Action { .. } => {
                let (chain, action) = self.action(request, now, flat)?;
                Some(OwnedRequest { chain: self.world.chain_def(chain)?.id, actions: vec![action] })
            }
            TestRequest::Batch(parts, span) => {
                let mut actions = Vec::new();
                let mut on = None;
                for part in parts {
                    if matches!(part, TestRequest::Batch(..)) {
                        let place = self.world.place(ROOT, *span);
                        self.sink.push(Diagnostic::new(
                            codes::NOT_SUPPORTED,
                            place,
                            "a batch inside a batch is not supported yet",
                        ));
                        return None;
                    }
                    let (chain, action) = self.action(part, now, flat)?;
                    if on.is_some_and(|c| c != chain) {
                        let place = self.world.place(ROOT, *span);
                        self.sink.push(Diagnostic::new(codes::TEST_VALUE, place, "a batch is on one chain"));
                        return None;
                    }
                    on = Some(chain);
                    actions.push(action);
                }
                Some(OwnedRequest { chain: self.world.chain_def(on?)?.id, actions })
            }
        }
    }

    fn action(
        &mut self,
        request: &'a TestRequest,
        now: Time,
        flat: &Flattened<'a>,
    ) -> Option<(ChainIx, OwnedAction)> {
        let TestRequest::Action { kind, target, args, on, value, span } = request else { return None };
        let kind = kind.as_ref().map_or("call", |k: &Spanned<String>| k.node.as_str());
        let args = args.as_deref().unwrap_or_default();
        match (kind, target) {
            ("call", Some(target)) => {
                self.call_request(target, args, on.as_ref(), (value.as_ref(), *span), now, flat)
            }
            ("send", None) => self.send_request(args, on.as_ref(), (value.as_ref(), *span), now),
            ("call" | "send", _) => {
                let said = "write `CONTRACT.function(…)`, or `send(ADDRESS) with value 1 ETH`";
                self.sink.push(Diagnostic::new(codes::TEST_VALUE, self.world.place(ROOT, *span), said));
                None
            }
            (other, _) => {
                let said = format!("requests of the kind `{other}` are not supported yet");
                self.sink.push(Diagnostic::new(codes::NOT_SUPPORTED, self.world.place(ROOT, *span), said));
                None
            }
        }
    }

    /// The step's chain: the one it names, or the first of these on which it makes sense.
    fn step_chain(
        &mut self,
        on: Option<&Name>,
        fits: impl Fn(ChainIx) -> bool,
        span: Span,
    ) -> Option<ChainIx> {
        match on {
            Some(name) => match self.world.chain(ROOT, name) {
                Ok(ix) => Some(ix),
                Err(said) => {
                    said.into_iter().for_each(|d| self.sink.push(*d));
                    None
                }
            },
            None => {
                let found = self.world.policy.chains.iter().copied().find(|c| fits(*c));
                if found.is_none() && !self.world.policy.chains.is_empty() {
                    let said = "the contract stands on none of the policy's chains";
                    self.sink.push(Diagnostic::new(codes::NOT_DEPLOYED, self.world.place(ROOT, span), said));
                }
                found
            }
        }
    }

    fn sent(&mut self, cx: &mut Scope, now: Time, value: Option<&'a Expr>) -> Option<U256> {
        let Some(e) = value else { return Some(U256::ZERO) };
        let native = cx.here.and_then(|h| h.native).map(Unit::Token);
        let sent = self.expr(cx, e);
        let n = self.test_number(cx, now, &sent, native.as_ref(), e.span)?;
        let word = literal::word(&n);
        if word.is_none() {
            self.fail(cx, e.span, codes::TEST_VALUE, "this does not fit into 256 bits");
        }
        word
    }

    fn send_request(
        &mut self,
        args: &'a [Expr],
        on: Option<&Name>,
        value: (Option<&'a Expr>, Span),
        now: Time,
    ) -> Option<(ChainIx, OwnedAction)> {
        let chain = self.step_chain(on, |_| true, value.1)?;
        let native = self.world.chain_def(chain)?.native;
        let here = Here { kind: Kind::Send, chain, native, contract: None, target: None };
        let mut cx = Scope::new(ROOT, Some(here));
        let (to, second) = match args {
            [to] => (to, None),
            [to, value] => (to, Some(value)),
            _ => {
                self.fail(&cx, value.1, codes::TEST_VALUE, "write `send(ADDRESS) with value 1 ETH`");
                return None;
            }
        };
        let value = self.sent(&mut cx, now, value.0.or(second))?;
        let recipient = self.expr(&mut cx, to);
        let word = self.as_address(&cx, &recipient, to.span)?;
        let to = Address::from_word(self.concrete(&word, now)?.to_be_bytes::<32>().into());
        Some((chain, OwnedAction { kind: Kind::Send, to, value, data: Vec::new() }))
    }

    fn call_request(
        &mut self,
        target: &'a Target,
        args: &'a [Expr],
        on: Option<&Name>,
        value: (Option<&'a Expr>, Span),
        now: Time,
        flat: &Flattened<'a>,
    ) -> Option<(ChainIx, OwnedAction)> {
        let contract = match self.world.path(ROOT, &target.path) {
            Ok(Found::Entity(Entity::Contract(ix))) => ix,
            Ok(Found::Entity(Entity::Error)) => return None,
            Ok(_) => {
                let said = "a test calls a contract or token by its name";
                self.sink.push(Diagnostic::new(
                    codes::WRONG_KIND_OF_NAME,
                    self.world.place(ROOT, target.path.span),
                    said,
                ));
                return None;
            }
            Err(said) => {
                self.sink.push(*said);
                return None;
            }
        };
        let [name] = target.members.as_slice() else {
            let said = "write `CONTRACT.function(…)`";
            self.sink.push(Diagnostic::new(codes::TEST_VALUE, self.world.place(ROOT, target.span), said));
            return None;
        };
        let world = self.world;
        let stands = |c: ChainIx| matches!(world.site(contract, c).map(|s| s.at), Some(At::Address(_)));
        let chain = self.step_chain(on, stands, target.span)?;
        let ids = flat.callables.of(&[Kind::Call], contract, chain);
        let named: Vec<&Known> = ids
            .iter()
            .filter_map(|id| flat.callables.get(*id))
            .filter(|k| self.function(k).is_some_and(|f| f.name == name.node))
            .collect();
        if named.is_empty() {
            let said = format!(
                "`{}` has no function `{}` on `{}`",
                world.contract_name(contract),
                name.node,
                world.chain_name(chain)
            );
            let known: Vec<&str> = ids
                .iter()
                .filter_map(|id| self.function(flat.callables.get(*id)?).map(|f| f.name.as_str()))
                .collect();
            let place = world.place(ROOT, name.span);
            let mut said = Diagnostic::new(codes::UNKNOWN_FUNCTION, place, said);
            if let Some(near) = nearest(&name.node, known) {
                said = said.help(format!("did you mean `{near}`?"));
            }
            self.sink.push(said);
            return None;
        }
        let fitting = named.iter().find(|k| self.function(k).is_some_and(|f| f.fields.len() == args.len()));
        let Some((known, function)) = fitting.and_then(|k| Some((**k, self.function(k)?))) else {
            let takes =
                named.first().and_then(|k| self.function(k)).map(|f| f.fields.len()).unwrap_or_default();
            let said = format!("`{}` takes {takes} arguments, not {}", name.node, args.len());
            self.sink.push(Diagnostic::new(codes::TEST_VALUE, world.place(ROOT, target.span), said));
            return None;
        };
        let mut cx = Scope::new(ROOT, Some(known.here));
        let given: Vec<(&FieldDef, Option<&'a Expr>)> =
            function.fields.iter().zip(args.iter().map(Some)).collect();
        let sent = self.sent(&mut cx, now, value.0)?;
        let values = self.test_values(&mut cx, now, &given)?;
        let data = match agentpol_abi::encode_call(function.selector, &function.inputs, &values) {
            Ok(data) => data,
            Err(why) => {
                self.fail(
                    &cx,
                    target.span,
                    codes::TEST_VALUE,
                    format!("the arguments cannot be encoded: {why}"),
                );
                return None;
            }
        };
        let at = Value::Word(crate::typecheck::words::target_word(known.here.target?), WordKind::Address);
        let word = self.as_address(&cx, &at, target.span)?;
        let to = Address::from_word(self.concrete(&word, now)?.to_be_bytes::<32>().into());
        Some((chain, OwnedAction { kind: Kind::Call, to, value: sent, data }))
    }

    fn function(&self, known: &Known) -> Option<&'w crate::world::FunctionDef<'a>> {
        let (interface, n) = known.function?;
        let world: &'w crate::world::World<'a> = self.world;
        world.interface(interface)?.functions.get(n)
    }
}
