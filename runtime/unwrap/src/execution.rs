//! An account's execution (ERC-7579): the first byte of the mode says what the rest is, the second whether parts may fail.

use crate::{Fault, Inner, Visit, called, itself, packed::Packed};
use agentpol_abi::{Layout, Locator, Member, Step, Type, WordType};
use agentpol_model::{Address, U256, request::Action};
use std::sync::LazyLock;

/// Address, value and calldata, packed.
const SINGLE: u8 = 0x00;

/// The ABI encoding of `(address target, uint256 value, bytes callData)[]`.
const BATCH: u8 = 0x01;

/// Address and calldata, packed.
const DELEGATECALL: u8 = 0xff;

const OPERATION_CALL: U256 = U256::ZERO;
const OPERATION_DELEGATECALL: U256 = U256::ONE;

pub(crate) fn each<E: From<Fault>>(
    wrapper: &Action<'_>,
    mode: U256,
    data: &[u8],
    visit: Visit<'_, E>,
) -> Result<(), E> {
    // A mode of more than two bytes is an account's own invention.
    let [call, failing, rest @ ..] = mode.to_be_bytes::<32>();
    let may_fail = match failing {
        0 => false,
        1 => true,
        _ => return Err(Fault::Malformed.into()),
    };
    if rest.iter().any(|byte| *byte != 0) {
        return Err(Fault::Malformed.into());
    }
    let from = itself(wrapper);
    let action = match call {
        SINGLE => single(from, data)?,
        DELEGATECALL => delegatecall(from, data)?,
        BATCH => return batch(from, data, may_fail, visit),
        _ => return Err(Fault::Malformed.into()),
    };
    visit(Inner { action, may_fail, harmless: false })
}

fn single(from: Address, data: &[u8]) -> Result<Action<'_>, Fault> {
    let mut rest = Packed(data);
    let to = rest.address().ok_or(Fault::Malformed)?;
    let value = rest.word().ok_or(Fault::Malformed)?;
    called(OPERATION_CALL, from, to, value, rest.0)
}

fn delegatecall(from: Address, data: &[u8]) -> Result<Action<'_>, Fault> {
    let mut rest = Packed(data);
    let to = rest.address().ok_or(Fault::Malformed)?;
    called(OPERATION_DELEGATECALL, from, to, U256::ZERO, rest.0)
}

fn batch<E: From<Fault>>(from: Address, data: &[u8], may_fail: bool, visit: Visit<'_, E>) -> Result<(), E> {
    let batch = BATCHES.as_ref().ok_or(Fault::Malformed)?;
    let args = batch.layout.check(data).map_err(|_| Fault::Malformed)?;
    let count = batch.executions.len(args, &[]).ok_or(Fault::Malformed)?;
    for n in 0..count {
        let to = batch.target.word(args, &[n]).ok_or(Fault::Malformed)?;
        let value = batch.value.word(args, &[n]).ok_or(Fault::Malformed)?;
        let data = batch.data.bytes(args, &[n]).ok_or(Fault::Malformed)?;
        let action = called(OPERATION_CALL, from, Address::from_word(to.into()), value, data)?;
        visit(Inner { action, may_fail, harmless: false })?;
    }
    Ok(())
}

struct Batch {
    layout: Layout,
    executions: Locator,
    target: Locator,
    value: Locator,
    data: Locator,
}

static BATCHES: LazyLock<Option<Batch>> = LazyLock::new(|| {
    let member = |name: &str, ty| Member { name: name.to_owned(), ty };
    let execution = Type::Tuple(vec![
        member("target", Type::Word(WordType::Address)),
        member("value", Type::Word(WordType::Uint(256))),
        member("callData", Type::Bytes),
    ]);
    let layout = Layout::new(&[member("executions", Type::Array(Box::new(execution), None))]).ok()?;
    let part = |n| layout.locate(&[Step::Member(0), Step::Element(0), Step::Member(n)]).ok();
    let (target, value, data) = (part(0)?, part(1)?, part(2)?);
    let executions = layout.locate(&[Step::Member(0)]).ok()?;
    Some(Batch { layout, executions, target, value, data })
});
