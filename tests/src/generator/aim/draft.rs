//! An action under construction: its arguments can be read and written by the rule set's own scalars.

use super::{
    OwnedAction, OwnedRequest,
    values::{Pool, fit},
};
use crate::generator::rng::Rng;
use agentpol_abi::{Value, encode_call};
use agentpol_analysis::ruleset::{Bound, Callable, RuleSet, Scalar};
use agentpol_model::{
    Address, U256,
    request::{Envelope, Field},
    types::{Path, Step, Type, WordType},
};
use num_bigint::{BigInt, Sign};

pub(super) struct Draft<'a> {
    pub(super) rules: &'a RuleSet,
    pub(super) bound: &'a Bound,
    pub(super) pool: &'a Pool,
    callable: &'a Callable,
    args: Vec<Value>,
    from: Address,
    to: Address,
    value: U256,
    signer: Address,
    now: u64,
    envelope: Envelope,
}

impl<'a> Draft<'a> {
    pub(super) fn new(
        rules: &'a RuleSet,
        bound: &'a Bound,
        pool: &'a Pool,
        callable: &'a Callable,
        request: &OwnedRequest,
        rng: &mut Rng,
    ) -> Self {
        let inputs = callable.function.as_ref().map_or(&[][..], |function| &function.inputs);
        let payable = callable.function.as_ref().is_none_or(|function| function.payable);
        let to = callable.target.and_then(|target| bound.address(target));
        Self {
            rules,
            bound,
            pool,
            callable,
            args: inputs.iter().map(|input| pool.value(&input.ty, rng)).collect(),
            from: request.wallet,
            to: to.unwrap_or_else(|| Address::from_word(pool.address(rng).into())),
            value: if payable && rng.chance(40) { pool.number(rng) } else { U256::ZERO },
            signer: request.signer,
            now: request.now,
            envelope: request.envelope,
        }
    }

    /// The action; what belongs to the envelope goes to the request.
    pub(super) fn finish(self, request: &mut OwnedRequest) -> OwnedAction {
        request.now = self.now;
        request.envelope = self.envelope;
        request.signer = self.signer;
        let data = self.callable.function.as_ref().map_or_else(Vec::new, |function| {
            encode_call(function.selector, &function.inputs, &self.args)
                .expect("arguments are of their types")
        });
        OwnedAction { kind: self.callable.kind, from: self.from, to: self.to, value: self.value, data }
    }

    pub(super) fn wallet_word(&self) -> U256 {
        U256::from_be_slice(self.from.as_slice())
    }

    /// As the reference reads it.
    pub(super) fn read(&self, scalar: &Scalar, elements: &[usize]) -> Option<U256> {
        let word = |address: Address| U256::from_be_slice(address.as_slice());
        match scalar {
            Scalar::Const(word) => Some(*word),
            Scalar::Arg(path, _) => match self.at(path, elements)? {
                Value::Word(word, _) => Some(*word),
                _ => None,
            },
            Scalar::Len(path) => Some(U256::from(match self.at(path, elements)? {
                Value::Array(items) => items.len(),
                Value::Bytes(bytes) => bytes.len(),
                Value::String(text) => text.len(),
                _ => return None,
            })),
            Scalar::Party(path) => match self.at(path, elements)? {
                Value::Word(word, _) => Some(*word),
                _ => None,
            },
            Scalar::Slice { .. } | Scalar::Field(Field::CodeHash) => None,
            Scalar::Field(Field::Sender) => Some(word(self.from)),
            Scalar::Field(Field::Wallet) => Some(word(self.from)),
            Scalar::Field(Field::Signer) => Some(word(self.signer)),
            Scalar::Field(Field::To) => Some(word(self.to)),
            Scalar::Field(Field::Value) => Some(self.value),
            Scalar::Field(Field::Now) => Some(U256::from(self.now)),
            Scalar::Field(Field::Nonce) => self.envelope.nonce.map(U256::from),
            Scalar::Field(Field::GasLimit) => self.envelope.gas_limit.map(U256::from),
            Scalar::Field(Field::MaxFeePerGas) => self.envelope.max_fee_per_gas.map(U256::from),
            Scalar::Field(Field::Fee) => self.envelope.max_fee(),
            Scalar::Param(param) => self.bound.word(*param),
        }
    }

    pub(super) fn number(&self, scalar: &Scalar, elements: &[usize]) -> Option<BigInt> {
        let bytes = self.read(scalar, elements)?.to_be_bytes::<32>();
        Some(match scalar {
            Scalar::Arg(_, WordType::Int(_)) => BigInt::from_signed_bytes_be(&bytes),
            _ => BigInt::from_bytes_be(Sign::Plus, &bytes),
        })
    }

    /// Can it be given another value? Where a call goes cannot, for that decides which function it is.
    pub(super) fn is_free(&self, scalar: &Scalar) -> bool {
        match scalar {
            Scalar::Arg(..) | Scalar::Len(_) | Scalar::Party(_) => true,
            Scalar::Slice { .. } | Scalar::Field(Field::Sender | Field::CodeHash) => false,
            Scalar::Field(Field::To) => self.callable.target.is_none(),
            Scalar::Field(Field::Value) => self.callable.function.as_ref().is_none_or(|f| f.payable),
            Scalar::Field(Field::Wallet) | Scalar::Const(_) | Scalar::Param(_) => false,
            Scalar::Field(_) => true,
        }
    }

    /// Gives it the value, as far as it can have it.
    pub(super) fn write(&mut self, scalar: &Scalar, word: U256, elements: &[usize]) {
        if !self.is_free(scalar) {
            return;
        }
        let small: u64 = word.saturating_to();
        match scalar {
            Scalar::Arg(path, _) | Scalar::Party(path) => {
                if let Some(Value::Word(old, ty)) = self.at_mut(path, elements) {
                    *old = fit(word, *ty);
                }
            }
            Scalar::Len(path) => self.resize(path, elements, usize::try_from(small).unwrap_or(0)),
            Scalar::Field(Field::To) => self.to = Address::from_word(word.into()),
            Scalar::Field(Field::Signer) => self.signer = Address::from_word(word.into()),
            Scalar::Field(Field::Value) => self.value = word,
            Scalar::Field(Field::Now) => self.now = small,
            Scalar::Field(Field::Nonce) => self.envelope.nonce = Some(small),
            Scalar::Field(Field::GasLimit) => self.envelope.gas_limit = Some(small),
            Scalar::Field(Field::MaxFeePerGas) => self.envelope.max_fee_per_gas = Some(word.saturating_to()),
            Scalar::Field(Field::Fee) => {
                self.envelope.gas_limit = Some(1);
                self.envelope.max_fee_per_gas = Some(word.saturating_to());
            }
            Scalar::Field(Field::Wallet | Field::Sender | Field::CodeHash)
            | Scalar::Slice { .. }
            | Scalar::Const(_)
            | Scalar::Param(_) => {}
        }
    }

    /// Makes an array, `bytes` or a `string` so long, within reason and within what its type admits.
    pub(super) fn resize(&mut self, path: &Path, elements: &[usize], length: usize) {
        let length = length.min(40);
        let pool = self.pool;
        let inner = match self.type_at(path) {
            Some(Type::Array(inner, limit)) => {
                Some(((**inner).clone(), limit.map_or(length, |limit| length.min(limit as usize))))
            }
            _ => None,
        };
        match (self.at_mut(path, elements), inner) {
            (Some(Value::Array(items)), Some((inner, length))) => {
                let mut rng = Rng::new(length as u64);
                items.resize_with(length, || pool.value(&inner, &mut rng));
            }
            (Some(Value::Bytes(bytes)), _) => bytes.resize(length, 7),
            (Some(Value::String(text)), _) => *text = "x".repeat(length),
            _ => {}
        }
    }

    pub(super) fn length(&self, path: &Path, elements: &[usize]) -> usize {
        match self.at(path, elements) {
            Some(Value::Array(items)) => items.len(),
            _ => 0,
        }
    }

    fn type_at(&self, path: &Path) -> Option<&Type> {
        let mut steps = path.0.iter();
        let Some(Step::Member(n)) = steps.next() else { return None };
        let mut ty = &self.callable.function.as_ref()?.inputs.get(usize::from(*n))?.ty;
        for step in steps {
            ty = match (step, ty) {
                (Step::Member(n), Type::Tuple(members)) => &members.get(usize::from(*n))?.ty,
                (_, Type::Array(inner, _) | Type::FixedArray(inner, _)) => inner,
                _ => return None,
            };
        }
        Some(ty)
    }

    fn at(&self, path: &Path, elements: &[usize]) -> Option<&Value> {
        let mut steps = path.0.iter();
        let Some(Step::Member(n)) = steps.next() else { return None };
        let mut value = self.args.get(usize::from(*n))?;
        for step in steps {
            value = match (position(step, elements)?, value) {
                (n, Value::Tuple(items) | Value::Array(items)) => items.get(n)?,
                _ => return None,
            };
        }
        Some(value)
    }

    pub(super) fn at_mut(&mut self, path: &Path, elements: &[usize]) -> Option<&mut Value> {
        let mut steps = path.0.iter();
        let Some(Step::Member(n)) = steps.next() else { return None };
        let mut value = self.args.get_mut(usize::from(*n))?;
        for step in steps {
            value = match (position(step, elements)?, value) {
                (n, Value::Tuple(items) | Value::Array(items)) => items.get_mut(n)?,
                _ => return None,
            };
        }
        Some(value)
    }
}

fn position(step: &Step, elements: &[usize]) -> Option<usize> {
    match step {
        Step::Member(n) => Some(usize::from(*n)),
        Step::Index(n) => usize::try_from(*n).ok(),
        Step::Element(depth) => elements.get(usize::from(*depth)).copied(),
    }
}
