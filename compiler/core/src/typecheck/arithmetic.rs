//! Sums and products. A product has at most one factor that is not known: "a parameter never multiplies a field".

use super::{Checker, Scope};
use crate::hir::{Case, Num, Rate, Ratio, Unit, Value, ratio};
use agentpol_analysis::ruleset::Scalar;
use agentpol_diagnostics::codes;
use agentpol_grammar::ast::{AddOp, Expr, MulOp, Span, Spanned};
use agentpol_model::U256;
use num_traits::Zero;

impl<'a> Checker<'_, 'a> {
    pub(super) fn sum(
        &mut self,
        cx: &mut Scope,
        first: &'a Expr,
        rest: &'a [(Spanned<AddOp>, Expr)],
    ) -> Value {
        let mut total = self.expr(cx, first);
        let mut span = first.span;
        for (op, e) in rest {
            let next = self.expr(cx, e);
            total = self.add(cx, (total, span), (next, e.span), op.node);
            span = span.to(e.span);
        }
        total
    }

    fn add(&mut self, cx: &Scope, a: (Value, Span), b: (Value, Span), op: AddOp) -> Value {
        match (a.0, b.0) {
            (Value::Error, _) | (_, Value::Error) => Value::Error,
            (Value::Choice(c, y, n), b_value) => {
                let y = self.add(cx, (*y, a.1), (b_value.clone(), b.1), op);
                let n = self.add(cx, (*n, a.1), (b_value, b.1), op);
                Value::Choice(c, Box::new(y), Box::new(n))
            }
            (a_value, Value::Choice(c, y, n)) => {
                let y = self.add(cx, (a_value.clone(), a.1), (*y, b.1), op);
                let n = self.add(cx, (a_value, a.1), (*n, b.1), op);
                Value::Choice(c, Box::new(y), Box::new(n))
            }
            (Value::Num(x), Value::Num(y)) => self.add_numbers(cx, (x, a.1), (y, b.1), op),
            (Value::Num(_), other) | (other, _) => {
                let said = format!("{} cannot be added or taken away", self.describe(&other));
                self.fail(cx, b.1, codes::TYPE_MISMATCH, said);
                Value::Error
            }
        }
    }

    fn add_numbers(&mut self, cx: &Scope, a: (Num, Span), b: (Num, Span), op: AddOp) -> Value {
        let Some((x, y)) = self.settle_pair(cx, a.clone(), b.clone()) else { return Value::Error };
        let mut cases = Vec::new();
        let pairs = cross(&x, &y);
        if self.few_enough(cx, pairs.len(), a.1.to(b.1)).is_none() {
            return Value::Error;
        }
        for (pins, x, y) in pairs {
            let unit = match (&x.unit, &y.unit, op) {
                (Unit::Time, Unit::Duration, _) => Some((ratio(1), ratio(1), Unit::Time)),
                (Unit::Duration, Unit::Time, AddOp::Add) => Some((ratio(1), ratio(1), Unit::Time)),
                (Unit::Time, Unit::Time, AddOp::Sub) => Some((ratio(1), ratio(1), Unit::Duration)),
                (Unit::Time, Unit::Time, AddOp::Add) => None,
                (u, v, _) => self.align(u, v),
            };
            let Some((fx, fy, unit)) = unit else {
                self.disagree(cx, (x, a.1), (y, b.1));
                return Value::Error;
            };
            let (x, y) = (x.lin.clone().scale(&fx), y.lin.clone().scale(&fy));
            let lin = match op {
                AddOp::Add => x.plus(y),
                AddOp::Sub => x.minus(y),
            };
            cases.push(Case { pins, lin, unit });
        }
        Value::Num(Num { cases })
    }

    pub(super) fn negative(&mut self, cx: &mut Scope, inner: &'a Expr) -> Value {
        let value = self.expr(cx, inner);
        self.times(cx, (value, inner.span), &ratio(-1))
    }

    pub(super) fn product(
        &mut self,
        cx: &mut Scope,
        first: &'a Expr,
        rest: &'a [(Spanned<MulOp>, Expr)],
    ) -> Value {
        let mut total = self.expr(cx, first);
        let mut span = first.span;
        for (op, e) in rest {
            let next = self.expr(cx, e);
            total = match op.node {
                MulOp::Mul => self.multiply(cx, (total, span), (next, e.span)),
                MulOp::Div => self.divide(cx, (total, span), (next, e.span)),
            };
            span = span.to(e.span);
        }
        total
    }

    fn multiply(&mut self, cx: &Scope, a: (Value, Span), b: (Value, Span)) -> Value {
        match (a.0, b.0) {
            (Value::Error, _) | (_, Value::Error) => Value::Error,
            (Value::Choice(c, y, n), other) | (other, Value::Choice(c, y, n)) => {
                let y = self.multiply(cx, (*y, a.1), (other.clone(), b.1));
                let n = self.multiply(cx, (*n, a.1), (other, b.1));
                Value::Choice(c, Box::new(y), Box::new(n))
            }
            (Value::Num(x), Value::Rate(rate)) => self.convert(cx, (x, a.1), &rate),
            (Value::Rate(rate), Value::Num(x)) => self.convert(cx, (x, b.1), &rate),
            (Value::Num(x), Value::Num(y)) => match (plain(&x), plain(&y)) {
                (_, Some(k)) => self.times(cx, (Value::Num(x), a.1), &k),
                (Some(k), _) => self.times(cx, (Value::Num(y), b.1), &k),
                (None, None) => {
                    let known = |n: &Num| n.only().is_some_and(|c| c.lin.known().is_some());
                    let (said, help) = if known(&x) || known(&y) {
                        (
                            "an amount is multiplied by a plain number, a percentage or a rate",
                            "`* 95%`, `* 1 WETH per 6_000 USDC`",
                        )
                    } else {
                        (
                            "neither side of this product is known when the policy is compiled",
                            "multiply by a number, a percentage or a rate; a parameter never multiplies a field",
                        )
                    };
                    self.fail_with_help(cx, a.1.to(b.1), codes::UNKNOWN_FACTOR, said, help);
                    Value::Error
                }
            },
            (Value::Num(_) | Value::Rate(_), other) | (other, _) => {
                let said = format!("{} cannot be multiplied", self.describe(&other));
                self.fail(cx, a.1.to(b.1), codes::TYPE_MISMATCH, said);
                Value::Error
            }
        }
    }

    fn divide(&mut self, cx: &Scope, a: (Value, Span), b: (Value, Span)) -> Value {
        let by = match &b.0 {
            Value::Error => return Value::Error,
            Value::Num(n) => plain(n),
            _ => None,
        };
        match by {
            Some(k) if k.is_zero() => {
                self.fail(cx, b.1, codes::DIVISION_BY_ZERO, "nothing is divided by zero");
                Value::Error
            }
            Some(k) => self.times(cx, a, &k.recip()),
            None => {
                let said = "what is divided by must be a number that is known when the policy is compiled";
                self.fail_with_help(cx, b.1, codes::UNKNOWN_FACTOR, said, "multiply the other side instead");
                Value::Error
            }
        }
    }

    fn times(&mut self, cx: &Scope, a: (Value, Span), factor: &Ratio) -> Value {
        match a.0 {
            Value::Error => Value::Error,
            Value::Rate(rate) => Value::Rate(Rate { factor: rate.factor * factor, ..rate }),
            Value::Choice(c, y, n) => {
                let y = self.times(cx, (*y, a.1), factor);
                let n = self.times(cx, (*n, a.1), factor);
                Value::Choice(c, Box::new(y), Box::new(n))
            }
            Value::Num(mut num) => {
                if num.cases.iter().any(|c| c.unit == Unit::Time) {
                    self.fail(
                        cx,
                        a.1,
                        codes::UNIT_MISMATCH,
                        "a time is a point, not a number: it cannot be multiplied",
                    );
                    return Value::Error;
                }
                for case in &mut num.cases {
                    case.lin =
                        std::mem::replace(&mut case.lin, crate::hir::Lin::constant(ratio(0))).scale(factor);
                }
                Value::Num(num)
            }
            other => {
                let said = format!("{} cannot be multiplied", self.describe(&other));
                self.fail(cx, a.1, codes::TYPE_MISMATCH, said);
                Value::Error
            }
        }
    }

    /// An amount at a rate.
    fn convert(&mut self, cx: &Scope, a: (Num, Span), rate: &Rate) -> Value {
        let Some(num) = self.settle(cx, a.0, a.1) else { return Value::Error };
        let mut cases = Vec::new();
        for case in num.cases {
            if case.unit == Unit::Plain && case.lin.known().is_some() {
                // `2 * 1 WETH per 6_000 USDC` is a rate.
                let factor = case.lin.constant * &rate.factor;
                return Value::Rate(Rate { factor, ..rate.clone() });
            }
            let Some((fx, fy, _)) = self.align(&case.unit, &rate.per) else {
                let per = Case { pins: Vec::new(), lin: case.lin.clone(), unit: rate.per.clone() };
                self.disagree(cx, (&case, a.1), (&per, a.1));
                return Value::Error;
            };
            let lin = case.lin.scale(&(fx / fy * &rate.factor));
            cases.push(Case { pins: case.pins, lin, unit: rate.of.clone() });
        }
        Value::Num(Num { cases })
    }
}

/// A plain number that is known.
fn plain(n: &Num) -> Option<Ratio> {
    let case = n.only()?;
    (case.unit == Unit::Plain).then(|| case.lin.known().cloned()).flatten()
}

/// Words that have these values.
type Pins = Vec<(Scalar, U256)>;

/// Every pair of cases that do not exclude each other.
pub(super) fn cross<'n>(a: &'n Num, b: &'n Num) -> Vec<(Pins, &'n Case, &'n Case)> {
    let mut out = Vec::new();
    for x in &a.cases {
        for y in &b.cases {
            let clash = x.pins.iter().any(|(s, w)| y.pins.iter().any(|(t, v)| s == t && w != v));
            if clash {
                continue;
            }
            let mut pins = x.pins.clone();
            pins.extend(y.pins.iter().filter(|(s, _)| x.pins.iter().all(|(t, _)| s != t)).cloned());
            out.push((pins, x, y));
        }
    }
    out
}
