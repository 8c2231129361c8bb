//! `def`s, inlined, and the built-in functions.

use super::{Checker, MAX_INLINED, Scope};
use crate::{
    hir::{DefIx, Lin, Unit, Value, WordKind},
    resolve::{Entity, Found},
};
use agentpol_analysis::ruleset::{Atom, BytesTest, Formula, Scalar};
use agentpol_diagnostics::codes;
use agentpol_grammar::ast::{Expr, ExprKind, Name, QName, Span, TypeExpr};
use agentpol_model::types::WordType;

impl<'a> Checker<'_, 'a> {
    pub(super) fn call(&mut self, cx: &mut Scope, callee: &'a Expr, args: &'a [Expr], span: Span) -> Value {
        match &callee.kind {
            ExprKind::Member { of, name } => self.method(cx, of, name, args),
            ExprKind::Path(path) => {
                if let Some(name) = Self::callee_name(callee) {
                    match (name.node.as_str(), args) {
                        ("len", [list]) => return self.len(cx, list),
                        ("pad", [word]) => return self.pad(cx, word),
                        ("distinct", [list]) => return self.distinct(cx, list),
                        ("len" | "pad" | "distinct", _) => {
                            let said = format!("`{}` takes one argument", name.node);
                            self.fail(cx, span, codes::WRONG_ARITY, said);
                            return Value::Error;
                        }
                        _ => {}
                    }
                }
                self.def_call(cx, path, args, span)
            }
            _ => {
                self.fail(cx, callee.span, codes::TYPE_MISMATCH, "this cannot be called");
                Value::Error
            }
        }
    }

    fn def_call(&mut self, cx: &mut Scope, path: &'a QName, args: &'a [Expr], span: Span) -> Value {
        let name = path.segments.last().map(|n| n.node.as_str()).unwrap_or_default();
        let ix = match self.world.path(cx.module, path) {
            Ok(Found::Entity(Entity::Def(ix))) => ix,
            Ok(Found::Entity(Entity::Error)) => return Value::Error,
            Ok(Found::Entity(Entity::Fact)) => {
                self.fail(cx, path.span, codes::NOT_SUPPORTED, "facts cannot be read yet");
                return Value::Error;
            }
            Ok(Found::Entity(_) | Found::Inside(..)) => {
                self.fail(
                    cx,
                    path.span,
                    codes::WRONG_KIND_OF_NAME,
                    format!("`{name}` is no `def`: it cannot be called"),
                );
                return Value::Error;
            }
            Err(said) => {
                self.sink.push(*said);
                return Value::Error;
            }
        };
        self.used_defs.insert(ix);
        let Some((module, def)) = self.world.def(ix) else { return Value::Error };
        if def.params.len() != args.len() {
            let said = format!("`{name}` takes {} arguments, not {}", def.params.len(), args.len());
            self.fail(cx, span, codes::WRONG_ARITY, said);
            return Value::Error;
        }
        if cx.inlining.contains(&ix) {
            let said = format!("`{name}` is defined by itself");
            self.fail_with_help(
                cx,
                path.span,
                codes::RECURSIVE_DEFINITION,
                said,
                "definitions cannot recurse",
            );
            return Value::Error;
        }
        cx.inlined += 1;
        if cx.inlined > MAX_INLINED {
            let said = format!("more than {MAX_INLINED} definitions would be inlined in one rule");
            self.fail(cx, path.span, codes::NUMBER_TOO_LARGE, said);
            return Value::Error;
        }
        let mut locals = Vec::with_capacity(args.len());
        for (param, arg) in def.params.iter().zip(args) {
            let value = self.expr(cx, arg);
            if !self.fits(module, &value, &param.ty, &locals) {
                let wanted = self
                    .world
                    .modules
                    .get(module.index())
                    .map(|m| m.slice(param.ty.span))
                    .unwrap_or_default();
                let said = format!(
                    "`{}` of `{name}` is `{wanted}`; this is {}",
                    param.name.node,
                    self.describe(&value)
                );
                self.fail(cx, arg.span, codes::TYPE_MISMATCH, said);
                return Value::Error;
            }
            locals.push((param.name.node.clone(), value));
        }
        self.inline(cx, ix, locals)
    }

    /// A definition's body, its parameters bound and nothing else.
    fn inline(&mut self, cx: &mut Scope, ix: DefIx, locals: Vec<(String, Value)>) -> Value {
        let Some((module, def)) = self.world.def(ix) else { return Value::Error };
        let outer = std::mem::replace(&mut cx.locals, locals);
        let outer_module = std::mem::replace(&mut cx.module, module);
        cx.inlining.push(ix);
        let value = self.expr(cx, &def.body);
        cx.inlining.pop();
        cx.module = outer_module;
        cx.locals = outer;
        value
    }

    /// Is a value what a definition's parameter is declared to be?
    fn fits(
        &self,
        module: crate::hir::ModuleIx,
        value: &Value,
        ty: &TypeExpr,
        locals: &[(String, Value)],
    ) -> bool {
        let single = |at: usize| {
            let part = ty.parts.get(at)?;
            match part.path.segments.as_slice() {
                [one] if part.members.is_empty() => Some(one.node.as_str()),
                _ => None,
            }
        };
        let unit_is = |wanted: &dyn Fn(&Unit) -> bool| match value {
            Value::Num(n) => n.cases.iter().all(|c| wanted(&c.unit)),
            _ => false,
        };
        match value {
            Value::Error => return true,
            Value::Choice(_, y, n) => {
                return self.fits(module, y, ty, locals) && self.fits(module, n, ty, locals);
            }
            _ => {}
        }
        match (single(0), ty.parts.len()) {
            (Some("bool"), 1) => matches!(value, Value::Bool(_)),
            (Some("int" | "ratio"), 1) => unit_is(&|u| *u == Unit::Plain),
            (Some("duration"), 1) => unit_is(&|u| *u == Unit::Duration),
            (Some("time"), 1) => unit_is(&|u| *u == Unit::Time),
            (Some("address"), 1) => {
                matches!(value, Value::Word(_, WordKind::Address | WordKind::Token) | Value::Contract(_))
                    || matches!(value, Value::Slice(slice) if slice.kind() == Some(WordKind::Address))
            }
            (Some("token"), 1) => match value {
                Value::Word(_, kind) => *kind == WordKind::Token,
                Value::Slice(slice) => slice.kind() == Some(WordKind::Address),
                Value::Contract(ix) => self.world.is_token(*ix),
                _ => false,
            },
            (Some("approver"), 1) => matches!(value, Value::Word(_, WordKind::Approver)),
            (Some("bytes"), 1) => matches!(value, Value::Bytes(_) | Value::Slice(_) | Value::Hex(_)),
            (Some("string"), 1) => matches!(value, Value::Str(_) | Value::Text(_)),
            (Some("amount"), 2) => self.amount_fits(module, value, single(1), locals),
            (Some("set"), 2) => matches!(value, Value::Set(_) | Value::ParamSet(_)),
            (Some("list"), 2) => matches!(value, Value::Array { .. } | Value::List(_)),
            (Some(name), 1) => match crate::world::elementary(name) {
                Some(crate::hir::FieldTy::Word(WordType::FixedBytes(n))) => {
                    matches!(value, Value::Word(_, WordKind::Fixed(m)) if *m == n)
                        || matches!(value, Value::Hex(b) if b.len() == usize::from(n))
                }
                Some(crate::hir::FieldTy::Word(WordType::Uint(_) | WordType::Int(_))) => {
                    unit_is(&|u| *u == Unit::Plain)
                }
                _ => false,
            },
            (None, 1) => match (value, ty.parts.first().map(|p| self.world.path(module, &p.path))) {
                (Value::Struct(_, ix), Some(Ok(Found::Inside(owner, name)))) => {
                    self.world.inside(owner, &name.node) == Some(*ix)
                }
                _ => false,
            },
            _ => false,
        }
    }

    fn amount_fits(
        &self,
        module: crate::hir::ModuleIx,
        value: &Value,
        of: Option<&str>,
        locals: &[(String, Value)],
    ) -> bool {
        let (Value::Num(num), Some(of)) = (value, of) else { return false };
        let local = locals.iter().find(|(n, _)| n == of).map(|(_, v)| v);
        num.cases.iter().all(|case| match (&case.unit, local) {
            (unit, None) => match (unit, self.world.name(module, of)) {
                (Unit::Token(t), Some(Entity::Contract(ix))) => *t == ix,
                (Unit::Par(u), Some(Entity::Unit(ix))) => *u == ix,
                // An argument's token is settled where the amount is compared.
                (Unit::Of(_), Some(Entity::Contract(_) | Entity::Unit(_))) => true,
                _ => false,
            },
            (Unit::Token(t), Some(Value::Contract(ix))) => t == ix,
            (Unit::Of(s), Some(Value::Word(w, _))) => s == w,
            (Unit::Of(s), Some(Value::Slice(slice))) => slice.word().as_ref() == Some(s),
            (Unit::Of(_), Some(Value::Contract(_))) => true,
            _ => false,
        })
    }

    /// `text.starts_with("…")`.
    fn method(&mut self, cx: &mut Scope, of: &'a Expr, name: &'a Name, args: &'a [Expr]) -> Value {
        let value = self.expr(cx, of);
        if name.node != "starts_with" {
            let said = format!("there is no function `{}`", name.node);
            self.fail_with_help(
                cx,
                name.span,
                codes::UNKNOWN_MEMBER,
                said,
                "bytes and texts have `starts_with`",
            );
            return Value::Error;
        }
        let [arg] = args else {
            self.fail(cx, name.span, codes::WRONG_ARITY, "`starts_with` takes one argument");
            return Value::Error;
        };
        let prefix = self.expr(cx, arg);
        match (value, prefix) {
            (Value::Error, _) | (_, Value::Error) => Value::Error,
            (Value::Bytes(path) | Value::Str(path), Value::Hex(bytes)) => {
                Value::Bool(Formula::Atom(Atom::Bytes(path, BytesTest::StartsWith(bytes))))
            }
            (Value::Bytes(path) | Value::Str(path), Value::Text(text)) => {
                Value::Bool(Formula::Atom(Atom::Bytes(path, BytesTest::StartsWith(text.into_bytes()))))
            }
            (of, with) => {
                let said = format!("{} does not start with {}", self.describe(&of), self.describe(&with));
                self.fail(cx, arg.span, codes::TYPE_MISMATCH, said);
                Value::Error
            }
        }
    }

    fn len(&mut self, cx: &mut Scope, list: &'a Expr) -> Value {
        match self.expr(cx, list) {
            Value::Error => Value::Error,
            Value::Array { path, .. } | Value::Bytes(path) | Value::Str(path) => {
                Self::plain(Lin::word(Scalar::Len(path)))
            }
            Value::List(list) => Self::plain(Lin::constant(crate::hir::ratio(list.len()))),
            Value::Set(set) => Self::plain(Lin::constant(crate::hir::ratio(set.elements.len()))),
            other => {
                let said = format!("{} has no length", self.describe(&other));
                self.fail(cx, list.span, codes::TYPE_MISMATCH, said);
                Value::Error
            }
        }
    }

    /// An address as the 32 bytes that the ABI writes.
    fn pad(&mut self, cx: &mut Scope, word: &'a Expr) -> Value {
        let value = self.expr(cx, word);
        match self.as_address(cx, &value, word.span) {
            Some(word) => Value::Word(word, WordKind::Fixed(32)),
            None => Value::Error,
        }
    }

    /// A definition that is used nowhere has not been checked.
    pub(crate) fn unused(&mut self, ix: DefIx) {
        let Some((module, def)) = self.world.def(ix) else { return };
        if module == crate::hir::ModuleIx(0) && !self.used_defs.contains(&ix) {
            let said = format!("`{}` is used nowhere, so it was not checked", def.name.node);
            let place = self.world.place(module, def.name.span);
            self.sink.push(agentpol_diagnostics::Diagnostic::new(codes::UNUSED_DEFINITION, place, said));
        }
    }
}
