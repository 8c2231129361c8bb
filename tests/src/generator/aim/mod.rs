//! Requests aimed at a rule set: its functions are called with arguments at the edges of its conditions, and some of what
//! comes out is broken afterwards.

mod draft;
mod steer;
mod values;

use super::rng::Rng;
use agentpol_analysis::ruleset::{Bound, Callable, Formula, ParamValue, RuleSet};
use agentpol_model::{
    Address, ChainId, Time, U256,
    decision::Ruling,
    effect::EffectKind,
    ids::CallableId,
    request::{Action, Envelope, Kind, Request},
};
use draft::Draft;
use std::collections::BTreeMap;
pub use values::{Pool, any_values, any_word};

/// A request that owns what it is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "as in the request")]
pub struct OwnedRequest {
    pub chain: ChainId,
    pub wallet: Address,
    pub signer: Address,
    pub now: Time,
    pub envelope: Envelope,
    pub actions: Vec<OwnedAction>,
}

/// An action that owns its calldata.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "as in the action")]
pub struct OwnedAction {
    pub kind: Kind,
    pub from: Address,
    pub to: Address,
    pub value: U256,
    pub data: Vec<u8>,
}

impl OwnedRequest {
    /// Lends it as a request.
    pub fn with<R>(&self, f: impl FnOnce(&Request<'_>) -> R) -> R {
        let actions: Vec<Action<'_>> = self
            .actions
            .iter()
            .map(|a| Action {
                command: [0; 4],
                kind: a.kind,
                from: a.from,
                to: a.to,
                value: a.value,
                data: &a.data,
            })
            .collect();
        f(&Request {
            chain: self.chain,
            wallet: self.wallet,
            signer: self.signer,
            agent: None,
            now: self.now,
            envelope: self.envelope,
            actions: &actions,
        })
    }

    /// What the reference says.
    pub fn decide(&self, rules: &RuleSet, bound: &Bound) -> Ruling {
        self.with(|request| rules.decide(request, bound))
    }
}

/// A request for the policy, at its edges. `pool` is made of the same policy once.
pub fn aim(rules: &RuleSet, bound: &Bound, pool: &Pool, rng: &mut Rng) -> OwnedRequest {
    let ids: Vec<CallableId> = (0..rules.callables.len() as u32).map(CallableId::new).collect();
    let chain = rng.choose(&rules.callables).map_or(1, |callable| callable.chain);
    let here: Vec<CallableId> =
        ids.into_iter().filter(|id| rules.callables[id.index()].chain == chain).collect();
    let mut request = OwnedRequest {
        chain,
        wallet: bound.wallet(),
        signer: pool.signer(bound, rng),
        now: pool.time(rng),
        envelope: envelope(pool, rng),
        actions: vec![],
    };
    let actions = if rng.chance(85) { 1 } else { rng.between(2, 3) };
    let spoken_of = |id: &CallableId| rules.rules.iter().flat_map(|r| &r.arms).any(|arm| arm.callable == *id);
    let ruled: Vec<CallableId> = here.iter().copied().filter(spoken_of).collect();
    for _ in 0..actions {
        let some = if rng.chance(85) && !ruled.is_empty() { &ruled } else { &here };
        let Some(id) = rng.choose(some) else { break };
        let action = action(rules, bound, pool, *id, &mut request, rng);
        request.actions.push(action);
    }
    spoil(&mut request, rng);
    request
}

fn envelope(pool: &Pool, rng: &mut Rng) -> Envelope {
    let mut maybe = |most: usize| rng.chance(85).then(|| pool.small(rng, most));
    Envelope {
        once: None,
        nonce: maybe(64),
        gas_limit: maybe(32),
        max_fee_per_gas: maybe(48).map(u128::from),
        max_priority_fee_per_gas: maybe(40).map(u128::from),
        blob_fee: if rng.chance(5) { Some((u128::from(rng.next_u64()), rng.next_u64())) } else { None },
    }
}

fn action(
    rules: &RuleSet,
    bound: &Bound,
    pool: &Pool,
    id: CallableId,
    request: &mut OwnedRequest,
    rng: &mut Rng,
) -> OwnedAction {
    let callable = &rules.callables[id.index()];
    let mut draft = Draft::new(rules, bound, pool, callable, request, rng);
    let arms: Vec<_> = rules.rules.iter().flat_map(|r| &r.arms).filter(|arm| arm.callable == id).collect();
    // Twice, for two grants are more often at odds than one.
    for _ in 0..rng.between(0, 2) {
        let Some(arm) = rng.choose(&arms) else { break };
        let spared = if rng.chance(30) { rng.below(arm.clauses.len().max(1)) } else { usize::MAX };
        for (n, clause) in arm.clauses.iter().enumerate() {
            draft.steer(&clause.formula, n != spared, rng);
        }
    }
    if rng.chance(25) {
        tempt(&mut draft, callable, rng);
    }
    draft.finish(request)
}

/// Towards what the refusals and the resolution of effects are about.
fn tempt(draft: &mut Draft<'_>, callable: &Callable, rng: &mut Rng) {
    let Some(effect) = rng.choose(&callable.effects) else { return };
    match rng.below(6) {
        0 => draft.write(&effect.party, U256::ZERO, &[]),
        1 => draft.write(&effect.party, draft.pool.address(rng), &[]),
        2 => draft.write(&effect.party, draft.pool.look_alike(rng), &[]),
        3 => {
            if let Some((_, scalar)) = rng.choose(&effect.amount.terms) {
                draft.write(scalar, U256::MAX >> rng.below(3), &[]);
            }
        }
        4 => {
            if let Some(sentinel) = &effect.sentinel {
                draft.write(sentinel, U256::MAX, &[]);
            }
        }
        _ => match (&effect.from, effect.kind) {
            (Some(from), EffectKind::Move) => draft.write(from, draft.wallet_word(), &[]),
            _ => draft.steer(&Formula::Not(Box::new(effect.when.clone())), true, rng),
        },
    }
}

/// Now and then, what no honest wallet would send.
fn spoil(request: &mut OwnedRequest, rng: &mut Rng) {
    if rng.chance(2) {
        request.chain = rng.below(20) as ChainId;
    }
    if rng.chance(1) {
        request.wallet = rng.address();
    }
    if request.actions.is_empty() || !rng.chance(15) {
        return;
    }
    let at = rng.below(request.actions.len());
    let action = &mut request.actions[at];
    match rng.below(8) {
        0 => action.to = rng.address(),
        1 => action.kind = *rng.pick(&[Kind::Call, Kind::Send, Kind::Deploy, Kind::Sign, Kind::Delegatecall]),
        2 => action.value = rng.number(),
        3 if !action.data.is_empty() => {
            let bit = rng.below(action.data.len() * 8);
            action.data[bit / 8] ^= 1 << (bit % 8);
        }
        4 => {
            let keep = rng.below(action.data.len() + 1);
            action.data.truncate(keep);
        }
        5 => {
            let extra = rng.between(1, 40);
            action.data.extend(rng.bytes(extra));
        }
        6 if action.data.len() >= 36 => {
            let word = 4 + 32 * rng.below((action.data.len() - 4) / 32);
            let number = rng.number().to_be_bytes::<32>();
            action.data[word..word + 32].copy_from_slice(&number);
        }
        _ if action.data.len() >= 4 => action.data[rng.below(4)] ^= 1 << rng.below(8),
        _ => {}
    }
}

/// Values for a policy's parameters.
pub fn values(rules: &RuleSet, rng: &mut Rng) -> BTreeMap<String, ParamValue> {
    rules.params.iter().map(|param| (param.name.clone(), values::of_param(param, rng))).collect()
}
