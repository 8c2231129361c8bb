//! What agents and approvers do in a history, and what they must be answered.

use crate::{
    play::{Name, Play, Used, Wait},
    shop::{self, CHAIN, What, agreed, usdc},
};
use agentpol_model::{B256, decision::DenyCode};
use agentpol_runtime::{
    Answer, Decision,
    gate::{KEYS_ARE_KEPT, Once, Pending},
    history::Known,
    ledger::Reply,
};
use alloy_primitives::keccak256;
use std::collections::BTreeSet;

const AGENTS: [Option<&str>; 3] = [None, Some("bot"), Some("cat")];

/// Names that an agent gives its requests: few, so that they come again.
const NAMES: usize = 30;

impl Play<'_> {
    pub(crate) fn ask(&mut self) {
        let what = match self.rng.below(12) {
            0..=5 => What::Pay(usdc(*self.rng.pick(&[1, 5, 10, 15, 20]))),
            6..=8 => What::Pay(usdc(*self.rng.pick(&[25, 65]))),
            9..=10 => What::Lend(usdc(*self.rng.pick(&[0, 5, 12, 40]))),
            _ => What::Draw(usdc(*self.rng.pick(&[3, 12]))),
        };
        let gwei = *self.rng.pick(&[1, 2, 4]);
        let next = self.gate.next_nonce(CHAIN).unwrap();
        let nonce = match self.rng.below(20) {
            // To replace something, or where nothing is to be had.
            0..=2 => Some(next.saturating_sub(self.rng.between(1, 4) as u64)),
            3 => Some(next + 1),
            _ => None,
        };
        let agent = *self.rng.pick(&AGENTS);
        if nonce.is_none() && self.rng.chance(40) {
            let name = (agent, self.rng.below(NAMES).to_string());
            return self.ask_by_name(name, what, gwei);
        }
        let answer = self.gate.ask(what.request(nonce, gwei), agent, self.now());
        self.answered(answer, nonce, next, what, gwei, None);
    }

    fn answered(
        &mut self,
        answer: Answer,
        nonce: Option<u64>,
        next: u64,
        what: What,
        gwei: u128,
        key: Option<Name>,
    ) {
        match answer {
            Answer::Reserved(reserved) => {
                assert_eq!(self.truth.current().need(what), 0, "{what:?} needs somebody who agrees");
                self.took(reserved, nonce.unwrap_or(next), what, gwei, key);
            }
            Answer::Asked(pending) => self.asked(&pending, nonce, what, gwei),
            Answer::Denied(decision) => self.denied(&decision),
        }
    }

    fn denied(&mut self, decision: &Decision) {
        let code = decision.code().unwrap();
        assert_ne!(code, DenyCode::Storage, "{}", decision.reason);
        let (frozen, locked) = (self.gate.frozen().is_some(), self.gate.ledger().state().locked);
        assert!(code != DenyCode::Frozen || frozen);
        assert!(code != DenyCode::Locked || locked);
        self.tally.denied += 1;
    }

    // ---- names
    fn ask_by_name(&mut self, name: Name, what: What, gwei: u128) {
        // The same again, most of the time.
        let what = match self.names.get(&name).filter(|_| self.rng.chance(85)) {
            Some(used) => used.what,
            None => what,
        };
        let known = Known { key: name.1.clone(), asked: asked(what) };
        let next = self.gate.next_nonce(CHAIN).unwrap();
        let once = self.gate.ask_once(what.request(None, gwei), name.0, self.now(), &known);
        match once {
            Once::Again { signed, .. } => {
                let used = self.names.get(&name).unwrap_or_else(|| panic!("{name:?} is new"));
                assert_eq!(used.what, what, "{name:?} was used for something else");
                let hash = signed.map(|signed| signed.hash);
                // The same bytes asked for without that name, and signed for whoever did, are what was signed for it too.
                let by_another =
                    used.hash.is_none() && hash.is_some_and(|hash| self.truth.has_signed(what, hash));
                assert!(hash == used.hash || by_another, "{name:?}: {hash:?} and {:?}", used.hash);
            }
            Once::First(Answer::Reserved(reserved)) => {
                let now = self.gate.ledger().state().now;
                if let Some(used) = self.names.get(&name) {
                    let is_old = now.saturating_sub(used.at) > KEYS_ARE_KEPT;
                    assert!(is_old || used.hash.is_none(), "{name:?} is charged twice");
                }
                let used = Used { what, at: now, entry: self.paper.entries(), hash: None };
                self.names.insert(name.clone(), used);
                self.answered(Answer::Reserved(reserved), None, next, what, gwei, Some(name));
            }
            Once::First(answer) => self.answered(answer, None, next, what, gwei, None),
        }
    }

    pub(crate) fn name_signed(&mut self, name: &Name, what: What, hash: B256) {
        // The name may have been forgotten, and used again.
        if let Some(used) = self.names.get_mut(name).filter(|used| used.what == what && used.hash.is_none()) {
            used.hash = Some(hash);
        }
    }

    // ---- approvals
    fn asked(&mut self, pending: &Pending, nonce: Option<u64>, what: What, gwei: u128) {
        let need = self.truth.current().need(what);
        assert!(need > 0 && pending.asking().need as usize == need, "{what:?} needs {need}");
        let now = self.gate.ledger().state().now;
        let until = now + self.truth.current().within(what);
        let edition = self.truth.edition();
        let mut stale = Vec::new();
        if let Some(old) = self.waits.iter_mut().find(|wait| wait.name == pending.name()) {
            if old.over.is_none() && now <= old.until && old.edition == edition {
                return; // It waits already.
            }
            stale.extend(old.given.iter().map(|(_, signature)| *signature));
            stale.extend(old.stale.iter().copied().take(4));
        }
        self.waits.retain(|wait| wait.name != pending.name());
        let (name, agreed, before) = (pending.name(), BTreeSet::new(), BTreeSet::new());
        let (over, given) = (None, Vec::new());
        self.waits.push(Wait { name, nonce, what, gwei, until, edition, agreed, before, over, given, stale });
    }

    /// Somebody signs what waits, or sends a signature again that was given before, or one that is nobody's.
    pub(crate) fn agree(&mut self) {
        let Some(n) = (!self.waits.is_empty()).then(|| self.rng.below(self.waits.len())) else { return };
        let name = self.waits[n].name;
        let approvers = [shop::alice(), shop::bob(), shop::stranger()];
        let mut signatures = Vec::new();
        let mut fresh = BTreeSet::new();
        for (who, by) in approvers.iter().enumerate() {
            if self.rng.chance(45)
                && let Some(signature) = agreed(&self.gate, &name, by)
            {
                self.waits[n].given.push((who, signature));
                signatures.push(signature);
                fresh.insert(who);
            }
        }
        if self.rng.chance(30) {
            fresh.extend(self.waits[n].given.iter().map(|(who, _)| *who));
            signatures.extend(self.waits[n].given.iter().map(|(_, signature)| *signature));
        }
        // The stranger is nobody's approver.
        fresh.remove(&2);
        if self.rng.chance(50) {
            signatures.extend(self.waits[n].stale.iter().copied());
        }
        let (now, next) = (self.now(), self.gate.next_nonce(CHAIN).unwrap());
        let answer = self.gate.approve(&name, &signatures, now);
        let now = self.gate.ledger().state().now;
        let edition = self.truth.edition();
        let wait = &mut self.waits[n];
        wait.given.truncate(6);
        fresh.extend(&wait.agreed);
        let alive = wait.over.is_none() && now <= wait.until && wait.edition == edition;
        let (nonce, what, gwei) = (wait.nonce.unwrap_or(next), wait.what, wait.gwei);
        let enough = fresh.len() >= self.truth.current().need(what);
        match answer {
            Answer::Reserved(reserved) => {
                assert!(alive && enough, "{what:?} by {fresh:?}, while it waits: {alive}");
                wait.over = Some(self.paper.entries());
                wait.before = core::mem::replace(&mut wait.agreed, fresh);
                self.tally.approved += 1;
                self.took(reserved, nonce, what, gwei, None);
            }
            Answer::Asked(_) => {
                assert!(alive && !enough, "{what:?} by {fresh:?}, while it waits: {alive}");
                wait.agreed = fresh;
            }
            Answer::Denied(decision) => {
                let is_over = self.gate.approval(&name).is_none();
                wait.over = wait.over.or(is_over.then(|| self.paper.entries()));
                self.denied(&decision);
            }
        }
    }

    pub(crate) fn reject(&mut self) {
        let Some(n) = (!self.waits.is_empty()).then(|| self.rng.below(self.waits.len())) else { return };
        let now = self.gate.ledger().state().now;
        let edition = self.truth.edition();
        let wait = &mut self.waits[n];
        let alive = wait.over.is_none() && now <= wait.until && wait.edition == edition;
        let reply = self.gate.reject(&wait.name).unwrap();
        assert_eq!(reply == Reply::Done, alive, "{reply:?}");
        wait.over = wait.over.or(Some(self.paper.entries()));
    }

    /// Whoever only looks changes nothing.
    pub(crate) fn list(&self) {
        let before = self.gate.ledger().clone();
        let waiting = self.gate.waiting(self.now()).unwrap();
        assert!(*self.gate.ledger() == before, "{} wait", waiting.len());
    }
}

fn asked(what: What) -> B256 {
    keccak256(format!("{what:?}"))
}
