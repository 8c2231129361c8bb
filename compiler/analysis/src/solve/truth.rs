//! Where a condition of three values is true, and where it is false, as conditions of two.
//!
//! `and` and `or` go left to right and stop early, so a part counts only where those before it are defined: `a and b` is
//! false where `a` is, or where `a` is true and `b` false.

use super::{
    prop::{Lit, Prop, Sum},
    set::Set,
    space::{Meaning, Space, Term, number},
};
use crate::ruleset::{Atom, BytesTest, Formula, Linear, Scalar, SetRef};
use agentpol_model::{
    ids::ParamId,
    policy::Relation,
    types::{Path, Step, Type, WordType},
};
use num_bigint::{BigInt, Sign};

/// The numbers of the elements that the quantifiers around a condition are looking at, the outermost first.
type Elements = Vec<u32>;

/// Literals of one condition at most. Beyond, the search is partial.
const MAX_SIZE: usize = 20_000;

impl Space<'_> {
    /// Where it is true.
    pub(crate) fn holds(&self, formula: &Formula) -> Prop {
        self.truth(formula, true, &Vec::new())
    }

    /// Where it is false.
    pub(crate) fn fails(&self, formula: &Formula) -> Prop {
        self.truth(formula, false, &Vec::new())
    }

    /// A sum outside every quantifier, and where it is defined.
    pub(crate) fn sum(&self, linear: &Linear) -> (Sum, Prop) {
        self.linear(linear, &Vec::new())
    }

    fn truth(&self, formula: &Formula, want: bool, elements: &Elements) -> Prop {
        match formula {
            Formula::Const(truth) => {
                if *truth == want {
                    Prop::True
                } else {
                    Prop::False
                }
            }
            Formula::Atom(atom) => self.atom(atom, want, elements),
            Formula::Not(inner) => self.truth(inner, !want, elements),
            Formula::And(all) => self.junction(all, true, want, elements),
            Formula::Or(any) => self.junction(any, false, want, elements),
            Formula::Quantified { every, array, max, body } => {
                self.quantified(*every, (array, *max), body, want, elements)
            }
        }
    }

    /// Of `and` (`every`) and `or`.
    fn junction(&self, parts: &[Formula], every: bool, want: bool, elements: &Elements) -> Prop {
        if want == every {
            return Prop::all(parts.iter().map(|part| self.truth(part, every, elements)).collect::<Vec<_>>());
        }
        // One decides, and those before it let it.
        let (mut before, mut cases) = (Vec::new(), Vec::new());
        for part in parts {
            let decides = self.truth(part, want, elements);
            cases.push(Prop::all(before.iter().cloned().chain([decides])));
            if self.may_be_undefined(part) {
                before.push(self.truth(part, every, elements));
            }
        }
        Prop::any(cases)
    }

    fn quantified(
        &self,
        every: bool,
        (array, max): (&Path, u32),
        body: &Formula,
        want: bool,
        elements: &Elements,
    ) -> Prop {
        let array = ground(array, elements);
        let exists = self.exists(&array);
        let (told_apart, exact) = self.needs.told_apart(&array);
        let fits = self.below(&array, max.saturating_add(1));
        let mut conditions = vec![exists, fits];
        let count = match self.ty(&array) {
            Some(Type::FixedArray(_, n)) => *n,
            // One more than are told apart stands for the rest.
            _ => max.min(told_apart.saturating_add(1)),
        };
        if !exact && count < max {
            self.leave_out();
            conditions.push(self.below(&array, count.saturating_add(1)));
        }
        let undefined = self.may_be_undefined(body);
        let (mut before, mut cases, mut all) = (Vec::new(), Vec::new(), Vec::new());
        for n in 0..count {
            let inside: Elements = elements.iter().copied().chain([n]).collect();
            let there = self.at_least(&array, n.saturating_add(1));
            if want == every {
                let beyond = self.below(&array, n.saturating_add(1));
                all.push(Prop::any([beyond, self.truth(body, every, &inside)]));
            } else {
                let decides = self.truth(body, want, &inside);
                cases.push(Prop::all(before.iter().cloned().chain([there, decides])));
                if undefined {
                    before.push(self.truth(body, every, &inside));
                }
            }
        }
        conditions.push(if want == every { Prop::all(all) } else { Prop::any(cases) });
        let whole = Prop::all(conditions);
        if whole.size() > MAX_SIZE {
            return self.leave_out();
        }
        whole
    }

    /// Can it read what is not there?
    pub(super) fn may_be_undefined(&self, formula: &Formula) -> bool {
        let path = |path: &Path| path.0.iter().any(|step| matches!(step, Step::Index(_)));
        let scalar = |scalar: &Scalar| match scalar {
            Scalar::Const(_) | Scalar::Param(_) => false,
            Scalar::Arg(at, _) | Scalar::Len(at) | Scalar::Party(at) => path(at),
            Scalar::Field(field) => field.optional(),
            Scalar::Slice { .. } => true,
        };
        match formula {
            Formula::Const(_) => false,
            Formula::Atom(Atom::Linear { sum, .. }) => sum.terms.iter().any(|(_, s)| scalar(s)),
            Formula::Atom(Atom::Same(a, b)) => scalar(a) || scalar(b),
            Formula::Atom(Atom::Member(item, _)) => scalar(item),
            Formula::Atom(Atom::Bytes(at, BytesTest::Equals(_) | BytesTest::StartsWith(_))) => path(at),
            Formula::Atom(Atom::Bytes(..) | Atom::Distinct { .. }) | Formula::Quantified { .. } => true,
            Formula::Not(inner) => self.may_be_undefined(inner),
            Formula::And(parts) | Formula::Or(parts) => parts.iter().any(|part| self.may_be_undefined(part)),
        }
    }

    fn atom(&self, atom: &Atom, want: bool, elements: &Elements) -> Prop {
        match atom {
            Atom::Linear { sum, relation } => {
                let (sum, defined) = self.linear(sum, elements);
                Prop::all([defined, self.compare(sum, *relation, want)])
            }
            Atom::Same(a, b) => {
                let (a, a_defined) = self.term(&grounded(a, elements));
                let (b, b_defined) = self.term(&grounded(b, elements));
                Prop::all([a_defined, b_defined, self.same(&a, &b, want)])
            }
            Atom::Member(item, set) => {
                let (item, defined) = self.term(&grounded(item, elements));
                let rules = self.rules;
                let is = match set {
                    SetRef::Const(id) => match rules.sets.get(id.index()) {
                        Some(set) => self.among(&item, set, want),
                        None => Prop::False,
                    },
                    SetRef::Param(param) => self.member(&item, *param, want),
                };
                Prop::all([defined, is])
            }
            Atom::Distinct { array, max } => self.distinct(&ground(array, elements), *max, want),
            Atom::Bytes(path, test) => self.bytes_test(&ground(path, elements), test, want, elements),
        }
    }

    pub(super) fn member(&self, item: &Term, param: ParamId, want: bool) -> Prop {
        match item {
            Term::Var { var, shift: 0, signed: false } => Prop::Lit(Lit::Member(*var, param, want)),
            Term::Const(word) => {
                let meaning = Meaning::Word(Scalar::Const(*word));
                let var = self.var(meaning, || Set::point(number(*word)));
                Prop::Lit(Lit::Member(var, param, want))
            }
            // No checked policy asks whether `bytes4` or a signed number is a member of a set of addresses.
            Term::Var { .. } => self.leave_out(),
        }
    }

    fn distinct(&self, array: &Path, max: u32, want: bool) -> Prop {
        let exists = self.exists(array);
        let (told_apart, _) = self.needs.told_apart(array);
        let fits = self.below(array, max.saturating_add(1));
        let mut conditions = vec![exists, fits];
        let count = match self.ty(array) {
            Some(Type::FixedArray(_, n)) => *n,
            _ => max.min(told_apart),
        };
        if count < max && !matches!(self.ty(array), Some(Type::FixedArray(..))) {
            self.leave_out();
            conditions.push(self.below(array, count.saturating_add(1)));
        }
        let element = |n: u32| Path(array.0.iter().copied().chain([Step::Index(n)]).collect());
        let Some(Type::Word(ty)) = self.ty(&element(0)) else { return Prop::False };
        let ty: WordType = *ty;
        let mut pairs = Vec::new();
        for later in 1..count {
            let beyond = self.below(array, later.saturating_add(1));
            let there = self.at_least(array, later.saturating_add(1));
            let (b, _) = self.term(&Scalar::Arg(element(later), ty));
            for earlier in 0..later {
                let (a, _) = self.term(&Scalar::Arg(element(earlier), ty));
                let same = self.same(&a, &b, !want);
                pairs.push(match want {
                    true => Prop::any([beyond.clone(), same]),
                    false => Prop::all([there.clone(), same]),
                });
            }
        }
        conditions.push(if want { Prop::all(pairs) } else { Prop::any(pairs) });
        Prop::all(conditions)
    }

    fn bytes_test(&self, path: &Path, test: &BytesTest, want: bool, elements: &Elements) -> Prop {
        let exists = self.exists(path);
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let value = |bytes: &[u8]| Sum::constant(BigInt::from_bytes_be(Sign::Plus, bytes));
        let equal = |space: &Self, start: u32, bytes: &[u8]| {
            if bytes.is_empty() {
                return if want { Prop::True } else { Prop::False };
            }
            let part = space.bytes(path, false, start, start.saturating_add(length(bytes)));
            space.parts_are(&part, &value(bytes), want)
        };
        let is = match test {
            BytesTest::Equals(bytes) => {
                let n = length(bytes);
                let same_length = {
                    let is = self.length(path);
                    self.compare(is.minus(&Sum::constant(n)), Relation::Zero, want)
                };
                let same = equal(self, 0, bytes);
                if want { Prop::all([same_length, same]) } else { Prop::any([same_length, same]) }
            }
            BytesTest::StartsWith(bytes) => {
                let n = length(bytes);
                let same = equal(self, 0, bytes);
                if want {
                    Prop::all([self.at_least(path, n), same])
                } else {
                    Prop::any([self.below(path, n), same])
                }
            }
            BytesTest::Slice { start, bytes } => {
                let reaches = self.at_least(path, start.saturating_add(length(bytes)));
                Prop::all([reaches, equal(self, *start, bytes)])
            }
            BytesTest::SliceIsWord { start, word } => {
                let reaches = self.at_least(path, start.saturating_add(32));
                let part = self.bytes(path, false, *start, start.saturating_add(32));
                let (word, defined) = self.term(&grounded(word, elements));
                let sum = match &word {
                    Term::Var { signed: true, .. } => return self.leave_out(),
                    other => self.read(other),
                };
                Prop::all([reaches, defined, self.compare(part.minus(&sum), Relation::Zero, want)])
            }
        };
        Prop::all([exists, is])
    }

    /// Parts of bytes are these bytes if each part is its own.
    fn parts_are(&self, parts: &Sum, value: &Sum, want: bool) -> Prop {
        let mut rest = value.constant.clone();
        let mut each: Vec<_> = parts.terms.iter().map(|(var, unit)| (unit.clone(), *var)).collect();
        each.sort_unstable_by(|a, b| b.0.cmp(&a.0));
        let mut out = Vec::new();
        for (unit, var) in each {
            let digit = &rest / &unit;
            rest -= &digit * &unit;
            let sum = Sum::var(var).minus(&Sum::constant(digit));
            out.push(self.compare(sum, Relation::Zero, want));
        }
        if want { Prop::all(out) } else { Prop::any(out) }
    }

    fn linear(&self, linear: &Linear, elements: &Elements) -> (Sum, Prop) {
        let mut sum = Sum::constant(linear.constant.clone());
        let mut defined = Vec::new();
        for (coefficient, scalar) in &linear.terms {
            let (term, is_defined) = self.term(&grounded(scalar, elements));
            sum = sum.plus(coefficient, &self.read(&term));
            defined.push(is_defined);
        }
        (sum, Prop::all(defined))
    }
}

/// The place of the elements that are being looked at.
fn ground(path: &Path, elements: &[u32]) -> Path {
    Path(
        path.0
            .iter()
            .map(|step| match step {
                Step::Element(depth) => {
                    Step::Index(elements.get(usize::from(*depth)).copied().unwrap_or_default())
                }
                other => *other,
            })
            .collect(),
    )
}

fn grounded(scalar: &Scalar, elements: &[u32]) -> Scalar {
    match scalar {
        Scalar::Const(_) | Scalar::Field(_) | Scalar::Param(_) => scalar.clone(),
        Scalar::Arg(path, ty) => Scalar::Arg(ground(path, elements), *ty),
        Scalar::Len(path) => Scalar::Len(ground(path, elements)),
        Scalar::Party(path) => Scalar::Party(ground(path, elements)),
        Scalar::Slice { path, start, from_end, length } => Scalar::Slice {
            path: ground(path, elements),
            start: *start,
            from_end: *from_end,
            length: *length,
        },
    }
}
