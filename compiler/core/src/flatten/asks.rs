//! Who is asked, and within what time.

use crate::{
    hir::{ModuleIx, Unit, Value, WordKind},
    literal,
    resolve::Found,
    typecheck::{Checker, Scope},
};
use agentpol_analysis::ruleset::{Ask, ParamType, Scalar, Seconds, Target};
use agentpol_diagnostics::{Diagnostic, codes};
use agentpol_grammar::ast::{Asked, DurationExpr, Expr};
use agentpol_model::{Address, ids::ParamId};

/// An approval is given within this many seconds at most: 30 days.
pub(crate) const MAX_WITHIN_SECONDS: u64 = 30 * 86_400;

impl<'a> Checker<'_, 'a> {
    /// `by 2 of { a, b } within 10min`
    pub(super) fn asked(&mut self, asked: &'a Asked) -> Option<Ask> {
        let cx = &mut Scope::new(ModuleIx(0), None);
        let value = self.expr(cx, &asked.who);
        let people = match value {
            Value::Error => return None,
            Value::Set(set) => set.elements.clone(),
            Value::List(list) => list.as_ref().clone(),
            one => vec![one],
        };
        let mut of = Vec::with_capacity(people.len());
        for person in people {
            let target = self.approver(cx, &person, &asked.who)?;
            if of.contains(&target) {
                self.fail(cx, asked.who.span, codes::BAD_APPROVERS, "an approver stands here twice");
                return None;
            }
            of.push(target);
        }
        let need = match &asked.need {
            None => 1,
            Some(n) => n.node.parse::<u32>().unwrap_or(u32::MAX),
        };
        if need == 0 || usize::try_from(need).map_or(true, |n| n > of.len()) {
            let span = asked.need.as_ref().map_or(asked.who.span, |n| n.span);
            let said = format!("`{need} of` {} approvers is never reached", of.len());
            self.fail(cx, span, codes::BAD_APPROVERS, said);
            return None;
        }
        let within = self.within(&asked.within)?;
        Some(Ask { need, of, within })
    }

    fn approver(&mut self, cx: &Scope, value: &Value, e: &Expr) -> Option<Target> {
        match value {
            Value::Error => None,
            Value::Word(Scalar::Param(id), WordKind::Approver) => Some(Target::Param(*id)),
            Value::Word(Scalar::Const(word), WordKind::Address) => {
                Some(Target::Fixed(Address::from_word(word.to_be_bytes::<32>().into())))
            }
            other => {
                let said = format!("this is {}, where an approver is needed", self.describe(other));
                let help = "an approver is an address, or a parameter: `param owner: approver`";
                self.fail_with_help(cx, e.span, codes::BAD_APPROVERS, said, help);
                None
            }
        }
    }

    fn within(&mut self, span: &'a DurationExpr) -> Option<Seconds> {
        let place = |span| self.world.place(ModuleIx(0), span);
        match span {
            DurationExpr::Literal(text) => {
                let seconds = literal::duration(&text.node).filter(|s| (1..=MAX_WITHIN_SECONDS).contains(s));
                if seconds.is_none() {
                    let said = "an approval is given within 1 second to 30 days";
                    self.sink.push(Diagnostic::new(codes::OUT_OF_RANGE, place(text.span), said));
                }
                seconds.map(Seconds::Fixed)
            }
            DurationExpr::Path(path) => match self.world.path(ModuleIx(0), path) {
                Ok(Found::Entity(crate::resolve::Entity::Param(ix)))
                    if self.world.param(ix).and_then(|p| p.ty)
                        == Some(crate::world::ParamTy::Other(ParamType::Duration)) =>
                {
                    Some(Seconds::Param(ParamId::new(ix.0)))
                }
                Ok(Found::Entity(crate::resolve::Entity::Let(ix))) => {
                    let value = self.eval_let(ix);
                    let known = match &value {
                        Value::Num(n) => {
                            n.only().filter(|c| c.unit == Unit::Duration).and_then(|c| c.lin.known())
                        }
                        _ => None,
                    };
                    let seconds = known.and_then(|k| u64::try_from(k.to_integer()).ok());
                    if seconds.is_none() {
                        let said = "this is no duration";
                        self.sink.push(Diagnostic::new(
                            codes::TYPE_MISMATCH,
                            self.world.place(ModuleIx(0), path.span),
                            said,
                        ));
                    }
                    seconds.map(Seconds::Fixed)
                }
                Ok(Found::Entity(crate::resolve::Entity::Error)) => None,
                Ok(_) => {
                    let said = "a duration is needed: `10min`, or a parameter of type `duration`";
                    self.sink.push(Diagnostic::new(codes::TYPE_MISMATCH, place(path.span), said));
                    None
                }
                Err(said) => {
                    self.sink.push(*said);
                    None
                }
            },
        }
    }
}
