//! What operands may be, by the function's ABI, the table of fields and the parameters' types.

use crate::{At, Check, require, tables, wrong};
use agentpol_abi::{Layout, layout::Kind};
use agentpol_bytecode::{
    Callable, Module, Sum,
    limits::{MAX_COEFFICIENT_BITS, MAX_CONSTANT_BITS, MAX_PATH_STEPS, MAX_TERMS},
};
use agentpol_model::{
    Address,
    policy::{ParamType, Scalar, SetRef, TokenSpec},
    request::{Field, FieldType},
    types::{Path, Step, WordType},
};

/// What words are compared as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// A constant, which is what it is compared with.
    Any,
    Address,
    Number,
    Signed,
    Bool,
    Bytes,
}

impl Class {
    fn of_word(ty: WordType) -> Self {
        match ty {
            WordType::Uint(_) => Class::Number,
            WordType::Int(_) => Class::Signed,
            WordType::Address => Class::Address,
            WordType::Bool => Class::Bool,
            WordType::FixedBytes(_) | WordType::Function => Class::Bytes,
        }
    }

    fn of_field(field: Field) -> Self {
        match field.ty() {
            FieldType::Address => Class::Address,
            FieldType::NativeAmount | FieldType::Number | FieldType::Time => Class::Number,
            FieldType::Hash => Class::Bytes,
        }
    }

    pub(crate) fn is_number(self) -> bool {
        matches!(self, Class::Any | Class::Number | Class::Signed)
    }

    pub(crate) fn is_unsigned(self) -> bool {
        matches!(self, Class::Any | Class::Number)
    }

    pub(crate) fn is_address(self) -> bool {
        matches!(self, Class::Any | Class::Address)
    }

    /// Words of one kind; and an address with bytes, as `pad` writes it: the word is the same.
    pub(crate) fn compares_with(self, other: Class) -> bool {
        let padded = matches!((self, other), (Class::Address, Class::Bytes) | (Class::Bytes, Class::Address));
        self == other || self == Class::Any || other == Class::Any || padded
    }
}

/// What the code of one callable can see.
#[derive(Clone, Copy)]
pub(crate) struct Sight<'a> {
    pub(crate) module: &'a Module,
    pub(crate) callable: &'a Callable,
    /// None for a `send`.
    pub(crate) layout: Option<&'a Layout>,
}

impl Sight<'_> {
    /// What stands at the end of a path; outside `each`, no step of it names a current element.
    pub(crate) fn locate(&self, path: &Path) -> Check<Kind> {
        let free = path.0.iter().all(|step| !matches!(step, Step::Element(_)));
        require(free, "a path names a current element where there is none")?;
        self.locate_any(path)
    }

    /// The same, with current elements.
    pub(crate) fn locate_any(&self, path: &Path) -> Check<Kind> {
        require(path.0.len() <= MAX_PATH_STEPS, "a path has more steps than it may")?;
        let Some(layout) = self.layout else { return wrong("there are no arguments here") };
        layout.locate(&path.0).map(|locator| locator.kind()).or_else(|fault| wrong(fault.to_string()))
    }

    /// Something that has a length.
    pub(crate) fn measured(&self, path: &Path) -> Check {
        match self.locate(path)? {
            Kind::Array | Kind::FixedArray(_) | Kind::Bytes => Ok(()),
            Kind::Word(_) | Kind::Tuple => wrong("an array, `bytes` or `string` is needed"),
        }
    }

    pub(crate) fn word(&self, word: &Scalar) -> Check<Class> {
        match word {
            Scalar::Const(_) => Ok(Class::Any),
            Scalar::Arg(path, ty) => {
                require(
                    self.locate(path)? == Kind::Word(*ty),
                    "the argument is not of the type that is written",
                )?;
                Ok(Class::of_word(*ty))
            }
            Scalar::Len(path) => self.measured(path).map(|()| Class::Number),
            Scalar::Party(path) => {
                let is = self.locate(path)? == Kind::Word(WordType::Address);
                require(is, "a party is an argument of type address").map(|()| Class::Address)
            }
            Scalar::Slice { path, start, from_end, length } => {
                let is_there = match self.locate(path)? {
                    Kind::Bytes => true,
                    Kind::Word(WordType::FixedBytes(size)) => {
                        !from_end && start.saturating_add(u32::from(*length)) <= u32::from(size)
                    }
                    _ => false,
                };
                require(is_there, "a slice is of `bytes`, or within a `bytesN`")?;
                require((1..=32).contains(length), "a slice is of 1 to 32 bytes")?;
                // Twenty bytes can be an address, and whatever they are they are a number.
                Ok(Class::Any)
            }
            Scalar::Field(field) => {
                let has = field.kinds().contains(&self.callable.kind);
                require(has, "this kind of action has no such field").at(field.name())?;
                Ok(Class::of_field(*field))
            }
            Scalar::Param(id) => match self.module.params.get(id.index()).map(|param| param.ty) {
                None => wrong(format!("{id} does not exist")),
                Some(ParamType::AddressSet(_)) => wrong(format!("{id} is a set; a word is needed")),
                Some(ParamType::Address | ParamType::Approver) => Ok(Class::Address),
                Some(ParamType::Amount(_) | ParamType::Int | ParamType::Duration | ParamType::Time) => {
                    Ok(Class::Number)
                }
                Some(ParamType::Bool) => Ok(Class::Bool),
                Some(ParamType::Bytes32) => Ok(Class::Bytes),
            },
        }
    }

    pub(crate) fn address(&self, word: &Scalar) -> Check {
        let class = self.word(word)?;
        let fits = match word {
            Scalar::Const(word) => word.bit_len() <= 160,
            // More bytes would be cut down to an address that nobody wrote.
            Scalar::Slice { length, .. } => usize::from(*length) == Address::len_bytes(),
            _ => class.is_address(),
        };
        require(fits, "an address is needed")
    }

    pub(crate) fn unsigned(&self, word: &Scalar) -> Check {
        let class = self.word(word)?;
        require(class.is_unsigned(), "a number without sign is needed")
    }

    /// A set that this class of word can be in.
    pub(crate) fn set(&self, set: SetRef, class: Class) -> Check {
        match set {
            SetRef::Const(id) => match self.module.sets.get(id.index()) {
                Some(_) => Ok(()),
                None => wrong(format!("{id} does not exist")),
            },
            SetRef::Param(id) => {
                let is_set = |ty| matches!(ty, ParamType::AddressSet(_));
                tables::param(self.module, id, is_set, "a set is needed")?;
                require(class.is_address(), "a set of addresses holds addresses only")
            }
        }
    }

    pub(crate) fn sum(&self, sum: &Sum) -> Check {
        require(sum.terms.len() <= MAX_TERMS, "a sum has more terms than it may")?;
        require(
            sum.constant.magnitude.bit_len() <= MAX_CONSTANT_BITS,
            "a sum's constant is wider than it may be",
        )?;
        for term in &sum.terms {
            let bits = term.coefficient.magnitude.bit_len();
            require(bits >= 1, "a coefficient is zero")?;
            require(bits <= MAX_COEFFICIENT_BITS, "a coefficient is wider than it may be")?;
            let class = self.word(&term.word)?;
            require(class.is_number(), "a sum is of numbers")?;
        }
        Ok(())
    }

    pub(crate) fn token(&self, token: &TokenSpec) -> Check {
        match token {
            TokenSpec::Known(id) => tables::token(self.module, *id).map(drop),
            TokenSpec::At(word) => self.address(word),
        }
    }
}
