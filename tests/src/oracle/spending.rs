//! What can be lost, tried on the real ledger: sequences that are said to take it all are played and do, and no random sequence takes
//! more than is said.

mod flow;

use crate::{
    differential::{WALLET, compile},
    generator::{
        Rng,
        aim::{OwnedAction, OwnedRequest},
        shrink,
        source::SourcePolicy,
        spending,
    },
};
use agentpol_abi::{Value, encode_call};
use agentpol_analysis::{
    loss::{Losses, Most, Report, Step, losses},
    ruleset::{Bound, ParamType, ParamValue, RuleSet, Target},
};
use agentpol_compiler::lower::lower;
use agentpol_model::{
    Address, Time, U256,
    effect::{Effect, EffectKind, GrantMode},
    ids::TokenId,
    request::{Action, Envelope, Kind, Request},
    types::{Type, WordType},
};
use agentpol_runtime::{
    Binding, Nonces, Policy, Session,
    ledger::{Asset, Key, Record},
};
use flow::{Flow, How, Out, Span, TAKERS};
use num_bigint::BigUint;
use std::collections::{BTreeMap, BTreeSet};

/// What a run over many seeds came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Policies that were analysed.
    pub policies: usize,
    /// Bounds that are said to be exact, each played.
    pub exact: usize,
    /// Bounds that may be too large.
    pub at_most: usize,
    /// Of them, those that some sequence attained.
    pub attained: usize,
    /// What is said to be without end.
    pub unbounded: usize,
    /// What is not known.
    pub unknown: usize,
    /// Random sequences.
    pub sequences: usize,
    /// Requests of theirs that were allowed.
    pub allowed: usize,
}

/// Policies from seeds. Panics at the first that is wrong, having made it small.
pub fn policies(seeds: core::ops::Range<u64>, sequences: usize) -> Tally {
    let mut tally = Tally::default();
    for seed in seeds {
        let policy = spending::random(&mut Rng::new(seed));
        let text = policy.to_string();
        let Ok(rules) = compile(&text) else { continue };
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
    let report = losses(rules);
    tally.policies += 1;
    let mut most = BTreeMap::new();
    for (said, approved) in [(&report.alone, false), (&report.with_approvals, true)] {
        for loss in &said.tokens {
            for (span, bound) in spans(loss) {
                count(bound, tally);
                if let Most::Bounded { value, witness, .. } = bound
                    && !witness.is_empty()
                {
                    let taken = play(rules, loss.token, span, witness, approved)
                        .map_err(|why| format!("{span:?} of {} {approved}: {why}", loss.token))?;
                    if taken != *value {
                        return Err(format!(
                            "{span:?} of {}, approved {approved}: {value} is said to leave, and {taken} does: {witness:?}",
                            loss.token
                        ));
                    }
                }
            }
        }
    }
    let rng = &mut Rng::new(seed ^ 0x5be4_d1f6);
    for n in 0..sequences {
        let approved = n % 2 == 1;
        let flow = sequence(rules, approved, rng, tally)?;
        tally.sequences += 1;
        let said = if approved { &report.with_approvals } else { &report.alone };
        exceeds(&flow, said, &mut most, approved)?;
    }
    tally.attained += attained(&report, &most);
    Ok(())
}

fn spans(loss: &agentpol_analysis::loss::Loss) -> Vec<(Span, &Most)> {
    let windows = loss.windows.iter().map(|(seconds, most)| (Span::Seconds(*seconds), most));
    [(Span::Transaction, &loss.per_transaction)]
        .into_iter()
        .chain(windows)
        .chain([(Span::Ever, &loss.total)])
        .collect()
}

fn count(bound: &Most, tally: &mut Tally) {
    match bound {
        Most::Bounded { .. } if bound.is_exact() => tally.exact += 1,
        Most::Bounded { .. } => tally.at_most += 1,
        Most::Unbounded { .. } => tally.unbounded += 1,
        Most::Unknown => tally.unknown += 1,
    }
}

/// Plays a sequence that is said to take it all. The error says what is not so.
fn play(
    rules: &RuleSet,
    token: TokenId,
    span: Span,
    steps: &[Step],
    approved: bool,
) -> Result<BigUint, String> {
    let first = &steps[0].request;
    let binding = Binding { wallet: first.wallet, signer: first.signer, params: first.params.clone() };
    let module = lower(rules).map_err(|e| format!("{e:?}"))?;
    let policy = Policy::new(module, &binding).map_err(|e| format!("{e:?}"))?;
    let bound = first.bound(rules).map_err(|e| e.to_string())?;
    let mut session = Session::new(&policy, Nonces::Any);
    let mut flow = Flow::default();
    let one_envelope = span == Span::Transaction;
    let batches: Vec<Vec<&Step>> = if one_envelope {
        vec![steps.iter().collect()]
    } else {
        steps.iter().map(|step| vec![step]).collect()
    };
    for (n, batch) in batches.iter().enumerate() {
        let step = batch[0];
        let of = &step.request;
        if (of.wallet, of.signer, &of.params) != (first.wallet, first.signer, &first.params) {
            return Err(format!("the steps are under different parameters: {first:?}, {of:?}"));
        }
        let actions: Vec<Action<'_>> =
            batch.iter().flat_map(|step| &step.request.actions).map(|action| action.lend()).collect();
        let request = Request {
            chain: of.chain,
            wallet: of.wallet,
            signer: of.signer,
            agent: None,
            now: step.at,
            envelope: of.envelope,
            actions: &actions,
        };
        let decision = if approved { session.approve(&request) } else { session.decide(&request) };
        if !decision.is_allowed() {
            return Err(format!(
                "step {n} at {} is denied: {}; it is {:?}",
                step.at, decision.reason, step.request
            ));
        }
        let granted = rules.decide(&request, &bound).map_err(|e| format!("{e:?}"))?;
        for action in &granted.actions {
            flow.add(rules, step.at, n, of.chain, &action.effects);
            session = taken_at_once(rules, session, &policy, &action.effects, of.chain, step.at);
        }
    }
    Ok(TAKERS.map(|takers| flow.most(token, span, takers)).into_iter().max().unwrap_or_default())
}

/// Whoever was given authority takes all of it, and the ledger sees that.
fn taken_at_once<'p>(
    rules: &RuleSet,
    session: Session<'p>,
    policy: &'p Policy,
    effects: &[Effect],
    chain: u64,
    at: Time,
) -> Session<'p> {
    let mut ledger = session.ledger().clone();
    let granted = |kind| matches!(kind, EffectKind::Grant(GrantMode::Set | GrantMode::Add));
    for effect in effects.iter().filter(|effect| granted(effect.kind)) {
        let sites = &rules.tokens[effect.token.index()].sites;
        let Some((_, contract)) = sites.iter().find(|(on, _)| *on == chain) else { continue };
        let asset = Asset { chain, contract: *contract };
        let key = Key { asset, spender: effect.party, through: effect.through };
        ledger.apply(Record::Pulled(key, effect.amount, at));
    }
    Session::resume(policy, ledger, Nonces::Any)
}

pub(super) const FIRST: Time = 1_796_083_195;

/// A random sequence, most of it close together.
fn sequence(rules: &RuleSet, approved: bool, rng: &mut Rng, tally: &mut Tally) -> Result<Flow, String> {
    let params: BTreeMap<String, ParamValue> =
        rules.params.iter().map(|param| (param.name.clone(), value(param.ty, param.domain, rng))).collect();
    let module = lower(rules).map_err(|e| format!("{e:?}"))?;
    let binding = Binding { wallet: WALLET, signer: WALLET, params: params.clone() };
    let policy = Policy::new(module, &binding).map_err(|e| format!("{e:?}"))?;
    let bound = Bound::new(rules, WALLET, params).map_err(|e| e.to_string())?;
    // Of what spenders take the ledger hears nothing.
    let mut session = Session::resume(&policy, policy.ledger(false), Nonces::Any);
    let mut flow = Flow::default();
    let mut now = FIRST;
    for n in 0..40 {
        now += *rng.pick(&[0, 0, 0, 0, 1, 1, 1, 2, 3, 5]);
        if rng.chance(3) {
            // To just before the next midnight, if that is not behind us: the ledger's clock never goes back.
            now = now.max(now - now % 86_400 + 86_400 - 2);
        }
        let request = request(rules, now, rng);
        let decision =
            request.with(|request| if approved { session.approve(request) } else { session.decide(request) });
        if !decision.is_allowed() {
            continue;
        }
        tally.allowed += 1;
        let granted = request.decide(rules, &bound).map_err(|e| format!("{e:?}"))?;
        for action in &granted.actions {
            flow.add(rules, now, n, 1, &action.effects);
        }
        let amount = request.envelope.max_fee().unwrap_or_default();
        let amount = BigUint::from_bytes_be(&amount.to_be_bytes::<32>());
        flow.0.push(Out { at: now, envelope: n, token: rules.chains[0].native, how: How::Fee, amount });
    }
    Ok(flow)
}

/// The next request of a random sequence: up to three actions, and a fee.
pub(super) fn request(rules: &RuleSet, now: Time, rng: &mut Rng) -> OwnedRequest {
    let several = if rng.chance(75) { 1 } else { rng.between(2, 3) };
    let actions = (0..several).map(|_| call(rules, rng)).collect();
    let envelope = Envelope {
        gas_limit: Some(rng.between(0, 3) as u64),
        max_fee_per_gas: Some(rng.between(0, 4) as u128),
        ..Envelope::default()
    };
    OwnedRequest { chain: 1, wallet: WALLET, signer: WALLET, now, envelope, actions }
}

pub(super) fn value(ty: ParamType, domain: Option<(U256, U256)>, rng: &mut Rng) -> ParamValue {
    ParamValue::Word(match (ty, domain) {
        (_, Some((low, high))) => {
            if rng.chance(20) {
                low
            } else {
                high
            }
        }
        (ParamType::Address | ParamType::Approver, None) => U256::from(0x6161_6161_u64) << 100_usize,
        _ => U256::from(rng.below(9)),
    })
}

/// Anything that some rule is about.
fn call(rules: &RuleSet, rng: &mut Rng) -> OwnedAction {
    let action = |to, value, data, kind| OwnedAction { kind, from: WALLET, to, value, data };
    let party = |rng: &mut Rng| {
        *rng.pick(&[
            Address::repeat_byte(0x51),
            Address::repeat_byte(0x52),
            Address::repeat_byte(0x53),
            Address::repeat_byte(0x43),
        ])
    };
    let amount = |rng: &mut Rng| U256::from(*rng.pick(&[1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 20]));
    let arms: Vec<_> = rules.rules.iter().flat_map(|rule| &rule.arms).collect();
    let callable = &rules.callables[rng.pick(&arms).callable.index()];
    let (Some(function), Some(Target::Fixed(to))) = (&callable.function, callable.target) else {
        return action(party(rng), amount(rng), vec![], Kind::Send);
    };
    let values = function.inputs.iter().map(|input| match input.ty {
        Type::Word(ty @ WordType::Address) => Value::Word(U256::from_be_slice(party(rng).as_slice()), ty),
        Type::Word(ty) => Value::Word(amount(rng), ty),
        _ => unreachable!("functions of words"),
    });
    let values: Vec<Value> = values.collect();
    let value = if function.payable && rng.chance(70) { amount(rng) } else { U256::ZERO };
    action(to, value, encode_call(function.selector, &function.inputs, &values).unwrap(), Kind::Call)
}

type Taken = BTreeMap<(bool, TokenId, Span), BigUint>;

/// Nothing took more than is said.
fn exceeds(flow: &Flow, said: &Losses, most: &mut Taken, approved: bool) -> Result<(), String> {
    for loss in &said.tokens {
        for (span, bound) in spans(loss) {
            for takers in TAKERS {
                let taken = flow.most(loss.token, span, takers);
                above(bound, &taken, || {
                    format!("{span:?} of {} {takers:?}, approved {approved}: {flow:?}", loss.token)
                })?;
                let known = most.entry((approved, loss.token, span)).or_default();
                *known = taken.max(known.clone());
            }
        }
    }
    for loss in &said.fees {
        for (span, bound) in spans(loss) {
            let taken = flow.most_fees(loss.token, span);
            above(bound, &taken, || format!("{span:?} of fees, approved {approved}: {flow:?}"))?;
        }
    }
    // Of what no loss is told, nothing leaves.
    let told: BTreeSet<TokenId> = said.tokens.iter().map(|loss| loss.token).collect();
    match flow
        .0
        .iter()
        .find(|out| out.how != How::Fee && out.amount != BigUint::ZERO && !told.contains(&out.token))
    {
        Some(out) => Err(format!("no loss is told of it: {out:?}")),
        None => Ok(()),
    }
}

fn above(bound: &Most, taken: &BigUint, what: impl Fn() -> String) -> Result<(), String> {
    match bound {
        Most::Bounded { value, .. } if taken > value => {
            Err(format!("{taken} leave, and no more than {value} is said to: {}", what()))
        }
        _ => Ok(()),
    }
}

/// Bounds that are not said to be exact, and that some sequence attained.
fn attained(report: &Report, most: &Taken) -> usize {
    let mut count = 0;
    for (said, approved) in [(&report.alone, false), (&report.with_approvals, true)] {
        for loss in &said.tokens {
            for (span, bound) in spans(loss) {
                if let Most::Bounded { value, witness, .. } = bound {
                    let taken = most.get(&(approved, loss.token, span));
                    count += usize::from(witness.is_empty() && taken == Some(value));
                }
            }
        }
    }
    count
}
