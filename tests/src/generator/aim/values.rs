//! What arguments are made of: the words that a policy speaks of, their neighbours, and others.

use crate::generator::rng::Rng;
use agentpol_abi::Value;
use agentpol_analysis::ruleset::{
    Atom, Bound, Formula, Linear, Param, ParamType, ParamValue, RuleSet, Scalar, Target,
};
use agentpol_model::{
    Address, Time, U256,
    types::{Member, Type, WordType},
};
use num_bigint::Sign;

/// Elements of an array whose interface sets no limit.
const MANY: usize = 5;

/// The words of a policy.
#[derive(Clone, Debug, Default)]
pub struct Pool {
    addresses: Vec<Address>,
    numbers: Vec<U256>,
    times: Vec<Time>,
}

impl Pool {
    /// Everything that stands in the policy or is bound to it.
    pub fn new(rules: &RuleSet, bound: &Bound) -> Self {
        let mut pool = Self::default();
        pool.addresses.push(bound.wallet());
        pool.addresses.extend(&rules.named_addresses);
        pool.addresses.extend(rules.tokens.iter().flat_map(|t| t.sites.iter().filter_map(|(_, at)| *at)));
        let contracts = rules.contracts.iter().map(|c| c.address);
        let callables = rules.callables.iter().filter_map(|c| c.target);
        let targets: Vec<Target> = contracts.chain(callables).collect();
        pool.addresses.extend(targets.into_iter().filter_map(|target| bound.address(target)));
        let of_sets = rules.sets.iter().flatten().copied();
        pool.numbers.extend(of_sets);
        for value in bound.values() {
            match value {
                ParamValue::Word(word) => pool.numbers.push(*word),
                ParamValue::Set(set) => pool.addresses.extend(set),
            }
        }
        for arm in rules.rules.iter().flat_map(|rule| &rule.arms) {
            arm.clauses.iter().for_each(|clause| pool.learn(&clause.formula));
        }
        for effect in rules.callables.iter().flat_map(|callable| &callable.effects) {
            pool.learn(&effect.when);
        }
        pool.addresses.sort_unstable();
        pool.addresses.dedup();
        pool.numbers.sort_unstable();
        pool.numbers.dedup();
        pool.times = pool.numbers.iter().filter_map(|n| u64::try_from(*n).ok()).collect();
        pool
    }

    fn learn(&mut self, formula: &Formula) {
        match formula {
            Formula::Const(_) => {}
            Formula::Not(inner) => self.learn(inner),
            Formula::And(parts) | Formula::Or(parts) => parts.iter().for_each(|part| self.learn(part)),
            Formula::Quantified { body, .. } => self.learn(body),
            Formula::Atom(Atom::Linear { sum, .. }) => self.number_of(sum),
            Formula::Atom(Atom::Same(a, b)) => {
                for scalar in [a, b] {
                    if let Scalar::Const(word) = scalar {
                        self.numbers.push(*word);
                    }
                }
            }
            Formula::Atom(Atom::Member(..) | Atom::Bytes(..) | Atom::Distinct { .. }) => {}
        }
    }

    fn number_of(&mut self, sum: &Linear) {
        let (sign, bytes) = sum.constant.to_bytes_be();
        if let (Sign::Minus | Sign::Plus, Some(word)) = (sign, U256::try_from_be_slice(&bytes)) {
            self.numbers.push(word);
        }
    }

    /// An address of the policy, or any.
    pub fn address(&self, rng: &mut Rng) -> U256 {
        let address = match rng.below(10) {
            0 => Address::ZERO,
            1 => rng.address(),
            _ => rng.choose(&self.addresses).copied().unwrap_or_default(),
        };
        U256::from_be_slice(address.as_slice())
    }

    /// An address with the ends of one of the policy's.
    pub fn look_alike(&self, rng: &mut Rng) -> U256 {
        let mut address = rng.choose(&self.addresses).copied().unwrap_or_default();
        address.0[rng.between(2, 17)] ^= 1 << rng.below(8);
        U256::from_be_slice(address.as_slice())
    }

    /// A number of the policy, or one beside it, or any.
    pub fn number(&self, rng: &mut Rng) -> U256 {
        match rng.below(3) {
            0 => rng.number(),
            _ => {
                let near = rng.choose(&self.numbers).copied().unwrap_or_default();
                near.wrapping_add(U256::from(rng.below(3))).wrapping_sub(U256::ONE)
            }
        }
    }

    pub(super) fn small(&self, rng: &mut Rng, bits: usize) -> u64 {
        let number: u64 = (self.number(rng) & U256::from(u64::MAX)).to();
        number >> (64 - bits)
    }

    pub(super) fn time(&self, rng: &mut Rng) -> Time {
        match rng.choose(&self.times) {
            Some(time) if rng.chance(70) => time.saturating_add(rng.below(3) as u64).saturating_sub(1),
            _ => 1_800_000_000 + rng.below(100_000) as u64,
        }
    }

    pub(super) fn signer(&self, bound: &Bound, rng: &mut Rng) -> Address {
        if rng.chance(80) { bound.wallet() } else { Address::from_word(self.address(rng).into()) }
    }

    /// A word of the type.
    pub(super) fn word(&self, ty: WordType, rng: &mut Rng) -> U256 {
        let any = match ty {
            WordType::Address => self.address(rng),
            WordType::Bool => U256::from(rng.below(2)),
            WordType::Int(_) if rng.chance(30) => U256::ZERO.wrapping_sub(self.number(rng)),
            WordType::Uint(_) | WordType::Int(_) => self.number(rng),
            WordType::FixedBytes(_) | WordType::Function => {
                if rng.chance(50) {
                    rng.word()
                } else {
                    *rng.choose(&self.numbers).unwrap_or(&U256::ZERO)
                }
            }
        };
        fit(any, ty)
    }

    /// A value of the type.
    pub(super) fn value(&self, ty: &Type, rng: &mut Rng) -> Value {
        match ty {
            Type::Word(word) => Value::Word(self.word(*word, rng), *word),
            Type::Bytes => {
                let length = *rng.pick(&[0, 1, 4, 31, 32, 33, 64, 100]);
                Value::Bytes(rng.bytes(length))
            }
            Type::String => {
                Value::String((0..rng.below(40)).map(|_| *rng.pick(&['a', 'Z', '0', 'é'])).collect())
            }
            Type::Array(inner, limit) => {
                let most = limit.map_or(MANY, |limit| limit as usize).min(MANY);
                let length = rng.between(0, most);
                Value::Array((0..length).map(|_| self.value(inner, rng)).collect())
            }
            Type::FixedArray(inner, n) => Value::Array((0..*n).map(|_| self.value(inner, rng)).collect()),
            Type::Tuple(members) => Value::Tuple(members.iter().map(|m| self.value(&m.ty, rng)).collect()),
        }
    }
}

/// The nearest word of the type: what does not fit is cut.
pub(super) fn fit(word: U256, ty: WordType) -> U256 {
    let low = |bits: usize| word & (U256::MAX >> (256 - bits));
    match ty {
        WordType::Uint(bits) => low(usize::from(bits)),
        WordType::Int(bits) => {
            let bits = usize::from(bits);
            let cut = low(bits);
            if cut.bit(bits - 1) && bits < 256 { cut | (U256::MAX << bits) } else { cut }
        }
        WordType::Address => low(160),
        WordType::Bool => low(1),
        WordType::FixedBytes(n) => {
            let unused = 256 - 8 * usize::from(n);
            if unused == 0 { word } else { (word >> unused) << unused }
        }
        WordType::Function => (word >> 64_usize) << 64_usize,
    }
}

/// Any word of the type.
pub fn any_word(ty: WordType, rng: &mut Rng) -> U256 {
    Pool::default().word(ty, rng)
}

/// Any values of the types.
pub fn any_values(inputs: &[Member], rng: &mut Rng) -> Vec<Value> {
    inputs.iter().map(|input| Pool::default().value(&input.ty, rng)).collect()
}

pub(super) fn of_param(param: &Param, rng: &mut Rng) -> ParamValue {
    let word = match param.ty {
        ParamType::AddressSet(most) => {
            let length = rng.between(0, (most as usize).min(6));
            return ParamValue::Set((0..length).map(|_| rng.address()).collect());
        }
        ParamType::Address | ParamType::Approver => U256::from_be_slice(rng.address().as_slice()),
        ParamType::Bool => U256::from(rng.below(2)),
        ParamType::Duration => U256::from(rng.below(1_000_000)),
        ParamType::Time => U256::from(1_800_000_000 + rng.below(100_000)),
        ParamType::Amount(_) | ParamType::Int => rng.number(),
        ParamType::Bytes32 => rng.word(),
    };
    ParamValue::Word(match param.domain {
        Some((low, high)) if rng.chance(20) => *rng.pick(&[low, high]),
        Some((low, high)) => word.clamp(low, high),
        None => word,
    })
}
