use super::*;

#[test]
fn what_no_rule_grants_is_denied() {
    assert_eq!(pay(&policy(vec![]), 1), denied(DenyCode::NoRule, None));
    let rules = policy(vec![allow(vec![at_most(5)])]);
    assert_eq!(granted_by(pay(&rules, 5)), 0);
    assert_eq!(pay(&rules, 6), denied(DenyCode::NoRule, None));
}

#[test]
fn a_deny_beats_every_grant() {
    let rules = policy(vec![allow(vec![]), rule(Verb::Deny, "not", vec![at_most(5)])]);
    assert_eq!(pay(&rules, 5), denied(DenyCode::DeniedByRule, Some(1)));
    assert_eq!(granted_by(pay(&rules, 6)), 0);
}

#[test]
fn a_deny_that_cannot_be_told_denies() {
    let rules = policy(vec![allow(vec![]), rule(Verb::Deny, "not", vec![undefined()])]);
    assert_eq!(pay(&rules, 1), denied(DenyCode::Undefined, Some(1)));
    // It is not reached behind a clause that is false.
    let rules = policy(vec![allow(vec![]), rule(Verb::Deny, "not", vec![at_most(0), undefined()])]);
    assert_eq!(granted_by(pay(&rules, 1)), 0);
}

#[test]
fn a_grant_that_cannot_be_told_grants_nothing() {
    assert_eq!(pay(&policy(vec![allow(vec![undefined()])]), 1), denied(DenyCode::NoRule, None));
    let beside = policy(vec![allow(vec![undefined()]), allow(vec![])]);
    assert_eq!(granted_by(pay(&beside, 1)), 1);
}

#[test]
fn over_one_that_matches_it_denies() {
    let over_it = policy(vec![over(allow(vec![undefined()]), &[1]), allow(vec![at_most(5)])]);
    assert_eq!(pay(&over_it, 1), denied(DenyCode::Undefined, Some(0)));
    assert_eq!(pay(&over_it, 6), denied(DenyCode::NoRule, None), "the other does not match");
}

#[test]
fn two_grants_are_ambiguous_unless_one_is_over_the_other() {
    let two = policy(vec![allow(vec![at_most(5)]), allow(vec![at_most(10)])]);
    assert_eq!(pay(&two, 5), denied(DenyCode::Ambiguous, None));
    assert_eq!(granted_by(pay(&two, 6)), 1);
    let ranked = policy(vec![over(allow(vec![at_most(5)]), &[1]), allow(vec![at_most(10)])]);
    assert_eq!(granted_by(pay(&ranked, 5)), 0);
    assert_eq!(granted_by(pay(&ranked, 6)), 1);
}

#[test]
fn where_it_is_called() {
    let rules = policy(vec![allow(vec![])]);
    let data = calldata(address(0x77), U256::ONE);
    let elsewhere = Action { to: address(0x99), ..call(&data) };
    assert_eq!(judge(&rules, &[elsewhere]), denied(DenyCode::UnknownContract, None));
    let mut other = data.clone();
    other[3] ^= 1;
    assert_eq!(judge(&rules, &[call(&other)]), denied(DenyCode::UnknownFunction, None));
    let actions = [call(&data)];
    let mut on_base = request(&actions);
    on_base.chain = 8453;
    assert_eq!(rules.decide(&on_base, &bound(&rules)), denied(DenyCode::WrongChain, None));
    let mut of_another = request(&actions);
    of_another.wallet = address(1);
    assert_eq!(rules.decide(&of_another, &bound(&rules)), denied(DenyCode::WrongWallet, None));
    assert_eq!(judge(&rules, &[]), denied(DenyCode::NoRule, None));
}

#[test]
fn what_kind_it_is() {
    let mut rules = policy(vec![allow(vec![])]);
    let send = Action { kind: Kind::Send, to: address(0x77), ..call(&[]) };
    assert_eq!(judge(&rules, &[send]), denied(DenyCode::NoRule, None));
    assert_eq!(judge(&rules, &[Action { data: &[1], ..send }]), malformed(0));
    rules.callables[0] = Callable { kind: Kind::Send, target: None, function: None, ..function(vec![]) };
    assert_eq!(granted_by(judge(&rules, &[send])), 0);
}

#[test]
fn every_byte_is_read() {
    let rules = policy(vec![allow(vec![])]);
    let data = calldata(address(0x77), U256::ONE);
    for short in 0..4 {
        assert_eq!(judge(&rules, &[call(&data[..short])]), malformed(0));
    }
    let mut dirty = data.clone();
    dirty[4] = 1;
    assert_eq!(judge(&rules, &[call(&dirty)]), malformed(4));
    assert_eq!(judge(&rules, &[call(&data[..67])]), malformed(67));
    assert_eq!(judge(&rules, &[call(&[&data[..], &[0]].concat())]), malformed(68));
}

#[test]
fn value_goes_along_only_where_it_is_taken() {
    let rules = policy(vec![allow(vec![])]);
    let data = calldata(address(0x77), U256::ONE);
    let paying = Action { value: U256::ONE, ..call(&data) };
    assert_eq!(judge(&rules, &[paying]), denied(DenyCode::NotPayable, None));
    assert_eq!(judge(&rules, &[Action { data: &data[..67], ..paying }]), malformed(67), "bytes come first");
}

#[test]
fn the_first_action_that_is_denied_denies_the_request() {
    let rules = policy(vec![allow(vec![at_most(5)])]);
    let of = |n: u64| calldata(address(0x77), U256::from(n));
    let (good, bad) = (of(1), of(6));
    let ruling = judge(&rules, &[call(&good), call(&bad), call(&bad[..10])]);
    assert_eq!(ruling, Err(Denied { code: DenyCode::NoRule, rule: None, action: 1, offset: None }));
    assert_eq!(judge(&rules, &[call(&good), call(&good)]).unwrap().actions.len(), 2);
}
