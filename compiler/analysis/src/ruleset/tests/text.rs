use super::*;
use agentpol_model::{
    budget::{Measure, Window},
    ids::SetId,
};

#[test]
fn a_whole_policy() {
    let token_at_arg = TokenSpec::At(arg(0, WordType::Address));
    let mut rules = policy(vec![
        over(allow(vec![at_most(5), Formula::Not(Box::new(undefined()))]), &[1]),
        rule(
            Verb::Ask(Ask { need: 1, of: vec![Target::Fixed(address(1))], within: Seconds::Fixed(600) }),
            "big",
            vec![Formula::Or(vec![
                Formula::Atom(Atom::Member(arg(0, WordType::Address), SetRef::Const(SetId::new(0)))),
                Formula::Const(false),
            ])],
        ),
    ]);
    rules.sets.push(BTreeSet::from([U256::from(7)]));
    rules.callables[0].effects.push(EffectSpec {
        kind: EffectKind::Grant(GrantMode::Add),
        token: token_at_arg,
        from: None,
        until: Some(amount()),
        ..moves()
    });
    rules.budgets.push(Budget {
        name: "daily".to_owned(),
        line: 0,
        renamed_from: None,
        cap: Cap::Fixed(U256::from(500)),
        window: Window::Sliding { seconds: 86_400 },
        measure: Measure::Gross(vec![(TokenId::new(1), U256::ONE)]),
        rules: None,
    });
    let text = "\
policy test
chain ethereum id 1 native token0
token0 ETH decimals 18 on 1 native
token1 USDC decimals 6 on 1 at 0x5d5d5D5D5d5d5D5d5d5D5D5D5d5d5d5D5d5D5D5d
set0 { 0x7 }
callable0 Call on 1 at 0x5d5d5D5D5d5d5D5d5d5D5D5D5d5d5d5D5d5D5D5d USDC.transfer(address,uint256) 0xa9059cbb
    moves arg1:uint256 of token1 from wallet to arg0:address
    grants more arg1:uint256 of token at arg0:address to arg0:address until arg1:uint256
budget0 daily/0: 500 token1*1 per 86400s
rule0 allow pay over rule1
    callable0
        when arg1:uint256 - 5 <= 0
        when not tx.fee <= 0
rule1 ask big
    ask by 1 of { 0x0101010101010101010101010101010101010101 } within 600s
    callable0
        when (arg0:address in set0 or false)
";
    let mut got = rules.to_string();
    // The checksum's letter case is not what this test is about.
    got.make_ascii_lowercase();
    assert_eq!(got, text.to_ascii_lowercase());
}

#[test]
fn what_else_an_interface_says() {
    use agentpol_model::{B256, policy::Typed};
    let place = |n| Path(vec![Step::Member(n)]);
    let mut callable = function(vec![]);
    callable.function.as_mut().unwrap().trailing = 8;
    callable.typed = Some(Typed {
        domain_name: Some("USD Coin".to_owned()),
        domain_version: None,
        type_hash: B256::ZERO,
        once_per: vec![amount(), arg(0, WordType::Address)],
        until: Some(amount()),
    });
    callable.requires = at_most(5);
    callable.controls = vec![ControlSpec { party: arg(0, WordType::Address), when: at_most(1) }];
    callable.effects = vec![EffectSpec { through: Some(Scalar::Const(U256::ONE)), ..moves() }];
    let element = Path(vec![Step::Member(0), Step::Element(0), Step::Member(1)]);
    callable.unwraps = vec![
        Unwrap::Call {
            each: Some(place(0)),
            to: Some(element.clone()),
            value: None,
            data: element,
            operation: None,
            may_fail: None,
            same_length: vec![place(1)],
        },
        Unwrap::Commands { table: [1, 2, 3, 0], opcodes: place(0), inputs: place(1) },
        Unwrap::Plan { table: [1, 2, 3, 0], data: place(0) },
        Unwrap::Records { data: place(0) },
        Unwrap::Execution { mode: place(0), data: place(1) },
        Unwrap::Permit { data: place(0) },
    ];
    let lines: Vec<String> = callable.to_string().lines().map(|line| line.trim().to_owned()).collect();
    assert!(lines[0].ends_with("transfer(address,uint256) 0xa9059cbb trailing 8"), "{}", lines[0]);
    let typed = format!("typed {} domain Some(\"USD Coin\") None", B256::ZERO);
    assert_eq!(
        lines[1..],
        [
            &format!("{typed} once per arg1:uint256, arg0:address until arg1:uint256"),
            "requires arg1:uint256 - 5 <= 0",
            "gives control to arg0:address when arg1:uint256 - 1 <= 0",
            "moves arg1:uint256 of token1 from wallet to arg0:address through 0x1",
            "unwraps call each arg0 to arg0[each0].1 data arg0[each0].1 as long as arg1",
            "unwraps commands 0x01020300 arg0 with arg1",
            "unwraps plan 0x01020300 arg0",
            "unwraps records arg0",
            "unwraps execution arg1 with arg0",
            "unwraps permit arg0",
        ]
    );
}
