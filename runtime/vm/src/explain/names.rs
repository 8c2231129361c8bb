//! Words as the policy's author knows them, and what stood there.

use super::{
    describe::{Describe, MAX_LISTED},
    show::{Shown, Unit},
};
use agentpol_model::{
    U256,
    policy::{ParamType, ParamValue, Scalar, SetRef, TokenSpec},
    request::FieldType,
    types::{Path, Step, Type, WordType},
};

impl Describe<'_> {
    /// As the policy's author knows it: `p.amountIn`, `list[2]`, `value`.
    pub(super) fn name(&self, word: &Scalar) -> String {
        match word {
            Scalar::Const(_) => self.shown(word),
            Scalar::Arg(path, _) => self.path(path),
            Scalar::Len(path) => format!("len({})", self.path(path)),
            Scalar::Party(path) => self.path(path),
            Scalar::Slice { path, start, from_end, length } => {
                let start = if *from_end { format!("len - {start}") } else { start.to_string() };
                format!("{}[{start}; {length}]", self.path(path))
            }
            Scalar::Field(field) => field.name().to_owned(),
            Scalar::Param(id) => {
                self.policy.module().params.get(id.index()).map(|p| p.name.clone()).unwrap_or_default()
            }
        }
    }

    pub(super) fn path(&self, path: &Path) -> String {
        let mut name = String::new();
        let mut members = self.function.map(|function| function.inputs.as_slice()).unwrap_or_default();
        for step in &path.0 {
            let inner = match step {
                Step::Member(n) => {
                    let member = members.get(usize::from(*n));
                    if !name.is_empty() {
                        name.push('.');
                    }
                    match member.map(|member| member.name.as_str()) {
                        Some(known) if !known.is_empty() => name.push_str(known),
                        _ => name.push_str(&n.to_string()),
                    }
                    member.map(|member| &member.ty)
                }
                Step::Index(n) => {
                    name.push_str(&format!("[{n}]"));
                    continue;
                }
                Step::Element(_) => {
                    name.push_str("[…]");
                    continue;
                }
            };
            members = members_of(inner);
        }
        name
    }

    pub(super) fn read(&self, word: &Scalar) -> Option<U256> {
        match word {
            Scalar::Const(word) => Some(*word),
            Scalar::Arg(path, _) => self.layout?.locate(&path.0).ok()?.word(self.frame.args, &[]),
            Scalar::Len(path) => self.layout?.locate(&path.0).ok()?.len(self.frame.args, &[]).map(U256::from),
            Scalar::Party(path) => {
                let locator = self.layout?.locate(&path.0).ok()?;
                self.frame.party(&locator)
            }
            Scalar::Slice { path, start, from_end, length } => {
                let place = self.layout?.locate(&path.0).ok()?;
                self.frame.slice_at(&place, *start, *from_end, *length)
            }
            Scalar::Field(field) => field.read(self.frame.request, self.frame.action),
            Scalar::Param(id) => self.policy.param(*id),
        }
    }

    /// What a word is counted in.
    pub(super) fn unit(&self, word: &Scalar) -> Unit {
        let native = || {
            self.policy
                .module()
                .chains
                .iter()
                .find(|chain| chain.id == self.frame.request.chain)
                .map(|c| c.native)
        };
        match word {
            Scalar::Const(_) => Unit::Unknown,
            Scalar::Len(_) => Unit::Plain,
            Scalar::Party(_) => Unit::Address,
            // As many bytes as an address has are read as one.
            Scalar::Slice { length: 20, .. } => Unit::Address,
            Scalar::Slice { .. } => Unit::Unknown,
            Scalar::Arg(_, WordType::Address) => Unit::Address,
            Scalar::Arg(_, WordType::Bool) => Unit::Bool,
            Scalar::Arg(_, WordType::FixedBytes(_) | WordType::Function) => Unit::Bytes,
            Scalar::Arg(path, WordType::Uint(_)) => self.token(path).map_or(Unit::Plain, Unit::Amount),
            Scalar::Arg(_, WordType::Int(_)) => Unit::Signed,
            Scalar::Field(field) => match field.ty() {
                FieldType::Address => Unit::Address,
                FieldType::NativeAmount => native().map_or(Unit::Plain, Unit::Amount),
                FieldType::Number => Unit::Plain,
                FieldType::Time => Unit::Time,
                FieldType::Hash => Unit::Bytes,
            },
            Scalar::Param(id) => match self.policy.module().params.get(id.index()).map(|param| param.ty) {
                Some(ParamType::Address | ParamType::Approver) => Unit::Address,
                Some(ParamType::Amount(token)) => Unit::Amount(token),
                Some(ParamType::Time) => Unit::Time,
                Some(ParamType::Bool) => Unit::Bool,
                Some(ParamType::Bytes32) => Unit::Bytes,
                _ => Unit::Plain,
            },
        }
    }

    pub(super) fn token(&self, path: &Path) -> Option<agentpol_model::ids::TokenId> {
        let (_, spec) = self.function?.units.iter().find(|(at, _)| at == path)?;
        match spec {
            TokenSpec::Known(token) => Some(*token),
            TokenSpec::At(at) => {
                let address = agentpol_model::Address::from_word(self.read(at)?.into());
                self.policy.token_at(self.frame.request.chain, address)
            }
        }
    }

    pub(super) fn show(&self, value: U256, unit: Unit) -> String {
        Shown { policy: self.policy, chain: self.frame.request.chain, value, unit }.to_string()
    }

    pub(super) fn shown(&self, word: &Scalar) -> String {
        self.read(word).map_or_else(|| "nothing".to_owned(), |value| self.show(value, self.unit(word)))
    }

    /// `amount = 300 USDC`
    pub(super) fn saw(&self, word: &Scalar) -> String {
        match self.read(word) {
            Some(_) => format!("{} = {}", self.name(word), self.shown(word)),
            None => format!("{} is not there", self.name(word)),
        }
    }

    pub(super) fn set(&self, set: SetRef) -> String {
        let (words, unit): (Vec<U256>, _) = match set {
            SetRef::Const(id) => {
                (self.policy.module().sets.get(id.index()).cloned().unwrap_or_default(), Unit::Unknown)
            }
            SetRef::Param(id) => match self.policy.values().get(id.index()) {
                Some(ParamValue::Set(set)) => {
                    (set.iter().map(|a| U256::from_be_slice(a.as_slice())).collect(), Unit::Address)
                }
                _ => (Vec::new(), Unit::Address),
            },
        };
        let listed: Vec<_> = words.iter().take(MAX_LISTED).map(|word| self.show(*word, unit)).collect();
        let more = words.len().saturating_sub(MAX_LISTED);
        let more = if more > 0 { format!(", … and {more} more") } else { String::new() };
        format!("{{{}{more}}}", listed.join(", "))
    }
}

fn members_of(ty: Option<&Type>) -> &[agentpol_model::types::Member] {
    match ty {
        Some(Type::Tuple(members)) => members,
        Some(Type::Array(inner, _) | Type::FixedArray(inner, _)) => members_of(Some(inner)),
        _ => &[],
    }
}
