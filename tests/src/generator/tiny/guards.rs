//! Conditions whose edges lie among the few values that there are.

use super::{
    FIRST,
    domain::{Domain, MANY, Sort},
    set, universe, word,
};
use crate::{differential::WALLET, generator::rng::Rng};
use agentpol_analysis::ruleset::{
    Atom, BytesTest, Formula, Linear, ParamType, Relation, RuleSet, Scalar, SetRef,
};
use agentpol_model::{
    U256,
    ids::ParamId,
    request::Field,
    types::{Path, Step, WordType},
};
use num_bigint::BigInt;
use std::collections::BTreeMap;

/// What conditions on a callable can speak of.
pub(super) struct Leaves {
    args: Vec<(Path, Sort)>,
    payable: bool,
    nonce: bool,
    params: Vec<(ParamId, ParamType)>,
}

/// The words in sight, by what can be done with them.
#[derive(Default)]
struct Sight {
    numbers: Vec<Scalar>,
    addresses: Vec<Scalar>,
    /// Other words, with values to compare them with.
    words: Vec<(Scalar, Vec<U256>)>,
    arrays: Vec<(Path, u32)>,
    bytes: Vec<Path>,
}

impl Leaves {
    pub(super) fn of(rules: &RuleSet, domain: &Domain) -> Self {
        let at = |n: usize| Path(vec![Step::Member(n as u16)]);
        Self {
            args: domain.args.iter().enumerate().map(|(n, sort)| (at(n), sort.clone())).collect(),
            payable: domain.is_payable(),
            nonce: domain.has_nonce(),
            params: (0..).map(ParamId::new).zip(rules.params.iter().map(|param| param.ty)).collect(),
        }
    }

    /// Outside, and in the elements of the arrays that are being looked at.
    fn sight(&self, around: &[Path], rng: &mut Rng) -> Sight {
        let mut sight = Sight::default();
        for (path, sort) in &self.args {
            sight.add(path, sort, around, rng);
        }
        if self.payable {
            sight.numbers.push(Scalar::Field(Field::Value));
        }
        sight.numbers.push(Scalar::Field(Field::Now));
        for (id, ty) in &self.params {
            match ty {
                ParamType::Int => sight.numbers.push(Scalar::Param(*id)),
                ParamType::Bool => {
                    sight.words.push((Scalar::Param(*id), vec![U256::ZERO, U256::ONE]));
                }
                ParamType::Address => sight.addresses.push(Scalar::Param(*id)),
                _ => {}
            }
        }
        sight
    }

    pub(super) fn formula(
        &self,
        rules: &mut RuleSet,
        depth: usize,
        around: &mut Vec<Path>,
        rng: &mut Rng,
    ) -> Formula {
        let several = |rules: &mut RuleSet, around: &mut Vec<Path>, rng: &mut Rng| {
            (0..rng.between(2, 3)).map(|_| self.formula(rules, depth - 1, around, rng)).collect::<Vec<_>>()
        };
        match rng.below(if depth == 0 { 5 } else { 12 }) {
            0..=4 => Formula::Atom(self.atom(rules, around, rng)),
            5..=6 => Formula::And(several(rules, around, rng)),
            7..=8 => Formula::Or(several(rules, around, rng)),
            9 => Formula::Not(Box::new(self.formula(rules, depth - 1, around, rng))),
            _ => {
                let arrays = self.sight(around, rng).arrays;
                let Some((array, max)) = rng.choose(&arrays).cloned() else {
                    return Formula::Atom(self.atom(rules, around, rng));
                };
                around.push(array.clone());
                let body = Box::new(self.formula(rules, depth - 1, around, rng));
                around.pop();
                Formula::Quantified { every: rng.chance(50), array, max, body }
            }
        }
    }

    fn atom(&self, rules: &mut RuleSet, around: &[Path], rng: &mut Rng) -> Atom {
        let sight = self.sight(around, rng);
        match rng.below(14) {
            0..=4 => self.linear(&sight, rng),
            5..=6 => same(&sight, rng),
            7..=9 => self.member(rules, &sight, rng),
            10 if self.nonce => nonce(rng),
            11 if !sight.arrays.is_empty() => {
                let words: Vec<_> = sight.arrays.iter().filter(|(path, _)| self.is_of_words(path)).collect();
                match rng.choose(&words) {
                    Some((array, max)) => Atom::Distinct { array: array.clone(), max: *max },
                    None => self.linear(&sight, rng),
                }
            }
            12..=13 if !sight.bytes.is_empty() => bytes(rng.pick(&sight.bytes), rng),
            _ => same(&sight, rng),
        }
    }

    fn is_of_words(&self, array: &Path) -> bool {
        let sort = self.args.iter().find(|(path, _)| path.0.first() == array.0.first()).map(|(_, sort)| sort);
        matches!((sort, array.0.len()), (Some(Sort::Words(..)), 1) | (Some(Sort::Nested(_)), 2))
    }

    fn linear(&self, sight: &Sight, rng: &mut Rng) -> Atom {
        let relation = if rng.chance(75) { Relation::NotAbove } else { Relation::Zero };
        Atom::Linear { sum: sum(&sight.numbers, rng), relation }
    }

    fn member(&self, rules: &mut RuleSet, sight: &Sight, rng: &mut Rng) -> Atom {
        let Some(item) = rng.choose(&sight.addresses).cloned() else { return self.linear(sight, rng) };
        let sets = self.params.iter().filter(|(_, ty)| matches!(ty, ParamType::AddressSet(_)));
        let sets: Vec<_> = sets.map(|(id, _)| SetRef::Param(*id)).collect();
        match rng.choose(&sets) {
            Some(param) if rng.chance(70) => Atom::Member(item, *param),
            _ => {
                let all = universe();
                let some = (0..rng.between(1, 3)).map(|_| word(*rng.pick(&all))).collect::<Vec<_>>();
                Atom::Member(item, set(rules, some))
            }
        }
    }

    /// The value that goes along.
    pub(super) fn value(&self) -> Linear {
        let terms = vec![(BigInt::from(1), Scalar::Field(Field::Value))];
        Linear { terms, constant: BigInt::from(0) }
    }

    /// An amount: it may come out below zero.
    pub(super) fn sum(&self, rng: &mut Rng) -> Linear {
        let mut numbers = self.sight(&[], rng).numbers;
        numbers.retain(|scalar| *scalar != Scalar::Field(Field::Now));
        if numbers.is_empty() {
            return Linear { terms: vec![], constant: BigInt::from(rng.below(3)) };
        }
        let mut sum = sum(&numbers, rng);
        if rng.chance(70) {
            sum.terms.iter_mut().for_each(|(c, _)| *c = BigInt::from(1));
            sum.constant = BigInt::from(0);
        }
        sum
    }

    /// An argument that is an address.
    pub(super) fn address(&self, rng: &mut Rng) -> Option<Scalar> {
        let arguments = self.args.iter().filter_map(|(path, sort)| match sort {
            Sort::Word(WordType::Address, _) => Some(Scalar::Arg(path.clone(), WordType::Address)),
            _ => None,
        });
        rng.choose(&arguments.collect::<Vec<_>>()).cloned()
    }

    /// Who gets or takes something.
    pub(super) fn party(&self, rng: &mut Rng) -> Scalar {
        let all = self.sight(&[], rng).addresses;
        match rng.choose(&all) {
            Some(one) if rng.chance(80) => one.clone(),
            _ => match rng.below(3) {
                0 => Scalar::Field(Field::To),
                1 => Scalar::Field(Field::Wallet),
                _ => Scalar::Const(word(*rng.pick(&universe()))),
            },
        }
    }

    /// An argument that can be its type's greatest value.
    pub(super) fn byte(&self, rng: &mut Rng) -> Option<Scalar> {
        let bytes = self.args.iter().filter_map(|(path, sort)| match sort {
            Sort::Word(ty @ WordType::Uint(8), _) => Some(Scalar::Arg(path.clone(), *ty)),
            _ => None,
        });
        rng.choose(&bytes.collect::<Vec<_>>()).cloned()
    }
}

impl Sight {
    fn add(&mut self, path: &Path, sort: &Sort, around: &[Path], rng: &mut Rng) {
        let step = |at: &Path, step: Step| Path([at.0.as_slice(), &[step]].concat());
        // An element by its number, or that of a quantifier around.
        let mut places = vec![Step::Index(rng.below(MANY as usize) as u32)];
        let looked_at = |array: &Path| {
            let depths = around.iter().enumerate().filter(|(_, other)| *other == array);
            depths.map(|(depth, _)| Step::Element(depth as u8)).collect::<Vec<_>>()
        };
        places.extend(looked_at(path));
        match sort {
            Sort::Word(ty, words) => self.word(path, *ty, words),
            Sort::Words(ty, words) => {
                self.arrays.push((path.clone(), MANY));
                self.numbers.push(Scalar::Len(path.clone()));
                for place in places {
                    self.word(&step(path, place), *ty, words);
                }
            }
            Sort::Nested(words) => {
                self.arrays.push((path.clone(), MANY));
                for place in places {
                    let inner = step(path, place);
                    self.arrays.push((inner.clone(), 1));
                    self.numbers.push(Scalar::Len(inner.clone()));
                    let mut inside = vec![Step::Index(0)];
                    inside.extend(looked_at(&inner));
                    for place in inside {
                        self.word(&step(&inner, place), WordType::Uint(8), words);
                    }
                }
            }
            Sort::Bytes => {
                self.bytes.push(path.clone());
                self.numbers.push(Scalar::Len(path.clone()));
                let slice =
                    |start, from_end| Scalar::Slice { path: path.clone(), start, from_end, length: 1 };
                let letters = vec![U256::from(b'a'), U256::from(b'b')];
                let which = *rng.pick(&[(0, false), (1, false), (1, true), (2, true)]);
                self.words.push((slice(which.0, which.1), letters));
            }
        }
    }

    fn word(&mut self, path: &Path, ty: WordType, words: &[U256]) {
        let scalar = Scalar::Arg(path.clone(), ty);
        match ty {
            WordType::Uint(_) | WordType::Int(_) => {
                self.numbers.push(scalar.clone());
                self.words.push((scalar, words.to_vec()));
            }
            WordType::Address => {
                self.addresses.push(scalar);
                if words.contains(&U256::ONE) {
                    self.addresses.push(Scalar::Party(path.clone()));
                }
            }
            WordType::FixedBytes(_) => {
                self.words.push((scalar, words.to_vec()));
                let slice = |start| Scalar::Slice { path: path.clone(), start, from_end: false, length: 1 };
                self.words.push((slice(0), vec![U256::from(b'a'), U256::from(b'b')]));
                self.words.push((slice(1), vec![U256::from(b'a'), U256::from(b'b')]));
            }
            WordType::Bool | WordType::Function => self.words.push((scalar, words.to_vec())),
        }
    }
}

/// One to three of them, with coefficients and a constant near zero.
fn sum(numbers: &[Scalar], rng: &mut Rng) -> Linear {
    let mut terms = BTreeMap::new();
    for _ in 0..rng.between(1, 3) {
        let coefficient = *rng.pick(&[1, 1, 1, 2, 3, -1, -1, -2]);
        terms.insert(rng.pick(numbers).clone(), BigInt::from(coefficient));
    }
    let mut constant = BigInt::from(rng.below(7)) - 3;
    if let Some(c) = terms.get(&Scalar::Field(Field::Now)) {
        constant -= c * BigInt::from(FIRST + 1);
    }
    Linear { terms: terms.into_iter().map(|(scalar, c)| (c, scalar)).collect(), constant }
}

fn same(sight: &Sight, rng: &mut Rng) -> Atom {
    if let Some(address) = rng.choose(&sight.addresses)
        && rng.chance(50)
    {
        let other = match (rng.below(4), rng.choose(&sight.addresses)) {
            (0, Some(other)) => other.clone(),
            (1, _) => Scalar::Field(*rng.pick(&[Field::Wallet, Field::Signer])),
            _ => Scalar::Const(word(*rng.pick(&universe()))),
        };
        return Atom::Same(address.clone(), other);
    }
    match (rng.choose(&sight.words), rng.choose(&sight.words)) {
        (Some((a, _)), Some((b, _))) if rng.chance(20) => Atom::Same(a.clone(), b.clone()),
        (Some((a, words)), _) => Atom::Same(a.clone(), Scalar::Const(*rng.pick(words))),
        _ => Atom::Same(Scalar::Field(Field::Signer), Scalar::Const(word(WALLET))),
    }
}

/// By itself, and below the greatest that is tried.
fn nonce(rng: &mut Rng) -> Atom {
    let sign = *rng.pick(&[1, -1]);
    let terms = vec![(BigInt::from(sign), Scalar::Field(Field::Nonce))];
    let constant = BigInt::from(-sign * rng.below(3) as i64);
    let relation = if rng.chance(70) { Relation::NotAbove } else { Relation::Zero };
    Atom::Linear { sum: Linear { terms, constant }, relation }
}

fn bytes(path: &Path, rng: &mut Rng) -> Atom {
    let text = rng.pick(&["", "a", "b", "ab", "ba", "bb"]).as_bytes().to_vec();
    let test = match rng.below(3) {
        0 => BytesTest::Equals(text),
        1 => BytesTest::StartsWith(text),
        _ => BytesTest::Slice { start: rng.below(2) as u32, bytes: text },
    };
    Atom::Bytes(path.clone(), test)
}
