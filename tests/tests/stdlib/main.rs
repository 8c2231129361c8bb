//! The standard library against data that nobody on the project wrote: token lists, chain lists and published ABIs.
//!
//! | module | holds |
//! | --- | --- |
//! | `compile` | all of it compiles |
//! | `read` | the library's declarations, out of its syntax trees |
//! | `world` | chains, tokens and contracts: ids, decimals, addresses |
//! | `signatures` | functions: signatures, selectors, payability |
//! | `typed` | typed data: types' hashes, domains |
//! | `standards` | every function of a token standard that moves value, described or refused |
//! | `programs` | real calls of routers, command by command; bytes behind the arguments |
//! | `text` | every declaration is documented, every module parses |

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod compile;
mod programs;
mod read;
mod signatures;
mod standards;
mod text;
mod typed;
mod world;
