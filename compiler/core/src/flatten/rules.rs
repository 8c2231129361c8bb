//! A rule, to an arm for each callable that it covers.

use super::{Callables, Tables};
use crate::{hir::ModuleIx, resolve::nearest, typecheck::Checker};
use agentpol_analysis::ruleset::{Ask, Rule, Seconds, Verb};
use agentpol_diagnostics::{Diagnostic, codes};
use agentpol_grammar::ast::{self, ClauseKind, Name, SubjectWhat, Verb as Word};
use agentpol_model::{decision::DenyCode, ids::BudgetId};
use std::collections::BTreeSet;

/// Risks that `accept` can name: those that lift a refusal name its code, the others a finding of the analysis.
pub(crate) const RISKS: &[(&str, Option<DenyCode>)] = &[
    ("opaque", Some(DenyCode::Opaque)),
    ("unbounded", None),
    ("any_recipient", None),
    ("any_spender", None),
    ("zero_minimum", None),
    ("splitting", None),
    ("outliving", None),
    ("look_alike", Some(DenyCode::LookAlike)),
    ("zero_recipient", Some(DenyCode::ZeroRecipient)),
    ("precompile_recipient", Some(DenyCode::PrecompileRecipient)),
    ("self_recipient", Some(DenyCode::SelfRecipient)),
    ("upgrade", Some(DenyCode::Upgrade)),
    ("foreign_sender", Some(DenyCode::ForeignSender)),
    ("allow_failure", Some(DenyCode::AllowFailure)),
];

impl<'a> Checker<'_, 'a> {
    pub(super) fn rule(
        &mut self,
        item: &'a ast::Item,
        rule: &'a ast::Rule,
        tables: &Tables<'a>,
        callables: &Callables,
    ) -> Rule {
        let verb = self.verb(rule);
        let mut out = Rule {
            name: rule.name.node.clone(),
            verb,
            arms: Vec::new(),
            over: Vec::new(),
            beyond: Vec::new(),
            exempt: Vec::new(),
            accepts: Vec::new(),
            lifts: Vec::new(),
            span: item.span,
        };
        for clause in &rule.clauses {
            self.clause(rule, clause, tables, &mut out);
        }
        match self.subject(&rule.subject, callables) {
            Some((ids, names)) => {
                for id in ids {
                    let Some(known) = callables.get(id) else { continue };
                    out.arms.push(self.arm(item, rule, id, *known, names, tables));
                }
            }
            None => self.must_have_said(self.world.place(ModuleIx(0), rule.subject.span)),
        }
        out
    }

    /// What the rule does; an `ask` says whom it asks exactly once.
    fn verb(&mut self, rule: &'a ast::Rule) -> Verb {
        let mut by = rule.clauses.iter().filter_map(|c| match &c.kind {
            ClauseKind::By(asked) => Some((asked, c.span)),
            _ => None,
        });
        let first = by.next();
        let place = |span| self.world.place(ModuleIx(0), span);
        if let (Some((_, first)), Some((_, second))) = (first, by.next()) {
            let said =
                Diagnostic::new(codes::MISPLACED_CLAUSE, place(second), "a rule says once who is asked");
            self.sink.push(said.label(place(first), "here"));
        }
        match (rule.verb.node, first) {
            (Word::Allow, None) => Verb::Allow,
            (Word::Deny, None) => Verb::Deny,
            (Word::Allow | Word::Deny, Some((_, span))) => {
                let said =
                    Diagnostic::new(codes::MISPLACED_CLAUSE, place(span), "only an `ask` asks somebody")
                        .help("write `ask` for `allow`, or `beyond BUDGET: ask by …`");
                self.sink.push(said);
                if rule.verb.node == Word::Allow { Verb::Allow } else { Verb::Deny }
            }
            (Word::Ask, Some((asked, _))) => {
                let Some(ask) = self.asked(asked) else {
                    self.must_have_said(place(asked.who.span));
                    return Verb::Deny;
                };
                Verb::Ask(ask)
            }
            (Word::Ask, None) => {
                let said = format!("`{}` does not say who is asked", rule.name.node);
                self.sink.push(
                    Diagnostic::new(codes::MISSING_APPROVER, place(rule.name.span), said)
                        .help("add `by APPROVER within 10min`"),
                );
                Verb::Ask(Ask { need: 1, of: Vec::new(), within: Seconds::Fixed(0) })
            }
        }
    }

    /// Everything but conditions.
    fn clause(&mut self, rule: &'a ast::Rule, clause: &'a ast::Clause, tables: &Tables<'a>, out: &mut Rule) {
        let place = self.world.place(ModuleIx(0), clause.span);
        if rule.verb.node == Word::Deny {
            let word = match &clause.kind {
                ClauseKind::Over(_) => "over",
                ClauseKind::Beyond { .. } => "beyond",
                ClauseKind::Exempt { .. } => "exempt",
                ClauseKind::Charge { .. } => "charge",
                ClauseKind::Accept { .. } => "accept",
                ClauseKind::When(_) | ClauseKind::Unless(_) | ClauseKind::Until(_) | ClauseKind::By(_) => {
                    return;
                }
            };
            let said = format!("`{word}` has no meaning in a `deny`");
            self.sink.push(
                Diagnostic::new(codes::MISPLACED_CLAUSE, place, said)
                    .help("a matching `deny` beats every grant and moves nothing"),
            );
            return;
        }
        match &clause.kind {
            ClauseKind::When(_)
            | ClauseKind::Unless(_)
            | ClauseKind::Until(_)
            | ClauseKind::Over(_)
            | ClauseKind::By(_)
            | ClauseKind::Charge { .. } => {}
            ClauseKind::Beyond { budgets, asked } => {
                let lines = self.lines_of(budgets, tables);
                let ask = self.asked(asked);
                if ask.is_none() {
                    self.must_have_said(place);
                }
                if let Some(ask) = ask {
                    for line in lines {
                        if out.beyond.iter().any(|(l, _)| *l == line) {
                            let said = "who is asked beyond this budget is said already";
                            self.sink.push(Diagnostic::new(codes::MISPLACED_CLAUSE, place, said));
                            return;
                        }
                        out.beyond.push((line, ask.clone()));
                    }
                }
            }
            ClauseKind::Exempt { budgets, .. } => {
                let lines = self.lines_of(budgets, tables);
                let all: BTreeSet<BudgetId> = out.exempt.drain(..).chain(lines).collect();
                out.exempt = all.into_iter().collect();
            }
            ClauseKind::Accept { risk, because, .. } => self.accept(risk, &because.node, out),
        }
    }

    pub(super) fn lines_of(&mut self, names: &[Name], tables: &Tables<'a>) -> Vec<BudgetId> {
        names.iter().flat_map(|n| self.named("budget", n, &tables.budgets).unwrap_or_default()).collect()
    }

    fn accept(&mut self, risk: &Name, because: &str, out: &mut Rule) {
        let Some((name, code)) = RISKS.iter().find(|(name, _)| *name == risk.node) else {
            let place = self.world.place(ModuleIx(0), risk.span);
            let names: Vec<&str> = RISKS.iter().map(|(n, _)| *n).collect();
            let said = Diagnostic::new(
                codes::UNKNOWN_RISK,
                place,
                format!("there is no risk named `{}`", risk.node),
            );
            self.sink.push(match nearest(&risk.node, names.iter().copied()) {
                Some(near) => {
                    said.help(format!("did you mean `{near}`?")).fix(format!("write `{near}`"), place, near)
                }
                None => said.help(format!("risks are {}", names.join(", "))),
            });
            return;
        };
        out.accepts.push(((*name).to_owned(), because.to_owned()));
        if let Some(code) = code
            && !out.lifts.contains(code)
        {
            out.lifts.push(*code);
            out.lifts.sort_unstable();
        }
    }
}

/// Does a rule cover everything?
pub(super) fn is_catch_all(rule: &ast::Rule) -> bool {
    matches!(rule.subject.what, SubjectWhat::Any)
}
