//! What a function does, for one contract on one chain.

use crate::{
    hir::{Unit, Value, WordKind, and},
    typecheck::{Checker, Scope},
    world::FunctionDef,
};
use agentpol_analysis::ruleset::{ControlSpec, EffectSpec, Formula, Linear, Scalar, TokenSpec};
use agentpol_bytecode::limits::MAX_ONCE_WORDS;
use agentpol_diagnostics::codes;
use agentpol_grammar::ast::{self, Expr, GrantWord};
use agentpol_model::{
    effect::{EffectKind, GrantMode},
    request::{Field, Kind},
    types::Step,
};
use num_traits::One;
use std::rc::Rc;

/// What an interface says of a function.
pub(super) struct Said {
    pub(super) effects: Vec<EffectSpec>,
    pub(super) controls: Vec<ControlSpec>,
    pub(super) requires: Formula,
    pub(super) once: Once,
}

/// What a signature uses up, and when it ends.
#[derive(Default)]
pub(super) struct Once {
    pub(super) per: Vec<Scalar>,
    pub(super) until: Option<Scalar>,
}

impl<'a> Checker<'_, 'a> {
    /// What is declared of a function.
    pub(super) fn declared(&mut self, cx: &mut Scope, function: &FunctionDef<'a>) -> Said {
        let mut said = Said {
            effects: Vec::new(),
            controls: Vec::new(),
            requires: Formula::Const(true),
            once: Once::default(),
        };
        let declared = function.effects.unwrap_or_default();
        if declared.is_empty() {
            return said;
        }
        let root: Rc<[Step]> = Rc::from(Vec::new());
        for (n, field) in function.fields.iter().enumerate() {
            let value = self.field(cx, &root, &function.fields, n);
            cx.locals.push((field.name.clone(), value));
        }
        let mut requires = Vec::new();
        let mut once = None;
        for effect in declared {
            let done = match &effect.kind {
                // Read where the function is declared.
                ast::EffectKind::Unwraps { .. } => continue,
                ast::EffectKind::Requires(e) => {
                    requires.push(self.condition(cx, e));
                    continue;
                }
                ast::EffectKind::Gives { to } => {
                    let when = self.effect_condition(cx, effect);
                    self.party(cx, to).map(|party| said.controls.push(ControlSpec { party, when }))
                }
                ast::EffectKind::Once { per, until } => {
                    self.once_is_signed(cx, effect, function, once.replace(effect.span).is_some());
                    self.once(cx, per, until.as_ref()).map(|found| said.once = found)
                }
                _ => self.effect(cx, effect).map(|spec| said.effects.push(spec)),
            };
            if done.is_none() {
                self.must_have_said(self.place(cx, effect.span));
            }
        }
        said.requires = and(requires);
        said
    }

    fn effect_condition(&mut self, cx: &mut Scope, effect: &'a ast::Effect) -> Formula {
        match &effect.when {
            Some(e) => self.condition(cx, e),
            None => Formula::Const(true),
        }
    }

    /// `once` is for what is signed, and stands there once.
    fn once_is_signed(&mut self, cx: &Scope, effect: &ast::Effect, function: &FunctionDef<'a>, twice: bool) {
        let said = if function.kind != Kind::Sign {
            "only what is signed is used up: `once` stands in a `sign`"
        } else if twice {
            "what a signature uses up is said once"
        } else {
            return;
        };
        let help = "name all of it in one line: `once per nonce, word until deadline`";
        self.fail_with_help(cx, effect.span, codes::MISPLACED_EFFECT, said, help);
    }

    /// `once per details.token, nonce until deadline`
    fn once(&mut self, cx: &mut Scope, per: &'a [Expr], until: Option<&'a Expr>) -> Option<Once> {
        let mut once = Once::default();
        for e in per {
            let value = self.expr(cx, e);
            let word = match &value {
                Value::Error => return None,
                Value::Num(n) => n.only().and_then(|case| case.lin.as_word().cloned()),
                other => self.as_word(cx, other, e.span).map(|(word, _)| word),
            };
            let Some(word) = word.filter(|w| matches!(w, Scalar::Arg(..))) else {
                let said =
                    format!("this is {}, where a member of the signed data is needed", self.describe(&value));
                let help = "name members that are one word each: a number, an address, `bytes32`";
                self.fail_with_help(cx, e.span, codes::MISPLACED_EFFECT, said, help);
                return None;
            };
            once.per.push(word);
        }
        if once.per.len() > MAX_ONCE_WORDS {
            let said = format!("a signature uses up at most {MAX_ONCE_WORDS} words");
            self.fail(cx, per.first()?.span, codes::NUMBER_TOO_LARGE, said);
        }
        if let Some(e) = until {
            once.until = Some(self.time_word(cx, e)?);
        }
        Some(once)
    }

    fn effect(&mut self, cx: &mut Scope, effect: &'a ast::Effect) -> Option<EffectSpec> {
        use ast::EffectKind as E;
        let when = self.effect_condition(cx, effect);
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
        let through = match &effect.kind {
            E::Pulls { through: Some(e), .. } | E::Grants { through: Some(e), .. } => {
                Some(self.party(cx, e)?)
            }
            _ => None,
        };
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
        Some(EffectSpec { kind, amount, token, party, from, until, through, when, sentinel })
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
            Value::Slice(slice) if slice.kind() == Some(WordKind::Address) => {
                let scalar = slice.word()?;
                (TokenSpec::At(scalar.clone()), Unit::Of(scalar))
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
