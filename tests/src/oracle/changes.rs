//! Two policies and every request that a tiny one can be asked, or random ones that a larger one can: what one of them does more
//! than the other must be among what [`diff`](fn@diff) tells, and every difference that it tells is asked of both again.

use crate::{
    differential::WALLET,
    generator::{
        OwnedRequest, Rng, aim, aim::Pool, aim::values, change::change, rules, shrink, tiny, tiny::Tiny,
    },
};
use agentpol_analysis::{
    diff::{Change, Difference, Outcome, Relation, diff},
    ruleset::{Bound, ParamValue, RuleSet, Verb},
    witness::Witness,
};
use agentpol_model::{
    decision::{DenyCode, Ruling},
    ids::RuleId,
};
use std::collections::{BTreeMap, BTreeSet};

/// What a run over many seeds came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Pairs of policies.
    pub pairs: usize,
    /// How they stand to each other, by name.
    pub relations: BTreeMap<String, usize>,
    /// Differences that were told, each asked of both again.
    pub witnesses: usize,
    /// Requests that both were asked.
    pub requests: usize,
    /// Requests of which one does more.
    pub different: usize,
    /// Rules whose difference was not told, and counts as one.
    pub unknown: usize,
    /// Rules of both policies.
    pub rules: usize,
}

/// Pairs of tiny policies from seeds, all their requests. Panics at the first lie, having made it small.
pub fn tiny_pairs(seeds: core::ops::Range<u64>, most: usize) -> Tally {
    let mut tally = Tally::default();
    for seed in seeds {
        let rng = &mut Rng::new(seed);
        let policy = tiny::random(rng, most);
        let old = if rng.chance(50) { policy.rules.clone() } else { change(&policy.rules, rng) };
        let new = change(&policy.rules, rng);
        let lie = |old: &RuleSet, new: &RuleSet, tally: &mut Tally| all(&policy, old, new, tally).err();
        told(seed, old, new, lie, &mut tally);
    }
    tally
}

/// Pairs of rule sets from seeds, with random requests. Panics at the first lie, having made it small.
pub fn random_pairs(seeds: core::ops::Range<u64>, requests: usize) -> Tally {
    let mut tally = Tally::default();
    for seed in seeds {
        let rng = &mut Rng::new(seed);
        let size = rules::Size { rules: rng.between(1, 6), ..rules::Size::default() };
        let policy = rules::random(rng, size);
        let old = if rng.chance(50) { policy.clone() } else { change(&policy, rng) };
        let new = change(&policy, rng);
        let lie =
            |old: &RuleSet, new: &RuleSet, tally: &mut Tally| some(seed, old, new, requests, tally).err();
        told(seed, old, new, lie, &mut tally);
    }
    tally
}

fn told(
    seed: u64,
    old: RuleSet,
    new: RuleSet,
    lie: impl Fn(&RuleSet, &RuleSet, &mut Tally) -> Option<String>,
    tally: &mut Tally,
) {
    let Some(why) = lie(&old, &new, tally) else { return };
    println!("seed {seed}: {why}");
    let quiet = |old: &RuleSet, new: &RuleSet| lie(old, new, &mut Tally::default());
    let old = shrink::minimise(old, |old| quiet(old, &new).is_some());
    let new = shrink::minimise(new, |new| quiet(&old, new).is_some());
    let old = shrink::minimise(old, |old| quiet(old, &new).is_some());
    panic!("seed {seed}: {why}\nsmaller: {}\nOLD\n{old}\nNEW\n{new}", quiet(&old, &new).unwrap_or_default());
}

/// Every request of the domain under every binding.
fn all(policy: &Tiny, old: &RuleSet, new: &RuleSet, tally: &mut Tally) -> Result<(), String> {
    let mut pair = Pair::new(old, new, tally)?;
    let requests: Vec<OwnedRequest> =
        policy.domains.iter().zip(&policy.rules.callables).flat_map(|(d, c)| d.requests(c)).collect();
    for binding in &policy.bindings {
        let bound = pair.bound(binding);
        for request in &requests {
            pair.ask(request, &bound)?;
        }
    }
    pair.done(tally)
}

/// Requests aimed at either policy.
fn some(seed: u64, old: &RuleSet, new: &RuleSet, requests: usize, tally: &mut Tally) -> Result<(), String> {
    let mut pair = Pair::new(old, new, tally)?;
    let rng = &mut Rng::new(seed ^ 0xa77a_c4ed);
    for at in [old, new] {
        for _ in 0..2 {
            let binding = values(at, rng);
            let bound = pair.bound(&binding);
            let Ok(own) = Bound::new(at, WALLET, binding) else { continue };
            let pool = Pool::new(at, &own);
            for _ in 0..requests {
                pair.ask(&aim(at, &own, &pool, rng), &bound)?;
            }
        }
    }
    pair.done(tally)
}

/// Two policies, and what is told of them.
struct Pair<'a> {
    policies: [&'a RuleSet; 2],
    told: Difference,
    /// Of the old policy and of the new: rules of which something is told.
    rules: [BTreeSet<RuleId>; 2],
    requests: usize,
    different: usize,
}

/// A policy that is bound; `None` where it does not take the values, so that it permits nothing.
type Bounds = [Option<Bound>; 2];

impl<'a> Pair<'a> {
    fn new(old: &'a RuleSet, new: &'a RuleSet, tally: &mut Tally) -> Result<Self, String> {
        let told = diff(old, new);
        let of = |changes: &[Change], unknown: &[RuleId]| -> BTreeSet<RuleId> {
            changes.iter().map(|change| change.rule).chain(unknown.iter().copied()).collect()
        };
        let rules = [of(&told.forbids_now, &told.unknown.0), of(&told.permits_now, &told.unknown.1)];
        let pair = Self { policies: [old, new], told, rules, requests: 0, different: 0 };
        for (is_new, changes) in [(false, &pair.told.forbids_now), (true, &pair.told.permits_now)] {
            for change in changes {
                tally.witnesses += 1;
                pair.replays(change, is_new)?;
            }
        }
        Ok(pair)
    }

    /// Both policies are asked what the change tells of them.
    fn replays(&self, change: &Change, is_new: bool) -> Result<(), String> {
        let asked = |rules: &RuleSet| ruled(rules, &change.request);
        let [old, new] = self.policies.map(asked);
        let more = if is_new { &new } else { &old };
        let by = more.iter().flat_map(|ruling| ruling.iter().flat_map(|granted| &granted.actions));
        let is_by = by.into_iter().any(|action| action.rule == change.rule);
        let said = [change.old, change.new];
        let is = [outcome(self.policies[0], old.as_ref()), outcome(self.policies[1], new.as_ref())];
        let grows = if is_new { change.new > change.old } else { change.old > change.new };
        if said == is && is_by && grows {
            Ok(())
        } else {
            Err(format!("{change:?} is {is:?}: {old:?}, {new:?}"))
        }
    }

    fn bound(&self, binding: &BTreeMap<String, ParamValue>) -> Bounds {
        self.policies.map(|rules| Bound::new(rules, WALLET, own(rules, binding)).ok())
    }

    fn ask(&mut self, request: &OwnedRequest, bound: &Bounds) -> Result<(), String> {
        self.requests += 1;
        let rulings: [Option<Ruling>; 2] =
            core::array::from_fn(|n| bound[n].as_ref().map(|bound| request.decide(self.policies[n], bound)));
        let [old, new] = core::array::from_fn(|n| outcome(self.policies[n], rulings[n].as_ref()));
        // Whose address looks like a named one depends on all names of a policy, and is not compared.
        let looks_alike = |ruling: &Option<Ruling>| matches!(ruling, Some(Err(denied)) if denied.code == DenyCode::LookAlike);
        if old == new || rulings.iter().any(looks_alike) {
            return Ok(());
        }
        self.different += 1;
        let side = usize::from(new > old);
        let ruling = rulings[side].iter().flatten();
        let told =
            ruling.flat_map(|granted| &granted.actions).any(|action| self.rules[side].contains(&action.rule));
        if told {
            return Ok(());
        }
        let relation = self.told.relation();
        Err(format!(
            "{old:?} became {new:?}, and {relation:?} is told of it: {request:?}\n{rulings:?}\n{bound:?}"
        ))
    }

    fn done(self, tally: &mut Tally) -> Result<(), String> {
        let relation = self.told.relation();
        if self.policies[0] == self.policies[1] && relation != Relation::Equal {
            return Err(format!("a policy is {relation:?} to itself: {:?}", self.told));
        }
        tally.pairs += 1;
        tally.requests += self.requests;
        tally.different += self.different;
        tally.unknown += self.told.unknown.0.len() + self.told.unknown.1.len();
        tally.rules += self.policies.iter().map(|rules| rules.rules.len()).sum::<usize>();
        *tally.relations.entry(format!("{relation:?}")).or_default() += 1;
        Ok(())
    }
}

/// The values of a policy's own parameters.
fn own(rules: &RuleSet, binding: &BTreeMap<String, ParamValue>) -> BTreeMap<String, ParamValue> {
    let is_own = |name: &String| rules.params.iter().any(|param| param.name == *name);
    binding
        .iter()
        .filter(|(name, _)| is_own(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn ruled(rules: &RuleSet, witness: &Witness) -> Option<Ruling> {
    let bound = Bound::new(rules, witness.wallet, own(rules, &witness.params)).ok()?;
    Some(witness.with(|request| rules.decide(request, &bound)))
}

fn outcome(rules: &RuleSet, ruling: Option<&Ruling>) -> Outcome {
    let Some(Ok(granted)) = ruling else { return Outcome::Deny };
    let asks = |rule: RuleId| matches!(rules.rules[rule.index()].verb, Verb::Ask(_));
    if granted.actions.iter().any(|action| asks(action.rule)) { Outcome::Ask } else { Outcome::Allow }
}
