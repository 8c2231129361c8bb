//! The words for what holds less than it seems to, or nothing.

use super::{group::Mistake, say::Speaker, text::place};
use agentpol_analysis::show::amount;
use agentpol_diagnostics::{Diagnostic, Place, codes};
use agentpol_grammar::ast::{Clause, ClauseKind};
use agentpol_model::{
    Time, U256,
    budget::{Measure, Window},
    ids::{BudgetId, RuleId, TokenId},
    words::{Instant, Span},
};
use num_bigint::BigUint;

impl Speaker<'_, '_> {
    pub(super) fn dodgeable(
        &self,
        (ask, by): (RuleId, RuleId),
        token: TokenId,
        (whole, part): (&BigUint, &BigUint),
    ) -> Diagnostic {
        let (asking, letting) = (self.name(ask), self.name(by));
        let head = self.text.head(ask);
        let said = format!("whatever `{asking}` asks about, `{letting}` lets through in parts");
        let (whole, part) = (self.money(whole, token), self.money(part, token));
        Diagnostic::new(codes::DODGEABLE_THRESHOLD, head, said)
            .label(head, format!("never more than {whole} at once"))
            .label(self.text.head(by), format!("nobody is asked about {part}, again and again"))
            .help(format!("a budget `for {letting}` says how much may go unasked; `beyond` asks for more"))
    }

    pub(super) fn outlives(&self, rule: RuleId, last: Time, tokens: &[TokenId]) -> Diagnostic {
        let head = self.text.head(rule);
        let what = self.symbols(tokens);
        let said =
            format!("what `{}` gives over {what} can be used after the rule has ended", self.name(rule));
        let said = Diagnostic::new(codes::OUTLIVING_AUTHORITY, head, said)
            .label(head, "the end of the rule does not take it back");
        let ends = self.clause_of(rule, |clause| matches!(clause.kind, ClauseKind::Until(_)));
        let said = match ends {
            Some(clause) => said.label(place(clause.span), "this ends the signing only"),
            None => said.note(format!("the rule grants for the last time at {}", Instant(last))),
        };
        said.help(
            "have it taken back when the rule ends; where it has an end of its own, tie that to the rule's",
        )
    }

    pub(super) fn never_binds(&self, budget: BudgetId, because: &[BudgetId]) -> Diagnostic {
        let (name, _) = self.budget(budget);
        let at = self.line(budget);
        let said = format!("`{name}` never binds: no requests bring it to its cap");
        let said = Diagnostic::new(codes::NEVER_BINDS, at, said).label(at, "nothing changes without this");
        let said = because.iter().fold(said, |said, other| {
            said.label(self.line(*other), "this is reached first, however the time is chosen")
        });
        let said = match because {
            [] => said.note("the rules' own conditions let less through"),
            _ => said,
        };
        said.help("leave it out, or write the cap that was meant")
    }

    pub(super) fn idle_exempt(&self, rule: RuleId, budget: BudgetId) -> Diagnostic {
        let (budget_name, _) = self.budget(budget);
        let exempts = |clause: &Clause| match &clause.kind {
            ClauseKind::Exempt { budgets, .. } => budgets.iter().any(|name| name.node == budget_name),
            _ => false,
        };
        let at =
            self.clause_of(rule, exempts).map_or_else(|| self.text.head(rule), |clause| place(clause.span));
        let said = format!("`exempt {budget_name}` does nothing in `{}`", self.name(rule));
        Diagnostic::new(codes::IDLE_EXEMPT, at, said)
            .label(at, "nothing that the rule does counts against it")
            .help("leave it out, or name the budget that was meant")
    }

    pub(super) fn redundant_deny(&self, rule: RuleId) -> Diagnostic {
        let head = self.text.head(rule);
        let said = format!("nothing changes without `{}`", self.name(rule));
        Diagnostic::new(codes::REDUNDANT_DENY, head, said)
            .label(head, "what this denies, no rule grants")
            .help("keep it for whoever reads the policy, or against rules that are yet to come")
    }

    pub(super) fn edge(
        &self,
        mistake: &Mistake<'_>,
        budget: BudgetId,
        seconds: Time,
        most: &BigUint,
    ) -> Diagnostic {
        let (name, _) = self.budget(budget);
        let at = self.line(budget);
        let shown = self.counted(budget, most);
        // What requests show is so; what is only proved may be less.
        let most = if mistake.witness.is_some() { "" } else { "at most " };
        let said = format!("`{name}` admits {most}{shown} within {}", Span(seconds));
        Diagnostic::new(codes::CALENDAR_EDGE, at, said)
            .label(at, "the cap is admitted before the edge of this window, and again after it")
            .help("a window of so many hours or days has no edge")
    }

    /// The line of a budget, as it is written.
    pub(super) fn line(&self, id: BudgetId) -> Place {
        let (name, whole) = self.budget(id);
        let written = self.rules.budgets.get(id.index()).zip(self.text.budget(name));
        let line = written.and_then(|(line, (_, budget))| budget.lines.get(usize::from(line.line)));
        line.map(|line| place(line.span)).or(whole).unwrap_or_else(|| self.text.policy())
    }

    /// A clause of a rule that is so.
    pub(super) fn clause_of(&self, rule: RuleId, is: impl Fn(&Clause) -> bool) -> Option<&Clause> {
        let (_, written) = self.text.rule(rule)?;
        written.clauses.iter().find(|clause| is(clause))
    }

    fn money(&self, units: &BigUint, token: TokenId) -> String {
        let words = U256::try_from_be_slice(&units.to_bytes_be()).zip(self.rules.tokens.get(token.index()));
        words.map_or_else(|| units.to_string(), |(units, token)| amount(units, token))
    }

    /// How much of what a line counts: money of its first token, fees, calls.
    fn counted(&self, id: BudgetId, units: &BigUint) -> String {
        let Some(line) = self.rules.budgets.get(id.index()) else { return units.to_string() };
        match &line.measure {
            Measure::Calls => format!("{units} calls"),
            Measure::Fees(token) => format!("{} of fees", self.money(units, *token)),
            Measure::Gross(weights) => match weights.first() {
                Some((token, weight)) if *weight != U256::ZERO => {
                    let weight = BigUint::from_bytes_be(&weight.to_be_bytes::<32>());
                    self.money(&(units / weight), *token)
                }
                _ => units.to_string(),
            },
        }
    }

    /// How a calendar's window is written as one that slides.
    pub(super) fn sliding(&self, id: BudgetId) -> Option<&'static str> {
        match self.rules.budgets.get(id.index())?.window {
            Window::Calendar(agentpol_model::budget::Period::Day) => Some("per 24h"),
            Window::Calendar(agentpol_model::budget::Period::Week) => Some("per 7d"),
            Window::Calendar(agentpol_model::budget::Period::Month) => Some("per 30d"),
            Window::PerTransaction | Window::Sliding { .. } | Window::Total => None,
        }
    }
}
