//! What a failed test saw and what would have passed: one method per instruction.

use crate::{policy::Policy, run::Frame};
use agentpol_abi::{Layout, layout::Kind};
use agentpol_bytecode::{Branch, Integer, Order, Term, instruction::Visitor};
use agentpol_model::{
    U256,
    policy::{BytesTest, Function, Relation, Scalar, SetRef},
    request::Field,
    types::{Path, Step, WordType},
};
use alloy_primitives::{U512, hex};

/// Members of a set that are listed.
pub(super) const MAX_LISTED: usize = 5;

/// What there is to describe a test with.
pub(super) struct Describe<'a> {
    pub(super) policy: &'a Policy,
    pub(super) frame: &'a Frame<'a>,
    pub(super) function: Option<&'a Function>,
    pub(super) layout: Option<&'a Layout>,
    /// The outcome that would have passed; `None` if the test was undefined.
    pub(super) wanted: Option<bool>,
}

/// What was seen, and what would have passed if it can be said better than the clause says it.
type Said = (String, Option<String>);

impl Describe<'_> {
    /// With everything else as it is, what this word would have had to be.
    fn solve(
        &self,
        terms: &[Term],
        constant: &Integer,
        relation: Relation,
        wanted: bool,
        at: usize,
    ) -> Option<String> {
        let term = terms.get(at)?;
        let steerable = match &term.word {
            Scalar::Arg(_, ty) => !matches!(ty, WordType::Int(_)),
            Scalar::Field(field) => *field == Field::Value,
            Scalar::Len(_)
            | Scalar::Const(_)
            | Scalar::Param(_)
            | Scalar::Party(_)
            | Scalar::Slice { .. } => false,
        };
        if !steerable {
            return None;
        }
        let (mut above, mut below) = (U512::ZERO, U512::ZERO);
        let mut add = |negative: bool, magnitude: U512| {
            let side = if negative { &mut below } else { &mut above };
            *side = side.saturating_add(magnitude);
        };
        add(constant.negative, constant.magnitude);
        for (_, other) in terms.iter().enumerate().filter(|(n, _)| *n != at) {
            let word = self.read(&other.word)?;
            let negative = matches!(other.word, Scalar::Arg(_, WordType::Int(_))) && word.bit(255);
            let magnitude = if negative { word.wrapping_neg() } else { word };
            add(
                other.coefficient.negative != negative,
                other.coefficient.magnitude.saturating_mul(U512::from(magnitude)),
            );
        }
        // c·x + above − below ⋈ 0, with c made positive.
        let flipped = term.coefficient.negative;
        let (more, less) = if flipped { (above, below) } else { (below, above) };
        let other = more.checked_sub(less)?;
        let (quotient, rest) = other.div_rem(term.coefficient.magnitude);
        let (sign, bound) = match (relation, wanted, flipped) {
            (Relation::Zero, true, _) => ("==", rest.is_zero().then_some(quotient)?),
            (Relation::Zero, false, _) => ("!=", rest.is_zero().then_some(quotient)?),
            (Relation::NotAbove, true, false) => ("<=", quotient),
            (Relation::NotAbove, false, false) => (">", quotient),
            (Relation::NotAbove, true, true) if rest.is_zero() => (">=", quotient),
            (Relation::NotAbove, true, true) => (">=", quotient.saturating_add(U512::ONE)),
            (Relation::NotAbove, false, true) if rest.is_zero() => ("<", quotient),
            (Relation::NotAbove, false, true) => ("<=", quotient),
        };
        let bound = (bound.bit_len() <= 256).then(|| bound.wrapping_to::<U256>())?;
        Some(format!("{} {sign} {}", self.name(&term.word), self.show(bound, self.unit(&term.word))))
    }

    fn length(&self, path: &Path) -> Scalar {
        Scalar::Len(path.clone())
    }
}

impl Describe<'_> {
    /// The first elements of the array that the path goes through.
    fn elements(&self, word: &Path, ty: WordType) -> String {
        let array: Vec<Step> = word.0.iter().copied().take_while(|step| *step != Step::Element(0)).collect();
        let count = self.read(&Scalar::Len(Path(array))).unwrap_or_default();
        let at = |index: u32| {
            let steps =
                word.0.iter().map(|step| if *step == Step::Element(0) { Step::Index(index) } else { *step });
            Scalar::Arg(Path(steps.collect()), ty)
        };
        let elements = (0..count.saturating_to::<u32>()).map(at).take(MAX_LISTED);
        let saw: Vec<_> = elements.map(|element| self.saw(&element)).collect();
        if saw.is_empty() { format!("{}: no elements", self.path(word)) } else { saw.join(", ") }
    }
}

impl Visitor for Describe<'_> {
    type Output = Said;

    fn same(&mut self, left: &Scalar, right: &Scalar, _: &Branch) -> Said {
        let (word, other) = if matches!(left, Scalar::Const(_)) { (right, left) } else { (left, right) };
        let saw = if matches!(other, Scalar::Const(_) | Scalar::Param(_)) {
            self.saw(word)
        } else {
            format!("{}, {}", self.saw(word), self.saw(other))
        };
        let unit = self.unit(word);
        let passes = self.wanted.zip(self.read(other)).map(|(wanted, value)| {
            format!("{} {} {}", self.name(word), if wanted { "==" } else { "!=" }, self.show(value, unit))
        });
        (saw, passes)
    }

    fn compare(&mut self, word: &Scalar, order: &Order, bound: &U256, _: &Branch) -> Said {
        let passes = self.wanted.map(|wanted| {
            let sign = match (order, wanted) {
                (Order::AtMost, true) => "<=",
                (Order::AtMost, false) => ">",
                (Order::AtLeast, true) => ">=",
                (Order::AtLeast, false) => "<",
                (Order::Equal, true) => "==",
                (Order::Equal, false) => "!=",
            };
            format!("{} {sign} {}", self.name(word), self.show(*bound, self.unit(word)))
        });
        (self.saw(word), passes)
    }

    fn sum(&mut self, terms: &Vec<Term>, constant: &Integer, relation: &Relation, _: &Branch) -> Said {
        let saw: Vec<_> = terms.iter().map(|term| self.saw(&term.word)).collect();
        let passes = self.wanted.map(|wanted| {
            let ways = (0..terms.len()).filter_map(|at| self.solve(terms, constant, *relation, wanted, at));
            ways.collect::<Vec<_>>().join(" or ")
        });
        (saw.join(", "), passes.filter(|passes| !passes.is_empty()))
    }

    fn member(&mut self, word: &Scalar, set: &SetRef, _: &Branch) -> Said {
        let passes = self.wanted.map(|wanted| {
            let sign = if wanted { "in" } else { "not in" };
            format!("{} {sign} {}", self.name(word), self.set(*set))
        });
        (self.saw(word), passes)
    }

    fn each(&mut self, every: &bool, word: &Path, ty: &WordType, _: &u32, set: &SetRef, _: &Branch) -> Said {
        let name = self.path(word);
        // The first element that is outside settles `all`; for `any` each of them is.
        let saw = self.elements(word, *ty);
        let passes = self.wanted.map(|wanted| {
            let which = if *every { "every" } else { "some" };
            let not = if wanted { "" } else { "not " };
            format!("{not}{which} {name} in {}", self.set(*set))
        });
        (saw, passes)
    }

    fn bytes(&mut self, path: &Path, test: &BytesTest, _: &Branch) -> Said {
        let name = self.path(path);
        let found = self.layout.and_then(|layout| layout.locate(&path.0).ok());
        let found = found.as_ref().and_then(|locator| locator.bytes(self.frame.args, &[]));
        let saw = found
            .map_or_else(|| format!("{name} is not there"), |bytes| format!("{name} = {}", brief(bytes)));
        let not = if self.wanted == Some(false) { "not " } else { "" };
        let passes = match test {
            BytesTest::Equals(bytes) => format!("{not}{name} == {}", brief(bytes)),
            BytesTest::StartsWith(bytes) => format!("{not}{name} starts with {}", brief(bytes)),
            BytesTest::Slice { start, bytes } => {
                format!("{not}{name} from byte {start} on: {}", brief(bytes))
            }
            BytesTest::SliceIsWord { start, word } => {
                format!("{not}{name} from byte {start} on: {}", self.shown(word))
            }
        };
        (saw, Some(passes))
    }

    fn longer(&mut self, path: &Path, _: &u32, _: &Branch) -> Said {
        (self.saw(&self.length(path)), None)
    }

    fn bound(&mut self, path: &Path, max: &u32) -> Said {
        let length = self.length(path);
        (self.saw(&length), Some(format!("{} <= {max}", self.name(&length))))
    }

    fn distinct(&mut self, word: &Path, _: &u32, _: &Branch) -> Said {
        let found = self.layout.and_then(|layout| layout.locate(&word.0).ok());
        let ty = match found.map(|locator| locator.kind()) {
            Some(Kind::Word(ty)) => ty,
            _ => WordType::Uint(256),
        };
        let name = self.path(word);
        let passes = self.wanted.map(|wanted| {
            let which = if wanted { "no two" } else { "two" };
            format!("{which} of {name} the same")
        });
        (self.elements(word, ty), passes)
    }

    fn jump(&mut self, _: &u32) -> Said {
        ("nothing".to_owned(), None)
    }

    fn fail(&mut self) -> Said {
        ("nothing: no request passes".to_owned(), None)
    }
}

/// Bytes, shortened.
fn brief(bytes: &[u8]) -> String {
    match bytes.get(..32) {
        Some(start) if bytes.len() > 32 => format!("0x{}… ({} bytes)", hex::encode(start), bytes.len()),
        _ => format!("0x{}", hex::encode(bytes)),
    }
}
