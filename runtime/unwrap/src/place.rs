//! Places of one sort to places of another, and what must stand at each.

use agentpol_model::policy::Unwrap;

/// What a place is for, and so what must stand there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// An array, `T[]` or `T[n]`, that is gone through or must be as long as another.
    Array,
    /// An `address`.
    Address,
    /// A `uintN`: wei.
    Amount,
    /// A `uintN`: 0 or 1.
    Operation,
    /// A `bool`.
    Flag,
    /// `bytes`.
    Bytes,
    /// `bytes32`.
    Mode,
    /// `bytes[]`, read element by element: who locates it in place appends
    /// [`Step::Element(0)`](agentpol_abi::Step::Element).
    Inputs,
}

impl Role {
    /// May it stand inside the array that is gone through?
    pub const fn of_element(self) -> bool {
        matches!(self, Role::Address | Role::Amount | Role::Operation | Role::Flag | Role::Bytes)
    }
}

/// The same over other places: to check paths, to number them, to find them in bytes.
pub fn try_map<P, Q, E>(
    unwrap: &Unwrap<P>,
    mut map: impl FnMut(&P, Role) -> Result<Q, E>,
) -> Result<Unwrap<Q>, E> {
    let mut optional = |place: &Option<P>, role| place.as_ref().map(|place| map(place, role)).transpose();
    Ok(match unwrap {
        Unwrap::Call { each, to, value, data, operation, may_fail, same_length } => Unwrap::Call {
            each: optional(each, Role::Array)?,
            to: optional(to, Role::Address)?,
            value: optional(value, Role::Amount)?,
            operation: optional(operation, Role::Operation)?,
            may_fail: optional(may_fail, Role::Flag)?,
            data: map(data, Role::Bytes)?,
            same_length: same_length.iter().map(|place| map(place, Role::Array)).collect::<Result<_, _>>()?,
        },
        Unwrap::Commands { table, opcodes, inputs } => Unwrap::Commands {
            table: *table,
            opcodes: map(opcodes, Role::Bytes)?,
            inputs: map(inputs, Role::Inputs)?,
        },
        Unwrap::Plan { table, data } => Unwrap::Plan { table: *table, data: map(data, Role::Bytes)? },
        Unwrap::Records { data } => Unwrap::Records { data: map(data, Role::Bytes)? },
        Unwrap::Execution { mode, data } => {
            Unwrap::Execution { mode: map(mode, Role::Mode)?, data: map(data, Role::Bytes)? }
        }
        Unwrap::Permit { data } => Unwrap::Permit { data: map(data, Role::Bytes)? },
    })
}
