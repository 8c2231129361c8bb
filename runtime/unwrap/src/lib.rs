//! The actions inside an action, read strictly: what a multicall, a Safe, an account or a router would run.
//!
//! Every evaluator asks this crate, so that what is judged is the same everywhere. It reads arguments that were checked
//! already through [`Args`], over whatever places the evaluator has ([`Path`](agentpol_abi::Path)s into a tree,
//! [`Locator`](agentpol_abi::Locator)s into bytes), and hands each inner action over in the order in which it would run.
//! Nothing is copied and nothing is allocated: data are slices of the wrapper's own, but for a `permit`'s calldata, which is put
//! together on the stack.
//!
//! | form | is read by |
//! | --- | --- |
//! | [`Unwrap::Call`] | `call` |
//! | [`Unwrap::Commands`], [`Unwrap::Plan`] | `commands` |
//! | [`Unwrap::Records`] | `records` |
//! | [`Unwrap::Execution`] | `execution` |
//! | [`Unwrap::Permit`] | `permit` |
//!
//! # Who acts
//! What a wrapper calls, it calls as itself: as its own address, or, where its code is run by `delegatecall`, as the account that
//! runs it. What it runs on itself (a multicall by `delegatecall`) and a router's commands act for whoever called the wrapper.
//!
//! # Strictness
//! What has more than one reading, or none, is [`Fault::Malformed`]: half a record, an operation that is neither a call nor a
//! delegatecall, value along with a delegatecall, as many inputs as there are no commands.

mod args;
mod call;
mod commands;
mod execution;
mod packed;
mod permit;
mod place;
mod records;

pub use agentpol_model::policy::Unwrap;
pub use args::{Args, Tree};
pub use place::{Role, try_map};

use agentpol_model::{
    Address, U256,
    decision::DenyCode,
    request::{Action, Kind, MAX_ACTIONS},
};

/// An action inside another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inner<'a> {
    /// What is judged as if it stood alone.
    pub action: Action<'a>,
    /// Does the wrapper go on with the rest if it fails?
    pub may_fail: bool,
    /// Is that how the wrapper is made, and no harm, so that no rule need accept it? A permit that fails gives nothing.
    pub harmless: bool,
}

/// Why what is inside cannot be said. Where in the wrapper's data is not told: the offset is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Not the one way to write it.
    Malformed,
    /// More actions than one request may hold.
    TooMuch,
    /// A router's commands are known for the router, not for an account that runs its code.
    Delegated,
}

impl Fault {
    /// As a denial says it.
    pub const fn code(self) -> DenyCode {
        match self {
            Fault::Malformed => DenyCode::Malformed,
            Fault::TooMuch => DenyCode::TooMuch,
            Fault::Delegated => DenyCode::Delegatecall,
        }
    }

    /// The byte at fault, where the code has one.
    pub const fn offset(self) -> Option<u32> {
        match self {
            Fault::Malformed => Some(0),
            Fault::TooMuch | Fault::Delegated => None,
        }
    }
}

/// What stands inside, at a glance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many actions.
    pub count: usize,
    /// May one of them fail without the rest, so that a rule has to accept it?
    pub may_fail: bool,
}

/// Reads everything inside once. A wrapper is judged by this before anything inside it is.
pub fn summary<P>(
    unwraps: &[Unwrap<P>],
    wrapper: &Action<'_>,
    args: &impl Args<P>,
) -> Result<Summary, Fault> {
    let mut summary = Summary::default();
    each(unwraps, wrapper, args, |inner| {
        summary.count = summary.count.saturating_add(1);
        summary.may_fail |= inner.may_fail && !inner.harmless;
        Ok::<_, Fault>(())
    })?;
    Ok(summary)
}

/// Calls `visit` with every action directly inside, in the order in which they would run. Ends with the first fault, of its own
/// or of `visit`.
pub fn each<P, E: From<Fault>>(
    unwraps: &[Unwrap<P>],
    wrapper: &Action<'_>,
    args: &impl Args<P>,
    mut visit: impl FnMut(Inner<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut count = 0_usize;
    let mut counted = |inner: Inner<'_>| {
        count = count.saturating_add(1);
        if count > MAX_ACTIONS {
            return Err(Fault::TooMuch.into());
        }
        visit(inner)
    };
    for unwrap in unwraps {
        match unwrap {
            Unwrap::Call { .. } => call::each(unwrap, wrapper, args, &mut counted)?,
            Unwrap::Commands { table, opcodes, inputs } => {
                let opcodes = args.bytes(opcodes, 0).ok_or(Fault::Malformed)?;
                commands::each(*table, wrapper, opcodes, |n| args.item(inputs, n), &mut counted)?;
            }
            Unwrap::Plan { table, data } => {
                commands::each_of_plan(
                    *table,
                    wrapper,
                    args.bytes(data, 0).ok_or(Fault::Malformed)?,
                    &mut counted,
                )?;
            }
            Unwrap::Records { data } => {
                records::each(wrapper, args.bytes(data, 0).ok_or(Fault::Malformed)?, &mut counted)?;
            }
            Unwrap::Execution { mode, data } => {
                let mode = args.word(mode, 0).ok_or(Fault::Malformed)?;
                execution::each(wrapper, mode, args.bytes(data, 0).ok_or(Fault::Malformed)?, &mut counted)?;
            }
            Unwrap::Permit { data } => {
                permit::each(wrapper, args.bytes(data, 0).ok_or(Fault::Malformed)?, &mut counted)?;
            }
        }
    }
    Ok(())
}

/// Who takes inner actions.
type Visit<'v, E> = &'v mut dyn FnMut(Inner<'_>) -> Result<(), E>;

/// The account as which a wrapper's code runs.
fn itself(wrapper: &Action<'_>) -> Address {
    match wrapper.kind {
        Kind::Delegatecall => wrapper.from,
        _ => wrapper.to,
    }
}

/// A call, or a delegatecall, as it is found inside a wrapper. Without data a call is a `send`.
fn called<'a>(
    operation: U256,
    from: Address,
    to: Address,
    value: U256,
    data: &'a [u8],
) -> Result<Action<'a>, Fault> {
    let kind = match u8::try_from(operation) {
        Ok(0) if data.is_empty() => Kind::Send,
        Ok(0) => Kind::Call,
        // Whose value it would be is not said anywhere.
        Ok(1) if value == U256::ZERO => Kind::Delegatecall,
        _ => return Err(Fault::Malformed),
    };
    Ok(Action { kind, from, to, value, command: [0; 4], data })
}
