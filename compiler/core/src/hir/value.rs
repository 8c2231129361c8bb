//! Values: what an expression comes to before any request is seen.

use super::{ContractIx, Lin, ParamIx, Ratio, StructIx, Unit};
use agentpol_analysis::ruleset::{Formula, Scalar};
use agentpol_diagnostics::Place;
use agentpol_model::{
    U256,
    types::{Path, WordType},
};
use std::rc::Rc;

/// What an expression comes to.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// A mistake that has been reported: agrees with everything, so that one mistake is one finding.
    Error,
    Bool(Formula),
    Num(Num),
    Rate(Rate),
    /// A word that is no number.
    Word(Scalar, WordKind),
    /// A token or contract by its name.
    Contract(ContractIx),
    Bytes(Path),
    Str(Path),
    /// Some of `bytes`.
    Slice(Slice),
    /// Bytes as written.
    Hex(Vec<u8>),
    Text(String),
    Array {
        path: Path,
        element: Rc<FieldTy>,
        refined: Refinement,
        /// The list that a sibling in the refinement is found in.
        parent: Rc<[agentpol_model::types::Step]>,
        max: Option<u32>,
    },
    Struct(Path, StructIx),
    Set(Rc<SetValue>),
    List(Rc<Vec<Value>>),
    Map(Rc<Vec<(Value, Value)>>),
    /// A set of addresses that is bound at load.
    ParamSet(ParamIx),
    Range {
        low: Box<Value>,
        high: Box<Value>,
        closed: bool,
    },
    /// `if … then … else …` of anything but conditions.
    Choice(Box<Formula>, Box<Value>, Box<Value>),
}

/// `length` bytes of `bytes`, the first of them `start` bytes behind the beginning, or before the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Slice {
    pub(crate) path: Path,
    pub(crate) start: u32,
    pub(crate) from_end: bool,
    pub(crate) length: u32,
    /// Of a `bytesN`: counted from its front.
    pub(crate) word: bool,
}

impl Slice {
    /// As a word, where they fit into one: a number, its last byte the last of them.
    pub(crate) fn word(&self) -> Option<Scalar> {
        let length = u8::try_from(self.length).ok().filter(|n| *n <= 32)?;
        Some(Scalar::Slice { path: self.path.clone(), start: self.start, from_end: self.from_end, length })
    }

    /// What kind of word they can be: an address among packed bytes, or a whole word.
    pub(crate) fn kind(&self) -> Option<WordKind> {
        match self.length {
            20 => Some(WordKind::Address),
            32 => Some(WordKind::Fixed(32)),
            _ => None,
        }
    }
}

impl Value {
    /// Twenty bytes of hex are an address wherever they stand. Beside bytes they are just bytes, but for twenty of them.
    pub(crate) fn beside(self, other: &Value) -> Value {
        let bytes = match other {
            Value::Slice(slice) => slice.length != 20,
            Value::Bytes(_) | Value::Hex(_) | Value::Word(_, WordKind::Fixed(_)) => true,
            _ => false,
        };
        match self {
            Value::Word(Scalar::Const(word), WordKind::Address) if bytes => {
                Value::Hex(agentpol_model::Address::from_word(word.into()).to_vec())
            }
            value => value,
        }
    }
}

/// What a word holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WordKind {
    Address,
    /// An address of a token.
    Token,
    /// An address that answers `ask`s.
    Approver,
    /// `bytesN`.
    Fixed(u8),
}

impl WordKind {
    /// Can the one be the other? A token's address is an address.
    pub(crate) fn is_like(self, other: WordKind) -> bool {
        let address = |k| matches!(k, WordKind::Address | WordKind::Token);
        self == other || (address(self) && address(other))
    }
}

/// A number, by cases where its unit depends on which token an argument names.
#[derive(Clone, Debug)]
pub(crate) struct Num {
    /// They exclude each other. None: never reached.
    pub(crate) cases: Vec<Case>,
}

/// One case of a number.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// These words have these values.
    pub(crate) pins: Vec<(Scalar, U256)>,
    pub(crate) lin: Lin,
    pub(crate) unit: Unit,
}

impl Num {
    pub(crate) fn one(lin: Lin, unit: Unit) -> Self {
        Self { cases: vec![Case { pins: Vec::new(), lin, unit }] }
    }

    pub(crate) fn known(n: Ratio, unit: Unit) -> Self {
        Self::one(Lin::constant(n), unit)
    }

    /// The only case, where there is one.
    pub(crate) fn only(&self) -> Option<&Case> {
        match self.cases.as_slice() {
            [case] if case.pins.is_empty() => Some(case),
            _ => None,
        }
    }
}

/// `1 WETH per 6_000 USDC`: so many (base) units for one of another.
#[derive(Clone, Debug)]
pub(crate) struct Rate {
    pub(crate) of: Unit,
    pub(crate) per: Unit,
    pub(crate) factor: Ratio,
}

/// A constant set.
#[derive(Debug)]
pub(crate) struct SetValue {
    /// Tells sets apart, so that each is turned into words once a chain.
    pub(crate) id: u32,
    pub(crate) elements: Vec<Value>,
}

/// A field of a struct or an argument of a function.
#[derive(Clone, Debug)]
pub(crate) struct FieldDef {
    pub(crate) name: String,
    pub(crate) ty: FieldTy,
    pub(crate) refined: Refinement,
    /// `max means …`.
    pub(crate) sentinel: bool,
    pub(crate) place: Place,
}

/// The type of a field.
#[derive(Clone, Debug)]
pub(crate) enum FieldTy {
    Word(WordType),
    Bytes,
    String,
    Array(Rc<FieldTy>, Option<u32>),
    FixedArray(Rc<FieldTy>, u32),
    Struct(StructIx),
}

/// `as …`: what the type alone does not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refinement {
    None,
    Token,
    Time,
    Duration,
    Amount(UnitRef),
    /// An address that a router reads in its own way: 1 is who sends, 2 is the router.
    Recipient,
}

/// `amount of …` in an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum UnitRef {
    /// The token whose contract is called.
    SelfToken,
    /// The chain's native token.
    Native,
    /// The token that a field beside this one names: its members from that list on.
    Sibling(Vec<u16>),
    /// The token whose address stands among the `bytes` beside this one.
    Packed {
        /// As above.
        members: Vec<u16>,
        /// Its first byte.
        start: u32,
        /// Is that counted back from the end?
        from_end: bool,
    },
    /// A token by name.
    Token(ContractIx),
}
