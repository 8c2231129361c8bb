//! Conditions as clauses of a sentence.

use super::{
    names::{Names, Unit},
    quantities::{date, decimal, digits, divide, duration, list, number},
};
use crate::ruleset::{Atom, BytesTest, Formula, Linear, Relation, Scalar, SetRef};
use agentpol_model::{
    request::Field,
    types::{Path, Type},
};
use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{One, Signed, ToPrimitive, Zero};

impl Names<'_> {
    /// The conjuncts, each as a clause: `amount is at most 250 USDC`.
    pub(super) fn conjuncts(&self, formula: &Formula, out: &mut Vec<String>) {
        match formula {
            Formula::And(all) => all.iter().for_each(|one| self.conjuncts(one, out)),
            Formula::Const(true) => {}
            other => out.push(self.condition(other)),
        }
    }

    pub(super) fn condition(&self, formula: &Formula) -> String {
        match formula {
            Formula::Const(true) => "always".to_owned(),
            Formula::Const(false) => "never".to_owned(),
            Formula::Atom(atom) => self.atom(atom, true),
            Formula::Not(inner) => match &**inner {
                Formula::Atom(atom) => self.atom(atom, false),
                Formula::Not(twice) => self.condition(twice),
                other => format!("it is not so that {}", self.inner(other)),
            },
            Formula::And(all) => self.connected(all, "and"),
            Formula::Or(any) => self.connected(any, "or"),
            Formula::Quantified { every, array, body, .. } => {
                let (array, body) = (self.path(array), self.inner(body));
                if *every {
                    format!("for every element of {array}, {body}")
                } else {
                    format!("for at least one element of {array}, {body}")
                }
            }
        }
    }

    fn connected(&self, parts: &[Formula], word: &str) -> String {
        match parts {
            [] => (if word == "and" { "always" } else { "never" }).to_owned(),
            [one] => self.condition(one),
            many => {
                let many: Vec<_> = many.iter().map(|one| self.inner(one)).collect();
                let joint = format!(", {word} ");
                if word == "or" { format!("either {}", many.join(&joint)) } else { many.join(&joint) }
            }
        }
    }

    /// In parentheses where it would otherwise be read wrongly.
    fn inner(&self, formula: &Formula) -> String {
        let text = self.condition(formula);
        match formula {
            Formula::And(parts) | Formula::Or(parts) if parts.len() > 1 => format!("({text})"),
            _ => text,
        }
    }

    fn atom(&self, atom: &Atom, holds: bool) -> String {
        let is = if holds { "is" } else { "is not" };
        match atom {
            Atom::Linear { sum, relation: Relation::NotAbove } if holds => self.not_above(sum),
            Atom::Linear { sum, relation: Relation::NotAbove } => {
                // Not at most zero is at least one: 1 - sum <= 0.
                let terms = sum.terms.iter().map(|(c, s)| (-c, s.clone())).collect();
                self.not_above(&Linear { terms, constant: BigInt::one() - &sum.constant })
            }
            Atom::Linear { sum, relation: Relation::Zero } => self.zero(sum, is),
            Atom::Same(Scalar::Const(word), other) | Atom::Same(other, Scalar::Const(word)) => {
                format!("{} {is} {}", self.scalar(other), self.constant(*word, other))
            }
            Atom::Same(a, b) => format!("{} {is} {}", self.scalar(a), self.scalar(b)),
            Atom::Member(item, set) => {
                format!("{} {is} {}", self.scalar(item), self.set(*set, item))
            }
            Atom::Distinct { array, .. } => {
                let which = if holds { "no two" } else { "two" };
                format!("{which} elements of {} are the same", self.path(array))
            }
            Atom::Bytes(path, test) => self.bytes(path, test, holds),
        }
    }

    fn set(&self, set: SetRef, item: &Scalar) -> String {
        match set {
            SetRef::Param(param) => format!("in {}", self.param(param)),
            SetRef::Const(set) => {
                let members = self.rules.sets.get(set.index());
                let members: Vec<_> =
                    members.into_iter().flatten().map(|word| self.constant(*word, item)).collect();
                match members.as_slice() {
                    [one] => one.clone(),
                    many => format!("one of {}", list(many, "and")),
                }
            }
        }
    }

    fn bytes(&self, path: &Path, test: &BytesTest, holds: bool) -> String {
        // What is text is shown as text; nothing in it can look like anything else.
        let is_text = self.ty(path) == Some(&Type::String);
        let hex = |bytes: &[u8]| match core::str::from_utf8(bytes) {
            Ok(text) if is_text => format!("{text:?}"),
            _ => alloy_primitives::hex::encode_prefixed(bytes),
        };
        let path = self.path(path);
        let is = if holds { "is" } else { "is not" };
        match test {
            BytesTest::Equals(bytes) if bytes.is_empty() => format!("{path} {is} empty"),
            BytesTest::Equals(bytes) => format!("{path} {is} {}", hex(bytes)),
            BytesTest::StartsWith(bytes) if holds => format!("{path} starts with {}", hex(bytes)),
            BytesTest::StartsWith(bytes) => format!("{path} does not start with {}", hex(bytes)),
            BytesTest::Slice { start, bytes } => {
                let end = usize::try_from(*start).unwrap_or(usize::MAX).saturating_add(bytes.len());
                format!("{path}[{start}..{end}] {is} {}", hex(bytes))
            }
            BytesTest::SliceIsWord { start, word } => {
                format!("{path}[{start}..{}] {is} {}", start.saturating_add(32), self.scalar(word))
            }
        }
    }

    /// `sum <= 0`
    fn not_above(&self, sum: &Linear) -> String {
        match sum.terms.as_slice() {
            [(c, x)] => self.bounded(c, x, &sum.constant),
            [(c, x), (d, y)] if c.is_negative() != d.is_negative() => {
                let (low, high) = if c.is_negative() { ((d, y), (c, x)) } else { ((c, x), (d, y)) };
                self.compared(low, high, &sum.constant)
            }
            _ => {
                let (low, high) = self.sides(sum);
                format!("{low} is at most {high}")
            }
        }
    }

    fn zero(&self, sum: &Linear, is: &str) -> String {
        if let [(c, x)] = sum.terms.as_slice()
            && let (value, true) = divide(&-&sum.constant, c)
        {
            return format!("{} {is} {}", self.scalar(x), self.quantity(x, &value));
        }
        let (left, right) = self.sides(sum);
        format!("{left} {is} {right}")
    }

    /// `c·x + k <= 0`
    fn bounded(&self, c: &BigInt, x: &Scalar, k: &BigInt) -> String {
        let name = self.scalar(x);
        if c.is_negative() {
            // x >= k / -c, rounded up.
            let (down, even) = divide(k, &-c);
            let least = if even { down } else { down + 1 };
            let below: BigInt = &least - 1;
            if *x == Scalar::Field(Field::Now) {
                return format!("it is {} or later", date(&least));
            }
            if below.is_zero() || digits(&below) < digits(&least) {
                return format!("{name} is more than {}", self.quantity(x, &below));
            }
            return format!("{name} is at least {}", self.quantity(x, &least));
        }
        let (most, _) = divide(&-k, c);
        let above: BigInt = &most + 1;
        if *x == Scalar::Field(Field::Now) {
            return format!("it is before {}", date(&above));
        }
        if most.is_zero() {
            return format!("{name} is {}", self.quantity(x, &most));
        }
        if digits(&above) < digits(&most) {
            return format!("{name} is less than {}", self.quantity(x, &above));
        }
        format!("{name} is at most {}", self.quantity(x, &most))
    }

    /// `c·x - d·y + k <= 0` with both positive: at most, or at least, so much for every so much.
    fn compared(&self, (c, x): (&BigInt, &Scalar), (d, y): (&BigInt, &Scalar), k: &BigInt) -> String {
        let d = &d.abs();
        let (low, high) = (self.scalar(x), self.scalar(y));
        let times = [x, y].into_iter().any(|s| self.unit(s) == Unit::Time);
        if times && c.is_one() && d.is_one() {
            return self.apart(&low, &high, k);
        }
        if !k.is_zero() {
            let sum = Linear { terms: vec![(c.clone(), x.clone()), (-d, y.clone())], constant: k.clone() };
            let (low, high) = self.sides(&sum);
            return format!("{low} is at most {high}");
        }
        match (self.unit(x), self.unit(y)) {
            _ if c == d => format!("{low} is at most {high}"),
            (Unit::Money(a), Unit::Money(b)) if a != b => {
                // y >= (c / d)·x, in whole tokens: so much of y's for so much of x's.
                let one = |token| self.token(token).map_or(0, |t| u32::from(t.decimals));
                let (dx, dy) = (BigInt::from(10).pow(one(a)), BigInt::from(10).pow(one(b)));
                let (top, bottom) = (c * &dx, d * &dy);
                let common = top.gcd(&bottom).max(BigInt::one());
                let (top, bottom) = (top / &common, bottom / &common);
                let (of_y, of_x) = (self.money(b, &(top * dy)), self.money(a, &(bottom * dx)));
                format!("{high} is at least {of_y} for every {of_x} of {low}")
            }
            _ => match divide(&(c * 10_000), d) {
                (share, true) if share < BigInt::from(10_000) => {
                    format!("{high} is at least {} of {low}", percent(&share))
                }
                _ => match divide(&(d * 10_000), c) {
                    (share, true) => format!("{low} is at most {} of {high}", percent(&share)),
                    _ => format!("{low} × {} is at most {high} × {}", number(c), number(d)),
                },
            },
        }
    }

    /// `x - y + k <= 0` in seconds.
    fn apart(&self, low: &str, high: &str, k: &BigInt) -> String {
        let span = duration(k.abs().to_u64().unwrap_or(u64::MAX));
        if k.is_zero() {
            format!("{low} is not after {high}")
        } else if k.is_negative() {
            format!("{low} is at most {span} after {high}")
        } else {
            format!("{low} is at least {span} before {high}")
        }
    }

    /// The terms on the side where they are positive.
    fn sides(&self, sum: &Linear) -> (String, String) {
        let (mut left, mut right) = (Vec::new(), Vec::new());
        for (c, x) in &sum.terms {
            let side = if c.is_negative() { &mut right } else { &mut left };
            let name = self.scalar(x);
            side.push(if c.abs().is_one() { name } else { format!("{} × {name}", number(&c.abs())) });
        }
        let plain = |k: &BigInt| match sum.terms.first() {
            Some((c, x)) if c.abs().is_one() => self.quantity(x, k),
            _ => number(k),
        };
        if sum.constant.is_positive() {
            left.push(plain(&sum.constant));
        } else if sum.constant.is_negative() {
            right.push(plain(&sum.constant.abs()));
        }
        let side = |parts: Vec<String>| if parts.is_empty() { "0".to_owned() } else { parts.join(" + ") };
        (side(left), side(right))
    }

    /// A number in the unit of what it is compared with.
    pub(super) fn quantity(&self, beside: &Scalar, n: &BigInt) -> String {
        match self.unit(beside) {
            Unit::Money(token) => self.money(token, n),
            Unit::Time => date(n),
            Unit::Seconds => n.to_u64().map_or_else(|| number(n), duration),
            Unit::Plain => number(n),
        }
    }

    /// An amount that an effect or a charge speaks of: `amount`, `2 × amount + 5 USDC`.
    pub(super) fn sum(&self, sum: &Linear) -> String {
        match sum.terms.as_slice() {
            [] => number(&sum.constant),
            [(one, x)] if one.is_one() && sum.constant.is_zero() => self.scalar(x),
            _ => {
                let (left, right) = self.sides(sum);
                if right == "0" { left } else { format!("{left} less {right}") }
            }
        }
    }
}

/// Of ten thousand: `12.5%`
fn percent(share: &BigInt) -> String {
    format!("{}%", decimal(share, 2))
}
