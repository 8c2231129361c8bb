//! `in`: sets, lists, keys of maps and ranges.

use super::{Checker, Scope, compare::same};
use crate::{
    hir::{SetValue, Value, WordKind, and, not, or},
    literal,
};
use agentpol_analysis::ruleset::{Atom, Formula, Scalar, SetRef};
use agentpol_diagnostics::codes;
use agentpol_grammar::ast::{CmpOp, Expr, Span};
use agentpol_model::ids::{ParamId, SetId};
use std::collections::BTreeSet;

impl<'a> Checker<'_, 'a> {
    pub(super) fn is_in(&mut self, cx: &mut Scope, item: &'a Expr, set: &'a Expr, negated: bool) -> Value {
        let value = self.expr(cx, item);
        let among = self.expr(cx, set);
        let formula = self.member_of(cx, (value, item.span), (among, set.span));
        Value::Bool(if negated { not(formula) } else { formula })
    }

    /// Is one value among others?
    pub(crate) fn member_of(&mut self, cx: &Scope, item: (Value, Span), set: (Value, Span)) -> Formula {
        match (item.0, set.0) {
            (Value::Error, _) | (_, Value::Error) => self.poisoned(cx, item.1.to(set.1)),
            (Value::Choice(c, y, n), set_value) => {
                let y = self.member_of(cx, (*y, item.1), (set_value.clone(), set.1));
                let n = self.member_of(cx, (*n, item.1), (set_value, set.1));
                or([and([(*c).clone(), y]), and([not(*c), n])])
            }
            (value, Value::Range { low, high, closed }) => {
                let upper = if closed { CmpOp::Le } else { CmpOp::Lt };
                let above = self.compare(cx, (*low, set.1), CmpOp::Le, (value.clone(), item.1));
                let below = self.compare(cx, (value, item.1), upper, (*high, set.1));
                and([above, below])
            }
            (value, Value::ParamSet(ix)) => match self.as_address(cx, &value, item.1) {
                Some(word) => Formula::Atom(Atom::Member(word, SetRef::Param(ParamId::new(ix.0)))),
                None => self.poisoned(cx, item.1),
            },
            (value, Value::Set(elements)) => self.in_set(cx, (value, item.1), &elements, set.1),
            (value, Value::List(list)) => or(list
                .iter()
                .map(|e| self.equal(cx, (value.clone(), item.1), (e.clone(), set.1)))
                .collect::<Vec<_>>()),
            (value, Value::Map(pairs)) => {
                let keys = pairs.iter().map(|(k, _)| k.clone()).collect();
                let keys = SetValue { id: 0, elements: keys };
                self.in_set(cx, (value, item.1), &keys, set.1)
            }
            (_, array @ Value::Array { .. }) => {
                let said =
                    format!("{} that is an argument is asked element by element", self.describe(&array));
                let help = "write `any x in LIST: x == …`";
                self.fail_with_help(cx, set.1, codes::TYPE_MISMATCH, said, help);
                Formula::Const(true)
            }
            (_, other) => {
                let said = format!("{} has no members", self.describe(&other));
                self.fail_with_help(
                    cx,
                    set.1,
                    codes::TYPE_MISMATCH,
                    said,
                    "a set is written `{ a, b }`, a range `a ..= b`",
                );
                Formula::Const(true)
            }
        }
    }

    fn in_set(&mut self, cx: &Scope, item: (Value, Span), set: &SetValue, span: Span) -> Formula {
        if let Some((word, kind)) = self.item_word(cx, &item)
            && let Some(id) = self.words_of(cx, set, kind)
        {
            let words = self.set_list.get(id.index());
            return match (&word, words.map(BTreeSet::len), words.and_then(BTreeSet::first)) {
                (Scalar::Const(w), ..) => Formula::Const(words.is_some_and(|s| s.contains(w))),
                (_, Some(1), Some(only)) => same(word, Scalar::Const(*only)),
                (_, Some(0), _) => Formula::Const(false),
                _ => Formula::Atom(Atom::Member(word, SetRef::Const(id))),
            };
        }
        // An element at a time: numbers, parameters, and whatever gets a diagnostic.
        let mut parts = Vec::with_capacity(set.elements.len());
        for element in &set.elements {
            if matches!((element, &item.0), (Value::Contract(ix), Value::Word(..) | Value::Slice(_)) if self.absent(cx, *ix))
            {
                continue;
            }
            parts.push(self.equal(cx, item.clone(), (element.clone(), span)));
        }
        or(parts)
    }

    /// An item that can be looked up: a word.
    fn item_word(&mut self, cx: &Scope, item: &(Value, Span)) -> Option<(Scalar, WordKind)> {
        match &item.0 {
            Value::Word(word, kind) => Some((word.clone(), *kind)),
            Value::Slice(slice) => slice.word().zip(slice.kind()),
            Value::Contract(ix) if !self.absent(cx, *ix) => {
                let at = self.world.site(*ix, cx.here?.chain)?.at;
                (at != crate::world::At::Native).then(|| self.as_word(cx, &item.0, item.1)).flatten()
            }
            _ => None,
        }
    }

    fn absent(&self, cx: &Scope, ix: crate::hir::ContractIx) -> bool {
        cx.here.is_some_and(|h| self.world.site(ix, h.chain).is_none())
    }

    /// A set as words, if all its elements are known words that an item of this kind can be. What does not stand on the chain
    /// is not in it there.
    fn words_of(&mut self, cx: &Scope, set: &SetValue, kind: WordKind) -> Option<SetId> {
        let chain = cx.here.map(|h| h.chain);
        if set.id != 0
            && let Some(known) = self.set_words.get(&(set.id, chain))
        {
            // A set of the wrong kind is told element by element.
            return known.filter(|_| self.suits(set, kind));
        }
        let mut words = Some(BTreeSet::new());
        for element in &set.elements {
            let word = match element {
                Value::Word(Scalar::Const(word), _) => Some(*word),
                Value::Contract(ix) if self.absent(cx, *ix) => continue,
                Value::Contract(ix) => {
                    let site = chain.and_then(|c| self.world.site(*ix, c));
                    match site.map(|s| s.at) {
                        Some(crate::world::At::Address(agentpol_analysis::ruleset::Target::Fixed(a))) => {
                            Some(literal::address_word(a))
                        }
                        _ => None,
                    }
                }
                Value::Hex(bytes) if kind == WordKind::Fixed(u8::try_from(bytes.len()).unwrap_or(0)) => {
                    literal::fixed_bytes(bytes)
                }
                _ => None,
            };
            match (word, &mut words) {
                (Some(word), Some(all)) => {
                    all.insert(word);
                }
                _ => words = None,
            }
        }
        let id = words.map(|w| self.intern(w));
        if set.id != 0 {
            self.set_words.insert((set.id, chain), id);
        }
        id.filter(|_| self.suits(set, kind))
    }

    fn suits(&self, set: &SetValue, kind: WordKind) -> bool {
        set.elements.iter().all(|e| match e {
            Value::Word(_, k) => k.is_like(kind),
            Value::Contract(_) => WordKind::Address.is_like(kind),
            Value::Hex(bytes) => kind == WordKind::Fixed(u8::try_from(bytes.len()).unwrap_or(0)),
            _ => false,
        })
    }
}
