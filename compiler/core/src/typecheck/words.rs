//! Values as single words, and arguments as values.

use super::{Checker, Scope, compare::is_true};
use crate::{
    hir::{ChainIx, ContractIx, FieldDef, FieldTy, Lin, Num, Refinement, Unit, UnitRef, Value, WordKind},
    literal,
    world::At,
};
use agentpol_analysis::ruleset::{Scalar, Target};
use agentpol_diagnostics::{Diagnostic, codes};
use agentpol_grammar::span::Span;
use agentpol_model::types::{Path, Step, WordType};
use std::rc::Rc;

impl Checker<'_, '_> {
    /// A value as one word that is no number. A contract is its address on the chain that is judged; `None` where it has
    /// none there, and where the value is no word.
    pub(crate) fn as_word(&mut self, cx: &Scope, value: &Value, span: Span) -> Option<(Scalar, WordKind)> {
        match value {
            Value::Word(word, kind) => Some((word.clone(), *kind)),
            Value::Slice(slice) => slice.word().zip(slice.kind()),
            Value::Contract(ix) => {
                let site = self.world.site(*ix, cx.here?.chain)?;
                match site.at {
                    At::Address(target) => Some((target_word(target), WordKind::Address)),
                    At::Native => {
                        let said = format!(
                            "`{}` is the chain's own token: it stands at no address",
                            self.world.contract_name(*ix)
                        );
                        self.fail(cx, span, codes::NATIVE_HAS_NO_ADDRESS, said);
                        Some((Scalar::Const(agentpol_model::U256::ZERO), WordKind::Address))
                    }
                }
            }
            _ => None,
        }
    }

    /// A value as an address, or a diagnostic.
    pub(crate) fn as_address(&mut self, cx: &Scope, value: &Value, span: Span) -> Option<Scalar> {
        if matches!(value, Value::Error) {
            return None;
        }
        match self.as_word(cx, value, span) {
            Some((word, WordKind::Address | WordKind::Token)) => Some(word),
            None if matches!(value, Value::Contract(_)) => {
                if let (Value::Contract(ix), Some(here)) = (value, cx.here) {
                    let said = format!(
                        "`{}` does not stand on `{}`",
                        self.world.contract_name(*ix),
                        self.world.chain_name(here.chain)
                    );
                    self.fail(cx, span, codes::NOT_DEPLOYED, said);
                }
                None
            }
            _ => {
                let said = format!("this is {}, where an address is needed", self.describe(value));
                self.fail(cx, span, codes::TYPE_MISMATCH, said);
                None
            }
        }
    }

    pub(super) fn not_on_chain(&mut self, cx: &Scope, ix: ContractIx, chain: ChainIx, span: Span) {
        let (name, chain) = (self.world.contract_name(ix), self.world.chain_name(chain));
        let said = Diagnostic::new(
            codes::TOKEN_NOT_ON_CHAIN,
            self.place(cx, span),
            format!("`{name}` does not stand on `{chain}`: there this never holds"),
        )
        .help("limit the rule with `on CHAIN`, or declare where it stands");
        self.sink.push(said);
    }

    /// The n-th field of a struct or function as a value.
    pub(crate) fn field(&self, cx: &mut Scope, parent: &Rc<[Step]>, fields: &[FieldDef], n: usize) -> Value {
        let Some(field) = fields.get(n) else { return Value::Error };
        let mut at = parent.to_vec();
        at.push(Step::Member(u16::try_from(n).unwrap_or(u16::MAX)));
        if field.sentinel
            && let FieldTy::Word(word) = &field.ty
        {
            cx.sentinels.insert(Scalar::Arg(Path(at.clone()), *word));
        }
        self.typed(cx, at, &field.ty, &field.refined, parent)
    }

    /// Whatever stands at a place of the arguments, as a value.
    pub(super) fn typed(
        &self,
        cx: &Scope,
        at: Vec<Step>,
        ty: &FieldTy,
        refined: &Refinement,
        parent: &Rc<[Step]>,
    ) -> Value {
        let path = Path(at);
        match ty {
            FieldTy::Word(word @ (WordType::Uint(_) | WordType::Int(_))) => {
                let unit = match refined {
                    Refinement::None | Refinement::Token | Refinement::Recipient => Unit::Plain,
                    Refinement::Time => Unit::Time,
                    Refinement::Duration => Unit::Duration,
                    Refinement::Amount(unit) => self.unit_of(cx, unit, parent),
                };
                Value::Num(Num::one(Lin::word(Scalar::Arg(path, *word)), unit))
            }
            FieldTy::Word(WordType::Address) if *refined == Refinement::Recipient => {
                Value::Word(Scalar::Party(path), WordKind::Address)
            }
            FieldTy::Word(word @ WordType::Address) => {
                let kind = if *refined == Refinement::Token { WordKind::Token } else { WordKind::Address };
                Value::Word(Scalar::Arg(path, *word), kind)
            }
            FieldTy::Word(word @ WordType::Bool) => Value::Bool(is_true(Scalar::Arg(path, *word))),
            FieldTy::Word(word @ WordType::FixedBytes(n)) => {
                Value::Word(Scalar::Arg(path, *word), WordKind::Fixed(*n))
            }
            FieldTy::Word(word @ WordType::Function) => {
                Value::Word(Scalar::Arg(path, *word), WordKind::Fixed(24))
            }
            FieldTy::Bytes => Value::Bytes(path),
            FieldTy::String => Value::Str(path),
            FieldTy::Struct(ix) => Value::Struct(path, *ix),
            FieldTy::Array(element, max) => Value::Array {
                path,
                element: element.clone(),
                refined: refined.clone(),
                parent: parent.clone(),
                max: *max,
            },
            FieldTy::FixedArray(element, n) => Value::Array {
                path,
                element: element.clone(),
                refined: refined.clone(),
                parent: parent.clone(),
                max: Some(*n),
            },
        }
    }

    /// The unit that an interface gives an argument, for the contract and chain that are judged.
    pub(crate) fn unit_of(&self, cx: &Scope, unit: &UnitRef, parent: &[Step]) -> Unit {
        let plain = |token: Option<ContractIx>| match token {
            Some(ix) if self.world.token_ids.contains_key(&ix) => Unit::Token(ix),
            _ => Unit::Plain,
        };
        let beside = |members: &[u16]| {
            let mut at = parent.to_vec();
            at.extend(members.iter().map(|m| Step::Member(*m)));
            Path(at)
        };
        match unit {
            // An interface that speaks of `self` on a contract that is no token has been reported there.
            UnitRef::SelfToken => {
                plain(cx.here.and_then(|h| h.contract).filter(|ix| self.world.is_token(*ix)))
            }
            UnitRef::Native => plain(cx.here.and_then(|h| h.native)),
            UnitRef::Token(ix) => plain(Some(*ix)),
            UnitRef::Sibling(members) => Unit::Of(Scalar::Arg(beside(members), WordType::Address)),
            UnitRef::Packed { members, start, from_end } => {
                let path = beside(members);
                Unit::Of(Scalar::Slice { path, start: *start, from_end: *from_end, length: 20 })
            }
        }
    }
}

/// Where a contract stands, as a word.
pub(crate) fn target_word(target: Target) -> Scalar {
    match target {
        Target::Fixed(address) => Scalar::Const(literal::address_word(address)),
        Target::Param(id) => Scalar::Param(id),
    }
}
