//! Parsing takes time in proportion to the text, whatever the text. Not measured by the clock: pest counts the calls of its
//! rules, and every input here must do with so many a token. Inputs are a head, a piece repeated, and a tail; pieces are all
//! pairs of tokens, and joins of fragments (pairs alone once missed a production that took 2^depth calls).
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

extern crate alloc; // what pest generates names it

mod support;

use agentpol_grammar::{SyntaxErrorKind, lex};
use pest::Parser as _;
use std::{num::NonZeroUsize, sync::Mutex};
use support::{Random, texts};

mod grammar {
    #[derive(pest_derive::Parser)]
    #[grammar = "../tokens.pest"]
    #[grammar = "../agentpol.pest"]
    pub(crate) struct Agentpol;
}
use grammar::{Agentpol, Rule};

/// Calls that a token may cost: `when when when …` needs 194.
const CALLS_PER_TOKEN: usize = 260;

/// Where a piece is repeated.
const HEADS: &[&str] = &[
    "",
    "let x = ",
    "allow a : ",
    "allow a : b . c (",
    "allow a : b . c ( ) {",
    "allow a : b . c ( ) { when",
    "allow a : b . c ( ) { when x in {",
    "allow a : b . c ( ) { when f (",
    "test \"t\" {",
    "test \"t\" { try",
    "interface I {",
    "interface I { function f (",
    "interface I { function f ( ) {",
    "interface I { function f ( ) { moves",
    "interface I { function f ( ) { grants",
    "interface I { function f ( ) { unwraps all x in y :",
    "interface I { function f ( ) { once per",
    "interface I { command 0x0b F (",
    "interface I { function f ( a : b as amount of c [",
    "token T decimals 6 {",
    "budget b :",
    "use a",
    "param a :",
    "assert",
    "allow a : b . c ( ) { x",
    "foo",
];

/// What ends the text.
const TAILS: &[&str] = &["", "}", "1 }", "@", ") }"];

/// A spelling of each token, and what is more than one.
const TOKENS: &str = "allow ask deny budget param let def use test assert fees unit policy fact interface contract token chain \
    when unless until over beyond exempt charge accept try because within and or not in if then else all any by at to from of \
    on per total calls each for with as extends most up never only receive approvals trusted decimals fresh renamed batch value \
    function struct const payable moves pulls grants owes receives unwraps least exactly max means id native assume domain \
    upgradeable command trailing requires gives control once through more day outflow sign x 1 95% 10min 2027-01-01 0x1111111111111111111111111111111111111111 0x12 \"s\" < = => :: : \
    , . .. + - * ( ) [ ] { } @";
const FRAGMENTS: &[&str] = &[
    "if a then b else",
    "if",
    "then",
    "else",
    "all x in y :",
    "any x in",
    "c (",
    "(",
    "[",
    "{",
    "{ a :",
    "{ b ,",
    "+",
    "and",
    "or",
    "==",
    "=",
    "<",
    "in",
    "not",
    "not in",
    "-",
    "1",
    "x",
    ". f",
    "..=",
    "batch [",
    "sign a . b (",
    "5 USDC per",
    "5 USDC",
    ")",
    "]",
    "}",
    ",",
    ":",
    "at",
    "by",
    "try",
    "when",
    "token",
    "a :: b",
    "of",
    "to",
    "*",
    "x [",
    "x [ 1 ..",
    "[ - 1 .. ]",
    "moves a of",
    "accept a of",
    "by 2 of",
    "on a",
    "with value",
    "=>",
    "deny",
    "grants more",
    "pulls exactly",
    "assume",
    "domain",
    "command 0x0b a (",
    "as amount of a [ 0 .. 1 ]",
    "trailing 32",
    "requires",
    "gives control to",
    "once per a ,",
    "through a",
    "unwraps all c in",
    "unwraps { to :",
    "sign on",
    "deploy with",
];

/// The kinds of a text as the grammar sees them; nothing where the lexer refuses it.
fn kinds(text: &str) -> Option<String> {
    let lexed = lex(text);
    let refused =
        lexed.errors().any(|e| matches!(e.kind, SyntaxErrorKind::TooDeep | SyntaxErrorKind::TooManyTokens));
    (!refused).then(|| lexed.tokens().map(|(kind, _)| char::from(kind as u8 + 1)).collect())
}

/// Whether a text parses with so many calls of rules. The limit is one for the process: one test at a time.
fn within(kinds: &str, calls: usize) -> bool {
    static ONE: Mutex<()> = Mutex::new(());
    let _guard = ONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    pest::set_call_limit(NonZeroUsize::new(calls));
    match Agentpol::parse(Rule::file, kinds) {
        Ok(_) => true,
        Err(error) if error.to_string().contains("call limit") => false,
        Err(error) => panic!("the grammar refused a string of tokens: {error}"),
    }
}

/// Repeats as often as nesting allows, at most 200 times.
fn pump(head: &str, piece: &str, tail: &str) {
    let repeated = [200, 58, 30, 15, 7]
        .iter()
        .find_map(|times| kinds(&format!("{head} {} {tail}", format!("{piece} ").repeat(*times))));
    let Some(kinds) = repeated else { return };
    assert!(within(&kinds, CALLS_PER_TOKEN * (kinds.len() + 40)), "`{head}` + `{piece}` repeated + `{tail}`");
}

/// Pieces of one or two tokens, each at `heads` of the heads.
fn pairs(heads: usize, step: usize) {
    let tokens: Vec<&str> = TOKENS.split_whitespace().collect();
    let mut random = Random::new(1);
    let second = || std::iter::once("").chain(tokens.iter().copied());
    for piece in tokens.iter().flat_map(|a| second().map(move |b| format!("{a} {b}"))).step_by(step) {
        for _ in 0..heads {
            pump(random.pick::<&str>(HEADS), &piece, random.pick::<&str>(TAILS));
        }
    }
}

fn joins(seed: u64, count: usize) {
    let mut random = Random::new(seed);
    let tokens: Vec<&str> = TOKENS.split_whitespace().collect();
    let corpus: Vec<String> = texts().into_iter().flat_map(|(_, text)| written(&text)).collect();
    for _ in 0..count {
        let mut piece = Vec::new();
        match random.below(6) {
            0 => {
                let from = random.below(corpus.len() - 16);
                let window = 1 + random.below(12);
                piece.extend(corpus.iter().skip(from).take(window).map(String::as_str));
            }
            1 => piece.extend((0..=random.below(5)).map(|_| *random.pick(&tokens))),
            _ => piece.extend((0..=random.below(4)).map(|_| *random.pick(FRAGMENTS))),
        }
        pump(random.pick::<&str>(HEADS), &piece.join(" "), random.pick::<&str>(TAILS));
    }
}

fn written(text: &str) -> Vec<String> {
    lex(text).tokens().map(|(_, span)| text.get(span.range()).unwrap().to_owned()).collect()
}

#[test]
fn some_pairs_and_joins() {
    pairs(1, 7);
    joins(1, 1_000);
}

#[test]
#[ignore = "minutes: every pair at every head, and many joins"]
fn every_pair_and_many_joins() {
    pairs(HEADS.len(), 1);
    joins(2, 100_000);
}

/// The least number of calls, to 2 in 100.
fn calls(kinds: &str) -> usize {
    let (mut low, mut high) = (1, 1 << 12);
    while !within(kinds, high) {
        low = high;
        high *= 2;
    }
    while high - low > high / 50 {
        let middle = usize::midpoint(low, high);
        if within(kinds, middle) { high = middle } else { low = middle }
    }
    high
}

#[test]
fn depth_does_not_multiply() {
    for (head, piece) in [
        ("allow a: b.c() { when x in {", "if token == foo then 1 else most ( 1 + "),
        ("allow a: b.c() { when", "if a then b else "),
        ("allow a: b.c() { when", "if a then b else c("),
        ("allow a: b.c() { when", "all x in y: z + "),
        ("allow a: b.c() { when", "f(x + "),
        ("allow a: b.c() { when", "{a: b + "),
        ("allow a: b.c() { when", "{a: {b, [("),
        ("allow a: b.c() { when", "not (- "),
        ("test \"t\" { try", "batch ["),
        ("interface I { function f() {", "moves (a of ("),
        ("interface I { function f() { requires", "x[1 .. y["),
        ("interface I { function f() { unwraps", "all x in y: {a: z[1.."),
    ] {
        let each = |times: usize| {
            let kinds = kinds(&format!("{head} {} @", piece.repeat(times)))?;
            Some(calls(&kinds) / kinds.len())
        };
        let Some((deep, shallow)) =
            [28, 14, 9, 7].iter().find_map(|times| Some((each(*times)?, each(times / 3)?)))
        else {
            panic!("{piece} nests too deep")
        };
        assert!(deep <= shallow * 3 / 2, "{piece}: {shallow} calls a token, deep {deep}");
    }
}
