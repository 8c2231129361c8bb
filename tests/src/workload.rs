//! What the benches measure: for deciding, a policy and requests, many tokens, for each a rule with a cap and a set of
//! recipients; for compiling, a text.

use crate::{
    differential::WALLET,
    generator::{OwnedAction, OwnedRequest, Rng},
};
use agentpol_abi::{
    Value, encode_call,
    signature::{parse_members, selector},
};
use agentpol_analysis::ruleset::{
    Arm, Atom, Callable, Chain, Clause, Contract, EffectSpec, Formula, Function, Linear, Relation, Rule,
    RuleSet, Scalar, SetRef, Target, Token, TokenSpec, Verb,
};
use agentpol_bytecode::Module;
use agentpol_compiler::lower::lower;
use agentpol_grammar::span::Span;
use agentpol_model::{
    Address, ChainId, U256,
    effect::EffectKind,
    ids::{CallableId, SetId, TokenId},
    request::{Envelope, Field, Kind},
    types::{Path, Step, WordType},
};
use agentpol_verifier::verify;
use agentpol_vm::{Binding, Policy};
use num_bigint::BigInt;
use std::collections::{BTreeMap, BTreeSet};

/// All of it happens here.
pub const CHAIN: ChainId = 1;
/// `transfer(address,uint256)`
pub const TRANSFER: [u8; 4] = [0xa9, 0x05, 0x9c, 0xbb];
const RECIPIENTS: usize = 4;

/// One rule, as a person would say it: at this token, up to so much, to one of these.
#[derive(Clone, Debug)]
pub struct Limit {
    /// The token's contract.
    pub token: Address,
    /// At most, in base units.
    pub cap: U256,
    /// To one of these.
    pub recipients: BTreeSet<Address>,
}

/// So many rules.
pub fn limits(count: usize) -> Vec<Limit> {
    let rng = &mut Rng::new(count as u64);
    let limit = |_| Limit {
        token: rng.address(),
        cap: U256::from(1_000_000 * rng.between(1, 100_000)),
        recipients: (0..RECIPIENTS).map(|_| rng.address()).collect(),
    };
    (0..count).map(limit).collect()
}

/// Rules for one function of one contract, in the text of a policy.
pub const RULES_PER_KEY: usize = 10;

/// The text of a policy with so many rules, as people write them: so many for each token, each for a payee or two, with an amount
/// at most, many with one at least, some with a last day. Fees are held and each token has a budget: nothing is wrong with it.
pub fn held(count: usize, per_key: usize) -> String {
    let rng = &mut Rng::new(count as u64);
    let mut out = String::from(
        "policy many on ethereum\n\ninterface Coin {\n    function transfer(to: address, amount: uint256 as amount of self) \
         { moves amount of self from wallet to to }\n}\n\n",
    );
    for token in 0..count.div_ceil(per_key) {
        out.push_str(&format!("token T{token}: Coin decimals 6 {{ on ethereum at {} }}\n", rng.address()));
    }
    for n in 0..count {
        let token = n / per_key;
        out.push_str(&format!("\nallow r{n}: T{token}.transfer(to, amount) {{\n"));
        out.push_str(&match n % 3 {
            0 => format!("    when to in {{ {}, {} }}\n", rng.address(), rng.address()),
            _ => format!("    when to == {}\n", rng.address()),
        });
        out.push_str(&format!("    when amount <= {} T{token}\n", rng.between(1, 100_000)));
        if n % 3 != 0 {
            out.push_str(&format!("    when amount >= 0.{:03} T{token}\n", rng.between(1, 999)));
        }
        if n % 3 == 1 {
            out.push_str(&format!("    until 2027-01-{:02}\n", rng.between(1, 28)));
        }
        out.push_str("}\n");
    }
    out.push_str("\nfees at most 0.01 ETH\nbudget gas: 0.05 ETH of fees per 24h\n");
    for token in 0..count.div_ceil(per_key) {
        out.push_str(&format!("budget daily{token}: 1_000_000 T{token} per 24h\n"));
    }
    out
}

/// Numbers that a function of [`boxes`] takes.
const DIMENSIONS: usize = 6;

/// Where each of these numbers lies, both ends included.
pub type Box6 = [(usize, usize); DIMENSIONS];

/// So many boxes in a cube whose sides are a million long; theirs are up to four tenths of that. Of a thousand some two in a thousand
/// pairs meet.
pub fn boxes(count: usize) -> Vec<Box6> {
    const WHOLE: usize = 1_000_000;
    let rng = &mut Rng::new(count as u64);
    let side = |rng: &mut Rng| {
        let low = rng.between(0, WHOLE);
        (low, low + rng.between(1, WHOLE * 4 / 10))
    };
    (0..count).map(|_| core::array::from_fn(|_| side(rng))).collect()
}

/// A policy with a rule for each box, all of them for one function of six numbers.
pub fn boxes_source(boxes: &[Box6]) -> String {
    let names: [String; DIMENSIONS] = core::array::from_fn(|n| format!("x{n}"));
    let fields = names.each_ref().map(|name| format!("{name}: uint256")).join(", ");
    let mut out = format!(
        "policy boxes on ethereum\n\ninterface Dial {{\n    function set({fields}) {{}}\n}}\n\
         contract dial: Dial on ethereum at 0x1111111111111111111111111111111111111111\n\
         fees at most 0.01 ETH\nbudget gas: 0.05 ETH of fees per 24h\n"
    );
    for (n, sides) in boxes.iter().enumerate() {
        out.push_str(&format!("\nallow r{n}: dial.set({}) {{\n", names.join(", ")));
        for (name, (low, high)) in names.iter().zip(sides) {
            out.push_str(&format!("    when {low} <= {name} <= {high}\n"));
        }
        out.push_str("}\n");
    }
    out
}

/// The policy, in normal form.
pub fn rule_set(limits: &[Limit]) -> RuleSet {
    let mut rules = RuleSet {
        name: "many".to_owned(),
        chains: vec![Chain {
            name: "ethereum".to_owned(),
            id: CHAIN,
            native: TokenId::new(0),
            assumptions: vec![],
        }],
        tokens: vec![Token { symbol: "ETH".to_owned(), decimals: 18, sites: vec![(CHAIN, None)] }],
        ..RuleSet::default()
    };
    for (n, limit) in (0_u32..).zip(limits) {
        let name = format!("T{n:05}");
        rules.tokens.push(Token {
            symbol: name.clone(),
            decimals: 6,
            sites: vec![(CHAIN, Some(limit.token))],
        });
        rules.contracts.push(Contract {
            name: name.clone(),
            chain: CHAIN,
            address: Target::Fixed(limit.token),
            trusted: None,
            upgradeable: false,
        });
        rules.callables.push(callable(name, limit.token, TokenId::new(n + 1)));
        rules.named_addresses.extend(&limit.recipients);
        rules.sets.push(limit.recipients.iter().map(|a| U256::from_be_slice(a.as_slice())).collect());
        rules.rules.push(rule(n, limit.cap));
    }
    rules
}

fn argument(n: u16, ty: WordType) -> Scalar {
    Scalar::Arg(Path(vec![Step::Member(n)]), ty)
}

fn callable(name: String, token: Address, id: TokenId) -> Callable {
    let signature = "transfer(address,uint256)";
    let amount = Linear {
        terms: vec![(BigInt::from(1), argument(1, WordType::Uint(256)))],
        constant: BigInt::from(0),
    };
    Callable {
        controls: Vec::new(),
        requires: Formula::Const(true),
        typed: None,
        unwraps: Vec::new(),
        kind: Kind::Call,
        chain: CHAIN,
        target: Some(Target::Fixed(token)),
        contract: name,
        function: Some(Function {
            trailing: 0,
            name: "transfer".to_owned(),
            signature: signature.to_owned(),
            selector: selector(signature),
            inputs: parse_members("(address to, uint256 amount)").unwrap(),
            payable: false,
            units: vec![],
        }),
        effects: vec![EffectSpec {
            through: None,
            kind: EffectKind::Move,
            amount,
            token: TokenSpec::Known(id),
            party: argument(0, WordType::Address),
            from: Some(Scalar::Field(Field::Wallet)),
            until: None,
            when: Formula::Const(true),
            sentinel: None,
        }],
        opaque: false,
    }
}

fn rule(n: u32, cap: U256) -> Rule {
    let clause = |formula: Formula| Clause { text: formula.to_string(), formula, span: Span::default() };
    let constant = -BigInt::from_bytes_be(num_bigint::Sign::Plus, &cap.to_be_bytes::<32>());
    let sum = |scalar, constant| Linear { terms: vec![(BigInt::from(1), scalar)], constant };
    let at_most =
        Atom::Linear { sum: sum(argument(1, WordType::Uint(256)), constant), relation: Relation::NotAbove };
    let no_value =
        Atom::Linear { sum: sum(Scalar::Field(Field::Value), BigInt::from(0)), relation: Relation::Zero };
    let recipient = Atom::Member(argument(0, WordType::Address), SetRef::Const(SetId::new(n)));
    Rule {
        name: format!("r{n}"),
        verb: Verb::Allow,
        arms: vec![Arm {
            callable: CallableId::new(n),
            clauses: [recipient, at_most, no_value].map(|atom| clause(Formula::Atom(atom))).into(),
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

/// Compiled, verified, ready.
pub fn policy(rules: &RuleSet) -> Policy {
    let module: Module = lower(rules).unwrap();
    let binding = Binding { wallet: WALLET, signer: WALLET, params: BTreeMap::new() };
    Policy::bind(verify(module).unwrap(), &binding).unwrap()
}

/// Requests of every kind that matters: most are granted, some are above the cap, to somebody else, at another contract, of
/// another function.
pub fn requests(limits: &[Limit], count: usize) -> Vec<OwnedRequest> {
    let rng = &mut Rng::new(7);
    let inputs = parse_members("(address to, uint256 amount)").unwrap();
    let mut request = |n: usize| {
        let limit = rng.pick(limits).clone();
        let recipients: Vec<Address> = limit.recipients.iter().copied().collect();
        let mut to = *rng.pick(&recipients);
        let mut amount = U256::from(rng.next_u64()) % (limit.cap + U256::ONE);
        let (mut contract, mut selector) = (limit.token, TRANSFER);
        match n % 10 {
            0 => amount = limit.cap + U256::ONE,
            1 => to = rng.address(),
            2 => contract = rng.address(),
            3 => selector[0] ^= 1,
            4 => amount = limit.cap,
            _ => {}
        }
        let to = Value::Word(U256::from_be_slice(to.as_slice()), WordType::Address);
        let data = encode_call(selector, &inputs, &[to, Value::Word(amount, WordType::Uint(256))]).unwrap();
        OwnedRequest {
            chain: CHAIN,
            wallet: WALLET,
            signer: WALLET,
            now: 1_800_000_000,
            envelope: Envelope::default(),
            actions: vec![OwnedAction {
                kind: Kind::Call,
                from: WALLET,
                to: contract,
                value: U256::ZERO,
                data,
            }],
        }
    };
    (0..count).map(&mut request).collect()
}
