//! Names, paths, members and request fields.

use super::{Checker, LetState, Scope};
use crate::{
    hir::{LetIx, Lin, Num, ParamIx, Unit, Value, WordKind},
    resolve::{Entity, Found, Owner, nearest, not_a},
    world::ParamTy,
};
use agentpol_analysis::ruleset::{ParamType, Scalar};
use agentpol_diagnostics::{Diagnostic, codes};
use agentpol_grammar::ast::{Expr, ExprKind, Name, QName};
use agentpol_model::{
    ids::ParamId,
    request::{Field, FieldType},
};
use std::rc::Rc;

impl<'a> Checker<'_, 'a> {
    pub(super) fn path(&mut self, cx: &mut Scope, path: &'a QName) -> Value {
        if let [name] = path.segments.as_slice() {
            if let Some((_, value)) = cx.locals.iter().rev().find(|(n, _)| *n == name.node) {
                if matches!(value, Value::Num(n) if n.only().and_then(|c| c.lin.as_word()) == Some(&Scalar::Field(Field::Value)))
                {
                    cx.reads_value = true;
                }
                return value.clone();
            }
            if let Some(value) = self.builtin(cx, name) {
                return value;
            }
        }
        match self.world.path(cx.module, path) {
            Ok(Found::Entity(entity)) => self.entity(cx, entity, path),
            Ok(Found::Inside(owner, name)) => self.constant(cx, owner, name),
            Err(said) => {
                let said = self.or_local(cx, path, *said);
                self.sink.push(said);
                Value::Error
            }
        }
    }

    /// A misspelt argument is nearer than a misspelt declaration.
    fn or_local(&self, cx: &Scope, path: &QName, said: Diagnostic) -> Diagnostic {
        let [name] = path.segments.as_slice() else { return said };
        match nearest(&name.node, cx.locals.iter().map(|(n, _)| n.as_str())) {
            Some(near) if said.fixes.is_empty() => {
                let place = self.place(cx, name.span);
                said.help(format!("did you mean `{near}`?")).fix(format!("write `{near}`"), place, near)
            }
            _ => said,
        }
    }

    /// Request fields, `true`, `false`, `self`, `native`.
    fn builtin(&mut self, cx: &mut Scope, name: &Name) -> Option<Value> {
        let word = name.node.as_str();
        match word {
            "true" | "false" => {
                return Some(Value::Bool(agentpol_analysis::ruleset::Formula::Const(word == "true")));
            }
            "self" => {
                let here = cx.here?;
                if here.contract.is_none() {
                    self.fail(
                        cx,
                        name.span,
                        codes::FIELD_NOT_AVAILABLE,
                        "this is about no contract: `self` means nothing",
                    );
                }
                return Some(here.contract.map_or(Value::Error, Value::Contract));
            }
            "native" => return cx.here?.native.map(Value::Contract),
            _ => {}
        }
        let field = Field::ALL.iter().copied().find(|f| f.name() == word)?;
        Some(self.request_field(cx, field, name))
    }

    fn request_field(&mut self, cx: &mut Scope, field: Field, name: &Name) -> Value {
        if let Some(here) = cx.here
            && !field.kinds().contains(&here.kind)
        {
            let kinds: Vec<&str> = field.kinds().iter().map(|kind| kind.name()).collect();
            let said = format!("a `{}` has no `{}`", here.kind.name(), field.name());
            let help = format!("it belongs to {}", kinds.join(", "));
            self.fail_with_help(cx, name.span, codes::FIELD_NOT_AVAILABLE, said, help);
            return Value::Error;
        }
        let scalar = Scalar::Field(field);
        if field == Field::Value {
            cx.reads_value = true;
        }
        match field.ty() {
            FieldType::Address => Value::Word(scalar, WordKind::Address),
            FieldType::Hash => Value::Word(scalar, WordKind::Fixed(32)),
            FieldType::Number => Value::Num(Num::one(Lin::word(scalar), Unit::Plain)),
            FieldType::Time => Value::Num(Num::one(Lin::word(scalar), Unit::Time)),
            FieldType::NativeAmount => match cx.here.map(|h| h.native) {
                Some(Some(native)) => Value::Num(Num::one(Lin::word(scalar), Unit::Token(native))),
                Some(None) => Value::Error,
                None => {
                    let said = format!(
                        "`{}` is an amount of a chain's token: it is known only inside a rule",
                        field.name()
                    );
                    self.fail(cx, name.span, codes::FIELD_NOT_AVAILABLE, said);
                    Value::Error
                }
            },
        }
    }

    fn entity(&mut self, cx: &Scope, entity: Entity, path: &QName) -> Value {
        let name = path.segments.last().map(|n| n.node.as_str()).unwrap_or_default();
        match entity {
            Entity::Error => Value::Error,
            Entity::Contract(ix) => Value::Contract(ix),
            Entity::Param(ix) => self.param(ix),
            Entity::Let(ix) => self.let_value(cx, ix, path),
            Entity::Fact => {
                self.fail(cx, path.span, codes::NOT_SUPPORTED, "facts cannot be read yet");
                Value::Error
            }
            Entity::Def(_) => {
                let said = format!("`{name}` is a `def`: it needs its arguments, `{name}(…)`");
                self.fail(cx, path.span, codes::WRONG_KIND_OF_NAME, said);
                Value::Error
            }
            other => {
                self.sink.push(not_a("value", name, other, self.place(cx, path.span)));
                Value::Error
            }
        }
    }

    fn param(&mut self, ix: ParamIx) -> Value {
        let id = ParamId::new(ix.0);
        let scalar = Scalar::Param(id);
        let number = |unit| Value::Num(Num::one(Lin::word(scalar.clone()), unit));
        match self.world.param(ix).and_then(|p| p.ty) {
            None => Value::Error,
            Some(ParamTy::Amount(token)) => number(Unit::Token(token)),
            Some(ParamTy::Other(ty)) => match ty {
                ParamType::Address => Value::Word(scalar, WordKind::Address),
                ParamType::Approver => Value::Word(scalar, WordKind::Approver),
                ParamType::Amount(_) => Value::Error,
                ParamType::Int => number(Unit::Plain),
                ParamType::Duration => number(Unit::Duration),
                ParamType::Time => number(Unit::Time),
                ParamType::Bool => Value::Bool(super::compare::is_true(scalar)),
                ParamType::Bytes32 => Value::Word(scalar, WordKind::Fixed(32)),
                ParamType::AddressSet(_) => Value::ParamSet(ix),
            },
        }
    }

    /// A `let`, evaluated once.
    fn let_value(&mut self, cx: &Scope, ix: LetIx, path: &QName) -> Value {
        match self.lets.get(ix.index()) {
            Some(LetState::Done(value)) => return value.clone(),
            Some(LetState::Open) => {
                let name = path.segments.last().map(|n| n.node.as_str()).unwrap_or_default();
                let said = format!("`{name}` is defined by itself");
                self.fail(cx, path.span, codes::RECURSIVE_DEFINITION, said);
                return Value::Error;
            }
            Some(LetState::New) | None => {}
        }
        self.eval_let(ix)
    }

    pub(crate) fn eval_let(&mut self, ix: LetIx) -> Value {
        if let Some(LetState::Done(value)) = self.lets.get(ix.index()) {
            return value.clone();
        }
        let Some((module, item)) = self.world.let_(ix) else { return Value::Error };
        self.set_let(ix, LetState::Open);
        let value = self.expr(&mut Scope::new(module, None), &item.value);
        self.set_let(ix, LetState::Done(value.clone()));
        value
    }

    fn set_let(&mut self, ix: LetIx, state: LetState) {
        if let Some(slot) = self.lets.get_mut(ix.index()) {
            *slot = state;
        }
    }

    /// `Settlement::SELL`.
    fn constant(&mut self, cx: &mut Scope, owner: Owner, name: &Name) -> Value {
        let interfaces = match owner {
            Owner::Interface(ix) => vec![ix],
            Owner::Contract(ix) => self.world.contract(ix).map(|c| c.interfaces.clone()).unwrap_or_default(),
        };
        let found = interfaces.iter().find_map(|i| {
            let def = self.world.interface(*i)?;
            Some((def.module, *def.consts.get(name.node.as_str())?))
        });
        let Some((module, value)) = found else {
            let known: Vec<&str> = interfaces
                .iter()
                .filter_map(|i| self.world.interface(*i))
                .flat_map(|i| i.consts.keys().copied())
                .collect();
            let place = self.place(cx, name.span);
            let mut said = Diagnostic::new(
                codes::UNKNOWN_MEMBER,
                place,
                format!("there is no constant `{}` in it", name.node),
            );
            if let Some(near) = nearest(&name.node, known) {
                said =
                    said.help(format!("did you mean `{near}`?")).fix(format!("write `{near}`"), place, near);
            }
            self.sink.push(said);
            return Value::Error;
        };
        self.expr(&mut Scope::new(module, None), value)
    }

    /// `p.amountIn`, `tx.nonce`.
    pub(super) fn member(&mut self, cx: &mut Scope, of: &'a Expr, name: &'a Name) -> Value {
        if let ExprKind::Path(path) = &of.kind
            && let [first] = path.segments.as_slice()
            && first.node == "tx"
            && cx.locals.iter().all(|(n, _)| n != "tx")
        {
            let wanted = format!("tx.{}", name.node);
            return match Field::ALL.iter().copied().find(|f| f.name() == wanted) {
                Some(field) => self.request_field(cx, field, name),
                None => {
                    let known: Vec<&str> =
                        Field::ALL.iter().filter_map(|f| f.name().strip_prefix("tx.")).collect();
                    self.unknown_member(cx, name, &known, "a transaction")
                }
            };
        }
        let value = self.expr(cx, of);
        match value {
            Value::Error => Value::Error,
            Value::Struct(path, ix) => {
                let Some(def) = self.world.structure(ix) else { return Value::Error };
                match def.fields.iter().position(|f| f.name == name.node) {
                    Some(n) => self.field(cx, &Rc::from(path.0), &def.fields, n),
                    None => {
                        let known: Vec<&str> = def.fields.iter().map(|f| f.name.as_str()).collect();
                        let what = format!("`{}`", def.name);
                        self.unknown_member(cx, name, &known, &what)
                    }
                }
            }
            other => {
                let said = format!("{} has no member `{}`", self.describe(&other), name.node);
                self.fail(cx, name.span, codes::UNKNOWN_MEMBER, said);
                Value::Error
            }
        }
    }

    fn unknown_member(&mut self, cx: &Scope, name: &Name, known: &[&str], of: &str) -> Value {
        let place = self.place(cx, name.span);
        let said =
            Diagnostic::new(codes::UNKNOWN_MEMBER, place, format!("{of} has no member `{}`", name.node));
        self.sink.push(match nearest(&name.node, known.iter().copied()) {
            Some(near) => {
                said.help(format!("did you mean `{near}`?")).fix(format!("write `{near}`"), place, near)
            }
            None => said.help(format!("it has {}", known.join(", "))),
        });
        Value::Error
    }
}
