//! Rules that never match or never decide, and conditions that say nothing.

use super::{Analysis, Finding, Kind, Question};
use crate::{
    integer::Answer,
    ruleset::{Atom, Formula, Rule, Verb},
    solve::{ArmAt, Assignment, Key, Prop},
};
use agentpol_model::ids::RuleId;

/// What is known of a rule over all keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reached {
    Yes,
    No,
    Unknown,
}

impl Analysis<'_> {
    pub(super) fn reach(&mut self) {
        let mut granted = false;
        for n in 0..self.rules.rules.len() {
            let rule = RuleId::new(u32::try_from(n).unwrap_or(u32::MAX));
            let verb = self.rules.rules.get(n).map(|rule| rule.verb.clone());
            let grants = verb.is_some_and(|verb| verb != Verb::Deny);
            match self.over_keys(rule, matches) {
                Reached::Unknown => self.unknown(rule, Question::Reach),
                Reached::No => {
                    let clause = self.conflict(rule);
                    self.found(Kind::NeverMatches { rule, clause });
                    continue;
                }
                Reached::Yes => {}
            }
            if grants {
                match self.over_keys(rule, decides) {
                    Reached::Yes => granted = true,
                    Reached::Unknown => {
                        granted = true;
                        self.unknown(rule, Question::Reach);
                    }
                    Reached::No => {
                        let by = self.who_decides(rule);
                        self.found(Kind::Shadowed { rule, by });
                        continue;
                    }
                }
            }
            self.redundant_clauses(rule);
        }
        if !granted {
            self.found(Kind::Vacuous);
        }
    }

    fn found(&mut self, kind: Kind) {
        self.findings.push(Finding::plain(kind));
    }

    pub(super) fn arms_of(&self, rule: RuleId) -> impl Iterator<Item = (&Key<'_>, &ArmAt<'_>)> {
        self.by_rule.get(rule.index()).into_iter().flatten().filter_map(|(at, place)| {
            let key = self.keys.get(*at)?;
            Some((key, key.arms.get(*place)?))
        })
    }

    /// Is something so on one key at least?
    fn over_keys<T>(&self, rule: RuleId, ask: impl Fn(&Key<'_>, &ArmAt) -> Answer<T>) -> Reached {
        let mut reached = Reached::No;
        for (key, arm) in self.arms_of(rule) {
            match ask(key, arm) {
                Answer::Found(_) => return Reached::Yes,
                Answer::Unknown => reached = Reached::Unknown,
                Answer::None => {}
            }
        }
        reached
    }

    /// The first condition that cannot hold together with those before it, on the first key.
    fn conflict(&self, rule: RuleId) -> Option<usize> {
        let (key, arm) = self.arms_of(rule).next()?;
        let mut conditions: Vec<&Prop> = vec![&key.requires];
        arm.clauses.iter().position(|clause| {
            conditions.push(clause);
            key.find(&conditions) == Answer::None
        })
    }

    /// The rules that forbid or outrank whatever a rule matches.
    fn who_decides(&self, rule: RuleId) -> Vec<RuleId> {
        let mut out = Vec::new();
        for (key, arm) in self.arms_of(rule) {
            for other in &key.arms {
                let over = self
                    .rules
                    .rules
                    .get(other.rule.index())
                    .is_some_and(|upper| upper.verb == Verb::Deny || upper.over.contains(&rule));
                let meets = || !arm.is_apart(other) && key.find(&[&arm.holds, &other.holds]) != Answer::None;
                if over && !out.contains(&other.rule) && meets() {
                    out.push(other.rule);
                }
            }
        }
        out
    }

    /// Conditions that hold on every key wherever the rule's others do. Of two that say the same the later one is told.
    fn redundant_clauses(&mut self, rule: RuleId) {
        let Some(whole) = self.rules.rules.get(rule.index()) else { return };
        let count = whole.arms.iter().map(|arm| arm.clauses.len()).max().unwrap_or(0);
        let denies = whole.verb == Verb::Deny || !whole.over.is_empty();
        // There, where a rule is undefined is a decision too, and a condition may be what keeps the others defined.
        if denies && self.over_keys(rule, |key, _| undefined(key, whole)) != Reached::No {
            return;
        }
        let mut left_out = Vec::new();
        for clause in (0..count).rev() {
            // Silence is no condition that somebody could leave out.
            // Nor is what mentions `value`, however little it says of it: silence would allow none.
            let written = |arm: &crate::ruleset::Arm| {
                let mentions_value =
                    |text: &str| text.split(|c: char| !c.is_alphanumeric()).any(|word| word == "value");
                let clause = arm.clauses.get(clause);
                clause.is_some_and(|clause| clause.span != whole.span && !mentions_value(&clause.text))
            };
            if !whole.arms.iter().all(written) {
                continue;
            }
            let speaks_of_addresses = whole
                .arms
                .iter()
                .filter_map(|arm| arm.clauses.get(clause))
                .any(|clause| is_about_addresses(&clause.formula));
            let says_something = self.over_keys(rule, |key, arm| {
                let Some(this) = arm.clauses.get(clause) else { return Answer::Unknown };
                let not = key.not(this);
                // A condition on an address can be what gives the amounts behind it their unit.
                let others = arm.clauses.iter().enumerate().filter(|(n, _)| match speaks_of_addresses {
                    true => *n < clause,
                    false => *n != clause && !left_out.contains(n),
                });
                let conditions: Vec<&Prop> = others.map(|(_, other)| other).chain([&not]).collect();
                key.find(&conditions)
            });
            if says_something == Reached::No {
                left_out.push(clause);
            }
        }
        for clause in left_out.into_iter().rev() {
            self.found(Kind::RedundantClause { rule, clause });
        }
    }
}

fn is_about_addresses(formula: &Formula) -> bool {
    match formula {
        Formula::Const(_) => false,
        Formula::Atom(Atom::Same(..) | Atom::Member(..)) => true,
        Formula::Atom(_) => false,
        Formula::Not(inner) | Formula::Quantified { body: inner, .. } => is_about_addresses(inner),
        Formula::And(parts) | Formula::Or(parts) => parts.iter().any(is_about_addresses),
    }
}

/// Can it be undefined whether one of a rule's conditions holds, whatever the others say? Then one of them may be what keeps it defined.
fn undefined(key: &Key<'_>, rule: &Rule) -> Answer<Assignment> {
    let mut answer = Answer::None;
    let arms = rule.arms.iter().filter(|arm| arm.callable == key.id);
    for clause in arms.flat_map(|arm| &arm.clauses) {
        match key.find(&[&key.undefined(&clause.formula)]) {
            Answer::None => {}
            Answer::Unknown => answer = Answer::Unknown,
            found => return found,
        }
    }
    answer
}

/// Does a rule match something?
pub(super) fn matches(key: &Key<'_>, arm: &ArmAt) -> Answer<Assignment> {
    shown(key, key.find(&[&arm.holds, &key.requires]))
}

/// Does a grant decide something?
fn decides(key: &Key<'_>, arm: &ArmAt) -> Answer<Assignment> {
    let mut conditions = key.may_decide(arm.rule);
    conditions.push(&arm.holds);
    shown(key, key.find(&conditions))
}

/// Bytes counted from the front and from the end may be the same bytes, which the search does not see: only what can be written down is so.
fn shown(key: &Key<'_>, answer: Answer<Assignment>) -> Answer<Assignment> {
    match answer {
        Answer::Found(found) if key.witness(&found).is_none() => Answer::Unknown,
        answer => answer,
    }
}
