//! Rules, asserts and tests.

use super::{Builder, Children, Node, Rule, children, piece::Piece};
use crate::ast::{
    Asked, Assert, Clause, ClauseKind, Spanned, Subject, SubjectWhat, Target, Test, TestRequest, TestStep,
    Verb, Verdict,
};

impl<'a> Builder<'a> {
    pub(super) fn rule(&mut self, node: Node<'a>) -> Option<crate::ast::Rule> {
        let owner = self.range(&node).start;
        let mut kids = Children::of(node);
        let word = kids.next()?;
        let verb = match word.as_rule() {
            Rule::KW_ALLOW => Verb::Allow,
            Rule::KW_ASK => Verb::Ask,
            _ => Verb::Deny,
        };
        let verb = Spanned::new(verb, self.span(&word));
        let name = self.word(&kids.eat(Rule::name)?);
        if let Some(colon) = kids.eat(Rule::no_colon) {
            self.report.missing_colon(self.range(&colon).start);
        }
        let subject = self.subject(kids.find(Rule::subject)?)?;
        let clauses = self.block(&mut kids, owner, Piece::Clause, Self::clause);
        Some(crate::ast::Rule { verb, name, subject, clauses })
    }

    fn subject(&mut self, node: Node<'a>) -> Option<Subject> {
        let span = self.span(&node);
        let mut kids = Children::of(node);
        let what = if kids.eat(Rule::KW_ANY).is_some() {
            SubjectWhat::Any
        } else {
            let kind = kids.eat(Rule::KIND).map(|kind| self.word(&kind));
            let target = kids.eat(Rule::target).map(|target| self.target(target)).transpose_none()?;
            let patterns = kids
                .eat(Rule::pats)
                .map(|pats| children(pats, Rule::pat).map(|pat| self.word(&pat)).collect());
            SubjectWhat::Action { kind, target, patterns }
        };
        let at = match kids.eat(Rule::KW_AT) {
            Some(_) => Some(self.expr(kids.eat(Rule::expr)?)?),
            None => None,
        };
        let on = match kids.eat(Rule::KW_ON) {
            Some(_) => self.names(&mut kids),
            None => Vec::new(),
        };
        Some(Subject { what, at, on, span })
    }

    fn target(&mut self, node: Node<'a>) -> Option<Target> {
        let span = self.span(&node);
        let mut kids = Children::of(node);
        let path = self.path(kids.eat(Rule::path)?);
        let mut members = Vec::new();
        while let Some(word) = kids.find(Rule::word) {
            members.push(self.word(&word));
        }
        Some(Target { path, members, span })
    }

    fn clause(&mut self, node: Node<'a>) -> Option<Clause> {
        let (doc, span, rule) = (self.doc(self.range(&node).start), self.span(&node), node.as_rule());
        let mut kids = Children::of(node);
        kids.next()?; // its word
        let kind = match rule {
            Rule::when => ClauseKind::When(self.expr(kids.eat(Rule::expr)?)?),
            Rule::unless => ClauseKind::Unless(self.expr(kids.eat(Rule::expr)?)?),
            Rule::until => ClauseKind::Until(self.expr(kids.eat(Rule::expr)?)?),
            Rule::over => ClauseKind::Over(self.names(&mut kids)),
            Rule::by_ => ClauseKind::By(self.asked(kids.eat(Rule::asked)?)?),
            Rule::beyond => {
                let budgets = self.names(&mut kids);
                ClauseKind::Beyond { budgets, asked: self.asked(kids.find(Rule::asked)?)? }
            }
            Rule::exempt => {
                let budgets = self.names(&mut kids);
                ClauseKind::Exempt { budgets, because: self.string(&kids.find(Rule::STRING)?) }
            }
            Rule::charge => {
                let amount = self.expr(kids.eat(Rule::expr)?)?;
                kids.eat(Rule::KW_TO)?;
                ClauseKind::Charge { amount, budgets: self.names(&mut kids) }
            }
            Rule::accept => {
                let risk = self.word(&kids.eat(Rule::name)?);
                let of = match kids.eat(Rule::KW_OF) {
                    Some(_) => Some(self.expr(kids.eat(Rule::expr)?)?),
                    None => None,
                };
                ClauseKind::Accept { risk, of, because: self.string(&kids.find(Rule::STRING)?) }
            }
            _ => return None,
        };
        Some(Clause { doc, kind, span })
    }

    fn asked(&mut self, node: Node<'a>) -> Option<Asked> {
        let mut kids = Children::of(node);
        let mut who = Children::of(kids.eat(Rule::who)?);
        let need = who.eat(Rule::NUM).map(|number| self.word(&number));
        let who = self.expr(who.find(Rule::postfix)?)?;
        Some(Asked { need, who, within: self.duration(kids.find(Rule::span)?)? })
    }

    pub(super) fn assert(&mut self, node: Node<'a>) -> Option<Assert> {
        let mut kids = Children::of(node);
        kids.eat(Rule::KW_ASSERT)?;
        let node = kids.next()?;
        let rule = node.as_rule();
        let mut kids = Children::of(node);
        match rule {
            Rule::bound => {
                let measure = self.word(&kids.eat(Rule::MEASURE)?);
                let of = self.path(kids.find(Rule::path)?);
                let op = self.word(&kids.find(Rule::CMP)?);
                let most = self.money(kids.eat(Rule::money)?)?;
                let window = self.window(kids.eat(Rule::window)?)?;
                Some(Assert::Bound {
                    measure,
                    of,
                    op,
                    most,
                    window,
                    with_approvals: kids.eat(Rule::approvals).is_some(),
                })
            }
            Rule::never => {
                let subject = self.subject(kids.find(Rule::subject)?)?;
                let when = match kids.eat(Rule::KW_WHEN) {
                    Some(_) => Some(self.expr(kids.eat(Rule::expr)?)?),
                    None => None,
                };
                Some(Assert::Never { subject, when })
            }
            Rule::only => {
                let who = self.expr(kids.find(Rule::postfix)?)?;
                Some(Assert::Only { who, token: self.expr(kids.find(Rule::postfix)?)? })
            }
            _ => None,
        }
    }

    pub(super) fn test(&mut self, node: Node<'a>) -> Option<Test> {
        let owner = self.range(&node).start;
        let mut kids = Children::of(node);
        let name = self.string(&kids.find(Rule::STRING)?);
        let steps = self.block(&mut kids, owner, Piece::Step, Self::step);
        Some(Test { name, steps })
    }

    fn step(&mut self, node: Node<'a>) -> Option<TestStep> {
        let span = self.span(&node);
        let mut kids = Children::of(node);
        let at = match kids.eat(Rule::KW_AT) {
            Some(_) => Some(self.expr(kids.eat(Rule::expr)?)?),
            None => None,
        };
        let by = match kids.eat(Rule::KW_BY) {
            Some(_) => Some(self.word(&kids.eat(Rule::name)?)),
            None => None,
        };
        kids.eat(Rule::KW_TRY)?;
        let request = self.request(kids.eat(Rule::request)?)?;
        Some(TestStep { at, by, request, verdict: self.verdict(kids.find(Rule::verdict)?)?, span })
    }

    fn request(&mut self, node: Node<'a>) -> Option<TestRequest> {
        let span = self.span(&node);
        let mut kids = Children::of(node);
        if let Some(batch) = kids.eat(Rule::batch) {
            let requests =
                children(batch, Rule::request).map(|request| self.request(request)).collect::<Option<_>>()?;
            return Some(TestRequest::Batch(requests, span));
        }
        let kind = kids.eat(Rule::KIND).map(|kind| self.word(&kind));
        let target = kids.eat(Rule::target).map(|target| self.target(target)).transpose_none()?;
        let args = match kids.eat(Rule::args) {
            Some(args) => Some(self.exprs(args)?),
            None => None,
        };
        let on = match kids.eat(Rule::KW_ON) {
            Some(_) => Some(self.word(&kids.eat(Rule::name)?)),
            None => None,
        };
        let value = match kids.eat(Rule::KW_WITH) {
            Some(_) => Some(self.expr(kids.find(Rule::sum)?)?),
            None => None,
        };
        Some(TestRequest::Action { kind, target, args, on, value, span })
    }

    fn verdict(&mut self, node: Node<'a>) -> Option<Verdict> {
        let span = self.span(&node);
        let mut kids = Children::of(node);
        match kids.next()?.as_rule() {
            Rule::KW_ALLOW => Some(Verdict::Allow(self.word(&kids.eat(Rule::name)?))),
            Rule::KW_ASK => Some(Verdict::Ask(self.word(&kids.eat(Rule::name)?))),
            _ => {
                let codes = [Rule::IDENT, Rule::KIND, Rule::KW_BUDGET];
                let code = codes.into_iter().find_map(|rule| kids.eat(rule));
                Some(Verdict::Deny(code.map(|code| self.word(&code)), span))
            }
        }
    }
}

/// Absent is fine; present and not built is not.
trait TransposeNone<T> {
    fn transpose_none(self) -> Option<Option<T>>;
}

impl<T> TransposeNone<T> for Option<Option<T>> {
    fn transpose_none(self) -> Option<Option<T>> {
        match self {
            None => Some(None),
            Some(None) => None,
            Some(built) => Some(built),
        }
    }
}
