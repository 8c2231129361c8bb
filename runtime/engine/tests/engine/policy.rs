//! A small policy, as the compiler would make it:
//!
//! ```text
//! policy shop on ethereum
//! param owner: approver
//! param daily_cap: amount of USDC in 1 USDC ..= 1_000 USDC
//! fees at most 0.01 ETH
//! budget daily: daily_cap per 24h
//! budget life: 1_500 USDC total
//! budget gas: 0.02 ETH of fees per day
//! budget pace: 3 calls per 1h for pay
//! allow pay: USDC.transfer(to, amount) { when amount <= 250 USDC }
//! ask pay_much: USDC.transfer(to, amount) { by owner within 10min  when amount > 250 USDC }
//! allow approve_router: USDC.approve(spender, amount) { when spender == Router  beyond daily: ask by owner within 10min }
//! allow swap: Router.swap(amount)
//! allow tip: send
//! ```

use agentpol_abi::{Value, encode_call};
use agentpol_bytecode::{
    Arm, Branch, Callable, Clause, EffectTemplate, Exit, Instruction, Integer, Module, Order, Place, Rule,
    Sum, Term, Text,
};
use agentpol_model::{
    Address, U256,
    budget::{Budget, Cap, Measure, Period, Window},
    effect::{EffectKind, GrantMode},
    ids::{BudgetId, FunctionId, ParamId, RuleId, TextId, TokenId},
    policy::{
        Ask, Chain, Contract, Function, Param, ParamType, ParamValue, Scalar, Seconds, Target, Token,
        TokenSpec, Verb,
    },
    request::{Action, Envelope, Field, Kind, Request},
    types::{Member, Path, Step, Type, WordType},
};
use agentpol_runtime::{Binding, Policy, gate::Consent};
use agentpol_verifier::verify;
use alloy::signers::{Signature, SignerSync as _, local::PrivateKeySigner};
use alloy_primitives::{address, keccak256};
use std::collections::BTreeMap;

/// The first two accounts of every development chain: the wallet's key, and the owner's.
pub(crate) const KEY: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
pub(crate) const OWNERS_KEY: &str = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";

pub(crate) fn key(hex: &str) -> PrivateKeySigner {
    hex.parse().expect("a key")
}

/// Somebody's signature.
pub(crate) fn agree(hex: &str, to: &Consent) -> Signature {
    key(hex).sign_hash_sync(&to.digest().expect("it can be read")).expect("it is signed")
}

pub(crate) const ETH: TokenId = TokenId::new(0);
pub(crate) const USDC: TokenId = TokenId::new(1);
pub(crate) const USDC_AT: Address = address!("0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48");
pub(crate) const ROUTER: Address = address!("0x68b3465833fb72A70ecDF485E0e4C7bD8665Fc45");
pub(crate) const SHOP: Address = address!("0x1f9840a85d5aF5bf1D1762F925BDADdC4201F984");
pub(crate) const WALLET: Address = address!("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
pub(crate) const OWNER: Address = address!("0x70997970C51812dc3A010C7d01b50e0d17dc79C8");
/// 2026-11-22T10:00:00Z
pub(crate) const NOW: u64 = 1_795_341_600;
pub(crate) const HOUR: u64 = 3_600;

/// USDC in base units.
pub(crate) fn usdc(n: u64) -> U256 {
    U256::from(n) * U256::from(1_000_000)
}

pub(crate) fn milli_ether(n: u64) -> U256 {
    U256::from(n) * U256::from(10u64.pow(15))
}

pub(crate) fn binding() -> Binding {
    let word = |address: Address| ParamValue::Word(address.into_word().into());
    let params = [("daily_cap".to_owned(), ParamValue::Word(usdc(500))), ("owner".to_owned(), word(OWNER))];
    Binding { wallet: WALLET, signer: WALLET, params: BTreeMap::from(params) }
}

pub(crate) fn policy() -> Policy {
    Policy::new(module(), &binding()).expect("loads")
}

pub(crate) fn module() -> Module {
    let mut module = Module {
        name: "shop".to_owned(),
        chains: vec![Chain { name: "ethereum".to_owned(), id: 1, native: ETH, assumptions: Vec::new() }],
        params: vec![
            Param { name: "owner".to_owned(), ty: ParamType::Approver, domain: None },
            Param {
                name: "daily_cap".to_owned(),
                ty: ParamType::Amount(USDC),
                domain: Some((usdc(1), usdc(1_000))),
            },
        ],
        tokens: vec![
            Token { symbol: "ETH".to_owned(), decimals: 18, sites: vec![(1, None)] },
            Token { symbol: "USDC".to_owned(), decimals: 6, sites: vec![(1, Some(USDC_AT))] },
        ],
        contracts: vec![contract("Router", ROUTER), contract("USDC", USDC_AT)],
        functions: vec![
            function("transfer", &[("to", WordType::Address), ("amount", WordType::Uint(256))]),
            function("approve", &[("spender", WordType::Address), ("amount", WordType::Uint(256))]),
            function("swap", &[("amount", WordType::Uint(256))]),
        ],
        budgets: budgets(),
        fee_caps: vec![(ETH, Cap::Fixed(milli_ether(10)))],
        rules: rules(),
        texts: ["amount <= 250 USDC", "amount > 250 USDC", "spender == Router", "value <= 0.001 ETH"]
            .map(|text| Text { text: text.to_owned(), place: Place::default() })
            .to_vec(),
        callables: callables(),
        ..Module::default()
    };
    // The verifier knows the steps; a compiler would have counted them.
    if let Err(e) = verify(module.clone()) {
        assert_eq!(e.at, "max_steps", "{e}");
        module.max_steps = e.what.rsplit(' ').next().and_then(|n| n.parse().ok()).expect("a number");
    }
    module
}

fn contract(name: &str, at: Address) -> Contract {
    Contract {
        name: name.to_owned(),
        chain: 1,
        address: Target::Fixed(at),
        trusted: None,
        upgradeable: false,
    }
}

fn function(name: &str, inputs: &[(&str, WordType)]) -> Function {
    let types: Vec<String> = inputs.iter().map(|(_, ty)| ty.to_string()).collect();
    let signature = format!("{name}({})", types.join(","));
    let member = |(name, ty): &(&str, WordType)| Member { name: (*name).to_owned(), ty: Type::Word(*ty) };
    Function {
        trailing: 0,
        name: name.to_owned(),
        selector: keccak256(&signature)[..4].try_into().expect("four bytes"),
        signature,
        inputs: inputs.iter().map(member).collect(),
        payable: false,
        units: Vec::new(),
    }
}

fn budgets() -> Vec<Budget> {
    let budget = |name: &str, cap, window, measure, rules| Budget {
        name: name.to_owned(),
        line: 0,
        renamed_from: None,
        cap,
        window,
        measure,
        rules,
    };
    let gross = || Measure::Gross(vec![(USDC, U256::ONE)]);
    let day = Window::Sliding { seconds: 24 * HOUR };
    vec![
        budget("daily", Cap::Param(ParamId::new(1), U256::ONE), day, gross(), None),
        budget("life", Cap::Fixed(usdc(1_500)), Window::Total, gross(), None),
        budget("gas", Cap::Fixed(milli_ether(20)), Window::Calendar(Period::Day), Measure::Fees(ETH), None),
        budget(
            "pace",
            Cap::Fixed(U256::from(3)),
            Window::Sliding { seconds: HOUR },
            Measure::Calls,
            Some(vec![RuleId::new(0)]),
        ),
    ]
}

fn rules() -> Vec<Rule> {
    let ask = || Ask { need: 1, of: vec![Target::Param(ParamId::new(0))], within: Seconds::Fixed(600) };
    let all = [0, 1, 2].map(BudgetId::new).to_vec();
    let rule = |name: &str, verb, beyond, charged| Rule {
        name: name.to_owned(),
        verb,
        over: Vec::new(),
        beyond,
        exempt: Vec::new(),
        charged,
        accepts: Vec::new(),
        lifts: Vec::new(),
        place: Place::default(),
    };
    vec![
        rule("pay", Verb::Allow, Vec::new(), [0, 1, 2, 3].map(BudgetId::new).to_vec()),
        rule("pay_much", Verb::Ask(ask()), Vec::new(), all.clone()),
        rule("approve_router", Verb::Allow, vec![(BudgetId::new(0), ask())], all.clone()),
        rule("swap", Verb::Allow, Vec::new(), all.clone()),
        rule("tip", Verb::Allow, Vec::new(), all),
    ]
}

fn arg(n: u16, ty: WordType) -> Scalar {
    Scalar::Arg(Path(vec![Step::Member(n)]), ty)
}

fn sum(word: Scalar) -> Sum {
    let coefficient = Integer::positive(alloy_primitives::U512::from(1));
    Sum { terms: vec![Term { coefficient, word }], constant: Integer::default() }
}

fn template(kind: EffectKind, token: TokenId, amount: Scalar, party: Scalar) -> EffectTemplate {
    EffectTemplate {
        through: None,
        kind,
        amount: sum(amount),
        token: TokenSpec::Known(token),
        party,
        from: None,
        until: None,
        sentinel: None,
        when: Vec::new(),
    }
}

/// The clause fails where the test comes out as `fails_if`.
fn clause(text: u32, test: impl FnOnce(Branch) -> Instruction, fails_if: bool) -> Clause {
    let code = vec![test(Branch { when: fails_if, to: Exit::Fail })];
    Clause { text: TextId::new(text), code }
}

fn callables() -> Vec<Callable> {
    let uint = WordType::Uint(256);
    let call = |at, contract: &str, function, effect, arms| Callable {
        controls: Vec::new(),
        requires: Vec::new(),
        typed: None,
        unwraps: Vec::new(),
        kind: Kind::Call,
        chain: 1,
        target: Some(Target::Fixed(at)),
        contract: contract.to_owned(),
        function: Some(FunctionId::new(function)),
        effects: vec![effect],
        opaque: false,
        arms,
    };
    let arm = |rule, clauses| Arm { rule: RuleId::new(rule), clauses, charges: Vec::new() };
    let at_most_250 = |text, fails_if| {
        let test = |branch| Instruction::Compare {
            word: arg(1, uint),
            order: Order::AtMost,
            bound: usdc(250),
            branch,
        };
        clause(text, test, fails_if)
    };
    let is_router = |branch| {
        let router = Scalar::Const(ROUTER.into_word().into());
        Instruction::Same { left: arg(0, WordType::Address), right: router, branch }
    };
    let to = arg(0, WordType::Address);
    let move_usdc = template(EffectKind::Move, USDC, arg(1, uint), to.clone());
    let approve = template(EffectKind::Grant(GrantMode::Set), USDC, arg(1, uint), to);
    let router = Scalar::Const(ROUTER.into_word().into());
    let pull = template(EffectKind::Pull { exact: true }, USDC, arg(0, uint), router);
    let value = template(EffectKind::Move, ETH, Scalar::Field(Field::Value), Scalar::Field(Field::To));
    vec![
        call(
            USDC_AT,
            "USDC",
            0,
            move_usdc,
            vec![arm(0, vec![at_most_250(0, false)]), arm(1, vec![at_most_250(1, true)])],
        ),
        call(USDC_AT, "USDC", 1, approve, vec![arm(2, vec![clause(2, is_router, false)])]),
        call(ROUTER, "Router", 2, pull, vec![arm(3, Vec::new())]),
        Callable {
            controls: Vec::new(),
            requires: Vec::new(),
            typed: None,
            unwraps: Vec::new(),
            kind: Kind::Send,
            chain: 1,
            target: None,
            contract: String::new(),
            function: None,
            effects: vec![value],
            opaque: false,
            arms: vec![arm(4, Vec::new())],
        },
    ]
}

// ---- requests

/// Calldata of the policy's `n`-th function.
pub(crate) fn calldata(n: usize, words: &[U256]) -> Vec<u8> {
    let function = &module().functions[n];
    let value = |(word, member): (&U256, &Member)| match member.ty {
        Type::Word(ty) => Value::Word(*word, ty),
        _ => panic!("only words"),
    };
    let values: Vec<Value> = words.iter().zip(&function.inputs).map(value).collect();
    encode_call(function.selector, &function.inputs, &values).expect("encodes")
}

fn word(address: Address) -> U256 {
    address.into_word().into()
}

pub(crate) fn transfer(to: Address, amount: U256) -> (Address, Vec<u8>) {
    (USDC_AT, calldata(0, &[word(to), amount]))
}

pub(crate) fn approve(spender: Address, amount: U256) -> (Address, Vec<u8>) {
    (USDC_AT, calldata(1, &[word(spender), amount]))
}

pub(crate) fn swap(amount: U256) -> (Address, Vec<u8>) {
    (ROUTER, calldata(2, &[amount]))
}

pub(crate) fn action(call: &(Address, Vec<u8>)) -> Action<'_> {
    let kind = if call.1.is_empty() { Kind::Send } else { Kind::Call };
    Action { command: [0; 4], kind, from: WALLET, to: call.0, value: U256::ZERO, data: &call.1 }
}

/// At `now`, with everything open.
pub(crate) fn request<'a>(actions: &'a [Action<'a>], now: u64) -> Request<'a> {
    Request {
        chain: 1,
        wallet: WALLET,
        signer: WALLET,
        agent: None,
        now,
        envelope: Envelope::default(),
        actions,
    }
}
