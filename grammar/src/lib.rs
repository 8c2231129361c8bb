//! Text to syntax tree and back, with no meaning.
//!
//! | what | where |
//! | --- | --- |
//! | the productions | `agentpol.pest`, over the tokens of `tokens.pest` |
//! | [`lex`]: text to tokens and comments, limits, repairs | `src/token.rs`, `src/lexer` |
//! | [`parse`]: tokens to tree and errors, both always | `src/parser`, the only place that knows of pest |
//! | the tree | [`ast`] |
//! | [`format()`]: tokens and tree to canonical text | `src/format` |
//!
//! ```
//! let parse = agentpol_grammar::parse("policy p on ethereum\nfees at most 0.01 ETH\n");
//! assert!(parse.errors.is_empty());
//! assert_eq!(parse.file.items.len(), 2);
//! ```
#![expect(
    missing_docs,
    reason = "struct fields of the tree are the source's own words; items are documented"
)]

extern crate alloc; // what pest generates without `std` names it

pub mod ast;
mod error;
mod format;
mod lexer;
pub mod limits;
mod parser;
pub mod span;
mod spelling;
mod token;

pub use error::{SyntaxError, SyntaxErrorKind};
pub use format::{WIDTH, format};
pub use lexer::{Comment, Lexed, lex};
pub use parser::{Parse, parse, parse_expr};
pub use token::{TokenKind, tokens_pest};
