//! A calendar's windows have edges: what fits one of them can leave right before, and again right after.

use super::{Analysis, Finding, Kind};
use crate::{
    loss::{Audit, Most, Step},
    window::{grid::Grid, outflow::Span},
};
use agentpol_model::{budget::Window, effect::EffectKind, ids::BudgetId};
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
            let Some(asked) = audit.against((budget, line), &BTreeSet::new(), false) else { continue };
            if audit.bound(&asked, span).is_some_and(|(most, _)| most > cap)
                && let Most::Bounded { value: most, witness, .. } = audit.most(&asked, span)
            {
                // Authority stays until somebody uses it, so that what grants it may not be granted again by the edge.
                let moves = witness.iter().all(|step| self.gives_no_authority(step));
                let steps = witness.into_iter().filter(|_| moves);
                let mut steps = steps.map(|Step { request, .. }| request);
                let kind = Kind::Edge { budget, seconds, most };
                let witness = steps.next();
                out.push(Finding { witness, then: steps.collect(), ..Finding::plain(kind) });
            }
        }
        self.findings.extend(out);
    }

    fn gives_no_authority(&self, step: &Step) -> bool {
        let Ok(Ok(granted)) = step.request.decide(self.rules) else { return false };
        let mut effects = granted.actions.iter().flat_map(|action| &action.effects);
        !effects.any(|effect| matches!(effect.kind, EffectKind::Grant(_)))
    }
}
