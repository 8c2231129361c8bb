//! A router's commands: opcodes, one a byte, and an input for each.

use crate::{Fault, Inner, Visit};
use agentpol_abi::{Layout, Locator, Member, Step, Type};
use agentpol_model::{
    U256,
    request::{Action, Kind},
};
use std::sync::LazyLock;

/// Set in an opcode: the command may fail.
const MAY_FAIL: u8 = 0x80;

/// Opcodes with the input of each, `None` past the last.
pub(crate) fn each<'a, E: From<Fault>>(
    table: [u8; 4],
    wrapper: &Action<'_>,
    opcodes: &[u8],
    input: impl Fn(u32) -> Option<&'a [u8]>,
    visit: Visit<'_, E>,
) -> Result<(), E> {
    if wrapper.kind == Kind::Delegatecall {
        return Err(Fault::Delegated.into());
    }
    let count = u32::try_from(opcodes.len()).map_err(|_| Fault::Malformed)?;
    // As many inputs as opcodes: one for the last, none behind it.
    let enough = count.checked_sub(1).is_none_or(|last| input(last).is_some());
    if !enough || input(count).is_some() {
        return Err(Fault::Malformed.into());
    }
    for (n, opcode) in (0..).zip(opcodes) {
        let [a, b, c, _] = table;
        let action = Action {
            kind: Kind::Command,
            from: wrapper.from,
            to: wrapper.to,
            value: U256::ZERO,
            command: [a, b, c, opcode & !MAY_FAIL],
            data: input(n).ok_or(Fault::Malformed)?,
        };
        visit(Inner { action, may_fail: opcode & MAY_FAIL != 0, harmless: false })?;
    }
    Ok(())
}

/// The same, encoded once more: `(bytes opcodes, bytes[] inputs)`.
pub(crate) fn each_of_plan<E: From<Fault>>(
    table: [u8; 4],
    wrapper: &Action<'_>,
    data: &[u8],
    visit: Visit<'_, E>,
) -> Result<(), E> {
    let plan = PLAN.as_ref().ok_or(Fault::Malformed)?;
    let args = plan.layout.check(data).map_err(|_| Fault::Malformed)?;
    let opcodes = plan.opcodes.bytes(args, &[]).ok_or(Fault::Malformed)?;
    each(table, wrapper, opcodes, |n| plan.input.bytes(args, &[n]), visit)
}

struct Plan {
    layout: Layout,
    opcodes: Locator,
    /// Through the array's elements.
    input: Locator,
}

static PLAN: LazyLock<Option<Plan>> = LazyLock::new(|| {
    let member = |name: &str, ty| Member { name: name.to_owned(), ty };
    let inputs = Type::Array(Box::new(Type::Bytes), None);
    let layout = Layout::new(&[member("opcodes", Type::Bytes), member("inputs", inputs)]).ok()?;
    let opcodes = layout.locate(&[Step::Member(0)]).ok()?;
    let input = layout.locate(&[Step::Member(1), Step::Element(0)]).ok()?;
    Some(Plan { layout, opcodes, input })
});
