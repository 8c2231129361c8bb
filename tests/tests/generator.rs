//! The generator reaches what it is there to reach.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use agentpol_analysis::ruleset::Bound;
use agentpol_model::{Address, decision::DenyCode};
use agentpol_tests::generator::{OwnedRequest, Rng, aim, aim::Pool, aim::values, rules};
use std::collections::BTreeMap;

fn requests(
    seed: u64,
    count: usize,
) -> Option<(agentpol_analysis::ruleset::RuleSet, Vec<(OwnedRequest, String)>)> {
    let rng = &mut Rng::new(seed);
    let policy = rules::random(rng, rules::Size::default());
    let params = values(&policy, rng);
    let bound = Bound::new(&policy, Address::repeat_byte(0xaa), params).ok()?;
    let pool = Pool::new(&policy, &bound);
    let requests = (0..count).map(|_| {
        let request = aim(&policy, &bound, &pool, rng);
        let ruling = request.decide(&policy, &bound);
        (request, format!("{ruling:?}"))
    });
    let requests = requests.collect();
    Some((policy, requests))
}

#[test]
fn the_same_seed_gives_the_same_policy_and_requests() {
    for seed in 0..20 {
        assert_eq!(requests(seed, 5), requests(seed, 5));
    }
}

#[test]
fn every_outcome_is_reached() {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let (mut effects, mut charges, mut bound_policies) = (0, 0, 0);
    for seed in 0..600 {
        let rng = &mut Rng::new(seed);
        let policy = rules::random(rng, rules::Size::default());
        let params = values(&policy, rng);
        let Ok(bound) = Bound::new(&policy, Address::repeat_byte(0xaa), params) else { continue };
        bound_policies += 1;
        let pool = Pool::new(&policy, &bound);
        for _ in 0..20 {
            let outcome = match aim(&policy, &bound, &pool, rng).decide(&policy, &bound) {
                Ok(granted) => {
                    effects += granted.actions.iter().map(|a| a.effects.len()).sum::<usize>();
                    charges += granted.actions.iter().map(|a| a.charges.len()).sum::<usize>();
                    "granted".to_owned()
                }
                Err(denied) => denied.code.name().to_owned(),
            };
            *seen.entry(outcome).or_default() += 1;
        }
    }
    println!("{seen:#?}");
    assert!(bound_policies > 550, "{bound_policies}");
    assert!(effects > 500 && charges > 10, "{effects} effects, {charges} charges");
    let total: usize = seen.values().sum();
    assert!(seen["granted"] * 10 > total, "one in ten is granted");
    for code in [
        DenyCode::Malformed,
        DenyCode::WrongChain,
        DenyCode::WrongWallet,
        DenyCode::Delegatecall,
        DenyCode::UnknownContract,
        DenyCode::UnknownFunction,
        DenyCode::UnknownToken,
        DenyCode::NotPayable,
        DenyCode::NoRule,
        DenyCode::DeniedByRule,
        DenyCode::Ambiguous,
        DenyCode::Undefined,
        DenyCode::Opaque,
        DenyCode::Unlimited,
        DenyCode::ZeroRecipient,
        DenyCode::SelfRecipient,
        DenyCode::LookAlike,
        DenyCode::AmountOverflow,
    ] {
        assert!(seen.contains_key(code.name()), "{code} is never reached");
    }
}
