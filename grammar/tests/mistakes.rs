//! Mistakes that beginners make, and what each is told. One snapshot a mistake, in `mistakes/`: what was written and the
//! answer to it, together.
#![expect(clippy::unwrap_used, reason = "a test")]

use agentpol_grammar::{
    Parse, SyntaxError,
    ast::{File, ItemKind, MemberKind},
    parse,
};
use std::fmt::Write;

const POLICY: &str = "\
policy p on ethereum
use std::tokens::{USDC, WETH}
let friends = { 0x1111111111111111111111111111111111111111 }
budget daily: 500 USDC per 24h
allow pay: USDC.transfer(to, amount) {
    when to in friends and amount <= 250 USDC
    until 2027-01-01
}
ask big: USDC.transfer(to, amount) {
    by 0x2222222222222222222222222222222222222222 within 10min
    when amount > 250 USDC
}
assert outflow(USDC) <= 500 USDC per 24h
test \"t\" {
    try USDC.transfer(wallet, 1 USDC) => deny
}
";

const INTERFACE: &str = "\
interface Router {
    function execute(commands: bytes, inputs: bytes[] up to 8) payable trailing 32 {
        unwraps { opcodes: commands, inputs: inputs } as Router
    }
    function multicall(calls: bytes[] up to 8) {
        unwraps all c in calls: { data: c }
    }
    command 0x0b WRAP(amount: uint256, path: bytes) {
        requires path[-20..] == WETH
        pulls amount of path[0..20] by self through Permit2 when amount > 0
    }
    sign Permit(spender: address, value: uint256, nonce: uint256, deadline: uint256) {
        once per nonce until deadline
        grants value of self to spender through Permit2 until deadline
    }
    function setApprovalForAll(operator: address, approved: bool) {
        gives control to operator when approved
    }
}
";

/// Name, what stands in the interface, what is written in its place.
#[rustfmt::skip]
const DECLARED: &[(&str, &str, &str)] = &[
    ("once_without_per", "once per nonce", "once nonce"),
    ("once_of_nothing", "once per nonce until", "once until"),
    ("once_with_a_comma_after_it", "nonce until deadline\n", "nonce,\n"),
    ("misspelt_once", "once per", "onse per"),
    ("command_without_an_opcode", "command 0x0b WRAP", "command WRAP"),
    ("opcode_after_the_name", "command 0x0b WRAP", "command WRAP 0x0b"),
    ("opcode_in_decimal", "command 0x0b WRAP", "command 11 WRAP"),
    ("payable_command", "path: bytes) {", "path: bytes) payable {"),
    ("through_before_the_party", "to spender through Permit2", "through Permit2 to spender"),
    ("through_before_the_puller", "by self through Permit2", "through Permit2 by self"),
    ("through_after_until", "through Permit2 until deadline", "until deadline through Permit2"),
    ("through_after_when", "through Permit2 when amount > 0", "when amount > 0 through Permit2"),
    ("through_where_nothing_is_kept", "operator when", "operator through Permit2 when"),
    ("via_a_keeper", "spender through", "spender via"),
    ("unwraps_of_nothing", "unwraps all c in calls: { data: c }", "unwraps"),
    ("unwraps_of_nothing_before_another", "unwraps { opcodes: commands, inputs: inputs } as", "unwraps\n        unwraps"),
    ("unwraps_a_form_alone", "unwraps { opcodes: commands, inputs: inputs } as", "unwraps as"),
    ("unwraps_each_without_all", "unwraps all c", "unwraps c"),
    ("unwraps_each_without_a_colon", "in calls:", "in calls"),
    ("requires_nothing", "requires path[-20..] == WETH", "requires"),
    ("require", "requires path", "require path"),
    ("give", "gives control", "give control"),
    ("gives_authority", "gives control", "gives authority"),
    ("grants_control", "gives control to operator when approved", "grants control to operator when approved"),
    ("payable_after_trailing", "payable trailing 32", "trailing 32 payable"),
    ("trailing_bytes", "trailing 32", "trailing 32 bytes"),
    ("trailing_without_a_number", "trailing 32", "trailing"),
    ("slice_without_a_start", "path[0..20]", "path[..20]"),
    ("slice_up_to_and_with", "path[-20..]", "path[-20..=]"),
    ("range_without_an_end", "amount > 0", "amount in 1.."),
];

/// Name, what stands in the policy, what is written in its place.
#[rustfmt::skip]
const MISTAKES: &[(&str, &str, &str)] = &[
    ("missing_closing_brace_of_a_rule", "until 2027-01-01\n}", "until 2027-01-01"),
    ("missing_closing_brace_at_the_end", "=> deny\n}", "=> deny"),
    ("missing_opening_brace", "amount) {\n    when to", "amount)\n    when to"),
    ("one_brace_too_many", "until 2027-01-01\n}", "until 2027-01-01\n}}"),
    ("missing_when", "when amount > 250", "amount > 250"),
    ("missing_when_first_clause", "when to in friends", "to in friends"),
    ("misspelt_allow", "allow pay", "alow pay"),
    ("misspelt_budget", "budget daily", "buget daily"),
    ("misspelt_when", "when amount >", "wehn amount >"),
    ("misspelt_until_after_a_number", "until 2027", "untill 2027"),
    ("misspelt_within", "within 10min", "witin 10min"),
    ("misspelt_per", "500 USDC per 24h\nallow", "500 USDC pre 24h\nallow"),
    ("capital_when", "when amount >", "When amount >"),
    ("triple_equals", "amount > 250", "amount === 250"),
    ("double_ampersand", "friends and", "friends &&"),
    ("double_bar_and_exclamation_mark", "when amount > 250 USDC", "when !(amount > 250 USDC) || to == wallet"),
    ("one_equals_sign", "amount > 250", "amount = 250"),
    ("trailing_comma_after_a_clause", "250 USDC\n    until", "250 USDC,\n    until"),
    ("trailing_comma_in_a_list", "{USDC, WETH}", "{USDC, WETH,}"),
    ("unit_first", "500 USDC per 24h\nallow", "USDC 500 per 24h\nallow"),
    ("unit_first_in_a_guard", "amount > 250 USDC", "amount > USDC 250"),
    ("dollar_sign", "amount > 250 USDC", "amount > $250"),
    ("glued_unit", "amount > 250 USDC", "amount > 250USDC"),
    ("quotes_round_an_address", "by 0x2222222222222222222222222222222222222222", "by \"0x2222222222222222222222222222222222222222\""),
    ("single_quotes", "test \"t\"", "test 't'"),
    ("missing_colon_after_the_rule_name", "allow pay:", "allow pay"),
    ("missing_colon_after_the_budget_name", "budget daily:", "budget daily"),
    ("missing_rule_name", "allow pay:", "allow"),
    ("unclosed_string", "test \"t\" {", "test \"t {"),
    ("yaml_style", "allow pay: USDC.transfer(to, amount) {\n    when to in friends and amount <= 250 USDC\n    until 2027-01-01\n}", "allow:\n  - USDC.transfer\n    max: 250"),
    ("json_style", "budget daily: 500 USDC per 24h", "\"budget\": { \"daily\": 500 }"),
    ("policy_with_braces", "policy p on ethereum", "policy p {\n on ethereum\n}"),
    ("policy_without_on", "policy p on ethereum", "policy p"),
    ("first_draft_budget", "budget daily: 500 USDC per 24h", "budget daily { 500 USDC per 24h }"),
    ("semicolons", "until 2027-01-01", "until 2027-01-01;"),
    ("hash_comment", "until 2027-01-01", "until 2027-01-01 # the end"),
    ("ten_minutes", "within 10min", "within 10 minutes"),
    ("ten_m", "within 10min", "within 10m"),
    ("days_spelt_out", "500 USDC per 24h\nallow", "500 USDC per 1day\nallow"),
    ("thousands_with_commas", "500 USDC per 24h\nallow", "10,000 USDC per 24h\nallow"),
    ("short_date", "2027-01-01", "2027-1-1"),
    ("american_date", "2027-01-01", "01/01/2027"),
    ("exponent", "250 USDC\n    until", "2.5e2 USDC\n    until"),
    ("spaced_percent", "amount > 250 USDC", "amount > amount * 95 %"),
    ("if_as_a_clause", "when amount > 250 USDC", "if (amount > 250 USDC) { allow }"),
    ("require", "when amount > 250 USDC", "require(amount > 250 USDC)"),
    ("is_equals", "amount > 250 USDC", "amount is 250 USDC"),
    ("unclosed_paren", "when amount > 250 USDC", "when (amount > 250 USDC"),
    ("missing_operand", "amount > 250 USDC", "amount >"),
    ("missing_within", " within 10min", ""),
    ("clause_outside_a_rule", "budget daily", "when x == 1\nbudget daily"),
    ("reserved_word_as_a_binding", "transfer(to, amount) {\n    when to", "transfer(when, amount) {\n    when to"),
    ("solidity_signature", "USDC.transfer(to, amount) {\n    when to", "USDC.transfer(address to, uint256 amount) {\n    when to"),
    ("thin_arrow", "=> deny", "-> deny"),
    ("no_verdict", " => deny", ""),
    ("smart_quotes", "test \"t\"", "test “t”"),
    ("typo_in_address", "{ 0x1111111111111111111111111111111111111111 }", "{ 0x111111111111111111111111111111111111111G }"),
    ("ask_by_before_the_colon", "ask big: USDC.transfer(to, amount) {\n    by 0x2222222222222222222222222222222222222222 within 10min", "ask big by alice within 10min: USDC.transfer(to, amount) {"),
    ("block_comment", "until 2027-01-01", "until 2027-01-01 /* the end */"),
    ("bad_escape", "test \"t\"", "test \"a\\qb\""),
    ("mixed_entries", "{ 0x1111111111111111111111111111111111111111 }", "{ wallet, a: 1 }"),
    ("unit_on_the_next_line", "amount <= 250 USDC", "amount <= 250\n    USDC"),
    ("amount_then_field", "amount <= 250 USDC", "amount <= 250 p.fee == 500"),
    ("no_break_space", "until 2027", "until\u{a0}2027"),
    ("reserved_word_as_a_name", "budget daily", "budget when"),
    ("effect_in_a_rule", "until 2027-01-01", "moves amount of USDC from wallet to to"),
];

/// What is no mistake after all.
const FINE: &[&str] = &["trailing_comma_in_a_list"];

#[test]
fn each_mistake_is_told_at_its_place() {
    told(POLICY, MISTAKES, "mistakes", |file| (file.items.len(), "items"));
}

#[test]
fn each_mistake_in_an_interface_is_told_at_its_place() {
    told(INTERFACE, DECLARED, "mistakes/declared", |file| (effects(file), "effects"));
}

fn effects(file: &File) -> usize {
    let members = file.items.iter().flat_map(|item| match &item.kind {
        ItemKind::Interface(interface) => interface.members.as_slice(),
        _ => &[],
    });
    let effects = members.filter_map(|member| match &member.kind {
        MemberKind::Function { effects, .. }
        | MemberKind::Typed { effects, .. }
        | MemberKind::Command { effects, .. } => effects.as_ref(),
        _ => None,
    });
    effects.map(Vec::len).sum()
}

fn told(
    right_text: &str,
    mistakes: &[(&str, &str, &str)],
    folder: &str,
    left: impl Fn(&File) -> (usize, &'static str),
) {
    let whole = parse(right_text);
    assert_eq!(whole.errors, []);
    for (name, right, wrong) in mistakes {
        assert!(right_text.contains(right), "{name}");
        let text = right_text.replacen(right, wrong, 1);
        let parse = parse(&text);
        assert_eq!(parse.errors.is_empty(), FINE.contains(name), "{name}");
        let ((left, what), (all, _)) = (left(&parse.file), left(&whole.file));
        let shown = format!("{left} of {all} {what} in the tree\n{}", show(&parse, &text));
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(folder);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(*name, shown));
    }
}

#[test]
fn a_fix_settles_its_mistake_and_brings_no_other() {
    let of = |text: &'static str, mistakes: &'static [_]| mistakes.iter().map(move |mistake| (text, mistake));
    for (text, (name, right, wrong)) in of(POLICY, MISTAKES).chain(of(INTERFACE, DECLARED)) {
        let text = text.replacen(right, wrong, 1);
        let before = parse(&text).errors;
        for error in &before {
            let Some(fixed) = apply(&text, error) else { continue };
            let after = parse(&fixed).errors;
            assert!(after.len() < before.len(), "{name}: {fixed}\n{after:#?}");
        }
    }
}

fn apply(text: &str, error: &SyntaxError) -> Option<String> {
    let (span, new) = error.fix.as_ref()?;
    let mut fixed = text.to_owned();
    fixed.replace_range(span.range(), new);
    Some(fixed)
}

fn line_of(text: &str, byte: u32) -> usize {
    text.bytes().take(byte as usize).filter(|byte| *byte == b'\n').count()
}

fn show(parse: &Parse, text: &str) -> String {
    let mut out = String::new();
    for error in &parse.errors {
        let line = line_of(text, error.span.start);
        let written = text.lines().nth(line).unwrap_or_default();
        let start: usize = text.lines().take(line).map(|line| line.len() + 1).sum();
        let column = written.char_indices().filter(|(at, _)| start + at < error.span.start as usize).count();
        let marked = text.get(error.span.range()).unwrap().lines().next().unwrap_or_default().chars().count();
        writeln!(out, "\nerror[{}]: {}", error.kind.name(), error.message).unwrap();
        writeln!(out, "{:3} | {written}", line + 1).unwrap();
        writeln!(out, "    | {}{}", " ".repeat(column), "^".repeat(marked.max(1))).unwrap();
        if let Some(help) = &error.help {
            writeln!(out, "help: {help}").unwrap();
        }
        if let Some(fixed) = apply(text, error) {
            let at = line_of(text, error.fix.as_ref().unwrap().0.start);
            writeln!(out, "fix: {}", fixed.lines().nth(at).unwrap_or_default().trim()).unwrap();
        }
    }
    out
}
