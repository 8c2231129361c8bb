//! What the shipped policies allow, changed a little, ten thousand times over. Whatever is then still allowed must do what
//! others read in the same bytes: the JSON as serde reads it, the transaction as alloy reads it, the arguments as
//! alloy's `sol!` decodes them, and the effects as the tree of the arguments has them; and it must be inside the caps.

pub(crate) mod change;
mod documents;
mod inside;
mod oracle;
mod signatures;
mod wrapped;

use crate::{
    ask::{Ask as _, tx},
    world::{START, Shipped, Stage, examples, wallet},
};
use agentpol_analysis::ruleset::Understood;
use agentpol_compiler::{TEST_WALLET, Verdict};
use agentpol_ethereum::{Facts, OwnedRequest, read};
use agentpol_model::{
    Address, ChainId, Time, U256,
    budget::{Cap, Measure},
    decision::{DenyCode, Granted},
    effect::{Effect, EffectKind},
    ids::TokenId,
    policy::Target,
    request::{Kind, Request},
};
use agentpol_runtime::Outcome;
use agentpol_tests::generator::Rng;
use alloy::{
    consensus::{Transaction as _, TxEnvelope, transaction::SignerRecoverable as _},
    eips::eip2718::Decodable2718 as _,
};
use alloy_primitives::{U512, hex};
use std::collections::BTreeMap;

/// Mutants of each request, where nobody asks for more.
const MUTANTS: usize = 300;

/// How many mutants a test makes. `AGENTPOL_MUTANTS` says how many all of them make together.
pub(crate) fn many(small: usize) -> usize {
    #[expect(clippy::disallowed_methods, reason = "how many is asked for by hand")]
    let asked = std::env::var("AGENTPOL_MUTANTS").ok().map(|many| many.parse::<usize>().unwrap());
    asked.map_or(small, |many| many / TESTS)
}

/// The tests that share them.
const TESTS: usize = 4;

/// A request that a shipped policy's own tests say is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Allowed {
    pub(crate) chain: ChainId,
    pub(crate) to: Address,
    pub(crate) value: U256,
    pub(crate) data: Vec<u8>,
    pub(crate) at: Time,
}

impl Allowed {
    pub(crate) fn text(&self) -> String {
        tx(self.chain, self.to, &self.data).value(self.value).set("gas", "\"0x493e0\"").text()
    }
}

/// The wallet of the tests is another than the one whose key is here.
fn ours(data: &[u8]) -> Vec<u8> {
    let mut data = data.to_vec();
    let places: Vec<usize> = data
        .windows(20)
        .enumerate()
        .filter(|(_, w)| *w == TEST_WALLET.as_slice())
        .map(|(at, _)| at)
        .collect();
    for at in places {
        data[at..at + 20].copy_from_slice(wallet().as_slice());
    }
    data
}

/// Is there a wrapper that these could be the calldata of?
fn wraps(shipped: &Shipped, data: &[u8]) -> bool {
    shipped
        .rules
        .callables
        .iter()
        .filter(|c| !c.unwraps.is_empty())
        .any(|c| c.function.as_ref().is_some_and(|function| data.starts_with(&function.selector)))
}

fn allowed(shipped: &Shipped) -> Vec<Allowed> {
    let mut all = Vec::new();
    for step in shipped.tests.iter().flat_map(|test| &test.steps) {
        // Transactions of one action: the oracles read no other.
        let [action] = step.request.actions.as_slice() else { continue };
        if !matches!(action.kind, Kind::Call | Kind::Send) || wraps(shipped, &action.data) {
            continue;
        }
        let one = Allowed {
            chain: step.request.chain,
            to: action.to,
            value: action.value,
            data: ours(&action.data),
            at: step.at.max(START - 86_400),
        };
        if matches!(step.expect, Verdict::Allow(_)) && !all.contains(&one) {
            all.push(one);
        }
    }
    all
}

/// What came of the mutants.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) requests: usize,
    pub(crate) mutants: usize,
    pub(crate) allowed: usize,
    asked: usize,
    denied: BTreeMap<DenyCode, usize>,
}

#[test]
fn a_mutant_that_is_allowed_is_what_others_read() {
    let mut tally = Tally::default();
    let load = |name: String| {
        let shipped = Shipped::load(&name, wallet());
        let all = allowed(&shipped);
        (name, shipped, all)
    };
    let policies: Vec<_> = examples().into_iter().map(load).collect();
    let requests: usize = policies.iter().map(|(.., all)| all.len()).sum();
    let each = many(MUTANTS * requests) / requests;
    for (seed, (name, shipped, all)) in (1..).zip(policies) {
        let rng = &mut Rng::new(seed);
        for request in &all {
            assert!(
                judge(&name, &shipped, &request.text(), request.at, &mut Tally::default()),
                "{name}: {request:?}"
            );
            tally.requests += 1;
            for n in 0..each {
                let text = match n % 5 {
                    0 => change::text(&request.text(), rng),
                    _ => change::request(request, &shipped, rng).text(),
                };
                tally.mutants += 1;
                judge(&name, &shipped, &text, request.at, &mut tally);
            }
        }
    }
    println!("{tally:#?}");
    assert!(tally.mutants >= 10_000, "{} mutants", tally.mutants);
    assert!(tally.allowed >= 500, "only {} are allowed: the oracles have little to say", tally.allowed);
}

/// Is it allowed? If so, everybody must agree on what it is.
pub(crate) fn judge(name: &str, shipped: &Shipped, text: &str, now: Time, tally: &mut Tally) -> bool {
    judge_by(shipped, text, now, tally, |request, whole, granted| {
        read_by_serde(text, request)?;
        understood(shipped, whole, granted)?;
        oracle::agrees(name, shipped, whole, granted)?;
        signed(shipped, text, now, request)
    })
}

/// Is it allowed? If so, what it takes is inside the caps, and `check` must find nothing wrong.
fn judge_by(
    shipped: &Shipped,
    text: &str,
    now: Time,
    tally: &mut Tally,
    check: impl FnOnce(&OwnedRequest, &Request<'_>, &Granted) -> Result<(), String>,
) -> bool {
    let mut denied = |code| *tally.denied.entry(code).or_default() += 1;
    let request = match read(text) {
        Ok(request) => request,
        Err(refusal) => {
            denied(refusal.code);
            return false;
        }
    };
    let facts = Facts { wallet: wallet(), signer: wallet(), agent: None, now };
    let lent = match request.lend(&facts) {
        Ok(lent) => lent,
        Err(refusal) => {
            denied(refusal.code);
            return false;
        }
    };
    let whole = lent.request();
    let ruled = shipped.rule(&whole);
    let mut ledger = shipped.policy.ledger(true);
    ledger.apply(agentpol_runtime::ledger::Record::Now(now));
    match shipped.policy.decide(&whole, &ledger).outcome {
        Outcome::Deny(code) => denied(code),
        Outcome::Ask(_) => tally.asked += 1,
        Outcome::Allow => {
            let granted = ruled.unwrap_or_else(|e| panic!("{e:?} and yet allowed: {text}"));
            let fault = inside_the_caps(shipped, &granted).and_then(|()| check(&request, &whole, &granted));
            if let Err(why) = fault {
                panic!("allowed, but {why}: {text}");
            }
            tally.allowed += 1;
            return true;
        }
    }
    false
}

/// Another reader of JSON finds the same.
fn read_by_serde(text: &str, request: &OwnedRequest) -> Result<(), String> {
    let json: serde_json::Value = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let tx = &json["request"]["params"][0];
    let field = |name: &str| tx[name].as_str().unwrap_or_default().to_ascii_lowercase();
    let draft = request.draft().ok_or("it is no transaction")?;
    let to = draft.to.map(|to| to.to_string().to_ascii_lowercase()).unwrap_or_default();
    let same = json["chainId"].as_u64() == Some(draft.chain)
        && field("to") == to
        && U256::from_str_radix(field("value").trim_start_matches("0x"), 16) == Ok(draft.value)
        && field("data") == hex::encode_prefixed(&draft.data);
    if same { Ok(()) } else { Err(format!("another reader reads it otherwise than {draft:?}")) }
}

/// The effects are those of the tree of its arguments, and of what is inside it. A wrapper that no rule grants is not among what is
/// granted; then nothing but what is inside it is.
fn understood(shipped: &Shipped, whole: &Request<'_>, granted: &Granted) -> Result<(), String> {
    let understood = shipped.rules.understand(whole, &whole.actions[0], &shipped.bound);
    let understood = understood.map_err(|e| format!("it was not understood: {e:?}"))?;
    let mut all = Vec::new();
    flatten(&understood, &mut all)?;
    let found: Vec<_> = granted.actions.iter().map(|action| action.effects.to_vec()).collect();
    match found == all {
        true => Ok(()),
        false => Err(format!("{all:?} instead of {found:?}")),
    }
}

/// The effects of each action, a wrapper before what is inside it.
fn flatten(understood: &Understood<'_>, all: &mut Vec<Vec<Effect>>) -> Result<(), String> {
    let effects: Result<Vec<_>, _> = understood.effects.iter().cloned().collect();
    all.push(effects.map_err(|code| format!("an effect is {code}"))?);
    for inside in &understood.inner {
        flatten(inside.understood.as_ref().map_err(|e| format!("inside: {e:?}"))?, all)?;
    }
    Ok(())
}

/// Nothing has happened before it, so that what it takes fits into each cap by itself.
fn inside_the_caps(shipped: &Shipped, granted: &Granted) -> Result<(), String> {
    for (n, budget) in shipped.rules.budgets.iter().enumerate() {
        let (Measure::Gross(weights), Cap::Fixed(cap)) = (&budget.measure, budget.cap) else { continue };
        let mut sum = U512::ZERO;
        for action in &granted.actions {
            let rule = &shipped.rules.rules[action.rule.index()];
            let exempt = rule.exempt.iter().any(|b| b.index() == n);
            let counts = budget.rules.as_ref().is_none_or(|rules| rules.contains(&action.rule));
            if counts && !exempt {
                sum += action.effects.iter().map(|effect| weighed(shipped, effect, weights)).sum::<U512>();
            }
        }
        if sum > U512::from(cap) {
            return Err(format!("it takes {sum} of {cap} that `{}` has", budget.name));
        }
    }
    Ok(())
}

/// What an effect takes out of a budget.
fn weighed(shipped: &Shipped, effect: &Effect, weights: &[(TokenId, U256)]) -> U512 {
    // What the trusted are given counts when they take it.
    let trusted = shipped
        .rules
        .contracts
        .iter()
        .any(|contract| contract.trusted.is_some() && contract.address == Target::Fixed(effect.party));
    let leaves = match effect.kind {
        EffectKind::Move | EffectKind::Pull { .. } => true,
        EffectKind::Grant(_) => !trusted,
        EffectKind::Receive | EffectKind::Owe => false,
    };
    let weight = weights.iter().find(|(token, _)| *token == effect.token).map(|(_, weight)| *weight);
    match weight {
        Some(weight) if leaves => U512::from(effect.amount) * U512::from(weight),
        _ => U512::ZERO,
    }
}

/// The gate signs it, and alloy reads in the bytes what was asked for.
fn signed(shipped: &Shipped, text: &str, now: Time, request: &OwnedRequest) -> Result<(), String> {
    let mut stage = Stage::new(shipped);
    let words = stage.ask(text, now, true);
    let raw = stage.signed.pop().ok_or_else(|| format!("the gate says {words}"))?;
    let draft = request.draft().ok_or("it is no transaction")?;
    let read = TxEnvelope::decode_2718(&mut raw.as_slice()).map_err(|e| e.to_string())?;
    let signer = read.recover_signer().map_err(|e| e.to_string())?;
    let same = signer == wallet()
        && read.chain_id() == Some(draft.chain)
        && read.to() == draft.to
        && read.value() == draft.value
        && read.input() == draft.data.as_slice()
        && Some(read.nonce()) == draft.nonce
        && Some(read.gas_limit()) == draft.gas_limit;
    if same { Ok(()) } else { Err(format!("alloy reads {read:?} in what was signed")) }
}
