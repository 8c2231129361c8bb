//! Eight who ask one gate at once: what they were answered is what the log says, in its order.

use crate::{
    paper::Paper,
    play::Signing,
    shop::{self, CHAIN, Edition, What, agreed, key, line, usdc},
};
use agentpol_compiler::{Loader, SourceFile, compile, lower::lower};
use agentpol_model::{B256, U256, decision::DenyCode};
use agentpol_runtime::{
    Answer, Binding, Gate,
    gate::{Once, Reading},
    history::{Bound, Entry, Known},
    ledger::Record,
};
use agentpol_tests::generator::Rng;
use std::{
    collections::BTreeMap,
    sync::{Arc, Barrier, Mutex},
    thread,
};

const THREADS: u64 = 8;
/// What each of them asks.
const ASKED: u64 = 20;
const ROUNDS: u64 = 6;

/// What somebody was given: hash, nonce, amount.
type Given = (B256, u64, U256);

fn gate(bound: Bound, module: &[u8]) -> (Arc<Paper>, Signing) {
    let paper = Arc::new(Paper::new(None));
    let gate = Gate::begin(bound, module, paper.clone(), key()).unwrap();
    gate.observe(Record::Begin(CHAIN, key().address(), 0)).unwrap();
    (paper, gate)
}

fn of_the_shop() -> (Arc<Paper>, Signing) {
    let edition = Edition { module: 0, cap: 100 };
    gate(edition.bound(), edition.bytes())
}

const PARENT: &str = "policy treasury on ethereum

use std::tokens::{USDC}

fees at most 0.01 ETH
budget gas: 0.1 ETH of fees per 24h
budget week: 100 USDC per week

allow transfers: USDC.transfer(to, amount) {
    when to == 0x1f9840a85d5aF5bf1D1762F925BDADdC4201F984 and amount <= 100 USDC
}
";

const CHILD: &str = "policy research extends treasury on ethereum

budget mine: 100 USDC per 24h

allow pay: USDC.transfer(to, amount) {
    when to == 0x1f9840a85d5aF5bf1D1762F925BDADdC4201F984 and amount <= 20 USDC
}
";

struct Parent;

impl Loader for Parent {
    fn read(&self, _: &str) -> Result<String, String> {
        Ok(PARENT.to_owned())
    }
}

/// A policy under another, whose budgets are both charged.
fn of_a_child() -> (Arc<Paper>, Signing) {
    let compilation = compile(SourceFile::new("research.agentpol", CHILD.to_owned()), &Parent);
    let rules = compilation.ruleset.unwrap_or_else(|| panic!("{:?}", compilation.diagnostics));
    let module = agentpol_bytecode::encode(&lower(&rules).unwrap());
    let wallet = key().address();
    let binding = Binding { wallet, signer: wallet, params: BTreeMap::new() };
    gate(Bound::new(&module, &binding, false).unwrap(), &module)
}

fn entries(paper: &Paper) -> Vec<Entry> {
    let mut entries = Vec::new();
    let (bytes, _) = paper.copy();
    agentpol_journal::verify(&*bytes, None, |line| entries.push(serde_json::from_str(line).unwrap()))
        .unwrap();
    entries
}

/// The sum of what each prefix of the log has reserved is within the cap, and each signature stands behind its reservation.
fn in_order(entries: &[Entry], cap: U256, given: &BTreeMap<u64, Given>) -> U256 {
    let (mut reserved, mut signed, mut sum) = (BTreeMap::new(), 0, U256::ZERO);
    for entry in entries {
        match entry {
            Entry::Decided(decided) if decided.decision.get().contains(r#""decision":"allow""#) => {
                let charge = decided.charge.as_ref().unwrap();
                let amount: U256 = charge.actions.iter().flat_map(|a| &a.effects).map(|e| e.amount).sum();
                assert!(reserved.insert(charge.digest, amount).is_none(), "reserved twice");
                sum += amount;
                assert!(sum <= cap, "a prefix of the log is above the cap");
            }
            Entry::Signed(of) => {
                let amount = reserved[&of.digest];
                let raw = crate::chain::Sent::read(&of.bytes);
                assert_eq!(given.get(&raw.nonce), Some(&(of.hash, raw.nonce, amount)), "not what was given");
                signed += 1;
            }
            _ => {}
        }
    }
    assert_eq!(signed, given.len(), "something was given that is not in the log");
    sum
}

#[test]
fn what_eight_are_given_is_what_the_log_says() {
    for round in 0..ROUNDS {
        eight_ask(of_the_shop(), &["hourly"], round);
        eight_ask(of_a_child(), &["mine", "week"], round);
    }
}

/// `budgets`: those of 100 USDC that all they get is charged to.
fn eight_ask((paper, gate): (Arc<Paper>, Signing), budgets: &[&str], round: u64) {
    let given: Mutex<BTreeMap<u64, Given>> = Mutex::default();
    let barrier = Barrier::new(THREADS as usize);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (gate, given, barrier) = (&gate, &given, &barrier);
            scope.spawn(move || {
                let mut rng = Rng::new(round * THREADS + thread);
                barrier.wait();
                for _ in 0..ASKED {
                    ask(gate, &mut rng, given);
                }
            });
        }
    });
    let given = given.into_inner().unwrap();
    paper.flush();
    let counted = in_order(&entries(&paper), usdc(100), &given);
    let sum: U256 = given.values().map(|(_, _, amount)| *amount).sum();
    for budget in budgets {
        let used = gate.ledger().used(&line(budget)).to_word();
        assert_eq!((sum, counted), (used, used), "what left is what {budget} counts");
    }
    let nonces: Vec<u64> = given.keys().copied().collect();
    assert_eq!(nonces, (0..given.len() as u64).collect::<Vec<_>>(), "no gap");
    let mut reading = Reading::new(Paper::shelf(paper.kept()));
    let again = Paper::open(paper.copy().0, paper.kept(), None, &mut reading).unwrap();
    let again = Gate::open(reading, Arc::new(again), key()).unwrap();
    assert_eq!(*again.ledger(), *gate.ledger());
}

/// Few names, so that several ask for the same at once.
fn ask(gate: &Signing, rng: &mut Rng, given: &Mutex<BTreeMap<u64, Given>>) {
    let name = rng.below(12) as u64;
    let amount = usdc(5 + name);
    let known = Known { key: name.to_string(), asked: B256::with_last_byte(name as u8) };
    let once = gate.ask_once(What::Pay(amount).request(None, 1), None, shop::START, &known);
    let got = match once {
        Once::First(Answer::Reserved(reserved)) => {
            let signed = gate.sign_sync(reserved).unwrap();
            crate::chain::Sent::read(&signed.transaction().unwrap().raw)
        }
        Once::Again { signed: Some(signed), .. } => crate::chain::Sent::read(&signed.bytes),
        // Whoever asked first has it in hand.
        Once::Again { signed: None, .. } => return,
        Once::First(Answer::Denied(decision)) => {
            assert_eq!(decision.code(), Some(DenyCode::Budget), "{}", decision.reason);
            return;
        }
        Once::First(answer) => panic!("{answer:?}"),
    };
    assert_eq!(got.what, What::Pay(amount));
    let new = (got.hash, got.nonce, amount);
    let old = given.lock().unwrap().insert(got.nonce, new);
    assert!(old.is_none_or(|old| old == new), "one nonce, two transactions");
}

/// Whoever is first has it; the others come too late, whatever they do.
#[test]
fn one_approval_is_one_use_however_many_bring_it() {
    for round in 0..ROUNDS {
        let (_, gate) = of_the_shop();
        let request = || What::Pay(usdc(30)).request(None, 1);
        let Answer::Asked(pending) = gate.ask(request(), None, shop::START) else { panic!("it asks") };
        let name = pending.name();
        let signature = agreed(&gate, &name, &shop::alice()).unwrap();
        let barrier = Barrier::new(THREADS as usize);
        let reserved: usize = thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS)
                .map(|thread| {
                    let (gate, barrier) = (&gate, &barrier);
                    scope.spawn(move || {
                        barrier.wait();
                        // One says no, one asks for the same again meanwhile.
                        match (thread + round) % THREADS {
                            0 => drop(gate.reject(&name).unwrap()),
                            1 => drop(gate.ask(request(), None, shop::START)),
                            _ => {
                                let answer = gate.approve(&name, &[signature], shop::START);
                                return usize::from(matches!(answer, Answer::Reserved(_)));
                            }
                        }
                        0
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert!(reserved <= 1, "{reserved} times");
        assert_eq!(gate.ledger().used(&line("life")).to_word(), usdc(30 * reserved as u64));
    }
}
