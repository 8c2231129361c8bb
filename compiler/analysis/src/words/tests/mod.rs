mod interfaces;

use super::explain;
use crate::ruleset::*;
use agentpol_grammar::span::Span;
use agentpol_model::{
    Address, U256,
    budget::{Budget, Cap, Measure, Window},
    effect::EffectKind,
    ids::{BudgetId, CallableId, ParamId, RuleId, SetId, TokenId},
    request::{Field, Kind},
    types::{Member, Path, Step, Type, WordType},
};
use num_bigint::BigInt;
use std::collections::BTreeSet;

const USDC: Address = Address::repeat_byte(0x5d);
const WETH: Address = Address::repeat_byte(0xe7);
const ROUTER: Address = Address::repeat_byte(0x99);

fn word(a: Address) -> U256 {
    U256::from_be_slice(a.as_slice())
}

fn arg(n: u16) -> Scalar {
    Scalar::Arg(Path(vec![Step::Member(n)]), WordType::Uint(256))
}

fn to() -> Scalar {
    Scalar::Arg(Path(vec![Step::Member(0)]), WordType::Address)
}

fn linear(terms: &[(i128, Scalar)], constant: i128) -> Linear {
    let terms = terms.iter().map(|(c, s)| (BigInt::from(*c), s.clone())).collect();
    Linear { terms, constant: BigInt::from(constant) }
}

fn not_above(terms: &[(i128, Scalar)], constant: i128) -> Formula {
    Formula::Atom(Atom::Linear { sum: linear(terms, constant), relation: Relation::NotAbove })
}

fn same(a: Scalar, b: Scalar) -> Formula {
    Formula::Atom(Atom::Same(a, b))
}

/// `swap(tokenIn: address, amountIn, minOut, xs: uint256[])`: an amount of `tokenIn`, and one of WETH.
fn swap() -> Callable {
    let named = |name: &str, ty| Member { name: name.to_owned(), ty };
    let word = Type::Word;
    let place = |n| Path(vec![Step::Member(n)]);
    Callable {
        controls: Vec::new(),
        requires: Formula::Const(true),
        typed: None,
        unwraps: Vec::new(),
        kind: Kind::Call,
        chain: 1,
        target: Some(Target::Fixed(ROUTER)),
        contract: "Router".to_owned(),
        function: Some(Function {
            trailing: 0,
            name: "swap".to_owned(),
            signature: String::new(),
            selector: [1, 2, 3, 4],
            inputs: vec![
                named("tokenIn", word(WordType::Address)),
                named("amountIn", word(WordType::Uint(256))),
                named("minOut", word(WordType::Uint(256))),
                named("xs", Type::Array(Box::new(word(WordType::Uint(256))), Some(4))),
            ],
            payable: true,
            units: vec![(place(1), TokenSpec::At(to())), (place(2), TokenSpec::Known(TokenId::new(2)))],
        }),
        effects: vec![EffectSpec {
            through: None,
            kind: EffectKind::Pull { exact: false },
            amount: linear(&[(1, arg(1))], 0),
            token: TokenSpec::At(to()),
            party: Scalar::Const(self::word(ROUTER)),
            from: None,
            until: None,
            when: Formula::Const(true),
            sentinel: None,
        }],
        opaque: false,
    }
}

fn policy(clauses: Vec<Formula>) -> RuleSet {
    let token =
        |symbol: &str, decimals, at| Token { symbol: symbol.to_owned(), decimals, sites: vec![(1, at)] };
    let clause = |formula| Clause { formula, span: Span::default(), text: String::new() };
    RuleSet {
        name: "dca".to_owned(),
        chains: vec![Chain {
            name: "ethereum".to_owned(),
            id: 1,
            native: TokenId::new(0),
            assumptions: vec![],
        }],
        params: vec![
            Param { name: "owner".to_owned(), ty: ParamType::Approver, domain: None },
            Param { name: "payees".to_owned(), ty: ParamType::AddressSet(16), domain: None },
        ],
        tokens: vec![token("ETH", 18, None), token("USDC", 6, Some(USDC)), token("WETH", 18, Some(WETH))],
        contracts: vec![Contract {
            name: "Router".to_owned(),
            chain: 1,
            address: Target::Fixed(ROUTER),
            trusted: None,
            upgradeable: false,
        }],
        callables: vec![swap()],
        rules: vec![Rule {
            name: "buy".to_owned(),
            verb: Verb::Allow,
            arms: vec![Arm {
                callable: CallableId::new(0),
                clauses: clauses.into_iter().map(clause).collect(),
                charges: vec![],
            }],
            over: vec![],
            beyond: vec![],
            exempt: vec![],
            accepts: vec![],
            lifts: vec![],
            span: Span::default(),
        }],
        ..RuleSet::default()
    }
}

/// The words of one condition, where `tokenIn` is known to be USDC.
fn words(condition: Formula) -> String {
    let rules = policy(vec![same(to(), Scalar::Const(word(USDC))), condition]);
    let explained = explain(&rules);
    let entry = &explained.sections[0].entries[0];
    assert_eq!(entry.lines[0], "`tokenIn` is USDC");
    entry.lines[1..].join(" / ")
}

#[test]
fn amounts_are_in_their_token() {
    let at_most = |n: i128| not_above(&[(1, arg(1))], -n);
    assert_eq!(words(at_most(250_000_000)), "`amountIn` is at most 250 USDC");
    assert_eq!(words(at_most(249_999_999)), "`amountIn` is less than 250 USDC");
    assert_eq!(words(not_above(&[(-1, arg(1))], 250_000_000)), "`amountIn` is at least 250 USDC");
    assert_eq!(words(not_above(&[(-1, arg(1))], 250_000_001)), "`amountIn` is more than 250 USDC");
    assert_eq!(words(not_above(&[(-1, arg(1))], 1)), "`amountIn` is more than 0 USDC");
    assert_eq!(words(Formula::Not(Box::new(at_most(250_000_000)))), "`amountIn` is more than 250 USDC");
    assert_eq!(words(not_above(&[(3, arg(1))], -10)), "`amountIn` is at most 0.000003 USDC");
}

#[test]
fn rates_and_shares() {
    let rate = not_above(&[(1_000_000_000, arg(1)), (-6, arg(2))], 0);
    assert_eq!(words(rate), "`minOut` is at least 1 WETH for every 6,000 USDC of `amountIn`");
    let share = not_above(&[(95, arg(1)), (-100, Scalar::Len(Path(vec![Step::Member(3)])))], 0);
    assert_eq!(words(share), "the length of `xs` is at least 95% of `amountIn`");
}

#[test]
fn who_and_which() {
    let payees = Formula::Atom(Atom::Member(to(), SetRef::Param(ParamId::new(1))));
    assert_eq!(words(payees.clone()), "`tokenIn` is in `payees`");
    assert_eq!(words(Formula::Not(Box::new(payees))), "`tokenIn` is not in `payees`");
    let wallet = same(to(), Scalar::Field(Field::Wallet));
    assert_eq!(words(wallet.clone()), "`tokenIn` is the wallet");
    let weth = same(Scalar::Const(word(WETH)), to());
    assert_eq!(
        words(Formula::Or(vec![wallet, weth])),
        "either `tokenIn` is the wallet, or `tokenIn` is WETH"
    );
    let mut rules = policy(vec![Formula::Atom(Atom::Member(to(), SetRef::Const(SetId::new(0))))]);
    rules.sets.push(BTreeSet::from([word(USDC), word(ROUTER), word(WETH)]));
    assert_eq!(explain(&rules).sections[0].entries[0].lines, ["`tokenIn` is one of USDC, Router and WETH"]);
}

#[test]
fn times_and_elements() {
    let now = || Scalar::Field(Field::Now);
    assert_eq!(words(not_above(&[(1, arg(2)), (-1, now())], -3600)), "`minOut` is at most 1 hour after now");
    assert_eq!(words(not_above(&[(-1, now())], 1_798_761_600)), "it is 1 January 2027 or later");
    let each = Scalar::Arg(Path(vec![Step::Member(3), Step::Element(0)]), WordType::Uint(256));
    let small = Formula::Quantified {
        every: true,
        array: Path(vec![Step::Member(3)]),
        max: 4,
        body: Box::new(not_above(&[(1, each)], -5)),
    };
    assert_eq!(words(small), "for every element of `xs`, the element is at most 5");
}

#[test]
fn a_whole_policy() {
    let value = |c| Formula::Atom(Atom::Linear { sum: linear(&[(1, c)], 0), relation: Relation::Zero });
    let mut rules = policy(vec![
        same(to(), Scalar::Const(word(USDC))),
        not_above(&[(1, arg(1))], -250_000_000),
        not_above(&[(1, Scalar::Field(Field::Now))], 1 - 1_798_761_600),
        value(Scalar::Field(Field::Value)),
    ]);
    let owner = || Ask { need: 1, of: vec![Target::Param(ParamId::new(0))], within: Seconds::Fixed(600) };
    let mut large = rules.rules[0].clone();
    large.name = "large".to_owned();
    large.verb = Verb::Ask(owner());
    large.arms[0].clauses.clear();
    rules.rules.push(large);
    rules.rules[0].over = vec![RuleId::new(1)];
    rules.rules[0].beyond = vec![(BudgetId::new(0), owner())];
    rules.rules[0].accepts = vec![("zero_minimum".to_owned(), "it is a test".to_owned())];
    rules.budgets = vec![Budget {
        name: "daily".to_owned(),
        line: 0,
        renamed_from: None,
        cap: Cap::Fixed(U256::from(500_000_000)),
        window: Window::Sliding { seconds: 86_400 },
        measure: Measure::Gross(vec![(TokenId::new(1), U256::ONE)]),
        rules: None,
    }];
    rules.fee_caps = vec![(TokenId::new(0), Cap::Fixed(U256::from(10_u64.pow(16))))];
    let expected = "\
Policy dca, on ethereum

What the agent may do by itself
  buy: The agent may call Router.swap on ethereum, which lets up to `amountIn` of USDC be taken by Router, until 1 January 2027, if:
    - `tokenIn` is USDC
    - `amountIn` is at most 250 USDC
    - the value sent is 0 ETH
    Where that would break the budget `daily`, it is done once `owner` approves it within 10 minutes.
    It goes before `large`.
    Its author accepts the risk \"zero minimum\": it is a test.

What it may do with approval
  large: The agent may call Router.swap on ethereum, which lets up to `amountIn` of the token `tokenIn` be taken by Router, once `owner` approves it within 10 minutes.

How much in all
  daily: At most 500 USDC may leave or be promised in any 24 hours.
  The fee of a transaction is at most 0.01 ETH.

What is set when the policy is loaded
  owner: the address of somebody who approves.
  payees: up to 16 addresses.

Otherwise
  Everything else is refused.
";
    assert_eq!(explain(&rules).to_string(), expected);
}
