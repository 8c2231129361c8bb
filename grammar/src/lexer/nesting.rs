//! How deep the tree of a token stream can be, counted before any tree is built.

use crate::token::TokenKind;

/// The nesting at one token.
#[derive(Clone, Debug, Default)]
pub(super) struct Nesting {
    /// What is open, and how it was around it.
    outer: Vec<(Bracket, Level)>,
    here: Level,
    /// Levels, open prefixes (`if`, `all`, `any`) and the runs before them.
    depth: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bracket {
    Brace,
    Other,
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
    /// Takes one token in, with its neighbours; whether the tree is now deeper than `limit`. Braces without a partner nest
    /// nothing, and nothing but braces reaches over the start of an item: so many broken rules are not one deep one.
    pub(super) fn deeper_than(
        &mut self,
        limit: usize,
        previous: Option<TokenKind>,
        kind: TokenKind,
        next: Option<TokenKind>,
    ) -> bool {
        use TokenKind::*;
        let after_operand = previous.is_some_and(TokenKind::ends_operand);
        match kind {
            L_BRACE => self.open(Bracket::Brace),
            L_PAREN | L_BRACK => self.open(Bracket::Other),
            R_BRACE => while self.close() == Some(Bracket::Other) {},
            R_PAREN | R_BRACK => {
                if self.innermost() == Some(Bracket::Other) {
                    self.close();
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
            kind if kind.is_item_word() && next == Some(IDENT) && previous != Some(DOT) => self.item(),
            _ => {
                // What follows a comma, or a word that can follow only a whole operand, is in no open prefix.
                if kind == COMMA || (after_operand && (kind <= KW_WITHIN || kind.is_effect_word())) {
                    self.end_prefixes();
                }
                self.here.run = 0;
                if previous != Some(DOT) {
                    self.end_chain();
                }
            }
        }
        self.depth + self.here.run > limit || self.here.chain > limit
    }

    fn open(&mut self, bracket: Bracket) {
        self.depth += 1 + self.here.run;
        self.outer.push((bracket, std::mem::take(&mut self.here)));
    }

    fn innermost(&self) -> Option<Bracket> {
        self.outer.last().map(|(bracket, _)| *bracket)
    }

    /// Leaves one bracket: which it was.
    fn close(&mut self) -> Option<Bracket> {
        let (bracket, mut level) = self.outer.pop()?;
        self.depth -= 1 + level.run + self.here.prefixes;
        level.run = 0;
        level.chain += 1 + self.here.chain.max(self.here.longest);
        self.here = level;
        Some(bracket)
    }

    /// The start of an item: no expression goes on.
    fn item(&mut self) {
        while self.innermost() == Some(Bracket::Other) {
            self.close();
        }
        self.end_prefixes();
        self.here = Level::default();
    }

    fn end_prefixes(&mut self) {
        self.depth -= self.here.prefixes;
        self.here.prefixes = 0;
    }

    fn end_chain(&mut self) {
        self.here.longest = self.here.longest.max(self.here.chain);
        self.here.chain = 0;
    }
}
