//! Findings as diagnostics: one for one mistake, and every edit that is offered settles it.

use super::said;
use crate::{Compilation, NoFiles, SourceFile, check};
use agentpol_diagnostics::{Diagnostic, Fix, codes};

fn checked(text: &str) -> Compilation {
    check(SourceFile::new("policy.agentpol", text), &NoFiles)
}

/// The text with the edits made.
fn applied(text: &str, fix: &Fix) -> String {
    let mut edits = fix.edits.clone();
    edits.sort_by_key(|(place, _)| std::cmp::Reverse(place.span.start));
    let mut out = text.to_owned();
    for (place, with) in edits {
        out.replace_range(place.span.range(), &with);
    }
    out
}

/// What makes two diagnostics the same finding: code and message.
fn settled(of: &Diagnostic, after: &Compilation) -> bool {
    after.ruleset.is_some() && !after.diagnostics.iter().any(|d| d.code == of.code && d.message == of.message)
}

/// Every edit that is offered, applied by itself. How many there were.
fn every_fix_settles(name: &str, text: &str) -> usize {
    let before = checked(text);
    let mut count = 0;
    for found in before.diagnostics.iter().filter(|d| d.code >= "AP0600") {
        for fix in &found.fixes {
            count += 1;
            let edited = applied(text, fix);
            let after = checked(&edited);
            assert!(
                settled(found, &after),
                "{name}: {} {}\n`{}` does not settle it:\n{edited}\n{}",
                found.code,
                found.message,
                fix.title,
                said(&after)
            );
            // What it brings to light was there before; what does not compile was not.
            assert!(
                after.diagnostics.iter().all(|d| d.code >= "AP0600"),
                "{name}: {}\n{}",
                fix.title,
                said(&after)
            );
        }
    }
    count
}

#[test]
fn every_fix_of_every_page_settles_what_it_is_offered_for() {
    let mut count = 0;
    for code in codes::ALL.iter().filter(|code| code.code >= "AP0600") {
        count += every_fix_settles(code.code, code.example());
    }
    assert!(count >= 10, "only {count} fixes were offered");
}

const MESSY: &str = "policy messy on ethereum
use std::tokens::{USDC, WETH}
use std::uniswap_v3::SwapRouter02
budget daily: 500 USDC per 24h for buy // the router's
param owner: approver
allow approve: USDC.approve(spender, amount) { when spender == SwapRouter02 and amount <= 100 USDC }
allow buy: SwapRouter02.exactInputSingle(p) {
    when p.tokenIn == USDC and p.tokenOut == WETH
    when p.amountIn <= 100 USDC and p.amountIn <= 200 USDC // twice
}
allow empty: WETH.transfer(to, amount) {}
ask other: WETH.transfer(to, amount) { by owner within 1h when amount <= 1 WETH
}
";

#[test]
fn fixes_fit_into_any_layout() {
    let count = every_fix_settles("messy", MESSY);
    assert!(count >= 8, "only {count} fixes were offered:\n{}", said(&checked(MESSY)));
}

#[test]
fn one_mistake_is_said_once() {
    let many = "policy many on ethereum, base, arbitrum
use std::tokens::{ERC20, USDC, WETH}
budget daily: 500 USDC per 24h
budget weth: 1 WETH per 24h
budget gas: 0.1 ETH of fees per 24h
allow pay: ERC20.transfer(to, amount) at { USDC, WETH } {}
";
    let found = checked(many);
    let [one] = found.diagnostics.as_slice() else { panic!("{}", said(&found)) };
    assert_eq!(one.message, "`pay` may send USDC and WETH to anybody");
    assert!(one.notes.iter().any(|note| note.starts_with("for example: try ")), "{:?}", one.notes);
}

const IDLE: &str = "policy idle on ethereum
use std::tokens::{DAI, USDC}
param owner: approver
budget daily: 500 USDC per day, 1_000_000 USDC total // two lines
// Never reached.
budget weekly: 4_000 USDC per 7d
budget dai: 100 DAI total, 100 DAI per month
budget gas: 0.1 ETH of fees per 24h
let payee = 0x1111111111111111111111111111111111111111
allow pay: USDC.transfer(to, amount) { when to == payee and amount <= 100 USDC
    exempt dai because \"a mistake\" }
ask larger: USDC.transfer(to, amount) { by owner within 1h
    when to == payee and amount > 100 USDC }
allow gift: DAI.transfer(to, amount) { when to == payee }
/// For the reader.
deny huge: USDC.transfer(to, amount) { when amount > 10_000 USDC and amount <= 1 USDC }
deny most: DAI.transferFrom(from, to, amount) { when amount > 1 DAI }
allow cheque: sign DAI.Permit(p) { when p.holder == wallet and p.spender == payee and p.expiry < now
    until 2027-01-01
}
";

#[test]
fn what_does_nothing_can_go_in_any_layout() {
    let found = checked(IDLE);
    let count = every_fix_settles("idle", IDLE);
    assert!(count >= 6, "only {count} fixes were offered:\n{}", said(&found));
    for code in ["AP0602", "AP0620", "AP0622", "AP0623", "AP0624", "AP0625"] {
        assert!(said(&found).contains(code), "{code}:\n{}", said(&found));
    }
}

/// The worst comes first, however it was found.
#[test]
fn kinds_are_told_in_their_order() {
    let found = checked(IDLE);
    let order: Vec<_> = found.diagnostics.iter().map(|d| (d.severity, d.code)).collect();
    let place = |code: &str| order.iter().position(|(_, of)| *of == code);
    assert!(place("AP0602") < place("AP0620") && place("AP0620") < place("AP0622"), "{order:?}");
    assert!(place("AP0622") < place("AP0623") && place("AP0623") < place("AP0625"), "{order:?}");
    // Each has the requests that show it, where it takes some.
    let shown = |code: &str| found.witnesses.get(&place(code).unwrap()).map_or(0, Vec::len);
    assert!(shown("AP0620") > 1 && shown("AP0625") > 1 && shown("AP0622") == 0, "{:?}", found.witnesses);
}

/// While two rules overlap, nobody knows which of them pays; that is said once.
#[test]
fn what_follows_from_an_overlap_is_not_said() {
    let text = "policy p on ethereum
use std::tokens::USDC
budget daily: 500 USDC per 24h
budget gas: 0.1 ETH of fees per 24h
allow pay: USDC.transfer(to, amount) { when amount <= 10 USDC }
allow also: USDC.transfer(to, amount) { when amount == 10 USDC }
";
    let found = checked(text);
    assert!(said(&found).contains("AP0601") && !said(&found).contains("AP0614"), "{}", said(&found));
}

#[test]
fn the_worst_is_said_first_and_what_is_accepted_is_not_said() {
    let text = MESSY.replace(
        "allow empty: WETH.transfer(to, amount) {}",
        "allow empty: WETH.transfer(to, amount) { accept any_recipient because \"tips\" }",
    );
    let found = checked(&text);
    let order: Vec<_> = found.diagnostics.iter().map(|d| d.severity).collect();
    assert!(order.is_sorted(), "{}", said(&found));
    assert!(!said(&found).contains("`empty` may send"), "{}", said(&found));
}
