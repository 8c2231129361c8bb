//! A guard that has seen the recipient to be an address of the policy spares the look-up; no other guard does.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use agentpol_abi::{Value, encode_call, signature::parse_members};
use agentpol_analysis::ruleset::{Atom, Clause, Formula, Linear, Relation, RuleSet, Scalar, SetRef};
use agentpol_grammar::span::Span;
use agentpol_model::{
    Address, U256,
    decision::DenyCode,
    ids::SetId,
    policy::Target,
    request::{Action, Envelope, Kind, Request},
    types::{Path, Step, WordType},
};
use agentpol_tests::{
    differential::WALLET,
    workload::{self, CHAIN, Limit, TRANSFER},
};
use agentpol_vm::Scratch;
use num_bigint::BigInt;

const TOKEN: Address = Address::repeat_byte(0x11);
const FRIEND: Address = Address::repeat_byte(0x22);

/// Like the friend at both ends.
fn double() -> Address {
    let mut double = FRIEND;
    double.0[10] = 0;
    double
}

fn to() -> Scalar {
    Scalar::Arg(Path(vec![Step::Member(0)]), WordType::Address)
}

fn among() -> Formula {
    Formula::Atom(Atom::Member(to(), SetRef::Const(SetId::new(0))))
}

fn up_to(most: i32) -> Formula {
    let terms = vec![(BigInt::from(1), Scalar::Arg(Path(vec![Step::Member(1)]), WordType::Uint(256)))];
    let sum = Linear { terms, constant: BigInt::from(-most) };
    Formula::Atom(Atom::Linear { sum, relation: Relation::NotAbove })
}

/// One rule, `TOKEN.transfer when …`, over a set of the friend and the double, of whom the policy names only the friend.
fn rules(guard: Formula, named: &[Address]) -> RuleSet {
    let recipients = [FRIEND, double()].into();
    let mut rules = workload::rule_set(&[Limit { token: TOKEN, cap: U256::from(9), recipients }]);
    rules.named_addresses = named.iter().copied().collect();
    rules.rules[0].arms[0].clauses =
        [Clause { text: guard.to_string(), formula: guard, span: Span::default() }].into();
    rules
}

fn decide(rules: &RuleSet, to: Address, amount: u64) -> Result<(), DenyCode> {
    let inputs = parse_members("(address to, uint256 amount)").unwrap();
    let to = Value::Word(U256::from_be_slice(to.as_slice()), WordType::Address);
    let amount = Value::Word(U256::from(amount), WordType::Uint(256));
    let data = encode_call(TRANSFER, &inputs, &[to, amount]).unwrap();
    let action =
        Action { command: [0; 4], kind: Kind::Call, from: WALLET, to: TOKEN, value: U256::ZERO, data: &data };
    let request = Request {
        chain: CHAIN,
        wallet: WALLET,
        signer: WALLET,
        agent: None,
        now: 1,
        envelope: Envelope::default(),
        actions: &[action],
    };
    workload::policy(rules).decide(&request, &mut Scratch::default()).map_err(|denied| denied.code)
}

#[test]
fn a_member_that_the_policy_does_not_name_is_no_address_of_the_policy() {
    let rules = rules(among(), &[FRIEND]);
    assert_eq!(decide(&rules, FRIEND, 1), Ok(()));
    assert_eq!(decide(&rules, double(), 1), Err(DenyCode::LookAlike));
}

#[test]
fn members_that_the_policy_names_are_no_look_alikes() {
    let rules = rules(among(), &[FRIEND, double()]);
    assert_eq!([decide(&rules, FRIEND, 1), decide(&rules, double(), 1)], [Ok(()); 2]);
    let mut third = FRIEND;
    third.0[9] = 0;
    assert_eq!(decide(&rules, third, 1), Err(DenyCode::NoRule));
}

#[test]
fn a_test_that_need_not_hold_says_nothing() {
    let named = [FRIEND, double()];
    let mut third = FRIEND;
    third.0[9] = 0;
    for guard in [
        Formula::Or(vec![up_to(5), among()]),
        Formula::Or(vec![among(), up_to(5)]),
        Formula::Or(vec![up_to(5), Formula::And(vec![among(), up_to(7)])]),
        Formula::And(vec![Formula::Or(vec![among(), up_to(5)]), up_to(7)]),
        Formula::Not(Box::new(among())),
    ] {
        let rules = rules(guard.clone(), &named);
        assert_eq!(decide(&rules, third, 4), Err(DenyCode::LookAlike), "{guard}");
    }
    let rules = rules(Formula::And(vec![Formula::Or(vec![up_to(5), up_to(6)]), among()]), &named);
    assert_eq!(decide(&rules, FRIEND, 6), Ok(()));
    assert_eq!(decide(&rules, third, 6), Err(DenyCode::NoRule));
}

#[test]
fn what_goes_to_the_token_itself_is_refused_wherever_the_token_stands() {
    let mut own = rules(up_to(9), &[]);
    assert_eq!(decide(&own, TOKEN, 1), Err(DenyCode::SelfRecipient));
    // The token stands elsewhere, and the call goes to somebody who moves it.
    let elsewhere = Address::repeat_byte(0x33);
    own.tokens[1].sites[0].1 = Some(elsewhere);
    assert!(matches!(own.contracts[0].address, Target::Fixed(TOKEN)));
    assert_eq!(decide(&own, TOKEN, 1), Ok(()));
    assert_eq!(decide(&own, elsewhere, 1), Err(DenyCode::SelfRecipient));
}
