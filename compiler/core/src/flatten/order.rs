//! `over`: a strict partial order of grants, transitively closed. A catch-all is below every other grant.

use super::{Tables, rules::is_catch_all};
use crate::{hir::ModuleIx, typecheck::Checker};
use agentpol_analysis::ruleset::Rule;
use agentpol_diagnostics::{Diagnostic, codes};
use agentpol_grammar::ast::{ClauseKind, Name, Verb};
use agentpol_model::ids::RuleId;
use std::collections::BTreeSet;

impl<'a> Checker<'_, 'a> {
    pub(super) fn close_over(&mut self, tables: &Tables<'a>, rules: &mut [Rule]) {
        let below = self.direct(tables);
        let Some(order) = bottom_up(&below) else {
            self.cycle(tables, &below);
            return;
        };
        let mut closed: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); below.len()];
        for at in order {
            let mut all = BTreeSet::new();
            for b in below.get(at).into_iter().flatten() {
                all.insert(*b);
                all.extend(closed.get(*b).into_iter().flatten());
            }
            if let Some(slot) = closed.get_mut(at) {
                *slot = all;
            }
        }
        for (rule, all) in rules.iter_mut().zip(closed) {
            rule.over = all.into_iter().map(|n| RuleId::new(u32::try_from(n).unwrap_or(u32::MAX))).collect();
        }
    }

    /// What each rule is written over, and the catch-alls.
    fn direct(&mut self, tables: &Tables<'a>) -> Vec<BTreeSet<usize>> {
        let grants = |n: usize| tables.heads.get(n).is_some_and(|r| r.verb.node != Verb::Deny);
        let catch_alls: Vec<usize> = (0..tables.heads.len())
            .filter(|n| grants(*n) && tables.heads.get(*n).is_some_and(|r| is_catch_all(r)))
            .collect();
        let mut out = Vec::with_capacity(tables.heads.len());
        for (n, rule) in tables.heads.iter().enumerate() {
            let mut below = BTreeSet::new();
            if grants(n) {
                for name in self.over_names(tables, n) {
                    let Some(id) = self.named("rule", name, &tables.rules) else { continue };
                    if grants(id.index()) {
                        below.insert(id.index());
                    } else {
                        let place = self.world.place(ModuleIx(0), name.span);
                        let said = format!("`{}` is a `deny`: nothing stands over it", name.node);
                        self.sink.push(Diagnostic::new(codes::MISPLACED_CLAUSE, place, said));
                    }
                }
                if !is_catch_all(rule) {
                    below.extend(&catch_alls);
                }
            }
            out.push(below);
        }
        out
    }

    fn over_names(&self, tables: &Tables<'a>, n: usize) -> Vec<&'a Name> {
        let clauses = tables.heads.get(n).map(|r| r.clauses.as_slice()).unwrap_or_default();
        let names = clauses.iter().filter_map(|c| match &c.kind {
            ClauseKind::Over(names) => Some(names),
            _ => None,
        });
        names.flatten().collect()
    }

    /// Says who stands over whom, round and round.
    fn cycle(&mut self, tables: &Tables<'a>, below: &[BTreeSet<usize>]) {
        let Some(cycle) = find_cycle(below) else { return };
        let name = |n: &usize| tables.heads.get(*n).map(|r| &r.name);
        let words: Vec<String> =
            cycle.iter().chain(cycle.first()).filter_map(name).map(|n| format!("`{}`", n.node)).collect();
        let Some(first) = cycle.first().and_then(name) else { return };
        let place = |span| self.world.place(ModuleIx(0), span);
        let mut said = Diagnostic::new(
            codes::OVER_CYCLE,
            place(first.span),
            format!("these rules stand over each other in a circle: {}", words.join(" over ")),
        );
        for other in cycle.iter().skip(1).filter_map(name) {
            said = said.label(place(other.span), "in the circle");
        }
        if cycle.iter().any(|n| tables.heads.get(*n).is_some_and(|r| is_catch_all(r))) {
            said = said.note("a catch-all `any` is below every other rule");
        }
        self.sink.push(said.help("take one `over` out"));
    }
}

/// Each after everything that is below it; `None` where there is a circle.
fn bottom_up(below: &[BTreeSet<usize>]) -> Option<Vec<usize>> {
    let mut above: Vec<Vec<usize>> = vec![Vec::new(); below.len()];
    let mut open: Vec<usize> = below.iter().map(BTreeSet::len).collect();
    for (n, all) in below.iter().enumerate() {
        for b in all {
            above.get_mut(*b)?.push(n);
        }
    }
    let mut order: Vec<usize> = open.iter().enumerate().filter(|(_, o)| **o == 0).map(|(n, _)| n).collect();
    let mut next = 0;
    while let Some(at) = order.get(next).copied() {
        for n in above.get(at)? {
            let left = open.get_mut(*n)?;
            *left -= 1;
            if *left == 0 {
                order.push(*n);
            }
        }
        next += 1;
    }
    (order.len() == below.len()).then_some(order)
}

/// Some circle.
fn find_cycle(below: &[BTreeSet<usize>]) -> Option<Vec<usize>> {
    // What is left after the leaves are taken off, again and again, stands in a circle or above one.
    let mut left: BTreeSet<usize> = (0..below.len()).collect();
    loop {
        let leaves: Vec<usize> =
            left.iter().copied().filter(|n| below.get(*n).is_none_or(|b| b.is_disjoint(&left))).collect();
        if leaves.is_empty() {
            break;
        }
        leaves.iter().for_each(|n| {
            left.remove(n);
        });
    }
    let mut path: Vec<usize> = Vec::new();
    let mut at = *left.first()?;
    loop {
        if let Some(start) = path.iter().position(|n| *n == at) {
            return Some(path.split_off(start));
        }
        path.push(at);
        at = *below.get(at)?.iter().find(|b| left.contains(b))?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edges(all: &[&[usize]]) -> Vec<BTreeSet<usize>> {
        all.iter().map(|b| b.iter().copied().collect()).collect()
    }

    #[test]
    fn the_lower_come_first() {
        assert_eq!(bottom_up(&edges(&[&[1], &[2], &[]])), Some(vec![2, 1, 0]));
        assert_eq!(bottom_up(&edges(&[&[1], &[0]])), None);
    }

    #[test]
    fn a_circle_is_told_without_what_leads_to_it() {
        assert_eq!(find_cycle(&edges(&[&[1], &[2], &[3], &[1]])), Some(vec![1, 2, 3]));
        assert_eq!(find_cycle(&edges(&[&[0]])), Some(vec![0]));
        assert_eq!(find_cycle(&edges(&[&[1], &[]])), None);
    }
}
