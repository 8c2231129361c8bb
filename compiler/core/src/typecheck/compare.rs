//! Comparisons.

use super::{Checker, Scope, arithmetic::cross};
use crate::{
    hir::{Lin, Num, Ratio, Unit, Value, WordKind, and, not, or},
    literal,
};
use agentpol_analysis::ruleset::{Atom, BytesTest, Formula, Linear, Relation, Scalar};
use agentpol_diagnostics::codes;
use agentpol_grammar::ast::{CmpOp, Expr, Span, Spanned};
use agentpol_model::{U256, types::WordType};
use num_bigint::BigInt;
use num_traits::{One, Signed, Zero};

/// Bits of a coefficient or constant at most: what the evaluator's accumulators are made for.
pub(crate) const MAX_COEFFICIENT_BITS: u64 = 240;

/// Words in one comparison at most.
pub(crate) const MAX_TERMS: usize = 16;

/// Either side of a comparison.
pub(super) type Side = (Value, Span);

impl<'a> Checker<'_, 'a> {
    /// `a < b <= c`: each pair, left to right.
    pub(super) fn chain(&mut self, cx: &mut Scope, operands: &'a [Expr], ops: &'a [Spanned<CmpOp>]) -> Value {
        let mut values: Vec<Side> = Vec::with_capacity(operands.len());
        for e in operands {
            let value = self.expr(cx, e);
            values.push((value, e.span));
        }
        let mut out = Vec::with_capacity(ops.len());
        for (pair, op) in values.windows(2).zip(ops) {
            if let [a, b] = pair {
                out.push(self.compare(cx, a.clone(), op.node, b.clone()));
            }
        }
        Value::Bool(and(out))
    }

    pub(crate) fn compare(&mut self, cx: &Scope, a: Side, op: CmpOp, b: Side) -> Formula {
        match (a.0, b.0) {
            (Value::Error, _) | (_, Value::Error) => self.poisoned(cx, a.1.to(b.1)),
            (Value::Choice(c, y, n), other) => {
                let y = self.compare(cx, (*y, a.1), op, (other.clone(), b.1));
                let n = self.compare(cx, (*n, a.1), op, (other, b.1));
                or([and([(*c).clone(), y]), and([not(*c), n])])
            }
            (other, Value::Choice(c, y, n)) => {
                let y = self.compare(cx, (other.clone(), a.1), op, (*y, b.1));
                let n = self.compare(cx, (other, a.1), op, (*n, b.1));
                or([and([(*c).clone(), y]), and([not(*c), n])])
            }
            (Value::Num(x), Value::Num(y)) => self.compare_numbers(cx, (x, a.1), op, (y, b.1)),
            (x, y) => match op {
                CmpOp::Eq => self.equal(cx, (x, a.1), (y, b.1)),
                CmpOp::Ne => not(self.equal(cx, (x, a.1), (y, b.1))),
                CmpOp::Lt | CmpOp::Le | CmpOp::Gt | CmpOp::Ge => {
                    let (is, with) = (self.describe(&x), self.describe(&y));
                    let said = format!("{is} and {with} have no order");
                    self.fail(cx, a.1.to(b.1), codes::TYPE_MISMATCH, said);
                    Formula::Const(true)
                }
            },
        }
    }

    fn compare_numbers(&mut self, cx: &Scope, a: (Num, Span), op: CmpOp, b: (Num, Span)) -> Formula {
        self.check_range(cx, &a.0, op, (&b.0, b.1));
        self.check_range(cx, &b.0, op, (&a.0, a.1));
        let Some((x, y)) = self.settle_pair(cx, (a.0, a.1), (b.0, b.1)) else { return Formula::Const(true) };
        let mut cases: Vec<(Vec<Formula>, Formula)> = Vec::new();
        let pairs = cross(&x, &y);
        if self.few_enough(cx, pairs.len(), a.1.to(b.1)).is_none() {
            return Formula::Const(true);
        }
        for (pins, x, y) in pairs {
            let Some((fx, fy, _)) = self.align(&x.unit, &y.unit) else {
                self.disagree(cx, (x, a.1), (y, b.1));
                return Formula::Const(true);
            };
            let difference = x.lin.clone().scale(&fx).minus(y.lin.clone().scale(&fy));
            let Some(test) = self.against_zero(cx, difference, op, a.1.to(b.1)) else {
                return Formula::Const(true);
            };
            let pins =
                pins.into_iter().map(|(s, w)| Formula::Atom(Atom::Same(s, Scalar::Const(w)))).collect();
            cases.push((pins, test));
        }
        // Where every token gives the same test, it does not matter which it is.
        match cases.split_first() {
            Some(((_, first), rest)) if rest.iter().all(|(_, test)| test == first) => first.clone(),
            _ => or(cases.into_iter().map(|(pins, test)| and(pins.into_iter().chain([test])))),
        }
    }

    /// `difference ⋈ 0` over the integers.
    pub(super) fn against_zero(
        &mut self,
        cx: &Scope,
        difference: Lin,
        op: CmpOp,
        span: Span,
    ) -> Option<Formula> {
        if let Some(known) = difference.known() {
            return Some(Formula::Const(holds(known, op)));
        }
        let minus = || difference.clone().negative();
        let (lin, relation, strict, negated) = match op {
            CmpOp::Le => (difference, Relation::NotAbove, false, false),
            CmpOp::Lt => (difference, Relation::NotAbove, true, false),
            CmpOp::Ge => (minus(), Relation::NotAbove, false, false),
            CmpOp::Gt => (minus(), Relation::NotAbove, true, false),
            CmpOp::Eq => (difference, Relation::Zero, false, false),
            CmpOp::Ne => (difference, Relation::Zero, false, true),
        };
        // `x - k < 0` over the integers is `x - k + 1 <= 0`, once the denominators are gone.
        let mut sum = lin.whole();
        if strict {
            sum.constant += BigInt::one();
        }
        self.check_size(cx, &sum, span)?;
        let test = Formula::Atom(Atom::Linear { sum, relation });
        Some(if negated { not(test) } else { test })
    }

    /// The evaluator's limits.
    pub(crate) fn check_size(&mut self, cx: &Scope, sum: &Linear, span: Span) -> Option<()> {
        let bits = sum.terms.iter().map(|(c, _)| c.bits()).max().unwrap_or_default().max(sum.constant.bits());
        if bits > MAX_COEFFICIENT_BITS {
            let said = format!(
                "the numbers here take {bits} bits, more than the {MAX_COEFFICIENT_BITS} that are allowed"
            );
            self.fail_with_help(
                cx,
                span,
                codes::NUMBER_TOO_LARGE,
                said,
                "use smaller numbers, or a coarser rate",
            );
            return None;
        }
        if sum.terms.len() > MAX_TERMS {
            let said = format!("this compares {} values, more than {MAX_TERMS}", sum.terms.len());
            self.fail(cx, span, codes::NUMBER_TOO_LARGE, said);
            return None;
        }
        Some(())
    }

    /// A number that an argument can never be is a slip of the pen.
    fn check_range(&mut self, cx: &Scope, word: &Num, op: CmpOp, number: (&Num, Span)) {
        let (Some(w), Some(n)) = (word.only(), number.0.only()) else { return };
        let (Some(Scalar::Arg(_, ty)), Some(known)) = (w.lin.as_word(), n.lin.known()) else { return };
        let (low, high): (BigInt, BigInt) = match ty {
            WordType::Uint(bits) => (BigInt::zero(), (BigInt::one() << *bits) - 1),
            WordType::Int(bits) => {
                let half = BigInt::one() << bits.saturating_sub(1);
                (-half.clone(), half - 1)
            }
            _ => return,
        };
        let outside = *known < Ratio::from_integer(low.clone()) || *known > Ratio::from_integer(high.clone());
        let comparable = w.unit == n.unit || w.unit == Unit::Plain;
        if comparable && matches!(op, CmpOp::Eq | CmpOp::Ne) && (outside || !known.is_integer()) {
            let said = format!("a `{ty}` is never this: it is a whole number from {low} to {high}");
            self.fail(cx, number.1, codes::OUT_OF_RANGE, said);
        }
    }

    /// `==` of anything but numbers.
    pub(super) fn equal(&mut self, cx: &Scope, a: Side, b: Side) -> Formula {
        let a = (a.0.beside(&b.0), a.1);
        let b = (b.0.beside(&a.0), b.1);
        match (a.0, b.0) {
            (Value::Error, _) | (_, Value::Error) => self.poisoned(cx, a.1.to(b.1)),
            (Value::Num(x), Value::Num(y)) => self.compare_numbers(cx, (x, a.1), CmpOp::Eq, (y, b.1)),
            (Value::Bool(x), Value::Bool(y)) => match (x, y) {
                (Formula::Const(k), f) | (f, Formula::Const(k)) => {
                    if k {
                        f
                    } else {
                        not(f)
                    }
                }
                (x, y) => or([and([x.clone(), y.clone()]), and([not(x), not(y)])]),
            },
            (Value::Bytes(path) | Value::Str(path), Value::Hex(bytes))
            | (Value::Hex(bytes), Value::Bytes(path) | Value::Str(path)) => {
                Formula::Atom(Atom::Bytes(path, BytesTest::Equals(bytes)))
            }
            (Value::Bytes(path) | Value::Str(path), Value::Text(text))
            | (Value::Text(text), Value::Bytes(path) | Value::Str(path)) => {
                Formula::Atom(Atom::Bytes(path, BytesTest::Equals(text.into_bytes())))
            }
            (Value::Slice(slice), other) => self.slice_is(cx, (slice, a.1), (other, b.1)),
            (other, Value::Slice(slice)) => self.slice_is(cx, (slice, b.1), (other, a.1)),
            (array @ Value::Array { .. }, Value::List(list)) => self.array_is(cx, (array, a.1), &list, b.1),
            (Value::List(list), array @ Value::Array { .. }) => self.array_is(cx, (array, b.1), &list, a.1),
            (Value::Contract(x), Value::Contract(y)) => Formula::Const(x == y || self.same_site(cx, x, y)),
            (Value::Hex(x), Value::Hex(y)) => Formula::Const(x == y),
            (Value::Text(x), Value::Text(y)) => Formula::Const(x == y),
            (x, y) => self.same_word(cx, (x, a.1), (y, b.1)),
        }
    }

    fn same_word(&mut self, cx: &Scope, a: Side, b: Side) -> Formula {
        let described = (self.describe(&a.0), self.describe(&b.0));
        // Bytes as written take the width of the other side.
        let (a, b) = if matches!(a.0, Value::Hex(_)) { (b, a) } else { (a, b) };
        let Some((x, kind)) = self.as_word(cx, &a.0, a.1) else {
            return self.missing_or_mismatch(cx, &a, &b, &described);
        };
        let y = match (&b.0, kind) {
            (Value::Hex(bytes), WordKind::Fixed(n)) => {
                if bytes.len() != usize::from(n) {
                    let said = format!("`bytes{n}` is {n} bytes long; this is {}", bytes.len());
                    self.fail(cx, b.1, codes::HEX_LENGTH, said);
                    return Formula::Const(true);
                }
                literal::fixed_bytes(bytes).map(|w| (Scalar::Const(w), kind))
            }
            (Value::Hex(bytes), WordKind::Address | WordKind::Token) => {
                let said = format!("an address has 20 bytes; this has {}", bytes.len());
                self.fail(cx, b.1, codes::HEX_LENGTH, said);
                return Formula::Const(true);
            }
            (other, _) => self.as_word(cx, other, b.1),
        };
        let Some((y, other)) = y else { return self.missing_or_mismatch(cx, &b, &a, &described) };
        if !kind.is_like(other) {
            let said = format!("{} is never {}", described.0, described.1);
            self.fail(cx, a.1.to(b.1), codes::TYPE_MISMATCH, said);
            return Formula::Const(true);
        }
        same(x, y)
    }

    /// A contract that does not stand on this chain is never what an argument is; anything else is a mistake.
    fn missing_or_mismatch(
        &mut self,
        cx: &Scope,
        missing: &Side,
        other: &Side,
        said: &(String, String),
    ) -> Formula {
        if let Value::Contract(ix) = missing.0 {
            if let Some(here) = cx.here
                && !matches!(other.0, Value::Num(_) | Value::Bool(_))
            {
                self.not_on_chain(cx, ix, here.chain, missing.1);
                return Formula::Const(false);
            }
            let said = "an address is known only inside a rule, where the chain is";
            self.fail(cx, missing.1, codes::TYPE_MISMATCH, said);
            return Formula::Const(true);
        }
        let text = format!("{} and {} cannot be compared", said.0, said.1);
        self.fail(cx, missing.1.to(other.1), codes::TYPE_MISMATCH, text);
        Formula::Const(true)
    }

    fn same_site(&self, cx: &Scope, a: crate::hir::ContractIx, b: crate::hir::ContractIx) -> bool {
        let at = |ix| cx.here.and_then(|h| self.world.site(ix, h.chain)).map(|s| s.at);
        at(a).is_some_and(|x| at(b) == Some(x))
    }
}

/// Two words are the same.
pub(super) fn same(a: Scalar, b: Scalar) -> Formula {
    match (&a, &b) {
        (Scalar::Const(x), Scalar::Const(y)) => Formula::Const(x == y),
        // The known one stands to the right.
        (Scalar::Const(_), _) => Formula::Atom(Atom::Same(b, a)),
        _ => Formula::Atom(Atom::Same(a, b)),
    }
}

/// A word that is `true`.
pub(super) fn is_true(word: Scalar) -> Formula {
    same(word, Scalar::Const(U256::ONE))
}

fn holds(difference: &Ratio, op: CmpOp) -> bool {
    match op {
        CmpOp::Lt => difference.is_negative(),
        CmpOp::Le => !difference.is_positive(),
        CmpOp::Gt => difference.is_positive(),
        CmpOp::Ge => !difference.is_negative(),
        CmpOp::Eq => difference.is_zero(),
        CmpOp::Ne => !difference.is_zero(),
    }
}
