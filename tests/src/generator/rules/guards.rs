//! Conditions and sums over the words of one callable.

use crate::generator::{aim::any_word, rng::Rng};
use agentpol_analysis::ruleset::{
    Atom, BytesTest, Formula, Linear, ParamType, Relation, RuleSet, Scalar, SetRef,
};
use agentpol_model::{
    U256,
    ids::{ParamId, SetId},
    request::{Field, FieldType},
    types::{Path, Step, Type, WordType},
};
use num_bigint::BigInt;
use num_traits::Zero;
use std::collections::{BTreeMap, BTreeSet};

/// What conditions on one callable can speak of.
pub(super) struct Words {
    /// Words outside every quantifier, some of them at a fixed place in an array.
    plain: Leaves,
    fields: Vec<Field>,
    params: Vec<(ParamId, ParamType)>,
}

/// An array that a quantifier goes through: its elements' words, with their paths from the element on.
#[derive(Clone)]
pub(super) struct Inside {
    array: Path,
    max: u32,
    element: Type,
}

#[derive(Default)]
struct Leaves {
    words: Vec<(Path, WordType)>,
    arrays: Vec<Inside>,
    bytes: Vec<Path>,
    lengths: Vec<Path>,
}

impl Leaves {
    fn collect(&mut self, path: &Path, ty: &Type, rng: &mut Rng) {
        let with = |step| Path([path.0.as_slice(), &[step]].concat());
        match ty {
            Type::Word(word) => self.words.push((path.clone(), *word)),
            Type::Bytes | Type::String => {
                self.bytes.push(path.clone());
                self.lengths.push(path.clone());
            }
            Type::Array(inner, limit) => {
                self.lengths.push(path.clone());
                if let Some(max) = limit {
                    self.arrays.push(Inside { array: path.clone(), max: *max, element: (**inner).clone() });
                }
                let index = rng.below(limit.map_or(3, |limit| limit as usize)) as u32;
                self.collect(&with(Step::Index(index)), inner, rng);
            }
            Type::FixedArray(inner, n) => {
                self.arrays.push(Inside { array: path.clone(), max: *n, element: (**inner).clone() });
                let index = rng.below(*n as usize) as u32;
                self.collect(&with(Step::Index(index)), inner, rng);
            }
            Type::Tuple(members) => {
                for (n, member) in members.iter().enumerate() {
                    self.collect(&with(Step::Member(n as u16)), &member.ty, rng);
                }
            }
        }
    }
}

impl Words {
    pub(super) fn new(rules: &RuleSet, callable: usize, rng: &mut Rng) -> Self {
        let callable = &rules.callables[callable];
        let mut plain = Leaves::default();
        for (n, input) in callable.function.iter().flat_map(|f| &f.inputs).enumerate() {
            plain.collect(&Path(vec![Step::Member(n as u16)]), &input.ty, rng);
        }
        let fields = Field::ALL.iter().copied().filter(|field| field.kinds().contains(&callable.kind));
        Self {
            plain,
            fields: fields.collect(),
            params: (0..).map(ParamId::new).zip(rules.params.iter().map(|p| p.ty)).collect(),
        }
    }

    /// The leaves in sight: those outside, and those of each element that is being looked at.
    fn in_sight(&self, around: &[Inside]) -> Leaves {
        let mut rng = Rng::new(around.len() as u64);
        let mut all = Leaves {
            words: self.plain.words.clone(),
            arrays: self.plain.arrays.clone(),
            bytes: self.plain.bytes.clone(),
            lengths: self.plain.lengths.clone(),
        };
        for (depth, inside) in around.iter().enumerate() {
            let element = [inside.array.0.as_slice(), &[Step::Element(depth as u8)]].concat();
            all.collect(&Path(element), &inside.element, &mut rng);
        }
        all
    }

    pub(super) fn formula(
        &self,
        rules: &mut RuleSet,
        depth: usize,
        around: &mut Vec<Inside>,
        rng: &mut Rng,
    ) -> Formula {
        if depth == 0 {
            return Formula::Atom(self.atom(rules, around, rng));
        }
        match rng.below(12) {
            0..=4 => Formula::Atom(self.atom(rules, around, rng)),
            5..=6 => Formula::And(self.several(rules, depth, around, rng)),
            7..=8 => Formula::Or(self.several(rules, depth, around, rng)),
            9 => Formula::Not(Box::new(self.formula(rules, depth - 1, around, rng))),
            10 if rng.chance(30) => Formula::Const(rng.chance(50)),
            _ => {
                let arrays = self.in_sight(around).arrays;
                let Some(inside) = rng.choose(&arrays).filter(|_| around.len() < 2).cloned() else {
                    return Formula::Atom(self.atom(rules, around, rng));
                };
                let (array, max) = (inside.array.clone(), inside.max);
                around.push(inside);
                let body = Box::new(self.formula(rules, depth - 1, around, rng));
                around.pop();
                Formula::Quantified { every: rng.chance(50), array, max, body }
            }
        }
    }

    fn several(
        &self,
        rules: &mut RuleSet,
        depth: usize,
        around: &mut Vec<Inside>,
        rng: &mut Rng,
    ) -> Vec<Formula> {
        (0..rng.between(2, 3)).map(|_| self.formula(rules, depth - 1, around, rng)).collect()
    }

    fn atom(&self, rules: &mut RuleSet, around: &[Inside], rng: &mut Rng) -> Atom {
        let leaves = self.in_sight(around);
        match rng.below(10) {
            0..=3 => Atom::Linear {
                sum: self.sum(around, rng),
                relation: if rng.chance(80) { Relation::NotAbove } else { Relation::Zero },
            },
            4..=5 => self.same(&leaves, rng),
            6..=7 => self.member(rules, around, rng),
            8 => {
                let words = leaves.arrays.iter().filter(|inside| matches!(inside.element, Type::Word(_)));
                match rng.choose(&words.collect::<Vec<_>>()) {
                    Some(Inside { array, max, .. }) => Atom::Distinct { array: array.clone(), max: *max },
                    None => self.same(&leaves, rng),
                }
            }
            _ => match rng.choose(&leaves.bytes) {
                Some(path) => Atom::Bytes(path.clone(), self.bytes_test(around, rng)),
                None => self.same(&leaves, rng),
            },
        }
    }

    fn same(&self, leaves: &Leaves, rng: &mut Rng) -> Atom {
        let Some((path, ty)) = rng.choose(&leaves.words) else {
            return Atom::Same(Scalar::Field(Field::Signer), Scalar::Field(Field::Wallet));
        };
        let alike: Vec<_> = leaves.words.iter().filter(|(other, t)| t == ty && other != path).collect();
        let other = match rng.choose(&alike) {
            Some((other, ty)) if rng.chance(30) => Scalar::Arg(other.clone(), *ty),
            _ if *ty == WordType::Address && rng.chance(40) => Scalar::Field(Field::Wallet),
            _ if *ty == WordType::Address => self.address(&[], rng),
            _ => Scalar::Const(any_word(*ty, rng)),
        };
        Atom::Same(Scalar::Arg(path.clone(), *ty), other)
    }

    fn member(&self, rules: &mut RuleSet, around: &[Inside], rng: &mut Rng) -> Atom {
        let item = self.address(around, rng);
        let sets = self.params_of(|ty| matches!(ty, ParamType::AddressSet(_)));
        if let Some(param) = rng.choose(&sets)
            && rng.chance(50)
        {
            return Atom::Member(item, SetRef::Param(*param));
        }
        if rules.sets.is_empty() || rng.chance(50) {
            let token =
                |rng: &mut Rng| rng.choose(&rules.tokens).and_then(|t| t.sites[0].1).unwrap_or_default();
            let any: BTreeSet<U256> = (0..rng.between(0, 4))
                .map(|_| if rng.chance(50) { token(rng) } else { rng.address() })
                .map(|address| U256::from_be_slice(address.as_slice()))
                .collect();
            if !rules.sets.contains(&any) {
                rules.sets.push(any);
            }
        }
        Atom::Member(item, SetRef::Const(SetId::new(rng.below(rules.sets.len()) as u32)))
    }

    fn bytes_test(&self, around: &[Inside], rng: &mut Rng) -> BytesTest {
        let some = rng.between(1, 36);
        match rng.below(5) {
            0 => BytesTest::Equals(vec![b'x'; rng.below(40)]),
            1 => BytesTest::StartsWith(vec![b'x'; some]),
            2..=3 => BytesTest::Slice { start: rng.below(40) as u32, bytes: vec![b'x'; some] },
            _ => BytesTest::SliceIsWord { start: rng.below(40) as u32, word: self.address(around, rng) },
        }
    }

    /// A sum of one to three words, in order and each once.
    pub(super) fn sum(&self, around: &[Inside], rng: &mut Rng) -> Linear {
        let mut terms = BTreeMap::new();
        for _ in 0..rng.between(1, 3) {
            let magnitude = match rng.below(10) {
                0..=6 => BigInt::from(1),
                7..=8 => BigInt::from(rng.between(1, 10_000)),
                _ => BigInt::from(rng.between(1, 1_000)) << rng.below(200),
            };
            let coefficient = if rng.chance(50) { magnitude } else { -magnitude };
            terms.insert(self.number(around, rng), coefficient);
        }
        let constant = BigInt::from_bytes_be(num_bigint::Sign::Plus, &rng.number().to_be_bytes::<32>());
        let terms = terms.into_iter().map(|(scalar, c)| (c, scalar)).filter(|(c, _)| !c.is_zero()).collect();
        Linear { terms, constant: if rng.chance(60) { -constant } else { constant } }
    }

    /// A word that is a number.
    pub(super) fn number(&self, around: &[Inside], rng: &mut Rng) -> Scalar {
        let leaves = self.in_sight(around);
        let numeric = |(_, ty): &&(Path, WordType)| matches!(ty, WordType::Uint(_) | WordType::Int(_));
        let words: Vec<_> = leaves.words.iter().filter(numeric).collect();
        let params =
            self.params_of(|ty| matches!(ty, ParamType::Amount(_) | ParamType::Int | ParamType::Time));
        match rng.below(10) {
            0..=5 if !words.is_empty() => {
                let (path, ty) = rng.pick(&words);
                Scalar::Arg(path.clone(), *ty)
            }
            6 if !leaves.lengths.is_empty() => Scalar::Len(rng.pick(&leaves.lengths).clone()),
            7 if !params.is_empty() => Scalar::Param(*rng.pick(&params)),
            _ => {
                let numeric = |field: &&Field| field.ty() != FieldType::Address;
                let fields: Vec<_> = self.fields.iter().filter(numeric).collect();
                Scalar::Field(**rng.pick(&fields))
            }
        }
    }

    /// The arguments that are addresses.
    pub(super) fn addresses(&self, around: &[Inside]) -> Vec<Scalar> {
        let words = self.in_sight(around).words;
        let addresses = words.into_iter().filter(|(_, ty)| *ty == WordType::Address);
        addresses.map(|(path, ty)| Scalar::Arg(path, ty)).collect()
    }

    /// A word that is an address.
    pub(super) fn address(&self, around: &[Inside], rng: &mut Rng) -> Scalar {
        let params = self.params_of(|ty| matches!(ty, ParamType::Address | ParamType::Approver));
        match (rng.below(10), rng.choose(&self.addresses(around)), rng.choose(&params)) {
            (0..=5, Some(argument), _) => argument.clone(),
            (6, _, Some(param)) => Scalar::Param(*param),
            (7, ..) => Scalar::Const(U256::from_be_slice(rng.address().as_slice())),
            _ => Scalar::Field(*rng.pick(&[Field::Wallet, Field::Signer, Field::To])),
        }
    }

    /// An argument that is an unsigned number, for `max means all`.
    pub(super) fn argument(&self, rng: &mut Rng) -> Option<Scalar> {
        let words = self.plain.words.iter().filter(|(_, ty)| matches!(ty, WordType::Uint(_)));
        let words: Vec<_> = words.collect();
        rng.choose(&words).map(|(path, ty)| Scalar::Arg(path.clone(), *ty))
    }

    fn params_of(&self, of: impl Fn(ParamType) -> bool) -> Vec<ParamId> {
        self.params.iter().filter(|(_, ty)| of(*ty)).map(|(id, _)| *id).collect()
    }
}
