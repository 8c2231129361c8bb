//! An arm: a rule's conditions for one callable. Each top-level conjunct becomes a clause with its place and its text; what it
//! says holds for everything to the right of it.

use super::{Tables, callables::Known};
use crate::{
    hir::{Lin, ModuleIx, Num, Unit, Value, WordKind, not},
    typecheck::{Checker, Scope},
};
use agentpol_analysis::ruleset::{Arm, Atom, Clause, Formula, Linear, Scalar};
use agentpol_diagnostics::codes;
use agentpol_grammar::ast::{self, ClauseKind, CmpOp, Expr, ExprKind, Name, Verb as Word};
use agentpol_model::{
    U256,
    budget::Measure,
    ids::{BudgetId, CallableId},
    request::{Field, Kind},
    types::{Path, Step},
};
use num_traits::One;
use std::rc::Rc;

impl<'a> Checker<'_, 'a> {
    pub(super) fn arm(
        &mut self,
        item: &ast::Item,
        rule: &'a ast::Rule,
        callable: CallableId,
        known: Known,
        names: &[Name],
        tables: &Tables<'a>,
    ) -> Arm {
        let mut cx = Scope::new(ModuleIx(0), Some(known.here));
        self.bind(&mut cx, &known, names);
        let mut clauses = Vec::new();
        for clause in &rule.clauses {
            match &clause.kind {
                ClauseKind::When(e) => self.conjuncts(&mut cx, e, &mut clauses),
                ClauseKind::Unless(e) => {
                    let formula = not(self.condition(&mut cx, e));
                    let text = format!("unless {}", self.text(&cx, e.span));
                    self.take(&mut cx, formula, e.span, text, &mut clauses);
                }
                ClauseKind::Until(e) => match self.until(&mut cx, e) {
                    Some(formula) => {
                        let text = format!("until {}", self.text(&cx, e.span));
                        self.take(&mut cx, formula, e.span, text, &mut clauses);
                    }
                    None => self.must_have_said(self.place(&cx, e.span)),
                },
                _ => {}
            }
        }
        // A charge is no condition: reading `value` there does not allow any.
        let reads_value = cx.reads_value;
        let mut charges = Vec::new();
        for clause in &rule.clauses {
            if let ClauseKind::Charge { amount, budgets } = &clause.kind
                && rule.verb.node != Word::Deny
            {
                self.charge(&mut cx, amount, budgets, tables, &mut charges);
            }
        }
        // Silence is the tight choice.
        if rule.verb.node != Word::Deny && known.payable && !reads_value {
            let value = Scalar::Field(Field::Value);
            clauses.insert(
                0,
                Clause {
                    formula: Formula::Atom(Atom::Same(value, Scalar::Const(U256::ZERO))),
                    span: item.span,
                    text: "value == 0 (the rule does not mention `value`)".to_owned(),
                },
            );
        }
        Arm { callable, clauses, charges }
    }

    /// The names that the subject gives the arguments.
    pub(crate) fn bind(&mut self, cx: &mut Scope, known: &Known, names: &[Name]) {
        if known.here.kind == Kind::Send {
            let fields = [
                Value::Word(Scalar::Field(Field::To), WordKind::Address),
                match known.here.native {
                    Some(native) => {
                        Value::Num(Num::one(Lin::word(Scalar::Field(Field::Value)), Unit::Token(native)))
                    }
                    None => Value::Error,
                },
            ];
            cx.locals.extend(names.iter().map(|n| n.node.clone()).zip(fields));
            return;
        }
        let root: Rc<[Step]> = Rc::from(Vec::new());
        let world = self.world;
        let Some(function) = world.function_of(known.function) else { return };
        if let (Some(ix), [name]) = (world.whole(function), names) {
            cx.locals.push((name.node.clone(), Value::Struct(Path(Vec::new()), ix)));
            return;
        }
        for (i, name) in names.iter().enumerate() {
            let value = self.field(cx, &root, &function.fields, i);
            cx.locals.push((name.node.clone(), value));
        }
    }

    /// Each top-level conjunct by itself.
    fn conjuncts(&mut self, cx: &mut Scope, e: &'a Expr, clauses: &mut Vec<Clause>) {
        if let ExprKind::And(parts) = &e.kind {
            for part in parts {
                self.conjuncts(cx, part, clauses);
            }
            return;
        }
        let formula = self.condition(cx, e);
        let text = self.text(cx, e.span).to_owned();
        self.take(cx, formula, e.span, text, clauses);
    }

    fn take(
        &mut self,
        cx: &mut Scope,
        formula: Formula,
        span: ast::Span,
        text: String,
        clauses: &mut Vec<Clause>,
    ) {
        self.learn(cx, &formula, true);
        clauses.push(Clause { formula, span, text });
    }

    /// `until T` is `now < T`.
    fn until(&mut self, cx: &mut Scope, e: &'a Expr) -> Option<Formula> {
        let value = self.expr(cx, e);
        match value {
            Value::Error => None,
            Value::Num(n) if n.cases.iter().all(|c| c.unit == Unit::Time) => {
                let now = Value::Num(Num::one(Lin::word(Scalar::Field(Field::Now)), Unit::Time));
                Some(self.compare(cx, (now, e.span), CmpOp::Lt, (Value::Num(n), e.span)))
            }
            other => {
                let said = format!("this is {}, where a time is needed", self.describe(&other));
                let help = "write a date, `until 2027-01-01`, UTC";
                self.fail_with_help(cx, e.span, codes::TYPE_MISMATCH, said, help);
                None
            }
        }
    }

    /// `charge amount * 2 to week`, in each line's own denominator.
    fn charge(
        &mut self,
        cx: &mut Scope,
        amount: &'a Expr,
        budgets: &[Name],
        tables: &Tables<'a>,
        out: &mut Vec<(Linear, Vec<BudgetId>)>,
    ) {
        let value = self.expr(cx, amount);
        let num = match value {
            Value::Error => return,
            Value::Num(n) => n,
            other => {
                let said = format!("this is {}, where an amount is needed", self.describe(&other));
                self.fail(cx, amount.span, codes::TYPE_MISMATCH, said);
                return;
            }
        };
        for id in self.lines_of(budgets, tables) {
            let Some(line) = tables.lines.get(id.index()) else { continue };
            let Some(case) = num.only() else {
                self.fail(cx, amount.span, codes::TOKEN_NOT_ESTABLISHED, "a charge is of one token");
                return;
            };
            let weight = match (&line.measure, &case.unit) {
                (Measure::Gross(tokens), Unit::Token(t)) => {
                    self.token_id_of(*t).and_then(|id| tokens.iter().find(|(t, _)| *t == id)).map(|(_, w)| *w)
                }
                (Measure::Calls, Unit::Plain) => Some(U256::ONE),
                _ => None,
            };
            let Some(weight) = weight else {
                let said = format!("`{}` does not count {}", line.name, self.show_unit(cx, &case.unit));
                self.fail(cx, amount.span, codes::UNIT_MISMATCH, said);
                return;
            };
            let weight = crate::hir::Ratio::from_integer(crate::literal::number_of(weight));
            let (linear, denominator) = case.lin.clone().scale(&weight).times_denominator();
            if !denominator.is_one() {
                let said = "a charge is a whole multiple of base units: nothing is rounded";
                self.fail(cx, amount.span, codes::NOT_SUPPORTED, said);
                return;
            }
            if self.check_size(cx, &linear, amount.span).is_none() {
                return;
            }
            match out.iter_mut().find(|(l, _)| *l == linear) {
                Some((_, ids)) => ids.push(id),
                None => out.push((linear, vec![id])),
            }
        }
    }

    fn token_id_of(&self, ix: crate::hir::ContractIx) -> Option<agentpol_model::ids::TokenId> {
        self.world.token_ids.get(&ix).copied()
    }
}
