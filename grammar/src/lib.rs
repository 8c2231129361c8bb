//! Text to syntax tree and back, with no meaning.
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
pub use parser::{Parse, parse};
pub use token::{TokenKind, tokens_pest};
