//! Code: what each instruction needs, where it can lead, what it can cost.

use crate::{At, Check, operands::Sight, require, wrong};
use agentpol_abi::layout::Kind;
use agentpol_bytecode::{
    Branch, Exit, Instruction, Integer, Order, Sum, Term, instruction::Visitor,
    limits::MAX_CLAUSE_INSTRUCTIONS,
};
use agentpol_model::{
    U256,
    policy::{BytesTest, Relation, Scalar, SetRef},
    types::{Path, Step, WordType},
};

/// Checks a clause or condition and gives its worst case. Goes backward: since distances are unsigned, what can follow an
/// instruction has always been computed.
pub(crate) fn code(sight: Sight<'_>, code: &[Instruction]) -> Check<u64> {
    require(code.len() <= MAX_CLAUSE_INSTRUCTIONS, "more instructions than a clause may have").at("code")?;
    // By the distance from the end: at the end there is nothing more to do.
    let mut remaining: Vec<u64> = Vec::with_capacity(code.len() + 1);
    remaining.push(0);
    for (index, instruction) in code.iter().enumerate().rev() {
        let mut operands = Operands { sight };
        let follow = instruction.accept(&mut operands).and_then(|()| follow(instruction, &remaining));
        let follow = follow.at(format_args!("code[{index}]"))?;
        remaining.push(instruction.cost().saturating_add(follow));
    }
    Ok(remaining.last().copied().unwrap_or(0))
}

/// The most that can still follow an instruction.
fn follow(instruction: &Instruction, remaining: &[u64]) -> Check<u64> {
    let after = |skip: u32| {
        let at = remaining.len().checked_sub(1 + skip as usize).and_then(|at| remaining.get(at));
        at.copied().map_or_else(|| wrong("a branch leads past the end of the clause"), Ok)
    };
    match instruction {
        Instruction::Fail {} => Ok(0),
        Instruction::Jump { skip } => after(*skip),
        other => match other.branch() {
            Some(Branch { to: Exit::Skip(skip), .. }) => Ok(after(0)?.max(after(skip)?)),
            Some(Branch { to: Exit::Fail, .. }) | None => after(0),
        },
    }
}

/// One method for each instruction.
struct Operands<'a> {
    sight: Sight<'a>,
}

impl Operands<'_> {
    /// What stands in each element of an array.
    fn of_elements(&self, word: &Path) -> Check<Kind> {
        let current = word.0.iter().filter(|step| matches!(step, Step::Element(_))).count();
        let first = word.0.iter().position(|step| *step == Step::Element(0));
        let Some(at) = first.filter(|_| current == 1) else {
            return wrong("the path names no current element, or more than one");
        };
        let array = Path(word.0.iter().take(at).copied().collect());
        self.sight.measured(&array)?;
        self.sight.locate_any(word)
    }
}

impl Visitor for Operands<'_> {
    type Output = Check;

    fn same(&mut self, left: &Scalar, right: &Scalar, _: &Branch) -> Check {
        let (left, right) = (self.sight.word(left)?, self.sight.word(right)?);
        require(left.compares_with(right), "words of different types are never the same")
    }

    fn compare(&mut self, word: &Scalar, _: &Order, _: &U256, _: &Branch) -> Check {
        self.sight.unsigned(word)
    }

    fn sum(&mut self, terms: &Vec<Term>, constant: &Integer, _: &Relation, _: &Branch) -> Check {
        self.sight.sum(&Sum { terms: terms.clone(), constant: *constant })
    }

    fn member(&mut self, word: &Scalar, set: &SetRef, _: &Branch) -> Check {
        let class = self.sight.word(word)?;
        self.sight.set(*set, class)
    }

    fn each(&mut self, _: &bool, word: &Path, ty: &WordType, _: &u32, set: &SetRef, _: &Branch) -> Check {
        let is = self.of_elements(word)? == Kind::Word(*ty);
        require(is, "the element is not of the type that is written")?;
        let class = self.sight.word(&Scalar::Arg(Path(at_first(word)), *ty))?;
        self.sight.set(*set, class)
    }

    fn bytes(&mut self, path: &Path, test: &BytesTest, _: &Branch) -> Check {
        require(self.sight.locate(path)? == Kind::Bytes, "`bytes` or `string` is needed")?;
        match test {
            BytesTest::SliceIsWord { word, .. } => self.sight.word(word).map(drop),
            BytesTest::Equals(_) | BytesTest::StartsWith(_) | BytesTest::Slice { .. } => Ok(()),
        }
    }

    fn longer(&mut self, path: &Path, _: &u32, _: &Branch) -> Check {
        self.sight.measured(path)
    }

    fn bound(&mut self, path: &Path, _: &u32) -> Check {
        self.sight.measured(path)
    }

    fn distinct(&mut self, word: &Path, _: &u32, _: &Branch) -> Check {
        let is = matches!(self.of_elements(word)?, Kind::Word(_));
        require(is, "elements that are one word each are needed")
    }

    fn jump(&mut self, _: &u32) -> Check {
        Ok(())
    }

    fn fail(&mut self) -> Check {
        Ok(())
    }
}

/// The path at the first element: every element has the same type.
fn at_first(path: &Path) -> Vec<Step> {
    path.0.iter().map(|step| if *step == Step::Element(0) { Step::Index(0) } else { *step }).collect()
}
