//! An assignment as a request: arguments are written down in the one way that calldata has, what no condition asked for gets a
//! value that looks like itself.

use super::{
    prop::Var,
    search::Assignment,
    space::{Meaning, Space, number},
};
use crate::{
    ruleset::{ParamType, Scalar, Target},
    witness::{OwnedAction, START, STRANGER, WALLET, Witness},
};
use agentpol_abi::{Value, encode};
use agentpol_model::{
    Address, Time, U256,
    ids::ParamId,
    policy::{ParamValue, TokenSpec, WALLET_PARAM},
    request::{Envelope, Field, Kind},
    types::{Path, Step, Type, WordType},
};
use num_bigint::{BigInt, Sign};
use num_traits::{One, Zero as _};
use std::collections::{BTreeMap, BTreeSet};

/// Longest array and longest `bytes` that a witness is given.
const MAX_SHOWN: usize = 4_096;

/// Gas of a plain transfer, where only the fee matters.
const PLAIN_GAS: u64 = 21_000;

/// A deadline that nobody cares about: five minutes later.
const SOON: Time = START + 300;

/// An address of nobody in particular for each parameter.
fn parameter_address(n: usize) -> Address {
    Address::repeat_byte(0xb0_u8.wrapping_add(u8::try_from(n).unwrap_or(u8::MAX)))
}

fn word(value: &BigInt) -> Option<U256> {
    let (sign, bytes) = value.to_bytes_be();
    let word = U256::try_from_be_slice(&bytes)?;
    Some(if sign == Sign::Minus { U256::ZERO.wrapping_sub(word) } else { word })
}

fn address(word: U256) -> Address {
    Address::from_word(word.into())
}

impl Space<'_> {
    /// What a variable is liked to be, where it may be several things.
    pub(super) fn liked_one(&self, meaning: &Meaning) -> BigInt {
        let of = |address: Address| number(address.into_word().into());
        match meaning {
            Meaning::Present(_) => BigInt::one(),
            Meaning::Form(_) => BigInt::zero(),
            Meaning::Part(_, _, from, to) => {
                let length = usize::try_from(to.saturating_sub(*from)).unwrap_or(0);
                BigInt::from_bytes_be(Sign::Plus, &vec![b'a'; length.min(MAX_SHOWN)])
            }
            Meaning::Word(scalar) => match scalar {
                Scalar::Arg(_, WordType::Address) | Scalar::Party(_) => of(STRANGER),
                Scalar::Arg(path, _) if self.is_time(path) => BigInt::from(SOON),
                Scalar::Arg(path, _) => self.unit(path),
                Scalar::Field(Field::Wallet | Field::Signer | Field::Sender) => of(WALLET),
                Scalar::Field(Field::To) => of(STRANGER),
                Scalar::Field(Field::Now) => BigInt::from(START),
                Scalar::Field(Field::Nonce) => BigInt::zero(),
                Scalar::Param(id) => match self.rules.params.get(id.index()).map(|param| param.ty) {
                    Some(ParamType::Address | ParamType::Approver) => of(parameter_address(id.index())),
                    // The widest the owner may set it.
                    Some(ParamType::Amount(_) | ParamType::Int) => BigInt::one() << 256_usize,
                    _ => BigInt::one(),
                },
                Scalar::Const(_) | Scalar::Len(_) | Scalar::Slice { .. } | Scalar::Field(_) => BigInt::zero(),
            },
        }
    }

    /// Does the interface say that a time stands here: the end of an authority, or of a signature?
    fn is_time(&self, path: &Path) -> bool {
        let ends = self.callable.effects.iter().filter_map(|effect| effect.until.as_ref());
        let mut ends = ends.chain(self.callable.typed.iter().filter_map(|typed| typed.until.as_ref()));
        ends.any(|end| matches!(end, Scalar::Arg(at, _) if at == path))
    }

    /// One of its token, where the argument is an amount.
    fn unit(&self, path: &Path) -> BigInt {
        let units = self.callable.function.iter().flat_map(|function| &function.units);
        let token = units.filter(|(at, _)| at == path).find_map(|(_, token)| match token {
            TokenSpec::Known(token) => self.rules.tokens.get(token.index()),
            TokenSpec::At(_) => None,
        });
        BigInt::from(10).pow(u32::from(token.map_or(0, |token| token.decimals)))
    }

    /// The request. `None` where an assignment is more than a witness can show.
    pub(crate) fn witness(&self, found: &Assignment) -> Option<Witness> {
        let model = Model { space: self, found };
        let callable = self.callable;
        let params = model.params()?;
        let wallet = model.address(Field::Wallet).unwrap_or(WALLET);
        let param = |id: ParamId| {
            let name = &self.rules.params.get(id.index())?.name;
            match params.get(name)? {
                ParamValue::Word(word) => Some(address(*word)),
                ParamValue::Set(_) => None,
            }
        };
        let mut args = Vec::new();
        for (n, input) in callable.function.iter().flat_map(|f| &f.inputs).enumerate() {
            let path = Path(vec![Step::Member(u16::try_from(n).ok()?)]);
            args.push(model.value(&path, &input.ty)?);
        }
        let to = match (callable.target, callable.kind) {
            (Some(Target::Fixed(to)), _) => to,
            (Some(Target::Param(id)), _) => {
                if self.rules.params.get(id.index())?.name == WALLET_PARAM {
                    wallet
                } else {
                    param(id)?
                }
            }
            (None, Kind::Authorize) => match args.first()? {
                Value::Word(delegate, _) => address(*delegate),
                _ => return None,
            },
            (None, Kind::Send) => model.address(Field::To).unwrap_or(STRANGER),
            (None, _) => Address::ZERO,
        };
        let now = model.number(Field::Now).and_then(|now| u64::try_from(now).ok()).unwrap_or(START);
        let action = OwnedAction {
            kind: callable.kind,
            from: model.address(Field::Sender).unwrap_or(wallet),
            to,
            value: model.number(Field::Value).and_then(|value| word(&value)).unwrap_or_default(),
            command: match (callable.kind, &callable.function) {
                (Kind::Command, Some(function)) => function.selector,
                _ => [0; 4],
            },
            data: model.data(to, &args)?,
        };
        Some(Witness {
            params,
            chain: callable.chain,
            wallet,
            signer: model.address(Field::Signer).unwrap_or(wallet),
            now,
            envelope: model.envelope()?,
            actions: vec![action],
        })
    }
}

struct Model<'s, 'r> {
    space: &'s Space<'r>,
    found: &'s Assignment,
}

impl Model<'_, '_> {
    fn var(&self, var: Var) -> Option<&BigInt> {
        self.found.values.get(var.index())
    }

    fn of(&self, meaning: &Meaning) -> Option<&BigInt> {
        self.var(self.space.find(meaning)?)
    }

    fn number(&self, field: Field) -> Option<BigInt> {
        self.of(&Meaning::Word(Scalar::Field(field))).cloned()
    }

    fn address(&self, field: Field) -> Option<Address> {
        Some(address(word(&self.number(field)?)?))
    }

    /// Has the request the field? Where nobody asks, it has not.
    fn has(&self, field: Field) -> bool {
        self.of(&Meaning::Present(field)).is_some_and(One::is_one)
    }

    /// `None` where gas and its price do not come to the fee: the search takes the three for independent.
    fn envelope(&self) -> Option<Envelope> {
        let word = |field| self.number(field).and_then(|n| u64::try_from(n).ok());
        let mut envelope = Envelope::default();
        if self.has(Field::Nonce) {
            envelope.nonce = Some(word(Field::Nonce).unwrap_or_default());
        }
        let fee = if self.has(Field::Fee) { self.number(Field::Fee) } else { None };
        let gas = word(Field::GasLimit).unwrap_or(if fee.is_some() { PLAIN_GAS } else { 0 });
        let price = self.number(Field::MaxFeePerGas).and_then(|n| u128::try_from(n).ok());
        if self.has(Field::GasLimit) || fee.is_some() {
            envelope.gas_limit = Some(gas);
        }
        if self.has(Field::MaxFeePerGas) || fee.is_some() {
            let share = fee.as_ref().filter(|_| gas > 0).and_then(|fee| u128::try_from(fee / gas).ok());
            envelope.max_fee_per_gas = price.or(share).or(Some(0));
        }
        if let (Some(fee), Some(price)) = (fee, envelope.max_fee_per_gas) {
            // What gas does not come to, blobs do.
            let rest = &fee - BigInt::from(price) * BigInt::from(gas);
            if let Ok(rest @ 1..) = u128::try_from(rest) {
                envelope.blob_fee = Some((rest, 1));
            }
            if envelope.max_fee().map(number) != Some(fee) {
                return None;
            }
        }
        Some(envelope)
    }

    fn params(&self) -> Option<BTreeMap<String, ParamValue>> {
        let mut out = BTreeMap::new();
        for (n, param) in self.space.rules.params.iter().enumerate() {
            if param.name == WALLET_PARAM {
                continue;
            }
            let id = ParamId::new(u32::try_from(n).ok()?);
            let value = match param.ty {
                ParamType::AddressSet(_) => ParamValue::Set(self.members(id)),
                ty => {
                    let found = self.of(&Meaning::Word(Scalar::Param(id)));
                    let value = match found {
                        Some(found) => word(found)?,
                        None => match (param.domain, ty) {
                            (Some((_, high)), _) => high,
                            (None, ParamType::Address | ParamType::Approver) => {
                                parameter_address(n).into_word().into()
                            }
                            (None, _) => U256::ONE,
                        },
                    };
                    ParamValue::Word(value)
                }
            };
            out.insert(param.name.clone(), value);
        }
        Some(out)
    }

    /// Who must be in the set.
    fn members(&self, param: ParamId) -> BTreeSet<Address> {
        let members = self.found.members.iter().filter(|(_, of)| *of == param);
        members.filter_map(|(var, _)| Some(address(word(self.var(*var)?)?))).collect()
    }

    fn value(&self, path: &Path, ty: &Type) -> Option<Value> {
        let child = |step| Path(path.0.iter().copied().chain([step]).collect());
        Some(match ty {
            Type::Word(ty) => Value::Word(self.word(path, *ty)?, *ty),
            Type::Bytes => Value::Bytes(self.bytes(path)?),
            Type::String => Value::String(String::from_utf8(self.bytes(path)?).ok()?),
            Type::Tuple(members) => {
                let each = members
                    .iter()
                    .enumerate()
                    .map(|(n, member)| self.value(&child(Step::Member(u16::try_from(n).ok()?)), &member.ty));
                Value::Tuple(each.collect::<Option<_>>()?)
            }
            Type::FixedArray(inner, n) => {
                let each = (0..*n).map(|n| self.value(&child(Step::Index(n)), inner));
                Value::Array(each.collect::<Option<_>>()?)
            }
            Type::Array(inner, _) => {
                let length = self.length(path).unwrap_or(0);
                let (told_apart, _) = self.space.needs.told_apart(path);
                let length = u32::try_from(length).ok().filter(|n| *n as usize <= MAX_SHOWN)?;
                // The rest are like the one behind those that are told apart.
                let each = (0..length).map(|n| self.value(&child(Step::Index(n.min(told_apart))), inner));
                Value::Array(each.collect::<Option<_>>()?)
            }
        })
    }

    fn word(&self, path: &Path, ty: WordType) -> Option<U256> {
        let scalar = Scalar::Arg(path.clone(), ty);
        let Some(value) = self.of(&Meaning::Word(scalar.clone())) else {
            let liked = self.space.liked_one(&Meaning::Word(scalar));
            let is_liked = ty == WordType::Address || self.space.is_time(path);
            return Some(if is_liked { word(&liked)? } else { U256::ZERO });
        };
        let shift = match ty {
            WordType::FixedBytes(n) => 256_usize.saturating_sub(8 * usize::from(n)),
            WordType::Function => 64,
            _ => 0,
        };
        word(&(value << shift))
    }

    fn length(&self, path: &Path) -> Option<usize> {
        usize::try_from(self.of(&Meaning::Word(Scalar::Len(path.clone())))?).ok()
    }

    /// Its parts from the front and from the end, and letters between them. `None` where two parts are at odds.
    fn bytes(&self, path: &Path) -> Option<Vec<u8>> {
        let length = self.length(path).unwrap_or(0);
        if length > MAX_SHOWN {
            return None;
        }
        let mut out: Vec<Option<u8>> = vec![None; length];
        for (meaning, var) in self.space.parts(path) {
            let Meaning::Part(_, from_end, from, to) = &meaning else { continue };
            let (from, to) = (usize::try_from(*from).ok()?, usize::try_from(*to).ok()?);
            let start = if *from_end { length.checked_sub(to) } else { Some(from) };
            let end = if *from_end { length.checked_sub(from) } else { Some(to) };
            let (Some(start), Some(end)) = (start, end) else { continue };
            // What does not fit was asked for by nobody.
            let Some(place) = out.get_mut(start..end) else { continue };
            let (_, digits) = self.var(var)?.to_bytes_be();
            let padding = place.len().checked_sub(digits.len());
            let digits = match padding {
                Some(padding) => [vec![0; padding], digits].concat(),
                None => vec![0; place.len()],
            };
            for (at, digit) in place.iter_mut().zip(digits) {
                if at.replace(digit).is_some_and(|old| old != digit) {
                    return None;
                }
            }
        }
        Some(out.into_iter().map(|byte| byte.unwrap_or(b'a')).collect())
    }

    fn data(&self, to: Address, args: &[Value]) -> Option<Vec<u8>> {
        let callable = self.space.callable;
        let Some(function) = &callable.function else {
            return Some(if callable.kind == Kind::Deploy { vec![0xfe] } else { Vec::new() });
        };
        let before = match callable.kind {
            Kind::Call | Kind::Delegatecall | Kind::Message => function.selector.to_vec(),
            Kind::Sign => {
                let typed = callable.typed.as_ref()?;
                let separator = typed.domain_separator(callable.chain, to);
                [separator.as_slice(), typed.type_hash.as_slice()].concat()
            }
            Kind::Send | Kind::Deploy | Kind::Authorize | Kind::Command => Vec::new(),
        };
        Some([before, encode(&function.inputs, args).ok()?].concat())
    }
}
