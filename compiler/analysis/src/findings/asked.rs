//! Two of the questions by themselves, one answer after the other: for whoever holds them against a solver, or times them.

use super::{overlap::meet, reach::matches};
use crate::{integer::Answer, ruleset::RuleSet, solve::Key};
use agentpol_model::ids::{CallableId, RuleId};

/// A question about requests for one callable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asked {
    /// Does a rule match one?
    Match(RuleId),
    /// Do two grants match the same one, while nothing else settles it?
    Overlap(RuleId, RuleId),
}

/// Asks whether each rule matches and each two grants without an order meet, and nothing else. The next question is asked when the
/// answer before it was taken.
pub fn each(rules: &RuleSet, mut answered: impl FnMut(CallableId, Asked, Answer<()>)) {
    for key in Key::all(rules) {
        let mut grants = key.grants().peekable();
        for arm in &key.arms {
            answered(key.id, Asked::Match(arm.rule), matches(&key, arm).map(|_| ()));
            let Some(first) = grants.next_if(|grant| grant.rule == arm.rule) else { continue };
            for second in grants.clone().filter(|second| !key.is_ranked(first, second)) {
                let answer = meet(&key, first, second).map(|_| ());
                answered(key.id, Asked::Overlap(first.rule, second.rule), answer);
            }
        }
    }
}
