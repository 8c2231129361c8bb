//! No budget is exceeded in any window of any behaviour, and nothing but an allow raises a budget's use: on random policies
//! over two chains, against the adversary of `world.rs`.

use crate::requests::{TRUSTED, asset};
use crate::world::{How, Withheld, World};
use agentpol_model::{
    Address, Time, U256,
    budget::{Period, Window},
};
use agentpol_runtime::ledger::{
    Asset, Counts, Ledger, Line, LineName, Lines, Name, Record, Reply, Rule, Slot, Terms, Total, Verdict,
};
use std::collections::BTreeMap;

/// Random behaviours that every run plays, and steps of each.
const BEHAVIOURS: u64 = 200;
const STEPS: usize = 80;
/// 2026-11-21T00:00:00Z, a Saturday.
const START: Time = 1_795_219_200;
/// A quarter of a day.
pub(crate) const TICK: Time = 21_600;
pub(crate) const ACCOUNT: Address = Address::repeat_byte(0xaa);
pub(crate) const RULES: [&str; 4] = ["a", "b", "c", "parent"];

#[test]
fn no_budget_is_exceeded_in_any_behaviour() {
    let mut outflows = 0;
    let count = crate::reference::runs("AGENTPOL_BEHAVIOURS", BEHAVIOURS);
    let first = crate::reference::runs("AGENTPOL_FIRST_SEED", 0);
    for seed in first..first + count {
        outflows += Behaviour::new(seed).play().unwrap();
    }
    println!("{count} behaviours from seed {first}, {outflows} times something left");
    assert!(outflows > 1_000, "the adversary has teeth");
}

/// The checker sees a leak: a ledger that is told too early that time has passed lets too much leave.
#[test]
fn a_ledger_that_is_lied_to_is_caught() {
    let leaks = (0..200).filter(|seed| {
        let mut behaviour = Behaviour::new(*seed);
        behaviour.lie = true;
        behaviour.play().is_err()
    });
    let leaks = leaks.count();
    assert!(leaks > 10, "{leaks} of 200");
}

/// SplitMix64.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }

    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize].clone()
    }
}

pub(crate) struct Behaviour {
    seed: u64,
    pub(crate) random: Random,
    pub(crate) chains: u64,
    withheld: Withheld,
    pub(crate) world: World,
    pub(crate) ledger: Ledger,
    pub(crate) requests: u64,
    /// Everything happens to one spender's authority over one asset.
    pub(crate) narrow: bool,
    lie: bool,
}

impl Behaviour {
    fn new(seed: u64) -> Self {
        let mut random = Random(seed);
        let narrow = random.chance(50);
        let chains = if narrow { 1 } else { random.pick(&[1, 1, 2]) };
        let terms = terms(&mut random, chains);
        let logs = random.chance(30);
        let withheld = Withheld {
            logs: !logs,
            signatures: !logs && random.chance(50),
            amounts: !logs && random.chance(50),
        };
        let mut ledger = Ledger::new(terms.clone(), logs);
        for chain in 1..=chains {
            ledger.apply(Record::Begin(chain, ACCOUNT, 0));
            ledger.apply(Record::Final(chain, START));
        }
        let world = World::new(terms, withheld, START);
        Self { seed, random, chains, withheld, world, ledger, requests: 0, narrow, lie: false }
    }

    fn play(&mut self) -> Result<usize, String> {
        let mut outflows = 0;
        for step in 0..STEPS {
            match self.random.below(16) {
                0..=4 => self.sign(),
                5..=6 => self.tick(),
                7..=10 => outflows += self.land(),
                11..=13 => outflows += self.pull(),
                14 => self.finalise(),
                _ => self.void(),
            }
            if let Some(leak) = self.world.exceeded() {
                return Err(format!("behaviour {}, step {step}: {leak}", self.seed));
            }
        }
        let state = self.ledger.state();
        assert_eq!(state, &state.recounted());
        Ok(outflows)
    }

    fn tick(&mut self) {
        self.world.now += TICK;
        self.ledger.apply(Record::Now(self.world.now));
        if self.lie {
            for chain in 1..=self.chains {
                self.ledger.apply(Record::Final(chain, self.world.now + 8 * TICK));
            }
        }
    }

    fn sign(&mut self) {
        let request = self.request();
        let before = self.uses();
        let Reply::Judged(mut judgement) = self.ledger.apply(Record::Request(request.clone())) else {
            return;
        };
        if let Verdict::Ask { .. } = judgement.verdict {
            assert_eq!(self.uses(), before, "asking charges nothing");
            let Reply::Judged(approved) = self.ledger.apply(Record::Approve(request.clone())) else { return };
            assert_eq!(approved.verdict, Verdict::Allow, "nothing has changed since the ask");
            judgement = approved;
        }
        if judgement.verdict != Verdict::Allow {
            assert_eq!(self.uses(), before, "a denial charges nothing");
            return;
        }
        for (name, line) in &self.ledger.state().terms.lines {
            let cap = before[name].max(line.cap.into());
            assert!(
                judgement.over.contains(name) || self.ledger.used(name) <= cap,
                "behaviour {}: {name} is above its cap without approval",
                self.seed
            );
        }
        self.world.sign(&request, &judgement.over);
    }

    fn land(&mut self) -> usize {
        let landable = self.world.landable();
        if landable.is_empty() {
            return 0;
        }
        let (slot, version) = self.random.pick(&landable);
        let parts = How::Parts(self.random.below(8));
        let how =
            self.random.pick(&[How::Full, How::Full, How::Revert, How::Least, How::HelpYourself, parts]);
        self.world.land(slot, version, how);
        1
    }

    fn pull(&mut self) -> usize {
        let keys = self.world.keys();
        if keys.is_empty() {
            return 0;
        }
        let key = self.random.pick(&keys);
        let live = self.world.live(&key);
        if live == U256::ZERO {
            return 0;
        }
        let amount = if self.random.chance(50) { live } else { U256::ONE };
        self.world.pull(key, amount);
        1
    }

    fn finalise(&mut self) {
        let chain = 1 + self.random.below(self.chains);
        let at = self.world.now - if self.random.chance(30) { TICK } else { 0 };
        let mut records = self.world.finalised(chain, at);
        if at == self.world.now && self.random.chance(30) {
            let keys = self.world.keys().into_iter().filter(|key| key.asset.chain == chain);
            records.extend(keys.map(|key| Record::Allowance(key, self.world.live(&key), at)));
        }
        records.push(Record::Final(chain, at));
        for record in records {
            self.fact(record);
        }
    }

    /// Proofs that a signature was not used.
    fn void(&mut self) {
        if self.withheld.signatures {
            return;
        }
        let state = self.ledger.state();
        let unused = state.slots.iter().filter(|(slot, open)| {
            let lo = state.lo.get(&slot.chain()).copied().unwrap_or(0);
            matches!(slot, Slot::Signature { .. })
                && open.deadline.is_some_and(|deadline| deadline < lo)
                && !self.world.used.contains(slot)
        });
        for slot in unused.map(|(slot, _)| *slot).collect::<Vec<_>>() {
            self.fact(Record::Void(slot));
        }
    }

    fn fact(&mut self, record: Record) {
        let before = self.uses();
        let reply = self.ledger.apply(record.clone());
        if self.lie {
            return;
        }
        assert_eq!(reply, Reply::Done, "behaviour {}: {record:?}", self.seed);
        for (name, used) in self.uses() {
            assert!(used <= before[&name], "behaviour {}: a fact raises {name}: {record:?}", self.seed);
        }
    }

    fn uses(&self) -> BTreeMap<LineName, Total> {
        let lines = self.ledger.state().terms.lines.keys();
        lines.map(|name| (name.clone(), self.ledger.used(name))).collect()
    }
}

fn terms(random: &mut Random, chains: u64) -> Terms {
    let mut terms = Terms { chains: (1..=chains).collect(), ..Terms::default() };
    if random.chance(30) {
        terms.trusted = (1..=chains).map(|chain| (chain, TRUSTED)).collect();
    }
    for n in 0..1 + random.below(4) {
        let line = line(random, chains);
        terms.lines.insert(LineName::new("b", n as u8), line);
    }
    let names: Vec<LineName> = terms.lines.keys().cloned().collect();
    for rule in RULES {
        let mut some =
            |percent| -> Lines { names.iter().filter(|_| random.chance(percent)).cloned().collect() };
        let (exempt, beyond) = (some(10), some(15));
        let ask = random.chance(10).then_some(TICK);
        let beyond = beyond.into_iter().map(|name| (name, TICK)).collect();
        terms.rules.insert(rule.into(), Rule { ask, exempt, beyond });
    }
    terms
}

fn line(random: &mut Random, chains: u64) -> Line {
    let assets: Vec<Asset> = (1..=chains).flat_map(|c| [asset(c, 0), asset(c, 1)]).collect();
    let counts = match random.below(7) {
        0 => Counts::Calls,
        1 => Counts::Fees((1..=chains).map(|chain| Asset { chain, contract: None }).collect()),
        _ => {
            let mut weights = BTreeMap::from([(assets[0], U256::from(1 + random.below(3)))]);
            for asset in &assets[1..] {
                if random.chance(60) {
                    weights.insert(*asset, U256::from(1 + random.below(3)));
                }
            }
            Counts::Gross(weights)
        }
    };
    let windows = [
        Window::Total,
        Window::Sliding { seconds: TICK },
        Window::Sliding { seconds: 2 * TICK },
        Window::Sliding { seconds: 3 * TICK + 1 },
        Window::Sliding { seconds: 7 * TICK },
        Window::Calendar(Period::Day),
        Window::Calendar(Period::Week),
    ];
    let some: Vec<Name> = RULES.iter().filter(|_| random.chance(60)).map(|rule| Name::from(*rule)).collect();
    Line {
        cap: U256::from(2 + random.below(14)),
        window: random.pick(&windows),
        counts,
        rules: random.chance(50).then(|| some.into_iter().collect()),
        renamed_from: None,
    }
}
