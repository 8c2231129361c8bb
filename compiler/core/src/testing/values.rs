//! Values of a test's arguments, by the types of the interface.

use super::{Stage, TEST_SIGNER, TEST_WALLET, calls::call_parts, test_address};
use crate::{
    hir::{FieldDef, FieldTy, Lin, Ratio, Refinement, Unit, UnitRef, Value, WordKind},
    literal,
    typecheck::{Checker, Scope},
};
use agentpol_abi::Value as Abi;
use agentpol_analysis::ruleset::{ParamType, Scalar};
use agentpol_diagnostics::codes;
use agentpol_grammar::ast::{Expr, ExprKind, Span};
use agentpol_model::{Time, U256, policy::WALLET_PARAM, request::Field, types::WordType};
use num_bigint::BigInt;
use num_traits::{One, Signed};

impl<'a> Checker<'_, 'a> {
    /// A value for a field; `siblings` are the values beside it, for the unit of an amount.
    pub(super) fn test_value(
        &mut self,
        cx: &mut Scope,
        stage: Stage<'_, 'a>,
        e: &'a Expr,
        field: (&FieldTy, &Refinement),
        given: &[(&FieldDef, Option<&'a Expr>)],
    ) -> Option<Abi> {
        match (&e.kind, field.0) {
            (ExprKind::Map(pairs), FieldTy::Struct(ix)) => {
                let fields = self.world.structure(*ix)?.fields.as_slice();
                let mut named = Vec::with_capacity(fields.len());
                for def in fields {
                    let value = pairs.iter().find(|(k, _)| is_name(k, &def.name)).map(|(_, v)| v);
                    if value.is_none() {
                        let said = format!("`{}` is not given", def.name);
                        self.fail(cx, e.span, codes::TEST_VALUE, said);
                        return None;
                    }
                    named.push((def, value));
                }
                for (key, _) in pairs {
                    if !fields.iter().any(|f| is_name(key, &f.name)) {
                        let said = format!("the struct has no member `{}`", self.text(cx, key.span));
                        self.fail(cx, key.span, codes::UNKNOWN_MEMBER, said);
                        return None;
                    }
                }
                self.test_values(cx, stage, &named).map(Abi::Tuple)
            }
            (ExprKind::List(elements), FieldTy::Array(inner, _) | FieldTy::FixedArray(inner, _)) => {
                let mut out = Vec::with_capacity(elements.len());
                for element in elements {
                    out.push(self.test_value(cx, stage, element, (inner, field.1), given)?);
                }
                Some(Abi::Array(out))
            }
            (_, FieldTy::Word(word)) => self.test_word(cx, stage.now, e, (*word, field.1), given),
            (ExprKind::Call { .. }, FieldTy::Bytes) if call_parts(e).is_some() => {
                self.calldata(cx, stage, e).map(Abi::Bytes)
            }
            _ => {
                let value = self.expr(cx, e);
                match (value, field.0) {
                    (Value::Error, _) => None,
                    (Value::Hex(bytes), FieldTy::Bytes) => Some(Abi::Bytes(bytes)),
                    (Value::Text(text), FieldTy::String) => Some(Abi::String(text)),
                    (other, ty) => {
                        let said = format!(
                            "a `{}` is needed; this is {}",
                            self.world.show_type(ty),
                            self.describe(&other)
                        );
                        self.fail(cx, e.span, codes::TEST_VALUE, said);
                        None
                    }
                }
            }
        }
    }

    /// All fields of a struct or arguments of a function.
    pub(super) fn test_values(
        &mut self,
        cx: &mut Scope,
        stage: Stage<'_, 'a>,
        given: &[(&FieldDef, Option<&'a Expr>)],
    ) -> Option<Vec<Abi>> {
        let mut out = Vec::with_capacity(given.len());
        for (def, value) in given {
            out.push(self.test_value(cx, stage, (*value)?, (&def.ty, &def.refined), given)?);
        }
        Some(out)
    }

    pub(super) fn test_word(
        &mut self,
        cx: &mut Scope,
        now: Time,
        e: &'a Expr,
        ty: (WordType, &Refinement),
        given: &[(&FieldDef, Option<&'a Expr>)],
    ) -> Option<Abi> {
        let value = self.expr(cx, e);
        let word = match (&value, ty.0) {
            (Value::Error, _) => return None,
            (Value::Num(_), WordType::Uint(_) | WordType::Int(_)) => {
                let unit = self.test_unit(cx, ty.1, given);
                let n = self.test_number(cx, now, &value, unit.as_ref(), e.span)?;
                return self.fitted(cx, &n, ty.0, e.span);
            }
            (Value::Bool(agentpol_analysis::ruleset::Formula::Const(b)), WordType::Bool) => {
                U256::from(u8::from(*b))
            }
            (Value::Hex(bytes), WordType::FixedBytes(n)) if bytes.len() == usize::from(n) => {
                literal::fixed_bytes(bytes)?
            }
            (Value::Word(..) | Value::Contract(_), WordType::Address) => {
                let word = self.as_address(cx, &value, e.span)?;
                self.concrete(&word, now)?
            }
            // Twenty bytes of hex are an address wherever they stand.
            (Value::Word(Scalar::Const(word), WordKind::Address), WordType::FixedBytes(20)) => *word << 96,
            (Value::Word(word, WordKind::Fixed(n)), WordType::FixedBytes(m)) if *n == m => {
                self.concrete(word, now)?
            }
            _ => {
                let said = format!("a `{}` is needed; this is {}", ty.0, self.describe(&value));
                self.fail(cx, e.span, codes::TEST_VALUE, said);
                return None;
            }
        };
        Some(Abi::Word(word, ty.0))
    }

    /// The unit of an argument, with the token that the test gives beside it.
    fn test_unit(
        &mut self,
        cx: &mut Scope,
        refined: &Refinement,
        given: &[(&FieldDef, Option<&'a Expr>)],
    ) -> Option<Unit> {
        match refined {
            Refinement::None | Refinement::Token | Refinement::Recipient => Some(Unit::Plain),
            // Whichever token its bytes name.
            Refinement::Amount(UnitRef::Packed { .. }) => None,
            Refinement::Time => Some(Unit::Time),
            Refinement::Duration => Some(Unit::Duration),
            Refinement::Amount(UnitRef::Sibling(path)) => {
                let [at] = path.as_slice() else { return None };
                let e = given.get(usize::from(*at))?.1?;
                match self.expr(cx, e) {
                    Value::Contract(ix) => Some(Unit::Token(ix)),
                    // A plain address: whatever stands there.
                    Value::Word(Scalar::Const(word), _) => self.token_at(cx, word).map(Unit::Token),
                    _ => None,
                }
            }
            Refinement::Amount(unit) => Some(self.unit_of(cx, unit, &[])),
        }
    }

    /// A number with nothing open in it. `None` as unit: any amount will do.
    pub(super) fn test_number(
        &mut self,
        cx: &Scope,
        now: Time,
        value: &Value,
        unit: Option<&Unit>,
        span: Span,
    ) -> Option<Ratio> {
        let case = match value {
            Value::Error => return None,
            Value::Num(n) => n.only(),
            _ => None,
        };
        let Some(case) = case else {
            let said = format!("a number is needed; this is {}", self.describe(value));
            self.fail(cx, span, codes::TEST_VALUE, said);
            return None;
        };
        // Base units as a plain number say exactly what is sent.
        let fits = unit.is_none_or(|u| case.unit == *u) || case.unit == Unit::Plain;
        if !fits {
            let wanted = unit.map(|u| self.show_unit(cx, u)).unwrap_or_default();
            let said = format!("this is {}, where {wanted} is needed", self.show_unit(cx, &case.unit));
            self.fail(cx, span, codes::UNIT_MISMATCH, said);
            return None;
        }
        self.evaluate(&case.lin, now)
    }

    fn evaluate(&self, lin: &Lin, now: Time) -> Option<Ratio> {
        let mut total = lin.constant.clone();
        for (word, factor) in &lin.terms {
            total += factor * Ratio::from_integer(literal::number_of(self.concrete(word, now)?));
        }
        Some(total)
    }

    fn fitted(&mut self, cx: &Scope, n: &Ratio, ty: WordType, span: Span) -> Option<Abi> {
        let one = BigInt::one();
        let (low, high) = match ty {
            WordType::Int(bits) => {
                let half = one << bits.saturating_sub(1);
                (-half.clone(), half - 1)
            }
            WordType::Uint(bits) => (BigInt::ZERO, (one << bits) - 1),
            _ => return None,
        };
        let whole = n.to_integer();
        if !n.is_integer() || whole < low || whole > high {
            let said = format!("this does not fit into `{ty}`");
            self.fail(cx, span, codes::TEST_VALUE, said);
            return None;
        }
        let bits = if whole.is_negative() { whole + (BigInt::one() << 256) } else { whole };
        Some(Abi::Word(literal::word(&Ratio::from_integer(bits))?, ty))
    }

    /// What a word is worth in tests.
    pub(super) fn concrete(&self, word: &Scalar, now: Time) -> Option<U256> {
        match word {
            Scalar::Const(word) => Some(*word),
            Scalar::Field(Field::Wallet) => Some(literal::address_word(TEST_WALLET)),
            Scalar::Field(Field::Signer) => Some(literal::address_word(TEST_SIGNER)),
            Scalar::Field(Field::Now) => Some(U256::from(now)),
            Scalar::Param(id) => {
                let def = self.world.param(crate::hir::ParamIx(id.raw()))?;
                if def.name == WALLET_PARAM {
                    return Some(literal::address_word(TEST_WALLET));
                }
                let address =
                    matches!(def.ty?, crate::world::ParamTy::Other(ParamType::Address | ParamType::Approver));
                address.then(|| literal::address_word(test_address(def.name)))
            }
            Scalar::Field(_) | Scalar::Arg(..) | Scalar::Len(_) | Scalar::Party(_) | Scalar::Slice { .. } => {
                None
            }
        }
    }
}

pub(super) fn is_name(key: &Expr, name: &str) -> bool {
    matches!(&key.kind, ExprKind::Path(path) if matches!(path.segments.as_slice(), [one] if one.node == name))
}
