//! The report for people: a table to read at a glance, and under it what it rests on.

use super::{
    Audited,
    amounts::{at_a_glance, figure, span},
    recipients,
};
use crate::{
    page,
    report::{self, Counts, Found},
    ui::{BOLD, CODE, DIM, ERROR, WARNING},
};
use agentpol_analysis::loss::{Loss, Losses, Most};
use agentpol_diagnostics::{Severity, render::visible};
use agentpol_model::{budget::Budget, ids::BudgetId, policy::Token};
use num_bigint::BigUint;
use std::collections::BTreeMap;

/// The whole report.
pub(super) fn text(audited: &Audited, found: &Found, width: usize) -> String {
    let mut out = format!("{BOLD}What can be lost under {}{BOLD:#}\n", visible(&audited.rules.name));
    let alone = &audited.losses.alone;
    let asked = &audited.losses.with_approvals;
    section(&mut out, "By the agent alone", alone, audited);
    if figures(asked, audited) != figures(alone, audited) {
        section(&mut out, "With everything approved that it asks for", asked, audited);
    }
    to_whom(&mut out, audited, width);
    let open = found.diagnostics.iter().filter(|d| d.severity != Severity::Note).cloned().collect();
    let open = Found::new(found.sources.clone(), open);
    if !open.diagnostics.is_empty() {
        out.push_str(&format!("\n{BOLD}What stands against it{BOLD:#}\n\n{}", report::pictures(&open)));
    }
    rests_on(&mut out, audited, width);
    out.push_str(&format!("\n{}\n", report::summary(Counts::of(std::slice::from_ref(&open)))));
    out
}

/// A row of figures with what it is of.
type Row = (String, [String; 4]);

fn figures(losses: &Losses, audited: &Audited) -> Vec<Row> {
    let row = |loss: &Loss, suffix: &str| -> Option<Row> {
        let token = audited.rules.tokens.get(loss.token.index())?;
        let figures =
            at_a_glance(loss).map(|(_, most)| most.map_or_else(String::new, |most| figure(most, token)));
        Some((format!("{}{suffix}", token.symbol), figures))
    };
    let tokens = losses.tokens.iter().filter_map(|loss| row(loss, ""));
    tokens.chain(losses.fees.iter().filter_map(|loss| row(loss, " of fees"))).collect()
}

fn section(out: &mut String, heading: &str, losses: &Losses, audited: &Audited) {
    out.push_str(&format!("\n{BOLD}{heading}{BOLD:#}\n"));
    let rows = figures(losses, audited);
    if rows.is_empty() {
        out.push_str("  nothing\n");
        return;
    }
    let heads = ["one transaction", "24 hours", "7 days", "in total"];
    let wide = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or(0);
    let first = wide(&mut rows.iter().map(|(name, _)| name.chars().count()));
    let columns: Vec<usize> = heads
        .iter()
        .enumerate()
        .map(|(n, head)| {
            let cells = rows.iter().filter_map(|(_, figures)| figures.get(n));
            wide(&mut cells.map(|cell| cell.chars().count()).chain([head.chars().count()]))
        })
        .collect();
    out.push_str(&format!("  {:first$}", ""));
    for (head, column) in heads.iter().zip(&columns) {
        out.push_str(&format!("  {DIM}{head:>column$}{DIM:#}"));
    }
    out.push('\n');
    for (name, figures) in &rows {
        out.push_str(&format!("  {CODE}{name:first$}{CODE:#}"));
        for (cell, column) in figures.iter().zip(&columns) {
            match cell.as_str() {
                "without end" => out.push_str(&format!("  {ERROR}{cell:>column$}{ERROR:#}")),
                "not known" => out.push_str(&format!("  {WARNING}{cell:>column$}{WARNING:#}")),
                _ => out.push_str(&format!("  {cell:>column$}")),
            }
        }
        out.push('\n');
    }
    for loss in &losses.tokens {
        because(out, loss, audited);
    }
}

/// `USDC: 1 × daily in 24h, 7 × daily in 7d, 1 × life in total`
fn because(out: &mut String, loss: &Loss, audited: &Audited) {
    let Some(token) = audited.rules.tokens.get(loss.token.index()) else { return };
    let mut parts = Vec::new();
    for (seconds, most) in &loss.windows {
        parts.extend(windows(most, audited).map(|said| format!("{said} in {}", span(*seconds))));
    }
    parts.extend(windows(&loss.total, audited).map(|said| format!("{said} in total")));
    if !parts.is_empty() {
        out.push_str(&format!("  {DIM}{}: {}{DIM:#}\n", token.symbol, visible(&parts.join(", "))));
    }
}

fn windows(most: &Most, audited: &Audited) -> Option<String> {
    let Most::Bounded { because, .. } = most else { return None };
    let each: Vec<String> = because.iter().filter_map(|one| window(one, audited)).collect();
    (!each.is_empty()).then(|| each.join(" + "))
}

fn window((budget, times): &(Option<BudgetId>, BigUint), audited: &Audited) -> Option<String> {
    let budget: &Budget = audited.rules.budgets.get((*budget)?.index())?;
    let lines = audited.rules.budgets.iter().filter(|other| other.name == budget.name).count();
    let line = if lines > 1 { format!(" ({})", budget.window) } else { String::new() };
    Some(format!("{times} × {}{line}", budget.name))
}

fn to_whom(out: &mut String, audited: &Audited, width: usize) {
    let lines: Vec<String> = audited
        .losses
        .with_approvals
        .tokens
        .iter()
        .filter_map(|loss| {
            let token: &Token = audited.rules.tokens.get(loss.token.index())?;
            Some(format!("`{}`: {}", token.symbol, whom(audited, loss)))
        })
        .collect();
    list(out, "To whom", &lines, width);
}

/// `SwapRouter02 and 0x7099…79C8; anybody, by tip`
pub(super) fn whom(audited: &Audited, loss: &Loss) -> String {
    let found = recipients::recipients(&audited.rules, loss.token);
    let mut parts = Vec::new();
    if !found.named.is_empty() {
        parts.push(found.named.into_iter().collect::<Vec<_>>().join(", "));
    }
    if !found.anybody.is_empty() {
        let rules: Vec<String> = found.anybody.into_iter().collect();
        parts.push(format!("anybody whom `{}` lets through", rules.join("`, `")));
    }
    if parts.is_empty() { "nobody".to_owned() } else { parts.join("; ") }
}

/// What the figures rest on.
fn rests_on(out: &mut String, audited: &Audited, width: usize) {
    let accepted: Vec<String> = audited
        .accepts()
        .map(|(rule, risk, because)| format!("`{rule}` accepts `{risk}`: {because}"))
        .collect();
    list(out, "Accepted risks", &accepted, width);
    let trusted: Vec<String> = audited
        .rules
        .contracts
        .iter()
        .filter_map(|contract| {
            let why = contract.trusted.as_ref()?;
            Some(format!("`{}` on {}: {why}", contract.name, audited.chain(contract.chain)))
        })
        .collect();
    list(out, "Trusted: outside every bound if it is broken or upgraded", &trusted, width);
    let upgradeable: Vec<String> = upgradeable(audited).collect();
    list(out, "Whose code can be replaced", &upgradeable, width);
    let assumed: Vec<String> =
        audited.assumptions().map(|(chain, said)| format!("`{chain}`: {said}")).collect();
    list(out, "What is assumed of the chains", &assumed, width);
}

/// `USDC` on ethereum, base
pub(super) fn upgradeable(audited: &Audited) -> impl Iterator<Item = String> {
    let mut by_name: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for contract in audited.rules.contracts.iter().filter(|contract| contract.upgradeable) {
        by_name.entry(&contract.name).or_default().push(audited.chain(contract.chain));
    }
    by_name.into_iter().map(|(name, chains)| format!("`{name}` on {}", chains.join(", ")))
}

fn list(out: &mut String, heading: &str, lines: &[String], width: usize) {
    if lines.is_empty() {
        return;
    }
    out.push_str(&format!("\n{BOLD}{heading}{BOLD:#}\n"));
    for line in lines {
        for (n, part) in page::wrap(&visible(line), width.saturating_sub(4)).iter().enumerate() {
            let lead = if n == 0 { "  " } else { "    " };
            out.push_str(&format!("{lead}{}\n", page::code_words(part)));
        }
    }
}
