//! Text to syntax tree and back, with no meaning.
#![expect(
    missing_docs,
    reason = "struct fields of the tree are the source's own words; items are documented"
)]

pub mod ast;
pub mod span;
