//! What a new policy permits that an old one did not, and the other way round: request by request, and by what may leave.
//!
//! An outcome is *more* than another if it takes less to be signed: `allow` is more than `ask`, `ask` more than `deny`. Every difference is
//! shown by a request that both policies were asked; of the budgets, by requests that take more than the other policy ever lets out.

mod merge;

use crate::{
    integer::Answer,
    loss::{Losses, Most, Step, losses},
    ruleset::{RuleSet, Verb},
    solve::{ArmAt, Key, Prop},
    witness::Witness,
};
use agentpol_model::{
    Time,
    decision::Ruling,
    ids::{CallableId, RuleId},
};
use merge::Merged;
use num_bigint::BigUint;

/// How a policy stands to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// Both permit the same.
    Equal,
    /// The new one permits less.
    Tighter,
    /// The new one permits more.
    Looser,
    /// The new one permits something that the old one did not, and the other way round.
    Incomparable,
}

/// What comes of a request, before the budgets are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is its own word")]
pub enum Outcome {
    Deny,
    Ask,
    Allow,
}

/// A request with two outcomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What is asked.
    pub request: Witness,
    /// By the old policy.
    pub old: Outcome,
    /// By the new one.
    pub new: Outcome,
    /// The rule that grants it, of whichever policy does more.
    pub rule: RuleId,
}

/// A token of which one policy lets out more than the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leak {
    /// Its symbol.
    pub token: String,
    /// In so many seconds; 0 is one transaction; `None` is for ever.
    pub span: Option<Time>,
    /// Is it spent on fees?
    pub fees: bool,
    /// Whatever is asked for is approved.
    pub with_approvals: bool,
    /// The most that the policy with less lets out.
    pub less: BigUint,
    /// What the other lets out; `None` is without end.
    pub more: Option<BigUint>,
    /// Requests that take more than the other ever lets out. Empty where none were found: then it may not be so.
    pub witness: Vec<Step>,
}

/// All that is different.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Requests of which the new policy does more.
    pub permits_now: Vec<Change>,
    /// Requests of which the old policy did more.
    pub forbids_now: Vec<Change>,
    /// Tokens of which the new policy lets out more.
    pub leaks_now: Vec<Leak>,
    /// Tokens of which the old policy let out more.
    pub holds_now: Vec<Leak>,
    /// Rules about which some question was too hard: of the old policy, and of the new.
    pub unknown: (Vec<RuleId>, Vec<RuleId>),
}

impl Difference {
    /// What is not known counts as permitted: whoever loosens must say so.
    pub fn relation(&self) -> Relation {
        let looser = !self.permits_now.is_empty() || !self.leaks_now.is_empty() || !self.unknown.1.is_empty();
        let tighter =
            !self.forbids_now.is_empty() || !self.holds_now.is_empty() || !self.unknown.0.is_empty();
        match (looser, tighter) {
            (false, false) => Relation::Equal,
            (false, true) => Relation::Tighter,
            (true, false) => Relation::Looser,
            (true, true) => Relation::Incomparable,
        }
    }
}

/// Compares two policies, for all values of the parameters that they share.
pub fn diff(old: &RuleSet, new: &RuleSet) -> Difference {
    let merged = Merged::new(old, new);
    let mut difference = Difference::default();
    let callables = (0..).map(CallableId::new).take(merged.rules.callables.len());
    for key in callables.filter_map(|id| Key::new(&merged.rules, id, &[])) {
        let compared = Compared { key: &key, old: merged.old, policies: [old, new] };
        let (more, unknown) = compared.more(true);
        difference.permits_now.extend(more);
        difference.unknown.1.extend(unknown);
        let (more, unknown) = compared.more(false);
        difference.forbids_now.extend(more);
        difference.unknown.0.extend(unknown);
    }
    let (before, after) = (losses(old), losses(new));
    for (with_approvals, before, after) in
        [(false, &before.alone, &after.alone), (true, &before.with_approvals, &after.with_approvals)]
    {
        add(&mut difference.leaks_now, leaks((before, old), (after, new), with_approvals));
        add(&mut difference.holds_now, leaks((after, new), (before, old), with_approvals));
    }
    difference
}

/// Both policies at one key.
struct Compared<'k, 'r> {
    key: &'k Key<'r>,
    /// So many rules are the old one's.
    old: usize,
    policies: [&'k RuleSet; 2],
}

impl Compared<'_, '_> {
    fn is_new(&self, rule: RuleId) -> bool {
        rule.index() >= self.old
    }

    /// Its number in its own policy.
    fn own(&self, rule: RuleId) -> RuleId {
        let offset = if self.is_new(rule) { self.old } else { 0 };
        RuleId::new(rule.raw().saturating_sub(u32::try_from(offset).unwrap_or(u32::MAX)))
    }

    fn verb(&self, rule: RuleId) -> Option<&Verb> {
        self.key.rules().rules.get(rule.index()).map(|rule| &rule.verb)
    }

    /// Where a grant decides in its own policy.
    fn decides(&self, arm: &ArmAt) -> Prop {
        let rules = self.key.rules();
        let own = |other: &&ArmAt| self.is_new(other.rule) == self.is_new(arm.rule);
        let denials = self.key.denials().filter(own).map(|denial| denial.fails.clone());
        let over = |other: &&ArmAt| {
            rules.rules.get(other.rule.index()).is_some_and(|upper| upper.over.contains(&arm.rule))
        };
        let upper = self.key.grants().filter(over).map(|upper| upper.fails.clone());
        let fine = rules.rules.get(arm.rule.index()).map_or(Prop::False, |rule| self.key.not_refused(rule));
        Prop::all([arm.holds.clone(), fine].into_iter().chain(denials).chain(upper))
    }

    /// Requests of which the new policy does more than the old one (or the other way round), one for each rule that does.
    fn more(&self, new: bool) -> (Vec<Change>, Vec<RuleId>) {
        let (mut changes, mut unknown) = (Vec::new(), Vec::new());
        let asks = |arm: &ArmAt| matches!(self.verb(arm.rule), Some(Verb::Ask(_)));
        for arm in self.key.grants().filter(|arm| self.is_new(arm.rule) == new) {
            let decides = self.decides(arm);
            // Nothing of the other policy does as much there.
            let others = self.key.grants().filter(|other| self.is_new(other.rule) != new);
            let others = others.filter(|other| asks(arm) || !asks(other));
            let not: Vec<Prop> = others.map(|other| self.key.not(&self.decides(other))).collect();
            let mut conditions: Vec<&Prop> = vec![&self.key.requires, &decides];
            conditions.extend(&not);
            match self.key.find(&conditions) {
                Answer::None => {}
                Answer::Unknown => unknown.push(self.own(arm.rule)),
                Answer::Found(found) => {
                    let change = self.key.witness(&found).and_then(|request| self.change(request, arm, new));
                    match change {
                        Some(change) => changes.push(change),
                        None => unknown.push(self.own(arm.rule)),
                    }
                }
            }
        }
        (changes, unknown)
    }

    /// Both policies are asked.
    fn change(&self, request: Witness, arm: &ArmAt, new: bool) -> Option<Change> {
        let outcome = |rules: &RuleSet| {
            let mut own = request.clone();
            own.params.retain(|name, _| rules.params.iter().any(|param| param.name == *name));
            match own.decide(rules) {
                Ok(ruling) => Some(outcome(rules, &ruling)),
                Err(_) => None,
            }
        };
        let [before, after] = self.policies;
        let (old_outcome, new_outcome) = (outcome(before)?, outcome(after)?);
        let is_so = if new { new_outcome > old_outcome } else { old_outcome > new_outcome };
        is_so.then(|| Change { request, old: old_outcome, new: new_outcome, rule: self.own(arm.rule) })
    }
}

fn outcome(rules: &RuleSet, ruling: &Ruling) -> Outcome {
    let Ok(granted) = ruling else { return Outcome::Deny };
    let asks =
        |rule: RuleId| rules.rules.get(rule.index()).is_some_and(|rule| matches!(rule.verb, Verb::Ask(_)));
    if granted.actions.iter().any(|action| asks(action.rule)) { Outcome::Ask } else { Outcome::Allow }
}

/// What the second lets out more than the first.
/// What approvals change nothing of is told once, of the agent alone.
fn add(known: &mut Vec<Leak>, more: Vec<Leak>) {
    let of = |leak: &Leak| (leak.token.clone(), leak.span, leak.fees, leak.less.clone(), leak.more.clone());
    let new: Vec<Leak> = more.into_iter().filter(|leak| !known.iter().any(|k| of(k) == of(leak))).collect();
    known.extend(new);
}

fn leaks(less: (&Losses, &RuleSet), more: (&Losses, &RuleSet), with_approvals: bool) -> Vec<Leak> {
    let mut out = Vec::new();
    for (fees, ours, theirs) in [(false, &less.0.tokens, &more.0.tokens), (true, &less.0.fees, &more.0.fees)]
    {
        for loss in theirs {
            let Some(symbol) = more.1.tokens.get(loss.token.index()).map(|token| &token.symbol) else {
                continue;
            };
            let known = ours.iter().find(|known| {
                less.1.tokens.get(known.token.index()).is_some_and(|token| token.symbol == *symbol)
            });
            let window = |span: &Time| {
                known.and_then(|known| known.windows.iter().find(|(of, _)| of == span)).map(|(_, most)| most)
            };
            let mut pairs: Vec<(Option<Time>, Option<&Most>, &Most)> =
                vec![(Some(0), known.map(|known| &known.per_transaction), &loss.per_transaction)];
            for (span, most) in &loss.windows {
                // A window that only one of them has is no question that both were asked.
                if known.is_none() || window(span).is_some() {
                    pairs.push((Some(*span), window(span), most));
                }
            }
            pairs.push((None, known.map(|known| &known.total), &loss.total));
            let leak =
                pairs.into_iter().find_map(|(span, before, after)| exceeds(before, after).map(|l| (span, l)));
            if let Some((span, (less, more, witness))) = leak {
                out.push(Leak { token: symbol.clone(), span, fees, with_approvals, less, more, witness });
            }
        }
    }
    out
}

/// What the second is more than the first.
fn exceeds(before: Option<&Most>, after: &Most) -> Option<(BigUint, Option<BigUint>, Vec<Step>)> {
    let nothing = Most::Bounded { value: BigUint::ZERO, because: Vec::new(), witness: Vec::new() };
    let Most::Bounded { value: less, .. } = before.unwrap_or(&nothing) else { return None };
    match after {
        Most::Bounded { value, witness, .. } if value > less => {
            Some((less.clone(), Some(value.clone()), witness.clone()))
        }
        Most::Bounded { .. } => None,
        Most::Unbounded { witness, .. } => {
            let step = witness.iter().map(|request| Step {
                at: request.now,
                request: (**request).clone(),
                takes: BigUint::ZERO,
            });
            Some((less.clone(), None, step.collect()))
        }
        Most::Unknown => Some((less.clone(), None, Vec::new())),
    }
}
