//! The smallest edits that settle a finding. Each of them, applied, makes that finding go away: a test holds it to that.

use super::{group::Mistake, say::Speaker, text::place};
use agentpol_analysis::{
    findings::Kind,
    ruleset::{Callable, RuleSet, Scalar, Verb},
    show::{amount, decimal},
    witness::Witness,
};
use agentpol_diagnostics::Fix;
use agentpol_grammar::ast::{Rule, SubjectWhat};
use agentpol_model::{
    U256,
    effect::{EffectKind, GrantMode},
    ids::{BudgetId, RuleId, TokenId},
    request::{Field, Kind as Request},
    types::{Path, Step, Type},
};

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
            Kind::NeverMatches { .. }
            | Kind::Shadowed { .. }
            | Kind::Vacuous
            | Kind::Unfunded { .. }
            | Kind::Wider { .. }
            | Kind::Unknown { .. } => Vec::new(),
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

    fn accept(&self, rule: RuleId, risk: &str) -> Option<Fix> {
        let line = format!("accept {risk} because \"{REASON}\"");
        let edit = self.text.add_clause(rule, &line)?;
        Some(Fix { title: format!("or accept the risk, with your reason: `{line}`"), edits: vec![edit] })
    }

    /// What a swap or an exit brings goes to the wallet.
    fn to_wallet(&self, id: RuleId, witness: &Witness) -> Option<Fix> {
        let (_, written) = self.text.rule(id)?;
        let action = witness.actions.first()?;
        let bound = witness.bound(self.rules).ok()?;
        let understood =
            witness.with(|request| self.rules.understand(request, &action.lend(), &bound)).ok()?;
        let (_, callable) = understood.callable?;
        let mut conditions = Vec::new();
        for (spec, effect) in callable.effects.iter().zip(understood.effects.iter().flatten()) {
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
        let end = agentpol_grammar::ast::Span { start: last.span.end, end: last.span.end };
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
