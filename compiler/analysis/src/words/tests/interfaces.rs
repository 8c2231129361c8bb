//! Kinds, wrappers, and what interfaces say besides effects.

use super::*;

/// The only paragraph, and what follows it.
fn said(rules: &RuleSet) -> Vec<String> {
    let entry = &explain(rules).sections[0].entries[0];
    [std::slice::from_ref(&entry.sentence), &entry.lines].concat()
}

#[test]
fn every_kind_has_its_verb() {
    for (kind, name, sentence) in [
        (Kind::Sign, "Order", "sign Router.Order on ethereum"),
        (Kind::Message, "text", "sign texts on ethereum"),
        (Kind::Message, "SignIn", "sign in where it is asked to (EIP-4361) on ethereum"),
        (Kind::Deploy, "", "deploy contracts on ethereum"),
        (Kind::Authorize, "authorize", "let code act as the account from then on (EIP-7702) on ethereum"),
        (Kind::Delegatecall, "run", "run, as the account, the code of Router.run on ethereum"),
        (Kind::Command, "SWEEP", "have a router do Router.SWEEP on ethereum"),
        (Kind::Send, "", "send ETH on ethereum"),
    ] {
        let mut rules = policy(vec![]);
        let callable = &mut rules.callables[0];
        (callable.kind, callable.effects) = (kind, vec![]);
        callable.function.as_mut().unwrap().name = name.to_owned();
        assert_eq!(said(&rules), [format!("The agent may {sentence}.")]);
    }
}

#[test]
fn a_verb_is_said_once() {
    let mut rules = policy(vec![]);
    let mut sell = swap();
    sell.function.as_mut().unwrap().name = "sell".to_owned();
    rules.callables.extend([
        sell,
        Callable { kind: Kind::Sign, ..swap() },
        Callable { kind: Kind::Deploy, ..swap() },
    ]);
    rules.callables.iter_mut().for_each(|callable| callable.effects.clear());
    let arm = rules.rules[0].arms[0].clone();
    rules.rules[0].arms.push(Arm { callable: CallableId::new(1), ..arm.clone() });
    let two = "The agent may call Router.swap or Router.sell on ethereum.";
    assert_eq!(said(&rules), [two]);
    rules.rules[0].arms.push(Arm { callable: CallableId::new(2), ..arm });
    assert_eq!(said(&rules), ["The agent may make any call, and sign anything, that the policy can read."]);
}

#[test]
fn what_else_an_interface_says() {
    use agentpol_model::{B256, policy::Typed};
    let mut rules = policy(vec![]);
    let callable = &mut rules.callables[0];
    callable.kind = Kind::Sign;
    callable.requires = not_above(&[(1, arg(2))], -10_i128.pow(18));
    callable.effects[0].through = Some(Scalar::Const(word(ROUTER)));
    callable.controls = vec![ControlSpec { party: to(), when: same(arg(1), Scalar::Const(U256::ZERO)) }];
    let typed = Typed {
        domain_name: None,
        domain_version: None,
        type_hash: B256::ZERO,
        once_per: vec![arg(1), to()],
        until: Some(arg(2)),
    };
    callable.typed = Some(typed);
    rules.rules[0].accepts = vec![
        ("foreign_sender".to_owned(), "it is ours".to_owned()),
        ("allow_failure".to_owned(), "nothing follows".to_owned()),
    ];
    assert_eq!(
        said(&rules),
        [
            "The agent may sign Router.swap on ethereum, which lets up to `amountIn` of the token `tokenIn` be taken by Router \
             through Router and gives `tokenIn`, who must be trusted, control without a limit (when `amountIn` is 0), if:",
            "`minOut` is at most 1 WETH (its interface requires it)",
            "A signature can be used once for each `amountIn` and `tokenIn`, until `minOut`.",
            "Its author accepts the risk \"foreign sender\" (inside a wrapper, somebody else than the wallet acts): it is ours.",
            "Its author accepts the risk \"allow failure\" (a part of it may fail, and the rest is done): nothing follows.",
        ]
    );
    let typed = rules.callables[0].typed.as_mut().unwrap();
    (typed.once_per, typed.until) = (vec![], None);
    let forever = "The interface does not say how often a signature can be used.";
    assert_eq!(said(&rules)[2], forever);
}

#[test]
fn wrappers_need_no_rule() {
    let mut rules = policy(vec![]);
    let unwraps = vec![Unwrap::Records { data: Path(vec![Step::Member(0)]) }];
    let wrapper = |name: &str, kind, chain| {
        let mut callable = Callable { unwraps: unwraps.clone(), kind, chain, effects: vec![], ..swap() };
        callable.function.as_mut().unwrap().name = name.to_owned();
        callable
    };
    rules.chains.push(Chain { name: "base".to_owned(), id: 8453, ..rules.chains[0].clone() });
    rules.callables.extend([
        wrapper("multicall", Kind::Call, 1),
        wrapper("multicall", Kind::Call, 1),
        wrapper("multicall", Kind::Call, 8453),
        wrapper("multiSend", Kind::Delegatecall, 1),
        wrapper("multiSend", Kind::Delegatecall, 8453),
        wrapper("never", Kind::Call, 1),
    ]);
    let mut never = rules.rules[0].clone();
    (never.verb, never.arms[0].callable) = (Verb::Deny, CallableId::new(6));
    let mut by_itself = rules.rules[0].clone();
    by_itself.arms[0].callable = CallableId::new(1);
    by_itself.arms.push(Arm { callable: CallableId::new(2), ..by_itself.arms[0].clone() });
    rules.rules = vec![by_itself, never];
    let text = explain(&rules).to_string();
    let section = "\
What any of it may be wrapped in
  It may come inside Router.multicall or delegatecall Router.multiSend on ethereum and base; each part is judged as if it \
         stood alone, for whoever acts then.
";
    assert!(text.contains(section), "{text}");
    let own = "The agent may call Router.multicall on ethereum.";
    assert_eq!(said(&rules), [own, "What is inside it is judged by itself, as if it stood alone."]);
}

#[test]
fn bytes_that_are_addresses() {
    let slice =
        |length| Scalar::Slice { path: Path(vec![Step::Member(3)]), start: 20, from_end: true, length };
    let weth = Scalar::Const(word(WETH));
    assert_eq!(words(same(slice(20), weth)), "20 bytes of `xs`, beginning 20 before its end is WETH");
    assert_eq!(
        words(same(slice(3), Scalar::Const(U256::from(500)))),
        "3 bytes of `xs`, beginning 20 before its end is 500"
    );
}

#[test]
fn text_is_shown_as_text() {
    let mut rules = policy(vec![]);
    rules.callables[0].function.as_mut().unwrap().inputs[3].ty = Type::String;
    let starts = |bytes: &[u8]| {
        let test = BytesTest::StartsWith(bytes.to_vec());
        let formula = Formula::Atom(Atom::Bytes(Path(vec![Step::Member(3)]), test));
        Clause { formula, span: Span::default(), text: String::new() }
    };
    rules.rules[0].arms[0].clauses = vec![starts(b"Sign \"in\"\n"), starts(&[0xff, b'a'])];
    let lines = &said(&rules)[1..];
    assert_eq!(lines, ["`xs` starts with \"Sign \\\"in\\\"\\n\"", "`xs` starts with 0xff61"]);
}
