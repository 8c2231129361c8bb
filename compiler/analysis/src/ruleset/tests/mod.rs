//! The reference against what the language says, one small policy at a time.

mod conditions;
mod deciding;
mod kinds;
mod parameters;
mod text;
mod understanding;
mod what_it_does;
mod wrappers;

use super::*;
use agentpol_model::{
    decision::{Denied, Ruling},
    effect::GrantMode,
    ids::ParamId,
    request::{Action, Envelope, Field, Request},
    types::{Member, Path, Step, Type, WordType},
};
use num_bigint::BigInt;
use std::collections::BTreeMap;

const ETHEREUM: ChainId = 1;
const TRANSFER: [u8; 4] = [0xa9, 0x05, 0x9c, 0xbb];

fn address(n: u8) -> Address {
    Address::repeat_byte(n)
}

fn wallet() -> Address {
    address(0xaa)
}

fn usdc() -> Address {
    address(0x5d)
}

fn word(a: Address) -> U256 {
    U256::from_be_slice(a.as_slice())
}

fn arg(n: u16, ty: WordType) -> Scalar {
    Scalar::Arg(Path(vec![Step::Member(n)]), ty)
}

fn amount() -> Scalar {
    arg(1, WordType::Uint(256))
}

fn sum(terms: &[(i64, Scalar)], constant: i64) -> Linear {
    let terms = terms.iter().map(|(c, s)| (BigInt::from(*c), s.clone())).collect();
    Linear { terms, constant: BigInt::from(constant) }
}

/// `amount <= most`
fn at_most(most: i64) -> Formula {
    not_above(sum(&[(1, amount())], -most))
}

fn not_above(sum: Linear) -> Formula {
    Formula::Atom(Atom::Linear { sum, relation: Relation::NotAbove })
}

/// Reads a field that this request leaves open.
fn undefined() -> Formula {
    not_above(sum(&[(1, Scalar::Field(Field::Fee))], 0))
}

fn moves() -> EffectSpec {
    EffectSpec {
        through: None,
        kind: EffectKind::Move,
        amount: sum(&[(1, amount())], 0),
        token: TokenSpec::Known(TokenId::new(1)),
        party: arg(0, WordType::Address),
        from: Some(Scalar::Field(Field::Wallet)),
        until: None,
        when: Formula::Const(true),
        sentinel: None,
    }
}

/// `to: address, amount: uint256` at USDC, doing `effects`.
fn function(effects: Vec<EffectSpec>) -> Callable {
    let member = |name: &str, ty| Member { name: name.to_owned(), ty: Type::Word(ty) };
    Callable {
        controls: Vec::new(),
        requires: Formula::Const(true),
        typed: None,
        unwraps: Vec::new(),
        kind: Kind::Call,
        chain: ETHEREUM,
        target: Some(Target::Fixed(usdc())),
        contract: "USDC".to_owned(),
        function: Some(Function {
            trailing: 0,
            name: "transfer".to_owned(),
            signature: "transfer(address,uint256)".to_owned(),
            selector: TRANSFER,
            inputs: vec![member("to", WordType::Address), member("amount", WordType::Uint(256))],
            payable: false,
            units: vec![],
        }),
        effects,
        opaque: false,
    }
}

/// One chain, ETH and USDC, `USDC.transfer` as the only function.
fn policy(rules: Vec<Rule>) -> RuleSet {
    RuleSet {
        name: "test".to_owned(),
        chains: vec![Chain {
            name: "ethereum".to_owned(),
            id: ETHEREUM,
            native: TokenId::new(0),
            assumptions: vec![],
        }],
        tokens: vec![
            Token { symbol: "ETH".to_owned(), decimals: 18, sites: vec![(ETHEREUM, None)] },
            Token { symbol: "USDC".to_owned(), decimals: 6, sites: vec![(ETHEREUM, Some(usdc()))] },
        ],
        callables: vec![function(vec![moves()])],
        rules,
        ..RuleSet::default()
    }
}

/// The same rule for another callable.
fn about(mut rule: Rule, callable: u32) -> Rule {
    rule.arms[0].callable = CallableId::new(callable);
    rule
}

fn rule(verb: Verb, name: &str, guard: Vec<Formula>) -> Rule {
    let clause = |formula: Formula| Clause { text: formula.to_string(), formula, span: Span::default() };
    Rule {
        name: name.to_owned(),
        verb,
        arms: vec![Arm {
            callable: CallableId::new(0),
            clauses: guard.into_iter().map(clause).collect(),
            charges: vec![],
        }],
        over: vec![],
        beyond: vec![],
        exempt: vec![],
        accepts: vec![],
        lifts: vec![],
        span: Span::default(),
    }
}

fn allow(guard: Vec<Formula>) -> Rule {
    rule(Verb::Allow, "pay", guard)
}

fn over(mut rule: Rule, others: &[u32]) -> Rule {
    rule.over = others.iter().map(|n| RuleId::new(*n)).collect();
    rule
}

fn calldata(to: Address, amount: U256) -> Vec<u8> {
    [&TRANSFER[..], &word(to).to_be_bytes::<32>(), &amount.to_be_bytes::<32>()].concat()
}

fn call(data: &[u8]) -> Action<'_> {
    Action { command: [0; 4], kind: Kind::Call, from: wallet(), to: usdc(), value: U256::ZERO, data }
}

fn request<'a>(actions: &'a [Action<'a>]) -> Request<'a> {
    Request {
        chain: ETHEREUM,
        wallet: wallet(),
        signer: wallet(),
        agent: None,
        now: 1_800_000_000,
        envelope: Envelope::default(),
        actions,
    }
}

fn bound(rules: &RuleSet) -> Bound {
    Bound::new(rules, wallet(), BTreeMap::new()).unwrap()
}

fn judge(rules: &RuleSet, actions: &[Action<'_>]) -> Ruling {
    rules.decide(&request(actions), &bound(rules))
}

/// What `transfer(0x77…, amount)` comes to.
fn pay(rules: &RuleSet, amount: u64) -> Ruling {
    judge(rules, &[call(&calldata(address(0x77), U256::from(amount)))])
}

fn denied(code: DenyCode, rule: Option<u32>) -> Ruling {
    Err(Denied { code, rule: rule.map(RuleId::new), action: 0, offset: None })
}

/// Like [`denied`], of the action that is the `n`-th to be met.
fn denied_inside(code: DenyCode, rule: Option<u32>, n: u16) -> Ruling {
    denied(code, rule).map_err(|denied| Denied { action: n, ..denied })
}

fn malformed(offset: u32) -> Ruling {
    Err(Denied { code: DenyCode::Malformed, rule: None, action: 0, offset: Some(offset) })
}

/// The rule that grants the only action.
fn granted_by(ruling: Ruling) -> u32 {
    ruling.unwrap().actions[0].rule.raw()
}
