//! Conditions of two values in negation normal form: what the search works on.

use super::set::Set;
use agentpol_model::ids::ParamId;
use num_bigint::BigInt;
use num_traits::{One as _, Zero as _};
use std::{collections::BTreeMap, rc::Rc};

/// An integer that a request, or what the policy is bound to, leaves open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Var(u32);

impl Var {
    pub(crate) const fn new(n: usize) -> Self {
        // A space has far fewer variables than a word counts.
        Self(n as u32)
    }

    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// `Σ coefficient · variable + constant`; no coefficient is zero.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Sum {
    pub(crate) terms: BTreeMap<Var, BigInt>,
    pub(crate) constant: BigInt,
}

impl Sum {
    pub(crate) fn constant(constant: impl Into<BigInt>) -> Self {
        Self { terms: BTreeMap::new(), constant: constant.into() }
    }

    pub(crate) fn var(var: Var) -> Self {
        Self::times(BigInt::one(), var)
    }

    /// `factor · var`, the factor not zero.
    pub(crate) fn times(factor: BigInt, var: Var) -> Self {
        let mut terms = BTreeMap::new();
        terms.insert(var, factor);
        Self { terms, constant: BigInt::zero() }
    }

    /// `self + factor · other`
    pub(crate) fn plus(mut self, factor: &BigInt, other: &Self) -> Self {
        self.constant += factor * &other.constant;
        for (var, coefficient) in &other.terms {
            let sum = self.terms.entry(*var).or_default();
            *sum += factor * coefficient;
            if sum.is_zero() {
                self.terms.remove(var);
            }
        }
        self
    }

    pub(crate) fn minus(self, other: &Self) -> Self {
        self.plus(&BigInt::from(-1), other)
    }

    /// Its value where every variable has this one.
    pub(crate) fn at(&self, values: &[BigInt]) -> BigInt {
        let zero = BigInt::zero();
        let terms = self.terms.iter().map(|(var, c)| c * values.get(var.index()).unwrap_or(&zero));
        terms.fold(self.constant.clone(), |sum, term| sum + term)
    }
}

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lit {
    /// The variable is in the set.
    In(Var, Rc<Set>),
    /// The variable is, or is not, in the set that a parameter is bound to.
    Member(Var, ParamId, bool),
}

/// A condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Prop {
    True,
    False,
    Lit(Lit),
    And(Vec<Prop>),
    Or(Vec<Prop>),
}

impl Prop {
    pub(crate) fn is_in(var: Var, set: Set) -> Self {
        if set.is_empty() { Prop::False } else { Prop::Lit(Lit::In(var, Rc::new(set))) }
    }

    pub(crate) fn all(parts: impl IntoIterator<Item = Prop>) -> Self {
        let mut out = Vec::new();
        for part in parts {
            match part {
                Prop::True => {}
                Prop::False => return Prop::False,
                Prop::And(inner) => out.extend(inner),
                other => out.push(other),
            }
        }
        match (out.len(), out.pop()) {
            (_, None) => Prop::True,
            (1, Some(only)) => only,
            (_, Some(last)) => {
                out.push(last);
                Prop::And(out)
            }
        }
    }

    pub(crate) fn any(parts: impl IntoIterator<Item = Prop>) -> Self {
        let mut out = Vec::new();
        for part in parts {
            match part {
                Prop::False => {}
                Prop::True => return Prop::True,
                Prop::Or(inner) => out.extend(inner),
                other => out.push(other),
            }
        }
        match (out.len(), out.pop()) {
            (_, None) => Prop::False,
            (1, Some(only)) => only,
            (_, Some(last)) => {
                out.push(last);
                Prop::Or(out)
            }
        }
    }

    /// Where it does not hold.
    pub(crate) fn negated(&self, domain: &impl Fn(Var) -> Set) -> Self {
        match self {
            Prop::True => Prop::False,
            Prop::False => Prop::True,
            Prop::Lit(Lit::In(var, set)) => Prop::is_in(*var, set.complement(&domain(*var))),
            Prop::Lit(Lit::Member(var, param, is)) => Prop::Lit(Lit::Member(*var, *param, !is)),
            Prop::And(parts) => Prop::any(parts.iter().map(|part| part.negated(domain)).collect::<Vec<_>>()),
            Prop::Or(parts) => Prop::all(parts.iter().map(|part| part.negated(domain)).collect::<Vec<_>>()),
        }
    }

    /// How many literals it has.
    pub(crate) fn size(&self) -> usize {
        match self {
            Prop::True | Prop::False => 0,
            Prop::Lit(_) => 1,
            Prop::And(parts) | Prop::Or(parts) => parts.iter().map(Prop::size).sum(),
        }
    }
}
