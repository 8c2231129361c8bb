//! Conditions to forward branches. A condition is laid out for one outcome to leave for and to go on at the other; `and`, `or`
//! and `not` are then only a matter of who leaves where.

use super::{
    Fault,
    number::{self, word},
};
use agentpol_analysis::ruleset::{Atom, Formula, Linear, Relation, Scalar, SetRef};
use agentpol_bytecode::{Branch, Exit, Instruction, Order, limits::MAX_CLAUSE_INSTRUCTIONS};
use agentpol_model::{
    policy::BytesTest,
    types::{Path, Step, WordType},
};
use num_bigint::{BigInt, Sign};
use num_integer::Integer as _;
use num_traits::Signed as _;

/// The code of a clause: leaves by `fail` where the condition does not hold, runs off its end where it does.
pub(super) fn lower(formula: &Formula) -> Result<Vec<Instruction>, Fault> {
    let mut flow = Flow::default();
    flow.leave(formula, false, Way::Fail, &mut Vec::new())?;
    Ok(flow.finish())
}

/// Where a branch leads, before distances are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Fail,
    To(Label),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Label(usize);

/// Instructions with the labels they lead to.
#[derive(Default)]
struct Flow {
    code: Vec<(Instruction, Option<Label>)>,
    /// By label: the instruction it stands before.
    places: Vec<usize>,
}

impl Flow {
    fn label(&mut self) -> Label {
        self.places.push(usize::MAX);
        Label(self.places.len() - 1)
    }

    /// The label stands before whatever comes next.
    fn here(&mut self, label: Label) {
        let next = self.code.len();
        if let Some(place) = self.places.get_mut(label.0) {
            *place = next;
        }
    }

    fn push(&mut self, instruction: Instruction, to: Option<Label>) -> Result<(), Fault> {
        if self.code.len() >= MAX_CLAUSE_INSTRUCTIONS {
            return Err(Fault::ClauseTooLong);
        }
        self.code.push((instruction, to));
        Ok(())
    }

    fn test(&mut self, when: bool, way: Way, make: impl FnOnce(Branch) -> Instruction) -> Result<(), Fault> {
        match way {
            Way::Fail => self.push(make(Branch { when, to: Exit::Fail }), None),
            Way::To(label) => self.push(make(Branch { when, to: Exit::Skip(0) }), Some(label)),
        }
    }

    fn go(&mut self, way: Way) -> Result<(), Fault> {
        match way {
            Way::Fail => self.push(Instruction::Fail {}, None),
            Way::To(label) => self.push(Instruction::Jump { skip: 0 }, Some(label)),
        }
    }

    /// Leaves by `way` if the condition comes out as `when`, goes on otherwise. `elements` are those that the enclosing
    /// quantifiers are at.
    fn leave(
        &mut self,
        formula: &Formula,
        when: bool,
        way: Way,
        elements: &mut Vec<u32>,
    ) -> Result<(), Fault> {
        match formula {
            Formula::Const(known) if *known == when => self.go(way),
            Formula::Const(_) => Ok(()),
            Formula::Atom(atom) => self.atom(atom, when, way, elements),
            Formula::Not(inner) => self.leave(inner, !when, way, elements),
            Formula::And(parts) => self.connective(parts, false, when, way, elements),
            Formula::Or(parts) => self.connective(parts, true, when, way, elements),
            Formula::Quantified { every, array, max, body } => {
                if let Some(fused) = Fused::of(array, body, elements) {
                    let Fused { word, ty, set } = fused;
                    let (every, max) = (*every, *max);
                    return self.test(when, way, |branch| Instruction::Each {
                        every,
                        word,
                        ty,
                        max,
                        set,
                        branch,
                    });
                }
                let array = place(array, elements);
                self.quantified(Unrolled { every: *every, array, max: *max, body }, when, way, elements)
            }
        }
    }

    /// `decisive` is the outcome of a part that settles the whole: false for `and`, true for `or`.
    fn connective(
        &mut self,
        parts: &[Formula],
        decisive: bool,
        when: bool,
        way: Way,
        elements: &mut Vec<u32>,
    ) -> Result<(), Fault> {
        if when == decisive {
            return parts.iter().try_for_each(|part| self.leave(part, decisive, way, elements));
        }
        let on = self.label();
        let Some((last, before)) = parts.split_last() else { return self.go(way) };
        for part in before {
            self.leave(part, decisive, Way::To(on), elements)?;
        }
        self.leave(last, when, way, elements)?;
        self.here(on);
        Ok(())
    }

    /// The body for the first element, if there is one; then for the second; up to the declared maximum.
    fn quantified(
        &mut self,
        whole: Unrolled<'_>,
        when: bool,
        way: Way,
        elements: &mut Vec<u32>,
    ) -> Result<(), Fault> {
        let Unrolled { every, array, max, body } = whole;
        let on = self.label();
        // A body that comes out as `!every` settles the whole; running out of elements gives `every`.
        let (settled, exhausted) = if when == every { (Way::To(on), way) } else { (way, Way::To(on)) };
        self.push(Instruction::Bound { path: array.clone(), max }, None)?;
        for element in 0..max {
            let path = array.clone();
            self.test(false, exhausted, |branch| Instruction::Longer { path, than: element, branch })?;
            elements.push(element);
            self.leave(body, !every, settled, elements)?;
            elements.pop();
        }
        if when == every {
            self.go(way)?;
        }
        self.here(on);
        Ok(())
    }

    fn atom(&mut self, atom: &Atom, when: bool, way: Way, elements: &[u32]) -> Result<(), Fault> {
        match atom {
            Atom::Same(left, right) => {
                let (left, right) = (scalar(left, elements), scalar(right, elements));
                self.test(when, way, |branch| Instruction::Same { left, right, branch })
            }
            Atom::Member(word, set) => {
                let (word, set) = (scalar(word, elements), *set);
                self.test(when, way, |branch| Instruction::In { word, set, branch })
            }
            Atom::Bytes(path, test) => {
                let (path, test) = (place(path, elements), bytes_test(test, elements));
                self.test(when, way, |branch| Instruction::Bytes { path, test, branch })
            }
            Atom::Distinct { array, max } => {
                let (mut word, max) = (place(array, elements), *max);
                word.0.push(Step::Element(0));
                self.test(when, way, |branch| Instruction::Distinct { word, max, branch })
            }
            Atom::Linear { sum, relation } => {
                if let Some((word, order, bound)) = comparison(sum, *relation) {
                    let word = scalar(word, elements);
                    return self.test(when, way, |branch| Instruction::Compare {
                        word,
                        order,
                        bound,
                        branch,
                    });
                }
                let mut sum = number::sum(sum)?;
                for term in &mut sum.terms {
                    term.word = scalar(&term.word, elements);
                }
                let (terms, constant, relation) = (sum.terms, sum.constant, *relation);
                self.test(when, way, |branch| Instruction::Sum { terms, constant, relation, branch })
            }
        }
    }

    /// Labels become distances; they only ever stand further on.
    fn finish(self) -> Vec<Instruction> {
        let Self { code, places } = self;
        let code = code.into_iter().enumerate().map(|(at, (mut instruction, label))| {
            if let Some(place) = label.and_then(|label| places.get(label.0)) {
                let distance = u32::try_from(place.saturating_sub(at + 1)).unwrap_or(u32::MAX);
                lead(&mut instruction, distance);
            }
            instruction
        });
        code.collect()
    }
}

fn lead(instruction: &mut Instruction, distance: u32) {
    match instruction {
        Instruction::Same { branch, .. }
        | Instruction::Compare { branch, .. }
        | Instruction::Sum { branch, .. }
        | Instruction::In { branch, .. }
        | Instruction::Each { branch, .. }
        | Instruction::Bytes { branch, .. }
        | Instruction::Longer { branch, .. }
        | Instruction::Distinct { branch, .. } => branch.to = Exit::Skip(distance),
        Instruction::Jump { skip } => *skip = distance,
        Instruction::Bound { .. } | Instruction::Fail {} => {}
    }
}

struct Unrolled<'a> {
    every: bool,
    array: Path,
    max: u32,
    body: &'a Formula,
}

/// `all x in xs: x in SET`, which is one instruction.
struct Fused {
    word: Path,
    ty: WordType,
    set: SetRef,
}

impl Fused {
    fn of(array: &Path, body: &Formula, elements: &[u32]) -> Option<Self> {
        let Formula::Atom(Atom::Member(Scalar::Arg(path, ty), set)) = body else { return None };
        let depth = u8::try_from(elements.len()).ok()?;
        let rest = path.0.strip_prefix(array.0.as_slice())?.strip_prefix(&[Step::Element(depth)])?;
        let mut word = place(array, elements);
        word.0.push(Step::Element(0));
        word.0.extend(place(&Path(rest.to_vec()), elements).0);
        let elements_in = word.0.iter().filter(|step| matches!(step, Step::Element(_))).count();
        (elements_in == 1).then_some(Self { word, ty: *ty, set: *set })
    }
}

/// A single word against a constant, where that is all there is to a sum: `c·x + k ⋈ 0` is `x ⋈ −k/c`, rounded to the side that
/// keeps its meaning.
fn comparison(sum: &Linear, relation: Relation) -> Option<(&Scalar, Order, agentpol_model::U256)> {
    let [(coefficient, scalar)] = sum.terms.as_slice() else { return None };
    let signed = matches!(scalar, Scalar::Arg(_, WordType::Int(_)));
    if signed || coefficient.sign() == Sign::NoSign {
        return None;
    }
    let (order, bound): (Order, BigInt) = match relation {
        Relation::NotAbove if coefficient.is_positive() => {
            (Order::AtMost, (-&sum.constant).div_floor(coefficient))
        }
        Relation::NotAbove => (Order::AtLeast, (-&sum.constant).div_ceil(coefficient)),
        Relation::Zero => {
            let (quotient, rest) = (-&sum.constant).div_rem(coefficient);
            if rest.sign() != Sign::NoSign {
                return None;
            }
            (Order::Equal, quotient)
        }
    };
    // A bound that is no word is always or never met; the sum says the same and still reads the word.
    Some((scalar, order, word(&bound)?))
}

/// The path with the elements that enclosing quantifiers are at.
fn place(path: &Path, elements: &[u32]) -> Path {
    let steps = path.0.iter().map(|step| match step {
        Step::Element(depth) => {
            elements.get(usize::from(*depth)).map_or(*step, |element| Step::Index(*element))
        }
        other => *other,
    });
    Path(steps.collect())
}

fn scalar(scalar: &Scalar, elements: &[u32]) -> Scalar {
    match scalar {
        Scalar::Arg(path, ty) => Scalar::Arg(place(path, elements), *ty),
        Scalar::Len(path) => Scalar::Len(place(path, elements)),
        Scalar::Party(path) => Scalar::Party(place(path, elements)),
        Scalar::Slice { path, start, from_end, length } => {
            let (path, start) = (place(path, elements), *start);
            Scalar::Slice { path, start, from_end: *from_end, length: *length }
        }
        Scalar::Const(_) | Scalar::Field(_) | Scalar::Param(_) => scalar.clone(),
    }
}

fn bytes_test(test: &BytesTest, elements: &[u32]) -> BytesTest {
    match test {
        BytesTest::SliceIsWord { start, word } => {
            BytesTest::SliceIsWord { start: *start, word: scalar(word, elements) }
        }
        BytesTest::Equals(_) | BytesTest::StartsWith(_) | BytesTest::Slice { .. } => test.clone(),
    }
}
