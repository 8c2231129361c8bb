//! Requests of which one policy does more than another.

use super::{Change, Outcome};
use crate::{
    integer::Answer,
    ruleset::{Ask, Callable, Rule, RuleSet, Seconds, Verb},
    solve::{ArmAt, Assignment, Key, Prop},
    witness::Witness,
};
use agentpol_model::{
    decision::{DenyCode, Ruling},
    ids::RuleId,
};

/// Both policies at one key.
pub(super) struct Compared<'k, 'r> {
    /// The old policy's and the new one's.
    keys: &'k [Key<'r>; 2],
    /// So many rules are the old one's.
    old: usize,
    policies: [&'k RuleSet; 2],
    /// Where each policy can be bound, and reads the request at all.
    reads: [Prop; 2],
}

impl<'k, 'r> Compared<'k, 'r> {
    pub(super) fn new(keys: &'k [Key<'r>; 2], old: usize, policies: [&'k RuleSet; 2]) -> Self {
        let [before, after] = keys;
        let [first, second] = policies;
        // Where one takes no value, none goes along, whatever the other takes.
        let without = Prop::all([before.without_value(), after.without_value()]);
        let reads = |key: &Key<'_>, rules| {
            let value = if key.takes_value() { Prop::True } else { without.clone() };
            Prop::all([key.can_be_bound(rules), value])
        };
        Self { keys, old, policies, reads: [reads(before, first), reads(after, second)] }
    }

    fn is_new(&self, rule: RuleId) -> bool {
        rule.index() >= self.old
    }

    /// Its number in its own policy.
    fn own(&self, rule: RuleId) -> RuleId {
        let offset = if self.is_new(rule) { self.old } else { 0 };
        RuleId::new(rule.raw().saturating_sub(u32::try_from(offset).unwrap_or(u32::MAX)))
    }

    /// Where a grant decides in its own policy.
    fn decides(&self, arm: &ArmAt) -> Prop {
        let [before, after] = self.keys;
        let [before_reads, after_reads] = &self.reads;
        let new = self.is_new(arm.rule);
        let (key, reads) = if new { (after, after_reads) } else { (before, before_reads) };
        Prop::all([reads.clone(), key.decides_among(arm, &|other| self.is_new(other) == new).whole()])
    }

    /// Requests of which the new policy does more than the old one (or the other way round), one for each rule that does.
    pub(super) fn more(&self, new: bool) -> (Vec<Change>, Vec<RuleId>) {
        let [before, after] = self.keys;
        let (mine, theirs) = if new { (after, before) } else { (before, after) };
        self.each(new, mine, |arm| self.more_by(arm, mine, theirs))
    }

    /// Requests of which the new policy does more than the grants of the old one, one for each rule that does.
    pub(super) fn beyond(&self) -> (Vec<Change>, Vec<RuleId>) {
        let [before, after] = self.keys;
        let denials = before.denials().filter(|denial| !self.is_new(denial.rule));
        let denials: Vec<Prop> = denials.map(|denial| before.fails(denial).clone()).collect();
        self.each(true, after, |arm| {
            let others = self.others(arm, after, before);
            let conditions = [self.decides(arm)].into_iter().chain(others.into_iter().map(|(_, not)| not));
            let conditions: Vec<Prop> = conditions.chain(denials.iter().cloned()).collect();
            self.found(after, arm, &conditions.iter().collect::<Vec<_>>())
        })
    }

    /// For each rule of one policy.
    fn each(
        &self,
        new: bool,
        mine: &Key<'r>,
        answer: impl Fn(&ArmAt) -> Answer<Change>,
    ) -> (Vec<Change>, Vec<RuleId>) {
        let (mut changes, mut unknown) = (Vec::new(), Vec::new());
        for arm in mine.grants().filter(|arm| self.is_new(arm.rule) == new) {
            match answer(arm) {
                Answer::None => {}
                Answer::Found(change) => changes.push(change),
                Answer::Unknown => unknown.push(self.own(arm.rule)),
            }
        }
        (changes, unknown)
    }

    /// A request of which one rule does more than all of the other policy's.
    fn more_by(&self, arm: &ArmAt, mine: &Key<'r>, theirs: &Key<'r>) -> Answer<Change> {
        if !is_read_alike(mine.callable, theirs.callable) {
            return Answer::Unknown;
        }
        let decides = self.decides(arm);
        let others = self.others(arm, mine, theirs);
        // Where none of the other policy's does anything; then, where what it does may be less in a way that is not searched for.
        for all in [true, false] {
            if !all && others.iter().all(|(as_much, _)| *as_much) {
                break;
            }
            let not = others.iter().filter(|(as_much, _)| all || *as_much).map(|(_, not)| not);
            let conditions: Vec<&Prop> = [&decides].into_iter().chain(not).collect();
            match self.found(mine, arm, &conditions) {
                Answer::None => {}
                answer => return answer,
            }
        }
        Answer::None
    }

    /// Where each rule of the other policy that is of the same kind or more does not decide, and whether it does as much.
    fn others(&self, arm: &ArmAt, mine: &Key<'r>, theirs: &Key<'r>) -> Vec<(bool, Prop)> {
        let rule = |of: &ArmAt| mine.rules().rules.get(of.rule.index());
        let Some(granting) = rule(arm) else { return Vec::new() };
        let asks = |of: &Rule| matches!(of.verb, Verb::Ask(_));
        let theirs = theirs.grants().filter(|other| self.is_new(other.rule) != self.is_new(arm.rule));
        theirs
            .filter(|other| !arm.is_apart(other))
            .filter_map(|other| Some((rule(other)?, other)))
            .filter(|(of, _)| asks(granting) || !asks(of))
            .map(|(of, other)| (does_as_much(of, granting, mine.callable), mine.not(&self.decides(other))))
            .collect()
    }

    fn found(&self, key: &Key<'r>, arm: &ArmAt, conditions: &[&Prop]) -> Answer<Change> {
        match key.find(conditions) {
            Answer::None => Answer::None,
            Answer::Unknown => Answer::Unknown,
            Answer::Found(found) => self.change(key, &found, arm).map_or(Answer::Unknown, Answer::Found),
        }
    }

    /// Both policies are asked.
    fn change(&self, key: &Key<'r>, found: &Assignment, arm: &ArmAt) -> Option<Change> {
        let request = key.witness(found)?;
        let [before, after] = self.policies;
        let (old, new) = (asked(before, &request), asked(after, &request));
        let is_so = if self.is_new(arm.rule) { new > old } else { old > new };
        is_so.then(|| Change { request, old, new, rule: self.own(arm.rule) })
    }
}

/// What a policy says of it. Where it cannot be bound, it permits nothing.
fn asked(rules: &RuleSet, request: &Witness) -> Outcome {
    let mut own = request.clone();
    own.params.retain(|name, _| rules.params.iter().any(|param| param.name == *name));
    own.decide(rules).map_or(Outcome::Deny, |ruling| outcome(rules, &ruling))
}

fn outcome(rules: &RuleSet, ruling: &Ruling) -> Outcome {
    let Ok(granted) = ruling else { return Outcome::Deny };
    let asks =
        |rule: RuleId| rules.rules.get(rule.index()).is_some_and(|rule| matches!(rule.verb, Verb::Ask(_)));
    if granted.actions.iter().any(|action| asks(action.rule)) { Outcome::Ask } else { Outcome::Allow }
}

/// Are the same bytes read as the same arguments, and opened in the same way?
fn is_read_alike(a: &Callable, b: &Callable) -> bool {
    let types = |callable: &Callable| -> Vec<_> {
        callable.function.iter().flat_map(|f| &f.inputs).map(|input| input.ty.clone()).collect()
    };
    let trailing = |callable: &Callable| callable.function.as_ref().map(|function| function.trailing);
    types(a) == types(b) && trailing(a) == trailing(b) && a.unwraps == b.unwraps && a.typed == b.typed
}

/// Wherever both decide, does one do as much as the other? Refusals that conditions on words do not tell must be lifted by it too, and
/// it must not ask for more.
fn does_as_much(one: &Rule, other: &Rule, callable: &Callable) -> bool {
    let untold = |code: &DenyCode| match code {
        DenyCode::LookAlike => true,
        DenyCode::AllowFailure | DenyCode::ForeignSender => callable.is_wrapper(),
        _ => false,
    };
    let lifts = other.lifts.iter().filter(|code| untold(code)).all(|code| one.lifts.contains(code));
    lifts
        && match (&one.verb, &other.verb) {
            (Verb::Ask(one), Verb::Ask(other)) => asks_no_more(one, other),
            _ => true,
        }
}

/// Is whatever the other is content with enough?
fn asks_no_more(one: &Ask, other: &Ask) -> bool {
    let in_time = match (one.within, other.within) {
        (Seconds::Fixed(one), Seconds::Fixed(other)) => one >= other,
        (one, other) => one == other,
    };
    in_time && one.need <= other.need && other.of.iter().all(|approver| one.of.contains(approver))
}
