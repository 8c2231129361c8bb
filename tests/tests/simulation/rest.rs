//! How a history ends: everything lands and is final, and what was counted is what left.

use crate::{
    node::Mood,
    paper::Paper,
    play::Play,
    shop::{BUDGETS, CHAIN, DAY, Kind, Span, What, key, line, usdc},
};
use agentpol_model::decision::DenyCode;
use agentpol_runtime::{Answer, gate::Reading, ledger::Slot};

impl Play<'_> {
    /// The chain mines all it has, faults are over, and two looks see it.
    pub(crate) fn come_to_rest(&mut self) {
        {
            let mut played = self.street.see();
            played.chain.foreign = false;
            while played.chain.pool.contains_key(&played.chain.head().nonce) {
                played.chain.mine(&mut self.rng, 90);
            }
            played.chain.mine(&mut self.rng, 0);
            played.chain.finalise(0);
        }
        self.look_in(Mood::Fine);
        self.look_in(Mood::Fine);
        let played = self.street.see();
        let last = played.chain.last_final();
        let foreign = !last.foreign.is_empty();
        let ledger = self.gate.ledger();
        let left = ledger.state().slots.keys().filter_map(|slot| match slot {
            Slot::Transaction { nonce, .. } => Some(*nonce),
            Slot::Signature { .. } => None,
        });
        let open: Vec<u64> = left.collect();
        assert!(foreign || open.iter().all(|nonce| *nonce >= last.nonce), "{open:?} of {}", last.nonce);
        if foreign || !open.is_empty() {
            return;
        }
        let lent = self.truth.slots.values().flatten().any(|version| matches!(version.what, What::Lend(_)));
        for (budget, kind, span) in BUDGETS {
            // What was lent may have been taken unseen; it goes on counting.
            if kind != Kind::Usdc || !lent {
                let used = ledger.used(&line(budget)).to_word();
                assert_eq!(used, self.truth.least(&played.chain, kind, span), "{budget}");
            }
        }
        drop((ledger, played));
        self.tally.settled += 1;
        self.pass(2 * DAY);
        for (budget, kind, span) in BUDGETS {
            let used = self.gate.ledger().used(&line(budget)).to_word();
            assert!(
                span == Span::Ever || kind == Kind::Usdc && lent || used.is_zero(),
                "{budget} never refills"
            );
        }
    }

    /// Time goes by, and nothing else.
    fn pass(&mut self, time: u64) {
        {
            let mut played = self.street.see();
            let from = played.chain.head().time;
            while played.chain.head().time < from + time {
                played.chain.mine(&mut self.rng, 0);
            }
            played.chain.finalise(0);
        }
        self.look_in(Mood::Fine);
    }

    /// Every decision of the log comes out the same once more.
    pub(crate) fn decide_again(&self) {
        self.paper.flush();
        let modules = self.paper.kept();
        let mut reading = Reading::again(Paper::shelf(modules));
        Paper::open(self.paper.copy().0, modules, None, &mut reading).unwrap();
        let replayed = reading.replayed().unwrap();
        assert!(replayed.differences.is_empty(), "{:?}", replayed.differences.first());
        assert_eq!(replayed.unwritten, 0);
    }

    /// A history, of which a copy is kept in the middle and gone on from at the end.
    pub(crate) fn run_until_forgotten(&mut self, steps: u64) -> bool {
        self.street.see().chain.foreign = false;
        self.run_for(steps).unwrap();
        let (copy, _) = self.paper.copy();
        self.run_for(steps).unwrap();
        self.go_on_from(copy)
    }

    /// An older copy of the log is gone on from, and nobody knew how far it went. When what it does not know of has landed, nothing
    /// more is signed. Returns whether there was something.
    fn go_on_from(&mut self, copy: Vec<u8>) -> bool {
        assert!(self.open(copy, None));
        let unknown: Vec<u64> = {
            let mut played = self.street.see();
            let ledger = self.gate.ledger();
            let next = ledger.state().next_nonce[&(CHAIN, key().address())];
            let chain = &mut played.chain;
            let gone = |nonce: u64| nonce >= next;
            let unknown = chain.pool.keys().copied().filter(|nonce| gone(*nonce)).collect();
            chain.foreign = false;
            while chain.pool.contains_key(&chain.head().nonce) {
                chain.mine(&mut self.rng, 90);
            }
            chain.finalise(0);
            unknown
        };
        let landed = self.street.see().chain.head().nonce;
        if unknown.iter().all(|nonce| *nonce >= landed) {
            return false;
        }
        self.look_in(Mood::Fine);
        self.look_in(Mood::Fine);
        assert!(self.gate.ledger().state().locked, "{unknown:?} landed, and nobody noticed");
        let answer = self.gate.ask(What::Pay(usdc(1)).request(None, 1), None, self.now());
        let Answer::Denied(decision) = answer else { panic!("{answer:?}") };
        assert!(matches!(decision.code(), Some(DenyCode::Locked | DenyCode::Frozen)), "{decision:?}");
        true
    }
}
