//! Text to tokens. The only lexer: the parser, the formatter and the editor all read what it makes.
//!
//! Beyond splitting the text it does three things that a grammar would do badly. It matches braces, so that recovery can
//! step over `{ … }` whole. It repairs what other languages spell differently (`&&`, `;`, `'…'`, `10m`): an error with its
//! fix, and a tree as if it had been written right. And it keeps the limits.

mod nesting;
mod repair;

use crate::{
    error::{Errors, SyntaxError, SyntaxErrorKind},
    limits::{MAX_DEPTH, MAX_FILE_BYTES, MAX_TOKENS},
    span::Span,
    token::TokenKind,
};
use logos::Logos;
use nesting::Nesting;
use repair::Repaired;
pub(crate) use repair::{duration_unit, unescape};

/// A text in tokens.
#[derive(Clone, Debug, Default)]
pub struct Lexed {
    /// One character a token: what the grammar parses.
    kinds: String,
    spans: Vec<Span>,
    comments: Vec<Comment>,
    pub(crate) errors: Errors,
    /// A limit was passed: the tokens are not to be parsed.
    pub(crate) refused: bool,
}

/// A comment, or another language's (then an error stands beside it).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comment {
    /// `COMMENT`, `DOC`, `FILE_DOC` or `FOREIGN_TRIVIA`.
    pub kind: TokenKind,
    /// Without the end of its line.
    pub span: Span,
    /// The number of the first token after it.
    pub before: usize,
}

impl Lexed {
    /// How many tokens.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is no token.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The kind of a token.
    pub fn kind(&self, token: usize) -> Option<TokenKind> {
        self.kinds.as_bytes().get(token).and_then(|byte| TokenKind::from_byte(*byte))
    }

    /// The place of a token.
    pub fn span(&self, token: usize) -> Option<Span> {
        self.spans.get(token).copied()
    }

    /// Every token, in order.
    pub fn tokens(&self) -> impl Iterator<Item = (TokenKind, Span)> {
        self.kinds.bytes().filter_map(TokenKind::from_byte).zip(self.spans.iter().copied())
    }

    /// Every comment, in order. What is neither token nor comment is whitespace.
    pub fn comments(&self) -> &[Comment] {
        &self.comments
    }

    /// What the lexer alone found wrong.
    pub fn errors(&self) -> impl Iterator<Item = &SyntaxError> {
        self.errors.iter()
    }

    pub(crate) fn kinds(&self) -> &str {
        &self.kinds
    }

    /// The kinds of a run of tokens.
    pub(crate) fn kinds_in(&self, from: usize, to: usize) -> &str {
        self.kinds.get(from..to).unwrap_or_default()
    }

    /// The bytes from one token to the one before another.
    pub(crate) fn span_of(&self, from: usize, to: usize) -> Span {
        let end = self.spans.last().map_or(0, |span| span.end);
        let start = self.span(from).map_or(end, |span| span.start);
        let end = to.checked_sub(1).and_then(|last| self.span(last)).map_or(start, |span| span.end);
        Span::new(start, end.max(start))
    }

    /// The number of the first token that starts at or after a byte.
    pub(crate) fn first_at(&self, byte: u32) -> usize {
        self.spans.partition_point(|span| span.start < byte)
    }
}

/// Splits a text into tokens.
pub fn lex(text: &str) -> Lexed {
    if text.len() > MAX_FILE_BYTES {
        let mut lexed = Lexed { refused: true, ..Lexed::default() };
        let message = format!("a file has at most {MAX_FILE_BYTES} bytes, this one has {}", text.len());
        lexed.errors.push(SyntaxError::new(SyntaxErrorKind::FileTooLarge, Span::default(), message));
        return lexed;
    }
    let mut lexer = Lexer { text, out: Lexed::default(), open: Vec::new(), stray: Vec::new() };
    for (kind, range) in TokenKind::lexer(text).spanned() {
        let (Ok(start), Ok(end)) = (u32::try_from(range.start), u32::try_from(range.end)) else { break };
        lexer.raw(kind.unwrap_or(TokenKind::BAD), Span::new(start, end));
        if lexer.out.spans.len() > MAX_TOKENS {
            lexer.out.refused = true;
            let message = format!("a file has at most {MAX_TOKENS} tokens");
            lexer.out.errors.push(SyntaxError::new(
                SyntaxErrorKind::TooManyTokens,
                Span::new(start, end),
                message,
            ));
            break;
        }
    }
    lexer.finish()
}

struct Lexer<'t> {
    text: &'t str,
    out: Lexed,
    /// Tokens that are a `{` still open.
    open: Vec<usize>,
    /// Tokens that are a `}` without a `{`.
    stray: Vec<usize>,
}

impl<'t> Lexer<'t> {
    /// One match of the table.
    fn raw(&mut self, kind: TokenKind, span: Span) {
        let written = self.text(span);
        if written == "%" && self.joins_number(span) {
            return;
        }
        match repair::repair(kind, written, span, &mut self.out.errors) {
            Repaired::One(TokenKind::SPACE) => {}
            Repaired::One(kind) if kind.is_trivia() => {
                self.out.comments.push(Comment { kind, span, before: self.out.spans.len() });
            }
            Repaired::One(kind) => self.token(kind, span),
            Repaired::Split(at) => {
                self.token(TokenKind::NUM, Span::new(span.start, at));
                self.token(TokenKind::IDENT, Span::new(at, span.end));
            }
        }
    }

    fn token(&mut self, kind: TokenKind, span: Span) {
        let previous = self.out.len().checked_sub(1).and_then(|last| self.out.kind(last));
        match kind {
            TokenKind::BAD if previous == Some(TokenKind::BAD) && self.grows_last(span) => return,
            TokenKind::IDENT if previous == Some(TokenKind::NUM) => self.check_unit(span),
            TokenKind::L_BRACE => self.open.push(self.out.len()),
            TokenKind::R_BRACE if self.open.pop().is_none() => self.stray.push(self.out.len()),
            _ => {}
        }
        self.out.kinds.push(char::from(kind.byte()));
        self.out.spans.push(span);
    }

    /// `95 %` is one token after all, and an error.
    fn joins_number(&mut self, percent: Span) -> bool {
        let last = self.out.len().checked_sub(1);
        let Some(number) = last
            .filter(|last| self.out.kind(*last) == Some(TokenKind::NUM))
            .and_then(|last| self.out.span(last))
        else {
            return false;
        };
        if self.text(Span::new(number.end, percent.start)).contains('\n') {
            return false;
        }
        let error =
            SyntaxError::new(SyntaxErrorKind::BadCharacter, number.to(percent), repair::SPACED_PERCENT);
        self.out.errors.push(error.replace(format!("{}%", self.text(number))));
        self.out.kinds.pop();
        self.out.spans.pop();
        self.token(TokenKind::PERCENT, number.to(percent));
        true
    }

    /// Characters without a meaning that touch are one token.
    fn grows_last(&mut self, span: Span) -> bool {
        match self.out.spans.last_mut() {
            Some(last) if last.end == span.start => {
                last.end = span.end;
                true
            }
            _ => false,
        }
    }

    /// `mode == 2⏎amount <= 5` would read `2 amount <= 5`.
    fn check_unit(&mut self, unit: Span) {
        let Some(number) = self.out.spans.last().copied() else { return };
        if !self.text(Span::new(number.end, unit.start)).contains('\n') {
            return;
        }
        let message =
            format!("a unit stands on its number's line: `{} {}`", self.text(number), self.text(unit));
        let help = format!("if `{0}` begins a new condition, write `when {0}` or `and {0}`", self.text(unit));
        self.out.errors.push(SyntaxError::new(SyntaxErrorKind::UnitOnNextLine, unit, message).help(help));
    }

    fn text(&self, span: Span) -> &'t str {
        self.text.get(span.range()).unwrap_or_default()
    }

    /// Refuses what nests too deep, once it is known which braces have a partner.
    fn check_nesting(&mut self) {
        let mut nesting = Nesting::default();
        let (mut previous, mut tokens) = (None, self.out.tokens().peekable());
        while let Some((kind, span)) = tokens.next() {
            if nesting.deeper_than(MAX_DEPTH, previous, kind, tokens.peek().map(|(next, _)| *next)) {
                drop(tokens);
                self.out.refused = true;
                let message = format!("nested more than {MAX_DEPTH} deep");
                self.out.errors.push(SyntaxError::new(SyntaxErrorKind::TooDeep, span, message));
                return;
            }
            previous = Some(kind);
        }
    }

    /// Marks the braces without a partner.
    fn finish(mut self) -> Lexed {
        let opened = self.open.iter().map(|token| (*token, TokenKind::STRAY_L));
        let closed = self.stray.iter().map(|token| (*token, TokenKind::STRAY_R));
        for (token, kind) in opened.chain(closed).collect::<Vec<_>>() {
            if token < self.out.kinds.len() {
                self.out.kinds.replace_range(token..=token, char::from(kind.byte()).encode_utf8(&mut [0; 4]));
            }
        }
        self.check_nesting();
        self.out
    }
}

#[cfg(test)]
mod tests;
