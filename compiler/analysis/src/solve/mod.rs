//! Is there a request such that …? Exact on the language, for all values of the parameters, with no solver from outside.
//!
//! | module | holds |
//! | --- | --- |
//! | [`set`] | sets of integers |
//! | [`prop`] | conditions of two values over integer variables |
//! | [`needs`] | how many elements of an array have to be told apart, where bytes are cut |
//! | [`space`] | the variables of a request for one callable |
//! | [`truth`] | where a guard, which has three values, is true and where it is false |
//! | [`search`] | the case split |
//! | [`model`] | what was found, as a request |
//! | [`key`] | a callable with all that the rules say of it, and what can be asked about it |

mod key;
mod model;
mod needs;
mod prop;
mod search;
mod set;
mod space;
mod truth;

pub(crate) use key::{ArmAt, Decides, EffectAt, Key};
pub(crate) use prop::{Prop, Sum};
pub(crate) use search::Assignment;
pub(crate) use set::Set;
pub(crate) use space::{Term, number};
