//! What is said to hold less than it seems, or nothing, tried on the real ledger: sequences that show it are played, and what is said to do
//! nothing is taken away, whereupon nothing may change.

use super::spending::{FIRST, request, value};
use crate::{
    differential::{WALLET, compile},
    generator::{Rng, shrink, source::SourcePolicy, spending},
};
use agentpol_analysis::{
    findings::{Finding, Kind, findings},
    ruleset::RuleSet,
    witness::Witness,
};
use agentpol_compiler::lower::lower;
use agentpol_model::{
    U256,
    budget::Cap,
    effect::EffectKind,
    ids::{RuleId, TokenId},
    policy::ParamValue,
};
use agentpol_runtime::{Binding, Decision, Nonces, Policy, Session};
use std::collections::BTreeMap;

/// What a run over many seeds came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Policies that were analysed.
    pub policies: usize,
    /// Thresholds that parts go round, each played.
    pub dodged: usize,
    /// Edges of calendars, each played.
    pub edges: usize,
    /// Lines that never bind, and exemptions from nothing.
    pub idle: usize,
    /// Requests that were decided with what is idle and without it.
    pub compared: usize,
}

/// Policies from seeds. Panics at the first lie, having made it small.
pub fn policies(seeds: core::ops::Range<u64>, sequences: usize) -> Tally {
    let mut tally = Tally::default();
    for seed in seeds {
        let policy = spending::with_threshold(&mut Rng::new(seed));
        let Ok(rules) = compile(&policy.to_string()) else { continue };
        if let Err(lie) = one(&rules, seed, sequences, &mut tally) {
            println!("seed {seed}: {lie}");
            let lies = |policy: &SourcePolicy| {
                one(&compile(&policy.to_string()).ok()?, seed, sequences, &mut Tally::default()).err()
            };
            let small = shrink::minimise(policy, |policy| lies(policy).is_some());
            panic!("seed {seed}: {lie}\nsmaller: {}\n{small}", lies(&small).unwrap_or_default());
        }
    }
    tally
}

/// One policy. The error is the lie, in words.
pub fn one(rules: &RuleSet, seed: u64, sequences: usize, tally: &mut Tally) -> Result<(), String> {
    tally.policies += 1;
    let found = findings(rules);
    for finding in &found {
        match &finding.kind {
            Kind::Dodgeable { by, token, whole, part, .. } => {
                tally.dodged += 1;
                let steps = played(rules, finding)?;
                let amounts: Vec<u128> =
                    steps.iter().map(|(step, _)| moved(rules, step, *by, *token)).collect();
                let together = steps.iter().all(|(step, _)| step.now == steps[0].0.now);
                let sum: u128 = amounts.iter().sum();
                let small = amounts.iter().all(|amount| (1..=u128::try_from(part).unwrap()).contains(amount));
                if !together || !small || sum != u128::try_from(whole).unwrap() {
                    return Err(format!("{:?} is not shown by {amounts:?}", finding.kind));
                }
            }
            Kind::Edge { budget, seconds, most } if finding.witness.is_some() => {
                tally.edges += 1;
                let steps = played(rules, finding)?;
                let charges = steps.iter().flat_map(|(_, decision)| &decision.charges);
                let line = &rules.budgets[budget.index()];
                let ours = charges.filter(|charge| charge.budget == line.name && charge.line == line.line);
                let sum: U256 = ours.map(|charge| charge.amount).sum();
                let (first, last) = (steps[0].0.now, steps[steps.len() - 1].0.now);
                if sum.to_string() != most.to_string() || last - first >= *seconds {
                    return Err(format!("{:?}: {sum} from {first} to {last}", finding.kind));
                }
            }
            _ => {}
        }
    }
    changes_nothing(rules, &found, seed, sequences, tally)
}

/// The steps of a finding, each with its decision: all allowed, and nobody asked.
fn played<'f>(rules: &RuleSet, finding: &'f Finding) -> Result<Vec<(&'f Witness, Decision)>, String> {
    let first = finding.witness.as_ref().ok_or("nothing shows it")?;
    let binding = Binding { wallet: first.wallet, signer: first.signer, params: first.params.clone() };
    let policy = Policy::new(lower(rules).map_err(|e| format!("{e:?}"))?, &binding);
    let policy = policy.map_err(|e| format!("{e:?}"))?;
    let mut session = Session::new(&policy, Nonces::Any);
    let mut out = Vec::new();
    for step in core::iter::once(first).chain(&finding.then) {
        let decision = step.with(|request| session.decide(request));
        if !decision.is_allowed() || step.params != first.params {
            return Err(format!("{:?}: {} of {step:?}", finding.kind, decision.reason));
        }
        out.push((step, decision));
    }
    Ok(out)
}

/// What a rule lets out of a token by a request.
fn moved(rules: &RuleSet, step: &Witness, rule: RuleId, token: TokenId) -> u128 {
    let granted = step.decide(rules).unwrap().unwrap();
    let actions = granted.actions.iter().filter(|action| action.rule == rule);
    let effects = actions.flat_map(|action| &action.effects).filter(|effect| effect.token == token);
    let moves = effects.filter(|effect| matches!(effect.kind, EffectKind::Move | EffectKind::Pull { .. }));
    moves.map(|effect| u128::try_from(effect.amount).unwrap()).sum()
}

/// The policy without what is said to do nothing.
fn without_the_idle(rules: &RuleSet, found: &[Finding]) -> (RuleSet, usize) {
    let mut fewer = rules.clone();
    let mut count = 0;
    for finding in found {
        match finding.kind {
            Kind::NeverBinds { budget, .. } => {
                // What holds no end of it is not there.
                fewer.budgets[budget.index()].cap = Cap::Fixed(U256::MAX >> 1);
                count += 1;
            }
            Kind::IdleExempt { rule, budget } => {
                let name = rules.budgets[budget.index()].name.clone();
                let exempt = &mut fewer.rules[rule.index()].exempt;
                exempt.retain(|id| rules.budgets[id.index()].name != name);
                count += 1;
            }
            _ => {}
        }
    }
    (fewer, count)
}

fn changes_nothing(
    rules: &RuleSet,
    found: &[Finding],
    seed: u64,
    sequences: usize,
    tally: &mut Tally,
) -> Result<(), String> {
    let (fewer, idle) = without_the_idle(rules, found);
    tally.idle += idle;
    if idle == 0 || rules.rules.is_empty() {
        return Ok(());
    }
    let rng = &mut Rng::new(seed ^ 0x1d1e_0000);
    for n in 0..sequences {
        let params: BTreeMap<String, ParamValue> = rules
            .params
            .iter()
            .map(|param| (param.name.clone(), value(param.ty, param.domain, rng)))
            .collect();
        let binding = Binding { wallet: WALLET, signer: WALLET, params };
        let load = |rules: &RuleSet| Policy::new(lower(rules).unwrap(), &binding);
        let (Ok(with), Ok(without)) = (load(rules), load(&fewer)) else { continue };
        let (mut a, mut b) = (Session::new(&with, Nonces::Any), Session::new(&without, Nonces::Any));
        let mut now = FIRST;
        for _ in 0..40 {
            now += *rng.pick(&[0, 0, 0, 1, 1, 2, 5, 40_000]);
            let request = request(rules, now, rng);
            let approved = n % 2 == 1;
            let ask = |session: &mut Session<'_>| {
                let decision =
                    request.with(
                        |request| if approved { session.approve(request) } else { session.decide(request) },
                    );
                decision.outcome
            };
            let (one, other) = (ask(&mut a), ask(&mut b));
            tally.compared += 1;
            if one != other {
                let said: Vec<&Kind> = found.iter().map(|finding| &finding.kind).collect();
                return Err(format!("{one:?}, and without what is idle {other:?}: {request:?}, {said:?}"));
            }
        }
    }
    Ok(())
}
