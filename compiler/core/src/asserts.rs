//! `assert`s as claims for the analysis to judge.

use crate::{
    flatten::{Amount, Flattened, Known},
    hir::{ContractIx, ModuleIx, Unit, Value, WordKind},
    resolve::{Entity, Found},
    typecheck::{Checker, Scope},
};
use agentpol_analysis::{
    claims::{Bound, Claim},
    ruleset::Formula,
};
use agentpol_diagnostics::{Place, codes};
use agentpol_grammar::ast::{self, Expr, ItemKind, Subject, SubjectWhat};
use agentpol_model::{
    budget::Measure,
    ids::{CallableId, TokenId},
};

/// An assertion as it was written, and what it claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assertion {
    /// Where it stands.
    pub place: Place,
    /// As a person reads it.
    pub text: String,
    /// What it claims; nothing, where something was wrong with it that has been said.
    pub claim: Option<Claim>,
}

/// Every `assert` of the policy.
pub(crate) fn assertions<'a>(checker: &mut Checker<'_, 'a>, flat: &Flattened<'a>) -> Vec<Assertion> {
    let world = checker.world;
    let Some(module) = world.modules.first() else { return Vec::new() };
    let mut out = Vec::new();
    for item in &module.tree.items {
        let ItemKind::Assert(assert) = &item.kind else { continue };
        let place = module.place(item.span);
        let claim = match assert {
            ast::Assert::Bound { .. } => checker.most(assert, item.span).map(Claim::Most),
            ast::Assert::Never { subject, when } => checker.never_happens(subject, when.as_ref(), flat),
            ast::Assert::Only { who, token } => checker.only_receive(who, token, flat),
        };
        out.push(Assertion { place, text: module.slice(item.span).to_owned(), claim });
    }
    out
}

impl<'a> Checker<'_, 'a> {
    /// `outflow(USDC) <= 500 USDC per 24h`
    fn most(&mut self, assert: &'a ast::Assert, span: ast::Span) -> Option<Bound> {
        let ast::Assert::Bound { measure, of, op, most, window, with_approvals } = assert else {
            return None;
        };
        let cx = Scope::new(ModuleIx(0), None);
        let claimed = match self.world.path(ModuleIx(0), of) {
            Ok(Found::Entity(Entity::Contract(ix))) if self.token_id(ix).is_some() => Some(Unit::Token(ix)),
            Ok(Found::Entity(Entity::Unit(ix))) => Some(Unit::Par(ix)),
            Ok(Found::Entity(Entity::Error)) => return None,
            Ok(_) => {
                let said = "this is no token and no unit that the policy uses";
                self.fail(&cx, of.span, codes::WRONG_KIND_OF_NAME, said);
                return None;
            }
            Err(said) => {
                self.sink.push(*said);
                return None;
            }
        };
        let amount = self.money(&cx, most)?;
        let unit = match &amount {
            Amount::Known(_, unit) => unit.clone(),
            Amount::Param(_, token) => Unit::Token(*token),
        };
        if claimed.as_ref() != Some(&unit) {
            let said = format!(
                "this claim is about `{}`, and its bound is of something else",
                self.text(&cx, of.span)
            );
            self.fail(&cx, span, codes::UNIT_MISMATCH, said);
            return None;
        }
        let (Measure::Gross(of), most) = self.gross(&cx, amount, span)? else { return None };
        let window = self.window(&cx, &window.node)?;
        if op.node != "<=" {
            let help = "write `<=`: the bound itself may be reached";
            self.fail_with_help(&cx, op.span, codes::NOT_SUPPORTED, "a bound is claimed with `<=`", help);
            return None;
        }
        let authority = measure.node == "authority";
        Some(Bound { of, authority, most, window, with_approvals: *with_approvals })
    }

    /// `never SUBJECT when C`, for each thing that it is about.
    fn never_happens(
        &mut self,
        subject: &'a Subject,
        when: Option<&'a Expr>,
        flat: &Flattened<'a>,
    ) -> Option<Claim> {
        let Some((mut ids, names)) = self.claimed(subject, &flat.callables) else {
            self.must_have_said(self.world.place(ModuleIx(0), subject.span));
            return None;
        };
        if let SubjectWhat::Action { kind: Some(word), target: None, patterns: None } = &subject.what {
            // All of a kind, on the subject's chains.
            let chains = self.subject_chains(subject)?;
            let all = (0..).map(CallableId::new).zip(&flat.ruleset.callables);
            let of_kind = all.filter(|(_, callable)| callable.kind.name() == word.node);
            ids.extend(of_kind.map(|(id, _)| id).filter(|id| {
                flat.callables.get(*id).is_some_and(|known| chains.contains(&known.here.chain))
            }));
        }
        let mut claim = Vec::new();
        for id in &ids {
            let Some(known) = flat.callables.get(*id).copied() else { continue };
            let formula = match when {
                Some(e) => self.claimed_when(&known, names, e),
                None => Formula::Const(true),
            };
            claim.push((*id, formula));
        }
        if let (Some(e), true) = (when, ids.is_empty())
            && let Some(known) = self.unnamed(subject)
        {
            // Nothing can be asked of what no rule names, but names and units are checked.
            self.claimed_when(&known, names, e);
        }
        Some(Claim::Never(claim))
    }

    fn claimed_when(&mut self, known: &Known, names: &'a [ast::Name], e: &'a Expr) -> Formula {
        let mut cx = Scope::new(ModuleIx(0), Some(known.here));
        self.bind(&mut cx, known, names);
        self.condition(&mut cx, e)
    }

    /// `only W receive T`: for every effect that may be of the token, that its party is one of them.
    fn only_receive(&mut self, who: &'a Expr, token: &'a Expr, flat: &Flattened<'a>) -> Option<Claim> {
        let mut cx = Scope::new(ModuleIx(0), None);
        let token = match self.expr(&mut cx, token) {
            Value::Error => return None,
            Value::Contract(ix) => self.claimed_token(&cx, ix, token.span)?,
            other => {
                let said = format!("this is {}, where a token is needed", self.describe(&other));
                self.fail(&cx, token.span, codes::TYPE_MISMATCH, said);
                return None;
            }
        };
        let mut parties = Vec::new();
        for (id, callable) in (0..).map(CallableId::new).zip(&flat.ruleset.callables) {
            let Some(known) = flat.callables.get(id).copied() else { continue };
            for (place, effect) in callable.effects.iter().enumerate() {
                let mut cx = Scope::new(ModuleIx(0), Some(known.here));
                let among = self.expr(&mut cx, who);
                let party = Value::Word(effect.party.clone(), WordKind::Address);
                let among = match among {
                    // One is as good as a set of one.
                    one @ (Value::Word(..) | Value::Contract(_)) => Value::List(std::rc::Rc::new(vec![one])),
                    all => all,
                };
                parties.push((id, place, self.member_of(&cx, (party, who.span), (among, who.span))));
            }
        }
        Some(Claim::Only { token, parties })
    }

    fn claimed_token(&mut self, cx: &Scope, ix: ContractIx, span: ast::Span) -> Option<TokenId> {
        let token = self.token_id(ix);
        if token.is_none() {
            self.fail(cx, span, codes::TYPE_MISMATCH, "this is a contract, where a token is needed");
        }
        token
    }
}
