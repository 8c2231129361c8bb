//! What an embedder adds around the sandboxed evaluator.
//!
//! | module | holds |
//! | --- | --- |
//! | [`ledger`] | the ledger of caps: what is signed, what has landed, what may still be taken |

pub mod ledger;
