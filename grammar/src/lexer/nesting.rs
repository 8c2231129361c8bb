//! How deep the tree of a token stream can be, counted before any tree is built.

use crate::token::TokenKind;

/// The nesting at one token.
#[derive(Clone, Debug, Default)]
pub(super) struct Nesting {
    outer: Vec<Level>,
    here: Level,
    /// Levels, open prefixes (`if`, `all`, `any`) and the runs before them.
    depth: usize,
}

/// What is counted between two brackets.
#[derive(Clone, Debug, Default)]
struct Level {
    /// Open `if`, `all`, `any`, and the runs before them.
    prefixes: usize,
    /// `not` and `-` in a row, up to here.
    run: usize,
    /// Links of the chain `a.b(c)[d]` that ends here.
    chain: usize,
    /// The longest chain before.
    longest: usize,
}

impl Nesting {
    /// Takes one token in; whether the tree is now deeper than `limit`.
    pub(super) fn deeper_than(&mut self, limit: usize, kind: TokenKind, previous: Option<TokenKind>) -> bool {
        use TokenKind::*;
        let after_operand = previous.is_some_and(TokenKind::ends_operand);
        match kind {
            L_BRACE | L_PAREN | L_BRACK => {
                self.depth += 1 + self.here.run;
                self.outer.push(std::mem::take(&mut self.here));
                return self.depth > limit;
            }
            R_BRACE | R_PAREN | R_BRACK => {
                if let Some(mut level) = self.outer.pop() {
                    self.depth -= 1 + level.run + self.here.prefixes;
                    level.run = 0;
                    level.chain += 1 + self.here.chain.max(self.here.longest);
                    self.here = level;
                }
            }
            KW_IF | KW_ALL | KW_ANY => {
                self.here.prefixes += 1 + self.here.run;
                self.depth += 1 + self.here.run;
                self.here.run = 0;
                self.end_chain();
            }
            KW_NOT => self.here.run += 1,
            MINUS if !after_operand => self.here.run += 1,
            DOT => self.here.chain += 1,
            _ => {
                // What follows a comma, or a word that can follow only a whole operand, is in no open prefix.
                if kind == COMMA || (kind <= KW_WITHIN && after_operand) {
                    self.depth -= self.here.prefixes;
                    self.here.prefixes = 0;
                }
                self.here.run = 0;
                if previous != Some(DOT) {
                    self.end_chain();
                }
            }
        }
        self.depth + self.here.run > limit || self.here.chain > limit
    }

    fn end_chain(&mut self) {
        self.here.longest = self.here.longest.max(self.here.chain);
        self.here.chain = 0;
    }
}
