//! Wrappers, and what is inside them.

use super::*;
use agentpol_abi::{Value, encode, signature::parse_members};
use agentpol_model::request::{MAX_ACTIONS, MAX_DEPTH};

const RUN: [u8; 4] = [1, 2, 3, 4];

/// Its callable is the second.
fn multicall() -> Address {
    address(0xbb)
}

fn each(member: u16) -> Path {
    Path(vec![Step::Member(0), Step::Element(0), Step::Member(member)])
}

/// `run((address to, uint256 value, bytes data, bool mayFail)[] calls)`
fn wrapper(effects: Vec<EffectSpec>) -> Callable {
    let inputs = "((address to, uint256 value, bytes data, bool mayFail)[] calls)";
    let unwrap = Unwrap::Call {
        each: Some(Path(vec![Step::Member(0)])),
        to: Some(each(0)),
        value: Some(each(1)),
        data: each(2),
        operation: None,
        may_fail: Some(each(3)),
        same_length: vec![],
    };
    let mut callable = function(effects);
    let function = callable.function.as_mut().unwrap();
    (function.selector, function.payable) = (RUN, true);
    function.inputs = parse_members(inputs).unwrap();
    Callable { target: Some(Target::Fixed(multicall())), unwraps: vec![unwrap], ..callable }
}

/// Value that goes along leaves the wallet, if it is the wallet's.
fn value_moves() -> EffectSpec {
    EffectSpec {
        amount: sum(&[(1, Scalar::Field(Field::Value))], 0),
        token: TokenSpec::Known(TokenId::new(0)),
        party: Scalar::Field(Field::To),
        from: Some(Scalar::Field(Field::Sender)),
        ..moves()
    }
}

/// Transfers and multicalls; the wallet is the multicall's own account, as it is a Safe's.
fn safe(rules: Vec<Rule>) -> RuleSet {
    let callables = vec![function(vec![moves()]), wrapper(vec![value_moves()])];
    RuleSet { callables, ..policy(rules) }
}

#[derive(Clone)]
struct Call {
    to: Address,
    value: u64,
    data: Vec<u8>,
    may_fail: bool,
}

fn transfer(amount: u64) -> Call {
    Call { to: usdc(), value: 0, data: calldata(address(0x77), U256::from(amount)), may_fail: false }
}

fn run(calls: &[Call]) -> Vec<u8> {
    let one = |call: &Call| {
        let flag = U256::from(u8::from(call.may_fail));
        Value::Tuple(vec![
            Value::Word(word(call.to), WordType::Address),
            Value::Word(U256::from(call.value), WordType::Uint(256)),
            Value::Bytes(call.data.clone()),
            Value::Word(flag, WordType::Bool),
        ])
    };
    let inputs = wrapper(vec![]).function.unwrap().inputs;
    let args = encode(&inputs, &[Value::Array(calls.iter().map(one).collect())]).unwrap();
    [&RUN[..], &args].concat()
}

/// A call of the wrapper, inside itself.
fn nested(calls: &[Call]) -> Call {
    Call { to: multicall(), value: 0, data: run(calls), may_fail: false }
}

/// Signed by its owner, whose assets are the Safe's.
fn judged(rules: &RuleSet, data: &[u8], value: u64) -> Ruling {
    let outer = Action { to: multicall(), from: multicall(), value: U256::from(value), ..call(data) };
    let actions = [outer];
    let request = Request { wallet: multicall(), ..request(&actions) };
    let bound = Bound::new(rules, multicall(), BTreeMap::new()).unwrap();
    rules.decide(&request, &bound)
}

/// The rules that grant, in order.
fn granted(ruling: Ruling) -> Vec<u32> {
    ruling.unwrap().actions.iter().map(|action| action.rule.raw()).collect()
}

#[test]
fn what_is_inside_is_judged_as_if_it_stood_alone() {
    let rules = safe(vec![allow(vec![at_most(5)]), over(allow(vec![at_most(2)]), &[0])]);
    let ruling = judged(&rules, &run(&[transfer(5), transfer(2), transfer(0)]), 0);
    assert_eq!(granted(ruling.clone()), [0, 1, 1]);
    let amounts: Vec<_> = ruling.unwrap().actions.iter().map(|a| a.effects[0].amount).collect();
    assert_eq!(amounts, [5, 2, 0].map(U256::from));
    let ruling = judged(&rules, &run(&[transfer(5), transfer(6)]), 0);
    assert_eq!(ruling, denied_inside(DenyCode::NoRule, None, 2));
    let stranger = Call { to: address(9), ..transfer(1) };
    assert_eq!(judged(&rules, &run(&[stranger]), 0), denied_inside(DenyCode::UnknownContract, None, 1));
}

#[test]
fn actions_are_counted_as_they_are_met() {
    let rules = safe(vec![allow(vec![at_most(5)])]);
    let inner = nested(&[transfer(1), transfer(2)]);
    // 0 is the outermost, 1 the first transfer, 2 the nested wrapper, 3 and 4 what is inside it, 5 the last.
    let all = |last: u64| run(&[transfer(1), inner.clone(), transfer(last)]);
    assert_eq!(granted(judged(&rules, &all(5), 0)), [0, 0, 0, 0]);
    assert_eq!(judged(&rules, &all(6), 0), denied_inside(DenyCode::NoRule, None, 5));
    let mut dirty = transfer(1);
    dirty.data[4] = 1;
    let data = run(&[transfer(1), nested(&[transfer(1), dirty])]);
    let at = Denied { code: DenyCode::Malformed, rule: None, action: 4, offset: Some(4) };
    assert_eq!(judged(&rules, &data, 0), Err(at), "offsets count in that action's own data");
}

#[test]
fn nothing_inside_is_nothing() {
    let rules = safe(vec![allow(vec![])]);
    assert_eq!(judged(&rules, &run(&[]), 0), denied(DenyCode::NoRule, None));
    assert_eq!(judged(&rules, &run(&[nested(&[]), nested(&[])]), 0), denied(DenyCode::NoRule, None));
    assert_eq!(granted(judged(&rules, &run(&[nested(&[]), transfer(1)]), 0)), [0]);
    let with_grant = safe(vec![about(allow(vec![]), 1)]);
    assert_eq!(granted(judged(&with_grant, &run(&[]), 0)), [0], "a rule may grant a wrapper by itself");
}

#[test]
fn value_that_goes_along_needs_a_grant() {
    let mut rules = safe(vec![allow(vec![])]);
    let from_another = |rules: &RuleSet, data: &[u8], value: u64| {
        judge(rules, &[Action { to: multicall(), value: U256::from(value), ..call(data) }])
    };
    let data = run(&[]);
    assert_eq!(from_another(&rules, &data, 7), denied(DenyCode::NoRule, None));
    rules.rules.push(about(allow(vec![]), 1));
    let ruling = from_another(&rules, &data, 7).unwrap();
    assert_eq!(
        (ruling.actions[0].rule, ruling.actions[0].effects[0].amount),
        (RuleId::new(1), U256::from(7))
    );
    assert_eq!(ruling.actions[0].effects[0].party, multicall());
}

#[test]
fn a_grant_of_the_wrapper_stands_before_what_is_inside() {
    let rules = safe(vec![allow(vec![]), about(allow(vec![]), 1)]);
    let data = run(&[transfer(1), nested(&[transfer(2)])]);
    assert_eq!(granted(judged(&rules, &data, 0)), [1, 0, 1, 0]);
}

#[test]
fn a_deny_of_the_wrapper_denies_all() {
    let rules = safe(vec![allow(vec![]), about(rule(Verb::Deny, "no", vec![]), 1)]);
    assert_eq!(judged(&rules, &run(&[transfer(1)]), 0), denied(DenyCode::DeniedByRule, Some(1)));
    let inside = safe(vec![allow(vec![]), rule(Verb::Deny, "no", vec![at_most(5)])]);
    let data = run(&[transfer(6), transfer(5)]);
    assert_eq!(judged(&inside, &data, 0), denied_inside(DenyCode::DeniedByRule, Some(1), 2));
}

#[test]
fn a_part_that_may_fail_needs_a_rule_that_accepts_it() {
    let failing = || run(&[transfer(1), Call { may_fail: true, ..transfer(2) }]);
    let mut rules = safe(vec![allow(vec![])]);
    assert_eq!(judged(&rules, &failing(), 0), denied(DenyCode::AllowFailure, None));
    rules.rules.push(about(allow(vec![]), 1));
    assert_eq!(judged(&rules, &failing(), 0), denied(DenyCode::AllowFailure, Some(1)));
    rules.rules[1].lifts.push(DenyCode::AllowFailure);
    assert_eq!(granted(judged(&rules, &failing(), 0)), [1, 0, 0]);
    // Inside another wrapper all the same.
    rules.rules.pop();
    let inside = Call { data: failing(), ..nested(&[]) };
    assert_eq!(judged(&rules, &run(&[inside]), 0), denied_inside(DenyCode::AllowFailure, None, 1));
}

#[test]
fn value_is_the_more_telling_reason() {
    let rules = safe(vec![allow(vec![])]);
    let data = run(&[Call { may_fail: true, ..transfer(2) }]);
    let outer = Action { to: multicall(), value: U256::ONE, ..call(&data) };
    assert_eq!(judge(&rules, &[outer]), denied(DenyCode::NoRule, None));
}

#[test]
fn a_wrapper_is_never_opaque() {
    let mut rules = safe(vec![allow(vec![]), about(allow(vec![]), 1)]);
    rules.callables[1].opaque = true;
    assert_eq!(granted(judged(&rules, &run(&[transfer(1)]), 0)), [1, 0]);
}

#[test]
fn who_acts_is_asked_of_what_is_inside() {
    // A stranger's multicall: it acts as itself.
    let data = run(&[transfer(1)]);
    let outer = Action { to: multicall(), ..call(&data) };
    let mut rules = safe(vec![allow(vec![])]);
    assert_eq!(judge(&rules, &[outer]), denied_inside(DenyCode::ForeignSender, Some(0), 1));
    rules.rules[0].lifts.push(DenyCode::ForeignSender);
    assert_eq!(granted(judge(&rules, &[outer])), [0]);
}

#[test]
fn who_opens_a_wrapper_is_not_asked_unless_it_does_something() {
    let data = run(&[nested(&[transfer(1)])]);
    let outer = |data| Action { to: multicall(), ..call(data) };
    let mut rules = safe(vec![allow(vec![]), about(allow(vec![]), 1)]);
    rules.rules[0].lifts.push(DenyCode::ForeignSender);
    let ruling = judge(&rules, &[outer(&data)]);
    assert_eq!(granted(ruling), [1, 1, 0], "the inner wrapper is opened by a stranger");
    // Somebody else's value is no effect on the wallet; authority is, whoever gives it.
    let grants = EffectSpec {
        kind: EffectKind::Grant(GrantMode::Set),
        amount: sum(&[], 1),
        party: Scalar::Const(word(address(0x77))),
        ..moves()
    };
    rules.callables[1].effects = vec![grants];
    let ruling = judge(&rules, &[outer(&data)]);
    assert_eq!(ruling, denied_inside(DenyCode::ForeignSender, Some(1), 1));
    rules.rules[1].lifts.push(DenyCode::ForeignSender);
    assert_eq!(granted(judge(&rules, &[outer(&data)])), [1, 1, 0]);
}

#[test]
fn control_and_upgrades_need_a_grant() {
    let always = Formula::Const(true);
    let data = run(&[transfer(1)]);
    let mut rules = safe(vec![allow(vec![])]);
    let party = Scalar::Const(word(multicall()));
    rules.callables[1].controls = vec![ControlSpec { party, when: always }];
    assert_eq!(judged(&rules, &data, 0), denied(DenyCode::NoRule, None));
    rules.rules.push(about(allow(vec![]), 1));
    assert_eq!(granted(judged(&rules, &data, 0)), [1, 0], "to the wallet itself");
    rules.callables[1].controls[0].party = Scalar::Const(word(address(0x77)));
    assert_eq!(judged(&rules, &data, 0), denied(DenyCode::Unlimited, Some(1)));
    // `upgradeToAndCall(address,bytes)` is one, whatever its interface says.
    let upgrade = [0x4f, 0x1e, 0xf2, 0x86];
    let mut rules = safe(vec![allow(vec![])]);
    rules.callables[1].function.as_mut().unwrap().selector = upgrade;
    let mut data = data;
    data[..4].copy_from_slice(&upgrade);
    assert_eq!(judged(&rules, &data, 0), denied(DenyCode::NoRule, None));
    rules.rules.push(about(allow(vec![]), 1));
    assert_eq!(judged(&rules, &data, 0), denied(DenyCode::Upgrade, Some(1)));
}

#[test]
fn an_effect_that_cannot_be_worked_out_denies() {
    let mut rules = safe(vec![allow(vec![])]);
    rules.callables[1].effects[0].token = TokenSpec::At(Scalar::Const(U256::ONE));
    assert_eq!(judged(&rules, &run(&[transfer(1)]), 0), denied(DenyCode::UnknownToken, None));
    rules.rules.push(about(allow(vec![]), 1));
    assert_eq!(judged(&rules, &run(&[transfer(1)]), 0), denied(DenyCode::UnknownToken, Some(1)));
}

#[test]
fn what_a_wrapper_requires() {
    let mut rules = safe(vec![allow(vec![])]);
    let length = Scalar::Len(Path(vec![Step::Member(0)]));
    rules.callables[1].requires = not_above(sum(&[(1, length)], -1));
    assert_eq!(granted(judged(&rules, &run(&[transfer(1)]), 0)), [0]);
    let two = run(&[transfer(1), transfer(1)]);
    assert_eq!(judged(&rules, &two, 0), denied(DenyCode::Requirement, None));
}

#[test]
fn a_wrapper_that_cannot_be_opened() {
    let mut rules = safe(vec![allow(vec![])]);
    rules.callables[1].unwraps = vec![Unwrap::Records { data: Path(vec![Step::Member(0)]) }];
    assert_eq!(judged(&rules, &run(&[transfer(1)]), 0), malformed(0));
}

#[test]
fn foreign_code_inside() {
    let mut rules = safe(vec![allow(vec![])]);
    let Unwrap::Call { operation, may_fail, .. } = &mut rules.callables[1].unwraps[0] else { panic!() };
    *operation = may_fail.take();
    let delegated = Call { may_fail: true, ..transfer(1) };
    let data = run(&[delegated]);
    assert_eq!(judged(&rules, &data, 0), denied_inside(DenyCode::Delegatecall, None, 1));
    rules.callables.push(Callable { kind: Kind::Delegatecall, ..function(vec![]) });
    assert_eq!(judged(&rules, &data, 0), denied_inside(DenyCode::NoRule, None, 1));
    rules.rules.push(about(allow(vec![]), 2));
    assert_eq!(granted(judged(&rules, &data, 0)), [1]);
}

#[test]
fn so_deep_and_no_deeper() {
    let rules = safe(vec![allow(vec![])]);
    let deep = |levels: usize| {
        let inner = (2..levels).fold(transfer(1), |inner, _| nested(&[inner]));
        run(&[inner])
    };
    assert_eq!(granted(judged(&rules, &deep(MAX_DEPTH), 0)), [0]);
    let last = u16::try_from(MAX_DEPTH).unwrap();
    assert_eq!(judged(&rules, &deep(MAX_DEPTH + 1), 0), denied_inside(DenyCode::TooMuch, None, last));
}

#[test]
fn so_many_and_no_more() {
    let rules = safe(vec![allow(vec![])]);
    let many = |count: usize| run(&vec![transfer(1); count]);
    assert_eq!(granted(judged(&rules, &many(MAX_ACTIONS - 1), 0)).len(), MAX_ACTIONS - 1);
    let last = u16::try_from(MAX_ACTIONS).unwrap();
    assert_eq!(judged(&rules, &many(MAX_ACTIONS), 0), denied_inside(DenyCode::TooMuch, None, last));
    assert_eq!(
        judged(&rules, &many(MAX_ACTIONS + 1), 0),
        denied(DenyCode::TooMuch, None),
        "told by the wrapper"
    );
    // All of the request counts.
    let half = nested(&vec![transfer(1); MAX_ACTIONS / 2 - 2]);
    assert_eq!(granted(judged(&rules, &run(&[half.clone(), half.clone()]), 0)).len(), MAX_ACTIONS - 4);
    let data = run(&[half.clone(), half, transfer(1), transfer(1)]);
    assert_eq!(judged(&rules, &data, 0), denied_inside(DenyCode::TooMuch, None, last));
    let data = calldata(address(0x77), U256::ONE);
    let ruling = judge(&rules, &vec![call(&data); MAX_ACTIONS + 1]);
    assert_eq!(ruling, denied_inside(DenyCode::TooMuch, None, last));
}

#[test]
fn a_signed_wrapper_is_used_once_without_a_rule_of_its_own() {
    use agentpol_model::{B256, policy::Typed, request::Once};
    let mut rules = safe(vec![allow(vec![])]);
    let typed = Typed {
        domain_name: None,
        domain_version: None,
        type_hash: B256::repeat_byte(1),
        once_per: vec![Scalar::Const(U256::from(5))],
        until: None,
    };
    let separator = typed.domain_separator(ETHEREUM, multicall());
    let id = typed.once_id([U256::from(5)]);
    let data = [&separator[..], &[1; 32], &run(&[transfer(1)])[4..]].concat();
    rules.callables[1] = Callable { kind: Kind::Sign, typed: Some(typed), ..wrapper(vec![]) };
    let actions = [Action { kind: Kind::Sign, to: multicall(), ..call(&data) }];
    let request = Request { wallet: multicall(), ..request(&actions) };
    let bound = Bound::new(&rules, multicall(), BTreeMap::new()).unwrap();
    let ruling = rules.decide(&request, &bound).unwrap();
    assert_eq!(ruling.once, Some(Once { contract: multicall(), id, until: None }));
    assert_eq!(ruling.actions.len(), 1);
}
