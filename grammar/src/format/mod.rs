//! The formatter: one canonical layout.
//!
//! It writes the tokens of the text again, in their order, with the tree to say where lines begin and may break. So it can
//! neither lose nor change anything but whitespace and trailing commas, and a comment stays between the tokens that it was
//! between. What the writer keeps of the source's own layout: one empty line where there were any between items, clauses and
//! other pieces; and `{ … }` on one line for a single piece that was written so, if it fits.

mod exprs;
mod items;
mod layout;
mod writer;

use crate::{SyntaxError, lex, parse};
use writer::Writer;

/// Columns that a line keeps to where it can be broken.
pub const WIDTH: usize = 110;

/// The text in canonical layout; or what is wrong with it.
///
/// ```
/// let tidy = agentpol_grammar::format("budget   b :5 USDC per 1h //mine\n\n\n\nfees at most 1 ETH");
/// assert_eq!(tidy.unwrap(), "budget b: 5 USDC per 1h //mine\n\nfees at most 1 ETH\n");
/// ```
pub fn format(text: &str) -> Result<String, Vec<SyntaxError>> {
    let parse = parse(text);
    if !parse.errors.is_empty() {
        return Err(parse.errors);
    }
    let tokens = lex(text);
    let mut writer = Writer::new(text, &tokens);
    writer.file(&parse.file);
    Ok(layout::print(&writer.finish(), WIDTH))
}

#[cfg(test)]
mod tests;
