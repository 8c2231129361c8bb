//! What a function does, for one contract on one chain.

use crate::{
    hir::{Unit, Value, WordKind},
    typecheck::{Checker, Scope},
    world::FunctionDef,
};
use agentpol_analysis::ruleset::{EffectSpec, Formula, Linear, Scalar, TokenSpec};
use agentpol_diagnostics::codes;
use agentpol_grammar::ast::{self, Expr, GrantWord};
use agentpol_model::{
    effect::{EffectKind, GrantMode},
    request::Field,
    types::Step,
};
use num_traits::One;
use std::rc::Rc;

impl<'a> Checker<'_, 'a> {
    /// A function's effects; `None` where nobody declared them, or where it wraps other actions, which cannot be unwrapped
    /// yet.
    pub(super) fn effects(&mut self, cx: &mut Scope, function: &FunctionDef<'a>) -> Option<Vec<EffectSpec>> {
        let declared = function.effects?;
        if declared.iter().any(|e| {
            use ast::EffectKind as E;
            matches!(e.kind, E::Unwraps { .. } | E::Requires(_) | E::Gives { .. } | E::Once { .. })
        }) {
            return None;
        }
        if declared.is_empty() {
            return Some(Vec::new());
        }
        let root: Rc<[Step]> = Rc::from(Vec::new());
        for (n, field) in function.fields.iter().enumerate() {
            let value = self.field(cx, &root, &function.fields, n);
            cx.locals.push((field.name.clone(), value));
        }
        let mut out = Vec::with_capacity(declared.len());
        for effect in declared {
            match self.effect(cx, effect) {
                Some(spec) => out.push(spec),
                None => self.must_have_said(self.place(cx, effect.span)),
            }
        }
        Some(out)
    }

    fn effect(&mut self, cx: &mut Scope, effect: &'a ast::Effect) -> Option<EffectSpec> {
        use ast::EffectKind as E;
        let when = match &effect.when {
            Some(e) => self.condition(cx, e),
            None => Formula::Const(true),
        };
        let (kind, amount, token) = match &effect.kind {
            E::Moves { amount, token, .. } => (EffectKind::Move, amount, token),
            E::Pulls { amount, token, exactly, .. } => (EffectKind::Pull { exact: *exactly }, amount, token),
            E::Grants { amount, token, mode, .. } => (EffectKind::Grant(grant_mode(*mode)), amount, token),
            E::Owes { amount, token } => (EffectKind::Owe, amount, token),
            E::Receives { amount, token, .. } => (EffectKind::Receive, amount, token),
            E::Unwraps { .. } | E::Requires(_) | E::Gives { .. } | E::Once { .. } => return None,
        };
        let received = matches!(kind, EffectKind::Receive);
        let (amount, token, sentinel) = self.flow(cx, amount, token, received)?;
        let wallet = Scalar::Field(Field::Wallet);
        let (party, from, until) = match &effect.kind {
            E::Moves { from, to, .. } => (self.party(cx, to)?, Some(self.party(cx, from)?), None),
            E::Pulls { by, .. } => (self.party(cx, by)?, None, None),
            E::Grants { to, until, .. } => {
                let until = match until {
                    Some(e) => Some(self.time_word(cx, e)?),
                    None => None,
                };
                (self.party(cx, to)?, None, until)
            }
            E::Receives { at, .. } => (self.party(cx, at)?, None, None),
            _ => (wallet, None, None),
        };
        Some(EffectSpec { kind, amount, token, party, from, until, through: None, when, sentinel })
    }

    fn party(&mut self, cx: &mut Scope, e: &'a Expr) -> Option<Scalar> {
        // `self` where a party stands is the contract that is called.
        if let ast::ExprKind::Path(path) = &e.kind
            && let [one] = path.segments.as_slice()
            && one.node == "self"
            && let Some(target) = cx.here.and_then(|h| h.target)
        {
            return Some(crate::typecheck::words::target_word(target));
        }
        let value = self.expr(cx, e);
        self.as_address(cx, &value, e.span)
    }

    /// `A of T`: how much, of what, and the argument whose greatest value means all.
    fn flow(
        &mut self,
        cx: &mut Scope,
        amount: &'a Expr,
        token: &'a Expr,
        received: bool,
    ) -> Option<(Linear, TokenSpec, Option<Scalar>)> {
        let value = self.expr(cx, amount);
        let of = self.expr(cx, token);
        let (spec, wanted) = match &of {
            Value::Error => return None,
            Value::Contract(ix) if self.world.is_token(*ix) => match self.token_id(*ix) {
                Some(id) => (TokenSpec::Known(id), Unit::Token(*ix)),
                None => return None,
            },
            Value::Contract(ix) if cx.here.and_then(|h| h.contract) == Some(*ix) => {
                self.self_without_token(*ix, self.place(cx, token.span));
                return None;
            }
            // An address that is no token of the policy is found out when a request is judged.
            Value::Word(scalar, WordKind::Token | WordKind::Address) => {
                (TokenSpec::At(scalar.clone()), Unit::Of(scalar.clone()))
            }
            other => {
                let said = format!("this is {}, where a token is needed", self.describe(other));
                let help = "name a token, `self`, `native`, or an argument declared `as token`";
                self.fail_with_help(cx, token.span, codes::EFFECT_UNIT, said, help);
                return None;
            }
        };
        let case = match &value {
            Value::Error => return None,
            Value::Num(n) => n.only().cloned(),
            _ => None,
        };
        let Some(case) = case else {
            let said = format!("this is {}, where an amount is needed", self.describe(&value));
            self.fail(cx, amount.span, codes::EFFECT_UNIT, said);
            return None;
        };
        // A plain number becomes an amount by the word of the interface. What is received may be the same number of another
        // token, as in wrapping: it is a lower bound that never reduces an outflow.
        let wraps = match (&case.unit, &wanted) {
            (Unit::Token(a), Unit::Token(b)) => {
                received && self.world.decimals(*a) == self.world.decimals(*b)
            }
            _ => false,
        };
        if case.unit != wanted && case.unit != Unit::Plain && !wraps {
            let (is, of) = (self.show_unit(cx, &case.unit), self.text(cx, token.span));
            let said = format!("this is {is}, not of `{of}`");
            self.fail(cx, amount.span, codes::EFFECT_UNIT, said);
            return None;
        }
        let (linear, denominator) = case.lin.times_denominator();
        if !denominator.is_one() {
            self.fail(
                cx,
                amount.span,
                codes::EFFECT_UNIT,
                "an effect's amount is a whole number of base units",
            );
            return None;
        }
        self.check_size(cx, &linear, amount.span)?;
        let sentinel = case.lin.as_word().filter(|w| cx.sentinels.contains(*w)).cloned();
        Some((linear, spec, sentinel))
    }

    fn time_word(&mut self, cx: &mut Scope, e: &'a Expr) -> Option<Scalar> {
        let value = self.expr(cx, e);
        let case = match &value {
            Value::Error => return None,
            Value::Num(n) => n.only().filter(|c| c.unit == Unit::Time),
            _ => None,
        };
        let word = case.and_then(|c| match c.lin.known() {
            Some(known) => crate::literal::word(known).map(Scalar::Const),
            None => c.lin.as_word().cloned(),
        });
        if word.is_none() {
            let help = "name an argument declared `as time`";
            self.fail_with_help(cx, e.span, codes::EFFECT_UNIT, "a grant ends at a time", help);
        }
        word
    }
}

fn grant_mode(word: GrantWord) -> GrantMode {
    match word {
        GrantWord::Set => GrantMode::Set,
        GrantWord::More => GrantMode::Add,
        GrantWord::Less => GrantMode::Dec,
    }
}
