//! Instructions: one method for each.

use super::{Compiler, next};
use crate::{
    bind::BindError,
    program::{Each, FAIL, Op, Span, Test, Word},
};
use agentpol_bytecode::{self as bytecode, Branch, Exit, Instruction, Integer, Order, instruction::Visitor};
use agentpol_model::{
    U256,
    policy::{BytesTest, Relation, Scalar, SetRef},
    types::{Path, Step, WordType},
};

impl Compiler<'_> {
    /// Code that stands by itself.
    pub(super) fn condition(&mut self, code: &[Instruction], layout: Option<u32>) -> Result<Span, BindError> {
        let start = next(&self.program.ops)?;
        self.code(code, layout)?;
        let end = next(&self.program.ops)?;
        // No code is the same code everywhere.
        Ok(if start == end { 0..0 } else { start..end })
    }

    pub(super) fn code(&mut self, code: &[Instruction], layout: Option<u32>) -> Result<(), BindError> {
        for instruction in code {
            let at = next(&self.program.ops)?;
            let cost = u32::try_from(instruction.cost()).map_err(|_| BindError::TooLarge)?;
            let (test, branch) = instruction.accept(&mut Resolve { compiler: self, layout })?;
            let exit = match branch.to {
                Exit::Fail => FAIL,
                Exit::Skip(skip) => {
                    at.checked_add(1).and_then(|on| on.checked_add(skip)).ok_or(BindError::TooLarge)?
                }
            };
            self.program.ops.push(Op { test, when: branch.when, exit, cost });
        }
        Ok(())
    }
}

/// One method for each instruction: what it tests and where it goes.
struct Resolve<'c, 'a> {
    compiler: &'c mut Compiler<'a>,
    layout: Option<u32>,
}

impl Resolve<'_, '_> {
    /// The array whose elements the path goes through, and the word in each.
    fn elements(&mut self, word: &Path) -> Result<(u32, u32), BindError> {
        let array: Vec<Step> = word.0.iter().copied().take_while(|step| *step != Step::Element(0)).collect();
        let array = self.compiler.locator(&Path(array), self.layout)?;
        Ok((array, self.compiler.locator(word, self.layout)?))
    }
}

type Resolved = Result<(Test, Branch), BindError>;

impl Visitor for Resolve<'_, '_> {
    type Output = Resolved;

    fn same(&mut self, left: &Scalar, right: &Scalar, branch: &Branch) -> Resolved {
        let (left, right) = (self.compiler.word(left, self.layout)?, self.compiler.word(right, self.layout)?);
        Ok((Test::Same(left, right), *branch))
    }

    fn compare(&mut self, word: &Scalar, order: &Order, bound: &U256, branch: &Branch) -> Resolved {
        let word = self.compiler.word(word, self.layout)?;
        Ok((self.compiler.comparison(word, *order, *bound)?, *branch))
    }

    fn sum(
        &mut self,
        terms: &Vec<bytecode::Term>,
        constant: &Integer,
        relation: &Relation,
        branch: &Branch,
    ) -> Resolved {
        let sum = bytecode::Sum { terms: terms.clone(), constant: *constant };
        let sum = self.compiler.sum(&sum, self.layout)?;
        if let Some((word, order, bound)) = sum.comparison(*relation) {
            return Ok((self.compiler.comparison(word, order, bound)?, *branch));
        }
        let at = next(&self.compiler.program.sums)?;
        self.compiler.program.sums.push((sum, *relation));
        Ok((Test::Sum(at), *branch))
    }

    fn member(&mut self, word: &Scalar, set: &SetRef, branch: &Branch) -> Resolved {
        let (word, set) = (self.compiler.word(word, self.layout)?, self.compiler.set(*set)?);
        let test = match (word, self.compiler.addresses(set)?) {
            (Word::Head(at), Some(addresses)) => Test::HeadAmong(at, addresses),
            _ => Test::In(word, set),
        };
        Ok((test, *branch))
    }

    fn each(
        &mut self,
        every: &bool,
        word: &Path,
        _: &WordType,
        max: &u32,
        set: &SetRef,
        branch: &Branch,
    ) -> Resolved {
        let (every, max, set) = (*every, *max, self.compiler.set(*set)?);
        let (array, word) = self.elements(word)?;
        let at = next(&self.compiler.program.eaches)?;
        self.compiler.program.eaches.push(Each { every, array, word, max, set });
        Ok((Test::Each(at), *branch))
    }

    fn bytes(&mut self, path: &Path, test: &BytesTest, branch: &Branch) -> Resolved {
        let place = self.compiler.locator(path, self.layout)?;
        let mut pattern = |bytes: &Vec<u8>| {
            let at = next(&self.compiler.program.bytes)?;
            self.compiler.program.bytes.push(bytes.clone());
            Ok(at)
        };
        let test = match test {
            BytesTest::Equals(bytes) => Test::Equals(place, pattern(bytes)?),
            BytesTest::StartsWith(bytes) => Test::StartsWith(place, pattern(bytes)?),
            BytesTest::Slice { start, bytes } => Test::Slice { place, start: *start, bytes: pattern(bytes)? },
            BytesTest::SliceIsWord { start, word } => {
                Test::SliceIsWord { place, start: *start, word: self.compiler.word(word, self.layout)? }
            }
        };
        Ok((test, *branch))
    }

    fn longer(&mut self, path: &Path, than: &u32, branch: &Branch) -> Resolved {
        let place = self.compiler.locator(path, self.layout)?;
        Ok((Test::Longer(place, *than), *branch))
    }

    fn bound(&mut self, path: &Path, max: &u32) -> Resolved {
        let place = self.compiler.locator(path, self.layout)?;
        // Never leaves: it is undefined, or goes on.
        Ok((Test::Bound(place, *max), Branch { when: true, to: Exit::Fail }))
    }

    fn distinct(&mut self, word: &Path, max: &u32, branch: &Branch) -> Resolved {
        let (array, word) = self.elements(word)?;
        Ok((Test::Distinct { array, word, max: *max }, *branch))
    }

    fn jump(&mut self, skip: &u32) -> Resolved {
        Ok((Test::Always, Branch { when: true, to: Exit::Skip(*skip) }))
    }

    fn fail(&mut self) -> Resolved {
        Ok((Test::Always, Branch { when: true, to: Exit::Fail }))
    }
}
