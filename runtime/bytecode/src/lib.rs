//! agentpol's bytecode: what a compiled policy is made of, its one binary form and its text form.
//!
//! | module | holds |
//! | --- | --- |
//! | [`instruction`] | THE table of instructions |
//! | [`module`] | what a module says |
//! | [`wire`] | the binary form: one encoding per module, total decoding |
//! | [`text`] | the text form: disassembler and assembler |
//! | [`limits`] | how large a module may be |
//!
//! A guard is a list of clauses, a clause a list of instructions. An instruction tests something and, on one outcome, leaves
//! its clause (`fail`: the clause does not hold) or skips ahead. Running off the end of a clause means that it holds. Reading
//! what a request does not have stops the guard as *undefined*. There are no registers: operands name constants, arguments,
//! request fields and parameters, so nothing can be read before it is written. A distance is an unsigned number of
//! instructions to skip, so a loop cannot be written down.

pub mod instruction;
pub mod limits;
pub mod module;
pub mod text;
pub mod wire;

mod records;

pub use instruction::{Branch, Exit, Instruction, Order};
pub use module::{
    Arm, Callable, Clause, ControlTemplate, EffectTemplate, Integer, Module, Place, Rule, Sum, Term, Text,
};
pub use text::{AssembleError, assemble, disassemble};
pub use wire::{DecodeError, decode, encode, hash};
