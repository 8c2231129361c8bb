//! What the conditions on one callable need of arrays and of bytes: how many elements have to be told apart, and where bytes
//! are cut.
//!
//! A condition cannot count. Of a long array it can ask for elements by number, and for one that is so for each quantifier (`any`, or
//! `all` that does not hold). So elements up to there are told apart, and one more stands for all the rest, however
//! many they are: from any array that satisfies a condition, those asked for are kept in front, and each of the rest is
//! replaced by a copy of one of them. That is exact unless a quantifier stands inside another one on the same array, or an array must
//! be `distinct`; then all elements that the interface admits are told apart, or as many as [`MAX_ELEMENTS`].

use crate::ruleset::{Atom, BytesTest, Formula, Linear, Scalar};
use agentpol_model::types::{Path, Step};
use std::collections::{BTreeMap, BTreeSet};

/// Elements of an array that are told apart at most.
pub(crate) const MAX_ELEMENTS: u32 = 12;

/// An array.
#[derive(Clone, Debug, Default)]
pub(crate) struct Elements {
    /// Told apart by their number.
    pub(crate) numbered: u32,
    /// Quantifiers on it, each with the arrays of those around it.
    quantifiers: Vec<Vec<Path>>,
    /// Must they differ from each other? In an array that the interface admits so many elements of.
    distinct: u32,
    /// The most that a quantifier admits.
    pub(crate) max: u32,
}

/// Where `bytes` are cut, counted from the front and from the end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cuts {
    pub(crate) front: BTreeSet<u32>,
    pub(crate) back: BTreeSet<u32>,
}

/// All of it, by the place with every element's number left out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Needs {
    pub(crate) arrays: BTreeMap<Path, Elements>,
    pub(crate) cuts: BTreeMap<Path, Cuts>,
    counts: BTreeMap<Path, (u32, bool)>,
}

/// The place, whichever element it is of.
pub(crate) fn pattern(path: &Path) -> Path {
    Path(
        path.0
            .iter()
            .map(|step| match step {
                Step::Member(n) => Step::Member(*n),
                Step::Index(_) | Step::Element(_) => Step::Element(0),
            })
            .collect(),
    )
}

impl Needs {
    /// What they need together.
    pub(crate) fn of<'f>(
        formulas: impl IntoIterator<Item = &'f Formula>,
        sums: impl IntoIterator<Item = &'f Linear>,
        scalars: impl IntoIterator<Item = &'f Scalar>,
    ) -> Self {
        let mut needs = Self::default();
        formulas.into_iter().for_each(|formula| needs.formula(formula, &mut Vec::new()));
        sums.into_iter().for_each(|sum| needs.linear(sum));
        scalars.into_iter().for_each(|scalar| needs.scalar(scalar));
        let arrays: Vec<Path> = needs.arrays.keys().cloned().collect();
        for array in arrays {
            let count = needs.count(&array, &mut Vec::new());
            needs.counts.insert(array, count);
        }
        needs
    }

    /// How many elements of this array are told apart, and whether one more stands for any number of others.
    pub(crate) fn told_apart(&self, array: &Path) -> (u32, bool) {
        self.counts.get(&pattern(array)).copied().unwrap_or((0, true))
    }

    fn count(&self, array: &Path, around: &mut Vec<Path>) -> (u32, bool) {
        let Some(elements) = self.arrays.get(array) else { return (0, true) };
        let most = MAX_ELEMENTS.max(elements.numbered);
        let all = |exact: bool| {
            let max = elements.max.max(elements.distinct);
            // Whoever is told apart wholly needs nobody for the rest, unless there can be more than are told apart.
            (most.min(max.max(elements.numbered)), exact)
        };
        if elements.distinct > 0 || around.contains(array) {
            return all(false);
        }
        around.push(array.clone());
        let mut needed = elements.numbered;
        for quantifier in &elements.quantifiers {
            if quantifier.contains(array) {
                around.pop();
                return all(false);
            }
            let times = quantifier.iter().map(|outer| self.count(outer, around));
            let times =
                times.fold(1_u32, |product, (count, _)| product.saturating_mul(count.saturating_add(1)));
            needed = needed.saturating_add(times);
        }
        around.pop();
        if needed > most { all(false) } else { (needed, true) }
    }

    fn formula(&mut self, formula: &Formula, around: &mut Vec<Path>) {
        match formula {
            Formula::Const(_) => {}
            Formula::Atom(atom) => self.atom(atom),
            Formula::Not(inner) => self.formula(inner, around),
            Formula::And(all) | Formula::Or(all) => all.iter().for_each(|one| self.formula(one, around)),
            Formula::Quantified { array, max, body, .. } => {
                self.path(array);
                let array = pattern(array);
                let elements = self.arrays.entry(array.clone()).or_default();
                elements.quantifiers.push(around.clone());
                elements.max = elements.max.max(*max);
                around.push(array);
                self.formula(body, around);
                around.pop();
            }
        }
    }

    fn atom(&mut self, atom: &Atom) {
        match atom {
            Atom::Linear { sum, .. } => self.linear(sum),
            Atom::Same(a, b) => {
                self.scalar(a);
                self.scalar(b);
            }
            Atom::Member(item, _) => self.scalar(item),
            Atom::Distinct { array, max } => {
                self.path(array);
                let elements = self.arrays.entry(pattern(array)).or_default();
                elements.distinct = elements.distinct.max(*max);
            }
            Atom::Bytes(path, test) => {
                self.path(path);
                let cuts = self.cuts.entry(pattern(path)).or_default();
                let mut cut = |at: usize| cuts.front.insert(u32::try_from(at).unwrap_or(u32::MAX));
                match test {
                    BytesTest::Equals(bytes) | BytesTest::StartsWith(bytes) => {
                        cut(0);
                        cut(bytes.len());
                    }
                    BytesTest::Slice { start, bytes } => {
                        cut(*start as usize);
                        cut((*start as usize).saturating_add(bytes.len()));
                    }
                    BytesTest::SliceIsWord { start, word } => {
                        cut(*start as usize);
                        cut((*start as usize).saturating_add(32));
                        self.scalar(word);
                    }
                }
            }
        }
    }

    fn linear(&mut self, linear: &Linear) {
        linear.terms.iter().for_each(|(_, scalar)| self.scalar(scalar));
    }

    fn scalar(&mut self, scalar: &Scalar) {
        match scalar {
            Scalar::Const(_) | Scalar::Field(_) | Scalar::Param(_) => {}
            Scalar::Arg(path, _) | Scalar::Len(path) | Scalar::Party(path) => self.path(path),
            Scalar::Slice { path, start, from_end, length } => {
                self.path(path);
                let cuts = self.cuts.entry(pattern(path)).or_default();
                let length = u32::from(*length);
                if *from_end {
                    cuts.back.extend([*start, start.saturating_sub(length)]);
                } else {
                    cuts.front.extend([*start, start.saturating_add(length)]);
                }
            }
        }
    }

    /// Elements that are asked for by their number.
    fn path(&mut self, path: &Path) {
        for (depth, step) in path.0.iter().enumerate() {
            if let Step::Index(n) = step {
                let array = pattern(&Path(path.0.iter().take(depth).copied().collect()));
                let elements = self.arrays.entry(array).or_default();
                elements.numbered = elements.numbered.max(n.saturating_add(1));
            }
        }
    }
}
