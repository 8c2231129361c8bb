//! Arguments read in place: one pass says whether every byte is right, and then words are picked out without a tree and
//! without allocating. [`Layout::check`] is written independently of [`decode`](crate::decode()), as a flat program over a small
//! stack, and must always give the same verdict, offset and cause.

mod check;
mod compile;
mod locate;

pub use locate::{Kind, LocateError, Locator, MAX_STEPS};

use crate::{
    Malformed,
    fit::{self, Unfit},
};
use agentpol_model::types::{Member, Step};

/// How the arguments of one function lie in bytes. Compiled once, when a policy is loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    inputs: Vec<Member>,
    plan: compile::Plan,
}

/// Arguments that a [`Layout`] found to be canonical. Words are read out of these only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checked<'a> {
    args: &'a [u8],
}

impl<'a> Checked<'a> {
    /// The arguments, without the selector, and whatever may follow them.
    pub fn args(self) -> &'a [u8] {
        self.args
    }
}

impl Layout {
    /// The layout of arguments of these types.
    pub fn new(inputs: &[Member]) -> Result<Self, Unfit> {
        fit::check(inputs)?;
        Ok(Self { inputs: inputs.to_vec(), plan: compile::Plan::new(inputs) })
    }

    /// The types it was made for.
    pub fn inputs(&self) -> &[Member] {
        &self.inputs
    }

    /// Are these the one encoding of some arguments? Costs O(bytes), whatever they are; allocates nothing. `args` has no
    /// selector, and offsets of faults count from its start.
    pub fn check<'a>(&self, args: &'a [u8]) -> Result<Checked<'a>, Malformed> {
        self.check_trailing(args, 0)
    }

    /// The same, where up to `trailing` bytes may follow the arguments, unread (`trailing N` of an interface).
    pub fn check_trailing<'a>(&self, args: &'a [u8], trailing: u32) -> Result<Checked<'a>, Malformed> {
        check::check(&self.plan, args, trailing).map(|()| Checked { args })
    }

    /// Where the value behind `path` stands.
    pub fn locate(&self, path: &[Step]) -> Result<Locator, LocateError> {
        locate::locate(&self.inputs, path)
    }
}
