//! The variables of a request for one callable: what its arguments, its envelope, its time and the policy's parameters leave open.

use super::{
    needs::{Needs, pattern},
    prop::{Prop, Sum, Var},
    set::Set,
};
use crate::ruleset::{Callable, ParamType, RuleSet, Scalar, Target};
use agentpol_model::{
    U256,
    ids::ParamId,
    policy::{Relation, WALLET_PARAM},
    request::{Field, Kind},
    types::{Member, Path, Step, Type, WordType},
};
use num_bigint::{BigInt, Sign};
use num_integer::Integer as _;
use num_traits::{One as _, Signed as _, Zero as _};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

/// Elements of an array, and bytes of `bytes`, at most: more than calldata has room for.
const MAX_LENGTH: u32 = 1 << 17;

/// What a variable stands for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Meaning {
    /// A word whose path names no `Element`.
    Word(Scalar),
    /// 1 where the request has the field, 0 where it leaves it open.
    Present(Field),
    /// A sum of others, in lowest terms, its first coefficient above zero.
    Form(BTreeMap<Var, BigInt>),
    /// Some of the bytes at a place, as a number: from here to there, counted from the front or from the end.
    Part(Path, bool, u32, u32),
}

/// A word, as a number of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Term {
    /// Known, as the ABI has it.
    Const(U256),
    /// `raw = value · 2^shift`; or in two's complement, where the type is signed.
    Var { var: Var, shift: u16, signed: bool },
}

/// See the [module](self).
pub(crate) struct Space<'r> {
    pub(crate) rules: &'r RuleSet,
    pub(crate) callable: &'r Callable,
    pub(crate) needs: Needs,
    /// May somebody else than the wallet act?
    foreign: bool,
    /// Something was left out, so that where nothing is found there may yet be something.
    is_partial: Rc<Cell<bool>>,
    /// Grows with what is asked.
    table: Rc<RefCell<Table>>,
}

/// Every variable that something was asked of.
#[derive(Default)]
struct Table {
    /// By [`Var`], like `domains`.
    meanings: Vec<Meaning>,
    domains: Vec<Rc<Set>>,
    /// Where a variable may have several values, which is liked best.
    liked: Vec<BigInt>,
    by: BTreeMap<Meaning, Var>,
    /// Variables that are sums of others.
    forms: Vec<(Var, Rc<Sum>)>,
    /// What holds of the variables whatever is asked.
    always: Vec<Rc<Prop>>,
}

/// The raw word as a number.
pub(crate) fn number(word: U256) -> BigInt {
    BigInt::from_bytes_be(Sign::Plus, &word.to_be_bytes::<32>())
}

/// All words of so many bits.
fn bits(n: usize) -> Set {
    Set::range(BigInt::zero(), (BigInt::one() << n) - BigInt::one())
}

/// How long an array can be.
fn lengths() -> Set {
    Set::range(0, MAX_LENGTH)
}

impl<'r> Space<'r> {
    pub(crate) fn new(rules: &'r RuleSet, callable: &'r Callable, needs: Needs, foreign: bool) -> Self {
        Self { rules, callable, needs, foreign, is_partial: Rc::default(), table: Rc::default() }
    }

    /// Another policy's callable that the same requests lead to: a variable is the same variable in both.
    pub(crate) fn beside(&self, rules: &'r RuleSet, callable: &'r Callable) -> Self {
        Self {
            rules,
            callable,
            needs: self.needs.clone(),
            foreign: self.foreign,
            is_partial: Rc::clone(&self.is_partial),
            table: Rc::clone(&self.table),
        }
    }

    /// May somebody else than the wallet act?
    pub(crate) const fn is_foreign(&self) -> bool {
        self.foreign
    }

    /// Nothing may be concluded from finding nothing.
    pub(crate) fn leave_out(&self) -> Prop {
        self.is_partial.set(true);
        Prop::False
    }

    pub(crate) fn is_partial(&self) -> bool {
        self.is_partial.get()
    }

    pub(crate) fn domain(&self, var: Var) -> Rc<Set> {
        let table = self.table.borrow();
        table.domains.get(var.index()).cloned().unwrap_or_else(|| Rc::new(Set::empty()))
    }

    pub(crate) fn domains(&self) -> Vec<Rc<Set>> {
        self.table.borrow().domains.clone()
    }

    pub(crate) fn forms(&self) -> Vec<(Var, Rc<Sum>)> {
        self.table.borrow().forms.clone()
    }

    pub(crate) fn always(&self) -> Vec<Rc<Prop>> {
        self.table.borrow().always.clone()
    }

    pub(crate) fn liked(&self) -> Vec<BigInt> {
        self.table.borrow().liked.clone()
    }

    /// The variable of a meaning that some condition has.
    pub(crate) fn find(&self, meaning: &Meaning) -> Option<Var> {
        self.table.borrow().by.get(meaning).copied()
    }

    /// The parts of the bytes at a place.
    pub(super) fn parts(&self, path: &Path) -> Vec<(Meaning, Var)> {
        let table = self.table.borrow();
        let here = |meaning: &Meaning| matches!(meaning, Meaning::Part(at, ..) if at == path);
        table.by.iter().filter(|(meaning, _)| here(meaning)).map(|(m, var)| (m.clone(), *var)).collect()
    }

    /// Where the parts of bytes that are counted from the front and those that are counted from the end do not overlap. Elsewhere the same
    /// byte has two variables: what is found there need not be so. `None` where there is nothing to keep apart.
    pub(crate) fn apart(&self) -> Option<Prop> {
        let mut ends: BTreeMap<Path, [Vec<u32>; 2]> = BTreeMap::new();
        for meaning in self.table.borrow().by.keys() {
            if let Meaning::Part(path, from_end, _, to) = meaning {
                let [front, back] = ends.entry(path.clone()).or_default();
                if *from_end { back.push(*to) } else { front.push(*to) }
            }
        }
        let mut all = Vec::new();
        for (path, [front, back]) in ends {
            let least = front.iter().min().zip(back.iter().min());
            let most = front.iter().max().zip(back.iter().max());
            if let (Some((front_least, back_least)), Some((front_most, back_most))) = (least, most) {
                all.push(Prop::any([
                    self.at_least(&path, front_most.saturating_add(*back_most)),
                    self.below(&path, *front_least),
                    self.below(&path, *back_least),
                ]));
            }
        }
        (!all.is_empty()).then(|| Prop::all(all))
    }

    pub(super) fn var(&self, meaning: Meaning, domain: impl FnOnce() -> Set) -> Var {
        if let Some(var) = self.find(&meaning) {
            return var;
        }
        let liked = self.liked_one(&meaning);
        let mut table = self.table.borrow_mut();
        let var = Var::new(table.meanings.len());
        table.meanings.push(meaning.clone());
        table.domains.push(Rc::new(domain()));
        table.liked.push(liked);
        table.by.insert(meaning, var);
        var
    }

    /// A variable of which a condition holds whenever it exists.
    fn bound_var(&self, meaning: Meaning, bits_at_most: usize, rule: impl FnOnce(&Self, Var) -> Prop) -> Var {
        if let Some(var) = self.find(&meaning) {
            return var;
        }
        let var = self.var(meaning, || bits(bits_at_most));
        let rule = rule(self, var);
        self.insist(rule);
        var
    }

    /// It holds whatever is asked.
    fn insist(&self, condition: Prop) {
        let mut table = self.table.borrow_mut();
        if !table.always.iter().any(|known| **known == condition) {
            table.always.push(Rc::new(condition));
        }
    }

    /// `sum ⋈ 0`, or its contrary: what values its variable may have, or the variable that the sum without its constant is.
    pub(crate) fn compare(&self, sum: Sum, relation: Relation, holds: bool) -> Prop {
        let constant = sum.constant.clone();
        let Some((unit, var)) = self.form(sum) else {
            let is = match relation {
                Relation::NotAbove => !constant.is_positive(),
                Relation::Zero => constant.is_zero(),
            };
            return if is == holds { Prop::True } else { Prop::False };
        };
        let whole = self.domain(var);
        let Some((low, high)) = whole.ends() else { return Prop::False };
        // unit · var + constant ⋈ 0
        let bound = -constant;
        let set = match relation {
            Relation::Zero if bound.is_multiple_of(&unit) => Set::point(bound / unit),
            Relation::Zero => Set::empty(),
            Relation::NotAbove if unit.is_positive() => {
                Set::range(low.clone(), bound.div_floor(&unit).min(high.clone()))
            }
            Relation::NotAbove => Set::range(bound.div_ceil(&unit).max(low.clone()), high.clone()),
        };
        let set = if holds { set.and(&whole) } else { set.complement(&whole) };
        if set == *whole { Prop::True } else { Prop::is_in(var, set) }
    }

    /// A sum without its constant as a multiple of one variable. Every sum of the same variables in the same proportion is
    /// the same variable, so that what is known of one is known of all.
    fn form(&self, sum: Sum) -> Option<(BigInt, Var)> {
        let (first, coefficient) = sum.terms.first_key_value()?;
        if sum.terms.len() == 1 {
            return Some((coefficient.clone(), *first));
        }
        let mut unit = sum.terms.values().fold(BigInt::zero(), |gcd, c| gcd.gcd(c));
        if coefficient.is_negative() {
            unit = -unit;
        }
        let terms: BTreeMap<Var, BigInt> = sum.terms.iter().map(|(var, c)| (*var, c / &unit)).collect();
        let meaning = Meaning::Form(terms.clone());
        if let Some(var) = self.find(&meaning) {
            return Some((unit, var));
        }
        let (mut low, mut high) = (BigInt::zero(), BigInt::zero());
        for (var, c) in &terms {
            let domain = self.domain(*var);
            let (a, b) = domain.ends()?;
            let (a, b) = if c.is_positive() { (a, b) } else { (b, a) };
            low += c * a;
            high += c * b;
        }
        let var = self.var(meaning, || Set::range(low, high));
        self.table.borrow_mut().forms.push((var, Rc::new(Sum { terms, constant: BigInt::zero() })));
        Some((unit, var))
    }

    /// The type at a place.
    pub(crate) fn ty(&self, path: &Path) -> Option<&'r Type> {
        let mut steps = path.0.iter();
        let Step::Member(first) = steps.next()? else { return None };
        let inputs: &'r [Member] = &self.callable.function.as_ref()?.inputs;
        let mut ty = &inputs.get(usize::from(*first))?.ty;
        for step in steps {
            ty = match (step, ty) {
                (Step::Member(n), Type::Tuple(members)) => &members.get(usize::from(*n))?.ty,
                (Step::Index(_) | Step::Element(_), Type::Array(inner, _) | Type::FixedArray(inner, _)) => {
                    inner
                }
                _ => return None,
            };
        }
        Some(ty)
    }

    /// The length at a place: known, or a variable.
    pub(crate) fn length(&self, path: &Path) -> Sum {
        match self.ty(path) {
            Some(Type::FixedArray(_, n)) => Sum::constant(*n),
            Some(Type::Word(WordType::FixedBytes(n))) => Sum::constant(*n),
            _ => Sum::var(self.var(Meaning::Word(Scalar::Len(path.clone())), lengths)),
        }
    }

    /// `length >= n`
    pub(crate) fn at_least(&self, path: &Path, n: u32) -> Prop {
        let length = self.length(path);
        self.compare(Sum::constant(n).minus(&length), Relation::NotAbove, true)
    }

    /// `length < n`
    pub(crate) fn below(&self, path: &Path, n: u32) -> Prop {
        let length = self.length(path);
        self.compare(Sum::constant(n).minus(&length), Relation::NotAbove, false)
    }

    /// Where the place exists: each array on the way is long enough.
    pub(crate) fn exists(&self, path: &Path) -> Prop {
        let mut parts = Vec::new();
        for (depth, step) in path.0.iter().enumerate() {
            if let Step::Index(n) = step {
                let array = Path(path.0.iter().take(depth).copied().collect());
                parts.push(self.at_least(&array, n.saturating_add(1)));
            }
        }
        Prop::all(parts)
    }

    /// A word outside every quantifier, and where it is defined.
    pub(crate) fn term(&self, scalar: &Scalar) -> (Term, Prop) {
        let plain = |var| Term::Var { var, shift: 0, signed: false };
        match scalar {
            Scalar::Const(word) => (Term::Const(*word), Prop::True),
            Scalar::Arg(path, _) => {
                // The interface's type counts, not what a condition says it reads.
                let Some(Type::Word(ty)) = self.ty(path) else {
                    return (Term::Const(U256::ZERO), Prop::False);
                };
                let (term, defined) = (self.argument(path, *ty), self.exists(path));
                (term, defined)
            }
            Scalar::Len(path) => match self.ty(path) {
                Some(Type::Array(..) | Type::Bytes | Type::String) => {
                    let defined = self.exists(path);
                    (plain(self.var(Meaning::Word(scalar.clone()), lengths)), defined)
                }
                Some(Type::FixedArray(_, n)) => {
                    let defined = self.exists(path);
                    (Term::Const(U256::from(*n)), defined)
                }
                _ => (Term::Const(U256::ZERO), Prop::False),
            },
            Scalar::Party(path) => {
                let defined = self.exists(path);
                let party = self.bound_var(Meaning::Word(scalar.clone()), 160, |space, party| {
                    let argument = space.argument(path, WordType::Address);
                    let Term::Var { var: argument, .. } = argument else { return Prop::False };
                    let is = |space: &Self, meant: Term| space.same(&plain(party), &meant, true);
                    let (sender, router) = (space.field(Field::Sender).0, space.field(Field::To).0);
                    let own = Set::points([BigInt::from(1), BigInt::from(2)]).complement(&bits(160));
                    Prop::any([
                        Prop::all([Prop::is_in(argument, own), is(space, plain(argument))]),
                        Prop::all([Prop::is_in(argument, Set::point(1)), is(space, sender)]),
                        Prop::all([Prop::is_in(argument, Set::point(2)), is(space, router)]),
                    ])
                });
                (plain(party), defined)
            }
            Scalar::Slice { path, start, from_end, length } => {
                let (start, end) = match from_end {
                    false => (*start, start.saturating_add(u32::from(*length))),
                    true => (*start, start.saturating_sub(u32::from(*length))),
                };
                if *from_end && start < u32::from(*length) {
                    return (Term::Const(U256::ZERO), Prop::False);
                }
                let exists = self.exists(path);
                let reaches = self.at_least(path, if *from_end { start } else { end });
                let sum = self.bytes(path, *from_end, start, end);
                (self.named(scalar, sum, usize::from(*length)), Prop::all([exists, reaches]))
            }
            Scalar::Field(field) => self.field(*field),
            Scalar::Param(param) => (self.param(*param), Prop::True),
        }
    }

    /// A variable for a sum of parts.
    fn named(&self, scalar: &Scalar, sum: Sum, length: usize) -> Term {
        let mut terms = sum.terms.iter();
        let var = match (terms.next(), terms.next(), sum.constant.is_zero()) {
            (Some((var, one)), None, true) if one.is_one() => *var,
            _ => self.bound_var(Meaning::Word(scalar.clone()), 8 * length, |space, var| {
                space.compare(sum.minus(&Sum::var(var)), Relation::Zero, true)
            }),
        };
        Term::Var { var, shift: 0, signed: false }
    }

    /// An argument that is a word.
    fn argument(&self, path: &Path, ty: WordType) -> Term {
        let (wide, shift, signed) = match ty {
            WordType::Uint(n) => (usize::from(n), 0, false),
            WordType::Int(n) => (usize::from(n), 0, true),
            WordType::Address => (160, 0, false),
            WordType::Bool => (1, 0, false),
            WordType::FixedBytes(n) => (8 * usize::from(n), 256_u16.saturating_sub(8 * u16::from(n)), false),
            WordType::Function => (192, 64, false),
        };
        let domain = || {
            if !signed {
                return bits(wide);
            }
            let half = BigInt::one() << wide.saturating_sub(1);
            Set::range(-&half, half - BigInt::one())
        };
        let var = self.var(Meaning::Word(Scalar::Arg(path.clone(), ty)), domain);
        Term::Var { var, shift, signed }
    }

    fn param(&self, id: ParamId) -> Term {
        let Some(param) = self.rules.params.get(id.index()) else { return Term::Const(U256::ZERO) };
        if param.name == WALLET_PARAM {
            return self.field(Field::Wallet).0;
        }
        let domain = || {
            let whole = match param.ty {
                ParamType::Address | ParamType::Approver => bits(160),
                ParamType::Amount(_) | ParamType::Int | ParamType::Bytes32 => bits(256),
                ParamType::Duration | ParamType::Time => bits(64),
                ParamType::Bool => bits(1),
                ParamType::AddressSet(_) => Set::empty(),
            };
            match param.domain {
                Some((low, high)) => whole.and(&Set::range(number(low), number(high))),
                None => whole,
            }
        };
        let var = self.var(Meaning::Word(Scalar::Param(id)), domain);
        Term::Var { var, shift: 0, signed: false }
    }

    /// A field, and where the request has it.
    pub(crate) fn field(&self, field: Field) -> (Term, Prop) {
        let kind = self.callable.kind;
        let word = |space: &Self, wide: usize| Term::Var {
            var: space.var(Meaning::Word(Scalar::Field(field)), || bits(wide)),
            shift: 0,
            signed: false,
        };
        let term = match field {
            Field::Wallet | Field::Signer => word(self, 160),
            Field::Sender if !self.foreign => self.field(Field::Wallet).0,
            Field::Sender => word(self, 160),
            Field::To => match (kind, self.callable.target) {
                (Kind::Authorize, _) => self.argument(&Path(vec![Step::Member(0)]), WordType::Address),
                (_, Some(Target::Fixed(at))) => Term::Const(at.into_word().into()),
                (_, Some(Target::Param(param))) => self.param(param),
                (Kind::Deploy | Kind::Message, None) => Term::Const(U256::ZERO),
                (_, None) => word(self, 160),
            },
            Field::Value if !takes_value(self.callable) => Term::Const(U256::ZERO),
            Field::Value | Field::CodeHash => word(self, 256),
            Field::Now => word(self, 64),
            Field::Nonce | Field::GasLimit => word(self, 64),
            Field::MaxFeePerGas => word(self, 128),
            // Of gas, and of blobs besides.
            Field::Fee => word(self, 193),
        };
        let defined = match field.optional() {
            true => {
                let present = self.var(Meaning::Present(field), || bits(1));
                Prop::is_in(present, Set::point(1))
            }
            false => Prop::True,
        };
        (term, defined)
    }

    /// Bytes of a place, as a number: from `start` to `end` from the front, or counted back from the end.
    pub(crate) fn bytes(&self, path: &Path, from_end: bool, start: u32, end: u32) -> Sum {
        let fixed = match self.ty(path) {
            Some(Type::Word(ty @ WordType::FixedBytes(n))) => Some((*ty, u32::from(*n))),
            _ => None,
        };
        // From the end is from the front, where the length is known.
        let (from_end, start, end) = match fixed {
            Some((_, n)) if from_end => (false, n.saturating_sub(start), n.saturating_sub(end)),
            _ => (from_end, start, end),
        };
        let mut cuts = self.needs.cuts.get(&pattern(path)).cloned().unwrap_or_default();
        if let Some((_, n)) = fixed {
            let back: Vec<u32> = cuts.back.iter().map(|at| n.saturating_sub(*at)).collect();
            cuts.front.extend(back);
            cuts.front.extend([0, n]);
        }
        let all = if from_end { &cuts.back } else { &cuts.front };
        let (low, high) = (start.min(end), start.max(end));
        let inside: Vec<u32> = all.range(low..=high).copied().collect();
        let mut pairs: Vec<(u32, u32)> =
            inside.iter().zip(inside.iter().skip(1)).map(|(a, b)| (*a, *b)).collect();
        if from_end {
            // Further from the end stands further in front.
            pairs.reverse();
        }
        let mut sum = Sum::default();
        for (a, b) in pairs {
            let width = 8 * usize::try_from(b.saturating_sub(a)).unwrap_or(0);
            let part = self.var(Meaning::Part(path.clone(), from_end, a, b), || bits(width));
            sum = Sum::default().plus(&(BigInt::one() << width), &sum).plus(&BigInt::one(), &Sum::var(part));
        }
        if let Some((ty, n)) = fixed
            && (low, high) != (0, n)
        {
            self.whole(path, ty, n);
        }
        sum
    }

    /// A `bytesN` is its parts.
    fn whole(&self, path: &Path, ty: WordType, n: u32) {
        let Term::Var { var, .. } = self.argument(path, ty) else { return };
        let sum = self.bytes(path, false, 0, n);
        let is = self.compare(sum.minus(&Sum::var(var)), Relation::Zero, true);
        self.insist(is);
    }

    /// The word as a sum reads it: a signed argument by its sign, everything else as it stands.
    pub(crate) fn read(&self, term: &Term) -> Sum {
        match term {
            Term::Const(word) => Sum::constant(number(*word)),
            Term::Var { var, shift, .. } => Sum::times(BigInt::one() << usize::from(*shift), *var),
        }
    }

    /// Are two words the same, or are they not?
    pub(crate) fn same(&self, a: &Term, b: &Term, holds: bool) -> Prop {
        let signed = |term: &Term| matches!(term, Term::Var { signed: true, .. });
        let equal = |a: Sum, b: &Sum| self.compare(a.minus(b), Relation::Zero, holds);
        match (a, b) {
            (_, Term::Const(word)) => self.among(a, [word], holds),
            (Term::Const(_), _) => self.same(b, a, holds),
            _ if signed(a) == signed(b) => equal(self.read(a), &self.read(b)),
            (Term::Var { signed: false, .. }, _) => self.same(b, a, holds),
            // One is in two's complement, the other is not: below zero it is 2^256 more.
            (Term::Var { var, .. }, _) => {
                let domain = self.domain(*var);
                let below = Set::range(-(BigInt::one() << 255_usize), BigInt::from(-1)).and(&domain);
                let rest = below.complement(&domain);
                let (a, b) = (self.read(a), self.read(b));
                let wrapped = a.clone().plus(&BigInt::one(), &Sum::constant(BigInt::one() << 256_usize));
                Prop::any([
                    Prop::all([Prop::is_in(*var, below), equal(wrapped, &b)]),
                    Prop::all([Prop::is_in(*var, rest), equal(a, &b)]),
                ])
            }
        }
    }

    /// Is the word among these?
    pub(crate) fn among<'s>(
        &self,
        term: &Term,
        words: impl IntoIterator<Item = &'s U256>,
        holds: bool,
    ) -> Prop {
        let mut words = words.into_iter();
        match term {
            Term::Const(word) => {
                if words.any(|w| w == word) == holds {
                    Prop::True
                } else {
                    Prop::False
                }
            }
            Term::Var { var, shift, signed } => {
                let unit = BigInt::one() << usize::from(*shift);
                let value = |word: &U256| {
                    let number = if *signed { signed_number(*word) } else { number(*word) };
                    (&number % &unit).is_zero().then(|| number / &unit)
                };
                let domain = self.domain(*var);
                let set = Set::points(words.filter_map(value)).and(&domain);
                let set = if holds { set } else { set.complement(&domain) };
                if set == *domain { Prop::True } else { Prop::is_in(*var, set) }
            }
        }
    }
}

/// In two's complement.
pub(crate) fn signed_number(word: U256) -> BigInt {
    BigInt::from_signed_bytes_be(&word.to_be_bytes::<32>())
}

/// May value go along?
pub(crate) fn takes_value(callable: &Callable) -> bool {
    match callable.kind {
        Kind::Send | Kind::Deploy => true,
        Kind::Call => callable.function.as_ref().is_some_and(|function| function.payable),
        Kind::Delegatecall | Kind::Sign | Kind::Message | Kind::Authorize | Kind::Command => false,
    }
}
