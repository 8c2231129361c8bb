//! What an action is about, and its arguments. Everything is found by kind first: a function that can be called is not one that can
//! be delegated to.

use super::{Bound, Callable, RuleSet, decide::Reason};
use agentpol_abi::{Cause, Malformed, Value, decode::split_selector, decode_trailing};
use agentpol_model::{
    B256, U256,
    decision::DenyCode,
    ids::CallableId,
    request::{Action, DOMAIN_BYTES, Kind, Request, TYPE_HASH_BYTES},
};

/// What is found, with its number.
type Found<'r> = (CallableId, &'r Callable);

impl RuleSet {
    /// The callable that an action is about. Of kinds that are about no contract in particular there may be nothing to find, but
    /// nothing is unknown either.
    pub(super) fn look_up(
        &self,
        request: &Request<'_>,
        action: &Action<'_>,
        bound: &Bound,
    ) -> Result<Option<Found<'_>>, Reason> {
        let of_kind: Vec<Found<'_>> = (0..)
            .map(CallableId::new)
            .zip(&self.callables)
            .filter(|(_, callable)| callable.kind == action.kind && callable.chain == request.chain)
            .filter(|(_, callable)| {
                callable.target.is_none_or(|target| bound.address(target) == Some(action.to))
            })
            .collect();
        let deny = Reason::of_request;
        match action.kind {
            // What carries calldata is no `send`.
            Kind::Send if !action.data.is_empty() => Err(Reason::malformed(0)),
            Kind::Send | Kind::Deploy | Kind::Authorize => Ok(of_kind.first().copied()),
            Kind::Message => Ok(with_selector(&of_kind, split_selector(action.data)?.0)),
            Kind::Call => {
                let (selector, _) = split_selector(action.data)?;
                if of_kind.is_empty() {
                    return Err(deny(DenyCode::UnknownContract));
                }
                let found = with_selector(&of_kind, selector);
                found.ok_or(deny(DenyCode::UnknownFunction)).map(Some)
            }
            Kind::Delegatecall => {
                let found = with_selector(&of_kind, split_selector(action.data)?.0);
                found.ok_or(deny(DenyCode::Delegatecall)).map(Some)
            }
            Kind::Command => {
                let found = with_selector(&of_kind, action.command);
                found.ok_or(deny(DenyCode::UnknownFunction)).map(Some)
            }
            Kind::Sign => self.look_up_type(&of_kind, request, action).map(Some),
        }
    }

    /// Typed data: its contract, its type, its domain.
    fn look_up_type<'r>(
        &self,
        of_contract: &[Found<'r>],
        request: &Request<'_>,
        action: &Action<'_>,
    ) -> Result<Found<'r>, Reason> {
        let short = Reason::malformed(0);
        let (separator, rest) = action.data.split_first_chunk::<DOMAIN_BYTES>().ok_or(short)?;
        let (type_hash, _) = rest.split_first_chunk::<TYPE_HASH_BYTES>().ok_or(short)?;
        if of_contract.is_empty() {
            return Err(Reason::of_request(DenyCode::UnknownContract));
        }
        let is_type = |typed: &super::Typed| typed.type_hash == B256::from(type_hash);
        let found = of_contract.iter().find(|(_, callable)| callable.typed.as_ref().is_some_and(is_type));
        let (id, callable) = found.ok_or(Reason::of_request(DenyCode::UnknownType))?;
        let domain = callable.typed.as_ref().map(|typed| typed.domain_separator(request.chain, action.to));
        if domain != Some(B256::from(separator)) {
            return Err(Reason::of_request(DenyCode::WrongDomain));
        }
        Ok((*id, callable))
    }
}

fn with_selector<'r>(callables: &[Found<'r>], selector: [u8; 4]) -> Option<Found<'r>> {
    let is_it = |callable: &Callable| callable.function.as_ref().is_some_and(|f| f.selector == selector);
    callables.iter().copied().find(|(_, callable)| is_it(callable))
}

/// Every byte of the data, as the callable's arguments. Then: may value go along?
pub(super) fn read(callable: &Callable, action: &Action<'_>) -> Result<Vec<Value>, Reason> {
    let args = match &callable.function {
        None => Vec::new(),
        Some(function) => {
            let before = match action.kind {
                Kind::Call | Kind::Delegatecall | Kind::Message => function.selector.len(),
                Kind::Sign => DOMAIN_BYTES + TYPE_HASH_BYTES,
                Kind::Send | Kind::Deploy | Kind::Authorize | Kind::Command => 0,
            };
            let (_, args) = action
                .data
                .split_at_checked(before)
                .ok_or(Malformed { offset: 0, cause: Cause::Selector })?;
            let before = u32::try_from(before).unwrap_or(u32::MAX);
            decode_trailing(&function.inputs, args, function.trailing)
                .map_err(|fault| Malformed { offset: fault.offset.saturating_add(before), ..fault })?
        }
    };
    let takes_value = match action.kind {
        Kind::Send | Kind::Deploy => true,
        Kind::Call => callable.function.as_ref().is_some_and(|function| function.payable),
        Kind::Delegatecall | Kind::Sign | Kind::Message | Kind::Authorize | Kind::Command => false,
    };
    if !takes_value && action.value != U256::ZERO {
        return Err(Reason::of_request(DenyCode::NotPayable));
    }
    Ok(args)
}
