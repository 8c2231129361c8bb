//! What things are called: arguments by the interface's names, addresses by the policy's, amounts in their token.

use super::quantities::{big, decimal, number};
use crate::ruleset::{Arm, Atom, Callable, Formula, ParamType, RuleSet, Scalar, Target, Token, TokenSpec};
use agentpol_model::{
    Address, ChainId, U256,
    ids::{ParamId, TokenId},
    request::{Field, FieldType},
    types::{Path, Step, Type, WordType},
};
use num_bigint::BigInt;
use std::collections::BTreeMap;

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Money(TokenId),
    /// A point in time.
    Time,
    Seconds,
    Plain,
}

/// One arm's view of the policy's names.
pub(super) struct Names<'a> {
    pub(super) rules: &'a RuleSet,
    pub(super) callable: Option<&'a Callable>,
    /// Arguments that the arm's own clauses pin to a word, for amounts whose token an argument names.
    pinned: BTreeMap<&'a Scalar, U256>,
}

impl<'a> Names<'a> {
    pub(super) fn new(rules: &'a RuleSet, arm: Option<&'a Arm>) -> Self {
        let callable = arm.and_then(|arm| rules.callables.get(arm.callable.index()));
        let mut pinned = BTreeMap::new();
        for clause in arm.map_or(&[][..], |arm| &arm.clauses) {
            pin(&clause.formula, &mut pinned);
        }
        Self { rules, callable, pinned }
    }

    pub(super) fn chain(&self) -> Option<ChainId> {
        self.callable.map(|callable| callable.chain)
    }

    pub(super) fn token(&self, id: TokenId) -> Option<&'a Token> {
        self.rules.tokens.get(id.index())
    }

    /// `250 USDC`
    pub(super) fn money(&self, id: TokenId, units: &BigInt) -> String {
        match self.token(id) {
            Some(token) => format!("{} {}", decimal(units, token.decimals), token.symbol),
            None => format!("{} of {id}", number(units)),
        }
    }

    pub(super) fn unit(&self, scalar: &Scalar) -> Unit {
        match scalar {
            Scalar::Arg(path, _) => self.unit_of_arg(path).map_or(Unit::Plain, Unit::Money),
            Scalar::Field(field) => match field.ty() {
                FieldType::NativeAmount => self.native().map_or(Unit::Plain, Unit::Money),
                FieldType::Time => Unit::Time,
                FieldType::Address | FieldType::Number | FieldType::Hash => Unit::Plain,
            },
            Scalar::Param(param) => match self.rules.params.get(param.index()).map(|p| p.ty) {
                Some(ParamType::Amount(token)) => Unit::Money(token),
                Some(ParamType::Time) => Unit::Time,
                Some(ParamType::Duration) => Unit::Seconds,
                _ => Unit::Plain,
            },
            Scalar::Len(_) | Scalar::Const(_) | Scalar::Party(_) | Scalar::Slice { .. } => Unit::Plain,
        }
    }

    /// The token that a spec comes to, as far as the arm's own conditions tell.
    pub(super) fn resolve(&self, spec: &TokenSpec) -> Option<TokenId> {
        match spec {
            TokenSpec::Known(token) => Some(*token),
            TokenSpec::At(scalar) => {
                let at = Address::from_word((*self.pinned.get(scalar)?).into());
                self.rules.token_at(self.chain()?, at)
            }
        }
    }

    pub(super) fn native(&self) -> Option<TokenId> {
        let chain = self.chain()?;
        self.rules.chains.iter().find(|c| c.id == chain).map(|c| c.native)
    }

    fn unit_of_arg(&self, path: &Path) -> Option<TokenId> {
        let function = self.callable?.function.as_ref()?;
        let (_, spec) = function.units.iter().find(|(at, _)| same_place(at, path))?;
        self.resolve(spec)
    }

    /// An argument, a field, a parameter: by name.
    pub(super) fn scalar(&self, scalar: &Scalar) -> String {
        match scalar {
            Scalar::Const(word) => number(&big(*word)),
            Scalar::Arg(path, _) => self.path(path),
            Scalar::Len(path) => format!("the length of {}", self.path(path)),
            Scalar::Field(Field::Wallet) => "the wallet".to_owned(),
            Scalar::Field(Field::Signer) => "the signer".to_owned(),
            Scalar::Field(Field::To) => "the recipient".to_owned(),
            Scalar::Field(Field::Value) => "the value sent".to_owned(),
            Scalar::Party(path) => self.path(path),
            Scalar::Slice { path, start, from_end: false, length } => {
                format!(
                    "bytes {start} to {} of {}",
                    start.saturating_add(u32::from(*length)),
                    self.path(path)
                )
            }
            Scalar::Slice { path, start, from_end: true, length } => {
                format!("{length} bytes of {}, beginning {start} before its end", self.path(path))
            }
            Scalar::Field(Field::Sender) => "the sender".to_owned(),
            Scalar::Field(Field::CodeHash) => "the hash of the init code".to_owned(),
            Scalar::Field(Field::Now) => "now".to_owned(),
            Scalar::Field(Field::Nonce) => "the nonce".to_owned(),
            Scalar::Field(Field::GasLimit) => "the gas limit".to_owned(),
            Scalar::Field(Field::MaxFeePerGas) => "the price of gas".to_owned(),
            Scalar::Field(Field::Fee) => "the fee".to_owned(),
            Scalar::Param(param) => self.param(*param),
        }
    }

    pub(super) fn param(&self, param: ParamId) -> String {
        self.rules.params.get(param.index()).map_or_else(|| param.to_string(), |p| format!("`{}`", p.name))
    }

    /// The argument by its name; inside `all` and `any`, the element's part.
    pub(super) fn path(&self, path: &Path) -> String {
        let mut out = String::new();
        let mut of_element = false;
        let mut ty = None;
        for (n, step) in path.0.iter().enumerate() {
            let (name, next) = self.step(n, *step, ty);
            match step {
                Step::Element(_) => (out, of_element) = (String::new(), true),
                Step::Index(i) => out = format!("{out}[{i}]"),
                Step::Member(_) if out.is_empty() => out = name,
                Step::Member(_) => out = format!("{out}.{name}"),
            }
            ty = next;
        }
        match (of_element, out.is_empty()) {
            (true, true) => "the element".to_owned(),
            (true, false) => format!("the element's `{out}`"),
            (false, _) => format!("`{out}`"),
        }
    }

    /// The type of the argument, or of the part of one.
    pub(super) fn ty(&self, path: &Path) -> Option<&'a Type> {
        path.0.iter().enumerate().fold(None, |ty, (n, step)| self.step(n, *step, ty).1)
    }

    fn step(&self, n: usize, step: Step, ty: Option<&'a Type>) -> (String, Option<&'a Type>) {
        let members = match ty {
            None if n == 0 => self.callable.and_then(|c| c.function.as_ref()).map(|f| &f.inputs),
            Some(Type::Tuple(members)) => Some(members),
            _ => None,
        };
        match (step, ty) {
            (Step::Member(m), _) => {
                let member = members.and_then(|members| members.get(usize::from(m)));
                let name = member.map(|m| m.name.clone()).filter(|name| !name.is_empty());
                (name.unwrap_or_else(|| format!("argument {}", m + 1)), member.map(|m| &m.ty))
            }
            (_, Some(Type::Array(inner, _) | Type::FixedArray(inner, _))) => (String::new(), Some(inner)),
            _ => (String::new(), None),
        }
    }

    /// A constant as the type beside it says.
    pub(super) fn constant(&self, word: U256, beside: &Scalar) -> String {
        match beside {
            Scalar::Arg(_, WordType::Address)
            | Scalar::Party(_)
            | Scalar::Slice { length: 20, .. }
            | Scalar::Field(Field::Wallet | Field::Signer | Field::To | Field::Sender) => {
                self.address(Address::from_word(word.into()))
            }
            Scalar::Field(Field::CodeHash) => format!("{word:#066x}"),
            Scalar::Arg(_, WordType::Bool) => (word != U256::ZERO).to_string(),
            Scalar::Arg(_, WordType::FixedBytes(n)) => {
                let bytes = word.to_be_bytes::<32>();
                alloy_primitives::hex::encode_prefixed(bytes.get(..usize::from(*n)).unwrap_or(&bytes))
            }
            Scalar::Arg(_, WordType::Function) => format!("{word:#066x}"),
            Scalar::Arg(_, WordType::Int(_)) => {
                number(&BigInt::from_signed_bytes_be(&word.to_be_bytes::<32>()))
            }
            other => match self.unit(other) {
                Unit::Money(token) => self.money(token, &big(word)),
                Unit::Time | Unit::Seconds | Unit::Plain => number(&big(word)),
            },
        }
    }

    /// By the policy's name for it, if it has one on this chain.
    pub(super) fn address(&self, address: Address) -> String {
        let here = |chain: ChainId| self.chain().is_none_or(|this| this == chain);
        let token = self
            .rules
            .tokens
            .iter()
            .find(|token| token.sites.iter().any(|(chain, at)| here(*chain) && *at == Some(address)));
        if let Some(token) = token {
            return token.symbol.clone();
        }
        let stands_there = |contract: &&crate::ruleset::Contract| {
            here(contract.chain) && contract.address == Target::Fixed(address)
        };
        match self.rules.contracts.iter().find(stands_there) {
            Some(contract) => contract.name.clone(),
            None if address == Address::ZERO => "the zero address".to_owned(),
            None => address.to_string(),
        }
    }

    pub(super) fn target(&self, target: Target) -> String {
        match target {
            Target::Fixed(address) => self.address(address),
            Target::Param(param) => self.param(param),
        }
    }

    pub(super) fn chain_name(&self, id: ChainId) -> String {
        let chain = self.rules.chains.iter().find(|chain| chain.id == id);
        chain.map_or_else(|| format!("chain {id}"), |chain| chain.name.clone())
    }
}

/// `x == CONSTANT` pins `x`, and so does each part of a conjunction.
fn pin<'a>(formula: &'a Formula, pinned: &mut BTreeMap<&'a Scalar, U256>) {
    match formula {
        Formula::And(all) => all.iter().for_each(|one| pin(one, pinned)),
        Formula::Atom(Atom::Same(a, Scalar::Const(word)) | Atom::Same(Scalar::Const(word), a)) => {
            pinned.insert(a, *word);
        }
        _ => {}
    }
}

/// Do both lead to the same member, whichever element they look at?
pub(crate) fn same_place(a: &Path, b: &Path) -> bool {
    let alike = |(a, b): (&Step, &Step)| match (a, b) {
        (Step::Member(a), Step::Member(b)) => a == b,
        (Step::Member(_), _) | (_, Step::Member(_)) => false,
        _ => true,
    };
    a.0.len() == b.0.len() && a.0.iter().zip(&b.0).all(alike)
}
