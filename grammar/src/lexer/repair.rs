//! What other languages spell differently: an error that says how it is spelt here, and the token that was meant.

use crate::{
    error::{Errors, SyntaxError, SyntaxErrorKind as Kind},
    span::Span,
    token::TokenKind,
};

/// What a match of the table becomes.
pub(super) enum Repaired {
    One(TokenKind),
    /// A number, and from this byte on a name.
    Split(u32),
}

pub(super) fn repair(kind: TokenKind, text: &str, span: Span, errors: &mut Errors) -> Repaired {
    let mut told = |error: SyntaxError, kind: TokenKind| {
        errors.push(error);
        Repaired::One(kind)
    };
    match kind {
        TokenKind::FOREIGN => {
            let (error, kind) = foreign(text, span);
            told(error, kind)
        }
        TokenKind::FOREIGN_TRIVIA => told(foreign_trivia(text, span), kind),
        TokenKind::STRING => match quoted_hex(text, span) {
            Some((error, kind)) => told(error, kind),
            None => {
                escapes(text, span, errors);
                Repaired::One(kind)
            }
        },
        TokenKind::BAD => told(character(text, span), kind),
        TokenKind::GLUED => glued(text, span, errors),
        kind => Repaired::One(kind),
    }
}

fn foreign(text: &str, span: Span) -> (SyntaxError, TokenKind) {
    use TokenKind::*;
    let (right, kind) = match text {
        "===" => ("==", CMP),
        "!==" | "<>" | "≠" => ("!=", CMP),
        "=<" | "≤" => ("<=", CMP),
        "≥" => (">=", CMP),
        "&&" => ("and", KW_AND),
        "||" => ("or", KW_OR),
        "!" => ("not", KW_NOT),
        "->" => ("=>", FAT_ARROW),
        ":=" => ("=", ASSIGN),
        "–" | "−" => ("-", MINUS),
        "×" => ("*", MUL),
        _ => return foreign_literal(text, span),
    };
    let message = format!("`{text}` is not an operator here; write `{right}`");
    let fix = if kind == KW_NOT { "not " } else { right };
    (SyntaxError::new(Kind::ForeignOperator, span, message).replace(fix), kind)
}

fn foreign_literal(text: &str, span: Span) -> (SyntaxError, TokenKind) {
    if text.starts_with(['\'', '“']) {
        if let Some(hex) = quoted_hex(text, span) {
            return hex;
        }
        let inner = text.trim_matches(['\'', '“', '”', '"']);
        let error = SyntaxError::new(Kind::ForeignQuotes, span, "strings stand in straight double quotes");
        return (error.replace(format!("\"{inner}\"")), TokenKind::STRING);
    }
    if text.starts_with('"') {
        // `test "name {`: the brace is not meant to be in the name.
        let inside = text.trim_end().trim_end_matches('{').trim_end();
        let end = u32::try_from(inside.len()).map_or(span.end, |length| span.start + length);
        let error = SyntaxError::new(Kind::UnclosedString, span, "this string is not closed on its line");
        return (error.insert(end, "\""), TokenKind::STRING);
    }
    let message = format!("`{text}`: dates are written year-month-day with two digits each, `2027-01-31`");
    let error = SyntaxError::new(Kind::BadDate, span, message);
    (
        match iso_date(text) {
            Some(date) => error.replace(date),
            None => error,
        },
        TokenKind::DATE,
    )
}

/// `2027-1-1` has one reading; of `01/02/2027` nobody knows which is the month.
fn iso_date(text: &str) -> Option<String> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    Some(format!("{year}-{month:0>2}-{day:0>2}"))
}

fn foreign_trivia(text: &str, span: Span) -> SyntaxError {
    if text == ";" {
        return SyntaxError::new(Kind::Semicolon, span, "nothing is ended by `;` here; leave it out")
            .replace("");
    }
    if text == "\u{A0}" {
        return SyntaxError::new(Kind::BadCharacter, span, "this is a no-break space; write a plain one")
            .replace(" ");
    }
    if let Some(comment) = text.strip_prefix('#') {
        let error = SyntaxError::new(Kind::ForeignComment, span, "comments start with `//`");
        return error.replace(format!("//{comment}"));
    }
    SyntaxError::new(Kind::ForeignComment, span, "comments start with `//` and end with the line")
}

fn quoted_hex(text: &str, span: Span) -> Option<(SyntaxError, TokenKind)> {
    let inner = text.trim_matches(['"', '\'', '“', '”']);
    let digits = inner.strip_prefix("0x").filter(|digits| !digits.is_empty())?;
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let error = SyntaxError::new(Kind::QuotedHex, span, "addresses and bytes are written without quotes");
    Some((error.replace(inner), if digits.len() == 40 { TokenKind::ADDRESS } else { TokenKind::HEX }))
}

pub(super) const SPACED_PERCENT: &str = "a percentage is one word: `95%`";

fn character(text: &str, span: Span) -> SyntaxError {
    let message = match text {
        "$" | "€" => format!("amounts name their token after the number: `250 USDC`, not `{text}250`"),
        "%" => SPACED_PERCENT.into(),
        "&" => "`&` means nothing here; write `and`".into(),
        "|" => "`|` means nothing here; write `or`".into(),
        "\"" | "'" | "“" | "”" => "strings stand in straight double quotes and end on their line".into(),
        _ => format!("`{}` means nothing here", text.escape_debug()),
    };
    SyntaxError::new(Kind::BadCharacter, span, message)
}

/// `10m`, `1day`, `2.5e2`, `0x12G4`, `250USDC`.
fn glued(text: &str, span: Span, errors: &mut Errors) -> Repaired {
    let split = text.find(|c: char| c.is_ascii_alphabetic() || c == '_').unwrap_or(text.len());
    let (number, tail) = (text.get(..split).unwrap_or_default(), text.get(split..).unwrap_or_default());
    if text.starts_with("0x") {
        let message = format!("`{text}` is not hexadecimal: only 0-9 and a-f may follow `0x`");
        errors.push(SyntaxError::new(Kind::BadHex, span, message));
        return Repaired::One(if text.len() == 42 { TokenKind::ADDRESS } else { TokenKind::HEX });
    }
    if let (Some(unit), false) = (duration_unit(tail), number.contains('.')) {
        let message = match unit {
            "min" => format!("`{text}` is not a duration; minutes are written `{number}min`"),
            _ => format!("`{text}` is not a duration; write `{number}{unit}`"),
        };
        errors.push(SyntaxError::new(Kind::BadDuration, span, message).replace(format!("{number}{unit}")));
        return Repaired::One(TokenKind::DURATION);
    }
    if tail.strip_prefix(['e', 'E']).is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit())) {
        let message =
            format!("`{text}`: there are no exponents; write the amount with its token, `1.5 WETH`");
        errors.push(SyntaxError::new(Kind::Exponent, span, message));
        return Repaired::One(TokenKind::NUM);
    }
    let message = format!("put a space between the number and its unit: `{number} {tail}`");
    errors.push(SyntaxError::new(Kind::GluedUnit, span, message).replace(format!("{number} {tail}")));
    Repaired::Split(span.start + u32::try_from(split).unwrap_or_default())
}

/// How people spell units of time, and how they are spelt here.
pub(crate) fn duration_unit(word: &str) -> Option<&'static str> {
    Some(match word {
        "s" | "sec" | "secs" | "second" | "seconds" => "s",
        "m" | "min" | "mins" | "minute" | "minutes" => "min",
        "h" | "H" | "hr" | "hrs" | "hour" | "hours" => "h",
        "d" | "D" | "day" | "days" => "d",
        "w" | "W" | "wk" | "week" | "weeks" => "w",
        _ => return None,
    })
}

/// What may follow a backslash, and what it stands for.
const ESCAPES: &[(char, char)] = &[('"', '"'), ('\\', '\\'), ('n', '\n'), ('t', '\t')];

fn escapes(text: &str, span: Span, errors: &mut Errors) {
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        if c != '\\' {
            continue;
        }
        let Some((_, escaped)) = chars.next() else { return };
        if ESCAPES.iter().any(|(letter, _)| *letter == escaped) {
            continue;
        }
        let start = span.start + u32::try_from(at).unwrap_or_default();
        let end = start + 1 + u32::try_from(escaped.len_utf8()).unwrap_or_default();
        let message = format!("`\\{escaped}` is no escape; a backslash itself is written `\\\\`");
        let error = SyntaxError::new(Kind::BadEscape, Span::new(start, end), message);
        errors.push(error.replace(format!("\\\\{escaped}")));
    }
}

/// The contents of a string as written, escapes resolved.
pub(crate) fn unescape(written: &str) -> String {
    let inner = written.strip_prefix(['"', '\'', '“']).unwrap_or(written);
    let inner = inner.strip_suffix(['"', '\'', '”']).unwrap_or(inner);
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        let Some(escaped) = chars.next() else { break };
        out.push(ESCAPES.iter().find(|(letter, _)| *letter == escaped).map_or(escaped, |(_, meant)| *meant));
    }
    out
}
