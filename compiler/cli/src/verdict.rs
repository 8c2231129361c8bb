//! A decision for a person: one line that says what and whether, and under it why.

use crate::{
    page, show,
    ui::{BOLD, DIM, ERROR, GOOD, Style, WARNING},
};
use agentpol_diagnostics::render::visible;
use agentpol_model::{budget::Budget, policy::Token};
use agentpol_runtime::{Decision, Outcome, decision::Charge};

/// What the amounts of a decision are shown by.
pub(crate) struct Shown<'a> {
    /// The policy's budgets.
    pub(crate) budgets: &'a [Budget],
    /// Its tokens.
    pub(crate) tokens: &'a [Token],
    /// Columns there are.
    pub(crate) width: usize,
}

/// The verdict in its colour, four columns wide.
pub(crate) fn word(outcome: &Outcome) -> (&'static str, Style) {
    match outcome {
        Outcome::Allow => ("allow", GOOD),
        Outcome::Ask(_) => ("ask  ", WARNING),
        Outcome::Deny(_) => ("deny ", ERROR),
    }
}

impl Shown<'_> {
    /// The decision about something that is called `name` and does `what`.
    pub(crate) fn lines(&self, decision: &Decision, name: &str, what: &str) -> String {
        let (word, style) = word(&decision.outcome);
        let name = visible(name);
        // Everything stands behind the verdict's six columns.
        let (taken, room) = (name.chars().count() + 2, self.width.saturating_sub(6));
        let mut what = page::wrap_after(&visible(what), taken, room).into_iter();
        // A request that could not be read does nothing that could be told.
        let colon = if what.len() == 0 { "" } else { ":" };
        let mut out =
            format!("{style}{word}{style:#} {BOLD}{name}{BOLD:#}{colon} {}", what.next().unwrap_or_default());
        out.truncate(out.trim_end().len());
        out.push('\n');
        what.for_each(|line| out.push_str(&format!("      {line}\n")));
        let why = self.why(decision);
        self.wrapped(&mut out, &why, |line| format!("{DIM}{line}{DIM:#}"));
        for note in &decision.notes {
            self.wrapped(&mut out, note, |line| format!("{DIM}{line}{DIM:#}"));
        }
        out
    }

    fn wrapped(&self, out: &mut String, text: &str, dress: impl Fn(&str) -> String) {
        for line in page::wrap(&visible(text), self.width.saturating_sub(6)) {
            out.push_str(&format!("      {}\n", dress(&line)));
        }
    }

    /// Why, in one sentence: the reason and the code of a denial, else the rule and what it leaves of the budgets.
    pub(crate) fn why(&self, decision: &Decision) -> String {
        let reason = &decision.reason;
        match decision.code() {
            // The whole, with what would have passed, is in the JSON.
            Some(code) if let Some(near) = &decision.nearest => {
                let place = near.action.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
                format!(
                    "{place}`{}` came closest: it asks for `{}`, and here {} [{}]",
                    near.rule,
                    near.clause,
                    near.saw,
                    code.name()
                )
            }
            Some(code) => format!("{reason} [{}]", code.name()),
            None => {
                let left: Vec<String> = decision.charges.iter().filter_map(|c| self.left(c)).collect();
                match (left.is_empty(), self.budgets.is_empty()) {
                    (false, _) => format!("{reason}; left: {}", left.join(", ")),
                    // A swap that spends what an allowance holds already, say.
                    (true, false) => format!("{reason}; no budget rises"),
                    (true, true) => reason.clone(),
                }
            }
        }
    }

    /// `daily 750 USDC`
    fn left(&self, charge: &Charge) -> Option<String> {
        let budget = self.budgets.iter().find(|b| b.name == charge.budget && b.line == charge.line)?;
        Some(format!("{} {}", charge.budget, show::of_budget(charge.remaining, budget, self.tokens)))
    }
}

/// `3 allowed, 1 asked, 7 denied`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) allowed: usize,
    pub(crate) asked: usize,
    pub(crate) denied: usize,
}

impl Totals {
    /// Counts one more.
    pub(crate) fn add(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Allow => self.allowed += 1,
            Outcome::Ask(_) => self.asked += 1,
            Outcome::Deny(_) => self.denied += 1,
        }
    }

    /// In words and colours.
    pub(crate) fn line(self) -> String {
        let Self { allowed, asked, denied } = self;
        format!(
            "{GOOD}{allowed} allowed{GOOD:#}, {WARNING}{asked} to be asked{WARNING:#}, {ERROR}{denied} denied{ERROR:#}"
        )
    }
}
