//! Declarations of the world: interfaces with their effects, tokens, contracts, chains.

use super::{Builder, Children, Node, Rule, children, piece::Piece};
use crate::ast::{
    AbiType, Chain, Contract, Effect, EffectKind, Expr, Field, GrantWord, Interface, Member, MemberKind,
    Site, Token,
};

impl<'a> Builder<'a> {
    pub(super) fn interface(&mut self, node: Node<'a>) -> Option<Interface> {
        let owner = self.range(&node).start;
        let mut kids = Children::of(node);
        let name = self.word(&kids.find(Rule::name)?);
        let from = match kids.eat(Rule::KW_FROM) {
            Some(_) => Some(self.string(&kids.eat(Rule::STRING)?)),
            None => None,
        };
        let members = self.block(&mut kids, owner, Piece::Member, Self::member);
        Some(Interface { name, from, members })
    }

    fn member(&mut self, node: Node<'a>) -> Option<Member> {
        let (doc, span, rule, owner) =
            (self.doc(self.range(&node).start), self.span(&node), node.as_rule(), self.range(&node).start);
        let mut kids = Children::of(node);
        let kind = match rule {
            Rule::function => {
                let name = self.word(&kids.find(Rule::word)?);
                let fields = self.fields(kids.eat(Rule::fields)?)?;
                let payable = kids.eat(Rule::KW_PAYABLE).is_some();
                let trailing = match kids.eat(Rule::KW_TRAILING) {
                    Some(_) => Some(self.word(&kids.eat(Rule::NUM)?)),
                    None => None,
                };
                let effects = self.effects(&mut kids, owner);
                MemberKind::Function { name, fields, payable, trailing, effects }
            }
            Rule::typed => {
                let kind = self.word(&kids.eat(Rule::KIND)?);
                let name = self.word(&kids.eat(Rule::name)?);
                let fields = self.fields(kids.eat(Rule::fields)?)?;
                MemberKind::Typed { kind, name, fields, effects: self.effects(&mut kids, owner) }
            }
            Rule::command => {
                let opcode = self.word(&kids.find(Rule::HEX)?);
                let name = self.word(&kids.eat(Rule::name)?);
                let fields = self.fields(kids.eat(Rule::fields)?)?;
                MemberKind::Command { opcode, name, fields, effects: self.effects(&mut kids, owner) }
            }
            Rule::struct_ => {
                let name = self.word(&kids.find(Rule::name)?);
                MemberKind::Struct { name, fields: self.fields(kids.eat(Rule::fields)?)? }
            }
            Rule::const_ => {
                let name = self.word(&kids.find(Rule::name)?);
                MemberKind::Const { name, value: self.expr(kids.find(Rule::expr)?)? }
            }
            _ => return None,
        };
        Some(Member { doc, kind, span })
    }

    fn fields(&mut self, node: Node<'a>) -> Option<Vec<Field>> {
        children(node, Rule::field).map(|field| self.field(field)).collect()
    }

    fn field(&mut self, node: Node<'a>) -> Option<Field> {
        let span = self.span(&node);
        let mut kids = Children::of(node);
        let name = self.word(&kids.eat(Rule::word)?);
        let ty = self.abi_type(kids.find(Rule::abi_type)?)?;
        let refined = match kids.eat(Rule::KW_AS) {
            Some(_) => {
                let mut ty = self.ty(kids.eat(Rule::r#type)?)?;
                if let Some(part) = kids.eat(Rule::part) {
                    let slice = self.slice(part)?;
                    ty.span = ty.span.to(slice.span);
                    let of = ty.parts.last_mut()?;
                    of.span = of.span.to(slice.span);
                    of.slice = Some(slice);
                }
                Some(ty)
            }
            None => None,
        };
        let sentinel = match kids.eat(Rule::KW_MAX) {
            Some(_) => Some(self.word(&kids.find(Rule::word)?)),
            None => None,
        };
        Some(Field { name, ty, refined, sentinel, span })
    }

    fn abi_type(&mut self, node: Node<'a>) -> Option<AbiType> {
        let span = self.span(&node);
        let mut kids = Children::of(node);
        let path = self.path(kids.eat(Rule::path)?);
        let length = |array: Node<'a>| children(array, Rule::NUM).next().map(|number| self.word(&number));
        let arrays = kids.run(Rule::array).into_iter().map(length).collect();
        Some(AbiType { path, arrays, up_to: self.up_to(&mut kids)?, span })
    }

    /// No braces: undeclared.
    fn effects(&mut self, kids: &mut Children<'a>, owner: usize) -> Option<Vec<Effect>> {
        let node = kids.eat(Rule::effects)?;
        Some(self.block(&mut Children::of(node), owner, Piece::Effect, Self::effect))
    }

    fn effect(&mut self, node: Node<'a>) -> Option<Effect> {
        let (span, rule) = (self.span(&node), node.as_rule());
        let mut kids = Children::of(node);
        let kind = match rule {
            Rule::moves => {
                let (amount, token) = self.flow(&mut kids)?;
                let from = self.expr(kids.find(Rule::sum)?)?;
                EffectKind::Moves { amount, token, from, to: self.expr(kids.find(Rule::sum)?)? }
            }
            Rule::pulls => {
                kids.eat(Rule::KW_PULLS)?;
                let exactly = kids.eat(Rule::exactly).is_some();
                let (amount, token) = self.flow(&mut kids)?;
                let by = self.expr(kids.find(Rule::sum)?)?;
                EffectKind::Pulls { exactly, amount, token, by, through: self.through(&mut kids)? }
            }
            Rule::grants => {
                kids.eat(Rule::KW_GRANTS)?;
                let mode = kids.eat(Rule::grant_mode).map(|mode| self.written(&mode));
                let mode = match mode {
                    Some("more") => GrantWord::More,
                    Some(_) => GrantWord::Less,
                    None => GrantWord::Set,
                };
                let (amount, token) = self.flow(&mut kids)?;
                let to = self.expr(kids.find(Rule::sum)?)?;
                let through = self.through(&mut kids)?;
                EffectKind::Grants { amount, token, to, through, until: self.end(&mut kids)?, mode }
            }
            Rule::owes => {
                let (amount, token) = self.flow(&mut kids)?;
                EffectKind::Owes { amount, token }
            }
            Rule::receives => {
                let (amount, token) = self.flow(&mut kids)?;
                EffectKind::Receives { amount, token, at: self.expr(kids.find(Rule::sum)?)? }
            }
            Rule::unwraps => {
                let what = self.expr(kids.find(Rule::sum)?)?;
                let form = match kids.eat(Rule::KW_AS) {
                    Some(_) => Some(self.path(kids.eat(Rule::path)?)),
                    None => None,
                };
                EffectKind::Unwraps { what, form }
            }
            Rule::requires => EffectKind::Requires(self.expr(kids.find(Rule::expr)?)?),
            Rule::gives => EffectKind::Gives { to: self.expr(kids.find(Rule::sum)?)? },
            Rule::once => {
                let mut per = vec![self.expr(kids.find(Rule::sum)?)?];
                while kids.eat(Rule::COMMA).is_some() {
                    per.push(self.expr(kids.eat(Rule::sum)?)?);
                }
                EffectKind::Once { per, until: self.end(&mut kids)? }
            }
            _ => return None,
        };
        let when = match kids.eat(Rule::cond) {
            Some(cond) => Some(self.expr(Children::of(cond).find(Rule::expr)?)?),
            None => None,
        };
        Some(Effect { kind, when, span })
    }

    /// `through KEEPER`; the inner `None`: there is none.
    fn through(&mut self, kids: &mut Children<'a>) -> Option<Option<Expr>> {
        match kids.eat(Rule::through) {
            Some(through) => self.expr(Children::of(through).find(Rule::sum)?).map(Some),
            None => Some(None),
        }
    }

    /// `until TIME`; the inner `None`: there is none.
    fn end(&mut self, kids: &mut Children<'a>) -> Option<Option<Expr>> {
        match kids.eat(Rule::KW_UNTIL) {
            Some(_) => self.expr(kids.eat(Rule::sum)?).map(Some),
            None => Some(None),
        }
    }

    /// `A of T`
    fn flow(&mut self, kids: &mut Children<'a>) -> Option<(Expr, Expr)> {
        let amount = self.expr(kids.find(Rule::sum)?)?;
        Some((amount, self.expr(kids.find(Rule::sum)?)?))
    }

    pub(super) fn token(&mut self, node: Node<'a>) -> Option<Token> {
        let owner = self.range(&node).start;
        let mut kids = Children::of(node);
        let name = self.word(&kids.find(Rule::name)?);
        kids.eat(Rule::COLON);
        let interfaces = kids.run(Rule::path).into_iter().map(|path| self.path(path)).collect();
        let decimals = self.word(&kids.find(Rule::NUM)?);
        let sites = self.block(&mut kids, owner, Piece::Site, Self::site);
        Some(Token { name, interfaces, decimals, sites })
    }

    pub(super) fn contract(&mut self, node: Node<'a>) -> Option<Contract> {
        let owner = self.range(&node).start;
        let mut kids = Children::of(node);
        let name = self.word(&kids.find(Rule::name)?);
        kids.eat(Rule::COLON);
        let interfaces = kids.run(Rule::path).into_iter().map(|path| self.path(path)).collect();
        let sites = self.block(&mut kids, owner, Piece::Site, Self::site);
        Some(Contract { name, interfaces, sites })
    }

    fn site(&mut self, node: Node<'a>) -> Option<Site> {
        let span = self.span(&node);
        let mut kids = Children::of(node);
        let chain = self.word(&kids.find(Rule::name)?);
        let address = match kids.eat(Rule::KW_AT) {
            Some(_) => Some(self.expr(kids.eat(Rule::postfix)?)?),
            None => None,
        };
        let domain = match kids.eat(Rule::domain) {
            Some(domain) => {
                let mut strings = children(domain, Rule::STRING);
                Some((self.string(&strings.next()?), self.string(&strings.next()?)))
            }
            None => None,
        };
        let upgradeable = kids.eat(Rule::KW_UPGRADEABLE).is_some();
        let trusted = match kids.eat(Rule::KW_TRUSTED) {
            Some(_) => Some(self.string(&kids.eat(Rule::STRING)?)),
            None => None,
        };
        Some(Site { chain, address, domain, upgradeable, trusted, span })
    }

    pub(super) fn chain(&mut self, node: Node<'a>) -> Option<Chain> {
        let mut kids = Children::of(node);
        let name = self.word(&kids.find(Rule::name)?);
        let id = self.word(&kids.find(Rule::NUM)?);
        let native = self.word(&kids.find(Rule::name)?);
        let mut assumptions = Vec::new();
        for assume in kids.run(Rule::assume) {
            let mut kids = Children::of(assume);
            let expr = self.expr(kids.find(Rule::expr)?)?;
            assumptions.push((expr, self.string(&kids.find(Rule::STRING)?)));
        }
        Some(Chain { name, id, native, assumptions })
    }
}
