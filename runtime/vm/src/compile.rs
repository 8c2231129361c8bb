//! A verified module to a program: one [`Op`] for each instruction.

mod known;
mod offset;
mod share;

use crate::{
    bind::{BindError, Values},
    dispatch::Key,
    program::{
        Amount, Arm, Callable, Each, Effect, FAIL, Op, Program, Slice, Small, Span, Sum, Term, Test, Token,
        Word,
    },
    sets::WordSet,
};
use agentpol_abi::Layout;
use agentpol_bytecode::{
    self as bytecode, Branch, Exit, Instruction, Integer, Module, Order, instruction::Visitor,
};
use agentpol_model::{
    Address, ChainId, U256,
    effect::EffectKind,
    ids::TokenId,
    policy::{BytesTest, Relation, Scalar, SetRef, TokenSpec, Verb},
    refusal::{KnownAddresses, changes_control},
    request::Field,
    types::{Path, Step, WordType},
};
use alloy_primitives::U512;
use offset::offset;
use std::collections::BTreeMap;

/// Everything the callables need, callable by callable.
pub(crate) fn program(
    module: &Module,
    layouts: Vec<Layout>,
    values: &Values,
    known: &KnownAddresses,
) -> Result<Program, BindError> {
    let sets = module.sets.iter().map(|set| WordSet::from_sorted(set.clone())).collect();
    let program = Program { layouts, sets, ..Program::default() };
    let mut compiler = Compiler {
        module,
        values,
        known,
        program,
        param_sets: vec![None; module.params.len()],
        constants: BTreeMap::new(),
        address_sets: BTreeMap::new(),
        shared: BTreeMap::new(),
    };
    for callable in &module.callables {
        compiler.callable(callable)?;
    }
    Ok(compiler.program)
}

struct Compiler<'a> {
    module: &'a Module,
    values: &'a Values,
    program: Program,
    known: &'a KnownAddresses,
    param_sets: Vec<Option<u32>>,
    constants: BTreeMap<U256, Word>,
    /// Sets that have only addresses, and where those stand.
    address_sets: BTreeMap<u32, Option<Span>>,
    /// The last effects of callables with this layout.
    shared: BTreeMap<Option<u32>, Span>,
}

/// The number of the next entry.
fn next<T>(items: &[T]) -> Result<u32, BindError> {
    u32::try_from(items.len()).ok().filter(|n| *n < FAIL).ok_or(BindError::TooLarge)
}

impl Compiler<'_> {
    fn callable(&mut self, callable: &bytecode::Callable) -> Result<(), BindError> {
        let layout = callable.function.map(|function| function.raw());
        let function = callable.function.and_then(|function| self.module.functions.get(function.index()));
        let payable = function.is_none_or(|function| function.payable);
        let target = callable.target.and_then(|target| self.values.address(target));
        let arms = next(&self.program.arms)?;
        self.arms(callable, layout, true)?;
        let grants = next(&self.program.arms)?;
        self.arms(callable, layout, false)?;
        let arms_end = next(&self.program.arms)?;
        let mut effects = Vec::new();
        for effect in &callable.effects {
            effects.push(self.effect(effect, layout, callable.chain)?);
        }
        let token = share::make_own(&mut effects, target);
        let effects = self.share(effects, layout)?;
        let opaque = callable.opaque;
        let selector = function.map(|function| function.selector).unwrap_or_default();
        let controls = function.is_some_and(|function| changes_control(function.selector));
        let key = Key { chain: callable.chain, target: target.unwrap_or_default(), selector };
        let layout = layout.unwrap_or(FAIL);
        self.program.callables.push(Callable {
            key,
            layout,
            arms,
            grants,
            arms_end,
            effects,
            token,
            payable,
            opaque,
            controls,
        });
        Ok(())
    }

    fn arms(
        &mut self,
        callable: &bytecode::Callable,
        layout: Option<u32>,
        denies: bool,
    ) -> Result<(), BindError> {
        let mut arms = Vec::new();
        for arm in &callable.arms {
            let verb = self.module.rules.get(arm.rule.index()).map(|rule| &rule.verb);
            if (verb == Some(&Verb::Deny)) != denies {
                continue;
            }
            let start = next(&self.program.ops)?;
            for clause in &arm.clauses {
                self.code(&clause.code, layout)?;
            }
            let code = start..next(&self.program.ops)?;
            let start = next(&self.program.charges)?;
            for (amount, budgets) in &arm.charges {
                let amount = self.amount(amount, layout)?;
                self.program.charges.push((amount, budgets.clone()));
            }
            let lifts =
                self.module.rules.get(arm.rule.index()).map(|rule| rule.lifts.as_slice()).unwrap_or_default();
            let lifts = lifts.iter().fold(0, |bits, code| bits | 1u64 << (*code as u8));
            let charges = start..next(&self.program.charges)?;
            let known = self.known_words(&code);
            arms.push(Arm { rule: arm.rule, code, charges, lifts, known });
        }
        self.program.arms.append(&mut arms);
        Ok(())
    }

    fn effect(
        &mut self,
        effect: &bytecode::EffectTemplate,
        layout: Option<u32>,
        chain: ChainId,
    ) -> Result<Effect, BindError> {
        let start = next(&self.program.ops)?;
        self.code(&effect.when, layout)?;
        let end = next(&self.program.ops)?;
        // No code is the same code everywhere.
        let when = if start == end { 0..0 } else { start..end };
        // What leaves the wallet by definition needs no comparison.
        let from_wallet =
            effect.kind == EffectKind::Move && effect.from == Some(Scalar::Field(Field::Wallet));
        let from = effect.from.as_ref().filter(|_| !from_wallet);
        let sentinel = match &effect.sentinel {
            Some(sentinel) => Some((self.word(sentinel, layout)?, self.constant(greatest(sentinel))?)),
            None => None,
        };
        Ok(Effect {
            kind: effect.kind,
            amount: self.amount(&effect.amount, layout)?,
            token: match &effect.token {
                TokenSpec::Known(token) => Token::Known(*token, self.site(*token, chain)),
                TokenSpec::At(word) => Token::At(self.word(word, layout)?),
            },
            party: self.word(&effect.party, layout)?,
            from: from.map(|from| self.word(from, layout)).transpose()?,
            until: effect.until.as_ref().map(|until| self.word(until, layout)).transpose()?,
            through: effect.through.as_ref().map(|through| self.word(through, layout)).transpose()?,
            sentinel,
            when,
            cost: u32::try_from(effect.amount.terms.len())
                .map_err(|_| BindError::TooLarge)?
                .saturating_add(1),
        })
    }

    fn site(&self, token: TokenId, chain: ChainId) -> Option<Address> {
        let token = self.module.tokens.get(token.index())?;
        token.sites.iter().find(|(on, _)| *on == chain).and_then(|(_, at)| *at)
    }

    fn code(&mut self, code: &[Instruction], layout: Option<u32>) -> Result<(), BindError> {
        for instruction in code {
            let at = next(&self.program.ops)?;
            let cost = u32::try_from(instruction.cost()).map_err(|_| BindError::TooLarge)?;
            let (test, branch) = instruction.accept(&mut Resolve { compiler: self, layout })?;
            let exit = match branch.to {
                Exit::Fail => FAIL,
                Exit::Skip(skip) => {
                    at.checked_add(1).and_then(|on| on.checked_add(skip)).ok_or(BindError::TooLarge)?
                }
            };
            self.program.ops.push(Op { test, when: branch.when, exit, cost });
        }
        Ok(())
    }

    fn word(&mut self, word: &Scalar, layout: Option<u32>) -> Result<Word, BindError> {
        match word {
            Scalar::Const(word) => self.constant(*word),
            Scalar::Param(param) => {
                let word = self.values.word(*param).ok_or(BindError::TooLarge)?;
                self.constant(word)
            }
            Scalar::Field(field) => Ok(Word::Field(*field)),
            Scalar::Len(path) => self.locator(path, layout).map(Word::Len),
            Scalar::Party(path) => self.locator(path, layout).map(Word::Party),
            Scalar::Slice { path, start, from_end, length } => {
                let place = self.locator(path, layout)?;
                let at = next(&self.program.slices)?;
                self.program.slices.push(Slice {
                    place,
                    start: *start,
                    from_end: *from_end,
                    length: *length,
                });
                Ok(Word::Slice(at))
            }
            Scalar::Arg(path, _) => {
                let inputs =
                    layout.and_then(|layout| self.program.layouts.get(layout as usize)).map(Layout::inputs);
                match inputs.and_then(|inputs| offset(inputs, path)) {
                    Some(at) => Ok(Word::Head(at)),
                    None => self.locator(path, layout).map(Word::Arg),
                }
            }
        }
    }

    /// A word against a constant: a shorter form where there is one.
    fn comparison(&mut self, word: Word, order: Order, bound: U256) -> Result<Test, BindError> {
        Ok(match (word, order, Small::new(&bound)) {
            (Word::Head(at), Order::AtMost, Some(bound)) => Test::HeadAtMost(at, bound),
            (Word::Head(at), Order::AtLeast, Some(bound)) => Test::HeadAtLeast(at, bound),
            (Word::Field(field), Order::Equal, Some(bound)) => Test::FieldIs(field, bound),
            (_, Order::AtMost, _) => Test::AtMost(word, self.constant(bound)?),
            (_, Order::AtLeast, _) => Test::AtMost(self.constant(bound)?, word),
            (_, Order::Equal, _) => Test::Same(word, self.constant(bound)?),
        })
    }

    fn constant(&mut self, word: U256) -> Result<Word, BindError> {
        if let Some(known) = self.constants.get(&word) {
            return Ok(*known);
        }
        let at = Word::Const(next(&self.program.words)?);
        self.program.words.push(word);
        self.constants.insert(word, at);
        Ok(at)
    }

    fn locator(&mut self, path: &Path, layout: Option<u32>) -> Result<u32, BindError> {
        let layout = layout.and_then(|layout| self.program.layouts.get(layout as usize));
        let locator = layout.and_then(|layout| layout.locate(&path.0).ok()).ok_or(BindError::TooLarge)?;
        let at = next(&self.program.locators)?;
        self.program.locators.push(locator);
        Ok(at)
    }

    fn set(&mut self, set: SetRef) -> Result<u32, BindError> {
        let param = match set {
            SetRef::Const(set) => return Ok(set.raw()),
            SetRef::Param(param) => param,
        };
        if let Some(Some(known)) = self.param_sets.get(param.index()) {
            return Ok(*known);
        }
        let members = self.values.set(param).ok_or(BindError::TooLarge)?;
        // The order of addresses is that of the words they are.
        let words = members.iter().map(|address| U256::from_be_slice(address.as_slice())).collect();
        let at = next(&self.program.sets)?;
        self.program.sets.push(WordSet::from_sorted(words));
        if let Some(known) = self.param_sets.get_mut(param.index()) {
            *known = Some(at);
        }
        Ok(at)
    }

    /// Constants and parameters are added up now.
    fn sum(&mut self, sum: &bytecode::Sum, layout: Option<u32>) -> Result<Sum, BindError> {
        let mut bound = Sum::default();
        bound.add(sum.constant.negative, sum.constant.magnitude)?;
        for term in &sum.terms {
            let coefficient: U256 =
                U256::try_from_be_slice(&term.coefficient.magnitude.to_be_bytes_trimmed_vec())
                    .ok_or(BindError::TooLarge)?;
            let known = match &term.word {
                Scalar::Const(word) => Some(*word),
                Scalar::Param(param) => self.values.word(*param),
                _ => None,
            };
            let negative = term.coefficient.negative;
            match known {
                Some(word) => bound.add(negative, word.widening_mul(coefficient))?,
                None => bound.terms.push(Term {
                    negative,
                    coefficient,
                    word: self.word(&term.word, layout)?,
                    signed: matches!(term.word, Scalar::Arg(_, WordType::Int(_))),
                }),
            }
        }
        Ok(bound)
    }

    fn amount(&mut self, amount: &bytecode::Sum, layout: Option<u32>) -> Result<Amount, BindError> {
        let sum = self.sum(amount, layout)?;
        let plain = |term: &Term| !term.negative && !term.signed && term.coefficient == U256::ONE;
        match sum.terms.as_slice() {
            [term] if plain(term) && sum.positive == sum.negative => Ok(Amount::Word(term.word)),
            _ => {
                let at = next(&self.program.amounts)?;
                self.program.amounts.push(sum);
                Ok(Amount::Sum(at))
            }
        }
    }
}

impl Sum {
    fn add(&mut self, negative: bool, magnitude: U512) -> Result<(), BindError> {
        let side = if negative { &mut self.negative } else { &mut self.positive };
        *side = side.checked_add(magnitude).ok_or(BindError::TooLarge)?;
        Ok(())
    }

    /// A sum of one word is a comparison with a constant: `c·x + k ⋈ 0` is `x ⋈ −k/c`.
    fn comparison(&self, relation: Relation) -> Option<(Word, Order, U256)> {
        let [Term { negative, coefficient, word, signed: false }] = self.terms.as_slice() else {
            return None;
        };
        let coefficient = U512::from(*coefficient);
        // What the other side comes to, if it is not below zero.
        let (more, less) =
            if *negative { (self.positive, self.negative) } else { (self.negative, self.positive) };
        let other = more.checked_sub(less)?;
        let exact = (other % coefficient).is_zero();
        let bound = match relation {
            Relation::NotAbove if *negative && !exact => (other / coefficient).checked_add(U512::ONE)?,
            Relation::Zero if !exact => return None,
            _ => other / coefficient,
        };
        let order = match relation {
            Relation::NotAbove if *negative => Order::AtLeast,
            Relation::NotAbove => Order::AtMost,
            Relation::Zero => Order::Equal,
        };
        (bound.bit_len() <= 256).then(|| (*word, order, bound.wrapping_to()))
    }
}

/// `max means all`: the greatest value of the argument's type.
fn greatest(sentinel: &Scalar) -> U256 {
    match sentinel {
        Scalar::Arg(_, WordType::Uint(bits)) => U256::MAX >> usize::from(256u16.saturating_sub(*bits)),
        Scalar::Arg(_, WordType::Int(bits)) => U256::MAX >> usize::from(257u16.saturating_sub(*bits)),
        _ => U256::MAX,
    }
}

/// One method for each instruction: what it tests and where it goes.
struct Resolve<'c, 'a> {
    compiler: &'c mut Compiler<'a>,
    layout: Option<u32>,
}

type Resolved = Result<(Test, Branch), BindError>;

impl Visitor for Resolve<'_, '_> {
    type Output = Resolved;

    fn same(&mut self, left: &Scalar, right: &Scalar, branch: &Branch) -> Resolved {
        let (left, right) = (self.compiler.word(left, self.layout)?, self.compiler.word(right, self.layout)?);
        Ok((Test::Same(left, right), *branch))
    }

    fn compare(&mut self, word: &Scalar, order: &Order, bound: &U256, branch: &Branch) -> Resolved {
        let word = self.compiler.word(word, self.layout)?;
        Ok((self.compiler.comparison(word, *order, *bound)?, *branch))
    }

    fn sum(
        &mut self,
        terms: &Vec<bytecode::Term>,
        constant: &Integer,
        relation: &Relation,
        branch: &Branch,
    ) -> Resolved {
        let sum = bytecode::Sum { terms: terms.clone(), constant: *constant };
        let sum = self.compiler.sum(&sum, self.layout)?;
        if let Some((word, order, bound)) = sum.comparison(*relation) {
            return Ok((self.compiler.comparison(word, order, bound)?, *branch));
        }
        let at = next(&self.compiler.program.sums)?;
        self.compiler.program.sums.push((sum, *relation));
        Ok((Test::Sum(at), *branch))
    }

    fn member(&mut self, word: &Scalar, set: &SetRef, branch: &Branch) -> Resolved {
        let (word, set) = (self.compiler.word(word, self.layout)?, self.compiler.set(*set)?);
        let test = match (word, self.compiler.addresses(set)?) {
            (Word::Head(at), Some(addresses)) => Test::HeadAmong(at, addresses),
            _ => Test::In(word, set),
        };
        Ok((test, *branch))
    }

    fn each(
        &mut self,
        every: &bool,
        word: &Path,
        _: &WordType,
        max: &u32,
        set: &SetRef,
        branch: &Branch,
    ) -> Resolved {
        let array: Vec<Step> = word.0.iter().copied().take_while(|step| *step != Step::Element(0)).collect();
        let (every, max, set) = (*every, *max, self.compiler.set(*set)?);
        let (array, word) =
            (self.compiler.locator(&Path(array), self.layout)?, self.compiler.locator(word, self.layout)?);
        let at = next(&self.compiler.program.eaches)?;
        self.compiler.program.eaches.push(Each { every, array, word, max, set });
        Ok((Test::Each(at), *branch))
    }

    fn bytes(&mut self, path: &Path, test: &BytesTest, branch: &Branch) -> Resolved {
        let place = self.compiler.locator(path, self.layout)?;
        let mut pattern = |bytes: &Vec<u8>| {
            let at = next(&self.compiler.program.bytes)?;
            self.compiler.program.bytes.push(bytes.clone());
            Ok(at)
        };
        let test = match test {
            BytesTest::Equals(bytes) => Test::Equals(place, pattern(bytes)?),
            BytesTest::StartsWith(bytes) => Test::StartsWith(place, pattern(bytes)?),
            BytesTest::Slice { start, bytes } => Test::Slice { place, start: *start, bytes: pattern(bytes)? },
            BytesTest::SliceIsWord { start, word } => {
                Test::SliceIsWord { place, start: *start, word: self.compiler.word(word, self.layout)? }
            }
        };
        Ok((test, *branch))
    }

    fn longer(&mut self, path: &Path, than: &u32, branch: &Branch) -> Resolved {
        let place = self.compiler.locator(path, self.layout)?;
        Ok((Test::Longer(place, *than), *branch))
    }

    fn bound(&mut self, path: &Path, max: &u32) -> Resolved {
        let place = self.compiler.locator(path, self.layout)?;
        // Never leaves: it is undefined, or goes on.
        Ok((Test::Bound(place, *max), Branch { when: true, to: Exit::Fail }))
    }

    fn jump(&mut self, skip: &u32) -> Resolved {
        Ok((Test::Always, Branch { when: true, to: Exit::Skip(*skip) }))
    }

    fn fail(&mut self) -> Resolved {
        Ok((Test::Always, Branch { when: true, to: Exit::Fail }))
    }
}
