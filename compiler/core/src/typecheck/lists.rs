//! Lists as a whole: what they are, and that nothing stands in them twice.

use super::{Checker, Scope, compare::Side};
use crate::hir::{FieldTy, Lin, Value, and, ratio};
use agentpol_analysis::ruleset::{Atom, Formula, Scalar};
use agentpol_diagnostics::codes;
use agentpol_grammar::ast::{CmpOp, Expr, Span};
use agentpol_model::types::Step;
use std::rc::Rc;

/// Elements of a list whose elements are compared with each other at most: each with each are 8128 pairs.
pub(crate) const MAX_DISTINCT: u32 = 128;

impl<'a> Checker<'_, 'a> {
    /// `rewards == [a, b]`: as long, and each the same.
    pub(super) fn array_is(&mut self, cx: &Scope, array: Side, list: &Rc<Vec<Value>>, span: Span) -> Formula {
        let Value::Array { path, element, refined, parent, .. } = &array.0 else {
            return Formula::Const(true);
        };
        let length = Lin::word(Scalar::Len(path.clone())).minus(Lin::constant(ratio(list.len())));
        let mut parts: Vec<Formula> = self.against_zero(cx, length, CmpOp::Eq, span).into_iter().collect();
        for (i, value) in list.iter().enumerate() {
            let mut at = path.0.clone();
            at.push(Step::Index(u32::try_from(i).unwrap_or(u32::MAX)));
            let item = self.typed(cx, at, element, refined, parent);
            parts.push(self.equal(cx, (item, array.1), (value.clone(), span)));
        }
        and(parts)
    }

    /// `distinct(pools)`: no two are the same.
    pub(super) fn distinct(&mut self, cx: &mut Scope, list: &'a Expr) -> Value {
        let value = self.expr(cx, list);
        let (path, element, max) = match value {
            Value::Error => return Value::Error,
            Value::Array { path, element, max, .. } => (path, element, max),
            other => {
                let said =
                    format!("this is {}, where a list among the arguments is needed", self.describe(&other));
                self.fail(cx, list.span, codes::TYPE_MISMATCH, said);
                return Value::Error;
            }
        };
        let FieldTy::Word(word) = element.as_ref() else {
            let said = format!(
                "a `{}` is no single word: two of them are not compared",
                self.world.show_type(&element)
            );
            self.fail(cx, list.span, codes::NOT_SUPPORTED, said);
            return Value::Error;
        };
        let Some(max) = max.filter(|max| *max <= MAX_DISTINCT) else {
            let name = self.text(cx, list.span);
            let said = format!(
                "`{name}` may have more than {MAX_DISTINCT} elements: each with each is too much to compare"
            );
            let help =
                format!("the interface says how many there are at most: `{word}[] up to {MAX_DISTINCT}`");
            self.fail_with_help(cx, list.span, codes::UNBOUNDED_ARRAY, said, help);
            return Value::Error;
        };
        Value::Bool(Formula::Atom(Atom::Distinct { array: path, max }))
    }
}
