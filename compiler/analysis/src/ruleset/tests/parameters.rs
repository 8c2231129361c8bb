use super::*;

fn with(ty: ParamType, domain: Option<(u64, u64)>) -> RuleSet {
    let domain = domain.map(|(low, high)| (U256::from(low), U256::from(high)));
    RuleSet { params: vec![Param { name: "p".to_owned(), ty, domain }], ..policy(vec![]) }
}

fn bind(rules: &RuleSet, value: ParamValue) -> Result<Bound, BindError> {
    Bound::new(rules, wallet(), BTreeMap::from([("p".to_owned(), value)]))
}

fn number(n: u64) -> ParamValue {
    ParamValue::Word(U256::from(n))
}

#[test]
fn every_parameter_has_a_value_and_no_other_has() {
    let rules = with(ParamType::Int, None);
    assert_eq!(
        Bound::new(&rules, wallet(), BTreeMap::new()).unwrap_err().to_string(),
        "the parameter `p` has no value"
    );
    let too_many = BTreeMap::from([("p".to_owned(), number(1)), ("q".to_owned(), number(1))]);
    assert_eq!(
        Bound::new(&rules, wallet(), too_many).unwrap_err().to_string(),
        "there is no parameter `q`: the policy has `p`"
    );
    assert_eq!(bind(&rules, number(7)).unwrap().word(ParamId::new(0)), Some(U256::from(7)));
}

#[test]
fn the_wallet_is_bound_to_itself() {
    let mut rules = with(ParamType::Address, None);
    rules.params[0].name = "wallet".to_owned();
    let own = U256::from_be_slice(wallet().as_slice());
    assert_eq!(Bound::new(&rules, wallet(), BTreeMap::new()).unwrap().word(ParamId::new(0)), Some(own));
    let given = |word| BTreeMap::from([("wallet".to_owned(), ParamValue::Word(word))]);
    assert!(Bound::new(&rules, wallet(), given(own)).is_ok());
    assert!(matches!(Bound::new(&rules, wallet(), given(U256::ONE)), Err(BindError::WrongType { .. })));
}

#[test]
fn values_are_of_their_type() {
    let wide = |bits: usize| ParamValue::Word(U256::ONE << bits);
    for (ty, bits) in [
        (ParamType::Address, 160),
        (ParamType::Approver, 160),
        (ParamType::Duration, 64),
        (ParamType::Time, 64),
        (ParamType::Bool, 1),
    ] {
        assert!(bind(&with(ty, None), wide(bits - 1)).is_ok(), "{ty:?}");
        assert!(matches!(bind(&with(ty, None), wide(bits)), Err(BindError::WrongType { .. })), "{ty:?}");
        assert!(bind(&with(ty, None), ParamValue::Set(BTreeSet::new())).is_err(), "{ty:?}");
    }
    for ty in [ParamType::Int, ParamType::Bytes32, ParamType::Amount(TokenId::new(1))] {
        assert!(bind(&with(ty, None), ParamValue::Word(U256::MAX)).is_ok());
    }
    assert!(bind(&with(ParamType::AddressSet(2), None), number(1)).is_err());
}

#[test]
fn values_lie_in_their_domain() {
    let rules = with(ParamType::Int, Some((5, 9)));
    for (value, fits) in [(4, false), (5, true), (9, true), (10, false)] {
        assert_eq!(bind(&rules, number(value)).is_ok(), fits, "{value}");
    }
    assert_eq!(
        bind(&rules, number(10)).unwrap_err().to_string(),
        "the parameter `p` must lie in 5 ..= 9; 10 does not"
    );
}

#[test]
fn sets_have_a_size() {
    let rules = with(ParamType::AddressSet(2), None);
    let of = |n: u8| ParamValue::Set((0..n).map(address).collect());
    assert!(bind(&rules, of(2)).is_ok());
    assert_eq!(
        bind(&rules, of(3)).unwrap_err().to_string(),
        "the parameter `p` may hold up to 2 addresses; there are 3"
    );
}

#[test]
fn a_contract_bound_onto_another_is_refused() {
    let mut rules = with(ParamType::Address, None);
    rules.callables.push(Callable { target: Some(Target::Param(ParamId::new(0))), ..function(vec![]) });
    let at = |a| ParamValue::Word(word(a));
    assert!(bind(&rules, at(address(1))).is_ok());
    assert!(matches!(bind(&rules, at(usdc())), Err(BindError::SameFunction { .. })));
}

#[test]
fn bound_values_are_what_conditions_read() {
    let mut rules = with(ParamType::AddressSet(2), None);
    let to = arg(0, WordType::Address);
    rules.rules = vec![allow(vec![Formula::Atom(Atom::Member(to, SetRef::Param(ParamId::new(0))))])];
    let bound = bind(&rules, ParamValue::Set(BTreeSet::from([address(0x77)]))).unwrap();
    let decide = |to| {
        let data = calldata(to, U256::ONE);
        rules.decide(&request(&[call(&data)]), &bound)
    };
    assert!(decide(address(0x77)).is_ok());
    assert_eq!(decide(address(0x78)), denied(DenyCode::NoRule, None));
    // A bound address is one of the policy's: its look-alikes are refused.
    let mut alike = address(0x77);
    alike.0[10] = 0;
    assert!(bound.known().looks_alike(alike));
}
