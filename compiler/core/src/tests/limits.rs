//! Every limit, at it and one past it.

use super::run;
use crate::{
    flatten::{MAX_LINES, MAX_WITHIN_SECONDS},
    typecheck::{MAX_COEFFICIENT_BITS, MAX_DEPTH, MAX_QUANTIFIERS, MAX_TERMS},
    world::{MAX_DECIMALS, MAX_PARAM_SET},
};
use num_bigint::BigInt;

fn codes(text: &str) -> Vec<&'static str> {
    run(text).diagnostics.iter().map(|d| d.code).collect()
}

const HEAD: &str = "policy p on ethereum\nuse std::tokens::USDC\n";

fn interface(fields: &str) -> String {
    format!(
        "{HEAD}interface I {{ function f({fields}) {{}} }}\ncontract c: I on ethereum at 0x2222222222222222222222222222222222222222\n"
    )
}

#[test]
fn words_in_one_comparison() {
    let policy = |n: usize| {
        let names: Vec<String> = (0..n).map(|i| format!("x{i}")).collect();
        let fields: Vec<String> = names.iter().map(|n| format!("{n}: uint256")).collect();
        let head = interface(&fields.join(", "));
        format!("{head}allow a: c.f({}) {{ when {} <= 5 }}\n", names.join(", "), names.join(" + "))
    };
    assert_eq!(codes(&policy(MAX_TERMS)), [""; 0]);
    assert_eq!(codes(&policy(MAX_TERMS + 1)), ["AP0213"]);
}

#[test]
fn bits_of_a_constant() {
    let head = interface("x: uint256");
    let policy = |n: BigInt| format!("{head}allow a: c.f(x) {{ when x <= {n} }}\n");
    let past = BigInt::from(1) << MAX_COEFFICIENT_BITS;
    assert_eq!(codes(&policy(past.clone() - 1)), [""; 0]);
    assert_eq!(codes(&policy(past)), ["AP0213"]);
}

#[test]
fn quantifiers_inside_each_other() {
    let policy = |n: u8| {
        let mut body = "1 <= 2 and x0 <= 5".to_owned();
        for i in (0..n).rev() {
            body = format!("all x{i} in xs: {body}");
        }
        format!("{}allow a: c.f(xs) {{ when {body} }}\n", interface("xs: uint256[] up to 2"))
    };
    assert_eq!(codes(&policy(MAX_QUANTIFIERS)), [""; 0]);
    assert_eq!(codes(&policy(MAX_QUANTIFIERS + 1)), ["AP0107"]);
}

#[test]
fn lines_of_a_budget() {
    let policy = |n: usize| format!("{HEAD}budget b: {}\n", vec!["5 USDC total"; n].join(", "));
    assert_eq!(codes(&policy(MAX_LINES)), [""; 0]);
    assert_eq!(codes(&policy(MAX_LINES + 1)), ["AP0213"]);
}

#[test]
fn time_to_approve() {
    let policy = |s: u64| {
        format!(
            "{HEAD}param o: approver\nask a: USDC.transfer(to, amount) {{ by o within {s}s\n when amount <= 5 USDC }}\n"
        )
    };
    assert_eq!(codes(&policy(MAX_WITHIN_SECONDS)), [""; 0]);
    assert_eq!(codes(&policy(MAX_WITHIN_SECONDS + 1)), ["AP0208"]);
    assert_eq!(codes(&policy(0)), ["AP0208"]);
}

#[test]
fn addresses_in_a_parameter() {
    let policy = |n: u32| format!("{HEAD}param s: set of address up to {n}\n");
    assert_eq!(codes(&policy(MAX_PARAM_SET)), [""; 0]);
    assert_eq!(codes(&policy(MAX_PARAM_SET + 1)), ["AP0219"]);
}

#[test]
fn decimals_of_a_token() {
    let policy = |n: u8| {
        format!(
            "{HEAD}token T decimals {n} {{ on ethereum at 0x2222222222222222222222222222222222222222 }}\n"
        )
    };
    assert_eq!(codes(&policy(MAX_DECIMALS)), [""; 0]);
    assert_eq!(codes(&policy(MAX_DECIMALS + 1)), ["AP0407"]);
}

#[test]
fn definitions_inside_definitions() {
    let policy = |n: u32| {
        let mut text = format!("{HEAD}let a0 = a1\n");
        for i in 1..n {
            text.push_str(&format!("let a{i} = a{}\n", i + 1));
        }
        format!("{text}let a{n} = 5 USDC\n")
    };
    assert_eq!(codes(&policy(MAX_DEPTH - 1)), [""; 0]);
    assert_eq!(codes(&policy(MAX_DEPTH)), ["AP0213"]);
}

#[test]
fn structs_that_would_be_written_out_without_end() {
    let policy = |n: usize| {
        let mut text = String::from(HEAD);
        text.push_str("interface I {\n");
        for i in 0..n {
            text.push_str(&format!("struct S{i} (a: S{j}, b: S{j}, c: S{j}, d: S{j})\n", j = i + 1));
        }
        format!("{text}struct S{n} (a: uint256)\n}}\n")
    };
    assert_eq!(codes(&policy(3)), [""; 0]);
    assert!(codes(&policy(14)).iter().all(|c| *c == "AP0409"));
}

/// A policy with any line gone, or any two neighbours swapped, is told about, never a panic.
#[test]
fn broken_policies_are_told_about() {
    let text = "policy p on ethereum, base\n\nuse std::tokens::{ERC20, USDC, USDT, WETH}\nuse std::uniswap_v3::SwapRouter02\n\n\
        param owner: approver\nunit usd = 1 USDC = 1 USDT\nfees at most 0.01 ETH\nbudget daily: 500 usd per 24h\n\
        def good(p: SwapRouter02::ExactInputSingleParams) = p.tokenIn in { USDC, USDT }\n    and p.amountIn <= 5 usd\n\
        allow buy: SwapRouter02.exactInputSingle(p) {\n    when good(p)\n    until 2027-01-01\n    beyond daily: ask by owner within 10min\n}\n\
        ask rest: any {\n    by owner within 1h\n    exempt daily because \"asked\"\n}\n\
        test \"t\" {\n    try USDC.transfer(wallet, 5 USDC) => ask rest\n}\n";
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(codes(text), [""; 0]);
    for n in 0..lines.len() {
        let mut without = lines.clone();
        without.remove(n);
        let c = run(&without.join("\n"));
        assert_eq!(c.ruleset.is_none(), c.diagnostics.iter().any(|d| d.is_error()));
        let mut swapped = lines.clone();
        swapped.swap(n, (n + 1) % lines.len());
        let c = run(&swapped.join("\n"));
        assert_eq!(c.ruleset.is_none(), c.diagnostics.iter().any(|d| d.is_error()));
    }
}
