//! Files and the items that are no rule and no declaration of the world.

use super::{Agentpol, Builder, Children, Node, Rule, children, piece::Piece};
use crate::{
    ast::{
        Amount, Bind, Budget, BudgetLine, Count, Def, DurationExpr, Fact, Fees, File, Item, ItemKind, Let,
        LineMeasure, Money, Param, Policy, Spanned, UnitDecl, Use, UseLeaf, UseWhat, Window,
    },
    token::TokenKind,
};
use pest::Parser as _;

impl<'a> Builder<'a> {
    /// Item by item: what pest keeps of one stays in the processor's caches, what it would keep of a long file does not.
    pub(super) fn file(&mut self) -> File {
        let doc = self.comments(0, TokenKind::FILE_DOC, "//!");
        let (mut items, mut previous) = (Vec::new(), None);
        while self.base < self.tokens.len() {
            let rest = self.tokens.kinds_in(self.base, self.tokens.len());
            let node = match Agentpol::parse(Rule::one_more, rest) {
                Ok(mut pairs) => pairs.next().and_then(|next| next.into_inner().next()),
                Err(error) => {
                    self.report.internal(self.base, &format!("{error}"));
                    break;
                }
            };
            let Some(node) = node else { break };
            let end = self.range(&node).end;
            items.extend(self.piece(node, Piece::Item, &mut previous, &mut Self::item));
            if end <= self.base {
                self.report.internal(self.base, "an item without a token");
                break;
            }
            self.base = end;
        }
        File { doc, items }
    }

    fn item(&mut self, node: Node<'a>) -> Option<Item> {
        let (doc, span) = (self.doc(self.range(&node).start), self.span(&node));
        let kind = match node.as_rule() {
            Rule::policy => ItemKind::Policy(self.policy(node)?),
            Rule::use_ => ItemKind::Use(self.use_(node)?),
            Rule::param => ItemKind::Param(self.param(node)?),
            Rule::let_ => ItemKind::Let(self.let_(node)?),
            Rule::def => ItemKind::Def(self.def(node)?),
            Rule::unit_decl => ItemKind::Unit(self.unit(node)?),
            Rule::fact => ItemKind::Fact(self.fact(node)?),
            Rule::fees => ItemKind::Fees(Fees { most: self.money(Children::of(node).find(Rule::money)?)? }),
            Rule::budget => ItemKind::Budget(self.budget(node)?),
            Rule::rule_ => ItemKind::Rule(self.rule(node)?),
            Rule::assert_ => ItemKind::Assert(self.assert(node)?),
            Rule::test => ItemKind::Test(self.test(node)?),
            Rule::interface => ItemKind::Interface(self.interface(node)?),
            Rule::contract => ItemKind::Contract(self.contract(node)?),
            Rule::token => ItemKind::Token(self.token(node)?),
            Rule::chain => ItemKind::Chain(self.chain(node)?),
            _ => return None,
        };
        Some(Item { doc, kind, span })
    }

    fn policy(&mut self, node: Node<'a>) -> Option<Policy> {
        let mut kids = Children::of(node);
        let name = self.word(&kids.find(Rule::name)?);
        let extends = match kids.eat(Rule::KW_EXTENDS) {
            Some(_) => Some(self.path(kids.eat(Rule::path)?)),
            None => None,
        };
        kids.eat(Rule::KW_ON)?;
        Some(Policy { name, extends, chains: self.names(&mut kids) })
    }

    fn use_(&mut self, node: Node<'a>) -> Option<Use> {
        let mut kids = Children::of(node);
        let path = self.path(kids.find(Rule::path)?);
        let what = if kids.eat(Rule::KW_AS).is_some() {
            UseWhat::Whole(Some(self.word(&kids.eat(Rule::name)?)))
        } else if kids.eat(Rule::PATHSEP).is_some() {
            kids.eat(Rule::L_BRACE)?;
            let leaf = |node: Node| {
                let mut names = children(node, Rule::name);
                let name = self.word(&names.next()?);
                Some(UseLeaf { name, rename: names.next().map(|node| self.word(&node)) })
            };
            UseWhat::Leaves(kids.run(Rule::use_leaf).into_iter().map(leaf).collect::<Option<_>>()?)
        } else {
            UseWhat::Whole(None)
        };
        Some(Use { path, what })
    }

    fn param(&mut self, node: Node<'a>) -> Option<Param> {
        let mut kids = Children::of(node);
        let name = self.word(&kids.find(Rule::name)?);
        let ty = self.ty(kids.find(Rule::r#type)?)?;
        let domain = self.optional_range(&mut kids)?;
        Some(Param { name, ty, domain })
    }

    fn let_(&mut self, node: Node<'a>) -> Option<Let> {
        let mut kids = Children::of(node);
        let name = self.word(&kids.find(Rule::name)?);
        Some(Let { name, value: self.expr(kids.find(Rule::expr)?)? })
    }

    fn def(&mut self, node: Node<'a>) -> Option<Def> {
        let mut kids = Children::of(node);
        let name = self.word(&kids.find(Rule::name)?);
        let params = self.binds(kids.find(Rule::binds)?)?;
        Some(Def { name, params, body: self.expr(kids.find(Rule::expr)?)? })
    }

    fn binds(&mut self, node: Node<'a>) -> Option<Vec<Bind>> {
        let bind = |node: Node<'a>| {
            let mut kids = Children::of(node);
            let name = self.word(&kids.eat(Rule::word)?);
            Some(Bind { name, ty: self.ty(kids.find(Rule::r#type)?)? })
        };
        children(node, Rule::bind).map(bind).collect()
    }

    fn unit(&mut self, node: Node<'a>) -> Option<UnitDecl> {
        let name = self.word(&node.clone().into_inner().find(|child| child.as_rule() == Rule::name)?);
        let members =
            children(node, Rule::amount).map(|amount| self.amount(amount)).collect::<Option<_>>()?;
        Some(UnitDecl { name, members })
    }

    fn fact(&mut self, node: Node<'a>) -> Option<Fact> {
        let mut kids = Children::of(node);
        let name = self.word(&kids.find(Rule::name)?);
        let params = self.binds(kids.eat(Rule::binds)?)?;
        let ty = self.ty(kids.find(Rule::r#type)?)?;
        let domain = self.optional_range(&mut kids)?;
        Some(Fact { name, params, ty, domain, fresh: self.duration(kids.find(Rule::span)?)? })
    }

    fn budget(&mut self, node: Node<'a>) -> Option<Budget> {
        let mut kids = Children::of(node);
        let name = self.word(&kids.find(Rule::name)?);
        let renamed_from = match kids.eat(Rule::KW_RENAMED) {
            Some(_) => Some(self.word(&kids.find(Rule::name)?)),
            None => None,
        };
        kids.eat(Rule::COLON)?;
        let lines = kids.run(Rule::line).into_iter().map(|line| self.line(line)).collect::<Option<_>>()?;
        let rules = kids.eat(Rule::KW_FOR).map(|_| self.names(&mut kids));
        let each = match kids.eat(Rule::KW_EACH) {
            Some(_) => Some(self.expr(kids.eat(Rule::expr)?)?),
            None => None,
        };
        Some(Budget { name, renamed_from, lines, rules, each })
    }

    fn line(&mut self, node: Node<'a>) -> Option<BudgetLine> {
        let span = self.span(&node);
        let mut kids = Children::of(node);
        let first = kids.next()?;
        let measure = match first.as_rule() {
            Rule::count => {
                let what = Children::of(first).next()?;
                LineMeasure::Calls(match what.as_rule() {
                    Rule::NUM => Count::Number(self.word(&what)),
                    _ => Count::Path(self.path(what)),
                })
            }
            _ => {
                let money = self.money(first)?;
                if kids.eat(Rule::of_fees).is_some() {
                    LineMeasure::Fees(money)
                } else {
                    LineMeasure::Gross(money)
                }
            }
        };
        Some(BudgetLine { measure, window: self.window(kids.eat(Rule::window)?)?, span })
    }

    pub(super) fn window(&mut self, node: Node<'a>) -> Option<Spanned<Window>> {
        let span = self.span(&node);
        let mut kids = Children::of(node);
        let window = match kids.eat_any(&[Rule::KW_PER, Rule::KW_TOTAL])? {
            Rule::KW_TOTAL => Window::Total,
            _ => match kids.eat(Rule::PERIOD) {
                Some(period) => Window::Period(self.written(&period).to_owned()),
                None => Window::Span(self.duration(kids.eat(Rule::span)?)?),
            },
        };
        Some(Spanned::new(window, span))
    }

    pub(super) fn duration(&mut self, node: Node<'a>) -> Option<DurationExpr> {
        let what = Children::of(node).next()?;
        Some(match what.as_rule() {
            Rule::DURATION => DurationExpr::Literal(self.word(&what)),
            _ => DurationExpr::Path(self.path(what)),
        })
    }

    pub(super) fn money(&mut self, node: Node<'a>) -> Option<Money> {
        let what = Children::of(node).next()?;
        Some(match what.as_rule() {
            Rule::path => Money::Path(self.path(what)),
            Rule::swapped => Money::Amount(self.swapped(what)?),
            _ => Money::Amount(self.amount(what)?),
        })
    }

    pub(super) fn amount(&mut self, node: Node<'a>) -> Option<Amount> {
        let span = self.span(&node);
        let mut kids = Children::of(node);
        let number = self.word(&kids.eat(Rule::NUM)?);
        Some(Amount { number, unit: self.word(&kids.eat(Rule::unit_name)?), span })
    }

    /// `USDC 250`: an error, and what was meant.
    pub(super) fn swapped(&mut self, node: Node<'a>) -> Option<Amount> {
        let span = self.span(&node);
        let mut kids = Children::of(node);
        let unit = self.word(&kids.eat(Rule::IDENT)?);
        let number = self.word(&kids.eat(Rule::NUM)?);
        self.report.swapped(span, &number.node, &unit.node);
        Some(Amount { number, unit, span })
    }
}
