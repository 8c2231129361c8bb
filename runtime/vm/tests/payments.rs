//! One small policy, decided: what is granted, what is denied and why.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod common;

use common::*;

use agentpol_bytecode::{assemble, decode, encode};
use agentpol_model::{
    Address, U256,
    decision::{Denied, DenyCode},
    effect::EffectKind,
    ids::{RuleId, TokenId},
    policy::ParamValue,
    request::{Action, Kind},
};
use agentpol_verifier::verify;
use agentpol_vm::{BindError, Binding, Policy, Scratch};

fn decide(action: Action<'_>) -> Result<RuleId, (DenyCode, Option<RuleId>)> {
    let (policy, mut scratch) = (policy(), Scratch::default());
    match policy.decide(&request(&[action]), &mut scratch) {
        Ok(()) => Ok(scratch.granted().actions[0].rule),
        Err(denied) => Err((denied.code, denied.rule)),
    }
}

fn rule(n: u32) -> RuleId {
    RuleId::new(n)
}

#[test]
fn each_rule_decides_what_is_its_own() {
    assert_eq!(decide(call(USDC, &transfer(FRIEND, 250_000_000))), Ok(rule(1)), "`small` stands over `big`");
    assert_eq!(decide(call(USDC, &transfer(FRIEND, 250_000_001))), Ok(rule(2)));
    assert_eq!(decide(call(USDC, &transfer(FRIEND, 2_000_000_001))), Err((DenyCode::NoRule, None)));
    assert_eq!(decide(call(USDC, &transfer(STRANGER, 1))), Err((DenyCode::NoRule, None)));
    assert_eq!(decide(call(USDC, &transfer(USDC, 1))), Err((DenyCode::DeniedByRule, Some(rule(0)))));
    assert_eq!(decide(call(PAYER, &pay_all(&[1, 2], 5, &[0xab, 0, 0, 0]))), Ok(rule(3)));
    assert_eq!(decide(call(PAYER, &pay_all(&[1, 3], 5, &[0xab, 0, 0, 0]))), Err((DenyCode::NoRule, None)));
    assert_eq!(decide(call(PAYER, &pay_all(&[1, 2], 5, &[0xab]))), Err((DenyCode::NoRule, None)));
    assert_eq!(
        decide(call(PAYER, &pay_all(&[1, 2], 7, &[0xab, 0, 0, 0]))),
        Err((DenyCode::NoRule, None)),
        "3 · 7 > 10 + 8"
    );
    assert_eq!(decide(call(PAYER, &pay_all(&[1, 2], 6, &[0xab, 0, 0, 0]))), Ok(rule(3)), "3 · 6 = 10 + 8");
    assert_eq!(decide(call(PAYER, &pay_all(&[], 1, &[]))), Err((DenyCode::NoRule, None)), "`any` of nothing");
}

#[test]
fn effects_are_worked_out() {
    let (policy, mut scratch) = (policy(), Scratch::default());
    let data = pay_all(&[1], 5, &[0xab, 0, 0, 0]);
    policy.decide(&request(&[call(PAYER, &data)]), &mut scratch).unwrap();
    let [effect] = scratch.granted().actions[0].effects.as_slice() else { panic!("one effect") };
    assert_eq!((effect.kind, effect.token), (EffectKind::Move, TokenId::new(1)));
    assert_eq!((effect.amount, effect.party), (U256::from(20), PAYER));
}

#[test]
fn what_is_not_understood_is_denied() {
    let data = transfer(FRIEND, 1);
    assert_eq!(decide(call(STRANGER, &data)), Err((DenyCode::UnknownContract, None)));
    assert_eq!(decide(call(PAYER, &data)), Err((DenyCode::UnknownFunction, None)));
    let valued = Action { value: U256::ONE, ..call(USDC, &data) };
    assert_eq!(decide(valued), Err((DenyCode::NotPayable, None)));
    let kind = Action { kind: Kind::Delegatecall, ..call(USDC, &data) };
    assert_eq!(decide(kind), Err((DenyCode::Delegatecall, None)));
    let send = Action { kind: Kind::Send, data: &[], ..call(FRIEND, &data) };
    assert_eq!(decide(send), Err((DenyCode::NoRule, None)));
    let mut dirty = data.clone();
    dirty[4] = 1;
    let denied = policy().decide(&request(&[call(USDC, &data), call(USDC, &dirty)]), &mut Scratch::default());
    let expected = Denied { code: DenyCode::Malformed, rule: None, action: 1, offset: Some(4) };
    assert_eq!(denied, Err(expected));
    let mut request = request(&[]);
    assert_eq!(policy().decide(&request, &mut Scratch::default()).unwrap_err().code, DenyCode::NoRule);
    request.chain = 10;
    assert_eq!(policy().decide(&request, &mut Scratch::default()).unwrap_err().code, DenyCode::WrongChain);
    request.wallet = STRANGER;
    assert_eq!(policy().decide(&request, &mut Scratch::default()).unwrap_err().code, DenyCode::WrongWallet);
}

#[test]
fn a_denial_says_what_was_nearest() {
    let nearest = |action: Action<'_>| {
        let nearest = policy().explain(&request(&[action])).unwrap();
        (nearest.rule, nearest.clause, nearest.saw, nearest.would_pass)
    };
    let said = |n: u32, clause: &str, saw: &str, would_pass: &str| {
        (rule(n), clause.to_owned(), saw.to_owned(), would_pass.to_owned())
    };
    assert_eq!(
        nearest(call(USDC, &transfer(FRIEND, 2_000_500_000))),
        said(1, "amount <= 250 USDC", "amount = 2,000.5 USDC", "amount <= 250 USDC")
    );
    assert_eq!(
        nearest(call(USDC, &transfer(STRANGER, 5))),
        said(1, "to in friends", &format!("to = {STRANGER}"), &format!("to in {{{FRIEND}}}"))
    );
    assert_eq!(
        nearest(call(PAYER, &pay_all(&[1], 7, &[0xab, 0, 0, 0]))),
        said(3, "each * 3 <= 10 + now", "each = 7, now = 1970-01-01T00:00:08Z", "each <= 6")
    );
    let (_, clause, saw, would_pass) = nearest(call(PAYER, &pay_all(&[1, 9], 1, &[0xab, 0, 0, 0])));
    assert_eq!(clause, "all t in to: t in team");
    assert!(saw.starts_with("to[0] = 0x") && saw.contains(", to[1] = 0x"), "{saw}");
    assert!(would_pass.starts_with("every to[…] in {0x"), "{would_pass}");
    assert_eq!(policy().explain(&request(&[call(USDC, &transfer(FRIEND, 1))])), None, "it is granted");
    assert_eq!(policy().explain(&request(&[call(USDC, &transfer(USDC, 1))])), None, "the rule says it all");
}

#[test]
fn parameters_are_checked() {
    let bind = |change: &dyn Fn(&mut Binding)| {
        let mut binding = binding();
        change(&mut binding);
        Policy::bind(verify(module()).unwrap(), &binding).err().map(|error| error.to_string())
    };
    let set = |name: &'static str, value: ParamValue| {
        bind(&move |b| drop(b.params.insert(name.to_owned(), value.clone())))
    };
    assert_eq!(bind(&|_| {}), None);
    let says = |text: &str| Some(text.to_owned());
    assert_eq!(bind(&|b| drop(b.params.remove("daily"))), says("the parameter `daily` has no value"));
    assert_eq!(
        set("wekly", ParamValue::Word(U256::ZERO)),
        says("there is no parameter `wekly`: the policy has `friends`, `owner`, `daily`")
    );
    assert_eq!(
        set("owner", ParamValue::Set([OWNER].into())),
        says("the parameter `owner` must be an address")
    );
    assert_eq!(set("owner", ParamValue::Word(U256::MAX)), says("the parameter `owner` must be an address"));
    assert_eq!(set("daily", ParamValue::Word(U256::from(1_000_000_000))), None);
    assert_eq!(
        set("daily", ParamValue::Word(U256::from(1_000_000_001))),
        says("the parameter `daily` must lie in 0 ..= 1000000000; 1000000001 does not")
    );
    let friends = |n: u8| ParamValue::Set((0..n).map(Address::with_last_byte).collect());
    assert_eq!(set("friends", friends(8)), None);
    assert_eq!(
        set("friends", friends(9)),
        says("the parameter `friends` may hold up to 8 addresses; there are 9")
    );
    assert_eq!(
        set("owner", ParamValue::Word(word(WALLET))),
        says(&format!("`big` cannot be approved by {WALLET}: it is the wallet itself"))
    );
}

/// A contract whose address is a parameter must not be bound to where another one has the same function.
#[test]
fn bound_addresses_are_kept_apart() {
    let text = agentpol_bytecode::disassemble(&module());
    let text = text.replace("name: \"owner\", ty: approver", "name: \"owner\", ty: address");
    let text = text.replace(
        "target: some(fixed(0x00000000000000000000000000000000000fa7e5))",
        "target: some(bound(param1))",
    );
    let text = text.replace("verb: ask({ need: 1, of: [bound(param1)], within: fixed(600) })", "verb: allow");
    let text = text
        .replace("function: some(function1)", "function: some(function0)")
        .replace("$1:uint128", "$1:uint256");
    let mut module = assemble(&text).unwrap();
    module.callables[1].arms.clear();
    module.max_steps = 8;
    let at = |address: Address| {
        let mut binding = binding();
        binding.params.insert("owner".to_owned(), ParamValue::Word(word(address)));
        let steps = verify(module.clone()).unwrap_or_else(|error| panic!("{error}"));
        Policy::bind(steps, &binding)
    };
    assert!(at(PAYER).is_ok());
    let (first, second) = ("USDC.transfer".to_owned(), "Payer.transfer".to_owned());
    assert_eq!(at(USDC).err(), Some(BindError::SameFunction { first, second, chain: 1, at: USDC }));
}

/// Whatever the verifier accepts runs, and within the steps that it announces.
#[test]
fn mutants_run_within_their_cost() {
    let bytes = encode(&module());
    let mut datas = vec![transfer(FRIEND, 1), transfer(FRIEND, 300_000_000), transfer(STRANGER, 1)];
    datas.extend([
        pay_all(&[1, 2], 5, &[0xab, 0, 0, 0]),
        pay_all(&[2, 1, 1, 2], 50, &[0xab; 40]),
        vec![1, 2, 3],
    ]);
    let mut accepted = 0;
    for at in 0..bytes.len() - 32 {
        for change in [1u8, 2, 3, 0x10, 0x80, 0xff] {
            let mut mutant = bytes[..bytes.len() - 32].to_vec();
            mutant[at] ^= change;
            let hash = blake3::hash(&mutant);
            mutant.extend_from_slice(hash.as_bytes());
            let Ok(Ok(verified)) = decode(&mutant).map(verify) else { continue };
            let Ok(policy) = Policy::bind(verified, &binding()) else { continue };
            accepted += 1;
            let mut scratch = Scratch::new(&policy);
            for (data, to) in datas.iter().flat_map(|data| [(data, USDC), (data, PAYER)]) {
                let actions = [call(to, data)];
                let _ = policy.decide(&request(&actions), &mut scratch);
                assert!(scratch.steps() <= policy.max_steps(), "byte {at} ^ {change}");
                let _ = policy.explain(&request(&actions));
            }
        }
    }
    assert!(accepted > 300, "only {accepted} mutants were accepted");
}
