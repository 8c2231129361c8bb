//! What a condition and a sum come to, on one action.
//!
//! Undefined is `None`, and `?` is how it spreads: whatever reads something the request does not have is undefined as a whole.

use super::{Atom, Bound, BytesTest, Formula, Linear, Relation, RuleSet, Scalar, SetRef};
use agentpol_abi::Value;
use agentpol_model::{
    U256,
    request::{Action, Request},
    types::{Path, WordType},
};
use num_bigint::{BigInt, Sign};
use num_traits::Zero;
use std::collections::BTreeSet;

/// Everything a condition can read.
pub(super) struct Scope<'a> {
    /// For the constant sets.
    pub(super) rules: &'a RuleSet,
    /// For its fields.
    pub(super) request: &'a Request<'a>,
    /// For its fields.
    pub(super) action: &'a Action<'a>,
    /// The decoded arguments.
    pub(super) args: &'a [Value],
    /// For the parameters.
    pub(super) bound: &'a Bound,
}

/// For each quantifier around a condition, the outermost first, the element it is looking at.
type Elements<'a> = &'a [u32];

impl Scope<'_> {
    /// Is it true?
    pub(super) fn holds(&self, formula: &Formula) -> Option<bool> {
        self.formula(formula, &[])
    }

    /// The word, outside every quantifier.
    pub(super) fn word(&self, scalar: &Scalar) -> Option<U256> {
        self.scalar(scalar, &[])
    }

    /// The sum, outside every quantifier.
    pub(super) fn sum(&self, linear: &Linear) -> Option<BigInt> {
        self.linear(linear, &[])
    }

    fn formula(&self, formula: &Formula, elements: Elements<'_>) -> Option<bool> {
        match formula {
            Formula::Const(truth) => Some(*truth),
            Formula::Atom(atom) => self.atom(atom, elements),
            Formula::Not(inner) => Some(!self.formula(inner, elements)?),
            Formula::And(all) => {
                for one in all {
                    if !self.formula(one, elements)? {
                        return Some(false);
                    }
                }
                Some(true)
            }
            Formula::Or(any) => {
                for one in any {
                    if self.formula(one, elements)? {
                        return Some(true);
                    }
                }
                Some(false)
            }
            Formula::Quantified { every, array, max, body } => {
                let length = u32::try_from(self.array(array, elements)?.len()).ok()?;
                if length > *max {
                    return None;
                }
                for element in 0..length {
                    // `all` ends at the first that fails, `any` at the first that does not.
                    if self.formula(body, &[elements, &[element]].concat())? != *every {
                        return Some(!every);
                    }
                }
                Some(*every)
            }
        }
    }

    fn atom(&self, atom: &Atom, elements: Elements<'_>) -> Option<bool> {
        match atom {
            Atom::Linear { sum, relation } => {
                let sum = self.linear(sum, elements)?;
                Some(match relation {
                    Relation::NotAbove => sum <= BigInt::zero(),
                    Relation::Zero => sum.is_zero(),
                })
            }
            Atom::Same(a, b) => Some(self.scalar(a, elements)? == self.scalar(b, elements)?),
            Atom::Member(item, set) => {
                let item = self.scalar(item, elements)?;
                match set {
                    SetRef::Const(set) => Some(self.rules.sets.get(set.index())?.contains(&item)),
                    SetRef::Param(param) => Some(self.bound.set(*param)?.contains(&item)),
                }
            }
            Atom::Distinct { array, max } => {
                let items = self.array(array, elements)?;
                if u32::try_from(items.len()).ok()? > *max {
                    return None;
                }
                let word = |item: &Value| match item {
                    Value::Word(word, _) => Some(*word),
                    _ => None,
                };
                let words: BTreeSet<U256> = items.iter().map(word).collect::<Option<_>>()?;
                Some(words.len() == items.len())
            }
            Atom::Bytes(path, test) => {
                let bytes = self.bytes(path, elements)?;
                match test {
                    BytesTest::Equals(expected) => Some(bytes == expected),
                    BytesTest::StartsWith(expected) => Some(bytes.starts_with(expected)),
                    BytesTest::Slice { start, bytes: expected } => {
                        Some(slice(bytes, *start, expected.len())? == expected)
                    }
                    BytesTest::SliceIsWord { start, word } => {
                        let slice = slice(bytes, *start, 32)?;
                        Some(slice == self.scalar(word, elements)?.to_be_bytes::<32>())
                    }
                }
            }
        }
    }

    fn linear(&self, linear: &Linear, elements: Elements<'_>) -> Option<BigInt> {
        let mut sum = linear.constant.clone();
        for (coefficient, scalar) in &linear.terms {
            sum += coefficient * number(scalar, self.scalar(scalar, elements)?);
        }
        Some(sum)
    }

    fn scalar(&self, scalar: &Scalar, elements: Elements<'_>) -> Option<U256> {
        match scalar {
            Scalar::Const(word) => Some(*word),
            Scalar::Arg(path, _) => match self.value(path, elements)? {
                Value::Word(word, _) => Some(*word),
                _ => None,
            },
            Scalar::Len(path) => {
                let length = match self.value(path, elements)? {
                    Value::Array(items) => items.len(),
                    Value::Bytes(bytes) => bytes.len(),
                    Value::String(text) => text.len(),
                    Value::Word(..) | Value::Tuple(_) => return None,
                };
                Some(U256::from(length))
            }
            Scalar::Party(path) => {
                let Value::Word(word, _) = self.value(path, elements)? else { return None };
                let meant = match u64::try_from(*word) {
                    Ok(1) => self.action.from,
                    Ok(2) => self.action.to,
                    _ => return Some(*word),
                };
                Some(meant.into_word().into())
            }
            Scalar::Slice { path, start, from_end, length } => {
                let word;
                let bytes = match self.value(path, elements)? {
                    // A `bytesN` stands at the front of its word.
                    Value::Word(of, WordType::FixedBytes(size)) => {
                        word = of.to_be_bytes::<32>();
                        word.get(..usize::from(*size))?
                    }
                    _ => self.bytes(path, elements)?,
                };
                let start = usize::try_from(*start).ok()?;
                let start = if *from_end { bytes.len().checked_sub(start)? } else { start };
                let slice = bytes.get(start..)?.get(..usize::from(*length))?;
                U256::try_from_be_slice(slice)
            }
            Scalar::Field(field) => field.read(self.request, self.action),
            Scalar::Param(param) => self.bound.word(*param),
        }
    }

    fn array(&self, path: &Path, elements: Elements<'_>) -> Option<&[Value]> {
        self.value(path, elements)?.as_array()
    }

    fn bytes(&self, path: &Path, elements: Elements<'_>) -> Option<&[u8]> {
        self.value(path, elements)?.as_bytes()
    }

    fn value(&self, path: &Path, elements: Elements<'_>) -> Option<&Value> {
        Value::at(self.args, path, elements)
    }
}

/// `length` bytes from `start` on, if there are so many.
fn slice(bytes: &[u8], start: u32, length: usize) -> Option<&[u8]> {
    bytes.get(usize::try_from(start).ok()?..)?.get(..length)
}

/// The word as a number. Arguments of type `intN` are the only ones that can be negative.
fn number(scalar: &Scalar, word: U256) -> BigInt {
    let bytes = word.to_be_bytes::<32>();
    match scalar {
        Scalar::Arg(_, WordType::Int(_)) => BigInt::from_signed_bytes_be(&bytes),
        _ => BigInt::from_bytes_be(Sign::Plus, &bytes),
    }
}
