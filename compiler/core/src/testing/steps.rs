//! The steps of `test` blocks.

use super::{OwnedAction, OwnedRequest, Stage, TEST_START, TestBlock, TestStep, Verdict};
use crate::{
    flatten::Flattened,
    hir::{ChainIx, ModuleIx, Unit},
    literal,
    resolve::nearest,
    typecheck::{Checker, Scope},
};
use agentpol_analysis::ruleset as rs;
use agentpol_diagnostics::{Diagnostic, codes};
use agentpol_grammar::ast::{self, Expr, ItemKind, Name, Span, Spanned, TestRequest};
use agentpol_model::{Time, U256, decision::DenyCode, request::Kind};

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
            let request = checker.request(&step.request, Stage { now, flat });
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

impl<'a> Checker<'_, 'a> {
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

    fn request(&mut self, request: &'a TestRequest, stage: Stage<'_, 'a>) -> Option<OwnedRequest> {
        match request {
            TestRequest::Action { .. } => {
                let (chain, action) = self.action(request, stage)?;
                Some(OwnedRequest { chain: self.world.chain_def(chain)?.id, actions: vec![action] })
            }
            TestRequest::Batch(parts, span) => {
                let mut actions = Vec::new();
                let mut on = None;
                for part in parts {
                    if matches!(part, TestRequest::Batch(..)) {
                        self.misused(*span, "a batch holds no batch: write its parts here");
                        return None;
                    }
                    let (chain, action) = self.action(part, stage)?;
                    if on.is_some_and(|c| c != chain) {
                        self.misused(*span, "a batch is on one chain");
                        return None;
                    }
                    on = Some(chain);
                    actions.push(action);
                }
                Some(OwnedRequest { chain: self.world.chain_def(on?)?.id, actions })
            }
        }
    }

    fn action(&mut self, request: &'a TestRequest, stage: Stage<'_, 'a>) -> Option<(ChainIx, OwnedAction)> {
        let TestRequest::Action { kind, target, args, on, value, span } = request else { return None };
        let word = kind.as_ref().map_or("call", |k: &Spanned<String>| k.node.as_str());
        let args = args.as_deref().unwrap_or_default();
        let (on, value) = (on.as_ref(), value.as_ref());
        match (word, target) {
            ("call", Some(target)) => self.try_at(Kind::Call, (target, args), on, value, stage),
            ("delegatecall", Some(target)) => {
                self.try_at(Kind::Delegatecall, (target, args), on, value, stage)
            }
            ("sign", Some(target)) => self.try_at(Kind::Sign, (target, args), on, value, stage),
            ("send", None) => self.try_send(args, on, (value, *span), stage),
            ("message", target) => self.try_message(target.as_ref(), args, on, *span, stage),
            ("authorize", None) => self.try_authorize(args, on, *span, stage),
            ("deploy", None) => self.try_deploy(args, on, (value, *span), stage),
            _ => {
                let said = "write `CONTRACT.function(…)`, `sign CONTRACT.Struct({ … })`, `delegatecall CONTRACT.function(…)`, \
                            `send(ADDRESS) with value 1 ETH`, `message(\"…\")`, `message SignIn({ … })`, \
                            `authorize(DELEGATE, 0)` or `deploy(0x…)`";
                self.misused(*span, said);
                None
            }
        }
    }

    pub(super) fn misused(&mut self, span: Span, said: &str) {
        self.sink.push(Diagnostic::new(codes::TEST_VALUE, self.world.place(ROOT, span), said));
    }

    /// The step's chain: the one it names, or the first of these on which it makes sense.
    pub(super) fn step_chain(
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

    pub(super) fn sent(&mut self, cx: &mut Scope, now: Time, value: Option<&'a Expr>) -> Option<U256> {
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
}
