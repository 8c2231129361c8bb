//! Rule sets so small that every request and every binding can be tried: arguments, times and parameters have a few values each, which
//! the interface's `requires` or a first condition of each rule says, so that the analysis sees the same few.

mod domain;
mod guards;

use super::rng::Rng;
use crate::differential::WALLET;
use agentpol_abi::signature::{selector, signature};
use agentpol_analysis::ruleset::{
    Arm, Ask, Atom, Callable, Chain, Clause, Contract, EffectSpec, Formula, Function, Param, ParamType,
    ParamValue, Rule, RuleSet, Scalar, Seconds, Target, Token, TokenSpec, Verb,
};
use agentpol_grammar::span::Span;
use agentpol_model::{
    Address, U256,
    decision::DenyCode,
    effect::{EffectKind, GrantMode},
    ids::{CallableId, RuleId, TokenId},
    request::{Field, Kind},
};
pub use domain::Domain;
use guards::Leaves;
use std::collections::{BTreeMap, BTreeSet};

/// Somebody whom the policy names.
pub const NAMED: Address = Address::repeat_byte(0x22);
/// Somebody whom it does not.
pub const STRANGER: Address = Address::repeat_byte(0x33);
/// The only contract that is called.
pub const CONTRACT: Address = Address::repeat_byte(0x55);
/// A contract that the policy trusts.
pub const TRUSTED: Address = Address::repeat_byte(0x77);
/// The token that has an address.
pub const TOKEN: Address = Address::repeat_byte(0x44);
/// The first second of all.
pub const FIRST: u64 = 1_800_000_000;

/// A small policy with all that can be asked of it.
#[derive(Clone, Debug)]
pub struct Tiny {
    /// The policy.
    pub rules: RuleSet,
    /// By callable.
    pub domains: Vec<Domain>,
    /// Every binding.
    pub bindings: Vec<BTreeMap<String, ParamValue>>,
}

/// A small policy: of each callable at most `most` requests.
pub fn random(rng: &mut Rng, most: usize) -> Tiny {
    let mut rules = world(rng);
    let mut limits = Vec::new();
    let bindings = params(&mut rules, &mut limits, rng);
    let mut domains = Vec::new();
    let by_interface = rng.chance(50);
    let mut limited = Vec::new();
    for n in 0..rng.between(1, 3) {
        let domain = Domain::random(&mut rules, most, rng);
        let all = [limits.clone(), domain.limits(&mut rules)].concat();
        let requires = if by_interface { Formula::And(all.clone()) } else { Formula::Const(true) };
        let callable = callable(&mut rules, n, &domain, requires, rng);
        rules.callables.push(callable);
        domains.push(domain);
        limited.push(Formula::And(all));
    }
    for n in 0..rng.between(1, 4) {
        let rule = rule(&mut rules, &domains, n, (!by_interface).then_some(limited.as_slice()), rng);
        rules.rules.push(rule);
    }
    rank(&mut rules, rng);
    Tiny { rules, domains, bindings }
}

fn world(rng: &mut Rng) -> RuleSet {
    let mut rules = RuleSet { name: "tiny".to_owned(), ..RuleSet::default() };
    rules.chains.push(Chain { name: "one".to_owned(), id: 1, native: TokenId::new(0), assumptions: vec![] });
    let mut token = |symbol: &str, at| {
        let decimals = *rng.pick(&[0, 4]);
        rules.tokens.push(Token { symbol: symbol.to_owned(), decimals, sites: vec![(1, at)] });
    };
    token("ETH", None);
    token("T0", Some(TOKEN));
    for (name, at, trusted) in [("C", CONTRACT, None), ("F", TRUSTED, Some("known".to_owned()))] {
        let (name, address) = (name.to_owned(), Target::Fixed(at));
        rules.contracts.push(Contract { name, chain: 1, address, trusted, upgradeable: false });
    }
    rules.named_addresses.insert(NAMED);
    rules
}

/// Addresses that there are.
fn universe() -> Vec<Address> {
    vec![WALLET, NAMED, STRANGER, TOKEN, TRUSTED, Address::ZERO]
}

fn word(address: Address) -> U256 {
    U256::from_be_slice(address.as_slice())
}

/// A constant set, once.
fn set(rules: &mut RuleSet, words: impl IntoIterator<Item = U256>) -> agentpol_analysis::ruleset::SetRef {
    let words: BTreeSet<U256> = words.into_iter().collect();
    let at = rules.sets.iter().position(|known| *known == words).unwrap_or_else(|| {
        rules.sets.push(words);
        rules.sets.len() - 1
    });
    agentpol_analysis::ruleset::SetRef::Const(agentpol_model::ids::SetId::new(at as u32))
}

/// Up to two parameters. What they can be is said by their domains, or by a condition.
fn params(
    rules: &mut RuleSet,
    limits: &mut Vec<Formula>,
    rng: &mut Rng,
) -> Vec<BTreeMap<String, ParamValue>> {
    let mut bindings = vec![BTreeMap::new()];
    for n in 0..rng.below(3) {
        let id = agentpol_model::ids::ParamId::new(n as u32);
        let (ty, domain, values): (_, _, Vec<ParamValue>) = match rng.below(5) {
            0..=1 => {
                let all = (0..=2).map(|n| ParamValue::Word(U256::from(n)));
                (ParamType::Int, Some((U256::ZERO, U256::from(2))), all.collect())
            }
            2 => {
                let all = (0..=1).map(|n| ParamValue::Word(U256::from(n)));
                (ParamType::Bool, None, all.collect())
            }
            3 => {
                let all = [WALLET, NAMED, STRANGER].map(word);
                let among = set(rules, all);
                limits.push(Formula::Atom(Atom::Member(Scalar::Param(id), among)));
                (ParamType::Address, None, all.map(ParamValue::Word).into())
            }
            _ => {
                let most = rng.between(1, 2);
                // The first two also stand for the sender and the router.
                let own = [1, 2].map(|n: u8| Address::with_last_byte(n));
                let all = [universe(), own.to_vec()].concat();
                let mut sets = vec![BTreeSet::new()];
                for _ in 0..most {
                    let more: Vec<_> =
                        sets.iter().flat_map(|old| all.iter().map(|a| with(old, *a))).collect();
                    sets.extend(more);
                }
                sets.sort();
                sets.dedup();
                (ParamType::AddressSet(most as u32), None, sets.into_iter().map(ParamValue::Set).collect())
            }
        };
        rules.params.push(Param { name: format!("p{n}"), ty, domain });
        bindings = bindings
            .iter()
            .flat_map(|old: &BTreeMap<String, ParamValue>| {
                values.iter().map(|value| {
                    let mut new = old.clone();
                    new.insert(format!("p{n}"), value.clone());
                    new
                })
            })
            .collect();
    }
    bindings
}

fn with(old: &BTreeSet<Address>, one: Address) -> BTreeSet<Address> {
    old.iter().copied().chain([one]).collect()
}

fn callable(rules: &mut RuleSet, n: usize, domain: &Domain, requires: Formula, rng: &mut Rng) -> Callable {
    let name = format!("f{n}");
    let inputs = domain.inputs();
    let signature = signature(&name, &inputs);
    let function = Function {
        trailing: 0,
        name,
        selector: selector(&signature),
        signature,
        inputs,
        payable: domain.is_payable(),
        units: vec![],
    };
    let leaves = Leaves::of(rules, domain);
    let mut effects = Vec::new();
    if domain.is_payable() {
        effects.push(effect(
            EffectKind::Move,
            leaves.value(),
            TokenSpec::Known(TokenId::new(0)),
            Scalar::Field(Field::To),
        ));
    }
    for _ in 0..rng.below(3) {
        let kind = *rng.pick(&[
            EffectKind::Move,
            EffectKind::Move,
            EffectKind::Pull { exact: true },
            EffectKind::Grant(GrantMode::Set),
            EffectKind::Grant(GrantMode::Add),
            EffectKind::Grant(GrantMode::Dec),
            EffectKind::Receive,
            EffectKind::Receive,
            EffectKind::Owe,
        ]);
        let token = match leaves.address(rng) {
            Some(at) if rng.chance(25) => TokenSpec::At(at),
            _ => TokenSpec::Known(TokenId::new(rng.below(2) as u32)),
        };
        let party = leaves.party(rng);
        let mut one = effect(kind, leaves.sum(rng), token, party);
        if rng.chance(30) {
            one.when = leaves.formula(rules, 1, &mut Vec::new(), rng);
        }
        if matches!(kind, EffectKind::Grant(_)) && rng.chance(30) {
            one.sentinel = leaves.byte(rng);
        }
        effects.push(one);
    }
    Callable {
        controls: Vec::new(),
        requires,
        typed: None,
        unwraps: Vec::new(),
        kind: Kind::Call,
        chain: 1,
        target: Some(Target::Fixed(CONTRACT)),
        contract: "C".to_owned(),
        function: Some(function),
        effects,
        opaque: false,
    }
}

fn effect(
    kind: EffectKind,
    amount: agentpol_analysis::ruleset::Linear,
    token: TokenSpec,
    party: Scalar,
) -> EffectSpec {
    EffectSpec {
        kind,
        amount,
        token,
        party,
        from: (kind == EffectKind::Move).then_some(Scalar::Field(Field::Wallet)),
        until: None,
        through: None,
        when: Formula::Const(true),
        sentinel: None,
    }
}

fn rule(
    rules: &mut RuleSet,
    domains: &[Domain],
    n: usize,
    limits: Option<&[Formula]>,
    rng: &mut Rng,
) -> Rule {
    let verb = match rng.below(10) {
        0..=6 => Verb::Allow,
        7 => {
            let of = vec![Target::Fixed(Address::repeat_byte(0xab))];
            Verb::Ask(Ask { need: 1, of, within: Seconds::Fixed(60) })
        }
        _ => Verb::Deny,
    };
    let grants = verb != Verb::Deny;
    let mut arms = Vec::new();
    for (callable, domain) in domains.iter().enumerate() {
        if domains.len() > 1 && rng.chance(50) && !(arms.is_empty() && callable + 1 == domains.len()) {
            continue;
        }
        let leaves = Leaves::of(rules, domain);
        for _ in 0..if rng.chance(10) { 2 } else { 1 } {
            let formulas = (0..rng.between(0, 3)).map(|_| leaves.formula(rules, 2, &mut Vec::new(), rng));
            let formulas: Vec<Formula> =
                limits.map(|limits| limits[callable].clone()).into_iter().chain(formulas).collect();
            let clauses = formulas.into_iter().map(|formula| Clause {
                text: formula.to_string(),
                formula,
                span: Span::new(1, 2),
            });
            let callable = CallableId::new(callable as u32);
            arms.push(Arm { callable, clauses: clauses.collect(), charges: vec![] });
        }
    }
    let lifted = [DenyCode::ZeroRecipient, DenyCode::SelfRecipient];
    let lifts: Vec<_> = lifted.into_iter().filter(|_| grants && rng.chance(50)).collect();
    Rule {
        name: format!("r{n}"),
        verb,
        arms,
        over: vec![],
        beyond: vec![],
        exempt: vec![],
        accepts: lifts.iter().map(|code| (code.name().to_owned(), "a reason".to_owned())).collect(),
        lifts,
        span: Span::default(),
    }
}

/// A strict partial order among the grants, closed.
fn rank(rules: &mut RuleSet, rng: &mut Rng) {
    let mut over: Vec<BTreeSet<RuleId>> = vec![];
    for n in 0..rules.rules.len() {
        let mut below = BTreeSet::new();
        for (other, below_other) in over.iter().enumerate() {
            if rules.rules[other].verb != Verb::Deny && rules.rules[n].verb != Verb::Deny && rng.chance(35) {
                below.insert(RuleId::new(other as u32));
                below.extend(below_other);
            }
        }
        rules.rules[n].over = below.iter().copied().collect();
        over.push(below);
    }
}
