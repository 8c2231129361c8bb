//! What a new policy permits that an old one did not, and the other way round: request by request, and by what may leave.
//!
//! An outcome is *more* than another if it takes less to be signed: `allow` is more than `ask`, `ask` more than `deny`. Every difference is
//! shown by a request that both policies were asked; of the budgets, by requests that take more than the other policy ever lets out.
//! A policy permits nothing under values that its parameters cannot have.
//!
//! Not compared are which strangers' addresses look like one that the policy names, and what ends a window of a budget that no token
//! leaves by.
//!
//! | module | holds |
//! | --- | --- |
//! | `merge` | both policies with the same numbers |
//! | `requests` | requests of which one does more than the other |

mod merge;
mod requests;

use crate::{
    loss::{Losses, Most, Step, losses},
    ruleset::RuleSet,
    solve::Key,
    witness::Witness,
};
use agentpol_model::{Time, ids::RuleId};
use merge::Merged;
use num_bigint::BigUint;
use requests::Compared;

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
    /// Rules of the old policy, and of the new, about which some question was too hard, or which do more in a way that no single
    /// request shows: they ask fewer, or lift a refusal that depends on more than the request's words.
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

/// Compares two policies, for all values of their parameters; those of the same name and type have the same value in both.
pub fn diff(old: &RuleSet, new: &RuleSet) -> Difference {
    let merged = Merged::new(old, new);
    let mut difference = Difference::default();
    let [before, after] = &merged.sides;
    for keys in Key::pairs(before, after) {
        let compared = Compared::new(&keys, merged.old, [old, new]);
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
        difference.leaks_now.extend(leaks((before, old), (after, new), with_approvals));
        difference.holds_now.extend(leaks((after, new), (before, old), with_approvals));
    }
    difference
}

/// Requests of which a child does more than its parent, where no `deny` of the parent's speaks against it, and the rules of the child of
/// which that is not known. Both are asked, so how the parent asks does not matter here; nor do budgets: both are charged.
pub fn beyond(parent: &RuleSet, child: &RuleSet) -> (Vec<Change>, Vec<RuleId>) {
    let merged = Merged::new(parent, child);
    let (mut changes, mut unknown) = (Vec::new(), Vec::new());
    let [before, after] = &merged.sides;
    for keys in Key::pairs(before, after) {
        let (more, open) = Compared::new(&keys, merged.old, [parent, child]).beyond();
        changes.extend(more);
        unknown.extend(open);
    }
    (changes, unknown)
}

/// What the second lets out more than the first.
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
