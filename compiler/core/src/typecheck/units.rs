//! Which units agree, and amounts of a token that an argument names.

use super::{Checker, Scope};
use crate::hir::{Case, Num, Ratio, Unit, UnitIx, Value, WordKind, ratio};
use agentpol_analysis::ruleset::Scalar;
use agentpol_diagnostics::{Diagnostic, codes};
use agentpol_grammar::span::Span;
use agentpol_model::{
    Address, U256,
    types::{Path, Step},
};

/// Cases that one number may fall into: tokens that an argument may name, multiplied over the arguments.
pub(crate) const MAX_CASES: usize = 256;

impl Checker<'_, '_> {
    /// What both sides are multiplied with to be in one unit, and that unit. `None` where there is none.
    pub(super) fn align(&self, a: &Unit, b: &Unit) -> Option<(Ratio, Ratio, Unit)> {
        if a == b {
            return Some((ratio(1), ratio(1), a.clone()));
        }
        let member = |unit: UnitIx, token| self.world.unit(unit).and_then(|u| u.members.get(token));
        match (a, b) {
            (Unit::Token(t), Unit::Par(u)) => Some((member(*u, t)?.clone(), ratio(1), b.clone())),
            (Unit::Par(u), Unit::Token(t)) => Some((ratio(1), member(*u, t)?.clone(), a.clone())),
            (Unit::Token(s), Unit::Token(t)) => {
                let units = (0..self.world.units.len()).map(UnitIx::new);
                let (unit, x, y) =
                    units.filter_map(|u| Some((u, member(u, s)?.clone(), member(u, t)?.clone()))).next()?;
                Some((x, y, Unit::Par(unit)))
            }
            _ => None,
        }
    }

    /// Two numbers whose units are not the same argument's get their tokens settled.
    pub(super) fn settle_pair(&mut self, cx: &Scope, a: (Num, Span), b: (Num, Span)) -> Option<(Num, Num)> {
        if let (Some(x), Some(y)) = (a.0.only(), b.0.only())
            && x.unit == y.unit
        {
            return Some((a.0, b.0));
        }
        let x = self.settle(cx, a.0, a.1);
        let y = self.settle(cx, b.0, b.1);
        Some((x?, y?))
    }

    /// An amount of a token that an argument names, by cases of what is established about that argument.
    pub(super) fn settle(&mut self, cx: &Scope, num: Num, span: Span) -> Option<Num> {
        if !num.cases.iter().any(|c| matches!(c.unit, Unit::Of(_))) {
            return Some(num);
        }
        let mut cases = Vec::new();
        for case in num.cases {
            let Unit::Of(scalar) = &case.unit else {
                cases.push(case);
                continue;
            };
            let pinned = case.pins.iter().find(|(s, _)| s == scalar).map(|(_, w)| [*w].into());
            let Some(words) = pinned.or_else(|| cx.facts.words(scalar, &self.set_list)) else {
                self.not_established(cx, scalar, span);
                return None;
            };
            let single = words.len() == 1;
            for word in words {
                let Some(token) = self.token_at(cx, word) else {
                    self.not_established(cx, scalar, span);
                    return None;
                };
                let mut pins = case.pins.clone();
                if !single && pins.iter().all(|(s, _)| s != scalar) {
                    pins.push((scalar.clone(), word));
                }
                cases.push(Case { pins, lin: case.lin.clone(), unit: Unit::Token(token) });
            }
            self.few_enough(cx, cases.len(), span)?;
        }
        // None at all where the conditions to the left exclude each other: what stands here is never reached.
        Some(Num { cases })
    }

    /// Cases multiply; beyond a limit the rule is refused.
    pub(super) fn few_enough(&mut self, cx: &Scope, cases: usize, span: Span) -> Option<()> {
        if cases > MAX_CASES {
            let said =
                format!("more than {MAX_CASES} combinations of tokens would have to be told apart here");
            self.fail(cx, span, codes::TOO_MANY_CASES, said);
            return None;
        }
        Some(())
    }

    pub(crate) fn token_at(&self, cx: &Scope, word: U256) -> Option<crate::hir::ContractIx> {
        let address = Address::from_word(word.to_be_bytes::<32>().into());
        self.world.token_at.get(&(cx.here?.chain, address)).copied()
    }

    fn not_established(&mut self, cx: &Scope, scalar: &Scalar, span: Span) {
        let name = self.show_word(cx, scalar);
        let tokens: Vec<&str> = self
            .world
            .tokens
            .iter()
            .filter(|t| {
                cx.here.is_some_and(|h| {
                    self.world.site(**t, h.chain).is_some_and(|s| s.at != crate::world::At::Native)
                })
            })
            .map(|t| self.world.contract_name(*t))
            .collect();
        let example = tokens.first().copied().unwrap_or("TOKEN");
        let amount = self.text(cx, span);
        let said = Diagnostic::new(
            codes::TOKEN_NOT_ESTABLISHED,
            self.place(cx, span),
            format!("`{amount}` is an amount of `{name}`, and nothing to the left says which token that is"),
        )
        .help(format!("add `{name} == {example} and` before it, or `{name} in {{ … }}`"));
        self.sink.push(said);
    }

    /// Says that two units do not agree.
    pub(super) fn disagree(&mut self, cx: &Scope, a: (&Case, Span), b: (&Case, Span)) {
        let (x, y) = (self.show_unit(cx, &a.0.unit), self.show_unit(cx, &b.0.unit));
        let (bare, money) = match (&a.0.unit, &b.0.unit) {
            (Unit::Plain, _) => (a, b),
            _ => (b, a),
        };
        let mut said = if bare.0.unit == Unit::Plain {
            let what = self.show_unit(cx, &money.0.unit);
            Diagnostic::new(
                codes::MISSING_UNIT,
                self.place(cx, bare.1),
                format!("a plain number, where {what} is needed"),
            )
        } else {
            let place = self.place(cx, a.1.to(b.1));
            Diagnostic::new(codes::UNIT_MISMATCH, place, format!("one side is {x}, the other {y}"))
        };
        if bare.0.unit == Unit::Plain {
            if bare.0.lin.known().is_some() {
                let text = self.text(cx, bare.1);
                let unit = match &money.0.unit {
                    Unit::Token(t) => Some(format!("{text} {}", self.world.contract_name(*t))),
                    Unit::Par(u) => self.world.unit(*u).map(|u| format!("{text} {}", u.name)),
                    Unit::Duration => Some(format!("{text}s")),
                    Unit::Time | Unit::Of(_) | Unit::Plain => None,
                };
                said = match unit {
                    Some(unit) => said.help(format!("write the unit: `{unit}`")).fix(
                        "write the unit",
                        self.place(cx, bare.1),
                        unit,
                    ),
                    None if money.0.unit == Unit::Time => {
                        said.help("a time is written `2027-01-31`, or `now + 10min`")
                    }
                    None => said.help("write the token after the number"),
                };
            }
        } else if let (Unit::Token(s), Unit::Token(t)) = (&a.0.unit, &b.0.unit) {
            let (s, t) = (self.world.contract_name(*s), self.world.contract_name(*t));
            said = said.help(format!("if they are worth the same, say so: `unit usd = 1 {s} = 1 {t}`"));
        }
        self.sink.push(said);
    }

    /// A unit as a person reads it.
    pub(crate) fn show_unit(&self, cx: &Scope, unit: &Unit) -> String {
        match unit {
            Unit::Plain => "a plain number".to_owned(),
            Unit::Duration => "a duration".to_owned(),
            Unit::Time => "a time".to_owned(),
            Unit::Token(t) => format!("an amount of {}", self.world.contract_name(*t)),
            Unit::Par(u) => format!("an amount of {}", self.world.unit(*u).map(|u| u.name).unwrap_or("?")),
            Unit::Of(s) => format!("an amount of `{}`", self.show_word(cx, s)),
        }
    }

    /// A word as the policy names it, where it does.
    pub(super) fn show_word(&self, cx: &Scope, scalar: &Scalar) -> String {
        match scalar {
            Scalar::Arg(path, _) | Scalar::Party(path) => {
                self.show_path(cx, path).unwrap_or_else(|| "the token".to_owned())
            }
            Scalar::Slice { path, start, from_end, length } => {
                let bytes = self.show_path(cx, path).unwrap_or_else(|| "the bytes".to_owned());
                let (start, length) = (i64::from(*start), i64::from(*length));
                match (from_end, start - length) {
                    (false, _) => format!("{bytes}[{start}..{}]", start + length),
                    (true, 0) => format!("{bytes}[-{start}..]"),
                    (true, left) => format!("{bytes}[-{start}..-{left}]"),
                }
            }
            _ => "it".to_owned(),
        }
    }

    /// A place among the arguments by the names that lead to it.
    fn show_path(&self, cx: &Scope, path: &Path) -> Option<String> {
        for (name, value) in cx.locals.iter().rev() {
            match value {
                Value::Word(Scalar::Arg(at, _) | Scalar::Party(at), WordKind::Token | WordKind::Address)
                | Value::Bytes(at)
                    if at == path =>
                {
                    return Some(name.clone());
                }
                Value::Struct(at, ix) if path.0.starts_with(&at.0) => {
                    let mut out = name.clone();
                    let mut at_struct = *ix;
                    for step in path.0.iter().skip(at.0.len()) {
                        let Step::Member(n) = step else { return Some(out) };
                        let Some(field) =
                            self.world.structure(at_struct).and_then(|s| s.fields.get(usize::from(*n)))
                        else {
                            return Some(out);
                        };
                        out = format!("{out}.{}", field.name);
                        if let crate::hir::FieldTy::Struct(inner) = &field.ty {
                            at_struct = *inner;
                        }
                    }
                    return Some(out);
                }
                _ => {}
            }
        }
        None
    }

    /// What a value is, as a person reads it.
    pub(crate) fn describe(&self, value: &Value) -> String {
        let unit = |u: &Unit| match u {
            Unit::Of(_) => "an amount".to_owned(),
            other => self.show_unit(&Scope::new(crate::hir::ModuleIx(0), None), other),
        };
        match value {
            Value::Error => "a mistake".to_owned(),
            Value::Bool(_) => "a condition".to_owned(),
            Value::Num(n) => n.cases.first().map(|c| unit(&c.unit)).unwrap_or_default(),
            Value::Rate(_) => "a rate".to_owned(),
            Value::Word(_, WordKind::Address) => "an address".to_owned(),
            Value::Word(_, WordKind::Token) => "a token".to_owned(),
            Value::Word(_, WordKind::Approver) => "an approver".to_owned(),
            Value::Word(_, WordKind::Fixed(n)) => format!("`bytes{n}`"),
            Value::Contract(ix) if self.world.is_token(*ix) => "a token".to_owned(),
            Value::Contract(_) => "a contract".to_owned(),
            Value::Bytes(_) | Value::Slice(_) | Value::Hex(_) => "bytes".to_owned(),
            Value::Str(_) | Value::Text(_) => "a text".to_owned(),
            Value::Array { .. } | Value::List(_) => "a list".to_owned(),
            Value::Struct(..) => "a struct".to_owned(),
            Value::Set(_) | Value::ParamSet(_) => "a set".to_owned(),
            Value::Map(_) => "a map".to_owned(),
            Value::Range { .. } => "a range".to_owned(),
            Value::Choice(_, y, _) => self.describe(y),
        }
    }
}
