//! Denials of what is not a plain call, and of what is inside others: they name the place, and what would be right.

use crate::account::{
    FRIEND, HUB, KEEPER, STRANGER, USDC, a, action, aggregate, at_now, authorize, bytes, data,
    exec_transaction, multicall, permit, poke, policy, supply, text, transfer, u,
};
use crate::policy::{NOW, WALLET, usdc};
use agentpol_abi::Value;
use agentpol_model::{
    Address, U256,
    decision::DenyCode,
    request::{Action, Kind, Request},
};
use agentpol_runtime::Decision;

fn denied_of(request: &Request<'_>, code: DenyCode) -> Decision {
    let policy = policy();
    let decision = policy.decide(request, &policy.ledger(false));
    assert_eq!(decision.code(), Some(code), "{}", decision.reason);
    decision
}

#[track_caller]
fn says(action: Action<'_>, code: DenyCode, reason: &str) {
    assert_eq!(denied_of(&at_now(&[action]), code).reason, reason);
}

fn call(data: &[u8]) -> Action<'_> {
    action(Kind::Call, HUB, data)
}

#[test]
fn what_is_inside_is_named_by_its_path() {
    let calls = multicall(&[poke(), multicall(&[supply(usdc(10)), poke()])]);
    let reason = "inner 2.1: no rule grants it; `lend` came closest, but asks for `amount <= 9 USDC` and saw amount = \
                  10000000; `amount <= 9000000` would pass";
    let decision = denied_of(&at_now(&[call(&calls)]), DenyCode::NoRule);
    let nearest = decision.nearest.clone().expect("a rule came close");
    assert_eq!(nearest.action.as_deref(), Some("inner 2.1"));
    let json = serde_json::to_value(&decision).unwrap();
    assert_eq!(json["nearest"]["action"], "inner 2.1");
    assert!(decision.reason.starts_with("inner 2.1: no rule grants it; `lend` came closest"), "{reason}");

    let (fine, calls) = (poke(), multicall(&[poke(), transfer(FRIEND, usdc(1))]));
    let decision = denied_of(&at_now(&[call(&fine), call(&calls)]), DenyCode::UnknownFunction);
    assert_eq!(
        decision.reason,
        format!(
            "action 2, inner 2: the interface of Hub ({HUB}) declares no function with the selector 0xa9059cbb"
        )
    );
    let too_much = supply(usdc(10));
    let decision = denied_of(&at_now(&[call(&fine), call(&too_much)]), DenyCode::NoRule);
    assert!(decision.reason.starts_with("action 2: no rule grants it"), "{}", decision.reason);
    assert_eq!(decision.nearest.and_then(|nearest| nearest.action).as_deref(), Some("action 2"));
    let decision = denied_of(&at_now(&[call(&too_much)]), DenyCode::NoRule);
    assert!(decision.reason.starts_with("no rule grants it"), "{}", decision.reason);
    assert_eq!(decision.nearest.expect("near").action, None);
}

#[test]
fn typed_data_says_which_would_be_right() {
    let signed = |data: &[u8], to, code| denied_of(&at_now(&[action(Kind::Sign, to, data)]), code).reason;
    let right = permit(HUB, usdc(1), 0, NOW);
    let mut other = right.clone();
    other[0] ^= 1;
    let reason = signed(&other, USDC, DenyCode::WrongDomain);
    let expected = format!(
        "the typed data is for another domain than that of USDC ({USDC}), which has the name \"USD Coin\", the version \
         \"2\", the chain 1 and the contract {USDC}; its hash is 0x"
    );
    assert!(reason.starts_with(&expected), "{reason}");
    let mut other = right.clone();
    other[40] ^= 1;
    let reason = signed(&other, USDC, DenyCode::UnknownType);
    assert!(
        reason.starts_with(&format!(
            "the interface of USDC ({USDC}) declares no typed data with the type hash 0x6e71"
        )),
        "{reason}"
    );
    let reason = signed(&right, STRANGER, DenyCode::UnknownContract);
    assert!(reason.starts_with("the policy uses no contract or token at"), "{reason}");
    let mut dirty = right.clone();
    dirty[64] = 1;
    let reason = signed(&dirty, USDC, DenyCode::Malformed);
    assert!(reason.starts_with("malformed typed data at byte 64: "), "{reason}");
    assert!(!reason.ends_with("the call of any function"), "{reason}");
    let reason = signed(&permit(FRIEND, usdc(1), 0, NOW), USDC, DenyCode::NoRule);
    assert!(
        reason.starts_with("no rule grants it; `permit` came closest, but asks for `spender == Hub`"),
        "{reason}"
    );
}

#[test]
fn a_wrapper_says_what_it_lacks() {
    let data = multicall(&[poke()]);
    says(
        Action { value: U256::from(1), ..call(&data) },
        DenyCode::NoRule,
        "`Hub.multicall` needs a rule of its own where it does something besides what is inside it, or holds nothing",
    );
    let data = multicall(&[]);
    says(
        call(&data),
        DenyCode::NoRule,
        "`Hub.multicall` needs a rule of its own where it does something besides what is inside it, or holds nothing",
    );
    // `Hub` is not the wallet, so what it calls it does not do for it.
    let data = aggregate(&[(poke(), false), (supply(usdc(1)), false)]);
    says(
        call(&data),
        DenyCode::ForeignSender,
        &format!(
            "inner 2: Hub ({HUB}) acts here, not the wallet, and `lend` does not say `accept foreign_sender`"
        ),
    );
}

#[test]
fn a_part_that_may_fail_needs_a_word() {
    // The rule about it does not match, so nobody accepts it.
    let data = aggregate(&[(poke(), true)]);
    let ether = Action { value: U256::from(2 * 10u64.pow(18)), ..call(&data) };
    let decision = denied_of(&at_now(&[ether]), DenyCode::NoRule);
    assert!(decision.reason.contains("`batch` came closest"), "{}", decision.reason);
    let opcodes = data_of_execute(&[0x80]);
    let decision = denied_of(&at_now(&[call(&opcodes)]), DenyCode::AllowFailure);
    assert_eq!(
        decision.reason,
        "a part of it may fail while the rest goes on; it takes a rule about `Hub.execute` that says `accept \
         allow_failure`, or parts that must all succeed"
    );
}

/// `execute(commands, inputs)` with an empty input each.
fn data_of_execute(opcodes: &[u8]) -> Vec<u8> {
    let inputs = opcodes.iter().map(|_| bytes(&[])).collect();
    data("execute", &[bytes(opcodes), Value::Array(inputs)])
}

#[test]
fn what_cannot_be_read_says_how_it_is_written() {
    let no_input = data("execute", &[bytes(&[0]), Value::Array(Vec::new())]);
    says(
        call(&no_input),
        DenyCode::Malformed,
        "malformed calldata: what is inside cannot be read; there is one input for each opcode",
    );
    let half = data("multiSend", &[bytes(&[0, 1, 2])]);
    says(
        call(&half),
        DenyCode::Malformed,
        "malformed calldata: what is inside cannot be read; it is records of an operation (0, or 1 without value), an \
         address, a value, a length and so many bytes, to the last byte",
    );
    let decision = denied_of(&at_now(&[call(&data_of_execute(&[0]))]), DenyCode::Malformed);
    let expected = "inner 1: malformed arguments of the command at byte 0: ";
    assert!(decision.reason.starts_with(expected), "{}", decision.reason);
    let unknown = data_of_execute(&[0x3f]);
    says(
        call(&unknown),
        DenyCode::UnknownFunction,
        &format!("inner 1: the interface of Hub ({HUB}) declares no command 0x3f"),
    );
    let (call_data, send) = (poke(), action(Kind::Send, FRIEND, &[1]));
    says(send, DenyCode::Malformed, "malformed calldata at byte 0: a plain send has none");
    let delegated = action(Kind::Delegatecall, USDC, &call_data);
    says(
        delegated,
        DenyCode::Delegatecall,
        &format!(
            "the code of USDC ({USDC}) would run as the account; only a rule about `delegatecall` of that function \
                  grants it"
        ),
    );
    let below = supply(U256::from(9));
    says(
        call(&below),
        DenyCode::Requirement,
        "what Hub.supply does is declared only for where its `requires` holds, and here it does not",
    );
}

#[test]
fn nested_too_deep_says_how_deep() {
    let nested = (0..9).fold(poke(), |inside, _| multicall(&[inside]));
    let decision = denied_of(&at_now(&[call(&nested)]), DenyCode::TooMuch);
    assert!(decision.reason.starts_with("inner 1.1.1.1.1.1.1.1: It nests deeper"), "{}", decision.reason);
}

#[test]
fn who_else_acts_is_named() {
    let call_data = transfer(FRIEND, usdc(1));
    let other = Action { from: KEEPER, ..action(Kind::Call, USDC, &call_data) };
    says(
        other,
        DenyCode::ForeignSender,
        &format!(
            "Keeper ({KEEPER}) acts here, not the wallet, and `pay` does not say `accept foreign_sender`"
        ),
    );
}

#[test]
fn kinds_without_a_rule_say_what_its_subject_would_be() {
    let policy = crate::policy::policy();
    let decide = |kind, to, data: &[u8]| {
        let decision =
            policy.decide(&crate::policy::request(&[action(kind, to, data)], NOW), &policy.ledger(false));
        (decision.code(), decision.reason)
    };
    let no_rule = Some(DenyCode::NoRule);
    let subject = |what: &str, subject: &str| {
        (no_rule, format!("no rule is about {what}; its subject would be {subject}"))
    };
    let hello = text("hello");
    assert_eq!(
        decide(Kind::Message, Address::ZERO, &hello),
        subject("such texts", "`message(text)`, or `message SignIn(m)`")
    );
    assert_eq!(decide(Kind::Deploy, Address::ZERO, &[0x60]), subject("creating contracts", "`deploy`"));
    let hand_over = authorize(KEEPER, 0);
    assert_eq!(
        decide(Kind::Authorize, KEEPER, &hand_over),
        subject("handing the account over to code", "`authorize(delegate, nonce)`")
    );
    // And where there is one, what it asked for.
    let bye = text("bye");
    let decision = denied_of(&at_now(&[action(Kind::Message, Address::ZERO, &bye)]), DenyCode::NoRule);
    assert!(decision.reason.starts_with("no rule grants it; `text` came closest"), "{}", decision.reason);
    let owner = exec_transaction(USDC, 0, &data("transfer", &[a(WALLET), u(usdc(1))]));
    let decision =
        denied_of(&at_now(&[action(Kind::Call, crate::account::SAFE, &owner)]), DenyCode::ForeignSender);
    assert!(decision.reason.starts_with("inner 1: Safe ("), "{}", decision.reason);
}
