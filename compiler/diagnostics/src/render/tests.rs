use super::*;
use crate::{Diagnostic, FileId, Place, Sources, codes};
use agentpol_grammar::span::Span;
use proptest::prelude::*;

const POLICY: &str =
    "policy p on ethereum\n\nallow pay: USDC.transfer(to, amount) {\n    when amount === 250 USDC\n}\n";

fn sample() -> (Sources, Vec<Diagnostic>) {
    let mut sources = Sources::new();
    let file = sources.add("pay.agentpol", POLICY);
    let other = sources.add("std::tokens", "token USDC decimals 6 {}\n");
    let at = |text: &str| {
        let start = u32::try_from(POLICY.find(text).unwrap()).unwrap();
        Place::new(file, Span::new(start, start + u32::try_from(text.len()).unwrap()))
    };
    let operator = Diagnostic::new(codes::FOREIGN_OPERATOR, at("==="), "`===` is not an operator here")
        .label(at("==="), "write `==`")
        .label(Place::new(other, Span::new(6, 10)), "`USDC` is declared here")
        .note("comparisons are `==`, `!=`, `<`, `<=`, `>`, `>=`")
        .help("amounts are compared with amounts")
        .fix("write `==`", at("==="), "==");
    let end = u32::try_from(POLICY.len()).unwrap();
    let unclosed = Diagnostic::new(
        codes::UNBALANCED_BRACES,
        Place::new(file, Span::new(end, end)),
        "the `{` is not closed",
    )
    .label(at("{"), "opened here")
    .fix("close it", Place::new(file, Span::new(end, end)), "}\n");
    (sources, vec![operator, unclosed])
}

#[test]
fn human_without_colour() {
    let (sources, all) = sample();
    let mut renderer = human::Renderer::new(&sources, false);
    let text: Vec<_> = all.iter().map(|d| renderer.render(d)).collect();
    assert!(!text.concat().contains('\u{1b}'));
    insta::assert_snapshot!(text.join("\n"));
}

#[test]
fn human_with_colour_says_the_same() {
    let (sources, all) = sample();
    let plain = human::Renderer::new(&sources, false).render(&all[0]);
    let coloured = human::Renderer::new(&sources, true).render(&all[0]);
    assert!(coloured.contains("\u{1b}["));
    assert_eq!(strip(&coloured), plain);
}

#[test]
fn json_is_the_contract() {
    let (sources, all) = sample();
    let all: Vec<_> = all.iter().map(|d| json::Diagnostic::new(d, &sources)).collect();
    insta::assert_json_snapshot!(all);
}

#[test]
fn short_and_github_are_one_line_each() {
    let (sources, all) = sample();
    let lines: Vec<_> =
        all.iter().flat_map(|d| [short::line(d, &sources), github::line(d, &sources)]).collect();
    assert!(lines.iter().all(|l| !l.contains('\n')));
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn sarif_holds_rules_and_results() {
    let (sources, all) = sample();
    let pairs: Vec<_> = all.iter().map(|d| (d, &sources)).collect();
    insta::assert_json_snapshot!(sarif::log(&pairs), { ".runs[].tool.driver.rules[].help" => "[page]" });
}

#[test]
fn terminals_are_told_nothing() {
    let mut sources = Sources::new();
    let file = sources.add("e\u{1b}[31mvil", "let \u{1b}[2J\u{85}\u{202e}x\r = 1\n");
    let d = Diagnostic::new(codes::UNKNOWN_CHARACTER, Place::new(file, Span::new(4, 5)), "found \u{1b}[2J")
        .label(Place::new(file, Span::new(4, 5)), "\u{9b}31m");
    let text = human::Renderer::new(&sources, false).render(&d);
    assert!(text.chars().all(|c| !misleads(c)), "{text:?}");
    assert!(text.contains("\\u{1b}[2J"), "{text}");
    assert!(!short::line(&d, &sources).contains(misleads));
}

#[test]
fn a_very_long_line_has_no_picture() {
    for (length, picture) in [(human::MAX_LINE_CHARS, true), (human::MAX_LINE_CHARS + 1, false)] {
        let mut sources = Sources::new();
        let file = sources.add("long", "x".repeat(length));
        let d = Diagnostic::new(codes::UNEXPECTED_TOKEN, Place::new(file, Span::new(3, 5)), "m");
        let text = human::Renderer::new(&sources, false).render(&d);
        assert_eq!(text.contains('│'), picture);
        assert!(text.contains("long:1:4"));
    }
}

fn strip(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        out.push_str(before);
        rest = after.split_once('m').unwrap().1;
    }
    out + rest
}

proptest! {
    /// Whatever the text and the place, even one outside it: no sink panics, and all name the same line and column.
    #[test]
    fn places_agree_across_sinks(text in "[a-z \n\r\té€😀\u{85}\u{2028}\u{1b}]{0,60}", a in 0u32..80, b in 0u32..80) {
        let mut sources = Sources::new();
        let file: FileId = sources.add("f", text);
        let place = Place::new(file, Span::new(a.min(b), a.max(b)));
        let d = Diagnostic::new(codes::UNEXPECTED_TOKEN, place, "m").label(place, "here").fix("t", place, "r");
        let (start, end) = sources.positions(place);
        let expected = format!("f:{}:{}", start.line, start.column);
        prop_assert!(start.byte <= end.byte);

        let picture = human::Renderer::new(&sources, false).render(&d);
        let needle = format!("[ {expected} ]");
        prop_assert!(picture.contains(&needle), "{needle} not in\n{picture}");
        let short = short::line(&d, &sources);
        prop_assert!(short.starts_with(&expected));
        let json = json::Diagnostic::new(&d, &sources);
        prop_assert_eq!((json.span.start, json.span.end), (start, end));
        prop_assert_eq!(json.span, json.fixes[0].edits[0].span);
        let github = github::line(&d, &sources);
        let needle = format!("line={},endLine={}", start.line, end.line);
        prop_assert!(github.contains(&needle));
        let sarif = serde_json::to_value(sarif::log(&[(&d, &sources)])).unwrap();
        let region = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"];
        prop_assert_eq!(region["startLine"].as_u64(), Some(start.line.into()));
        prop_assert_eq!(region["startColumn"].as_u64(), Some(start.column.into()));
        prop_assert_eq!(region["endLine"].as_u64(), Some(end.line.into()));
        prop_assert_eq!(region["endColumn"].as_u64(), Some(end.column.into()));
        prop_assert_eq!(region["byteOffset"].as_u64(), Some(start.byte.into()));
    }
}
