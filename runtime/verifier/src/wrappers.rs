//! Wrappers: every place that something inside is read from exists and has the type that is read there.

use crate::{At, Check, numbered, operands::Sight, require, wrong};
use agentpol_abi::layout::Kind;
use agentpol_bytecode::limits::{MAX_PARALLEL_ARRAYS, MAX_UNWRAPS};
use agentpol_model::{
    policy::Unwrap,
    types::{Path, Step, WordType},
};

/// All that a callable unwraps.
pub(crate) fn unwraps(sight: Sight<'_>) -> Check {
    let unwraps = &sight.callable.unwraps;
    require(unwraps.len() <= MAX_UNWRAPS, "is read in more ways than it may be")?;
    numbered(unwraps)
        .try_for_each(|(index, unwrap)| one_unwrap(sight, unwrap).at(format_args!("unwrap{index}")))
}

fn one_unwrap(sight: Sight<'_>, unwrap: &Unwrap) -> Check {
    let alone = Places { sight, arrays: &[] };
    match unwrap {
        Unwrap::Call { each, to, value, data, operation, may_fail, same_length } => {
            require(
                each.is_some() || same_length.is_empty(),
                "nothing is gone through, so nothing beside it",
            )?;
            require(same_length.len() <= MAX_PARALLEL_ARRAYS, "more arrays are gone through than may be")?;
            let arrays: Vec<&Path> = each.iter().chain(same_length).collect();
            arrays.iter().try_for_each(|array| alone.array(array).map(drop))?;
            // What the contract calls on itself goes with the value that came, whatever is written beside it.
            let own = to.is_some() || (value.is_none() && operation.is_none());
            require(own, "what the contract calls on itself has neither value nor operation of its own")?;
            let places = Places { sight, arrays: &arrays };
            places.bytes(data).at("data")?;
            let word = |place: &Option<Path>, name: &str, fits: fn(WordType) -> bool, wanted: &str| {
                place.iter().try_for_each(|place| places.word(place, fits, wanted)).at(name)
            };
            word(to, "to", |ty| ty == WordType::Address, "an address is needed")?;
            word(value, "value", is_number, "a number without sign is needed")?;
            word(operation, "operation", is_number, "a number without sign is needed")?;
            word(may_fail, "may_fail", |ty| ty == WordType::Bool, "true or false is needed")
        }
        Unwrap::Commands { table: name, opcodes, inputs } => {
            table(*name)?;
            alone.bytes(opcodes).at("opcodes")?;
            alone.array(inputs).at("inputs")?;
            let mut element = inputs.clone();
            element.0.push(Step::Element(0));
            Places { sight, arrays: &[inputs] }.bytes(&element).at("inputs")
        }
        Unwrap::Plan { table: name, data } => {
            table(*name)?;
            alone.bytes(data).at("data")
        }
        Unwrap::Records { data } | Unwrap::Permit { data } => alone.bytes(data).at("data"),
        Unwrap::Execution { mode, data } => {
            alone.word(mode, |ty| ty == WordType::FixedBytes(32), "`bytes32` is needed").at("mode")?;
            alone.bytes(data).at("data")
        }
    }
}

fn is_number(ty: WordType) -> bool {
    matches!(ty, WordType::Uint(_))
}

/// Each command's opcode goes where the zero stands.
fn table([.., last]: [u8; 4]) -> Check {
    require(last == 0, "the last byte of a table of commands is for the opcode, so it is zero").at("table")
}

/// Where something inside can be read from.
struct Places<'a> {
    sight: Sight<'a>,
    /// What is gone through, element by element: all of one length.
    arrays: &'a [&'a Path],
}

impl Places<'_> {
    /// What stands there. A part of each element is one of an array that is gone through.
    fn locate(&self, place: &Path) -> Check<Kind> {
        let elements: Vec<_> = place.0.iter().filter(|step| matches!(step, Step::Element(_))).collect();
        match elements.as_slice() {
            [] => self.sight.locate(place),
            [Step::Element(0)] => {
                let array = place.0.split(|step| *step == Step::Element(0)).next().unwrap_or_default();
                let known = self.arrays.iter().any(|known| known.0 == array);
                require(known, "is a part of each element of what is not gone through")?;
                self.sight.locate_any(place)
            }
            _ => wrong("goes through an array within an array"),
        }
    }

    fn array(&self, place: &Path) -> Check {
        match self.locate(place)? {
            Kind::Array | Kind::FixedArray(_) => Ok(()),
            Kind::Bytes | Kind::Word(_) | Kind::Tuple => wrong("an array is needed"),
        }
    }

    fn bytes(&self, place: &Path) -> Check {
        require(self.locate(place)? == Kind::Bytes, "`bytes` are needed")
    }

    fn word(&self, place: &Path, fits: impl Fn(WordType) -> bool, wanted: &str) -> Check {
        match self.locate(place)? {
            Kind::Word(ty) => require(fits(ty), wanted),
            Kind::Bytes | Kind::Array | Kind::FixedArray(_) | Kind::Tuple => wrong(wanted),
        }
    }
}
