//! Modules that nobody compiled: bytes of good ones, changed and given a hash that fits. Whatever they are, nothing panics;
//! what is accepted has one encoding and stays within its cost.

use crate::{
    differential::WALLET,
    generator::{OwnedRequest, Rng, aim, aim::Pool, aim::values, rules},
};
use agentpol_analysis::ruleset::Bound;
use agentpol_compiler::lower::lower;
use agentpol_verifier::verify;
use agentpol_vm::{Binding, Policy, Scratch};

const HASH_BYTES: usize = 32;

/// How far mutants came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All of them.
    pub mutants: usize,
    /// Those that are some module's bytes.
    pub decoded: usize,
    /// Those that the verifier accepts.
    pub verified: usize,
    /// Requests that they judged.
    pub requests: usize,
}

/// Changes `bytes` somewhere.
pub fn mutate(bytes: &mut Vec<u8>, rng: &mut Rng) {
    for _ in 0..rng.between(1, 3) {
        if bytes.is_empty() {
            return;
        }
        let at = rng.below(bytes.len());
        let length = rng.between(1, 8).min(bytes.len() - at);
        match rng.below(8) {
            0..=1 => bytes[at] ^= 1 << rng.below(8),
            2 => bytes[at] = bytes[at].wrapping_add(1),
            3 => bytes[at] = *rng.pick(&[0, 1, 2, 0x7f, 0x80, 0xff]),
            4 => drop(bytes.drain(at..at + length)),
            5 => {
                let extra = rng.bytes(length);
                bytes.splice(at..at, extra);
            }
            6 => {
                let copy = bytes[at..at + length].to_vec();
                let to = rng.below(bytes.len());
                bytes.splice(to..to, copy);
            }
            _ => {
                let other = rng.below(bytes.len());
                bytes.swap(at, other);
            }
        }
    }
}

/// Judges requests by a mutant, if it gets so far. Panics if a promise is broken.
pub fn run(bytes: &[u8], binding: &Binding, requests: &[OwnedRequest], tally: &mut Tally) {
    tally.mutants += 1;
    let Ok(module) = agentpol_bytecode::decode(bytes) else { return };
    tally.decoded += 1;
    assert_eq!(agentpol_bytecode::encode(&module), bytes, "a module has one encoding");
    let Ok(verified) = verify(module) else { return };
    tally.verified += 1;
    let Ok(policy) = Policy::bind(verified, binding) else { return };
    let mut scratch = Scratch::new(&policy);
    for request in requests {
        let _ = request.with(|request| policy.decide(request, &mut scratch));
        tally.requests += 1;
        let most = policy.max_steps().saturating_mul(request.actions.len() as u64);
        assert!(scratch.steps() <= most, "{} steps where {most} were promised", scratch.steps());
    }
}

/// Mutants of generated modules.
pub fn of_generated(seeds: core::ops::Range<u64>, mutants: usize) -> Tally {
    let mut tally = Tally::default();
    for seed in seeds {
        let rng = &mut Rng::new(seed);
        let rules = rules::random(rng, rules::Size::default());
        let params = values(&rules, rng);
        let Ok(bound) = Bound::new(&rules, WALLET, params.clone()) else { continue };
        let Ok(module) = lower(&rules) else { continue };
        let pool = Pool::new(&rules, &bound);
        let requests: Vec<_> = (0..5).map(|_| aim(&rules, &bound, &pool, rng)).collect();
        let binding = Binding { wallet: WALLET, signer: WALLET, params };
        let bytes = agentpol_bytecode::encode(&module);
        let body = &bytes[..bytes.len() - HASH_BYTES];
        for _ in 0..mutants {
            let mut mutant = body.to_vec();
            mutate(&mut mutant, rng);
            let hash = blake3::hash(&mutant);
            mutant.extend_from_slice(hash.as_bytes());
            run(&mutant, &binding, &requests, &mut tally);
        }
    }
    tally
}
