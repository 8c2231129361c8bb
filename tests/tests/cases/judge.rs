//! What is decided.

use agentpol_compiler::{
    Compilation, OwnedRequest, ParamSample, TEST_SIGNER, TEST_START, TEST_WALLET, Verdict, lower, own_rule,
    sample_params,
};
use agentpol_ethereum::Facts;
use agentpol_model::{
    Address, Time,
    policy::{ParamValue, WALLET_PARAM},
    request::{Action, Envelope, Request},
};
use agentpol_runtime::{Binding, Decision, Nonces, Outcome, Policy, Session};
use agentpol_tests::chapters::{self, Step};
use std::collections::BTreeMap;

/// A fault with its line.
type Fault = (usize, String);

/// The policy, its parameters bound to the values that they have in tests.
fn load(compiled: &Compilation, wallet: Address, signer: Address) -> Option<Policy> {
    let rules = compiled.ruleset.as_ref()?;
    let value = |sample| match sample {
        ParamSample::Word(word) => ParamValue::Word(word),
        ParamSample::Set(set) => {
            ParamValue::Set(set.into_iter().map(|word| Address::from_word(word.into())).collect())
        }
    };
    let names = rules.params.iter().map(|param| param.name.clone());
    let mut params: BTreeMap<_, _> = names.zip(sample_params(rules).into_iter().map(value)).collect();
    // Bound to whichever wallet it is.
    params.remove(WALLET_PARAM);
    let module = lower::lower(rules).unwrap_or_else(|e| panic!("{e:?}"));
    Some(Policy::new(module, &Binding { wallet, signer, params }).unwrap_or_else(|e| panic!("{e}")))
}

/// The policy's own `test` blocks.
pub(crate) fn own_tests(compiled: &Compilation) -> Vec<Fault> {
    let Some(policy) = load(compiled, TEST_WALLET, TEST_SIGNER) else { return Vec::new() };
    let mut faults = Vec::new();
    for test in &compiled.tests {
        let mut session = Session::new(&policy, Nonces::Any);
        for step in &test.steps {
            let decision = decide(&mut session, &step.request, step.at, step.by.as_deref());
            if !meets(compiled, &decision, step.expect) {
                let line = compiled.sources.positions(step.place).0.line as usize;
                let expected = match step.expect {
                    Verdict::Allow(id) => format!("allow {id:?}"),
                    Verdict::Ask(id) => format!("ask {id:?}"),
                    Verdict::Deny(code) => format!("deny {}", code.map_or("", |code| code.name())),
                };
                faults.push((
                    line,
                    format!("expected {expected}, got {}: {}", words(&decision), decision.reason),
                ));
            }
        }
    }
    faults
}

fn decide(session: &mut Session<'_>, request: &OwnedRequest, now: Time, agent: Option<&str>) -> Decision {
    let actions: Vec<Action<'_>> = request
        .actions
        .iter()
        .map(|a| Action {
            command: [0; 4],
            kind: a.kind,
            from: TEST_WALLET,
            to: a.to,
            value: a.value,
            data: &a.data,
        })
        .collect();
    session.decide(&Request {
        chain: request.chain,
        wallet: TEST_WALLET,
        signer: TEST_SIGNER,
        agent,
        now,
        envelope: Envelope::default(),
        actions: &actions,
    })
}

fn meets(compiled: &Compilation, decision: &Decision, expected: Verdict) -> bool {
    let rules = compiled.ruleset.as_ref().unwrap();
    let own = |name: &str| own_rule(rules, compiled.family.as_ref(), name);
    let rule = |id: agentpol_model::ids::RuleId| decision.rule.as_deref().and_then(own) == Some(id);
    match (&decision.outcome, expected) {
        (Outcome::Allow, Verdict::Allow(id)) | (Outcome::Ask(_), Verdict::Ask(id)) => rule(id),
        (Outcome::Deny(_), Verdict::Deny(None)) => true,
        (Outcome::Deny(code), Verdict::Deny(Some(expected))) => *code == expected,
        _ => false,
    }
}

/// `allow pay`, `deny no_rule`.
fn words(decision: &Decision) -> String {
    match (&decision.outcome, &decision.rule) {
        (Outcome::Deny(code), _) => format!("deny {code}"),
        (outcome, rule) => format!("{} {}", outcome.name(), rule.as_deref().unwrap_or_default()),
    }
}

/// A `requests` block, in order, with one ledger.
pub(crate) fn requests(compiled: &Compilation, steps: &[Step]) -> Vec<Fault> {
    let wallet: Address = chapters::WALLET.parse().unwrap();
    let Some(policy) = load(compiled, wallet, wallet) else {
        return vec![(1, "the policy does not compile".to_owned())];
    };
    let mut session = Session::new(&policy, Nonces::Any);
    let mut faults = Vec::new();
    let mut now = TEST_START;
    for step in steps {
        let decision = agentpol_ethereum::read(&step.request).and_then(|request| {
            now = now.max(request.at().unwrap_or(now));
            let facts = Facts { wallet, signer: wallet, agent: None, now };
            Ok(session.decide(&request.lend(&facts)?.request()))
        });
        let (found, reason) = match &decision {
            Ok(decision) => (words(decision), decision.reason.clone()),
            Err(refusal) => (format!("deny {}", refusal.code), refusal.to_string()),
        };
        if found != step.decision {
            faults.push((step.line, format!("expected {}, got {found}: {reason}", step.decision)));
        }
    }
    faults
}
