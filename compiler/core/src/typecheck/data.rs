//! Bytes, arrays, maps and quantifiers.

use super::{Checker, Scope};
use crate::hir::{Case, Num, Unit, Value, WordKind};
use agentpol_analysis::ruleset::{Formula, Scalar};
use agentpol_diagnostics::codes;
use agentpol_grammar::ast::{Expr, ExprKind, Name, Span};
use agentpol_model::types::{Step, WordType};
use std::rc::Rc;

/// Quantifiers inside each other at most.
pub(crate) const MAX_QUANTIFIERS: u8 = 4;

impl<'a> Checker<'_, 'a> {
    /// `{ k: v }`: a map, or a struct where the keys are names of nothing.
    pub(super) fn map(&mut self, cx: &mut Scope, pairs: &'a [(Expr, Expr)]) -> Value {
        let mut out: Vec<(Value, Value)> = Vec::with_capacity(pairs.len());
        for (key, value) in pairs {
            let k = self.expr(cx, key);
            let v = self.expr(cx, value);
            let constant = matches!(k, Value::Contract(_) | Value::Word(Scalar::Const(_), _) | Value::Error);
            if !constant {
                let said = format!("a map's keys are tokens or addresses; this is {}", self.describe(&k));
                self.fail(cx, key.span, codes::TYPE_MISMATCH, said);
                continue;
            }
            let twice = out.iter().any(|(first, _)| match (first, &k) {
                (Value::Contract(a), Value::Contract(b)) => a == b,
                (Value::Word(a, _), Value::Word(b, _)) => a == b,
                _ => false,
            });
            if twice {
                self.fail(cx, key.span, codes::DUPLICATE_NAME, "this key stands in the map twice");
            }
            out.push((k, v));
        }
        Value::Map(Rc::new(out))
    }

    /// `x[i]`, `message[4..8]`, `caps[asset]`.
    pub(super) fn index(&mut self, cx: &mut Scope, of: &'a Expr, index: &'a Expr, span: Span) -> Value {
        let value = self.expr(cx, of);
        let at = self.expr(cx, index);
        match (value, at) {
            (Value::Error, _) | (_, Value::Error) => Value::Error,
            (Value::Bytes(path), Value::Range { low, high, closed }) => {
                self.slice(cx, path, &low, (&high, closed), index.span)
            }
            (
                Value::Word(Scalar::Arg(path, WordType::FixedBytes(size)), WordKind::Fixed(_)),
                Value::Range { low, high, closed },
            ) => self.slice_of_word(cx, (path, size), &low, (&high, closed), index.span),
            (Value::Array { path, element, refined, parent, max }, at) => {
                let Some(n) = self.whole(&at) else {
                    self.fail(cx, index.span, codes::NOT_CONSTANT, "a list is indexed with a known number");
                    return Value::Error;
                };
                if max.is_some_and(|m| n >= m) {
                    let said = format!("the list has at most {} elements", max.unwrap_or_default());
                    self.fail(cx, index.span, codes::OUT_OF_RANGE, said);
                    return Value::Error;
                }
                let mut steps = path.0;
                steps.push(Step::Index(n));
                self.typed(cx, steps, &element, &refined, &parent)
            }
            (Value::List(list), at) => match self.whole(&at).and_then(|n| list.get(n as usize).cloned()) {
                Some(value) => value,
                None => {
                    let said = format!("the list has {} elements, from 0 on", list.len());
                    self.fail(cx, index.span, codes::OUT_OF_RANGE, said);
                    Value::Error
                }
            },
            (Value::Map(pairs), key) => self.lookup(cx, &pairs, (key, index.span), span),
            (other, _) => {
                let said = format!("{} has no elements", self.describe(&other));
                self.fail(cx, of.span, codes::TYPE_MISMATCH, said);
                Value::Error
            }
        }
    }

    fn whole(&self, value: &Value) -> Option<u32> {
        let Value::Num(n) = value else { return None };
        let case = n.only().filter(|c| c.unit == Unit::Plain)?;
        let known = case.lin.known().filter(|k| k.is_integer())?;
        u32::try_from(known.numer()).ok()
    }

    /// `caps[asset]`, by cases of what is established about `asset`.
    fn lookup(&mut self, cx: &Scope, pairs: &[(Value, Value)], key: (Value, Span), span: Span) -> Value {
        if let Value::Contract(ix) = key.0
            && let Some((_, value)) = pairs.iter().find(|(k, _)| matches!(k, Value::Contract(k) if *k == ix))
        {
            return value.clone();
        }
        let Some((word, WordKind::Address | WordKind::Token)) = self.as_word(cx, &key.0, key.1) else {
            let said = format!("this map has no key that is {}", self.describe(&key.0));
            self.fail(cx, key.1, codes::TYPE_MISMATCH, said);
            return Value::Error;
        };
        let established = match &word {
            Scalar::Const(w) => Some([*w].into()),
            other => cx.facts.words(other, &self.set_list),
        };
        let Some(words) = established else {
            self.key_not_established(cx, key.1, span);
            return Value::Error;
        };
        let single = words.len() == 1;
        let mut cases = Vec::new();
        for w in words {
            let mut found = None;
            for (k, v) in pairs {
                if let Value::Contract(ix) = k
                    && cx.here.is_some_and(|h| self.world.site(*ix, h.chain).is_none())
                {
                    continue;
                }
                if let Some((Scalar::Const(k), _)) = self.as_word(cx, k, key.1)
                    && k == w
                {
                    found = Some(v.clone());
                }
            }
            match found {
                Some(Value::Num(num)) => {
                    for case in num.cases {
                        let mut pins = case.pins;
                        if !single {
                            pins.push((word.clone(), w));
                        }
                        cases.push(Case { pins, ..case });
                    }
                }
                Some(Value::Error) => return Value::Error,
                Some(other) if single => return other,
                Some(other) => {
                    let said = format!(
                        "where several keys are possible the values are numbers, not {}",
                        self.describe(&other)
                    );
                    self.fail(cx, span, codes::NOT_SUPPORTED, said);
                    return Value::Error;
                }
                None => {
                    self.key_not_established(cx, key.1, span);
                    return Value::Error;
                }
            }
        }
        Value::Num(Num { cases })
    }

    fn key_not_established(&mut self, cx: &Scope, key: Span, span: Span) {
        let (key_text, text) = (self.text(cx, key), self.text(cx, span));
        let map = text.split('[').next().unwrap_or_default();
        let said = format!("nothing to the left says that `{key_text}` is a key of this map");
        let help = format!("add `{key_text} in {map} and` before it");
        self.fail_with_help(cx, span, codes::KEY_NOT_ESTABLISHED, said, help);
    }

    /// `all x in xs: …`, `any x in xs: …`.
    pub(super) fn quantified(
        &mut self,
        cx: &mut Scope,
        every: bool,
        var: &'a Name,
        of: &'a Expr,
        body: &'a Expr,
    ) -> Value {
        let list = self.expr(cx, of);
        match list {
            Value::Error => Value::Error,
            Value::Array { path, element, refined, parent, max } => {
                let Some(max) = max else {
                    let name = self.text(cx, of.span);
                    let said = format!("`{name}` has no greatest length");
                    let help = "the interface says it: `bytes[] up to 16`";
                    self.fail_with_help(cx, of.span, codes::UNBOUNDED_ARRAY, said, help);
                    return Value::Error;
                };
                if cx.quantifiers >= MAX_QUANTIFIERS {
                    let said = format!("`all` and `any` nest at most {MAX_QUANTIFIERS} deep");
                    self.fail(cx, of.span, codes::NOT_SUPPORTED, said);
                    return Value::Error;
                }
                let mut at = path.0.clone();
                at.push(Step::Element(cx.quantifiers));
                let item = self.typed(cx, at, &element, &refined, &parent);
                cx.quantifiers += 1;
                let body = self.with(cx, var, item, body);
                cx.quantifiers -= 1;
                // A known body is not folded: a list that is too long makes it undefined all the same.
                Value::Bool(Formula::Quantified { every, array: path, max, body: Box::new(body) })
            }
            Value::List(list) => {
                let parts: Vec<Formula> =
                    list.iter().map(|item| self.with(cx, var, item.clone(), body)).collect();
                Value::Bool(if every { crate::hir::and(parts) } else { crate::hir::or(parts) })
            }
            Value::Set(set) => {
                let parts: Vec<Formula> =
                    set.elements.iter().map(|item| self.with(cx, var, item.clone(), body)).collect();
                Value::Bool(if every { crate::hir::and(parts) } else { crate::hir::or(parts) })
            }
            other => {
                let said = format!("{} has no elements to go through", self.describe(&other));
                self.fail(cx, of.span, codes::TYPE_MISMATCH, said);
                Value::Error
            }
        }
    }

    fn with(&mut self, cx: &mut Scope, var: &Name, item: Value, body: &'a Expr) -> Formula {
        let known = cx.facts.len();
        cx.locals.push((var.node.clone(), item));
        let formula = self.condition(cx, body);
        cx.locals.pop();
        cx.facts.truncate(known);
        formula
    }

    /// The name that a call calls, where it is a plain one.
    pub(super) fn callee_name(callee: &Expr) -> Option<&Name> {
        match &callee.kind {
            ExprKind::Path(path) => match path.segments.as_slice() {
                [one] => Some(one),
                _ => None,
            },
            _ => None,
        }
    }
}
