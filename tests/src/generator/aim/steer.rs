//! Arguments are changed until a condition is true, or just not.

use super::draft::Draft;
use crate::generator::rng::Rng;
use agentpol_abi::Value;
use agentpol_analysis::ruleset::{Atom, BytesTest, Formula, Linear, Relation, SetRef};
use agentpol_model::{U256, types::Path};
use num_bigint::{BigInt, Sign};
use num_integer::Integer;
use num_traits::{Signed, Zero};

impl Draft<'_> {
    /// Towards the condition, or away from it by the least step. What several conditions want of one argument, the last gets.
    pub(super) fn steer(&mut self, formula: &Formula, want: bool, rng: &mut Rng) {
        self.towards(formula, want, &mut Vec::new(), rng);
    }

    fn towards(&mut self, formula: &Formula, want: bool, elements: &mut Vec<usize>, rng: &mut Rng) {
        match formula {
            Formula::Const(_) => {}
            Formula::Not(inner) => self.towards(inner, !want, elements, rng),
            Formula::And(parts) | Formula::Or(parts) => {
                let every = matches!(formula, Formula::And(_)) == want;
                if every {
                    parts.iter().for_each(|part| self.towards(part, want, elements, rng));
                } else if let Some(part) = rng.choose(parts) {
                    self.towards(part, want, elements, rng);
                }
            }
            Formula::Quantified { every, array, max, body } => {
                let most = (*max as usize).min(4);
                let length = if rng.chance(20) { *max as usize } else { rng.between(0, most) };
                self.resize(array, elements, length);
                let length = self.length(array, elements);
                let odd = if *every == want { usize::MAX } else { rng.below(length) };
                for element in 0..length {
                    elements.push(element);
                    self.towards(body, *every != (element == odd), elements, rng);
                    elements.pop();
                }
            }
            Formula::Atom(atom) => self.settle(atom, want, elements, rng),
        }
    }

    fn settle(&mut self, atom: &Atom, want: bool, elements: &[usize], rng: &mut Rng) {
        match atom {
            Atom::Linear { sum, relation } => self.balance(sum, *relation, want, elements, rng),
            Atom::Same(a, b) => {
                let (free, other) = if self.is_free(a) { (a, b) } else { (b, a) };
                if let Some(word) = self.read(other, elements) {
                    self.write(free, if want { word } else { word ^ U256::ONE }, elements);
                }
            }
            Atom::Member(item, set) => {
                let members: Vec<U256> = match set {
                    SetRef::Const(set) => self.rules.sets[set.index()].iter().copied().collect(),
                    SetRef::Param(param) => {
                        self.bound.set(*param).map_or_else(Vec::new, |set| set.iter().copied().collect())
                    }
                };
                if let Some(word) = rng.choose(&members) {
                    let near = *word ^ (U256::ONE << rng.below(160));
                    self.write(item, if want { *word } else { near }, elements);
                }
            }
            Atom::Distinct { array, max } => {
                let most = if rng.chance(20) { *max as usize } else { (*max as usize).min(4) };
                self.resize(array, elements, rng.between(most.min(2), most));
                if let Some(Value::Array(items)) = self.at_mut(array, elements).filter(|_| !want)
                    && let [.., before, last] = items.as_mut_slice()
                {
                    *last = before.clone();
                }
            }
            Atom::Bytes(path, test) => self.spell(path, test, want, elements, rng),
        }
    }

    /// One term is set so that the sum is at its edge.
    fn balance(&mut self, sum: &Linear, relation: Relation, want: bool, elements: &[usize], rng: &mut Rng) {
        let free: Vec<usize> = (0..sum.terms.len()).filter(|n| self.is_free(&sum.terms[*n].1)).collect();
        let Some(&chosen) = rng.choose(&free) else { return };
        let mut rest = sum.constant.clone();
        for (n, (coefficient, scalar)) in sum.terms.iter().enumerate().filter(|(n, _)| *n != chosen) {
            let Some(number) = self.number(scalar, elements) else { return };
            debug_assert_ne!(n, chosen);
            rest += coefficient * number;
        }
        let (coefficient, scalar) = &sum.terms[chosen];
        // c·x + rest <= 0: the greatest x for c > 0, the least for c < 0.
        let edge = if coefficient.is_positive() {
            (-&rest).div_floor(coefficient)
        } else {
            rest.div_ceil(&-coefficient)
        };
        let outwards = if coefficient.is_positive() { 1 } else { -1 };
        let step: i64 = match (relation, want, rng.below(10)) {
            (Relation::NotAbove, true, 0..6) | (Relation::Zero, true, _) => 0,
            (Relation::NotAbove, true, _) => -outwards * rng.below(1_000) as i64,
            (_, false, 0..8) => outwards,
            (_, false, _) => outwards * rng.below(1_000) as i64,
        };
        if let Some(word) = to_word(&(edge + step)) {
            self.write(scalar, word, elements);
        }
    }

    fn spell(&mut self, path: &Path, test: &BytesTest, want: bool, elements: &[usize], rng: &mut Rng) {
        let (start, bytes, exact) = match test {
            BytesTest::Equals(bytes) => (0, bytes.clone(), true),
            BytesTest::StartsWith(bytes) => (0, bytes.clone(), false),
            BytesTest::Slice { start, bytes } => (*start as usize, bytes.clone(), false),
            BytesTest::SliceIsWord { start, word } => {
                let Some(word) = self.read(word, elements) else { return };
                (*start as usize, word.to_be_bytes::<32>().to_vec(), false)
            }
        };
        let Some(value) = self.at_mut(path, elements) else { return };
        let mut content = match value {
            Value::Bytes(old) => old.clone(),
            Value::String(old) => old.clone().into_bytes(),
            _ => return,
        };
        let end = start + bytes.len();
        content.resize(if exact { end } else { content.len().max(end) }, 0);
        content[start..end].copy_from_slice(&bytes);
        if !want {
            match rng.below(3) {
                0 if end > 0 => content.truncate(end - 1),
                1 => content.push(0),
                _ if end > start => content[start + rng.below(end - start)] ^= 1,
                _ => {}
            }
        }
        match (value, String::from_utf8(content.clone())) {
            (Value::Bytes(old), _) => *old = content,
            (Value::String(old), Ok(text)) => *old = text,
            _ => {}
        }
    }
}

/// Two's complement where it is below zero.
fn to_word(number: &BigInt) -> Option<U256> {
    let (sign, bytes) = number.to_bytes_be();
    let word = U256::try_from_be_slice(&bytes)?;
    Some(match sign {
        Sign::Minus if !number.is_zero() => U256::ZERO.wrapping_sub(word),
        _ => word,
    })
}
