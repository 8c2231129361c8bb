//! What the child does: it asks until it is killed.

use super::{BUDGETS, CLIENTS, NAMES};
use crate::{
    generator::Rng,
    shop::{CHAIN, START, binding, key, module, payment},
};
use agentpol_model::B256;
use agentpol_runtime::{
    Answer, Gate,
    gate::Once,
    history::{Bound, Folder, Known},
    ledger::Record,
};
use alloy::signers::local::PrivateKeySigner;
use alloy_primitives::{hex, keccak256};
use std::{
    io::Write as _,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

/// The history in a folder, begun if there is none.
pub fn gate(folder: &Path) -> Gate<PrivateKeySigner> {
    let opened = match Folder::is_begun(folder) {
        true => Folder::open(folder, None, key()),
        false => {
            let module = module(BUDGETS);
            let bound = Bound::new(&module, &binding(), false).unwrap_or_else(|e| panic!("{e}"));
            Folder::begin(folder, bound, &module, key())
        }
    };
    let (gate, _) = opened.unwrap_or_else(|e| panic!("{e}"));
    if gate.next_nonce(CHAIN).is_none() {
        let begun = gate.observe(Record::Begin(CHAIN, key().address(), 0));
        begun.unwrap_or_else(|e| panic!("{e}"));
    }
    gate
}

pub(super) fn known(name: u64) -> Known {
    Known { key: format!("payment {name}"), asked: keccak256(name.to_be_bytes()) }
}

/// Asks until it is killed. Says `ready`, then for each signature its name, hash and bytes.
pub fn ask_for_ever(folder: &Path, seed: u64) {
    let gate = gate(folder);
    say("ready");
    let next = AtomicU64::new(seed % NAMES);
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (gate, next) = (&gate, &next);
            scope.spawn(move || {
                let mut rng = Rng::new(seed ^ (client as u64) << 32);
                loop {
                    ask(gate, name(&mut rng, next));
                }
            });
        }
    });
}

fn name(rng: &mut Rng, next: &AtomicU64) -> u64 {
    let most = next.load(Ordering::Relaxed);
    match most >= NAMES || rng.chance(30) {
        true => rng.below(most.clamp(1, NAMES) as usize) as u64,
        false => next.fetch_add(1, Ordering::Relaxed),
    }
}

fn ask(gate: &Gate<PrivateKeySigner>, name: u64) {
    let signed: Option<(B256, Vec<u8>)> = match gate.ask_once(payment(name), None, START, &known(name)) {
        Once::First(Answer::Reserved(reserved)) => gate.sign_sync(reserved).ok().and_then(|signed| {
            let transaction = signed.transaction()?;
            Some((transaction.hash, transaction.raw.clone()))
        }),
        Once::Again { signed: Some(signed), .. } => Some((signed.hash, signed.bytes.to_vec())),
        _ => None,
    };
    if let Some((hash, raw)) = signed {
        say(&format!("{name} {hash} {}", hex::encode(raw)));
    }
}

/// One write, so that a kill leaves whole lines and at most a part of one.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    if out.write_all(format!("{line}\n").as_bytes()).and_then(|()| out.flush()).is_err() {
        std::process::exit(0);
    }
}
