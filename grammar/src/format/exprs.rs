//! Expressions.

use super::writer::Writer;
use crate::ast::{Expr, ExprKind};

/// Whether what breaks is set in from the line it began on, or begins a line of its own already.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Inline,
    OwnLine,
}

impl Writer<'_> {
    /// An expression on the line of what stands before it.
    pub(super) fn expr(&mut self, expr: &Expr) {
        self.expr_at(expr, Place::Inline);
    }

    /// An expression after `=`: a chain that does not fit begins on the next line.
    pub(super) fn value(&mut self, expr: &Expr) {
        if !matches!(
            expr.kind,
            ExprKind::Or(_) | ExprKind::And(_) | ExprKind::Sum { .. } | ExprKind::If { .. }
        ) {
            return self.expr(expr);
        }
        self.open_here();
        self.indent();
        self.line();
        self.expr_at(expr, Place::OwnLine);
        self.dedent();
        self.close();
    }

    pub(super) fn expr_at(&mut self, expr: &Expr, place: Place) {
        let end = self.token_at(expr.span.end);
        self.enclosed(expr, end, place);
        self.to(expr.span.end);
    }

    /// The expression whose last token is the one before `end`: its parentheses leave no trace in the tree but its span.
    fn enclosed(&mut self, expr: &Expr, end: usize, place: Place) {
        if !self.encloses(end) {
            self.bare(expr, end, place);
            return self.up_to(end);
        }
        self.open();
        self.spaced_unless_tight();
        self.token();
        self.indent();
        self.soft_tight();
        self.enclosed(expr, end.saturating_sub(1), Place::OwnLine);
        self.dedent();
        self.soft_tight();
        self.token();
        self.close();
    }

    /// The expression without the parentheses around it; what is left of its tokens, its caller writes.
    fn bare(&mut self, expr: &Expr, end: usize, place: Place) {
        match &expr.kind {
            ExprKind::Or(operands) | ExprKind::And(operands) => {
                self.chain(place, operands, |writer, operand| writer.to(operand.span.start));
            }
            ExprKind::Not(operand) => {
                self.token();
                self.expr(operand);
            }
            ExprKind::Neg(operand) => {
                self.token();
                self.tight();
                self.expr(operand);
            }
            ExprKind::Compare { operands, .. } => {
                for operand in operands {
                    self.to(operand.span.start);
                    self.expr(operand);
                }
            }
            ExprKind::In { item, set, .. } => {
                self.expr(item);
                self.to(set.span.start);
                self.expr(set);
            }
            ExprKind::Range { low, high, .. } => {
                self.expr(low);
                self.to(high.span.start);
                self.expr(high);
            }
            ExprKind::Sum { first, rest } => {
                let operands: Vec<&Expr> =
                    std::iter::once(&**first).chain(rest.iter().map(|(_, operand)| operand)).collect();
                self.chain(place, operands, |writer, operand| writer.to(operand.span.start));
            }
            ExprKind::Product { first, rest } => {
                self.expr(first);
                for (_, operand) in rest {
                    self.to(operand.span.start);
                    self.expr(operand);
                }
            }
            ExprKind::Member { of, .. } => self.expr(of),
            ExprKind::Call { callee, args } => {
                self.expr(callee);
                self.exprs(args, false);
            }
            ExprKind::Index { of, index } => {
                self.expr(of);
                self.token();
                self.index(index);
                self.tight();
            }
            ExprKind::Tail { of, from } => {
                self.expr(of);
                self.token();
                self.tight();
                self.expr(from);
                self.tight();
                self.token();
                self.tight();
            }
            ExprKind::Set(entries) => {
                self.spaced_unless_tight();
                self.exprs(entries, true);
            }
            ExprKind::List(entries) => {
                self.spaced_unless_tight();
                self.exprs(entries, false);
            }
            ExprKind::Map(entries) => {
                self.spaced_unless_tight();
                self.list(entries.len(), true, |writer, index| {
                    let Some((key, value)) = entries.get(index) else { return };
                    writer.expr(key);
                    writer.to(value.span.start);
                    writer.expr(value);
                });
            }
            ExprKind::If { condition, yes, no } => self.choice(place, condition, yes, no),
            ExprKind::Quantified { of, body, .. } => {
                self.to(of.span.start);
                self.expr(of);
                self.to(body.span.start);
                self.expr(body);
            }
            _ => self.up_to(end),
        }
    }

    /// Operands with a place to break before each operator.
    fn chain<'e>(
        &mut self,
        place: Place,
        operands: impl IntoIterator<Item = &'e Expr>,
        operator: impl Fn(&mut Self, &Expr),
    ) {
        self.open();
        if place == Place::Inline {
            self.indent();
        }
        for (index, operand) in operands.into_iter().enumerate() {
            if index > 0 {
                self.line();
                operator(self, operand);
            }
            self.expr(operand);
        }
        if place == Place::Inline {
            self.dedent();
        }
        self.close();
    }

    fn choice(&mut self, place: Place, condition: &Expr, yes: &Expr, no: &Expr) {
        self.open();
        if place == Place::Inline {
            self.indent();
        }
        self.token();
        self.expr(condition);
        for branch in [yes, no] {
            self.line();
            self.to(branch.span.start);
            self.expr(branch);
        }
        if place == Place::Inline {
            self.dedent();
        }
        self.close();
    }

    /// `x[4..8]` is written tight.
    fn index(&mut self, index: &Expr) {
        let ExprKind::Range { low, high, .. } = &index.kind else { return self.expr(index) };
        if self.encloses(self.token_at(index.span.end)) {
            return self.expr(index);
        }
        self.expr(low);
        self.tight();
        self.token();
        self.tight();
        self.to(high.span.start);
        self.expr(high);
    }

    /// A bracketed list of expressions.
    pub(super) fn exprs(&mut self, exprs: &[Expr], pad: bool) {
        self.list(exprs.len(), pad, |writer, index| {
            if let Some(expr) = exprs.get(index) {
                writer.expr_at(expr, Place::OwnLine);
            }
        });
    }
}
