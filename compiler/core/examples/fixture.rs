use agentpol_analysis::ruleset::*;
use agentpol_compiler::lower::lower;
use agentpol_grammar::span::Span;
use agentpol_model::{Address, U256, budget::*, decision::DenyCode, effect::*, ids::*, request::*, types::*};
use num_bigint::BigInt;
fn main() {
    let w = Type::Word;
    let m = |n: &str, ty| Member { name: n.into(), ty };
    let f = |name: &str, inputs: Vec<Member>, units: Vec<(Path, TokenSpec)>| {
        let signature = agentpol_abi::signature(name, &inputs);
        Function {
            name: name.into(),
            selector: agentpol_abi::selector(&signature),
            signature,
            inputs,
            payable: false,
            units,
        }
    };
    let usdc: Address = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48".parse().unwrap();
    let payer: Address = "0x00000000000000000000000000000000000Fa7e5".parse().unwrap();
    let amount_at = Path(vec![Step::Member(1)]);
    let transfer = f(
        "transfer",
        vec![m("to", w(WordType::Address)), m("amount", w(WordType::Uint(256)))],
        vec![(amount_at.clone(), TokenSpec::Known(TokenId::new(1)))],
    );
    let pay = f(
        "payAll",
        vec![
            m("to", Type::Array(Box::new(w(WordType::Address)), Some(4))),
            m("each", w(WordType::Uint(128))),
            m("memo", Type::Bytes),
        ],
        vec![],
    );
    let to = Scalar::Arg(Path(vec![Step::Member(0)]), WordType::Address);
    let amount = Scalar::Arg(amount_at, WordType::Uint(256));
    let each = Scalar::Arg(Path(vec![Step::Member(1)]), WordType::Uint(128));
    let lin = |c: i64, s: &Scalar, k: i64| Linear {
        terms: vec![(BigInt::from(c), s.clone())],
        constant: BigInt::from(k),
    };
    let le =
        |c, s: &Scalar, k| Formula::Atom(Atom::Linear { sum: lin(c, s, k), relation: Relation::NotAbove });
    let p = std::cell::Cell::new(0);
    let c = |text: &str, formula| {
        let s = p.get() + 10;
        p.set(s + text.len() as u32);
        Clause { formula, span: Span::new(s, s + text.len() as u32), text: text.into() }
    };
    let val = || {
        c(
            "value == 0",
            Formula::Atom(Atom::Linear {
                sum: lin(1, &Scalar::Field(Field::Value), 0),
                relation: Relation::Zero,
            }),
        )
    };
    let rule = |name: &str, verb, arms, span| Rule {
        name: name.into(),
        verb,
        arms,
        over: vec![],
        beyond: vec![],
        exempt: vec![],
        accepts: vec![],
        lifts: vec![],
        span,
    };
    let mv = |amount: &Scalar, k: i64, party: &Scalar, token| EffectSpec {
        kind: EffectKind::Move,
        amount: lin(k, amount, 0),
        token,
        party: party.clone(),
        from: Some(Scalar::Field(Field::Wallet)),
        until: None,
        when: Formula::Const(true),
        sentinel: None,
    };
    let mut big = rule(
        "big",
        Verb::Ask(Ask { need: 1, of: vec![Target::Param(ParamId::new(1))], within: Seconds::Fixed(600) }),
        vec![Arm {
            callable: CallableId::new(0),
            clauses: vec![
                c("amount <= 2_000 USDC", le(1, &amount, -2_000_000_000)),
                c("to in friends", Formula::Atom(Atom::Member(to.clone(), SetRef::Param(ParamId::new(0))))),
            ],
            charges: vec![],
        }],
        Span::new(200, 260),
    );
    big.exempt = vec![BudgetId::new(0)];
    let mut small = rule(
        "small",
        Verb::Allow,
        vec![Arm {
            callable: CallableId::new(0),
            clauses: vec![
                c("amount <= 250 USDC", le(1, &amount, -250_000_000)),
                c("to in friends", Formula::Atom(Atom::Member(to.clone(), SetRef::Param(ParamId::new(0))))),
                val(),
            ],
            charges: vec![],
        }],
        Span::new(100, 180),
    );
    small.over = vec![RuleId::new(2)];
    let el = Scalar::Arg(Path(vec![Step::Member(0), Step::Element(0)]), WordType::Address);
    let list = Path(vec![Step::Member(0)]);
    let mut many = rule(
        "many",
        Verb::Allow,
        vec![Arm {
            callable: CallableId::new(1),
            clauses: vec![
                c(
                    "all t in to: t in team",
                    Formula::Quantified {
                        every: true,
                        array: list.clone(),
                        max: 4,
                        body: Box::new(Formula::Atom(Atom::Member(el.clone(), SetRef::Const(SetId::new(0))))),
                    },
                ),
                c(
                    "any t in to: t == wallet or len(memo) == 4 and memo starts_with 0xab",
                    Formula::Quantified {
                        every: false,
                        array: list,
                        max: 4,
                        body: Box::new(Formula::Or(vec![
                            Formula::Atom(Atom::Same(el, Scalar::Field(Field::Wallet))),
                            Formula::And(vec![
                                Formula::Atom(Atom::Linear {
                                    sum: lin(1, &Scalar::Len(Path(vec![Step::Member(2)])), -4),
                                    relation: Relation::Zero,
                                }),
                                Formula::Atom(Atom::Bytes(
                                    Path(vec![Step::Member(2)]),
                                    BytesTest::StartsWith(vec![0xab]),
                                )),
                            ]),
                        ])),
                    },
                ),
                c(
                    "each * 3 <= 10 + now",
                    Formula::Atom(Atom::Linear {
                        sum: Linear {
                            terms: vec![
                                (BigInt::from(3), each.clone()),
                                (BigInt::from(-1), Scalar::Field(Field::Now)),
                            ],
                            constant: BigInt::from(-10),
                        },
                        relation: Relation::NotAbove,
                    }),
                ),
            ],
            charges: vec![],
        }],
        Span::new(300, 400),
    );
    many.accepts = vec![("opaque".into(), "audited by hand".into())];
    many.lifts = vec![DenyCode::Opaque];
    let deny = rule(
        "never",
        Verb::Deny,
        vec![Arm {
            callable: CallableId::new(0),
            clauses: vec![c(
                "to == USDC",
                Formula::Atom(Atom::Same(to.clone(), Scalar::Const(U256::from_be_slice(usdc.as_slice())))),
            )],
            charges: vec![],
        }],
        Span::new(20, 90),
    );
    let rs = RuleSet {
        name: "payments".into(),
        chains: vec![Chain {
            name: "ethereum".into(),
            id: 1,
            native: TokenId::new(0),
            assumptions: vec!["finality in 15 minutes".into()],
        }],
        params: vec![
            Param { name: "friends".into(), ty: ParamType::AddressSet(8), domain: None },
            Param { name: "owner".into(), ty: ParamType::Approver, domain: None },
            Param {
                name: "daily".into(),
                ty: ParamType::Amount(TokenId::new(1)),
                domain: Some((U256::ZERO, U256::from(1_000_000_000u64))),
            },
        ],
        tokens: vec![
            Token { symbol: "ETH".into(), decimals: 18, sites: vec![(1, None)] },
            Token { symbol: "USDC".into(), decimals: 6, sites: vec![(1, Some(usdc))] },
        ],
        contracts: vec![
            Contract {
                name: "USDC".into(),
                chain: 1,
                address: Target::Fixed(usdc),
                trusted: None,
                upgradeable: true,
            },
            Contract {
                name: "Payer".into(),
                chain: 1,
                address: Target::Fixed(payer),
                trusted: Some("our own".into()),
                upgradeable: false,
            },
        ],
        callables: vec![
            Callable {
                kind: Kind::Call,
                chain: 1,
                target: Some(Target::Fixed(usdc)),
                contract: "USDC".into(),
                function: Some(transfer),
                effects: vec![mv(&amount, 1, &to, TokenSpec::Known(TokenId::new(1)))],
                opaque: false,
            },
            Callable {
                kind: Kind::Call,
                chain: 1,
                target: Some(Target::Fixed(payer)),
                contract: "Payer".into(),
                function: Some(pay),
                effects: vec![mv(&each, 4, &Scalar::Field(Field::To), TokenSpec::Known(TokenId::new(1)))],
                opaque: true,
            },
        ],
        sets: vec![[1u64, 2, 0x1111].iter().map(|n| U256::from(*n) + (U256::from(7) << 100)).collect()],
        budgets: vec![
            Budget {
                name: "daily".into(),
                line: 0,
                renamed_from: None,
                cap: Cap::Param(ParamId::new(2), U256::ONE),
                window: Window::Sliding { seconds: 86400 },
                measure: Measure::Gross(vec![(TokenId::new(1), U256::ONE)]),
                rules: None,
            },
            Budget {
                name: "gas".into(),
                line: 0,
                renamed_from: Some("fees".into()),
                cap: Cap::Fixed(U256::from(50_000_000_000_000_000u64)),
                window: Window::Calendar(Period::Month),
                measure: Measure::Fees(TokenId::new(0)),
                rules: Some(vec![RuleId::new(1), RuleId::new(2)]),
            },
        ],
        fee_caps: vec![(TokenId::new(0), Cap::Fixed(U256::from(10_000_000_000_000_000u64)))],
        rules: vec![deny, small, big, many],
        named_addresses: [payer].into(),
    };
    print!("{}", agentpol_bytecode::disassemble(&lower(&rs).unwrap()));
}
