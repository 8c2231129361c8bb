//! Random policies and requests, the same for the same seed.
//!
//! | module | makes |
//! | --- | --- |
//! | [`rules`] | rule sets straight away: every shape that the normal form admits, also those no source comes to |
//! | [`source`] | policies as text |
//! | [`spending`] | small policies about money |
//! | [`tiny`] | rule sets so small that every request can be tried |
//! | [`mod@aim`] | requests for a rule set, at the edges of its conditions |
//! | [`change`](mod@change) | of a policy, one that is a little different |
//! | [`shrink`] | of a policy that fails, the smallest that still does |
//! | [`rng`] | the numbers behind all of them |

pub mod aim;
pub mod change;
pub mod rng;
pub mod rules;
pub mod shrink;
pub mod source;
pub mod spending;
pub mod tiny;

pub use aim::{OwnedAction, OwnedRequest, aim};
pub use rng::Rng;
