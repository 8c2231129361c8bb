//! Every kind of action, decided.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod account;

use account::*;
use agentpol_abi::Value;
use agentpol_bytecode::Module;
use agentpol_model::{
    Address, B256, U256,
    decision::DenyCode,
    effect::{EffectKind, GrantMode},
    request::{Action, Envelope, Kind, Once},
    types::WordType,
};
use agentpol_vm::{BindError, Binding, Scratch};
use alloy_primitives::keccak256;

#[test]
fn typed_data_is_its_contracts_own() {
    let data = permit(HUB, 7, 3, 99);
    let granted = decide(action(Kind::Sign, USDC, &data)).unwrap();
    let [permitted] = granted.actions.as_slice() else { panic!("one action") };
    assert_eq!(permitted.rule, rule("permit"));
    let effect = &permitted.effects[0];
    assert_eq!((effect.kind, effect.amount), (EffectKind::Grant(GrantMode::Set), U256::from(7)));
    assert_eq!(effect.party, HUB);
    // The nonce of the owner excludes it, until the deadline.
    let word = |n: u64| U256::from(n).to_be_bytes::<32>();
    let used = [&data[32..64], WALLET.into_word().as_slice(), &word(3)].concat();
    let once = Once { contract: USDC, id: keccak256(used), until: Some(99) };
    assert_eq!(granted.once, Some(once));

    assert_eq!(decide(action(Kind::Sign, HUB, &data)), denied(DenyCode::UnknownContract, None, 0));
    let with = |at: usize| {
        let mut data = data.clone();
        data[at] ^= 1;
        decide(action(Kind::Sign, USDC, &data))
    };
    assert_eq!(with(0), denied(DenyCode::WrongDomain, None, 0));
    assert_eq!(with(31), denied(DenyCode::WrongDomain, None, 0));
    assert_eq!(with(32), denied(DenyCode::UnknownType, None, 0));
    assert_eq!(with(63), denied(DenyCode::UnknownType, None, 0), "the whole hash counts");
    assert_eq!(with(64), malformed(0, 64), "an address of more than 20 bytes");
    for end in [0, 31, 63] {
        assert_eq!(decide(action(Kind::Sign, USDC, &data[..end])), malformed(0, 0));
    }
    let longer = [&data[..], &[0]].concat();
    assert_eq!(decide(action(Kind::Sign, USDC, &longer)), malformed(0, 64 + 160));
    let valued = with_value(1, action(Kind::Sign, USDC, &data));
    assert_eq!(decide(valued), denied(DenyCode::NotPayable, None, 0));
    assert_eq!(
        decide(action(Kind::Sign, USDC, &permit(FRIEND, 7, 3, 99))),
        denied(DenyCode::NoRule, None, 0)
    );
    // Not the call of the same name.
    assert_eq!(decide(call(HUB, &data)), denied(DenyCode::UnknownFunction, None, 0));
}

#[test]
fn types_that_begin_alike_are_kept_apart() {
    let mut module = module();
    let at = module.callables.iter().position(|callable| callable.typed.is_some()).unwrap();
    let mut again = module.callables[at].clone();
    let typed = again.typed.as_mut().unwrap();
    typed.type_hash.0[31] ^= 1;
    typed.once_per.clear();
    typed.until = None;
    typed.domain_name = None;
    let separator = typed.domain_separator(1, USDC);
    again.arms[0].rule = rule("pay");
    module.callables.push(again);
    let policy = bound(module);
    let data = permit(HUB, 7, 3, 99);
    let first = decide_with(&policy, action(Kind::Sign, USDC, &data)).unwrap();
    assert_eq!(first.actions[0].rule, rule("permit"));
    let mut other = data.clone();
    other[63] ^= 1;
    let wrong = decide_with(&policy, action(Kind::Sign, USDC, &other));
    assert_eq!(wrong, denied(DenyCode::WrongDomain, None, 0));
    other[..32].copy_from_slice(separator.as_slice());
    let second = decide_with(&policy, action(Kind::Sign, USDC, &other)).unwrap();
    assert_eq!(second.actions[0].rule, rule("pay"));
    // Where nothing is used up, only the very same is excluded.
    let once = Once { contract: USDC, id: keccak256(&other), until: None };
    assert_eq!(second.once, Some(once));
}

#[test]
fn messages_are_texts_or_sign_ins() {
    let text = |text: &str| data("text", &[Value::String(text.to_owned())]);
    let hello = text("hello, world");
    let granted = decide(action(Kind::Message, Address::ZERO, &hello)).unwrap();
    assert_eq!(granted.actions[0].rule, rule("text"));
    let once = Once { contract: Address::ZERO, id: keccak256(&hello), until: None };
    assert_eq!(granted.once, Some(once));
    let other = text("goodbye");
    assert_eq!(decide(action(Kind::Message, Address::ZERO, &other)), denied(DenyCode::NoRule, None, 0));
    let s = |text: &str| Value::String(text.to_owned());
    let u64 = |n: u64| Value::Word(U256::from(n), WordType::Uint(64));
    let sign_in = |chain: u64| {
        let parts = [
            s("app.example"),
            a(WALLET),
            s(""),
            s("https://app.example"),
            u(chain),
            s("12345678"),
            u64(1),
            u64(u64::MAX),
            u64(0),
            s(""),
            list([]),
        ];
        data("SignIn", &parts)
    };
    assert_eq!(rules(action(Kind::Message, Address::ZERO, &sign_in(1))), ["sign_in"]);
    let elsewhere = sign_in(10);
    assert_eq!(decide(action(Kind::Message, Address::ZERO, &elsewhere)), denied(DenyCode::NoRule, None, 0));
    // Nothing else is a message.
    let call = transfer(FRIEND, 1);
    assert_eq!(decide(action(Kind::Message, Address::ZERO, &call)), denied(DenyCode::NoRule, None, 0));
    assert_eq!(decide(action(Kind::Message, Address::ZERO, &hello[..3])), malformed(0, 0));
    let mut dirty = hello.clone();
    *dirty.last_mut().unwrap() = 1;
    assert_eq!(decide(action(Kind::Message, Address::ZERO, &dirty)), malformed(0, dirty.len() as u32 - 1));
}

#[test]
fn an_account_is_given_to_the_trusted_only() {
    let to = |delegate: Address| {
        let args = args("authorize", &[a(delegate), Value::Word(U256::from(5), WordType::Uint(64))]);
        decide(action(Kind::Authorize, delegate, &args))
    };
    assert_eq!(to(KEEPER).unwrap().actions[0].rule, rule("delegate"));
    for other in [HUB, WALLET, Address::ZERO] {
        assert_eq!(to(other), denied(DenyCode::Unlimited, Some("delegate"), 0));
    }
    assert_eq!(decide(action(Kind::Authorize, KEEPER, &[0; 31])), malformed(0, 31));
    let mut module = module();
    module.callables.retain(|callable| callable.kind != Kind::Authorize);
    let without = decide_with(&bound(module), action(Kind::Authorize, KEEPER, &[0; 64]));
    assert_eq!(without, denied(DenyCode::NoRule, None, 0));
}

#[test]
fn deployments_are_known_by_their_code() {
    let code = [0x60, 0x0a, 0x60, 0x0c];
    let deploy = |code| action(Kind::Deploy, Address::ZERO, code);
    assert_eq!(rules(deploy(&code)), ["create"]);
    assert_eq!(decide(deploy(&code[..3])), denied(DenyCode::NoRule, None, 0));
    assert_eq!(decide(with_value(1, deploy(&code))), denied(DenyCode::NoRule, None, 0));
    // Nothing is read in the code, but there is a rule about it or it is not sent.
    let mut module = module();
    module.callables.retain(|callable| callable.kind != Kind::Deploy);
    assert_eq!(decide_with(&bound(module), deploy(&code)), denied(DenyCode::NoRule, None, 0));
}

#[test]
fn delegatecalls_need_a_rule_that_names_them() {
    fn delegate(to: Address, data: &[u8]) -> Action<'_> {
        action(Kind::Delegatecall, to, data)
    }
    assert_eq!(rules(delegate(HUB, &poke())), ["poke"]);
    let transfer = transfer(FRIEND, 1);
    assert_eq!(decide(delegate(USDC, &transfer)), denied(DenyCode::Delegatecall, None, 0));
    assert_eq!(decide(delegate(HUB, &transfer)), denied(DenyCode::Delegatecall, None, 0));
    assert_eq!(decide(delegate(HUB, &[])), malformed(0, 0));
    let valued = poke();
    assert_eq!(decide(with_value(1, delegate(HUB, &valued))), denied(DenyCode::NotPayable, None, 0));
    // A function that takes value takes none when it is delegated to.
    let valued = multi_send(&[]);
    assert_eq!(decide(with_value(1, delegate(HUB, &valued))), denied(DenyCode::NotPayable, None, 0));
}

#[test]
fn commands_are_read_as_their_router_reads_them() {
    let one = Address::with_last_byte(1);
    let granted = decide(command("V3_SWAP_EXACT_IN", &swap(one, 250_000_000))).unwrap();
    let [swapped] = granted.actions.as_slice() else { panic!("one action") };
    assert_eq!(swapped.rule, rule("swap"));
    assert_eq!((swapped.effects[0].party, swapped.effects[0].amount), (HUB, U256::from(250_000_000)));
    let swap_to = |recipient, amount| decide(command("V3_SWAP_EXACT_IN", &swap(recipient, amount)));
    assert!(swap_to(WALLET, 1).is_ok());
    assert_eq!(swap_to(Address::with_last_byte(2), 1), denied(DenyCode::NoRule, None, 0), "the router's");
    assert_eq!(swap_to(one, 250_000_001), denied(DenyCode::NoRule, None, 0));
    let token = |token: Address| args("V3_SWAP_EXACT_IN", &[a(one), u(1), bytes(&path(token))]);
    let unknown = token(STRANGER);
    let reason = denied(DenyCode::UnknownToken, Some("swap"), 0);
    assert_eq!(decide(command("V3_SWAP_EXACT_IN", &unknown)), reason);
    // What is declared of it holds for paths of one pool.
    let long = args("V3_SWAP_EXACT_IN", &[a(one), u(1), bytes(&[&path(USDC)[..], &[0; 23]].concat())]);
    assert_eq!(decide(command("V3_SWAP_EXACT_IN", &long)), denied(DenyCode::Requirement, None, 0));
    let data = swap(one, 1);
    let unknown = Action { command: [1, 2, 3, 4], ..command("V3_SWAP_EXACT_IN", &data) };
    assert_eq!(decide(unknown), denied(DenyCode::UnknownFunction, None, 0));
    let elsewhere = Action { to: USDC, ..command("V3_SWAP_EXACT_IN", &data) };
    assert_eq!(decide(elsewhere), denied(DenyCode::UnknownFunction, None, 0));
    let valued = with_value(1, command("V3_SWAP_EXACT_IN", &data));
    assert_eq!(decide(valued), denied(DenyCode::NotPayable, None, 0));
    assert_eq!(decide(command("V3_SWAP_EXACT_IN", &data[1..])).unwrap_err().code, DenyCode::Malformed);
}

#[test]
fn control_is_for_the_trusted_and_the_wallet() {
    let approve =
        |operator, approved| decide(call(HUB, &data("setApprovalForAll", &[a(operator), bool(approved)])));
    assert!(approve(KEEPER, true).is_ok());
    assert!(approve(WALLET, true).is_ok());
    assert!(approve(STRANGER, false).is_ok(), "nothing is given");
    assert_eq!(approve(STRANGER, true), denied(DenyCode::Unlimited, Some("operator"), 0));
    assert_eq!(approve(HUB, true), denied(DenyCode::Unlimited, Some("operator"), 0));
}

#[test]
fn what_may_follow_and_what_must_hold() {
    let supply =
        |amount: u64, behind: &[u8]| decide(call(HUB, &[&data("supply", &[u(amount)])[..], behind].concat()));
    let granted = supply(10, &[]).unwrap();
    assert_eq!(granted.actions[0].effects[0].through, Some(HUB));
    assert_eq!(supply(10, &[0xff; 32]).unwrap(), granted, "whatever follows");
    assert_eq!(supply(10, &[0xff; 7]).unwrap(), granted);
    assert_eq!(supply(10, &[0; 33]), malformed(0, 4 + 32 + 32));
    assert_eq!(supply(9, &[]), denied(DenyCode::Requirement, None, 0));
    assert_eq!(supply(9_000_001, &[]), denied(DenyCode::NoRule, None, 0));
    // What cannot be told does not hold.
    let mut module = module();
    let named = |name| module.functions.iter().position(|function| function.name == name).unwrap();
    let (supply, multicall) = (named("supply"), named("multicall"));
    let at = |function| {
        let of =
            |callable: &agentpol_bytecode::Callable| callable.function.is_some_and(|f| f.index() == function);
        module.callables.iter().position(of).unwrap()
    };
    let (supply, multicall) = (at(supply), at(multicall));
    let past = agentpol_bytecode::Instruction::Bound {
        path: agentpol_model::types::Path(vec![agentpol_model::types::Step::Member(0)]),
        max: 1,
    };
    module.callables[multicall].requires = vec![past];
    let _ = supply;
    let policy = bound(module);
    let two = account::multicall(&[poke(), poke()]);
    assert_eq!(decide_with(&policy, call(HUB, &two)), denied(DenyCode::Requirement, None, 0));
    assert!(decide_with(&policy, call(HUB, &account::multicall(&[poke()]))).is_ok());
}

#[test]
fn who_acts_is_the_wallet_or_is_accepted() {
    let (poke, pay) = (poke(), transfer(FRIEND, 1));
    let foreign = |action| Action { from: SAFE, ..action };
    assert_eq!(rules(foreign(call(HUB, &poke))), ["poke"], "it says so");
    assert_eq!(decide(foreign(call(USDC, &pay))), denied(DenyCode::ForeignSender, Some("pay"), 0));
    let sent = foreign(with_value(1, action(Kind::Send, FRIEND, &[])));
    assert_eq!(decide(sent), denied(DenyCode::ForeignSender, Some("gift"), 0));
    // A signature is the signer's own.
    let signed = permit(HUB, 7, 3, 99);
    assert_eq!(rules(foreign(action(Kind::Sign, USDC, &signed))), ["permit"]);
}

#[test]
fn the_envelope_says_once_for_everything_else() {
    let once = Once { contract: SAFE, id: B256::repeat_byte(1), until: Some(5) };
    let (poke, far) = (poke(), transfer(NOBODY, 1));
    let envelope = Envelope { once: Some(once), ..Envelope::default() };
    let mut scratch = Scratch::default();
    let allowed = [call(HUB, &poke)];
    policy()
        .decide(&agentpol_model::request::Request { envelope, ..request(&allowed) }, &mut scratch)
        .unwrap();
    assert_eq!(scratch.granted().once, Some(once));
    policy().decide(&request(&[call(USDC, &far)]), &mut scratch).unwrap_err();
    assert_eq!((scratch.granted().once, scratch.granted().actions.len()), (None, 0));
    policy().decide(&request(&allowed), &mut scratch).unwrap();
    assert_eq!(scratch.granted().once, None);
}

/// Kinds do not stand in one another's way where addresses are bound.
#[test]
fn bound_addresses_are_kept_apart_by_kind() {
    let with = |edit: &dyn Fn(&mut Module)| {
        let mut module = module();
        module.params.push(agentpol_model::policy::Param {
            name: "hub".to_owned(),
            ty: agentpol_model::policy::ParamType::Address,
            domain: None,
        });
        edit(&mut module);
        let value = agentpol_model::policy::ParamValue::Word(HUB.into_word().into());
        let params = [("hub".to_owned(), value)].into();
        let binding = Binding { wallet: WALLET, signer: WALLET, params };
        agentpol_vm::Policy::bind(agentpol_verifier::verify(module).unwrap(), &binding)
    };
    let param = || Some(agentpol_model::policy::Target::Param(agentpol_model::ids::ParamId::new(0)));
    let of = |module: &Module, kind| {
        module.callables.iter().position(|c| c.kind == kind && c.unwraps.is_empty()).unwrap()
    };
    // The delegatecall of `poke` is another thing than its call.
    let moved = with(&|module| {
        let at = of(module, Kind::Delegatecall);
        module.callables[at].target = param();
    });
    assert!(moved.is_ok());
    let twice = with(&|module| {
        let at = of(module, Kind::Delegatecall);
        let mut again = module.callables[at].clone();
        again.target = param();
        module.callables.push(again);
    });
    let name = "Hub.poke".to_owned();
    let same = BindError::SameFunction { first: name.clone(), second: name, chain: 1, at: HUB };
    assert_eq!(twice.err(), Some(same));
}
