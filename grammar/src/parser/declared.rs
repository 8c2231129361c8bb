//! Mistakes in what an interface declares, by the shape of it: functions, commands, effects, and the slices in them.

use super::{
    explain::Failure,
    piece::{Piece, shape},
    recover::Reporter,
};
use crate::{
    error::{SyntaxError, SyntaxErrorKind as Kind},
    span::Span,
    spelling::nearest,
    token::TokenKind::{self, *},
};

impl Reporter<'_> {
    /// What is wrong at `at`, the furthest token that was reached.
    pub(super) fn declared(&self, failure: Failure, at: usize) -> Option<SyntaxError> {
        let by_word = match failure.piece {
            Piece::Effect => self.effect(failure, at),
            Piece::Member => self.member(failure, at),
            _ => None,
        };
        by_word.or_else(|| self.slice(failure, at))
    }

    fn effect(&self, failure: Failure, at: usize) -> Option<SyntaxError> {
        let from = failure.from;
        let first = self.kind(from)?;
        if self.kind(at) == Some(KW_THROUGH) {
            return self.through(failure, at);
        }
        match first {
            KW_ONCE => self.once(failure, at),
            KW_UNWRAPS | KW_REQUIRES => self.of_nothing(failure, at),
            KW_GRANTS if self.kind(from + 1) == Some(KW_CONTROL) && at == from + 2 => {
                let message = "`grants` names an amount, `grants A of T to S`; all there is, is given by `gives control to S`";
                let error = self.error(Kind::MissingPart, from, message);
                Some(if self.is_piece(Piece::Effect, &[KW_GIVES], from + 1, failure.end) {
                    error.replace("gives")
                } else {
                    error
                })
            }
            _ => None,
        }
    }

    /// `once nonce`, `once per nonce,⏎grants …`
    fn once(&self, Failure { from, end, .. }: Failure, at: usize) -> Option<SyntaxError> {
        let effect_before = at.checked_sub(1).filter(|word| self.opens(Piece::Effect, *word));
        if let Some(comma) =
            effect_before.and_then(|word| word.checked_sub(1)).filter(|it| self.is(*it, COMMA))
        {
            return Some(self.error(Kind::StrayComma, comma, "no comma between lines").replace(""));
        }
        if at != from + 1 || nearest(self.written(at), &["per"]).is_some() {
            return None;
        }
        let message = "what a signature uses up stands after `per`: `once per NONCE until TIME`";
        let error = self.error(Kind::MissingPart, from, message);
        Some(if self.is_piece(Piece::Effect, &[KW_ONCE, KW_PER], at, end) {
            error.insert(self.span(from).end, " per")
        } else {
            error
        })
    }

    /// `unwraps⏎grants …` reads the next effect's word as a name.
    fn of_nothing(&self, Failure { from, end, .. }: Failure, at: usize) -> Option<SyntaxError> {
        let word = self.kind(from)?;
        if word == KW_UNWRAPS && at == from + 2 && self.is(at, KW_IN) {
            let message = "a list is unwrapped one by one: `unwraps all c in calls: { to: c.target }`";
            let error = self.error(Kind::MissingPart, from, message);
            let settled = self.is_piece(Piece::Effect, &[KW_UNWRAPS, KW_ALL], from + 1, end);
            return Some(if settled { error.insert(self.span(from).end, " all") } else { error });
        }
        let next = from + 1;
        let swallowed = at == from + 2 && (self.opens(Piece::Effect, next) || self.is(next, KW_AS));
        if at != next && !swallowed {
            return None;
        }
        let message = if word == KW_UNWRAPS {
            "nothing is unwrapped: after `unwraps` stands an argument of type `bytes`, or `{ to: TARGET, data: BYTES }`"
        } else {
            "nothing is required: after `requires` stands a condition"
        };
        Some(self.error(Kind::MissingPart, from, message).help(shape(word)))
    }

    /// `through` before the party, after the end, or where nobody keeps anything.
    fn through(&self, Failure { from, end, .. }: Failure, at: usize) -> Option<SyntaxError> {
        let party = match self.kind(from)? {
            KW_GRANTS => KW_TO,
            KW_PULLS => KW_BY,
            _ => {
                let message = "only what is granted or pulled goes `through` a keeper: `grants A of T to S through KEEPER`";
                return Some(self.error(Kind::MisplacedWord, at, message));
            }
        };
        let later = (from..at).find(|token| matches!(self.kind(*token), Some(KW_UNTIL | KW_WHEN)));
        let (message, other) = if let Some(later) = later {
            (format!("`through` stands before `{}`", self.written(later)), later..at)
        } else if let Some(start) = (at + 1..end).find(|token| self.is(*token, party)) {
            let stop = (start..end).find(|token| matches!(self.kind(*token), Some(KW_UNTIL | KW_WHEN)));
            (
                format!("`through` stands after the party: `{} …`", self.written(start)),
                start..stop.unwrap_or(end),
            )
        } else {
            return None;
        };
        let error = self.error(Kind::MisplacedWord, at, message).help(shape(self.kind(from)?));
        // The two parts change places.
        let (left, right) = if other.start < at {
            let stop = (at..end).find(|token| self.is(*token, KW_WHEN)).unwrap_or(end);
            (other, at..stop)
        } else {
            (at..other.start, other)
        };
        let kinds = |range: std::ops::Range<usize>| range.filter_map(|token| self.kind(token));
        let start: Vec<TokenKind> =
            kinds(from..left.start).chain(kinds(right.clone())).chain(kinds(left.clone())).collect();
        if !self.is_piece(Piece::Effect, &start, right.end, end) {
            return Some(error);
        }
        let place = self.tokens.span_of(left.start, right.end);
        let said = |range: std::ops::Range<usize>| self.between(self.tokens.span_of(range.start, range.end));
        Some(replaced(error, place, format!("{} {}", said(right), said(left))))
    }

    fn member(&self, failure: Failure, at: usize) -> Option<SyntaxError> {
        match self.kind(failure.from)? {
            KW_COMMAND if at == failure.from + 1 => Some(self.no_opcode(failure, at)),
            KW_COMMAND if self.is(at, KW_PAYABLE) => {
                let message =
                    "a command takes no value of its own: `payable` belongs to the function that runs it";
                Some(self.error(Kind::MisplacedWord, at, message).replace(""))
            }
            KW_FUNCTION => self.trailing(at),
            _ => None,
        }
    }

    fn no_opcode(&self, Failure { from, end, .. }: Failure, at: usize) -> SyntaxError {
        if self.is(at, NUM) {
            let message = "an opcode is one byte in hex: `command 0x0b NAME(x: TYPE)`";
            return self.error(Kind::BadHex, at, message);
        }
        let message = "a command has its opcode before its name: `command 0x0b NAME(x: TYPE)`";
        let error = self.error(Kind::MissingPart, at, message);
        if self.is(at + 1, HEX) && self.is_piece(Piece::Member, &[KW_COMMAND, HEX, IDENT], at + 2, end) {
            let place = self.tokens.span_of(from + 1, at + 2);
            return replaced(error, place, format!("{} {}", self.written(at + 1), self.written(at)));
        }
        error
    }

    /// `trailing 32 payable`, `trailing 32 bytes`
    fn trailing(&self, at: usize) -> Option<SyntaxError> {
        let word = at.checked_sub(2).filter(|word| self.is(*word, KW_TRAILING) && self.is(word + 1, NUM))?;
        if self.is(at, KW_PAYABLE) {
            let error = self.error(Kind::MisplacedWord, at, "`payable` stands before `trailing`");
            let place = self.tokens.span_of(word, at + 1);
            return Some(replaced(error, place, format!("payable trailing {}", self.written(word + 1))));
        }
        let unit = matches!(self.written(at), "byte" | "bytes");
        unit.then(|| {
            let message = "`trailing` counts bytes: the number stands alone";
            self.error(Kind::MisplacedWord, at, message).replace("")
        })
    }

    /// `x[..20]`, and `4..` where it is no index.
    fn slice(&self, Failure { from, .. }: Failure, at: usize) -> Option<SyntaxError> {
        if self.is(at, RANGE) && at.checked_sub(1).is_some_and(|open| open >= from && self.is(open, L_BRACK))
        {
            let message = "a slice says where it begins: `x[0..20]`";
            return Some(self.error(Kind::BadSlice, at, message).insert(self.span(at).start, "0"));
        }
        let range = at.checked_sub(1).filter(|range| *range > from && self.is(*range, RANGE))?;
        if self.kind(at).is_some_and(|kind| kind.is_word() && !kind.is_reserved()) {
            return None;
        }
        let message = "a range says where it ends; only a slice may go on to the end: `x[4..]`";
        Some(self.error(Kind::BadSlice, range, message))
    }

    fn is(&self, token: usize, kind: TokenKind) -> bool {
        self.kind(token) == Some(kind)
    }

    fn opens(&self, piece: Piece, token: usize) -> bool {
        self.kind(token).is_some_and(|kind| piece.opens_with(kind))
    }

    fn between(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or_default()
    }
}

fn replaced(mut error: SyntaxError, place: Span, text: String) -> SyntaxError {
    error.fix = Some((place, text));
    error
}
