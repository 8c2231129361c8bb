//! Parameters with their domains.

use crate::{
    hir::{ModuleIx, ParamIx, Ratio, Unit, Value, ratio},
    literal,
    typecheck::{Checker, Scope},
    world::ParamTy,
};
use agentpol_analysis::ruleset::{Param, ParamType};
use agentpol_diagnostics::codes;
use agentpol_grammar::ast::Expr;
use agentpol_model::U256;
use num_traits::One;

impl<'a> Checker<'_, 'a> {
    pub(super) fn params(&mut self) -> Vec<Param> {
        let mut out = Vec::with_capacity(self.world.params.len());
        for i in 0..self.world.params.len() {
            let Some(def) = self.world.param(ParamIx::new(i)) else { continue };
            let ty = match def.ty {
                Some(ParamTy::Other(ty)) => ty,
                Some(ParamTy::Amount(token)) => match self.token_id(token) {
                    Some(id) => ParamType::Amount(id),
                    None => continue,
                },
                // A mistake that has been reported; the number must stay taken.
                None => ParamType::Int,
            };
            let domain = def.domain.and_then(|e| self.domain(e, def.ty));
            out.push(Param { name: def.name.to_owned(), ty, domain });
        }
        out
    }

    /// `in 0 USDC ..= 1_000 USDC`, as base units, closed.
    fn domain(&mut self, e: &'a Expr, ty: Option<ParamTy>) -> Option<(U256, U256)> {
        let cx = &mut Scope::new(ModuleIx(0), None);
        let unit = match ty? {
            ParamTy::Amount(token) => Unit::Token(token),
            ParamTy::Other(ParamType::Int) => Unit::Plain,
            ParamTy::Other(ParamType::Duration) => Unit::Duration,
            ParamTy::Other(ParamType::Time) => Unit::Time,
            ParamTy::Other(_) => {
                self.fail(cx, e.span, codes::BAD_PARAM, "only a number has a range");
                return None;
            }
        };
        let Value::Range { low, high, closed } = self.expr(cx, e) else {
            let help = "write `in LOW ..= HIGH`";
            self.fail_with_help(cx, e.span, codes::BAD_PARAM, "a parameter's domain is a range", help);
            return None;
        };
        let low = self.bound(cx, e, *low, &unit)?;
        let mut high = self.bound(cx, e, *high, &unit)?;
        if !closed {
            high -= Ratio::one();
        }
        let words = if low <= high { literal::word(&low).zip(literal::word(&high)) } else { None };
        if words.is_none() {
            let said = "the range is empty, or not of whole numbers from 0 to 2^256 - 1";
            self.fail(cx, e.span, codes::BAD_PARAM, said);
        }
        words
    }

    fn bound(&mut self, cx: &Scope, e: &Expr, value: Value, unit: &Unit) -> Option<Ratio> {
        let case = match &value {
            Value::Error => return None,
            Value::Num(n) => n.only(),
            _ => None,
        };
        let known = case.and_then(|c| Some((c.lin.known()?.clone(), &c.unit)));
        match known {
            Some((n, found)) if found == unit => Some(n),
            Some((n, Unit::Plain)) if n == ratio(0) => Some(n),
            _ => {
                let said = format!(
                    "a bound of the range is {}, where {} is needed",
                    self.describe(&value),
                    self.show_unit(cx, unit)
                );
                self.fail(cx, e.span, codes::BAD_PARAM, said);
                None
            }
        }
    }
}
