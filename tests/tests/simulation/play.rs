//! One history: what happens to a gate, by a seed.

use crate::{
    chain::{DEEPEST, Sent},
    node::{Mood, Street},
    paper::Paper,
    shop::{self, CHAIN, Edition, What, key, usdc},
    truth::Truth,
};
use agentpol_gateway::{
    Config, Follower, Gateway, Node,
    config::{Listen, Secret},
};
use agentpol_model::{B256, Time};
use agentpol_runtime::{
    Gate,
    gate::{GateError, GateSignError, Reserved},
    ledger::{Record, Reply, Slot},
};
use agentpol_tests::generator::Rng;
use alloy::signers::{Signature, local::PrivateKeySigner};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use tokio::runtime::Runtime;

pub(crate) type Signing = Gate<PrivateKeySigner>;

/// How the world lies to the gate, for the checks to find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lie {
    /// What is newest is told as final.
    Final,
    /// What was not seen for a while is told as void.
    Dropped,
    /// An older copy of the log is gone on from.
    Forgotten,
}

/// What came of it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) histories: u64,
    pub(crate) steps: u64,
    pub(crate) signed: u64,
    pub(crate) denied: u64,
    pub(crate) approved: u64,
    pub(crate) landed: u64,
    pub(crate) reorgs: u64,
    pub(crate) restarts: u64,
    pub(crate) copies_refused: u64,
    pub(crate) locked: u64,
    pub(crate) settled: u64,
}

impl core::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.histories += other.histories;
        self.steps += other.steps;
        self.signed += other.signed;
        self.denied += other.denied;
        self.approved += other.approved;
        self.landed += other.landed;
        self.reorgs += other.reorgs;
        self.restarts += other.restarts;
        self.copies_refused += other.copies_refused;
        self.locked += other.locked;
        self.settled += other.settled;
    }
}

/// A reservation that somebody has in hand.
pub(crate) struct Held {
    reserved: Reserved,
    nonce: u64,
    what: What,
    gwei: u128,
    edition: usize,
    key: Option<Name>,
}

/// An agent and its name for a request.
pub(crate) type Name = (Option<&'static str>, String);

/// What a name was used for.
pub(crate) struct Used {
    pub(crate) what: What,
    pub(crate) at: Time,
    pub(crate) entry: u64,
    pub(crate) hash: Option<B256>,
}

/// What waits, or has waited, for approval.
pub(crate) struct Wait {
    pub(crate) name: B256,
    pub(crate) nonce: Option<u64>,
    pub(crate) what: What,
    pub(crate) gwei: u128,
    pub(crate) until: Time,
    pub(crate) edition: usize,
    /// Who has agreed to this one, and not to another of the same name.
    pub(crate) agreed: BTreeSet<usize>,
    /// The same before the last answer, which may be lost.
    pub(crate) before: BTreeSet<usize>,
    /// It is answered: by which entry of the log.
    pub(crate) over: Option<u64>,
    /// Signatures that were given for it, and by whom: whoever has them can bring them again.
    pub(crate) given: Vec<(usize, Signature)>,
    /// Those for others of this name.
    pub(crate) stale: Vec<Signature>,
}

pub(crate) struct Play<'r> {
    pub(crate) rng: Rng,
    pub(crate) runtime: &'r Runtime,
    pub(crate) street: Street,
    pub(crate) paper: Arc<Paper>,
    pub(crate) gate: Arc<Signing>,
    pub(crate) follower: Follower,
    pub(crate) truth: Truth,
    pub(crate) tally: Tally,
    /// The clock on the wall, beside the chain's.
    skew: i64,
    pub(crate) hand: Vec<Held>,
    /// Nonces of reservations that were thrown away while the gate ran: it cannot know.
    pub(crate) thrown: BTreeSet<u64>,
    pub(crate) names: BTreeMap<Name, Used>,
    pub(crate) waits: Vec<Wait>,
    pub(crate) copies: Vec<(Vec<u8>, agentpol_journal::Head)>,
    pub(crate) lie: Option<Lie>,
    /// Was the last look one of a node that knew everything?
    clear: bool,
}

pub(crate) fn begun(gate: &Arc<Signing>, street: &Street, runtime: &Runtime) -> Follower {
    let listen = Listen::Tcp(([127, 0, 0, 1], 0).into());
    let config = Config { without_token: true, ..Config::new(listen, Secret::new("http://127.0.0.1:1")) };
    let node: Arc<dyn Node> = Arc::new(street.clone());
    Follower::new(runtime.block_on(Gateway::begin(config, gate.clone(), node)).unwrap())
}

impl<'r> Play<'r> {
    pub(crate) fn new(seed: u64, lie: Option<Lie>, runtime: &'r Runtime) -> Self {
        let mut rng = Rng::new(seed);
        let street = Street::new();
        street.see().chain.foreign = lie.is_none() && rng.chance(25);
        let edition = Edition { module: 0, cap: 60 };
        let paper = Arc::new(Paper::new(None));
        let gate = Gate::begin(edition.bound(), edition.bytes(), paper.clone(), key()).unwrap();
        let gate = Arc::new(gate);
        let follower = begun(&gate, &street, runtime);
        Self {
            rng,
            runtime,
            street,
            paper,
            gate,
            follower,
            truth: Truth::new(edition),
            tally: Tally::default(),
            skew: 0,
            hand: Vec::new(),
            thrown: BTreeSet::new(),
            names: BTreeMap::new(),
            waits: Vec::new(),
            copies: Vec::new(),
            lie,
            clear: true,
        }
    }

    /// What the clock on the wall says.
    pub(crate) fn now(&self) -> Time {
        self.street.see().chain.head().time.saturating_add_signed(self.skew)
    }

    /// So many steps, each of which is checked; then everything comes to rest.
    pub(crate) fn run(&mut self, steps: u64) -> Result<(), String> {
        self.run_for(steps)?;
        self.tally.histories += 1;
        if self.lie.is_none() {
            self.come_to_rest();
            self.check()?;
        }
        Ok(())
    }

    pub(crate) fn run_for(&mut self, steps: u64) -> Result<(), String> {
        for step in 0..steps {
            self.step();
            self.tally.steps += 1;
            self.check().map_err(|wrong| format!("step {step}: {wrong}"))?;
        }
        Ok(())
    }

    fn step(&mut self) {
        // Nothing happens while everything is stopped, so it is not for long.
        if self.gate.frozen().is_some() && self.rng.chance(15) {
            return self.stop_or_go();
        }
        match self.rng.below(100) {
            0..=31 => self.ask(),
            32..=37 => self.sign_some(),
            38..=46 => self.agree(),
            47 => self.reject(),
            48 => self.list(),
            49..=67 => self.mine(),
            68..=70 => self.reorganise(),
            71..=76 => self.finalise(),
            77..=87 => self.look(),
            88..=91 => self.turn_the_clock(),
            92..=93 => self.edit(),
            94..=95 => self.stop_or_go(),
            96..=97 => self.restart(),
            98 => self.keep_a_copy(),
            _ => self.restore(),
        }
    }

    /// Nothing left that was not counted, nothing is forgotten too early, and no nonce is left out.
    fn check(&self) -> Result<(), String> {
        let played = self.street.see();
        let wrong = self.truth.exceeded(&played.chain);
        let ledger = self.gate.ledger();
        let wrong = wrong.or_else(|| self.truth.forgotten(&played.chain, &ledger));
        if ledger.state().locked && self.lie.is_none() {
            assert!(!played.chain.last_final().foreign.is_empty(), "it is locked, and nobody was there");
        }
        drop(ledger);
        let next = self.gate.next_nonce(CHAIN).unwrap();
        let in_hand: BTreeSet<u64> = self.hand.iter().map(|held| held.nonce).collect();
        let signed = |nonce: &u64| {
            let versions = self.truth.slots.get(nonce).into_iter().flatten();
            versions.filter(|version| version.hash.is_some()).count() > 0
        };
        let foreign = &played.chain.head().foreign;
        let is_there =
            |n: &u64| signed(n) || in_hand.contains(n) || self.thrown.contains(n) || foreign.contains(n);
        let gap = (0..next).find(|nonce| !is_there(nonce) && *nonce >= played.chain.last_final().nonce);
        wrong.or_else(|| gap.map(|gap| format!("{gap} is left out, the next is {next}"))).map_or(Ok(()), Err)
    }

    // ---- signing
    /// What was reserved is counted; most of it is signed at once.
    pub(crate) fn took(&mut self, reserved: Reserved, nonce: u64, what: What, gwei: u128, key: Option<Name>) {
        self.truth.reserved(nonce, what, gwei, self.paper.entries());
        let edition = self.truth.edition();
        let held = Held { reserved, nonce, what, gwei, edition, key };
        match self.rng.below(10) {
            0..=1 => self.hand.push(held),
            _ => self.sign(held),
        }
    }

    fn sign_some(&mut self) {
        if self.hand.is_empty() {
            return;
        }
        let held = self.hand.swap_remove(self.rng.below(self.hand.len()));
        match self.rng.below(8) {
            0 => drop(self.thrown.insert(held.nonce)),
            _ => self.sign(held),
        }
    }

    fn sign(&mut self, held: Held) {
        let Held { reserved, nonce, what, gwei, edition, key } = held;
        let stopped = self.gate.frozen().is_some() || self.gate.ledger().state().locked;
        let stale = edition != self.truth.edition();
        match self.gate.sign_sync(reserved) {
            Ok(signed) => {
                assert!(!stopped && !stale, "signed, stopped {stopped}, under an older edition {stale}");
                let transaction = signed.transaction().unwrap();
                let sent = Sent::read(&transaction.raw);
                assert_eq!((sent.hash, sent.nonce, sent.what), (transaction.hash, nonce, what));
                self.truth.signed(nonce, what, gwei, sent.hash);
                self.tally.signed += 1;
                if let Some(name) = key {
                    self.name_signed(&name, what, sent.hash);
                }
                self.street.see().chain.receive(sent);
            }
            Err(GateSignError::NotReserved) => {
                let slot = Slot::Transaction { chain: CHAIN, account: shop::key().address(), nonce };
                let open = self.gate.ledger().state().slots.contains_key(&slot);
                assert!(stopped || stale || !open, "{nonce} is reserved, and not signed");
            }
            Err(e) => panic!("{e}"),
        }
    }

    // ---- the chain
    fn mine(&mut self) {
        let mut played = self.street.see();
        let blocks = if self.rng.chance(10) { self.rng.between(1, 2 * DEEPEST) } else { 1 };
        for _ in 0..blocks {
            played.chain.mine(&mut self.rng, 60);
            if let Some(leak) = self.truth.exceeded(&played.chain) {
                assert!(self.lie.is_some(), "{leak}");
                return;
            }
        }
    }

    fn reorganise(&mut self) {
        let deepest = self.rng.between(1, DEEPEST);
        let mut played = self.street.see();
        let before = played.chain.blocks.len();
        played.chain.forget(deepest);
        self.tally.reorgs += u64::from(played.chain.blocks.len() < before);
    }

    fn finalise(&mut self) {
        let behind = *self.rng.pick(&[0, 1, 5, DEEPEST]);
        self.street.see().chain.finalise(behind);
    }

    fn look(&mut self) {
        let mood = match self.rng.below(12) {
            _ if self.lie == Some(Lie::Final) => Mood::Liar,
            0 => Mood::Gone(self.rng.below(12)),
            1 => Mood::Behind(self.rng.below(40)),
            // What hides a receipt twice in a row is believed, and locks the ledger.
            2 if self.clear => Mood::Forgetful,
            3 if self.clear => Mood::Reorg(self.rng.between(1, 12), self.rng.between(1, DEEPEST)),
            _ => Mood::Fine,
        };
        self.look_in(mood);
        if self.lie == Some(Lie::Dropped) && self.rng.chance(10) {
            let slot = self.gate.ledger().state().slots.keys().next().copied();
            slot.map(|slot| self.gate.observe(Record::Void(slot)).unwrap());
        }
        if self.gate.ledger().state().locked && self.rng.chance(30) {
            self.adopt();
        }
    }

    pub(crate) fn look_in(&mut self, mood: Mood) {
        let before = self.gate.ledger().state().slots.len();
        self.street.be(mood);
        self.runtime.block_on(self.follower.step());
        self.street.be(Mood::Fine);
        self.clear = matches!(mood, Mood::Fine);
        self.tally.landed += before.saturating_sub(self.gate.ledger().state().slots.len()) as u64;
    }

    /// The owner has seen it, and lets the agent go on.
    fn adopt(&mut self) {
        let asset = agentpol_runtime::ledger::Asset { chain: CHAIN, contract: Some(shop::USDC) };
        let lines = ["hourly", "daily", "life"].map(shop::line).into();
        let at = self.street.see().chain.last_final().time;
        let reply = self.gate.observe(Record::Adopt(asset, usdc(1), at, lines)).unwrap();
        assert_eq!(reply, Reply::Done);
        self.tally.locked += 1;
    }

    fn turn_the_clock(&mut self) {
        const YEARS: i64 = 10 * 365 * 86_400;
        self.skew = match self.rng.below(20) {
            0 => YEARS,
            1 => -YEARS,
            2..=3 => 0,
            4..=5 => self.rng.between(0, 7_200) as i64 - 3_600,
            6..=10 => self.skew + 600,
            _ => self.skew + self.rng.between(0, 10) as i64 - 5,
        };
    }

    // ---- the owner
    fn edit(&mut self) {
        let edition = Edition { module: self.rng.below(2), cap: *self.rng.pick(&[40, 60, 100, 200]) };
        if self.rng.chance(20) {
            let forged = edition.signed(&self.gate, &shop::stranger());
            let refused = self.gate.replace(forged, edition.bytes());
            assert!(matches!(refused, Err(GateError::NotTheOwner { .. })), "{refused:?}");
            return;
        }
        self.gate.replace(edition.signed(&self.gate, &shop::owner()), edition.bytes()).unwrap();
        self.truth.editions.push(edition);
    }

    fn stop_or_go(&mut self) {
        match self.gate.frozen() {
            None => self.gate.freeze("a hunch", self.now()).unwrap(),
            Some(_) => self.gate.thaw(self.now()).unwrap(),
        }
    }
}
