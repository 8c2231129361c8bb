//! MultiSend's packed records: operation (1 byte), address (20), value (32), length (32), calldata. Nothing stands between them,
//! before them or behind them.

use crate::{Fault, Inner, Visit, called, itself, packed::Packed};
use agentpol_model::{U256, request::Action};

pub(crate) fn each<E: From<Fault>>(wrapper: &Action<'_>, data: &[u8], visit: Visit<'_, E>) -> Result<(), E> {
    let mut rest = Packed(data);
    while !rest.0.is_empty() {
        let action = record(wrapper, &mut rest)?;
        visit(Inner { action, may_fail: false, harmless: false })?;
    }
    Ok(())
}

fn record<'a>(wrapper: &Action<'_>, rest: &mut Packed<'a>) -> Result<Action<'a>, Fault> {
    let mut read = || {
        let operation = U256::from(rest.byte()?);
        let (to, value) = (rest.address()?, rest.word()?);
        let length = usize::try_from(rest.word()?).ok()?;
        Some((operation, to, value, rest.take(length)?))
    };
    let (operation, to, value, data) = read().ok_or(Fault::Malformed)?;
    called(operation, itself(wrapper), to, value, data)
}
