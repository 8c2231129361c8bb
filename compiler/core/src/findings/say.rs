//! The words for what was found.

use super::{
    group::Mistake,
    text::{Text, place},
};
use agentpol_analysis::{
    findings::{Kind, Question},
    ruleset::{Clause, RuleSet, Verb},
};
use agentpol_diagnostics::{Diagnostic, Place, codes};
use agentpol_model::ids::{BudgetId, RuleId, TokenId};

/// Says what is wrong with a policy, in its own names.
pub(super) struct Speaker<'r, 't> {
    pub(super) rules: &'r RuleSet,
    pub(super) text: &'r Text<'t>,
}

impl Speaker<'_, '_> {
    pub(super) fn name(&self, rule: RuleId) -> &str {
        self.rules.rules.get(rule.index()).map_or("?", |rule| rule.name.as_str())
    }

    /// A condition of a rule, with its place.
    pub(super) fn clause(&self, rule: RuleId, clause: usize) -> Option<&Clause> {
        self.rules.rules.get(rule.index())?.arms.first()?.clauses.get(clause)
    }

    pub(super) fn symbol(&self, token: TokenId) -> &str {
        self.rules.tokens.get(token.index()).map_or("?", |token| token.symbol.as_str())
    }

    pub(super) fn symbols(&self, tokens: &[TokenId]) -> String {
        let all: Vec<&str> = tokens.iter().map(|token| self.symbol(*token)).collect();
        match all.as_slice() {
            [] => "a token".to_owned(),
            [one] => (*one).to_owned(),
            [first @ .., last] => format!("{} and {last}", first.join(", ")),
        }
    }

    pub(super) fn budget(&self, id: BudgetId) -> (&str, Option<Place>) {
        let name = self.rules.budgets.get(id.index()).map_or("?", |budget| budget.name.as_str());
        let written = self.text.budget(name).map(|(item, _)| place(item.span));
        (name, written)
    }

    fn is_deny(&self, rule: RuleId) -> bool {
        self.rules.rules.get(rule.index()).is_some_and(|rule| rule.verb == Verb::Deny)
    }

    pub(super) fn say(&self, mistake: &Mistake<'_>) -> Diagnostic {
        match mistake.kind {
            Kind::Overlap { first, second } => self.overlap(*first, *second),
            Kind::NeverMatches { rule, clause } => self.never_matches(*rule, *clause),
            Kind::Shadowed { rule, by } => self.shadowed(*rule, by),
            Kind::RedundantClause { rule, clause } => self.redundant(*rule, *clause),
            Kind::Vacuous => {
                Diagnostic::new(codes::VACUOUS, self.text.policy(), "the policy grants nothing at all")
                    .help("write an `allow` or an `ask`; what no rule grants is denied")
            }
            Kind::AnyRecipient { rule, .. } => {
                let (name, what) = (self.name(*rule), self.symbols(&mistake.tokens));
                let head = self.text.head(*rule);
                let said = format!("`{name}` may send {what} to anybody");
                Diagnostic::new(codes::ANY_RECIPIENT, head, said)
                    .label(head, "nothing here says who may receive it")
                    .help("name them in a condition: `… == wallet`, `… in { 0x…, 0x… }`, or a parameter")
            }
            Kind::AnySpender { rule, .. } => {
                let (name, what) = (self.name(*rule), self.symbols(&mistake.tokens));
                let head = self.text.head(*rule);
                let said = format!("`{name}` may let anybody take {what}");
                Diagnostic::new(codes::ANY_SPENDER, head, said)
                    .label(head, "nothing here says who may be given authority")
                    .help("name the contract that is to take it: `when spender == …`")
            }
            Kind::Opaque { rule } => {
                let head = self.text.head(*rule);
                let said = format!("nobody declared what the function of `{}` does", self.name(*rule));
                Diagnostic::new(codes::OPAQUE_FUNCTION, head, said)
                    .label(head, "so it is always denied")
                    .help("declare what it does in its interface: `moves`, `pulls`, `grants`, `receives`")
            }
            Kind::NoMinimum { rule, gives, .. } => self.no_minimum(mistake, *rule, *gives),
            Kind::Unbounded { token, .. } => self.unbounded(mistake, *token),
            Kind::UnboundedFees { rule, token } => {
                let head = self.text.head(*rule);
                let said = format!("nothing bounds what fees in {} may come to", self.symbol(*token));
                Diagnostic::new(codes::UNBOUNDED_FEES, head, said)
                    .label(head, "this can be asked for again and again, and costs a fee each time")
                    .help("a fee has a most by `fees at most`; a budget `of fees` adds them up")
            }
            Kind::UncountedAuthority { budget, grant, pull } => self.uncounted(*budget, *grant, *pull),
            Kind::Unfunded { rule, budget } => {
                let (name, written) = self.budget(*budget);
                let head = self.text.head(*rule);
                let said =
                    format!("the least that `{}` takes is more than `{name}` ever has", self.name(*rule));
                let said = Diagnostic::new(codes::UNFUNDED, head, said).label(head, "always denied");
                let said = match written {
                    Some(written) => said.label(written, "this is all there is"),
                    None => said,
                };
                said.help("raise the budget, or let the rule take less")
            }
            Kind::Wider { rule, asks } => {
                let (name, head) = (self.name(*rule), self.text.head(*rule));
                let (said, help) = match asks {
                    true => {
                        (format!("`{name}` allows what its parent asks for"), "write `ask`, or allow less")
                    }
                    false => (
                        format!("`{name}` grants what its parent denies"),
                        "narrow the rule to what the parent grants: both are asked, so the rest is denied all the same",
                    ),
                };
                Diagnostic::new(codes::WIDER_THAN_PARENT, head, said)
                    .label(head, "wider than its parent")
                    .help(help)
            }
            Kind::Dodgeable { ask, by, token, whole, part } => {
                self.dodgeable((*ask, *by), *token, (whole, part))
            }
            Kind::Outlives { rule, last, .. } => self.outlives(*rule, *last, &mistake.tokens),
            Kind::NeverBinds { budget, because } => self.never_binds(*budget, because),
            Kind::IdleExempt { rule, budget } => self.idle_exempt(*rule, *budget),
            Kind::RedundantDeny { rule } => self.redundant_deny(*rule),
            Kind::Edge { budget, seconds, most } => self.edge(mistake, *budget, *seconds, most),
            Kind::Unknown { rule, question } => self.unknown(*rule, *question),
        }
    }

    fn overlap(&self, first: RuleId, second: RuleId) -> Diagnostic {
        let (a, b) = (self.name(first), self.name(second));
        let said = format!("`{a}` and `{b}` both match one request, and neither is over the other");
        Diagnostic::new(codes::OVERLAP, self.text.head(second), said)
            .label(self.text.head(first), "this matches it")
            .label(self.text.head(second), "and so does this: such a request is denied")
            .help("say which decides with `over`, or make their conditions exclude each other")
    }

    fn never_matches(&self, rule: RuleId, clause: Option<usize>) -> Diagnostic {
        let head = self.text.head(rule);
        let whole = self.rules.rules.get(rule.index()).map(|rule| rule.span);
        let written = clause.and_then(|n| Some((n, self.clause(rule, n)?)));
        let said =
            Diagnostic::new(codes::NEVER_MATCHES, head, format!("`{}` never matches", self.name(rule)));
        match written {
            // What silence implies has no place of its own.
            Some((_, clause)) if Some(clause.span) == whole => {
                said.label(head, format!("it does not mention `value`, so: `{}`", clause.text))
            }
            Some((0, clause)) => Diagnostic { primary: place(clause.span), ..said }
                .label(place(clause.span), "this never holds"),
            Some((_, clause)) => Diagnostic { primary: place(clause.span), ..said }
                .label(place(clause.span), "this never holds together with what stands before it"),
            None => said.label(head, "its conditions never hold together"),
        }
        .help("one of the conditions is not what was meant")
    }

    fn shadowed(&self, rule: RuleId, by: &[RuleId]) -> Diagnostic {
        let head = self.text.head(rule);
        let said = format!("`{}` never decides: others do wherever it matches", self.name(rule));
        let said = Diagnostic::new(codes::SHADOWED, head, said).label(head, "this changes nothing");
        let said = by.iter().fold(said, |said, other| {
            let what = if self.is_deny(*other) { "this denies it" } else { "this is over it" };
            said.label(self.text.head(*other), what)
        });
        said.help("leave it out, or narrow the others")
    }

    fn redundant(&self, rule: RuleId, clause: usize) -> Diagnostic {
        let found = self.clause(rule, clause);
        let at = found.map_or_else(|| self.text.head(rule), |clause| place(clause.span));
        let shown = found.map_or("a condition", |clause| clause.text.as_str());
        let said = format!("`{shown}` says nothing in `{}`", self.name(rule));
        Diagnostic::new(codes::REDUNDANT_CONDITION, at, said)
            .label(at, "it holds wherever the other conditions do")
            .help("leave it out, or write what was meant")
    }

    fn no_minimum(&self, mistake: &Mistake<'_>, rule: RuleId, gives: TokenId) -> Diagnostic {
        let head = self.text.head(rule);
        let (given, got) = (self.symbol(gives), self.symbols(&mistake.tokens));
        let said = format!("`{}` may give {given} and get no {got} back", self.name(rule));
        Diagnostic::new(codes::NO_MINIMUM, head, said)
            .label(head, "what comes back is not tied to what is given")
            .help(format!(
                "tie the least that comes back to what is given by a rate: `… >= … * 1 {got} per … {given}`"
            ))
    }

    fn unbounded(&self, mistake: &Mistake<'_>, token: TokenId) -> Diagnostic {
        let symbol = self.symbol(token);
        let head = mistake.rules.first().map_or_else(|| self.text.policy(), |rule| self.text.head(*rule));
        let said = format!("nothing bounds how much {symbol} may leave");
        let said = Diagnostic::new(codes::UNBOUNDED, head, said);
        let said = mistake.rules.iter().fold(said, |said, rule| {
            said.label(self.text.head(*rule), "this can be asked for again and again")
        });
        said.help(format!("a budget of {symbol} says how much in so much time"))
    }

    fn uncounted(&self, budget: BudgetId, grant: RuleId, pull: RuleId) -> Diagnostic {
        let (name, written) = self.budget(budget);
        let (granting, pulling) = (self.name(grant), self.name(pull));
        let said =
            format!("`{name}` counts what `{pulling}` takes, and not the authority that `{granting}` gives");
        let head = self.text.head(grant);
        let said = Diagnostic::new(codes::UNCOUNTED_AUTHORITY, head, said)
            .label(head, "whoever is given this takes it when they like")
            .label(self.text.head(pull), "counted only if it is taken here");
        let said = match written {
            Some(written) => said.label(written, "this budget"),
            None => said,
        };
        said.help(format!("count both, or neither: `for {pulling}, {granting}`"))
    }

    fn unknown(&self, rule: RuleId, question: Question) -> Diagnostic {
        let head = self.text.head(rule);
        let name = self.name(rule);
        let asked = match question {
            Question::Overlap => format!("whether `{name}` and another rule match one request"),
            Question::Reach => format!("whether `{name}` ever decides"),
            Question::Parties => format!("whether `{name}` pays only those whom the policy names"),
            Question::Minimum => format!("whether `{name}` always gets something back"),
            Question::Family => format!("whether the parent grants all that `{name}` grants"),
        };
        Diagnostic::new(codes::ANALYSIS_UNKNOWN, head, format!("it was too hard to find out {asked}"))
            .label(head, "nothing is proved about this")
            .help("simpler conditions are easier: fewer alternatives, shorter arrays")
    }
}
