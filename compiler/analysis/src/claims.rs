//! What a policy claims of itself (`assert`): proved, refuted by requests, or unknown.

use crate::{
    findings::granted,
    integer::Answer,
    loss::{Audit, Most, Of, Step},
    ruleset::{Formula, RuleSet},
    solve::{Key, Prop},
    window::{grid::Grid, outflow::Span},
    witness::Witness,
};
use agentpol_model::{
    Time, U256,
    budget::{Budget, Cap, Measure, Period, Window},
    effect::EffectKind,
    ids::{BudgetId, CallableId, TokenId},
};
use num_bigint::{BigInt, BigUint};
use num_traits::One as _;
use std::collections::BTreeMap;

/// An `assert`, after names and units have been resolved away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// `outflow(USDC) <= 500 USDC per 24h`
    Most(Bound),
    /// `never SUBJECT when C`: on none of these is anything granted where the condition holds.
    Never(Vec<(CallableId, Formula)>),
    /// `only W receive T`: for each effect of each callable, where its party is one of them.
    Only {
        /// Of which token.
        token: TokenId,
        /// The callable, the effect's place in it, and where its party is one of them.
        parties: Vec<(CallableId, usize, Formula)>,
    },
}

/// The most that may leave, or that others may be let take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Tokens, and what a base unit of each counts.
    pub of: Vec<(TokenId, U256)>,
    /// Only what is granted counts, and nothing that moves.
    pub authority: bool,
    /// No more than this in one window, in the tokens' denominator.
    pub most: Cap,
    /// The window.
    pub window: Window,
    /// Whatever is asked for is approved.
    pub with_approvals: bool,
}

/// What is known of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds, for all values of the parameters.
    Proved,
    /// It does not: these requests show it.
    Refuted(Vec<Step>),
    /// A bound is known that is too large, or none.
    Unknown(Option<BigUint>),
}

/// Judges a claim.
pub fn judge(rules: &RuleSet, claim: &Claim) -> Verdict {
    match claim {
        Claim::Most(bound) => most(rules, bound),
        Claim::Never(all) => never(rules, all),
        Claim::Only { token, parties } => only(rules, *token, parties),
    }
}

/// The first request that answers, on some key.
fn first(answers: impl Iterator<Item = Answer<Witness>>) -> Verdict {
    let mut verdict = Verdict::Proved;
    for answer in answers {
        match answer {
            Answer::None => {}
            Answer::Unknown => verdict = Verdict::Unknown(None),
            Answer::Found(request) => {
                let step = Step { at: request.now, request, takes: BigUint::ZERO };
                return Verdict::Refuted(vec![step]);
            }
        }
    }
    verdict
}

fn never(rules: &RuleSet, all: &[(CallableId, Formula)]) -> Verdict {
    let mut by: BTreeMap<CallableId, Vec<&Formula>> = BTreeMap::new();
    for (callable, formula) in all {
        by.entry(*callable).or_default().push(formula);
    }
    first(by.into_iter().filter_map(|(id, formulas)| {
        let key = Key::new(rules, id, &formulas)?;
        let happens = Prop::any(formulas.iter().map(|formula| key.holds(formula)).collect::<Vec<_>>());
        Some(granted_by_any(&key, &[&happens]))
    }))
}

fn only(rules: &RuleSet, token: TokenId, parties: &[(CallableId, usize, Formula)]) -> Verdict {
    let mut by: BTreeMap<CallableId, Vec<(usize, &Formula)>> = BTreeMap::new();
    for (callable, effect, formula) in parties {
        by.entry(*callable).or_default().push((*effect, formula));
    }
    first(by.into_iter().flat_map(|(id, effects)| {
        let formulas: Vec<&Formula> = effects.iter().map(|(_, formula)| *formula).collect();
        let Some(key) = Key::new(rules, id, &formulas) else { return Vec::new() };
        let others = effects.iter().filter_map(|(place, formula)| {
            let effect = key.effects.get(*place)?;
            if matches!(effect.kind, EffectKind::Owe) {
                return None;
            }
            let (_, takes_place) = effect.tokens.iter().find(|(of, _)| *of == token)?;
            let somebody_else = key.not(&key.holds(formula));
            let something =
                Prop::any([effect.means_all.clone(), key.at_least(&effect.amount, &BigInt::one())]);
            Some(granted_by_any(&key, &[takes_place, &something, &somebody_else]))
        });
        others.collect()
    }))
}

/// A request that some rule grants where these hold.
fn granted_by_any(key: &Key<'_>, conditions: &[&Prop]) -> Answer<Witness> {
    let mut all = Answer::None;
    for arm in key.grants() {
        match granted(key, &key.decides(arm), conditions) {
            Answer::None => {}
            Answer::Unknown => all = Answer::Unknown,
            found => return found,
        }
    }
    all
}

fn most(rules: &RuleSet, bound: &Bound) -> Verdict {
    let keys = (0..).map(CallableId::new).take(rules.callables.len());
    let keys: Vec<Key<'_>> =
        keys.filter_map(|id| Key::new(rules, id, &[])).filter(|key| key.grants().next().is_some()).collect();
    let Some(grid) = Grid::utc() else { return Verdict::Unknown(None) };
    let audit = Audit::new(rules, &keys, &grid);
    if audit.is_held(bound) {
        return Verdict::Proved;
    }
    let (least, most) = audit.range(bound.most);
    let span = match bound.window {
        Window::PerTransaction => Span::Transaction,
        Window::Sliding { seconds } => Span::Seconds(seconds),
        Window::Calendar(period) => Span::Seconds(longest(period)),
        Window::Total => Span::Ever,
    };
    match audit.outflow(&bound.of, bound.authority, span, bound.with_approvals) {
        Most::Bounded { value, .. } if value <= least => Verdict::Proved,
        // What some seconds show need not lie in one period of the calendar.
        Most::Bounded { value, witness, .. }
            if value > most && !witness.is_empty() && !matches!(bound.window, Window::Calendar(_)) =>
        {
            Verdict::Refuted(witness)
        }
        Most::Bounded { value, .. } => Verdict::Unknown(Some(value)),
        Most::Unbounded { witness: Some(request), .. } => {
            let step = Step { at: request.now, request: *request, takes: BigUint::ZERO };
            Verdict::Refuted(vec![step])
        }
        Most::Unbounded { witness: None, .. } | Most::Unknown => Verdict::Unknown(None),
    }
}

/// Seconds of the longest period.
const fn longest(period: Period) -> Time {
    const DAY: Time = 86_400;
    match period {
        Period::Day => DAY,
        Period::Week => 7 * DAY,
        Period::Month => 31 * DAY,
    }
}

impl Audit<'_, '_> {
    /// Does one line hold all of it, with a window that contains the claim's and a cap that is no greater, whatever the parameters are?
    fn is_held(&self, bound: &Bound) -> bool {
        let lettings = self.letting_rules(&bound.of, bound.authority, bound.with_approvals);
        let lines = (0..).map(BudgetId::new).zip(&self.rules().budgets);
        let mut lines = lines.filter(|(_, line)| contains(line.window, bound.window));
        lines.any(|(id, line)| {
            let holds_all = lettings.iter().all(|rule| self.holds(id, line, *rule, bound.with_approvals));
            holds_all && self.is_no_greater(line, bound)
        })
    }

    fn is_no_greater(&self, line: &Budget, bound: &Bound) -> bool {
        let Measure::Gross(weights) = &line.measure else { return false };
        let same = bound.of.iter().all(|pair| weights.contains(pair));
        match (line.cap, bound.most) {
            (Cap::Param(a, weight), Cap::Param(b, claimed)) if a == b => same && weight <= claimed,
            (Cap::Param(..), Cap::Param(..)) => false,
            (_, most) => {
                let cap = self.cap_in(line, Of::Outflow(&bound.of));
                cap.is_some_and(|cap| cap <= self.range(most).0)
                    && bound.of.iter().all(|(token, _)| {
                        weights.iter().any(|(of, weight)| of == token && *weight != U256::ZERO)
                    })
            }
        }
    }
}

/// Does every window of the second kind lie in one of the first?
fn contains(line: Window, claimed: Window) -> bool {
    match (line, claimed) {
        (Window::Total, _) => true,
        (Window::Sliding { seconds }, Window::Sliding { seconds: claimed }) => seconds >= claimed,
        (Window::Sliding { seconds }, Window::Calendar(period)) => seconds >= longest(period),
        (Window::Calendar(a), Window::Calendar(b)) => a == b,
        (Window::PerTransaction | Window::Sliding { .. } | Window::Calendar(_), Window::PerTransaction) => {
            true
        }
        _ => false,
    }
}
