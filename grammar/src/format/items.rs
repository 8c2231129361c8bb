//! Files, items and the pieces in their braces.

use super::writer::Writer;
use crate::{
    ast::{
        Assert, Budget, Clause, ClauseKind, Effect, EffectKind, Expr, File, Item, ItemKind, Member,
        MemberKind, Rule, Site, Subject, SubjectWhat, TestRequest, TestStep, UseWhat,
    },
    span::Span,
    token::TokenKind,
};

impl Writer<'_> {
    pub(super) fn file(&mut self, file: &File) {
        for item in &file.items {
            self.hard();
            self.item(item);
            self.to(item.span.end);
        }
    }

    fn item(&mut self, item: &Item) {
        match &item.kind {
            ItemKind::Use(used) => {
                if let UseWhat::Leaves(leaves) = &used.what {
                    self.until(TokenKind::L_BRACE);
                    self.plain_list(leaves.len(), false);
                }
            }
            ItemKind::Param(param) => self.then_all(param.domain.iter()),
            ItemKind::Let(it) => self.assigned(&it.value),
            ItemKind::Def(def) => {
                self.until(TokenKind::L_PAREN);
                self.plain_list(def.params.len(), false);
                self.assigned(&def.body);
            }
            ItemKind::Fact(fact) => {
                self.until(TokenKind::L_PAREN);
                self.plain_list(fact.params.len(), false);
                self.then_all(fact.domain.iter());
            }
            ItemKind::Budget(budget) => self.budget(budget),
            ItemKind::Rule(rule) => self.rule(rule),
            ItemKind::Assert(assert) => self.assert(assert),
            ItemKind::Test(test) => {
                self.until(TokenKind::L_BRACE);
                self.pieces(&test.steps, |step| step.span, Self::step);
            }
            ItemKind::Interface(interface) => {
                self.until(TokenKind::L_BRACE);
                self.pieces(&interface.members, |member| member.span, Self::member);
            }
            ItemKind::Contract(contract) => {
                let first = contract.sites.first().map_or(item.span.end, |site| site.span.start);
                self.to(contract.interfaces.last().map_or(first, |path| path.span.end));
                if self.kind() == Some(TokenKind::L_BRACE) {
                    self.pieces(&contract.sites, |site| site.span, Self::site);
                } else if let Some(site) = contract.sites.first() {
                    self.to(first);
                    self.site(site);
                }
            }
            ItemKind::Token(token) => {
                self.to(token.decimals.span.end);
                self.pieces(&token.sites, |site| site.span, Self::site);
            }
            ItemKind::Chain(chain) => {
                self.open();
                self.indent();
                self.to(chain.native.span.end);
                for (condition, because) in &chain.assumptions {
                    self.line();
                    self.then(condition);
                    self.to(because.span.end);
                }
                self.dedent();
                self.close();
            }
            ItemKind::Policy(_) | ItemKind::Unit(_) | ItemKind::Fees(_) => {}
        }
    }

    /// Pieces in braces.
    fn pieces<T>(&mut self, pieces: &[T], span: impl Fn(&T) -> Span, write: impl Fn(&mut Self, &T)) {
        self.block(pieces.len(), |writer, index| {
            if let Some(piece) = pieces.get(index) {
                write(writer, piece);
                writer.to(span(piece).end);
            }
        });
    }

    /// Writes up to the next token of a kind.
    fn until(&mut self, kind: TokenKind) {
        while self.kind().is_some_and(|next| next != kind) {
            self.token();
        }
    }

    /// What stands before an expression, and the expression.
    fn then(&mut self, expr: &Expr) {
        self.to(expr.span.start);
        self.expr(expr);
    }

    fn then_all<'e>(&mut self, exprs: impl Iterator<Item = &'e Expr>) {
        exprs.for_each(|expr| self.then(expr));
    }

    /// `… = EXPR`
    fn assigned(&mut self, value: &Expr) {
        self.to(value.span.start);
        self.value(value);
    }

    /// A place to break, then what stands up to an expression, and the expression.
    fn line_then<'e>(&mut self, exprs: impl Iterator<Item = &'e Expr>) {
        for expr in exprs {
            self.line();
            self.then(expr);
        }
    }

    fn budget(&mut self, budget: &Budget) {
        self.open();
        self.indent();
        for (index, line) in budget.lines.iter().enumerate() {
            if index > 0 {
                self.to(line.span.start);
            }
            self.to(line.span.end);
            if self.kind() == Some(TokenKind::COMMA) {
                self.token();
                self.line();
            }
        }
        if let Some(last) = budget.rules.iter().flatten().last() {
            self.line();
            self.to(last.span.end);
        }
        self.line_then(budget.each.iter());
        self.dedent();
        self.close();
    }

    fn rule(&mut self, rule: &Rule) {
        self.to(rule.subject.span.start);
        self.subject(&rule.subject);
        self.pieces(&rule.clauses, |clause| clause.span, Self::clause);
    }

    fn subject(&mut self, subject: &Subject) {
        if let SubjectWhat::Action { patterns: Some(patterns), .. } = &subject.what {
            self.until(TokenKind::L_PAREN);
            self.plain_list(patterns.len(), false);
        }
        self.then_all(subject.at.iter());
        self.to(subject.span.end);
    }

    fn clause(&mut self, clause: &Clause) {
        match &clause.kind {
            ClauseKind::When(expr) | ClauseKind::Unless(expr) | ClauseKind::Until(expr) => self.then(expr),
            ClauseKind::By(asked) | ClauseKind::Beyond { asked, .. } => self.then(&asked.who),
            ClauseKind::Charge { amount, .. } => self.then(amount),
            ClauseKind::Exempt { because, .. } | ClauseKind::Accept { because, .. } => {
                self.open();
                self.indent();
                if let ClauseKind::Accept { of: Some(of), .. } = &clause.kind {
                    self.then(of);
                }
                self.because(because.span);
                self.dedent();
                self.close();
            }
            ClauseKind::Over(_) => {}
        }
    }

    /// `because "…"`, on a line of its own where it must.
    fn because(&mut self, reason: Span) {
        let word = self.token_at(reason.start).saturating_sub(1);
        while self.position() < word {
            self.token();
        }
        self.line();
        self.to(reason.end);
    }

    fn assert(&mut self, assert: &Assert) {
        match assert {
            Assert::Bound { .. } => {}
            Assert::Never { subject, when } => {
                self.open();
                self.indent();
                self.to(subject.span.start);
                self.subject(subject);
                self.line_then(when.iter());
                self.dedent();
                self.close();
            }
            Assert::Only { who, token } => {
                self.then(who);
                self.then(token);
            }
        }
    }

    fn step(&mut self, step: &TestStep) {
        self.then_all(step.at.iter());
        self.until(TokenKind::KW_TRY);
        self.token();
        self.request(&step.request);
        self.open_here();
        self.indent();
        self.line();
        self.to(step.span.end);
        self.dedent();
        self.close();
    }

    fn request(&mut self, request: &TestRequest) {
        match request {
            TestRequest::Batch(requests, span) => {
                self.token();
                self.spaced();
                self.list(requests.len(), true, |writer, index| {
                    if let Some(request) = requests.get(index) {
                        writer.request(request);
                    }
                });
                self.to(span.end);
            }
            TestRequest::Action { args, value, span, .. } => {
                if let Some(args) = args {
                    self.until(TokenKind::L_PAREN);
                    self.exprs(args, false);
                }
                self.then_all(value.iter());
                self.to(span.end);
            }
        }
    }

    fn member(&mut self, member: &Member) {
        let (fields, effects) = match &member.kind {
            MemberKind::Function { fields, effects, .. }
            | MemberKind::Typed { fields, effects, .. }
            | MemberKind::Command { fields, effects, .. } => (fields, effects.as_ref()),
            MemberKind::Struct { fields, .. } => (fields, None),
            MemberKind::Const { value, .. } => return self.assigned(value),
        };
        self.until(TokenKind::L_PAREN);
        self.plain_list(fields.len(), false);
        if let Some(effects) = effects {
            self.until(TokenKind::L_BRACE);
            self.pieces(effects, |effect| effect.span, Self::effect);
        }
    }

    fn effect(&mut self, effect: &Effect) {
        let operands: Vec<&Expr> = match &effect.kind {
            EffectKind::Moves { amount, token, from, to } => vec![amount, token, from, to],
            EffectKind::Pulls { amount, token, by, through, .. } => {
                [amount, token, by].into_iter().chain(through.iter()).collect()
            }
            EffectKind::Grants { amount, token, to, through, until, .. } => {
                [amount, token, to].into_iter().chain(through.iter()).chain(until.iter()).collect()
            }
            EffectKind::Owes { amount, token } => vec![amount, token],
            EffectKind::Receives { amount, token, at } => vec![amount, token, at],
            EffectKind::Unwraps { what, .. } => vec![what],
            EffectKind::Requires(condition) => vec![condition],
            EffectKind::Gives { to } => vec![to],
            EffectKind::Once { per, until } => per.iter().chain(until.iter()).collect(),
        };
        self.open();
        self.indent();
        self.then_all(operands.into_iter());
        if let EffectKind::Unwraps { form: Some(form), .. } = &effect.kind {
            self.to(form.span.end);
        }
        self.line_then(effect.when.iter());
        self.dedent();
        self.close();
    }

    fn site(&mut self, site: &Site) {
        self.open();
        self.indent();
        self.then_all(site.address.iter());
        if let Some((_, version)) = &site.domain {
            self.line();
            self.to(version.span.end);
        }
        if self.position() < self.token_at(site.span.end) && site.upgradeable {
            self.line();
            self.token();
        }
        if let Some(why) = &site.trusted {
            self.line();
            self.to(why.span.end);
        }
        self.to(site.span.end);
        self.dedent();
        self.close();
    }
}
