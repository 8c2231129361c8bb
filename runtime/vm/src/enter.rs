//! What an action is about: the callable is found, and every byte is read.

use crate::{decide::Fault, dispatch::Key, policy::Policy, program::Callable, run::Frame};
use agentpol_abi::{Cause, Checked, Malformed, decode::split_selector};
use agentpol_model::{
    B256, U256,
    decision::DenyCode,
    request::{Action, DOMAIN_BYTES, Kind, Request, TYPE_HASH_BYTES},
};

/// What is found, and the arguments behind what it was found by.
type Found<'a> = (&'a Callable, &'a [u8]);

impl Policy {
    /// Finds what the action is about and reads every byte of its data.
    #[inline(never)]
    pub(crate) fn enter<'a>(
        &'a self,
        request: &'a Request<'a>,
        action: &'a Action<'a>,
    ) -> Result<(&'a Callable, Frame<'a>), Fault> {
        self.enter_here(request, action)
    }

    /// The same, in line.
    #[inline(always)]
    pub(crate) fn enter_here<'a>(
        &'a self,
        request: &'a Request<'a>,
        action: &'a Action<'a>,
    ) -> Result<(&'a Callable, Frame<'a>), Fault> {
        let (callable, args) = match action.kind {
            Kind::Call => {
                let (key, args) = by_selector(request, action)?;
                let found = self.find(Kind::Call, &key);
                (found.ok_or_else(|| self.unknown(Kind::Call, &key, DenyCode::UnknownFunction))?, args)
            }
            _ => self.find_other(request, action)?,
        };
        let args = self.read(callable, args).map_err(|fault| {
            let before = action.data.len().saturating_sub(args.len());
            Fault::malformed(fault.offset.saturating_add(u32::try_from(before).unwrap_or(u32::MAX)))
        })?;
        if !callable.payable && action.value != U256::ZERO {
            return Err(Fault::of_request(DenyCode::NotPayable));
        }
        Ok((callable, Frame { program: &self.program, request, action, args }))
    }

    /// Actions other than calls.
    #[inline(never)]
    fn find_other<'a>(&'a self, request: &Request<'_>, action: &Action<'a>) -> Result<Found<'a>, Fault> {
        let kind = action.kind;
        let refuse = |code| move || Fault::of_request(code);
        let only = || self.find(kind, &Key::only(request.chain)).ok_or_else(refuse(DenyCode::NoRule));
        match kind {
            // What carries calldata is no `send`.
            Kind::Send if !action.data.is_empty() => Err(Fault::malformed(0)),
            Kind::Send | Kind::Deploy => Ok((only()?, &[])),
            Kind::Authorize => Ok((only()?, action.data)),
            Kind::Call | Kind::Delegatecall => {
                let (key, args) = by_selector(request, action)?;
                Ok((self.find(kind, &key).ok_or_else(refuse(DenyCode::Delegatecall))?, args))
            }
            Kind::Message => {
                let (selector, args) =
                    split_selector(action.data).map_err(|fault| Fault::malformed(fault.offset))?;
                let key = Key { selector, ..Key::only(request.chain) };
                Ok((self.find(kind, &key).ok_or_else(refuse(DenyCode::NoRule))?, args))
            }
            Kind::Command => {
                let key = Key { chain: request.chain, target: action.to, selector: action.command };
                let found = self.find(kind, &key).ok_or_else(refuse(DenyCode::UnknownFunction))?;
                Ok((found, action.data))
            }
            Kind::Sign => self.find_signed(request, action),
        }
    }

    /// Typed data: of a type that the contract has, for the domain that the contract is declared with.
    fn find_signed<'a>(&'a self, request: &Request<'_>, action: &Action<'a>) -> Result<Found<'a>, Fault> {
        let (separator, rest) = action.data.split_first_chunk::<DOMAIN_BYTES>().ok_or(Fault::malformed(0))?;
        let (type_hash, args) = rest.split_first_chunk::<TYPE_HASH_BYTES>().ok_or(Fault::malformed(0))?;
        let [a, b, c, d, ..] = *type_hash;
        let key = Key { chain: request.chain, target: action.to, selector: [a, b, c, d] };
        let (callable, typed) = self
            .find_typed(&key, &B256::from(*type_hash))
            .ok_or_else(|| self.unknown(Kind::Sign, &key, DenyCode::UnknownType))?;
        if typed.separator != B256::from(*separator) {
            return Err(Fault::of_request(DenyCode::WrongDomain));
        }
        Ok((callable, args))
    }

    /// The contract is unknown, or has nothing of the kind.
    fn unknown(&self, kind: Kind, key: &Key, otherwise: DenyCode) -> Fault {
        let known = self.is_contract(kind, key.chain, key.target);
        Fault::of_request(if known { otherwise } else { DenyCode::UnknownContract })
    }

    /// The arguments, if they are the one encoding of some. Offsets of faults count from their start.
    fn read<'a>(&self, callable: &Callable, args: &'a [u8]) -> Result<Checked<'a>, Malformed> {
        let Some(layout) = self.layout(callable) else {
            return Err(Malformed { offset: 0, cause: Cause::Selector });
        };
        match self.special(callable) {
            None => layout.check(args),
            Some(special) => layout.check_trailing(args, special.trailing),
        }
    }
}

/// What has a selector.
#[inline]
fn by_selector<'a>(request: &Request<'_>, action: &Action<'a>) -> Result<(Key, &'a [u8]), Fault> {
    let (selector, args) = split_selector(action.data).map_err(|fault| Fault::malformed(fault.offset))?;
    Ok((Key { chain: request.chain, target: action.to, selector }, args))
}
