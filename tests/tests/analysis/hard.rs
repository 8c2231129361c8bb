//! Policies that are hard to analyse: each question ends within its limits, with an answer or *unknown*, and never with a wrong one.

use agentpol_analysis::{
    findings::{Finding, Kind, Question, findings},
    ruleset::RuleSet,
};
use agentpol_model::ids::RuleId;
use agentpol_tests::{
    differential::compile,
    oracle::claims::Claims,
    workload::{Box6, boxes, boxes_source},
};
use core::fmt::Write as _;
use std::collections::BTreeSet;

fn analysed(text: &str) -> (RuleSet, Vec<Finding>) {
    let rules = compile(text).unwrap_or_else(|why| panic!("{why}\n{text}"));
    let found = findings(&rules);
    (rules, found)
}

fn says(found: &[Finding], kind: &Kind) -> bool {
    found.iter().any(|finding| finding.kind == *kind)
}

/// Two rules that both match one request: that is told or left open, nothing is said to be impossible, and every witness is true.
fn meet(text: &str) {
    let (rules, found) = analysed(text);
    let [first, second] = [0, 1].map(RuleId::new);
    let open = says(&found, &Kind::Unknown { rule: first, question: Question::Overlap });
    assert!(open || says(&found, &Kind::Overlap { first, second }), "{found:?}");
    let never = |kind: &Kind| matches!(kind, Kind::NeverMatches { .. } | Kind::Vacuous);
    assert!(!found.iter().any(|finding| never(&finding.kind)), "{found:?}");
    let claims = Claims::new(&rules, &found);
    assert!(found.iter().all(|finding| claims.false_witness(finding).is_none()));
}

/// A thousand boxes of six dimensions for one function: whoever meets is told, and nobody else.
#[test]
fn boxes_of_six_dimensions() {
    let all = boxes(1_000);
    let (_, found) = analysed(&boxes_source(&all));
    let touch = |a: &Box6, b: &Box6| a.iter().zip(b).all(|(a, b)| a.0 <= b.1 && b.0 <= a.1);
    let mut expected = BTreeSet::new();
    for (n, first) in all.iter().enumerate() {
        for (m, second) in all.iter().enumerate().skip(n + 1).filter(|(_, second)| touch(first, second)) {
            assert_ne!(first, second);
            expected.insert((n, m));
        }
    }
    let told = found.iter().filter_map(|finding| match finding.kind {
        Kind::Overlap { first, second } => Some((first.index(), second.index())),
        _ => None,
    });
    assert!(expected.len() > 100, "{}", expected.len());
    assert_eq!(told.collect::<BTreeSet<_>>(), expected);
    assert!(!found.iter().any(|finding| matches!(finding.kind, Kind::Unknown { .. })));
}

/// Sums of eight numbers: all hold where every number is [`POINT`], and with one more that asks for too little none does.
const ATOMS: usize = 64;
const NUMBERS: usize = 8;
const POINT: usize = 1_000;

fn atoms(contradict: bool) -> String {
    let names: Vec<String> = (0..NUMBERS).map(|n| format!("x{n}")).collect();
    let fields: Vec<String> = names.iter().map(|name| format!("{name}: uint64")).collect();
    let mut text = format!(
        "policy sums on ethereum\n\ninterface Dial {{ function set({}) {{}} }}\n\
         contract dial: Dial on ethereum at 0x1111111111111111111111111111111111111111\n\
         fees at most 0.01 ETH\nbudget gas: 0.05 ETH of fees per 24h\n",
        fields.join(", ")
    );
    for rule in ["first", "second"] {
        write!(text, "\nallow {rule}: dial.set({}) {{\n", names.join(", ")).unwrap();
        for atom in 0..ATOMS {
            // Coefficients from 1 to 13, others in each sum; they add up to what they do at the point.
            let coefficient = |n: usize| (atom * 7 + n * n * 3 + n) % 13 + 1;
            let sum: Vec<String> =
                names.iter().enumerate().map(|(n, name)| format!("{} * {name}", coefficient(n))).collect();
            let at: usize = (0..NUMBERS).map(|n| coefficient(n) * POINT).sum();
            let relation = if atom % 2 == 0 { "<=" } else { ">=" };
            writeln!(text, "    when {} {relation} {at}", sum.join(" + ")).unwrap();
        }
        if contradict {
            let sum: Vec<String> = names.iter().map(|name| format!("9 * {name}")).collect();
            writeln!(text, "    when {} <= 3 and x0 >= 1", sum.join(" + ")).unwrap();
        }
        text.push_str("}\n");
    }
    text
}

#[test]
fn sums_that_can_all_hold() {
    meet(&atoms(false));
}

#[test]
fn sums_that_cannot() {
    let (_, found) = analysed(&atoms(true));
    for rule in [0, 1].map(RuleId::new) {
        let open = says(&found, &Kind::Unknown { rule, question: Question::Reach });
        let never = |kind: &Kind| matches!(kind, Kind::NeverMatches { rule: r, .. } if *r == rule);
        assert!(open || found.iter().any(|finding| never(&finding.kind)), "{found:?}");
    }
    assert!(!found.iter().any(|finding| matches!(finding.kind, Kind::Overlap { .. })));
}

/// Quantifiers on arrays inside quantifiers on others, and on the same one.
#[test]
fn quantifiers_inside_quantifiers() {
    let text = "policy nested on ethereum\n\n\
        interface Lists { function set(a: uint256[] up to 32, b: uint256[] up to 32, c: uint256[] up to 32) {} }\n\
        contract lists: Lists on ethereum at 0x1111111111111111111111111111111111111111\n\
        fees at most 0.01 ETH\nbudget gas: 0.05 ETH of fees per 24h\n\n\
        allow first: lists.set(a, b, c) {\n\
            when all x in a: any y in b: all z in c: x <= y and y <= z\n\
            when any x in a: x > 10\n\
        }\n\n\
        allow second: lists.set(a, b, c) {\n\
            when all x in a: all y in a: any z in b: x <= z and z >= y\n\
            when any z in c: any y in b: all x in a: z <= x and x <= y\n\
            when all z in c: z > 5\n\
        }\n";
    // a = b = c = [11] is granted by both.
    meet(text);
}
