//! What is shown of an action, granted or not.

use super::*;
use agentpol_abi::{Value, encode, signature::parse_members};

/// `multicall(bytes[] data)` on USDC itself.
fn rules() -> RuleSet {
    let unwrap = Unwrap::Call {
        each: Some(Path(vec![Step::Member(0)])),
        to: None,
        value: None,
        data: Path(vec![Step::Member(0), Step::Element(0)]),
        operation: None,
        may_fail: None,
        same_length: vec![],
    };
    let mut wrapper = Callable { unwraps: vec![unwrap], ..function(vec![]) };
    let f = wrapper.function.as_mut().unwrap();
    (f.selector, f.inputs) = ([1, 2, 3, 4], parse_members("(bytes[] data)").unwrap());
    RuleSet { callables: vec![function(vec![moves()]), wrapper], ..policy(vec![]) }
}

fn multicall(parts: &[&[u8]]) -> Vec<u8> {
    let inputs = parse_members("(bytes[] data)").unwrap();
    let parts = parts.iter().map(|part| Value::Bytes(part.to_vec())).collect();
    [&[1, 2, 3, 4], &encode(&inputs, &[Value::Array(parts)]).unwrap()[..]].concat()
}

#[test]
fn what_is_inside_is_shown_whether_it_is_understood_or_not() {
    let rules = rules();
    let good = calldata(address(0x77), U256::from(5));
    let nested = multicall(&[&good]);
    let data = multicall(&[&good, &good[..67], &nested, &[9, 9, 9, 9], b""]);
    let actions = [call(&data)];
    let request = request(&actions);
    let shown = rules.understand(&request, &actions[0], &bound(&rules)).unwrap();
    assert_eq!(shown.callable.unwrap().0, CallableId::new(1));
    let of = |n: usize| &shown.inner[n];
    assert_eq!((of(0).kind, of(0).from, of(0).to, &of(0).data), (Kind::Call, wallet(), usdc(), &good));
    let transfer = of(0).understood.as_ref().unwrap();
    assert_eq!(transfer.effects[0].as_ref().unwrap().amount, U256::from(5));
    let short = of(1).understood.as_ref().unwrap_err();
    assert_eq!((short.code, short.malformed.map(|m| m.offset)), (DenyCode::Malformed, Some(67)));
    let inside = &of(2).understood.as_ref().unwrap().inner;
    assert_eq!(inside[0].understood.as_ref().unwrap(), transfer);
    assert_eq!(inside[0].action().data, good);
    assert_eq!(of(3).understood.as_ref().unwrap_err().code, DenyCode::UnknownFunction);
    assert_eq!((of(4).kind, of(4).understood.as_ref().unwrap().callable), (Kind::Send, None));
}

#[test]
fn what_cannot_be_opened_is_not_understood() {
    let mut rules = rules();
    rules.callables[1].unwraps = vec![Unwrap::Records { data: Path(vec![Step::Member(0)]) }];
    let data = multicall(&[b"x"]);
    let actions = [call(&data)];
    let shown = rules.understand(&request(&actions), &actions[0], &bound(&rules)).unwrap_err();
    assert_eq!(shown, NotUnderstood { code: DenyCode::Malformed, malformed: None });
}

#[test]
fn deep_nesting_ends() {
    let rules = rules();
    let data = (0..12).fold(calldata(address(0x77), U256::ONE), |inner, _| multicall(&[&inner]));
    let actions = [call(&data)];
    let mut shown = rules.understand(&request(&actions), &actions[0], &bound(&rules));
    let mut levels = 0;
    while let Ok(mut understood) = shown {
        levels += 1;
        shown = understood.inner.remove(0).understood;
    }
    assert_eq!((levels, shown.unwrap_err().code), (8, DenyCode::TooMuch));
}
