//! Proves a module safe to run. [`verify`] is the only way to a [`Verified`], engines take nothing else, and nothing here is
//! shared with the compiler that made the module: what is computed there is computed again here.
//!
//! # What is checked
//! Tables (`tables.rs`):
//! - every index is in range; every sorted table is sorted, every name that must be unique is;
//! - chains are distinct, and each one's native token is a token without address there;
//! - one token has one address a chain, one address is one token;
//! - parameters: a domain is not empty and stands only on what is a number; whoever uses a parameter finds the type it needs;
//! - functions: the types can be decoded, the signature is that of the types, the selector that of the signature;
//! - caps, weights and windows are not empty;
//! - the certificate's bounds are of tokens that exist, sorted, each once. (That they hold is not checked here yet.)
//!
//! Rules (`rules.rs`):
//! - `over` is among grants, transitively closed and strict, hence without cycles;
//! - **charges**: the budgets that a rule's effects are charged to are exactly those whose `for` admits it and that it does not
//!   exempt; a `deny` charges none;
//! - an `ask` has enough approvers; `lifts` are among what is accepted.
//!
//! Callables (`callables.rs`):
//! - an arm has a rule at most once, in order; charges are sums of numbers.
//!
//! Kinds (`kinds.rs`):
//! - dispatch leads to one callable: no two have the same kind, chain, target and selector (for typed data: type hash);
//! - a callable has what its kind has: target, function, type; a command's function its own selector, a message's and an
//!   authorisation's one of those that there are; only calls take value.
//!
//! Effects (`effects.rs`):
//! - each is a template, emitted once for each action that is granted and never otherwise (a module has no way to say
//!   anything else); value that goes along is always moved by one of them, without condition;
//! - amounts are sums of numbers, parties are addresses; sums fit 512 bits; so are those who get control.
//!
//! Wrappers (`wrappers.rs`):
//! - every place that something inside is read from exists and has the type that is read there; a part of each element is
//!   named only of arrays that are gone through together.
//!
//! Code (`code.rs`):
//! - operands exist and have the type that the instruction needs, by the function's ABI and the table of fields;
//! - branches lead to an instruction of the same clause or to its end; they cannot lead back;
//! - an array is walked no further than its instruction says;
//! - the steps of the worst case are those in the header, and within the limit.
//!
//! One pass; the cost is linear in the module (times 64 in `over`, see
//! [`MAX_OVER`](agentpol_bytecode::limits::MAX_OVER)).

mod callables;
mod code;
mod effects;
mod kinds;
mod operands;
mod rules;
mod tables;
mod wrappers;

use agentpol_abi::Layout;
use agentpol_bytecode::Module;
use core::fmt;

/// A module that is safe to run.
#[derive(Clone, Debug)]
pub struct Verified {
    module: Module,
    layouts: Vec<Layout>,
}

impl Verified {
    /// What was verified.
    pub fn module(&self) -> &Module {
        &self.module
    }

    /// How the arguments of each function lie, by `FunctionId`.
    pub fn layouts(&self) -> &[Layout] {
        &self.layouts
    }

    /// Both.
    pub fn into_parts(self) -> (Module, Vec<Layout>) {
        (self.module, self.layouts)
    }
}

/// What is wrong with a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyError {
    /// Where, as the text form names it: `callable3.arm0.clause1.code[4]`.
    pub at: String,
    /// What was found and what would be right.
    pub what: String,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.what)
    }
}

impl std::error::Error for VerifyError {}

pub(crate) type Check<T = ()> = Result<T, VerifyError>;

/// Verifies.
pub fn verify(module: Module) -> Result<Verified, VerifyError> {
    tables::chains(&module)?;
    tables::params(&module)?;
    tables::tokens(&module)?;
    tables::contracts(&module)?;
    tables::sets(&module)?;
    tables::budgets(&module)?;
    tables::fee_caps(&module)?;
    tables::certificate(&module)?;
    tables::texts(&module)?;
    let layouts = tables::functions(&module)?;
    rules::rules(&module)?;
    rules::over(&module)?;
    rules::charged(&module)?;
    kinds::dispatch(&module)?;
    let steps = callables::callables(&module, &layouts)?;
    callables::header(&module, steps)?;
    Ok(Verified { module, layouts })
}

/// An error, its place still to be told.
pub(crate) fn wrong<T>(what: impl Into<String>) -> Check<T> {
    Err(VerifyError { at: String::new(), what: what.into() })
}

/// Says what must hold.
pub(crate) fn require(holds: bool, otherwise: &str) -> Check {
    if holds { Ok(()) } else { wrong(otherwise) }
}

/// Tells the place of an error, from the inside out.
pub(crate) trait At {
    fn at(self, place: impl fmt::Display) -> Self;
}

impl<T> At for Check<T> {
    fn at(self, place: impl fmt::Display) -> Self {
        self.map_err(|VerifyError { at, what }| {
            let at = if at.is_empty() { place.to_string() } else { format!("{place}.{at}") };
            VerifyError { at, what }
        })
    }
}

/// Each entry with its number.
pub(crate) fn numbered<T>(items: &[T]) -> impl Iterator<Item = (u32, &T)> {
    (0u32..).zip(items)
}

/// Sorted, each once?
pub(crate) fn is_set<T: Ord>(items: &[T]) -> bool {
    items.is_sorted_by(|a, b| a < b)
}
