//! Literals.

use super::{Checker, Scope};
use crate::{
    hir::{Lin, Num, Rate, Ratio, Unit, Value, WordKind, ratio},
    literal,
    resolve::{Entity, not_a},
};
use agentpol_analysis::ruleset::Scalar;
use agentpol_diagnostics::codes;
use agentpol_grammar::ast::{Amount, Name, Span};
use num_traits::Zero;

impl<'a> Checker<'_, 'a> {
    pub(super) fn number(&mut self, cx: &Scope, text: &str, span: Span) -> Value {
        match literal::number(text) {
            Some(n) => Value::Num(Num::known(n, Unit::Plain)),
            None => self.too_long(cx, span),
        }
    }

    fn too_long(&mut self, cx: &Scope, span: Span) -> Value {
        let said = format!("a number has at most {} digits", literal::MAX_DIGITS);
        self.fail(cx, span, codes::NUMBER_TOO_LARGE, said);
        Value::Error
    }

    /// `250 USDC`.
    pub(super) fn amount(&mut self, cx: &Scope, amount: &'a Amount) -> Value {
        match self.amount_of(cx, amount) {
            Some((n, unit)) => Value::Num(Num::known(n, unit)),
            None => Value::Error,
        }
    }

    /// An amount in base units of its token, or in whole units of a par.
    pub(crate) fn amount_of(&mut self, cx: &Scope, amount: &'a Amount) -> Option<(Ratio, Unit)> {
        let unit = self.unit_named(cx, &amount.unit)?;
        let Some(n) = literal::number(&amount.number.node) else {
            self.too_long(cx, amount.number.span);
            return None;
        };
        let Unit::Token(token) = unit else { return Some((n, unit)) };
        let decimals = usize::from(self.world.decimals(token));
        let base = literal::base_units(&n, decimals);
        if !base.is_integer() {
            let symbol = self.world.contract_name(token);
            let least = literal::show_amount(
                &Ratio::new(1.into(), literal::power_of_ten(decimals)),
                decimals,
                symbol,
            );
            let said = format!("{symbol} has {decimals} decimals: its smallest amount is `{least}`");
            self.fail(cx, amount.span, codes::TOO_MANY_DECIMALS, said);
            return None;
        }
        Some((base, unit))
    }

    /// The unit after a number.
    pub(crate) fn unit_named(&mut self, cx: &Scope, name: &'a Name) -> Option<Unit> {
        if name.node == "native"
            && let Some(native) = cx.here.and_then(|h| h.native)
        {
            return Some(Unit::Token(native));
        }
        let module = cx.module;
        match self.world.name(module, &name.node) {
            Some(Entity::Contract(ix)) if self.world.is_token(ix) => {
                self.used_token(cx, ix, name).map(Unit::Token)
            }
            Some(Entity::Unit(ix)) => Some(Unit::Par(ix)),
            Some(Entity::Error) => None,
            Some(other) => {
                self.sink.push(not_a("token", &name.node, other, self.place(cx, name.span)));
                None
            }
            None => {
                let said = self.world.unknown_name(module, module, name);
                self.sink.push(said);
                None
            }
        }
    }

    /// A token must be one of the policy's, or nothing could be said of it when a request is judged.
    fn used_token(
        &mut self,
        cx: &Scope,
        ix: crate::hir::ContractIx,
        name: &Name,
    ) -> Option<crate::hir::ContractIx> {
        if self.world.token_ids.contains_key(&ix) {
            return Some(ix);
        }
        let said = format!("the policy does not use `{}`", name.node);
        self.fail(cx, name.span, codes::UNKNOWN_NAME, said);
        None
    }

    /// `1 WETH per 6_000 USDC`.
    pub(super) fn rate(&mut self, cx: &Scope, of: &'a Amount, per: &'a Amount) -> Value {
        let (Some((of, of_unit)), Some((n, per_unit))) = (self.amount_of(cx, of), self.amount_of(cx, per))
        else {
            return Value::Error;
        };
        if n.is_zero() {
            self.fail(cx, per.span, codes::DIVISION_BY_ZERO, "a rate is per more than nothing");
            return Value::Error;
        }
        Value::Rate(Rate { of: of_unit, per: per_unit, factor: of / n })
    }

    pub(super) fn percent(&mut self, cx: &Scope, text: &str, span: Span) -> Value {
        match literal::percent(text) {
            Some(n) => Value::Num(Num::known(n, Unit::Plain)),
            None => self.too_long(cx, span),
        }
    }

    pub(super) fn duration(&mut self, cx: &Scope, text: &str, span: Span) -> Value {
        match literal::duration(text) {
            Some(seconds) => Value::Num(Num::known(ratio(seconds), Unit::Duration)),
            None => {
                self.fail_with_help(
                    cx,
                    span,
                    codes::NUMBER_TOO_LARGE,
                    "this is no duration that fits in 64 bits of seconds",
                    "durations are written `30s`, `10min`, `24h`, `7d`",
                );
                Value::Error
            }
        }
    }

    pub(super) fn date(&mut self, cx: &Scope, text: &str, span: Span) -> Value {
        match literal::date(text) {
            Some(time) => Value::Num(Num::known(ratio(time), Unit::Time)),
            None => {
                self.fail_with_help(
                    cx,
                    span,
                    codes::INVALID_DATE,
                    format!("`{text}` is not in the calendar"),
                    "dates are `2027-01-31` or `2027-01-31T12:00Z`, UTC, from 1970 on",
                );
                Value::Error
            }
        }
    }

    pub(super) fn address(&mut self, cx: &Scope, text: &str, span: Span) -> Value {
        match literal::address(text, self.place(cx, span)) {
            Ok(address) => {
                if self.world.modules.get(cx.module.index()).is_some_and(|module| module.is_policy) {
                    self.named.insert(address);
                }
                Value::Word(Scalar::Const(literal::address_word(address)), WordKind::Address)
            }
            Err(said) => {
                self.sink.push(*said);
                Value::Error
            }
        }
    }

    pub(super) fn hex(&mut self, cx: &Scope, text: &str, span: Span) -> Value {
        match literal::bytes(text) {
            Some(bytes) => Value::Hex(bytes),
            None => {
                self.fail(cx, span, codes::HEX_LENGTH, "two digits make a byte: a digit is missing");
                Value::Error
            }
        }
    }

    /// A plain number as a value.
    pub(super) fn plain(lin: Lin) -> Value {
        Value::Num(Num::one(lin, Unit::Plain))
    }
}
