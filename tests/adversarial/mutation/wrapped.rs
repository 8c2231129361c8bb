//! Calls inside calls: what the policy `wrapped` allows, wrapped in every way it knows, and changed inside, outside, and in how it
//! is wrapped.

use super::{
    Allowed, Tally, change,
    inside::{BELL, CALLS_ONLY, MULTICALL3, agrees, leaves},
    judge_by, many, read_by_serde, signed,
};
use crate::{
    ask::{DOLLAR, ETHEREUM, FRIEND, ROUTER, SWAP, USDC, call, swap, transfer, usdc},
    world::{START, Shipped, wallet},
    wrap::{
        Leg, aggregate3, aggregate3_value, batch, exec, execute, leg, mode, multi_send, multicall, records,
        simple, simple_batch, single, try_aggregate,
    },
};
use agentpol_model::U256;
use agentpol_tests::generator::Rng;
use alloy_sol_types::SolCall as _;

/// Mutants, where nobody asks for more.
const MUTANTS: usize = 6_000;

/// A payment, a tip, a swap; or a bell, if another rings it.
fn plain(foreign: bool, rng: &mut Rng) -> Leg {
    let ring = |rng: &mut Rng| leg(BELL, call("ring(uint256)", &[U256::from(rng.below(4))]));
    match rng.below(4) {
        _ if foreign => ring(rng),
        0 => ring(rng),
        1 => leg(FRIEND, Vec::new()).value(U256::from(rng.below(1_000))),
        2 => leg(ROUTER, call(SWAP, &swap())),
        _ => leg(USDC, transfer(FRIEND, usdc(rng.between(1, 30) as u64 * DOLLAR))),
    }
}

/// In what it is wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    Multicall,
    Multicall3,
    Multicall3Value,
    TryMulticall3,
    Safe,
    MultiSend,
    Single,
    Batch,
    Simple,
    SimpleBatch,
}

const EVERY: [How; 10] = [
    How::Multicall,
    How::Multicall3,
    How::Multicall3Value,
    How::TryMulticall3,
    How::Safe,
    How::MultiSend,
    How::Single,
    How::Batch,
    How::Simple,
    How::SimpleBatch,
];

impl How {
    /// Does it act for itself?
    fn is_foreign(self) -> bool {
        matches!(self, How::Multicall3 | How::Multicall3Value | How::TryMulticall3)
    }

    /// The call that makes these.
    fn wrap(self, legs: &[Leg], fails: &[usize]) -> Leg {
        let own = |data: Vec<u8>| leg(wallet(), data);
        match self {
            How::Multicall => {
                leg(ROUTER, multicall(&legs.iter().map(|leg| leg.data.clone()).collect::<Vec<_>>()))
            }
            How::Multicall3 => leg(MULTICALL3, aggregate3(legs, fails)),
            How::Multicall3Value => leg(MULTICALL3, aggregate3_value(legs)),
            How::TryMulticall3 => leg(MULTICALL3, try_aggregate(fails.is_empty(), legs)),
            How::Safe => own(exec(&legs[0]).abi_encode()),
            How::MultiSend => own(exec(&leg(CALLS_ONLY, multi_send(records(legs))).delegated()).abi_encode()),
            How::Single => own(execute(mode(0, fails.len() as u8), single(&legs[0]))),
            How::Batch => own(execute(mode(1, fails.len() as u8), batch(legs))),
            How::Simple => own(simple(&legs[0])),
            How::SimpleBatch => own(simple_batch(legs)),
        }
    }
}

/// A call, wrapped so often; what is inside may be changed on the way.
pub(super) fn nested(depth: usize, changes: &mut usize, shipped: &Shipped, rng: &mut Rng) -> Leg {
    nested_for(false, depth, changes, shipped, rng)
}

fn nested_for(foreign: bool, depth: usize, changes: &mut usize, shipped: &Shipped, rng: &mut Rng) -> Leg {
    let mut made = if depth == 0 {
        plain(foreign, rng)
    } else {
        let how = *rng.pick(if foreign { &EVERY[1..] } else { &EVERY });
        let mut legs: Vec<Leg> = (0..rng.between(1, 3))
            .map(|_| match how {
                How::Multicall if depth > 1 && rng.chance(50) => {
                    leg(ROUTER, multicall(&[call(SWAP, &swap())]))
                }
                How::Multicall => leg(ROUTER, call(SWAP, &swap())),
                _ => nested_for(how.is_foreign(), depth - 1, changes, shipped, rng),
            })
            .collect();
        let mut fails = Vec::new();
        if *changes > 0 && rng.chance(15) {
            *changes -= 1;
            match rng.below(4) {
                0 => fails.push(0),
                1 => legs[0].operation ^= 1,
                2 => legs.push(legs[0].clone()),
                // Another in its place, whoever acts there.
                _ => legs[0] = plain(false, rng),
            }
        }
        how.wrap(&legs, &fails)
    };
    while *changes > 0 && rng.chance(40) {
        *changes -= 1;
        let Leg { operation, to, value, data } = made;
        let allowed = Allowed { chain: ETHEREUM, to, value, data, at: START };
        let Allowed { to, value, data, .. } = change::once(&allowed, shipped, rng);
        made = Leg { operation, to, value, data };
    }
    made
}

pub(super) fn sent(leg: &Leg) -> Allowed {
    Allowed { chain: ETHEREUM, to: leg.to, value: leg.value, data: leg.data.clone(), at: START }
}

/// Is it allowed? If so, what alloy finds inside is what is granted.
fn judge(shipped: &Shipped, text: &str, tally: &mut Tally) -> bool {
    judge_by(shipped, text, START, tally, |request, whole, granted| {
        read_by_serde(text, request)?;
        let action = &whole.actions[0];
        let outer = leg(action.to, action.data.to_vec()).value(action.value);
        agrees(shipped, whole.chain, &leaves(wallet(), &outer)?, granted)?;
        signed(shipped, text, START, request)
    })
}

#[test]
fn what_is_allowed_inside_is_allowed_alone() {
    let shipped = Shipped::load("wrapped", wallet());
    let (rng, mut tally) = (&mut Rng::new(23), Tally::default());
    let mut plain_and_allowed = 0;
    for n in 0..many(MUTANTS) {
        let mut changes = *rng.pick(&[0, 1, 1, 1, 2, 3]);
        let unchanged = changes == 0;
        let mut made = sent(&nested(n % 5, &mut changes, &shipped, rng));
        // What was not changed inside is changed outside.
        for _ in 0..changes {
            made = change::once(&made, &shipped, rng);
        }
        let text = match rng.chance(5) {
            true => change::text(&made.text(), rng),
            false => made.text(),
        };
        tally.mutants += 1;
        plain_and_allowed += usize::from(judge(&shipped, &text, &mut tally) && unchanged);
    }
    println!("{tally:#?}; {plain_and_allowed} of the allowed were not changed");
    assert!(plain_and_allowed * 40 >= tally.mutants, "little is allowed: {tally:#?}");
    assert!(tally.allowed > plain_and_allowed, "no mutant is allowed: {tally:#?}");
}

/// Every way of wrapping has to be allowed at least once, so that none is tested only in being refused.
#[test]
fn every_wrapper_is_allowed_as_it_is() {
    let shipped = Shipped::load("wrapped", wallet());
    for how in EVERY {
        let inner = match how {
            How::Multicall => leg(ROUTER, call(SWAP, &swap())),
            _ if how.is_foreign() => leg(BELL, call("ring(uint256)", &[U256::ONE])),
            _ => leg(USDC, transfer(FRIEND, usdc(DOLLAR))),
        };
        let text = sent(&how.wrap(&[inner], &[])).text();
        assert!(judge(&shipped, &text, &mut Tally::default()), "{how:?}");
    }
}
