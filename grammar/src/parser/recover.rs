//! Tells mistakes: those that the grammar itself knows are here, why a piece could not be read is in `explain`.

use crate::{
    error::{Errors, SyntaxError, SyntaxErrorKind as Kind},
    lexer::Lexed,
    span::Span,
    token::TokenKind,
};

/// Tells what is wrong.
pub(super) struct Reporter<'a> {
    pub(super) text: &'a str,
    pub(super) tokens: &'a Lexed,
    pub(super) errors: Errors,
}

impl<'a> Reporter<'a> {
    pub(super) fn new(text: &'a str, tokens: &'a Lexed, errors: Errors) -> Self {
        Self { text, tokens, errors }
    }

    pub(super) fn finish(self) -> Vec<SyntaxError> {
        self.errors.finish()
    }

    // ---- mistakes that the grammar itself knows

    pub(super) fn internal(&mut self, token: usize, what: &str) {
        self.errors.push(SyntaxError::new(
            Kind::Internal,
            self.span(token),
            format!("the parser failed here: {what}"),
        ));
    }

    pub(super) fn missing_open(&mut self, token: usize) {
        let before = token.checked_sub(1).map(|last| self.span(last));
        if before.is_some_and(|span| self.has(Kind::UnclosedString, |error| error == span)) {
            return; // the string holds it
        }
        let at = self.span(token);
        let error = SyntaxError::new(
            Kind::MissingOpen,
            at,
            format!("expected `{{` before `{}`", self.written(token)),
        );
        let insert = before.map_or(at.start, |span| span.end);
        self.errors.push(error.insert(insert, " {"));
    }

    pub(super) fn missing_close(&mut self, token: usize, owner: usize) {
        if !self.errors.room() {
            return; // counting lines for each would take quadratic time
        }
        let (head, next, last) = (self.span(owner), self.span(token), self.span(token.saturating_sub(1)));
        if self.has(Kind::UnclosedString, |error| error.start > head.start && error.end <= next.start) {
            return; // the string holds it, or what is to be closed
        }
        let line = 1 + self.text.get(..head.start as usize).unwrap_or_default().matches('\n').count();
        let before = match self.tokens.span(token) {
            Some(_) => format!("`{} {}`", self.written(token), self.written(token + 1)),
            None => "the end of the file".into(),
        };
        let head = format!("{} {}", self.written(owner), self.written(owner + 1));
        let message = format!("the `{{` of `{head}` (line {line}) is not closed before {before}");
        self.errors.push(SyntaxError::new(Kind::MissingClose, last, message).insert(last.end, " }"));
    }

    pub(super) fn missing_colon(&mut self, token: usize) {
        let (name, what) = (self.written(token.saturating_sub(1)), self.written(token));
        let message = format!("expected `:` between the rule's name and what it is about: `{name}: {what}`");
        let after = self.span(token.saturating_sub(1)).end;
        self.errors.push(SyntaxError::new(Kind::MissingColon, self.span(token), message).insert(after, ":"));
    }

    pub(super) fn single_equals(&mut self, token: usize) {
        let error =
            SyntaxError::new(Kind::SingleEquals, self.span(token), "`=` defines; to compare, write `==`");
        self.errors.push(error.replace("=="));
    }

    pub(super) fn swapped(&mut self, span: Span, number: &str, unit: &str) {
        let right = format!("{number} {unit}");
        let message = format!("the unit follows the number: `{right}`");
        self.errors.push(SyntaxError::new(Kind::SwappedAmount, span, message).replace(right));
    }

    pub(super) fn mixed_entries(&mut self, token: usize) {
        let message = "either every entry has a key (`{ a: 1, b: 2 }`) or none has (`{ a, b }`)";
        self.errors.push(SyntaxError::new(Kind::MixedEntries, self.span(token), message));
    }

    pub(super) fn closed_slice(&mut self, token: usize) {
        let message = "a slice is written with `..`: `[0..20]` are the first 20 bytes, `[4..]` is all behind the first 4";
        let error = self.error(Kind::BadSlice, token, message);
        // `..=19` has a meaning too, but another one than `..19`.
        let open = self.kind(token + 1) == Some(TokenKind::R_BRACK);
        self.errors.push(if open { error.replace("..") } else { error });
    }

    // ---- tokens

    pub(super) fn error(&self, kind: Kind, token: usize, message: impl Into<String>) -> SyntaxError {
        SyntaxError::new(kind, self.span(token), message)
    }

    pub(super) fn misspelt(&self, token: usize, word: &str) -> SyntaxError {
        let message = format!("`{}`: did you mean `{word}`?", self.written(token));
        self.error(Kind::Misspelt, token, message).replace(word)
    }

    pub(super) fn has(&self, kind: Kind, place: impl Fn(Span) -> bool) -> bool {
        self.errors.iter().any(|error| error.kind == kind && place(error.span))
    }

    pub(super) fn kind(&self, token: usize) -> Option<TokenKind> {
        self.tokens.kind(token)
    }

    /// The place of a token; past the last, the end of the last.
    pub(super) fn span(&self, token: usize) -> Span {
        self.tokens.span_of(token, token + 1)
    }

    pub(super) fn written(&self, token: usize) -> &'a str {
        self.tokens.span(token).and_then(|span| self.text.get(span.range())).unwrap_or_default()
    }

    pub(super) fn found(&self, token: usize) -> String {
        match self.tokens.span(token) {
            Some(_) => format!("`{}`", self.written(token)),
            None => "the end of the file".into(),
        }
    }

    /// Whether a token is the first of its line.
    pub(super) fn new_line(&self, token: usize) -> bool {
        let before = token.checked_sub(1).and_then(|last| self.tokens.span(last));
        let (Some(before), Some(here)) = (before, self.tokens.span(token)) else { return false };
        self.text.get(before.end as usize..here.start as usize).is_some_and(|between| between.contains('\n'))
    }
}
