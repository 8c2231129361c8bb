//! A callable with all that the rules say of it. Dispatch leads every request to one callable, so whatever is asked of the rules is
//! asked of one key at a time.

mod decides;
mod pair;

pub(crate) use decides::Decides;

use super::{
    needs::Needs,
    prop::{Lit, Prop, Sum, Var},
    search::{Assignment, Field as Searched, room},
    set::Set,
    space::{Space, Term, number},
};
use crate::{
    integer::Answer,
    ruleset::{Arm, Callable, Contract, EffectSpec, Formula, Rule, RuleSet, Scalar, Target, TokenSpec, Verb},
    witness::Witness,
};
use agentpol_model::{
    Address, Time, U256,
    decision::DenyCode,
    effect::{EffectKind, GrantMode},
    ids::{CallableId, ParamId, RuleId, TokenId},
    policy::{Relation, WALLET_PARAM},
    request::Field,
    types::WordType,
};
use num_bigint::BigInt;
use num_traits::{One as _, Zero as _};
use std::{cell::OnceCell, collections::BTreeMap, rc::Rc};

/// See the [module](self).
pub(crate) struct Key<'r> {
    pub(crate) id: CallableId,
    pub(crate) callable: &'r Callable,
    /// What each rule about it says, in the order of the source.
    pub(crate) arms: Vec<ArmAt<'r>>,
    /// Where the interface's declarations hold.
    pub(crate) requires: Prop,
    pub(crate) effects: Vec<EffectAt>,
    pub(crate) controls: Vec<(Term, Prop)>,
    pub(crate) wallet: Term,
    /// The contract or recipient.
    pub(crate) to: Term,
    now: Term,
    pub(crate) params: BTreeMap<ParamId, Term>,
    /// Of each two grants of which the first outranks the second: where it is known whether the first matches, or the second does not.
    /// Only of those of which it may not be known.
    settled: Vec<(RuleId, RuleId, Prop)>,
    space: Space<'r>,
}

/// A rule with its arms for one callable.
type About<'r> = (RuleId, &'r Rule, Vec<&'r Arm>);

/// A rule at a key.
pub(crate) struct ArmAt<'r> {
    pub(crate) rule: RuleId,
    /// Where it matches.
    pub(crate) holds: Prop,
    /// Where it is known not to, once somebody has asked: of most grants nobody does.
    fails: OnceCell<Prop>,
    /// What it says.
    arms: Vec<&'r Arm>,
    /// Where each of its conditions holds by itself. Only of rules that have one arm here.
    pub(crate) clauses: Vec<Prop>,
    /// May it be that it is not known?
    is_partial: bool,
    /// Between what ends a variable lies wherever it matches.
    hull: BTreeMap<Var, Rc<Set>>,
}

/// An effect at a key.
pub(crate) struct EffectAt {
    pub(crate) kind: EffectKind,
    /// Where it does not take place on the wallet.
    absent: Prop,
    /// Where it takes place, of each token that it may be of.
    pub(crate) tokens: Vec<(TokenId, Prop)>,
    pub(crate) amount: Sum,
    pub(crate) party: Term,
    /// When the authority ends, where it does by itself.
    pub(crate) until: Option<Term>,
    /// Where it means all there is.
    pub(crate) means_all: Prop,
}

impl<'r> Key<'r> {
    /// `asked` are conditions that will be asked about besides the policy's own.
    pub(crate) fn new(rules: &'r RuleSet, id: CallableId, asked: &[&Formula]) -> Option<Self> {
        let about = rules
            .rules_by_id()
            .map(|(rule, r)| (rule, r, r.arms.iter().filter(|arm| arm.callable == id).collect::<Vec<_>>()))
            .filter(|(.., arms)| !arms.is_empty())
            .collect();
        Self::of(rules, id, about, asked)
    }

    /// The keys that some rule is about.
    pub(crate) fn all(rules: &'r RuleSet) -> Vec<Self> {
        Self::about(rules).into_iter().filter_map(|(id, about)| Self::of(rules, id, about, &[])).collect()
    }

    /// Of each callable that some rule is about, these rules.
    fn about(rules: &'r RuleSet) -> BTreeMap<CallableId, Vec<About<'r>>> {
        let mut by: BTreeMap<CallableId, Vec<About<'r>>> = BTreeMap::new();
        for (id, rule) in rules.rules_by_id() {
            for arm in &rule.arms {
                let about = by.entry(arm.callable).or_default();
                match about.last_mut() {
                    Some((last, _, arms)) if *last == id => arms.push(arm),
                    _ => about.push((id, rule, vec![arm])),
                }
            }
        }
        by
    }

    fn of(rules: &'r RuleSet, id: CallableId, about: Vec<About<'r>>, asked: &[&Formula]) -> Option<Self> {
        let callable = rules.callables.get(id.index())?;
        let needs = needs(&[callable], &about, asked);
        let space = Space::new(rules, callable, needs, is_foreign(&about));
        Some(Self::in_space(space, id, &about))
    }

    fn in_space(space: Space<'r>, id: CallableId, about: &[About<'r>]) -> Self {
        let (rules, callable) = (space.rules, space.callable);
        let [wallet, to, now] = [Field::Wallet, Field::To, Field::Now].map(|field| space.field(field).0);
        let params: BTreeMap<ParamId, Term> = (0..)
            .map(ParamId::new)
            .zip(&rules.params)
            .filter(|(_, param)| param.name != WALLET_PARAM && room(param.ty) == 0)
            .map(|(id, _)| (id, space.term(&Scalar::Param(id)).0))
            .collect();
        let requires = space.holds(&callable.requires);
        let arms = about.iter().map(|(rule, _, arms)| ArmAt::new(&space, *rule, arms.clone())).collect();
        let effects = callable.effects.iter().map(|spec| EffectAt::new(&space, spec)).collect();
        let controls = callable
            .controls
            .iter()
            .map(|control| {
                let (party, defined) = space.term(&control.party);
                let when = space.holds(&control.when);
                (party, Prop::all([defined, when]))
            })
            .collect();
        let settled = Vec::new();
        let key =
            Self { id, callable, arms, requires, effects, controls, wallet, to, now, params, settled, space };
        let settled = key.settle();
        Self { settled, ..key }
    }

    fn settle(&self) -> Vec<(RuleId, RuleId, Prop)> {
        let mut out = Vec::new();
        for upper in self.grants().filter(|upper| upper.is_partial) {
            for lower in self.grants().filter(|lower| self.outranks(upper.rule, lower.rule)) {
                let parts = [upper.holds.clone(), self.fails(upper).clone(), self.not(&lower.holds)];
                out.push((upper.rule, lower.rule, Prop::any(parts)));
            }
        }
        out
    }

    fn outranks(&self, upper: RuleId, lower: RuleId) -> bool {
        self.rules().rules.get(upper.index()).is_some_and(|rule| rule.over.contains(&lower))
    }

    /// Has the policy an order for these two?
    pub(crate) fn is_ranked(&self, a: &ArmAt<'_>, b: &ArmAt<'_>) -> bool {
        self.outranks(a.rule, b.rule) || self.outranks(b.rule, a.rule)
    }

    pub(crate) fn rules(&self) -> &'r RuleSet {
        self.space.rules
    }

    /// Where a rule is known not to match.
    pub(crate) fn fails<'k>(&self, arm: &'k ArmAt<'r>) -> &'k Prop {
        arm.fails.get_or_init(|| self.space.fails(&said(&arm.arms)))
    }

    /// The grants about it, with their rules.
    pub(crate) fn grants(&self) -> impl Iterator<Item = &ArmAt<'r>> + Clone {
        self.of_verb(false)
    }

    /// The denials about it.
    pub(crate) fn denials(&self) -> impl Iterator<Item = &ArmAt<'r>> {
        self.of_verb(true)
    }

    fn of_verb(&self, deny: bool) -> impl Iterator<Item = &ArmAt<'r>> + Clone {
        let rules = self.rules();
        self.arms.iter().filter(move |arm| {
            rules.rules.get(arm.rule.index()).is_some_and(|rule| (rule.verb == Verb::Deny) == deny)
        })
    }

    /// Where a condition that was announced holds.
    pub(crate) fn holds(&self, asked: &Formula) -> Prop {
        self.space.holds(asked)
    }

    /// Where a token stands on this chain.
    fn sites(&self, token: TokenId) -> Vec<Address> {
        let token = self.rules().tokens.get(token.index());
        let sites = token.iter().flat_map(|token| &token.sites);
        sites.filter(|(chain, _)| *chain == self.callable.chain).filter_map(|(_, at)| *at).collect()
    }

    /// Is it a contract that the policy trusts?
    pub(crate) fn trusted(&self, party: &Term) -> Prop {
        self.stands_at(party, |contract| contract.trusted.is_some())
    }

    /// Is it one of these contracts, on this chain?
    pub(crate) fn stands_at(&self, party: &Term, which: impl Fn(&Contract) -> bool) -> Prop {
        let here = self.rules().contracts.iter().filter(|c| c.chain == self.callable.chain && which(c));
        let is = here.map(|contract| match contract.address {
            Target::Fixed(at) => self.among(party, [&at]),
            Target::Param(id) => {
                let at = self.params.get(&id).unwrap_or(&self.wallet);
                self.same(party, at, true)
            }
        });
        Prop::any(is.collect::<Vec<_>>())
    }

    /// Where nothing is taken but of these tokens.
    pub(crate) fn takes_only(&self, these: impl Fn(TokenId) -> bool) -> Prop {
        let mut parts = Vec::new();
        for effect in self.effects.iter().filter(|effect| {
            !matches!(effect.kind, EffectKind::Receive | EffectKind::Owe | EffectKind::Grant(GrantMode::Dec))
        }) {
            for (_, is) in effect.tokens.iter().filter(|(token, _)| !these(*token)) {
                parts.push(Prop::any([self.not(is), self.at_most(&effect.amount, &BigInt::zero())]));
            }
        }
        Prop::all(parts)
    }

    /// Where it is neither true nor false.
    pub(crate) fn undefined(&self, formula: &Formula) -> Prop {
        Prop::all([self.not(&self.space.holds(formula)), self.not(&self.space.fails(formula))])
    }

    /// An assignment under which all of these hold.
    pub(crate) fn find(&self, conditions: &[&Prop]) -> Answer<Assignment> {
        let find = |conditions: &[&Prop]| self.searched(conditions, |field, all| field.find(all));
        let Some(apart) = self.space.apart() else { return find(conditions) };
        let within: Vec<&Prop> = conditions.iter().copied().chain([&apart]).collect();
        match find(&within) {
            Answer::None => match find(conditions) {
                Answer::None => Answer::None,
                // Perhaps there: where one byte has two variables.
                _ => Answer::Unknown,
            },
            answer => answer,
        }
    }

    /// The greatest value of a sum where all of these hold.
    pub(crate) fn supremum(&self, conditions: &[&Prop], sum: &Sum) -> Answer<(BigInt, Assignment)> {
        let supremum =
            |conditions: &[&Prop]| self.searched(conditions, |field, all| field.supremum(all, sum));
        let Some(apart) = self.space.apart() else { return supremum(conditions) };
        let within: Vec<&Prop> = conditions.iter().copied().chain([&apart]).collect();
        match (supremum(&within), supremum(conditions)) {
            (_, Answer::None) => Answer::None,
            (Answer::Found(there), Answer::Found(anywhere)) if there.0 == anywhere.0 => Answer::Found(there),
            _ => Answer::Unknown,
        }
    }

    fn searched<T>(
        &self,
        conditions: &[&Prop],
        ask: impl FnOnce(&Searched<'_>, &[&Prop]) -> Answer<T>,
    ) -> Answer<T> {
        let rules = self.rules();
        let sizes = |param: ParamId| rules.params.get(param.index()).map_or(0, |param| room(param.ty));
        let (domains, forms, liked) = (self.space.domains(), self.space.forms(), self.space.liked());
        let always = self.space.always();
        let all: Vec<&Prop> = always.iter().map(Rc::as_ref).chain(conditions.iter().copied()).collect();
        let field = Searched { domains: &domains, forms: &forms, liked: &liked, sizes: &sizes };
        match ask(&field, &all) {
            // Nothing was found: that says nothing where something was left out.
            Answer::None if self.space.is_partial() => Answer::Unknown,
            answer => answer,
        }
    }

    pub(crate) fn witness(&self, found: &Assignment) -> Option<Witness> {
        self.space.witness(found)
    }

    pub(crate) fn domain(&self, var: Var) -> Set {
        Set::clone(&self.space.domain(var))
    }

    pub(crate) fn not(&self, condition: &Prop) -> Prop {
        condition.negated(&|var| self.domain(var))
    }

    pub(crate) fn same(&self, a: &Term, b: &Term, holds: bool) -> Prop {
        self.space.same(a, b, holds)
    }

    /// Is it one of these addresses?
    pub(crate) fn among<'a>(&self, term: &Term, all: impl IntoIterator<Item = &'a Address>) -> Prop {
        let words: Vec<U256> = all.into_iter().map(|address| address.into_word().into()).collect();
        self.space.among(term, &words, true)
    }

    /// Is it in the set that this parameter is bound to?
    pub(crate) fn member(&self, term: &Term, param: ParamId) -> Prop {
        self.space.member(term, param, true)
    }

    /// Is it asked at this time?
    pub(crate) fn at_time(&self, at: Time) -> Prop {
        self.same(&self.now, &Term::Const(U256::from(at)), true)
    }

    /// When it is asked.
    pub(crate) fn now(&self) -> Sum {
        self.space.read(&self.now)
    }

    /// A word as a number.
    pub(crate) fn read(&self, term: &Term) -> Sum {
        self.space.read(term)
    }

    /// The last second at which signed data can be submitted, where it has one.
    pub(crate) fn submitted_until(&self) -> Option<Term> {
        let until = self.callable.typed.as_ref()?.until.as_ref()?;
        Some(self.space.term(until).0)
    }

    /// `sum >= least`
    pub(crate) fn at_least(&self, sum: &Sum, least: &BigInt) -> Prop {
        self.space.compare(Sum::constant(least.clone()).minus(sum), Relation::NotAbove, true)
    }

    /// `sum <= most`
    pub(crate) fn at_most(&self, sum: &Sum, most: &BigInt) -> Prop {
        self.space.compare(sum.clone().minus(&Sum::constant(most.clone())), Relation::NotAbove, true)
    }
}

/// May somebody else than the wallet act by one of these rules?
fn is_foreign(about: &[About<'_>]) -> bool {
    about.iter().any(|(_, rule, _)| rule.lifts.contains(&DenyCode::ForeignSender))
}

/// What these rules, and what is declared of the callables, need of arrays and of bytes.
fn needs(callables: &[&Callable], about: &[About<'_>], asked: &[&Formula]) -> Needs {
    let clauses = about.iter().flat_map(|(.., arms)| arms.iter().flat_map(|arm| &arm.clauses));
    let charges = about.iter().flat_map(|(.., arms)| arms.iter().flat_map(|arm| &arm.charges));
    let effects = || callables.iter().flat_map(|callable| &callable.effects);
    let controls = || callables.iter().flat_map(|callable| &callable.controls);
    Needs::of(
        clauses
            .map(|clause| &clause.formula)
            .chain(callables.iter().map(|callable| &callable.requires))
            .chain(asked.iter().copied())
            .chain(effects().map(|effect| &effect.when))
            .chain(controls().map(|control| &control.when)),
        effects().map(|effect| &effect.amount).chain(charges.map(|(sum, _)| sum)),
        effects().flat_map(scalars).chain(controls().map(|control| &control.party)),
    )
}

/// The words that an effect reads besides its amount.
fn scalars(effect: &EffectSpec) -> impl Iterator<Item = &Scalar> {
    let token = match &effect.token {
        TokenSpec::At(scalar) => Some(scalar),
        TokenSpec::Known(_) => None,
    };
    [&effect.party]
        .into_iter()
        .chain(&effect.from)
        .chain(&effect.until)
        .chain(&effect.through)
        .chain(&effect.sentinel)
        .chain(token)
}

/// Whether one of these matches, as one condition.
fn said(arms: &[&Arm]) -> Formula {
    let all = arms.iter().map(|arm| arm.clauses.iter().map(|clause| clause.formula.clone()).collect());
    Formula::Or(all.map(Formula::And).collect())
}

impl<'r> ArmAt<'r> {
    fn new(space: &Space<'_>, rule: RuleId, arms: Vec<&'r Arm>) -> Self {
        let (clauses, holds) = match arms.as_slice() {
            [arm] => {
                let each = arm.clauses.iter().map(|clause| space.holds(&clause.formula));
                let clauses: Vec<Prop> = each.collect();
                let holds = Prop::all(clauses.iter().cloned());
                (clauses, holds)
            }
            several => (Vec::new(), space.holds(&said(several))),
        };
        let mut formulas = arms.iter().flat_map(|arm| &arm.clauses).map(|clause| &clause.formula);
        let is_partial = formulas.any(|formula| space.may_be_undefined(formula));
        let hull = hull(&holds);
        Self { rule, holds, fails: OnceCell::new(), arms, clauses, is_partial, hull }
    }

    /// Is the word among these wherever it matches, as is seen without a search?
    pub(crate) fn keeps(&self, term: &Term, within: &Set) -> bool {
        match term {
            Term::Const(word) => within.contains(&number(*word)),
            Term::Var { var, .. } => self.hull.get(var).is_some_and(|set| set.is_within(within)),
        }
    }

    /// Can they not both match, as is seen without a search?
    pub(crate) fn is_apart(&self, other: &ArmAt<'_>) -> bool {
        let (small, large) = if self.hull.len() <= other.hull.len() {
            (&self.hull, &other.hull)
        } else {
            (&other.hull, &self.hull)
        };
        small.iter().any(|(var, set)| large.get(var).is_some_and(|theirs| set.is_apart(theirs)))
    }

    /// Does a denial leave a grant alone, as is seen without a search? Where it cannot be told, it denies as well.
    pub(crate) fn spares(&self, grant: &ArmAt<'_>) -> bool {
        !self.is_partial && self.is_apart(grant)
    }
}

/// Of each variable that a conjunction restricts by itself: to what.
fn hull(condition: &Prop) -> BTreeMap<Var, Rc<Set>> {
    let parts = match condition {
        Prop::And(parts) => parts.as_slice(),
        other => core::slice::from_ref(other),
    };
    let mut out: BTreeMap<Var, Rc<Set>> = BTreeMap::new();
    for part in parts {
        if let Prop::Lit(Lit::In(var, set)) = part {
            let both = out.get(var).map_or_else(|| Rc::clone(set), |old| Rc::new(old.and(set)));
            out.insert(*var, both);
        }
    }
    out
}

impl EffectAt {
    fn new(space: &Space<'_>, spec: &EffectSpec) -> Self {
        let when = space.holds(&spec.when);
        let mut absent = vec![space.fails(&spec.when)];
        let (party, party_defined) = space.term(&spec.party);
        let (amount, amount_defined) = space.sum(&spec.amount);
        let mut conditions = vec![when, party_defined];
        if let Some(from) = &spec.from {
            let (from, defined) = space.term(from);
            let wallet = space.field(Field::Wallet).0;
            if spec.kind == EffectKind::Move {
                conditions.push(space.same(&from, &wallet, true));
                absent.push(Prop::all([defined.clone(), space.same(&from, &wallet, false)]));
            }
            conditions.push(defined);
        }
        let mut other = |scalar: &Option<Scalar>| {
            scalar.as_ref().map(|scalar| {
                let (term, defined) = space.term(scalar);
                conditions.push(defined);
                term
            })
        };
        let sentinel = other(&spec.sentinel);
        // What is undefined is denied.
        let until = other(&spec.until);
        other(&spec.through);
        let means_all = match (&sentinel, &spec.sentinel) {
            (Some(term), Some(scalar)) => space.same(term, &Term::Const(greatest(scalar)), true),
            _ => Prop::False,
        };
        // Where it means all there is, the amount is not read.
        conditions.push(Prop::any([means_all.clone(), amount_defined]));
        let takes_place = Prop::all(conditions);
        let tokens = match &spec.token {
            TokenSpec::Known(token) => vec![(*token, takes_place.clone())],
            TokenSpec::At(at) => {
                let (at, defined) = space.term(at);
                let chain = space.callable.chain;
                let rules = space.rules;
                let mut seen = std::collections::BTreeSet::new();
                (0..)
                    .map(TokenId::new)
                    .zip(&rules.tokens)
                    .flat_map(|(id, token)| token.sites.iter().map(move |site| (id, *site)))
                    .filter(|(_, (on, _))| *on == chain)
                    .filter_map(|(id, (_, address))| Some((id, address?)))
                    // Of two tokens at one address the first counts.
                    .filter(|(_, address)| seen.insert(*address))
                    .map(|(id, address)| {
                        let is = space.same(&at, &Term::Const(address.into_word().into()), true);
                        (id, Prop::all([takes_place.clone(), defined.clone(), is]))
                    })
                    .collect()
            }
        };
        let absent = Prop::any(absent);
        Self { kind: spec.kind, absent, tokens, amount, party, until, means_all }
    }
}

/// The argument's type's greatest value.
fn greatest(scalar: &Scalar) -> U256 {
    match scalar {
        Scalar::Arg(_, WordType::Uint(bits)) => U256::MAX >> usize::from(256_u16.saturating_sub(*bits)),
        Scalar::Arg(_, WordType::Int(bits)) => U256::MAX >> usize::from(257_u16.saturating_sub(*bits)),
        _ => U256::MAX,
    }
}

/// What is told of one wide sum: it is no more than a word.
fn unlimited() -> BigInt {
    BigInt::one() << 255_usize
}
