//! THE table of instructions. A row is an opcode, a name, a mnemonic, operands and a cost, with its documentation; encoding,
//! decoding, the text form, the reference and the engines' exhaustive dispatch ([`Visitor`]) are made from it.

use crate::{
    module::Term,
    text::{AssembleError, Cursor, Printer, Written},
    wire::{DecodeError, Reader, Wire},
};
use agentpol_model::{
    U256,
    policy::{BytesTest, Relation, Scalar, SetRef},
    types::{Path, WordType},
};

use crate::module::Integer;

/// Where a test goes on one of its outcomes; on the other it goes on with the next instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Branch {
    /// The outcome that leaves.
    pub when: bool,
    /// Where to.
    pub to: Exit,
}

impl Branch {
    /// The usual one: a conjunct that does not hold.
    pub const UNLESS_FAIL: Branch = Branch { when: false, to: Exit::Fail };
}

/// Where a branch leads. There is no way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The clause does not hold.
    Fail,
    /// That many instructions are passed over. One past the last is the end of the clause, which holds.
    Skip(u32),
}

/// How a word is compared with a constant, both read without sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// `<=`
    AtMost,
    /// `>=`
    AtLeast,
    /// `==`
    Equal,
}

/// Hands the whole table to a macro.
#[macro_export]
macro_rules! for_each_instruction {
    ($callback:ident) => { $callback! {
        /// Two words are the same.
        1 Same same "same" { left: Scalar, right: Scalar, branch: Branch } cost 1;
        /// A word, read without sign, stands in this order to a constant.
        2 Compare compare "compare" { word: Scalar, order: Order, bound: U256, branch: Branch } cost 1;
        /// A sum of words with integer coefficients, and a constant, stands in this relation to zero. Exact: 512 bits for each
        /// sign.
        3 Sum sum "sum" { terms: Vec<Term>, constant: Integer, relation: Relation, branch: Branch } cost 1 + terms.len() as u64;
        /// A word is in a set.
        4 In member "in" { word: Scalar, set: SetRef, branch: Branch } cost 1;
        /// Every (or some) element of an array, or the part of it that the path names, is in a set. The path has one
        /// `[*0]`. Undefined if the array has more than `max` elements.
        5 Each each "each" { every: bool, word: Path, ty: WordType, max: u32, set: SetRef, branch: Branch } cost 1 + u64::from(*max);
        /// A test of `bytes` or `string`.
        6 Bytes bytes "bytes" { path: Path, test: BytesTest, branch: Branch } cost 1 + $crate::instruction::pattern_words(test);
        /// An array, `bytes` or `string` is longer than a constant.
        7 Longer longer "longer" { path: Path, than: u32, branch: Branch } cost 1;
        /// Undefined if an array has more elements than its interface declares.
        8 Bound bound "bound" { path: Path, max: u32 } cost 1;
        /// Passes over instructions.
        9 Jump jump "jump" { skip: u32 } cost 1;
        /// The clause does not hold.
        10 Fail fail "fail" { } cost 1;
        /// No two elements of an array are the same in the word, or the part, that the path names. The path has one `[*0]`.
        /// Undefined if the array has more than `max` elements.
        11 Distinct distinct "distinct" { word: Path, max: u32, branch: Branch } cost 1 + u64::from(*max) * u64::from(*max);
    } };
}

/// Words that a bytes test compares at most.
pub fn pattern_words(test: &BytesTest) -> u64 {
    match test {
        BytesTest::Equals(bytes) | BytesTest::StartsWith(bytes) | BytesTest::Slice { bytes, .. } => {
            (bytes.len() as u64).div_ceil(32)
        }
        BytesTest::SliceIsWord { .. } => 1,
    }
}

macro_rules! table {
    ($($(#[doc = $doc:literal])* $opcode:literal $name:ident $method:ident $mnemonic:literal { $($operand:ident: $ty:ty),* } cost $cost:expr;)*) => {
        /// One instruction.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[expect(missing_docs, reason = "operands are named by their role; the variants carry the table's text")]
        pub enum Instruction { $($(#[doc = $doc])* $name { $($operand: $ty),* },)* }

        /// One method per instruction: who adds a row is told by the compiler what else there is to write.
        #[expect(missing_docs, reason = "the table's text stands on the variants")]
        #[expect(clippy::ptr_arg, reason = "operands are handed over as the table's types")]
        pub trait Visitor {
            type Output;
            $(fn $method(&mut self, $($operand: &$ty),*) -> Self::Output;)*
        }

        impl Instruction {
            /// Calls the method of this instruction.
            pub fn accept<V: Visitor>(&self, visitor: &mut V) -> V::Output {
                match self { $(Instruction::$name { $($operand),* } => visitor.$method($($operand),*),)* }
            }

            /// Its name in the text form.
            pub fn mnemonic(&self) -> &'static str {
                match self { $(Instruction::$name { .. } => $mnemonic,)* }
            }

            /// Steps it takes at most.
            #[expect(unused_variables, reason = "most costs do not look at their operands")]
            pub fn cost(&self) -> u64 {
                match self { $(Instruction::$name { $($operand),* } => $cost,)* }
            }
        }

        impl Wire for Instruction {
            fn encode(&self, out: &mut Vec<u8>) {
                match self { $(Instruction::$name { $($operand),* } => { out.push($opcode); $($operand.encode(out);)* })* }
            }

            fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                let error = reader.error("an opcode");
                match reader.byte()? {
                    $($opcode => Ok(Instruction::$name { $($operand: Wire::decode(reader)?),* }),)*
                    _ => Err(error),
                }
            }
        }

        impl Written for Instruction {
            const LINES: bool = true;

            fn print(&self, out: &mut Printer) {
                out.word(self.mnemonic());
                match self { $(Instruction::$name { $($operand),* } => { $(out.space(); $operand.print(out);)* })* }
            }

            fn parse(cursor: &mut Cursor<'_>) -> Result<Self, AssembleError> {
                let error = cursor.error("an instruction");
                match cursor.word()? {
                    $($mnemonic => Ok(Instruction::$name { $($operand: Written::parse(cursor)?),* }),)*
                    _ => Err(error),
                }
            }
        }

        /// A row of the table, for the reference.
        #[derive(Clone, Copy, Debug)]
        pub struct Row {
            /// The byte it is encoded as.
            pub opcode: u8,
            /// Its name in the text form.
            pub mnemonic: &'static str,
            /// Its operands: name and type.
            pub operands: &'static [(&'static str, &'static str)],
            /// The steps it takes at most, as an expression over the operands.
            pub cost: &'static str,
            /// What it does.
            pub doc: &'static str,
        }

        /// The table.
        pub const TABLE: &[Row] = &[$(Row {
            opcode: $opcode,
            mnemonic: $mnemonic,
            operands: &[$((stringify!($operand), stringify!($ty))),*],
            cost: stringify!($cost),
            doc: concat!($($doc, "\n"),*),
        }),*];
    };
}

for_each_instruction!(table);

impl Instruction {
    /// Its branch, if it is a test.
    pub fn branch(&self) -> Option<Branch> {
        match self {
            Instruction::Same { branch, .. }
            | Instruction::Compare { branch, .. }
            | Instruction::Sum { branch, .. }
            | Instruction::In { branch, .. }
            | Instruction::Each { branch, .. }
            | Instruction::Bytes { branch, .. }
            | Instruction::Longer { branch, .. }
            | Instruction::Distinct { branch, .. } => Some(*branch),
            Instruction::Bound { .. } | Instruction::Jump { .. } | Instruction::Fail { .. } => None,
        }
    }
}
