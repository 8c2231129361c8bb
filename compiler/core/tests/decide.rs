//! What a rule set decides and what its compiled module decides is the same: code, rule, action, offset, effects, charges.
//! Policies, requests and calldata are made up from seeds; every other call data is broken somewhere.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use agentpol_abi::{Value, encode_call};
use agentpol_analysis::ruleset::{
    Arm, Atom, Bound, BytesTest, Callable, Chain, Clause, Contract, EffectSpec, Formula, Function, Linear,
    Param, ParamType, ParamValue, Relation, Rule, RuleSet, Scalar, SetRef, Target, Token, TokenSpec, Verb,
};
use agentpol_bytecode as bytecode;
use agentpol_compiler::lower::lower;
use agentpol_grammar::span::Span;
use agentpol_model::{
    Address, U256,
    budget::{Budget, Cap, Measure, Window},
    decision::{DenyCode, Granted},
    effect::{EffectKind, GrantMode},
    ids::{BudgetId, CallableId, ParamId, RuleId, SetId, TokenId},
    request::{Action, Envelope, Field, Kind, Request},
    types::{Member, Path, Step, Type, WordType},
};
use agentpol_verifier::verify;
use agentpol_vm::{Binding, Policy, Scratch};
use num_bigint::BigInt;
use std::collections::{BTreeMap, BTreeSet};

/// splitmix64
struct Dice(u64);

impl Dice {
    fn roll(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.roll(n) == 0
    }

    fn pick<'t, T>(&mut self, items: &'t [T]) -> &'t T {
        &items[self.roll(items.len() as u64) as usize]
    }
}

const CHAIN: u64 = 1;
const WALLET: Address = Address::repeat_byte(0x11);

fn address(n: u64) -> Address {
    Address::from_word(U256::from(0xa000_0000 + n).into())
}

fn word(address: Address) -> U256 {
    U256::from_be_slice(address.as_slice())
}

fn small(dice: &mut Dice) -> U256 {
    match dice.roll(12) {
        0 => U256::MAX,
        1 => U256::MAX - U256::from(dice.roll(3)),
        2 => U256::ONE << 255,
        3 => (U256::ONE << 128) - U256::from(dice.roll(2)),
        _ => U256::from(dice.roll(6)),
    }
}

fn member(name: &str, ty: Type) -> Member {
    Member { name: name.to_owned(), ty }
}

/// `f(address to, uint256 amount, int128 delta, address[] list, bytes data, (uint8 kind, address who)[] items, uint256[2] pair)`
fn function() -> Function {
    let w = Type::Word;
    let item = Type::Tuple(vec![member("kind", w(WordType::Uint(8))), member("who", w(WordType::Address))]);
    let inputs = vec![
        member("to", w(WordType::Address)),
        member("amount", w(WordType::Uint(256))),
        member("delta", w(WordType::Int(128))),
        member("list", Type::Array(Box::new(w(WordType::Address)), Some(4))),
        member("data", Type::Bytes),
        member("items", Type::Array(Box::new(item), Some(3))),
        member("pair", Type::FixedArray(Box::new(w(WordType::Uint(256))), 2)),
    ];
    let signature = agentpol_abi::signature("f", &inputs);
    let selector = agentpol_abi::selector(&signature);
    Function {
        trailing: 0,
        name: "f".to_owned(),
        signature,
        selector,
        inputs,
        payable: true,
        units: Vec::new(),
    }
}

fn path(steps: &[Step]) -> Path {
    Path(steps.to_vec())
}

fn arg(n: u16, ty: WordType) -> Scalar {
    Scalar::Arg(path(&[Step::Member(n)]), ty)
}

/// What the enclosing quantifiers go through: the lists or the items.
type Around = Vec<u16>;

fn number(dice: &mut Dice, around: &Around) -> Scalar {
    let depth = u8::try_from(around.len()).unwrap();
    if let Some(inner) = around.last()
        && *inner == 5
        && dice.one_in(2)
    {
        return Scalar::Arg(
            path(&[Step::Member(5), Step::Element(depth - 1), Step::Member(0)]),
            WordType::Uint(8),
        );
    }
    match dice.roll(9) {
        0 => Scalar::Len(path(&[Step::Member(*dice.pick(&[3, 4, 5, 6]))])),
        1 => Scalar::Field(*dice.pick(&[Field::Value, Field::Now, Field::Nonce, Field::Fee])),
        2 => Scalar::Param(ParamId::new(0)),
        3 => arg(2, WordType::Int(128)),
        4 => {
            let index = Step::Index(u32::try_from(dice.roll(4)).unwrap());
            Scalar::Arg(path(&[Step::Member(5), index, Step::Member(0)]), WordType::Uint(8))
        }
        5 => Scalar::Arg(
            path(&[Step::Member(6), Step::Index(u32::try_from(dice.roll(2)).unwrap())]),
            WordType::Uint(256),
        ),
        _ => arg(1, WordType::Uint(256)),
    }
}

fn party(dice: &mut Dice, around: &Around) -> Scalar {
    if let Some(inner) = around.last()
        && dice.one_in(2)
    {
        let element = Step::Element(u8::try_from(around.len()).unwrap() - 1);
        let steps = if *inner == 3 {
            vec![Step::Member(3), element]
        } else {
            vec![Step::Member(5), element, Step::Member(1)]
        };
        return Scalar::Arg(Path(steps), WordType::Address);
    }
    match dice.roll(6) {
        0 => Scalar::Const(word(address(dice.roll(5)))),
        1 => Scalar::Param(ParamId::new(1)),
        2 => Scalar::Field(*dice.pick(&[Field::Wallet, Field::To, Field::Signer])),
        3 => Scalar::Arg(
            path(&[Step::Member(3), Step::Index(u32::try_from(dice.roll(5)).unwrap())]),
            WordType::Address,
        ),
        _ => arg(0, WordType::Address),
    }
}

fn linear(dice: &mut Dice, around: &Around) -> Linear {
    let mut terms: BTreeMap<Scalar, BigInt> = BTreeMap::new();
    for _ in 0..1 + dice.roll(3) {
        let mut coefficient = BigInt::from(dice.roll(7)) - 3;
        if dice.one_in(6) {
            coefficient <<= 200;
        }
        if coefficient != BigInt::ZERO {
            terms.insert(number(dice, around), coefficient);
        }
    }
    let mut constant = BigInt::from(dice.roll(21)) - 10;
    if dice.one_in(6) {
        constant <<= *dice.pick(&[200, 253, 256, 400]);
    }
    Linear { terms: terms.into_iter().map(|(scalar, coefficient)| (coefficient, scalar)).collect(), constant }
}

fn set(dice: &mut Dice) -> SetRef {
    if dice.one_in(2) { SetRef::Const(SetId::new(0)) } else { SetRef::Param(ParamId::new(2)) }
}

fn bytes(dice: &mut Dice) -> Vec<u8> {
    (0..dice.roll(3)).map(|_| u8::try_from(dice.roll(2)).unwrap()).collect()
}

fn bytes_test(dice: &mut Dice, around: &Around) -> BytesTest {
    let start = u32::try_from(dice.roll(3)).unwrap();
    match dice.roll(4) {
        0 => BytesTest::Equals(bytes(dice)),
        1 => BytesTest::StartsWith(bytes(dice)),
        2 => BytesTest::Slice { start, bytes: bytes(dice) },
        _ => BytesTest::SliceIsWord { start, word: party(dice, around) },
    }
}

fn atom(dice: &mut Dice, around: &Around) -> Atom {
    match dice.roll(9) {
        0 | 1 => Atom::Same(party(dice, around), party(dice, around)),
        2 | 3 => Atom::Member(party(dice, around), set(dice)),
        5 => {
            let (array, max) = *dice.pick(&[(3, 4), (6, 2), (3, 2)]);
            Atom::Distinct { array: path(&[Step::Member(array)]), max }
        }
        4 => Atom::Bytes(path(&[Step::Member(4)]), bytes_test(dice, around)),
        _ => {
            let relation = *dice.pick(&[Relation::NotAbove, Relation::NotAbove, Relation::Zero]);
            Atom::Linear { sum: linear(dice, around), relation }
        }
    }
}

fn formula(dice: &mut Dice, size: u64, around: &mut Around) -> Formula {
    if size == 0 {
        return Formula::Atom(atom(dice, around));
    }
    match dice.roll(8) {
        0 => Formula::Const(dice.one_in(2)),
        1 => Formula::Not(Box::new(formula(dice, size - 1, around))),
        2 | 3 => Formula::And((0..dice.roll(4)).map(|_| formula(dice, size - 1, around)).collect()),
        4 | 5 => Formula::Or((0..dice.roll(4)).map(|_| formula(dice, size - 1, around)).collect()),
        6 => {
            let (array, max) = *dice.pick(&[(3, 4), (5, 3), (3, 2)]);
            around.push(array);
            let body = Box::new(if dice.one_in(2) {
                Formula::Atom(atom(dice, around))
            } else {
                formula(dice, size - 1, around)
            });
            around.pop();
            Formula::Quantified { every: dice.one_in(2), array: path(&[Step::Member(array)]), max, body }
        }
        _ => Formula::Atom(atom(dice, around)),
    }
}

fn condition(dice: &mut Dice, size: u64) -> Formula {
    let size = dice.roll(size + 1);
    formula(dice, size, &mut Vec::new())
}

fn value_effect(party: Scalar) -> EffectSpec {
    let amount =
        Linear { terms: vec![(BigInt::from(1), Scalar::Field(Field::Value))], constant: BigInt::ZERO };
    EffectSpec {
        through: None,
        kind: EffectKind::Move,
        amount,
        token: TokenSpec::Known(TokenId::new(0)),
        party,
        from: Some(Scalar::Field(Field::Wallet)),
        until: None,
        when: Formula::Const(true),
        sentinel: None,
    }
}

fn effect(dice: &mut Dice) -> EffectSpec {
    let outside = Vec::new();
    let token =
        if dice.one_in(2) { TokenSpec::At(party(dice, &outside)) } else { TokenSpec::Known(TokenId::new(1)) };
    EffectSpec {
        through: None,
        kind: *dice.pick(&[
            EffectKind::Move,
            EffectKind::Pull { exact: true },
            EffectKind::Grant(GrantMode::Set),
            EffectKind::Grant(GrantMode::Dec),
            EffectKind::Receive,
        ]),
        amount: if dice.one_in(3) {
            linear(dice, &outside)
        } else {
            Linear { terms: vec![(BigInt::from(1), arg(1, WordType::Uint(256)))], constant: BigInt::ZERO }
        },
        token,
        party: party(dice, &outside),
        from: dice.one_in(3).then(|| party(dice, &outside)),
        until: dice.one_in(3).then(|| arg(1, WordType::Uint(256))),
        when: if dice.one_in(2) { Formula::Const(true) } else { condition(dice, 1) },
        sentinel: dice
            .one_in(3)
            .then(|| dice.pick(&[arg(1, WordType::Uint(256)), arg(2, WordType::Int(128))]).clone()),
    }
}

fn clauses(dice: &mut Dice) -> Vec<Clause> {
    (0..dice.roll(4))
        .map(|n| Clause { formula: condition(dice, 3), span: Span::new(0, 1), text: format!("clause {n}") })
        .collect()
}

fn verb(dice: &mut Dice) -> Verb {
    if dice.one_in(4) { Verb::Deny } else { Verb::Allow }
}

/// Later rules stand over earlier ones here and there.
fn over(dice: &mut Dice, rules: &[Rule]) -> Vec<RuleId> {
    let mut over = BTreeSet::new();
    for (id, rule) in (0..).map(RuleId::new).zip(rules) {
        if rule.verb != Verb::Deny && dice.one_in(3) {
            over.insert(id);
            over.extend(&rule.over);
        }
    }
    over.into_iter().collect()
}

fn rule(dice: &mut Dice, n: usize, rules: &[Rule]) -> Rule {
    let verb = verb(dice);
    let denies = verb == Verb::Deny;
    let mut arms = vec![Arm { callable: CallableId::new(0), clauses: clauses(dice), charges: Vec::new() }];
    if !denies && dice.one_in(4) {
        arms[0].charges.push((linear(dice, &Vec::new()), vec![BudgetId::new(0)]));
    }
    let lifted = [DenyCode::Opaque, DenyCode::ZeroRecipient, DenyCode::SelfRecipient, DenyCode::LookAlike];
    let lifts: Vec<DenyCode> = lifted.into_iter().filter(|_| dice.one_in(2)).collect();
    Rule {
        name: format!("rule{n}"),
        over: if denies { Vec::new() } else { over(dice, rules) },
        verb,
        arms,
        beyond: Vec::new(),
        exempt: if !denies && dice.one_in(3) { vec![BudgetId::new(0)] } else { Vec::new() },
        accepts: lifts.iter().map(|code| (code.name().to_owned(), "because".to_owned())).collect(),
        lifts,
        span: Span::new(0, 1),
    }
}

fn param(name: &str, ty: ParamType) -> Param {
    Param { name: name.to_owned(), ty, domain: None }
}

fn token(symbol: &str, at: Option<Address>) -> Token {
    Token { symbol: symbol.to_owned(), decimals: 6, sites: vec![(CHAIN, at)] }
}

fn policy(dice: &mut Dice) -> RuleSet {
    let mut rules = Vec::new();
    for n in 0..1 + dice.roll(4) as usize {
        let next = rule(dice, n, &rules);
        rules.push(next);
    }
    if dice.one_in(2) {
        // The last rule also speaks of `send`.
        let clauses = vec![Clause {
            formula: Formula::Atom(Atom::Member(Scalar::Field(Field::To), set(dice))),
            span: Span::new(0, 1),
            text: "to in friends".to_owned(),
        }];
        if let Some(rule) = rules.last_mut() {
            rule.arms.push(Arm { callable: CallableId::new(1), clauses, charges: Vec::new() });
        }
    }
    let target = if dice.one_in(3) { Target::Param(ParamId::new(1)) } else { Target::Fixed(address(100)) };
    let mut effects = vec![value_effect(Scalar::Field(Field::To))];
    effects.extend((0..dice.roll(3)).map(|_| effect(dice)));
    let call = Callable {
        controls: Vec::new(),
        requires: Formula::Const(true),
        typed: None,
        unwraps: Vec::new(),
        kind: Kind::Call,
        chain: CHAIN,
        target: Some(target),
        contract: "Thing".to_owned(),
        function: Some(function()),
        effects,
        opaque: dice.one_in(4),
    };
    let send = Callable {
        controls: Vec::new(),
        requires: Formula::Const(true),
        typed: None,
        unwraps: Vec::new(),
        kind: Kind::Send,
        chain: CHAIN,
        target: None,
        contract: String::new(),
        function: None,
        effects: vec![value_effect(Scalar::Field(Field::To))],
        opaque: false,
    };
    let weights = vec![(TokenId::new(1), U256::ONE)];
    RuleSet {
        name: "made_up".to_owned(),
        chains: vec![Chain {
            name: "ethereum".to_owned(),
            id: CHAIN,
            native: TokenId::new(0),
            assumptions: Vec::new(),
        }],
        params: vec![
            param("cap", ParamType::Amount(TokenId::new(1))),
            param("friend", ParamType::Address),
            param("friends", ParamType::AddressSet(3)),
        ],
        tokens: vec![token("ETH", None), token("USDC", Some(address(2)))],
        contracts: vec![Contract {
            name: "Thing".to_owned(),
            chain: CHAIN,
            address: target,
            trusted: dice.one_in(2).then(|| "audited".to_owned()),
            upgradeable: false,
        }],
        callables: vec![call, send],
        sets: vec![[word(address(0)), word(address(1)), word(WALLET)].into()],
        budgets: vec![Budget {
            name: "daily".to_owned(),
            line: 0,
            renamed_from: None,
            cap: Cap::Fixed(U256::from(1000)),
            window: Window::Sliding { seconds: 86_400 },
            measure: Measure::Gross(weights),
            rules: None,
        }],
        fee_caps: Vec::new(),
        rules,
        named_addresses: [address(0), address(1)].into(),
    }
}

fn params(dice: &mut Dice) -> BTreeMap<String, ParamValue> {
    let friends = (0..dice.roll(4)).map(|_| address(dice.roll(5))).collect();
    BTreeMap::from([
        ("cap".to_owned(), ParamValue::Word(small(dice))),
        ("friend".to_owned(), ParamValue::Word(word(address(dice.roll(3))))),
        ("friends".to_owned(), ParamValue::Set(friends)),
    ])
}

fn calldata(dice: &mut Dice) -> Vec<u8> {
    let addr = |dice: &mut Dice| {
        let mut address = address(dice.roll(5));
        match dice.roll(20) {
            0 => address = Address::ZERO,
            1 => address.0[10] = 7,
            2 => address = WALLET,
            _ => {}
        }
        Value::Word(word(address), WordType::Address)
    };
    let delta = if dice.one_in(2) { U256::from(dice.roll(4)) } else { U256::MAX - U256::from(dice.roll(4)) };
    let item = |dice: &mut Dice| {
        let kind = Value::Word(U256::from(dice.roll(4)), WordType::Uint(8));
        Value::Tuple(vec![kind, addr(dice)])
    };
    let values = vec![
        addr(dice),
        Value::Word(small(dice), WordType::Uint(256)),
        Value::Word(delta, WordType::Int(128)),
        Value::Array((0..dice.roll(5)).map(|_| addr(dice)).collect()),
        Value::Bytes((0..dice.roll(40)).map(|_| u8::try_from(dice.roll(2)).unwrap()).collect()),
        Value::Array((0..dice.roll(4)).map(|_| item(dice)).collect()),
        Value::Array((0..2).map(|_| Value::Word(small(dice), WordType::Uint(256))).collect()),
    ];
    let function = function();
    let mut data = encode_call(function.selector, &function.inputs, &values).unwrap();
    match dice.roll(24) {
        0 => data.truncate(dice.roll(data.len() as u64) as usize),
        1 => data.push(0),
        2 => {
            let at = dice.roll(data.len() as u64) as usize;
            data[at] ^= 1 << dice.roll(8);
        }
        _ => {}
    }
    data
}

fn value(dice: &mut Dice) -> U256 {
    if dice.one_in(3) { small(dice) } else { U256::ZERO }
}

/// Decides both ways.
fn compare(dice: &mut Dice, rules: &RuleSet, seed: u64) -> Option<DenyCode> {
    let values = params(dice);
    let module = lower(rules).unwrap();
    let bytes = bytecode::encode(&module);
    assert_eq!(bytecode::decode(&bytes).as_ref(), Ok(&module), "seed {seed}");
    let bound = Bound::new(rules, WALLET, values.clone()).unwrap();
    let verified = verify(module).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    let binding = Binding { wallet: WALLET, signer: WALLET, params: values };
    let policy = Policy::bind(verified, &binding).unwrap();
    let mut scratch = Scratch::new(&policy);
    let mut last = None;
    for _ in 0..8 {
        let datas: Vec<_> = (0..1 + dice.roll(2)).map(|_| calldata(dice)).collect();
        let friend = policy.param(ParamId::new(1)).unwrap();
        let actions: Vec<_> = datas
            .iter()
            .map(|data| {
                let kind = *dice.pick(&[Kind::Call, Kind::Call, Kind::Call, Kind::Call, Kind::Send]);
                let to = match (kind, dice.roll(8)) {
                    (Kind::Send, _) | (_, 0) => address(dice.roll(4)),
                    _ if matches!(rules.callables[0].target, Some(Target::Param(_))) => {
                        Address::from_word(friend.into())
                    }
                    _ => address(100),
                };
                let data = if kind == Kind::Send && !dice.one_in(8) { &[][..] } else { data };
                Action { command: [0; 4], kind, from: WALLET, to, value: value(dice), data }
            })
            .collect();
        let envelope = Envelope { nonce: dice.one_in(2).then_some(3), ..Envelope::default() };
        let chain = if dice.one_in(30) { 2 } else { CHAIN };
        let request = Request {
            chain,
            wallet: WALLET,
            signer: WALLET,
            agent: None,
            now: 4,
            envelope,
            actions: &actions,
        };
        let expected = rules.decide(&request, &bound);
        let found = policy.decide(&request, &mut scratch);
        let found = found.map(|()| scratch.granted().clone());
        assert_eq!(found, expected, "seed {seed}\n{request:?}\n{rules:#?}");
        assert!(
            scratch.steps() <= policy.max_steps() * actions.len() as u64,
            "seed {seed}: more steps than announced"
        );
        last = expected.err().map(|denied| denied.code);
        if last.is_none() {
            assert_ne!(scratch.granted(), &Granted::default());
        }
    }
    last
}

#[test]
fn reference_and_interpreter_agree() {
    let mut codes: BTreeMap<Option<DenyCode>, u32> = BTreeMap::new();
    for seed in 0..3_000 {
        let mut dice = Dice(seed);
        let rules = policy(&mut dice);
        *codes.entry(compare(&mut dice, &rules, seed)).or_default() += 1;
    }
    println!("{codes:?}");
    // The comparison is worth something only if it gets far.
    for code in [
        None,
        Some(DenyCode::NoRule),
        Some(DenyCode::DeniedByRule),
        Some(DenyCode::Ambiguous),
        Some(DenyCode::Undefined),
        Some(DenyCode::Malformed),
        Some(DenyCode::Opaque),
        Some(DenyCode::UnknownToken),
    ] {
        assert!(codes.get(&code).is_some_and(|n| *n >= 5), "{code:?} came up too seldom: {codes:?}");
    }
}
