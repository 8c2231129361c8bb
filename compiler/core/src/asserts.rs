//! `assert`s: their names and units are checked, and they are kept for the analysis. None is silently taken for true.

use crate::{
    flatten::{Flattened, Known},
    hir::ModuleIx,
    typecheck::{Checker, Scope},
};
use agentpol_diagnostics::{Diagnostic, Place, codes};
use agentpol_grammar::ast::{self, Expr, ItemKind, Subject};

/// An assertion as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assertion {
    /// Where it stands.
    pub place: Place,
    /// As a person reads it.
    pub text: String,
    /// What it claims.
    pub kind: AssertKind,
}

/// The kinds of claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssertKind {
    /// `outflow(USDC) <= 500 USDC per 24h`
    Bound,
    /// `never delegatecall …`
    Never,
    /// `only payees receive USDC`
    Only,
}

/// Every `assert` of the policy, with a note on each that it is not proved yet.
pub(crate) fn assertions<'a>(checker: &mut Checker<'_, 'a>, flat: &Flattened<'a>) -> Vec<Assertion> {
    let world = checker.world;
    let Some(module) = world.modules.first() else { return Vec::new() };
    let mut out = Vec::new();
    for item in &module.tree.items {
        let ItemKind::Assert(assert) = &item.kind else { continue };
        let place = module.place(item.span);
        let kind = match assert {
            ast::Assert::Bound { of, most, .. } => {
                if let Err(said) = world.path(ModuleIx(0), of) {
                    checker.sink.push(*said);
                }
                checker.money(&Scope::new(ModuleIx(0), None), most);
                AssertKind::Bound
            }
            ast::Assert::Never { subject, when } => {
                checker.never_happens(subject, when.as_ref(), flat);
                AssertKind::Never
            }
            ast::Assert::Only { who, token } => {
                let cx = &mut Scope::new(ModuleIx(0), None);
                checker.expr(cx, who);
                checker.expr(cx, token);
                AssertKind::Only
            }
        };
        checker.sink.push(
            Diagnostic::new(
                codes::ASSERT_NOT_PROVED,
                place,
                "this assert is not proved: the analysis comes later",
            )
            .help("do not rely on it yet"),
        );
        out.push(Assertion { place, text: module.slice(item.span).to_owned(), kind });
    }
    out
}

impl<'a> Checker<'_, 'a> {
    /// `never SUBJECT when C`: the names and units, for each thing that it is about.
    fn never_happens(&mut self, subject: &'a Subject, when: Option<&'a Expr>, flat: &Flattened<'a>) {
        let Some((ids, names)) = self.claimed(subject, &flat.callables) else {
            self.must_have_said(self.world.place(ModuleIx(0), subject.span));
            return;
        };
        let Some(e) = when else { return };
        let mut all: Vec<Known> = ids.iter().filter_map(|id| flat.callables.get(*id).copied()).collect();
        if all.is_empty() {
            all.extend(self.unnamed(subject));
        }
        for known in all {
            let mut cx = Scope::new(ModuleIx(0), Some(known.here));
            self.bind(&mut cx, &known, names);
            self.condition(&mut cx, e);
        }
    }
}
