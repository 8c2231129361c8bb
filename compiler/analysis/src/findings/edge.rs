//! A calendar's windows have edges: what fits one of them can leave right before, and again right after.

use super::{Analysis, Finding, Kind};
use crate::{
    loss::{Audit, Most, Step},
    window::{grid::Grid, outflow::Span},
};
use agentpol_model::{budget::Window, ids::BudgetId};
use std::collections::BTreeSet;

impl Analysis<'_> {
    /// The most that the agent alone may let out in as long as a window is, wherever that lies: said where it is more than the cap.
    pub(super) fn edges(&mut self, grid: &Grid) {
        let audit = Audit::new(self.rules, &self.keys, grid);
        let mut out = Vec::new();
        for (budget, line) in (0..).map(BudgetId::new).zip(&self.rules.budgets) {
            let span = audit.span_of(line.window);
            let (Window::Calendar(_), Span::Seconds(seconds)) = (line.window, span) else { continue };
            let (_, cap) = audit.range(line.cap);
            let against = audit.against((budget, line), &BTreeSet::new(), span, false);
            if let Some(Most::Bounded { value: most, witness, .. }) = against
                && most > cap
            {
                let mut steps = witness.into_iter().map(|Step { request, .. }| request);
                let kind = Kind::Edge { budget, seconds, most };
                let witness = steps.next();
                out.push(Finding { witness, then: steps.collect(), ..Finding::plain(kind) });
            }
        }
        self.findings.extend(out);
    }
}
