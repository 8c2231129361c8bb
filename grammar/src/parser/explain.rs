//! Why a piece could not be read, in words.
//!
//! A `bad_…` node says only that something stands where a piece should. Mistakes that many make are recognised by their
//! shape; for the rest the piece is parsed once more by itself, and the furthest token that it reached tells what was missing.

use super::{
    Agentpol, Rule, expected,
    piece::{Piece, foreign_clause, foreign_operator, piece_of, shape},
    recover::Reporter,
    token_of,
};
use crate::{
    error::{SyntaxError, SyntaxErrorKind as Kind},
    lexer::duration_unit,
    span::Span,
    spelling::nearest,
    token::TokenKind,
};
use pest::{Parser as _, error::ErrorVariant, error::InputLocation};
use std::ops::Range;

/// A piece that could not be read.
#[derive(Clone, Copy)]
pub(super) struct Failure {
    pub(super) piece: Piece,
    /// Where the attempt began: here, or at a piece before that stopped early.
    pub(super) from: usize,
    /// The first token that is in no piece.
    bad: usize,
    pub(super) end: usize,
}

impl Reporter<'_> {
    /// Why `range` is not a piece. `previous` is its sibling before.
    pub(super) fn explain(&mut self, piece: Piece, previous: Option<Range<usize>>, range: Range<usize>) {
        if !self.errors.room() {
            return;
        }
        // A sibling that stopped early tells better what was expected.
        let stopped_early = |sibling: &Range<usize>| {
            sibling.end == range.start
                && (piece != Piece::Item || !self.new_line(range.start))
                && !self.kind(range.start).is_some_and(|kind| piece.opens_with(kind))
        };
        let from = previous.filter(stopped_early).map_or(range.start, |sibling| sibling.start);
        let failure = Failure { piece, from, bad: range.start, end: range.end };
        if self.said_by_the_lexer(failure) {
            return;
        }
        let error = self
            .by_shape(failure)
            .or_else(|| self.clause_by_shape(failure))
            .or_else(|| self.item_by_shape(failure));
        let error = error.unwrap_or_else(|| self.by_grammar(failure));
        self.errors.push(error);
    }

    fn said_by_the_lexer(&self, failure: Failure) -> bool {
        let whole = self.tokens.span_of(failure.from, failure.end);
        let kinds = [
            Kind::BadCharacter,
            Kind::UnclosedString,
            Kind::ForeignQuotes,
            Kind::UnitOnNextLine,
            Kind::Exponent,
        ];
        kinds.iter().any(|kind| self.has(*kind, |error| error.start >= whole.start && error.end <= whole.end))
    }

    /// By its first token, whatever the piece.
    fn by_shape(&self, Failure { piece, bad, .. }: Failure) -> Option<SyntaxError> {
        let written = self.written(bad);
        match self.kind(bad)? {
            TokenKind::STRAY_R => {
                Some(self.error(Kind::ExtraClose, bad, "this `}` closes nothing").replace(""))
            }
            TokenKind::COMMA if piece != Piece::Item => {
                let what = if piece == Piece::Clause { "clauses" } else { "lines" };
                Some(self.error(Kind::StrayComma, bad, format!("no comma between {what}")).replace(""))
            }
            TokenKind::IDENT => {
                let word = nearest(written, &piece.words())?;
                Some(self.misspelt(bad, word))
            }
            _ => None,
        }
    }

    fn clause_by_shape(&self, Failure { piece, bad, end, .. }: Failure) -> Option<SyntaxError> {
        if piece != Piece::Clause {
            return None;
        }
        let written = self.written(bad);
        if let Some(right) = foreign_clause(written) {
            let message = format!(
                "`{written}` is not a word here; a condition is `when CONDITION`, an end `until DATE`"
            );
            let error = self.error(Kind::ForeignWord, bad, message);
            let spaced = if self.span(bad).end == self.span(bad + 1).start { " " } else { "" };
            let settled = |word: TokenKind| self.is_piece(piece, &[word], bad + 1, end);
            return Some(match right {
                Some(word) if settled(word) => error.replace(word.spellings().concat() + spaced),
                _ => error,
            });
        }
        let is_condition = || Agentpol::parse(Rule::one_expr, self.tokens.kinds_in(bad, end)).is_ok();
        if !piece.opens_with(self.kind(bad)?) && is_condition() {
            let error = self.error(Kind::MissingWhen, bad, "a condition starts with `when`");
            return Some(error.insert(self.span(bad).start, "when "));
        }
        None
    }

    fn item_by_shape(&self, Failure { piece, bad, end, .. }: Failure) -> Option<SyntaxError> {
        if piece != Piece::Item {
            return None;
        }
        let (kind, written) = (self.kind(bad)?, self.written(bad));
        if Piece::Clause.opens_with(kind) {
            return Some(self.error(
                Kind::ClauseOutside,
                bad,
                format!("`{written}` belongs inside a rule's braces"),
            ));
        }
        let braced = || {
            (bad + 1..end.min(bad + 7))
                .any(|token| matches!(self.kind(token), Some(TokenKind::L_BRACE | TokenKind::STRAY_L)))
        };
        if kind == TokenKind::KW_POLICY && braced() {
            let message = "a policy has no braces: the file is the policy";
            let error = self.error(Kind::PolicyBraces, bad, message);
            return Some(error.help("write `policy NAME on CHAIN` and put the rules below"));
        }
        if kind == TokenKind::KW_BUDGET && self.kind(bad + 2) == Some(TokenKind::L_BRACE) {
            let message =
                format!("a budget is one line: `budget {}: 500 USDC per 24h`", self.written(bad + 1));
            return Some(self.error(Kind::BudgetBraces, bad + 2, message));
        }
        if kind.is_item_word() && self.kind(bad + 1) == Some(TokenKind::COLON) {
            let error = self.error(Kind::YamlStyle, bad + 1, format!("no `:` after `{written}`"));
            return Some(with_help(error, shape(kind)));
        }
        None
    }

    /// Parses the piece by itself and puts its furthest failure into words.
    fn by_grammar(&self, failure: Failure) -> SyntaxError {
        let Failure { piece, from, bad, end } = failure;
        let unexpected = || {
            self.error(Kind::Unexpected, bad, format!("expected {}, found {}", piece.name(), self.found(bad)))
        };
        let Err(error) = Agentpol::parse(piece.strict(), self.tokens.kinds_in(from, end)) else {
            return unexpected();
        };
        let ErrorVariant::ParsingError { positives, .. } = error.variant else { return unexpected() };
        let furthest = from
            + match error.location {
                InputLocation::Pos(at) => at,
                InputLocation::Span((start, _)) => start,
            };
        self.numbers(furthest, &positives)
            .or_else(|| self.rule_head(from, furthest))
            .or_else(|| self.declared(failure, furthest))
            .or_else(|| self.foreign_operator(furthest))
            .or_else(|| self.misspelt_keyword(failure, furthest, &positives))
            .or_else(|| self.punctuation(failure, furthest, &positives))
            .unwrap_or_else(|| self.unexpected(failure, furthest, &positives))
    }

    /// `10,000`, `5 p.x`, `10 minutes`.
    fn numbers(&self, at: usize, positives: &[Rule]) -> Option<SyntaxError> {
        let kinds = |first: usize| [self.kind(first), self.kind(first + 1), self.kind(first + 2)];
        let thousands = [Some(TokenKind::NUM), Some(TokenKind::COMMA), Some(TokenKind::NUM)];
        let touching = |first: usize| {
            self.tokens.span_of(first, first + 3).range().len()
                == (0..3).map(|i| self.written(first + i).len()).sum()
        };
        if let Some(first) =
            (at.saturating_sub(2)..=at).find(|first| kinds(*first) == thousands && touching(*first))
        {
            let right = format!("{}_{}", self.written(first), self.written(first + 2));
            let span = self.tokens.span_of(first, first + 3);
            return Some(
                SyntaxError::new(
                    Kind::ThousandsComma,
                    span,
                    format!("thousands are set off with `_`: `{right}`"),
                )
                .replace(right),
            );
        }
        let amount = [Some(TokenKind::NUM), Some(TokenKind::IDENT), Some(TokenKind::DOT)];
        if let Some(first) = at.checked_sub(2).filter(|first| kinds(*first) == amount) {
            let name = self.written(first + 1);
            let message =
                format!("`{} {name}` is read as an amount; write `and` before `{name}`", self.written(first));
            let start = self.span(first + 1).start;
            return Some(self.error(Kind::MissingAnd, first + 1, message).insert(start, "and "));
        }
        if self.kind(at) == Some(TokenKind::NUM) && positives.contains(&Rule::span) {
            let unit = duration_unit(self.written(at + 1))?;
            let right = format!("{}{unit}", self.written(at));
            let span = self.tokens.span_of(at, at + 2);
            return Some(
                SyntaxError::new(Kind::BadDuration, span, format!("a duration is one word: `{right}`"))
                    .replace(right),
            );
        }
        None
    }

    /// `allow USDC.transfer`, `ask r by x`, `transfer(address to)`.
    fn rule_head(&self, from: usize, at: usize) -> Option<SyntaxError> {
        use TokenKind::*;
        if !matches!(self.kind(from)?, KW_ALLOW | KW_ASK | KW_DENY) {
            return None;
        }
        let (verb, first, found) = (self.written(from), self.written(from + 1), self.kind(at)?);
        if at == from + 2 && found == DOT {
            let error = self.error(
                Kind::MissingName,
                from + 1,
                format!("a rule has a name: `{verb} NAME: {first}.…`"),
            );
            return Some(error.insert(self.span(from + 1).start, "name: "));
        }
        if at == from + 2 && found == KW_BY {
            let message = "the approver stands inside the braces: `{ by APPROVER within 10min … }`";
            return Some(self.error(Kind::AskByOutside, at, message));
        }
        let before = self.kind(at.checked_sub(1)?)?;
        let in_parens = at > from + 4 && (from..at).any(|token| self.kind(token) == Some(L_PAREN));
        if found.is_word() && !found.is_reserved() && before.is_word() && in_parens {
            let name = self.written(at);
            let message = format!(
                "only names here, in the function's order; the types come from the interface: `{name}`"
            );
            let mut error = self.error(Kind::TypedArgument, at - 1, message);
            error.fix = self.names_only(from, at);
            return Some(error);
        }
        None
    }

    /// `(address to, uint256 amount)` with the last word of each argument.
    fn names_only(&self, from: usize, inside: usize) -> Option<(Span, String)> {
        let open = (from..inside).rev().find(|token| self.kind(*token) == Some(TokenKind::L_PAREN))?;
        let mut names = Vec::new();
        for token in open + 1.. {
            let kind = self.kind(token)?;
            match kind {
                TokenKind::COMMA | TokenKind::R_PAREN => names.push(self.written(token - 1)),
                kind if kind.is_word() => continue,
                _ => return None,
            }
            if kind == TokenKind::R_PAREN {
                return Some((self.tokens.span_of(open + 1, token), names.join(", ")));
            }
        }
        None
    }

    /// One token, put in before `at`, that makes the whole piece right.
    fn punctuation(
        &self,
        Failure { piece, from, end, .. }: Failure,
        at: usize,
        positives: &[Rule],
    ) -> Option<SyntaxError> {
        use TokenKind::*;
        let likely = [COLON, R_PAREN, R_BRACK, COMMA, ASSIGN, L_PAREN];
        let expected: Vec<TokenKind> = positives.iter().filter_map(|rule| token_of(*rule)).collect();
        let after = at.checked_sub(1).map(|last| self.span(last)).filter(|_| at > from)?;
        let before: Vec<TokenKind> = (from..at).filter_map(|token| self.kind(token)).collect();
        let missing = likely.into_iter().filter(|kind| expected.contains(kind)).find(|kind| {
            let start = [before.as_slice(), &[*kind]].concat();
            self.is_piece(piece, &start, at, end)
        })?;
        let message = format!("expected {} after `{}`", missing.describe(), self.written(at - 1));
        let error = SyntaxError::new(Kind::MissingPunctuation, after, message);
        Some(error.insert(after.end, missing.describe().trim_matches('`')))
    }

    /// Whether these kinds, and then those of some tokens, are a piece.
    pub(super) fn is_piece(&self, piece: Piece, start: &[TokenKind], from: usize, end: usize) -> bool {
        let mut kinds: String = start.iter().map(|kind| char::from(kind.byte())).collect();
        kinds += self.tokens.kinds_in(from, end);
        let mistake = |rule| {
            matches!(rule, Rule::no_open | Rule::no_close | Rule::no_colon | Rule::eq_typo | Rule::swapped)
                || piece_of(rule).is_some()
        };
        Agentpol::parse(piece.strict(), &kinds)
            .is_ok_and(|pairs| !pairs.flatten().any(|node| mistake(node.as_rule())))
    }

    fn foreign_operator(&self, at: usize) -> Option<SyntaxError> {
        if self.kind(at)? != TokenKind::IDENT {
            return None;
        }
        let (written, right) = (self.written(at), foreign_operator(self.written(at))?);
        let message = format!("`{written}` is not an operator here; write `{right}`");
        Some(self.error(Kind::ForeignOperator, at, message).replace(right))
    }

    /// The word at the failure, or the one before it (taken for a unit or a name), may be nearly a keyword.
    fn misspelt_keyword(&self, failure: Failure, at: usize, positives: &[Rule]) -> Option<SyntaxError> {
        let words: Vec<&str> =
            expected::keywords(positives).into_iter().chain(failure.piece.words()).collect();
        [Some(at), at.checked_sub(1)].into_iter().flatten().find_map(|token| {
            let inside =
                (failure.from..failure.end).contains(&token) && self.kind(token) == Some(TokenKind::IDENT);
            let word = nearest(self.written(token), &words).filter(|_| inside)?;
            Some(self.misspelt(token, word))
        })
    }

    fn unexpected(&self, failure: Failure, at: usize, positives: &[Rule]) -> SyntaxError {
        let expected = expected::expected(positives, failure.piece.name());
        let help = self.kind(failure.from).map_or("", shape);
        let reserved = self.kind(at).is_some_and(TokenKind::is_reserved) && expected.contains("a name");
        let (kind, message) = if reserved {
            let message = format!(
                "expected {expected}, found {}; it is a reserved word: use another name",
                self.found(at)
            );
            (Kind::ReservedWord, message)
        } else {
            (Kind::Unexpected, format!("expected {expected}, found {}", self.found(at)))
        };
        // What is missing at the end of a line is told there, not at the next line's first word.
        let at_line_end = at > failure.from && (self.tokens.span(at).is_none() || self.new_line(at));
        let span = match at.checked_sub(1).and_then(|last| self.tokens.span(last)) {
            Some(last) if at_line_end => last,
            _ => self.span(at),
        };
        with_help(SyntaxError::new(kind, span, message), help)
    }
}

fn with_help(error: SyntaxError, help: &str) -> SyntaxError {
    if help.is_empty() { error } else { error.help(help) }
}
