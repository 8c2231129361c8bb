//! The parts of callables that are not about words: what makes typed data, what is inside a wrapper.

use super::{Show, ShowPath};
use crate::ruleset::{Typed, Unwrap};
use agentpol_model::types::Path;
use alloy_primitives::hex;
use core::fmt::{self, Display, Formatter};

pub(super) struct ShowTyped<'a>(pub(super) &'a Typed);

impl Display for ShowTyped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Typed { domain_name, domain_version, type_hash, once_per, until } = self.0;
        write!(f, "typed {type_hash} domain {domain_name:?} {domain_version:?}")?;
        for (n, word) in once_per.iter().enumerate() {
            write!(f, "{} {}", if n == 0 { " once per" } else { "," }, Show(word))?;
        }
        until.as_ref().map_or(Ok(()), |until| write!(f, " until {}", Show(until)))
    }
}

pub(super) struct ShowUnwrap<'a>(pub(super) &'a Unwrap);

impl Display for ShowUnwrap<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Unwrap::Call { each, to, value, data, operation, may_fail, same_length } => {
                f.write_str("call")?;
                for (word, place) in [
                    ("each", each.as_ref()),
                    ("to", to.as_ref()),
                    ("value", value.as_ref()),
                    ("data", Some(data)),
                    ("operation", operation.as_ref()),
                    ("may_fail", may_fail.as_ref()),
                ] {
                    place.map_or(Ok(()), |place| write!(f, " {word} {}", ShowPath(place)))?;
                }
                same_length.iter().try_for_each(|place| write!(f, " as long as {}", ShowPath(place)))
            }
            Unwrap::Commands { table, opcodes, inputs } => {
                write!(f, "commands {} ", hex::encode_prefixed(table))?;
                write!(f, "{} with {}", ShowPath(opcodes), ShowPath(inputs))
            }
            Unwrap::Plan { table, data } => one(f, &format!("plan {}", hex::encode_prefixed(table)), data),
            Unwrap::Records { data } => one(f, "records", data),
            Unwrap::Execution { mode, data } => {
                write!(f, "execution {} with {}", ShowPath(data), ShowPath(mode))
            }
            Unwrap::Permit { data } => one(f, "permit", data),
        }
    }
}

fn one(f: &mut Formatter<'_>, form: &str, data: &Path) -> fmt::Result {
    write!(f, "{form} {}", ShowPath(data))
}
