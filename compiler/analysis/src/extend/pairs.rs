//! Rules: every grant is a pair.

use super::{Clash, Joining, MAX_PAIRS};
use crate::{
    renumber::id,
    ruleset::{Arm, Ask, Clause, Rule, RuleSet, Seconds, Target, Verb},
};
use agentpol_model::ids::{BudgetId, CallableId, RuleId};
use std::collections::BTreeMap;

/// A rule of the child, one of the parent, and what both are about.
struct Pair<'p> {
    child: (RuleId, &'p Rule),
    parent: (RuleId, &'p Rule),
    arms: Vec<Arm>,
}

impl<'p> Joining<'p> {
    /// The child's denials and all pairs, in the child's order; then the parent's denials.
    pub(super) fn rules(&mut self) -> Vec<Option<RuleId>> {
        let pairs = self.pairs();
        let mut own = Vec::new();
        let mut numbers: BTreeMap<(RuleId, RuleId), RuleId> = BTreeMap::new();
        let mut order = Vec::new();
        for (child, rule) in self.child.rules_by_id() {
            if rule.verb == Verb::Deny {
                order.push(None);
                own.push(Some(child));
            }
            for pair in pairs.iter().filter(|pair| pair.child.0 == child) {
                numbers.insert((child, pair.parent.0), RuleId::new(id(own.len())));
                order.push(Some(pair));
                own.push(Some(child));
            }
        }
        let denials = self.child.rules.iter().filter(|rule| rule.verb == Verb::Deny);
        let mut denials = denials.cloned().collect::<Vec<_>>().into_iter();
        for pair in &order {
            let rule = match pair {
                None => denials.next(),
                Some(pair) => Some(self.pair(pair, &numbers)),
            };
            self.out.rules.extend(rule);
        }
        for rule in self.parent.rules.iter().filter(|rule| rule.verb == Verb::Deny) {
            let arms = rule.arms.iter().filter_map(|arm| self.arm(arm, &[])).collect::<Vec<_>>();
            if !arms.is_empty() {
                let name = format!("{}.{}", self.parent.name, rule.name);
                self.out.rules.push(Rule { name, arms, span: self.place, ..rule.clone() });
                own.push(None);
            }
        }
        self.scopes(&numbers);
        own
    }

    fn pairs(&mut self) -> Vec<Pair<'p>> {
        let grants = |rules: &'p RuleSet| rules.rules_by_id().filter(|(_, rule)| rule.verb != Verb::Deny);
        let mut by_callable: BTreeMap<CallableId, Vec<(RuleId, &'p Rule, &'p Arm)>> = BTreeMap::new();
        for (n, rule) in grants(self.parent) {
            for arm in &rule.arms {
                if let Some(here) = self.numbers.callables.get(arm.callable.index()) {
                    by_callable.entry(*here).or_default().push((n, rule, arm));
                }
            }
        }
        let (mut pairs, mut count): (Vec<Pair<'p>>, usize) = (Vec::new(), 0);
        for (n, rule) in grants(self.child) {
            let mut with: BTreeMap<RuleId, Pair<'p>> = BTreeMap::new();
            for arm in &rule.arms {
                for (m, theirs, their_arm) in by_callable.get(&arm.callable).into_iter().flatten() {
                    count = count.saturating_add(1);
                    if count > MAX_PAIRS {
                        self.clashes.push(Clash::TooMany);
                        return Vec::new();
                    }
                    let pair = Pair { child: (n, rule), parent: (*m, theirs), arms: Vec::new() };
                    let pair = with.entry(*m).or_insert(pair);
                    pair.arms.extend(self.arm(their_arm, std::slice::from_ref(arm)));
                }
            }
            pairs.extend(with.into_values());
        }
        pairs
    }

    /// The parent's arm behind those of the child.
    fn arm(&self, theirs: &Arm, ours: &[Arm]) -> Option<Arm> {
        let here = *self.numbers.callables.get(theirs.callable.index())?;
        self.out.callables.get(here.index())?;
        let mut arm = Arm { callable: here, clauses: Vec::new(), charges: Vec::new() };
        for own in ours {
            arm.clauses.extend(own.clauses.iter().cloned());
            arm.charges.extend(own.charges.iter().cloned());
        }
        for clause in self.numbers.clauses(theirs) {
            // Asked once is enough.
            if !arm.clauses.iter().any(|known| known.formula == clause.formula) {
                arm.clauses.push(Clause { span: self.place, ..clause });
            }
        }
        for (sum, lines) in &theirs.charges {
            let lines = lines.iter().filter_map(|line| self.line(*line)).collect();
            arm.charges.push((self.numbers.linear(sum), lines));
        }
        Some(arm)
    }

    fn pair(&mut self, pair: &Pair<'p>, numbers: &BTreeMap<(RuleId, RuleId), RuleId>) -> Rule {
        let ((child, ours), (parent, theirs)) = (pair.child, pair.parent);
        let mut over = Vec::new();
        for lower in std::iter::once(&child).chain(&ours.over) {
            for below in std::iter::once(&parent).chain(&theirs.over) {
                if (*lower, *below) != (child, parent) {
                    over.extend(numbers.get(&(*lower, *below)).copied());
                }
            }
        }
        over.sort_unstable();
        let mut beyond = ours.beyond.clone();
        beyond.extend(
            theirs.beyond.iter().filter_map(|(line, ask)| Some((self.line(*line)?, self.numbers.ask(ask)))),
        );
        beyond.sort_by_key(|(line, _)| *line);
        let verb = match (&ours.verb, &theirs.verb) {
            (Verb::Ask(own), Verb::Ask(other)) => {
                let other = self.numbers.ask(other);
                Verb::Ask(both(own, &other).unwrap_or_else(|| {
                    self.clashes.push(Clash::Within(ours.name.clone(), theirs.name.clone()));
                    other
                }))
            }
            (own, Verb::Allow) => own.clone(),
            (_, Verb::Ask(other)) => Verb::Ask(self.numbers.ask(other)),
            (_, Verb::Deny) => Verb::Deny,
        };
        Rule {
            name: format!("{} & {}", ours.name, theirs.name),
            verb,
            arms: pair.arms.clone(),
            over,
            beyond,
            exempt: self.exempt(ours, (parent, theirs)),
            accepts: ours.accepts.iter().filter(|(risk, _)| accepts(theirs, risk)).cloned().collect(),
            lifts: ours.lifts.iter().filter(|code| theirs.lifts.contains(code)).copied().collect(),
            span: ours.span,
        }
    }

    /// Where every rule of a pair that a line counts is exempt from it.
    fn exempt(&mut self, ours: &Rule, (parent, theirs): (RuleId, &Rule)) -> Vec<BudgetId> {
        let mut exempt = Vec::new();
        for line in &ours.exempt {
            match self.child.budgets.get(line.index()) {
                Some(budget) if budget.rules.is_none() => {
                    self.clashes.push(Clash::Exempt(ours.name.clone(), budget.name.clone()));
                }
                _ => exempt.push(*line),
            }
        }
        for line in &theirs.exempt {
            let scope = self.parent.budgets.get(line.index()).and_then(|budget| budget.rules.as_ref());
            if scope.is_some_and(|rules| rules.contains(&parent)) {
                exempt.extend(self.line(*line));
            }
        }
        exempt.sort_unstable();
        exempt
    }

    /// `for a, b` of either counts the pairs of a and of b.
    fn scopes(&mut self, numbers: &BTreeMap<(RuleId, RuleId), RuleId>) {
        let own = self.child.budgets.len();
        for (n, budget) in self.out.budgets.iter_mut().enumerate() {
            let Some(rules) = &mut budget.rules else { continue };
            let counts =
                |child: &RuleId, parent: &RuleId| rules.contains(if n < own { child } else { parent });
            let pairs = numbers.iter().filter(|((child, parent), _)| counts(child, parent));
            let mut pairs: Vec<RuleId> = pairs.map(|(_, pair)| *pair).collect();
            pairs.sort_unstable();
            *rules = pairs;
        }
    }
}

fn accepts(rule: &Rule, risk: &str) -> bool {
    rule.accepts.iter().any(|(name, _)| name == risk)
}

/// Whoever has to agree to both. Where one does not say it all, everybody of both has to, as for the parts of a batch.
fn both(a: &Ask, b: &Ask) -> Option<Ask> {
    let within = match (a.within, b.within) {
        (a, b) if a == b => a,
        (Seconds::Fixed(a), Seconds::Fixed(b)) => Seconds::Fixed(a.min(b)),
        _ => return None,
    };
    let of_both =
        |one: &Ask, other: &Ask| one.of.iter().all(|of| other.of.contains(of)) && one.need >= other.need;
    if of_both(a, b) {
        return Some(Ask { within, ..a.clone() });
    }
    if of_both(b, a) {
        return Some(Ask { within, ..b.clone() });
    }
    let mut of: Vec<Target> = a.of.iter().chain(&b.of).copied().collect();
    of.sort_unstable();
    of.dedup();
    Some(Ask { need: id(of.len()), of, within })
}
