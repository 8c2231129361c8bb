//! Whatever the text: no panic, errors with places in the text, and nothing left out without a word.

mod support;

use agentpol_grammar::{Parse, SyntaxErrorKind, format, lex, limits::MAX_ERRORS, parse, span::Span};
use support::{Random, texts};

const FRAGMENTS: &[&str] = &[
    "allow ",
    "a",
    ": ",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "\"",
    "'",
    "“",
    "”",
    "0x1",
    "\"0x",
    "1",
    "USDC ",
    "when ",
    "=",
    ">",
    "-",
    ".",
    ",",
    "\n",
    "//",
    "///x\n",
    "//! y\n",
    "é",
    "test ",
    "try ",
    "=> ",
    "by ",
    "in ",
    "all ",
    "if ",
    "then ",
    "else ",
    "interface ",
    "function ",
    "moves ",
    "of ",
    "token ",
    "on ",
    ";",
    "!",
    "#\n",
    "/*",
    "*/",
    "2027-01-01",
    "12/1/2020",
    "5min",
    "9m",
    "95 %",
    "\\",
    "\u{A0}",
    "\u{FEFF}",
    "\0",
    "\r\n",
    "chain ",
    "budget ",
    "per ",
    "pulls ",
    "exactly ",
    "command ",
    "trailing 32 ",
    "requires ",
    "gives control to ",
    "once per ",
    "through ",
    "unwraps ",
    "[-20..] ",
    "until ",
    "\u{10FFFF}",
];

fn inside(text: &str, span: Span) -> bool {
    text.get(span.range()).is_some()
}

/// What holds of every parse.
fn sound(text: &str) -> Parse {
    let parsed = parse(text);
    for error in &parsed.errors {
        assert_ne!(error.kind, SyntaxErrorKind::Internal, "{text:?}: {error:?}");
        assert!(inside(text, error.span), "{text:?}: {error:?}");
        assert!(error.fix.as_ref().is_none_or(|(span, _)| inside(text, *span)), "{text:?}: {error:?}");
        assert!(!error.message.is_empty());
    }
    assert!(parsed.errors.is_sorted_by_key(|error| error.span.start), "{text:?}");
    assert!(parsed.errors.len() <= MAX_ERRORS + 1);
    assert!(
        parsed.file.items.iter().all(|item| inside(text, item.span) && item.span.start < item.span.end),
        "{text:?}"
    );
    assert!(parsed.file.items.is_sorted_by_key(|item| item.span.start), "{text:?}");
    if parsed.errors.is_empty() {
        let end = lex(text).tokens().last().map_or(0, |(_, span)| span.end);
        assert_eq!(
            parsed.file.items.last().map_or(0, |item| item.span.end),
            end,
            "{text:?}: left out without a word"
        );
    } else {
        assert_eq!(format(text), Err(parsed.errors.clone()), "{text:?}");
    }
    parsed
}

#[test]
fn bytes() {
    let mut random = Random::new(1);
    for _ in 0..3_000 {
        let bytes: Vec<u8> =
            (0..random.below(60)).map(|_| u8::try_from(random.below(256)).unwrap()).collect();
        sound(&String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn fragments() {
    let mut random = Random::new(2);
    for _ in 0..3_000 {
        let count = random.below(50);
        let text: String = (0..count).map(|_| *random.pick::<&str>(FRAGMENTS)).collect();
        sound(&text);
    }
}

/// Tokens deleted, doubled, exchanged, replaced: whole policies with a few mistakes.
#[test]
fn mutated_policies() {
    let mut random = Random::new(3);
    let texts = texts();
    for _ in 0..600 {
        let (_, text) = random.pick(&texts);
        let lexed = lex(text);
        let span = |at: usize| lexed.span(at).unwrap().range();
        let mut mutated = text.clone();
        let mut at = lexed.len();
        for _ in 0..=random.below(3) {
            at = random.below(at.max(1));
            let other = text.get(span(random.below(lexed.len()))).unwrap();
            let new = match random.below(5) {
                0 => String::new(),
                1 => format!("{0} {0}", text.get(span(at)).unwrap()),
                2 => other.to_owned(),
                3 => format!("{} {other}", text.get(span(at)).unwrap()),
                _ => (*random.pick(FRAGMENTS)).to_owned(),
            };
            mutated.replace_range(span(at), &new);
        }
        sound(&mutated);
    }
}

/// One token gone: told, or still a file of as many items; and its neighbours stay.
#[test]
fn a_deleted_token_takes_little_with_it() {
    let (mut deletions, mut silent, mut one) = (0, 0, 0);
    for (path, text) in texts() {
        let all = parse(&text).file.items.len();
        for (_, span) in lex(&text).tokens().step_by(5) {
            let mut without = text.clone();
            without.replace_range(span.range(), &" ".repeat(span.range().len()));
            let parsed = sound(&without);
            let lost = all.saturating_sub(parsed.file.items.len());
            let what = text.get(span.range()).unwrap();
            assert!(
                lost <= 2,
                "{}: without `{what}` at {} {lost} items are lost",
                path.display(),
                span.start
            );
            assert!(
                lost == 0 || !parsed.errors.is_empty() || matches!(what, "{" | "}"),
                "{}: `{what}`",
                path.display()
            );
            deletions += 1;
            silent += usize::from(parsed.errors.is_empty());
            one += usize::from(parsed.errors.len() == 1);
        }
    }
    assert!(one * 100 > 75 * deletions, "{one} of {deletions} deletions have one message, {silent} none");
}

/// What nests, repeated: refused or read, never an exhausted stack.
#[test]
fn repeated_openers() {
    const OPENERS: &[&str] = &[
        "( ",
        "{ ",
        "[ ",
        "f( ",
        "{a: ",
        "x[",
        ".a",
        "if a then b else ",
        "if ",
        "all x in y: ",
        "not ",
        "- ",
        "let y = ",
        "token y ",
        "use y",
        "allow a: b { ",
        "when ",
        "batch [ ",
        "test \"t\" { try ",
        "interface I { function f( ",
        ") ",
        "} ",
        "] ",
        ", ",
        "1 ",
        "a ",
        "+ ",
        "or ",
        "and ",
        "in ",
        ".token y",
        "::",
        ": ",
        "moves ",
        "by ",
        "on ",
        "requires ",
        "through ",
        "x[1..",
        "command 0x0b f( ",
    ];
    let mut random = Random::new(4);
    for _ in 0..300 {
        let piece: String = (0..=random.below(4)).map(|_| *random.pick::<&str>(OPENERS)).collect();
        let head = *random.pick(&[
            "",
            "let x = ",
            "allow a: b { when ",
            "test \"t\" { try ",
            "interface I { function f() { moves ",
        ]);
        let closed = *random.pick(&["", "} ", ") ", "] } "]);
        sound(&format!("{head}{}{}", piece.repeat(400), closed.repeat(400)));
    }
}
