use super::*;
use crate::limits::{MAX_DEPTH, MAX_FILE_BYTES, MAX_TOKENS};

fn kinds(text: &str) -> Vec<TokenKind> {
    lex(text).tokens().map(|(kind, _)| kind).collect()
}

#[test]
fn tokens_and_comments_have_their_places() {
    let text = "let x = 5 USDC // five\n/// doc\nfees";
    let lexed = lex(text);
    let written: Vec<&str> = lexed.tokens().map(|(_, span)| text.get(span.range()).unwrap()).collect();
    assert_eq!(written, ["let", "x", "=", "5", "USDC", "fees"]);
    let comments: Vec<(&str, usize)> =
        lexed.comments().iter().map(|c| (text.get(c.span.range()).unwrap(), c.before)).collect();
    assert_eq!(comments, [("// five", 5), ("/// doc", 5)]);
}

#[test]
fn braces_without_a_partner_are_marked() {
    use TokenKind::*;
    assert_eq!(kinds("{ { }"), [STRAY_L, L_BRACE, R_BRACE]);
    assert_eq!(kinds("{ } }"), [L_BRACE, R_BRACE, STRAY_R]);
}

#[test]
fn a_glued_unit_is_two_tokens_and_an_error() {
    use TokenKind::*;
    assert_eq!(kinds("250USDC"), [NUM, IDENT]);
    assert_eq!(lex("250USDC").errors().map(|e| e.kind.name()).collect::<Vec<_>>(), ["glued_unit"]);
}

#[test]
fn strings_resolve_their_escapes() {
    assert_eq!(unescape(r#""a\"b\\c\nd\te""#), "a\"b\\c\nd\te");
    assert!(lex(r#""a\"b\\c""#).errors().next().is_none());
    let lexed = lex(r#""a\qb""#);
    let error = lexed.errors().next().unwrap();
    assert_eq!((error.kind, error.span), (SyntaxErrorKind::BadEscape, Span::new(2, 4)));
}

#[test]
fn bytes_at_the_limit_and_one_past_it() {
    let text = " ".repeat(MAX_FILE_BYTES);
    assert!(!lex(&text).refused);
    let lexed = lex(&(text + " "));
    assert!(lexed.refused);
    assert_eq!(lexed.errors().map(|e| e.kind).collect::<Vec<_>>(), [SyntaxErrorKind::FileTooLarge]);
}

#[test]
fn tokens_at_the_limit_and_one_past_it() {
    let text = "a ".repeat(MAX_TOKENS);
    assert!(!lex(&text).refused);
    let lexed = lex(&(text + "a"));
    assert!(lexed.refused);
    assert_eq!(lexed.errors().map(|e| e.kind).collect::<Vec<_>>(), [SyntaxErrorKind::TooManyTokens]);
}

#[test]
fn depth_at_the_limit_and_one_past_it() {
    for (open, close) in [
        ("(", ")"),
        ("{", "}"),
        ("[", "]"),
        ("{a:", "}"),
        ("if a then b else ", ""),
        ("all x in y: ", ""),
        ("not ", ""),
        ("-", ""),
        ("f(", ")"),
        ("(-(not ", "))"),
    ] {
        let levels = open.matches(['(', '{', '[', '-']).count()
            + open.matches("not").count()
            + open.matches("if").count()
            + open.matches("all").count();
        let nested = |levels: usize| format!("let x = {}1{}", open.repeat(levels), close.repeat(levels));
        assert!(!lex(&nested(MAX_DEPTH / levels)).refused, "{open}");
        assert!(lex(&nested(MAX_DEPTH / levels + 1)).refused, "{open}");
    }
}

#[test]
fn chains_at_the_limit_and_one_past_it() {
    for link in [".a", "()", "[0]"] {
        assert!(!lex(&format!("let x = y{}", link.repeat(MAX_DEPTH))).refused, "{link}");
        assert!(lex(&format!("let x = y{}", link.repeat(MAX_DEPTH + 1))).refused, "{link}");
    }
    // Parentheses do not begin a new chain: the tree does not show them.
    assert!(lex(&format!("let x = ({0}(x{1}){1})", "(".repeat(3), ".a".repeat(40))).refused);
    assert!(lex(&format!("let x = f(x{0}, y){0}", ".a".repeat(40))).refused);
}

#[test]
fn a_long_file_is_not_a_deep_one() {
    let clause = "when not a and not b.c(d).e and -1 < if x then 2 else 3\n";
    let text = format!("allow a: b {{\n{}}}", clause.repeat(1_000));
    assert!(!lex(&text).refused);
    let effects = "requires all x in xs: not -x.y == 1\nunwraps all c in cs: { to: c.to }\npulls if a then b else c of t by s\n";
    assert!(!lex(&format!("interface I {{ function f() {{\n{}}} }}", effects.repeat(1_000))).refused);
}

#[test]
fn many_broken_rules_are_not_one_deep_one() {
    for rule in [
        "allow a: b {\n",
        "allow a: b(c {}\n",
        "allow a: b { when (x }\n",
        "let x = (((\n",
        "let x = if a then not\n",
    ] {
        assert!(!lex(&rule.repeat(1_000)).refused, "{rule}");
    }
    // Braces that have a partner nest, whatever is between them.
    assert!(lex(&format!("{}{}", "{ let x = ".repeat(MAX_DEPTH + 1), "}".repeat(MAX_DEPTH + 1))).refused);
    assert!(lex(&format!("let x = {}", "( { token y } ".repeat(MAX_DEPTH + 1))).refused);
}
