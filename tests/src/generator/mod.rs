//! Random policies and requests, the same for the same seed.
//!
//! | module | makes |
//! | --- | --- |
//! | [`rules`] | rule sets straight away: every shape that the normal form admits, also those no source comes to |
//! | [`aim`] | requests for a rule set, at the edges of its conditions |
//! | [`rng`] | the numbers behind both |

pub mod aim;
pub mod rng;
pub mod rules;

pub use aim::{OwnedAction, OwnedRequest, aim};
pub use rng::Rng;
