//! Is there an assignment under which several conditions hold? A case split over their alternatives, with the variables' domains
//! narrowed on the way. A sum of several variables is a variable too (a *form*), so that two conditions on one sum meet there;
//! whether all forms that were narrowed can be so together is for [`crate::integer`] to say.
//!
//! Exact: what it finds is so, and where it finds nothing there is nothing, unless it ran out of work (`Unknown`).

use super::{
    prop::{Lit, Prop, Sum, Var},
    set::Set,
};
use crate::integer::{self, Answer, Problem, Row, Steps};
use agentpol_model::{
    ids::ParamId,
    policy::{ParamType, Relation},
};
use num_bigint::BigInt;
use num_integer::Integer as _;
use num_traits::{One as _, Signed as _, Zero as _};
use std::{cell::Cell, collections::BTreeMap, rc::Rc};

/// States that one question may look at. Beyond, its answer is unknown.
pub(crate) const MAX_STATES: u32 = 50_000;

/// Conditions that one question may look at. Beyond, its answer is unknown.
pub(crate) const MAX_LOOKS: u64 = 2_000_000;

/// States that wait for their turn at most.
const MAX_WAITING: usize = 100_000;

/// Rounds in which ends of domains are brought in line.
const MAX_ROUNDS: usize = 8;

/// Every variable's value, and who is in the sets that parameters are bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Assignment {
    pub(crate) values: Vec<BigInt>,
    pub(crate) members: Vec<(Var, ParamId)>,
}

/// What is searched through.
pub(crate) struct Field<'a> {
    /// Every variable's values.
    pub(crate) domains: &'a [Rc<Set>],
    /// The variables that are sums of others.
    pub(crate) forms: &'a [(Var, Rc<Sum>)],
    /// Where a variable may have several values, which is liked best.
    pub(crate) liked: &'a [BigInt],
    /// How many members the set may have that a parameter is bound to.
    pub(crate) sizes: &'a dyn Fn(ParamId) -> u32,
}

/// A point of the search: what is settled, and what is not yet.
#[derive(Clone)]
struct State<'a> {
    domains: Vec<Rc<Set>>,
    /// Sums that came up on the way: each is at most zero, or it is zero.
    rows: Vec<Rc<(Sum, Relation)>>,
    members: Vec<(Var, ParamId, bool)>,
    open: Vec<&'a Prop>,
    /// Have forms been narrowed since they were last looked at together?
    is_checked: bool,
}

/// What a condition is under the domains of a state.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Status {
    True,
    False,
    Open,
}

impl<'a> Field<'a> {
    /// An assignment under which all of these hold.
    pub(crate) fn find(&self, conditions: &[&'a Prop]) -> Answer<Assignment> {
        self.search(conditions, None).map(|(_, found)| found)
    }

    /// The greatest value that a sum has where all of these hold, and an assignment under which it has it.
    pub(crate) fn supremum(&self, conditions: &[&'a Prop], objective: &Sum) -> Answer<(BigInt, Assignment)> {
        self.search(conditions, Some(objective))
    }

    fn search(&self, conditions: &[&'a Prop], objective: Option<&Sum>) -> Answer<(BigInt, Assignment)> {
        let mut best: Option<(BigInt, Assignment)> = None;
        let mut is_known = true;
        let first = State {
            domains: self.domains.to_vec(),
            rows: Vec::new(),
            members: Vec::new(),
            open: Vec::new(),
            is_checked: true,
        };
        let mut waiting = vec![];
        waiting.extend(first.with(conditions.iter().copied()));
        let mut states = 0_u32;
        let looks = Cell::new(0_u64);
        let mut steps = Steps::default();
        while let Some(state) = waiting.pop() {
            states = states.saturating_add(1);
            if states > MAX_STATES || waiting.len() > MAX_WAITING || looks.get() > MAX_LOOKS {
                is_known = false;
                break;
            }
            let Some(mut state) = self.narrowed(state, &looks) else { continue };
            let beaten = best.as_ref().zip(objective).map(|((best, _), objective)| {
                // Only what is better is of interest: best + 1 - objective <= 0.
                Rc::new((Sum::constant(best + 1).minus(objective), Relation::NotAbove))
            });
            if !state.is_checked {
                // What cannot be is best known before it is split.
                state.is_checked = true;
                if self.consistent(&state, beaten.as_ref(), &mut steps) == Answer::None {
                    continue;
                }
            }
            if let Some(open) = state.narrowest() {
                state.open.retain(|other| !core::ptr::eq(*other, open));
                let alternatives: &'a [Prop] = match open {
                    Prop::Or(alternatives) => alternatives,
                    other => core::slice::from_ref(other),
                };
                // The first is looked at first.
                waiting.extend(alternatives.iter().rev().filter_map(|one| state.clone().with([one])));
                continue;
            }
            match self.leaf(&state, objective, beaten.as_ref(), &mut steps) {
                Leaf::Nothing => {}
                Leaf::Unknown => is_known = false,
                Leaf::Split(states) => waiting.extend(states),
                Leaf::Found(value, found) => {
                    if objective.is_none() {
                        return Answer::Found((value, found));
                    }
                    if best.as_ref().is_none_or(|(old, _)| *old < value) {
                        best = Some((value, found));
                    }
                }
            }
        }
        match (best, is_known) {
            (_, false) => Answer::Unknown,
            (Some(best), true) => Answer::Found(best),
            (None, true) => Answer::None,
        }
    }

    /// The sums of a state: of each form that was narrowed, that it is what it is a sum of.
    fn rows(&self, state: &State<'a>, beaten: Option<&Rc<(Sum, Relation)>>) -> Vec<Rc<(Sum, Relation)>> {
        let narrowed = self.forms.iter().filter(|(form, _)| {
            let (then, now) = (self.domains.get(form.index()), state.domains.get(form.index()));
            then.zip(now).is_some_and(|(then, now)| !Rc::ptr_eq(then, now))
        });
        let is =
            narrowed.map(|(form, sum)| Rc::new((Sum::clone(sum).minus(&Sum::var(*form)), Relation::Zero)));
        is.chain(state.rows.iter().cloned()).chain(beaten.cloned()).collect()
    }

    /// What each variable is liked to be, as far as its domain allows. Of two that must differ by so much, what the one that came first
    /// is liked to be counts: the wallet comes before an argument that must be the wallet.
    fn liked(&self, state: &State<'a>) -> Option<Vec<BigInt>> {
        let zero = BigInt::zero();
        let each = state.domains.iter().enumerate();
        let all = each.map(|(at, domain)| domain.nearest(self.liked.get(at).unwrap_or(&zero)));
        let mut all: Vec<BigInt> = all.collect::<Option<_>>()?;
        for (form, sum) in self.forms {
            let apart = state.domains.get(form.index()).and_then(|domain| domain.only());
            let mut terms = sum.terms.iter();
            let (Some(apart), Some((first, one)), Some((second, other)), None) =
                (apart, terms.next(), terms.next(), terms.next())
            else {
                continue;
            };
            if !one.is_one() || *other != BigInt::from(-1) {
                continue;
            }
            let Some(value) = all.get(first.index()).map(|value| value - apart) else { continue };
            let fits = state.domains.get(second.index()).is_some_and(|domain| domain.contains(&value));
            if let (true, Some(place)) = (fits, all.get_mut(second.index())) {
                *place = value;
            }
        }
        Some(all)
    }

    /// Can the forms be so together, whatever is still open?
    fn consistent(
        &self,
        state: &State<'a>,
        beaten: Option<&Rc<(Sum, Relation)>>,
        steps: &mut Steps,
    ) -> Answer<()> {
        let rows = self.rows(state, beaten);
        match self.liked(state) {
            None => Answer::None,
            // One sum was looked at when it was narrowed.
            Some(_) if rows.len() < 2 => Answer::Found(()),
            Some(mut values) => solve(state, &rows, None, &mut values, steps),
        }
    }

    /// Nothing but sums and sets is left.
    fn leaf(
        &self,
        state: &State<'a>,
        objective: Option<&Sum>,
        beaten: Option<&Rc<(Sum, Relation)>>,
        steps: &mut Steps,
    ) -> Leaf<'a> {
        let Some(mut values) = self.liked(state) else { return Leaf::Nothing };
        match solve(state, &self.rows(state, beaten), objective, &mut values, steps) {
            Answer::Found(()) => {}
            Answer::None => return Leaf::Nothing,
            Answer::Unknown => return Leaf::Unknown,
        }
        // Whoever is a sum of others is what they come to.
        for (form, sum) in self.forms {
            let is = sum.at(&values);
            if let Some(value) = values.get_mut(form.index()) {
                *value = is;
            }
        }
        if let Some(split) = state.gap(&values).or_else(|| state.clash(&values, self.sizes)) {
            return Leaf::Split(split);
        }
        let value = objective.map_or_else(BigInt::zero, |objective| objective.at(&values));
        let members = state.members.iter().filter(|(.., is)| *is).map(|(var, param, _)| (*var, *param));
        Leaf::Found(value, Assignment { values, members: members.collect() })
    }

    /// The same, without alternatives that cannot be and with domains no wider than the forms allow, until nothing changes.
    fn narrowed(&self, mut state: State<'a>, looks: &Cell<u64>) -> Option<State<'a>> {
        // Ends could creep towards each other for ever.
        for round in 0.. {
            let mut changed = false;
            for (form, sum) in self.forms {
                changed |= round < MAX_ROUNDS && state.tighten(*form, sum, self.domains)?;
            }
            let open = std::mem::take(&mut state.open);
            for condition in open {
                looks.set(looks.get().saturating_add(u64::try_from(condition.size()).unwrap_or(u64::MAX)));
                match state.sole(condition) {
                    Sole::Holds => changed = true,
                    Sole::Fails => return None,
                    Sole::One(one) => {
                        changed = true;
                        state = state.with([one])?;
                    }
                    Sole::Several => state.open.push(condition),
                }
            }
            if !changed {
                break;
            }
        }
        Some(state)
    }
}

enum Leaf<'a> {
    Nothing,
    Unknown,
    Split(Vec<State<'a>>),
    Found(BigInt, Assignment),
}

/// The sums' variables get values that fit; the others keep theirs. Holes in domains are not looked at.
fn solve(
    state: &State<'_>,
    rows: &[Rc<(Sum, Relation)>],
    objective: Option<&Sum>,
    values: &mut [BigInt],
    steps: &mut Steps,
) -> Answer<()> {
    let mut places: BTreeMap<Var, usize> = BTreeMap::new();
    let used = rows.iter().flat_map(|row| row.0.terms.keys());
    for var in used.chain(objective.iter().flat_map(|sum| sum.terms.keys())) {
        let next = places.len();
        places.entry(*var).or_insert(next);
    }
    if places.is_empty() {
        let holds = rows.iter().all(|row| match row.1 {
            Relation::NotAbove => !row.0.constant.is_positive(),
            Relation::Zero => row.0.constant.is_zero(),
        });
        return if holds { Answer::Found(()) } else { Answer::None };
    }
    let mut bounds = vec![(BigInt::zero(), BigInt::zero()); places.len()];
    let mut prefer = vec![None; places.len()];
    for (var, place) in &places {
        let domain = state.domains.get(var.index());
        let (Some((low, high)), Some(bound)) = (domain.and_then(|d| d.ends()), bounds.get_mut(*place)) else {
            return Answer::None;
        };
        *bound = (low.clone(), high.clone());
        if let Some(prefer) = prefer.get_mut(*place) {
            *prefer = values.get(var.index()).cloned();
        }
    }
    let row = |sum: &Sum| {
        let mut terms: Vec<_> =
            sum.terms.iter().filter_map(|(var, c)| Some((c.clone(), *places.get(var)?))).collect();
        terms.sort_unstable_by_key(|(_, place)| *place);
        Row { terms, constant: sum.constant.clone() }
    };
    let problem = Problem { bounds, rows: rows.iter().map(|pair| (row(&pair.0), pair.1)).collect(), prefer };
    let answer = match objective {
        None => problem.solve(steps),
        Some(objective) => problem.supremum(&row(objective), steps).map(|(_, point)| point),
    };
    answer.map(|point| {
        for (var, place) in &places {
            if let (Some(value), Some(found)) = (values.get_mut(var.index()), point.get(*place)) {
                *value = found.clone();
            }
        }
    })
}

impl<'a> State<'a> {
    /// The same, where these hold too; nothing if they cannot.
    fn with(mut self, conditions: impl IntoIterator<Item = &'a Prop>) -> Option<Self> {
        let mut left: Vec<&Prop> = conditions.into_iter().collect();
        while let Some(condition) = left.pop() {
            match condition {
                Prop::True => {}
                Prop::False => return None,
                Prop::Lit(lit) => self.assume(lit)?,
                Prop::And(parts) => left.extend(parts),
                Prop::Or(_) => self.open.push(condition),
            }
        }
        Some(self)
    }

    fn assume(&mut self, lit: &Lit) -> Option<()> {
        match lit {
            Lit::In(var, set) => self.restrict(*var, set)?,
            Lit::Member(var, param, is) => self.members.push((*var, *param, *is)),
        }
        Some(())
    }

    fn restrict(&mut self, var: Var, set: &Set) -> Option<()> {
        let domain = self.domains.get_mut(var.index())?;
        if !domain.is_within(set) {
            let narrower = domain.and(set);
            if narrower.is_empty() {
                return None;
            }
            *domain = Rc::new(narrower);
            self.is_checked = false;
        }
        Some(())
    }

    /// Ends of a form's domain and of the domains of what it is a sum of, brought in line. `None` if they cannot be; else whether
    /// anything changed.
    fn tighten(&mut self, form: Var, sum: &Sum, first: &[Rc<Set>]) -> Option<bool> {
        let domain = self.domains.get(form.index())?;
        if first.get(form.index()).is_some_and(|first| Rc::ptr_eq(first, domain)) {
            // It has every value that the sum can have; so it still has those that are left of them.
            return Some(false);
        }
        let (low, high) = (self.extreme(sum, false), self.extreme(sum, true));
        let (from, to) = domain.ends()?;
        if *to < low || high < *from {
            return None;
        }
        if *from <= low && high <= *to {
            return Some(false);
        }
        let (from, to) = (from.clone(), to.clone());
        let mut changed = false;
        for (var, c) in &sum.terms {
            let (a, b) = self.domains.get(var.index())?.ends()?;
            // Without this one the sum lies between these.
            let (own_low, own_high) = if c.is_positive() { (c * a, c * b) } else { (c * b, c * a) };
            let (least, most) = (&from - (&high - own_high), &to - (&low - own_low));
            let (least, most) = match c.is_positive() {
                true => (least.div_ceil(c), most.div_floor(c)),
                false => (most.div_ceil(c), least.div_floor(c)),
            };
            if least > *a || most < *b {
                let (a, b) = (a.clone(), b.clone());
                self.restrict(*var, &Set::range(least.max(a), most.min(b)))?;
                changed = true;
            }
        }
        Some(changed)
    }

    /// The open condition with the fewest alternatives.
    fn narrowest(&self) -> Option<&'a Prop> {
        self.open.iter().copied().min_by_key(|condition| match condition {
            Prop::Or(parts) => parts.iter().filter(|part| self.status(part) != Status::False).count(),
            _ => 0,
        })
    }

    fn sole(&self, condition: &'a Prop) -> Sole<'a> {
        let Prop::Or(parts) = condition else { return Sole::One(condition) };
        let mut one = None;
        for part in parts {
            match self.status(part) {
                Status::True => return Sole::Holds,
                Status::False => {}
                Status::Open if one.is_some() => return Sole::Several,
                Status::Open => one = Some(part),
            }
        }
        one.map_or(Sole::Fails, Sole::One)
    }

    fn status(&self, condition: &Prop) -> Status {
        match condition {
            Prop::True => Status::True,
            Prop::False => Status::False,
            Prop::Lit(Lit::In(var, set)) => match self.domains.get(var.index()) {
                None => Status::False,
                Some(domain) if domain.is_within(set) => Status::True,
                Some(domain) if domain.is_apart(set) => Status::False,
                Some(_) => Status::Open,
            },
            Prop::Lit(Lit::Member(var, param, is)) => {
                match self.members.iter().find(|(v, p, _)| v == var && p == param) {
                    Some((.., known)) if known == is => Status::True,
                    Some(_) => Status::False,
                    None => Status::Open,
                }
            }
            Prop::And(parts) => {
                let mut all = Status::True;
                for part in parts {
                    match self.status(part) {
                        Status::True => {}
                        Status::False => return Status::False,
                        Status::Open => all = Status::Open,
                    }
                }
                all
            }
            Prop::Or(parts) => {
                let mut any = Status::False;
                for part in parts {
                    match self.status(part) {
                        Status::True => return Status::True,
                        Status::False => {}
                        Status::Open => any = Status::Open,
                    }
                }
                any
            }
        }
    }

    fn extreme(&self, sum: &Sum, greatest: bool) -> BigInt {
        let mut out = sum.constant.clone();
        for (var, coefficient) in &sum.terms {
            if let Some((low, high)) = self.domains.get(var.index()).and_then(|d| d.ends()) {
                out += coefficient * if coefficient.is_positive() == greatest { high } else { low };
            }
        }
        out
    }

    /// Two states without the hole in a domain that a value fell into.
    fn gap(&self, values: &[BigInt]) -> Option<Vec<Self>> {
        let (at, domain, value) = self
            .domains
            .iter()
            .zip(values)
            .enumerate()
            .map(|(at, (domain, value))| (at, domain, value))
            .find(|(_, domain, value)| !domain.contains(value))?;
        let (low, high) = domain.ends()?;
        let sides = [Set::range(low.clone(), value.clone()), Set::range(value.clone(), high.clone())];
        Some(sides.iter().filter_map(|side| self.clone().restricted(at, side)).collect())
    }

    fn restricted(mut self, at: usize, set: &Set) -> Option<Self> {
        self.restrict(Var::new(at), set)?;
        Some(self)
    }

    /// States that settle what a parameter's set cannot be: that it has a member and has not, or more than it has room for.
    fn clash(&self, values: &[BigInt], sizes: &dyn Fn(ParamId) -> u32) -> Option<Vec<Self>> {
        let value = |var: Var| values.get(var.index());
        for (a, param, is) in &self.members {
            for (b, other, not) in &self.members {
                if param == other && *is && !*not && value(*a) == value(*b) {
                    return Some(self.apart(*a, *b));
                }
            }
        }
        let mut sets: BTreeMap<ParamId, BTreeMap<&BigInt, Var>> = BTreeMap::new();
        for (var, param, _) in self.members.iter().filter(|(.., is)| *is) {
            if let Some(value) = value(*var) {
                sets.entry(*param).or_default().insert(value, *var);
            }
        }
        for (param, members) in sets {
            if members.len() > usize::try_from(sizes(param)).unwrap_or(usize::MAX) {
                // Two of them are one.
                let vars: Vec<Var> = members.into_values().collect();
                let mut out = Vec::new();
                for (n, a) in vars.iter().enumerate() {
                    for b in vars.iter().skip(n.saturating_add(1)) {
                        out.extend(self.together(*a, *b));
                    }
                }
                return Some(out);
            }
        }
        None
    }

    fn apart(&self, a: Var, b: Var) -> Vec<Self> {
        let difference = Sum::var(a).minus(&Sum::var(b));
        let below = difference.clone().plus(&BigInt::from(1), &Sum::constant(1));
        let above = Sum::constant(1).minus(&difference);
        [below, above].into_iter().filter_map(|row| self.with_row(row, Relation::NotAbove)).collect()
    }

    fn together(&self, a: Var, b: Var) -> Option<Self> {
        self.with_row(Sum::var(a).minus(&Sum::var(b)), Relation::Zero)
    }

    /// The same with one more sum.
    fn with_row(&self, sum: Sum, relation: Relation) -> Option<Self> {
        let (low, high) = (self.extreme(&sum, false), self.extreme(&sum, true));
        if low.is_positive() || (relation == Relation::Zero && high.is_negative()) {
            return None;
        }
        let mut state = self.clone();
        state.rows.push(Rc::new((sum, relation)));
        state.is_checked = false;
        Some(state)
    }
}

/// What is left of the alternatives of a condition.
enum Sole<'a> {
    /// One holds.
    Holds,
    /// None can.
    Fails,
    /// Only this one can.
    One(&'a Prop),
    /// Several can.
    Several,
}

/// How many members a set may have.
pub(crate) fn room(ty: ParamType) -> u32 {
    match ty {
        ParamType::AddressSet(most) => most,
        _ => 0,
    }
}

impl<T> Answer<T> {
    /// The same, with what was found made into something else.
    pub(crate) fn map<U>(self, f: impl FnOnce(T) -> U) -> integer::Answer<U> {
        match self {
            Answer::Found(found) => Answer::Found(f(found)),
            Answer::None => Answer::None,
            Answer::Unknown => Answer::Unknown,
        }
    }
}
