//! What the words of a small callable can be, as values and as a condition.

use super::{FIRST, NAMED, STRANGER, set, universe, word};
use crate::{
    differential::WALLET,
    generator::{OwnedAction, OwnedRequest, rng::Rng},
};
use agentpol_abi::{Value, encode_call};
use agentpol_analysis::ruleset::{Atom, Callable, Formula, Linear, Relation, RuleSet, Scalar};
use agentpol_model::{
    Address, U256,
    request::{Envelope, Field, Kind},
    types::{Member, Path, Step, Type, WordType},
};
use num_bigint::BigInt;

/// Elements of an array at most.
pub(super) const MANY: u32 = 2;

/// What an argument is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// One of these words.
    Word(WordType, Vec<U256>),
    /// Up to two of them.
    Words(WordType, Vec<U256>),
    /// Up to two arrays of up to one.
    Nested(Vec<U256>),
    /// Up to two bytes, each of them `a` or `b`.
    Bytes,
}

/// All that can be asked of one callable.
#[derive(Clone, Debug)]
pub struct Domain {
    pub(super) args: Vec<Sort>,
    values: Vec<U256>,
    times: Vec<u64>,
    nonces: Vec<Option<u64>>,
    signers: Vec<Address>,
}

const BYTE: WordType = WordType::Uint(8);

impl Domain {
    pub(super) fn random(_rules: &mut RuleSet, most: usize, rng: &mut Rng) -> Self {
        let mut domain = Self {
            args: vec![],
            values: vec![U256::ZERO],
            times: vec![FIRST],
            nonces: vec![None],
            signers: vec![WALLET],
        };
        for _ in 0..rng.between(1, 6) {
            let mut larger = domain.clone();
            match rng.below(12) {
                0 => larger.values = vec![U256::ZERO, U256::ONE, U256::from(2)],
                1 => larger.times = vec![FIRST, FIRST + 1, FIRST + 2],
                2 => larger.nonces = vec![None, Some(0), Some(1), Some(2), Some(3)],
                3 => larger.signers = vec![WALLET, STRANGER],
                _ => larger.args.push(Sort::random(rng)),
            }
            if larger.size() <= most {
                domain = larger;
            }
        }
        domain
    }

    /// How many requests there are.
    pub fn size(&self) -> usize {
        let args: usize = self.args.iter().map(|sort| sort.values().len()).product();
        args * self.values.len() * self.times.len() * self.nonces.len() * self.signers.len()
    }

    /// Does value go along?
    pub fn is_payable(&self) -> bool {
        self.values.len() > 1
    }

    pub(super) fn has_nonce(&self) -> bool {
        self.nonces.len() > 1
    }

    pub(super) fn inputs(&self) -> Vec<Member> {
        let member = |(n, sort): (usize, &Sort)| Member { name: format!("a{n}"), ty: sort.ty() };
        self.args.iter().enumerate().map(member).collect()
    }

    /// That it is one of these requests. Fields that may be missing are spoken of by nobody who could tell more of their values apart.
    pub(super) fn limits(&self, rules: &mut RuleSet) -> Vec<Formula> {
        let mut all =
            vec![Formula::Atom(Atom::Same(Scalar::Field(Field::Wallet), Scalar::Const(word(WALLET))))];
        let signers = set(rules, self.signers.iter().copied().map(word));
        all.push(Formula::Atom(Atom::Member(Scalar::Field(Field::Signer), signers)));
        let times = set(rules, self.times.iter().map(|time| U256::from(*time)));
        all.push(Formula::Atom(Atom::Member(Scalar::Field(Field::Now), times)));
        if self.is_payable() {
            all.push(at_most(Scalar::Field(Field::Value), 2));
        }
        for (n, sort) in self.args.iter().enumerate() {
            all.push(sort.limit(rules, Path(vec![Step::Member(n as u16)])));
        }
        all
    }

    /// Each of them.
    pub fn requests(&self, callable: &Callable) -> Vec<OwnedRequest> {
        let function = callable.function.as_ref().unwrap();
        let mut calls: Vec<Vec<Value>> = vec![vec![]];
        for sort in &self.args {
            let values = sort.values();
            calls = calls
                .iter()
                .flat_map(|call| values.iter().map(|v| [call.as_slice(), core::slice::from_ref(v)].concat()))
                .collect();
        }
        let mut out = Vec::new();
        for call in calls {
            let data = encode_call(function.selector, &function.inputs, &call).unwrap();
            let to = match callable.target {
                Some(agentpol_analysis::ruleset::Target::Fixed(to)) => to,
                _ => unreachable!("small callables stand at a known place"),
            };
            for value in &self.values {
                let action =
                    OwnedAction { kind: Kind::Call, from: WALLET, to, value: *value, data: data.clone() };
                self.envelopes(&action, &mut out);
            }
        }
        out
    }

    fn envelopes(&self, action: &OwnedAction, out: &mut Vec<OwnedRequest>) {
        for now in &self.times {
            for nonce in &self.nonces {
                out.extend(self.signers.iter().map(|signer| OwnedRequest {
                    chain: 1,
                    wallet: WALLET,
                    signer: *signer,
                    now: *now,
                    envelope: Envelope { nonce: *nonce, ..Envelope::default() },
                    actions: vec![action.clone()],
                }));
            }
        }
    }
}

impl Sort {
    fn random(rng: &mut Rng) -> Self {
        let numbers = |all: &[i64]| -> Vec<U256> {
            let word = |n: &i64| match u64::try_from(*n) {
                Ok(n) => U256::from(n),
                Err(_) => U256::ZERO.wrapping_sub(U256::from(n.unsigned_abs())),
            };
            all.iter().map(word).collect()
        };
        let some = |rng: &mut Rng| {
            let all = universe();
            let count = rng.between(2, 4);
            let mut some: Vec<U256> = (0..count).map(|_| word(*rng.pick(&all))).collect();
            some.sort_unstable();
            some.dedup();
            some
        };
        match rng.below(16) {
            0..=3 => Sort::Word(BYTE, numbers(&[0, 1, 2, 3][..rng.between(2, 4)])),
            4 => Sort::Word(BYTE, numbers(&[0, 1, 255])),
            5 => Sort::Word(WordType::Int(8), numbers(&[-1, 0, 1])),
            6 => Sort::Word(WordType::Bool, numbers(&[0, 1])),
            7..=9 => Sort::Word(WordType::Address, some(rng)),
            10 => Sort::Word(WordType::Address, [numbers(&[1, 2]), vec![word(STRANGER)]].concat()),
            11 => {
                let left = |n: u16| U256::from(n) << 240_usize;
                Sort::Word(WordType::FixedBytes(2), vec![left(0x6161), left(0x6162), left(0x6261)])
            }
            12 => Sort::Words(BYTE, numbers(&[0, 1])),
            13 => Sort::Words(WordType::Address, vec![word(NAMED), word(STRANGER)]),
            14 => Sort::Nested(numbers(&[0, 1])),
            _ => Sort::Bytes,
        }
    }

    pub(super) fn ty(&self) -> Type {
        match self {
            Sort::Word(ty, _) => Type::Word(*ty),
            Sort::Words(ty, _) => Type::Array(Box::new(Type::Word(*ty)), Some(MANY)),
            Sort::Nested(_) => {
                let inner = Type::Array(Box::new(Type::Word(BYTE)), Some(1));
                Type::Array(Box::new(inner), Some(MANY))
            }
            Sort::Bytes => Type::Bytes,
        }
    }

    fn values(&self) -> Vec<Value> {
        let word = |ty: WordType| move |word: &U256| Value::Word(*word, ty);
        match self {
            Sort::Word(ty, words) => words.iter().map(word(*ty)).collect(),
            Sort::Words(ty, words) => arrays(&words.iter().map(word(*ty)).collect::<Vec<_>>(), MANY as usize),
            Sort::Nested(words) => {
                arrays(&arrays(&words.iter().map(word(BYTE)).collect::<Vec<_>>(), 1), MANY as usize)
            }
            Sort::Bytes => ["", "a", "b", "aa", "ab", "ba", "bb"]
                .iter()
                .map(|text| Value::Bytes(text.as_bytes().to_vec()))
                .collect(),
        }
    }

    /// That it is one of the values.
    fn limit(&self, rules: &mut RuleSet, at: Path) -> Formula {
        let member = |rules: &mut RuleSet, at: Path, ty: WordType, words: &[U256]| {
            Formula::Atom(Atom::Member(Scalar::Arg(at, ty), set(rules, words.iter().copied())))
        };
        let step = |at: &Path, step: Step| Path([at.0.as_slice(), &[step]].concat());
        match self {
            Sort::Word(ty, words) => member(rules, at, *ty, words),
            Sort::Words(ty, words) => {
                let body = member(rules, step(&at, Step::Element(0)), *ty, words);
                all(at, MANY, body)
            }
            Sort::Nested(words) => {
                let inner = step(&at, Step::Element(0));
                let body = member(rules, step(&inner, Step::Element(1)), BYTE, words);
                all(at, MANY, all(inner, 1, body))
            }
            Sort::Bytes => {
                let length = |n: i64| {
                    let terms = vec![(BigInt::from(1), Scalar::Len(at.clone()))];
                    let sum = Linear { terms, constant: BigInt::from(-n) };
                    Formula::Atom(Atom::Linear { sum, relation: Relation::Zero })
                };
                let mut letter = |start: u32| {
                    let slice = Scalar::Slice { path: at.clone(), start, from_end: false, length: 1 };
                    let letters = set(rules, [U256::from(b'a'), U256::from(b'b')]);
                    Formula::Atom(Atom::Member(slice, letters))
                };
                let (first, second) = (letter(0), letter(1));
                Formula::Or(vec![
                    length(0),
                    Formula::And(vec![length(1), first.clone()]),
                    Formula::And(vec![length(2), first, second]),
                ])
            }
        }
    }
}

/// At most so many, each of which is so.
fn all(array: Path, max: u32, body: Formula) -> Formula {
    let short = at_most(Scalar::Len(array.clone()), i64::from(max));
    Formula::And(vec![short, Formula::Quantified { every: true, array, max, body: Box::new(body) }])
}

fn at_most(scalar: Scalar, most: i64) -> Formula {
    let sum = Linear { terms: vec![(BigInt::from(1), scalar)], constant: BigInt::from(-most) };
    Formula::Atom(Atom::Linear { sum, relation: Relation::NotAbove })
}

/// Every array of up to so many of these.
fn arrays(items: &[Value], most: usize) -> Vec<Value> {
    let mut all: Vec<Vec<Value>> = vec![vec![]];
    let mut last = all.clone();
    for _ in 0..most {
        last = last
            .iter()
            .flat_map(|array| {
                items.iter().map(|item| [array.as_slice(), core::slice::from_ref(item)].concat())
            })
            .collect();
        all.extend(last.iter().cloned());
    }
    all.into_iter().map(Value::Array).collect()
}
