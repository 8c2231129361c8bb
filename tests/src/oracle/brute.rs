//! Every request of a tiny policy under every binding: what is found that way is what the analysis must say, rule by rule.

use super::{alone, claims::Claims, is_named, matches};
use crate::{
    differential::WALLET,
    generator::{OwnedRequest, Rng, shrink, tiny, tiny::Tiny},
};
use agentpol_analysis::{
    findings::{Finding, Kind, Question, findings},
    ruleset::{Arm, Bound, RuleSet, Verb},
};
use agentpol_model::{
    decision::{DenyCode, GrantedAction, Ruling},
    effect::{Effect, EffectKind, GrantMode},
    ids::{CallableId, RuleId, TokenId},
    request::Request,
};
use num_bigint::BigUint;
use std::collections::{BTreeMap, BTreeSet};

/// What a run over many seeds came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Policies that were analysed.
    pub policies: usize,
    /// Their rules.
    pub rules: usize,
    /// Requests that were tried, under each binding.
    pub requests: usize,
    /// Findings that brute force came to as well, by kind.
    pub agreed: BTreeMap<String, usize>,
    /// Questions that the analysis left open.
    pub unknown: BTreeMap<Question, usize>,
    /// Redundant conditions that were left alone: the analysis says what it leaves out.
    pub unsaid: usize,
}

/// Policies from seeds. Panics at the first difference, having made it small.
pub fn tiny_policies(seeds: core::ops::Range<u64>, most: usize) -> Tally {
    let mut tally = Tally::default();
    for seed in seeds {
        let policy = tiny::random(&mut Rng::new(seed), most);
        if let Err(why) = one(&policy, &mut tally) {
            println!("seed {seed}: {why}");
            let differs = |rules: &RuleSet| {
                one(&Tiny { rules: rules.clone(), ..policy.clone() }, &mut Tally::default()).err()
            };
            let small = shrink::minimise(policy.rules.clone(), |rules| differs(rules).is_some());
            panic!("seed {seed}: {why}\nsmaller: {}\n{small}", differs(&small).unwrap_or_default());
        }
    }
    tally
}

/// One policy. The error is the first difference, in words.
pub fn one(policy: &Tiny, tally: &mut Tally) -> Result<(), String> {
    let found = findings(&policy.rules);
    let claims = Claims::new(&policy.rules, &found);
    if let Some(why) = found.iter().find_map(|finding| claims.false_witness(finding)) {
        return Err(why);
    }
    let mut seen = Seen::new(policy, &claims);
    for binding in &policy.bindings {
        let Ok(bound) = Bound::new(&policy.rules, WALLET, binding.clone()) else { continue };
        seen.all(&bound)?;
    }
    tally.policies += 1;
    tally.rules += policy.rules.rules.len();
    tally.requests += seen.requests;
    seen.compare(&found, tally)
}

/// By which rule, where, of what into what.
type Swap = (RuleId, CallableId, TokenId, TokenId);

/// What came of all requests.
struct Seen<'a> {
    policy: &'a Tiny,
    claims: &'a Claims<'a>,
    by_callable: Vec<Vec<OwnedRequest>>,
    alone: Vec<RuleSet>,
    /// By rule and condition: the rule by itself without it.
    shorter: Vec<(RuleId, usize, RuleSet)>,
    requests: usize,
    overlaps: BTreeSet<(RuleId, RuleId)>,
    matched: BTreeSet<RuleId>,
    decided: BTreeSet<RuleId>,
    open: BTreeSet<Kind>,
    /// Conditions without which more is matched.
    needed: BTreeSet<(RuleId, usize)>,
    swaps: BTreeMap<Swap, Vec<(BigUint, BigUint)>>,
}

impl<'a> Seen<'a> {
    fn new(policy: &'a Tiny, claims: &'a Claims<'a>) -> Self {
        let rules = &policy.rules;
        let requests = policy.domains.iter().zip(&rules.callables).map(|(d, callable)| d.requests(callable));
        let mut shorter = Vec::new();
        for (rule, of) in rules.rules_by_id() {
            let most = of.arms.iter().map(|arm| arm.clauses.len()).max().unwrap_or(0);
            for clause in (0..most).filter(|_| has_one_arm_each(&of.arms)) {
                shorter.push((
                    rule,
                    clause,
                    super::without_clause(&alone(rules, rule), RuleId::new(0), clause),
                ));
            }
        }
        Self {
            policy,
            claims,
            by_callable: requests.collect(),
            alone: rules.rules_by_id().map(|(rule, _)| alone(rules, rule)).collect(),
            shorter,
            requests: 0,
            overlaps: BTreeSet::new(),
            matched: BTreeSet::new(),
            decided: BTreeSet::new(),
            open: BTreeSet::new(),
            needed: BTreeSet::new(),
            swaps: BTreeMap::new(),
        }
    }

    fn all(&mut self, bound: &Bound) -> Result<(), String> {
        for callable in 0..self.by_callable.len() {
            for n in 0..self.by_callable[callable].len() {
                let request = self.by_callable[callable][n].clone();
                request.with(|request| self.one(CallableId::new(callable as u32), request, bound))?;
                self.requests += 1;
            }
        }
        Ok(())
    }

    fn one(&mut self, callable: CallableId, request: &Request<'_>, bound: &Bound) -> Result<(), String> {
        let rules = &self.policy.rules;
        if let Some(lie) = self.claims.lie(request, bound) {
            return Err(format!("{lie}\n{request:?}\n{bound:?}"));
        }
        let ruling = rules.decide(request, bound);
        let about = |rule: &RuleSet| rule.rules[0].arms.iter().any(|arm| arm.callable == callable);
        let mut matching = BTreeSet::new();
        for (n, alone) in self.alone.iter().enumerate().filter(|(_, rule)| about(rule)) {
            if matches(alone, request, bound) {
                matching.insert(RuleId::new(n as u32));
            }
        }
        self.matched.extend(&matching);
        let shorter =
            self.shorter.iter().filter(|(rule, _, shorter)| about(shorter) && !matching.contains(rule));
        let needed = shorter.filter(|(_, _, shorter)| matches(shorter, request, bound));
        self.needed.extend(needed.map(|(rule, clause, _)| (*rule, *clause)));
        self.decides(&ruling, request, bound);
        for action in ruling.iter().flat_map(|granted| &granted.actions) {
            self.granted(callable, action, request, bound);
        }
        Ok(())
    }

    fn decides(&mut self, ruling: &Ruling, request: &Request<'_>, bound: &Bound) {
        match ruling {
            Ok(granted) => self.decided.extend(granted.actions.iter().map(|action| action.rule)),
            Err(denied) if denied.code == DenyCode::Ambiguous => {
                let left = self.claims.left(request, bound);
                for (n, first) in left.iter().enumerate() {
                    self.overlaps.extend(left[n + 1..].iter().map(|second| (*first, *second)));
                }
                self.decided.extend(left);
            }
            Err(denied)
                if denied.code == DenyCode::Undefined && self.is_undecided(denied.rule, request, bound) => {}
            Err(denied) => self.decided.extend(denied.rule),
        }
    }

    /// An undefined guard is named, and decides nothing. What a rule does that matches decides, even if it is undefined.
    fn is_undecided(&self, rule: Option<RuleId>, request: &Request<'_>, bound: &Bound) -> bool {
        rule.is_none_or(|rule| !matches(&self.alone[rule.index()], request, bound))
    }

    fn granted(
        &mut self,
        callable: CallableId,
        action: &GrantedAction,
        request: &Request<'_>,
        bound: &Bound,
    ) {
        let rule = action.rule;
        for effect in action.effects.iter().filter(|effect| !effect.amount.is_zero()) {
            if is_named(&self.policy.rules, bound, request.chain, effect.party) {
                continue;
            }
            let token = effect.token;
            self.open.extend(match effect.kind {
                EffectKind::Move | EffectKind::Pull { .. } | EffectKind::Receive => {
                    Some(Kind::AnyRecipient { rule, token })
                }
                EffectKind::Grant(GrantMode::Set | GrantMode::Add) => Some(Kind::AnySpender { rule, token }),
                EffectKind::Grant(GrantMode::Dec) | EffectKind::Owe => None,
            });
        }
        if let Some((gives, gets)) = self.swap(callable, action)
            && !gives.amount.is_zero()
        {
            let number = |effect: &Effect| BigUint::from_bytes_be(&effect.amount.to_be_bytes::<32>());
            let pair = (number(gives), number(gets));
            self.swaps.entry((rule, callable, gives.token, gets.token)).or_default().push(pair);
        }
    }

    /// Of a callable with one thing that leaves and one that comes.
    fn swap<'e>(&self, callable: CallableId, action: &'e GrantedAction) -> Option<(&'e Effect, &'e Effect)> {
        let leaves = |kind: EffectKind| matches!(kind, EffectKind::Move | EffectKind::Pull { .. });
        let specs = &self.policy.rules.callables[callable.index()].effects;
        let one = |is: &dyn Fn(EffectKind) -> bool| specs.iter().filter(|spec| is(spec.kind)).count() == 1;
        if !one(&leaves) || !one(&|kind| kind == EffectKind::Receive) {
            return None;
        }
        let gives = action.effects.iter().find(|effect| leaves(effect.kind))?;
        let gets = action.effects.iter().find(|effect| effect.kind == EffectKind::Receive)?;
        Some((gives, gets))
    }

    /// Swaps that give more than dust for nothing, or whose least, where the most is given, is dust that is not bound to it.
    fn no_minimum(&self) -> BTreeSet<Kind> {
        let mut out = BTreeSet::new();
        for ((rule, _, gives, gets), pairs) in &self.swaps {
            let most = pairs.iter().map(|(given, _)| given).max();
            let with_all = pairs.iter().filter(|(given, _)| Some(given) == most).map(|(_, got)| got);
            let (Some(least), Some(anywhere)) = (with_all.min(), pairs.iter().map(|(_, got)| got).min())
            else {
                continue;
            };
            let dust = |token: TokenId| {
                let decimals = self.policy.rules.tokens[token.index()].decimals;
                (BigUint::from(10_u32).pow(u32::from(decimals)) / 1_000_u32).max(BigUint::from(1_u32))
            };
            let enough = most.map(|most| dust(*gives).min(most.clone()));
            let for_nothing =
                pairs.iter().any(|(given, got)| Some(given) >= enough.as_ref() && *got == BigUint::ZERO);
            if for_nothing || (least <= anywhere && *least < dust(*gets)) {
                out.insert(Kind::NoMinimum { rule: *rule, gives: *gives, gets: *gets });
            }
        }
        out
    }

    /// Brute force beside the analysis, kind by kind.
    fn compare(&self, found: &[Finding], tally: &mut Tally) -> Result<(), String> {
        let mut said: BTreeSet<Kind> = BTreeSet::new();
        let mut open: BTreeSet<(RuleId, Question)> = BTreeSet::new();
        for finding in found {
            match &finding.kind {
                Kind::Unknown { rule, question } => {
                    *tally.unknown.entry(*question).or_default() += 1;
                    open.insert((*rule, *question));
                }
                kind => drop(said.insert(plain(kind))),
            }
        }
        let true_ones = self.truth();
        let concerns = |kind: &&Kind| question(kind).is_some_and(|asked| !open.contains(&asked));
        for kind in true_ones.iter().filter(concerns) {
            if !said.contains(kind) {
                return Err(format!("it is so, and not said: {kind:?}; said are {said:?}"));
            }
            let name = format!("{kind:?}");
            *tally.agreed.entry(name.split([' ', '{']).next().unwrap_or_default().to_owned()).or_default() +=
                1;
        }
        // Where it was found, one thing leaves and one comes.
        let minimum_is_seen = |kind: &&Kind| match kind {
            Kind::NoMinimum { rule, gives, gets } => found.iter().any(|finding| {
                let seen = |callable| self.swaps.contains_key(&(*rule, callable, *gives, *gets));
                finding.kind == **kind && finding.callable.is_none_or(seen)
            }),
            _ => true,
        };
        for kind in said.iter().filter(concerns).filter(minimum_is_seen) {
            if !true_ones.contains(kind) {
                return Err(format!("it is said, and not so: {kind:?}; true are {true_ones:?}"));
            }
        }
        self.redundant(&said, tally)
    }

    fn truth(&self) -> BTreeSet<Kind> {
        let mut out = self.open.clone();
        out.extend(self.no_minimum());
        out.extend(
            self.overlaps.iter().map(|(first, second)| Kind::Overlap { first: *first, second: *second }),
        );
        for (rule, of) in self.policy.rules.rules_by_id() {
            if !self.matched.contains(&rule) {
                out.insert(Kind::NeverMatches { rule, clause: None });
            } else if of.verb != Verb::Deny && !self.decided.contains(&rule) {
                out.insert(Kind::Shadowed { rule, by: Vec::new() });
            }
        }
        out
    }

    /// A condition is said to be redundant only if it is. Where it is and nobody says so, it is counted.
    fn redundant(&self, said: &BTreeSet<Kind>, tally: &mut Tally) -> Result<(), String> {
        for (rule, clause, _) in self.shorter.iter().filter(|(rule, ..)| self.matched.contains(rule)) {
            let is_said = said.contains(&Kind::RedundantClause { rule: *rule, clause: *clause });
            match (is_said, self.needed.contains(&(*rule, *clause))) {
                (true, true) => return Err(format!("clause {clause} of {rule} is not redundant")),
                (false, false) => tally.unsaid += 1,
                (true, false) => *tally.agreed.entry("RedundantClause".to_owned()).or_default() += 1,
                (false, true) => {}
            }
        }
        Ok(())
    }
}

fn has_one_arm_each(arms: &[Arm]) -> bool {
    arms.iter().map(|arm| arm.callable).collect::<BTreeSet<_>>().len() == arms.len()
}

/// Without what only explains it.
fn plain(kind: &Kind) -> Kind {
    match kind {
        Kind::NeverMatches { rule, .. } => Kind::NeverMatches { rule: *rule, clause: None },
        Kind::Shadowed { rule, .. } => Kind::Shadowed { rule: *rule, by: Vec::new() },
        other => other.clone(),
    }
}

/// What was asked where a finding of this kind comes out; `None` for what brute force does not look at.
fn question(kind: &Kind) -> Option<(RuleId, Question)> {
    match kind {
        Kind::Overlap { first, .. } => Some((*first, Question::Overlap)),
        Kind::NeverMatches { rule, .. } | Kind::Shadowed { rule, .. } => Some((*rule, Question::Reach)),
        Kind::AnyRecipient { rule, .. } | Kind::AnySpender { rule, .. } => Some((*rule, Question::Parties)),
        Kind::NoMinimum { rule, .. } => Some((*rule, Question::Minimum)),
        _ => None,
    }
}
