//! Expressions and types. A layer of the grammar with one operand leaves no node.

use super::{Builder, Children, Node, Rule, children};
use crate::ast::{AddOp, CmpOp, Expr, ExprKind, MulOp, QName, Spanned, TypeExpr, TypeName, TypeSlice};

impl<'a> Builder<'a> {
    /// Any layer. Those with one operand are stepped over, not recursed into: most are, and the stack is bounded.
    pub(super) fn expr(&mut self, mut node: Node<'a>) -> Option<Expr> {
        loop {
            match node.as_rule() {
                Rule::quantity => return self.quantity(node),
                Rule::postfix => return self.postfix(node),
                _ => {}
            }
            let mut kids = node.clone().into_inner();
            if kids.len() == 1 {
                node = kids.next()?;
                continue;
            }
            return match node.as_rule() {
                Rule::expr => self.or(node),
                Rule::and_ => self.and(node),
                Rule::not_ => self.not(node),
                Rule::cmp => self.compare(node),
                Rule::range => self.bounds(node),
                Rule::sum => self.sum(node),
                Rule::product => self.product(node),
                Rule::signed => self.signed(node),
                _ => None,
            };
        }
    }

    fn or(&mut self, node: Node<'a>) -> Option<Expr> {
        let span = self.span(&node);
        let operands = children(node, Rule::and_).map(|and| self.expr(and)).collect::<Option<_>>()?;
        Some(Expr { kind: ExprKind::Or(operands), span })
    }

    fn and(&mut self, node: Node<'a>) -> Option<Expr> {
        let span = self.span(&node);
        let operands = children(node, Rule::not_).map(|not| self.expr(not)).collect::<Option<_>>()?;
        Some(Expr { kind: ExprKind::And(operands), span })
    }

    fn not(&mut self, node: Node<'a>) -> Option<Expr> {
        let mut kids = Children::of(node);
        let words = kids.run(Rule::KW_NOT);
        let mut expr = self.expr(kids.eat(Rule::cmp)?)?;
        for word in words.iter().rev() {
            let span = self.span(word).to(expr.span);
            expr = Expr { kind: ExprKind::Not(Box::new(expr)), span };
        }
        Some(expr)
    }

    fn compare(&mut self, node: Node<'a>) -> Option<Expr> {
        let span = self.span(&node);
        let mut kids = Children::of(node);
        let first = self.expr(kids.eat(Rule::range)?)?;
        let first_span = first.span;
        let (mut operands, mut ops) = (vec![first], Vec::new());
        while kids.at(Rule::CMP) || kids.at(Rule::eq_typo) {
            let op = kids.next()?;
            ops.push(Spanned::new(self.compare_op(&op), self.span(&op)));
            operands.push(self.expr(kids.eat(Rule::range)?)?);
        }
        let last_span = operands.last().map_or(first_span, |operand| operand.span);
        let mut expr = if ops.is_empty() {
            operands.pop()?
        } else {
            Expr { kind: ExprKind::Compare { operands, ops }, span: first_span.to(last_span) }
        };
        let negated = kids.eat(Rule::KW_NOT).is_some();
        if kids.eat(Rule::KW_IN).is_some() {
            let set = Box::new(self.expr(kids.eat(Rule::range)?)?);
            expr = Expr { kind: ExprKind::In { item: Box::new(expr), set, negated }, span };
        }
        Some(expr)
    }

    fn compare_op(&mut self, node: &Node<'a>) -> CmpOp {
        if node.as_rule() == Rule::eq_typo {
            self.report.single_equals(self.range(node).start);
            return CmpOp::Eq;
        }
        match self.written(node) {
            "<" => CmpOp::Lt,
            "<=" | "=<" | "≤" => CmpOp::Le,
            ">" => CmpOp::Gt,
            ">=" | "≥" => CmpOp::Ge,
            "!=" | "!==" | "<>" | "≠" => CmpOp::Ne,
            _ => CmpOp::Eq,
        }
    }

    fn bounds(&mut self, node: Node<'a>) -> Option<Expr> {
        let span = self.span(&node);
        let mut kids = Children::of(node);
        let low = Box::new(self.expr(kids.eat(Rule::sum)?)?);
        let closed = self.written(&kids.eat(Rule::RANGE)?) == "..=";
        let high = Box::new(self.expr(kids.eat(Rule::sum)?)?);
        Some(Expr { kind: ExprKind::Range { low, high, closed }, span })
    }

    /// `in RANGE`, if it is there.
    pub(super) fn optional_range(&mut self, kids: &mut Children<'a>) -> Option<Option<Expr>> {
        match kids.eat(Rule::KW_IN) {
            Some(_) => self.expr(kids.eat(Rule::range)?).map(Some),
            None => Some(None),
        }
    }

    fn sum(&mut self, node: Node<'a>) -> Option<Expr> {
        let span = self.span(&node);
        let mut kids = Children::of(node);
        let first = Box::new(self.expr(kids.eat(Rule::product)?)?);
        let mut rest = Vec::new();
        while let Some(op) = kids.next() {
            let what = if op.as_rule() == Rule::PLUS { AddOp::Add } else { AddOp::Sub };
            rest.push((Spanned::new(what, self.span(&op)), self.expr(kids.eat(Rule::product)?)?));
        }
        Some(Expr { kind: ExprKind::Sum { first, rest }, span })
    }

    fn product(&mut self, node: Node<'a>) -> Option<Expr> {
        let span = self.span(&node);
        let mut kids = Children::of(node);
        let first = Box::new(self.expr(kids.eat(Rule::signed)?)?);
        let mut rest = Vec::new();
        while let Some(op) = kids.eat(Rule::MUL) {
            let what = if self.written(&op) == "/" { MulOp::Div } else { MulOp::Mul };
            rest.push((Spanned::new(what, self.span(&op)), self.expr(kids.eat(Rule::signed)?)?));
        }
        Some(Expr { kind: ExprKind::Product { first, rest }, span })
    }

    fn signed(&mut self, node: Node<'a>) -> Option<Expr> {
        let mut kids = Children::of(node);
        let signs = kids.run(Rule::MINUS);
        let mut expr = self.expr(kids.next()?)?;
        for sign in signs.iter().rev() {
            let span = self.span(sign).to(expr.span);
            expr = Expr { kind: ExprKind::Neg(Box::new(expr)), span };
        }
        Some(expr)
    }

    /// `5`, `5 USDC`, `1 WETH per 6_000 USDC`, `5 USDC per 1h`
    fn quantity(&mut self, node: Node<'a>) -> Option<Expr> {
        let span = self.span(&node);
        let mut kids = Children::of(node);
        let number = self.word(&kids.eat(Rule::NUM)?);
        let Some(unit) = kids.eat(Rule::unit_name) else {
            return Some(Expr { kind: ExprKind::Number(number.node), span });
        };
        let unit = self.word(&unit);
        let of = crate::ast::Amount { span: number.span.to(unit.span), number, unit };
        let kind = match kids.eat(Rule::KW_PER) {
            None => ExprKind::Amount(of),
            Some(_) => match kids.eat(Rule::DURATION) {
                Some(duration) => ExprKind::Pace { of, per: self.word(&duration) },
                None => ExprKind::Rate { of, per: self.amount(kids.eat(Rule::amount)?)? },
            },
        };
        Some(Expr { kind, span })
    }

    fn postfix(&mut self, node: Node<'a>) -> Option<Expr> {
        let mut kids = Children::of(node);
        let mut expr = self.primary(kids.next()?)?;
        while let Some(link) = kids.next() {
            let span = expr.span.to(self.span(&link));
            let of = Box::new(expr);
            let kind = match link.as_rule() {
                Rule::member_of => {
                    ExprKind::Member { of, name: self.word(&Children::of(link).find(Rule::word)?) }
                }
                Rule::args => ExprKind::Call { callee: of, args: self.exprs(link)? },
                _ => {
                    let mut kids = Children::of(link);
                    let index = Box::new(self.expr(kids.find(Rule::expr)?)?);
                    match kids.eat(Rule::open_end) {
                        Some(end) => {
                            self.half_open(&end);
                            ExprKind::Tail { of, from: index }
                        }
                        None => ExprKind::Index { of, index },
                    }
                }
            };
            expr = Expr { kind, span };
        }
        Some(expr)
    }

    /// The expressions of a list, of arguments, of entries without keys.
    pub(super) fn exprs(&mut self, node: Node<'a>) -> Option<Vec<Expr>> {
        children(node, Rule::expr).map(|expr| self.expr(expr)).collect()
    }

    fn primary(&mut self, node: Node<'a>) -> Option<Expr> {
        let span = self.span(&node);
        let text = || self.written(&node).to_owned();
        let kind = match node.as_rule() {
            Rule::ADDRESS => ExprKind::Address(text()),
            Rule::PERCENT => ExprKind::Percent(text()),
            Rule::DURATION => ExprKind::Duration(text()),
            Rule::DATE => ExprKind::Date(text()),
            Rule::HEX => ExprKind::Hex(text()),
            Rule::STRING => ExprKind::Str(self.string(&node).node),
            Rule::path => ExprKind::Path(self.path(node)),
            Rule::item_name => ExprKind::Path(QName { segments: vec![self.word(&node)], span }),
            Rule::swapped => ExprKind::Amount(self.swapped(node)?),
            Rule::parens => self.expr(Children::of(node).find(Rule::expr)?)?.kind,
            Rule::list => ExprKind::List(self.exprs(node)?),
            Rule::braces => self.braces(node)?,
            Rule::choice => self.choice(node)?,
            Rule::quantified => self.quantified(node)?,
            _ => return None,
        };
        Some(Expr { kind, span })
    }

    fn choice(&mut self, node: Node<'a>) -> Option<ExprKind> {
        let mut branches = children(node, Rule::expr);
        let condition = Box::new(self.expr(branches.next()?)?);
        let yes = Box::new(self.expr(branches.next()?)?);
        Some(ExprKind::If { condition, yes, no: Box::new(self.expr(branches.next()?)?) })
    }

    fn quantified(&mut self, node: Node<'a>) -> Option<ExprKind> {
        let mut kids = Children::of(node);
        let every = kids.next()?.as_rule() == Rule::KW_ALL;
        let var = self.word(&kids.eat(Rule::name)?);
        let of = Box::new(self.expr(kids.find(Rule::postfix)?)?);
        Some(ExprKind::Quantified { every, var, of, body: Box::new(self.expr(kids.find(Rule::expr)?)?) })
    }

    /// A set where no entry has a key, a map where each has one; a mixture is told and read as a map of those that have.
    fn braces(&mut self, node: Node<'a>) -> Option<ExprKind> {
        let (mut set, mut map) = (Vec::new(), Vec::new());
        for entry in children(node, Rule::entry) {
            let at = self.range(&entry).start;
            let mut kids = Children::of(entry);
            let key = match kids.eat(Rule::word) {
                Some(word) => {
                    let name = self.word(&word);
                    let span = name.span;
                    Expr { kind: ExprKind::Path(QName { segments: vec![name], span }), span }
                }
                None => self.expr(kids.eat(Rule::expr)?)?,
            };
            match kids.eat(Rule::COLON) {
                Some(_) => map.push((key, self.expr(kids.eat(Rule::expr)?)?)),
                None => set.push(key),
            }
            if !set.is_empty() && !map.is_empty() {
                self.report.mixed_entries(at);
            }
        }
        Some(if map.is_empty() { ExprKind::Set(set) } else { ExprKind::Map(map) })
    }

    pub(super) fn ty(&mut self, node: Node<'a>) -> Option<TypeExpr> {
        let span = self.span(&node);
        let mut kids = Children::of(node);
        let mut parts = Vec::new();
        while let Some(part) = kids.eat(Rule::type_name) {
            parts.push(self.type_name(part));
            kids.eat(Rule::KW_OF);
        }
        Some(TypeExpr { parts, up_to: self.up_to(&mut kids)?, span })
    }

    fn type_name(&mut self, node: Node<'a>) -> TypeName {
        let span = self.span(&node);
        let (mut segments, mut members) = (Vec::new(), Vec::new());
        for child in node.into_inner() {
            match child.as_rule() {
                Rule::name | Rule::item_name => segments.push(self.word(&child)),
                Rule::member_of => members.extend(children(child, Rule::word).map(|word| self.word(&word))),
                _ => {}
            }
        }
        let path = match (segments.first(), segments.last()) {
            (Some(first), Some(last)) => first.span.to(last.span),
            _ => span,
        };
        TypeName { path: QName { segments, span: path }, members, slice: None, span }
    }

    /// `[0..20]` after a type.
    pub(super) fn slice(&mut self, node: Node<'a>) -> Option<TypeSlice> {
        let span = self.span(&node);
        let mut kids = Children::of(node);
        kids.eat(Rule::L_BRACK);
        let from_end = kids.eat(Rule::MINUS).is_some();
        let start = self.word(&kids.eat(Rule::NUM)?);
        self.half_open(&kids.eat(Rule::RANGE)?);
        let end = kids.eat(Rule::NUM).map(|end| self.word(&end));
        Some(TypeSlice { from_end, start, end, span })
    }

    /// Where an end is left out, or is a count of bytes, `..=` has no meaning.
    fn half_open(&mut self, range: &Node<'a>) {
        if self.written(range) != ".." {
            self.report.closed_slice(self.range(range).start);
        }
    }

    pub(super) fn up_to(&mut self, kids: &mut Children<'a>) -> Option<Option<Spanned<String>>> {
        match kids.eat(Rule::up_to) {
            Some(node) => Some(Some(self.word(&children(node, Rule::NUM).next()?))),
            None => Some(None),
        }
    }
}
