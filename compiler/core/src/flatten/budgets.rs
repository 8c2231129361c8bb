//! Caps, windows and measures.

use super::Tables;
use crate::{
    hir::{ContractIx, ModuleIx, Ratio, Unit, Value},
    literal,
    resolve::{Entity, Found},
    typecheck::{Checker, Scope},
    world::ParamTy,
};
use agentpol_analysis::ruleset::{ParamType, RuleSet};
use agentpol_diagnostics::{Diagnostic, codes};
use agentpol_grammar::ast::{
    self, BudgetLine, Count, DurationExpr, ItemKind, LineMeasure, Money, QName, Window as Word,
};
use agentpol_model::{
    U256,
    budget::{Budget, Cap, Measure, Period, Window},
    ids::{BudgetId, ParamId, TokenId},
};
use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::Zero;

/// Lines of one budget at most.
pub(crate) const MAX_LINES: usize = 16;

/// Money that caps something: how much (in base units or in whole units of a par) and of what.
pub(crate) enum Amount {
    Known(Ratio, Unit),
    Param(ParamId, ContractIx),
}

impl<'a> Checker<'_, 'a> {
    pub(super) fn budgets(&mut self, items: &'a [ast::Item], tables: &mut Tables<'a>) {
        let mut seen = std::collections::BTreeMap::new();
        for item in items {
            let ItemKind::Budget(budget) = &item.kind else { continue };
            let name = budget.name.node.as_str();
            if let Some(before) = seen.insert(name, budget.name.span) {
                self.taken("budget", &budget.name, before);
                continue;
            }
            let cx = Scope::new(ModuleIx(0), None);
            if let Some(each) = &budget.each {
                self.fail(&cx, each.span, codes::NOT_SUPPORTED, "budgets `each` are not supported yet");
            }
            let rules = budget.rules.as_ref().map(|names| {
                let mut ids: Vec<_> =
                    names.iter().filter_map(|n| self.named("rule", n, &tables.rules)).collect();
                ids.sort_unstable();
                ids.dedup();
                ids
            });
            if budget.lines.len() > MAX_LINES {
                let said = format!("a budget has at most {MAX_LINES} lines");
                self.fail(&cx, budget.name.span, codes::NUMBER_TOO_LARGE, said);
                continue;
            }
            let mut ids = Vec::new();
            for (n, line) in (0u8..).zip(&budget.lines) {
                let measured = self.measure(&cx, line);
                let window = self.window(&cx, &line.window.node);
                let (Some((measure, cap)), Some(window)) = (measured, window) else {
                    self.must_have_said(self.place(&cx, line.span));
                    continue;
                };
                ids.push(BudgetId::new(u32::try_from(tables.lines.len()).unwrap_or(u32::MAX)));
                tables.lines.push(Budget {
                    name: name.to_owned(),
                    line: n,
                    renamed_from: budget.renamed_from.as_ref().map(|o| o.node.clone()),
                    cap,
                    window,
                    measure,
                    rules: rules.clone(),
                });
            }
            tables.budgets.insert(name, ids);
        }
    }

    fn measure(&mut self, cx: &Scope, line: &'a BudgetLine) -> Option<(Measure, Cap)> {
        match &line.measure {
            LineMeasure::Calls(count) => Some((Measure::Calls, self.count(cx, count)?)),
            LineMeasure::Gross(money) => {
                let amount = self.money(cx, money)?;
                self.gross(cx, amount, line.span)
            }
            LineMeasure::Fees(money) => {
                let amount = self.money(cx, money)?;
                let (token, cap) = self.fee(cx, amount, line.span)?;
                Some((Measure::Fees(token), cap))
            }
        }
    }

    /// A cap on everything of a token, or of all members of a par over one denominator.
    pub(crate) fn gross(&mut self, cx: &Scope, amount: Amount, span: ast::Span) -> Option<(Measure, Cap)> {
        match amount {
            Amount::Param(id, token) => {
                Some((Measure::Gross(vec![(self.token_id(token)?, U256::ONE)]), Cap::Param(id, U256::ONE)))
            }
            Amount::Known(n, Unit::Token(token)) => {
                let cap = self.cap(cx, &n, span)?;
                Some((Measure::Gross(vec![(self.token_id(token)?, U256::ONE)]), cap))
            }
            Amount::Known(n, Unit::Par(unit)) => {
                let members: Vec<(TokenId, Ratio)> = self
                    .world
                    .unit(unit)?
                    .members
                    .iter()
                    .filter_map(|(ix, weight)| Some((self.token_id(*ix)?, weight.clone())))
                    .collect();
                if members.is_empty() {
                    self.fail(cx, span, codes::BAD_UNIT, "the policy uses no token of this unit");
                    return None;
                }
                let common = members.iter().fold(n.denom().clone(), |d: BigInt, (_, w)| d.lcm(w.denom()));
                let common = Ratio::from_integer(common);
                let mut weights = Vec::with_capacity(members.len());
                for (id, weight) in members {
                    let Some(weight) = literal::word(&(weight * &common)) else {
                        self.fail(
                            cx,
                            span,
                            codes::NUMBER_TOO_LARGE,
                            "the weights of this unit do not fit in 256 bits",
                        );
                        return None;
                    };
                    weights.push((id, weight));
                }
                weights.sort_unstable();
                let cap = self.cap(cx, &(n * common), span)?;
                Some((Measure::Gross(weights), cap))
            }
            Amount::Known(..) => None,
        }
    }

    fn cap(&mut self, cx: &Scope, n: &Ratio, span: ast::Span) -> Option<Cap> {
        let cap = literal::word(n);
        if cap.is_none() {
            self.fail(cx, span, codes::NUMBER_TOO_LARGE, "this cap does not fit in 256 bits");
        }
        cap.map(Cap::Fixed)
    }

    /// Fees are paid in a chain's own token.
    fn fee(&mut self, cx: &Scope, amount: Amount, span: ast::Span) -> Option<(TokenId, Cap)> {
        let (token, cap) = match amount {
            Amount::Known(n, Unit::Token(token)) => (token, self.cap(cx, &n, span)?),
            Amount::Param(id, token) => (token, Cap::Param(id, U256::ONE)),
            Amount::Known(..) => {
                self.fail(cx, span, codes::FEES_NOT_NATIVE, "fees are counted in one chain's own token");
                return None;
            }
        };
        if !self.world.natives.contains(&token) {
            let natives: Vec<&str> =
                self.world.natives.iter().map(|t| self.world.contract_name(*t)).collect();
            let said =
                format!("no chain of this policy takes its fees in `{}`", self.world.contract_name(token));
            let help = format!("fees are paid in {}", natives.join(", "));
            self.fail_with_help(cx, span, codes::FEES_NOT_NATIVE, said, help);
            return None;
        }
        Some((self.token_id(token)?, cap))
    }

    pub(crate) fn money(&mut self, cx: &Scope, money: &'a Money) -> Option<Amount> {
        match money {
            Money::Amount(amount) => self.amount_of(cx, amount).map(|(n, unit)| Amount::Known(n, unit)),
            Money::Path(path) => self.money_named(cx, path),
        }
    }

    /// A parameter or a `let` that is an amount.
    fn money_named(&mut self, cx: &Scope, path: &'a QName) -> Option<Amount> {
        match self.world.path(ModuleIx(0), path) {
            Ok(Found::Entity(Entity::Param(ix))) => match self.world.param(ix).and_then(|p| p.ty) {
                Some(ParamTy::Amount(token)) => return Some(Amount::Param(ParamId::new(ix.0), token)),
                None => return None,
                Some(ParamTy::Other(_)) => {}
            },
            Ok(Found::Entity(Entity::Let(ix))) => {
                let value = self.eval_let(ix);
                let case = match &value {
                    Value::Error => return None,
                    Value::Num(n) => n.only().filter(|c| c.unit.is_amount()).cloned(),
                    _ => None,
                };
                if let Some(case) = case
                    && let Some(n) = case.lin.known()
                {
                    return Some(Amount::Known(n.clone(), case.unit));
                }
            }
            Ok(Found::Entity(Entity::Error)) => return None,
            Ok(_) => {}
            Err(said) => {
                self.sink.push(*said);
                return None;
            }
        }
        let help = "write an amount, `500 USDC`, or a parameter: `param cap: amount of USDC`";
        self.fail_with_help(cx, path.span, codes::TYPE_MISMATCH, "this is no amount", help);
        None
    }

    fn count(&mut self, cx: &Scope, count: &'a Count) -> Option<Cap> {
        match count {
            Count::Number(text) => {
                let n = literal::number(&text.node).filter(Ratio::is_integer);
                match n {
                    Some(n) => self.cap(cx, &n, text.span),
                    None => {
                        self.fail(cx, text.span, codes::TYPE_MISMATCH, "calls are counted in whole numbers");
                        None
                    }
                }
            }
            Count::Path(path) => match self.world.path(ModuleIx(0), path) {
                Ok(Found::Entity(Entity::Param(ix)))
                    if self.world.param(ix).and_then(|p| p.ty) == Some(ParamTy::Other(ParamType::Int)) =>
                {
                    Some(Cap::Param(ParamId::new(ix.0), U256::ONE))
                }
                Ok(Found::Entity(Entity::Error)) => None,
                Ok(_) => {
                    let said = "calls are counted by a number or a parameter of type `int`";
                    self.fail(cx, path.span, codes::TYPE_MISMATCH, said);
                    None
                }
                Err(said) => {
                    self.sink.push(*said);
                    None
                }
            },
        }
    }

    pub(crate) fn window(&mut self, cx: &Scope, window: &'a Word) -> Option<Window> {
        match window {
            Word::Total => Some(Window::Total),
            Word::Period(word) => match word.as_str() {
                "day" => Some(Window::Calendar(Period::Day)),
                "week" => Some(Window::Calendar(Period::Week)),
                "month" => Some(Window::Calendar(Period::Month)),
                _ => Some(Window::PerTransaction),
            },
            Word::Span(DurationExpr::Literal(text)) => {
                let seconds = literal::duration(&text.node).filter(|s| !s.is_zero());
                if seconds.is_none() {
                    let said = "a window is at least one second long, and fits in 64 bits";
                    self.fail(cx, text.span, codes::OUT_OF_RANGE, said);
                }
                seconds.map(|seconds| Window::Sliding { seconds })
            }
            Word::Span(DurationExpr::Path(path)) => {
                let known = match self.world.path(ModuleIx(0), path) {
                    Ok(Found::Entity(Entity::Let(ix))) => match self.eval_let(ix) {
                        Value::Num(n) => n
                            .only()
                            .filter(|c| c.unit == Unit::Duration)
                            .and_then(|c| c.lin.known().cloned())
                            .and_then(|k| u64::try_from(k.to_integer()).ok())
                            .filter(|s| !s.is_zero()),
                        _ => None,
                    },
                    Err(said) => {
                        self.sink.push(*said);
                        return None;
                    }
                    Ok(_) => None,
                };
                if known.is_none() {
                    let said = "a window's length is known when the policy is compiled";
                    self.fail_with_help(cx, path.span, codes::NOT_SUPPORTED, said, "write it out: `per 24h`");
                }
                known.map(|seconds| Window::Sliding { seconds })
            }
        }
    }

    /// `fees at most`, once for each native token.
    pub(super) fn fees(&mut self, items: &'a [ast::Item], out: &mut RuleSet) {
        let cx = Scope::new(ModuleIx(0), None);
        let mut first: Vec<(TokenId, ast::Span)> = Vec::new();
        for item in items {
            let ItemKind::Fees(fees) = &item.kind else { continue };
            let capped = self.money(&cx, &fees.most).and_then(|amount| self.fee(&cx, amount, item.span));
            let Some((token, cap)) = capped else {
                self.must_have_said(self.place(&cx, item.span));
                continue;
            };
            if let Some((_, before)) = first.iter().find(|(t, _)| *t == token) {
                let place = |span| self.world.place(ModuleIx(0), span);
                let said = Diagnostic::new(
                    codes::DUPLICATE_NAME,
                    place(item.span),
                    "fees in this token are capped already",
                )
                .label(place(*before), "here");
                self.sink.push(said);
                continue;
            }
            first.push((token, item.span));
            out.fee_caps.push((token, cap));
        }
        out.fee_caps.sort_by_key(|(token, _)| *token);
    }
}
