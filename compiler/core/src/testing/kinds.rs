//! What is tried at no contract: sends, texts, authorisations and deployments.

use super::{OwnedAction, Stage, TEST_WALLET, values::is_name};
use crate::{
    hir::{ChainIx, FieldDef, ModuleIx, Value},
    literal,
    typecheck::{Checker, Here, Scope},
    world::{FunctionDef, SIGN_IN_NAME},
};
use agentpol_abi::Value as Abi;
use agentpol_diagnostics::codes;
use agentpol_grammar::ast::{Expr, ExprKind, Name, Span, Target};
use agentpol_model::{Address, U256, request::Kind, types::WordType};

const ROOT: ModuleIx = ModuleIx(0);

/// How the first line of a Sign-In ends (EIP-4361).
const SIGN_IN_LINE: &str = " wants you to sign in with your Ethereum account:";

impl<'w, 'a> Checker<'w, 'a> {
    /// `send(ADDRESS) with value 1 ETH`
    pub(super) fn try_send(
        &mut self,
        args: &'a [Expr],
        on: Option<&Name>,
        value: (Option<&'a Expr>, Span),
        stage: Stage<'_, 'a>,
    ) -> Option<(ChainIx, OwnedAction)> {
        let (chain, mut cx) = self.anywhere_on(Kind::Send, on, value.1)?;
        let (to, second) = match args {
            [to] => (to, None),
            [to, value] => (to, Some(value)),
            _ => {
                self.misused(value.1, "write `send(ADDRESS) with value 1 ETH`");
                return None;
            }
        };
        let value = self.sent(&mut cx, stage.now, value.0.or(second))?;
        let to = self.test_account(&mut cx, to, stage)?;
        Some((chain, OwnedAction { kind: Kind::Send, to, value, data: Vec::new() }))
    }

    /// `deploy(0x…)`
    pub(super) fn try_deploy(
        &mut self,
        args: &'a [Expr],
        on: Option<&Name>,
        value: (Option<&'a Expr>, Span),
        stage: Stage<'_, 'a>,
    ) -> Option<(ChainIx, OwnedAction)> {
        let (chain, mut cx) = self.anywhere_on(Kind::Deploy, on, value.1)?;
        let code = match args {
            [code] => self.expr(&mut cx, code),
            _ => Value::Bool(agentpol_analysis::ruleset::Formula::Const(false)),
        };
        let data = match code {
            Value::Error => return None,
            Value::Hex(bytes) => bytes,
            _ => {
                self.misused(value.1, "write the init code: `deploy(0x6080…)`");
                return None;
            }
        };
        let value = self.sent(&mut cx, stage.now, value.0)?;
        Some((chain, OwnedAction { kind: Kind::Deploy, to: Address::ZERO, value, data }))
    }

    /// `authorize(DELEGATE, 0)`
    pub(super) fn try_authorize(
        &mut self,
        args: &'a [Expr],
        on: Option<&Name>,
        span: Span,
        stage: Stage<'_, 'a>,
    ) -> Option<(ChainIx, OwnedAction)> {
        let (chain, mut cx) = self.anywhere_on(Kind::Authorize, on, span)?;
        let function = self.builtin_function(Kind::Authorize, "authorize")?;
        let [delegate, _] = args else {
            self.misused(span, "write `authorize(DELEGATE, NONCE)`");
            return None;
        };
        let to = self.test_account(&mut cx, delegate, stage)?;
        let given: Vec<(&FieldDef, Option<&'a Expr>)> =
            function.fields.iter().zip(args.iter().map(Some)).collect();
        let values = self.test_values(&mut cx, stage, &given)?;
        let data = self.abi(&cx, function, &values, span)?;
        Some((chain, OwnedAction { kind: Kind::Authorize, to, value: U256::ZERO, data }))
    }

    /// `message("…")`, `message SignIn({ … })`
    pub(super) fn try_message(
        &mut self,
        target: Option<&'a Target>,
        args: &'a [Expr],
        on: Option<&Name>,
        span: Span,
        stage: Stage<'_, 'a>,
    ) -> Option<(ChainIx, OwnedAction)> {
        let (chain, mut cx) = self.anywhere_on(Kind::Message, on, span)?;
        let name = match target {
            None => "text",
            Some(target) => match (target.path.segments.as_slice(), target.members.as_slice()) {
                ([one], []) if one.node == SIGN_IN_NAME => SIGN_IN_NAME,
                _ => {
                    self.misused(target.span, "write `message(\"…\")` or `message SignIn({ … })`");
                    return None;
                }
            },
        };
        let function = self.builtin_function(Kind::Message, name)?;
        let values = match (target, args) {
            (Some(_), [e]) => self.sign_in(&mut cx, function, e, chain, stage)?,
            (None, [e]) => vec![self.text_value(&mut cx, e)?],
            _ => {
                self.misused(span, "write `message(\"…\")` or `message SignIn({ … })`");
                return None;
            }
        };
        let mut data = function.selector.to_vec();
        data.extend(self.abi(&cx, function, &values, span)?);
        Some((chain, OwnedAction { kind: Kind::Message, to: Address::ZERO, value: U256::ZERO, data }))
    }

    fn text_value(&mut self, cx: &mut Scope, e: &'a Expr) -> Option<Abi> {
        match self.expr(cx, e) {
            Value::Error => None,
            // Whoever reads requests takes such a text for a Sign-In, or refuses it.
            Value::Text(text) if text.lines().next().is_some_and(|line| line.ends_with(SIGN_IN_LINE)) => {
                self.misused(
                    e.span,
                    "a text that begins like this is a Sign-In: write `message SignIn({ … })`",
                );
                None
            }
            Value::Text(text) => Some(Abi::String(text)),
            other => {
                let said = format!("a text is needed; this is {}", self.describe(&other));
                self.fail(cx, e.span, codes::TEST_VALUE, said);
                None
            }
        }
    }

    /// What is not given is as it is in a text that leaves it out, or as the wallet would write it.
    fn sign_in(
        &mut self,
        cx: &mut Scope,
        function: &'w FunctionDef<'a>,
        e: &'a Expr,
        chain: ChainIx,
        stage: Stage<'_, 'a>,
    ) -> Option<Vec<Abi>> {
        let pairs = match &e.kind {
            ExprKind::Map(pairs) => pairs.as_slice(),
            ExprKind::Set(elements) if elements.is_empty() => &[],
            _ => {
                self.misused(e.span, "write `message SignIn({ domain: \"example.org\" })`");
                return None;
            }
        };
        for (key, _) in pairs {
            if !function.fields.iter().any(|f| is_name(key, &f.name)) {
                let known: Vec<&str> = function.fields.iter().map(|f| f.name.as_str()).collect();
                let said = format!("a Sign-In has no `{}`", self.text(cx, key.span));
                let help = format!("it has {}", known.join(", "));
                self.fail_with_help(cx, key.span, codes::UNKNOWN_MEMBER, said, help);
                return None;
            }
        }
        let number = |n: U256, bits| Abi::Word(n, WordType::Uint(bits));
        let mut values = Vec::with_capacity(function.fields.len());
        for field in &function.fields {
            let given = pairs.iter().find(|(key, _)| is_name(key, &field.name)).map(|(_, e)| e);
            values.push(match (given, field.name.as_str()) {
                (Some(e), _) => self.test_value(cx, stage, e, (&field.ty, &field.refined), &[])?,
                (None, "domain") => {
                    self.misused(
                        e.span,
                        "a Sign-In names the domain that asks for it: `domain: \"example.org\"`",
                    );
                    return None;
                }
                (None, "account") => Abi::Word(literal::address_word(TEST_WALLET), WordType::Address),
                (None, "chain") => number(U256::from(self.world.chain_def(chain)?.id), 256),
                (None, "issued") => number(U256::from(stage.now), 64),
                (None, "expires") => number(U256::from(u64::MAX), 64),
                (None, "notBefore") => number(U256::ZERO, 64),
                (None, "resources") => Abi::Array(Vec::new()),
                (None, _) => Abi::String(String::new()),
            });
        }
        Some(values)
    }

    fn builtin_function(&self, kind: Kind, name: &str) -> Option<&'w FunctionDef<'a>> {
        let world: &'w crate::world::World<'a> = self.world;
        world.interface(world.builtin)?.functions.iter().find(|f| f.kind == kind && f.name == name)
    }

    fn anywhere_on(&mut self, kind: Kind, on: Option<&Name>, span: Span) -> Option<(ChainIx, Scope)> {
        let chain = self.step_chain(on, |_| true, span)?;
        let native = self.world.chain_def(chain)?.native;
        let here = Here { kind, chain, native, contract: None, target: None };
        Some((chain, Scope::new(ROOT, Some(here))))
    }

    pub(super) fn test_account(
        &mut self,
        cx: &mut Scope,
        e: &'a Expr,
        stage: Stage<'_, 'a>,
    ) -> Option<Address> {
        let value = self.expr(cx, e);
        let word = self.as_address(cx, &value, e.span)?;
        Some(Address::from_word(self.concrete(&word, stage.now)?.to_be_bytes::<32>().into()))
    }
}
