//! What is inside a wrapper, as alloy's `sol!` reads it: whoever acts, and what they call, in order. And what the policy `wrapped`
//! allows, in other words.

use super::oracle::{Call, Plain, call, effects, fair, has, read, resolved};
use crate::{
    ask::{FRIEND, ROUTER, USDC, WETH},
    world::{START, Shipped, wallet},
    wrap::{
        Execution, Leg, Modular, Simple, aggregate3Call, aggregate3ValueCall, aggregateCall,
        blockAndAggregateCall, execTransactionCall, leg, multiSendCall, multicallCall, tryAggregateCall,
        tryBlockAndAggregateCall,
    },
};
use agentpol_model::{
    Address, B256, ChainId, U256,
    decision::Granted,
    effect::EffectKind,
    request::{Action, Envelope, Kind, Request},
};
use alloy_primitives::address;
use alloy_sol_types::{SolValue, sol};

pub(super) const MULTICALL3: Address = address!("0xcA11bde05977b3631167028862bE2a173976CA11");
pub(super) const CALLS_ONLY: Address = address!("0x9641d764fc13c8B624c04430C7356C1C7C8102e2");
const ANY_CALLS: Address = address!("0x38869bf66a61cF6bDB996A6aE40D5853Fd43B526");
pub(super) const BELL: Address = Address::repeat_byte(0x44);

sol! {
    function ring(uint256 times);
}

/// A call that holds no other, and who makes it.
#[derive(Debug)]
pub(super) struct Leaf {
    from: Address,
    leg: Leg,
}

/// All that a call comes to.
pub(super) fn leaves(from: Address, leg: &Leg) -> Result<Vec<Leaf>, String> {
    let Some(inside) = open(from, leg) else {
        return Ok(vec![Leaf { from, leg: leg.clone() }]);
    };
    let mut all = Vec::new();
    for (from, leg) in inside? {
        all.extend(leaves(from, &leg)?);
    }
    Ok(all)
}

/// Who makes which calls.
type Made = Vec<(Address, Leg)>;

/// What stands directly inside, if it is a wrapper.
fn open(from: Address, outer: &Leg) -> Option<Result<Made, String>> {
    let data = outer.data.as_slice();
    let by = |from: Address, legs: Vec<Leg>| legs.into_iter().map(|leg| (from, leg)).collect::<Made>();
    if outer.operation == 1 {
        // Run as the account: what it calls, the account calls.
        let library = [CALLS_ONLY, ANY_CALLS].contains(&outer.to);
        return Some(match read(data, |call: multiSendCall| records(&call.transactions)) {
            Some(legs) if library => legs.and_then(|legs| Ok(by(from, legs?))),
            _ => Err("foreign code runs as the account".to_owned()),
        });
    }
    let me = outer.to;
    let flat =
        |made: Option<Result<Result<Made, String>, String>>| made.map(|made| made.and_then(|made| made));
    if me == wallet() {
        return flat(
            read(data, |call: execTransactionCall| exec(&call).map(|leg| by(me, vec![leg])))
                .or_else(|| {
                    read(data, |c: Modular::executeCall| {
                        modes(c.mode, &c.executionCalldata).map(|l| by(me, l))
                    })
                })
                .or_else(|| {
                    read(data, |c: Modular::executeFromExecutorCall| {
                        modes(c.mode, &c.executionCalldata).map(|l| by(me, l))
                    })
                })
                .or_else(|| {
                    read(data, |c: Simple::executeCall| {
                        Ok(by(me, vec![leg(c.target, c.data.to_vec()).value(c.value)]))
                    })
                })
                .or_else(|| read(data, |c: Simple::executeBatchCall| Ok(by(me, executions(&c.calls))))),
        );
    }
    if me == MULTICALL3 {
        let plain =
            |calls: &[crate::wrap::Call]| calls.iter().map(|c| leg(c.target, c.callData.to_vec())).collect();
        let fails = || Err("what is inside may fail".to_owned());
        return flat(
            read(data, |c: aggregateCall| Ok(by(me, plain(&c.calls))))
                .or_else(|| read(data, |c: blockAndAggregateCall| Ok(by(me, plain(&c.calls)))))
                .or_else(|| {
                    read(
                        data,
                        |c: tryAggregateCall| {
                            if c.requireSuccess { Ok(by(me, plain(&c.calls))) } else { fails() }
                        },
                    )
                })
                .or_else(|| {
                    read(
                        data,
                        |c: tryBlockAndAggregateCall| {
                            if c.requireSuccess { Ok(by(me, plain(&c.calls))) } else { fails() }
                        },
                    )
                })
                .or_else(|| {
                    read(data, |c: aggregate3Call| match c.calls.iter().any(|c| c.allowFailure) {
                        true => fails(),
                        false => {
                            Ok(by(me, c.calls.iter().map(|c| leg(c.target, c.callData.to_vec())).collect()))
                        }
                    })
                })
                .or_else(|| {
                    read(data, |c: aggregate3ValueCall| match c.calls.iter().any(|c| c.allowFailure) {
                        true => fails(),
                        false => Ok(by(
                            me,
                            c.calls
                                .iter()
                                .map(|c| leg(c.target, c.callData.to_vec()).value(c.value))
                                .collect(),
                        )),
                    })
                }),
        );
    }
    if me == ROUTER {
        // On itself, for the same sender.
        let calls = |c: multicallCall| by(from, c.data.iter().map(|data| leg(me, data.to_vec())).collect());
        return read(data, calls);
    }
    if [CALLS_ONLY, ANY_CALLS].contains(&me) {
        return flat(read(data, |c: multiSendCall| records(&c.transactions).map(|legs| by(me, legs))));
    }
    None
}

fn exec(call: &execTransactionCall) -> Result<Leg, String> {
    match call.gasPrice == U256::ZERO && call.safeTxGas == U256::ZERO {
        true => {
            Ok(Leg { operation: call.operation, to: call.to, value: call.value, data: call.data.to_vec() })
        }
        false => Err("whoever submits it is paid, or it may fail".to_owned()),
    }
}

fn executions(calls: &[Execution]) -> Vec<Leg> {
    calls.iter().map(|c| leg(c.target, c.callData.to_vec()).value(c.value)).collect()
}

fn modes(mode: B256, data: &[u8]) -> Result<Vec<Leg>, String> {
    match mode.0 {
        [0, rest @ ..] if rest == [0; 31] && data.len() >= 52 => Ok(vec![
            leg(Address::from_slice(&data[..20]), data[52..].to_vec())
                .value(U256::from_be_slice(&data[20..52])),
        ]),
        [1, rest @ ..] if rest == [0; 31] => {
            let calls = <Vec<Execution>>::abi_decode(data).map_err(|e| e.to_string())?;
            match calls.abi_encode() == data {
                true => Ok(executions(&calls)),
                false => Err("`sol!` writes the batch otherwise".to_owned()),
            }
        }
        _ => Err(format!("a mode that is neither one call nor several: {mode}")),
    }
}

fn records(mut data: &[u8]) -> Result<Vec<Leg>, String> {
    let mut legs = Vec::new();
    while !data.is_empty() {
        let head = data.get(..85).ok_or("half a record")?;
        let length: usize = U256::from_be_slice(&head[53..85]).try_into().map_err(|_| "a huge length")?;
        let body = data[85..].get(..length).ok_or("a length past the end")?;
        if head[0] > 1 {
            return Err(format!("an operation of {}", head[0]));
        }
        legs.push(Leg {
            operation: head[0],
            to: Address::from_slice(&head[1..21]),
            value: U256::from_be_slice(&head[21..53]),
            data: body.to_vec(),
        });
        data = &data[85 + length..];
    }
    Ok(legs)
}

/// Each leaf is granted by itself as it is granted inside, does what `sol!` reads in it, and may.
pub(super) fn agrees(
    shipped: &Shipped,
    chain: ChainId,
    leaves: &[Leaf],
    granted: &Granted,
) -> Result<(), String> {
    alone(shipped, chain, leaves, granted)?;
    leaves
        .iter()
        .zip(&granted.actions)
        .try_for_each(|(leaf, granted)| has(shipped, chain, granted, may(leaf)?))
}

/// Each leaf is granted by itself as it is granted inside.
pub(super) fn alone(
    shipped: &Shipped,
    chain: ChainId,
    leaves: &[Leaf],
    granted: &Granted,
) -> Result<(), String> {
    if leaves.len() != granted.actions.len() {
        return Err(format!("{} calls are inside, and {} are granted", leaves.len(), granted.actions.len()));
    }
    for (Leaf { from, leg }, granted) in leaves.iter().zip(&granted.actions) {
        let action = Action {
            kind: if leg.data.is_empty() { Kind::Send } else { Kind::Call },
            from: *from,
            to: leg.to,
            value: leg.value,
            command: [0; 4],
            data: &leg.data,
        };
        let alone = shipped.rule(&Request {
            chain,
            wallet: wallet(),
            signer: wallet(),
            agent: None,
            now: START,
            envelope: Envelope::default(),
            actions: &[action],
        });
        if alone.as_ref().map(|alone| alone.actions.as_slice()) != Ok(std::slice::from_ref(granted)) {
            return Err(format!("alone it is {alone:?}, inside {granted:?}"));
        }
    }
    Ok(())
}

/// What it does, if the policy, as a person reads it, allows it.
fn may(Leaf { from, leg }: &Leaf) -> Result<Vec<Plain>, String> {
    let (mine, unpaid) = (*from == wallet(), leg.value == U256::ZERO);
    let ether = |milli: u64| U256::from(milli) * U256::from(10u64.pow(15));
    let dollars = U256::from(100_000_000);
    if let Some(ring) = read(&leg.data, |call: ringCall| call) {
        let value = (EffectKind::Move, Address::ZERO, leg.value, leg.to);
        let fits = ring?.times <= U256::from(3) && leg.to == BELL && leg.value <= ether(100);
        // Another's value is not the wallet's.
        let effects = if unpaid || !mine { Vec::new() } else { vec![value] };
        return if fits { Ok(effects) } else { Err(format!("not for the bell: {leg:?}")) };
    }
    let call = resolved(call(&leg.data)?, *from);
    let fits = match &call {
        Call::Send => leg.to == FRIEND && leg.value <= ether(500),
        Call::Transfer(c) => unpaid && leg.to == USDC && c.to == FRIEND && c.amount <= dollars,
        Call::Swap(p) => {
            unpaid
                && leg.to == ROUTER
                && (p.tokenIn, p.tokenOut, p.recipient) == (USDC, WETH, wallet())
                && p.amountIn <= dollars
                && fair(p.amountIn, p.amountOutMinimum, 6_000_000_000)
        }
        _ => false,
    };
    match (fits && mine, effects(leg.to, leg.value, &call)) {
        (true, Some(effects)) => Ok(effects),
        _ => Err(format!("the policy, as a person reads it, does not allow {leg:?} of {from}")),
    }
}
