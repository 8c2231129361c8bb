//! The smallest edits that settle a finding. Each of them, applied, makes that finding go away: a test holds it to that.

use super::{group::Mistake, say::Speaker, text::place};
use agentpol_analysis::{
    findings::Kind,
    ruleset::{Callable, RuleSet, Scalar, Verb},
    show::{amount, decimal},
    witness::Witness,
};
use agentpol_diagnostics::Fix;
use agentpol_grammar::ast::{Clause, ClauseKind, Rule, Span, SubjectWhat};
use agentpol_model::{
    U256,
    effect::{Effect, EffectKind, GrantMode},
    ids::{BudgetId, RuleId, TokenId},
    request::{Field, Kind as Request},
    types::{Path, Step, Type},
};
use num_bigint::BigUint;

/// What a fix leaves for a person to write.
const REASON: &str = "…";

/// Whole tokens above which an amount is nobody's daily budget.
const MOST_OFFERED: u64 = 1_000_000;

/// Whole tokens that are offered instead.
const OFFERED: u64 = 100;

impl Speaker<'_, '_> {
    /// Best first.
    pub(super) fn fixes(&self, mistake: &Mistake<'_>) -> Vec<Fix> {
        let fixes: Vec<Option<Fix>> = match mistake.kind {
            Kind::Overlap { first, second } => {
                // Whoever asks is the tighter one.
                let asks = |id: &RuleId| {
                    self.rules.rules.get(id.index()).is_some_and(|rule| matches!(rule.verb, Verb::Ask(_)))
                };
                let (upper, lower) =
                    if asks(second) && !asks(first) { (second, first) } else { (first, second) };
                vec![self.over(*upper, *lower), self.over(*lower, *upper)]
            }
            Kind::RedundantClause { rule, clause } => vec![self.without(*rule, *clause)],
            Kind::AnyRecipient { rule, .. } => {
                let wallet = mistake.witness.and_then(|witness| self.to_wallet(*rule, witness));
                vec![wallet, self.accept(*rule, "any_recipient")]
            }
            Kind::AnySpender { rule, .. } => vec![self.accept(*rule, "any_spender")],
            Kind::NoMinimum { rule, .. } => vec![self.accept(*rule, "zero_minimum")],
            Kind::Opaque { rule } => vec![self.accept(*rule, "opaque")],
            Kind::Unbounded { token, .. } => vec![self.hold(*token, mistake.witness)],
            Kind::UnboundedFees { token, .. } => vec![self.hold_fees(*token)],
            Kind::UncountedAuthority { budget, grant, .. } => vec![self.count(*budget, *grant)],
            // What never decides can go, and nothing changes.
            Kind::NeverMatches { rule, .. }
            | Kind::Shadowed { rule, .. }
            | Kind::Unfunded { rule, .. }
            | Kind::RedundantDeny { rule } => vec![self.without_rule(*rule)],
            Kind::Dodgeable { ask, by, token, part, .. } => {
                vec![self.hold_unasked(*by, *token, part), self.accept(*ask, "splitting")]
            }
            Kind::Outlives { rule, .. } => {
                let ended = mistake.witness.and_then(|witness| self.end_with(*rule, witness));
                vec![ended, self.accept(*rule, "outliving")]
            }
            Kind::NeverBinds { budget, .. } => vec![self.without_line(*budget)],
            Kind::IdleExempt { rule, budget } => vec![self.without_exempt(*rule, *budget)],
            Kind::Edge { budget, .. } => vec![self.slide(*budget)],
            Kind::Vacuous | Kind::Wider { .. } | Kind::Unknown { .. } => Vec::new(),
        };
        fixes.into_iter().flatten().collect()
    }

    fn over(&self, upper: RuleId, lower: RuleId) -> Option<Fix> {
        let (upper_name, lower_name) = (self.name(upper), self.name(lower));
        let edit = self.text.add_clause(upper, &format!("over {lower_name}"))?;
        let title = format!("let `{upper_name}` decide where both match: `over {lower_name}`");
        Some(Fix { title, edits: vec![edit] })
    }

    fn without(&self, rule: RuleId, clause: usize) -> Option<Fix> {
        let span = self.clause(rule, clause)?.span;
        let edit = self.text.remove_condition(rule, span)?;
        Some(Fix { title: "leave the condition out".to_owned(), edits: vec![edit] })
    }

    /// Only what nobody names can go.
    fn without_rule(&self, rule: RuleId) -> Option<Fix> {
        let name = self.name(rule);
        let (item, _) = self.text.rule(rule)?;
        let edit = (self.text.times(name) == 1).then(|| self.text.remove_item(item.span))?;
        Some(Fix { title: format!("leave `{name}` out: nothing changes"), edits: vec![edit] })
    }

    fn without_line(&self, id: BudgetId) -> Option<Fix> {
        let budget = self.rules.budgets.get(id.index())?;
        let (item, written) = self.text.budget(&budget.name)?;
        let edit = match written.lines.as_slice() {
            [_] => (self.text.times(&budget.name) == 1).then(|| self.text.remove_item(item.span))?,
            lines => {
                let n = usize::from(budget.line);
                let line = lines.get(n)?;
                let gap = match n.checked_sub(1).and_then(|n| lines.get(n)) {
                    Some(before) => Span { start: before.span.end, end: line.span.end },
                    None => Span { start: line.span.start, end: lines.get(1)?.span.start },
                };
                (place(gap), String::new())
            }
        };
        Some(Fix { title: "leave it out: nothing changes".to_owned(), edits: vec![edit] })
    }

    fn without_exempt(&self, rule: RuleId, id: BudgetId) -> Option<Fix> {
        let name = &self.rules.budgets.get(id.index())?.name;
        let only = |clause: &Clause| match &clause.kind {
            ClauseKind::Exempt { budgets, .. } => matches!(budgets.as_slice(), [one] if one.node == *name),
            _ => false,
        };
        let clause = self.clause_of(rule, only)?;
        let edit = (place(self.text.whole_line(clause.span)), String::new());
        Some(Fix { title: format!("leave `exempt {name}` out: nothing changes"), edits: vec![edit] })
    }

    /// No more in a day, unasked, than at once. What somebody else takes is let go by the authority that they were given, so no budget of
    /// this rule alone holds it.
    fn hold_unasked(&self, by: RuleId, id: TokenId, part: &BigUint) -> Option<Fix> {
        let rule = self.rules.rules.get(by.index())?;
        let effects = rule.arms.iter().filter_map(|arm| self.rules.callables.get(arm.callable.index()));
        let mut effects = effects.flat_map(|callable| &callable.effects);
        if effects.any(|effect| matches!(effect.kind, EffectKind::Pull { .. })) {
            return None;
        }
        let token = self.rules.tokens.get(id.index())?;
        let part = U256::try_from_be_slice(&part.to_bytes_be())?;
        let (name, letting) = (self.free_name("unasked", &token.symbol), self.name(by));
        let line = format!("budget {name}: {} per 24h for {letting}", amount(part, token));
        let edit = self.text.add_item(&line)?;
        Some(Fix { title: format!("say how much may go unasked: `{line}`"), edits: vec![edit] })
    }

    /// The end of what is given, tied to the end of the rule.
    fn end_with(&self, id: RuleId, witness: &Witness) -> Option<Fix> {
        let (_, written) = self.text.rule(id)?;
        let ends = self.clause_of(id, |clause| matches!(clause.kind, ClauseKind::Until(_)))?;
        let ClauseKind::Until(end) = &ends.kind else { return None };
        let (_, callable) = self.understood(witness)?;
        let own = callable.effects.iter().find_map(|effect| effect.until.as_ref());
        let submitted = callable.typed.as_ref().and_then(|typed| typed.until.as_ref());
        let grants = callable.effects.iter().any(|effect| matches!(effect.kind, EffectKind::Grant(_)));
        let until = if grants { own } else { submitted };
        let line = format!("when {} < {}", argument(written, callable, until?)?, self.text.slice(end.span));
        let edit = self.text.add_clause(id, &line)?;
        Some(Fix { title: format!("have it end with the rule: `{line}`"), edits: vec![edit] })
    }

    fn slide(&self, id: BudgetId) -> Option<Fix> {
        let sliding = self.sliding(id)?;
        let budget = self.rules.budgets.get(id.index())?;
        let (_, written) = self.text.budget(&budget.name)?;
        let line = written.lines.get(usize::from(budget.line))?;
        let edit = (place(line.window.span), sliding.to_owned());
        Some(Fix { title: format!("let the window slide: `{sliding}`"), edits: vec![edit] })
    }

    /// What a request's one action is about, with its effects.
    fn understood(&self, witness: &Witness) -> Option<(Vec<Option<Effect>>, &Callable)> {
        let action = witness.actions.first()?;
        let bound = witness.bound(self.rules).ok()?;
        let understood =
            witness.with(|request| self.rules.understand(request, &action.lend(), &bound)).ok()?;
        let (_, callable) = understood.callable?;
        Some((understood.effects.into_iter().map(Result::ok).collect(), callable))
    }

    fn accept(&self, rule: RuleId, risk: &str) -> Option<Fix> {
        let line = format!("accept {risk} because \"{REASON}\"");
        let edit = self.text.add_clause(rule, &line)?;
        Some(Fix { title: format!("or accept the risk, with your reason: `{line}`"), edits: vec![edit] })
    }

    /// What a swap or an exit brings goes to the wallet.
    fn to_wallet(&self, id: RuleId, witness: &Witness) -> Option<Fix> {
        let (_, written) = self.text.rule(id)?;
        let (effects, callable) = self.understood(witness)?;
        let mut conditions = Vec::new();
        for (spec, effect) in callable.effects.iter().zip(effects.iter().flatten()) {
            if effect.party == witness.wallet || effect.amount.is_zero() {
                continue;
            }
            match spec.kind {
                EffectKind::Receive => {
                    let condition = format!("{} == wallet", argument(written, callable, &spec.party)?);
                    if !conditions.contains(&condition) {
                        conditions.push(condition);
                    }
                }
                // Whoever is paid is to be paid. The contract that pulls is the policy's own.
                EffectKind::Move => return None,
                EffectKind::Pull { .. } | EffectKind::Grant(_) | EffectKind::Owe => {}
            }
        }
        if conditions.is_empty() {
            return None;
        }
        let line = format!("when {}", conditions.join(" and "));
        let edit = self.text.add_clause(id, &line)?;
        Some(Fix { title: format!("have it sent to the wallet: `{line}`"), edits: vec![edit] })
    }

    /// A budget of a day, of what the rule lets out at once.
    fn hold(&self, id: TokenId, witness: Option<&Witness>) -> Option<Fix> {
        let token = self.rules.tokens.get(id.index())?;
        let one = U256::from(10).checked_pow(U256::from(token.decimals))?;
        let most = one.checked_mul(U256::from(MOST_OFFERED))?;
        let taken = witness.and_then(|witness| taken(self.rules, witness, id));
        let offered = match taken.filter(|taken| !taken.is_zero() && *taken <= most) {
            Some(taken) => taken,
            None => one.checked_mul(U256::from(OFFERED))?,
        };
        let name = self.free_name("daily", &token.symbol);
        let line = format!("budget {name}: {} per 24h", amount(offered, token));
        let edit = self.text.add_item(&line)?;
        Some(Fix { title: format!("hold it by a budget: `{line}`"), edits: vec![edit] })
    }

    fn hold_fees(&self, id: TokenId) -> Option<Fix> {
        let token = self.rules.tokens.get(id.index())?;
        // A twentieth of a token: some fifty calls at an ordinary price.
        let part = U256::from(10).checked_pow(U256::from(token.decimals))?.checked_div(U256::from(20))?;
        let name = self.free_name("gas", &token.symbol);
        let line =
            format!("budget {name}: {} {} of fees per 24h", decimal(part, token.decimals), token.symbol);
        let edit = self.text.add_item(&line)?;
        Some(Fix { title: format!("hold them by a budget: `{line}`"), edits: vec![edit] })
    }

    /// A name that nothing in the policy has.
    fn free_name(&self, word: &str, symbol: &str) -> String {
        let symbol: String =
            symbol.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        let long = format!("{word}_{symbol}");
        if !self.text.says(word) {
            word.to_owned()
        } else if !self.text.says(&long) {
            long
        } else {
            (2_u32..).map(|n| format!("{long}_{n}")).find(|name| !self.text.says(name)).unwrap_or(long)
        }
    }

    /// A budget that names its rules names the grant too.
    fn count(&self, budget: BudgetId, grant: RuleId) -> Option<Fix> {
        let name = &self.rules.budgets.get(budget.index())?.name;
        let (_, written) = self.text.budget(name)?;
        let last = written.rules.as_ref()?.last()?;
        let end = Span { start: last.span.end, end: last.span.end };
        let grant = self.name(grant);
        let title = format!("count `{grant}` in `{name}` as well");
        Some(Fix { title, edits: vec![(place(end), format!(", {grant}"))] })
    }
}

/// How much of a token a request lets out.
fn taken(rules: &RuleSet, witness: &Witness, token: TokenId) -> Option<U256> {
    let granted = witness.decide(rules).ok()?.ok()?;
    let effects = granted.actions.iter().flat_map(|action| &action.effects);
    let counts = |kind| {
        matches!(
            kind,
            EffectKind::Move | EffectKind::Pull { .. } | EffectKind::Grant(GrantMode::Set | GrantMode::Add)
        )
    };
    let amounts = effects.filter(|effect| effect.token == token && counts(effect.kind));
    amounts.map(|effect| effect.amount).max()
}

/// An argument as the rule calls it.
fn argument(rule: &Rule, callable: &Callable, scalar: &Scalar) -> Option<String> {
    let SubjectWhat::Action { patterns: Some(names), .. } = &rule.subject.what else { return None };
    let path = match scalar {
        Scalar::Arg(path, _) => path,
        Scalar::Field(Field::To) if callable.kind == Request::Send => {
            return Some(names.first()?.node.clone());
        }
        _ => return None,
    };
    let inputs = &callable.function.as_ref()?.inputs;
    let Path(steps) = path;
    let (first, rest) = steps.split_first()?;
    let Step::Member(n) = first else { return None };
    let input = inputs.get(usize::from(*n))?;
    let mut out = match names.as_slice() {
        // One name for all members of typed data.
        [whole] if inputs.len() > 1 => format!("{}.{}", whole.node, input.name),
        names => names.get(usize::from(*n))?.node.clone(),
    };
    let mut ty = &input.ty;
    for step in rest {
        let (Step::Member(n), Type::Tuple(members)) = (step, ty) else { return None };
        let member = members.get(usize::from(*n))?;
        out = format!("{out}.{}", member.name);
        ty = &member.ty;
    }
    Some(out)
}
