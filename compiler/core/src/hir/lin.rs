//! Linear forms with rational coefficients.

use agentpol_analysis::ruleset::{Linear, Scalar};
use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

/// A rational number.
pub(crate) type Ratio = BigRational;

/// A whole number as a rational one.
pub(crate) fn ratio(n: impl Into<BigInt>) -> Ratio {
    Ratio::from_integer(n.into())
}

/// Whole numbers, which nearly all are, need no fraction brought to its lowest terms.
fn times(a: &Ratio, b: &Ratio) -> Ratio {
    if a.is_integer() && b.is_integer() { ratio(a.numer() * b.numer()) } else { a * b }
}

fn sum(a: &Ratio, b: &Ratio) -> Ratio {
    if a.is_integer() && b.is_integer() { ratio(a.numer() + b.numer()) } else { a + b }
}

/// `Σ coefficient · word + constant`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lin {
    /// Sorted by word, each once, none zero.
    pub(crate) terms: Vec<(Scalar, Ratio)>,
    pub(crate) constant: Ratio,
}

impl Lin {
    pub(crate) fn constant(constant: Ratio) -> Self {
        Self { terms: Vec::new(), constant }
    }

    pub(crate) fn word(word: Scalar) -> Self {
        Self { terms: vec![(word, Ratio::one())], constant: Ratio::zero() }
    }

    /// Its value, if it reads nothing.
    pub(crate) fn known(&self) -> Option<&Ratio> {
        self.terms.is_empty().then_some(&self.constant)
    }

    /// The word that it is, if it is exactly one.
    pub(crate) fn as_word(&self) -> Option<&Scalar> {
        match self.terms.as_slice() {
            [(word, factor)] if factor.is_one() && self.constant.is_zero() => Some(word),
            _ => None,
        }
    }

    pub(crate) fn scale(mut self, factor: &Ratio) -> Self {
        if factor.is_zero() {
            return Self::constant(Ratio::zero());
        }
        if !factor.is_one() {
            for (_, coefficient) in &mut self.terms {
                *coefficient = times(coefficient, factor);
            }
            self.constant = times(&self.constant, factor);
        }
        self
    }

    pub(crate) fn negative(mut self) -> Self {
        for (_, coefficient) in &mut self.terms {
            *coefficient = -std::mem::replace(coefficient, Ratio::zero());
        }
        self.constant = -self.constant;
        self
    }

    pub(crate) fn plus(mut self, other: Self) -> Self {
        self.constant = sum(&self.constant, &other.constant);
        for (word, coefficient) in other.terms {
            match self.terms.binary_search_by(|(w, _)| w.cmp(&word)) {
                Err(at) => self.terms.insert(at, (word, coefficient)),
                Ok(at) => {
                    let sum = self.terms.get_mut(at).map(|(_, c)| {
                        *c = sum(c, &coefficient);
                        c.is_zero()
                    });
                    if sum == Some(true) {
                        self.terms.remove(at);
                    }
                }
            }
        }
        self
    }

    pub(crate) fn minus(self, other: Self) -> Self {
        self.plus(other.negative())
    }

    /// Multiplied by the least positive number that makes it whole, and with what all parts have in common divided out
    /// again: the sign stays, so a comparison with zero does too.
    pub(crate) fn whole(&self) -> Linear {
        let mut linear = self.times_denominator().0;
        // Most sums count something once: nothing to divide out.
        if linear.terms.iter().any(|(c, _)| c.magnitude().is_one()) {
            return linear;
        }
        let divisor = linear
            .terms
            .iter()
            .fold(linear.constant.abs(), |g, (c, _)| if g.is_one() { g } else { g.gcd(c) });
        if !divisor.is_zero() && !divisor.is_one() {
            for (coefficient, _) in &mut linear.terms {
                *coefficient /= &divisor;
            }
            linear.constant /= &divisor;
        }
        linear
    }

    /// Multiplied by its common denominator, which is returned beside it.
    pub(crate) fn times_denominator(&self) -> (Linear, BigInt) {
        let common = self.terms.iter().fold(self.constant.denom().clone(), |d, (_, c)| {
            if c.denom().is_one() { d } else { d.lcm(c.denom()) }
        });
        let scaled = |r: &Ratio| {
            if common.is_one() { r.numer().clone() } else { r.numer() * (&common / r.denom()) }
        };
        let terms = self.terms.iter().map(|(word, c)| (scaled(c), word.clone())).collect();
        (Linear { terms, constant: scaled(&self.constant) }, common)
    }
}
