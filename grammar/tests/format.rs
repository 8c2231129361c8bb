//! The formatter changes nothing but whitespace and trailing commas, and has nothing left to change the second time.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod support;

use agentpol_grammar::{Parse, format, lex, parse};
use support::{Random, Sentences, all_texts, join};

/// The tree without its places.
fn tree(parse: &Parse) -> String {
    let mut out = String::new();
    let debug = format!("{:?}", parse.file);
    let mut rest = debug.as_str();
    while let Some((before, after)) = rest.split_once("Span { start: ") {
        out += before;
        rest = after.split_once('}').unwrap().1;
    }
    out + rest
}

fn comments(text: &str) -> Vec<String> {
    lex(text)
        .comments()
        .iter()
        .map(|comment| text.get(comment.span.range()).unwrap().trim_end().to_owned())
        .collect()
}

fn holds(text: &str) {
    let before = parse(text);
    let tidy = format(text).unwrap_or_else(|errors| panic!("{text}\n{errors:#?}"));
    let after = parse(&tidy);
    assert_eq!(after.errors, [], "{text}\n----\n{tidy}");
    assert_eq!(tree(&before), tree(&after), "{text}\n----\n{tidy}");
    assert_eq!(comments(text), comments(&tidy), "{text}\n----\n{tidy}");
    let again = format(&tidy).unwrap();
    assert_eq!(tidy, again, "{text}\n----\n{tidy}----\n{again}");
    assert!(!tidy.contains("\n\n\n") && !tidy.lines().any(|line| line.ends_with(' ')), "{tidy}");
}

#[test]
fn policies_and_modules() {
    for (_, text) in all_texts() {
        holds(&text);
    }
}

#[test]
fn policies_with_their_whitespace_shaken() {
    let mut random = Random::new(1);
    for (_, text) in all_texts() {
        for comments in [false, true] {
            let tokens: Vec<String> =
                lex(&text).tokens().map(|(_, span)| text.get(span.range()).unwrap().to_owned()).collect();
            holds(&join(&tokens, comments, &mut random));
        }
    }
}

#[test]
fn random_files() {
    sentences(2, 800);
}

#[test]
#[ignore = "some minutes"]
fn many_random_files() {
    sentences(3, 200_000);
}

fn sentences(seed: u64, count: usize) {
    let (grammar, mut random) = (Sentences::new(), Random::new(seed));
    let (mut held, mut items) = (0, 0);
    for _ in 0..count {
        let depth = 8 + random.below(14);
        let tokens = grammar.tokens("file", depth, &mut random);
        let comments = random.below(2) == 0;
        let text = join(&tokens, comments, &mut random);
        let parse = parse(&text);
        if parse.errors.is_empty() {
            held += 1;
            items += parse.file.items.len();
            holds(&text);
        }
    }
    assert!(held * 3 > count && items > count, "too few sentences parse: {held} of {count}, {items} items");
}
