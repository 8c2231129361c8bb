//! Calls whose parts are arguments.

use crate::{Args, Fault, Inner, Visit, called, itself};
use agentpol_model::{Address, U256, policy::Unwrap, request::Action};

/// One call, or one for each element of an array.
pub(crate) fn each<P, E: From<Fault>>(
    unwrap: &Unwrap<P>,
    wrapper: &Action<'_>,
    args: &impl Args<P>,
    visit: Visit<'_, E>,
) -> Result<(), E> {
    let Unwrap::Call { each, same_length, .. } = unwrap else { return Err(Fault::Malformed.into()) };
    let count = match each {
        None => 1,
        Some(array) => args.len(array).ok_or(Fault::Malformed)?,
    };
    if same_length.iter().any(|array| args.len(array) != Some(count)) {
        return Err(Fault::Malformed.into());
    }
    for element in 0..count {
        visit(one(unwrap, wrapper, args, element)?)?;
    }
    Ok(())
}

fn one<'a, P>(
    unwrap: &Unwrap<P>,
    wrapper: &Action<'_>,
    args: &'a impl Args<P>,
    element: u32,
) -> Result<Inner<'a>, Fault> {
    let Unwrap::Call { to, value, data, operation, may_fail, .. } = unwrap else {
        return Err(Fault::Malformed);
    };
    let word = |place: &Option<P>| match place {
        None => Ok(U256::ZERO),
        Some(place) => args.word(place, element).ok_or(Fault::Malformed),
    };
    let (value, operation, may_fail) = (word(value)?, word(operation)?, word(may_fail)? != U256::ZERO);
    let data = args.bytes(data, element).ok_or(Fault::Malformed)?;
    let own = itself(wrapper);
    let action = match to {
        Some(_) => called(operation, own, Address::from_word(word(to)?.into()), value, data)?,
        // On itself, for the same sender. The value that came along was counted with the wrapper.
        None => called(operation, wrapper.from, own, U256::ZERO, data)?,
    };
    Ok(Inner { action, may_fail, harmless: false })
}
