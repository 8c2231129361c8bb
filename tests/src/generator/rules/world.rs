//! Chains, tokens, contracts, functions with their effects.

use super::guards::Words;
use crate::generator::rng::Rng;
use agentpol_abi::signature::{selector, signature};
use agentpol_analysis::ruleset::{
    Callable, Chain, Contract, EffectSpec, Formula, Function, Linear, Param, ParamType, RuleSet, Scalar,
    Target, Token, TokenSpec,
};
use agentpol_model::{
    ChainId, U256,
    effect::{EffectKind, GrantMode},
    ids::{ParamId, TokenId},
    request::{Field, Kind},
    types::{Member, Type, WordType},
};
use num_bigint::BigInt;

const CHAINS: [(&str, ChainId); 2] = [("ethereum", 1), ("base", 8453)];

/// The parameters of a type.
pub(super) fn params_of(rules: &RuleSet, of: impl Fn(ParamType) -> bool) -> Vec<ParamId> {
    (0..).map(ParamId::new).zip(&rules.params).filter(|(_, p)| of(p.ty)).map(|(id, _)| id).collect()
}

pub(super) fn random(rng: &mut Rng) -> RuleSet {
    let mut rules = RuleSet { name: "random".to_owned(), ..RuleSet::default() };
    for (name, id) in &CHAINS[..rng.between(1, 2)] {
        let native = TokenId::new(0);
        rules.chains.push(Chain { name: (*name).to_owned(), id: *id, native, assumptions: vec![] });
    }
    tokens(&mut rules, rng);
    params(&mut rules, rng);
    contracts(&mut rules, rng);
    for chain in 0..rules.chains.len() {
        let (chain, native) = (rules.chains[chain].id, rules.chains[chain].native);
        rules.callables.push(Callable {
            controls: Vec::new(),
            requires: Formula::Const(true),
            typed: None,
            unwraps: Vec::new(),
            kind: Kind::Send,
            chain,
            target: None,
            contract: String::new(),
            function: None,
            effects: vec![value_sent(native, Scalar::Field(Field::To))],
            opaque: false,
        });
    }
    for _ in 0..rng.below(3) {
        let address = rng.address();
        rules.named_addresses.insert(address);
    }
    rules
}

fn tokens(rules: &mut RuleSet, rng: &mut Rng) {
    let ids: Vec<ChainId> = rules.chains.iter().map(|chain| chain.id).collect();
    let native = ids.iter().map(|id| (*id, None)).collect();
    rules.tokens.push(Token { symbol: "ETH".to_owned(), decimals: 18, sites: native });
    for n in 0..rng.between(1, 3) {
        let sites: Vec<_> = ids.iter().map(|id| (*id, Some(rng.address()))).collect();
        let decimals = *rng.pick(&[0, 6, 8, 18]);
        let symbol = format!("T{n}");
        rules.tokens.push(Token { symbol: symbol.clone(), decimals, sites: sites.clone() });
        let token = TokenId::new(rules.tokens.len() as u32 - 1);
        for (chain, address) in sites {
            let target = Target::Fixed(address.unwrap());
            rules.contracts.push(Contract {
                name: symbol.clone(),
                chain,
                address: target,
                trusted: None,
                upgradeable: rng.chance(50),
            });
            token_functions(rules, &symbol, token, chain, target);
        }
    }
}

/// `transfer` and `approve`, as everybody knows them.
fn token_functions(rules: &mut RuleSet, symbol: &str, token: TokenId, chain: ChainId, target: Target) {
    let arguments = || vec![member("to", WordType::Address), member("amount", WordType::Uint(256))];
    let amount = || argument(1, WordType::Uint(256));
    for (name, kind, from) in [
        ("transfer", EffectKind::Move, Some(Scalar::Field(Field::Wallet))),
        ("approve", EffectKind::Grant(GrantMode::Set), None),
    ] {
        let effect = EffectSpec {
            through: None,
            kind,
            amount: Linear { terms: vec![(BigInt::from(1), amount())], constant: BigInt::from(0) },
            token: TokenSpec::Known(token),
            party: argument(0, WordType::Address),
            sentinel: from.is_none().then(amount),
            from,
            until: None,
            when: Formula::Const(true),
        };
        rules.callables.push(Callable {
            controls: Vec::new(),
            requires: Formula::Const(true),
            typed: None,
            unwraps: Vec::new(),
            kind: Kind::Call,
            chain,
            target: Some(target),
            contract: symbol.to_owned(),
            function: Some(function(name, arguments(), false)),
            effects: vec![effect],
            opaque: false,
        });
    }
}

fn params(rules: &mut RuleSet, rng: &mut Rng) {
    for n in 0..rng.between(0, 5) {
        let ty = match rng.below(9) {
            0 => ParamType::Address,
            1 => ParamType::Approver,
            2 => ParamType::Amount(TokenId::new(rng.below(rules.tokens.len()) as u32)),
            3 => ParamType::Int,
            4 => ParamType::Duration,
            5 => ParamType::Time,
            6 => ParamType::Bool,
            7 => ParamType::Bytes32,
            _ => ParamType::AddressSet(rng.between(1, 6) as u32),
        };
        let ranged = matches!(ty, ParamType::Amount(_) | ParamType::Int | ParamType::Duration);
        let domain = (ranged && rng.chance(50)).then(|| (U256::ZERO, U256::from(rng.below(1_000_000))));
        rules.params.push(Param { name: format!("p{n}"), ty, domain });
    }
}

fn contracts(rules: &mut RuleSet, rng: &mut Rng) {
    for n in 0..rng.between(0, 3) {
        let chain = rng.pick(&rules.chains).clone();
        let params = params_of(rules, |ty| ty == ParamType::Address);
        let address = match rng.choose(&params) {
            Some(param) if rng.chance(30) => Target::Param(*param),
            _ => Target::Fixed(rng.address()),
        };
        let name = format!("C{n}");
        let trusted = rng.chance(30).then(|| "known".to_owned());
        rules.contracts.push(Contract {
            name: name.clone(),
            chain: chain.id,
            address,
            trusted,
            upgradeable: false,
        });
        for f in 0..rng.between(1, 3) {
            let inputs: Vec<Member> = (0..rng.between(0, 4))
                .map(|i| Member { name: format!("a{i}"), ty: any_type(2, rng) })
                .collect();
            let payable = rng.chance(40);
            let mut callable = Callable {
                controls: Vec::new(),
                requires: Formula::Const(true),
                typed: None,
                unwraps: Vec::new(),
                kind: Kind::Call,
                chain: chain.id,
                target: Some(address),
                contract: name.clone(),
                function: Some(function(&format!("f{n}{f}"), inputs, payable)),
                effects: vec![],
                opaque: rng.chance(15),
            };
            if payable {
                callable.effects.push(value_sent(chain.native, Scalar::Field(Field::To)));
            }
            let many = if callable.opaque { 0 } else { rng.between(0, 3) };
            rules.callables.push(callable);
            let id = rules.callables.len() - 1;
            for _ in 0..many {
                let effect = effect(rules, id, rng);
                rules.callables[id].effects.push(effect);
            }
        }
    }
}

fn effect(rules: &mut RuleSet, callable: usize, rng: &mut Rng) -> EffectSpec {
    let words = Words::new(rules, callable, rng);
    let kind = match rng.below(9) {
        0..=2 => EffectKind::Move,
        3 => EffectKind::Pull { exact: rng.chance(50) },
        4 => EffectKind::Grant(GrantMode::Set),
        5 => EffectKind::Grant(GrantMode::Add),
        6 => EffectKind::Grant(GrantMode::Dec),
        7 => EffectKind::Receive,
        _ => EffectKind::Owe,
    };
    let token = match words.addresses(&[]).first() {
        Some(argument) if rng.chance(40) => TokenSpec::At(argument.clone()),
        _ => TokenSpec::Known(TokenId::new(rng.below(rules.tokens.len()) as u32)),
    };
    let is_grant = matches!(kind, EffectKind::Grant(_));
    EffectSpec {
        through: None,
        kind,
        amount: words.sum(&[], rng),
        token,
        party: words.address(&[], rng),
        from: (kind == EffectKind::Move)
            .then(|| if rng.chance(60) { Scalar::Field(Field::Wallet) } else { words.address(&[], rng) }),
        until: (is_grant && rng.chance(40)).then(|| words.argument(rng).unwrap_or(Scalar::Field(Field::Now))),
        sentinel: words.argument(rng).filter(|_| rng.chance(30)),
        when: if rng.chance(70) {
            Formula::Const(true)
        } else {
            words.formula(rules, 1, &mut Vec::new(), rng)
        },
    }
}

fn value_sent(native: TokenId, to: Scalar) -> EffectSpec {
    EffectSpec {
        through: None,
        kind: EffectKind::Move,
        amount: Linear {
            terms: vec![(BigInt::from(1), Scalar::Field(Field::Value))],
            constant: BigInt::from(0),
        },
        token: TokenSpec::Known(native),
        party: to,
        from: Some(Scalar::Field(Field::Wallet)),
        until: None,
        when: Formula::Const(true),
        sentinel: None,
    }
}

fn function(name: &str, inputs: Vec<Member>, payable: bool) -> Function {
    let signature = signature(name, &inputs);
    Function {
        trailing: 0,
        name: name.to_owned(),
        selector: selector(&signature),
        signature,
        inputs,
        payable,
        units: vec![],
    }
}

fn member(name: &str, ty: WordType) -> Member {
    Member { name: name.to_owned(), ty: Type::Word(ty) }
}

fn argument(n: u16, ty: WordType) -> Scalar {
    Scalar::Arg(agentpol_model::types::Path(vec![agentpol_model::types::Step::Member(n)]), ty)
}

/// Any type of the ABI, nested so deep.
fn any_type(depth: usize, rng: &mut Rng) -> Type {
    let inner = |rng: &mut Rng| Box::new(any_type(depth - 1, rng));
    match rng.below(if depth == 0 { 6 } else { 10 }) {
        0..=3 => Type::Word(any_word(rng)),
        4 => Type::Bytes,
        5 => Type::String,
        6 => Type::FixedArray(inner(rng), rng.between(1, 3) as u32),
        7..=8 => Type::Array(inner(rng), rng.chance(85).then(|| rng.between(1, 4) as u32)),
        _ => Type::Tuple(
            (0..rng.between(1, 4))
                .map(|n| Member { name: format!("m{n}"), ty: any_type(depth - 1, rng) })
                .collect(),
        ),
    }
}

fn any_word(rng: &mut Rng) -> WordType {
    let bits = 8 * rng.between(1, 32) as u16;
    match rng.below(12) {
        0..=3 => WordType::Address,
        4..=5 => WordType::Uint(256),
        6 => WordType::Uint(bits),
        7 => WordType::Int(256),
        8 => WordType::Int(bits),
        9 => WordType::Bool,
        10 => WordType::FixedBytes(rng.between(1, 32) as u8),
        _ => WordType::Function,
    }
}
