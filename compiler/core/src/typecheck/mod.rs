//! Expressions to typed values.
//!
//! An expression is checked where it is used: in one rule for one function of one contract on one chain, so that `self`, the
//! unit of every argument and the address behind every token are known. Definitions are inlined on the way. What the checker
//! has learnt to the left ([`facts`]) says which token an argument names.
//!
//! | module | checks |
//! | --- | --- |
//! | [`names`] | names, paths, members, request fields |
//! | [`literals`] | amounts, rates, dates, addresses |
//! | [`arithmetic`] | sums, products, rates |
//! | [`units`] | which units agree, and amounts by cases of their token |
//! | [`compare`] | comparisons |
//! | [`membership`] | `in` |
//! | [`data`] | arrays, maps, quantifiers |
//! | [`lists`] | lists as a whole |
//! | [`slices`] | some of `bytes` |
//! | [`calls`] | `def`s and built-in functions |
//! | [`facts`] | what is established to the left |
//! | [`words`] | values as single words |

mod arithmetic;
mod calls;
mod compare;
mod data;
mod facts;
mod lists;
mod literals;
mod membership;
mod names;
mod slices;
mod units;
pub(crate) mod words;

use crate::{
    hir::{ChainIx, ContractIx, DefIx, ModuleIx, SetValue, Value, and, is_const, not, or},
    sink::Sink,
    world::World,
};
use agentpol_analysis::ruleset::{Formula, Scalar, Target};
use agentpol_diagnostics::{Code, Diagnostic, Place, codes};
use agentpol_grammar::{
    ast::{Expr, ExprKind},
    span::Span,
};
use agentpol_model::{Address, U256, ids::SetId, request::Kind};
#[cfg(test)]
pub(crate) use compare::{MAX_COEFFICIENT_BITS, MAX_TERMS};
#[cfg(test)]
pub(crate) use data::MAX_QUANTIFIERS;
use facts::Facts;
pub(crate) use slices::MAX_SLICE;
use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

/// Definitions inlined for one rule and function at most.
pub(crate) const MAX_INLINED: u32 = 4_096;

/// Expressions inside expressions at most, definitions and `let`s written out.
pub(crate) const MAX_DEPTH: u32 = 200;

/// The checker's state across all rules.
pub(crate) struct Checker<'w, 'a> {
    pub(crate) world: &'w World<'a>,
    pub(crate) sink: Sink,
    /// Constant sets, each once.
    sets: BTreeMap<BTreeSet<U256>, SetId>,
    pub(crate) set_list: Vec<BTreeSet<U256>>,
    /// The words of a set's elements on a chain.
    set_words: BTreeMap<(u32, Option<ChainIx>), Option<SetId>>,
    next_set: u32,
    depth: u32,
    lets: Vec<LetState>,
    /// Addresses written in the policy's own text.
    pub(crate) named: BTreeSet<Address>,
    pub(crate) used_defs: BTreeSet<DefIx>,
}

#[derive(Clone, Debug)]
enum LetState {
    New,
    Open,
    Done(Value),
}

/// Where an expression stands.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    pub(crate) module: ModuleIx,
    /// The function that is judged; `None` outside rules.
    pub(crate) here: Option<Here>,
    pub(crate) locals: Vec<(String, Value)>,
    pub(crate) facts: Facts,
    /// Has `value` been read?
    pub(crate) reads_value: bool,
    /// Arguments whose greatest value means all.
    pub(crate) sentinels: BTreeSet<Scalar>,
    quantifiers: u8,
    inlining: Vec<DefIx>,
    inlined: u32,
}

/// What is judged: a function of a contract on a chain, or a `send` on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Here {
    pub(crate) kind: Kind,
    pub(crate) chain: ChainIx,
    pub(crate) native: Option<ContractIx>,
    pub(crate) contract: Option<ContractIx>,
    pub(crate) target: Option<Target>,
}

impl Scope {
    pub(crate) fn new(module: ModuleIx, here: Option<Here>) -> Self {
        Self {
            module,
            here,
            locals: Vec::new(),
            facts: Facts::default(),
            reads_value: false,
            sentinels: BTreeSet::new(),
            quantifiers: 0,
            inlining: Vec::new(),
            inlined: 0,
        }
    }
}

impl<'w, 'a> Checker<'w, 'a> {
    pub(crate) fn new(world: &'w World<'a>, sink: Sink) -> Self {
        Self {
            world,
            sink,
            sets: BTreeMap::new(),
            set_list: Vec::new(),
            set_words: BTreeMap::new(),
            next_set: 0,
            depth: 0,
            lets: vec![LetState::New; world.lets.len()],
            named: BTreeSet::new(),
            used_defs: BTreeSet::new(),
        }
    }

    /// An expression's value.
    pub(crate) fn expr(&mut self, cx: &mut Scope, e: &'a Expr) -> Value {
        if self.depth >= MAX_DEPTH {
            let said = format!("with its definitions written out this nests deeper than {MAX_DEPTH}");
            self.fail(cx, e.span, codes::NUMBER_TOO_LARGE, said);
            return Value::Error;
        }
        self.depth += 1;
        let value = self.expr_inside(cx, e);
        self.depth -= 1;
        value
    }

    fn expr_inside(&mut self, cx: &mut Scope, e: &'a Expr) -> Value {
        match &e.kind {
            ExprKind::Or(parts) => Value::Bool(self.any_of(cx, parts)),
            ExprKind::And(parts) => Value::Bool(self.all_of(cx, parts)),
            ExprKind::Not(inner) => Value::Bool(not(self.condition(cx, inner))),
            ExprKind::Compare { operands, ops } => self.chain(cx, operands, ops),
            ExprKind::In { item, set, negated } => self.is_in(cx, item, set, *negated),
            ExprKind::Range { low, high, closed } => {
                let low = Box::new(self.expr(cx, low));
                let high = Box::new(self.expr(cx, high));
                Value::Range { low, high, closed: *closed }
            }
            ExprKind::Sum { first, rest } => self.sum(cx, first, rest),
            ExprKind::Product { first, rest } => self.product(cx, first, rest),
            ExprKind::Neg(inner) => self.negative(cx, inner),
            ExprKind::Number(text) => self.number(cx, text, e.span),
            ExprKind::Amount(amount) => self.amount(cx, amount),
            ExprKind::Rate { of, per } => self.rate(cx, of, per),
            ExprKind::Pace { .. } => {
                self.fail(cx, e.span, codes::NOT_SUPPORTED, "a pace stands only in a budget");
                Value::Error
            }
            ExprKind::Percent(text) => self.percent(cx, text, e.span),
            ExprKind::Duration(text) => self.duration(cx, text, e.span),
            ExprKind::Date(text) => self.date(cx, text, e.span),
            ExprKind::Address(text) => self.address(cx, text, e.span),
            ExprKind::Hex(text) => self.hex(cx, text, e.span),
            ExprKind::Str(text) => Value::Text(text.clone()),
            ExprKind::Path(path) => self.path(cx, path),
            ExprKind::Member { of, name } => self.member(cx, of, name),
            ExprKind::Call { callee, args } => self.call(cx, callee, args, e.span),
            ExprKind::Index { of, index } => self.index(cx, of, index, e.span),
            ExprKind::Tail { of, from } => self.tail(cx, of, from),
            ExprKind::Set(elements) => {
                let elements = elements.iter().map(|e| self.expr(cx, e)).collect();
                self.new_set(elements)
            }
            ExprKind::Map(pairs) => self.map(cx, pairs),
            ExprKind::List(elements) => {
                Value::List(Rc::new(elements.iter().map(|e| self.expr(cx, e)).collect()))
            }
            ExprKind::If { condition, yes, no } => self.choice(cx, condition, yes, no),
            ExprKind::Quantified { every, var, of, body } => self.quantified(cx, *every, var, of, body),
        }
    }

    /// An expression that must be a condition.
    pub(crate) fn condition(&mut self, cx: &mut Scope, e: &'a Expr) -> Formula {
        match self.expr(cx, e) {
            Value::Bool(formula) => formula,
            Value::Error => self.poisoned(cx, e.span),
            other => {
                let said = format!("this is {}, where a condition is needed", self.describe(&other));
                self.fail(cx, e.span, codes::TYPE_MISMATCH, said);
                Formula::Const(true)
            }
        }
    }

    fn all_of(&mut self, cx: &mut Scope, parts: &'a [Expr]) -> Formula {
        let known = cx.facts.len();
        let mut out = Vec::with_capacity(parts.len());
        for part in parts {
            let formula = self.condition(cx, part);
            self.learn(cx, &formula, true);
            out.push(formula);
        }
        cx.facts.truncate(known);
        and(out)
    }

    /// What stands to the right of an `or` is reached only where the left does not hold.
    fn any_of(&mut self, cx: &mut Scope, parts: &'a [Expr]) -> Formula {
        let known = cx.facts.len();
        let mut out = Vec::with_capacity(parts.len());
        for part in parts {
            let formula = self.condition(cx, part);
            self.learn(cx, &formula, false);
            out.push(formula);
        }
        cx.facts.truncate(known);
        or(out)
    }

    fn choice(&mut self, cx: &mut Scope, condition: &'a Expr, yes: &'a Expr, no: &'a Expr) -> Value {
        let c = self.condition(cx, condition);
        let known = cx.facts.len();
        self.learn(cx, &c, true);
        let y = self.expr(cx, yes);
        cx.facts.truncate(known);
        self.learn(cx, &c, false);
        let n = self.expr(cx, no);
        cx.facts.truncate(known);
        match (is_const(&c), y, n) {
            (_, Value::Error, _) | (_, _, Value::Error) => Value::Error,
            (Some(true), y, _) => y,
            (Some(false), _, n) => n,
            (None, Value::Bool(y), Value::Bool(n)) => {
                Value::Bool(or([and([c.clone(), y]), and([not(c), n])]))
            }
            (None, y @ Value::Bool(_), n) | (None, y, n @ Value::Bool(_)) => {
                let said = format!("one side is {}, the other {}", self.describe(&y), self.describe(&n));
                self.fail(cx, no.span, codes::TYPE_MISMATCH, said);
                Value::Error
            }
            (None, y, n) => Value::Choice(Box::new(c), Box::new(y), Box::new(n)),
        }
    }

    /// Learns what holds, or does not, from here on to the right.
    pub(crate) fn learn(&self, cx: &mut Scope, formula: &Formula, holds: bool) {
        cx.facts.learn(formula, holds, &self.set_list);
    }

    pub(crate) fn new_set(&mut self, elements: Vec<Value>) -> Value {
        self.next_set += 1;
        Value::Set(Rc::new(SetValue { id: self.next_set, elements }))
    }

    /// A constant set's number.
    pub(crate) fn intern(&mut self, words: BTreeSet<U256>) -> SetId {
        if let Some(id) = self.sets.get(&words) {
            return *id;
        }
        let id = SetId::new(u32::try_from(self.set_list.len()).unwrap_or(u32::MAX));
        self.set_list.push(words.clone());
        self.sets.insert(words, id);
        id
    }

    /// What stands for a mistake. Were nothing reported, a condition would silently be left out, so then this is reported.
    pub(super) fn poisoned(&mut self, cx: &Scope, span: Span) -> Formula {
        self.must_have_said(self.place(cx, span));
        Formula::Const(true)
    }

    /// Nothing is left out without an error: where none has been reported yet, this is one.
    pub(crate) fn must_have_said(&mut self, place: Place) {
        if !self.sink.has_errors() {
            self.sink.push(Diagnostic::new(codes::NOT_SUPPORTED, place, "this cannot be compiled yet"));
        }
    }

    pub(crate) fn place(&self, cx: &Scope, span: Span) -> Place {
        self.world.place(cx.module, span)
    }

    pub(crate) fn fail(&mut self, cx: &Scope, span: Span, code: Code, said: impl Into<String>) {
        self.sink.push(Diagnostic::new(code, self.place(cx, span), said));
    }

    pub(crate) fn fail_with_help(
        &mut self,
        cx: &Scope,
        span: Span,
        code: Code,
        said: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.sink.push(Diagnostic::new(code, self.place(cx, span), said).help(help));
    }

    /// The source of a span.
    pub(crate) fn text(&self, cx: &Scope, span: Span) -> &'w str {
        self.world.modules.get(cx.module.index()).map(|m| m.slice(span)).unwrap_or_default()
    }
}
