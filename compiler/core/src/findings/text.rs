//! Places in the policy's text.

use agentpol_diagnostics::{FileId, Place};
use agentpol_grammar::ast::{self, ClauseKind, Expr, ExprKind, File, Item, ItemKind, Rule, Span};
use agentpol_model::ids::RuleId;

/// The policy's text with its tree.
pub(super) struct Text<'t> {
    source: &'t str,
    file: &'t File,
    rules: Vec<(&'t Item, &'t Rule)>,
}

/// A span of the policy's own file.
pub(super) const fn place(span: Span) -> Place {
    Place::new(FileId(0), span)
}

const fn at(byte: u32) -> Span {
    Span { start: byte, end: byte }
}

impl<'t> Text<'t> {
    pub(super) fn new(source: &'t str, file: &'t File) -> Self {
        let rules = file.items.iter().filter_map(|item| match &item.kind {
            ItemKind::Rule(rule) => Some((item, rule)),
            _ => None,
        });
        Self { source, file, rules: rules.collect() }
    }

    /// A rule as it is written.
    pub(super) fn rule(&self, id: RuleId) -> Option<(&'t Item, &'t Rule)> {
        self.rules.get(id.index()).copied()
    }

    /// `allow pay: USDC.transfer(to, amount)`: a rule without its braces.
    pub(super) fn head(&self, id: RuleId) -> Place {
        let span =
            self.rule(id).map(|(item, rule)| Span { start: item.span.start, end: rule.subject.span.end });
        place(span.unwrap_or(at(0)))
    }

    /// The `policy` line.
    pub(super) fn policy(&self) -> Place {
        let is_policy = |item: &&Item| matches!(item.kind, ItemKind::Policy(_));
        place(self.file.items.iter().find(is_policy).map_or(at(0), |item| item.span))
    }

    /// A budget as it is written.
    pub(super) fn budget(&self, name: &str) -> Option<(&'t Item, &'t ast::Budget)> {
        self.file.items.iter().find_map(|item| match &item.kind {
            ItemKind::Budget(budget) if budget.name.node == name => Some((item, budget)),
            _ => None,
        })
    }

    /// Is the name written anywhere as a word?
    pub(super) fn says(&self, name: &str) -> bool {
        self.times(name) > 0
    }

    /// How often the name is written as a word.
    pub(super) fn times(&self, name: &str) -> usize {
        self.source.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| *word == name).count()
    }

    /// An edit that leaves an item out, with the remarks right above it.
    pub(super) fn remove_item(&self, item: Span) -> (Place, String) {
        let mut whole = self.whole_line(item);
        loop {
            let before = self.slice(Span { start: 0, end: whole.start });
            let line = before.rsplit('\n').next().unwrap_or_default();
            // One line belongs to the item if it is a remark of its own.
            match u32::try_from(line.len().saturating_add(1)) {
                Ok(length) if is_remark(line) && before.len() > line.len() => {
                    whole.start = whole.start.saturating_sub(length);
                }
                _ => break,
            }
        }
        (place(whole), String::new())
    }

    /// An edit that adds a line to a rule.
    pub(super) fn add_clause(&self, id: RuleId, line: &str) -> Option<(Place, String)> {
        let (item, rule) = self.rule(id)?;
        let brace = item.span.end.checked_sub(1)?;
        let Some(last) = rule.clauses.last() else {
            return Some((place(at(brace)), format!("\n    {line}\n")));
        };
        let end = last.span.end;
        let has_own_line = self.slice(Span { start: end, end: brace }).contains('\n');
        let added = if has_own_line { format!("\n    {line}") } else { format!("\n    {line}\n") };
        Some((place(at(self.line_end(end))), added))
    }

    /// An edit that adds a line behind the budgets, or before the rules where there are none.
    pub(super) fn add_item(&self, line: &str) -> Option<(Place, String)> {
        let last = |wanted: fn(&ItemKind) -> bool| self.file.items.iter().rfind(|item| wanted(&item.kind));
        let before = last(|kind| matches!(kind, ItemKind::Budget(_)))
            .or_else(|| last(|kind| matches!(kind, ItemKind::Fees(_))))
            .map(|item| (item, "\n"))
            .or_else(|| last(|kind| matches!(kind, ItemKind::Use(_))).map(|item| (item, "\n\n")))
            .or_else(|| last(|kind| matches!(kind, ItemKind::Policy(_))).map(|item| (item, "\n\n")));
        let (item, gap) = before?;
        Some((place(at(self.line_end(item.span.end))), format!("{gap}{line}")))
    }

    /// An edit that leaves a condition out, with the `and` or the `when` that belongs to it.
    pub(super) fn remove_condition(&self, id: RuleId, condition: Span) -> Option<(Place, String)> {
        let (_, rule) = self.rule(id)?;
        rule.clauses.iter().find_map(|clause| match &clause.kind {
            ClauseKind::When(e) | ClauseKind::Unless(e) | ClauseKind::Until(e) if e.span == condition => {
                Some((place(self.whole_line(clause.span)), String::new()))
            }
            ClauseKind::When(e) => Some((place(conjunct(e, condition)?), String::new())),
            _ => None,
        })
    }

    /// A clause or an item, and its line if nothing else stands on it.
    pub(super) fn whole_line(&self, span: Span) -> Span {
        let before = self.slice(Span { start: 0, end: span.start });
        let indent = before.len().saturating_sub(before.trim_end_matches([' ', '\t']).len());
        let start = span.start.saturating_sub(u32::try_from(indent).unwrap_or(0));
        let own = self.slice(Span { start: 0, end: start }).ends_with('\n') && self.ends_line(span.end);
        match start.checked_sub(1) {
            Some(newline) if own => Span { start: newline, end: span.end },
            _ => span,
        }
    }

    fn ends_line(&self, byte: u32) -> bool {
        let rest = self.rest_of_line(byte).trim();
        rest.is_empty()
    }

    fn rest_of_line(&self, byte: u32) -> &'t str {
        let rest = usize::try_from(byte).ok().and_then(|byte| self.source.get(byte..)).unwrap_or_default();
        rest.split('\n').next().unwrap_or_default()
    }

    /// The end of a line that has nothing but a remark behind this byte; else the byte itself.
    fn line_end(&self, byte: u32) -> u32 {
        let rest = self.rest_of_line(byte).trim_end();
        let remark = rest.trim_start();
        let length = if remark.starts_with("//") { rest.len() } else { 0 };
        byte.saturating_add(u32::try_from(length).unwrap_or(0))
    }

    pub(super) fn slice(&self, span: Span) -> &'t str {
        self.source.get(span.range()).unwrap_or_default()
    }
}

/// A remark on what stands below it: not on the whole file.
fn is_remark(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("//") && !line.starts_with("//!")
}

/// A condition among those that `and` joins, with one `and`.
fn conjunct(e: &Expr, condition: Span) -> Option<Span> {
    let ExprKind::And(parts) = &e.kind else { return None };
    let found = parts.iter().position(|part| part.span == condition);
    let Some(n) = found else { return parts.iter().find_map(|part| conjunct(part, condition)) };
    let before = n.checked_sub(1).and_then(|n| parts.get(n));
    match (before, parts.get(n.saturating_add(1))) {
        (Some(before), _) => Some(Span { start: before.span.end, end: condition.end }),
        (None, Some(after)) => Some(Span { start: condition.start, end: after.span.start }),
        (None, None) => None,
    }
}
